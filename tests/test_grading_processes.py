"""What the two processes of a submission do with cells that a course may well have."""

import contextlib
import dataclasses
import json
import os
import signal
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
from conftest import cell, notebook
from matplotlib import font_manager

from course_utils.classroom import room as rooms
from course_utils.grading import engine, files, line, names, sandbox
from course_utils.grading.execute import ExecuteApart, Refused
from course_utils.grading.files import Beside
from course_utils.grading.repair import Unreadable, read_notebook, repair
from course_utils.grading.shell import Shell
from course_utils.grading.wire import HEADER

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")


def run(cells, source, **limits):
    """A notebook of these cells, executed, and why some were lost; `source` is the instructor's."""
    nb = nbformat.from_dict(notebook(cells))
    step = ExecuteApart(**limits)
    job = step.job(nb, source)
    result = json.loads(engine.grade(step.settings(), step.request(job, {}, {})))
    step.finish(nb, job, result)
    return nb, {job["cells"][int(index)]["label"]: why for index, why in result["lost"].items()}


def solution(name, source):
    return cell("code", name, source, solution=True)


def check(name, source):
    return cell("code", name, source, grade=True, locked=True, points=1)


def grade(answer, *tests, before=(), source=None, **limits):
    """The same of one answer and its tests; `before` are answers that come before it."""
    cells = [solution(f"answer{number}", text) for number, text in enumerate(before)]
    cells.append(solution("answer", answer))
    cells += [check(f"test{number}", text) for number, text in enumerate(tests)]
    return run(cells, [("answer", "answer", source or answer)], **limits)


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


def test_what_a_test_imports_is_there_before_the_submission_is():
    test = """def try_it():
    import sys
    there = "wave" in sys.modules
    from wave import open
    assert there and f()
try_it()"""
    nb, _ = grade("def f():\n    return 1", test)
    assert not failures(nb)


def test_the_answer_does_not_get_to_know_what_the_tests_import():
    test = "def try_it():\n    import netrc\n    assert f() == 'colorsys'\ntry_it()"
    answer = "import sys\nthere = ' '.join({'netrc', 'colorsys'} & {*sys.modules})\n" \
             "def f():\n    import colorsys\n    return there"  # fmt: skip
    cells = [solution("answer", answer), check("test", test)]
    nb, _ = run(cells, [("answer", "answer", answer), ("test", "trusted", test)])
    assert not failures(nb)


def test_imports_are_found_wherever_they_are_and_as_they_are():
    source = "from __future__ import annotations\nfrom . import a\nimport b.c as d\n" \
             "class E:\n    def f(self):\n        from g import h, i"  # fmt: skip
    assert names.imports(source) == {"import b.c as d", "from g import h, i"}


