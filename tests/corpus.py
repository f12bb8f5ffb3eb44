# ruff: noqa: E501  (a student's cell is one line here)
# fmt: off
"""Submissions that a grader must survive: honest faults and attacks, each with its right score.

`SUBMISSIONS` maps a name to an `Entry`. Whatever an entry does not change is answered rightly, and
whatever its `lost` does not name has to get full points. To add a submission is to add an entry.
"""

import copy
import json
from typing import NamedTuple

from conftest import cell, notebook

SECRETS = ("HIDDEN-TEST-7", "SOLUTION-7", "CLASSMATE-7")


def solved(name, head, body):
    source = f"{head}\n    ### BEGIN SOLUTION\n    {body}  # SOLUTION-7\n    ### END SOLUTION"
    return cell("code", name, source, solution=True)


def checked(name, points, visible, hidden=""):
    hidden = hidden and f"\n### BEGIN HIDDEN TESTS\n'HIDDEN-TEST-7'\n{hidden}\n### END HIDDEN TESTS"
    return cell("code", f"test_{name}", visible + hidden, grade=True, locked=True, points=points)


COURSE = notebook([
    cell("markdown", "title", "# Everything"),
    cell("code", "imports", "import math\nimport numpy as np", locked=True),
    cell("code", "helpers", "import random\nfrom math import *\n\ndef close(a, b):\n    return np.allclose(a, b)"),
    solved("square", "def square(x):", "return x * x"),
    checked("square", 1, "assert square(3) == 9", "assert abs(square(1.5) - 2.25) < 1e-12"),
    solved("mean", "def mean(x):", "return np.sum(x) / len(x)"),
    checked("mean", 2, "assert close(mean([1, 4]), 2.5)\nassert mean(np.ones(3)) == 1",
            "values = np.arange(5.0)\nassert np.isclose(mean(values), values.mean())"),
    solved("scale", "def scale(x, factor):", "x[:] = [factor * item for item in x]"),
    checked("scale", 1, "x = [1, 2]\nscale(x, 3)\nassert x == [3, 6]",
            "y = np.ones(3)\nz = y\nscale(z, 2.0)\nassert (y == 2).all()"),
    solved("adder", "def adder(n):", "return lambda x: x + n"),
    checked("adder", 1, "assert adder(2)(3) == 5",
            "add = adder(10)\nassert [add(k) for k in range(3)] == [10, 11, 12]"),
    solved("stack", "class Stack:\n    def __init__(self):\n        self.items = []\n\n"
           "    def push(self, item):\n        self.items.append(item)\n\n"
           "    def __len__(self):\n        return len(self.items)\n\n"
           "    def __eq__(self, other):\n        return self.items == other.items\n\n"
           "    def pop(self):", "    return self.items.pop()"),
    checked("stack", 2, "s = Stack()\ns.push(1)\ns.push('two')\nassert len(s) == 2\n"
            "assert s.pop() == 'two'\nassert s.items == [1]",
            "s.pop()\ntry:\n    s.pop()\nexcept IndexError:\n    pass\nelse:\n"
            "    raise AssertionError('popped from an empty stack')\nassert s == Stack()"),
    solved("draw", "def draw(n, rng=None):", "return rng.random(n) if rng else np.random.rand(n)"),
    checked("draw", 1, "np.random.seed(1)\na = draw(3)\nnp.random.seed(1)\n"
            "assert np.allclose(a, np.random.rand(3))",
            "rng = np.random.default_rng(4)\na, b = draw(2, rng), draw(2, rng)\n"
            "assert np.allclose([*a, *b], np.random.default_rng(4).random(4))"),
    solved("share", "def share(k):", "return k / 4"),
    checked("share", 3, "passed = sum(share(k) == k / 4 for k in (1, 2, 3))\nfloat(passed)"),
    solved("root", "def root(x):", "return math.sqrt(x)"),
    checked("root", 1, "assert root(4) == 2\ntry:\n    root(-1)\nexcept ValueError as error:\n"
            "    assert str(error)\nelse:\n    raise AssertionError('expected a ValueError')"),
    solved("apply", "def apply(function, values):", "return [function(v) for v in values]"),
    checked("apply", 1, "assert apply(abs, [-1, 2]) == [1, 2]",
            "assert apply(lambda v: 2 * v, (1, 2)) == [2, 4]\nassert apply(np.exp, [0.0]) == [1.0]"),
    solved("answer", "if True:", "answer = [1, {'two': (2, 2.0)}, {3}, None, 4j, b'five', 'six']"),
    checked("answer", 1, "assert answer == [1, {'two': (2, 2.0)}, {3}, None, 4j, b'five', 'six']"),
    # What tests do in ordinary courses, besides calling functions with data.
    cell("code", "classes", "import collections\nimport dataclasses\nimport enum\n\n\nclass Node:\n"
         "    def __init__(self, value, rest=None):\n        self.value, self.rest = value, rest\n\n"
         "    def __len__(self):\n        return 1 + (len(self.rest) if self.rest else 0)\n\n\n"
         "@dataclasses.dataclass\nclass Point:\n    x: float\n    y: float\n\n\n"
         "Pair = collections.namedtuple('Pair', 'a b')\nColour = enum.Enum('Colour', 'RED BLUE')",
         locked=True),
    solved("push", "def push(head, value):", "return Node(value, head)"),
    checked("push", 1, "head = push(push(None, 1), 2)\nassert isinstance(head, Node)\n"
            "seen, node = [], head\nwhile node:\n    seen.append(node.value)\n    node = node.rest\n"
            "assert seen == [2, 1]", "old = Node(7, Node(8))\nassert push(old, 6).rest is old\n"
            "assert len(push(old, 6)) == 3"),
    solved("mirror", "def mirror(thing):", "return Point(thing.y, thing.x) if "
           "isinstance(thing, Point) else Pair(thing.b, thing.a)"),
    checked("mirror", 1, "assert mirror(Point(1, 2)) == Point(2, 1)",
            "assert mirror(Pair(Colour.RED, 2)) == Pair(2, Colour.RED)\n"
            "assert mirror(Pair(1, 2))._fields == ('a', 'b')"),
    solved("greet", "def greet():", "print('Hello,', input('Who? '))"),
    checked("greet", 1, "import contextlib\nimport io\nfrom unittest import mock\n\n"
            "said = io.StringIO()\nwith mock.patch('builtins.input', return_value='Ada'), "
            "contextlib.redirect_stdout(said):\n    greet()\n"
            "assert said.getvalue() == 'Hello, Ada\\n'"),
    solved("walk", "def step(x):\n    return x + 2\n\n\ndef walk(n):",
           "return [step(k) for k in range(n)]"),
    checked("walk", 1, "assert walk(3) == [2, 3, 4]\nkept = step\ndel step\ntry:\n"
            "    walk(2)\nexcept NameError:\n    pass\nelse:\n"
            "    raise AssertionError('walk is to use step')\nfinally:\n    step = kept\n"
            "assert walk(2) == [2, 3]"),
    solved("interval", "def length(interval):\n    return interval.high - interval.low\n\n\n"
           "class Interval:\n    def __init__(self, low, high):\n"
           "        self.low, self.high = low, high\n\n"
           "    def __lt__(self, other):\n        return self.high < other.low\n\n"
           "    def __hash__(self):\n        return hash(self.low)\n\n"
           "    def __eq__(self, other):\n        return vars(self) == vars(other)\n\n"
           "    def __iadd__(self, shift):\n        self.low += shift\n        self.high += shift\n"
           "        return self\n\n    def __enter__(self):\n        return self\n\n"
           "    def __exit__(self, kind, error, _):\n        return kind is ZeroDivisionError\n\n"
           "    def __contains__(self, x):", "    return self.low <= x <= self.high"),
    checked("interval", 2, "i, j = Interval(0, 1), Interval(2, 3)\nassert 0.5 in i and 2 not in i\n"
            "assert i < j and j > i and i != j and i == Interval(0, 1)\n"
            "with i as k:\n    1 / 0\nassert k is i and length(j) == 1",
            "assert len({i, Interval(0, 1), j}) == 2 and i\ni += 2\nassert i == j\n"
            "assert type(i).__name__ == 'Interval'"),
    solved("small", "def small(numbers):", "return [n for n in numbers if n < 4]"),
    checked("small", 1, "assert 3 in small(range(9)) and small(iter([5, 2])) == [2]",
            "with Interval(0, 1):\n    assert len(small([1, 2, 9])) == 2\n"
            "records = np.array([(1, 2.0), (3, 4.0)], [('a', int), ('b', float)])\n"
            "assert small(records['b']) == [2.0]"),
    solved("level", "def close_enough(a, b):\n    return abs(a - b) < 1e-9\n\n\ndef level(x):",
           "return math.fsum(x) / len(x)"),
    checked("level", 1, "assert close_enough(level([1, 2]), 1.5)\nassert j.low == 2  # of above",
            "np.testing.assert_allclose(level(np.arange(6.0)), fsum(range(6)) / 6)"),
    solved("lines", "def lines(path: str, *, end='\\n'):", "for line in open(path):\n        "
           "yield line.rstrip(end)"),
    checked("lines", 1, "import inspect\nassert inspect.isgeneratorfunction(lines)\n"
            "assert list(inspect.signature(lines).parameters) == ['path', 'end']\n"
            "try:\n    next(lines('nowhere.txt'))\nexcept FileNotFoundError:\n    pass\nelse:\n"
            "    raise AssertionError('there is no such file')",
            "assert lines.__annotations__ == {'path': str} and iter(lines('x')) is not None"),
    cell("code", "stock", "stock = {}", locked=True),
    solved("record", "def record(thing, n):", "stock[thing] = stock.get(thing, 0) + n"),
    checked("record", 1, "record('pear', 2)\nassert stock == {'pear': 2}",
            "record('pear', 1)\nassert stock['pear'] == 3"),
    solved("vector", "TOLERANCE = 1e-9\n\n\nclass Vector:\n    def __init__(self, x):\n"
           "        self.x = x\n\n    @classmethod\n    def unit(cls):\n        return cls(1.0)\n\n"
           "    def __sub__(self, other):\n        return Vector(self.x - other.x)\n\n"
           "    def __mul__(self, k):\n        return Vector(self.x * k)\n\n"
           "    def __abs__(self):", "    return max(self.x, -self.x)"),
    checked("vector", 2, "assert abs(Vector(3) - Vector(5)) == 2",
            "assert abs(abs(Vector.unit() * -4) - 4) < TOLERANCE"),
    solved("parse", "class Unreadable(Exception):\n    pass\n\n\nclass Empty(Unreadable):\n    pass\n"
           "\n\ndef parse(text):", "import json\n    if not text:\n        raise Empty('no text')\n"
           "    return json.loads(text)"),
    checked("parse", 1, "import json\nassert parse('[1]') == [1]\ntry:\n    parse('')\n"
            "except Unreadable as error:\n    assert type(error) is Empty and str(error) == 'no text'\n"
            "else:\n    raise AssertionError('there is nothing to read')",
            "try:\n    parse('{')\nexcept json.JSONDecodeError as error:\n    assert error.pos == 1\n"
            "else:\n    raise AssertionError('that is no JSON')"),
    cell("markdown", "essay", "Write here.", grade=True, solution=True, points=5),
])  # fmt: skip

