"""`course report`: what it says is what the gradebook and the submissions hold."""

import ast
import csv
import json
import shutil
import textwrap
from datetime import datetime

import numpy as np
import pytest
from conftest import ROOT, answer, cell, notebook
from conftest import test_cell as checked
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from nbgrader.api import Gradebook
from PIL import Image

from course_utils.classroom import banks, gradebook, report
from course_utils.classroom.report import fingerprint
from course_utils.cli import main
from course_utils.plotting.canvas import alt_text
from course_utils.plotting.report import bins, class_report

# nbgrader's own, of the records that these tests add.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")

# --- how a class fared ----------------------------------------------------------------------------

QUARTERS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, np.nan])


@st.composite
def marks(draw):
    """Points with gaps, what waits among them, and the maxima."""
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 5)))
    return (
        draw(arrays.arrays(float, shape, elements=QUARTERS)),
        draw(arrays.arrays(bool, shape)),
        draw(arrays.arrays(float, shape[1], elements=st.sampled_from([0.0, 1.0, 2.0]))),
    )


@given(marks())
def test_every_submission_has_one_outcome_at_each_check(case):
    points, waiting, maxima = case
    for j, found in enumerate(report.check(points, waiting, maxima)):
        assert found.passed + found.partly + found.failed + found.waiting == len(points)
        graded = [x for x, due in zip(points[:, j], waiting[:, j], strict=True)
                  if not due and x == x]  # fmt: skip
        assert found.passed == sum(x >= maxima[j] for x in graded)
        assert found.partly == sum(0 < x < maxima[j] for x in graded)


@given(marks(), st.randoms())
def test_a_permutation_of_the_students_changes_nothing(case, chance):
    points, waiting, maxima = case
    order = list(range(len(points)))
    chance.shuffle(order)
    once = report.check(points, waiting, maxima)
    again = report.check(points[order], waiting[order], maxima)
    np.testing.assert_allclose(np.array(once), np.array(again), atol=1e-12)


def test_discrimination_is_the_correlation_with_the_rest_of_the_score():
    rng = np.random.default_rng(0)
    points = rng.integers(0, 3, size=(50, 4)).astype(float)
    points[7, 1] = np.nan
    found = report.check(points, np.zeros((50, 4), bool), np.full(4, 2.0))
    for j, check in enumerate(found):
        known = ~np.isnan(points[:, j])
        rest = np.nansum(np.delete(points, j, axis=1), axis=1)[known]
        assert check.discrimination == pytest.approx(np.corrcoef(points[known, j], rest)[0, 1])


def test_a_check_that_does_not_tell_students_apart_has_no_discrimination():
    points = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    waiting = np.array([[False, True, False]] * 3)
    all_right, unmarked, mixed = report.check(points, waiting, np.ones(3))
    assert np.isnan(all_right.discrimination)
    assert all_right.share == 1
    assert np.isnan(unmarked.share)
    assert np.isnan(unmarked.discrimination)
    assert unmarked.waiting == 3
    assert mixed.discrimination == pytest.approx(-0.5)
    assert list(report.hardest_first([all_right, unmarked, mixed])) == [2, 0, 1]


# --- which answers are the same -------------------------------------------------------------------

ORIGINAL = (
    "def f(x, n):\n    total = 0\n    for i in range(n):\n        total += x[i]\n    return total"
)

SPELLINGS = {
    "comments": ORIGINAL.replace("total = 0", "total = 0  # at first\n    # then"),
    "formatting": ORIGINAL.replace("x, n", "x,n").replace("range(n)", "range(\n        n\n    )"),
    "a docstring": ORIGINAL.replace("    total = 0", "    '''Sum.'''\n    total = 0"),
    "annotations": ORIGINAL.replace("x, n):", "x: list, n: int) -> float:")
    .replace("total = 0", "total: int = 0\n    unset: str"),
    "parentheses": ORIGINAL.replace("return total", "return (total)"),
    "an import": "import math\n" + ORIGINAL,
}  # fmt: skip


@pytest.mark.parametrize("how", SPELLINGS)
def test_spelling_does_not_count(how):
    assert fingerprint(SPELLINGS[how]) == fingerprint(ORIGINAL)


