"""Grade files that Moodle and Canvas import, as export plug-ins of nbgrader.

    nbgrader export --exporter=course_utils.classroom.export.Moodle --to=moodle.csv
    nbgrader export --exporter=course_utils.classroom.export.Canvas --to=canvas.csv

Further options stand in nbgrader_config.py, as in `c.Moodle.identifier = "Username"`, or follow the
command, as in `--Moodle.identifier=Username`.

How the platforms read such a file is documented in MoodleDocs, "Grade import", and in the Canvas
Instructor Guide, "How do I import grades in the Gradebook?"; what is said below of unknown users,
blanks and signs is how their importers go about it: gradeimport_csv_load_data and csv_import_reader
in Moodle, GradebookImporter in Canvas.
"""

import contextlib
import csv
import io
import itertools
import os
import re
import sys
from collections import Counter
from pathlib import Path

from nbgrader.api import Comment, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import ExportPlugin
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool, Dict, Enum, List, Unicode, default

from course_utils.classroom.gradebook import (
    FORMULA,
    ROWS,
    as_number,
    as_text,
    database_reason,
    find_assignment,
    totals,
)
from course_utils.course import CourseError

NAMED = 5  # how many of the left out a warning names


class Platform(ExportPlugin):
    """What the exports share: whose scores, of which assignments, and what counts in them."""

    identifier = Unicode(help="The platform's column that says who a student is.").tag(config=True)
    field = Enum(
        ["id", "email", "lms_user_id"],
        help="What nbgrader's gradebook has of a student that the platform knows as well: "
        "compared with the roster, or without one written as the identifier.",
    ).tag(config=True)
    roster = Unicode(
        help="CSV file, exported from the platform, that tells who is whom. None: the gradebook's "
        "own names are written. Students who are not in it are left out, and named."
    ).tag(config=True)
    match = List(
        Unicode(),
        help="Columns of the roster that, joined by a blank, are the student's `field` in "
        "nbgrader. Default: the identifier.",
    ).tag(config=True)
    columns = Dict(
        help="Assignments whose column has another name on the platform: nbgrader's to theirs."
    ).tag(config=True)
    ungraded = Enum(
        ["empty", "zero"],
        default_value="empty",
        help="What is written where no mark is: nothing, or 0.",
    ).tag(config=True)
    provisional = Bool(
        False, help="Whether scores that wait for marks by hand are written as they stand."
    ).tag(config=True)
    late_penalty = Bool(True, help="Whether what a late day costs is taken off.").tag(config=True)

    default_file = "grades.csv"
    nothing = ""  # what the platform reads as no mark
    n_waiting = 0

    @default("match")
    def _match_default(self):
        return [self.identifier]

    def export(self, gradebook):
        """Write the file; where it cannot be, one line in the log, and exit code 2."""
        try:
            chosen = [str(name) for name in self.assignment]
            assignments = [find_assignment(gradebook.db, name) for name in chosen]
            assignments = assignments or gradebook.assignments
            if not assignments:
                raise CourseError("no assignment in the gradebook: nothing to export.")
            target = Path(self.to or self.default_file)
            # A file that is half written must not be imported, nor the old one lost.
            part = target.with_name(target.name + ".part")
            try:
                with part.open("w", encoding="utf-8", newline="") as file:
                    left_out = self.write(csv.writer(file), gradebook.db, assignments)
                os.replace(part, target)
            finally:
                with contextlib.suppress(OSError):
                    part.unlink()
        except SQLAlchemyError as error:
            self.log.error("the gradebook cannot be read: %s", database_reason(error))
            sys.exit(2)
        except (CourseError, OSError, UnicodeDecodeError, csv.Error) as error:
            self.log.error("%s", error)
            sys.exit(2)
        for reason, students in left_out.items():
            names = ", ".join(students[:NAMED]) + (" and others" if students[NAMED:] else "")
            self.log.warning("%d left out, %s: %s", len(students), reason, names)
        if self.n_waiting:
            self.log.warning(
                "%d scores wait for marks by hand and count as none; --%s.provisional=True "
                "writes them as they stand", self.n_waiting, type(self).__name__,
            )  # fmt: skip
        self.log.info("Grades for %s are in %s", type(self).__name__, target)

    def students(self, session, assignments):
        """Each student, as a `Total`, and the scores by assignment: None where there is no mark."""
        rows = totals(session, assignments, [str(name) for name in self.student])
        for _, group in itertools.groupby(rows, key=lambda row: row.student):
            group = list(group)
            yield group[0], {row.assignment: self.score(row) for row in group if row.assignment}

    def name(self, student):
        """What the platform may know a student by."""
        return getattr(student, "student" if self.field == "id" else self.field)

    def score(self, row):
        if row.waiting and not self.provisional:
            self.n_waiting += 1
            return None
        if row.score is None:
            return None
        return max(0.0, row.score - (row.penalty or 0.0) * self.late_penalty)

    def mark(self, score, unchanged=None):
        """What stands in the file for a score."""
        if score is not None:
            return as_number(score)
        if self.ungraded == "zero":
            return "0"
        return self.nothing if unchanged is None else unchanged

    def read_roster(self):
        """The roster's rows, header first, whatever separates its columns."""
        text = Path(self.roster).read_text(encoding="utf-8-sig")
        header = text.partition("\n")[0]
        delimiter = max(",;\t", key=header.count)
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
        if not rows:
            raise CourseError(f"{self.roster} is empty: expected a CSV file from the platform.")
        rows[0] = [title.strip() for title in rows[0]]
        for title in (self.identifier, *self.match):
            if title not in rows[0]:
                raise CourseError(
                    f"{self.roster} has no column {title!r}: there is {', '.join(rows[0])}."
                )
        return rows

    def keyed(self, header, row):
        """What a row of the roster calls a student in `match`."""
        cells = dict(zip(header, row, strict=False))
        return " ".join(cells.get(title, "").strip() for title in self.match)