COURSE_VECTOR = next(c["source"] for c in COURSE["cells"] if c["id"] == "vector")
POINTS = {
    cell["metadata"]["nbgrader"]["grade_id"].removeprefix("test_"):
        cell["metadata"]["nbgrader"]["points"]
    for cell in COURSE["cells"] if cell["metadata"].get("nbgrader", {}).get("locked")
    and cell["metadata"]["nbgrader"]["grade"]
}  # fmt: skip


class Entry(NamedTuple):
    """A submission: what is done to the right one, and what it costs."""

    edits: dict | None  # cell's name → new source; or see `change`
    lost: dict  # exercise → score, where it is not full
    kind: str  # "honest" or "attack"
    note: str
    change: object = None  # function that changes the notebook, or makes bytes of it
    files: dict | None = None  # what lies beside the notebook
    confined: bool = False  # whether it may be tried in a sandbox only


SUBMISSIONS = {}


def add(kind, name, note, lost=(), change=None, files=None, confined=False, **edits):
    lost = dict.fromkeys([lost], 0) if isinstance(lost, str) else dict(lost)
    SUBMISSIONS[name] = Entry(edits, lost, kind, note, change, files, confined)


def honest(*args, **keywords):
    add("honest", *args, **keywords)


def attack(*args, **keywords):
    add("attack", *args, **keywords)


def build(entry, release):
    """The bytes of the notebook that is handed in."""
    nb = copy.deepcopy(release)
    right = {c["id"]: c["source"] for c in COURSE["cells"]}
    for one in nb["cells"]:
        name = one["id"]
        if one["metadata"].get("nbgrader", {}).get("solution") and name != "essay":
            one["source"] = right[name].replace("  # SOLUTION-7", "")
        if name in entry.edits:
            one["source"] = entry.edits[name]
    extra = [name for name in entry.edits if name not in right]
    assert not extra, f"no such cells: {extra}"
    if entry.change:
        changed = entry.change(nb)
        if isinstance(changed, (bytes, type(None))):
            return changed if changed is not None else json.dumps(nb).encode()
    return json.dumps(nb).encode()


def find(nb, name):
    return next(one for one in nb["cells"] if one["id"] == name)


