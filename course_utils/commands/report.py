"""`course report`: what a gradebook and a folder of submissions say about a class."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from nbgrader.coursedir import CourseDirectory
from PIL import Image, PngImagePlugin
from rich.console import Console
from rich.progress import Progress

from course_utils.classroom import banks, gradebook, report
from course_utils.classroom.gradebook import as_number, as_text, as_time
from course_utils.course import CONFIG, CourseError, find_root, load_config
from course_utils.grading import BANKS
from course_utils.grading.repair import MAX_BYTES, Unreadable, course_cells, match, read_notebook
from course_utils.plotting.canvas import alt_text, number, png
from course_utils.plotting.report import class_report

HARDEST = 5  # checks that the page names

PAGE = """\
# {assignment}

| submissions | waiting for marks by hand | mean | lower quartile | median | upper quartile | of |
|--:|--:|--:|--:|--:|--:|--:|
| {submissions} | {waiting} | {mean} | {lower} | {median} | {upper} | {maximum} |

Late penalties are taken off. A submission that waits counts with the marks it has so far.

![{alt}](distribution.png)

## Hardest checks

| exercise | check | points | passed | share of the points | discrimination |
|---|---|--:|--:|--:|--:|
{hardest}

Discrimination is the correlation with the rest of the score. Near 0 or below, those who know the \
subject fail the check as often as the others: look at the check before you look at the class.

## Answers that are the same

{groups} in `similar.csv`.{remarks}

Comments, formatting, annotations and names were taken away first. People who learned together, \
found the same page or asked the same assistant write the same: a group is a reason to look at the \
answers and to talk, and proves nothing. Left out are the release's own cell, the solution and the \
answers in `{bank}`; what is too short to differ (code of fewer than {code} statements and \
expressions, texts of fewer than {text} letters), since honest people write the same four lines; \
and the common way, which more than {share:.0%} of the class and more than {count} students wrote.

## Files

- `scores.csv`: a row a student, a column an exercise. `points` is the sum of the exercises, \
`score` what is left of it after the late penalty.
- `checks.csv`: a row a graded cell, the hardest first.
- `similar.csv`: a row a student in a group. Equal `variant`: the same code, names included.
"""

LEFT_OUT = {
    "bank": BANKS[1], "code": report.SHORT_CODE, "text": report.SHORT_TEXT,
    "share": report.COMMON_SHARE, "count": report.COMMON_COUNT,
}  # fmt: skip

SCREEN = """\
{assignment}: {submissions} submissions, {waiting} waiting for marks by hand
mean {mean}, quartiles {lower} / {median} / {upper}, out of {maximum}
hardest: {names}
the same answer: {groups}.{remarks}
{folder}/report.md\
"""


class Cell(NamedTuple):
    """A graded cell: where it stands, the exercise it belongs to, and its points."""

    id: str
    notebook: str
    exercise: str
    name: str
    points: float


class Group(NamedTuple):
    """Students, as positions, with the same answer; variants number what differs but for names."""

    notebook: str
    exercise: str
    students: np.ndarray
    variants: np.ndarray

    @property
    def alike(self):
        return "but for names" if self.variants.any() else "word for word"


class Course(NamedTuple):
    """What an assignment asks: its graded cells in order, and all its cells by notebook."""

    graded: list
    cells: dict


def main(args):
    root = find_root(Path.cwd(), CONFIG)
    config = load_config(root)
    if "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(root)
    directory = CourseDirectory(config=config, assignment_id=args.assignment)
    with gradebook.opened(directory.db_url) as session:
        assignment = gradebook.find_assignment(session, args.assignment)
        course = read_course(assignment, directory)
        marks = gradebook.read_marks(session, assignment, [cell.id for cell in course.graded])
    if not marks.students:
        raise CourseError(
            f"no submission of {args.assignment} in the gradebook: "
            f"`nbgrader autograde {args.assignment}` puts them there."
        )
    known = known_answers(directory, course)
    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        students = progress.track(marks.students, description="reading answers")
        answers, unreadable = read_answers(directory, course, students, len(marks.students))
    groups, common = similar(answers, known)

    folder = args.folder or root / "reports" / args.assignment
    try:
        folder.mkdir(parents=True, exist_ok=True)
        said = write(folder, course, marks, groups)
        said["assignment"] = args.assignment
        said["remarks"] = "".join(
            f" {n} {what}." for n, what in (
                (common, "answers were written the common way"),
                (unreadable, "notebooks were missing or could not be read"),
            ) if n
        )  # fmt: skip
        (folder / "report.md").write_text(PAGE.format(**said, **LEFT_OUT), encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{folder} cannot be written: {error.strerror}.") from None
    console.print(
        SCREEN.format(**said, folder=folder),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0


def read_course(assignment, directory):
    """What an assignment asks, in the order of the source where it is there."""
    graded, cells = [], {}
    for notebook in assignment.notebooks:
        known = course_cells(notebook)
        order = list(source_cells(directory, notebook.name)) or list(known)
        exercise_of, exercise = {}, None
        for name in order:
            metadata = known.get(name, {}).get("metadata", {})
            if metadata.get("solution") or metadata.get("task"):
                exercise = name
            exercise_of[name] = exercise or name
        ids = {cell.name: cell for cell in (*notebook.grade_cells, *notebook.task_cells)}
        place = {name: i for i, name in enumerate(dict.fromkeys([*order, *known, *ids]))}
        graded += [
            Cell(
                ids[name].id, notebook.name, exercise_of.get(name, name), name, ids[name].max_score
            )
            for name in sorted(ids, key=place.get)
        ]
        cells[notebook.name] = {name: known[name] for name in sorted(known, key=place.get)}
    if not graded:
        raise CourseError(f"{assignment.name} has no graded cell in the gradebook.")
    return Course(graded, cells)


def source_folder(directory):
    return Path(directory.format_path(directory.source_directory, ".", directory.assignment_id))


def source_cells(directory, notebook):
    """Grade id → the text in the instructor's notebook, in its order; nothing where it is not."""
    try:
        return tagged((source_folder(directory) / f"{notebook}.ipynb").read_bytes())
    except (OSError, ValueError):
        return {}


