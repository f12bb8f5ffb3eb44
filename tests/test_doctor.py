"""`course doctor`: it names what is broken, all of it and nothing else, in sentences."""

import asyncio
import copy
import json
import os
import re
import subprocess
import sys
import warnings

import pytest
from conftest import cell, make_course
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import doctor
from course_utils.cli import main
from course_utils.commands.release import generate
from course_utils.doctor import fresh, manifest
from course_utils.doctor.apart import run
from course_utils.doctor.withheld import references

NAME = "01_sums.ipynb"
ANSWERS = {
    "total": "def total(x):\n    return sum(x)",
    "mean": "def mean(x):\n    return total(x) / len(x)",
    "why": "Because sums are linear.",
}
GRADED = {"total": "answer", "total-of-two": "check", "mean": "answer", "mean-of-two": "check",
          "why": "answer", "essay": "locked"}  # fmt: skip
KINDS = {"answer": "The answer cell of", "check": "The check", "locked": "The locked cell"}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The small course's assignment as students get it."""
    root = make_course(tmp_path_factory.mktemp("course") / "small course")
    generate(root, ["01_sums"], root / "assignments")
    return json.loads((root / "assignments" / "01_sums" / NAME).read_text())


@pytest.fixture
def student(release, tmp_path):
    """Write a student's notebook: the release, answers, and what is done to its cells."""

    def write(answers=ANSWERS, change=lambda cells: None, **metadata):
        nb = copy.deepcopy(release)
        nb["metadata"]["course"] |= metadata
        for each in nb["cells"]:
            each["source"] = answers.get(each["id"], each["source"])
        change(nb["cells"])
        (tmp_path / NAME).write_text(json.dumps(nb))
        return tmp_path / NAME

    return write


def texts(findings, level="mend"):
    return [finding.text for finding in findings if finding.level == level]


def own(source, name="own"):
    return cell("code", name, source)


def at(cells, name):
    return next(i for i, each in enumerate(cells) if each["id"] == name)


# What it says of a whole notebook.


