"""Which containers a test and an answer each have a copy of, and what the test has changed."""

import collections
import operator
import sys
import types

import numpy as np

from course_utils.grading import tables
from course_utils.grading.wire import MUTABLE, STATE_OF, STATES

# All are looked at before each call: so many at once, copies of one, and bytes of one.
MOST_LINKS, MOST_COPIES, LARGEST_LINK = 100, 4, 2**16


class Links:
    """What a test knows of containers of which an answer has a copy, by their numbers.

    A call's arguments and results are such. What a test changes in its copy the answer's gets as
    well, before the next call; never the other way, as a result is to stay what it was.
    """

    def __init__(self, shared):
        self.shared = shared
        self.copies = {}  # number → container, and what it holds
        self.refused = []  # numbers of those that the other side has too, and this one not

    def add(self, first, containers):
        """Number the containers of a message from `first` on, as long as there are not too many."""
        if not containers:
            return
        times = collections.Counter(id(value) for value, _ in self.copies.values())
        for number, value in linkable(containers, first):
            if times[id(value)] < MOST_COPIES and len(self.copies) < MOST_LINKS:
                self.copies[number] = value, look(value, self.shared)
            else:
                self.refused.append(number)

    def __bool__(self):
        return bool(self.copies or self.refused)

    def containers(self):
        return [self.copies[number][0] for number in sorted(self.copies)]

    def changed(self):
        """Numbers of those that have changed since this was last asked."""
        found, looks = [], {}
        for number, (value, old) in list(self.copies.items()):
            if id(value) not in looks:
                looks[id(value)] = look(value, self.shared)
            new = looks[id(value)]
            if not same(old, new):
                self.copies[number] = value, new
                found.append(number)
        return found

    def forgotten(self):
        """Numbers of those that nobody else holds any more, which are let go of."""
        found = [number for number in list(self.copies)
                 if sys.getrefcount(self.copies[number][0]) <= 2]  # fmt: skip
        for number in found:
            del self.copies[number]
        refused, self.refused = self.refused, []
        return found + refused


def look(value, shared):
    """What is in a container: its parts, to be compared by identity, and else plain data."""
    if isinstance(value, np.ndarray):
        plain = value.dtype != object
        return [] if plain else [*value.flat], (value.shape, value.tobytes()) if plain else None
    if type(value) in STATE_OF and type(value) is not types.SimpleNamespace:
        return [], STATES[STATE_OF[type(value)]][1](value)
    if not isinstance(value, MUTABLE):  # of a class that both sides have
        value = shared.attributes(value)
    value = vars(value) if isinstance(value, types.SimpleNamespace) else value
    # Read as Python's own containers, whatever a class that is made of one overrides.
    base = next(base for base in (list, collections.OrderedDict, dict, set, collections.deque)
                if isinstance(value, base))  # fmt: skip
    if issubclass(base, dict):
        return [*base.keys(value), *base.values(value)], None
    return [*base.__iter__(value)], None


def same(one, other):
    """Whether a container holds what it did."""
    (parts, data), (more, now) = one, other
    return len(parts) == len(more) and all(map(operator.is_, parts, more)) and data == now


def linkable(containers, first):
    """Those of a message's containers that may be linked, with the numbers that they get."""
    if len(containers) > MOST_LINKS:
        return []
    return [(number, value) for number, value in enumerate(containers, first)
            if not tables.kind(value) and size(value) <= LARGEST_LINK]  # fmt: skip


def size(value):
    """The bytes of a container itself; the same on both sides."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return 8 * len(value) if isinstance(value, (list, set, dict, collections.deque)) else 0
