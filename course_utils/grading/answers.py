"""The answer process: runs a student's cells and calls, and never sees a test.

One process is kept warm, with the packages loaded and nothing of a student in it. A submission is a
fork of it, confined by `sandbox`. It runs all of the student's cells first, and where tests come in
between it leaves a copy of itself. When no cell is left to say anything, the copies answer the
tests; before a test another fork carries on while its parent stays as it was, to take over again
should the test's calls hang or die.
"""

import asyncio
import builtins
import contextlib
import copy
import functools
import gc
import importlib.util
import inspect
import io
import itertools
import json
import operator
import os
import pickle
import random
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
import types

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading import files, sandbox, tables
from course_utils.grading.links import MOST_LINKS, Links, look, same
from course_utils.grading.shell import Shell, definitions, output, place, say
from course_utils.grading.wire import (
    BASES,
    FUNCTIONS,
    KEYBOARD,
    OF_THE_COURSE,
    STDIN,
    TYPES,
    Channel,
    Decoder,
    Encoder,
    Malformed,
    Shared,
    TooLarge,
    is_own,
    make,
    unpack,
)

WITHHELD = "the reference implementation is not available in a graded answer: write your own"
OUTPUT_A_CELL = 4 * 2**20
MAX_DEPTH = 20  # states of a process to return to, one within the other
MAX_PARKED = 60  # copies of a submission's process that wait for their tests


def signature(function):
    """The parameters of a function, each by name, kind and what else there is; and its result."""
    found = inspect.signature(function)
    more = ("default", "annotation")
    parts = [
        [part.name, int(part.kind),
         {name: getattr(part, name) for name in more if getattr(part, name) is not part.empty}]
        for part in found.parameters.values()
    ]  # fmt: skip
    known = found.return_annotation is not found.empty
    return parts, {"return_annotation": found.return_annotation} if known else {}


OPERATIONS = {
    "signature": signature,
    "invoke": lambda value, name, *args, **keywords: getattr(value, name)(*args, **keywords),
    "call": lambda function, *args, **keywords: function(*args, **keywords),
    **{f.__name__: f for f in (getattr, setattr, delattr, len, iter, next, reversed, str, repr,
                               format, bool, int, float, abs, round, divmod, hash, dir, copy.copy,
                               copy.deepcopy)},
    **{name: getattr(operator, name) for name in (
        "getitem", "setitem", "delitem", "contains", "eq", "ne", "lt", "le", "gt", "ge", "index",
        "neg", "pos", "invert", "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow",
        "lshift", "rshift", "and_", "or_", "xor", "iadd", "isub", "imul", "imatmul", "itruediv",
        "ifloordiv", "imod", "ipow", "ilshift", "irshift", "iand", "ior", "ixor")},
    "send": lambda generator, value: generator.send(value),
    "throw": lambda generator, *error: generator.throw(*error),
    "await": lambda coroutine: asyncio.run(coroutine),
    "enter": lambda manager: manager.__enter__(),
    "exit": lambda manager, error: manager.__exit__(
        None if error is None else type(error), error, None
    ),
}  # fmt: skip

# What an answer may do with an object of the test's.
COMPUTING = ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow")
REACHABLE = ("bool", "len", "iter", "getitem", "setitem", "delitem", "contains", "str", "hash",
             "eq", "lt", "le", "gt", "ge", "neg", "abs", "int", "index", "float", "round",
             "pos", "invert", "next", "enter", *COMPUTING)  # fmt: skip
SWAPPED = {f"r{name}": name for name in COMPUTING}

# Special methods that not every object has, for a stand-in to have if its object does.
SPECIAL = [name for word in OPERATIONS for prefix in ("", "r")
           if (name := f"__{prefix}{word.strip('_')}__") not in vars(object)]  # fmt: skip
SPECIAL += ["__missing__", "__get__", "__set__"]  # of a dictionary, and of descriptors