def test_a_finished_notebook_is_ready_and_left_as_it_is(student, capsys):
    path = student()
    before = path.read_bytes()
    assert main(["doctor", str(path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in said[1:-1]} == {"ok"}
    assert said[-2] == "  ok    All visible checks pass: total, mean."
    assert said[-1].startswith("Ready to hand in.")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [NAME]


def test_a_notebook_that_calls_the_doctor_does_not_go_on_for_ever(student, monkeypatch, capsys):
    """The kernel that the doctor runs is marked, and where that mark stands the doctor is busy."""
    look = own(f"import os\nassert os.environ[{fresh.BUSY!r}]")
    path = student(change=lambda cells: cells.append(look))
    assert texts(doctor.diagnose(path)) == []
    monkeypatch.setenv(fresh.BUSY, "1")
    monkeypatch.setattr(doctor, "run", None)
    doctor.examine(path)
    assert capsys.readouterr().out == "the doctor is looking already.\n"
    assert main(["doctor", str(path)]) == 2


def test_of_an_untouched_release_it_names_each_exercise_once(student):
    findings = doctor.diagnose(student(answers={}))
    assert texts(findings) == [
        "total: not answered yet.",
        "mean: not answered yet.",
        "why (“Sums”): not answered yet.",
    ]


def test_python_s_remarks_on_a_student_s_text_are_not_heard(student):
    answers = ANSWERS | {"total": "def total(x):\n    r'sums \\d'\n    '\\d'\n    return sum(x)"}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        findings = doctor.diagnose(student(answers))
    assert not texts(findings)
    assert not [warning for warning in heard if "invalid escape" in str(warning.message)]


def test_in_a_cell_it_prints_and_raises_nothing(student, capsys):
    """Where a cell runs, an event loop is running already."""
    path = student(answers={})

    async def cell_of_a_notebook():
        doctor.examine(str(path))
        doctor.examine("no-such.ipynb")

    asyncio.run(cell_of_a_notebook())
    said = capsys.readouterr().out
    assert said.startswith("01_sums.ipynb, as it was saved today")
    assert "\n  mend  total: not answered yet.\n" in said
    assert said.splitlines()[-1].startswith("no file no-such.ipynb")


def test_each_fault_of_one_notebook_has_its_own_sentence(student):
    answers = {
        "total": "import time\n\n\ndef total(x):\n    time.sleep(0.6)\n    return sum(x)",
        "mean": "def mean(x):\n    return len(x) / total(x)",
        "why": "YOUR ANSWER HERE\n\nBecause.",
    }

    def change(cells):
        cells.insert(1, own("z = 1\nprint(\n    helper(z))", "first"))
        cells.append(own("def helper(z):\n    return z", "helper"))
        cells.append(own("while True:\n    pass", "endless"))
        cells.append(own("import os; os._exit(1)", "exit"))
        cells.append(own("quit()", "quit"))
        cells.append(own("vanished + 1", "last"))

    findings = doctor.diagnose(student(answers, change, seconds=1))
    assert texts(findings) == [
        "Cell 10 (`while True:`) takes more than 1 s, and the grader stops it there: does a loop "
        "never end?",
        "Cell 11 (`import os; os._exit(1)`) makes the kernel crash: does it need too much memory, "
        "or call itself without end?",
        "Cell 12 (`quit()`) ends the kernel: take out quit() or exit().",
        "Cell 2 (`z = 1`) stops in line 3 with NameError: name 'helper' is not defined. It is "
        "defined in cell 9 (`def helper(z):`): move that up. Mend it first: cell 13 fails too.",
        "mean: 0 of 1 visible checks pass: this does not hold: assert mean([1, 4]) == 2.5",
    ]
    slow, *_ = [text for text in texts(findings, "note") if " takes " in text]
    assert re.match(r"Cell 4 \(`assert total\(\[1, 4\]\) == 5`\) takes 1 s\.", slow)
    assert "still stands in your answer" in " ".join(texts(findings, "note"))
    assert "All visible checks pass: total." in texts(findings, "ok")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"mean": "def mean(x):\n    return (x"}, "as the answer itself stops in line 2 with Syn"),
        ({"mean": "def mean(x):\n    return total(x) / len(x)\nmean(3)"},
         "mean: 1 of 1 visible checks pass, but the answer itself stops in line 2 with TypeErr"),
        ({"total": ""}, "mean: 0 of 1 visible checks pass: the check stops with NameError"),
        ({"mean": "def average(x):\n    return 2.5"}, "No cell defines it. Is it misspelt"),
        ({"mean": "def mean(x):\n    if x:\n        raise NotImplementedError()\n    return 0"},
         "mean: 0 of 1 visible checks pass: `raise NotImplementedError()` still stands"),
        ({"mean": "def mean(x):\n    return f(x)\n\n\ndef f(x):\n    raise NotImplementedError()"},
         "mean: f still to be written."),
        ({"total": "# YOUR CODE HERE\ndef total(x):\n  raise  NotImplementedError"},
         "mean: 0 of 1 visible checks pass: it needs another exercise that is not answered yet."),
    ],
)  # fmt: skip
def test_a_check_says_why_it_fails(answers, said, student):
    assert said in " ".join(texts(doctor.diagnose(student(ANSWERS | answers))))


# What it says of checks that pass here, and will not when they are graded.

SUM = """class Sum:
    def __init__(self, x):
        self.value = sum(x)

    def __eq__(self, other):
        return self.value == other


def total(x):
    return Sum(x)"""
ALONE = ANSWERS | {"mean": "def mean(x):\n    return sum(x) / len(x)"}
apart = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing runs apart without a fork")


@apart
def test_it_asks_the_checks_as_the_grader_does(student):
    assert texts(doctor.diagnose(student(ALONE | {"total": SUM}))) == [
        "total: a check passes here and fails when it is graded, as it runs apart from the answer "
        "then: this does not hold: assert total([1, 4]) == 5"
    ]
    total = "def total(x):\n    return type('Sum', (), {'__eq__': lambda *_: True})()"
    (said,) = texts(doctor.diagnose(student(ALONE | {"total": total})))
    assert said.endswith(
        "then: the check stops with TypeError: the answer gave a `Sum`; expected plain "
        "data to compare."
    )


