"""Where one kernel grades rightly, the two processes do: what courses write, run both ways."""

import contextlib
import os
import random

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


CART = """class Cart:
    def __init__(self, items=()):
        self._items = {}
    def add(self, item):
        self._items.append(item)
    def items(self):
        return {}"""
STACK = """class S:
    def __init__(self, xs):
        self.xs = {}
    def push(self, x):
        self.xs.append(x)"""
QUEUES = """from collections import Counter, OrderedDict, deque
class LRU(OrderedDict):
    def __init__(self, n):
        self.n = n
        super().__init__()
    def put(self, k, v):
        self[k] = v
        self.move_to_end(k)
        if len(self) > self.n:
            self.popitem(last=False)
class Bag(Counter):
    def size(self):
        return sum(self.values())
class Last(deque):
    def first(self):
        return self[0]"""
SPY = """class Spy(list):
    n = 0
    def __getitem__(self, i):
        self.n += 1
        return super().__getitem__(i)
"""
BISECT = """def f(xs, x):
    low, high = 0, len(xs)
    while low < high:
        middle = (low + high) // 2
        if xs[middle] < x:
            low = middle + 1
        else:
            high = middle
    return low"""
MODEL = """class Model:
    def fit(self, X):
        self.n = len(X)
        return self
"""
WRITES = """import os, shutil, sqlite3
def save(path, text, mode='w'):
    with open(path, mode) as file:
        file.write(text)
def rm(path):
    os.remove(path)
def mv(old, new):
    os.makedirs(os.path.dirname(new), exist_ok=True)
    shutil.move(old, new)
def ls(path):
    return os.listdir(path)
def base(path):
    c = sqlite3.connect(path)
    c.execute('create table t (x)')
    c.execute('insert into t values (5)')
    c.commit()
    c.close()"""
SHOP = """class Shop:
    def __init__(self):
        self.stock = {'a': 1}
    def total(self):
        return sum(self.stock.values())"""
ROWS = """class Rows:
    def __init__(self):
        self.rows = [[0, 0], [0, 0]]
    def total(self):
        return sum(map(sum, self.rows))"""
ARRAY = """import numpy as np
class Array:
    def __init__(self, n):
        self.data = np.zeros(n)
    def view(self):
        return self.data
    def sum(self):
        return self.data.sum()"""
BANK = """class Bank(Exception):
    code = 7
    def __init__(self, need, have):
        super().__init__('no')
        self.need, self.have = need, have
    def __str__(self):
        return f'{self.need} of {self.have}'
    @property
    def gap(self):
        return self.need - self.have
    def twice(self):
        return 2 * self.gap
def f():
    raise Bank(5, 2)"""
CATCH = "try:\n    f()\nexcept Bank as error:\n    assert "
GIVES_ERRORS = """def f():
    return None, ValueError('x')
def g():
    try:
        1 / 0
    except ZeroDivisionError as error:
        return error
def h():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError('x') from error"""
RETRIES = """import numpy as np
def twice(g):
    g()
    g()
def retry(g, n):
    for _ in range(n):
        try:
            return g()
        except KeyError:
            pass
    raise RuntimeError('no')
def attempt(g):
    try:
        return g()
    except np.linalg.LinAlgError:
        return 'singular'"""
COLOUR = "from enum import Enum\nclass Colour(Enum):\n    RED = 1\n    BLUE = 2"
METHODS = f"""{POINT}    def f(self):
        return 3
    @property
    def y(self):
        return 1
    @staticmethod
    def z():
        return 2
    def __len__(self):
        return 3
    def __iter__(self):
        return iter([1, 2, 3])
    def __format__(self, spec):
        return f'<{{self.x:{{spec}}}}>'
    def __str__(self):
        return 'P'"""
FAMILY = """from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self):
        pass
class Square(Shape):
    def area(self):
        return 1
    def __repr__(self):
        return 'Square'"""
NAMED = """from collections import namedtuple
from typing import NamedTuple
P = namedtuple('P', 'x y', defaults=[5])
class Q(NamedTuple):
    a: int
    b: str = 'z'
    def twice(self):
        return 2 * self.a"""
KINDS = """from collections import defaultdict, deque
from types import SimpleNamespace
def pairs():
    return map(abs, [1]), zip([1], [2])
def counts():
    return defaultdict(int, a=1)
def sevens():
    return defaultdict(lambda: [7])
def fill(d):
    d['a'].append(1)
    return d
def last():
    return deque([1, 2], maxlen=2)
def push(d):
    d.append(9)
def space():
    return SimpleNamespace(a=1, b=[2])
def count(n):
    n.a += 1
def bits():
    return bytearray(b'ab')
def write(file):
    file.write('hello')
    print('x', file=file)
def lines(file):
    return [line.strip() for line in file]
def rest(file):
    return file.read()"""
DATACLASS = """from dataclasses import dataclass, field
@dataclass
class D:
    a: int
    b: list = field(default_factory=list)"""
STACK = """class Stack(list):
    limit = 9
    def __init__(self, *items):
        super().__init__(*items)
        self.seen = 0
    def push(self, x):
        self.append(x)
    def top(self):
        return self[-1]
    def append(self, x):
        self.seen += 1
        super().append(x)
    def merge(self, other):
        return Stack(list(self) + list(other))"""
MATRIX = """class Matrix(list):
    def turned(self):
        return Matrix(map(list, zip(*self)))
    def scale(self, k):
        for row in self:
            for i in range(len(row)):
                row[i] *= k"""
MADE_OF_PLAIN = """class Zero(dict):
    def __missing__(self, key):
        return 0
    def bump(self, key):
        self[key] = self[key] + 1
class Upper(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key.upper(), value)
class Celsius(float):
    def f(self):
        return self * 9 / 5 + 32
class Tags(set):
    def longest(self):
        return max(self, key=len)"""
LEVELS = """from enum import Enum, IntEnum
class Level(IntEnum):
    LOW = 1
    HIGH = 2
    def next(self):
        return Level(self + 1)
class Sign(str, Enum):
    PLUS = '+'"""
TAKES_OBJECTS = """def warm(sensor, n):
    total = 0
    for _ in range(n):
        total += sensor.read()
    sensor.log.append(total)
    sensor.last = total
    return total / n
def describe(x):
    return f'{x.name}: {len(x)} {x[0]} {list(x)} {3 in x} {bool(x)} {x}'
def top(xs):
    return max(xs)
def who(x):
    return x
def twin(x):
    import copy
    y = copy.deepcopy(x)
    y.read()
    return y"""
SENSOR = """class Sensor:
    def __init__(self):
        self.n, self.log = 0, []
    def read(self):
        self.n += 1
        return 4
s = Sensor()
assert warm(s, 3) == 4 and s.n == 3 and s.last == 12
t = twin(s)
assert t.n == 4 and s.n == 3 and isinstance(t, Sensor)"""
BOX = """class Box:
    name = 'box'
    def __len__(self):
        return 2
    def __getitem__(self, i):
        if i > 1:
            raise IndexError(i)
        return i + 2
    def __str__(self):
        return 'a box'
b = Box()
assert describe(b) == "box: 2 2 [2, 3] True True a box" and who(b) is b"""
ITEMS = """class Item:
    def __init__(self, w):
        self.w = w
    def __lt__(self, other):
        return self.w < other.w
    def __gt__(self, other):
        return self.w > other.w
xs = [Item(1), Item(3), Item(2)]
assert top(xs) is xs[1]"""
READS = "def f(path):\n    with open(path) as file:\n        return file.read()"


def expects(error, statement):
    return f"try:\n    {statement}\nexcept {error}:\n    pass\nelse:\n    raise AssertionError"


def refused(statement):
    return expects("TypeError", statement)