GENERATORS = {name: getattr(np.random, name) for name in ("PCG64", "PCG64DXSM", "MT19937",
                                                          "Philox", "SFC64")}  # fmt: skip


def overridden(kind):
    """Methods that a class has of its own in the place of Python's."""
    plain = [base for base in kind.__mro__ if base in BASES]
    return [name for name in vars(kind) for base in plain
            if base is not kind and name in vars(base) and not name.startswith("__")]  # fmt: skip


def put(space, name, values):
    """Give a name the one value, or none."""
    space.pop(name, None)
    if values:
        (space[name],) = values


class Callback:
    """A function of the test's, callable from here; it runs where the test does."""

    def __init__(self, answer, number, name="function", doc=None, parameters=None):
        self._answer, self._number = answer, number
        self.__name__ = self.__qualname__ = name
        self.__doc__ = doc
        if parameters is not None:
            self._describe(
                [
                    inspect.Parameter(
                        name, inspect._ParameterKind(kind), **{"default": ...} if more else {}
                    )
                    for name, kind, more in parameters
                ]
            )

    def _describe(self, parameters):
        """What functions are looked at for: how many parameters there are, say."""
        self.__signature__ = inspect.Signature(parameters)
        plain = [part for part in parameters if part.kind < part.VAR_POSITIONAL]
        only = [part for part in parameters if part.kind == part.KEYWORD_ONLY]
        defaults = [... for part in plain if part.default is ...]
        self.__defaults__, self.__annotations__ = tuple(defaults) or None, {}
        self.__code__ = types.SimpleNamespace(
            co_name=self.__name__,
            co_argcount=len(plain),
            co_kwonlyargcount=len(only),
            co_varnames=tuple(part.name for part in [*plain, *only]),
        )

    def __call__(self, *args, **keywords):
        return self._answer.call_back(self._number, args, keywords)

    def __deepcopy__(self, memo):
        return self  # as functions are


class Iterator(Callback):
    """An iterator of the test's."""

    def __iter__(self):
        return self

    def __next__(self):
        return self()


class Reached(Callback):
    """An object of the test's, which stays there: this side may use what is public of it."""

    def __init__(self, answer, number, base):
        vars(self).update(_answer=answer, _number=number, _base=TYPES.get(base, Reached))

    @property
    def __class__(self):
        return self._base

    def _reach(self, operation, *operands, **keywords):
        return self._answer.call_back(self._number, (operation, *operands), keywords)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._reach("getattr", name)

    def __setattr__(self, name, value):
        self._reach("setattr", name, value)

    def __call__(self, *args, **keywords):
        return self._reach("call", *args, **keywords)

    def __exit__(self, kind, error, _):
        return self._reach("exit", error)

    def __copy__(self):
        return self._reach("copy")

    def __deepcopy__(self, memo):
        return self._reach("deepcopy")


def _reaching(operation):
    return lambda self, *operands: self._reach(operation, *operands)


for _operation in (*REACHABLE, *SWAPPED):
    setattr(Reached, f"__{_operation}__", _reaching(_operation))
FUNCTIONS.update((Callback, Iterator, Reached))  # no plain data, whatever they say they are


class Keyboard(io.TextIOBase):
    """What the test has in the place of `sys.stdin`, line by line."""

    def __init__(self, answer):
        self.answer = answer

    def readable(self):
        return True

    def readline(self, size=-1):
        return self.answer.call_back(STDIN, [], {}) if self.answer.calls else ""

    def read(self, size=-1):
        return "".join(self)


