"""Which containers a test and an answer each have a copy of, and what the test has changed."""

import collections
import operator
import sys
import types

import numpy as np

from course_utils.grading import tables
from course_utils.grading.wire import MUTABLE, STATE_OF, STATES

# Of containers that stay linked: in one message, copies of one, and bytes of an array.
MOST_LINKS, MOST_COPIES, LARGEST_LINK = 200, 4, 2**16


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
        """Number the containers of a message from `first` on, but one that has numbers enough."""
        times = collections.Counter(id(value) for value, _ in self.copies.values())
        for number, value in linkable(containers, first):
            if times[id(value)] < MOST_COPIES:
                self.copies[number] = value, self.look(value)
            else:
                self.refused.append(number)

    def containers(self):
        return [self.copies[number][0] for number in sorted(self.copies)]

    def look(self, value):
        """What is in a container: its parts, to be compared by identity, and else plain data."""
        if isinstance(value, np.ndarray):
            plain = value.dtype != object
            return [] if plain else [*value.flat], value.tobytes() if plain else None
        if type(value) in STATE_OF and type(value) is not types.SimpleNamespace:
            return [], STATES[STATE_OF[type(value)]][1](value)
        if not isinstance(value, MUTABLE):  # of a class that both sides have
            value = self.shared.attributes(value)
        value = vars(value) if isinstance(value, types.SimpleNamespace) else value
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else [*value]
        return parts, None

    def changed(self):
        """Numbers of those that have changed since this was last asked."""
        found = []
        for number, (value, (parts, data)) in list(self.copies.items()):
            new, now = self.look(value)
            same = len(parts) == len(new) and all(map(operator.is_, parts, new)) and data == now
            if not same:
                self.copies[number] = value, (new, now)
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


def linkable(containers, first):
    """Those of a message's containers that may be linked, with the numbers that they get."""
    if len(containers) > MOST_LINKS:
        return []
    return [(number, value) for number, value in enumerate(containers, first)
            if not tables.kind(value) and getattr(value, "nbytes", 0) <= LARGEST_LINK]  # fmt: skip
