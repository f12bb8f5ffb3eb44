"""Whole classes out of nbgrader's gradebook: a statement or two, however many students there are.

nbgrader's own way asks the database anew for each student and each assignment. Nothing is written.
"""

import contextlib
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from nbgrader.api import (
    Assignment,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import and_, case, create_engine, func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from course_utils.course import CourseError

ROWS = 10_000  # fetched at a time
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the start of a formula


class Marks(NamedTuple):
    """The marks of an assignment, students in the order of their ids.

    points is (n, m), NaN where a cell has no mark, and waiting (n, m) of bool where one by hand is
    due; timestamps and penalties (n,) are when it was handed in, and the points that this cost.
    """

    students: list
    timestamps: list
    penalties: np.ndarray
    points: np.ndarray
    waiting: np.ndarray


class Total(NamedTuple):
    """A student's score in one assignment, or in none; without a mark, score is None."""

    student: str
    first_name: str | None
    last_name: str | None
    email: str | None
    lms_user_id: str | None
    assignment: str | None
    score: float | None
    waiting: int | None
    penalty: float | None


@contextlib.contextmanager
def opened(db_url):
    """A session on a gradebook that exists; `CourseError` if it does not, or cannot be read."""
    engine = connect(db_url)
    try:
        with in_words(engine.url), Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def connect(db_url):
    """An engine for a gradebook that exists; `CourseError` if it does not, or is none."""
    url = make_url(db_url)
    if is_file(url) and not Path(url.database or "").is_file():
        raise CourseError(
            f"no gradebook at {url.database}: `nbgrader generate_assignment` makes one."
        )
    with in_words(url), contextlib.ExitStack() as undo:
        # Others may be writing: a minute is time enough for them.
        try:
            engine = create_engine(url, connect_args={"timeout": 60} if is_file(url) else {})
        except ModuleNotFoundError as error:
            raise CourseError(f"{url.render_as_string()}: {error.name} is not installed.") from None
        undo.callback(engine.dispose)
        if not inspect(engine).has_table(Grade.__tablename__):
            raise CourseError(f"{url.render_as_string()} is no gradebook of nbgrader's.")
        undo.pop_all()
    return engine


def is_file(url):
    """Whether a gradebook is a file of this machine's."""
    return url.get_backend_name() == "sqlite"


@contextlib.contextmanager
def in_words(url):
    """Turn what a database complains of into a `CourseError` of one line."""
    try:
        yield
    except SQLAlchemyError as error:
        raise CourseError(
            f"the gradebook {url.render_as_string()}: {database_reason(error)}."
        ) from None


def database_reason(error):
    """What a database complains of, in one line; an old gradebook lacks a column."""
    words = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    old = "column" in words
    return words + "; `nbgrader db upgrade` brings an old gradebook up to date" * old


def find_assignment(session, name):
    """The assignment of that name; `CourseError` names those that there are."""
    known = session.scalars(select(Assignment).order_by(Assignment.name)).all()
    for assignment in known:
        if assignment.name == name:
            return assignment
    names = ", ".join(assignment.name for assignment in known) or "none"
    raise CourseError(
        f"no assignment {name!r} in the gradebook: there is {names}. "
        f"`nbgrader generate_assignment {name}` enters it."
    )


def read_marks(session, assignment, cells):
    """Every mark of an assignment.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignment : nbgrader.api.Assignment
    cells : sequence of str
        Ids of the graded cells, one for each column.

    Returns
    -------
    Marks
    """
    # Joined here: the tables have no index for it, and SQLite would compare all with all.
    handed_in = session.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp,
               SubmittedAssignment.id)
        .where(SubmittedAssignment.assignment_id == assignment.id)
    ).all()  # fmt: skip
    handed_in.sort(key=lambda row: row[0])  # databases differ in how they sort text
    row_of_submission = {submission: i for i, (*_, submission) in enumerate(handed_in)}
    row_of, penalties = {}, np.zeros(len(handed_in))
    notebooks = session.execute(
        select(SubmittedNotebook.id, SubmittedNotebook.assignment_id,
               SubmittedNotebook.late_submission_penalty)
        .where(SubmittedNotebook.notebook_id.in_([book.id for book in assignment.notebooks]))
    )  # fmt: skip
    for notebook, submission, lost in notebooks:
        row_of[notebook] = row_of_submission[submission]
        penalties[row_of[notebook]] += lost or 0.0

    column_of = {cell: j for j, cell in enumerate(cells)}
    points = np.full((len(handed_in), len(cells)), np.nan)
    waiting = np.zeros(points.shape, dtype=bool)
    # `coalesce` keeps a database from its index: one walk through the table is faster than looking
    # millions of rows up.
    grades = session.execute(
        select(Grade.notebook_id, Grade.cell_id, Grade.score, Grade.needs_manual_grade).where(
            func.coalesce(Grade.cell_id, "").in_(cells)
        ),
        execution_options={"yield_per": ROWS},
    )
    for notebook, cell, got, due in grades:
        if notebook in row_of:
            at = row_of[notebook], column_of[cell]
            points[at], waiting[at] = got, due
    students, timestamps = [row[0] for row in handed_in], [row[1] for row in handed_in]
    return Marks(students, timestamps, penalties, points, waiting)