class Answer:
    """Serves one submission over `channel`."""

    def __init__(self, channel, shell):
        self.channel = channel
        self.shell = shell
        self.shared = Shared(shell.user_ns)
        self.objects, self.handles = [], {}
        self.generators, self.callbacks, self.raised = {}, {}, {}
        self.told = {}  # what of a library's the test has handed over, by its id
        self.families = {}  # of classes, by their numbers
        self.links = Links(self.shared)  # what the test has a copy of
        self.described = 0  # how many exceptions are being described, one within the other
        shell.emit = self.emit
        self.printed = 0
        self.home, self.files = None, {}  # the folder of the notebook, and what the test has seen
        self.depth = 0  # how many forks stand by, each as it was before a test
        self.calls = 0  # of the test's under way
        self.called = 0  # how often the answer has called the test
        self.parked = {}  # numbers of the processes that wait for their tests
        self.taken = {}  # what was there of the names that the test has rebound
        builtins.input = self.input
        sys.stdin = Keyboard(self)

    def serve(self):
        while True:
            (kind, *rest), tail = self.channel.receive()
            self.handle(kind, rest, tail)

    def handle(self, kind, rest, tail):
        if kind == "cell":
            self.run_cell(*rest)
        elif kind == "do":
            self.do(tail, *rest)
        elif kind == "checkpoint":
            self.checkpoint()
        elif kind == "park":
            self.park(*rest)
        elif kind == "ping":
            self.channel.send(["done", False])
        elif kind == "status":
            self.channel.send(["done", end_of(self.parked[rest[0]])])
        elif kind == "end":
            os._exit(0)
        elif kind == "files":
            table, gone, names, folder = rest
            self.shared.names = set(names)
            with contextlib.suppress(OSError):  # where the test finds them, by its whole name
                os.symlink(os.getcwd(), folder)
            self.home = self.home or os.getcwd()
            told = dict.fromkeys(gone) | unpack(table, tail)
            for name, data in told.items():
                with contextlib.suppress(OSError):  # the answer has something of that name
                    files.put(self.home, name, data)
            found = files.states(self.home)
            self.files = {name: found[name] if name in told else self.files[name] for name in found
                          if name in told or name in self.files}  # fmt: skip

    def run_cell(self, source, label, seconds, only_definitions):
        self.printed = 0
        if only_definitions:  # the cell has killed a process before
            source = definitions(self.shell.transform_cell(source))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        failed = self.shell.run(source, label) is not None
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.channel.send(["done", failed])

    def checkpoint(self):
        self.shell.flush()
        self.channel.waiting = True
        pid = os.fork()
        if pid == 0:
            self.depth += 1
            self.channel.waiting = False
            self.channel.send(["done", False])
        else:
            _, status = os.waitpid(pid, 0)
            self.channel.waiting = False
            self.channel.send(["restored", os.waitstatus_to_exitcode(status), self.depth])

    def park(self, number):
        """Leave a copy of this process as it stands, for the tests that belong here."""
        self.shell.flush()
        self.channel.waiting = True
        pid = os.fork()
        self.channel.waiting = False
        if pid == 0:
            self.channel.turn(number)
        else:
            self.parked[number] = pid
            self.channel.lines[number].close()
            self.channel.send(["done", False])

    def input(self, prompt=""):
        """Ask the test, which may have something in the place of the keyboard."""
        if not self.calls:
            raise EOFError("nobody is here to answer: the notebook is being graded")
        return self.call_back(KEYBOARD, [str(prompt)], {})

    def rebind(self, names):
        """Give names of the student's, or of a library, the values that the test has given them."""
        for name, values in self.taken.items():
            put(*self.place(name), values)
        self.taken = {}
        for name, values in names.items():
            with contextlib.suppress(ImportError):  # a module of the test's alone
                space, key = self.place(name)
                self.taken[name] = [space[key]] if key in space else []
                put(space, key, [dict(os.environ, **values[0])] if name == "os.environ" else values)

    def place(self, name):
        """Where a name stands, and how it is called there."""
        module, _, key = name.rpartition(".")
        return vars(importlib.import_module(module)) if module else self.shell.user_ns, key

    def do(self, tail, operation, operands, keywords, seeds, seconds, names, rebound, number,
           forgotten, changed):  # fmt: skip
        """Compute something of the student's and say what came of it."""
        outermost = seconds is not None
        if outermost:
            self.printed = 0
            signal.setitimer(signal.ITIMER_REAL, seconds)
        if forgotten is None:
            self.links = Links(self.shared)
        decoder = Decoder(tail, self.rebuild, (), self.shared, self.links and self.links.copies)
        known, before, value, given = decoder.containers, [], None, None
        self.calls += 1
        try:
            operands = [decoder.decode(tree) for tree in operands]
            keywords = {name: decoder.decode(tree) for name, tree in keywords.items()}
            self.rebind({name: decoder.decode(values) for name, values in rebound.items()})
            if "numpy" in seeds:
                np.random.set_state(decoder.decode(seeds["numpy"]))  # noqa: NPY002
            if "depth" in seeds:
                sys.setrecursionlimit(seeds["depth"])
            if "python" in seeds:
                version, words, rest = decoder.decode(seeds["python"])
                random.setstate((version, tuple(words.tolist()), rest))
            self.update(decoder, forgotten, changed)
            known = list(decoder.containers)
            given = len(known)
            if self.links:
                self.links.add(number, known, given=True)
            before = self.snapshots(known)
            if operation == "written":
                old, self.files = self.files, files.states(self.home)
                value = files.news(self.home, old, self.files)
            elif operation == "names":
                space = self.shell.user_ns
                value = {name: space[name] for name in names if name in space}
            else:
                value = OPERATIONS[operation](*operands, **keywords)
            encoder = self.encoder(known, self.links)
            reply = ["value", encoder.encode(value)]
        except BaseException as error:
            if isinstance(error, Malformed):
                error = TypeError(f"the answer cannot take what the test hands over ({error})")
            if given is None:  # nor has it taken what has changed
                self.links = None
            encoder = self.encoder(known, self.links)
            reply = ["raised", self.describe(error, encoder)]
        self.calls -= 1
        after = self.snapshots(known[: len(before)])
        changed = [
            [number, encoder.contents(known[number])]
            for number, (old, new) in enumerate(zip(before, after, strict=True))
            if old is not None and new is not None and not same(old, new)
        ]  # fmt: skip
        later = self.changes(encoder)
        self.shell.flush()
        if outermost:
            signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            self.channel.send([*reply, changed, later], encoder.tail)
            if reply[0] == "value" and self.links:
                self.links.add(number + given, encoder.containers[given:])
        except TooLarge as error:
            encoder = self.encoder()
            reply = ["raised", self.describe(ValueError(*error.args), encoder)]
            self.channel.send([*reply, [], None], encoder.tail)
            self.links = None

    def changes(self, encoder):
        """What has changed of what both have, or None if they have nothing in common any more."""
        if self.links is None:
            return None
        looks = self.links.changed()
        self.links.looks.update(looks)
        return [[number, encoder.contents(self.links.copies[number])] for number in looks]

    def update(self, decoder, forgotten, changed):
        """Change what the test has changed in its copies, and let go of what it has."""
        try:
            for number, tree in changed if self.links else ():
                decoder.replace(self.links.copies[number], tree)
                self.links.look_again(number)
        except Malformed:  # another shape, say: from here on the two have nothing in common
            self.links = None
        if self.links:
            self.links.forget(forgotten)

    def call_back(self, number, args, keywords):
        self.shell.flush()  # what it has said comes before what the test's function says
        encoder = self.encoder((), self.links)
        args = [encoder.encode(value) for value in args]
        keywords = {name: encoder.encode(value) for name, value in keywords.items()}
        self.called += 1
        first = -self.called * MOST_LINKS
        message = ["callback", number, args, keywords, self.changes(encoder), first]
        self.channel.send(message, encoder.tail)
        if self.links:
            self.links.add(first, encoder.containers)
        while True:
            (kind, *rest), tail = self.channel.receive()
            if kind in ("value", "raised"):
                value = self.take(tail, encoder.containers, *rest)
                if kind == "raised":
                    raise value
                return value
            self.handle(kind, rest, tail)

    def take(self, tail, known, tree, forgotten, changed, number):
        """What a function of the test's has given, and what the test has changed since."""
        if forgotten is None:
            self.links = Links(self.shared)
        linked = self.links and self.links.copies
        decoder = Decoder(tail, self.rebuild, known, self.shared, linked)
        value = decoder.decode(tree)
        self.update(decoder, forgotten, changed)
        if self.links:
            self.links.add(number, decoder.containers[len(known) :], given=True)
        return value

    def own(self, value):
        """Of an object of a class that is made of a plain one, which it is, and of what family."""
        shared = self.shared.find(type(value).__name__) is type(value)
        return () if shared else (self.number(value), self.family(type(value)))

    def encoder(self, known=(), links=None):
        return Encoder(self.describe, known, self.shared, self.own, links.numbers if links else ())

    def snapshots(self, containers):
        """What to tell by whether one of the containers has changed, where `links` does not."""
        found, linked = [], self.links.numbers if self.links else ()
        for value in containers:
            if id(value) in linked and not is_own(value):
                found.append(None)
            elif tables.kind(value) or is_own(value):  # what is deep within it has no number
                encoder = self.encoder(containers)
                found.append(([], (json.dumps(encoder.contents(value)), encoder.tail)))
            else:
                found.append(look(value, self.shared))
        return found

    def describe(self, value, encoder):
        """An object that stays here, by a number under which it can be asked for."""
        if isinstance(value, Callback):
            return ["yours", value._number]
        if id(value) in self.told:
            return ["known", *self.told[id(value)][1:]]
        if isinstance(value, type):
            return ["class", self.family(value)]
        if isinstance(value, BaseException):
            known = next((n for n, error in self.raised.items() if error is value), None)
            return self.describe_exception(value, encoder) if known is None else ["yours", known]
        return ["object", self.number(value), self.family(type(value))]

    def number(self, value):
        """Under which an object can be asked for from now on."""
        number = self.handles.setdefault(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)
        return number

    def family(self, kind):
        """A class and all that it is made of: what each is called and defines."""
        number = self.number(kind)
        if number not in self.families:
            self.families[number] = self.find_family(kind)
        return self.families[number]

    def find_family(self, kind):
        return [
            [self.number(base),
             OF_THE_COURSE if self.shared.find(base.__name__) is base else base.__module__,
             base.__qualname__, [self.number(own) for own in base.__bases__],
             [name for name in SPECIAL if name in vars(base)] + overridden(base),
             [*getattr(base, "__abstractmethods__", ())]]
            for base in kind.__mro__
        ]  # fmt: skip

    def describe_exception(self, error, encoder):
        """An exception: its arguments and attributes, what it says, and where it arose."""
        frames = [place(frame.f_code, number)  # of the student's cells
                  for frame, number in traceback.walk_tb(error.__traceback__)
                  if frame.f_code.co_filename.startswith("<")]  # fmt: skip
        plain = str, int, float, type(None), BaseException
        args = [arg for arg in error.args if isinstance(arg, plain)]
        args = args if len(args) == len(error.args) else [say(error)]
        if isinstance(error, OSError) and len(args) == 2:
            args += [error.filename] if isinstance(error.filename, str) else []
        if isinstance(error, BaseExceptionGroup):
            args = [error.message, [*error.exceptions]]
        more = {name: value for name, value in vars(error).items()
                if not name.startswith("__") or name == "__notes__"}  # fmt: skip
        own = type(error).__module__ == "__main__"
        number = self.number(error.with_traceback(None)) if own else None
        self.described += 1  # of a chain of causes, of which the end may be its beginning
        parts = [args, more, error.__cause__] if self.described < 5 else [[say(error)], {}, None]
        args, more, cause = map(encoder.encode, parts)
        self.described -= 1
        return ["error", self.family(type(error)), args, frames[-5:], more, say(error), number,
                cause]  # fmt: skip

    def rebuild(self, tree, decoder):
        kind, *parts = tree
        if kind == "mine":
            return self.objects[parts[0]]
        if kind == "error":
            number, name, known, args = parts
            if number not in self.raised:
                known = decoder.decode(known)
                kind = known if known.__name__ == name else type(name, (known,), {})
                self.raised[number] = make(kind, args)
            return self.raised[number]
        if kind == "reach":
            return self.callbacks.setdefault(parts[0], Reached(self, *parts))
        if kind == "bare":
            return object()
        if kind == "copy":
            return pickle.loads(decoder.decode(["bytes", *parts]))
        if kind == "iterator":
            return Iterator(self, *parts)
        if kind == "callback":  # one and the same for one function, for `==` and `in`
            number, *words = parts
            return self.callbacks.setdefault(number, Callback(self, number, *words))
        if kind == "known":
            value = importlib.import_module(parts[0])
            for name in parts[1].split(".") if parts[1] else ():
                value = getattr(value, name)
            self.told[id(value)] = value, *parts
            return value
        number, name, state = parts
        if state is not None:
            state = decoder.decode(state)
            if name == "Random":
                self.generators[number] = random.Random()
                self.generators[number].setstate(state)
            elif name == "RandomState":
                self.generators[number] = np.random.RandomState()
                self.generators[number].set_state(state)
            else:
                self.generators[number] = np.random.Generator(GENERATORS[name]())
                self.generators[number].bit_generator.state = state
        return self.generators[number]

    def emit(self, item):
        size = len(json.dumps(item))
        if self.printed <= OUTPUT_A_CELL < self.printed + size:
            item = output("stream", name="stdout", text="\n... the rest is left out ...\n")
        if self.printed <= OUTPUT_A_CELL:
            self.channel.send(["output", item])
        self.printed += size


