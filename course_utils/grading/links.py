"""Containers that a test and an answer have in common, and what either has changed in them."""

import collections
import operator
import sys
import types

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading import tables
from course_utils.grading.wire import MUTABLE, STATE_OF, STATES

# All are looked at around each call: so many at once, and what one may weigh, and all of them.
MOST_LINKS, LARGEST_LINK, ALL_LINKS = 100, 2**13, 2**14


class Links:
    """Containers of which a test and an answer each have a copy, by their numbers.

    A call's arguments and results are such, for as long as the test holds them. What either side
    changes in its copy, the other's is told of with the next message; and where one of them crosses
    again it is the same object as before.
    """

    def __init__(self, shared):
        self.shared = shared
        self.copies, self.looks = {}, {}  # number → container; number → what it holds
        self.numbers, self.weights = {}, {}  # id of a container → number; number → weight
        self.given = set()  # numbers of the test's own
        self.let_go = []  # numbers of those of which the other side is still to be told

    def add(self, first, containers, given=False):
        """Number the containers of a message from `first` on; whether the test has given them."""
        for number, value in linkable(containers, first) if containers else ():
            self.copies[number], self.numbers[id(value)] = value, number
            self.looks[number], self.weights[number] = look(value, self.shared), weight(value)
            if given:
                self.given.add(number)

    def crowd_out(self):
        """Look no more at the oldest of too many."""
        while len(self.looks) > MOST_LINKS or sum(self.weights.values()) > ALL_LINKS:
            number = next(iter(self.looks))
            self.let_go.append(number)
            del self.looks[number], self.weights[number]
            self.numbers.pop(id(self.copies[number]), None)

    def changed(self):
        """Those that have changed since they were looked at: number → what is in it now."""
        found, looks = {}, {}
        for number, old in self.looks.items():
            value = self.copies[number]
            kind = type(value)  # as `look` would see, but faster
            if kind is np.ndarray and old[1] and value.tobytes() == old[1][1] and \
                    value.shape == old[1][0]:  # fmt: skip
                continue
            if kind is list and same(old, (value, None)):
                continue
            if id(value) not in looks:
                looks[id(value)] = look(value, self.shared)
            if not same(old, looks[id(value)]):
                found[number] = looks[id(value)]
        return found

    def look_again(self, number):
        """The other side has changed this one, so it knows what is in it."""
        self.looks[number] = look(self.copies[number], self.shared)

    def forgotten(self):
        """Numbers of those that nobody else holds any more, and of the oldest of too many."""
        if not self.copies:
            return []
        twice = len(self.numbers) < len(self.copies)  # one of them has two numbers, or more
        times = collections.Counter(map(id, self.copies.values())) if twice else {}
        return self.let_go + [
            number for number in self.looks
            if sys.getrefcount(self.copies[number]) <= 1 + times.get(id(self.copies[number]), 1)
        ]  # fmt: skip

    def forget(self, numbers):
        if not numbers:
            return
        for number in numbers:
            for known in (self.copies, self.looks, self.weights):
                known.pop(number, None)
        self.numbers = {id(value): number for number, value in self.copies.items()}
        self.given.difference_update(numbers)
        self.let_go = []


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
            if not tables.kind(value) and weight(value) <= LARGEST_LINK]  # fmt: skip


def weight(value):
    """How long it takes to look at a container, about: its entries; the same on both sides."""
    if isinstance(value, np.ndarray):
        return value.nbytes // 64
    if isinstance(value, bytearray):
        return len(value) // 64
    return len(value) if isinstance(value, (list, set, dict, collections.deque)) else 1