class Moodle(Platform):
    """Moodle's grade import: Grades, Import, CSV file; separator comma, encoding UTF-8.

    One column says who a student is and is to be mapped to "Email address", "Username" or "ID
    number"; each of the others is an assignment. Moodle gives up the whole file at a user it does
    not know, and gives the marks of a row without a name to the student above: such rows are not
    written. No mark is "-", which takes one away that Moodle has: students without any mark have no
    row. A cell that a spreadsheet would take for a formula begins with a blank, which Moodle takes
    off. Grades above 100 are refused unless the site allows them.
    """

    feedback = Bool(
        False,
        help="Whether the comments of those who marked get a column too, '… (feedback)': map both "
        "it and the grade, since Moodle drops the grade of a feedback that comes alone.",
    ).tag(config=True)

    default_file = "moodle.csv"
    nothing = "-"  # a cell that is empty makes a new grade item fail

    @default("identifier")
    def _identifier_default(self):
        return "Email address"

    @default("field")
    def _field_default(self):
        known = {"Email address": "email", "ID number": "lms_user_id"}
        return "id" if self.roster else known.get(self.identifier, "id")

    def write(self, out, session, assignments):
        names = [assignment.name for assignment in assignments]
        titles = [self.columns.get(name, name) for name in names]
        if self.feedback:
            titles += [f"{title} (feedback)" for title in titles]
        comments = self.comments(session, assignments) if self.feedback else {}
        theirs = self.identifiers() if self.roster else None
        out.writerow(as_text(title, " ") for title in (self.identifier, *titles))
        left_out, written = {}, set()
        for student, scores in self.students(session, assignments):
            if self.ungraded == "empty" and not any(x is not None for x in scores.values()):
                continue
            name = self.name(student)
            if theirs is not None:
                name = theirs.get(name)
            if not name or name in written:
                reason = "not unique" if name else "missing"
                left_out.setdefault(f"{self.identifier} {reason}", []).append(student.student)
                continue
            written.add(name)
            row = [name, *(self.mark(scores.get(assignment)) for assignment in names)]
            if self.feedback:
                row += [comments.get((student.student, assignment), "") for assignment in names]
            out.writerow(cell if cell == self.nothing else as_text(cell, " ") for cell in row)
        return left_out

    def identifiers(self):
        """nbgrader's name of a student → Moodle's, from the roster; none if it is not unique."""
        header, *rows = self.read_roster()
        column, found = header.index(self.identifier), {}
        for row in rows:
            name = row[column].strip() if len(row) > column else ""
            key = self.keyed(header, row)
            found[key] = "" if key in found else name
        return found

    def comments(self, session, assignments):
        """(student, assignment) → what those who marked wrote, a paragraph a cell."""
        name_of = {assignment.id: assignment.name for assignment in assignments}
        rows = session.execute(
            select(SubmittedAssignment.student_id, SubmittedAssignment.assignment_id,
                   Comment.comment)
            .select_from(Comment)
            .join(SubmittedNotebook, Comment.notebook_id == SubmittedNotebook.id)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .where(SubmittedAssignment.assignment_id.in_(name_of), Comment.comment != "")
            .order_by(Comment.id),
            execution_options={"yield_per": ROWS},
        )  # fmt: skip
        found = {}
        for student, assignment, comment in rows:
            key = student, name_of[assignment]
            # PHP, in which Moodle reads the file, takes a backslash for one that escapes a quote.
            comment = re.sub(r'\\(?="|\s*$)', r"\\ ", comment)
            found[key] = f"{found[key]}\n\n{comment}" if key in found else comment
        return found


