"""The one writer: a submission's marks go into nbgrader's gradebook in one transaction, or not.

nbgrader's own `Gradebook` commits each row, so a grader that is stopped leaves half a submission.
"""

import contextlib
import json
import sqlite3
from datetime import datetime

import sqlalchemy
from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.orm import Session, selectinload

from course_utils.classroom import gradebook
from course_utils.grading.repair import course_cells

BACKUPS = 10  # how many are kept


class Writer:
    """Reads an assignment from the gradebook, and writes the marks of its submissions.

    Parameters
    ----------
    db_url : str
    assignment : str
    config : traitlets.config.Config
        For the plug-in that sets late penalties.

    Raises
    ------
    CourseError
        If there is no gradebook, or it does not know the assignment.
    """

    def __init__(self, db_url, assignment, config):
        late = AssignLatePenalties(config=config)
        late.init_plugin()
        self.late = late.plugin_inst
        self.engine = gradebook.connect(db_url)
        with contextlib.ExitStack() as undo, self.transaction() as session:
            undo.callback(self.close)
            found = gradebook.find_assignment(session, assignment)
            self.id, self.duedate = found.id, found.duedate
            self.notebooks = {
                notebook.name: {
                    "cells": course_cells(notebook),
                    "kernelspec": json.loads(notebook.kernelspec or "null"),
                }
                for notebook in found.notebooks
            }
            undo.pop_all()

    @contextlib.contextmanager
    def transaction(self):
        """A session whose changes are kept whole or not at all."""
        with (
            gradebook.in_words(self.engine.url),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self):
        self.engine.dispose()

    def totals(self):
        """Student → sum of the points that the machine gave, for each submission in the book."""
        with self.transaction() as session:
            rows = session.execute(
                sqlalchemy.select(
                    api.SubmittedAssignment.student_id, sqlalchemy.func.sum(api.Grade.auto_score)
                )
                .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id
                      == api.SubmittedAssignment.id)
                .join(api.Grade, api.Grade.notebook_id == api.SubmittedNotebook.id)
                .where(api.SubmittedAssignment.assignment_id == self.id)
                .group_by(api.SubmittedAssignment.student_id)
            ).all()  # fmt: skip
        return {student: float(total or 0) for student, total in rows}

    def save(self, student, timestamp, marks, *, review=True):
        """Write a submission's marks; scores and comments that a person gave stay.

        Parameters
        ----------
        student : str
        timestamp : datetime.datetime or None
            When it was handed in, in UTC.
        marks : dict
            Notebook → ``scores``, ``unanswered`` and ``comments``, as of `unit.mark`.
        review : bool
            Whether a score that a person gave is to be looked at again: the submission is new.
        """
        with self.transaction() as session:
            submission = self.find(session, student)
            if timestamp is not None:
                submission.timestamp = timestamp
            for notebook in submission.notebooks:
                told = marks[notebook.name]
                for grade in notebook.grades:
                    if grade.name not in told["scores"]:
                        continue
                    grade.auto_score = told["scores"][grade.name]
                    if grade.manual_score is None:
                        grade.needs_manual_grade = grade.auto_score is None
                    elif review:  # until somebody has looked
                        grade.needs_manual_grade = True
                for comment in notebook.comments:
                    text = "No response." if comment.name in told["unanswered"] else None
                    comment.auto_comment = text or told["comments"].get(comment.name)
                self.penalise(submission, notebook)

    def find(self, session, student):
        """The submission of a student's, made ready for marks if it is the first."""
        if session.get(api.Student, student) is None:
            session.add(api.Student(id=student))
            session.flush()
        found = (
            session.query(api.SubmittedAssignment)
            .filter_by(assignment_id=self.id, student_id=student)
            .options(
                selectinload(api.SubmittedAssignment.notebooks).options(
                    selectinload(api.SubmittedNotebook.grades).selectinload(api.Grade.cell),
                    selectinload(api.SubmittedNotebook.comments).selectinload(api.Comment.cell),
                )
            )
            .one_or_none()
        )
        if found is None:
            found = api.SubmittedAssignment(assignment_id=self.id, student_id=student)
            for notebook in session.query(api.Notebook).filter_by(assignment_id=self.id):
                copy = api.SubmittedNotebook(notebook=notebook, assignment=found)
                for cell in (*notebook.grade_cells, *notebook.task_cells):
                    api.Grade(cell_id=cell.id, notebook=copy)
                for cell in (*notebook.solution_cells, *notebook.task_cells):
                    api.Comment(cell_id=cell.id, notebook=copy)
            session.add(found)
            session.flush()
        return found

    def penalise(self, submission, notebook):
        """Set the penalty of a late notebook, as the plug-in has it, and none of one on time."""
        notebook.late_submission_penalty = None
        due = self.duedate
        if due is not None and submission.extension is not None:
            due += submission.extension
        if due is None or submission.timestamp is None or submission.timestamp <= due:
            return
        score = sum(points(grade) for grade in notebook.grades)
        late = (submission.timestamp - due).total_seconds()
        penalty = self.late.late_submission_penalty(submission.student_id, score, late)
        if penalty is not None:
            notebook.late_submission_penalty = min(max(penalty, 0.0), score)

    def penalise_all(self):
        """Set every late penalty anew: a deadline may have moved since."""
        mine, notebook = api.SubmittedAssignment, api.SubmittedNotebook
        may_be_late = notebook.late_submission_penalty.is_not(None) | mine.extension.is_not(None)
        if self.duedate is not None:
            may_be_late |= mine.timestamp > self.duedate
        with self.transaction() as session:
            for found, submission in session.execute(
                sqlalchemy.select(notebook, mine)
                .join(mine, notebook.assignment_id == mine.id)
                .where((mine.assignment_id == self.id) & may_be_late)
            ):
                self.penalise(submission, found)

    def back_up(self, folder):
        """Copy the gradebook, if it is a file, to `folder`; returns where it went, or None."""
        if not gradebook.is_file(self.engine.url):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"gradebook-{datetime.now():%Y%m%d-%H%M%S-%f}.db"
        partial = target.with_suffix(".partial")
        with (
            contextlib.closing(sqlite3.connect(self.engine.url.database)) as book,
            contextlib.closing(sqlite3.connect(partial)) as copy,
        ):
            book.backup(copy)
        partial.replace(target)
        for old in sorted(folder.glob("gradebook-*.db"))[:-BACKUPS]:
            old.unlink()
        return target


def points(grade):
    """What a grade counts: a person's score before the machine's, and what was added to it."""
    score = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (score or 0.0) + (grade.extra_credit or 0.0)
