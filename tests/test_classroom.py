"""A whole class: each submission graded once, whatever stops the grader, wherever it works."""

import concurrent.futures
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT, hand_in, make_course
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from traitlets.config import Config

from course_utils.classroom import banks
from course_utils.classroom import room as rooms
from course_utils.classroom.unit import mark
from course_utils.classroom.writer import BACKUPS, Writer
from course_utils.cli import main
from course_utils.commands.grade import jobs, only_one
from course_utils.course import CourseError, load_config, run
from course_utils.grading import engine, sandbox
from course_utils.grading.wire import message, pack, read_message

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")

RIGHT = {"total": "return sum(x)", "mean": "return sum(x) / len(x)"}
WRONG = {"total": "return 5", "mean": "return total(x) / len(x)"}
POINTS = {"total-of-two": 2.0, "mean-of-two": 1.0}
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
GRADE = [sys.executable, "-m", "course_utils.cli", "grade", "01_sums"]
ROUNDS = int(os.environ.get("KILLS", "3"))  # `make proof` asks for 50


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The small course with its assignment generated, to be copied."""
    root = make_course(tmp_path_factory.mktemp("generated") / "course")
    run(GenerateAssignment, load_config(root), "01_sums")
    return root


@pytest.fixture
def course(generated, tmp_path, monkeypatch):
    """A course with three submissions: right, wrong and untouched."""
    small_course = tmp_path / "small course"
    shutil.copytree(generated, small_course)
    monkeypatch.chdir(small_course)
    hand_in(small_course, "ada", RIGHT)
    hand_in(small_course, "ben", WRONG)
    hand_in(small_course, "cleo", {})
    return small_course


@pytest.fixture
def pool():
    with rooms.local(1) as (executor, _):
        yield executor


def grade(course, executor, students=(), **options):
    with rooms.opened(load_config(course), "01_sums") as room:
        return {
            marked.student: marked
            for marked in rooms.grade(room, room.students(students), executor, **options)
        }


def grades(course, url=None):
    """Student → cell → the row of the gradebook: machine's and person's points, to be looked at."""
    with Gradebook(url or f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for notebook in submission.notebooks for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions("01_sums")
        }  # fmt: skip


def automatic(course, url=None):
    return {
        student: {name: row[0] for name, row in rows.items() if name in POINTS}
        for student, rows in grades(course, url).items()
    }


DESERVED = {
    "ada": POINTS,
    "ben": {"total-of-two": 0.0, "mean-of-two": 0.0},
    "cleo": {"total-of-two": 0.0, "mean-of-two": 0.0},
}


class Elsewhere(concurrent.futures.Executor):
    """An executor that does nothing but answer: for what does not depend on the answers."""

    def __init__(self, change=lambda told: None):
        self.calls, self.change = 0, change

    def submit(self, function, assignment, submission):
        self.calls += 1
        future = concurrent.futures.Future()
        table, tail = read_message(submission)
        source = next((tail[a : a + n] for name, a, n in table if name.endswith(".ipynb")), b"{}")
        told = {"seconds": 0.1, "notebooks": {"01_sums": {
            "scores": {**POINTS, "why": None, "essay": None}, "unanswered": ["why"],
            "comments": {}, "lost": {}, "put_back": [], "problem": None}}}  # fmt: skip
        told["executed"], tail = pack({"01_sums.ipynb": source})
        self.change(told)
        future.set_result(message(told, tail))
        return future


def test_marks_are_those_of_nbgrader_autograde(course, pool):
    grade(course, pool)
    ours = grades(course)
    executed = {
        student: json.loads((course / "autograded" / student / "01_sums/01_sums.ipynb").read_text())
        for student in ours
    }
    run(Autograde, load_config(course), "01_sums")
    assert grades(course) == ours
    assert automatic(course) == DESERVED
    for student, notebook in executed.items():
        path = course / "autograded" / student / "01_sums/01_sums.ipynb"
        assert json.loads(path.read_text()) == notebook


def test_what_did_not_change_is_not_graded_again(course):
    elsewhere = Elsewhere()
    assert all(marked.now for marked in grade(course, elsewhere).values())
    before = (course / "gradebook.db").read_bytes()
    again = grade(course, elsewhere)
    assert elsewhere.calls == 3
    assert not any(marked.now for marked in again.values())
    assert {marked.score for marked in again.values()} == {3.0}
    assert (course / "gradebook.db").read_bytes() == before
    hand_in(course, "ben", RIGHT)
    assert [student for student, marked in grade(course, elsewhere).items() if marked.now] == [
        "ben"
    ]
    assert all(marked.now for marked in grade(course, elsewhere, force=True).values())


def test_a_gradebook_from_a_backup_is_filled_again(course):
    elsewhere = Elsewhere()
    shutil.copy(course / "gradebook.db", course / "before.db")
    grade(course, elsewhere)
    shutil.copy(course / "before.db", course / "gradebook.db")
    assert all(marked.now for marked in grade(course, elsewhere).values())


def test_a_mended_check_regrades_the_class_and_touches_no_mark_of_a_persons(course, pool, capsys):
    grade(course, pool)
    assert automatic(course)["ben"]["mean-of-two"] == 0
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for student, score in (("ada", 1.5), ("ben", 2.0)):
            essay = gradebook.find_grade("why", "01_sums", "01_sums", student)
            essay.manual_score, essay.needs_manual_grade = score, False
        gradebook.find_comment("why", "01_sums", "01_sums", "ben").manual_comment = "Well said."
        gradebook.db.commit()
    source = course / "solutions/01_sums/01_sums.ipynb"
    source.write_text(source.read_text().replace("mean([7]) == 7", "mean([5]) == 5"))
    with rooms.opened(load_config(course), "01_sums") as room:
        assert room.changed_since_generated() == ["mean-of-two (01_sums)"]
    run(GenerateAssignment, load_config(course), "01_sums")
    with rooms.opened(load_config(course), "01_sums") as room:
        assert room.changed_since_generated() == []
    marked = grade(course, pool)
    assert all(one.now for one in marked.values())
    assert automatic(course)["ben"]["mean-of-two"] == 1  # his total is always 5, and so is this one
    after = grades(course)
    assert after["ada"]["why"] == (0.0, 1.5, False)
    assert after["ben"]["why"][1:] == (2.0, False)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_comment("why", "01_sums", "01_sums", "ben").comment == "Well said."


def test_a_new_submission_asks_for_a_new_look_at_marks_of_a_persons(course):
    elsewhere = Elsewhere()
    grade(course, elsewhere)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        essay = gradebook.find_grade("why", "01_sums", "01_sums", "ben")
        essay.manual_score, essay.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    hand_in(course, "ben", RIGHT)
    for force in (False, True):  # to grade again is not to have looked
        grade(course, elsewhere, force=force)
        assert grades(course)["ben"]["why"] == (None, 2.0, True)


def test_without_configure_nothing_of_a_students_is_run_by_nbgrader(course):
    steps = dict(rooms.steps_after(load_config(course)))
    assert dict(rooms.steps_after(Config())).keys() == steps.keys()
    assert not [name for name in steps if "Execute" in name]


def test_a_test_that_nobody_can_pass_is_told_to_the_instructor(course, monkeypatch, capsys):
    source = course / "solutions/01_sums/01_sums.ipynb"
    text = source.read_text()
    asks = "import inspect\\nassert inspect.getsource(mean)"
    assert "assert mean([7]) == 7" in text
    source.write_text(text.replace("assert mean([7]) == 7", asks))
    run(GenerateAssignment, load_config(course), "01_sums")
    monkeypatch.chdir(course)
    for _ in range(2):  # the second time it is known
        assert main(["grade", "01_sums", "--jobs", "1", "--student", "ada"]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "own answers do not pass mean-of-two: such a test" in said
    source.write_text(text)
    run(GenerateAssignment, load_config(course), "01_sums")
    assert main(["grade", "01_sums", "--jobs", "1", "--student", "ada"]) == 0
    assert "own answers" not in capsys.readouterr().out


def test_a_moved_deadline_moves_the_penalty_without_grading_again(course):
    config = load_config(course)
    config.PenaltyPerDay.penalty_per_day = 0.1

    def penalties(deadline):
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
            gradebook.update_or_create_assignment("01_sums", duedate=deadline)
        with rooms.opened(config, "01_sums") as room:
            marked = list(rooms.grade(room, room.students(), Elsewhere()))
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
            late = {
                submission.student.id: submission.notebooks[0].late_submission_penalty
                for submission in gradebook.assignment_submissions("01_sums")
            }
        return late, sum(one.now for one in marked)

    hand_in(course, "ben", WRONG, when="2026-11-03 12:00:00 UTC")
    assert penalties("2026-11-02 18:00:00 UTC") == (
        {"ada": None, "ben": pytest.approx(0.3), "cleo": None}, 3
    )  # fmt: skip
    assert penalties("2026-11-04 18:00:00 UTC") == ({"ada": None, "ben": None, "cleo": None}, 0)


def test_a_missing_notebook_is_worth_nothing_and_a_renamed_one_is_found(course, pool):
    folder = course / "submitted/ada/01_sums"
    (folder / "01_sums.ipynb").rename(folder / "01_sums (1).ipynb")
    (course / "submitted/ben/01_sums/01_sums.ipynb").unlink()
    marked = grade(course, pool)
    assert automatic(course)["ada"] == POINTS
    assert grades(course)["ben"] == dict.fromkeys([*POINTS, "why", "essay"], (0.0, None, False))
    assert marked["ben"].notebooks["01_sums"]["problem"] == "it was not handed in"


def test_a_linked_file_is_not_followed(course, pool):
    path = course / "submitted/ben/01_sums/01_sums.ipynb"
    path.unlink()
    path.symlink_to(course / "submitted/ada/01_sums/01_sums.ipynb")
    (path.parent / "notes.txt").symlink_to(course / "solutions/01_sums/01_sums.ipynb")
    marked = grade(course, pool, ["ben"])
    assert marked["ben"].score == 0
    assert not list((course / "autograded/ben").rglob("notes.txt"))


def test_what_one_has_handed_in_stops_nobody_else(course, pool):
    (course / "submitted/ada/01_sums/timestamp.txt").write_text("soon")
    (course / "submitted/ben/01_sums/timestamp.txt").write_bytes(b"\xff\xfe")
    marked = grade(course, pool)
    assert {name for name, each in marked.items() if not each.failed} == {"cleo"}
    assert marked["ada"].failed == marked["ben"].failed
    assert "timestamp.txt holds no time" in marked["ada"].failed


def test_what_one_has_handed_in_takes_no_place_of_the_courses(course, pool):
    data = course / "solutions/01_sums/data"
    data.mkdir()
    (data / "x.csv").write_text("1,2")
    (course / "submitted/ada/01_sums/data").write_text("a file")
    (course / "submitted/ben/01_sums/data/x.csv").mkdir(parents=True)
    (course / "submitted/ben/01_sums/data/x.csv/more").write_text("in a folder")
    marked = grade(course, pool)
    assert not any(each.failed for each in marked.values())
    for name in marked:
        assert (course / "autograded" / name / "01_sums/data/x.csv").read_text() == "1,2"


@pytest.mark.parametrize("name", ["01_sums.ipynb", "timestamp.txt", ".graded.json", "other.ipynb"])
def test_a_folder_under_the_name_of_a_file_stops_nobody(course, pool, name):
    folder = course / "submitted/ada/01_sums"
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    (folder / name / "inside.txt").write_text("so")
    marked = grade(course, pool)
    assert set(marked) == {"ada", "ben", "cleo"}
    assert not marked["ben"].failed
    assert not marked["cleo"].failed


def test_one_failure_is_that_submissions_own(course, capsys):
    class Fails(Elsewhere):
        def submit(self, function, assignment, submission):
            future = super().submit(function, assignment, submission)
            if self.calls == 2:
                future = concurrent.futures.Future()
                future.set_exception(RuntimeError("the worker was lost"))
            return future

    marked = grade(course, Fails())
    assert "the worker was lost" in marked["ben"].failed
    assert set(grades(course)) == {"ada", "cleo"}
    assert grade(course, Elsewhere())["ben"].now


def test_a_machine_that_cannot_grade_says_why_and_nothing_else(course, pool, monkeypatch):
    monkeypatch.setattr(engine, "refusal", lambda _: "here answers cannot be kept apart")
    marked = grade(course, pool, ["ada"])
    assert marked["ada"].failed == "here answers cannot be kept apart"
    assert grades(course) == {}


def test_an_error_of_the_graders_own_is_told_as_bytes():
    table, tail = pack({})
    told, _ = read_message(mark(b"not an assignment", message(table, tail)))
    assert told["failed"]


@contextlib.contextmanager
def grading(course, *options):
    """`course grade` in a process group of its own."""
    process = subprocess.Popen(
        [*GRADE, "--jobs", "2", *options], cwd=course, env=ENVIRONMENT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_whenever_the_grader_is_killed_no_grade_is_lost_or_doubled(course):
    deserved = {}
    for number in range(12):
        kind = number % 3
        hand_in(course, f"s{number:02}", [RIGHT, WRONG, {}][kind])
        deserved[f"s{number:02}"] = list(DESERVED.values())[kind]
    deserved |= DESERVED
    rng = random.Random(3)
    for _ in range(ROUNDS):
        with grading(course, "--force") as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(1.0, 7.0))
            process.kill()  # -9, and only the grader: what it has started has to end by itself
            process.wait()
        with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as book:
            assert book.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for student, scores in automatic(course).items():
            assert scores == deserved[student], student
    with grading(course) as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert automatic(course) == deserved
    assert not list(course.glob(f"autograded/*/{rooms.PARTIAL}*"))
    assert {path.parts[-3] for path in course.glob("autograded/*/*/*.ipynb")} == set(deserved)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_killed_grader_leaves_no_process(course):
    with grading(course) as process:
        end = time.monotonic() + 60
        while not list(course.glob("autograded/*/*")):
            assert time.monotonic() < end
            time.sleep(0.05)
        family = sandbox.family(process.pid)
        assert len(family) > 3
        process.kill()
        process.wait()
        end = time.monotonic() + 10
        while left := [pid for pid in family if Path(f"/proc/{pid}/cmdline").exists()]:
            assert time.monotonic() < end, left
            time.sleep(0.1)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_cluster_that_loses_a_worker_grades_every_submission_once(course):
    deserved = dict(DESERVED)
    for number in range(10):
        hand_in(course, f"s{number:02}", RIGHT)
        deserved[f"s{number:02}"] = POINTS
    address = f"tcp://127.0.0.1:{free_port()}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": ENVIRONMENT}
    dask = [sys.executable, "-m", "dask"]
    run_worker = [*dask, "worker", address, "--nthreads", "1", "--no-dashboard",
                  "--no-nanny", "--local-directory", str(course.parent)]  # fmt: skip
    with contextlib.ExitStack() as stack:

        def start(command):
            process = stack.enter_context(subprocess.Popen(command, **quiet))
            stack.callback(process.kill)
            return process

        start([*dask, "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2],
               "--no-dashboard"])  # fmt: skip
        workers = [start(run_worker) for _ in range(2)]
        process = stack.enter_context(grading(course, "--scheduler", address))
        end = time.monotonic() + 60
        while len(list(course.glob("autograded/*/*/*.ipynb"))) < 3:
            assert time.monotonic() < end
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        workers[0].kill()
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert f"graded   {len(deserved)} " in said
    assert automatic(course) == deserved


@pytest.fixture
def postgres(tmp_path):
    """The address of a PostgreSQL that runs as an ordinary user, for as long as the test."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        assert not os.environ.get("CI"), "PostgreSQL is missing: apt-get install postgresql"
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    data, port = Path("/tmp") / f"pg-{os.getpid()}-{free_port()}", free_port()
    data.mkdir()
    if user:
        shutil.chown(data, "nobody", "nogroup")
    options = {"cwd": data, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    bin = programs[-1].parent
    subprocess.run([bin / "initdb", "-D", data, "-U", "course", "-A", "trust", "-E", "UTF8",
                    "--no-sync"], check=True, **options)  # fmt: skip
    server = subprocess.Popen(
        [bin / "postgres", "-D", data, "-p", str(port), "-k", data, "-c",
         "listen_addresses=127.0.0.1", "-c", "fsync=off"], **options
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        ready = [bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ready, check=False, **options).returncode:
            assert time.monotonic() < end
            time.sleep(0.1)
        yield f"postgresql+psycopg://course@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(data, ignore_errors=True)


def test_the_gradebook_may_be_postgresql(small_course, postgres, monkeypatch):
    monkeypatch.chdir(small_course)
    with open(small_course / "nbgrader_config.py", "a") as file:
        file.write(f"c.CourseDirectory.db_url = {postgres!r}\n")
        file.write("c.CourseDirectory.course_id = 'sums'\n")  # nbgrader enters no course without
    run(GenerateAssignment, load_config(small_course), "01_sums")
    hand_in(small_course, "ada", RIGHT)
    hand_in(small_course, "ben", WRONG)
    assert main(["grade", "01_sums", "--jobs", "1"]) == 0
    assert automatic(small_course, postgres) == {name: DESERVED[name] for name in ("ada", "ben")}
    assert main(["grade", "01_sums", "--jobs", "1"]) == 0
    assert not (small_course / "gradebook.db").exists()


def test_a_wrong_answer_that_is_known_is_called_by_its_name(course, pool):
    source = course / "solutions/01_sums"
    notebook = json.loads((source / "01_sums.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["id"] == "mean-of-two":
            cell["source"] = "got = mean([1, 4])\nassert got == 2.5, f'mean gave {got}'"
    (source / "01_sums.ipynb").write_text(json.dumps(notebook))
    run(GenerateAssignment, load_config(course), "01_sums")
    hand_in(course, "ben", {**RIGHT, "mean": "return sum(x) / (len(x) - 1)"})
    grade(course, pool)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        said = {
            student: gradebook.find_comment("mean", "01_sums", "01_sums", student).comment
            for student in ("ada", "ben", "cleo")
        }
    assert said == {
        "ada": None,
        "ben": "This looks as if: Divides by one observation too few.",
        "cleo": "No response.",
    }


def test_a_broken_bank_stops_nobody(course):
    (course / "solutions/01_sums/misconceptions.py").write_text("def total(x:")
    with rooms.opened(load_config(course), "01_sums") as room:
        assert "misconceptions.py is of no use" in room.remarks[0]
        assert len(list(rooms.grade(room, room.students(), Elsewhere()))) == 3


def test_the_summary_says_who_was_graded_and_what_was_hard(course, capfd):
    (course / "submitted/cleo/01_sums/01_sums.ipynb").write_text("{")
    assert main(["grade", "01_sums", "--jobs", "1"]) == 0
    said = capfd.readouterr().out
    assert "graded   3 in" in said
    assert "mean     1.0 of 3" in said
    assert "hardest  total (33%), mean (33%)" in said
    assert "cleo: 01_sums: it is not JSON" in said
    backups = list((course / ".grading/backups").glob("gradebook-*.db"))
    assert len(backups) == 1
    assert grades(course, f"sqlite:///{backups[0]}") == {}


def test_old_backups_make_room_for_new_ones(course):
    with rooms.opened(load_config(course), "01_sums") as room:
        made = [room.writer.back_up(course / "backups") for _ in range(BACKUPS + 2)]
    assert sorted((course / "backups").iterdir()) == made[2:]


def complaint(capfd, *args):
    assert main(["grade", *args]) == 2
    said = capfd.readouterr().err
    assert said.startswith("course grade: ")
    assert said.count("\n") == 1
    return said


def test_bad_input_is_one_clear_line(course, capfd, monkeypatch, tmp_path):
    assert "no assignment 'nope'" in complaint(capfd, "nope")
    assert "there is 01_sums" in complaint(capfd, "nope")
    assert "zed has not handed in" in complaint(capfd, "01_sums", "--student", "zed")
    assert "--jobs 0" in complaint(capfd, "01_sums", "--jobs", "0")
    said = complaint(capfd, "01_sums", "--scheduler", "nonsense://here")
    assert "no scheduler answers at nonsense://here" in said
    shutil.rmtree(course / "submitted")
    assert "nobody has handed in 01_sums" in complaint(capfd, "01_sums")
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path.parent)
        assert "no nbgrader_config.py" in complaint(capfd, "01_sums")
    (course / "gradebook.db").unlink()
    assert "`nbgrader generate_assignment` makes one" in complaint(capfd, "01_sums")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}"):
        pass
    assert "`nbgrader generate_assignment 01_sums` enters it" in complaint(capfd, "01_sums")
    (course / "gradebook.db").write_bytes(b"not a database" * 100)
    assert "not a database" in complaint(capfd, "01_sums")


def configure(course, line):
    with open(course / "nbgrader_config.py", "a") as file:
        file.write(f"{line}\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("c.ExecuteApart.memory = '4G'", r"trait .* expected an int, not the str '4G'"),
        ("c.ExecuteApart.memory = (4", r"nbgrader_config.py does not run: SyntaxError"),
        ("import os; os.foo", r"nbgrader_config.py does not run, line \d+: AttributeError.* 'foo'"),
    ],
)
def test_a_configuration_at_fault_is_one_clear_line(course, capfd, line, words):
    configure(course, line)
    assert re.search(words, complaint(capfd, "01_sums"))


def test_an_option_that_nothing_has_is_not_passed_over(course, capfd):
    configure(course, "c.ExecuteApart.memroy = 1; c.PenaltyPerDay.per_day = 1")
    with rooms.opened(load_config(course), "01_sums") as room:
        assert ["memroy" in room.remarks[0], "per_day" in room.remarks[1]] == [True, True]
        assert room.remarks[2:] == []
    configure(course, "c.CourseDirectory.source_directory = 'source'")
    configure(course, "c.CourseDirectory.sauce_directory = 'solutions'")
    said = complaint(capfd, "01_sums")
    assert "no assignment '01_sums'" in said
    assert "Did you mean" in said
    assert "source_directory" in said


def test_an_unreachable_database_is_one_clear_line(course, capfd):
    configure(
        course, "c.CourseDirectory.db_url = 'postgresql+psycopg://me:secret@127.0.0.1:1/book'"
    )
    said = complaint(capfd, "01_sums")
    assert "127.0.0.1" in said
    assert "secret" not in said


def test_a_full_disk_stops_the_grader_with_nothing_lost(course, capfd, monkeypatch):
    grade(course, Elsewhere())
    before = grades(course)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rooms, "copy_beside", full)
        assert "No space left" in complaint(capfd, "01_sums", "--force", "--jobs", "1")
    assert grades(course) == before
    assert not list(course.glob(f"autograded/*/{rooms.PARTIAL}*"))


