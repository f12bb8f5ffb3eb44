"""The trusted end of the line to an answer process.

`Answers` sends operations and gets plain data back, or stand-ins for what is not. Nothing that
comes is believed to be well made, or on time.
"""

import enum
import functools
import inspect
import io
import pickle
import random
import sys
import time
import types
from collections.abc import Iterator

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading.answers import OPERATIONS, REACHABLE, SWAPPED, within
from course_utils.grading.links import MOST_LINKS, Links
from course_utils.grading.seeds import Seeds
from course_utils.grading.standins import (
    ALONE_EQUAL,
    OF_LIBRARIES,
    PASSES_FOR,
    PLAIN,
    ROOTS,
    Remote,
    StandIn,
    library_class,
    mirror,
    vars_of,
)
from course_utils.grading.wire import (
    BASES,
    MUTABLE,
    OF_THE_COURSE,
    Decoder,
    Encoder,
    Malformed,
    base_of,
    copy_as,
    is_asked_by_others,
    make,
)

# Whose exceptions are signals to what runs a test.
RUNNING_TESTS = ("unittest", "pytest", "_pytest", "doctest", "hypothesis", "IPython", "bdb",
                 "course_utils")  # fmt: skip
PARTS = {"output": 1, "callback": 5, "restored": 2, "value": 3, "raised": 3}  # of a message
MAX_CALLS = 100_000
MAX_NESTING = 90