RENAMED = [
    (ORIGINAL, ORIGINAL.replace("total", "s").replace("x", "data")),
    ("def f(x):\n    return [a + x for a in x]", "def f(x):\n    return [b + x for b in x]"),
    ("def f(x):\n    return sorted(x, key=lambda a: -a)",
     "def f(y):\n    return sorted(y, key=lambda b: -b)"),
    ("def f(x):\n    def g(a):\n        return a + x\n    return g(1)",
     "def f(x):\n    def helper(v):\n        return v + x\n    return helper(1)"),
    ("def f(x):\n    try:\n        return 1 / x\n    except ValueError as e:\n        raise e",
     "def f(x):\n    try:\n        return 1 / x\n    except ValueError as no:\n        raise no"),
    ("def f(x):\n    return [(k := a) for a in x] + [k]",
     "def f(x):\n    return [(last := a) for a in x] + [last]"),
    ("def f(x):\n    match x:\n        case [a, *b]:\n            return a, b",
     "def f(x):\n    match x:\n        case [c, *d]:\n            return c, d"),
    ("def f(x):\n    with open(x) as h:\n        return h",
     "def f(x):\n    with open(x) as k:\n        return k"),
    ("def _g(x):\n    return x\n\ndef f(x):\n    return _g(x)",
     "def h(x):\n    return x\n\ndef f(x):\n    return h(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two"), RENAMED)
def test_names_of_its_own_do_not_count_in_renamed_and_do_in_exact(one, two):
    assert fingerprint(one).renamed == fingerprint(two).renamed
    assert fingerprint(one).exact != fingerprint(two).exact


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("import numpy as np\nnp.sqrt(2)", "import numpy\nnumpy.sqrt(2)"),
        ("import numpy as np\nnp.sqrt(2)", "np.sqrt(2)"),  # the setup cell has imported it
        ("from math import sqrt\nsqrt(2)", "from math import sqrt as root\nroot(2)"),
    ],
)
def test_an_imported_name_stands_for_what_was_imported(one, two):
    assert fingerprint(one).exact == fingerprint(two).exact


DIFFERENT = [
    ("def f(x, y):\n    return x - y", "def f(x, y):\n    return y - x"),
    ("def f(x):\n    return x + 1", "def f(x):\n    return x - 1"),
    ("def f(x):\n    return x * 1", "def f(x):\n    return x * 1.0"),
    ("def f(x):\n    return x == 1", "def f(x):\n    return x == True"),
    ("def f(x):\n    return x.mean()", "def f(x):\n    return x.sum()"),
    ("def f(x):\n    return g(x, axis=0)", "def f(x):\n    return g(x, keepdims=0)"),
    ("def f(x):\n    return '['", "def f(x):\n    return []"),
    ("def f(x):\n    return [x, [x]]", "def f(x):\n    return [[x, x]]"),
    ("def f(x):\n    return sum(x)", "def f(x):\n    return max(x)"),
    ("def f(x):\n    y = x\n    return x", "def f(x):\n    y = x\n    return y"),
    ("def f(x):\n    return x", "def f(x):\n    return np"),
    ("def f(x):\n    return [x, [x]]", "def f(x):\n    return [x, [], x]"),
    ("x = 1\ndef f():\n    global x\n    x = 2", "x = 1\ndef f():\n    x = 2"),
    (
        "x = y = 1\ndef f():\n    global x\n    x = 2",
        "x = y = 1\ndef f():\n    global y\n    y = 2",
    ),
]


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_answers_that_do_different_things_are_never_the_same(one, two):
    assert fingerprint(one).renamed != fingerprint(two).renamed


class Rename(ast.NodeTransformer):
    """Gives every name that an answer binds a new one, whatever the scope."""

    def __init__(self, names):
        self.new = {name: f"v{i}_" for i, name in enumerate(sorted(names))}

    def visit_Name(self, node):
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.new.get(node.arg, node.arg)
        node.annotation = None
        return node

    def visit_FunctionDef(self, node):
        node.name = self.new.get(node.name, node.name)
        return self.generic_visit(node)


def real_answers():
    """Every answer of the course's banks and solutions: exercise, and code."""
    found = []
    for folder in sorted((ROOT / "solutions").iterdir()):
        for path in folder.glob("*.ipynb"):
            for name, one in banks.answer_cells(banks.read_notebook(path)).items():
                found.append((f"{folder.name}/{name}", one["source"]))
        for name in ("alternatives.py", "misconceptions.py"):
            if (folder / name).is_file():
                found += [(f"{folder.name}/{answer.exercise}", answer.source)
                          for answer in banks.read_bank(folder / name)]  # fmt: skip
    return found


