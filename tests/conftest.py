"""A course small enough to release, grade and break within a test."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).parents[1]

# `make proof` asks whether a test fails, thousands of times: the same few examples, none shrunk.
settings.register_profile(
    "mutants",
    max_examples=20,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
)

MISCONCEPTIONS = '''"""Wrong answers."""


def total(x):
    """Counts instead of adding."""
    return len(x)


def mean(x):
    """Divides by one observation too few."""
    return total(x) / (len(x) - 1)
'''

ALTERNATIVES = '''"""Right answers, written differently."""

import functools
import operator


def total(x):
    """Folds."""
    return functools.reduce(operator.add, x, 0)
'''


def cell(kind, name, source, **nbgrader):
    """A notebook cell as JSON, with nbgrader's metadata where any is given."""
    metadata = {}
    if nbgrader:
        metadata["nbgrader"] = {
            "grade": False, "grade_id": name, "locked": False, "schema_version": 3,
            "solution": False, "task": False, **nbgrader,
        }  # fmt: skip
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": metadata, "source": source, **code}


def answer(name, body):
    source = f"def {name}(x):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
    return cell("code", name, source, solution=True)


def test_cell(name, points, visible, hidden):
    source = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    return cell("code", name, source, grade=True, locked=True, points=points)


def notebook(cells):
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def make_course(root):
    """A folder with this course's configuration and one assignment of two exercises, 01_sums."""
    folder = root / "solutions" / "01_sums"
    folder.mkdir(parents=True)
    (root / "lectures").mkdir()
    (root / "assignments").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    cells = [
        cell("markdown", "title", "# Sums"),
        answer("total", "return sum(x)"),
        test_cell("total-of-two", 2, "assert total([1, 4]) == 5", "assert total([]) == 0"),
        answer("mean", "return total(x) / len(x)  # the solution's own line"),
        test_cell("mean-of-two", 1, "assert mean([1, 4]) == 2.5", "assert mean([7]) == 7"),
        cell("markdown", "why", "Because.", grade=True, solution=True, points=2),
        cell(
            "markdown", "essay", "Explain.\n### BEGIN MARK SCHEME\nSaid.\n\n### END MARK SCHEME",
            locked=True, task=True, points=1,
        ),
    ]  # fmt: skip
    (folder / "01_sums.ipynb").write_text(json.dumps(notebook(cells), indent=1) + "\n")
    (folder / "misconceptions.py").write_text(MISCONCEPTIONS)
    (folder / "alternatives.py").write_text(ALTERNATIVES)
    return root


@pytest.fixture
def small_course(tmp_path):
    return make_course(tmp_path / "small course")  # instructors have blanks in their paths


def hand_in(root, student, answers, when="2026-11-02 12:00:00 UTC"):
    """Hand in the small course's released assignment with some answers filled in."""
    submission = json.loads((root / "assignments/01_sums/01_sums.ipynb").read_text())
    for one in submission["cells"]:
        if one["id"] in answers:
            one["source"] = f"def {one['id']}(x):\n    {answers[one['id']]}"
    folder = root / "submitted" / student / "01_sums"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "01_sums.ipynb").write_text(json.dumps(submission))
    (folder / "timestamp.txt").write_text(when)