class AnswerEnded(BaseException):
    """The answer process hung, died or spoke nonsense; no `except Exception` catches it."""


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
    on_output : callable
        Gets what the student's code prints and shows.
    inputs : dict
        KEYBOARD and STDIN: functions that give what it asks for there.
    """

    def __init__(self, channel, job, shared, on_output, inputs):
        self.channel = channel
        self.operators, self.made = set(job["operators"]), set(job["made"])
        self.call_seconds = job["call_seconds"]
        self.withheld = ("__main__", *job["withheld"])
        self.shared = shared
        self.on_output, self.inputs = on_output, inputs
        self.before = self.after = dict  # functions: what is to be done around each call
        self.rebound = dict  # a function: names that the test has rebound → their values, in a list
        self.excuses = bool  # a function: whether the test has made an error to try an answer
        self.stand_ins = {}  # objects and classes of the student's, by their numbers
        self.handed = []  # functions and exceptions of the test's
        self.handed_over = {}  # the id of each → its number
        self.told = set()  # what of a library's was handed over, by module and name
        self.generators = {}
        self.nesting = 0
        self.ended = None  # why there is no asking any more, within this test
        self.autopsy = lambda: "the answer process is gone"  # a function: of what it has died
        self.gone = None  # why there never was any
        self.deadline = None
        self.calls = 0
        self.links, self.stale = Links(shared), False  # and whether the other side has more
        self.asked = 0
        self.seeds = Seeds()
        self.depth = self.kept = self.known = 0
        self.standing = False  # whether there is a state to return to, of before this test
        self.changed = self.altered = False  # whether an argument was, in place, or a result
        self.refused = None  # what a stand-in could not be taken for, in this test

    def begin(self, seconds):
        """A test begins, and may spend so many seconds on the student's code."""
        self.ended, self.restored = None, False
        self.deadline = time.monotonic() + seconds
        self.calls = 0
        self.changed = self.altered = False
        self.refused = None

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
            if isinstance(found[name], Remote):
                type.__setattr__(found[name], "__makes__", True)
        return found

    def written(self):
        """Files that the student's code has written or deleted since this was last asked."""
        found = self._ask("written", (), {}, ())
        return {name: data for name, data in (found.items() if type(found) is dict else ())
                if type(name) is str and type(data) in (bytes, type(None))}  # fmt: skip

    def pass_on(self, made, value):
        """Note of what an object gives whether it is of the exercise's making."""
        if made and isinstance(value, StandIn):
            object.__setattr__(value, "__made__", True)
        return value

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
        self.kept = max(self.stand_ins, default=-1) + 1
        self.known = len(self.handed)

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
            if (number := self.number(value)) is not None:
                if number >= since:
                    return True
            elif isinstance(value, (list, tuple, set, dict)) and id(value) not in seen:
                seen.add(id(value))
                waiting += value.values() if isinstance(value, dict) else value
        return False

    def _lose_track(self):
        """Of what the two sides have in common begin anew."""
        self.generators, self.seeds = {}, Seeds(self.seeds.depth)
        self.links, self.stale = Links(self.shared), True

    def _forget(self, depth):
        """The state of `depth` is back, and knows nothing of what came after it."""
        self._lose_track()
        self.depth, self.standing = depth, False
        del self.handed[self.known :]
        self.handed_over = {i: n for i, n in self.handed_over.items() if n < self.known}
        self.stand_ins = {n: value for n, value in self.stand_ins.items() if n < self.kept}

    def number(self, value):
        """Under which the student's side has an object, if it is one of its."""
        kind = value if isinstance(value, Remote) else type(value)
        if not isinstance(kind, Remote) or kind.__answers__ is not self:
            return None
        return kind.__its_number__ if kind is value else getattr(value, "__number__", None)

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
        self.asked += 1
        number = self.asked * MOST_LINKS  # of the first container that is new
        seconds = min(left, self.call_seconds)
        outermost = self.nesting == 0
        self.nesting += 1
        try:
            self.before()
            encoder = self._encoder(linked=self.links.numbers)
            operands = [encoder.encode(value) for value in operands]
            keywords = {name: encoder.encode(value) for name, value in keywords.items()}
            rebound = {name: encoder.encode(values) for name, values in self.rebound().items()}
            seeds = {name: encoder.encode(state) for name, state in self.seeds.new().items()}
            forgotten, changed, note = self._touched(encoder)
            given = len(encoder.containers)
            tree = ["do", operation, operands, keywords, seeds, seconds if outermost else None,
                    list(names), rebound, number, forgotten, changed]  # fmt: skip
            self.channel.send(tree, encoder.tail, timeout=seconds)
            note()
            self.links.add(number, encoder.containers, given=True)
            value, exception = self._result(operation, encoder, time.monotonic() + seconds + 1)
            if exception is None and not self.stale:
                self.links.add(number + given, encoder.containers[given:])
                self.links.crowd_out()
        except (EOFError, OSError, TimeoutError, Malformed) as error:
            self.ended = self._why(error)
            raise AnswerEnded(self.ended) from None
        except Exception:  # it cannot be handed over, nor was anything else
            self.generators, self.seeds = {}, Seeds(self.seeds.depth)
            raise
        finally:
            self.nesting -= 1
        if outermost and operation not in ("names", "written"):
            self.after()
        if exception is not None:
            raise exception
        return value

    def _result(self, operation, encoder, deadline):
        while True:
            (kind, *rest), tail = self._receive(deadline)
            if len(rest) != PARTS.get(kind):
                raise Malformed(f"{kind!r} in the place of a result")
            if kind == "output":
                self.on_output(*rest)
            elif kind == "callback":
                self._call_back(tail, *rest)
            elif kind == "restored":
                code, depth = rest
                self.ended = died(code)
                self.restored = depth == self.depth - 1  # else an older state speaks
                self._forget(depth)
                raise AnswerEnded(self.ended)
            else:
                result, changed, later = rest
                break
        decoder = Decoder(tail, self._rebuild, encoder.containers, self.shared, self.links.copies)
        exception = None
        value = decoder.decode(result)
        if kind == "raised":
            value, exception = None, value
            if not isinstance(exception, BaseException):
                raise Malformed("not an exception")
            ends = isinstance(exception, (StopIteration, StopAsyncIteration))
            names = {base.__name__ for base in type.mro(type(exception))}
            if (ends and operation not in ("next", "send", "throw")) or "SkipTest" in names:
                # It would end a loop or a test as if all were well.
                exception, theirs = RuntimeError(*exception.args), exception
                exception.answers = getattr(theirs, "answers", [])
        self._change(decoder, changed)
        self._catch_up(decoder, later)
        encoder.containers = decoder.containers
        return value, exception

    def _catch_up(self, decoder, later):
        """Change what both have as the answer has, unless one of them has lost track."""
        if later is None:
            self.links, self.stale = Links(self.shared), True
        elif not self.stale:
            self._change(decoder, later, self.links)

    def _change(self, decoder, changed, links=None):
        """Change what the answer has: of this call's arguments, or of what both have for longer."""
        try:
            for number, tree in changed:
                container = decoder.containers[number] if links is None else links.copies[number]
                stream = isinstance(container, io.IOBase) and not container.closed
                text = container.getvalue() if stream else ""
                decoder.replace(container, tree)
                if stream:  # it may be read, and written on
                    meant = container.closed or container.getvalue().startswith(text)
                else:
                    meant = self.number(container) is not None
                if links is not None and number not in links.given:
                    self.altered |= not meant
                else:
                    self.changed |= not meant
                if links is not None:
                    links.look_again(number)
        except (TypeError, ValueError, LookupError):
            raise Malformed("not a list of changes") from None

    def _touched(self, encoder):
        """What the test has let go of, and what it has changed, of what the answer has too.

        And a function that notes it, once it has been sent.
        """
        links, refused, changed = self.links, self.refused, []
        looks = links.changed()
        try:
            changed = [[number, encoder.contents(links.copies[number])] for number in looks]
        except TypeError:  # it has put something in that no answer can have
            self.links, self.stale, self.refused = Links(self.shared), True, refused
        forgotten = None if self.stale else links.forgotten()

        def note():
            self.stale = False
            links.looks.update(looks)
            links.forget(forgotten)

        return forgotten, changed, note

    def _why(self, error):
        if isinstance(error, TimeoutError):
            return f"no result within {self.call_seconds:g} s"
        if isinstance(error, Malformed):  # in no words of the sender's
            return "the answer process sent what cannot be read"
        return self.autopsy()

    def _call_back(self, tail, number, args, keywords, later, first):
        """The student's code calls a function that the test has handed over."""
        if not (isinstance(args, list) and isinstance(keywords, dict) and type(first) is int):
            raise Malformed("not a call")
        if first >= 0 or first in self.links.copies:  # of the other side's numbering
            raise Malformed("not the number of a container")
        decoder = Decoder(tail, self._rebuild, (), self.shared, self.links.copies)
        args = [decoder.decode(tree) for tree in args]
        keywords = {name: decoder.decode(tree) for name, tree in keywords.items()}
        self._catch_up(decoder, later)
        if not self.stale:
            self.links.add(first, decoder.containers)
        function = self.inputs.get(number) or self._handed(number)
        if is_made_by_test(function):
            self.changed |= args[:1] in (["setitem"], ["delitem"]) or (
                args[:1] == ["setattr"] and hasattr(function, str(args[1:2] and args[1]))
            )
            function = functools.partial(reach, function)
        try:
            self._reply(decoder.containers, "value", function(*args, **keywords))
        except Exception as error:  # of the function, or as what it gives cannot be handed over
            self._reply(decoder.containers, "raised", error)

    def _reply(self, known, kind, value):
        """Say what a function of the test's has given, and what has changed since it was called."""
        encoder = self._encoder(known, self.links.numbers)
        tree = encoder.encode(value)
        forgotten, changed, note = self._touched(encoder)
        self.asked += 1
        number = self.asked * MOST_LINKS
        reply = [kind, tree, forgotten, changed, number]
        self.channel.send(reply, encoder.tail, timeout=self.call_seconds)
        note()
        self.links.add(number, encoder.containers[len(known) :], given=True)
        self.links.crowd_out()

    def _handed(self, number):
        if type(number) is not int or not 0 <= number < len(self.handed):
            raise Malformed("no such function")
        return self.handed[number]

    def _hand_over(self, value):
        """The number under which the student's side can call, or raise, something of the test's."""
        bound = type(value) is types.MethodType  # which is another object each time
        key = (id(value.__self__), id(value.__func__)) if bound else id(value)
        number = self.handed_over.setdefault(key, len(self.handed))
        if number == len(self.handed):
            self.handed.append(value)
        return number

    def _encoder(self, known=(), linked=()):
        return Encoder(self._describe, known, self.shared, self._own, linked)

    def _own(self, value):
        if (number := self.number(value)) is not None:
            return (number,)
        kind = type(value)
        shared = isinstance(kind, Remote) or self.shared.find(kind.__name__) is kind
        told = hasattr(kind, "_fields") or (issubclass(kind, str) and issubclass(kind, enum.Enum))
        return () if shared or told or not defines(kind) else None

    def _describe(self, value, encoder):
        """How a value that is not plain data goes to the student's side."""
        if (number := self.number(value)) is not None:
            return ["mine", number]
        kind = value if isinstance(value, Remote) else type(value)
        if isinstance(kind, Remote):
            raise TypeError(f"this `{kind.__name__}` was made by an earlier test: make it anew")
        if isinstance(value, BaseException):
            args = [arg for arg in value.args if type(arg) in PLAIN]
            args = args if len(args) == len(value.args) else [str(value)[:2000]]
            return ["error", self._hand_over(value), kind.__name__, self._nearest(kind), args]
        if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            return self._describe_generator(value, encoder)
        if isinstance(value, io.TextIOWrapper) and value.readable():  # what is left to read
            return encoder.encode(io.StringIO(value.read()))
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
            self.told.add((module, name))
            return ["known", module, name]
        if is_made_by_test(value):
            base = base_of(kind)
            return ["reach", self._hand_over(value), base and base.__name__]
        if callable(value):
            words = (getattr(value, name, None) for name in ("__name__", "__doc__"))
            words = [text if isinstance(text, str) else "" for text in words]
            return ["callback", self._hand_over(value), *words, parameters(value)]
        if isinstance(value, Iterator):
            return ["iterator", self._hand_over(value.__next__)]
        if type(value) is object:
            return ["bare"]
        if (data := copied(value, self.withheld)) is not None:
            return ["copy", *encoder.encode(data)[1:]]
        raise self.refuse(
            f"a {type(value).__name__} cannot be handed to an answer: only data, functions, "
            "iterators, random generators, objects of classes from a cell, and copies of those of "
            "libraries can"
        )

    def _nearest(self, kind):
        """The nearest class of an exception that the student's side has too."""
        for base in type.mro(kind):
            if self.shared.find(base.__name__) is base:
                return ["kind", base.__name__]
            if self._public(base.__module__, base.__qualname__) is base:
                return ["known", base.__module__, base.__qualname__]
        return ["known", "builtins", "Exception"]

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
            return self._handed(*parts)
        if kind == "known" and tuple(parts) in self.told:
            return self._public(*parts)
        if kind == "class":
            return self._class(*parts)
        if kind == "error":
            return self._exception(decoder, *parts)
        if kind == "own":
            return self._copy(*parts)
        if kind != "object":
            raise Malformed("not a description of a value")
        number, family = parts
        if type(number) is not int:
            raise Malformed("not the number of an object")
        if number not in self.stand_ins:
            kind = self._class(family)
            if not issubclass(kind, StandIn):
                raise Malformed("not the class of an object")
            made = self.stand_ins[number] = object.__new__(kind)
            object.__setattr__(made, "__number__", number)
            object.__setattr__(made, "__made__", False)
            object.__setattr__(made, "__difference__", False)
        return self.stand_ins[number]

    def _copy(self, number, family, plain):
        """An object of a class that is made of a plain one: what it holds is a copy.

        It is one only if the exercise is to write such a class, and nothing but data if not.
        """
        kind = self._class(family)
        if isinstance(type(plain), Remote) or type(number) is not int:
            raise Malformed("not a plain value, or not the number of an object")
        if kind.__name__ not in self.made or not isinstance(plain, base_of(kind) or bool):
            return plain
        if number not in self.stand_ins or isinstance(plain, MUTABLE):
            self.stand_ins[number] = mirrored = copy_as(kind, plain)
            object.__setattr__(mirrored, "__number__", number)
            object.__setattr__(mirrored, "__fields__", getattr(plain, "_fields", ()))
        return self.stand_ins[number]

    def _class(self, family):
        """The class of this side for one of the student's, whose family is told from it upwards."""
        if family[0][0] in self.stand_ins:
            return self.stand_ins[family[0][0]]
        for member in reversed(family):
            number, module, name, *_ = member
            if not (type(number) is int and isinstance(module, str) and isinstance(name, str)):
                raise Malformed("not a class")
            if number not in self.stand_ins:
                self.stand_ins[number] = self._known(module, name) or self._mirror(*member)
        return self.stand_ins[family[0][0]]

    def _known(self, module, name):
        """What both sides have of a family: where it begins, and exceptions."""
        if (module, name) in ROOTS or module == "__main__":
            return ROOTS.get((module, name))
        known = self.shared.find(name) if module == OF_THE_COURSE else \
            vars(sys.modules.get(module, object)).get(name)  # fmt: skip
        catchable = isinstance(known, type) and issubclass(known, (Exception, SystemExit))
        signal = module.partition(".")[0] in RUNNING_TESTS or name.startswith("_")
        return known if catchable and not signal else None

    def _mirror(self, number, module, name, bases, methods, abstract):
        name = name.rpartition(".")[2]
        found = tuple(dict.fromkeys(self.stand_ins[base] for base in bases))
        real = tuple(base for base in found if issubclass(base, (BaseException, *BASES)))
        inherits = PASSES_FOR.get((module, name))
        for base in found:
            inherits = inherits or vars_of(base).get("__passes_for__")
        if module == OF_THE_COURSE:
            inherits = self.shared.find(name)
        library = module.partition(".")[0] not in self.withheld and library_class(module, name)
        if not any(issubclass(base, StandIn) for base in found):
            found = (StandIn, *found)
        more = {"__passes_for__": inherits, **OF_LIBRARIES.get((module, name), {})}
        if library and module != "builtins":
            more = {**ALONE_EQUAL, **more}
        kind = mirror(self, number, name, real or found, methods, inherits or library or None,
                      plain=module == "builtins", more=more)  # fmt: skip
        if abstract:
            type.__setattr__(kind, "__abstractmethods__", frozenset(abstract))
        if module == "collections.abc" and library and "__subclasshook__" not in vars(library):
            library.register(kind)
        return kind

    def _exception(self, decoder, family, args, frames, more, words, number, cause):
        """The student's exception, of the nearest type that is known here."""
        kind = self._class(family)
        if not issubclass(kind, BaseException):
            raise Malformed("not the class of an exception")
        args, more, cause = map(decoder.decode, (args, more, cause))
        if type(args) is not list or type(more) is not dict:
            raise Malformed("not what there is to an exception")
        exception = make(kind, args)
        own = {name for base in type.mro(kind) for name in vars_of(base)}
        for name, value in more.items():
            if name == "__notes__" or (name not in own and not is_asked_by_others(name)):
                setattr(exception, name, value)  # none takes the place of a method
        exception.__cause__ = cause
        if isinstance(kind, Remote):
            exception.__words__ = str(words)[:2000]
            if type(number) is int:
                exception.__number__ = number
        exception.answers = [str(frame)[:500] for frame in frames[:5]]
        return exception


