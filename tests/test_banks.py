"""The checks of every assignment, checked: wrong answers lose points, right ones get them all."""

import ast
import functools
import os
import sys
from collections import Counter
from pathlib import Path

import nbformat
import numpy  # noqa: F401  (a limit on threads reaches only libraries that are loaded)
import pytest
from conftest import ROOT
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from threadpoolctl import threadpool_limits
from traitlets.config import Config

from course_utils.classroom import banks

SOLUTIONS = {path.stem: path for path in sorted(ROOT.glob("solutions/*/*.ipynb"))}
HIDDEN = "### BEGIN HIDDEN TESTS"
LARGE = 5  # points from which an exercise counts as a large one
SPELLED = str.maketrans({"λ": "lambda", "σ": "sigma", "θ": "theta", "²": "^2", "½": "1/2"})


def bank(name, kind):
    return banks.read_bank(SOLUTIONS[name].with_name(f"{kind}.py"))


def each(kind):
    """Every answer of every assignment's bank of this kind, under a name that says which."""
    return pytest.mark.parametrize(
        ("name", "answer"),
        [
            pytest.param(
                name,
                answer,
                id=f"{name}: {answer.exercise}: {answer.diagnosis}".translate(SPELLED),
            )
            for name in SOLUTIONS
            for answer in bank(name, kind)
        ],
    )


