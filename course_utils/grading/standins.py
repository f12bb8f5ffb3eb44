"""What a test holds of a student's: stand-ins that ask the answer process, and never decide.

`Answers` is the trusted end of the line. It sends operations and gets plain data back or stand-ins
for what is not. A stand-in has no say in a comparison with the test's own values, in whether
something is true, or in becoming a number or an array: a test that needs data fails with words.
"""

import contextlib
import ctypes
import functools
import inspect
import random
import sys
import time
import types
from collections.abc import Iterator

import numpy as np

from course_utils.grading.wire import KEYBOARD, MADE_OF, MUTABLE, Decoder, Encoder, Malformed

READABLE = ("__name__", "__qualname__", "__dict__", "__annotations__", "__defaults__",
            "__kwdefaults__", "__code__", "__bases__", "__mro__")  # fmt: skip
PLAIN = (type(None), bool, int, float, str)
DATA = (*PLAIN, *MUTABLE, *MADE_OF, bytes, tuple, frozenset, type(...), type, np.generic, np.dtype)
MAX_CALLS = 100_000
MAX_NESTING = 90


class AnswerEnded(BaseException):
    """The answer process hung, died or spoke nonsense; no `except Exception` catches it."""


class StandIn:
    """An object of the student's, which stays on the student's side."""

    __slots__ = ("_answers", "_kind", "_made", "_number", "_type")

    def __init__(self, answers, number, type_name, kind):
        for name, value in zip(
            ("_answers", "_number", "_type", "_kind", "_made"),
            (answers, number, type_name, kind, False), strict=True,
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name.startswith(("__", "_repr_", "_ipython_")) and name not in READABLE:
            raise AttributeError(f"{name} of the answer's `{self._type}` is not looked at")
        return self._pass_on(self._answers.ask("getattr", self, name))

    def _pass_on(self, value):
        """What an object gives that the exercise's class has made is of its making as well."""
        if self._made and isinstance(value, StandIn):
            object.__setattr__(value, "_made", True)
        return value

    def __setattr__(self, name, value):
        self._answers.ask("setattr", self, name, value)

    def __delattr__(self, name):
        self._answers.ask("delattr", self, name)

    def __instancecheck__(self, value):
        return isinstance(value, StandIn) and self._answers.ask("isinstance", value, self) is True

    def __subclasscheck__(self, value):
        return isinstance(value, StandIn) and self._answers.ask("issubclass", value, self) is True

    def __bool__(self):
        """As any object is, true, unless the exercise's classes say more."""
        if not {"__bool__", "__len__"} & self._answers.operators:
            return True
        return self._answers.ask("bool", self) is True

    def __hash__(self):
        """As of any object, where the exercise's classes say nothing of it or of equality."""
        own = {"__eq__", "__hash__"} & self._answers.operators
        number = self._answers.ask("hash", self) if own else None  # which may be meant to raise
        return number if "__hash__" in own and type(number) is int else id(self)

    def __str__(self):
        return self._text("str")

    def __repr__(self):
        return self._text("repr")

    def _repr_pretty_(self, printer, cycle):
        printer.text(self._gave("plain data"))

    def __format__(self, spec):
        return format(str(self), spec)

    def __array__(self, *_, **__):
        raise self._refuse("an array")

    def __reduce_ex__(self, protocol):
        raise TypeError(self._gave("plain data"))

    def _text(self, operation):
        """Its own words only where the exercise is to find them."""
        own = {f"__{name}__" for name in ("str", "repr")} & self._answers.operators
        text = self._answers.ask(operation, self) if own else None
        return text if isinstance(text, str) else f"<`{self._type}` of the answer>"

    def __mro_entries__(self, bases):
        raise self._answers.refuse(f"a test cannot make a subclass of the answer's `{self._type}`")

    def _gave(self, expected):
        return f"the answer gave a `{self._type}`; expected {expected}"

    def _refuse(self, expected):
        error = self._answers.refuse(self._gave(expected))
        error.answers = []  # the type's name is the student's choice
        return error

    __array_ufunc__ = None


class Callable(StandIn):
    """A function or class of the student's."""

    __slots__ = ()

    def __call__(self, *args, **keywords):
        return self._pass_on(self._answers.ask("call", self, *args, **keywords))

    def __hash__(self):
        return StandIn.__hash__(self) if self._kind == "call" else id(self)


def _signature(self):
    """What `inspect.signature` looks at."""
    parts = self._answers.ask("signature", self)
    return inspect.Signature([
        inspect.Parameter(name, inspect._ParameterKind(kind), **dict(more))
        for name, kind, more in parts
    ])  # fmt: skip


@functools.lru_cache(1024)
def stand_in_class(kind, name, special, shared):
    """The class of a stand-in, as much like the one that it stands for as tests look at.

    It has those of METHODS that are in `special`, and passes for `shared`, a class of both sides.
    """
    members = {"__slots__": (), "__doc__": property(lambda self: _read(self, "__doc__"))}
    members |= {method: METHODS[method] for method in special if method in METHODS}
    if shared or kind in CLASSES:  # for isinstance, which asks an object as well
        members["__class__"] = property(lambda self: shared or CLASSES[kind])
    called = kind in ("call", "type", "function")
    if called:
        members["__signature__"] = property(_signature)
    plain = name.isidentifier() and len(name) <= 80
    return type(name if plain else "StandIn", (Callable if called else StandIn,), members)


def _read(self, name):
    return self._answers.ask("getattr", self, name)


CLASSES = {"function": types.FunctionType, "generator": types.GeneratorType}


def _always(operation):
    def method(self, *args):
        return self._answers.ask(operation, self, *args)

    return method


def _if_asked_for(operation, name, expected, swapped=False):
    """An operator of the student's class, if the exercise is to write it.

    The other operand may tell what the test expects, so an operation with one of the test's own
    values is one of an object that the exercise's class has made, and has to give an object again:
    a number from there would prove nothing.
    """

    def method(self, *others):
        answers = self._answers
        if name not in answers.operators:
            raise self._refuse(expected)
        operands = [*others, self] if swapped else [self, *others]
        result = answers.ask(operation, *operands)
        alone = all(isinstance(other, StandIn) for other in others)
        if not alone and not (self._made and isinstance(result, StandIn)):
            raise self._refuse(expected)
        return self._pass_on(result)

    return method


def _compare(operation, name, swapped):
    def method(self, other):
        if isinstance(other, StandIn):
            if name in self._answers.operators:
                return self._answers.ask(operation, self, other) is True
            if operation in ("eq", "ne"):  # as of objects whose class says nothing else
                return (self is other) == (operation == "eq")
            if swapped in self._answers.operators:
                return NotImplemented
            self._answers.ask(operation, self, other)  # which may raise, and be meant to
        elif operation not in ("eq", "ne"):
            self._answers.ask(operation, self, other)  # which may raise, and be meant to
        elif name in self._answers.operators and isinstance(other, DATA):
            self._answers.ask(operation, self, other)
            return operation == "ne"
        elif other is None or not isinstance(other, DATA):  # as of any two objects
            return operation == "ne"
        raise self._refuse("plain data to compare")

    return method


def _in_place(operation, name):
    def method(self, other):
        if name not in self._answers.operators:
            return NotImplemented  # then Python takes the operator that makes a new object
        result = self._answers.ask(operation, self, other)
        if not isinstance(result, StandIn):
            raise self._refuse("an object")
        return result

    return method


def _contains(self, item):
    """What only the object can tell, where it was made by calling a class of the exercise's."""
    if "__contains__" in self._answers.operators and self._made:
        return self._answers.ask("contains", self, item) is True
    return any(x is item or x == item for x in self)


def _exit(self, kind, error, _):
    """It may end an error that the test has made to try it, but never a check that failed."""
    if "__exit__" not in self._answers.operators:
        raise self._refuse("a context manager")
    excused = kind is not None and self._answers.excuses(error)
    args = [arg for arg in error.args if type(arg) in PLAIN] if excused else []
    known = kind if excused or kind is None else RuntimeError
    return self._answers.ask("exit", self, known, args) is True and excused


for _name, _other in (("eq", "eq"), ("ne", "ne"), ("lt", "gt"), ("le", "ge"), ("gt", "lt"),
                      ("ge", "le")):  # fmt: skip
    setattr(StandIn, f"__{_name}__", _compare(_name, f"__{_name}__", f"__{_other}__"))

METHODS = {
    "__contains__": _contains, "__exit__": _exit,
    "__enter__": _if_asked_for("enter", "__enter__", "a context manager"),
    **{f"__{name}__": _always(name)
       for name in ("getitem", "setitem", "delitem", "len", "iter", "next", "reversed")},
    **{f"__{name}__": _if_asked_for(name, f"__{name}__", "a number")
       for name in ("neg", "pos", "invert", "abs", "float", "int", "round")},
}  # fmt: skip
for _name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift",
              "rshift", "and", "or", "xor", "divmod"):  # fmt: skip
    _op = f"{_name}_" if _name in ("and", "or") else _name
    for _own, _swapped in ((f"__{_name}__", False), (f"__r{_name}__", True)):
        METHODS[_own] = _if_asked_for(_op, _own, "a number or an array", _swapped)
    METHODS[f"__i{_name}__"] = _in_place(f"i{_op}".rstrip("_"), f"__i{_name}__")