class Copier(pickle.Pickler):
    """Writes down objects of libraries, for the side that trusts this one; never the other way."""

    def __init__(self, file, withheld):
        super().__init__(file)
        self.withheld = withheld

    def reducer_override(self, value):
        module = getattr(value, "__module__", None) or ""
        if isinstance(value, (type, types.FunctionType)) and within(module, self.withheld):
            raise pickle.PicklingError
        return NotImplemented


def copied(value, withheld):
    """An object of a library's class as bytes, or None if it is no data, or shows something."""
    if type(value).__module__.partition(".")[0] in ("matplotlib", "_io"):
        return None
    file = io.BytesIO()
    try:
        Copier(file, withheld).dump(value)
    except Exception:  # whatever it is made of
        return None
    return file.getvalue()


def parameters(function):
    """The names and kinds of a function's parameters, and whether each has a default; or None."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[part.name, int(part.kind), part.default is not part.empty] for part in found]


def defines(kind):
    """Whether a class of the test's own that is made of a plain one is more than a name for it."""
    own = [name for base in kind.__mro__ if base.__module__ == "__main__" for name in vars(base)]
    return any(name not in vars(_Name) for name in own)


class _Name(list):
    pass


def is_made_by_test(value):
    """Whether the class of an object is of the test's own, or a mock's."""
    return type(value).__module__ in ("__main__", "unittest.mock")