def test_two_graders_do_not_share_a_course(course, capfd):
    with only_one(course / ".grading"):
        assert "being graded already" in complaint(capfd, "01_sums")


def test_without_a_sandbox_one_can_refuse(course, capfd, monkeypatch):
    monkeypatch.setattr(engine, "sandboxed", lambda: False)
    said = complaint(capfd, "01_sums", "--require-sandbox")
    assert "A sandbox is required" in said


def test_another_language_is_left_to_nbgrader(course):
    source = course / "solutions/01_sums/01_sums.ipynb"
    source.write_text(source.read_text().replace('"language": "python"', '"language": "R"'))
    with pytest.raises(CourseError, match=r"is in R.*nbgrader autograde"):
        rooms.Classroom(load_config(course), "01_sums")


def test_penalties_stay_between_nothing_and_the_score(course):
    url = f"sqlite:///{course / 'gradebook.db'}"
    told = {"scores": {**POINTS, "why": None, "essay": None}, "unanswered": [], "comments": {}}
    for penalty, kept in ((-1.0, 0.0), (99.0, 3.0), (None, None)):
        writer = Writer(url, "01_sums", load_config(course))
        writer.duedate = datetime(2026, 1, 1)
        writer.late = SimpleNamespace(late_submission_penalty=lambda *_, p=penalty: p)
        writer.save("ada", datetime(2026, 2, 1), {"01_sums": told})
        writer.close()
        with Gradebook(url) as gradebook:
            (notebook,) = gradebook.find_submission("01_sums", "ada").notebooks
            assert notebook.late_submission_penalty == kept