def test_processes_that_were_started_ahead_are_the_first_to_be_used():
    engine.close_all()
    settings = engine.settings({})
    assert settings == ExecuteApart().settings()  # as `course grade` knows them without nbgrader
    for _ in range(2):
        engine.start(2, settings)
    engine.started()
    ahead = [channel for _, channel in engine._ready]
    processes = {engine._all[channel] for channel in ahead}
    nb, _ = grade("def f():\n    return 1", "assert f() == 1")
    assert not failures(nb)
    assert len(ahead) == 2
    assert engine._mine.channel in ahead
    for process in processes:  # a dead one is nobody's loss
        process.kill()
        process.wait()
    nb, _ = grade("def f():\n    return 1", "assert f() == 1")
    assert not failures(nb)
    engine.close_all()
    assert all(process.poll() is not None for process in processes)
    assert not engine._ready


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of children")
def test_processes_that_have_started_as_one_may_die_without_loss():
    engine.close_all()
    engine.start(3, engine.settings({}))
    engine.started()
    (process,) = {engine._all[channel] for _, channel in engine._ready}
    assert len(engine._ready) == 3
    assert not failures(grade("def f():\n    return 1", "assert f() == 1")[0])
    for pid in sandbox.family(process.pid)[1:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for _ in range(3):
        assert not failures(grade("def f():\n    return 1", "assert f() == 1")[0])
    engine.close_all()
    assert not engine._all


def test_processes_that_were_started_for_something_else_are_not_used():
    engine.close_all()
    engine.start(1, engine.settings({"available": []}))
    engine.started()
    ((_, channel),) = engine._ready
    process = engine._all[channel]
    answer = "from course_utils.data import sinusoid\ndef f():\n    return 1"
    nb, _ = grade(answer, "assert f() == 1")
    assert not failures(nb)
    assert process.poll() is not None


def own_words(nb, name="answer"):
    (one,) = (one for one in nb.cells if one["id"] == name)
    return "".join(item.text for item in one.outputs if item.output_type == "stream")


def test_what_an_answer_leaves_in_the_network_no_other_finds():
    if not engine.sandboxed():
        pytest.skip("no sandbox")
    answer = """import os, socket
print(os.readlink('/proc/self/ns/net'))
def f():
    here = socket.create_server(('127.0.0.1', 0))  # with itself it may speak
    socket.create_connection(here.getsockname()).sendall(b'so')
    return here.accept()[0].recv(9)"""
    done = [grade(answer, "assert f() == b'so'")[0] for _ in range(2)]
    assert not any(map(failures, done))
    assert len({os.readlink("/proc/self/ns/net"), *(own_words(nb).strip() for nb in done)}) == 3


def test_what_ends_one_pair_of_processes_ends_no_other():
    def grade_twice():
        if together.wait(10) == 0:
            with pytest.raises(Refused, match="MB are too much"):
                grade("#" + "\U0001f600" * 2**21, "pass")
            engine.bench(settings).send_bytes(HEADER.pack(2**31, 0))  # which no message is
        channels.append(engine.bench(settings))
        return not failures(grade("def f():\n    return 1", "assert f() == 1")[0])

    settings, together, channels = ExecuteApart().settings(), threading.Barrier(2), []
    engine.close_all()
    with rooms.local(2) as (pool, _):
        engine.start(2, settings)
        engine.started()
        (before,) = set(engine._all.values())
        assert all(pool.map(lambda _: grade_twice(), range(2)))
        assert before.poll() is None
        assert before in [engine._all.get(channel) for channel in channels]


def test_a_line_of_another_notebook_is_not_quoted():
    for last in ("assert y == 2", "assert f('SECRET')", "assert y == 2"):
        nb, _ = grade("def f(x):\n    return 1", f"y = f(1)\nz = 1\n{last}")
    (error,) = (item for item in nb.cells[-1].outputs if item.output_type == "error")
    assert "assert y == 2" in "".join(error.traceback)


def test_lines_that_nbgrader_hides_are_hidden_as_python_counts_them():
    source = (
        "s = 'a\u2028b'\ry = 1\n### BEGIN HIDDEN TESTS\nint('x')\rz = 2\r\n### END HIDDEN TESTS"
    )
    assert names.hidden_lines(source) == {3, 4, 5}
    assert names.shown(source) == "s = 'a\u2028b'\ry = 1"


def test_answers_that_are_graded_together_see_no_terminal_of_each_other():
    if not engine.sandboxed():
        pytest.skip("no sandbox")
    opens = "import os, time\nopened = os.openpty()\ntime.sleep(2)\ndef f():\n    return 1"
    looks = "import os, time\nfound = set()\nfor _ in range(20):\n    time.sleep(0.1)\n" \
            "    found |= {*os.listdir('/dev/pts')}\ndef f():\n    return found"  # fmt: skip
    engine.close_all()
    engine.start(2, ExecuteApart().settings())
    with rooms.local(2) as (pool, _):
        one = pool.submit(grade, opens, "assert f() == 1")
        nb, _ = pool.submit(grade, looks, "assert f() == {'ptmx'}, f()").result()
        assert not failures(one.result()[0])
    assert failures(nb) == {}


def test_answers_keep_to_their_core_and_to_themselves():
    if not engine.sandboxed():
        pytest.skip("no sandbox")
    answer = """import ctypes, os
def f():
    found = []
    for refused in (lambda: os.sched_setaffinity(0, range(64)), lambda: open('/proc/1/mem', 'rb')):
        try:
            refused()
        except PermissionError:
            found.append('refused')
    libc = ctypes.CDLL(None, use_errno=True)
    for spaces in (0x10000000, 0x40000000):
        pid = libc.syscall({'x86_64': 56}.get(os.uname().machine, 220), spaces | 17, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        found.append((pid, ctypes.get_errno()))
    return found"""
    nb, _ = grade(answer, "found = f()\nassert found == ['refused'] * 2 + [(-1, 1)] * 2, found")
    assert failures(nb) == {}


def test_what_a_cell_says_is_of_before_the_first_test():
    """Else a process that a test has killed could leave word for a cell of the next."""
    answer = "import os, time\nprint(time.time())\ndef f():\n    time.sleep(1)\n    os._exit(1)"
    nb, lost = grade(answer, "assert f() == 1", "assert True")
    assert "test0" in lost
    assert time.time() - float(own_words(nb)) > 1


def test_memory_that_no_process_holds_is_not_to_be_had():
    if not engine.sandboxed():
        pytest.skip("no sandbox")
    answer = """import ctypes, errno
def f():
    libc, got = ctypes.CDLL(None, use_errno=True), []
    for call in (lambda: libc.semget(0, 9, 0o600), lambda: libc.msgget(0, 0o600),
                 lambda: libc.unshare(0x10000000), lambda: libc.mount(b"x", b"/", b"tmpfs", 0, 0)):
        got.append(call() == -1 and errno.errorcode[ctypes.get_errno()])
    return got"""
    nb, _ = grade(answer, "assert f() == ['EPERM'] * 4, f()")
    assert failures(nb) == {}


@pytest.mark.parametrize("result", ["pd.Series([9.0])", "10 ** 400", "pd.Series([1, 1])"])
def test_no_points_for_what_is_no_number_of_them(result):
    pytest.importorskip("pandas")
    answer = f"import pandas as pd\ndef f():\n    return {result}"
    nb, _ = grade(answer, "import pandas\n1 * f()", source="def f():\n    return 0.5")
    assert failures(nb)


def test_what_is_too_large_to_cross_is_said_to_be():
    answer = "def f(x):\n    return [0.5] * 4_000_000"
    nb, _ = grade(answer, "f(1)", "f('a' * 2**25)")
    said = failures(nb)
    assert said["test0"].startswith("19 MB are too much to hand over")
    assert said["test1"].startswith("32 MB are too much to hand over")


def test_locked_cells_keep_the_order_that_they_had():
    nb = nbformat.from_dict(notebook([check("c", ""), solution("own", ""), check("b", ""),
                                      solution("a", ""), check("d", "")]))  # fmt: skip
    cells = {name: {"cell_type": "code", "source": name,
                    "metadata": {"grade_id": name, "locked": name != "a", "grade": name != "a"}}
             for name in "abcd"}  # fmt: skip
    assert repair(nb, cells) == []
    assert [cell.source for cell in nb.cells] == ["b", "", "c", "", "d"]


def test_a_file_of_cells_without_end_is_not_read():
    for cells in ([{}] * 3000, [{"source": "#" * 5 * 2**20}]):
        with pytest.raises(Unreadable, match="cells with"):
            read_notebook(json.dumps({"cells": cells}).encode())


def test_the_answer_draws_on_from_where_the_test_has_moved_the_generator():
    answer = "import numpy as np\ndef draw():\n    return np.random.normal()"
    test = """np.random.seed(1)
first = [np.random.normal() for _ in range(4)]
np.random.seed(1)
np.random.normal()
assert [draw(), draw()] == first[1:3]  # the test draws nothing in between
np.random.normal()  # which was in store, so that the generator itself stays where it is
assert draw() == first[2]"""
    nb, _ = grade(answer, f"import numpy as np\n{test}")
    assert not failures(nb)


def test_fonts_that_matplotlib_has_found_before_are_not_looked_for_again(tmp_path, monkeypatch):
    if not engine.sandboxed():
        pytest.skip("no sandbox, so nothing is handed in")
    found = font_manager.FontManager()
    found.ttflist.append(dataclasses.replace(found.ttflist[0], name="Known Before"))
    font_manager.json_dump(found, tmp_path / f"fontlist-v{found.__version__}.json")
    (tmp_path / "fontlist-v0.json").symlink_to(tmp_path / "nowhere")  # is no reason to do without
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    engine.close_all()
    answer = "from matplotlib import font_manager\ndef fonts():\n" \
             "    return [font.name for font in font_manager.fontManager.ttflist]"  # fmt: skip
    nb, _ = grade(answer, "assert fonts()[-1] == 'Known Before'")
    engine.close_all()
    assert not failures(nb)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux keeps to a core")
def test_each_pair_of_processes_keeps_to_a_core_of_its_own_where_there_are_enough():
    all_cores = os.sched_getaffinity(0)
    cores = set(sorted(all_cores)[:2])
    say = "import os\nprint(sorted(os.sched_getaffinity(0)))"

    def kept(_):
        together.wait(10)
        nb, _ = grade(f"{say}\ndef f():\n    pass", f"f()\n{say}")
        return [own_words(nb), own_words(nb, "test0")]

    os.sched_setaffinity(0, cores)
    try:
        for jobs in (len(cores), len(cores) + 1):
            together = threading.Barrier(jobs)
            engine.start(jobs, ExecuteApart().settings())
            with rooms.local(jobs) as (pool, _):
                found = sorted(pool.map(kept, range(jobs)))
            alone = [[f"[{core}]\n"] * 2 for core in sorted(cores)]
            assert found == (alone if jobs == len(cores) else [[f"{sorted(cores)}\n"] * 2] * jobs)
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


def hidden(source):
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


CODED = """class Refused(Exception):
    def __init__(self, code):
        super().__init__(f"refused: {code}")
        self.code = code
def f():
    raise Refused(404)"""
COUNTED = """import functools
def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)
    wrapper.calls = 0
    return wrapper"""
MEMO = """def memo(function):
    known = {}
    def wrapper(n):
        if n not in known:
            known[n] = function(n)
        return known[n]
    return wrapper"""
POINT = """class Point:
    def __init__(self, x):
        self.x = x
    def __eq__(self, other):
        return isinstance(other, Point) and self.x == other.x
    def __len__(self):
        return 2"""


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        (CODED, "try:\n    f()\nexcept Refused as e:\n    assert e.code == 404, str(e)"),
        (COUNTED, "@counted\ndef add(x, y):\n    'Sum.'\n    return x + y\n"
                  "assert add(1, 2) == 3 and add.__name__ == 'add' and add.__doc__ == 'Sum.'"),
        (MEMO, "@memo\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
               "assert fib(50) == 12586269025"),
        (POINT, "assert Point(1) != None and Point(1) != 'a' and not (Point(1) == (1,))"),
        (POINT, "assert hasattr(Point, '__len__') and not hasattr(Point, '__iter__')\n"
                "from collections import abc\nassert isinstance(Point(1), abc.Sized)\n"
                "assert not isinstance(Point(1), abc.Iterable)"),
        ("def f(x):\n    return x + 1", "assert 'f' in globals()\nassert globals()['f'](1) == 2"),
        ("def f(x):\n    return x + 1", "import numpy as np\n"
                                       "assert list(np.vectorize(f)([1, 2])) == [2, 3]"),
        ("def f(graph):\n    return graph[1].keys()", "assert f({1: {2: 3}}) == {2}"),
        ("def f(graph):\n    return len(graph)",
         "assert f({i: [i + 1] for i in range(20_000)}) == 20_000"),
        ("import datetime, uuid\ndef f():\n    return datetime.time(7), uuid.UUID(int=3)",
         "import datetime, uuid\nassert f() == (datetime.time(7), uuid.UUID(int=3))"),
        ("n, seen = 0, []\ndef f():\n    global n\n    n += 1\n    seen.append(n)",
         "f()\nf()\nassert n == 2 and seen == [1, 2]\nn = 7\nf()\nassert n == 7"),
    ],
)  # fmt: skip
def test_what_courses_do_is_graded_as_anywhere(answer, test):
    nb, lost = grade(answer, test)
    assert (failures(nb), lost) == ({}, {})