def passes_on(value):
    """Whether a mock has a library do what it is called for."""
    if type(value).__module__ != "unittest.mock":
        return False
    behind = [one for one in (value._mock_wraps, value.side_effect)
              if callable(one) or type(one) is types.ModuleType]  # fmt: skip
    own = "__main__", "unittest.mock"
    return not all(
        isinstance(one, (StandIn, Remote)) or getattr(one, "__module__", None) in own
        or (isinstance(one, type) and issubclass(one, BaseException)) for one in behind
    )  # fmt: skip


INERT = (*PLAIN, list, tuple, dict, set, np.ndarray)  # what can be told apart from a mock


def reach(value, operation, *operands, **keywords):
    """Do for an answer what it may do with an object of the test's.

    What its class has of a library's, which could write a file, say, is out of reach; nor can a
    method be replaced, or a mock be told what it has seen.
    """
    if passes_on(value):
        raise TypeError("an answer cannot use a mock that passes on to a library")
    if operation == "call":
        return value(*operands, **keywords)
    if operation in SWAPPED:
        return OPERATIONS[SWAPPED[operation]](*operands, value)
    if operation in (*REACHABLE, "exit", "copy", "deepcopy"):
        return OPERATIONS[operation](value, *operands)
    name, *new = operands
    mock = type(value).__module__ == "unittest.mock"
    its = {*dir(type(value)), "method_calls"}
    public = isinstance(name, str) and not name.startswith("_") and not (mock and name in its)
    own = {name for kind in type(value).__mro__ if kind.__module__ == "__main__" or kind in BASES
           for name in vars(kind)} - {"format", "format_map"}  # fmt: skip
    own |= {"name", "value"} if isinstance(value, enum.Enum) else set()
    if operation == "getattr" and public and (mock or name in own or name in vars(value)):
        return getattr(value, name)
    if operation == "setattr" and public:
        (new,) = new
        if isinstance(new, INERT) if mock else not callable(getattr(value, name, None)):
            return setattr(value, name, new)
    raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")


def died(code):
    """Why a process that answered is gone, by its exit code."""
    if code == -14:
        return "no result in time"
    if code == -11:
        return "the process crashed (segmentation fault)"
    if code in (-9, -24):
        return "the process used up its memory or time"
    return "the process was ended by the answer itself"
