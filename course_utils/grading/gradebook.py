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
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise CourseError(
            f"no gradebook at {url.database}: `nbgrader generate_assignment` makes one."
        )
    try:
        engine = create_engine(url)
        try:
            if not inspect(engine).has_table(Grade.__tablename__):
                raise CourseError(f"{url.render_as_string()} is no gradebook of nbgrader's.")
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise CourseError(
            f"{url.render_as_string()} cannot be read: {database_reason(error)}."
        ) from None


def database_reason(error):
    """What a database complains of, in one line; an old gradebook lacks a column."""
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    old = "column" in reason
    return reason + "; `nbgrader db upgrade` brings an old gradebook up to date" * old


def find_assignment(session, name):
    """The assignment of that name; `CourseError` names those that there are."""
    known = session.scalars(select(Assignment).order_by(Assignment.name)).all()
    for assignment in known:
        if assignment.name == name:
            return assignment
    names = ", ".join(assignment.name for assignment in known) or "none"
    raise CourseError(f"no assignment {name!r} in the gradebook: there is {names}.")


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
    ours = SubmittedAssignment.assignment_id == assignment.id
    penalty = func.coalesce(func.sum(SubmittedNotebook.late_submission_penalty), 0.0)
    handed_in = session.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.timestamp, penalty)
        .outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(ours)
        .group_by(SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
    ).all()
    handed_in.sort(key=lambda row: row[0])  # here, since databases differ in how they sort text
    row_of = {student: i for i, (student, *_) in enumerate(handed_in)}
    column_of = {cell: j for j, cell in enumerate(cells)}
    points = np.full((len(row_of), len(column_of)), np.nan)
    waiting = np.zeros(points.shape, dtype=bool)
    grades = session.execute(
        select(SubmittedAssignment.student_id, Grade.cell_id, Grade.score, Grade.needs_manual_grade)
        .select_from(Grade)
        .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .where(ours),
        execution_options={"yield_per": ROWS},
    )
    for student, cell, got, due in grades:
        if cell in column_of:
            at = row_of[student], column_of[cell]
            points[at], waiting[at] = got, due
    return Marks(
        list(row_of),
        [timestamp for _, timestamp, _ in handed_in],
        np.array([lost for *_, lost in handed_in], dtype=float),
        points,
        waiting,
    )


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