def insert(position, source):
    """Add a cell of the student's own before the cell of that name."""

    def change(nb):
        at = nb["cells"].index(find(nb, position))
        extra = cell("code", f"own_{at}", source)
        nb["cells"].insert(at, extra)

    return change


def meta(name, **values):
    def change(nb):
        find(nb, name)["metadata"]["nbgrader"].update(values)

    return change


def strip(nb):
    for one in nb["cells"]:
        one["metadata"] = {}


def strip_with_ids(nb):
    for number, one in enumerate(nb["cells"]):
        one["metadata"], one["id"] = {}, f"c{number}"


def remove(*names):
    def change(nb):
        nb["cells"] = [one for one in nb["cells"] if one["id"] not in names]

    return change


def duplicate(name, **values):
    def change(nb):
        twin = copy.deepcopy(find(nb, name))
        twin["id"] += "-copy"
        twin.update(values)
        nb["cells"].insert(nb["cells"].index(find(nb, name)) + 1, twin)

    return change


NOTHING = dict.fromkeys(POINTS, 0)
LOOP = "while True:\n    pass"
STUBBORN = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"

# -- controls
honest("right", "every answer is right")
honest("untouched", "nothing was answered", NOTHING,
       change=lambda nb: [one.update(source="raise NotImplementedError()") for one in nb["cells"]
                          if one["metadata"].get("nbgrader", {}).get("solution")
                          and one["id"] != "essay"] and None)
honest("wrong", "one wrong answer", "square", square="def square(x):\n    return 2 * x")

# -- honest faults: text on the way
honest("warns", "a warning on stderr", square="import warnings\ndef square(x):\n"
       "    warnings.warn('slow')\n    return x * x")
honest("prints", "prints and writes to stderr", square="import sys\ndef square(x):\n"
       "    print(x, file=sys.stderr)\n    print(x)\n    return x * x")
honest("numpy_warns", "NumPy warns of a division", mean="def mean(x):\n"
       "    np.array([1.0]) / 0\n    return np.sum(x) / len(x)")
honest("logs", "logging to stderr", square="import logging\ndef square(x):\n"
       "    logging.warning('%s', x)\n    return x * x")

# -- honest faults: not coming back
honest("loop_call", "a call never ends", "mean", mean=f"def mean(x):\n    {LOOP}".replace(
    "\n    pass", "\n        pass"))
honest("loop_cell", "a cell never ends, after its definition",
       square=f"def square(x):\n    return x * x\n{LOOP}")
honest("loop_own", "a cell of the student's own never ends", change=insert("mean", LOOP))
honest("loop_in_c", "a loop inside NumPy", "mean",
       mean="def mean(x):\n    return sum(iter(int, 1))")
honest("exit_cell", "sys.exit() in a cell", change=insert("mean", "import sys; sys.exit(0)"))
honest("quit_cell", "quit() in a cell", change=insert("mean", "quit()"))
honest("exit_call", "sys.exit() in a function", "square",
       square="import sys\ndef square(x):\n    sys.exit(0)")
honest("quit_call", "quit() in a function", "square", square="def square(x):\n    quit()")
honest("os_exit_cell", "os._exit in a cell", change=insert("mean", "import os; os._exit(0)"))
honest("os_exit_call", "os._exit in a function", "mean",
       mean="import os\ndef mean(x):\n    os._exit(0)")
honest("segfault_cell", "a crash in C", change=insert("mean", "import ctypes; ctypes.string_at(0)"))
honest("segfault_call", "a crash in C, in a call", "mean",
       mean="import ctypes\ndef mean(x):\n    return ctypes.string_at(0)")
honest("recursion", "endless recursion", "square",
       square="def square(x):\n    return square(x)")
honest("recursion_in_c", "recursion deeper than the C stack", "square",
       square="import sys\nsys.setrecursionlimit(10**9)\ndef square(x):\n"
       "    return eval('square(x)', globals(), {'x': x})")
honest("memory", "asks for more memory than there is", "mean",
       mean="def mean(x):\n    return np.zeros(10**12)")
honest("memory_list", "a list that never stops growing", "mean", confined=True,
       mean="def mean(x):\n    y = [0]\n    while True:\n        y += y")
honest("input_cell", "asks for input", change=insert("mean", "name = input('Name? ')"))
honest("input_call", "asks for input in a function", "square",
       square="def square(x):\n    return float(input()) ** 2")
honest("sleep", "sleeps in a function", "mean",
       mean="import time\ndef mean(x):\n    time.sleep(60)")
honest("prints_forever", "prints without end", change=insert("mean",
       "while True:\n    print('x' * 1000)"))
honest("raises_cell", "a cell raises", change=insert("mean", "1 / 0"))
honest("syntax", "a cell does not parse", "square", square="def square(x)\n    return x * x")
honest("system_exit_class", "raises a class of its own from BaseException", "square",
       square="class Stop(BaseException): pass\ndef square(x):\n    raise Stop()")

# -- honest faults: names and state
honest("shadows_sum", "a builtin is shadowed", change=insert("mean", "sum = 3\nlen_ = len\nabs = 1"))
honest("shadows_np", "np is something else when two of its own functions need it",
       {"mean": 0, "draw": 0}, change=insert("test_mean", "np = None"))
honest("shadows_helper", "the course's helper is overwritten",
       change=insert("test_square", "close = 3\nrandom = None"))
honest("seeds", "seeds the global generator", change=insert("test_draw", "np.random.seed(9)"))
honest("not_defined", "the function has another name", "square",
       square="def sqare(x):\n    return x * x")
honest("returns_nothing", "forgets to return", "square", square="def square(x):\n    x * x")
honest("returns_array", "an array for a list is compared as NumPy does", "apply",
       apply="def apply(function, values):\n    return np.array([function(v) for v in values])")
honest("mutates", "changes its argument", "mean",
       mean="def mean(x):\n    x[0] = 0\n    return np.sum(x) / len(x)")
honest("generator", "returns a generator for a list", "apply",
       apply="def apply(function, values):\n    return (function(v) for v in values)")
honest("subclasses", "a named tuple, a Counter and numbers of NumPy's",
       square="def square(x):\n    return np.float64(x) * x",
       answer="from collections import OrderedDict\nanswer = [np.int64(1), "
       "OrderedDict(two=(2, 2.0)), {3}, None, 4j, b'five', 'six']")
honest("recursive", "a recursive function", square="def square(x):\n"
       "    return 0 if x == 0 else square(x - 1) + 2 * x - 1 if x == int(x) else x * x")
honest("decorated", "a cache on a function",
       square="import functools\n@functools.cache\ndef square(x):\n    return x * x")
honest("callable_object", "an object with __call__ for a function",
       adder="class adder:\n    def __init__(self, n): self.n = n\n"
       "    def __call__(self, x): return x + self.n")
