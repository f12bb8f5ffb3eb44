"""Values ↔ bytes, for two processes of which one trusts nothing the other says.

A message is a JSON tree and a tail of raw bytes for arrays. Values are described and rebuilt, never
pickled and never evaluated. What is not plain data goes to `foreign`, which each side supplies.
"""

import abc
import collections
import contextlib
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import inspect
import io
import json
import math
import pathlib
import re
import select
import struct
import time
import types
import uuid

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading import tables

MAX_TREE = 16 * 2**20
MAX_TAIL = 256 * 2**20
MAX_DEPTH = 100
OF_THE_COURSE = "the course"  # the module of a class from a locked cell, as it crosses
KEYBOARD, STDIN = -1, -2  # numbers of the test's `input` and `sys.stdin.readline`
HEADER = struct.Struct("!II")
DTYPE = re.compile(r"[<>|]([biufcSU]\d{1,9}|[mM]8(\[\d*[A-Za-z]{1,2}\])?)")

CONTAINERS = {
    kind.__name__: kind
    for kind in (list, tuple, set, frozenset, collections.deque, dict, collections.OrderedDict,
                 collections.Counter, collections.defaultdict)
}  # fmt: skip
# What a container is besides what is in it: the one that is empty is made of it.
MORE = {"deque": "maxlen", "defaultdict": "default_factory"}
BASES = (int, float, str, bytes, tuple, frozenset, list, dict, set, collections.deque)
FUNCTIONS = {types.FunctionType, types.MethodType, types.BuiltinFunctionType}


def _fraction(top, bottom):
    if not (type(top) is type(bottom) is int):  # of a text such as 1e99999999 it would be for hours
        raise Malformed("not the parts of a fraction")
    return fractions.Fraction(top, bottom)


def is_asked_by_others(name):
    """Whether Python, NumPy or IPython look for an attribute of that name in any object."""
    return name.startswith(("__", "_repr_", "_render_", "_ipython_"))


def _names(space):
    return tuple(item for item in vars(space).items() if not is_asked_by_others(item[0]))


def _set_names(space, state):
    if not all(name.isidentifier() and not is_asked_by_others(name) for name, _ in state):
        raise Malformed("not the names of attributes")
    vars(space).clear()
    vars(space).update(state)


def _stream(stream):
    return None if stream.closed else (stream.getvalue(), stream.tell())


def _set_stream(stream, state):
    if state is None:
        stream.close()
        return
    text, place = state
    stream.seek(0)
    stream.truncate()
    stream.write(text)
    stream.seek(min(place, len(text)))  # from far behind its end the next text would be gigabytes


# Values that are made from plainer ones: how to take them apart, and how to put them together.
MADE = {
    "complex": (complex, lambda z: (z.real, z.imag), complex),
    "range": (range, lambda r: (r.start, r.stop, r.step), range),
    "slice": (slice, lambda s: (s.start, s.stop, s.step), slice),
    "Fraction": (fractions.Fraction, lambda q: (q.numerator, q.denominator), _fraction),
    "Decimal": (decimal.Decimal, lambda d: (str(d),), decimal.Decimal),
    "date": (datetime.date, lambda d: (d.isoformat(),), datetime.date.fromisoformat),
    "datetime": (datetime.datetime, lambda d: (d.isoformat(),), datetime.datetime.fromisoformat),
    "timedelta": (
        datetime.timedelta,
        lambda d: (d.days, d.seconds, d.microseconds),
        datetime.timedelta,
    ),
    "time": (datetime.time, lambda t: (t.isoformat(),), datetime.time.fromisoformat),
    "UUID": (uuid.UUID, lambda u: (str(u),), uuid.UUID),
    "keys": (type({}.keys()), lambda k: (list(k),), lambda k: dict.fromkeys(k).keys()),
    "values": (type({}.values()), lambda v: (list(v),), lambda v: dict(enumerate(v)).values()),
    "items": (type({}.items()), lambda i: (list(i),), lambda i: dict(i).items()),
    "mappingproxy": (types.MappingProxyType, lambda m: (dict(m),), types.MappingProxyType),
    "Path": (type(pathlib.Path()), lambda path: (str(path),), pathlib.Path),
}
MADE_OF = {kind: name for name, (kind, *_) in MADE.items()}

# Values that can be changed in place: how to tell what they are, and how to make them that again.
STATES = {
    "bytearray": (bytearray, bytes, lambda array, data: array.__setitem__(slice(None), data)),
    "SimpleNamespace": (types.SimpleNamespace, _names, _set_names),
    "StringIO": (io.StringIO, _stream, _set_stream),
    "BytesIO": (io.BytesIO, _stream, _set_stream),
}
STATE_OF = {kind: name for name, (kind, *_) in STATES.items()}
MUTABLE = (list, set, collections.deque, dict, np.ndarray, *STATE_OF)