def test_a_list_that_holds_itself_may_be_kept_for_the_tests_of_later_answers():
    answer = "def f():\n    x = [1]\n    x.append(x)\n    return x"
    cells = [
        solution("answer", answer),
        check("test0", "x = f()\nassert x[0] == 1"),
        solution("later", "def g():\n    return 1"),
        check("test1", "assert x[1] is x and g() == 1"),
    ]
    nb, lost = run(cells, [("answer", "answer", answer), ("later", "answer", "def g(): ...")])
    assert (failures(nb), lost) == ({}, {})


def test_a_class_that_is_the_answers_passes_for_what_the_course_gave_it_to_inherit():
    base = "import abc\nclass Shape(abc.ABC):\n    @abc.abstractmethod\n    def area(self): ..."
    answer = "class Square(Shape):\n    def area(self):\n        return 9"
    cells = [
        cell("code", "base", base, locked=True),
        solution("answer", answer),
        check("test", "assert isinstance(Square(), Shape) and Square().area() == 9"),
    ]
    nb, _ = run(cells, [("base", "trusted", base), ("answer", "answer", answer)])
    assert failures(nb) == {}


WHOLE = "### BEGIN SOLUTION\ndef f(x):\n    return x + 1\n### END SOLUTION"
PART = "def g(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"