honest("custom_error", "an exception of its own below ValueError",
       root="class Negative(ValueError): pass\ndef root(x):\n    if x < 0:\n"
       "        raise Negative('negative')\n    return math.sqrt(x)")
honest("partial", "two of three parts", {"share": 2.0},
       share="def share(k):\n    return k / 4 if k < 3 else 0")
honest("own_record", "a record of its own under the name of the course's", "record",
       record="stock = []\ndef record(thing, n):\n    stock.append((thing, n))")
honest("sets", "objects of its own in a set, which it gives", "small", small="class Number:\n"
       "    def __init__(self, n): self.n = n\ndef small(numbers):\n    return {Number(n) for n in numbers}")
honest("group", "an exception that is a group of others", "parse", parse="import json\n"
       "class Unreadable(Exception): pass\nclass Empty(Unreadable): pass\ndef parse(text):\n    if not text:\n"
       "        raise ExceptionGroup('two', [Empty('no text'), ValueError(1)])\n    return json.loads(text)")
honest("wrong_class", "an error of the right family, and of the wrong class", "parse", parse="import json\n"
       "class Unreadable(Exception): pass\nclass Empty(Unreadable): pass\ndef parse(text):\n    if not text:\n"
       "        raise Unreadable('no text')\n    return json.loads(text)")
honest("one_raises", "partial credit, but one call raises", "share",
       share="def share(k):\n    return k / 4 if k < 3 else 1 / 0")
honest("plots", "plots, shows HTML and a picture", change=insert("mean",
       "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"))
honest("magics", "magics", change=insert("mean", "%matplotlib inline\n%timeit -n1 -r1 1\n!echo hi"))
honest("bash_magic", "a script magic", change=insert("mean", "%%script bash\necho hi\nexit 3"))
honest("threads", "a thread that goes on", change=insert("mean",
       "import threading, time\ndef go():\n    while True: time.sleep(0.01); print('tick')\n"
       "threading.Thread(target=go, daemon=True).start()"))
honest("pool", "a pool of processes", square="import multiprocessing\ndef double(x): return x * x\n"
       "def square(x):\n    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
       "        return pool.map(double, [x])[0]")
honest("awaits", "await at the top level", change=insert("mean",
       "import asyncio\nawait asyncio.sleep(0)"))
honest("signals", "its own alarm", change=insert("mean",
       "import signal\nsignal.signal(signal.SIGALRM, lambda *_: print('ring'))\nsignal.alarm(5)"))
honest("own_module", "a module of its own beside the notebook",
       files={"mine.py": b"def square(x):\n    return x * x\n"},
       square="from mine import square")
honest("reads_data", "reads a file beside the notebook", files={"data/x.txt": b"9"},
       change=insert("mean", "assert open('data/x.txt').read() == '9'; open('out.txt', 'w')"))

# -- honest faults: the notebook itself
honest("twice", "a test cell pasted twice", change=duplicate("test_mean"))
honest("answer_twice", "an answer pasted twice, the second is right",
       change=lambda nb: (duplicate("square")(nb), find(nb, "square").update(
           source="def square(x):\n    return 0"))[0])
honest("stripped", "all metadata gone", change=strip)
honest("stripped_ids", "all metadata and ids gone", change=strip_with_ids)
honest("deleted_test", "a test is deleted", change=remove("test_mean"))
honest("deleted_answer", "an answer is deleted", "mean", change=remove("mean"))
honest("deleted_imports", "the imports are deleted", change=remove("imports", "helpers"))
honest("retyped", "a test is Markdown and an answer raw", change=lambda nb: (
    find(nb, "test_mean").update(cell_type="markdown"),
    find(nb, "square").update(cell_type="raw"), None)[2])
honest("edited_test", "a test was edited", change=lambda nb: find(nb, "test_mean").update(
    source="assert mean([1]) == 1  # for trying"))
honest("kernel", "another kernel", change=lambda nb: nb["metadata"].update(
    kernelspec={"name": "my-venv", "display_name": "Mine", "language": "python"}))
honest("no_kernel", "no kernel at all", change=lambda nb: nb.update(metadata={}))
honest("truncated", "the file was cut off", NOTHING,
       change=lambda nb: json.dumps(nb).encode()[:2000])
honest("not_json", "no notebook at all", NOTHING, change=lambda nb: b"PK\x03\x04\xff\xfe")
honest("empty", "an empty file", NOTHING, change=lambda nb: b"")
honest("no_cells", "JSON without cells", NOTHING, change=lambda nb: b"[1, 2]")
honest("odd_cells", "cells that are none", change=lambda nb: nb["cells"].extend(
    [None, {"cell_type": "code"}, {"cell_type": 7, "source": 3, "metadata": None}]))
honest("large", "twenty megabytes of output", change=lambda nb: find(nb, "square").update(
    outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}]))
honest("bom", "a byte-order mark", change=lambda nb: b"\xef\xbb\xbf" + json.dumps(nb).encode())

# -- attacks: to gain a point. Everything is answered wrongly or not, so that nothing is deserved.
ALWAYS = """class Always:
    def yes(self, *_, **__): return True
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = yes
    def same(self, *_, **__): return self
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __abs__ = __call__ = __getattr__ = same
    __getitem__ = __round__ = same
    def __float__(self): return 0.0
    def __int__(self): return 0
    def __array__(self, *_, **__): return __import__('numpy').zeros(())
    __hash__ = None
"""
attack("always_equal", "an object that equals everything", "square",
       square=ALWAYS + "def square(x): return Always()")
attack("always_equal_mean", "the same for np.isclose", "mean",
       mean=ALWAYS + "def mean(x): return Always()")
attack("always_answer", "the same for a value", "answer", answer=ALWAYS + "answer = Always()")
attack("sub_gives_zero", "an object whose difference is 0.0", "square",
       square="class Zero(int):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\n"
       "    def __abs__(self): return 0.0\ndef square(x): return Zero()")
attack("array_equal", "an array class that equals everything", "mean",
       mean="class A(np.ndarray):\n    def __eq__(self, o): return True\n"
       "    def __array_ufunc__(self, *a, **k): return True\n"
       "def mean(x): return np.zeros(()).view(A)")
attack("stack_for_number", "the class that has operators, in the place of a number", "square",
       change=insert("test_square", "class Stack:\n    def __eq__(self, o): return True\n"
       "    __sub__ = __abs__ = __lt__ = __eq__\ndef square(x): return Stack()"))
attack("printed_credit", "prints so much that a partial credit is lost in it", "share",
       share="def share(k):\n    for _ in range(5): print('x' * 10**6)\n    return 9")
attack("nan_credit", "partial credit of nan", "share",
       share="class N(float):\n    def __eq__(self, o): return float('nan')\n"
       "def share(k): return N('nan')")
