"""What crosses between a student's process and a test's: values, described and rebuilt."""

import collections
import contextlib
import copy
import datetime
import decimal
import enum
import fractions
import functools
import io
import json
import math
import os
import pathlib
import random
import socket
import time
import tracemalloc
import types
import warnings

import numpy as np
import pandas as pd  # which comes with statsmodels
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.grading.line import Answers
from course_utils.grading.links import Links
from course_utils.grading.wire import HEADER, Channel, Decoder, Encoder, Malformed, Shared, message


def refuse(value, _):
    raise Malformed(f"foreign: {value!r}")


def cross(value, known=()):
    encoder = Encoder(refuse, known)
    tree = json.loads(json.dumps(encoder.encode(value)))
    return Decoder(encoder.tail, refuse, known).decode(tree)


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.binary() | st.complex_numbers(allow_nan=False) | st.fractions()
    | st.decimals(allow_nan=False)
)  # fmt: skip
hashable = scalars | st.tuples(scalars, scalars) | st.frozensets(scalars, max_size=3)
values = st.recursive(
    hashable | st.sets(hashable, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
    ),
    max_leaves=20,
)
dtypes = (
    hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes()
    | hnp.complex_number_dtypes() | hnp.unicode_string_dtypes(max_len=5)
)  # fmt: skip


@given(values)
def test_plain_values_arrive_equal_and_of_the_same_type(value):
    arrived = cross(value)
    assert arrived == value
    assert type(arrived) is type(value)


@given(hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, min_side=0, max_dims=3)))
def test_arrays_arrive_bit_by_bit(array):
    arrived = cross(array)
    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    assert arrived.tobytes() == array.tobytes()


def test_numpy_scalars_keep_their_type():
    arrived = cross([np.float32(0.1), np.int64(-3), np.bool_(True)])
    assert [type(value) for value in arrived] == [np.float32, np.int64, np.bool_]


def test_a_subclass_arrives_as_its_base():
    class Sly(int):
        def __eq__(self, other):
            return True

        __hash__ = None

    assert type(cross(Sly(3))) is int
    assert type(cross(np.zeros(2).view(np.matrix))) is np.ndarray
    assert cross(collections.Counter("aab")) == collections.Counter("aab")


def test_named_tuples_keep_their_names():
    Point = collections.namedtuple("Point", "x y")
    arrived = cross(Point(1, 2))
    assert (arrived.x, arrived.y, arrived) == (1, 2, (1, 2))


def test_shared_and_cyclic_structures_arrive_as_such():
    shared = [1]
    loop = [shared, shared]
    loop.append(loop)
    arrived = cross(loop)
    assert arrived[0] is arrived[1]
    assert arrived[2] is arrived


def test_what_both_sides_know_arrives_as_itself():
    known = [np.zeros(3), {}]
    assert cross((known[1], known[0]), known)[1] is known[0]


@pytest.mark.parametrize("value", [object(), iter({}), lambda: None, memoryview, iter([])])
def test_what_is_not_plain_is_not_described(value):
    with pytest.raises(Malformed, match="foreign"):
        cross(value)


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["list", "dict", "array", "scalar", "same", "int", "named", "bytes", "range",
                       "Fraction", "Counter", "<f8", "|b1", "<U0", "set", "deque", "..."]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)  # fmt: skip


@given(json_trees, st.binary(max_size=64))
def test_nothing_a_sender_can_say_does_more_than_be_malformed(tree, tail):
    decoder = Decoder(tail, refuse, [[1], np.zeros(2)])
    with contextlib.suppress(Malformed):
        decoder.decode(tree)
    with contextlib.suppress(Malformed):
        decoder.replace(decoder.containers[1], tree)


class Point:
    def __init__(self, x):
        self.x = x


Colour = enum.Enum("Colour", "RED BLUE")
Pair = collections.namedtuple("Pair", "a b")
SPACE = {"Point": Point, "Colour": Colour, "Pair": Pair}
for kind in SPACE.values():
    kind.__module__ = "__main__"
SHARED = Shared(SPACE, SPACE)


FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2026-01-02"] * 2),
                      "d": pd.Categorical(["u", "v"])}, index=["r", "s"])  # fmt: skip