@apart
def test_of_a_reference_in_an_answer_it_speaks_once(student):
    helper = own("from course_utils.features import add_bias")
    total = "def total(x):\n    add_bias([[1.0]])\n    return sum(x)"
    path = student(ALONE | {"total": total}, change=lambda cells: cells.insert(0, helper))
    (said,) = texts(doctor.diagnose(path))
    assert said.startswith("total: the answer uses add_bias")


@apart
def test_checks_without_their_marks_are_asked_too(student):
    def change(cells):
        twin = copy.deepcopy(cells[at(cells, "total")])
        cells.insert(0, twin | {"id": "twin"})
        cells[0]["source"] = "import os\nos._exit(1)"  # the last one counts
        for each in cells:
            each["metadata"].pop("nbgrader", None)

    path = student(ALONE | {"total": SUM}, change)
    patient = doctor.admit(path)
    patient.found["total"].insert(0, 0)
    (position,) = run(patient, path.parent)
    assert patient.nb.cells[position].id == "total-of-two"


@apart
def test_the_answer_finds_what_lies_beside_the_notebook(student, monkeypatch):
    path = student(ALONE | {"total": f"assert open('data/five.txt').read() == '5'\n{SUM}"})
    (path.parent / "data").mkdir()
    (path.parent / "data" / "five.txt").write_text("5")
    assert [each.words for each in run(doctor.admit(path), path.parent).values()] == [""]
    monkeypatch.setattr("course_utils.doctor.apart.MOST", 2)  # too much to carry
    assert not run(doctor.admit(path), path.parent)


# Which cells are broken.


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_names_exactly_the_cells_that_are_broken(student, data):
    """Whatever was deleted, copied or edited, wherever it went, also where cell ids were lost."""
    does = st.sampled_from(["nothing", "delete", "copy", "edit", "retype"])
    done = {name: data.draw(does, label=name) for name in GRADED}
    lost_ids = data.draw(st.booleans(), label="ids lost")

    def change(cells):
        for name, what in done.items():
            position = at(cells, name)
            here = cells[position]
            if what == "delete":
                del cells[position]
            elif what == "copy":
                cells.insert(position, {**copy.deepcopy(here), "id": f"copy-of-{name}"})
            elif what == "edit":
                here["source"] += "\n# mine"
            elif what == "retype":
                here["cell_type"] = "raw"
                here.pop("outputs", None), here.pop("execution_count", None)
        cells.insert(data.draw(st.integers(0, len(cells))), own("print(1)"))
        cells[:] = data.draw(st.permutations(cells), label="order")
        for each in cells if lost_ids else ():
            del each["id"]

    patient = doctor.admit(student(change=change))
    wrong = {
        name for name, what in done.items()
        if what in ("delete", "copy", "retype") or (what == "edit" and GRADED[name] != "answer")
    }  # fmt: skip
    findings = texts(doctor.of_cells(patient))
    named = [name for text in findings for name, kind in GRADED.items()
             if text.startswith(f"{KINDS[kind]} {name} ")]  # fmt: skip
    assert sorted(named) == sorted(wrong)
    assert len(findings) == len(wrong)


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_release_without_a_list_is_judged_by_nbgraders_marks(student, data):
    """Copies and edits are named; of a cell that is gone it says that it cannot tell."""
    does = st.sampled_from(["nothing", "delete", "copy", "edit"])
    done = {name: data.draw(does, label=name) for name in GRADED}

    def change(cells):
        for name, what in done.items():
            here = cells[at(cells, name)]
            if what == "delete":
                cells.remove(here)
            elif what == "copy":
                cells.append({**copy.deepcopy(here), "id": f"copy-of-{name}"})
            elif what == "edit":
                here["source"] += "\n# mine"

    noted = data.draw(st.sampled_from([None, 3, "x", [], [1], ["a b"], ["a b c d e"]]))
    patient = doctor.admit(student({}, change, cells=noted))
    findings = doctor.of_cells(patient)
    wrong = {name for name, what in done.items()
             if what == "copy" or (what == "edit" and GRADED[name] != "answer")}  # fmt: skip
    assert len(texts(findings)) == len(wrong)
    assert all(any(f" {name} " in text for text in texts(findings)) for name in wrong)
    if set(done.values()) != {"delete"}:
        assert "without a list of its cells" in texts(findings, "note")[-1]
    # A remark below what was to be written is no answer.
    unanswered = {name for name in ANSWERS if done[name] in ("nothing", "copy")
                  or (done[name] == "edit" and name != "why")}  # fmt: skip
    assert len(texts(doctor.of_answers(patient))) == len(unanswered)