ALONE = {"...": ..., "NotImplemented": NotImplemented, "MISSING": dataclasses.MISSING,
         "_FIELD": dataclasses._FIELD}  # fmt: skip
NAMED = {id(value): name for name, value in ALONE.items()}

TYPES = {
    kind.__name__: kind
    for kind in (*np.sctypeDict.values(), np.ndarray, bool, int, float, complex, str, bytes, list,
                 tuple, dict, set, frozenset, range, object, type(None))
}  # fmt: skip


class Malformed(Exception):
    """The other side sent what no honest process sends."""


class TooLarge(ValueError):
    """What is to be sent is more than the other side would take."""


class Shared:
    """Classes of `space` that both sides have from the same cell, by name: their objects are data.

    Attributes cross, and methods do not: each side calls its own.
    """

    def __init__(self, space, names=()):
        self.space, self.names = space, set(names)

    def find(self, name):
        kind = self.space.get(name) if name in self.names else None
        return kind if type(kind) in KINDS and kind.__module__ == "__main__" else None

    def holds(self, value):
        """Whether the attributes are all that there is to an object."""
        kind = type(value)
        plain = type(kind) in KINDS and kind.__new__ is object.__new__
        return plain and self.find(kind.__name__) is kind

    def makes(self, value):
        """Whether its class is made of a plain one, and of nothing that is told otherwise."""
        kind = type(value)
        return is_own(value) and self.find(kind.__name__) is kind and not is_told(kind)

    def is_member(self, value):
        return isinstance(value, enum.Enum) and self.find(type(value).__name__) is type(value)

    def attributes(self, value):
        names = [name for kind in type(value).__mro__ for name in slots(kind)]
        found = {name: getattr(value, name) for name in names if hasattr(value, name)}
        return {**found, **getattr(value, "__dict__", {})}

    def fill(self, value, attributes):
        """Give an object these attributes and no others; none takes the place of a method."""
        for name in self.attributes(value):
            object.__delattr__(value, name)
        for name, item in attributes:
            found = inspect.getattr_static(type(value), name, None)
            free = not (hasattr(found, "__get__") or callable(found))
            if name.isidentifier() and not is_asked_by_others(name) and (
                inspect.ismemberdescriptor(found) or free
            ):  # fmt: skip
                object.__setattr__(value, name, item)


KINDS = (type, abc.ABCMeta, enum.EnumType)


def slots(kind):
    names = vars(kind).get("__slots__", ())
    names = (names,) if isinstance(names, str) else names
    return [name for name in names if name not in ("__dict__", "__weakref__")]


def is_own(value):
    """Whether a value's class is a notebook's, and made of a plain one."""
    return type(value).__module__ == "__main__" and isinstance(value, BASES)


def is_told(kind):
    """Whether objects of a class made of a plain one cross by their names: a tuple's, an `Enum`."""
    return issubclass(kind, enum.Enum) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def more_of(value):
    """The attributes of an object whose class is made of a plain one."""
    return getattr(value, "__dict__", {})


def _nothing(value):
    return ()


