"""What crosses between a student's process and a test's: values, described and rebuilt."""

import collections
import contextlib
import decimal
import fractions
import json
import socket
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.grading.wire import HEADER, Channel, Decoder, Encoder, Malformed


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


@pytest.mark.parametrize("value", [object(), {}.keys(), lambda: None, type, iter([])])
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
        decoder.replace(1, tree)


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
    ["same", 5],
    ["same", -1],
    ["object", 1],
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


def test_made_values_cross():
    value = [fractions.Fraction(1, 3), decimal.Decimal("0.1"), range(2, 9, 3), slice(1, None), ...]
    assert cross(value) == value
