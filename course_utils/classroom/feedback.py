"""Feedback that tells students what went wrong, and keeps tests and mark schemes for next year.

Only the course's own cells are searched: whatever a student typed stays as it is. `page` makes what
the student sees out of the notebook that these steps leave.
"""

import builtins
import re

from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    GetGrades,
    NbGraderPreprocessor,
)
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from course_utils.grading.names import hidden_lines
from course_utils.grading.shell import lines_of

HIDDEN = "a hidden check failed"
ENDED = "AnswerEnded"  # the grader's own words, with no line of a cell: see `checks.ended`

# Where in the cells an error arose: as `shell.error` writes it, and as IPython does.
FRAME = re.compile(r"<(?P<cell>.*)>, line (?P<line>\d+), in ")
KERNEL_FRAME = re.compile(r"(?:Cell|Input) In\s*\[(?P<count>\d+)\], line (?P<line>\d+)")
ABROAD = re.compile(r"(?!<).*, line \d+, in ")  # in no cell: a path of the grader's machine
ANSI = re.compile(r"\x1b\[[0-9;]*m")

FENCED = re.compile(r"^```.*?(?:^```|\Z)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)


class GetMarks(GetGrades):
    """nbgrader's marks and comments, and who has still to be marked by hand, all read at once."""

    def preprocess(self, nb, resources):
        self.grades = None
        return super().preprocess(nb, resources)

    def look_up(self):
        if self.grades is None:
            notebook = self.gradebook.find_submission_notebook(
                self.notebook_id, self.assignment_id, self.student_id
            )
            course = notebook.notebook
            cells = (*course.grade_cells, *course.solution_cells, *course.task_cells)
            names = {cell.id: cell.name for cell in cells}
            self.grades = {names[grade.cell_id]: grade for grade in notebook.grades}
            self.comments = {names[comment.cell_id]: comment for comment in notebook.comments}

    def _get_score(self, cell, resources):
        self.look_up()
        marks = cell.metadata.nbgrader
        grade = self.grades[marks["grade_id"]]
        marks.update(score=grade.score, points=grade.max_score, waits=grade.needs_manual_grade)

    def _get_comment(self, cell, resources):
        self.look_up()
        marks = cell.metadata.nbgrader
        marks["comment"] = self.comments[marks["grade_id"]].comment


class HideTests(ClearHiddenTests):
    """Clear hidden tests, and all that tells of them: prints, tracebacks, messages.

    A message is shown where the line that failed is one that students see. Of a check that failed
    out of their sight they learn that it did, and no more: it may quote what it expected.
    """

    def preprocess(self, nb, resources):
        edges = self.begin_test_delimeter, self.end_test_delimeter
        self.hidden, self.counts = {}, {}
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                name = label(cell, index)
                self.counts[cell.execution_count] = name
                self.hidden[name] = hidden_lines(cell.source, edges) if is_locked(cell) else set()
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, cell_index):
        if not is_locked(cell):
            return cell, resources
        if cell.cell_type == "code":
            name = label(cell, cell_index)
            if self.hidden[name]:
                cell.outputs = [item for item in cell.outputs if item.output_type == "error"]
            for output in cell.outputs:
                if output.output_type == "error":
                    cell.metadata.nbgrader["failure"] = self.tell(output, name, cell.source)
        return super().preprocess_cell(cell, resources, cell_index)

    def tell(self, error, name, source):
        """What failed, in a line; in place, the error becomes what students may see of it."""
        if error.ename == ENDED and error.traceback == [f"{ENDED}: {error.evalue}"]:
            return error.evalue
        places = self.places(error.traceback)
        lines = [line for cell, line in places if cell == name]
        unseen = any(line in self.hidden.get(cell, ()) for cell, line in places)
        if unseen or (self.hidden[name] and not lines):
            error.ename = error.ename if hasattr(builtins, error.ename) else "Error"
            error.evalue = HIDDEN
            error.traceback = [f"{error.ename}: {HIDDEN}"]
            return HIDDEN
        if self.hidden[name]:  # a traceback may show the lines around
            error.traceback = [f"{error.ename}: {error.evalue}"]
        error.traceback = [entry for entry in error.traceback if not ABROAD.match(entry)]
        message = error.evalue.strip().partition("\n")[0]
        if not message and lines:
            return "".join(lines_of(source)[lines[-1] - 1 : lines[-1]]).strip()
        return message if error.ename == "AssertionError" else f"{error.ename}: {message}"

    def places(self, traceback):
        """Cell and line of each step of a traceback that is in a cell; its last line is no step."""
        steps = [FRAME.match(entry) for entry in traceback[:-1]]
        found = [(step["cell"], int(step["line"])) for step in steps if step]
        text = ANSI.sub("", "\n".join(traceback))
        for step in KERNEL_FRAME.finditer(text):
            found.append((self.counts.get(int(step["count"])), int(step["line"])))
        return found


class HideMarkScheme(ClearMarkScheme):
    """Clear mark schemes from the tasks that are graded by hand."""

    def preprocess_cell(self, cell, resources, cell_index):
        if not is_task(cell):
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)


class Summarise(NbGraderPreprocessor):
    """For the top of the page: each exercise with its points, what failed and what was said.

    An exercise is an answer with the test cells that follow it, or a cell that is marked by hand;
    test cells before any answer stand for themselves.
    """

    def preprocess(self, nb, resources):
        exercises, answer, heading = [], None, None
        for index, cell in enumerate(nb.cells):
            marks = cell.metadata.get("nbgrader", {})
            if index and cell.cell_type == "markdown" and not (is_solution(cell) or is_task(cell)):
                found = HEADING.search(FENCED.sub("", cell.source))
                heading = found[1].rstrip(" #") if found else heading
            begins = is_solution(cell) or is_task(cell)
            if not begins and not is_grade(cell):
                continue
            if begins or answer is None:
                exercise = {
                    "name": marks.grade_id, "title": heading or marks.grade_id, "score": 0,
                    "maximum": 0, "waits": 0, "failed": [], "comment": marks.get("comment"),
                }  # fmt: skip
                exercises.append(exercise)
                heading = None
                if cell.cell_type == "code" and begins:
                    answer = exercise
            else:
                exercise = answer
            if is_grade(cell) or is_task(cell):
                count(exercise, cell.source, marks, by_hand=begins)
        resources["exercises"] = [row for row in exercises if row["maximum"] or row["comment"]]
        resources["waits"] = sum(row["waits"] for row in exercises)
        return nb, resources


def count(exercise, source, marks, *, by_hand):
    """Add a graded cell to its exercise."""
    exercise["score"] += marks.score
    exercise["maximum"] += marks.points
    if marks.waits:
        exercise["waits"] += marks.points
    elif marks.score < marks.points and not by_hand:
        says = marks.get("failure") or f"{marks.score:g} of {marks.points:g} points"
        exercise["failed"].append({"name": marks.grade_id, "says": says, "about": about(source)})


def about(source):
    """What a test cell says of itself in a comment on its first line, or nothing."""
    first = source.strip().partition("\n")[0]
    return first.lstrip("# ").partition(": ")[2] if first.startswith("#") else ""


def label(cell, index):
    """A code cell's name in a traceback of the grader's."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {index}"