each_assignment = pytest.mark.parametrize("name", SOLUTIONS)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Matrices here are small: on a busy machine a second thread only waits."""
    with threadpool_limits(1):
        yield


@functools.cache
def solution(name):
    return banks.read_notebook(SOLUTIONS[name])


@functools.cache
def outcomes(name, answer=None):
    """What becomes of the solution, with this answer in the place of its own."""
    answers = {} if answer is None else {answer.exercise: answer.source}
    return banks.grade(banks.submit(solution(name), answers))


def full_marks(name):
    return banks.scores(outcomes(name))


def released_answers(name):
    released = banks.read_notebook(ROOT / "assignments" / name / f"{name}.ipynb")
    return {exercise: cell["source"] for exercise, cell in banks.answer_cells(released).items()}


# The proof


@each("misconceptions")
def test_a_wrong_answer_loses_points_by_a_failed_check_and_nowhere_else(name, answer):
    lost = [outcome for outcome in outcomes(name, answer) if outcome.verdict != "passed"]
    assert {outcome.exercise for outcome in lost} == {answer.exercise}
    assert "failed" in [outcome.verdict for outcome in lost], [str(o.error) for o in lost]
    points, maximum = banks.scores(outcomes(name, answer))[answer.exercise]
    assert points < maximum


@each("alternatives")
def test_a_right_answer_gets_full_marks(name, answer):
    lost = [f"{o.cell}: {o.error}" for o in outcomes(name, answer) if o.verdict != "passed"]
    assert lost == []
    assert banks.scores(outcomes(name, answer)) == full_marks(name)


@each_assignment
def test_the_solution_gets_full_marks(name):
    assert [f"{o.cell}: {o.error}" for o in outcomes(name) if o.error] == []
    assert all(points == maximum > 0 for points, maximum in full_marks(name).values())


@each_assignment
def test_the_untouched_release_gets_nothing_as_nothing_is_written_yet(name):
    blank = banks.grade(banks.submit(solution(name), released_answers(name)))
    assert [outcome.cell for outcome in blank if outcome.points] == []
    assert {type(outcome.error) for outcome in blank} == {NotImplementedError}


@each_assignment
def test_the_banks_are_large_enough_and_say_in_one_line_what_an_answer_does(name):
    assert set(banks.answer_cells(solution(name))) == set(full_marks(name))
    wrong, right = (
        Counter(answer.exercise for answer in bank(name, kind))
        for kind in ("misconceptions", "alternatives")
    )
    for exercise, (_, maximum) in full_marks(name).items():
        assert wrong[exercise] >= (12 if maximum >= LARGE else 8), exercise
        assert right[exercise] >= 3, exercise
    for answer in bank(name, "misconceptions") + bank(name, "alternatives"):
        assert answer.diagnosis.endswith("."), answer.diagnosis
        assert len(answer.diagnosis) < 90, answer.diagnosis


@each_assignment
def test_every_hint_in_a_check_is_given_to_one_wrong_answer_at_least(name):
    said = "\n".join(
        f"{outcome.cell}\n{outcome.error}"
        for answer in bank(name, "misconceptions")
        for outcome in outcomes(name, answer)
    )
    for cell in solution(name)["cells"]:
        if banks.is_test(cell):
            for node in ast.walk(ast.parse(cell["source"])):
                if isinstance(node, ast.keyword) and node.arg == "looks_like":
                    for hint in node.value.keys:
                        assert f"looks like  {hint.value}\n" in said, f"{cell['id']}: {hint.value}"


@each_assignment
def test_a_test_cell_says_its_points_and_whether_it_is_hidden(name):
    for cell in filter(banks.is_test, solution(name)["cells"]):
        points = cell["metadata"]["nbgrader"]["points"]
        kind = "Hidden" if HIDDEN in cell["source"] else "Visible"
        first = f"# {kind} check ({points} point{'s' if points > 1 else ''}): "
        assert cell["source"].startswith(first), cell["id"]
        assert cell["id"] == cell["metadata"]["nbgrader"]["grade_id"]


@each_assignment
def test_every_exercise_has_a_check_that_students_see(name):
    exercise_of = {outcome.cell: outcome.exercise for outcome in outcomes(name)}
    seen = {
        exercise_of[cell["id"]]
        for cell in filter(banks.is_test, solution(name)["cells"])
        if HIDDEN not in cell["source"]
    }
    assert seen == set(banks.answer_cells(solution(name)))


@each_assignment
@pytest.mark.filterwarnings("ignore:Object of type <Submitted")
def test_nbgrader_gives_the_same_points_cell_by_cell(name, tmp_path, monkeypatch):
    """One student is wrong in every exercise, one in every second, one wrote nothing."""
    # nbgrader calls alembic by its name, which an environment that is not activated does not know.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # in the kernels, as above
    wrong = {}
    for answer in bank(name, "misconceptions"):
        wrong.setdefault(answer.exercise, []).append(answer.source)
    right = {answer.exercise: answer.source for answer in bank(name, "alternatives")}
    students = {
        "all-wrong": {exercise: sources[0] for exercise, sources in wrong.items()},
        "half-wrong": right | {exercise: wrong[exercise][-1] for exercise in [*wrong][::2]},
        "blank": released_answers(name),
    }
    folder = tmp_path / "solutions" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_bytes(SOLUTIONS[name].read_bytes())
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.source_directory = "solutions"
    config.Exchange.root = str(tmp_path / "exchange")
    config.Execute.shutdown_kernel = "immediate"
    config.Application.log_level = 50
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(name)["success"]
    released = banks.read_notebook(tmp_path / "release" / name / f"{name}.ipynb")
    released["cells"] = [c for c in released["cells"] if "nbgrader" in c["metadata"]]  # no pictures
    for student, answers in students.items():
        target = tmp_path / "submitted" / student / name
        target.mkdir(parents=True)
        notebook = nbformat.from_dict(banks.submit(released, answers))
        nbformat.write(notebook, target / f"{name}.ipynb")
        assert api.autograde(name, student)["success"]
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        for student, answers in students.items():
            grades = gradebook.find_submission_notebook(name, name, student).grades
            given = {grade.name: grade.auto_score for grade in grades}
            for outcome in banks.grade(banks.submit(solution(name), answers)):
                assert given[outcome.cell] == outcome.points, (student, outcome)


# The runner itself


@pytest.fixture
def write(tmp_path):
    def write_bank(text):
        path = tmp_path / "bank.py"
        path.write_text(text)
        return path

    return write_bank


def test_a_bank_is_read_without_being_run(write):
    function = 'def f(x):\n    """Wrong."""\n    return nowhere(x)'
    path = write(f'"""Bank."""\nimport nowhere\n\n{function}\n')
    (answer,) = banks.read_bank(path)
    assert answer == banks.Answer("f", "Wrong.", f"import nowhere\n\n\n{function}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('def f():\n    """A."""\n    return 1\ndef f():\n    """B."""\n    return 1\n', "line 1"),
        ('def f():\n    """A."""\n    return 1\ndef f():\n    """A."""\n    return 2\n', "line 1"),
        ("def f():\n    return 1\n", "docstring"),
        ("f = len\n", "nest"),
        ('class F:\n    """A."""\n', "nest"),
        ('import math\n"""Too late."""\n', "nest"),
    ],
)
def test_a_bank_with_doubles_or_loose_code_is_refused(write, text, words):
    with pytest.raises(ValueError, match=words):
        banks.read_bank(write(text))


def test_the_same_code_may_answer_two_exercises(write):
    text = 'def {}(x):\n    """Forgets half."""\n    return x\n'
    assert len(banks.read_bank(write(text.format("f") + text.format("g")))) == 2


@pytest.fixture
def small(small_course):
    return banks.read_notebook(small_course / "solutions" / "01_sums" / "01_sums.ipynb")


def grades(notebook, **answers):
    return [
        (o.cell, o.exercise, o.points, o.verdict)
        for o in banks.grade(banks.submit(notebook, answers))
    ]


def test_points_come_by_test_cell_and_belong_to_the_exercise_before_it(small):
    assert grades(small) == [
        ("total-of-two", "total", 2, "passed"),
        ("mean-of-two", "mean", 1, "passed"),
    ]
    assert banks.scores(banks.grade(small)) == {"total": (2, 2), "mean": (1, 1)}


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("def mean(x): return 0", "failed"),
        ("def mean(x): return x / 0", "crashed"),
        ("def mean(x): raise SystemExit", "crashed"),
        ("def mean(x: oops", "crashed"),
        ("mean = 3", "crashed"),
        ("", "crashed"),
    ],
)
def test_a_failed_check_is_told_from_a_crash(small, source, verdict):
    assert grades(small, mean=source) == [
        ("total-of-two", "total", 2, "passed"),
        ("mean-of-two", "mean", 0, verdict),
    ]


def test_a_crash_that_a_check_puts_into_words_is_a_crash(small):
    test = next(cell for cell in small["cells"] if cell["id"] == "mean-of-two")
    test["source"] = "from course_utils import checks\nchecks.close(checks.call(mean, [1, 4]), 2.5)"
    assert grades(small, mean="def mean(x): return x / 0")[1][3] == "crashed"
    assert grades(small, mean="def mean(x): assert False")[1][3] == "crashed"
    assert grades(small, mean="def mean(x): return 3")[1][3] == "failed"


def test_one_submission_leaves_no_trace_in_the_next_or_in_the_notebook(small):
    grades(small, total="def total(x):\n    global trace\n    trace = 1\n    return sum(x)")
    assert grades(small, mean="def mean(x): return trace")[1][3] == "crashed"
    assert banks.scores(banks.grade(small)) == {"total": (2, 2), "mean": (1, 1)}


def test_an_unknown_exercise_is_refused(small):
    with pytest.raises(ValueError, match="one of total, mean"):
        banks.submit(small, {"median": ""})


def test_prints_and_warnings_of_answers_stay_unheard(small, capfd):
    loud = "import warnings, sys\ndef mean(x):\n    print(1); print(2, file=sys.stderr)\n"
    loud += "    warnings.warn('3')\n    return total(x) / len(x)"
    assert grades(small, mean=loud)[1][3] == "passed"
    assert capfd.readouterr() == ("", "")