class Encoder:
    """Describes the values of one message.

    A mutable container gets a number when it is first met and is referred to by it afterwards, so
    shared and cyclic structures arrive as such. `known` are the containers that both sides have
    numbered already, and `linked` the numbers of those of earlier messages, by their ids. Of an
    object of a class that is made of a plain one (`class Stack(list)`), `own` tells whose it is: a
    number and a family, or of the other side's the number alone; and None if it is not to be taken
    for a plain one.
    """

    def __init__(self, foreign, known=(), shared=None, own=_nothing, linked=()):
        self.foreign, self.own, self.linked = foreign, own, linked
        self.shared = shared or Shared({})
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
        if kind is int and -(2**53) < value < 2**53:
            return value
        whose = self.own(value) if is_own(value) else ()
        if depth > MAX_DEPTH or kind in FUNCTIONS or whose is None:
            return self.foreign(value, self)
        array = isinstance(value, np.ndarray)
        numbered = (
            (plain(value.dtype) if array else isinstance(value, MUTABLE))
            or self.shared.holds(value)
            or tables.kind(value) in ("DataFrame", "Series")
        )
        if numbered:
            number = self.numbers.get(id(value))
            if number is not None:
                return ["same", number]
            if id(value) in self.linked:
                return ["linked", self.linked[id(value)]]
            self.numbers[id(value)] = len(self.containers)
            self.containers.append(value)
        if len(whose) == 1:  # the other side has it
            return ["own", *whose]
        tree = self.contents(value, depth, numbered=numbered)
        if self.shared.makes(value):
            items = [[name, self.encode(item, depth + 1)] for name, item in more_of(value).items()]
            return ["made", kind.__name__, tree, items]
        return ["own", *whose, tree] if whose else tree

    def contents(self, value, depth=0, *, numbered=False):
        """The description of a value that is no container, or of what is in one."""
        # A subclass crosses as its base, read with the base's own methods, whatever it overrides.
        if isinstance(value, np.ndarray):
            return self._array(value) if plain(value.dtype) else self._compound(value, depth)
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
        if isinstance(value, (dict, list, tuple, set, frozenset, collections.deque)):
            base = next(kind for kind in type.mro(type(value)) if kind in CONTAINERS.values())
            items = [*(base.items(value) if issubclass(base, dict) else base.__iter__(value))]
            if not as_they_are(items):
                items = [self.encode(item, depth + 1) for item in items]
            fields = base is tuple and getattr(type(value), "_fields", None)
            if isinstance(fields, tuple) and len(fields) == len(items):
                return ["named", type(value).__name__, list(fields), items]
            more = getattr(value, MORE[base.__name__]) if base.__name__ in MORE else None
            return [base.__name__, items, *(() if more is None else [self.encode(more, depth + 1)])]
        if type(value) in STATE_OF:
            name = STATE_OF[type(value)]
            return [name, self.encode(STATES[name][1](value), depth + 1)]
        if type(value) in MADE_OF:
            name = MADE_OF[type(value)]
            return [name, [self.encode(part, depth + 1) for part in MADE[name][1](value)]]
        if tables.kind(value):
            return self._table(value, depth, len(self.containers) - numbered)
        if (name := NAMED.get(id(value))) is not None:
            return ["...", name]
        if isinstance(value, type) and TYPES.get(value.__name__) is value:
            return ["type", value.__name__]
        if isinstance(value, type) and self.shared.find(value.__name__) is value:
            return ["kind", value.__name__]
        if isinstance(value, np.dtype) and plain(value):
            return ["dtype", value.str]
        if self.shared.is_member(value):
            return ["member", type(value).__name__, value.name]
        if self.shared.holds(value):
            items = self.shared.attributes(value).items()
            return ["instance", type(value).__name__,
                    [[name, self.encode(item, depth + 1)] for name, item in items]]  # fmt: skip
        return self.foreign(value, self)

    def _table(self, value, depth, start):
        """A table whose every value is plain; any other stays where it is, and has no number."""
        foreign, before = self.foreign, (len(self.parts), self.length)
        self.foreign = _refuse
        try:
            return tables.describe(value, lambda part: self._part(part, depth + 1))
        except _NotPlain:
            for container in self.containers[start:]:
                del self.numbers[id(container)]
            del self.containers[start:], self.parts[before[0] :]
            self.length = before[1]
            return foreign(value, self)
        finally:
            self.foreign = foreign

    def _part(self, value, depth):
        """What belongs to one value only, so that it needs no number."""
        if isinstance(value, np.ndarray) and plain(value.dtype):
            return ["scalar", self._array(value)]
        return self.encode(value, depth)

    def _compound(self, array, depth):
        """An array of records, or of any objects."""
        if array.dtype.names:
            parts = [[name, self.contents(array[name], depth + 1)] for name in array.dtype.names]
            return ["records", list(array.shape), parts]
        if array.dtype == object:
            items = [self.encode(item, depth + 1) for item in array.flat]
            return ["objects", list(array.shape), items]
        return self.foreign(array, self)

    def _array(self, array):
        array = np.asarray(array)
        return ["array", array.dtype.str, list(array.shape), array.flags.writeable,
                self._append(array.tobytes())]  # fmt: skip

    def _append(self, data):
        self.parts.append(data)
        self.length += len(data)
        return [self.length - len(data), len(data)]


SCALARS = {type(None), bool, int, float, str}


def as_they_are(values):
    """Whether many values need no description, which is much faster to see of all at once."""
    kinds = {*map(type, values)}
    if kinds == {int}:
        return min(values) > -(2**53) and max(values) < 2**53
    return kinds <= SCALARS - {int}


class _NotPlain(Exception):
    pass


def _refuse(value, encoder):
    raise _NotPlain


@functools.lru_cache(256)
def plain(dtype):
    """Whether arrays of this dtype cross by value."""
    return dtype.itemsize > 0 and DTYPE.fullmatch(dtype.str) is not None


