"""Banks of answers, and how they fare: the proof that an assignment's checks tell right from wrong.

A bank is a Python file beside an instructor's notebook. Each of its functions is one answer: its
name is the exercise, the first line of its docstring the diagnosis of what is wrong with it (in
misconceptions.py) or how it goes about it (in alternatives.py). Imports on top serve all answers.

The notebook is graded here in this process, some milliseconds a submission and without a sandbox:
for answers that the course itself wrote, never for those of students.
"""

import ast
import contextlib
import copy
import functools
import io
import json
import warnings
from typing import NamedTuple

from course_utils.grading import BANKS


class Answer(NamedTuple):
    """One answer of a bank: the exercise, the diagnosis, and what stands in the answer cell."""

    exercise: str
    diagnosis: str
    source: str


class Outcome(NamedTuple):
    """What became of one test cell.

    verdict is "passed", "failed" (a check said no) or "crashed" (the answer, or anything else,
    raised an exception), error the exception or None.
    """

    cell: str
    exercise: str
    points: float
    maximum: float
    verdict: str
    error: BaseException | None


def read_bank(path):
    """The answers in a bank, in the file's order. The file is parsed, never imported.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    list of Answer

    Raises
    ------
    ValueError
        If the file holds anything but a docstring, imports and functions with a docstring, or if
        two answers to an exercise have the same diagnosis or the same code.
    """
    text = path.read_text(encoding="utf-8")
    lines, imports, answers, seen = text.split("\n"), [], [], {}
    for i, node in enumerate(ast.parse(text, str(path)).body):
        where = f"{path.name}, line {node.lineno}"
        source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(source)
        elif isinstance(node, ast.FunctionDef):
            diagnosis = (ast.get_docstring(node) or "").partition("\n")[0]
            if not diagnosis:
                raise ValueError(f"{where}: expected a docstring that says what {node.name} does.")
            code = ast.dump(ast.Module([node.args, *node.body[1:]], []))
            for key in ((node.name, code), (node.name, diagnosis)):
                if key in seen:
                    raise ValueError(f"{where}: the same answer as in line {seen[key]}.")
                seen[key] = node.lineno
            above = "\n".join(imports) + "\n\n\n" if imports else ""
            answers.append(Answer(node.name, diagnosis, above + source))
        elif not (i == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise ValueError(
                f"{where}: expected an import or a function; nest what an answer needs inside it."
            )
    return answers


def by_exercise(folder):
    """What stands in the answer cell of each exercise, as both banks of a folder have it.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to list of str
    """
    found = {}
    for bank in BANKS:
        for answer in read_bank(folder / bank):
            found.setdefault(answer.exercise, []).append(answer.source)
    return found


def read_notebook(path):
    """A notebook as the dictionary that it is on disk, the cells' sources joined."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def answer_cells(notebook):
    """The answer cell of each exercise, whose grade_id is the exercise's name, in order.

    Parameters
    ----------
    notebook : dict

    Returns
    -------
    dict of str to cell
    """
    return {
        _nbgrader(cell, "grade_id"): cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and _nbgrader(cell, "solution")
    }


def is_test(cell):
    """Whether a cell's points are given by running it."""
    graded = _nbgrader(cell, "grade") and not _nbgrader(cell, "solution")
    return cell["cell_type"] == "code" and graded


def submit(notebook, answers):
    """The notebook as a student hands it in: some answer cells hold another text.

    Parameters
    ----------
    notebook : dict
        With hidden tests, as it is graded.
    answers : mapping of str to str
        Exercise, and what stands in its answer cell.

    Returns
    -------
    dict
        A copy.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    notebook = copy.deepcopy(notebook)
    cells = answer_cells(notebook)
    for exercise, source in answers.items():
        if exercise not in cells:
            raise ValueError(
                f"{exercise}: expected the name of an exercise, one of {', '.join(cells)}."
            )
        cells[exercise]["source"] = source
    return notebook


def fill(release, solution, answers):
    """A student's notebook in which every exercise is answered.

    Parameters
    ----------
    release, solution : dict
        The students' notebook and the instructor's.
    answers : mapping of str to str
        What stands in some answer cells; in the others it is what the solution has.

    Returns
    -------
    dict
        A copy of the release.
    """
    given = {cell["id"]: cell["source"] for cell in submit(solution, answers)["cells"]
             if _nbgrader(cell, "solution")}  # fmt: skip
    notebook = copy.deepcopy(release)
    for cell in notebook["cells"]:
        cell["source"] = given.get(cell["id"], cell["source"])
    return notebook


def grade(notebook, namespace=None):
    """Run a notebook's answer, test and read-only cells, and see which points are earned.

    A student's free cells are left out: no check may need them.

    Parameters
    ----------
    notebook : dict
        With hidden tests.
    namespace : dict, optional
        What cells that were run before have defined; these add to it.

    Returns
    -------
    list of Outcome
        One for each test cell. It belongs to the answer cell that comes before it.
    """
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    outcomes, exercise = [], ""
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code" or "nbgrader" not in cell["metadata"]:
            continue
        if _nbgrader(cell, "solution"):
            exercise = _nbgrader(cell, "grade_id")
        verdict, error = _run(cell, namespace)
        if is_test(cell):
            maximum = _nbgrader(cell, "points")
            points = maximum if verdict == "passed" else 0
            outcomes.append(Outcome(cell["id"], exercise, points, maximum, verdict, error))
    return outcomes


def scores(outcomes):
    """Points and maximum of each exercise.

    Parameters
    ----------
    outcomes : iterable of Outcome

    Returns
    -------
    dict of str to (float, float)

    Examples
    --------
    >>> scores([Outcome("mean-of-two", "mean", 2, 2, "passed", None),
    ...         Outcome("mean-of-none", "mean", 0, 1, "failed", AssertionError("no data"))])
    {'mean': (2, 3)}
    """
    total = {}
    for outcome in outcomes:
        points, maximum = total.get(outcome.exercise, (0, 0))
        total[outcome.exercise] = (points + outcome.points, maximum + outcome.maximum)
    return total


def _run(cell, namespace):
    """Verdict and error of one cell, its prints and warnings unheard."""
    quiet = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(quiet),
            contextlib.redirect_stderr(quiet),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            exec(_compiled(cell["source"], f"<{cell['id']}>"), namespace)
    except (Exception, SystemExit) as error:
        # A check that reports a crash of the answer names that as the cause.
        failed = isinstance(error, AssertionError) and error.__cause__ is None
        return "failed" if failed else "crashed", error
    return "passed", None


@functools.lru_cache(maxsize=256)
def _compiled(source, name):
    """Code of a cell; but for the answer's own, the next submission has the same cells."""
    return compile(source, name, "exec")


def _nbgrader(cell, key):
    return cell["metadata"].get("nbgrader", {}).get(key, False)
