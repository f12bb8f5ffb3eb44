"""A whole class: which submissions are to be marked, who marks them, and where the marks go.

Any number of workers mark (`unit.mark`), one writes (`writer.Writer`). A submission is done when
its folder in autograded/ is in place: that is the last thing to happen to it, so whatever stops the
grader, the next run takes up what is not done.
"""

import concurrent.futures
import contextlib
import glob
import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from nbgrader import utils
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from traitlets.utils.importstring import import_item

from course_utils import __version__
from course_utils.classroom import diagnosis
from course_utils.classroom.unit import describe, mark
from course_utils.classroom.writer import Writer
from course_utils.course import CONFIG, CourseError
from course_utils.grading import BANKS, engine
from course_utils.grading.execute import (
    ExecuteApart,
    is_link,
    read_files,
    read_language,
    read_source,
)
from course_utils.grading.repair import MAX_BYTES
from course_utils.grading.wire import message, pack, read_message, unpack

WORKPLACE = ".grading"  # in the course folder: backups of the gradebook, a lock, known answers
RECORD = ".graded.json"  # in a submission's folder in autograded/: what was marked, and how it went
PARTIAL = ".partial-"  # how the name of a folder begins that is being written
# Steps of nbgrader's that are not taken: the writer saves, and metadata is as the gradebook has it.
NOT_TAKEN = ("SaveAutoGrades", "AssignLatePenalties", "CheckCellMetadata")


class Marked(NamedTuple):
    """What became of a submission: `failed` says why it has no marks; else `notebooks` has them.

    now is whether it was marked in this run, seconds what that took, whenever it was.
    """

    student: str
    notebooks: dict
    seconds: float
    now: bool = True
    failed: str = ""

    @property
    def score(self):
        """Points that the machine gave."""
        return sum(score or 0.0 for notebook in self.notebooks.values()
                   for score in notebook["scores"].values())  # fmt: skip