def totals(session, assignments, students=()):
    """Scores of all students in some assignments, by one statement, student by student.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
    assignments : sequence of nbgrader.api.Assignment
    students : sequence of str
        Ids; all students if empty.

    Yields
    ------
    Total
        One for each submission; one without an assignment for a student who handed in none.
    """
    name_of = {assignment.id: assignment.name for assignment in assignments}
    ours = SubmittedAssignment.assignment_id.in_(name_of)
    marks = (
        select(
            SubmittedNotebook.assignment_id.label("submission"),
            func.sum(Grade.score).label("score"),
            func.sum(case((Grade.needs_manual_grade, 1), else_=0)).label("waiting"),
        )
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(ours)
        .group_by(SubmittedNotebook.assignment_id)
        .subquery()
    )
    late = (
        select(
            SubmittedNotebook.assignment_id.label("submission"),
            func.sum(SubmittedNotebook.late_submission_penalty).label("penalty"),
        )
        .group_by(SubmittedNotebook.assignment_id)
        .subquery()
    )
    query = (
        select(
            Student.id, Student.first_name, Student.last_name, Student.email, Student.lms_user_id,
            SubmittedAssignment.assignment_id, marks.c.score, marks.c.waiting, late.c.penalty,
        )
        .outerjoin(SubmittedAssignment, and_(SubmittedAssignment.student_id == Student.id, ours))
        .outerjoin(marks, marks.c.submission == SubmittedAssignment.id)
        .outerjoin(late, late.c.submission == SubmittedAssignment.id)
        .order_by(Student.id)
    )  # fmt: skip
    if students:
        query = query.where(Student.id.in_(students))
    for row in session.execute(query, execution_options={"yield_per": ROWS}):
        total = Total(*row)
        yield total._replace(assignment=name_of.get(total.assignment))


def as_text(value, mark="'"):
    """A cell of a CSV file that no spreadsheet takes for a formula: the mark goes in front of it.

    Examples
    --------
    >>> as_text('=HYPERLINK("x")'), as_text("Ada"), as_text(None)
    ('\\'=HYPERLINK("x")', 'Ada', '')
    """
    text = "" if value is None else str(value)
    return mark + text if text.startswith(FORMULA) else text


def as_number(value):
    """A number with a decimal point, at most four decimals and no exponent.

    Examples
    --------
    >>> as_number(12.5), as_number(40.0), as_number(1 / 3), as_number(float("nan"))
    ('12.5', '40', '0.3333', '')
    """
    return "" if np.isnan(value) else f"{value:z.4f}".rstrip("0").rstrip(".")


def as_time(value):
    """A timestamp of the gradebook's, which are in UTC, as ISO 8601; nothing for none."""
    return "" if value is None else datetime.isoformat(value, timespec="seconds") + "Z"