attack("display", "a forged result", "square",
       square="import sys\nsys.displayhook(1.0)\ndef square(x):\n    sys.displayhook(1.0); return 0")
attack("display_share", "a forged result in a call", "share",
       share="import sys\ndef share(k):\n    sys.displayhook(3.0)\n    display(3.0)\n    return 9")
attack("patched_allclose", "np.allclose says yes", "mean",
       mean="np.allclose = np.isclose = lambda *a, **k: True\ndef mean(x): return 0")
attack("patched_close", "the course's helper says yes", "mean",
       mean="close = lambda *a: True\nclass np2: isclose = close\ndef mean(x): return 1",
       change=insert("test_mean", "close = lambda *a: True"))
attack("patched_builtins", "builtins redefined, to the loss of an answer that uses them",
       {"square": 0, "apply": 0},
       square="import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.AssertionError = type('E', "
       "(Exception,), {})\ndef square(x): return 9")
attack("patched_shell", "IPython does not run cells any more, its own neither", NOTHING,
       square="ip = get_ipython()\nip.run_cell = lambda *a, **k: None\n"
       "ip.showtraceback = lambda *a, **k: None\ndef square(x): return 0")
attack("transformer", "asserts taken out of cells", "square",
       square="import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, node): return None\n"
       "get_ipython().ast_transformers.append(T())\ndef square(x): return 0")
attack("input_transformer", "asserts taken out of the text", "square",
       square="get_ipython().input_transformers_post.append(lambda lines: "
       "[l for l in lines if 'assert' not in l])\ndef square(x): return 0")
attack("frames", "the expected value read from the test's frame", "square",
       square="import sys\ndef square(x):\n    f = sys._getframe()\n    found = 0\n    while f:\n"
       "        for v in list(f.f_locals.values()) + list(f.f_code.co_consts):\n"
       "            if isinstance(v, float): found = v\n            if isinstance(v, str) and "
       "'HIDDEN' in v: print(v)\n        f = f.f_back\n    return found")
attack("gc_objects", "everything in memory searched for tests", "square",
       square="import gc\ndef square(x):\n    for o in gc.get_objects():\n"
       "        if isinstance(o, (list, dict, tuple)) and 'HIDDEN-TEST' in repr(o)[:100000]: "
       "print(repr(o)[:500])\n    return 0")
attack("edited_tests", "tests rewritten", "square", change=lambda nb: (
    find(nb, "test_square").update(source="pass"),
    find(nb, "square").update(source="def square(x): return 0"), None)[2])
attack("points", "points and flags changed", "square", change=lambda nb: (
    find(nb, "test_square")["metadata"]["nbgrader"].update(points=100, solution=True, locked=False),
    find(nb, "square").update(source="def square(x): return 0"), None)[2])
attack("ungraded", "the test is no test any more", "square", change=lambda nb: (
    find(nb, "test_square")["metadata"]["nbgrader"].update(grade=False, locked=False, solution=True),
    find(nb, "square").update(source="def square(x): return 0"), None)[2])
attack("own_test", "a test of the student's own for a hundred points", "square", change=lambda nb: (
    nb["cells"].append(cell("code", "bonus", "pass", grade=True, locked=True, points=100)),
    find(nb, "square").update(source="def square(x): return 0"), None)[2])
attack("hollow_test", "the test is turned into the forgeable kind", "square", change=lambda nb: (
    find(nb, "test_square").update(source="# grader: in the answer's own process\npass"),
    find(nb, "test_square")["metadata"].update(tags=["forgeable"]),
    find(nb, "square").update(source="def square(x): return 0"), None)[2])
attack("exit_before_test", "the notebook ends before the tests", {"root": 0, "apply": 0, "answer": 0},
       change=lambda nb: [find(nb, name).update(source="import os; os._exit(0)")
                          for name in ("root", "apply", "answer")] and None)
attack("stop_iteration", "ends the test's loops with StopIteration", "apply",
       apply="def apply(function, values):\n    raise StopIteration")
attack("numpy_beside", "numpy.py and math.py beside the notebook", "mean",
       mean="def mean(x): return 0", files={"numpy.py": b"allclose = isclose = lambda *a: True\n",
       "math.py": b"", "sitecustomize.py": b"raise SystemExit", "conftest.py": b"1/0"})
attack("pickle", "an object that runs on unpickling", "square",
       square="class P:\n    def __reduce__(self): return (print, ('x',))\ndef square(x): return P()")
attack("wire", "messages written to the grader's socket", "square",
       square="import os, json, struct\ndef square(x):\n    for fd in range(3, 64):\n        try:\n"
       "            for m in (['value', 9, []], ['done', False], ['outputs', 4, []], ['end']):\n"
       "                d = json.dumps(m).encode(); os.write(fd, struct.pack('!II', len(d), 0) + d)\n"
       "        except OSError: pass\n    return 0")
attack("garbage", "garbage written to the grader's socket", "square",
       square="import os\ndef square(x):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\xff' * 4096)\n"
       "        except OSError: pass\n    return 0")
attack("huge_message", "a result of a gigabyte", "mean",
       mean="def mean(x): return ['x'] * 50_000_000")
attack("deep", "a result nested without end", "mean",
       mean="def mean(x):\n    y = []\n    for _ in range(10**5): y = [y]\n    return y")
attack("cyclic", "a result that contains itself", "mean",
       mean="def mean(x):\n    y = []\n    y.append(y)\n    return y")
attack("colliding", "a dictionary of colliding keys", "mean",
       mean="def mean(x): return {k * (2**61 - 1): 0 for k in range(10**5)}")
attack("zero_state", "a global random state of zeros", "draw",
       draw="def draw(n, rng=None):\n    np.random.set_state(('MT19937', np.zeros(624, 'u4'), 0))\n"
       "    return np.zeros(n)")
attack("reference", "calls a reference of the package", "mean",
       mean="from course_utils.features import standardise\nfrom course_utils.bayesian_regression "
       "import *\ndef mean(x): return np.mean(x)",
       )
attack("sub_class_hook", "class and metaclass tricks", "adder",
       adder="class M(type):\n    def __instancecheck__(c, o): return True\n    def __call__(c, *a): "
       "return 5\nclass adder(metaclass=M): pass")

attack("extra_names", "the answer process names more than it was asked for", {"square": 0, "mean": 0, "lines": 0},
       square="import course_utils.grading.answers as a\nold = a.Encoder.encode\n"
       "class Yes:\n    allclose = isclose = arange = ones = lambda *a, **k: True\n"
       "def encode(self, value, depth=0):\n    if isinstance(value, dict) and depth == 0:\n"
       "        value = {**value, 'abs': lambda x: 0, 'close': lambda *_: True, 'np': Yes(),\n"
       "                 '__builtins__': {}, 'AssertionError': 1}\n    return old(self, value, depth)\n"
       "a.Encoder.encode = encode\ndef square(x): return 0", mean="def mean(x): return 0")
