"""Where one kernel grades rightly, the two processes do: what courses write, run both ways."""

import os

import pytest
from conftest import cell
from test_grading_processes import check, failures, run, solution

from course_utils.grading import engine

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")

LOCKED, PLAIN, ANSWER, TEST = "locked", "plain", "answer", "test"
MAKE = {
    LOCKED: lambda name, text: cell("code", name, text, locked=True),
    PLAIN: lambda name, text: cell("code", name, text),
    ANSWER: solution,
    TEST: check,
}
ROLES = {LOCKED: "trusted", TEST: "trusted"}
F = (ANSWER, "def f(x):\n    return x + 1")
WRONG_F = (ANSWER, "def f(x):\n    return x")
POINT = "class Point:\n    def __init__(self, x):\n        self.x = x\n"
EQ = "    def __eq__(self, other):\n        return isinstance(other, Point) and self.x == other.x\n"
LESS = "    def __lt__(self, other):\n        {}return self.x < other.x\n"
CHECKED = "if not isinstance(other, Point):\n            return NotImplemented\n        "
CASES = "def check(cases):\n    for x, y in cases:\n        assert f(x) == y"


def refused(statement):
    return f"try:\n    {statement}\nexcept TypeError:\n    pass\nelse:\n    raise AssertionError"


IDIOMS = {
    # An answer changes what the course gave.
    "a column of a given table": [
        (PLAIN, "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})"),
        (ANSWER, "df['b'] = df['a'] * 2"), (TEST, "assert list(df['b']) == [2, 4]")],
    "a given list is sorted": [
        (PLAIN, "xs = [3, 1, 2]"), (ANSWER, "xs.sort()"), (TEST, "assert xs == [1, 2, 3]")],
    "an entry of a given array": [
        (LOCKED, "import numpy as np\nA = np.zeros((2, 2))"), (ANSWER, "A[0, 1] = 5"),
        (TEST, "assert A.sum() == 5")],
    "a function fills a given dictionary": [
        (LOCKED, "stock = {}"),
        (ANSWER, "def add(key, n):\n    stock[key] = stock.get(key, 0) + n"),
        (TEST, "add('a', 2)\nassert stock == {'a': 2}")],
    "a function counts in a given number": [
        (LOCKED, "count = 0"), (ANSWER, "def f():\n    global count\n    count += 1"),
        (TEST, "f()\nf()\nassert count == 2")],
    "a name of a function's own is none that was given": [
        (LOCKED, "xs = [3, 1, 2]"),
        (ANSWER, "def f(n):\n    xs = []\n    xs.append(n)\n    return xs"),
        (TEST, "assert f(1) == [1] and xs == [3, 1, 2]")],
    # Something of the course's calls the answer.
    "a helper in a locked cell": [(LOCKED, CASES), F, (TEST, "check([(1, 2)])")],
    "a helper in a locked cell, of a wrong answer": [
        (LOCKED, CASES), WRONG_F, (TEST, "check([(1, 2)])")],
    "a helper in an earlier test": [
        F, (TEST, f"{CASES}\ncheck([(1, 2)])"), (TEST, "check([(5, 6)])"),
        (TEST, "check([(5, 5)])")],
    "a class in a locked cell": [
        (LOCKED, "class Game:\n    def play(self):\n        return f(1)"), F,
        (TEST, "assert Game().play() == 2")],
    "a given cell": [F, (PLAIN, "result = f(3)"), (TEST, "assert result == 4")],
    "a given cell, of a wrong answer": [
        WRONG_F, (PLAIN, "result = f(3)"), (TEST, "assert result == 4")],
    "a string": [F, (TEST, "import timeit\nassert eval('f(1)') == 2\n"
                           "timeit.timeit('f(10)', globals=globals(), number=2)")],
    # What answers give and raise.
    "a table, where no test knows pandas": [
        (PLAIN, "import pandas as pd"),
        (ANSWER, "def f():\n    return pd.DataFrame({'a': [1, 2]})"),
        (TEST, "assert f().shape == (2, 1)")],
    "a family of exceptions": [
        (ANSWER, "class Bank(Exception):\n    pass\n\nclass Empty(Bank):\n    pass\n\n"
                 "def f():\n    raise Empty('no')"),
        (TEST, "try:\n    f()\nexcept Bank as error:\n    assert type(error) is Empty\n"
               "    assert str(error) == 'no'"),
        (TEST, "try:\n    f()\nexcept KeyError:\n    pass")],
    "a locked cell's exception": [
        (LOCKED, "class Bank(Exception):\n    pass"), (ANSWER, "def f():\n    raise Bank(3)"),
        (TEST, "try:\n    f()\nexcept Bank as error:\n    assert error.args == (3,)")],
    "exceptions that are made of more": [
        (ANSWER, "import json\ndef f(s):\n    return json.loads(s)\n"
                 "def g(b):\n    return b.decode()"),
        (TEST, "import json\ntry:\n    f('{')\nexcept json.JSONDecodeError as error:\n"
               "    assert isinstance(error, ValueError) and error.pos == 1"),
        (TEST, "try:\n    g(b'\\xff')\nexcept UnicodeDecodeError:\n    pass")],
    "objects in a set, and as keys": [
        (ANSWER, f"{POINT}def f():\n    return [Point(1), Point(1)]"),
        (TEST, "points = f()\nassert len(set(points)) == 2\n"
               "seen = {points[0]: 'a'}\nassert seen[points[0]] == 'a' and points[1] not in seen")],
    "objects in a set that say when they are the same": [
        (ANSWER, f"{POINT}{EQ}    def __hash__(self):\n        return hash(self.x)\n"
                 "def f():\n    return [Point(1), Point(1), Point(2)]"),
        (TEST, "assert len(set(f())) == 2")],
    "an attribute that is a set of objects": [
        (ANSWER, f"{POINT}        self.near = set()\na, b = Point(1), Point(2)\na.near.add(b)"),
        (TEST, "assert len(a.near) == 1 and b in a.near")],
    "an exception that is a group": [
        (ANSWER, "def f():\n    raise ExceptionGroup('two', [ValueError(1), KeyError(2)])"),
        (TEST, "try:\n    f()\nexcept Exception as error:\n    assert 'two' in str(error)")],
    "an object that is none of the test's": [
        (ANSWER, POINT + EQ), (TEST, "from unittest import mock\nassert Point(1) != mock.Mock()")],
    "the operator |": [
        (ANSWER, f"{POINT}{EQ}    def __or__(self, it):\n        return Point(self.x | it.x)"),
        (TEST, "assert Point(1) | Point(2) == Point(3)")],
    "what methods give": [
        (ANSWER, f"{POINT}{EQ}    def __mul__(self, k):\n        return Point(self.x * k)\n"
                 "    def back(self):\n        return Point(-self.x)\n"
                 "    @classmethod\n    def unit(cls):\n        return cls(1)"),
        (TEST, "assert Point.unit() * 3 == Point(3)\n"
               "assert Point(2).back() * 2 == Point(-4)")],
    "a function that is subscribed twice": [
        (ANSWER, "heard = []\ndef subscribe(f):\n    if f not in heard:\n        heard.append(f)\n"
                 "def leave(f):\n    heard.remove(f)\ndef fire(x):\n    [f(x) for f in heard]"),
        (TEST, "seen = []\ndef hear(x):\n    seen.append(x)\nsubscribe(hear)\nsubscribe(hear)\n"
               "fire(1)\nleave(hear)\nfire(2)\nassert seen == [1]")],
    "a name that a test has taken and given back": [
        (ANSWER, "def f(x):\n    return x + 1\ndef g(x):\n    return f(x)"),
        (TEST, "old = f\ndef f(x):\n    return 100\nassert g(1) == 100\nf = old"),
        (TEST, "assert f(1) == 2")],
    "prints around a function of the test's": [
        (ANSWER, "def shout(g):\n    print('before')\n    g()\n    print('after')"),
        (TEST, "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as said:\n"
               "    shout(lambda: print('in'))\n"
               "assert said.getvalue() == 'before\\nin\\nafter\\n'")],
    "an ordered dictionary": [
        (ANSWER, "from collections import OrderedDict\ndef f(d):\n    d.move_to_end('a')\n"
                 "    return OrderedDict([*d.items()])"),
        (TEST, "from collections import OrderedDict\nd = OrderedDict(a=1, b=2)\n"
               "assert list(f(d)) == list(d) == ['b', 'a']")],
    "a callable object that says when it is the same": [
        (ANSWER, f"{POINT}{EQ}    def __hash__(self):\n        return hash(self.x)\n"
                 "    def __call__(self):\n        return self.x"),
        (TEST, "assert len({Point(1), Point(1), Point(2)}) == 2")],
    # What answers are to refuse.
    "no order with a number": [
        (ANSWER, POINT + LESS.format(CHECKED)), (TEST, refused("Point(1) < 5"))],
    "an order with a number, by mistake": [
        (ANSWER, f"{POINT}    def __lt__(self, other):\n        return True"),
        (TEST, refused("Point(1) < 5"))],
    "no order among each other": [(ANSWER, POINT), (TEST, refused("sorted([Point(2), Point(1)])"))],
    "no equality with a text": [(ANSWER, POINT + EQ), (TEST, "assert Point(1) != 'a'")],
    "a crash at equality with a text": [
        (ANSWER, f"{POINT}    def __eq__(self, other):\n        return self.x == other.x"),
        (TEST, "assert Point(1) != 'a'")],
    "not hashable": [(ANSWER, POINT + EQ), (TEST, refused("hash(Point(1))"))],
    "hashable, by mistake": [
        (ANSWER, f"{POINT}{EQ}    __hash__ = object.__hash__"), (TEST, refused("hash(Point(1))"))],
    "no object": [
        (ANSWER, "def f(x):\n    return sum(x)"), (TEST, refused("f(object())"))],
    "any object, by mistake": [
        (ANSWER, "def f(x):\n    return 0"), (TEST, refused("f(object())"))],
}  # fmt: skip


