"""What a wrong answer looks like: the bank's own answers, graded by the real engine, are known."""

import json
import os

import nbformat
import pytest
from conftest import ROOT, answer, cell, notebook
from threadpoolctl import threadpool_limits

from course_utils.classroom import banks, diagnosis
from course_utils.grading import engine
from course_utils.grading.execute import ExecuteApart, read_source

NAME = "01_bayesian_regression"
SOURCE = ROOT / "solutions" / NAME / f"{NAME}.ipynb"
# Every how manieth answer of each exercise is graded here; 1 takes a minute.
STEP = int(os.environ.get("DIAGNOSIS_STEP", "8"))


@pytest.fixture(scope="module")
def known():
    return diagnosis.signatures(SOURCE, SOURCE.with_name("misconceptions.py"))


@pytest.fixture(scope="module")
def solution():
    whole = banks.read_notebook(SOURCE)
    cells = [one for one in whole["cells"] if "nbgrader" in one["metadata"]]  # no pictures
    return {**whole, "cells": cells}


def execute(solution, answers):
    """The notebook with these answers, run as students' are."""
    step = ExecuteApart()
    nb = nbformat.from_dict(banks.submit(solution, answers))
    job = step.job(nb, read_source(SOURCE))
    step.finish(nb, job, json.loads(engine.grade(step.settings(), step.request(job, {}, {}))))
    return nb


def rows(name):
    """The answers of a bank, one to each exercise at a time."""
    by_exercise = {}
    for one in banks.read_bank(SOURCE.with_name(f"{name}.py")):
        by_exercise.setdefault(one.exercise, []).append(one)
    for k in range(max(map(len, by_exercise.values()))):
        yield {exercise: found[k] for exercise, found in by_exercise.items() if k < len(found)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")
def test_a_known_misconception_is_diagnosed_as_itself(known, solution):
    asked = 0
    for row in list(rows("misconceptions"))[::STEP]:
        said = diagnosis.diagnose(
            execute(solution, {exercise: one.source for exercise, one in row.items()}), known
        )
        for exercise, one in row.items():
            asked += 1
            if exercise in said:
                assert one.diagnosis in said[exercise]
            else:  # so many fail alike that nothing is said
                assert alike(known[exercise], one.diagnosis) > diagnosis.MOST, one
    assert asked >= 136 // STEP


def alike(answers, text):
    """How many wrong answers fail as this one does."""
    mine = dict(answers)[text]
    return sum(diagnosis.same(mine, other) for _, other in answers)


def test_an_exercises_own_cells_tell_as_much_as_the_whole_notebook(known, solution):
    for one in banks.read_bank(SOURCE.with_name("misconceptions.py"))[::20]:
        with threadpool_limits(1):
            outcomes = banks.grade(banks.submit(solution, {one.exercise: one.source}))
        failed = {o.cell: f"{type(o.error).__name__}: {o.error}" for o in outcomes if o.error}
        assert diagnosis.same(failed, dict(known[one.exercise])[one.diagnosis])


def test_nearly_all_known_misconceptions_can_be_told_apart(known):
    counts = [alike(found, text) for found in known.values() for text, _ in found]
    assert sum(count <= diagnosis.MOST for count in counts) >= 0.95 * len(counts)
    assert counts.count(1) >= 0.9 * len(counts)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")
@pytest.mark.parametrize("kind", ["the solution", "right otherwise", "untouched"])
def test_right_answers_and_an_untouched_release_get_no_diagnosis(known, solution, kind):
    released = banks.read_notebook(ROOT / "assignments" / NAME / f"{NAME}.ipynb")
    answers = {
        "the solution": {},
        "right otherwise": {name: one.source for name, one in next(rows("alternatives")).items()},
        "untouched": {
            name: one["source"] for name, one in banks.answer_cells(released).items()
        },
    }[kind]  # fmt: skip
    assert diagnosis.diagnose(execute(solution, answers), known) == {}


def test_every_answer_of_the_bank_is_known_by_what_it_fails(known):
    bank = banks.read_bank(SOURCE.with_name("misconceptions.py"))
    assert [(exercise, text) for exercise, found in known.items() for text, _ in found] == [
        (one.exercise, one.diagnosis) for one in bank
    ]
    assert all(failed for found in known.values() for _, failed in found)


# On a course of one exercise

CHECK = "assert total([1, 4]) == 5, f'got {total([1, 4])}'"
BANK = '''"""Wrong."""


def total(x):
    """Counts instead of adding."""
    return len(x)


def total(x):
    """Always returns 4711."""
    return 4711
'''


def course(check=CHECK, hidden="pass"):
    source = f"{check}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    return notebook([answer("total", "return sum(x)"),
                     cell("code", "t", source, grade=True, locked=True, points=1)])  # fmt: skip