attack("always_true_isinstance", "every check by class is passed", {"adder": 0, "stack": 0},
       adder="def adder(n): return 5", stack="class Stack:\n    __class__ = int\n"
       "    def __getattr__(self, name): return lambda *a: 2")
attack("shell_language", "another language, to be run as the instructor", "square",
       change=lambda nb: (nb["metadata"].update(kernelspec={"name": "python3", "language": "bash",
       "display_name": "x"}), find(nb, "square").update(source="def square(x): return 0"), None)[2])
attack("later_cell", "a later cell prints what a hidden test has handed over", change=insert(
       "mean", "print(seen)"), square="seen = []\ndef square(x):\n    seen.append(f'ARGUMENT {x}')\n"
       "    return x * x")
attack("type_name", "tells a hidden argument by the name of a type", "square",
       square="def square(x):\n    return 9 if x == 3 else type(f'ARGUMENT {x}', (), {})()")
attack("error_name", "tells a hidden argument by the name of an exception", "square",
       square="def square(x):\n    if x != 3: raise type(f'ARGUMENT {x}', (ValueError,), {})\n    return 9")
attack("frame_line", "tells a hidden argument by a line of a traceback", "square",
       square="import linecache\ndef square(x):\n    name = f'<ARGUMENT {x}>'\n    exec(compile("
       "'if x != 3: 1/0', name, 'exec'), {'x': x})\n    return 9")

# -- attacks: to do harm with the score right
PEEK = ("import os, glob\nfor top in ('/', '/root', '/tmp', '/home', '/work', '..', COURSE):\n"
        "    for path in [p for d in range(1, 4) for p in glob.glob(top + '/*' * d)][:3000]:\n"
        "        if path.endswith(('.ipynb', '.db', 'secret.txt')):\n"
        "            try: print(open(path, errors='replace').read())\n            except OSError: pass")
attack("peeks", "searches the disk for solutions and classmates", change=insert("mean", PEEK))
attack("peeks_in_call", "the same while a test runs", mean="def mean(x):\n    try:\n        "
       + PEEK.replace("\n", "\n        ") + "\n    except Exception: pass\n    return np.sum(x) / len(x)")
attack("environment", "prints the environment and other processes", change=insert("mean",
       "import os, glob\nprint(dict(os.environ))\nfor p in glob.glob('/proc/[0-9]*/environ') + "
       "glob.glob('/proc/[0-9]*/cmdline'):\n    try: print(open(p).read())\n    except OSError: pass"))
attack("network", "talks to the network", change=insert("mean",
       "import socket\ntry:\n    socket.create_connection((HOST, PORT), 1).sendall(b'here')\n"
       "except OSError as e: print('no', e)"))
# These would do real harm outside of a sandbox. Each stops by itself where it can see the host: the
# test puts the path of a file of the host's in the place of MARKER, and COURSE is a scratch folder.
GUARD = "assert not os.path.exists(MARKER), 'not confined'"
attack("kills", "kills every process it can", "mean", confined=True,
       mean=f"import os, signal\ndef mean(x):\n    {GUARD}\n    os.kill(-1, signal.SIGKILL)")
attack("kills_parent", "kills its parents", "mean", confined=True,
       mean=f"import os, signal\ndef mean(x):\n    {GUARD}\n"
       "    os.kill(os.getppid(), signal.SIGKILL); os.kill(1, signal.SIGKILL)\n    return 0")
attack("deletes", "deletes the course", confined=True, change=insert("mean",
       "import shutil\nshutil.rmtree(COURSE, ignore_errors=True)"))
attack("fork_bomb", "processes without end", confined=True, change=insert("mean",
       f"import os\n{GUARD}\nwhile True:\n    try: os.fork()\n    except OSError: pass"))
attack("memory_of_many", "many processes, each with its share of the memory", confined=True,
       change=insert("mean", f"import os, time\n{GUARD}\nhere, there = os.pipe()\nfor _ in range(6):\n"
       "    if os.fork() == 0:\n        y = np.ones(2**25)\n        os.write(there, b'.')\n        time.sleep(100)\n"
       "for _ in range(6): os.read(here, 1)\ntime.sleep(1)"))
attack("memory_shared", "the same in memory that the processes share", confined=True,
       change=insert("mean", f"import mmap, os, time\n{GUARD}\nhere, there = os.pipe()\nfor _ in range(3):\n"
       "    if os.fork() == 0:\n        y = mmap.mmap(-1, 2**29)\n        for _ in range(512): y.write(b'.' * 2**20)\n"
       "        os.write(there, b'.')\n        time.sleep(100)\n"
       "for _ in range(3): os.read(here, 1)\ntime.sleep(1)\nprint('CLASSMATE-7')"))
attack("memory_unseen", "memory that no process is seen to hold", confined=True, change=insert("mean",
       f"import os\n{GUARD}\ntry:\n    os.memfd_create('CLASSMATE-7')\nexcept PermissionError:\n    pass\n"
       "else:\n    print('CLASSMATE-7')"))
attack("file_bomb", "a file without end", confined=True, change=insert("mean",
       f"import os\n{GUARD}\ntry:\n    with open('big', 'wb') as f:\n"
       "        while True: f.write(b'x' * 2**24)\nexcept OSError: print('full')"))
attack("fork_returns", "a fork that answers as well", "square",
       square="import os\ndef square(x):\n    os.fork()\n    return 0")
attack("daemon", "a process that outlives the notebook", change=insert("mean",
       "import subprocess\nsubprocess.Popen(['sleep', '987'], start_new_session=True)"))
attack("stubborn", "a loop that swallows interrupts", "mean", mean="import signal\ndef mean(x):\n"
       "    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    " + STUBBORN.replace("\n", "\n    "))
attack("scripts", "scripts in outputs", change=insert("mean",
       "from IPython.display import HTML, Javascript, SVG\ndisplay(HTML('<script>alert(1)</script>"
       "<img src=x onerror=alert(1)>'))\ndisplay(Javascript('alert(1)'))\n"
       "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>'))"))
attack("prints_arguments", "prints what hidden tests hand over", change=None,
       square="def square(x):\n    print('ARGUMENT', x)\n    return x * x")
attack("raises_arguments", "raises what hidden tests hand over", "square",
       square="def square(x):\n    if x != 3: raise ValueError(f'ARGUMENT {x}')\n    return 9")

# -- an attack day: what a reader of the grader's own source would try
INSIDE = "import course_utils.grading.answers as a\n"


def answered(cell, value, **more):
    """The cell's function gives `value` in the place of what it should, spoken over the wire."""
    return {cell: INSIDE + "old = a.Encoder.contents\nclass Odd: pass\n"
            "def contents(self, value, *a, **k):\n    return " + value + " if type(value) is Odd "
            f"else old(self, value, *a, **k)\na.Encoder.contents = contents\ndef {cell}(x): return Odd()",
            **more}  # fmt: skip