TABLES = [
    FRAME, pd.DataFrame(), pd.DataFrame({1: [1.5], "x": [True]}), FRAME.groupby(["a", "d"],
    observed=True)["c"].max(), pd.Series([1, None], dtype="Int64", name="n"),
    pd.Series(["a", None], dtype="string"),
    pd.Series([1, 2], pd.date_range("2026", periods=2, freq="MS")),
    pd.Series([1, 2], pd.period_range("2026-01", periods=2, freq="M")),
    pd.DataFrame({"p": pd.period_range("2026", periods=2, freq="Y"), "cut": pd.cut([1.5, 9], 3)}),
]  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_tables_arrive_as_they_are(table):
    equal = pd.testing.assert_frame_equal if isinstance(table, pd.DataFrame) else \
        pd.testing.assert_series_equal  # fmt: skip
    equal(cross(table), table)
    one, two = cross([table, table])
    assert one is two


def test_a_table_of_other_things_stays_where_it_is():
    table, after = pd.DataFrame({"a": [[1], object()]}), [7]
    encoder = Encoder(lambda value, encoder: ["foreign"])
    tree = encoder.encode([table, after, after])
    assert tree == ["list", [["foreign"], ["list", [7]], ["same", 1]]]
    assert Decoder(encoder.tail, lambda *_: None).decode(tree) == [None, [7], [7]]


def test_a_table_is_changed_in_place():
    table, other = FRAME.copy(), FRAME.assign(z=[3.5, 4.5])
    encoder = Encoder(refuse)
    tree = encoder.contents(other)
    Decoder(encoder.tail, refuse).replace(table, tree)
    pd.testing.assert_frame_equal(table, other)


def honest():
    """Values of every kind that crosses, one in the other, as (tree, tail)."""
    point, records = Point([1.5]), np.zeros(2, [("a", int), ("b", float, 2)])
    point.x.append(point)
    encoder = Encoder(refuse, shared=SHARED)
    values = [
        None, True, 7, 2**70, -0.5, "text", b"bytes", 4j, ..., range(3), slice(1, None),
        fractions.Fraction(1, 3), decimal.Decimal("0.1"), datetime.date(2026, 1, 2),
        datetime.datetime(2026, 1, 2, 3), datetime.timedelta(1), pathlib.Path("a/b"), Pair(1, 2),
        collections.namedtuple("Other", "c")(3), Colour.RED, point, point, np.eye(2), np.float32(2),
        np.array(["a", "bc"]), records, np.array([1, "a", None], object),
        {"a": {1, 2}, (1, 2): frozenset("b")}, collections.deque([1]), collections.Counter("aab"),
        np.array(["2026-01-02"], "M8[D]"), int, np.float32, np.dtype("f4"), *TABLES, Point,
        collections.defaultdict(int, a=1), collections.deque([1], 2), bytearray(b"ab"),
        types.SimpleNamespace(a=[1]), io.StringIO("ab"), io.BytesIO(b"ab"), NotImplemented,
    ]  # fmt: skip
    return json.loads(json.dumps(encoder.encode(values))), encoder.tail


ATOMS = (
    None, True, -1, 0, 1, 2**31, 2**62, 10**40, 0.5, math.nan, math.inf, "", "x", "__class__",
    "__init__", "<f8", "|b1", "<U999999999", "|O", "<M8[D]", "0x" + "f" * 50, "1e99999999", [], {},
    ["list", []], ["same", 0], ["same", -1], ["array", "<f8", [2**40, 0], True, [0, 0]],
)  # fmt: skip
KINDS = ("list", "tuple", "set", "frozenset", "deque", "dict", "OrderedDict", "Counter", "array",
         "scalar", "int", "bytes", "...", "named", "instance", "member", "records", "objects",
         "same", "complex", "range", "slice", "Fraction", "Decimal", "date", "datetime",
         "timedelta", "Path", "type", "dtype", "DataFrame", "Series", "Index", "MultiIndex",
         "Timestamp", "category", "object", "defaultdict", "bytearray", "SimpleNamespace",
         "StringIO", "BytesIO", "kind", "own", "class", "error", "yours")  # fmt: skip