@pytest.mark.parametrize("wrong", ["def f(x):\n    return 99", "pass"])
@pytest.mark.parametrize("source", [WHOLE, PART + WHOLE])
def test_a_function_that_the_solution_holds_whole_is_the_students(wrong, source):
    assert list(failures(grade(wrong, "assert f(1) == 2", source=source)[0])) == ["test0"]


def test_a_function_that_students_are_given_whole_is_the_instructors():
    source = f"def f(x):\n    return x + 1\n{PART}"
    answer = "def f(x):\n    return 99\ndef g(x):\n    return x"
    assert failures(grade(answer, "assert f(g(1)) == 2", source=source)[0]) == {}


def test_what_a_test_catches_is_not_counted_among_what_was_printed():
    printed = ["print('x' * 3 * 10**6)"] * 2
    test = ("import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as said:\n"
            "    f()\nassert said.getvalue() == 'found\\n'")  # fmt: skip
    nb, _ = grade("def f():\n    print('found')", test, before=printed)
    assert failures(nb) == {}


def test_a_cleared_output_is_no_output():
    answer = "from IPython.display import clear_output\ndef f(x):\n    clear_output()\n    return x"
    nb, _ = grade(answer, "assert f(1) == 1")
    nbformat.validate(nb)
    assert failures(nb) == {}


