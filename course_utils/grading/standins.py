"""What a test holds of a student's: stand-ins that ask the answer process, and never decide.

A class of the student's is mirrored by one of this side, of which its objects are. They ask over
the line (`line.Answers`), and have no say in a comparison with the test's own values, in whether
something is true, or in becoming a number or an array: a test that needs data fails with words.
"""

import abc
import enum
import functools
import inspect
import numbers
import sys
import types

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading.names import PREDICATES
from course_utils.grading.wire import BASES, MADE_OF, MUTABLE, is_asked_by_others

READABLE = ("__name__", "__qualname__", "__dict__", "__annotations__", "__defaults__",
            "__kwdefaults__", "__code__", "__closure__", "__wrapped__", "__func__", "__self__",
            "__dataclass_fields__", "__match_args__", "__members__", "__isabstractmethod__",
            "__abstractmethods__", "__sklearn_")  # and what begins so  # fmt: skip
PASSES_FOR = {  # of classes that are not the student's
    ("builtins", kind.__name__): kind
    for kind in (types.FunctionType, types.MethodType, types.GeneratorType, map, filter, zip,
                 enumerate, reversed, property, types.CoroutineType)
} | {("enum", "Enum"): enum.Enum}  # fmt: skip
PLAIN = (type(None), bool, int, float, str)
DATA = (*PLAIN, *MUTABLE, *MADE_OF, bytes, tuple, frozenset, type(...), type, np.generic, np.dtype)


class Remote(abc.ABCMeta):
    """A class of the student's: a class of this side whose objects are stand-ins.

    What it is (its name and family) is told once; what it does is asked for.
    """

    def __new__(cls, name, bases, members, **_):
        mine = next(base for base in bases if isinstance(base, Remote))
        raise mine.__answers__.refuse(
            f"a test cannot make a subclass of the answer's `{mine.__name__}`"
        )

    def __call__(cls, *args, **keywords):
        answers = cls.__answers__
        return answers.pass_on(cls.__makes__, answers.ask("call", cls, *args, **keywords))

    def __getattribute__(cls, name):
        """What every class has is the student's as well, where a test asks for it by name."""
        if name == "__mro__":
            return tuple(base for base in type.mro(cls) if base is not StandIn)
        if name in OF_CLASSES:
            return cls.__answers__.ask("getattr", cls, name)
        return type.__getattribute__(cls, name)

    def __getattr__(cls, name):
        if is_withheld(name):
            raise AttributeError(f"{name} of the answer's `{cls.__name__}` is not looked at")
        answers = cls.__answers__
        return answers.pass_on(cls.__makes__, answers.ask("getattr", cls, name))

    def __setattr__(cls, name, value):
        cls.__answers__.ask("setattr", cls, name, value)

    def __delattr__(cls, name):
        cls.__answers__.ask("delattr", cls, name)

    def __instancecheck__(cls, value):
        alike = hasattr(type(value), "_fields") and type(value).__name__ == cls.__name__
        return type.__instancecheck__(cls, value) or alike  # a named tuple is data

    def __subclasscheck__(cls, other):
        return type.__subclasscheck__(cls, other)

    def __bool__(cls):
        return True

    def __contains__(cls, value):
        return any(member is value for member in cls)

    def __dir__(cls):
        return cls.__answers__.ask("dir", cls)

    @property
    def __signature__(cls):
        return _signature(cls)


def _of_class(operation):
    """What only some classes can do, such as an `Enum`."""

    def method(cls, *args):
        return cls.__answers__.ask(operation, cls, *args)

    return method


for _name in ("len", "iter", "getitem", "reversed"):
    setattr(Remote, f"__{_name}__", _of_class(_name))


def is_withheld(name):
    """Whether an attribute is none that a test means when it looks for it."""
    return is_asked_by_others(name) and not name.startswith(READABLE)