class Decoder:
    """Rebuilds the values of one message; `foreign(tree, decoder)` rebuilds what is not plain."""

    def __init__(self, tail, foreign, known=(), shared=None, linked=None):
        self.tail = tail
        self.foreign, self.linked = foreign, linked
        self.shared = shared or Shared({})
        self.containers = list(known)

    def decode(self, tree):
        try:
            return self._value(tree, 0)
        except Malformed:
            raise
        except Exception as error:  # whatever is wrong with it, it is the sender's fault
            raise Malformed(f"{type(error).__name__}: {error}") from None

    def replace(self, old, tree):
        """Put what `tree` describes into a container."""
        try:
            if isinstance(old, np.ndarray):
                new = self._array(*tree[1:])
                if new.shape != old.shape or new.dtype != old.dtype:
                    raise Malformed("an array changed its shape in place")
                old[...] = new
                return
            if tables.kind(old) == tree[0]:
                old._update_inplace(tables.rebuild(tree, lambda part: self._value(part, 1)))
                return
            if self.shared.holds(old) and tree[:2] == ["instance", type(old).__name__]:
                items = [(name, self._value(item, 1)) for name, item in tree[2]]
                self.shared.fill(old, items)
                return
            if STATE_OF.get(type(old)) == tree[0]:
                STATES[tree[0]][2](old, self._value(tree[1], 1))
                return
            if base_of(type(old)) is not base_of(CONTAINERS[tree[0]]):
                raise Malformed("a container changed its type in place")
            items = [self._value(item, 1) for item in tree[1]]
            next(kind for kind in type.mro(type(old)) if kind in CONTAINERS.values()).clear(old)
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
        if kind == "linked" and type(parts[0]) is int:
            return self.linked[parts[0]]
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
            return ALONE[parts[0]]
        if kind == "type":
            return TYPES[parts[0]]
        if kind == "kind":
            if (found := self.shared.find(parts[0])) is None:
                raise Malformed("no such class")
            return found
        if kind == "dtype":
            return read_dtype(*parts)
        if kind == "named":
            name, fields, items = parts
            items = [self._value(item, depth + 1) for item in items]
            ours = self.shared.find(name)
            if ours and issubclass(ours, tuple) and list(ours._fields) == fields:
                return tuple.__new__(ours, items)
            return tuple.__new__(named(name, tuple(fields)), items)
        if kind == "own":
            return self._own(depth, *parts)
        if kind == "instance":
            return self._instance(depth, *parts)
        if kind == "made":
            return self._made(depth, *parts)
        if kind in tables.KINDS:
            return self._table(depth, tree)
        if kind == "member":
            member = self.shared.find(parts[0])[parts[1]]
            if not isinstance(member, enum.Enum):
                raise Malformed("no such member")
            return member
        if kind == "records":
            return self._records(depth, *parts)
        if kind == "objects":
            shape, items = parts
            array = np.empty(len(items), object)
            for number, item in enumerate(items):
                array[number] = self._value(item, depth + 1)
            return array.reshape(shape)
        if kind in STATES:
            value = STATES[kind][0]()
            self.containers.append(value)
            STATES[kind][2](value, self._value(parts[0], depth + 1))
            return value
        if kind in MADE:
            return MADE[kind][2](*[self._value(part, depth + 1) for part in parts[0]])
        if kind not in CONTAINERS:
            return self.foreign(tree, self)
        base = CONTAINERS[kind]
        items, *more = parts
        if not issubclass(base, MUTABLE):
            return base(self._values(items, depth + 1))
        value = empty(base, *(self._value(part, depth + 1) for part in more))
        self.containers.append(value)
        fill(value, self._values(items, depth + 1))
        return value

    def _values(self, trees, depth):
        """All of them at once if there is nothing to rebuild, or one after the other."""
        if isinstance(trees, list) and SCALARS.issuperset(map(type, trees)):
            return trees
        return (self._value(tree, depth) for tree in trees)

    def _array(self, dtype, shape, writeable, where):
        dtype = read_dtype(dtype)
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

    def _own(self, depth, number, *more):
        """An object whose class is made of a plain one: this side's, or a copy of what it holds."""
        place = len(self.containers)
        if more:
            family, tree = more
            plain = self._value(tree, depth + 1)
            value = self.foreign(["own", number, family, plain], self)
        else:
            value = plain = self.foreign(["mine", number], self)
            self.containers += [plain] * isinstance(plain, MUTABLE)
        if isinstance(plain, MUTABLE):
            self.containers[place] = value
        return value

    def _made(self, depth, name, tree, attributes):
        """An object of a class that both sides have, and that is made of a plain one."""
        place, kind = len(self.containers), self.shared.find(name)
        plain = self._value(tree, depth + 1)
        if kind is None or is_told(kind) or not isinstance(plain, base_of(kind) or ()):
            raise Malformed("no such class")
        value = copy_as(kind, plain)
        if isinstance(plain, MUTABLE):
            self.containers[place] = value
        self.shared.fill(value, [(key, self._value(item, depth + 1)) for key, item in attributes])
        return value

    def _instance(self, depth, name, attributes):
        kind = self.shared.find(name)
        if kind is None or kind.__new__ is not object.__new__:
            raise Malformed("no such class")
        value = object.__new__(kind)
        self.containers.append(value)
        items = [(name, self._value(item, depth + 1)) for name, item in attributes]
        self.shared.fill(value, items)
        return value

    def _table(self, depth, tree):
        numbered = tree[0] in ("DataFrame", "Series")
        place = len(self.containers)
        self.containers += [None] * numbered
        value = tables.rebuild(tree, lambda part: self._value(part, depth + 1))
        if numbered:
            self.containers[place] = value
        return value

    def _records(self, depth, shape, parts):
        parts = [(name, self._value(part, depth + 1)) for name, part in parts]
        if not parts or any(list(part.shape[: len(shape)]) != shape for _, part in parts):
            raise Malformed("not the fields of records")
        array = np.empty(shape, [(name, part.dtype, part.shape[len(shape) :])
                                 for name, part in parts])  # fmt: skip
        for name, part in parts:
            array[name] = part
        return array

    def _slice(self, where):
        start, length = where
        if not (start >= 0 and length >= 0 and start + length <= len(self.tail)):
            raise Malformed("bytes beyond the message")
        return memoryview(self.tail)[start : start + length]