FLOOD = """import gc
import course_utils.grading.answers as a
line = [one for one in gc.get_objects() if isinstance(one, a.OneVoice)][0]
line.send(['output', {'output_type': 'stream', 'name': 'stdout', 'text': 'x' * SIZE}])
"""
CARETS = """import course_utils.grading.answers as a
def describe(self, error, encoder):
    found = self.describe(SyntaxError, encoder), a.lineage(SyntaxError)
    return [*found, encoder.encode(['m', ('f', 1, 1, 't', 1, 9 * 10**6)]), [], encoder.encode({})]
a.Answer.describe_exception = describe
def f(x):
    raise SyntaxError
"""


@pytest.mark.parametrize("before", [[f"SIZE = {size}\n{FLOOD}" for size in
                                     (3 * 10**6, 16 * 2**20 - 200)], []])  # fmt: skip
def test_a_flood_of_outputs_costs_nobody_else_anything(before):
    grade(CARETS, "f(1)", "f(2)", "f(3)", before=before)
    for _ in range(3):
        nb, lost = grade("def f(x):\n    return x", "assert f(1) == 1")
        assert (failures(nb), lost) == ({}, {})


KEPT = """class Stack:
    def __init__(self):
        self.items = []
    def push(self, x):
        print('ARGUMENT', x)
        self.items.append(x)"""


def test_nothing_is_told_by_an_object_that_an_earlier_test_has_kept():
    nb, _ = grade(KEPT, "s = Stack()\ns.push(1)", hidden("s.push(4242)\nassert s.items[1] == 4242"))
    assert "4242" not in json.dumps(nb.cells[0])
    assert "ARGUMENT 1" in json.dumps(nb.cells[0])
    assert failures(nb) == {}