class Withheld:
    """Import hook: what an answer may not import, and what stands for it in modules that it may."""

    def __init__(self, packages, allowed):
        self.packages, self.allowed = packages, allowed

    def covers(self, name):
        return within(name, self.packages) and not within(name, self.allowed)

    def find_spec(self, name, path=None, target=None):
        if not self.covers(name):
            return None
        frame = sys._getframe(1)
        while frame and frame.f_globals.get("__name__", "").startswith("importlib"):
            frame = frame.f_back
        if frame and within(frame.f_globals.get("__name__", ""), self.packages):
            return importlib.util.spec_from_loader(name, self)
        raise ImportError(f"{name}: {WITHHELD}", name=name)

    def create_module(self, spec):
        return Hollow(spec.name)

    def exec_module(self, module):
        pass


class Hollow(types.ModuleType):
    """In the place of a withheld module: every name is there, and none does anything."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def withheld(*_, **__):
            raise NotImplementedError(f"{self.__name__}.{name}: {WITHHELD}")

        return withheld


def within(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@functools.cache
def preload(statement):
    """Import packages before anything of a student's is here, so that no submission pays for it."""
    with contextlib.suppress(Exception):  # the answer will say what is missing, if it needs it
        exec(statement, {})


def draw():
    """Draw one picture, as the first one is slow: fonts are looked for and read."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot:
        figure, axes = pyplot.subplots(layout="constrained")
        axes.plot([0, 1], label="$x$")
        axes.legend()
        figure.savefig(io.BytesIO(), format="png")
        pyplot.close(figure)
        with contextlib.suppress(AttributeError):  # else every fork lets go of its fonts first
            sys.modules["matplotlib.font_manager"]._get_font.cache_clear()


def share():
    """Have no fork look for garbage in what is in memory now, and so copy it.

    Nor is each to sort the free memory, which `malloc` does when it is next asked for much.
    """
    gc.collect()
    gc.freeze()
    bytearray(2**16)


class OneVoice(Channel):
    """A channel for one thread of one process at a time: the student's own forks don't share it.

    `lines` are those of the copies that are going to be parked.
    """

    def __init__(self, sock, lines):
        super().__init__(sock)
        self.lines = lines
        self.waiting = False  # whether a fork of this process speaks in its place
        self.lock = threading.Lock()
        os.register_at_fork(after_in_child=self.after_fork)

    def after_fork(self):
        self.lock = threading.Lock()
        if not self.waiting:
            self.close()

    def turn(self, number):
        """Speak on another line from now on, and on no other."""
        kept = self.lines[number].detach()
        self.close()
        self.sock, self.lines = socket.socket(fileno=kept), []

    def close(self):
        for sock in (self.sock, *self.lines):
            sock.close()

    def send(self, *args, **keywords):
        with self.lock:
            if not self.waiting:
                super().send(*args, **keywords)


def submission(socks, shell, limits):
    """Serve one submission in this process, until the other side closes or it dies."""
    sandbox.part_with_parent()
    sandbox.limit(**{**limits, "processes": limits["processes"] + (2 + MAX_DEPTH) * len(socks)})
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    sys.stdout, sys.stderr = shell.out, shell.err
    sys.path.insert(0, os.getcwd())
    try:
        Answer(OneVoice(socks[0], socks[1:]), shell).serve()
    finally:
        os._exit(0)


def watch(socks, shell, limits, user):
    """Without a sandbox: run a submission in another process, and end with what is left of it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    sandbox.die_with_parent()
    sandbox.adopt_orphans()
    folder = tempfile.mkdtemp(prefix="submission")
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.chdir(folder)
        if os.getuid() == 0:
            os.chown(folder, user, user)
        sandbox.give_up_root(user)
        submission(socks, shell, limits)
    for sock in socks:
        sock.close()
    try:
        os.waitpid(pid, 0)
    finally:
        quietly(os.killpg, pid, signal.SIGKILL)
        sandbox.kill_children()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def inside(socks, shell, limits, user):
    """The first process of a submission's namespace; all others in it die with it."""
    try:
        sandbox.settle(user)
        os.chdir(sandbox.HOME)
        sandbox.open_to_others(False)
        if os.fork() == 0:
            sandbox.open_to_others(True)
            submission(socks, shell, limits)
        for sock in socks:
            sock.close()
        while True:  # until the last of them is gone
            os.wait()
    finally:
        os._exit(0)