def tagged(data):
    """Grade id → text of the cells of a notebook that carry one; of copies the last counts."""
    found = {}
    for cell in json.loads(data)["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name is not None:
            found[name] = "".join(cell["source"])
    return found


def answer_cells(cells):
    """Names of a notebook's cells in which students answer → whether in code."""
    return {
        name: cell["cell_type"] == "code"
        for name, cell in cells.items()
        if cell["metadata"]["solution"]
    }


def read_answers(directory, course, students, n_students):
    """Fingerprints of every answer, of which no text is kept.

    Returns
    -------
    answers : dict of (str, str) to array (n_students, 2) of uint64
        Notebook and cell → `exact` and `renamed` for each student; 0 where there is no answer.
    unreadable : int
        Notebooks that are missing or are none.
    """
    answers = {
        (notebook, name): np.zeros((n_students, 2), dtype=np.uint64)
        for notebook, cells in course.cells.items()
        for name in answer_cells(cells)
    }
    unreadable = 0
    for i, student in enumerate(students):
        for notebook, cells in course.cells.items():
            try:
                texts = read_submission(directory, student, notebook, cells)
            except (OSError, Unreadable):
                unreadable += 1
                continue
            for name, is_code in answer_cells(cells).items():
                mark = report.fingerprint(texts.get(name, ""), code=is_code)
                if not mark.short:
                    answers[notebook, name][i] = mark.exact, mark.renamed
    return answers, unreadable


def read_submission(directory, student, notebook, cells):
    """Name → text of the cells in which a student answered, as submitted, else as autograded."""
    for step in (directory.submitted_directory, directory.autograded_directory):
        folder = Path(directory.format_path(step, student, directory.assignment_id))
        path = folder / f"{notebook}.ipynb"
        if path.is_file() and not path.is_symlink():  # which could lead anywhere
            break
    else:
        raise Unreadable("it is not there")
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"it is larger than {MAX_BYTES >> 20} MB")
    data = path.read_bytes()
    try:  # most have kept their grade ids, and are read twenty times as fast
        texts = tagged(data)
        if answer_cells(cells).keys() <= texts.keys():
            return texts
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return {name: cell.source for name, cell in match(read_notebook(data).cells, cells).items()}


def known_answers(directory, course):
    """Notebook and cell → fingerprints that say nothing: the stub's, the solution's, a bank's."""
    path, bank = source_folder(directory) / BANKS[1], []
    if path.is_file():
        try:
            bank = banks.read_bank(path)
        except (ValueError, SyntaxError) as error:
            raise CourseError(f"{path} cannot be read: {error}") from None
    known = {}
    for notebook, cells in course.cells.items():
        solutions = source_cells(directory, notebook)
        for name, is_code in answer_cells(cells).items():
            texts = [cells[name]["source"] or "", solutions.get(name, "")]
            texts += [answer.source for answer in bank if answer.exercise == name]
            known[notebook, name] = {report.fingerprint(text, code=is_code) for text in texts}
    return known