NAME = "01_bayesian_regression"


def test_every_answer_of_the_banks_gets_the_score_that_it_gets_without_processes(
    tmp_path, monkeypatch
):
    source = ROOT / "solutions" / NAME
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(source, tmp_path / "solutions" / NAME)
    monkeypatch.chdir(tmp_path)
    config = load_config(tmp_path)
    run(GenerateAssignment, config, NAME)
    solution = banks.read_notebook(source / f"{NAME}.ipynb")
    release = banks.read_notebook(tmp_path / "assignments" / NAME / f"{NAME}.ipynb")
    answers = banks.by_exercise(source)
    expected = {}
    for k in range(max(map(len, answers.values()))):  # each answers all exercises from the banks
        chosen = {exercise: found[k % len(found)] for exercise, found in answers.items()}
        folder = tmp_path / "submitted" / f"s{k:02}" / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_text(json.dumps(banks.submit(release, chosen)))
        graded = banks.grade(banks.submit(solution, chosen))
        expected[f"s{k:02}"] = {outcome.cell: outcome.points for outcome in graded}
    with rooms.opened(config, NAME) as room, rooms.local(jobs()) as (executor, ahead):
        marked = list(rooms.grade(room, room.students(), executor, ahead=ahead))
    assert not [one.failed for one in marked if one.failed]
    given = {one.student: one.notebooks[NAME]["scores"] for one in marked}
    by_hand = [name for name in given["s00"] if name not in expected["s00"]]
    for scores in given.values():
        for name in by_hand:
            del scores[name]
    assert given == expected