def end_of(pid):
    """The exit code of a child that has left its line, and so ends soon or is made to."""
    for _ in range(20):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def quietly(function, *args):
    with contextlib.suppress(OSError):
        function(*args)


def main(controls, settings):
    """A warm process for each of `controls`: one submission for each lot of sockets that comes."""
    controls = [socket.socket(fileno=control) for control in controls]
    shell = Shell.start()
    preload("import matplotlib.pyplot, numpy.testing")
    shell.enable_matplotlib()
    draw()
    share()
    sys.meta_path.insert(0, Withheld(settings["withheld"], settings["allowed"]))
    number = sandbox.split([(control,) for control in controls])
    control, users = controls[number], sandbox.USERS // len(controls)
    sandbox.announce(control)
    for count in itertools.count():
        data, fds, _, _ = socket.recv_fds(control, 2**16, 1 + MAX_PARKED)
        if not data:
            return
        for statement in json.loads(data):
            preload(statement)
        pid = sandbox.isolate() if settings["isolated"] else os.fork()
        if pid == 0:
            control.close()
            socks = [socket.socket(fileno=fd) for fd in fds]
            user = settings["user"] + number * users + count % users
            run = inside if settings["isolated"] else watch
            run(socks, shell, settings["limits"], user)
        for fd in fds:
            os.close(fd)
        control.sendall(b"+")
        asked = control.recv(1)
        quietly(os.kill, pid, signal.SIGKILL if settings["isolated"] else signal.SIGTERM)
        os.waitpid(pid, 0)
        if not asked:
            return
        control.sendall(b"-")