def read_dtype(text):
    if not isinstance(text, str) or not DTYPE.fullmatch(text):
        raise Malformed("not a dtype of plain data")
    return np.dtype(text)


def base_of(kind):
    """The plain class that a class is made of, or None."""
    return next((base for base in BASES if issubclass(kind, base)), None)


def copy_as(kind, plain):
    """An object of a class that is made of a plain one, and holds what this one does."""
    base = base_of(type(plain))
    if not issubclass(base, MUTABLE):
        return base.__new__(kind, plain)
    value = base.__new__(kind)
    if base is collections.deque:
        base.__init__(value, (), plain.maxlen)
    fill(value, dict.items(plain) if base is dict else plain)
    return value


def empty(base, more=None):
    """An empty container, with what else it is."""
    if base is collections.defaultdict and (more is None or callable(more)):
        return base(more)
    return base() if more is None else base((), more)


def fill(container, items):
    if isinstance(container, collections.OrderedDict):  # which keeps its order besides
        collections.OrderedDict.update(container, items)
    elif isinstance(container, dict):
        dict.update(container, items)
    elif isinstance(container, set):
        set.update(container, items)
    else:
        base = list if isinstance(container, list) else collections.deque
        base.extend(container, items)


@functools.lru_cache(256)
def named(name, fields):
    """The type of a named tuple; names are all that `collections.namedtuple` takes."""
    if not all(isinstance(word, str) for word in (name, *fields)) or len(fields) > MAX_DEPTH:
        raise Malformed("not the names of a tuple")
    return collections.namedtuple(name, fields)


def make(kind, args):
    """An exception with these arguments, though its class may be made of others."""
    with contextlib.suppress(Exception):
        return type.__call__(kind, *args)
    with contextlib.suppress(Exception):
        exception = kind.__new__(kind)
        exception.args = tuple(args)
        return exception
    return RuntimeError(*args)


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


def too_large(data):
    """The size of a message that nobody would take, else 0."""
    size, tail = HEADER.unpack_from(data)
    return size + tail if size > MAX_TREE or tail > MAX_TAIL else 0


def read_message(data):
    """The (tree, tail) of the bytes that `message` gives."""
    size, _ = HEADER.unpack_from(data)
    start = HEADER.size
    return json.loads(data[start : start + size]), data[start + size :]


class Channel:
    """Messages over a socket, of limited length and each before its deadline."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, tree, tail=b"", *, timeout=None):
        data = message(tree, tail)
        if size := too_large(data):
            raise TooLarge(
                f"{size >> 20} MB are too much to hand over at once: of an array "
                f"{MAX_TAIL >> 20} MB cross, of all else {MAX_TREE >> 20} MB"
            )
        self.send_bytes(data, timeout=timeout)

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
        data = memoryview(self._exactly(size + tail, deadline))
        return bytes(data[:size]), data[size:]

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