# Values that are no honest process's
attack("wire_fraction", "a fraction of numbers that take hours to shorten", "mean", **answered("mean",
       "['Fraction', [['int', '0x' + '7' * 7_000_000], ['int', '0x' + '3' * 6_999_999]]]"))
attack("wire_types", "a new type for every item", "mean", **answered("mean",
       "['list', [['named', f'P{k}', ['x'], [1]] for k in range(200_000)]]"))
attack("wire_shape", "an array without bytes and of endless length", "mean", **answered("mean",
       "['array', '<f8', [0, 2**62], True, [0, 0]]"))
attack("wire_nesting", "an array for a number, as deep as JSON goes", "mean", **answered("mean",
       "['list', [__import__('json').loads('[' * 900 + ']' * 900)]]"))
attack("wire_instance", "an object of a class that nobody has", "mean", **answered("mean",
       "['instance', 'AssertionError', [['args', 1]]]"))
attack("wire_member", "the member of a class that is no enumeration", "mean", **answered("mean",
       "['member', 'Point', '__init__']"))
attack("wire_keyboard", "asks for functions that were never handed over", "mean", **answered("mean",
       "['yours', -1]"))
attack("wire_surrogate", "half a character", "mean", **answered("mean", "chr(0xD800)"))
attack("wire_changes", "changes to arguments that are none", "mean",
       mean=INSIDE + "asked, old = [], a.OneVoice.send\ndef send(self, tree, tail=b'', **k):\n"
       "    if asked and tree[0] == 'value':\n        tree = [*tree[:-1], [[k, ['list', [2.5]]] for k in range(-3, 9)]]\n"
       "    old(self, tree, tail, **k)\na.OneVoice.send = send\ndef mean(x):\n    asked.append(x)\n    return 2.5")
attack("wire_flood", "outputs without end in the place of a result", "mean",
       mean=INSIDE + "import gc\ndef mean(x):\n    line = next(o for o in gc.get_objects() if isinstance(o, a.OneVoice))\n"
       "    while True: line.send(['output', {'output_type': 'stream', 'name': 'stdout', 'text': 'x'}])")
attack("wire_large", "outputs that are too large together for what sends them on", change=lambda nb: [
       insert("mean", INSIDE + f"import gc\nline = next(o for o in gc.get_objects() if isinstance(o, a.OneVoice))\n"
       f"line.send(['output', {{'output_type': 'stream', 'name': 'stdout', 'text': 'x' * ({size})}}])")(nb)
       for size in ("3 * 10**6", "16 * 2**20 - 200")] and None)
attack("wire_output", "an output nested as deep as JSON goes, and half a character", change=insert("mean",
       "deep = 'x'\nfor _ in range(400): deep = [deep]\nget_ipython().emit({'output_type': 'display_data', "
       "'metadata': deep, 'data': {'a/b': deep, 'text/plain': chr(0xD800)}})\nprint(chr(0xDFFF))"))

# Who decides
attack("exit_swallows", "a context manager that ends a failed check", "small",
       small="def small(numbers): return [3] if len(numbers) == 9 else [2] if len(numbers) == 1 else []",
       change=lambda nb: find(nb, "interval").update(source=find(nb, "interval")["source"].replace(
           "return kind is ZeroDivisionError", "return True")))
attack("exit_swallows_errors", "the same for an error that a wrong answer causes in a check", "small",
       small="def small(numbers): return [3] if type(numbers) is range else [2] if type(numbers) is not list else None",
       change=lambda nb: find(nb, "interval").update(source=find(nb, "interval")["source"].replace(
           "return kind is ZeroDivisionError", "return True")))
attack("contains_all", "an object that contains everything", "small",
       small="class All:\n    def __contains__(self, x): return True\n    def __iter__(self): return iter(())\n"
       "def small(numbers): return All()")
NEAR = ("class Near:\n    def __sub__(self, other): return self\n    __mul__ = __rsub__ = __sub__\n"
        "    def __abs__(self): return 0.0\n")
attack("near_to_all", "an object that is near to everything, and equal", "square",
       square=NEAR + "    def __eq__(self, other): return True\ndef square(x): return Near()")
attack("near_vector", "a vector of that kind", "vector", vector="TOLERANCE = 1e-9\n" + NEAR
       + "class Vector(Near):\n    def __init__(self, x): pass\n    unit = classmethod(lambda cls: cls(1))")
attack("class_for_function", "a class with operators in the place of a function", "small",
       small="class small:\n    def __init__(self, numbers): pass\n    def __contains__(self, x): return True\n"
       "    def __eq__(self, other): return True\n    def __len__(self): return 2\n"
       "    def __iter__(self): return iter(())")
attack("given_constant", "another value for a constant that stands in the answer's own cell", "vector",
       vector=COURSE_VECTOR.replace("  # SOLUTION-7", "").replace("1e-9", "1e9").replace("max(self.x, -self.x)", "2"))
attack("star_import", "a name that a star import has given", "level",
       level="def close_enough(a, b): return abs(a - b) < 1e-9\ndef fsum(x): return 9\ndef level(x): return 1.5",
       change=insert("test_level", "fsum = lambda x: 9"))
attack("skips_test", "ends the test as if it were to be skipped", "root",
       root="import unittest\ndef root(x):\n    raise unittest.SkipTest('not today')")
attack("given_helper", "rewrites a helper that stands in the answer's own cell", "level",
       level="def close_enough(a, b): return True\ndef level(x): return 0")
attack("objects_in_array", "an array of objects that equal everything", "mean",
       mean=ALWAYS + "def mean(x):\n    y = np.empty(1, object)\n    y[0] = Always()\n    return y")
attack("masked", "an array that hides where it is wrong", "mean",
       mean="def mean(x): return np.ma.masked_all(())")
attack("array_credit", "an array where a test ends with a number of points", "share",
       share="def share(k): return np.array([9.0, 9.0])")
attack("method_for_data", "an attribute in the place of a method of the course's class", "push",
       push="def push(head, value):\n    node = Node(0, head)\n    vars(node)['__len__'] = lambda: 3\n"
       "    vars(node)['__class__'] = int\n    return node")
attack("own_point", "the course's class is given an == that says yes", "mirror",
       mirror="Point.__eq__ = lambda self, other: True\nPair.__eq__ = lambda self, other: True\n"
       "def mirror(thing): return Point(0, 0) if isinstance(thing, Point) else Pair(0, 0)")
attack("prints_expected", "prints to the test what it is to hear, and into the answer's cell", "greet",
       greet="import sys\ndef greet():\n    sys.__stdout__.write('Hello, Ada')\n    print(*sys.stdin)")