def in_one_namespace(cells):
    """Which tests pass if all cells run from top to bottom in one place."""
    space, passed = {"__name__": "__main__"}, []
    for _, text in cells:
        try:
            exec(text, space)
            passed.append(True)
        except Exception:
            passed.append(False)
    return [ok for ok, (kind, _) in zip(passed, cells, strict=True) if kind == TEST]


def apart(cells, own=None):
    """The same of the grader; `own` are the instructor's cells where they differ."""
    names = [f"{kind}{number}" for number, (kind, _) in enumerate(cells)]
    made = [MAKE[kind](name, text) for name, (kind, text) in zip(names, cells, strict=True)]
    source = [(name, ROLES.get(kind, kind), text)
              for name, (kind, text) in zip(names, own or cells, strict=True)]  # fmt: skip
    nb, _ = run(made, source)
    failed = failures(nb)
    return [name not in failed for name in names if name.startswith(TEST)]


@pytest.mark.parametrize("name", IDIOMS)
def test_a_right_test_is_as_right_apart(name):
    if "table" in name:
        pytest.importorskip("pandas")
        engine.close_all()  # no submission before has loaded it
    cells = IDIOMS[name]
    assert apart(cells) == in_one_namespace(cells)


RIGHT = {"square": "def square(x):\n    return x * x", "vector": (
    "class Vector:\n    def __init__(self, x):\n        self.x = x\n"
    "    def __sub__(self, other):\n        return Vector(self.x - getattr(other, 'x', other))\n"
    "    def __abs__(self):\n        return abs(self.x)\n"
    "    def __contains__(self, x):\n        return x in self.x\n")}  # fmt: skip