def test_nothing_is_told_of_a_hidden_test_among_the_students_names():
    answer = "def f(x):\n    print(get_ipython().user_ns['In'][-2:])\n    return x"
    forgeable = f"# grader: in the answer's own process\n{hidden('assert f(4242) == 4242')}"
    nb, _ = grade(answer, forgeable, "assert f(1) == 1")
    assert "4242" not in json.dumps([nb.cells[0], nb.cells[2]])


def test_hidden_tests_are_known_by_the_courses_own_words():
    answer = "def f(x):\n    print('ARGUMENT', x)\n    return x"
    secret = "### BEGIN SECRET\nassert f(4242) == 4242\n### END SECRET"
    nb, _ = grade(answer, "assert f(1) == 1", secret, hidden_tests=["BEGIN SECRET", "END SECRET"])
    assert "ARGUMENT 1" in json.dumps(nb.cells[0])
    assert "4242" not in json.dumps(nb.cells[0])


def test_a_second_crash_takes_nothing_back():
    answer = ("import os\nn = 0\ndef inc():\n    global n\n    n += 1\ndef total():\n"
              "    return n\ndef crash():\n    os._exit(1)")  # fmt: skip
    nb, _ = grade(answer, "inc()", "crash()", "crash()", "assert total() == 1")
    assert set(failures(nb)) == {"test1", "test2"}


def test_objects_that_tests_keep_do_not_use_up_the_answers_processes():
    answer = "import os\ndef crash():\n    os._exit(1)\n" + "\n".join(
        f"class C{k}:\n    def get(self):\n        return {k}" for k in range(30)
    )
    tests = [f"c = C{k}()\nassert c.get() == {k}" for k in range(30)]
    nb, lost = grade(answer, "crash()", *tests, processes=8)
    assert set(failures(nb)) == set(lost) == {"test0"}


def test_a_file_that_a_test_writes_is_there_for_the_answer():
    answer = "def f(name):\n    with open(name) as file:\n        return file.read().split()"
    test = "with open('n.txt', 'w') as file:\n    file.write({!r})\nassert f('n.txt') == {}"
    away = f"import os\nos.chdir('/etc')\n{test.format('', [])}".replace("'n.txt'", "'passwd'")
    nb, _ = grade(answer, away.replace("open('passwd', 'w')", "open(os.devnull, 'w')"))
    assert "FileNotFoundError" in json.dumps(nb.cells[1])
    dies = "import os, threading\ndef f():\n    threading.Timer(0.2, os._exit, [1]).start()"
    late = ("import time\nf()\ntime.sleep(0.6)\nopen('n.txt', 'w').close()\n"
            "try:\n    f()\nexcept OSError:\n    pass")  # fmt: skip
    assert list(failures(grade(dies, late)[0])) == ["test0"]
    nb, lost = grade(answer, test.format("1 2", ["1", "2"]), test.format("33", ["33"]))
    assert (failures(nb), lost) == ({}, {})


def test_no_file_of_an_answers_takes_the_place_of_the_courses(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/given.csv").write_text("1")
    (tmp_path / "given.csv").write_text("1")
    beside = Beside(str(tmp_path))
    (tmp_path / "away").symlink_to("/tmp")
    (tmp_path / "mine.txt").write_text("a")
    assert beside.news() == {"mine.txt": b"a"}
    for name in ("given.csv", "./given.csv", "GIVEN.csv", "data/given.csv", "x/../given.csv",
                 "a.py", "../a.txt", "/tmp/a.txt", "away/a.txt", "a.pkl", "a", "a.txt.py",
                 "a\0.txt", "", "/", "data/../a.txt", "numpy/__init__.py"):  # fmt: skip
        assert not beside.take({name: b"2"}), name
        assert not beside.take({name: None}), name
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "away", "data", "given.csv", "given.csv", "mine.txt"]  # fmt: skip
    assert (tmp_path / "given.csv").read_text() == "1"
    assert not beside.take({"new/b.txt": b"2", "c.txt": b"3"})
    assert not beside.take({"c.txt": b"4"})
    assert beside.take({"mine.txt": b"b"})  # and this is noted
    (tmp_path / "mine.txt").write_text("cd")
    assert beside.news() == {"mine.txt": b"cd"}
    assert beside.take({"mine.txt": None})
    assert beside.news() == {}
    assert not (tmp_path / "mine.txt").exists()
    big = bytes(files.MAX_FILE)
    for number in range(6):
        beside.take({f"{number}.dat": big})
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.dat")) < files.MAX_ALL