def test_a_check_with_other_points_is_no_longer_the_course_s(student):
    def enrich(cells):
        cells[at(cells, "mean-of-two")]["metadata"]["nbgrader"]["points"] = 100

    (said,) = texts(doctor.of_cells(doctor.admit(student(change=enrich))))
    assert said.startswith("The check mean-of-two (cell 5) was changed")


def test_what_a_changed_check_says_is_not_believed(student):
    def soften(cells):
        cells[at(cells, "mean-of-two")]["source"] = "assert True"

    findings = doctor.diagnose(student(ANSWERS | {"mean": "mean = max"}, soften))
    assert len(texts(findings)) == 1
    assert "All visible checks pass: total." in texts(findings, "ok")


def test_after_a_cell_that_hangs_checks_are_not_asked_again(tmp_path):
    """Other cells are, as a fresh kernel has nothing of what they defined."""
    write = "with open('{}', 'a') as file: print(file=file)"
    cells = [write.format("check"), "x = 1", write.format("other"), "while x: pass", "x + 1"]
    nb = new_notebook(cells=[new_code_cell(text) for text in cells])
    runs = fresh.run(nb, tmp_path, 1, once={0})
    assert [runs[position].error for position in range(5)] == ["", "", "", "hangs", ""]
    assert (tmp_path / "check").read_text() == "\n"
    assert (tmp_path / "other").read_text() == "\n\n"


def test_a_cell_without_its_mark_is_found_by_its_id_or_its_text(student):
    def strip(cells):
        for each in cells:
            each["metadata"] = {}
        cells[at(cells, "essay")]["id"] = "another"
        cells[at(cells, "total-of-two")]["id"] = "yet-another"

    findings = doctor.of_cells(doctor.admit(student(change=strip)))
    assert texts(findings) == []
    assert len(texts(findings, "note")) == len(GRADED)