class Classroom:
    """An assignment of a course folder, its submissions and its gradebook.

    Parameters
    ----------
    config : traitlets.config.Config
        Of the course's nbgrader_config.py.
    assignment : str

    Raises
    ------
    CourseError
        If the assignment cannot be graded: it is unknown, not generated yet, or not in Python.
    """

    def __init__(self, config, assignment):
        self.name = assignment
        self.remarks = []  # what the instructor should know, and no reason not to grade
        with hear(self.remarks):
            self.coursedir = CourseDirectory(config=config, assignment_id=assignment)
        self.source = self.path(self.coursedir.source_directory, ".")
        if not any(self.source.glob("*.ipynb")):
            places = sorted(path.parent.name for path in self.source.parent.glob("*/*.ipynb"))
            known = ", ".join(dict.fromkeys(places)) or "none"
            reason = f"no assignment {assignment!r} in {self.source.parent}: there is {known}."
            raise CourseError(" ".join([reason, *self.remarks]))
        with hear(self.remarks), contextlib.ExitStack() as undo:
            self.step = ExecuteApart(config=config)
            self.writer = Writer(self.coursedir.db_url, assignment, config)
            undo.callback(self.writer.close)
            notebooks = self.notebooks()
            for name, notebook in notebooks.items():
                notebook["known"] = self.wrong_answers(name)
            self.assignment = describe(
                self.step, notebooks, read_files(self.source, ignore=self.coursedir.ignore),
                dict(steps_after(config)), Path(self.coursedir.root).resolve(),
            )  # fmt: skip
            undo.pop_all()
        self.fingerprint = hashlib.sha256(self.assignment + __version__.encode()).hexdigest()

    @property
    def workplace(self):
        return Path(self.coursedir.root) / WORKPLACE

    def points(self, notebook, cell):
        """What a test is worth."""
        return self.writer.notebooks[notebook]["cells"][cell]["metadata"]["points"]

    def path(self, step, student):
        return Path(self.coursedir.format_path(step, student, self.name))

    def notebooks(self):
        """Each notebook as the gradebook and the instructor's own version have it."""
        found = {}
        for name, known in self.writer.notebooks.items():
            source = self.source / f"{name}.ipynb"
            if not source.exists():
                raise CourseError(f"{source}: no such notebook, though the gradebook knows it.")
            if (language := read_language(source)) != "python":
                raise CourseError(
                    f"{source.name} is in {language}, and only Python's answers can be kept apart "
                    "from tests: use `nbgrader autograde`."
                )
            found[name] = {**known, "source": read_source(source)}
        if not found:
            raise CourseError(
                f"the gradebook knows no notebook of {self.name!r}: "
                f"run `nbgrader generate_assignment {self.name} --force`."
            )
        return found

    def wrong_answers(self, name):
        """How known wrong answers to a notebook's exercises fail; see `diagnosis`."""
        cache = self.workplace / f"{self.name}-{name}.json"
        try:
            cache.parent.mkdir(exist_ok=True)
            return diagnosis.signatures(
                self.source / f"{name}.ipynb", self.source / BANKS[0], cache=cache
            )
        except Exception as error:  # whatever is wrong with it, nobody's points depend on it
            self.remarks.append(f"{BANKS[0]} is of no use, so nothing is diagnosed: {error}")
            return {}

    def exercises(self):
        """(notebook, test) → the answer that it comes after, which is the exercise's name."""
        found = {}
        for name, notebook in self.notebooks().items():
            exercise = name
            for grade_id, role, _ in notebook["source"]:
                if role == "answer":
                    exercise = grade_id
                elif grade_id is not None:
                    found[name, grade_id] = exercise
        return found

    def changed_since_generated(self):
        """Tests that are another in the instructor's notebook than in the gradebook."""
        return [
            f"{grade_id} ({name})"
            for name, notebook in self.notebooks().items()
            for grade_id, role, text in notebook["source"]
            if role == "trusted" and "AUTOTEST" not in text
            and grade_id in notebook["cells"] and notebook["cells"][grade_id]["source"] != text
        ]  # fmt: skip

    def students(self, chosen=()):
        """Who has handed something in, or those chosen of them, sorted."""
        start, _, end = self.coursedir.format_path(
            self.coursedir.submitted_directory, "\0", self.name
        ).partition("\0")
        top = Path(start).parent if not start.endswith(os.sep) else Path(start)
        found = {
            str(path)[len(start) : len(str(path)) - len(end)]
            for path in top.glob(f"*{glob.escape(end)}") if path.is_dir()
        }  # fmt: skip
        found -= set(filter(None, self.coursedir.student_id_exclude.split(",")))
        for student in chosen:
            if student not in found:
                raise CourseError(
                    f"{student} has not handed in {self.name}: no such folder in {top}."
                )
        if not found:
            raise CourseError(
                f"nobody has handed in {self.name}: no folder */{self.name} in {top}."
            )
        return sorted(chosen or found)

    def read(self, student):
        """What a student has handed in, name → bytes; never what a link leads to."""
        folder = self.path(self.coursedir.submitted_directory, student)
        files = read_files(folder, ignore=self.coursedir.ignore)
        handed_in = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
        wanted = list(self.writer.notebooks)
        strange = [name for name in handed_in if name not in wanted]
        if len(wanted) == len(strange) == 1 and wanted[0] not in handed_in:  # a renamed file
            handed_in[wanted[0]] = handed_in[strange[0]]
        for name in wanted:
            path = handed_in.get(name)
            if path is None:
                continue
            if is_link(folder, path.name):
                files[f"{name}.ipynb"] = b"a link to another file"
            elif path.stat().st_size > MAX_BYTES:
                files[f"{name}.ipynb"] = b"a file larger than can be read"
            else:
                files[f"{name}.ipynb"] = path.read_bytes()
        return files

    def record(self, student):
        """What the last run wrote down beside a submission's notebooks, or nothing."""
        path = self.path(self.coursedir.autograded_directory, student) / RECORD
        with contextlib.suppress(OSError, ValueError):
            return json.loads(path.read_text(encoding="utf-8"))
        return {}