def mutate(tree, rng):
    """Change a tree in place in one spot: a node, a kind, the length or the order of a list."""
    spots, stack = [], [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list) and node:
            spots.append(node)
            stack += node
    if not spots:
        return
    node = rng.choice(spots)
    index = rng.randrange(len(node))
    what = rng.randrange(6)
    if what == 0:
        node[index] = copy.deepcopy(rng.choice(ATOMS))
    elif what == 1:
        node[0] = rng.choice(KINDS)
    elif what == 2:
        del node[index]
    elif what == 3:
        node.insert(index, copy.deepcopy(rng.choice(rng.choice(spots))))
    elif what == 4:
        node[index] = copy.deepcopy(rng.choice(rng.choice(spots)))
    elif isinstance(node[index], int):
        node[index] = int(node[index]) + rng.choice((-1, 1, 2**16, 2**40))


def test_fuzzed_descriptions_are_rebuilt_or_malformed_within_the_memory_that_they_take():
    """WIRE_FUZZ says how many: some thousand at every change, 200 000 in `make proof`."""
    rng = random.Random(20261124)
    original, tail = honest()
    trees = [copy.deepcopy(original)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what NumPy says of odd numbers is no test's concern
        for case in range(int(os.environ.get("WIRE_FUZZ", "3000"))):
            tree = copy.deepcopy(rng.choice(trees))
            mutate(tree, rng)
            data, known = json.dumps(tree), [[1], np.zeros(2), {}, Point(1), FRAME.copy()]
            if len(data) < 20_000 and case % 10 == 0:
                trees = [*trees[-50:], tree]  # so that changes pile up
            decoder = Decoder(tail, refuse, known, SHARED)
            measured = case % 100 == 0
            if measured:
                tracemalloc.start()
            began = time.monotonic()
            with contextlib.suppress(Malformed):
                decoder.decode(tree)
            for number, part in ((rng.randrange(-1, 6), rng.choice(tree or [0])), (4, tree)):
                with contextlib.suppress(Malformed, IndexError):
                    decoder.replace(decoder.containers[number], part)
            assert time.monotonic() - began < 5, data
            if measured:
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
                assert peak < 2**18 + 300 * (len(data) + len(tail)), data


def test_fuzzed_bytes_are_messages_or_malformed():
    rng = random.Random(20261125)
    whole = message(*honest())
    for _ in range(int(os.environ.get("WIRE_FUZZ", "3000")) // 10):
        data = bytearray(whole * 2)
        for _ in range(rng.randrange(1, 6)):
            spot = rng.randrange(12) if rng.random() < 0.3 else rng.randrange(len(data))
            data[spot] = rng.randrange(256)
        del data[rng.choice((len(data), rng.randrange(len(data)))) :]
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(data)
            theirs.shutdown(socket.SHUT_WR)
            messages = iter(functools.partial(Channel(ours).receive, timeout=5), None)
            with pytest.raises((EOFError, Malformed)):
                list(messages)


def test_an_object_of_a_class_that_both_sides_have_crosses_as_data():
    value = Point([1])
    encoder = Encoder(refuse, shared=SHARED)
    tree = encoder.encode([value, value, Colour.BLUE, Pair(1, 2)])
    one, two, colour, pair = Decoder(encoder.tail, refuse, shared=SHARED).decode(tree)
    assert type(one) is Point
    assert one is two
    assert one.x == [1]
    assert colour is Colour.BLUE
    assert type(pair) is Pair


def test_an_object_of_any_other_class_does_not():
    other = type("Point", (), {"__module__": "__main__"})()
    with pytest.raises(Malformed, match="foreign"):
        Encoder(refuse, shared=SHARED).encode(other)


@pytest.mark.parametrize("name", ["__class__", "__dict__", "norm", "length", "Nested"])
def test_no_attribute_that_crosses_takes_the_place_of_a_method(name):
    class Vector:
        Nested = int

        def norm(self):
            return 1

        @property
        def length(self):
            return 2

    Vector.__module__ = "__main__"
    shared = Shared({"Vector": Vector}, ["Vector"])
    tree = ["instance", "Vector", [[name, 0], ["x", 3]]]
    value = Decoder(b"", refuse, shared=shared).decode(tree)
    assert (type(value), vars(value)) == (Vector, {"x": 3})


def nested(depth):
    tree = []
    for _ in range(depth):
        tree = ["list", [tree]]
    return tree


@pytest.mark.parametrize("tree", [
    ["array", "<f8", [10**12], True, [0, 8]],
    ["array", "|O", [1], True, [0, 8]],
    ["array", "<f8", [-1], True, [0, 8]],
    ["array", "<f8", [1], True, [-8, 8]],
    ["array", "<U0", [10**12], True, [0, 0]],
    ["named", "P", ["__class__"], [1]],
    ["named", "P", ["x", "x"], [1, 2]],
    ["dict", [["tuple", [["list", []], 1]]]],
    ["range", [1.5]],
    ["Fraction", [1, 0]],
    ["Fraction", ["1e99999999", 1]],
    ["Fraction", ["1e99999999"]],
    ["kind", "Point"],
    ["own", 0],
    ["defaultdict", [], 5],
    ["SimpleNamespace", ["tuple", [["tuple", ["not a name", 1]]]]],
    ["SimpleNamespace", ["tuple", [["tuple", ["__array_interface__", ["dict", []]]]]]],
    ["SimpleNamespace", ["tuple", [["tuple", ["_repr_html_", 1]]]]],
    ["made", "Vector", ["list", []], []],
    ["mappingproxy", [1]],
    ["bytearray", "text"],
    ["StringIO", ["tuple", ["text", -1]]],
    ["StringIO", ["bytes", [0, 2]]],
    ["...", "__import__"],
    ["same", 5],
    ["same", -1],
    ["object", 1],
    ["member", "Point", "__init__"],
    ["records", [1], []],
    ["objects", [2], [1]],
    nested(200),
])  # fmt: skip
def test_malformed_descriptions_are_refused(tree):
    with pytest.raises(Malformed):
        Decoder(bytes(8), refuse, [[1]]).decode(tree)


def test_a_truth_value_is_true_or_false_and_not_both():
    """A byte of 2 would be true to one loop of NumPy's and unequal to True to another."""
    arrived = Decoder(b"\x02\x00", refuse).decode(["array", "|b1", [2], True, [0, 2]])
    assert arrived.tobytes() == b"\x01\x00"


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield Channel(ours), theirs
    ours.close()
    theirs.close()


@given(data=st.binary(min_size=8, max_size=200))
def test_no_bytes_on_the_line_crash_or_hang_the_receiver(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        messages = iter(lambda: Channel(ours).receive(timeout=1), None)
        with pytest.raises((EOFError, Malformed)):
            list(messages)


def test_a_message_has_a_deadline_however_slowly_it_comes(pair):
    channel, theirs = pair
    theirs.sendall(HEADER.pack(100, 0) + b"[1")
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.receive(timeout=0.05)
    assert time.monotonic() - began < 5


def test_a_message_of_gigabytes_is_not_waited_for(pair):
    channel, theirs = pair
    theirs.sendall(HEADER.pack(2**31, 2**31))
    with pytest.raises(Malformed):
        channel.receive(timeout=1)


FAMILY = [[3, "__main__", "P", [1], ["__len__", "__call__", "area"], []],
          [1, "builtins", "object", [], [], []]]  # fmt: skip
MADE = [[7, "__main__", "Stack", [8], ["push", "__len__", "__getitem__"], []],
        [8, "builtins", "list", [1], ["__len__"], []], FAMILY[1]]  # fmt: skip
OWN_ERROR = [[4, "__main__", "Oops", [5], [], []], [5, "builtins", "ValueError", [6], [], []],
             [6, "builtins", "Exception", [1], [], []], FAMILY[1]]  # fmt: skip
OBJECTS = [
    ["object", 2, FAMILY], ["class", FAMILY], ["yours", 0], ["own", 9, MADE, ["list", [1]]],
    ["error", OWN_ERROR, ["list", ["a"]], ["<cell>, line 1"], ["dict", []], "says", 10, None],
]  # fmt: skip
LIES = (
    "ABC", "abc", "enum", "Enum", "builtins", "BaseException", "SystemExit", "float", "int", "list",
    "__eq__", "__add__", "__class__", "__init__", "__getattribute__", "__del__", "__hash__", "args",
    "__answers__", "mro", "__traceback__", "the course", "numpy", "ndarray", "unittest", "SkipTest",
    "re", "Pattern", "collections.abc", "Sequence", "collections", "UserList", "generator", "_x",
    0, 1, 3, -1, 2**70, None, [], {}, [1], FAMILY, MADE, OWN_ERROR,
)  # fmt: skip


def the_trusted_end():
    """`Answers` that note what is asked for, and ask nobody."""
    job = {"operators": ["__eq__", "__len__"], "made": ["Stack", "P"], "call_seconds": 1,
           "withheld": []}  # fmt: skip
    answers = Answers(None, job, SHARED, None, {})
    answers.handed.append(len)
    answers.asked = []
    answers._ask = lambda *what: answers.asked.append(what)
    return answers


def test_objects_that_stay_are_described():
    answers = the_trusted_end()
    thing, kind, own, stack, error = Decoder(b"", answers._rebuild, (), SHARED).decode(
        ["list", OBJECTS]
    )
    assert type(thing) is kind
    assert own is len
    assert type(stack).__name__ == "Stack"
    assert list.__eq__(stack, [1])
    assert isinstance(error, ValueError)
    assert str(error) == "says"


def test_no_forged_description_of_an_object_runs_anything():
    rng = random.Random(20261126)
    for _ in range(int(os.environ.get("WIRE_FUZZ", "3000"))):
        tree = copy.deepcopy(OBJECTS)
        for _ in range(rng.randrange(1, 4)):
            mutate(tree, rng)
            spots = [node for node in walk(tree) if isinstance(node, list) and node]
            node = rng.choice(spots or [[0]])
            node[rng.randrange(len(node))] = copy.deepcopy(rng.choice(LIES))
        answers = the_trusted_end()
        with contextlib.suppress(Malformed):
            Decoder(b"", answers._rebuild, (), SHARED).decode(["list", tree])
        assert {operation for operation, *_ in answers.asked} <= {"hash", "eq"}  # for a set
        for value in answers.stand_ins.values():
            assert type(value) is not bool
            if isinstance(value, (int, float, list)):
                assert type(value).__name__ in ("Stack", "P")


def test_an_answer_changes_later_only_what_both_have():
    answers, given, result = the_trusted_end(), [1], [2]
    answers.links.add(0, [given], given=True)
    answers.links.add(1, [result])

    def change(changes):
        answers._change(Decoder(b"", answers._rebuild, (), SHARED), changes, answers.links)

    change([[0, ["list", [5]]]])
    assert (given, answers.changed, answers.altered) == ([5], True, False)
    change([[1, ["list", [["list", []]]]]])
    assert (result, answers.altered) == ([[]], True)
    for forged in ([[2, ["list", []]]], [[-1, ["list", []]]], [["0", ["list", []]]], [[0]], [0], 5,
                   None, [[0, ["dict", []]]], [[[], ["list", []]]]):  # fmt: skip
        with pytest.raises(Malformed):
            change(forged)
    assert (given, result) == ([5], [[]])


@pytest.mark.parametrize("number", [1, -1, True, "0", None, 2**70, [0]])
def test_what_both_have_is_told_by_its_number(number):
    one = [1]
    assert Decoder(b"", refuse, linked={0: one}).decode(["linked", 0]) is one
    with pytest.raises(Malformed):
        Decoder(b"", refuse, linked={0: one}).decode(["linked", number])


def test_the_newest_containers_are_looked_at_and_those_that_somebody_holds():
    links, held = Links(SHARED), [[number] for number in range(300)]
    for number, value in enumerate(held):
        links.add(number, [value])
    links.add(300, [[0]])  # nobody holds it
    links.crowd_out()
    held[299].append(1)
    held[0].append(1)
    assert links.changed() == {299: (held[299], None)}
    assert set(links.forgotten()) == {*range(201), 300}
    links.forget(links.forgotten())
    assert [links.copies[number] for number in sorted(links.copies)] == held[201:]
    assert sorted(links.numbers.values()) == [*range(201, 300)]


def walk(tree):
    yield tree
    for node in tree if isinstance(tree, list) else ():
        yield from walk(node)


def test_made_values_cross():
    value = [fractions.Fraction(1, 3), decimal.Decimal("0.1"), range(2, 9, 3), slice(1, None), ...]
    assert cross(value) == value