@pytest.fixture
def files(tmp_path):
    def write(nb, bank=BANK):
        source, wrong = tmp_path / "a.ipynb", tmp_path / "misconceptions.py"
        source.write_text(json.dumps(nb))
        wrong.write_text(bank)
        return source, wrong

    return write


def failed(message, kind="AssertionError"):
    nb = course()
    nb["cells"][1]["outputs"] = [{"output_type": "error", "ename": kind, "evalue": message}]
    return nb


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("got 2", {"total": "This looks as if: Counts instead of adding."}),
        ("got  2.00001", {"total": "This looks as if: Counts instead of adding."}),
        ("got 3", {}),
        ("", {}),
    ],
)
def test_an_answer_is_told_by_what_it_returned(files, message, sentence):
    known = diagnosis.signatures(*files(course()))
    assert diagnosis.diagnose(failed(message), known) == sentence


def test_another_error_or_another_failed_check_is_another_mistake(files):
    known = diagnosis.signatures(*files(course()))
    assert diagnosis.diagnose(failed("got 2", kind="ValueError"), known) == {}
    nb = failed("got 2")
    nb["cells"].append({**nb["cells"][1], "id": "u", "metadata": {"nbgrader": {
        **nb["cells"][1]["metadata"]["nbgrader"], "grade_id": "u"}}})  # fmt: skip
    assert diagnosis.diagnose(nb, known) == {}


def test_bare_asserts_fail_alike_and_tell_nothing(files):
    known = diagnosis.signatures(*files(course("assert total([1, 4]) == 5")))
    assert diagnosis.diagnose(failed(""), known) == {}


def test_what_too_many_have_in_common_is_no_diagnosis(files):
    known = {"total": [[f"{k}.", {"t": "AssertionError: no"}] for k in range(diagnosis.MOST)]}
    assert diagnosis.diagnose(failed("no"), known) == {
        "total": "This looks as if: 0. Or: 1. Or: 2."
    }
    known["total"].append(["3.", {"t": "AssertionError: no"}])
    assert diagnosis.diagnose(failed("no"), known) == {}


@pytest.mark.parametrize("hidden", ["assert total([4711]) == 4711", "pass"])
def test_a_diagnosis_quotes_nothing_of_a_hidden_test(files, hidden):
    known = diagnosis.signatures(*files(course(hidden=hidden)))
    told = "Always returns 4711." in [text for text, _ in known["total"]]
    assert told is (hidden == "pass")


def test_signatures_are_kept_for_as_long_as_notebook_and_bank_stay_as_they_are(files, tmp_path):
    cache = tmp_path / "signatures.json"
    first = diagnosis.signatures(*files(course()), cache=cache)
    kept = json.loads(cache.read_text())
    kept["signatures"] = {"total": []}
    cache.write_text(json.dumps(kept))
    assert diagnosis.signatures(*files(course()), cache=cache) == {"total": []}
    assert diagnosis.signatures(*files(course(), BANK + "\n"), cache=cache) == first
    cache.write_text("nonsense")
    assert diagnosis.signatures(*files(course()), cache=cache) == first
    assert [path.name for path in tmp_path.iterdir() if "signatures" in path.name] == [cache.name]


def test_a_course_without_a_bank_has_no_diagnoses(files, tmp_path):
    source, _ = files(course())
    assert diagnosis.signatures(source, tmp_path / "nothing.py") == {}
