"""Values ↔ bytes, for two processes of which one trusts nothing the other says.

A message is a JSON tree and a tail of raw bytes for arrays. Values are described and rebuilt, never
pickled and never evaluated. What is not plain data goes to `foreign`, which each side supplies.
"""

import collections
import decimal
import fractions
import json
import math
import re
import select
import struct
import time

import numpy as np

MAX_TREE = 16 * 2**20
MAX_TAIL = 256 * 2**20
MAX_DEPTH = 100
HEADER = struct.Struct("!II")
DTYPE = re.compile(r"[<>|]([biufcSU]\d{1,9}|[mM]8(\[\d*[A-Za-z]{1,2}\])?)")

CONTAINERS = {
    kind.__name__: kind
    for kind in (list, tuple, set, frozenset, collections.deque, dict, collections.OrderedDict,
                 collections.Counter)
}  # fmt: skip
MUTABLE = (list, set, collections.deque, dict, np.ndarray)

# Values that are made from plainer ones: how to take them apart, and how to put them together.
MADE = {
    "complex": (complex, lambda z: (z.real, z.imag), complex),
    "range": (range, lambda r: (r.start, r.stop, r.step), range),
    "slice": (slice, lambda s: (s.start, s.stop, s.step), slice),
    "Fraction": (fractions.Fraction, lambda q: (q.numerator, q.denominator), fractions.Fraction),
    "Decimal": (decimal.Decimal, lambda d: (str(d),), decimal.Decimal),
}
MADE_OF = {kind: name for name, (kind, *_) in MADE.items()}


class Malformed(Exception):
    """The other side sent what no honest process sends."""


class Encoder:
    """Describes the values of one message.

    A mutable container gets a number when it is first met and is referred to by it afterwards, so
    shared and cyclic structures arrive as such. `known` are the containers that both sides have
    numbered already.
    """

    def __init__(self, foreign, known=()):
        self.foreign = foreign
        self.containers = list(known)  # keeps them alive, so that an id stays theirs
        self.numbers = {id(value): number for number, value in enumerate(self.containers)}
        self.parts = []
        self.length = 0

    @property
    def tail(self):
        return b"".join(self.parts)

    def encode(self, value, depth=0):
        kind = type(value)
        if value is None or kind is bool or kind is str or kind is float:
            return value
        if depth > MAX_DEPTH:
            return self.foreign(value, self)
        if isinstance(value, MUTABLE) and plain(getattr(value, "dtype", np.dtype(bool))):
            number = self.numbers.get(id(value))
            if number is not None:
                return ["same", number]
            self.numbers[id(value)] = len(self.containers)
            self.containers.append(value)
        return self.contents(value, depth)

    def contents(self, value, depth=0):
        """The description of a value that is no container, or of what is in one."""
        # A subclass crosses as its base, read with the base's own methods, whatever it overrides.
        if isinstance(value, np.generic):
            return ["scalar", self._array(np.asarray(value))] if plain(value.dtype) else \
                self.foreign(value, self)  # fmt: skip
        if isinstance(value, int):
            value = int.__int__(value)
            return value if abs(value) < 2**53 else ["int", hex(value)]
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bytes):
            return ["bytes", self._append(bytes(memoryview(value)))]
        if isinstance(value, np.ndarray) and plain(value.dtype):
            return self._array(value)
        if isinstance(value, (dict, list, tuple, set, frozenset, collections.deque)):
            base = next(kind for kind in type(value).__mro__ if kind in CONTAINERS.values())
            items = dict.items(value) if issubclass(base, dict) else base.__iter__(value)
            items = [self.encode(item, depth + 1) for item in items]
            fields = getattr(type(value), "_fields", None)
            if base is tuple and isinstance(fields, tuple) and len(fields) == len(items):
                return ["named", type(value).__name__, list(fields), items]
            return [base.__name__, items]
        if type(value) in MADE_OF:
            name = MADE_OF[type(value)]
            return [name, [self.encode(part, depth + 1) for part in MADE[name][1](value)]]
        if value is Ellipsis:
            return ["..."]
        return self.foreign(value, self)

    def _array(self, array):
        array = np.asarray(array)
        return ["array", array.dtype.str, list(array.shape), array.flags.writeable,
                self._append(array.tobytes())]  # fmt: skip

    def _append(self, data):
        self.parts.append(data)
        self.length += len(data)
        return [self.length - len(data), len(data)]


def plain(dtype):
    """Whether arrays of this dtype cross by value."""
    return dtype.itemsize > 0 and DTYPE.fullmatch(dtype.str) is not None