class StandIn:
    """An object of the student's, which stays on the student's side."""

    __slots__ = ("__difference__", "__made__", "__number__")

    def __init__(self, *_, **__):
        raise NotImplementedError("`Answers` makes them")

    def __getattr__(self, name):
        if is_withheld(name):
            kind = type(self).__name__
            raise AttributeError(f"{name} of the answer's `{kind}` is not looked at")
        if name in PREDICATES - self.__answers__.operators or name.startswith("assert_"):
            raise self._refuse("plain data")
        return self._ask("getattr", name)

    def __setattr__(self, name, value):
        self._ask("setattr", name, value)

    def __delattr__(self, name):
        self._ask("delattr", name)

    def __dir__(self):
        return self._ask("dir")

    def __copy__(self):
        return self._ask("copy")

    def __deepcopy__(self, _):
        return self._ask("deepcopy")

    def __bool__(self):
        """As any object is, true, unless the exercise's classes say more."""
        if not {"__bool__", "__len__"} & self.__answers__.operators:
            return True
        return self._ask("bool") is True

    def __hash__(self):
        """As of any object, where the exercise's classes say nothing of it or of equality."""
        own = {"__eq__", "__hash__"} & self.__answers__.operators
        number = self._ask("hash") if own else None  # which may be meant to raise
        return number if "__hash__" in own and type(number) is int else id(self)

    def __str__(self):
        return self._text({"__str__", "__repr__"}, "str")

    def __repr__(self):
        return self._text({"__str__", "__repr__"}, "repr")

    def __format__(self, spec):
        if "__format__" in self.__answers__.operators:
            return self._text({"__format__"}, "format", spec)
        return format(str(self), spec)

    def _repr_pretty_(self, printer, cycle):
        printer.text(repr(self))

    def __array__(self, *_, **__):
        raise self._refuse("an array")

    def __reduce_ex__(self, protocol):
        raise TypeError(self._gave("plain data"))

    def __mro_entries__(self, bases):
        kind = type(self).__name__
        raise self.__answers__.refuse(f"a test cannot make a subclass of the answer's `{kind}`")

    def _ask(self, operation, *operands, **keywords):
        """What an object gives that the exercise's class has made is of its making as well."""
        answers = self.__answers__
        return answers.pass_on(self.__made__, answers.ask(operation, self, *operands, **keywords))

    def _text(self, names, operation, *operands):
        """Its own words only where the exercise is to find them."""
        own = self.__answers__.operators & names
        text = self._ask(operation, *operands) if own else None
        return text if isinstance(text, str) else f"<`{type(self).__name__}` of the answer>"

    def _gave(self, expected):
        return f"the answer gave a `{type(self).__name__}`; expected {expected}"

    def _refuse(self, expected):
        error = self.__answers__.refuse(self._gave(expected))
        error.answers = []  # the type's name is the student's choice
        return error

    __array_ufunc__ = None


def _signature(function):
    """What `inspect.signature` looks at."""
    parts, result = function.__answers__.ask("signature", function)
    return inspect.Signature(
        [inspect.Parameter(name, inspect._ParameterKind(kind), **dict(more))
         for name, kind, more in parts], **dict(result),
    )  # fmt: skip


# Where families of classes begin.
ROOTS = {("builtins", "object"): StandIn, ("builtins", "BaseException"): RuntimeError,
         ("abc", "ABC"): abc.ABC,
         **{(base.__module__, base.__name__): base for base in BASES}}  # fmt: skip
# Of what a class defines that is made of a plain one: what it is equal to, how much there is of it
# and what it is one after the other stay the plain one's, as tests decide by that.
OF_COPIES = {"__getitem__", "__setitem__", "__delitem__", "__missing__"}


# Whose objects are data, or say what becomes of a test.
NOT_KNOWN = ("array", "ctypes", "pandas", "pathlib", "scipy", "types", "unittest")


def library_class(module, name):
    """A class of a library that both sides have, if its objects are no data, or None."""
    found = vars(sys.modules.get(module, object)).get(name)
    if module == "builtins":
        return found if found in (staticmethod, classmethod) else None
    data = (*DATA, BaseException, numbers.Number)
    known = isinstance(found, type) and module.partition(".")[0] not in NOT_KNOWN
    return found if known and not issubclass(found, data) else None


