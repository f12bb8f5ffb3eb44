"""`course demo`: the whole cycle on a made-up class, whose right scores are known beforehand.

Generate, collect, grade, feedback, export, on a copy of the course in a scratch folder: grading is
`course grade`, each other step is nbgrader's own. The scores that should come out are computed
without nbgrader, by `course_utils.classroom.banks`.
"""

import json
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.plugins import CsvExportPlugin
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from course_utils.classroom import banks
from course_utils.classroom import room as rooms
from course_utils.commands.grade import jobs
from course_utils.course import CONFIG, CourseError, choose, find_root, load_config, run
from course_utils.grading import BANKS

DUE = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
A_DAY = 0.10  # share of the score that a late day costs in the demo


class Student(NamedTuple):
    """A name, the file handed in, how late, and the points it should get, by exercise."""

    name: str
    text: str
    remark: str
    expected: dict
    late: timedelta = timedelta(minutes=-30)

    @property
    def penalty(self):
        """Share of the score lost, for each day begun after the deadline."""
        seconds = max(0.0, self.late.total_seconds())
        return min(1.0, A_DAY * -(-seconds // 86_400))


class Result(NamedTuple):
    """What nbgrader made of it: points by exercise, total after the penalty, or why not."""

    points: dict
    total: float
    failure: str


def made_up_class(solution, release, wrong, right):
    """Nine students, from the banks beside the solution.

    Parameters
    ----------
    solution, release : dict
        The instructor's notebook and the students'.
    wrong, right : list of course_utils.classroom.banks.Answer
        The two banks.

    Returns
    -------
    list of Student
    """
    known = {}
    for answer in right:
        known.setdefault(answer.exercise, answer)
    exercises = list(banks.scores(banks.grade(solution)))
    last = {answer.exercise: answer for answer in right}

    def student(name, answers, remark, **options):
        answers = {answer.exercise: answer.source for answer in answers}
        graded = banks.grade(banks.submit(solution, answers))
        handed_in = json.dumps(banks.fill(release, solution, answers), indent=1)
        points = {exercise: got for exercise, (got, _) in banks.scores(graded).items()}
        return Student(name, handed_in, remark, points, **options)

    def mistakes(name, start):
        """A student who gets every third exercise wrong, in one of the bank's ways."""
        chosen = []
        for exercise in exercises[start::3]:
            answers = [answer for answer in wrong if answer.exercise == exercise]
            if answers:
                chosen.append(answers[(3 * start + len(chosen)) % len(answers)])
        diagnoses = (answer.diagnosis.rstrip(".") for answer in chosen)
        return student(name, chosen, "; ".join(diagnoses))

    nothing = dict.fromkeys(exercises, 0)
    full = json.dumps(banks.fill(release, solution, {}), indent=1)
    return [
        student("ada", [], "the solution itself"),
        Student("blaise", json.dumps(release, indent=1), "handed in untouched", nothing),
        student("carl", known.values(), "right answers, written differently"),
        mistakes("daniel", 0),
        mistakes("emmy", 1),
        mistakes("florence", 2),
        student("grace", last.values(), "right again, otherwise"),
        student(
            "henri", [], f"30 hours late, {A_DAY:.0%} a day begun", late=timedelta(hours=30)
        ),
        Student("isaac", full[: len(full) // 2], "a broken file", nothing),
    ]  # fmt: skip


def hand_in(folder, name, student):
    """Put a student's file where nbgrader collects it, with the time beside it."""
    place = folder / "submitted" / student.name / name
    place.mkdir(parents=True)
    (place / f"{name}.ipynb").write_text(student.text, encoding="utf-8")
    (place / "timestamp.txt").write_text(f"{DUE + student.late:%Y-%m-%d %H:%M:%S} UTC")


def read_result(gradebook, name, student, exercise_of, failure):
    """A student's row of the gradebook."""
    points = dict.fromkeys(exercise_of.values(), 0.0)
    submission = gradebook.find_submission(name, student.name)
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            if grade.name in exercise_of:
                points[exercise_of[grade.name]] += grade.score
    total = submission.score - sum(notebook.late_submission_penalty or 0 for notebook in
                                   submission.notebooks)  # fmt: skip
    return Result(points, total, failure)


def surprises(student, result):
    """What came out other than it should, one line each."""
    if result.failure:
        return [result.failure]
    found = [
        f"{exercise}: {result.points.get(exercise, 0):g} points, {points:g} expected"
        for exercise, points in student.expected.items()
        if abs(result.points.get(exercise, 0) - points) > 1e-9
    ]
    total = sum(student.expected.values()) * (1 - student.penalty)
    if not found and abs(result.total - total) > 1e-9:
        found.append(f"total: {result.total:g} points, {total:g} expected")
    return found


def main(args):
    start = time.perf_counter()
    root = find_root(Path.cwd(), CONFIG, "solutions")
    name = choose(root, [args.assignment] if args.assignment else [])[0]
    source = root / "solutions" / name
    for bank in BANKS:
        if not (source / bank).is_file():
            raise CourseError(f"no {bank} in {source}: the demo's class answers from it.")
    folder = _workplace(args.folder)

    config = load_config(root)
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    config.PenaltyPerDay.penalty_per_day = A_DAY
    shutil.copytree(source, folder / "solutions" / name)

    console = Console()
    console.print(f"[bold]{name}[/bold] and a made-up class, in {folder}", highlight=False)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("generating the assignment", total=2 * 9 + 3)

        def step(says):
            progress.update(task, advance=1, description=f"{says:32}")

        run(GenerateAssignment, config, name)
        step("handing in")
        solution = banks.read_notebook(source / f"{name}.ipynb")
        release = banks.read_notebook(folder / "assignments" / name / f"{name}.ipynb")
        wrong, right = (banks.read_bank(source / bank) for bank in BANKS)
        students = made_up_class(solution, release, wrong, right)
        for student in students:
            hand_in(folder, name, student)
        with Gradebook(config.CourseDirectory.db_url) as gradebook:
            gradebook.update_or_create_assignment(name, duedate=DUE.replace(tzinfo=None))

        failures = {}
        with rooms.opened(config, name) as room, rooms.local(jobs()) as (executor, ahead):
            for marked in rooms.grade(room, room.students(), executor, ahead=ahead):
                step(f"grading {marked.student}")
                if marked.failed:
                    failures[marked.student] = marked.failed
        for student in students:
            step(f"writing to {student.name}")
            try:
                run(GenerateFeedback, config, name, student.name)
            except CourseError as error:
                failures.setdefault(student.name, str(error))

        step("exporting")
        exercise_of = {
            cell["metadata"]["nbgrader"]["grade_id"]: outcome.exercise
            for cell, outcome in zip(
                filter(banks.is_test, solution["cells"]), banks.grade(solution), strict=True
            )
        }
        with Gradebook(config.CourseDirectory.db_url) as gradebook:
            exporter = CsvExportPlugin(config=config)
            exporter.to = str(folder / "grades.csv")
            exporter.export(gradebook)
            results = [
                read_result(gradebook, name, s, exercise_of, failures.get(s.name, ""))
                for s in students
            ]
        step("done")

    wrongly = _print_table(console, students, results, banks.scores(banks.grade(solution)))
    _print_places(console, folder, name, time.perf_counter() - start)
    if wrongly:
        console.print(f"[bold red]{wrongly} of {len(students)} did not get the known score.[/]")
        return 1
    console.print(f"Every one of the {len(students)} got the score that was known beforehand.")
    return 0


def _workplace(folder):
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="course-demo-")).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder} is not an empty folder: name another, or none for a new one.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _print_table(console, students, results, maximum):
    """The gradebook as a table; returns how many rows are not as they should be."""
    table = Table(title="Points by exercise", title_justify="left", pad_edge=False)
    table.add_column("student")
    for i in range(len(maximum)):
        table.add_column(str(i + 1), justify="right")
    table.add_column("late", justify="right")
    table.add_column("total", justify="right")
    table.add_column("remarks")
    wrongly = 0
    for student, result in zip(students, results, strict=True):
        found = surprises(student, result)
        wrongly += bool(found)
        cells = ["–" if result.failure else f"{result.points[e]:g}" for e in maximum]
        late = f"−{student.penalty:.0%}" if student.penalty else ""
        remark = f"{student.remark}: {result.failure}" if result.failure else student.remark
        if found:
            remark = f"[red]{'; '.join(found)}[/]"
        total = "–" if result.failure else f"{result.total:g}"
        table.add_row(student.name, *cells, late, total, remark)
    table.add_section()
    full = [f"{points:g}" for _, points in maximum.values()]
    table.add_row("of", *full, "", f"{sum(p for _, p in maximum.values()):g}", "graded by machine")
    console.print(table)
    names = ", ".join(f"{i} {exercise}" for i, exercise in enumerate(maximum, start=1))
    console.print(f"Exercises: {names}.\n", highlight=False)
    return wrongly


def _print_places(console, folder, name, seconds):
    for what, where in (
        ("gradebook", "gradebook.db"),
        ("grades", "grades.csv"),
        ("feedback", f"feedback/ada/{name}/{name}.html"),
        ("what was handed in", "submitted/"),
    ):
        console.print(f"{what:20}{folder / where}", highlight=False, soft_wrap=True)
    console.print(f"{'took':20}{seconds:.0f} s\n", highlight=False)