attack("keyboard_oracle", "asks the keyboard outside of a test", change=insert("test_greet",
       "try:\n    print(input('SOLUTION? '))\nexcept EOFError:\n    pass"))
attack("numbers_for_memory", "a number of which a test makes gigabytes", "apply",
       apply="class Many(list):\n    pass\ndef apply(function, values): return ['x' * 2**20] * 2**10")

# Telling later what a hidden test has handed over
TELL = "open('seen', 'a').write(f'ARGUMENT {x}')"
attack("file_then_cell", "writes it to a file, and a later cell prints the file",
       square=f"def square(x):\n    {TELL}\n    return x * x", change=insert("test_mean",
       "import os\nprint(open('seen').read() if os.path.exists('seen') else 'nothing')"))
attack("file_then_call", "writes it to a file, and a later call prints the file",
       square=f"def square(x):\n    {TELL}\n    return x * x",
       mean="def mean(x):\n    print(open('seen').read())\n    return np.sum(x) / len(x)")
attack("forged_return", "says that it has forgotten, and has not",
       square=INSIDE + "seen, old = [], a.Answer.handle\ndef handle(self, kind, rest, tail):\n"
       "    if kind != 'end': return old(self, kind, rest, tail)\n    print(seen); self.shell.flush()\n"
       "    self.depth -= 1; self.channel.send(['restored', 0, self.depth])\na.Answer.handle = handle\n"
       "def square(x):\n    seen.append(f'ARGUMENT {x}')\n    return x * x")
attack("daemon_tells", "a process that it leaves behind prints it later",
       square="import os, time\ndef square(x):\n    if x != 3 and os.fork() == 0:\n"
       "        for k in range(20): time.sleep(0.01); print(f'ARGUMENT {x}', flush=True)\n"
       "        os._exit(0)\n    return x * x")
attack("thread_tells", "a thread prints it later",
       square="import threading, time\ndef later(x):\n    for k in range(20): time.sleep(0.01); print(f'ARGUMENT {x}')\n"
       "def square(x):\n    threading.Thread(target=later, args=(x,)).start()\n    return x * x")
attack("finaliser_tells", "an object prints it when it is forgotten",
       square="class Last:\n    def __init__(self, x): self.x = x\n    def __del__(self): print(f'ARGUMENT {self.x}')\n"
       "def square(x):\n    global last\n    last = Last(x)\n    return x * x", change=insert("test_mean", "last = None"))
attack("value_tells", "a value of which Python makes an error that quotes it", "mean",
       mean="def mean(x): return 2.5 if len(x) == 2 else 1 if len(x) == 3 else 'ARGUMENT 1.5'")
attack("expected_told", "reads what a library's message says was expected", "level",
       level="def level(x): return 1.5")

# The notebook in the instructor's browser
PAGE = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<form action=/formgrader><input></form>",
        "<div style='position:fixed;top:0'>", "$\\href{javascript:alert(1)}{x}$",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "x <img alt=\"<!--\" src=\"x\" onerror=\"alert(1)\" title=\"-->\">", "<img src=x <!-- onerror=alert(1) -->>",
        "<a <!-- href=javascript:alert(1) -->>x</a>")  # fmt: skip
attack("markdown_script", "markup that runs, in Markdown and raw cells", change=lambda nb: (
    nb["cells"].extend([{**cell(kind, f"{kind}-{k}", text), "metadata": {"tags": ["\"><script>alert(1)</script>"]}}
                        for k, text in enumerate(PAGE) for kind in ("markdown", "raw")]),
    find(nb, "essay").update(source="\n\n".join(PAGE)), None)[2])
attack("rich_script", "markup that runs, in outputs of every kind", change=insert("mean",
       "from IPython.display import HTML, Latex, Markdown\n"
       f"for text in {PAGE!r}:\n    display(HTML(text), Markdown(text), Latex(text))\n"
       "display({'application/javascript': 'alert(1)', 'text/html': '<a href=javascript:alert(1)>x</a>',\n"
       "         'application/vnd.jupyter.widget-view+json': '{}', 'image/svg+xml': '<svg onload=alert(1)>'}, raw=True)\n"
       "class X(Exception): pass\nX.__name__ = '<script>alert(1)</script>'\nraise X('<script>alert(1)</script>')"))
honest("attached", "a picture pasted into an essay, and one that is not there", change=lambda nb:
       find(nb, "essay").update(source="![a](attachment:a.png) ![b](attachment:b.png)",
                                attachments={"a.png": {"image/png": "iVBORw0KGgo=", "image/svg+xml": "<svg/>"}}))
honest("half_characters", "halves of characters in the file", change=lambda nb: json.dumps(nb).replace(
       "Write here.", "\\ud83d \\ude00 \\ud83d\\ude00").encode())
honest("deep_metadata", "metadata nested without end, and numbers for names", change=lambda nb: (
    find(nb, "square")["metadata"].update(deep=json.loads("[" * 400 + "]" * 400)),
    find(nb, "mean")["metadata"]["nbgrader"].update(more=json.loads("[" * 400 + "]" * 400)),
    nb["metadata"].update(language_info={"version": 3}, kernelspec={"display_name": 4}), None)[3])

# The next submission, and the machine
attack("user_keys", "leaves a note among the kernel's keys", change=insert("mean",
       "import ctypes\nkeys = ctypes.CDLL(None).syscall\nfound = keys(250, 10, -4, b'user', b'note', 0)\n"
       "assert found == -1, 'CLASSMATE-7'\nkeys(248, b'user', b'note', b'1', 1, -4)"))
attack("user_keys_again", "looks for a note that another has left", change=SUBMISSIONS["user_keys"].change)
attack("file_places", "moves the place in every file that the warm process has open", change=insert("mean",
       "import os\nfor k in os.listdir('/proc/self/fd'):\n    try: os.lseek(int(k), 7, 0)\n    except OSError: pass"))
attack("traces_parent", "takes over the processes around it", "mean", confined=True,
       mean=f"import ctypes, os\ndef mean(x):\n    {GUARD}\n    for pid in (1, os.getppid()):\n"
       "        ctypes.CDLL(None).ptrace(16, pid, 0, 0)\n    return 0")
attack("own_namespaces", "makes namespaces in which it is root, and mounts over the grader", confined=True,
       change=insert("mean", f"import ctypes, os\n{GUARD}\nc = ctypes.CDLL(None)\nc.unshare(0x10000000 | 0x20000)\n"
       "for place in (b'/proc', b'/usr', b'/dev', b'/submission'): c.umount2(place, 2); "
       "c.mount(b'x', place, b'tmpfs', 0, None)\nPEEKED = os.listdir('/')"))
attack("kills_parked", "kills the copies of itself that wait for the tests above", "square", confined=True,
       change=insert("mean", f"import os, signal\n{GUARD}\nos.kill(-1, signal.SIGKILL)"))