def test_the_course_s_own_answers_stay_the_same_renamed_and_reformatted_and_differ_otherwise():
    seen = {}
    for exercise, source in real_answers():
        mark = fingerprint(source)
        tree = ast.parse(source)
        assert fingerprint(ast.unparse(tree)) == mark
        names = {node.id for node in ast.walk(tree)
                 if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip
        names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        called = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
        renamed = ast.unparse(Rename(names - called).visit(tree))
        assert fingerprint(renamed).renamed == mark.renamed, renamed
        assert seen.setdefault(mark.renamed, (exercise, source)) == (exercise, source)
    assert len(seen) > 20


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def f(:",
        "\0",
        "\ud800",
        "x = '\ud800'",
        "!ls\n%time f()",
        "x = '\\d'",
        "x = 0x" + "f" * 6000,
        "x = " + "9" * 6000,
        "x = " + "(" * 300 + ")" * 300,
        "x = " + "-" * 20_000 + "1",
        "x = " + "1+" * 20_000 + "1",
        "# " + "long " * 100_000,
    ],
    ids=range(13),
)
def test_anything_has_a_fingerprint(source):
    assert fingerprint(source) == fingerprint(source)
    assert 0 < fingerprint(source).renamed < 2**64


def test_short_answers_are_said_to_be_short():
    assert fingerprint("def f(x):\n    return np.column_stack([np.ones(len(x)), x])").short
    assert not fingerprint("\n".join(f"x{i} = {i} + y" for i in range(15))).short
    assert fingerprint("Because it is so.", code=False).short
    assert not fingerprint("Because it is so, " * 9, code=False).short


def test_written_answers_are_compared_without_blanks_and_capitals():
    one = "By  Bayes' rule,\n\n$p(w|y) ∝ p(y|w) p(w)$." * 3
    assert fingerprint(one, code=False) == fingerprint(one.upper().replace(" ", ""), code=False)
    assert fingerprint(one, code=False) != fingerprint(one.replace("|", "+"), code=False)


@given(arrays.arrays(np.uint64, st.integers(0, 60), elements=st.integers(0, 9)), st.randoms())
def test_groups_hold_all_that_are_the_same_and_nobody_alone(renamed, chance):
    groups, common = report.same(renamed)
    for group in groups:
        assert 2 <= len(group) <= report.COMMON_COUNT
        value = renamed[group[0]]
        assert value != 0
        assert set(group) == set(np.flatnonzero(renamed == value))
    counts = {v: n for v, n in zip(*np.unique(renamed, return_counts=True), strict=True) if v}
    assert common == sum(n for n in counts.values() if n > report.COMMON_COUNT)
    assert len(groups) == sum(2 <= n <= report.COMMON_COUNT for n in counts.values())

    order = list(range(len(renamed)))
    chance.shuffle(order)
    again, _ = report.same(renamed[order])
    place = np.array(order, dtype=int)
    assert {frozenset(place[group]) for group in again} == {frozenset(group) for group in groups}


def test_in_a_large_class_the_common_way_is_a_share_of_it():
    renamed = np.arange(1, 1001, dtype=np.uint64)
    renamed[:50] = 1
    assert [len(group) for group in report.same(renamed)[0]] == [50]
    renamed[:51] = 1
    assert report.same(renamed) == ([], 51)


# --- the picture ----------------------------------------------------------------------------------


@given(
    arrays.arrays(float, st.integers(1, 300), elements=st.floats(0, 60).map(lambda x: round(x, 2))),
    st.sampled_from([0.0, 1.0, 7.5, 40.0]),
)
def test_every_score_is_in_one_bar_and_full_marks_begin_one(scores, maximum):
    edges = bins(scores, maximum)
    assert np.histogram(scores, edges)[0].sum() == len(scores)
    assert edges[-1] > maximum
    assert len(edges) <= 40


def test_the_picture_says_what_it_shows():
    figure = class_report([0, 3, 4, 4], 5, ["hard", "easy"], [[1, 1, 1, 1], [4, 0, 0, 0]])
    said = alt_text(figure)
    assert "4 submissions, out of 5 points: the median is 3.5" in said
    assert "hard (1 of 4 passed), easy (4 of 4 passed)" in said
    bars = [p for p in figure.axes[1].patches if p.get_width()]
    assert [bar.get_width() for bar in bars] == [0.25, 1, 0.25, 0.25, 0.25]
    heights = [p.get_height() for p in figure.axes[0].patches]
    assert sum(heights) == 4
    assert len({(p.get_hatch(), p.get_facecolor()) for p in bars}) == 4