def test_the_name_and_the_size_of_the_file_are_looked_at(student, monkeypatch):
    path = student()
    copied = path.rename(path.with_name("01_sums (1).ipynb"))
    released = doctor.admit(copied).released
    assert "hand it in as 01_sums.ipynb" in next(doctor.of_file(copied, released)).text
    assert not list(doctor.of_file(copied.rename(path), released))
    for name, level in (("LARGE", "note"), ("TOO_LARGE", "mend")):
        monkeypatch.setattr(doctor, name, 100)
        (large,) = doctor.of_file(path, released)
        assert large.level == level
        assert "Clear Outputs" in large.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "no file"),
        (b"", "it is empty"),
        (b"<!DOCTYPE html><p>Log in", "it is a web page"),
        (b'{"cells": [\n<<<<<<< HEAD\n', "both sides of a conflict"),
        (b'{"cells": [{"cell_type":', "cut off (line 1)"),
        (b"\xff\xfe\x00", "it is not text"),
        (b'{"a": 1}', "though it is JSON"),
        (b'{"nbformat": 4, "cells": [3]}', "not a valid notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', "not a valid"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"kernelspec": '
         b'{"name": "ir", "display_name": "R", "language": "R"}}}', "a notebook in R"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_refused_in_one_line(data, said, tmp_path, capsys):
    path = tmp_path / NAME
    if data is not None:
        path.write_bytes(data)
    assert main(["doctor", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("course doctor: ")
    assert said in err
    assert err.count("\n") == 1
    assert path.exists() == (data is not None)


def test_of_a_folder_it_names_the_notebooks(student, capsys):
    path = student()
    assert main(["doctor", str(path.parent)]) == 2
    assert f"There is {NAME}." in capsys.readouterr().err


# References.

STATEMENTS = {
    "import course_utils": False,
    "from course_utils import data": False,
    "from course_utils.plotting import bayesian_regression": False,
    "import course_utils.data as d\nd.sinusoid": False,
    "import numpy as np\nnp.linalg.solve": False,
    "%matplotlib inline\nfrom course_utils import validation": False,
    "from course_utils import kernels": True,
    "from course_utils.bayesian_regression import posterior as p": True,
    "import course_utils.checks": True,
    "import course_utils.data, course_utils.glm": True,
    "%matplotlib inline\nfrom course_utils import data, glm": True,
    "def f():\n    from course_utils import svm\nf()": True,
    "import importlib\nimportlib.import_module('course_utils.svm')": True,
    "__import__('course_utils.svm')": True,
    "import course_utils as c\nc.features": True,
}


@pytest.mark.parametrize("source", STATEMENTS)
def test_a_withheld_module_is_recognised(source):
    assert bool(references(source, manifest.Manifest())) == STATEMENTS[source]


@pytest.mark.skipif(sys.platform == "win32", reason="the grader itself needs POSIX")
def test_what_it_says_is_withheld_is_what_the_grader_withholds():
    """The statements are run where the grader's own import hook stands."""
    code = f"""
import sys
from IPython.core.inputtransformer2 import TransformerManager
from course_utils.grading import AVAILABLE, WITHHELD
from course_utils.grading.answers import Withheld
sys.meta_path.insert(0, Withheld(list(WITHHELD), ["course_utils.grading", *AVAILABLE]))
get_ipython = lambda: type("Shell", (), {{"run_line_magic": print}})
for source in {list(STATEMENTS)!r}:
    for name in [name for name in sys.modules if name.startswith("course_utils.")]:
        if "grading" not in name:  # as a fresh kernel has it
            vars(sys.modules["course_utils"]).pop(name.split(".")[1], None)
            del sys.modules[name]
    try:
        exec(TransformerManager().transform_cell(source), {{"get_ipython": get_ipython}})
    except (ImportError, AttributeError):
        print("withheld")
    else:
        print("given")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = [line for line in done.stdout.splitlines() if line in ("withheld", "given")]
    assert said == ["withheld" if each else "given" for each in STATEMENTS.values()]


def test_an_answer_that_uses_a_reference_is_told_from_a_cell_that_only_compares(student):
    def change(cells):
        cells.insert(0, own("from course_utils.glm import *\nfrom course_utils import svm", "a"))
        cells.insert(1, own("from course_utils.special import softmax", "b"))

    answers = {
        "total": "def total(x):\n    from course_utils import kernels\n    return sum(x)",
        "mean": "def mean(x):\n    return softmax(x)",
    }
    findings = list(doctor.of_references(doctor.admit(student(answers, change))))
    assert texts(findings) == [
        "mean: the answer uses softmax, which cell 2 (`from course_utils.special import "
        "softmax`) takes from course_utils.special. It does not have that when it is graded. "
        "Write your own.",
        "total: the answer uses course_utils.kernels, which it does not have when it is graded. "
        "Write your own.",
    ]
    assert len(texts(findings, "note")) == 2


# Where it runs.


def test_it_needs_neither_posix_nor_the_extras():
    """So it runs on Windows, and with a student's installation."""
    code = """
import sys
import course_utils.doctor, course_utils.commands.doctor, course_utils.commands.update
print(*(name for name in ("rich", "hatchling", "course_utils.grading.sandbox")
        if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