@pytest.mark.parametrize(
    "read", ["pickle.load(open(p, 'rb'))", "np.load(p, allow_pickle=True)[()]"]
)
def test_a_file_of_an_answers_is_not_unpickled(read):
    answer = """import os, pickle, numpy as np
class Run:
    def __reduce__(self):
        return os.mkdir, ("ran",)
def save(path):
    with open(path, "wb") as file:
        if path.endswith("y"):
            np.save(file, np.array(Run(), object), allow_pickle=True)
        else:
            pickle.dump(Run(), file)"""
    test = f"""import os, pickle, numpy as np
assert pickle.loads(pickle.dumps(np.ones(2))).sum() == 2
for p in ("a.dat", "a.npy"):
    save(p)
    assert os.path.getsize(p) > 20
    try:
        {read}
    except (PermissionError, ValueError, pickle.UnpicklingError):
        pass
    else:
        raise AssertionError
    assert not os.path.exists("ran")"""
    nb, _ = grade(answer, f"import warnings\nwarnings.simplefilter('ignore')\n{test}")
    assert failures(nb) == {}


def test_a_mock_in_the_place_of_a_function_of_the_notebook_is_asked():
    answer = "def helper():\n    return 1\ndef f():\n    with open('x') as file:\n" \
             "        return file.read() + str(helper())"  # fmt: skip
    test = """from unittest.mock import mock_open, patch
with patch("__main__.helper", return_value=5), patch("__main__.open", mock_open(read_data="a")):
    assert f() == "a5"
try:
    f()
except FileNotFoundError:
    pass
else:
    raise AssertionError"""
    nb, _ = grade(answer, test)
    assert failures(nb) == {}


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\nx + 1", "x = 1\nx + 1;", "x = 1\nx;  # is 1", "x = 1\nx == 1",
        "x = 'a'\nx", "x = 1\nNone",
        "print(1)\ndef f():\n    return g()\ndef g():\n    return 1 / 0\nf()",
        "x = 1\n!true\nx", "import numpy as np\nnp.ones(3) / 3",
        "import asyncio\nawait asyncio.sleep(0, 7)", "class C:\n    a = [1]\n    b = a\n\n\nC.b",
        "# nothing\n\n", "def f(x: Undefined):\n    pass\nf(1)",
        "from __future__ import annotations\ndef f(x: Undefined):\n    return x\nf(1)",
    ],
)  # fmt: skip
def test_a_test_says_what_it_says_in_ipython(source):
    shell, said = Shell.start(), []

    def outcome(run):
        said.clear()
        shell.emit = said.append
        failure = run(source, "test")
        for item in said:
            item.pop("execution_count", None)
        return [type(failure), repr(shell.value), *said]

    sys.stdout, stdout = shell.out, sys.stdout
    try:
        trusted = outcome(shell.run_trusted)
        assert trusted == outcome(shell.run)
    finally:
        sys.stdout = stdout
        shell.compile.reset_compiler_flags()


def test_of_a_test_s_object_a_library_s_part_is_out_of_reach(tmp_path):
    """It could write a file, outside of any sandbox."""
    space = {"__name__": "__main__", "MaskedArray": np.ma.MaskedArray}
    exec("class Mine(MaskedArray):\n    def total(self):\n        return self.sum()", space)
    mine = np.ma.MaskedArray([1, 2]).view(space["Mine"])
    assert line.is_made_by_test(mine)
    assert line.reach(mine, "getattr", "total")() == 3
    for name in ("tofile", "dump", "data", "_data", "__class__", "total.__globals__", 5):
        with pytest.raises(AttributeError):
            line.reach(mine, "getattr", name)
    for name in ("total", "tofile", "_data", "__class__"):
        with pytest.raises(AttributeError):
            line.reach(mine, "setattr", name, 1)