AREA = "def area(r):\n    return pi * r ** 2"
# Name → the student's cells, and the instructor's of the kinds and in the places of these.
GAINS = {
    "an object that is near to everything": (
        [(ANSWER, RIGHT["vector"]), (ANSWER, "class Z:\n    def __sub__(self, other):\n"
          "        return self\n    def __abs__(self):\n        return 0.0\n"
          "def square(x):\n    return Z()"), (TEST, "assert abs(square(3) - 9) < 1e-9")],
        {1: RIGHT["square"]}),
    "a class in the place of a function": (
        [(ANSWER, RIGHT["vector"]), (ANSWER, "class primes:\n    def __init__(self, n):\n"
          "        pass\n    def __contains__(self, x):\n        return True\n"
          "    def __iter__(self):\n        return iter(())"), (TEST, "assert 7 in primes(9)")],
        {1: "def primes(n):\n    return [2, 3, 5, 7]"}),
    "a name of a star import": (
        [(PLAIN, "from math import *"), (ANSWER, "def isclose(a, b):\n    return True\n"
          "def area(r):\n    return 0"), (TEST, "assert isclose(area(2), 4 * pi)")], {1: AREA}),
    "a name of the first of two star imports": (
        [(PLAIN, "from math import *\nfrom string import *"),
         (ANSWER, "def isclose(a, b):\n    return True\ndef area(r):\n    return 0"),
         (TEST, "assert isclose(area(2), 4 * pi)")], {1: AREA}),
    "a name of an import that may fail": (
        [(PLAIN, "try:\n    from math import isclose, pi\nexcept ImportError:\n    pass"),
         (ANSWER, "def isclose(a, b):\n    return True\ndef area(r):\n    return 0"),
         (TEST, "assert isclose(area(2), 4 * pi)")], {1: AREA}),
    "a given constant": (
        [(ANSWER, "TOL = 1e9\ndef square(x):\n    return 0"),
         (TEST, "assert abs(square(3) - 9) < TOL")],
        {0: "TOL = 1e-9\ndef square(x):\n    ### BEGIN SOLUTION\n    return x * x\n"
            "    ### END SOLUTION"}),
    "the test's own variable": (
        [(ANSWER, "n = 5\ndef fact(k):\n    global n\n    n = 0\n    return 1"),
         (TEST, "import math\nn = 5\nassert fact(n) == math.factorial(n)")],
        {0: "n = 1\ndef fact(k):\n    return 1 if k < 2 else k * fact(k - 1)"}),
    "the variable of the test's loop": (
        [(ANSWER, "n = 2\ndef fact(k):\n    global n\n    n = 0\n    return 1"),
         (TEST, "import math\nfor n in (1, 2):\n    assert fact(n) == math.factorial(n)")],
        {0: "n = 1\ndef fact(k):\n    return 1 if k < 2 else k * fact(k - 1)"}),
}  # fmt: skip


@pytest.mark.parametrize("name", GAINS)
def test_nobody_gains_by(name):
    cells, right = GAINS[name]
    own = [(kind, right.get(number, text)) for number, (kind, text) in enumerate(cells)]
    assert apart(cells, own) == [False]
    assert apart(own) == [True]
