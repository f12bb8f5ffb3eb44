"""What the two processes of a submission do with cells that a course may well have."""

import json
import os
import threading

import nbformat
import pytest
from conftest import cell, notebook

from course_utils.classroom import room as classroom
from course_utils.grading import engine, names, sandbox
from course_utils.grading.execute import ExecuteApart
from course_utils.grading.shell import Shell

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")


def grade(answer, *tests, **limits):
    """A notebook of one answer and its tests, executed, and why its cells were lost."""
    cells = [cell("code", "answer", answer, solution=True)]
    for number, source in enumerate(tests):
        cells.append(cell("code", f"test{number}", source, grade=True, locked=True, points=1))
    nb = nbformat.from_dict(notebook(cells))
    step = ExecuteApart(**limits)
    job = step.job(nb, [("answer", "answer", answer)])
    result = json.loads(engine.grade(step.settings(), step.request(job, {}, {})))
    step.finish(nb, job, result)
    return nb, {job["cells"][int(index)]["label"]: why for index, why in result["lost"].items()}


def failures(nb):
    return {one["id"]: item.evalue for one in nb.cells
            for item in one.get("outputs", ()) if item.output_type == "error"}  # fmt: skip


def test_a_hidden_line_is_hidden_though_the_cell_begins_with_blank_ones():
    hidden = "\n\n\n### BEGIN HIDDEN TESTS\nassert f(1.5) == 2\n### END HIDDEN TESTS"
    nb, _ = grade("def f(x):\n    raise ValueError(f'it was {x}')", "assert f(3) == 4", hidden)
    assert failures(nb) == {"test0": "it was 3", "test1": "the answer failed in a hidden test"}


def test_a_test_that_follows_a_hidden_one_finds_the_answer_as_before_it():
    answer = "seen = []\ndef f(x):\n    seen.append(x)\n    return seen[0]"
    hidden = "### BEGIN HIDDEN TESTS\nassert f(1.5) == 1.5\n### END HIDDEN TESTS"
    nb, lost = grade(answer, hidden, "assert f(2) == 2", "assert f(3) == 2")
    assert (failures(nb), lost) == ({}, {})


def test_many_lost_tests_cost_one_more_run_and_not_one_each():
    answer = "import os, time\ntime.sleep(1.5)\ndef f(x):\n    return x if x < 0 else os._exit(1)"
    tests = [f"assert f({x}) == {x}" for x in (-1, 1, 2, 3, 4, 5, -2)]
    nb, lost = grade(answer, *tests, submission_timeout=8)
    ended = dict.fromkeys(
        [f"test{k}" for k in range(1, 6)], "the process was ended by the answer itself"
    )
    assert failures(nb) == ended
    assert set(lost) <= set(ended)


def test_tests_are_compiled_ahead_and_run_for_each_submission_anew():
    counts = "import builtins\nbuiltins.seen = getattr(builtins, 'seen', 0) + 1\n"
    annotated = "def g(x: int):\n    return x\nassert f() and g.__annotations__"
    tests = [
        f"{counts}assert builtins.seen == f()",
        f"{annotated} == {{'x': int}}",
        f"from __future__ import annotations\n{annotated} == {{'x': 'int'}}",
        f"{annotated} == {{'x': 'int'}}",  # from here on, as in any notebook
        "import asyncio\nawait asyncio.sleep(0)\nassert f() == 1",
        "assert f() ==\\\n 1, ",
    ]
    for _ in range(2):
        nb, lost = grade("def f():\n    return 1", *tests)
        assert list(failures(nb)) == ["test5"]
        assert not lost


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux keeps to a core")
def test_each_pair_of_processes_keeps_to_a_core_of_its_own_where_there_are_enough():
    all_cores = os.sched_getaffinity(0)
    cores = set(sorted(all_cores)[:2])

    def kept(_):
        together.wait(10)
        engine.bench(ExecuteApart().settings())
        return os.sched_getaffinity(engine._mine.process.pid)

    os.sched_setaffinity(0, cores)
    try:
        for jobs in (len(cores), len(cores) + 1):
            together = threading.Barrier(jobs)
            with classroom.local(jobs) as (pool, _):
                found = sorted(pool.map(kept, range(jobs)), key=sorted)
            alone = [{core} for core in sorted(cores)]
            assert found == (alone if jobs == len(cores) else [cores] * jobs)
    finally:
        os.sched_setaffinity(0, all_cores)


@pytest.mark.parametrize(
    "source",
    ["\n\nx = 1\ny = 2", "x = '''\n%time\n!ls\n'''", "x = (7\n % 4)", "x = '\\d'\ny = 2"],
)
def test_python_is_run_as_it_is_written(source):
    assert Shell.start().transform_cell(source) == f"{source}\n"


@pytest.mark.parametrize(
    "source", ["%time x = 1\ny = 2", "x = 1\n!ls", "  x = 1\n  y = 2", "x?\ny"]
)
def test_what_is_no_python_becomes_python(source):
    text = Shell.start().transform_cell(source)
    compile(text, "<cell>", "exec")
    assert text != f"{source}\n"


def test_lines_have_the_numbers_that_a_traceback_gives_them():
    assert names.used_in_line("\n\na = b\nc = d", 4) == {"d"}


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="looks into /proc")
def test_memory_that_forks_share_is_counted_once():
    data = bytes(range(256)) * 2**18  # 64 MB
    own = sandbox._proportional(os.getpid())
    children = []
    try:
        for _ in range(6):
            there, here = os.pipe()
            if (pid := os.fork()) == 0:
                os.read(there, 1)
                os._exit(0)
            children.append((pid, here, there))
        assert sandbox.holds_more(os.getpid(), own // 2)
        assert not sandbox.holds_more(os.getpid(), own + 3 * len(data))
    finally:
        for pid, here, there in children:
            os.close(here)
            os.close(there)
            os.kill(pid, 9)
            os.waitpid(pid, 0)
