"""`course grade`: a class graded, with a progress bar and what there is to know at the end."""

import collections
import contextlib
import gc
import os
import statistics
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from course_utils.course import CONFIG, CourseError, find_root, load_config
from course_utils.grading import engine

UNFAIR = (
    "[yellow]The instructor's own answers do not pass {}: such a test needs what does not cross "
    "between the two processes, or is wrong. Nobody can earn its points.[/]"
)


def main(args):
    start = time.monotonic()
    root = find_root(Path.cwd(), CONFIG)
    if args.jobs is not None and args.jobs < 1:
        raise CourseError(f"--jobs {args.jobs}: expected 1 or more.")
    config = load_config(root)
    config.CourseDirectory.setdefault("root", str(root))
    if args.require_sandbox:
        config.ExecuteApart.require_sandbox = True
    if not args.scheduler:
        with contextlib.suppress(Exception):  # of settings that are none, nbgrader will say more
            engine.start(jobs(args.jobs), engine.settings(config.ExecuteApart, root))
    rooms = read_nbgrader()  # while those processes get warm
    with only_one(root / rooms.WORKPLACE), rooms.opened(config, args.assignment) as room:
        students = room.students(args.student or ())
        if not args.scheduler and (reason := engine.refusal(room.step.require_sandbox)):
            raise CourseError(reason)
        console = Console()
        for test in room.changed_since_generated():
            console.print(
                f"[yellow]The test {test} is another in the gradebook than in the instructor's "
                f"notebook:[/] `nbgrader generate_assignment {args.assignment} --force` takes "
                "the new one."
            )
        for remark in room.remarks:
            console.print(f"[yellow]{escape(remark)}[/]")
        backup = room.writer.back_up(root / rooms.WORKPLACE / "backups")
        workers = rooms.cluster(args.scheduler) if args.scheduler else rooms.local(jobs(args.jobs))
        tally = Tally()
        try:
            with workers as (executor, ahead), progress(console) as bar:
                task = bar.add_task(args.assignment, total=len(students))
                fails = rooms.reference(room, executor)
                for marked in rooms.grade(room, students, executor, force=args.force, ahead=ahead):
                    tally.add(marked)
                    bar.advance(task)
                if names := fails():
                    console.print(UNFAIR.format(escape(", ".join(names))), highlight=False)
        except KeyboardInterrupt:
            raise CourseError(
                f"stopped after {tally.count} of {len(students)}; their marks are in the "
                "gradebook, and the same command goes on from here."
            ) from None
        except OSError as error:
            raise CourseError(
                f"stopped after {tally.count} of {len(students)}: {error}. Nothing is lost; the "
                "same command goes on from here."
            ) from None
    if not args.scheduler and not engine.sandboxed():
        console.print(f"[yellow]{engine.NOT_ISOLATED}[/]")
    tally.report(console, room, time.monotonic() - start)
    if backup:
        console.print(f"The gradebook as it was before: {backup}", highlight=False, soft_wrap=True)
    return int(bool(tally.failed))


def read_nbgrader():
    """The room where a class is graded: over a second to import, less if no garbage is sought."""
    gc.disable()
    try:
        from course_utils.classroom import room
    finally:
        gc.enable()
    gc.freeze()
    return room


def jobs(asked=None):
    """How many submissions at a time: as asked for, or one for each core this process may use."""
    if asked is not None:
        return asked
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def progress(console):
    columns = (TextColumn("grading {task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn())  # fmt: skip
    return Progress(*columns, console=console, disable=not sys.stdout.isatty())


@contextlib.contextmanager
def only_one(folder):
    """Hold the course for this process; a `CourseError` if another one is grading."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as file:
        try:
            import fcntl
        except ModuleNotFoundError:  # Windows, where `engine.refusal` has the last word
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CourseError("this course is being graded already: wait for it to end.") from None
        yield


class Tally:
    """What became of a class."""

    def __init__(self):
        self.failed, self.remarks, self.scores = [], [], []
        self.points = collections.Counter()  # (notebook, cell) → the sum over the class
        self.now = 0

    @property
    def count(self):
        return len(self.scores) + len(self.failed)

    def add(self, marked):
        if marked.failed:
            self.failed.append((marked.student, marked.failed))
            return
        self.now += marked.now
        self.scores.append(marked.score)
        for name, told in marked.notebooks.items():
            if told["problem"]:
                self.remarks.append((marked.student, f"{name}: {told['problem']}"))
            for cell, reason in told["lost"].items():
                self.remarks.append((marked.student, f"{cell}: {reason}"))
            for cell, score in told["scores"].items():
                if score is not None:
                    self.points[name, cell] += score

    def report(self, console, room, seconds, most=10):
        """The table at the end."""
        table = Table(show_header=False, pad_edge=False, box=None)
        table.add_row("graded", f"{self.now} in {seconds:.0f} s")
        if self.now < len(self.scores):
            table.add_row("unchanged", f"{len(self.scores) - self.now}")
        if self.failed:
            table.add_row("not graded", f"[red]{len(self.failed)}[/]")
        if self.scores:
            earned, possible = self.by_exercise(room)
            table.add_row("mean", f"{statistics.fmean(self.scores):.1f} of {possible.total():g}")
            table.add_row("median", f"{statistics.median(self.scores):g}")
            share = {name: earned[name] / len(self.scores) / possible[name]
                     for name in possible if possible[name]}  # fmt: skip
            hardest = sorted(share, key=share.get)[:3]
            table.add_row("hardest", ", ".join(f"{name} ({share[name]:.0%})" for name in hardest))
        console.print(table)
        for title, rows in (("Not graded", self.failed), ("Worth a look", self.remarks)):
            if rows:
                console.print(f"\n[bold]{title}[/]")
                for student, reason in rows[:most]:
                    console.print(f"  {student}: {reason}", highlight=False, markup=False)
                if len(rows) > most:
                    console.print(f"  and {len(rows) - most} more")

    def by_exercise(self, room):
        """Points of the class, and of one submission at best, of each exercise."""
        earned, possible = collections.Counter(), collections.Counter()
        for key, exercise in room.exercises().items():
            if key in self.points:
                name, cell = key
                earned[exercise] += self.points[key]
                possible[exercise] += room.points(name, cell)
        return earned, possible
