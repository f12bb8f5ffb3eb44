"""What a test sets for the whole of Python: its random states, and how deep functions may call."""

import collections
import ctypes
import functools
import random
import sys

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401

NUMPY_STATE, PYTHON_STATE = np.random.get_state, random.getstate
GIVEN = collections.Counter()  # how often each global generator has been set, or put aside


def watch():
    """Count from here on, as a state that is given anew may be the one that was there."""
    for module, names, which in (
        (np.random, ("seed", "set_state", "get_state"), "numpy"),
        (random, ("seed", "setstate", "getstate"), "python"),
    ):
        for name in names:
            setattr(module, name, counting(getattr(module, name), module, which))


def counting(function, module, which):
    @functools.wraps(function, ("__name__", "__doc__"))
    def counted(*args, **keywords):
        GIVEN[which] += 1
        return function(*args, **keywords)

    counted.__module__, counted.__qualname__ = module.__name__, function.__name__
    return counted


class Seeds:
    """What of it the student's side has, which draws on by itself."""

    def __init__(self, depth=None):
        self.depth = depth or sys.getrecursionlimit()
        self.bits = self.numpy = self.python = self.own_bits = None

    def new(self):
        """What this side has set or moved since this was last asked."""
        new, bits = {}, (GIVEN["numpy"], bits_of_numpy())
        if bits[1] is None or bits != self.bits:
            state = NUMPY_STATE()
            self.bits = None if state[3] else bits  # a normal number in store is not among them
            now = GIVEN["numpy"], state[1].tobytes(), state[2:]
            if now != self.numpy:
                self.numpy, new["numpy"] = now, state
        bits = GIVEN["python"], bits_of_python()
        if bits[1] is None or bits != self.own_bits:
            self.own_bits, now = bits, (GIVEN["python"], PYTHON_STATE())
            if now != self.python:
                version, words, rest = now[1]
                self.python, new["python"] = now, (version, np.array(words, np.uint32), rest)
        if (depth := sys.getrecursionlimit()) != self.depth:
            self.depth = new["depth"] = depth
        return new


def bits_of_python():
    """The same of Python's, or None where it does not lie in memory as CPython has it."""
    return (ctypes.string_at(id(GENERATOR) + HEAD, 625 * 4), GENERATOR.gauss_next) if HEAD else None


def head():
    """How far into its global generator Python keeps the place and 624 words, or 0."""
    *words, place = PYTHON_STATE()[1]
    size = object.__basicsize__
    there = sys.implementation.name == "cpython" and type(GENERATOR).__basicsize__ >= size + 2500
    expected = np.array([place, *words], np.uint32).tobytes()
    return size if there and ctypes.string_at(id(GENERATOR) + size, 2500) == expected else 0


GENERATOR = random.seed.__self__
HEAD = head()


def bits_of_numpy():
    """The state of NumPy's global generator as it is in memory, if it is the usual one.

    To tell whether it has moved, at a fiftieth of what it takes to make numbers of it.
    """
    generator = np.random.get_bit_generator()
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, 625 * 4)  # 624 words and the place