def mirror(answers, number, name, bases, methods, passes_for=None, plain=False, more=()):
    """The class of this side for one of the student's.

    Parameters
    ----------
    number : int
        Under which the class is asked for.
    bases : tuple of type
        Mirrors, or for an exception real classes.
    methods : list of str
        Special methods that it defines: of these its objects have those of METHODS.
    passes_for : type, optional
        What its objects are for `isinstance`, besides.
    plain : bool
        Whether it is a class of Python's own, whose objects are equal to none but themselves.
    more : dict
        What else its objects have.
    """
    members = {"__answers__": answers, "__its_number__": number, "__makes__": False,
               "__module__": "__main__"}  # fmt: skip
    if issubclass(bases[0], BaseException):
        members |= {"__str__": _words, "__getattr__": _of_exception}
    elif issubclass(bases[0], BASES):
        members |= {"__getattr__": _of_copy, "__setattr__": _set_of_copy,
                    "__copy__": _copied("copy"), "__deepcopy__": _copied("deepcopy")}  # fmt: skip
        members |= {"__repr__": _as_named} if issubclass(bases[0], tuple) else {}
        decide = PREDICATES - answers.operators
        members |= {name: _invoke(name) for name in methods if name not in decide
                    and (name in OF_COPIES or not name.startswith("__"))}  # fmt: skip
    else:
        members |= {"__slots__": (), "__doc__": property(_doc)}
        members |= {method: METHODS[method] for method in methods if method in METHODS}
        if "__call__" in members:
            members["__signature__"] = property(_signature)
        if passes_for:
            members["__class__"] = property(lambda self: passes_for)
        if plain:
            members["__hash__"] = object.__hash__
            members.pop("__get__", None)
        members |= more
    short = name if name.isidentifier() and len(name) <= 80 else "StandIn"
    return type.__new__(Remote, short, bases, members)


def vars_of(kind):
    """What a class of this side has of its own, though it may be a mirror."""
    return type.__getattribute__(kind, "__dict__")


def _doc(self):
    return self._ask("getattr", "__doc__")


def _words(error):
    """What an exception of the student's says, in its own words."""
    return vars(error).get("__words__", "")


def _of_exception(error, name):
    if is_withheld(name) or "__number__" not in vars(error):
        raise AttributeError(f"`{type(error).__name__}` has no attribute {name!r}")
    return type(error).__answers__.ask("getattr", error, name)


def _of_copy(value, name):
    """What the class of an object adds to the plain one that it is made of; see `_invoke`."""
    if is_withheld(name) or "__number__" not in vars(value):
        raise AttributeError(f"`{type(value).__name__}` has no attribute {name!r}")
    found = type(value).__answers__.ask("getattr", value, name)
    if isinstance(found, StandIn) and callable(found):
        return functools.partial(_invoke(name), value)
    return found


def _set_of_copy(value, name, new):
    type(value).__answers__.ask("setattr", value, name, new)


def _invoke(name):
    """A method, called so that what it changes in the object is seen in the copy."""

    def method(value, *args, **keywords):
        return type(value).__answers__.ask("invoke", value, name, *args, **keywords)

    return method


def _as_named(value):
    if not vars(value).get("__fields__"):
        return tuple.__repr__(value)
    items = map("{}={!r}".format, vars(value)["__fields__"], value)
    return f"{type(value).__name__}({', '.join(items)})"


def _copied(operation):
    return lambda value, *_: type(value).__answers__.ask(operation, value)


def _call(self, *args, **keywords):
    return self._ask("call", *args, **keywords)


def _always(operation):
    def method(self, *args):
        return self.__answers__.ask(operation, self, *args)

    return method


def _if_asked_for(operation, name, expected, swapped=False):
    """An operator of the student's class, if the exercise is to write it.

    The other operand may tell what the test expects, so an operation with one of the test's own
    values is one of an object that the exercise's class has made, and has to give an object again:
    a number from there would prove nothing. Nor would the size of a difference to such a value.
    """

    def method(self, *others):
        answers = self.__answers__
        if name not in answers.operators:
            raise self._refuse(expected)
        operands = [*others, self] if swapped else [self, *others]
        result = answers.ask(operation, *operands)
        alone = all(isinstance(other, StandIn) for other in others)
        if isinstance(result, StandIn):
            if not alone and operation == "sub":
                object.__setattr__(result, "__difference__", True)
        elif self.__difference__ and not others:
            raise self._refuse(expected)
        if not alone and not (self.__made__ and isinstance(result, StandIn)):
            raise self._refuse(expected)
        return answers.pass_on(self.__made__, result)

    return method