# --- the command ----------------------------------------------------------------------------------

SHARED = (
    "def mean(x):\n" + "\n".join(f"    s{i} = sum(x) + {i}" for i in range(12)) + "\n    return s0"
)
DISGUISED = "import math\n\n\n" + SHARED.replace("s", "q").replace("qum", "sum").replace(
    "12", "12  # my own work"
)
SOLUTION = "; ".join(f"half{i} = len(x) / {i + 2}" for i in range(10)) + "; return sum(x) / len(x)"
SLOWLY = "\n".join(f"step{i} = len(x) * {i + 2}" for i in range(10)) + "\nreturn sum(x) / step0 * 2"
ESSAY = (
    "Because the sum of squares is least where its derivative is nought, and that is where. " * 2
)


def written(release, answers, strip=False):
    """A submission: the release with some cells filled in, perhaps without nbgrader's metadata."""
    book = json.loads(release)
    for one in book["cells"]:
        name = one["metadata"].get("nbgrader", {}).get("grade_id")
        one["source"] = answers.get(name, one["source"])
        if strip:
            one["metadata"] = {}
            if one["cell_type"] == "code":
                one["id"] = f"new-{name}"
    return json.dumps(book)


ANSWERS = {
    "ada": ({"total": "def total(x):\n    return sum(x)"}, False),
    "bo": ({"mean": SHARED, "why": ESSAY}, False),
    "=carl": ({"mean": DISGUISED, "why": ESSAY.upper()}, True),
    "dee": ({"mean": SHARED.replace("+", "-")}, False),
}  # fmt: skip


GIVEN = {  # cell → points of ada, bo, =carl and dee; None waits for a mark by hand
    "total-of-two": (2, 2, 0, 1),
    "mean-of-two": (1, 0, 1, 0),
    "why": (3.5, None, None, 0),
}


@pytest.fixture(scope="module")
def class_template(tmp_path_factory):
    """A course of nbgrader's own folder names, to which four students handed something in."""
    with pytest.MonkeyPatch.context() as patch:  # which saves seconds of asking alembic
        patch.setattr("nbgrader.api.get_alembic_version", lambda: "of this test")
        return fill(tmp_path_factory.mktemp("class"))


def fill(root):
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    total, mean = answer("total", "return sum(x)"), answer("mean", SOLUTION)
    cells = [
        total,
        checked("total-of-two", 2, "assert total([1, 4]) == 5", ""),
        mean,
        checked("mean-of-two", 1, "assert mean([1, 4]) == 2.5", ""),
        cell("markdown", "why", "Because.", grade=True, solution=True, points=4),
    ]
    release = json.loads(json.dumps(cells))
    for one in release[0], release[2]:
        one["source"] = f"def {one['id']}(x):\n    raise NotImplementedError"
    (root / "source" / "sums").mkdir(parents=True)
    (root / "source" / "sums" / "sums.ipynb").write_text(json.dumps(notebook(cells)))
    bank = f'def mean(x):\n    """Slowly."""\n{textwrap.indent(SLOWLY, "    ")}'
    (root / "source" / "sums" / "alternatives.py").write_text(bank)

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        book.add_assignment("sums")
        book.add_notebook("sums", "sums")
        book.add_assignment("nobody")
        for one in reversed(release):  # the source says what follows what, not the database
            name, nbgrader = one["id"], one["metadata"]["nbgrader"]
            where = {"notebook": "sums", "assignment": "sums"}
            book.add_source_cell(
                name, source=one["source"], cell_type=one["cell_type"], locked=False, **where
            )
            if nbgrader["solution"]:
                book.add_solution_cell(name, **where)
            if nbgrader["grade"]:
                points, kind = nbgrader["points"], one["cell_type"]
                book.add_grade_cell(name, max_score=points, cell_type=kind, **where)
        for i, (student, (answers, strip)) in reversed(list(enumerate(ANSWERS.items()))):
            book.add_student(student)
            handed_in = book.add_submission("sums", student, timestamp=datetime(2026, 11, 2, 18, i))
            (work,) = handed_in.notebooks
            work.late_submission_penalty = float(i)
            for grade in work.grades:
                points = GIVEN[grade.name][i]
                grade.manual_score, grade.needs_manual_grade = points, points is None
            book.db.commit()
            folder = root / "submitted" / student / "sums"
            folder.mkdir(parents=True)
            text = written(json.dumps(notebook(release)), answers, strip)
            (folder / "sums.ipynb").write_text(text)
    return root