@contextlib.contextmanager
def hear(remarks):
    """Note down what the configuration is warned of, an option that nothing has, say; once each."""
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: remarks.append(f"{CONFIG}: {record.getMessage()}")
    logger = logging.getLogger("traitlets")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        remarks[:] = dict.fromkeys(remarks)


@contextlib.contextmanager
def opened(config, assignment):
    """A `Classroom` that is closed at the end."""
    room = Classroom(config, assignment)
    try:
        yield room
    finally:
        room.writer.close()


def grade(classroom, students, executor, *, force=False, ahead=4):
    """Mark the submissions of `students`, and write down each as soon as it is marked.

    Parameters
    ----------
    classroom : Classroom
    students : list of str
    executor : concurrent.futures.Executor
        Where `unit.mark` runs.
    force : bool
        Mark those too that have not changed since they were marked.
    ahead : int or callable
        How many submissions are under way at once, which bounds the memory.

    Yields
    ------
    Marked
        One for each submission, in the order in which they end; what has not changed since it was
        marked comes with the marks that it has.
    """
    sweep(classroom)
    totals = classroom.writer.totals()
    waiting, queue = {}, iter(students)
    try:
        while True:
            limit = ahead() if callable(ahead) else ahead
            while len(waiting) < limit and (student := next(queue, None)) is not None:
                try:
                    files = classroom.read(student)
                except OSError as error:
                    yield Marked(student, {}, 0.0, failed=f"could not be read: {error}")
                    continue
                table, tail = pack(files)
                submission = message(table, tail)
                old = classroom.record(student)
                own = hashlib.sha256(submission).hexdigest()
                done = {"assignment": classroom.fingerprint, "submission": own}
                if not force and is_done(old, done, totals.get(student)):
                    yield Marked(student, old["notebooks"], old["seconds"], now=False)
                    continue
                future = executor.submit(mark, classroom.assignment, submission)
                waiting[future] = student, done, old.get("submission") != own
            if not waiting:
                break
            ended, _ = concurrent.futures.wait(
                waiting, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in ended:
                student, done, review = waiting.pop(future)
                yield finish(classroom, student, future, done, review)
    finally:
        for future in waiting:
            future.cancel()
    classroom.writer.penalise_all()


def reference(classroom, executor):
    """Have the instructor's own answers marked, unless they have been, as they are.

    Returns
    -------
    callable
        Waits, and gives the names of the tests that they do not pass: nobody's answers can.
    """
    cache = classroom.workplace / f"{classroom.name}-reference.json"
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads(cache.read_text(encoding="utf-8"))
        if known["assignment"] == classroom.fingerprint:
            return lambda: known["fails"]
    files = {path.name: path.read_bytes() for path in classroom.source.glob("*.ipynb")}
    table, tail = pack(files)
    future = executor.submit(mark, classroom.assignment, message(table, tail))

    def fails():
        try:
            marked = read_message(future.result())[0]["notebooks"]
        except Exception:  # whatever it is, each submission's line says it
            return []
        found = [
            cell for name, marks in marked.items() for cell, score in marks["scores"].items()
            if score is not None and score < classroom.points(name, cell)
        ]  # fmt: skip
        with contextlib.suppress(OSError):
            record = {"assignment": classroom.fingerprint, "fails": found}
            cache.write_text(json.dumps(record), encoding="utf-8")
        return found

    return fails


def is_done(record, done, total):
    """Whether a submission has been marked as it is, and the gradebook has its marks."""
    if any(record.get(key) != value for key, value in done.items()) or total is None:
        return False
    marked = Marked("", record["notebooks"], record["seconds"])
    return abs(marked.score - total) < 1e-9 * max(1.0, abs(total))


def finish(classroom, student, future, done, review):
    """Write what a worker made of a submission: its folder, its marks, the folder in its place."""
    try:
        told, tail = read_message(future.result())
    except Exception as error:  # the worker is lost, and whoever runs it has given up on it
        reason = f"no worker could mark it: {type(error).__name__}: {error}"
        return Marked(student, {}, 0.0, failed=reason)
    if "failed" in told:
        return Marked(student, {}, 0.0, failed=told["failed"])
    coursedir = classroom.coursedir
    source = classroom.path(coursedir.submitted_directory, student)
    target = classroom.path(coursedir.autograded_directory, student)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        timestamp = coursedir.get_existing_timestamp(str(source))
    except Exception:
        reason = "its timestamp.txt holds no time: mend it, or delete it if it is not late"
        return Marked(student, {}, 0.0, failed=reason)
    with partial(target) as folder:
        copy_beside(classroom.source, folder, [*coursedir.ignore, "*.ipynb"])
        copy_beside(source, folder, coursedir.ignore)
        for name, data in unpack(told["executed"], tail).items():
            (folder / name).write_bytes(data)
        record = {**done, "notebooks": told["notebooks"], "seconds": told["seconds"]}
        (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
        classroom.writer.save(student, timestamp, told["notebooks"], review=review)
        set_permissions(folder, coursedir.groupshared)
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    return Marked(student, told["notebooks"], told["seconds"])


@contextlib.contextmanager
def partial(target):
    """A folder beside `target`, to be moved there when it is whole; what is left of it goes."""
    folder = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(classroom):
    """Remove what a run that was killed has left behind."""
    target = classroom.path(classroom.coursedir.autograded_directory, "*")
    for path in glob.glob(f"{target.parent}/{PARTIAL}*"):
        shutil.rmtree(path, ignore_errors=True)


def copy_beside(source, folder, ignore):
    """Copy what lies beside a notebook, but not what a link leads to, and over nothing."""
    for name in utils.find_all_files(str(source), [*ignore, "*.ipynb"]):
        inside = Path(name).relative_to(source)
        there = (folder / inside).exists() or any(
            (folder / parent).is_file() for parent in inside.parents
        )
        if not there and not is_link(source, inside):
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, folder / inside)


def set_permissions(folder, shared):
    """Files as nbgrader leaves them: read-only, unless a group of instructors shares them."""
    for place, _, names in os.walk(folder):
        os.chmod(place, 0o2770 if shared else 0o755)
        for name in names:
            os.chmod(os.path.join(place, name), 0o664 if shared else 0o444)


def steps_after(config):
    """What the course has nbgrader do after the execution, each with its settings.

    Yields
    ------
    (str, dict)
    """
    for step in Autograde(config=config).autograde_preprocessors:
        kind = import_item(step) if isinstance(step, str) else step
        if kind.__name__ in NOT_TAKEN or issubclass(kind, Execute):
            continue  # a course that does not `configure` has nbgrader's own execution there
        made = kind(config=config)
        traits = {name: getattr(made, name) for name in made.trait_names(config=True)}
        defaults = kind()
        yield (
            f"{kind.__module__}.{kind.__qualname__}",
            {name: value for name, value in traits.items() if value != getattr(defaults, name)},
        )


@contextlib.contextmanager
def local(jobs):
    """An executor of this machine's: a thread for each pair of warm processes."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    pool = concurrent.futures.ThreadPoolExecutor(
        jobs, initializer=engine.keep_to, initargs=(iter(cores if jobs <= len(cores) else ()),)
    )
    try:
        yield pool, 2 * jobs
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        engine.close_all()  # after an interrupt too, so that no thread is waited for


@contextlib.contextmanager
def cluster(address):
    """An executor of a Dask cluster's; workers may come and go."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise CourseError(
            "--scheduler needs distributed: pip install 'course-utils[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, concurrent.futures.TimeoutError) as error:
        raise CourseError(f"no scheduler answers at {address}: {error}") from None
    with client, client.get_executor(pure=False, retries=3) as pool:
        yield pool, lambda: max(2, 2 * sum(client.ncores().values()))