def _compare(operation, name, swapped):
    """A comparison: among the answer's objects as they say, and of data unequal whatever they say.

    The object is asked all the same, as it may raise, and be meant to.
    """

    def method(self, other):
        answers, own = self.__answers__, name in self.__answers__.operators
        if operation == "eq" and own and isinstance(other, (StandIn, *DATA)):
            found = answers.ask("invoke", self, name, other)
            if found is NotImplemented:
                return found
            return found is True and isinstance(other, StandIn)
        if isinstance(other, StandIn):
            if own:
                return answers.ask(operation, self, other) is True
            if operation in ("eq", "ne"):  # as of objects whose class says nothing else
                return (self is other) == (operation == "eq")
            if swapped in answers.operators:
                return NotImplemented
            answers.ask(operation, self, other)
        elif operation not in ("eq", "ne"):
            answers.ask(operation, self, other)
        elif own and isinstance(other, DATA):
            answers.ask(operation, self, other)
            return operation == "ne"
        elif other is None or not isinstance(other, DATA):  # as of any two objects
            return operation == "ne"
        raise self._refuse("plain data to compare")

    return method


def _in_place(operation, name):
    def method(self, other):
        if name not in self.__answers__.operators:
            return NotImplemented  # then Python takes the operator that makes a new object
        result = self.__answers__.ask(operation, self, other)
        if not isinstance(result, StandIn):
            raise self._refuse("an object")
        return result

    return method


def _contains(self, item):
    """What only the object can tell, where it was made by calling a class of the exercise's."""
    if "__contains__" in self.__answers__.operators and self.__made__:
        return self.__answers__.ask("contains", self, item) is True
    return any(x is item or x == item for x in self)


def _exit(self, kind, error, _):
    """It may end an error that the test has made to try it, but never a check that failed."""
    if "__exit__" not in self.__answers__.operators:
        raise self._refuse("a context manager")
    excused = kind is not None and self.__answers__.excuses(error)
    known = error if excused or kind is None else RuntimeError()
    return self.__answers__.ask("exit", self, known) is True and excused


for _name, _other in (("eq", "eq"), ("ne", "ne"), ("lt", "gt"), ("le", "ge"), ("gt", "lt"),
                      ("ge", "le")):  # fmt: skip
    setattr(StandIn, f"__{_name}__", _compare(_name, f"__{_name}__", f"__{_other}__"))


def _descriptor(self, *_):
    kind = type(self).__name__
    raise self.__answers__.refuse(f"a `{kind}` of the answer's does not work in a test's own class")


METHODS = {
    "__call__": _call, "__contains__": _contains, "__exit__": _exit,
    "__get__": _descriptor, "__set__": _descriptor,
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


def _bind(self, instance, _=None):
    return self if instance is None else types.MethodType(self, instance)


def _equal_to_text(result):
    """A function is no text, and no `None`; what it would be to other data, nobody meant to ask."""

    def method(self, other):
        if other is None or isinstance(other, str):
            return result
        return _COMPARED[result](self, other)

    return method


def _await(self, *_):
    """Run a coroutine where it is; whoever drives it hears at once that it has ended."""
    raise StopIteration(self.__answers__.ask("await", self))


def _awaited(self):
    yield from ()
    return self.__answers__.ask("await", self)


def _as(kind):
    """What an object is equal to that says of a plain one what is in it."""

    def method(self, other):
        return kind(self) == (kind(other) if isinstance(other, StandIn) else other)

    return method


ALONE_EQUAL = {name: getattr(object, name) for name in ("__eq__", "__ne__", "__hash__")}
# What objects of classes that are not the student's can do besides.
_COMPARED = {False: StandIn.__eq__, True: StandIn.__ne__}
_TEXT = {"__eq__": _equal_to_text(False), "__ne__": _equal_to_text(True)}
OF_LIBRARIES = {
    ("builtins", "function"): {"__get__": _bind, **_TEXT},
    ("builtins", "method"): _TEXT,
    ("builtins", "coroutine"): {
        "send": _await,
        "throw": _always("throw"),
        "close": lambda self: None,
        "__await__": _awaited,
    },
    ("builtins", "generator"): {name: _always(name) for name in ("send", "throw")},
    ("collections", "UserList"): {"__eq__": _as(list)},
    ("collections", "UserDict"): {"__eq__": _as(dict)},
}
# What Python would look for in the class of this side, and the student's has.
OF_CLASSES = {"__init__", "__str__", "__repr__", "__eq__", "__doc__", "__dict__", "__bases__",
              "__slots__", "__annotations__",
              *(set(METHODS) - set(vars(type)))}  # fmt: skip