def similar(answers, known):
    """Groups of students with the same answer, and how many answers are written the common way."""
    groups, common = [], 0
    for (notebook, exercise), prints in answers.items():
        renamed = prints[:, 1].copy()
        renamed[np.isin(renamed, [mark.renamed for mark in known[notebook, exercise]])] = 0
        found, n_common = report.same(renamed)
        common += n_common
        for students in found:
            variants = np.unique(prints[students, 0], return_inverse=True)[1]
            groups.append(Group(notebook, exercise, students, variants))
    return groups, common


def write(folder, course, marks, groups):
    """The tables and the picture; returns what the page says of them."""
    totals = report.score(marks.points, marks.penalties)
    waiting = marks.waiting.any(axis=1)
    maximum = sum(cell.points for cell in course.graded)
    write_scores(folder / "scores.csv", course, marks, totals, waiting)
    write_groups(folder / "similar.csv", marks, groups)

    checks = report.check(
        marks.points, marks.waiting, np.array([cell.points for cell in course.graded])
    )
    ranked = [(course.graded[j], checks[j]) for j in report.hardest_first(checks)]
    write_table(
        folder / "checks.csv",
        ["notebook", "exercise", "cell", "points", "passed", "partly", "failed", "not graded yet",
         "share", "discrimination"],
        ([*cell[1:], *check] for cell, check in ranked),
    )  # fmt: skip
    labels = [qualified(course, cell.notebook, cell.name) for cell, _ in ranked]
    counts = np.array([check[:4] for _, check in ranked])
    figure = class_report(totals, maximum, labels, counts)
    write_picture(folder / "distribution.png", figure)

    hardest = [(cell, check) for cell, check in ranked if check.share == check.share][:HARDEST]
    return {
        **describe(report.summarise(totals, waiting)),
        "maximum": as_number(maximum),
        "alt": alt_text(figure),
        "names": ", ".join(qualified(course, cell.notebook, cell.name) for cell, _ in hardest),
        "hardest": "\n".join(
            f"| {cell.exercise} | {cell.name} | {as_number(cell.points)} | {check.passed} "
            f"| {check.share:.0%} | {number(check.discrimination).replace('nan', '–')} |"
            for cell, check in hardest
        ),
        "groups": count_groups(course, groups),
    }


def describe(summary):
    """A summary as the page prints it."""
    counts = {"submissions": summary.submissions, "waiting": summary.waiting}
    points = ("mean", "lower", "median", "upper")
    return counts | {name: number(getattr(summary, name), 1) for name in points}


def count_groups(course, groups):
    """How many groups there are, of how many students, in which exercises."""
    students = {student for group in groups for student in group.students}
    found = Counter(qualified(course, group.notebook, group.exercise) for group in groups)
    where = ", ".join(f"{exercise} {n}" for exercise, n in found.items())
    plural = "s" * (len(groups) != 1)
    return f"{len(groups)} group{plural}, {len(students)} students" + f" ({where})" * bool(where)


def write_groups(path, marks, groups):
    """A row a student in a group."""
    write_table(
        path,
        ["notebook", "exercise", "group", "students", "alike", "variant", "student"],
        ([group.notebook, group.exercise, i, len(group.students), group.alike, variant + 1,
          marks.students[student]]
         for i, group in enumerate(groups, start=1)
         for student, variant in zip(group.students, group.variants, strict=True)),
    )  # fmt: skip


def write_scores(path, course, marks, totals, waiting):
    """A row a student: the score, what it is made of, and a column an exercise."""
    columns = {}
    for j, cell in enumerate(course.graded):
        columns.setdefault(qualified(course, cell.notebook, cell.exercise), []).append(j)
    points = np.nan_to_num(marks.points)
    exercises = np.stack([points[:, js].sum(axis=1) for js in columns.values()], axis=1)
    maximum = sum(cell.points for cell in course.graded)
    write_table(
        path,
        ["student", "score", "maximum", "points", "late penalty", "timestamp",
         "needs manual marking", *columns],
        ([student, total, maximum, row.sum(), lost, as_time(when), "yes" if due else "no", *row]
         for student, total, row, lost, when, due in zip(
             marks.students, totals, exercises, marks.penalties, marks.timestamps, waiting,
             strict=True)),
    )  # fmt: skip


def qualified(course, notebook, name):
    """A name of a cell, with the notebook's where there are several."""
    return f"{notebook}/{name}" if len(course.cells) > 1 else name


def write_table(path, header, rows):
    """A CSV file in which no name is a formula."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(map(as_text, header))
        for row in rows:
            out.writerow(as_number(c) if isinstance(c, float) else as_text(c) for c in row)


def write_picture(path, figure):
    """A PNG file that carries its alt text as its description."""
    about = PngImagePlugin.PngInfo()
    about.add_itxt("Description", alt_text(figure))
    with Image.open(io.BytesIO(png(figure))) as image:
        image.save(path, pnginfo=about)