@pytest.fixture
def course(class_template, tmp_path, monkeypatch):
    root = tmp_path / "class"
    shutil.copytree(class_template, root)
    monkeypatch.chdir(root)
    return root


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def groups(folder):
    """Exercise → sets of students in the groups of similar.csv."""
    found = {}
    for row in table(folder / "similar.csv"):
        found.setdefault((row["exercise"], row["group"]), set()).add(row["student"])
    return sorted((exercise, sorted(students)) for (exercise, _), students in found.items())


def test_scores_are_the_sum_of_the_exercises_less_the_late_penalty(course):
    assert main(["report", "sums"]) == 0
    rows = table(course / "reports" / "sums" / "scores.csv")
    assert [row["student"] for row in rows] == ["'=carl", "ada", "bo", "dee"]
    for row in rows:
        student = row["student"].removeprefix("'")
        i = list(ANSWERS).index(student)
        exercises = [float(row[name]) for name in ("total", "mean", "why")]
        assert exercises == [GIVEN[name][i] or 0 for name in GIVEN]
        assert float(row["points"]) == sum(exercises)
        assert float(row["late penalty"]) == i
        assert float(row["score"]) == max(0, sum(exercises) - i)
        assert row["maximum"] == "7"
        assert row["timestamp"] == f"2026-11-02T18:0{i}:00Z"
        assert row["needs manual marking"] == ("yes" if student in ("bo", "=carl") else "no")


def test_scores_are_those_of_nbgrader(course):
    assert main(["report", "sums"]) == 0
    rows = {row["student"]: row for row in table(course / "reports" / "sums" / "scores.csv")}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for submission in book.assignment_submissions("sums"):
            row = rows[gradebook.as_text(submission.student.id)]
            assert float(row["points"]) == submission.score
            assert float(row["maximum"]) == submission.max_score
            assert (row["needs manual marking"] == "yes") == submission.needs_manual_grade


def test_checks_are_counted_the_hardest_first(course):
    assert main(["report", "sums", "--folder", "here"]) == 0
    rows = table(course / "here" / "checks.csv")
    assert [row["cell"] for row in rows] == ["why", "mean-of-two", "total-of-two"]
    assert [row["exercise"] for row in rows] == ["why", "mean", "total"]
    outcomes = ("passed", "partly", "failed", "not graded yet")
    counts = [[int(row[outcome]) for outcome in outcomes] for row in rows]
    assert counts == [[0, 1, 1, 2], [2, 0, 2, 0], [2, 1, 1, 0]]
    assert [float(row["share"]) for row in rows] == pytest.approx([3.5 / 8, 0.5, 0.625], abs=1e-4)


def test_the_same_answer_is_found_renamed_reformatted_and_without_its_metadata(course):
    assert main(["report", "sums"]) == 0
    folder = course / "reports" / "sums"
    assert groups(folder) == [("mean", ["'=carl", "bo"]), ("why", ["'=carl", "bo"])]
    alike = {row["exercise"]: row["alike"] for row in table(folder / "similar.csv")}
    assert alike == {"mean": "but for names", "why": "word for word"}


@pytest.mark.parametrize("what", ["solution", "renamed solution", "bank", "stub", "short"])
def test_what_says_nothing_is_never_flagged(what, course):
    source = {
        "solution": f"def mean(x):\n    {SOLUTION}",
        "renamed solution": f"def mean(x):\n    {SOLUTION.replace('half', 'part')}  # mine",
        "bank": "def mean(x):\n" + textwrap.indent(SLOWLY, "    "),
        "stub": "def mean(x):\n    raise NotImplementedError",
        "short": "def mean(x):\n    return sum(x) / len(x)",
    }[what]
    for student in ("ada", "bo", "=carl", "dee"):
        path = course / "submitted" / student / "sums" / "sums.ipynb"
        book = json.loads(path.read_text())
        book["cells"][2]["source"] = source
        path.write_text(json.dumps(book))
    assert main(["report", "sums"]) == 0
    assert [exercise for exercise, _ in groups(course / "reports" / "sums")] == ["why"]