class Decoder:
    """Rebuilds the values of one message; `foreign(tree, decoder)` rebuilds what is not plain."""

    def __init__(self, tail, foreign, known=()):
        self.tail = tail
        self.foreign = foreign
        self.containers = list(known)

    def decode(self, tree):
        try:
            return self._value(tree, 0)
        except Malformed:
            raise
        except Exception as error:  # whatever is wrong with it, it is the sender's fault
            raise Malformed(f"{type(error).__name__}: {error}") from None

    def replace(self, number, tree):
        """Put what `tree` describes into the container of that number."""
        try:
            old = self.containers[number]
            if isinstance(old, np.ndarray):
                new = self._array(*tree[1:])
                if new.shape != old.shape or new.dtype != old.dtype:
                    raise Malformed("an array changed its shape in place")
                old[...] = new
                return
            if tree[0] != type(old).__name__ and not isinstance(old, CONTAINERS[tree[0]]):
                raise Malformed("a container changed its type in place")
            items = [self._value(item, 1) for item in tree[1]]
            old.clear()
            fill(old, items)
        except Malformed:
            raise
        except Exception as error:
            raise Malformed(f"{type(error).__name__}: {error}") from None

    def _value(self, tree, depth):
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return tree
        if depth > MAX_DEPTH + 1 or not isinstance(tree, list) or not tree:
            raise Malformed("not a description of a value")
        kind, *parts = tree
        if kind == "same":
            (number,) = parts
            if not isinstance(number, int) or number < 0:
                raise Malformed("no such container")
            return self.containers[number]
        if kind == "array":
            array = self._array(*parts)
            self.containers.append(array)
            return array
        if kind == "scalar":
            return self._array(*parts[0][1:])[()]
        if kind == "int":
            return int(parts[0], 16)
        if kind == "bytes":
            return bytes(self._slice(parts[0]))
        if kind == "...":
            return Ellipsis
        if kind == "named":
            name, fields, items = parts
            return named(name, fields)(self._value(item, depth + 1) for item in items)
        if kind in MADE:
            return MADE[kind][2](*[self._value(part, depth + 1) for part in parts[0]])
        if kind not in CONTAINERS:
            return self.foreign(tree, self)
        base = CONTAINERS[kind]
        if not issubclass(base, MUTABLE):
            return base([self._value(item, depth + 1) for item in parts[0]])
        value = base()
        self.containers.append(value)
        fill(value, (self._value(item, depth + 1) for item in parts[0]))
        return value

    def _array(self, dtype, shape, writeable, where):
        if not isinstance(dtype, str) or not DTYPE.fullmatch(dtype):
            raise Malformed("not a dtype of plain data")
        dtype = np.dtype(dtype)
        if not all(type(n) is int and n >= 0 for n in shape) or not dtype.itemsize:
            raise Malformed("not a shape")
        data = self._slice(where)
        if math.prod(shape) * dtype.itemsize != len(data):
            raise Malformed("as many bytes as the shape says")
        if dtype.kind == "b":  # a byte that is neither 0 nor 1 would be true and false at once
            array = np.frombuffer(data, np.uint8).reshape(shape).astype(bool)
        else:
            array = np.frombuffer(data, dtype).reshape(shape).copy()
        array.flags.writeable = bool(writeable)
        return array

    def _slice(self, where):
        start, length = where
        if not (start >= 0 and length >= 0 and start + length <= len(self.tail)):
            raise Malformed("bytes beyond the message")
        return memoryview(self.tail)[start : start + length]


def fill(container, items):
    if isinstance(container, dict):
        dict.update(container, items)
    elif isinstance(container, set):
        container.update(items)
    else:
        container.extend(items)


def named(name, fields):
    """A tuple type with named items, as `collections.namedtuple` makes, but without its `eval`."""
    if not isinstance(name, str) or not name.isidentifier() or len(set(fields)) != len(fields):
        raise Malformed("not the name of a type")
    members = {"__slots__": (), "_fields": tuple(fields)}
    for index, field in enumerate(fields):
        if not isinstance(field, str) or not field.isidentifier() or field.startswith("_"):
            raise Malformed("not the name of a field")
        members[field] = property(lambda self, index=index: tuple.__getitem__(self, index))
    return type(name, (tuple,), members)


def pack(files, start=0):
    """Files as a table of (name, start, length) and one run of bytes, which begins at `start`."""
    table, parts = [], []
    for name, data in files.items():
        table.append([name, start, len(data)])
        parts.append(data)
        start += len(data)
    return table, b"".join(parts)


def unpack(table, tail):
    return {name: bytes(tail[start : start + length]) for name, start, length in table}


def message(tree, tail=b""):
    """A message as the bytes that go over the line."""
    data = json.dumps(tree).encode()
    return b"".join((HEADER.pack(len(data), len(tail)), data, tail))


class Channel:
    """Messages over a socket, of limited length and each before its deadline."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, tree, tail=b"", *, timeout=None):
        self.send_bytes(message(tree, tail), timeout=timeout)

    def send_bytes(self, data, *, timeout=None):
        self.sock.settimeout(timeout)
        self.sock.sendall(data)

    def receive(self, *, timeout=None):
        """The next message's (tree, tail); `EOFError`, `TimeoutError` or `Malformed`."""
        data, tail = self.receive_bytes(timeout=timeout)
        try:
            return json.loads(data), tail
        except Exception as error:
            raise Malformed(f"{type(error).__name__}: {error}") from None

    def ready(self, seconds):
        """Whether a message begins to arrive within so many seconds."""
        return bool(select.select([self.sock], [], [], max(seconds, 0))[0])

    def receive_bytes(self, *, timeout=None):
        """The same, the tree still as JSON."""
        deadline = None if timeout is None else time.monotonic() + timeout
        size, tail = HEADER.unpack(self._exactly(HEADER.size, deadline))
        if size > MAX_TREE or tail > MAX_TAIL:
            raise Malformed(f"a message of {size + tail} bytes")
        data = self._exactly(size, deadline)
        return bytes(data), self._exactly(tail, deadline)

    def close(self):
        self.sock.close()

    def _exactly(self, count, deadline):
        data = bytearray(count)
        view, done = memoryview(data), 0
        while done < count:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError("no message before the deadline")
            self.sock.settimeout(left)
            received = self.sock.recv_into(view[done:], min(count - done, 2**20))
            if not received:
                raise EOFError("the other side is gone")
            done += received
        return data