class Canvas(Platform):
    """Canvas's gradebook import: Grades, Import.

    With a roster, which is Canvas's own export (Grades, Export), the file has its students, with
    their IDs, and its columns, with theirs: `Homework 1 (1234)` for an assignment `Homework 1`.
    What has no mark keeps what Canvas has, as does who is excused. Without a roster, a student is
    known by SIS Login ID or SIS User ID, an assignment by its title, and Canvas asks about others.

    Canvas knows a student by the ID, and else by one of the others: where there is an ID, all else
    that a spreadsheet would take for a formula has an apostrophe in front; where there is none, a
    student whose login would be one is left out.
    """

    identifier = Enum(
        ["SIS Login ID", "SIS User ID", "ID"],
        default_value="SIS Login ID",
        help="The column of Canvas that says who a student is.",
    ).tag(config=True)

    default_file = "canvas.csv"
    ours = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
    points = "    Points Possible"
    decided = ("EX", "N/A")  # excused, not assigned: not for a grader to change

    @default("field")
    def _field_default(self):
        return "id"

    def write(self, out, session, assignments):
        if self.roster:
            return self.fill_in(out, session, assignments)
        names = [assignment.name for assignment in assignments]
        out.writerow([*self.ours, *(as_text(self.columns.get(name, name)) for name in names)])
        blank = [""] * (len(self.ours) - 1)
        maxima = (as_number(assignment.max_score) for assignment in assignments)
        out.writerow([self.points, *blank, *maxima])
        left_out, written = {}, set()
        for student, scores in self.students(session, assignments):
            name = self.name(student) or ""
            if not name or name in written or name.startswith(FORMULA):
                reason = "not unique" if name in written else "a formula" if name else "missing"
                left_out.setdefault(f"{self.identifier} {reason}", []).append(student.student)
                continue
            written.add(name)
            row = dict.fromkeys(self.ours, "")
            full = ", ".join(filter(None, (student.last_name, student.first_name)))
            row["Student"] = as_text(full or student.student)
            row[self.identifier] = name
            marks = (self.mark(scores.get(assignment)) for assignment in names)
            out.writerow([*row.values(), *marks])
        return left_out

    def fill_in(self, out, session, assignments):
        """Canvas's own table with the scores in their columns."""
        header, *rows = self.read_roster()
        if "Section" not in header or "ID" not in header:
            raise CourseError(
                f"{self.roster} is no gradebook of Canvas's: it has no ID or no Section."
            )
        # Custom columns stand between the section and the assignments; totals are read-only.
        n_fixed = header.index("Section") + 1
        columns = self.find_columns(header[n_fixed:], assignments)
        scores = {}
        for student, marks in self.students(session, assignments):
            scores.setdefault(self.name(student) or student, []).append((student.student, marks))
        places = [n_fixed + header[n_fixed:].index(title) for title in columns.values()]
        out.writerow([*header[:n_fixed], *columns.values()])
        seen = Counter(self.keyed(header, row) for row in rows)
        for row in rows:
            row += [""] * (len(header) - len(row))
            old = [row[place] for place in places]
            if "Points Possible" in row[0]:
                self.compare_points(assignments, columns, old)
            elif row[header.index("ID")].strip():  # else the row of those not posted yet
                key = self.keyed(header, row)
                marks = {}
                if seen[key] == len(scores.get(key, ())) == 1:  # never a namesake's
                    ((_, marks),) = scores.pop(key)
                old = [
                    cell if cell in self.decided else self.mark(marks.get(name), cell)
                    for name, cell in zip(columns, old, strict=True)
                ]
            out.writerow([*map(as_text, row[:n_fixed]), *old])
        missing = [name for several in scores.values() for name, marks in several if marks]
        return {f"not in {self.roster}, or not once": missing} if missing else {}

    def find_columns(self, titles, assignments):
        """Assignment → the title of its column in Canvas, for those that have one."""
        found = {}
        for assignment in assignments:
            wanted = self.columns.get(assignment.name, assignment.name)
            for title in titles:
                if wanted in (title, re.sub(r"\s+\(\d+\)$", "", title)):
                    found[assignment.name] = title
            if assignment.name not in found:
                message = (
                    f"{self.roster} has no column for {wanted!r}: say which with "
                    f"c.Canvas.columns = {{{assignment.name!r}: ...}}, one of {', '.join(titles)}."
                )
                if self.assignment:
                    raise CourseError(message)
                self.log.warning("%s", message)
        if not found:
            raise CourseError(message)
        return found

    def compare_points(self, assignments, columns, points):
        """Say where Canvas gives other points than nbgrader: no score is rescaled."""
        known = {assignment.name: assignment.max_score for assignment in assignments}
        for name, theirs in zip(columns, points, strict=True):
            if theirs.strip() and _number(theirs) != known[name]:
                self.log.warning(
                    "%s is out of %s points in nbgrader and of %s in Canvas: scores are written "
                    "as they are", name, as_number(known[name]), theirs,
                )  # fmt: skip


def _number(text):
    """A number as Canvas writes it in any language; None if it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