def bits_of_numpy():
    """The state of NumPy's global generator as it is in memory, if it is the usual one.

    To tell whether it has moved, at a fiftieth of what it takes to make numbers of it.
    """
    generator = np.random.get_bit_generator()
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, 625 * 4)  # 624 words and the place


class Answers:
    """The trusted end of the line to one answer process.

    Parameters
    ----------
    channel : Channel
    job : dict
        ``operators``, special methods that the instructor's own classes define; ``call_seconds``,
        what a call may take; ``withheld``, packages that the student's side does not have;
        ``made``, names of the classes that the exercise is to write.
    shared : Shared
        The classes that both sides have.
    on_output, on_input : callable
        Get what the student's code prints and shows, and what it asks for at the keyboard.
    """

    def __init__(self, channel, job, shared, on_output, on_input):
        self.channel = channel
        self.operators, self.made = set(job["operators"]), set(job["made"])
        self.call_seconds = job["call_seconds"]
        self.withheld = ("__main__", *job["withheld"])
        self.shared = shared
        self.on_output, self.on_input = on_output, on_input
        self.before = self.after = dict  # functions: what is to be done around each call
        self.rebound = dict  # a function: names that the test has rebound → their values, in a list
        self.excuses = bool  # a function: whether the test has made an error to try an answer
        self.stand_ins, self.exceptions = {}, {}
        self.callbacks, self.generators = [], {}
        self.handed_over = {}  # the id of a function among the callbacks → its number
        self.nesting = 0
        self.ended = None  # why there is no asking any more, within this test
        self.autopsy = lambda: "the answer process is gone"  # a function: of what it has died
        self.gone = None  # why there never was any
        self.deadline = None
        self.calls = 0
        self.seeds, self.bits = {}, None  # the random states that the student's side has
        self.depth = self.kept = self.handed = 0
        self.standing = False  # whether there is a state to return to, of before this test
        self.changed = False  # whether an argument was changed in place
        self.refused = None  # what a stand-in could not be taken for, in this test

    def begin(self, seconds):
        """A test begins, and may spend so many seconds on the student's code."""
        self.ended, self.restored = None, False
        self.deadline = time.monotonic() + seconds
        self.calls = 0
        self.changed, self.refused = False, None

    def refuse(self, reason):
        """The error that says what does not work with what the answer gave."""
        self.refused = self.refused or reason
        return TypeError(reason)

    def ask(self, operation, *operands, **keywords):
        return self._ask(operation, operands, keywords, ())

    def names(self, names):
        """Those of `names` that the student defined, with their values; no others."""
        found = self._ask("names", (), {}, sorted(names))
        found = {name: found[name] for name in names if type(found) is dict and name in found}
        for name in self.made & set(found):
            if isinstance(found[name], StandIn) and found[name]._kind == "type":
                object.__setattr__(found[name], "_made", True)
        return found

    def run_cell(self, source, label, seconds, only_definitions):
        """Run a cell of the student's; returns whether it raised."""
        self.channel.send(["cell", source, label, seconds, only_definitions], timeout=seconds)
        return self._wait_for("done", seconds + 1)

    def park(self, number):
        """Leave a copy of the answer process, to be spoken with over the line of that number."""
        self.channel.send(["park", number], timeout=5)
        self._wait_for("done", 5)

    def ping(self):
        """Wait for a sign of life."""
        self.channel.send(["ping"], timeout=5)
        self._wait_for("done", 5)

    def status(self, number):
        """How a parked copy, which is gone, has ended, in words."""
        try:
            self.channel.send(["status", number], timeout=5)
            return died(self._wait_for("done", 5))
        except (EOFError, OSError, Malformed):
            return "the answer process is gone"

    def checkpoint(self):
        """From here on a fork answers, so that what stands now can be returned to."""
        self.channel.send(["checkpoint"], timeout=5)
        self._wait_for("done", 5)
        self.depth += 1
        self.standing = True
        self.kept = len(self.stand_ins)
        self.handed = len(self.callbacks)

    def go_back(self):
        """Undo what a test's calls have done on the student's side."""
        self.channel.send(["end"], timeout=5)
        _, depth = self._wait_for("restored", 5)
        if depth != self.depth - 1:
            raise Malformed("an older state speaks")
        self._forget(depth)

    def holds(self, value, since=None):
        """Whether a value lives in what `go_back` would end, or in the answer process at all."""
        since = self.kept if since is None else since
        waiting, seen = [value], set()
        while waiting:
            value = waiting.pop()
            if isinstance(value, StandIn):
                if value._answers is self and value._number >= since:
                    return True
            elif isinstance(value, (list, tuple, set, dict)) and id(value) not in seen:
                seen.add(id(value))
                waiting += value.values() if isinstance(value, dict) else value
        return False

    def _forget(self, depth):
        """The state of `depth` is back, and knows nothing of what came after it."""
        self.depth, self.seeds, self.bits, self.generators = depth, {}, None, {}
        self.standing = False
        del self.callbacks[self.handed :]
        self.handed_over = {i: n for i, n in self.handed_over.items() if n < self.handed}
        self.stand_ins = {n: value for n, value in self.stand_ins.items() if n < self.kept}
        self.exceptions = {n: value for n, value in self.exceptions.items() if n < self.kept}

    def _wait_for(self, kind, seconds):
        deadline = time.monotonic() + seconds
        while True:
            (got, *rest), _ = self._receive(deadline)
            if got == kind:
                return rest if kind == "restored" else rest[0]
            if got != "output":
                raise Malformed(f"{got!r} instead of {kind!r}")
            self.on_output(rest[0])

    def _receive(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:  # however much there is to read
            raise TimeoutError("no message before the deadline")
        message, tail = self.channel.receive(timeout=left)
        if not isinstance(message, list) or not message or not isinstance(message[0], str):
            raise Malformed("not a message")
        return message, tail

    def _ask(self, operation, operands, keywords, names):
        __tracebackhide__ = True
        if self.ended:
            raise AnswerEnded(self.ended)
        left = self.deadline - time.monotonic()
        self.calls += 1
        if left <= 0 or self.calls > MAX_CALLS or self.nesting > MAX_NESTING:
            self.ended = (
                "the test and the answer call each other without end"
                if self.nesting > MAX_NESTING else "the test's time for calls is used up"
            )  # fmt: skip
            raise AnswerEnded(self.ended)
        encoder = Encoder(self._describe, (), self.shared)
        operands = [encoder.encode(value) for value in operands]
        keywords = {name: encoder.encode(value) for name, value in keywords.items()}
        rebound = {name: encoder.encode(values) for name, values in self.rebound().items()}
        seconds = min(left, self.call_seconds)
        seeds = {name: encoder.encode(state) for name, state in self._new_seeds().items()}
        outermost = self.nesting == 0
        self.nesting += 1
        try:
            self.before()
            tree = ["do", operation, operands, keywords, seeds, seconds if outermost else None,
                    list(names), rebound]  # fmt: skip
            self.channel.send(tree, encoder.tail, timeout=seconds)
            value, exception = self._result(operation, encoder, time.monotonic() + seconds + 1)
        except (EOFError, OSError, TimeoutError, Malformed) as error:
            self.ended = self._why(error)
            raise AnswerEnded(self.ended) from None
        finally:
            self.nesting -= 1
        if outermost and operation != "names":
            self.after()
        if exception is not None:
            raise exception
        return value

    def _result(self, operation, encoder, deadline):
        while True:
            (kind, *rest), tail = self._receive(deadline)
            if kind == "output":
                self.on_output(rest[0])
            elif kind == "callback":
                self._call_back(tail, *rest)
            elif kind == "restored":
                code, depth = rest
                self.ended = died(code)
                self.restored = depth == self.depth - 1  # else an older state speaks
                self._forget(depth)
                raise AnswerEnded(self.ended)
            elif kind in ("value", "raised"):
                break
            else:
                raise Malformed(f"{kind!r} in the place of a result")
        try:
            result, changed = rest
        except ValueError:
            raise Malformed("not a result") from None
        decoder = Decoder(tail, self._rebuild, encoder.containers, self.shared)
        value = exception = None
        if kind == "raised":
            exception = self._exception(operation, decoder, *result)
        else:
            value = decoder.decode(result)
        for number, tree in changed:
            decoder.replace(number, tree)
            self.changed = True
        return value, exception

    def _why(self, error):
        if isinstance(error, TimeoutError):
            return f"no result within {self.call_seconds:g} s"
        if isinstance(error, Malformed):  # in no words of the sender's
            return "the answer process sent what cannot be read"
        return self.autopsy()

    def _call_back(self, tail, number, args, keywords):
        """The student's code calls a function that the test has handed over."""
        decoder = Decoder(tail, self._rebuild, (), self.shared)
        args = [decoder.decode(tree) for tree in args]
        keywords = {name: decoder.decode(tree) for name, tree in keywords.items()}
        encoder = Encoder(self._describe, decoder.containers, self.shared)
        function = self.on_input if number == KEYBOARD else self._callback(number)
        try:
            reply = ["value", encoder.encode(function(*args, **keywords))]
        except Exception as error:
            reply = ["raised", type(error).__name__, str(error)[:2000]]
        self.channel.send(reply, encoder.tail, timeout=self.call_seconds)

    def _callback(self, number):
        if type(number) is not int or not 0 <= number < len(self.callbacks):
            raise Malformed("no such function")
        return self.callbacks[number]

    def _new_seeds(self):
        """NumPy's and Python's global random states, if this side has moved them since."""
        new, bits = {}, bits_of_numpy()
        if bits is None or bits != self.bits:
            state = np.random.get_state()  # noqa: NPY002
            self.bits = None if state[3] else bits  # a normal number in store is not among them
            if self._is_new("numpy", (state[1].tobytes(), state[2:])):
                new["numpy"] = state
        state = random.getstate()
        if self._is_new("python", state):
            new["python"] = state[0], np.array(state[1], np.uint32), state[2]
        return new

    def _is_new(self, name, state):
        old, self.seeds[name] = self.seeds.get(name), state
        return old != state

    def _describe(self, value, encoder):
        """How a value that is not plain data goes to the student's side."""
        if isinstance(value, StandIn):
            if value._answers is not self:
                raise TypeError(f"this `{value._type}` was made by an earlier test: make it anew")
            return ["mine", value._number]
        for stand_in, number in self.exceptions.values():
            if value is stand_in:
                return ["mine", number]
        if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            return self._describe_generator(value, encoder)
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        if isinstance(value, np.ufunc):
            module, name = "numpy", value.__name__
        if type(value) is type(sys):
            module, name = value.__name__, ""
        if (
            isinstance(module, str)
            and isinstance(name, str)
            and self._public(module, name) is value
        ):
            return ["known", module, name]
        if callable(value):
            number = self.handed_over.setdefault(id(value), len(self.callbacks))
            if number == len(self.callbacks):
                self.callbacks.append(value)
            words = (getattr(value, name, None) for name in ("__name__", "__doc__"))
            words = [text if isinstance(text, str) else "" for text in words]
            return ["callback", number, *words]
        if isinstance(value, Iterator):
            self.callbacks.append(value.__next__)
            return ["iterator", len(self.callbacks) - 1]
        if type(value) is object:
            return ["bare"]
        raise self.refuse(
            f"a {type(value).__name__} cannot be handed to an answer: only plain data, arrays, "
            "iterators, random generators, functions, and objects of classes from a locked cell can"
        )

    def _public(self, module, name):
        """What of a library stands under this name on both sides."""
        if module.split(".")[0] in self.withheld:
            return None
        value = sys.modules.get(module)
        for part in name.split(".") if name else ():
            value = getattr(value, part, None)
        return value

    def _describe_generator(self, value, encoder):
        if isinstance(value, np.random.Generator):
            name, state = type(value.bit_generator).__name__, value.bit_generator.state
        elif isinstance(value, np.random.RandomState):
            name, state = "RandomState", value.get_state()
        else:
            name, state = "Random", value.getstate()
        number = self.generators.setdefault(id(value), [len(self.generators), value, None])
        new = repr(state) if name != "RandomState" else (state[1].tobytes(), state[2:])
        changed, number[2] = number[2] != new, new
        return ["rng", number[0], name, encoder.encode(state) if changed else None]

    def _rebuild(self, tree, decoder):
        kind, *parts = tree
        if kind == "yours":
            return self._callback(*parts)
        if kind == "exception":
            return self._exception_class(*parts)
        if kind != "object":
            raise Malformed("not a description of a value")
        number, type_name, kind, special, shared = parts
        if type(number) is not int or not (isinstance(type_name, str) and isinstance(kind, str)):
            raise Malformed("not a description of an object")
        if number not in self.stand_ins:
            passes_for = self.shared.find(shared[0]) if shared else None
            make = stand_in_class(kind, type_name, tuple(special), passes_for)
            self.stand_ins[number] = make(self, number, type_name[:80], kind)
        return self.stand_ins[number]

    def _exception_class(self, bases):
        """A class of exceptions for the test to catch: one of both sides, or made of such a one."""
        own, found = [], RuntimeError
        for module, name, number in bases:
            known = self.shared.find(name) if module == "__main__" else \
                vars(sys.modules.get(module, object)).get(name)  # fmt: skip
            if isinstance(known, type) and issubclass(known, Exception):
                found = known
                break
            if type(number) is not int:
                raise Malformed("not the number of a class")
            own.append((name.rpartition(".")[2][:80], number))
        for name, number in reversed(own):
            if number not in self.exceptions:
                self.exceptions[number] = type(name, (found,), {}), number
            found = self.exceptions[number][0]
        return found

    def _exception(self, operation, decoder, bases, args, frames, more):
        """The student's exception, with the nearest type that is known here."""
        try:
            kind = self._exception_class(bases)
            args = decoder.decode(args)
            ends = issubclass(kind, (StopIteration, StopAsyncIteration)) and operation != "next"
            if ends or any(base.__name__ == "SkipTest" for base in kind.__mro__):
                kind = RuntimeError  # it would end a loop or a test as if all were well
            exception = make(kind, args)
            for name, value in decoder.decode(more).items():
                if not hasattr(kind, name):  # none takes the place of a method
                    setattr(exception, name, value)
            exception.answers = [str(frame)[:500] for frame in frames[:5]]
            return exception
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise Malformed(str(error)) from None


def make(kind, args):
    """An exception with these arguments, though its class may be made of others."""
    with contextlib.suppress(Exception):
        return kind(*args)
    with contextlib.suppress(Exception):
        exception = kind.__new__(kind)
        exception.args = tuple(args)
        return exception
    return RuntimeError(*args)


def died(code):
    """Why a process that answered is gone, by its exit code."""
    if code == -14:
        return "no result in time"
    if code == -11:
        return "the process crashed (segmentation fault)"
    if code in (-9, -24):
        return "the process used up its memory or time"
    return "the process was ended by the answer itself"