def test_of_several_notebooks_each_exercise_says_its_own(course, capsys):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.add_notebook("more", "sums")
        where = {"notebook": "more", "assignment": "sums"}
        book.add_source_cell("total-of-two", cell_type="code", locked=True, source="", **where)
        book.add_grade_cell("total-of-two", max_score=9, cell_type="code", **where)
    assert main(["report", "sums"]) == 0
    rows = table(course / "reports" / "sums" / "scores.csv")
    assert list(rows[0])[-4:] == ["more/total-of-two", "sums/total", "sums/mean", "sums/why"]
    assert {(row["maximum"], row["more/total-of-two"]) for row in rows} == {("16", "0")}
    said = capsys.readouterr().out
    assert "hardest: sums/why, sums/mean-of-two, sums/total-of-two\n" in said  # more has no marks
    assert "(sums/mean 1, sums/why 1)" in said


def test_a_notebook_that_cannot_be_read_is_counted_and_the_rest_is_compared(course, capsys):
    path = course / "submitted" / "ada" / "sums" / "sums.ipynb"
    path.write_bytes(path.read_bytes()[:200])
    elsewhere = course / "submitted" / "dee" / "sums" / "sums.ipynb"
    elsewhere.unlink()
    elsewhere.symlink_to(course / "submitted" / "bo" / "sums" / "sums.ipynb")
    assert main(["report", "sums"]) == 0
    assert "2 notebooks were missing or could not be read" in capsys.readouterr().out
    assert len(groups(course / "reports" / "sums")) == 2


def test_without_what_was_submitted_the_autograded_notebooks_are_read(course):
    (course / "submitted").rename(course / "autograded")
    assert main(["report", "sums"]) == 0
    assert len(groups(course / "reports" / "sums")) == 2


def test_a_gradebook_alone_is_enough_for_the_scores(course):
    shutil.rmtree(course / "submitted")
    shutil.rmtree(course / "source")
    assert main(["report", "sums"]) == 0
    rows = table(course / "reports" / "sums" / "scores.csv")
    assert sum(float(row["points"]) for row in rows) == sum(
        points or 0 for row in GIVEN.values() for points in row
    )


def test_the_picture_carries_its_words_and_the_page_repeats_them(course, capsys):
    assert main(["report", "sums"]) == 0
    folder = course / "reports" / "sums"
    with Image.open(folder / "distribution.png") as image:
        said = image.text["Description"]
    page = (folder / "report.md").read_text(encoding="utf-8")
    assert "4 submissions, out of 7 points" in said
    assert f"![{said}](distribution.png)" in page
    assert "| 4 | 2 |" in page
    out = capsys.readouterr().out
    assert "sums: 4 submissions, 2 waiting for marks by hand" in out
    assert str(folder / "report.md") in out


def test_a_second_report_is_the_same_to_the_byte(course):
    def written_now():
        assert main(["report", "sums"]) == 0
        return {path.name: path.read_bytes() for path in (course / "reports" / "sums").iterdir()}

    assert written_now() == written_now()


@pytest.mark.parametrize(
    ("assignment", "breaks", "says"),
    [
        ("sums", lambda root: (root / "gradebook.db").unlink(), "no gradebook at "),
        ("sums", lambda root: (root / "gradebook.db").write_bytes(b"no"), "not a database"),
        ("sums", lambda root: (root / "gradebook.db").write_bytes(b""), "no gradebook of"),
        ("sum", lambda root: None, "there is nobody, sums"),
        ("nobody", lambda root: None, "no graded cell"),
        ("sums", lambda root: (root / "reports").write_text("in the way"), "cannot be written"),
        ("sums", lambda root: (root / "nbgrader_config.py").unlink(), "change into the course"),
        (
            "sums",
            lambda root: (root / "source" / "sums" / "alternatives.py").write_text("x = ("),
            "alternatives.py cannot be read",
        ),
    ],
)
def test_what_cannot_be_reported_is_said_in_one_line(assignment, breaks, says, course, capsys):
    breaks(course)
    assert main(["report", assignment]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.startswith("course report: ")
    assert said.err.count("\n") == 1


def test_an_assignment_that_nobody_handed_in_has_no_report(course, capsys):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for student in ANSWERS:
            book.remove_submission("sums", student)
    assert main(["report", "sums"]) == 2
    assert "no submission of sums" in capsys.readouterr().err
    assert not (course / "reports").exists()