def checks(*sources):
    return [(TEST, source) for source in sources]


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
    # What a test changes of what it has from an answer, or has given it.
    "a list of an object's own": [
        (ANSWER, CART.format("list(items)", "self._items")),
        *checks("c = Cart()\nc.add(1)\nc.items().append(2)\nassert c.items() == [1]",
               "c = Cart()\nc.items().append(2)\nassert c.items() == [2]",
               "xs = [1]\nc = Cart(xs)\nxs.append(2)\nassert c.items() == [1]")],
    "a copy of an object's list": [
        (ANSWER, CART.format("list(items)", "list(self._items)")),
        *checks("c = Cart()\nc.add(1)\nc.items().append(2)\nassert c.items() == [1]")],
    "an object that keeps a given list": [
        (ANSWER, CART.format("items", "list(self._items)")),
        *checks("xs = [1]\nc = Cart(xs)\nxs.append(2)\nassert c.items() == [1]")],
    "what an object does later with a given list": [
        (ANSWER, STACK.format("xs")), *checks("a = [1]\ns = S(a)\ns.push(2)\nassert a == [1]")],
    "what an object does later with a copy": [
        (ANSWER, STACK.format("[*xs]")), *checks("a = [1]\ns = S(a)\ns.push(2)\nassert a == [1]")],
    "lists of which each knows the other": [
        (ANSWER, "def f(a, b):\n    a.append(b)\n    b.append(1)\n"
                 "def g(a):\n    a[0].append(2)\n"),
        *checks("a, b = [], []\nf(a, b)\nassert a == [[1]]\ng(a)\nassert b == [1, 2]\n"
                "b.append(3)\nassert a[0] is b and a == [[1, 2, 3]]")],
    "a register": [
        (ANSWER, "def register(reg):\n    def named(name):\n        def keep(f):\n"
                 "            reg[name] = f\n            return f\n        return keep\n"
                 "    return named"),
        *checks("reg = {}\ndouble = register(reg)('double')(lambda x: 2 * x)\n"
                "assert reg['double'](4) == 8 and double(3) == 6")],
    "a list that is collected in": [
        (ANSWER, "def collecting(xs):\n    def add(x):\n        xs.append(x)\n    return add"),
        *checks("xs = []\nadd = collecting(xs)\nadd(1)\nadd(2)\nassert xs == [1, 2]\n"
                "xs.clear()\nadd(3)\nassert xs == [3]")],
    "weights that a model changes later": [
        (ANSWER, "class M:\n    def __init__(self, W):\n        self.W = W\n"
                 "    def step(self):\n        self.W -= 1"),
        *checks("import numpy as np\nW = np.ones(3)\nm = M(W)\nm.step()\nassert W.sum() == 0\n"
                "m.step()\nW += 2\nassert m.W.sum() == 3 and W.sum() == 3")],
    "objects of a locked cell's that an object keeps": [
        (LOCKED, "class A:\n    n = 0"),
        (ANSWER, "class Bank:\n    def __init__(self):\n        self.all = []\n"
                 "    def add(self, a):\n        self.all.append(a)\n"
                 "    def pay(self):\n        for a in self.all:\n            a.n += 1"),
        *checks("a, b, k = A(), A(), Bank()\nk.add(a)\nk.add(b)\nk.pay()\n"
                "assert (a.n, b.n) == (1, 1)")],
    "results that go in again, and many at once": [
        (ANSWER, f"{STACK.format('xs')}\ndef f(xs):\n    return xs"),
        *checks("s = S([])\nfor i in range(300):\n    f(f([i]))\ns.xs.append(1)\n"
                "assert s.xs == [1]",
                "s = S([])\nkept = [f([i]) for i in range(300)]\ns.xs.append(1)\n"
                "assert s.xs == [1]")],
    "a defaultdict of one's own": [
        (ANSWER, "from collections import defaultdict\nclass Tree(defaultdict):\n"
                 "    def __init__(self):\n        super().__init__(Tree)\n"
                 "    def leaves(self):\n        return len(self)"),
        *checks("t = Tree()\nt['a']['b'] = 1\nassert t['a']['b'] == 1 and t.leaves() == 1\n"
                "assert isinstance(t, dict) and t['c'] == {} and len(t) == 2")],
    "dictionaries and queues of one's own": [
        (ANSWER, QUEUES),
        *checks("t = LRU(2)\nt.put(1, 1)\nt.put(2, 2)\nt.put(3, 3)\n"
                "assert list(t) == [2, 3] and t.n == 2",
                "t = Bag('aab')\nassert t == {'a': 2, 'b': 1} and t['z'] == 0\nt['b'] += 2\n"
                "assert t.size() == 5 and t.most_common(1)[0][1] == 3",
                "t = Last([1, 2], maxlen=2)\nt.append(3)\n"
                "assert list(t) == [2, 3] and t.first() == 2 and t.maxlen == 2")],
    "a list that counts what is looked at": [
        (ANSWER, BISECT), *checks(f"{SPY}s = Spy(range(999))\nassert f(s, 700) == 700 < s.n * 100",
                                  f"{SPY}s = Spy(range(999))\nassert f(s, 7) == 7 and s.n < 15")],
    "a list that counts, and finds too much": [
        (ANSWER, "def f(xs, x):\n    return next(i for i in range(len(xs)) if xs[i] == x)"),
        *checks(f"{SPY}s = Spy(range(999))\nassert f(s, 700) == 700 and s.n < 15")],
    "a list that is used as one": [
        (ANSWER, "def f(xs):\n    xs.append(1)\n    xs.sort()\n    return (max(xs), xs.index(4), "
                 "xs[1:], [0] + xs, isinstance(xs, list), [*reversed(xs)])"),
        *checks(f"{SPY}s = Spy([5, 4])\n"
                "assert f(s) == (5, 1, [4, 5], [0, 1, 4, 5], True, [5, 4, 1])\n"
                "assert s == [1, 4, 5]")],
    "numbers of a test's own": [
        (ANSWER, "def f(a, b):\n"
                 "    return a + b * a, 2 * a, isinstance(b, int), {4: 1}[b], 'abcde'[b]"),
        *checks("class Mod7(int):\n    def __add__(self, o):\n"
                "        return Mod7((int(self) + int(o)) % 7)\n"
                "    def __mul__(self, o):\n        return Mod7(int(self) * int(o) % 7)\n"
                "    __rmul__ = __mul__\n"
                "assert f(Mod7(5), Mod7(4)) == (4, 3, True, 1, 'e')")],
    "a dictionary and an Enum of a test's own": [
        (ANSWER, "def f(d):\n    d['a'] = 1\n    return d['zz']\n"
                 "def g(c):\n    return c.name, c.value, c == c, c in {c: 1}"),
        *checks("class D(dict):\n    def __missing__(self, k):\n        return len(k)\nd = D()\n"
                "assert f(d) == 2 and d == {'a': 1}",
                "from enum import Enum, IntEnum\nclass Color(Enum):\n    RED = 1\n"
                "class Level(IntEnum):\n    LOW = 3\n"
                "assert g(Color.RED) == ('RED', 1, True, True)\n"
                "assert g(Level.LOW) == ('LOW', 3, True, True)")],
    "a list of a locked cell's": [
        (LOCKED, "class Vec(list):\n    name = 'v'\n"
                 "    def norm(self):\n        return sum(x * x for x in self)\n"
                 "    def __add__(self, other):\n"
                 "        return Vec(a + b for a, b in zip(self, other))"),
        (ANSWER, "def f(v):\n    v.name = 'w'\n    v.append(2)\n    return v.norm()\n"
                 "def g(v, w):\n    u = v + w\n    u.name = v.name\n    return u"),
        *checks("assert f(Vec([1])) == 5", "u = Vec([1, 2])\nu.name = 'u'\nv = g(u, [1, 1])\n"
                "assert type(v) is Vec and v == [2, 3] and v.norm() == 13 and v.name == 'u'",
                "u = Vec([1, 2])\nf(u)\nassert u == [1, 2, 2]")],
    "a test that ends with what an answer gives": [
        (ANSWER, f"{MODEL}import numpy as np\ndef f():\n    return np.arange(2)"),
        *checks("m = Model()\nassert m.fit([1, 2]).n == 2\nm.fit([1])", "Model", "f()", "f")],
    "a decorator on a test's functions": [
        (ANSWER, "import functools\ndef logged(f):\n    @functools.wraps(f)\n"
                 "    def g(*a, **k):\n        return f(*a, **k) + 1\n    return g"),
        *checks("class T:\n    @logged\n    def m(self, x):\n        return x + self.y\n"
                "    y = 1\nassert T().m(3) == 5 and T.m.__name__ == 'm'",
                "@logged\ndef m(x):\n    'doc'\n    return x\n"
                "assert m(3) == 4 and m.__doc__ == 'doc' and m.__wrapped__(3) == 3")],
    "members and flags": [
        (ANSWER, "from enum import Enum, Flag\nclass C(Enum):\n    A = 1\n    B = 2\n"
                 "class P(Flag):\n    R = 1\n    W = 2"),
        *checks("assert list(C.__members__) == ['A', 'B'] and C['A'] is C.A and C(2) is C.B",
                "assert (P.R | P.W) & P.R == P.R and (P.R | P.W).value == 3",
                "assert P.R in (P.R | P.W) and P.W not in P.R and bool(P.R & P.W) is False")],
    "what is within functions and classes": [
        (ANSWER, "from abc import ABC, abstractmethod\ndef make(n):\n    def f():\n"
                 "        return n\n    return f\nclass S:\n    __slots__ = ('a',)\n"
                 "    __match_args__ = ('a',)\n    def __init__(self, a):\n        self.a = a\n"
                 "class A(ABC):\n    @abstractmethod\n    def area(self):\n        pass\n"
                 "    @staticmethod\n    def name():\n        pass"),
        *checks("assert make(3).__closure__[0].cell_contents == 3",
                "assert S.__slots__ == ('a',) and not hasattr(S(1), '__dict__')",
                "match S(4):\n    case S(x):\n        assert x == 4",
                "assert A.area.__isabstractmethod__ and A.__mro__ == (A, *A.__bases__, object)",
                "assert isinstance(A.__dict__['name'], staticmethod)")],
    "more that exceptions tell": [
        (ANSWER, "def f():\n    open('nowhere.txt')\ndef g():\n    error = ValueError('x')\n"
                 "    error.add_note('hey')\n    raise error\n"
                 "def h():\n    raise ExceptionGroup('x', [ValueError(1), TypeError(2)])\n"
                 "def name(f):\n    try:\n        f()\n    except Exception as error:\n"
                 "        return type(error).__name__, str(error)"),
        *checks("try:\n    f()\nexcept FileNotFoundError as error:\n"
                "    assert error.filename == 'nowhere.txt' and error.errno == 2",
                "try:\n    g()\nexcept ValueError as error:\n"
                "    assert error.__notes__ == ['hey']",
                "try:\n    h()\nexcept* ValueError as error:\n"
                "    assert len(error.exceptions) == 1\nexcept* TypeError:\n    pass",
                "class Odd(Exception):\n    pass\ndef f():\n    raise Odd('x')\n"
                "assert name(f) == ('Odd', 'x')")],
    "what is sent to a generator": [
        (ANSWER, "def f():\n    x = yield 1\n    return x"),
        *checks("it = f()\nassert next(it) == 1\n"
                "try:\n    it.send(7)\nexcept StopIteration as error:\n"
                "    assert error.value == 7\nelse:\n    raise AssertionError",
                f"it = f()\nnext(it)\n{expects('KeyError', 'it.throw(KeyError(1))')}")],
    "collections of one's own": [
        (ANSWER, "from collections import UserDict, UserList\n"
                 "from collections.abc import Sequence\n"
                 "class S(Sequence):\n    def __init__(self, x):\n        self.x = x\n"
                 "    def __len__(self):\n        return len(self.x)\n"
                 "    def __getitem__(self, i):\n        return self.x[i]\n"
                 "class U(UserList):\n    def total(self):\n        return sum(self)\n"
                 "class D(UserDict):\n    pass"),
        *checks("from collections.abc import Sequence\ns = S([1, 2])\n"
                "assert isinstance(s, Sequence) and issubclass(S, Sequence)\n"
                "assert 2 in s and s.index(2) == 1 and [*reversed(s)] == [2, 1]",
                "u = U([1, 2])\nu.append(3)\nassert u == [1, 2, 3] and u.total() == 6",
                "assert D(a=1) == {'a': 1} and D(a=1) == D({'a': 1}) != {'a': 2}")],
    "nothing to compare with": [
        (ANSWER, f"{POINT}    def __eq__(self, other):\n        {CHECKED}return self.x == other.x"),
        *checks("assert Point(1).__eq__(3) is NotImplemented and Point(1) != 3",
                "assert Point(1).__eq__(Point(1)) is True and not Point(1) == Point(2)")],
    "what is of a library": [
        (ANSWER, "import re\nimport matplotlib.pyplot as plt\ndef same(x):\n    return x\n"
                 "def pattern():\n    return re.compile('a')\ndef draw():\n"
                 "    figure, axes = plt.subplots()\n    axes.plot([1, 2])\n    return figure"),
        *checks("import math\nassert same(print) is print and same(math.sqrt) is math.sqrt\n"
                "assert same(math) is math and same(KeyError) is KeyError",
                "import re\nassert isinstance(pattern(), re.Pattern) and pattern().match('ab')",
                "import matplotlib.pyplot as plt\nfigure = draw()\n"
                "assert isinstance(figure, plt.Figure)\n"
                "assert list(figure.axes[0].lines[0].get_ydata()) == [1, 2]\nplt.close(figure)")],
    "what a test looks at that is printed": [
        (ANSWER, "def greet(n):\n    print('Hello,', n)"),
        *checks("from unittest.mock import patch\nwith patch('builtins.print') as p:\n"
                "    greet('Ann')\np.assert_called_once_with('Hello,', 'Ann')",
                "from unittest import mock\n@mock.patch('builtins.print')\ndef test(p):\n"
                "    greet('Bob')\n    assert p.call_count == 1\ntest()",
                "said = []\ndef print(*args):\n    said.append(args)\ngreet('C')\n"
                "assert said == [('Hello,', 'C')]\ndel print",
                "greet('D')\nassert len(said) == 1")],
    "what comes of chance and of the clock": [
        (ANSWER, "import random, time\nimport numpy as np\ndef roll(n):\n    time.sleep(0)\n"
                 "    return [random.randint(1, 6) for _ in range(n)]\n"
                 "def now():\n    return time.time()\ndef f():\n    return np.random.rand()"),
        *checks("from unittest.mock import patch\n"
                "with patch('random.randint', side_effect=[1, 2]) as r:\n"
                "    assert roll(2) == [1, 2]\nr.assert_called_with(1, 6)",
                "import random\nold, random.randint = random.randint, lambda a, b: b\n"
                "assert roll(2) == [6, 6]\nrandom.randint = old\nassert roll(9) != [6] * 9",
                "import time\nfrom unittest.mock import patch\n"
                "with patch.object(time, 'sleep') as s, patch('time.time', side_effect=[1]):\n"
                "    assert roll(1) and now() == 1 and s.called\nassert now() > 100",
                "import numpy as np\nfrom unittest.mock import patch\n"
                "with patch.object(np.random, 'rand', return_value=0.25):\n    assert f() == 0.25\n"
                "assert f() != 0.25")],
    "a file that is none": [
        (ANSWER, "def f(path):\n    with open(path) as file:\n        return [*file]\n"
                 "def g(path):\n    with open(path, 'w') as file:\n        file.write('hi')"),
        *checks("from unittest.mock import mock_open\nopen = m = mock_open(read_data='a\\nb')\n"
                "assert f('x.txt') == ['a\\n', 'b']\nm.assert_called_with('x.txt')\n"
                "open = m = mock_open()\ng('z')\nm.assert_called_once_with('z', 'w')\n"
                "m().write.assert_called_once_with('hi')")],
    "the environment and the command line": [
        (ANSWER, "import os, sys\ndef f():\n    return os.environ.get('KEY'), os.getenv('KEY')\n"
                 "def g():\n    return sys.argv[1:]"),
        *checks("import os\nfrom unittest.mock import patch\n"
                "with patch.dict(os.environ, {'KEY': 'v'}):\n    assert f() == ('v', 'v')\n"
                "assert f() == (None, None)",
                "import os\nos.environ['KEY'] = 'w'\nassert f() == ('w', 'w')\n"
                "del os.environ['KEY']\nassert f()[0] is None",
                "import sys\nfrom unittest.mock import patch\n"
                "with patch.object(sys, 'argv', ['prog', 'a']):\n    assert g() == ['a']")],
    "a context manager of a test's own": [
        (ANSWER, "def f(cm):\n    with cm as x:\n        return x + 1\n"
                 "def g(cm):\n    with cm:\n        raise KeyError(1)\n    return 5"),
        *checks("class C:\n    log = []\n    def __enter__(self):\n        return 1\n"
                "    def __exit__(self, kind, error, tb):\n        self.log.append(kind)\n"
                "        return kind is KeyError\n"
                "assert f(C()) == 2 and g(C()) == 5 and C.log == [None, KeyError]")],
    "objects of a library that a test hands over": [
        (ANSWER, "def f(p, s):\n    return bool(p.match(s))\ndef g(p):\n    return p(3), p"),
        *checks("import re\nassert f(re.compile('a+'), 'aa') and not f(re.compile('a+'), 'b')",
                "import numpy as np\nassert g(np.poly1d([1, 2]))[0] == 5\n"
                "assert g(np.poly1d([1, 2]))[1](3) == 5",
                "import functools\ndef own(a, b):\n    return a - b\n"
                "assert g(functools.partial(own, 4))[0] == 1")],
    "files that an answer writes": [
        (ANSWER, WRITES),
        *checks("save('a.txt', 'hi')\nwith open('a.txt') as file:\n    assert file.read() == 'hi'\n"
                "save('a.txt', 'ho')\nwith open('a.txt') as file:\n    assert file.read() == 'ho'",
                "import json, os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
                "    path = os.path.join(folder, 'x.json')\n    save(path, '[1]')\n"
                "    with open(path) as file:\n        assert json.load(file) == [1]\n"
                "    assert ls(folder) == ['x.json']\n"
                "assert not os.path.exists(path)",
                "from pathlib import Path\nPath('b.log').write_text('a')\nsave('b.log', 'b', 'a')\n"
                "assert Path('b.log').read_text() == 'ab'\nrm('b.log')\n"
                "assert not Path('b.log').exists()",
                "import os\nopen('m.txt', 'w').close()\nmv('m.txt', 'sub/dir/n.txt')\n"
                "assert not os.path.exists('m.txt') and os.path.isdir('sub/dir')\n"
                "os.remove('sub/dir/n.txt')\nassert ls('sub/dir') == []",
                "import tempfile\nwith tempfile.NamedTemporaryFile('w+', suffix='.txt') as file:\n"
                "    save(file.name, 'z')\n    assert file.read() == 'z'",
                "import sqlite3\nbase('c.db')\nc = sqlite3.connect('c.db')\n"
                "assert c.execute('select x from t').fetchall() == [(5,)]\nc.close()")],
    "a file that is there when the notebook has run": [
        (ANSWER, "with open('out.csv', 'w') as file:\n    file.write('a,b\\n1,2')"),
        *checks("import csv\nwith open('out.csv') as file:\n"
                "    assert [*csv.reader(file)] == [['a', 'b'], ['1', '2']]")],
    "a builtin that is not to be used": [
        (ANSWER, "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n"
                 "def g(xs):\n    return sum(sorted(xs))"),
        *checks("from unittest.mock import patch\n"
                "with patch('builtins.sum', side_effect=AssertionError('no')):\n"
                "    assert f([2, 1]) == 3",
                "with patch('builtins.sum', side_effect=AssertionError('no')):\n"
                "    assert g([2, 1]) == 3",
                "with patch('builtins.sum') as m, patch('builtins.sorted') as n:\n"
                "    r = f([2, 1])\nassert r == 3 and not m.called and not n.called",
                "with patch('builtins.sorted') as n:\n    g([2, 1])\nassert not n.called")],
    "what a function takes that a test hands over": [
        (ANSWER, "import inspect\ndef names(f):\n    return [*inspect.signature(f).parameters]\n"
                 "def curry(f):\n    def more(*a):\n"
                 "        return f(*a) if len(a) >= f.__code__.co_argcount else \\\n"
                 "            lambda *b: more(*a, *b)\n    return more"),
        *checks("assert curry(lambda a, b, c: a + b * c)(1)(2)(3) == 7",
                "def h(x, y=2, *, z):\n    pass\nassert names(h) == ['x', 'y', 'z']")],
    "a method that a test subscribes": [
        (ANSWER, "class Bus:\n    def __init__(self):\n        self.all = []\n"
                 "    def add(self, f):\n        if f not in self.all:\n"
                 "            self.all.append(f)\n"
                 "    def remove(self, f):\n        self.all.remove(f)\n"
                 "    def fire(self, x):\n        for f in self.all:\n            f(x)"),
        *checks("class A:\n    def __init__(self):\n        self.got = []\n"
                "    def on(self, x):\n        self.got.append(x)\n"
                "a, b, bus = A(), A(), Bus()\nbus.add(a.on)\nbus.add(a.on)\nbus.add(b.on)\n"
                "bus.fire(3)\nassert a.got == b.got == [3]\nbus.remove(a.on)\nbus.fire(4)\n"
                "assert a.got == [3] and b.got == [3, 4]")],
    "a function that is no text": [
        (ANSWER, "def f(x):\n    return x\nclass C:\n    def m(self):\n        pass"),
        *checks("assert f not in ('auto', '2-point') and f != None and C().m != 'a'")],
    "coroutines": [
        (ANSWER, "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n"
                 "    if n < 0:\n        raise ValueError(n)\n    return n * 2\n"
                 "async def g(ns):\n    return await asyncio.gather(*map(f, ns))"),
        *checks("import asyncio\nassert asyncio.run(f(3)) == 6\n"
                "assert asyncio.run(g([1, 2])) == [2, 4]",
                "async def main():\n    return await f(1), await asyncio.gather(f(2), g([3]))\n"
                "assert asyncio.run(main()) == (2, [4, [6]])",
                expects("ValueError", "asyncio.run(f(-1))"),
                "import inspect\nassert inspect.iscoroutinefunction(f)\nc = f(1)\n"
                "assert asyncio.iscoroutine(c)\nc.close()")],
    "the same seed again": [
        (ANSWER, "import random\nimport numpy as np\n"
                 "def f():\n    return np.random.rand(), random.random()"),
        *checks("import random\nimport numpy as np\nnp.random.seed(42)\nrandom.seed(1)\na = f()\n"
                "np.random.seed(42)\nrandom.seed(1)\nassert f() == a and f() != a",
                "s, t = np.random.get_state(), random.getstate()\na = f()\n"
                "np.random.set_state(s)\nrandom.setstate(t)\nassert f() == a and f() != a")],
    "the same list again": [
        (ANSWER, "class Order:\n    def __init__(self, items=[]):\n        self.items = items\n"
                 "def f(x, acc=[]):\n    acc.append(x)\n    return acc\n"
                 "def build(d):\n    return {'root': d, 'kids': [d]}\n"
                 "def same(a, b):\n    return a is b"),
        *checks("a, b = Order(), Order()\nassert a.items is not b.items",
                "assert f(1) is not f(2)",
                "d = {}\nt = build(d)\nassert t['root'] is d is t['kids'][0]\n"
                "assert same(d, d) and same(t['root'], d) and not same({}, d)")],
    "what is the same because it is kept": [
        (ANSWER, "from functools import lru_cache\n@lru_cache\ndef f(n):\n    return [n]\n"
                 "class L:\n    head = None\n    def push(self, n):\n"
                 "        self.head = {'next': self.head, 'n': n}\n        return self.head"),
        *checks("a = f(3)\nassert f(3) is a and f(4) is not a",
                "l = L()\na, b = l.push(1), l.push(2)\n"
                "assert l.head is b and b['next'] is a and a['n'] == 1 and a['next'] is None")],
    "a list that is given away and changed later": [
        (ANSWER, "class S:\n    def __init__(self):\n        self.own = [1]\n"
                 "    def items(self):\n        return self.own\n"
                 "    def add(self, x):\n        self.own.append(x)"),
        *checks("s = S()\nb = s.items()\ns.add(2)\nassert b == [1]",
                "s = S()\nb = s.items()\ns.add(2)\nassert b == [1, 2] and b is s.items()")],
    "a callback's argument that goes on changing": [
        (ANSWER, "def each(xs, f):\n    acc = []\n    for x in xs:\n        acc.append(x)\n"
                 "        f(acc)\n    return acc"),
        *checks("seen = []\nout = each([1, 2], lambda a: seen.append(list(a)))\n"
                "assert seen == [[1], [1, 2]] and out == [1, 2]")],
    "a default list": [
        (ANSWER, "def f(x, xs=[]):\n    xs.append(x)\n    return xs"),
        *checks("f(1)\nassert f(2) == [2]", "f(5).clear()\nassert f(6) == [6]")],
    "an attribute that is a dictionary": [
        (ANSWER, SHOP), *checks("shop = Shop()\nshop.stock['b'] = 4\nassert shop.total() == 5\n"
                               "shop.stock.clear()\nassert shop.total() == 0")],
    "lists in a list": [
        (ANSWER, ROWS), *checks("r = Rows()\nr.rows[0][1] = 5\nassert r.total() == 5\n"
                               "row = r.rows[1]\nrow[0] = 2\nassert r.total() == 7\n"
                               "r.rows.append([1])\nr.rows[2].append(1)\nassert r.total() == 9\n"
                               "assert r.rows == [[0, 5], [2, 0], [1, 1]]")],
    "a dictionary that remembers": [
        (ANSWER, "cache = {}\ndef f(n):\n    cache[n] = 1"),
        *checks("f(1)\nf(2)\ncache.clear()\nf(3)\nassert len(cache) == 1")],
    "a view of an array": [
        (ANSWER, ARRAY), *checks("a = Array(3)\na.view()[0] = 1\nassert a.sum() == 0",
                                "a = Array(3)\na.data[1] = 4\nassert a.sum() == 4",
                                "a = Array(3)\na.view()[:] = 2\nassert a.sum() == 6")],
    "a given list and object that change later": [
        (LOCKED, "class Box:\n    def __init__(self):\n        self.n = 1"),
        (ANSWER, "def keep(xs):\n    return lambda: sum(xs)\ndef open(box):\n"
                 "    return lambda: box.n"),
        *checks("xs = [1, 2]\nf = keep(xs)\nassert f() == 3\nxs[0] = 5\nassert f() == 7",
               "box = Box()\nf = open(box)\nbox.n = 5\nassert f() == 5")],
    "a list that is handed over often": [
        (ANSWER, "kept = []\ndef f(xs):\n    kept.append(xs)\n    return sum(map(sum, kept))"),
        *checks("xs = [1]\nassert [f(xs) for _ in range(3)] == [1, 2, 3]\nxs[0] = 2\n"
               "assert f(xs) == 8")],
    "more lists than are looked after": [
        (ANSWER, "def f(x):\n    return [x]"),
        *checks("xs = [f(i) for i in range(1000)]\nxs[0].append(1)\nxs[999].append(2)\n"
                "assert f(5) == [5] and xs[999] == [999, 2]",
                "x = [1]\nassert [f(x)[0] for _ in range(9)] == 9 * [[1]]\nx.append(2)\n"
                "assert f(x) == [[1, 2]]")],
    "an array that a test gives another shape": [
        (ANSWER, ARRAY + "\ndef f(x):\n    return x"),
        *checks("import numpy as np\na = Array(3)\nd = a.data\nd.resize(4, refcheck=False)\n"
                "xs = f([1])\nassert f(2) == 2\nxs.append(2)\nassert f(3) == 3 and xs == [1, 2]")],
    "what no answer can have, in a list of its own": [
        (ANSWER, "def f():\n    return [1]\ndef g():\n    return 2"),
        *checks("import threading\nxs = f()\nxs.append(threading.Lock())\nassert g() == 2",
               "assert g() == 2")],
    # Exceptions.
    "an exception with words and methods of its own": [
        (ANSWER, BANK),
        *checks(*(CATCH + what for what in (
            "str(error) == '5 of 2'", "str(error) == 'no'", "error.code == 7", "error.gap == 3",
            "error.twice() == 6", "error.args == ('no',)", "not hasattr(error, 'other')",
            "f'{error}' == '5 of 2' and type(error) is Bank")),
            "import traceback\n" + CATCH + "'5 of 2' in traceback.format_exc()",
            "error = Bank(1, 1)\nassert error.gap == 0 and isinstance(error, Exception)",
            "try:\n    raise Bank(3, 2)\nexcept Bank as error:\n    assert error.need == 3")],
    "exceptions as values": [
        (ANSWER, GIVES_ERRORS),
        *checks("none, e = f()\nassert isinstance(e, ValueError) and str(e) == 'x'",
               "assert isinstance(g(), ArithmeticError)", "assert isinstance(f()[1], KeyError)",
               "try:\n    h()\nexcept ValueError as error:\n"
               "    assert isinstance(error.__cause__, ZeroDivisionError)")],
    "exceptions on their way through an answer": [
        (ANSWER, RETRIES),
        *checks("class Mine(Exception):\n    pass\nmine = Mine(1, [2])\ndef bad():\n"
               "    raise mine\ntry:\n    twice(bad)\nexcept Mine as error:\n"
               "    assert error is mine",
               "import numpy as np\ndef bad():\n    np.linalg.inv(np.zeros((2, 2)))\n"
               "assert attempt(bad) == 'singular'\n"
               + expects("np.linalg.LinAlgError", "twice(bad)"),
               "class Missing(KeyError):\n    pass\ncalls = []\ndef g():\n    calls.append(1)\n"
               "    if len(calls) < 3:\n        raise Missing('k')\n    return 5\n"
               "assert retry(g, 5) == 5 and len(calls) == 3",
               "import json\ntry:\n    retry(lambda: json.loads('{'), 2)\n"
               "except ValueError as error:\n    assert error.pos == 1")],
    "an exception of a locked cell, through an answer": [
        (LOCKED, "class Err(Exception):\n    pass"),
        (ANSWER, "def f(g):\n    try:\n        g()\n    except Err as e:\n"
                 "        return e.args[0]"),
        *checks("def bad():\n    raise Err(4)\nassert f(bad) == 4")],
    "an exit code": [
        (ANSWER, "import sys\ndef f():\n    sys.exit(3)"),
        *checks("try:\n    f()\nexcept SystemExit as e:\n    assert e.code == 3", "f()")],
    # What a class is.
    "an enumeration": [
        (ANSWER, COLOUR),
        *checks("assert len(Colour) == 2 and Colour.RED in Colour",
               "assert Colour['RED'] is Colour.RED and Colour(2) is Colour.BLUE",
               "assert [c.name for c in Colour] == ['RED', 'BLUE']",
               "assert list(Colour) == [Colour.RED, Colour.BLUE]", "assert Colour(5)",
               "assert Colour.RED != Colour.BLUE and Colour.RED == Colour.RED",
               expects("KeyError", "Colour['X']"), "assert {Colour.RED: 1}[Colour(1)] == 1",
               "from enum import Enum\nassert isinstance(Colour.RED, Enum)",
               "assert isinstance(Colour.RED, Colour)", "assert str(Colour.RED) == 'Colour.RED'",
               "assert repr(Colour.RED) == '<Colour.RED: 1>'")],
    "a class and its methods": [
        (ANSWER, METHODS),
        *checks("import inspect\nassert inspect.isclass(Point) and isinstance(Point, type)",
               "import inspect\nassert inspect.isclass(Point(1))",
               "import inspect\nassert inspect.ismethod(Point(1).f)",
               "import inspect\nassert inspect.isfunction(Point.f) and callable(Point.f)",
               "import inspect\nassert list(inspect.signature(Point).parameters) == ['x']",
               "import inspect\nassert not inspect.signature(Point(1).f).parameters",
               "import inspect\n"
               "assert list(inspect.signature(Point.__init__).parameters) == ['self', 'x']",
               "assert isinstance(Point.y, property) and Point.z() == 2",
               "assert hasattr(Point, 'f') and not hasattr(Point, 'g')",
               "assert 'f' in dir(Point) and 'g' not in dir(Point)",
               "assert 'f' in Point.__dict__ and 'x' in vars(Point(1))",
               "assert type(Point(1)) is Point and Point(1).__class__ is Point",
               "assert type(Point(1)).__name__ == 'Point'", "assert type(Point(1))(2).x == 2",
               "assert len(Point(1)) == 3 and list(Point(2)) == [1, 2, 3]",
               "assert Point and Point.__len__(Point(1)) == 3 and Point.f(Point(1)) == 3",
               refused("len(Point)"), "assert f'{Point(1):.1f}' == '<1.0>'",
               "assert format(Point(2), 'd') == '<2>' and str(Point(1)) == 'P'",
               "Point.f = None\nassert Point.f is None")],
    "a family of classes": [
        (ANSWER, FAMILY),
        *checks("assert issubclass(Square, Shape) and not issubclass(Shape, Square)",
               "assert isinstance(Square(), Shape) and Square().area() == 1", refused("Shape()"),
               "import inspect\nassert inspect.isabstract(Shape)",
               "import inspect\nassert inspect.isabstract(Square)",
               "from abc import ABC\nassert issubclass(Shape, ABC) and Shape.__bases__ == (ABC,)",
               "assert 'area' in Shape.__abstractmethods__", "assert repr(Square()) == 'Square'",
               "assert [kind.__name__ for kind in Square.__mro__][:2] == ['Square', 'Shape']",
               "assert Square.__mro__[1] is Shape and Square.__mro__[-1] is object")],
    "copies of an object": [
        (ANSWER, POINT),
        *checks("import copy\np = Point([1])\nq = copy.copy(p)\nassert q is not p and q.x == [1]",
               "import copy\np = Point([1])\nq = copy.deepcopy(p)\nq.x.append(2)\n"
               "assert p.x == [1] and q.x == [1, 2]")],
    "what a function says of itself": [
        (ANSWER, "def f(x: int, y: str = 'a') -> float:\n    return 1.0"),
        *checks("import inspect\nassert inspect.signature(f).return_annotation is float",
               "import inspect\nassert inspect.signature(f).parameters['x'].annotation is int",
               "import typing\nassert typing.get_type_hints(f)['return'] is float")],
    "a dataclass": [
        (ANSWER, DATACLASS),
        *checks("assert D(1) == D(1) and D(1) != D(2)", "d = D(1)\nd.b.append(3)\n"
               "assert d.b == [3] and D(1).b == []",
               "import dataclasses\nassert dataclasses.is_dataclass(D)",
               "import dataclasses\nassert [f.name for f in dataclasses.fields(D)] == ['a', 'b']",
               "import dataclasses\nassert dataclasses.asdict(D(1)) == {'a': 1, 'b': []}",
               "assert repr(D(1)) == 'D(a=1, b=[])'")],
    "a method that does not know": [
        (ANSWER, POINT + EQ.replace("return", "return NotImplemented if other == 3 else")),
        *checks("assert Point.__eq__(Point(1), 3) is NotImplemented")],
    # Classes that are made of plain ones.
    "a list with methods": [
        (ANSWER, STACK),
        *checks("s = Stack([1])\nassert s.top() == 1 and isinstance(s, Stack)",
                "assert isinstance(Stack(), list) and type(Stack()) is Stack",
                "s = Stack()\ns.push(1)\ns.push(2)\nassert s == [1, 2] and len(s) == 2\n"
                "assert s.seen == 2 and s.limit == 9",
                "s = Stack()\ns.append(3)\nassert s.seen == 1 and s == [3]",
                "s = Stack([1, 2])\ns.pop()\nassert s.top() == 1",
                "s = Stack([3, 1])\ns.sort()\nassert s.top() == 3 and s[0] == 1",
                "a, b = Stack([1]), Stack([2])\nc = a.merge(b)\n"
                "assert c.top() == 2 and type(c) is Stack and c == [1, 2]",
                "s = Stack()\ns.seen = 5\ns.push(1)\nassert s.seen == 6",
                "import copy\ns = Stack([1])\nt = copy.copy(s)\nt.push(2)\n"
                "assert s == [1] and t == [1, 2]",
                "assert str(Stack([1])) == '[1]' and issubclass(Stack, list)",
                "assert hasattr(Stack(), 'top') and not hasattr(Stack(), 'nope')",
                "s = Stack()\nassert not s\ns.push(1)\nassert s and 1 in s and s != [2]")],
    "a list of lists with methods": [
        (ANSWER, MATRIX),
        *checks("m = Matrix([[1, 2], [3, 4]])\nassert m.turned() == [[1, 3], [2, 4]]",
                "m = Matrix([[1, 2]])\nm.scale(2)\nassert m == [[2, 4]]")],
    "dictionaries, numbers and sets with methods": [
        (ANSWER, MADE_OF_PLAIN),
        *checks("z = Zero()\nassert z['a'] == 0\nz.bump('a')\nassert z == {'a': 1}",
                "z = Zero(a=2)\nz['b'] = 3\nz.bump('b')\nassert z['b'] == 4",
                "u = Upper()\nu['a'] = 1\nassert u == {'A': 1}",
                "c = Celsius(100)\nassert c == 100 and c.f() == 212 and abs(c - 99.9) < 1",
                "t = Tags({'a', 'bb'})\nassert t.longest() == 'bb'\nt.add('ccc')\n"
                "assert t.longest() == 'ccc' and len(t) == 3")],
    "enumerations of numbers and texts": [
        (ANSWER, LEVELS),
        *checks("assert Level.LOW < Level.HIGH and Level.LOW == 1 and Level.LOW + 1 == 2",
                "assert Level.HIGH.name == 'HIGH' and Level.HIGH.value == 2 and len(Level) == 2",
                "assert Level(1) is Level.LOW and Level['HIGH'] is Level.HIGH",
                "assert Level.LOW.next() is Level.HIGH and isinstance(Level.LOW, Level)",
                "assert Sign.PLUS == '+' and Sign.PLUS.name == 'PLUS' and Sign('+') is Sign.PLUS")],
    "objects of a test's own classes, and mocks": [
        (ANSWER, TAKES_OBJECTS),
        *checks(SENSOR, BOX, ITEMS,
                "from unittest import mock\nm = mock.Mock()\nm.read.return_value = 2\n"
                "assert warm(m, 2) == 2 and m.read.call_count == 2 and m.last == 4\n"
                "m.log.append.assert_called_once_with(4)",
                "class Bad:\n    def read(self):\n        raise OSError('gone')\n"
                + expects("OSError", "warm(Bad(), 1)"),
                "class No:\n    pass\n" + expects("AttributeError", "warm(No(), 1)"))],
    # Kinds of data.
    "iterators, dictionaries and other kinds": [
        (ANSWER, KINDS),
        *checks("assert not isinstance(pairs()[0], map)", "assert isinstance(pairs()[1], zip)",
               "a, b = pairs()\nassert isinstance(a, map) and list(a) == [1]",
               "assert not isinstance(pairs()[1], (map, filter, enumerate))",
               "assert type(counts()) is dict",
               "assert counts()['b'] == 0 and counts() == {'a': 1}",
               "assert counts().default_factory is int and 'b' not in counts()",
               "assert sevens()['x'] == [7]",
               "import collections\nd = collections.defaultdict(list)\n"
               "assert fill(d) is d and d == {'a': [1]}",
               "import collections\nd = collections.defaultdict(lambda: [0])\nfill(d)\n"
               "assert d == {'a': [0, 1]}",
               "d = last()\nd.append(3)\nassert list(d) == [2, 3] and d.maxlen == 2",
               "from collections import deque\nd = deque([1, 2], maxlen=2)\npush(d)\n"
               "assert list(d) == [2, 9]",
               "from types import SimpleNamespace\n"
               "assert space() == SimpleNamespace(a=1, b=[2])",
               "from types import SimpleNamespace\nn = SimpleNamespace(a=1)\ncount(n)\n"
               "assert n.a == 2",
               "b = bits()\nassert b == b'ab' and isinstance(b, bytearray)\npush(b)\n"
               "assert b == b'ab\\t'")],
    "named tuples": [
        (ANSWER, NAMED),
        *checks("p = P(1, 2)\nassert p._asdict() == {'x': 1, 'y': 2} and p.x == 1 and p[1] == 2",
               "assert repr(P(1)) == 'P(x=1, y=5)' and P._fields == ('x', 'y')",
               "assert P(1)._replace(x=3) == (3, 5) and isinstance(P(1), P)",
               "assert Q(1).b == 'z' and isinstance(Q(1), tuple) and Q(2).twice() == 4",
               "q = Q(1)\nassert q == (1, 'z') and q._asdict() == {'a': 1, 'b': 'z'}",
               "assert repr(Q(1)) == \"Q(a=1, b='z')\" and Q(1)._replace(a=5).twice() == 10",
               "a, b = Q(3)\nassert (a, b) == (3, 'z') and hash(Q(1)) == hash(Q(1))")],
    "streams": [
        (ANSWER, KINDS + "\nimport sys\ndef numbers():\n    return [int(x) for x in sys.stdin]"),
        *checks("import io\nfile = io.StringIO()\nwrite(file)\n"
               "assert file.getvalue() == 'hellox\\n'",
               "import io\nwith io.StringIO() as file:\n    write(file)\n"
               "assert bits() and file.closed",
               "import io\nassert lines(io.StringIO('a\\nb\\n')) == ['a', 'b']",
               "with open('x.txt', 'w') as file:\n    file.write('a\\nb')\n"
               "with open('x.txt') as file:\n    assert lines(file) == ['a', 'b']",
               "with open('x.txt') as file:\n    file.readline()\n    assert rest(file) == 'b'",
               "with open('x.txt') as file:\n    lines(file)\n    assert file.read() == ''",
               "import sys, io\nold, sys.stdin = sys.stdin, io.StringIO('5\\n6')\ntry:\n"
               "    assert numbers() == [5, 6]\nfinally:\n    sys.stdin = old")],
    "files in other places": [
        (ANSWER, READS),
        *checks("import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
               "    path = os.path.join(folder, 'a')\n    with open(path, 'w') as file:\n"
               "        file.write('x')\n    assert f(path) == 'x'",
               "import os\nos.makedirs('new/deep')\nwith open('new/deep/a', 'w') as file:\n"
               "    file.write('y')\nassert f('new/deep/a') == 'y'",
               "import tempfile\nwith tempfile.NamedTemporaryFile('w') as file:\n"
               "    file.write('z')\n    file.flush()\n    assert f(file.name) == 'z'")],
    "a limit of recursion": [
        (ANSWER, "def f(n):\n    return n and 1 + f(n - 1)"),
        *checks("import sys\nold = sys.getrecursionlimit()\nsys.setrecursionlimit(20000)\n"
               "try:\n    assert f(3000) == 3000\nfinally:\n    sys.setrecursionlimit(old)",
               expects("RecursionError", "f(10 ** 6)"))],
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
        except (Exception, SystemExit):
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
def test_a_right_test_is_as_right_apart(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "table" in name:
        pytest.importorskip("pandas")
        engine.close_all()  # no submission before has loaded it
    cells = IDIOMS[name]
    assert apart(cells) == in_one_namespace(cells)


KEEPER = """class K:
    def __init__(self):
        self.kept = []
    def keep(self, x):
        self.kept.append(x)
        return x
    def get(self, i):
        return self.kept[i % len(self.kept)] if self.kept else [0]
    def push(self, i, x):
        self.get(i).append(x)
    def cut(self, i):
        del self.get(i)[:1]
    def swap(self):
        self.kept.reverse()
    def whole(self):
        return self.kept
    def fresh(self, x):
        self.kept.append([x])
        return self.kept[-1]
    def call(self, f, i):
        x = self.get(i)
        found = f(x)
        x.append(-1)
        return found
    def fail(self, x):
        x.append(9)
        raise ValueError"""
STEPS = (
    "p.append([{v}])", "k.keep({p})", "p.append(k.keep({p}))", "p.append(k.get({i}))",
    "{p}.append({v})", "k.push({i}, {v})", "k.push({i}, {p}[:])", "k.swap()", "k.cut({i})",
    "p.append(k.whole())", "p.append(k.fresh({v}))", "p[:] = p[-5:]", "{p}[:] = [{v}, {i}]",
    "p.append([x for x in {p} if isinstance(x, list)])", "{p}.append({q}[:])",
    "log.append({p} is {q})", "log.append(repr({p}))", "log.append(k.get({i}) is {p})",
    "log.append(k.call(lambda x: x.append({v}) or len(x), {i}))", "log.append(repr(k.whole()))",
    "log.append(k.call(lambda x: k.push({j}, {v}) or repr(x), {i}))",
    "try:\n    k.fail({p})\nexcept ValueError:\n    log.append(repr({p}))",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(int(os.environ.get("OBJECTS_FUZZ", "8"))))
def test_what_is_one_object_is_one_on_both_sides_whatever_happens(seed):
    """Eight programs of steps that keep, give and change lists, each as long as it can go on."""
    rng, programs = random.Random(seed), []
    while len(programs) < 8:
        steps = ["k, p, log = K(), [[1], [2]], []"]
        for _ in range(40):
            i, j = rng.randrange(6), rng.randrange(6)
            steps.append(rng.choice(STEPS).format(
                p=f"p[{i} % len(p)]", q=f"p[{j} % len(p)]", i=i, j=j, v=rng.randrange(99)
            ))  # fmt: skip
        space = {}
        with contextlib.suppress(AttributeError, TypeError):  # a number was to be changed
            exec("\n".join([KEEPER, *steps]), space)
            programs.append("\n".join([*steps, f"assert log == {space['log']!r}"]))
    assert apart([(ANSWER, KEEPER), *checks(*programs)]) == [True] * 8


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
    "a list that is equal to everything": (
        [(ANSWER, "class Stack(list):\n    def __eq__(self, other):\n        return True\n"
                  "    def __contains__(self, x):\n        return True\n"
                  "def top(s):\n    return Stack()"),
         (TEST, "assert top(Stack([1, 2])) == [2] or 2 in top(Stack([1, 2]))")],
        {0: "class Stack(list):\n    pass\ndef top(s):\n    return Stack(s[-1:])"}),
    "a list that is as long as it should be": (
        [(ANSWER, "class Stack(list):\n    def __len__(self):\n        return 1\n"
                  "    def __iter__(self):\n        return iter(())\n"
                  "def top(s):\n    return Stack()"),
         (TEST, "result = top(Stack([1, 2]))\nassert isinstance(result, list)\n"
                "assert len(result) == 1 and all(x == 2 for x in result)")],
        {0: "class Stack(list):\n    pass\ndef top(s):\n    return Stack(s[-1:])"}),
    "a number that is near to everything": (
        [(ANSWER, "class F(float):\n    def __sub__(self, other):\n        return F(0)\n"
                  "    __rsub__ = __sub__\ndef f():\n    return F(5)"),
         (TEST, "assert abs(f() - 1) < 1e-9 or abs(1 - f()) < 1e-9")],
        {0: "class F(float):\n    def __sub__(self, other):\n"
            "        return F(float(self) - other)\ndef f():\n    return F(1)"}),
    "what a test's object keeps to itself": (
        [(ANSWER, "def f(x):\n    return x._secret"),
         (TEST, "class Box:\n    def __init__(self, x):\n        self._secret, self.x = x, x\n"
                "assert f(Box(5)) == 5")],
        {0: "def f(x):\n    return x.x"}),
    "a method of a test's object": (
        [(ANSWER, "def f(x):\n    x.done = lambda: True"),
         (TEST, "class Box:\n    n = 0\n    def go(self):\n        self.n += 1\n"
                "    def done(self):\n        return self.n > 0\nb = Box()\nf(b)\n"
                "assert b.done()")],
        {0: "def f(x):\n    x.go()"}),
    "what a mock has seen": (
        [(ANSWER, "class Seen:\n    def assert_called_once_with(self, *_):\n        pass\n"
                  "def f(m):\n    m.send = Seen()\n    m.called = True"),
         (TEST, "from unittest import mock\nm = mock.Mock()\ntry:\n    f(m)\n"
                "except AttributeError:\n    pass\nm.send.assert_called_once_with(5)")],
        {0: "def f(m):\n    m.send(5)"}),
    "an object where a test ends with points": (
        [(ANSWER, f"{RIGHT['vector']}    __rmul__ = lambda self, other: self\n"
                  "def f():\n    return Vector(1)"), (TEST, "points = 2 * f()\npoints")],
        {0: f"{RIGHT['vector']}    def __rmul__(self, other):\n        return self\n"
            "def f():\n    return 0.5"}),
    "a function that ends a loop": (
        [(ANSWER, "def f(x):\n    raise StopIteration"),
         (TEST, "assert all(y > 0 for y in map(f, [1, 2]))")], {0: "def f(x):\n    return 1"}),
    "numbers from anywhere in memory": (
        [(ANSWER, "import types\ndef f(x):\n    return types.SimpleNamespace(__array_interface__="
                  "{'shape': (3,), 'typestr': '<f8', 'version': 3, 'data': bytearray(99)})"),
         (TEST, "import numpy as np\nnp.testing.assert_allclose(f(0), np.zeros(3))")],
        {0: "import numpy as np\ndef f(x):\n    return np.zeros(3)"}),
    "a mock that is told what it has seen": (
        [(ANSWER, "def f(m):\n    m.configure_mock(**{'send.assert_called_with': print})"),
         (TEST, "from unittest import mock\nm = mock.Mock()\nf(m)\nm.send.assert_called_with(5)")],
        {0: "def f(m):\n    m.send(5)"}),
    "a mock that is given one's own": (
        [(ANSWER, "import types\n"
                  "def f(m):\n    m.send = types.SimpleNamespace(assert_called_with=str)"),
         (TEST, "from unittest import mock\nm = mock.Mock()\ntry:\n    f(m)\n"
                "except AttributeError:\n    pass\nm.send.assert_called_with(5)")],
        {0: "def f(m):\n    m.send(5)"}),
    "an error that ends a test as passed": (
        [(ANSWER, "import unittest.case\ndef f(x):\n    raise unittest.case._ShouldStop"),
         (TEST, "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
                "        self.assertEqual(f(1), 2)\nresult = unittest.TestResult()\n"
                "T('test').run(result)\nassert result.wasSuccessful() and result.testsRun == 1")],
        {0: "def f(x):\n    return x + 1"}),
    "a function in an object of a locked cell's class": (
        [(LOCKED, "import math\nclass P:\n    far = math.dist"),
         (ANSWER, "def f(p):\n    p.far = lambda *_: 0"),
         (TEST, "p = P()\nf(p)\nassert p.far([0], [p.x]) == 0 and p.far([0], [2]) == 2")],
        {1: "def f(p):\n    p.x = 0"}),
    "a mock of the answer's own": (
        [(ANSWER, "class Seen:\n    def assert_called_with(self, *_):\n        pass\n"
                  "class Bus:\n    on = property(lambda self: Seen(), lambda self, f: None)\n"
                  "    def fire(self, x):\n        pass"),
         (TEST, "from unittest import mock\nbus = Bus()\nbus.on = mock.Mock()\nbus.fire(3)\n"
                "bus.on.assert_called_with(3)")],
        {0: "class Bus:\n    def fire(self, x):\n        self.on(x)"}),
    "an object that says it is a table": (
        [(ANSWER, "DataFrame = type('DataFrame', (), {'__module__': 'pandas', 'shape': (2, 1)})\n"
                  "def f():\n    return DataFrame()"),
         (TEST, "import pandas as pd\nassert isinstance(f(), pd.DataFrame)")],
        {0: "import pandas as pd\ndef f():\n    return pd.DataFrame({'a': [1, 2]})"}),
    "an object without a difference to anything": (
        [(ANSWER, "class S:\n    def symmetric_difference(self, other):\n        return set()\n"
                  "def f():\n    return S()"),
         (TEST, "assert not f().symmetric_difference({1, 2})")],
        {0: "def f():\n    return {1, 2}"}),
    "a value that a test calls as a builtin is called": (
        [(ANSWER, "def f():\n    return max if isinstance(max, int) else 0"),
         (TEST, "max = 9\nassert f() == max")], {0: "def f():\n    return 9"}),
    "an object that begins with everything": (
        [(ANSWER, "class Text:\n    def startswith(self, other):\n        return True\n"
                  "def f():\n    return Text()"), (TEST, "assert f().startswith('Hello')")],
        {0: "def f():\n    return 'Hello!'"}),
    "an object that tells the points": (
        [(ANSWER, f"{RIGHT['vector']}    __rmul__ = lambda self, other: self\n    ndim = 1\n"
                  "    def item(self):\n        return 1\ndef f():\n    return Vector(1)"),
         (TEST, "points = 2 * f()\npoints")],
        {0: f"{RIGHT['vector']}    def __rmul__(self, other):\n        return self\n"
            "def f():\n    return 0.5"}),
    "what a method gives, near to everything": (
        [(ANSWER, f"{RIGHT['vector']}    def dot(self, other):\n        return self\n".replace(
            "return Vector(", "return self or Vector(").replace("abs(self.x)", "0")),
         (TEST, "assert abs(Vector(3).dot(Vector(4)) - 12) < 1e-9")],
        {0: f"{RIGHT['vector']}    def dot(self, other):\n        return self.x * other.x\n"}),
    "an assumption that nothing fulfils": (
        [(ANSWER, "from hypothesis.errors import UnsatisfiedAssumption\ndef f(x):\n"
                  "    if x:\n        raise UnsatisfiedAssumption\n    return x"),
         (TEST, "from hypothesis import given, settings, strategies\n"
                "@settings(database=None)\n@given(strategies.integers(0, 9))\n"
                "def test(x):\n    assert f(x) == x\ntest()")],
        {0: "def f(x):\n    return x"}),
    "a descriptor in a test's class": (
        [(ANSWER, "class Pos:\n    def __set_name__(self, owner, name):\n        self.name = name\n"
                  "    def __get__(self, obj, owner):\n        return self.x\n"
                  "    def __set__(self, obj, x):\n        self.x = x"),
         (TEST, "class P:\n    age = Pos()\na, b = P(), P()\na.age, b.age = 1, 2\n"
                "assert a.age == 1")],
        {}),
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
    assert apart(own) == [bool(right)]
