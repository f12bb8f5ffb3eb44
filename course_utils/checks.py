"""What a test cell says: an answer's values and shapes, judged in words a student can act on.

Every check returns quietly or raises an `AssertionError` that says what went in, what came out and
what kind of thing was expected. It never prints the expected value: in a hidden test that would be
the answer. What is known to go wrong is given to it as `looks_like`, and named when it happened.

Answers are first turned into plain float64 by NumPy's and Python's own conversions, so an object
with a comparison of its own is refused rather than believed.
"""

import warnings
from collections.abc import Mapping

import numpy as np

# How many numbers a message shows; of more it shows the shape.
GIVEN, GOT = 6, 12


def call(function, *arguments, **keywords):
    """function(*arguments, **keywords), with copies of the arrays, and silently.

    Parameters
    ----------
    function : callable
        The student's.
    *arguments, **keywords
        What it is called with. Arrays, also those in lists, tuples and dicts, are copied, so that
        an answer that changes them fails in `unchanged` and nowhere else.

    Returns
    -------
    object
        Whatever the function returns.

    Raises
    ------
    AssertionError
        If the function raises: with its error as the cause, which tells a crash from a value that
        was judged wrong.
    NotImplementedError
        If the answer is still to be written.

    Examples
    --------
    >>> call(lambda x, power: x**power, 3.0, power=2)
    9.0
    """
    return _run(function, _copy(arguments), _copy(keywords))


def numbers(result, what="the result"):
    """float64 array of the values in `result`.

    Parameters
    ----------
    result : number, NumPy array or scalar, list or tuple of such
        Whatever an answer returned.
    what : str
        Its name in a message.

    Returns
    -------
    ndarray
        Its own copy, of the shape that `result` has.

    Raises
    ------
    AssertionError
        If it is anything but real numbers in rows of equal length.

    Examples
    --------
    >>> numbers([1, np.float64(2.5)])
    array([1. , 2.5])
    >>> numbers(None, "the mean")
    Traceback (most recent call last):
    AssertionError: the mean is None: is a `return` missing?
    """
    kind = type(result)
    if result is None:
        raise AssertionError(f"{what} is None: is a `return` missing?")
    if issubclass(kind, np.generic):  # also its subclasses: only NumPy's own method reads the value
        result, kind = np.generic.reshape(result, 1).reshape(()), np.ndarray
    if issubclass(kind, np.ndarray):
        plain = np.ndarray.view(result, np.ndarray)
        if plain.dtype.kind in "biuf":
            return np.array(plain, dtype=float)
        if plain.dtype.kind != "O":
            raise AssertionError(f"{what} is an array of {plain.dtype}; expected real numbers.")
        result, kind = plain.tolist(), list if plain.ndim else type(plain.item())
    if issubclass(kind, int | float):  # bool is an int
        convert = int.__int__ if issubclass(kind, int) else float.__float__
        try:
            return np.array(float(convert(result)))
        except OverflowError:
            raise AssertionError(f"{what} is a whole number beyond 1e308.") from None
    if issubclass(kind, list | tuple):
        items = (list if issubclass(kind, list) else tuple).__iter__(result)
        rows = [numbers(item, f"{what}[{i}]") for i, item in enumerate(items)]
        if len({row.shape for row in rows}) > 1:
            raise AssertionError(f"{what} has rows of unequal length; expected an array.")
        return np.stack(rows) if rows else np.empty(0)
    raise AssertionError(
        f"{what} is a `{kind.__name__}`; expected a number or a NumPy array of real numbers."
    )


def unpack(result, *names, what="the result"):
    """The parts of `result`, one for each name.

    Parameters
    ----------
    result : tuple or list, or an array with one row a part
        Whatever an answer returned.
    *names : str
        What the parts should be.
    what : str
        The whole's name in a message.

    Returns
    -------
    list

    Raises
    ------
    AssertionError
        If it has not as many parts as there are names.

    Examples
    --------
    >>> unpack((2.0, 0.5), "mean", "variance")
    [2.0, 0.5]
    """
    kind, wanted = type(result), f"expected {len(names)} results: {', '.join(names)}."
    if result is None:
        raise AssertionError(f"{what} is None: is a `return` missing? {wanted.capitalize()}")
    if issubclass(kind, np.ndarray):
        plain = np.ndarray.view(result, np.ndarray)
        if plain.ndim == 0 or len(plain) != len(names):
            raise AssertionError(f"{what} is one array of shape {plain.shape}; {wanted}")
        return list(plain)
    if not issubclass(kind, list | tuple):
        raise AssertionError(f"{what} is a single `{kind.__name__}`; {wanted}")
    parts = list((list if issubclass(kind, list) else tuple).__iter__(result))
    if len(parts) != len(names):
        raise AssertionError(f"{what} has {len(parts)} parts; {wanted}")
    return parts


def shape(result, expected, what="the result", *, given=None):
    """float64 array of the values in `result`, which has to have this shape.

    Parameters
    ----------
    result : number, NumPy array or scalar, list or tuple of such
    expected : tuple of int
        () for a single number.
    what : str
        Its name in a message.
    given : str or mapping of name to value, optional
        What went in.

    Returns
    -------
    ndarray of shape `expected`

    Raises
    ------
    AssertionError
        If it is not made of numbers, or of another shape.

    Examples
    --------
    >>> shape([[1, 2]], (1, 2))
    array([[1., 2.]])
    """
    got = numbers(result, what)
    if got.shape != tuple(expected):
        raise AssertionError(
            _message(f"{what} has the wrong shape", given, _kind(tuple(expected)), _show(got))
        )
    return got


def close(result, expected, what="the result", *, given=None, rtol=1e-7, atol=0.0, looks_like=None):
    """|result − expected| ≤ atol + rtol · |expected|, for every number.

    Parameters
    ----------
    result : number, NumPy array or scalar, list or tuple of such
    expected : array_like
        Its shape is expected as well. Infinite numbers have to be met exactly.
    what : str
        The result's name in a message.
    given : str or mapping of name to value, optional
        What went in.
    rtol, atol : float
    looks_like : mapping of str to array_like, optional
        Known mistakes in a few words, and the value that each leads to.

    Raises
    ------
    AssertionError
        If one number is not.

    Examples
    --------
    >>> close(0.5, 0.25, "the variance", looks_like={"a deviation, not a variance": 0.5})
    Traceback (most recent call last):
    AssertionError: the variance is wrong
      got         0.5
      expected    another number
      looks like  a deviation, not a variance
    """
    got, expected = numbers(result, what), np.asarray(expected, dtype=float)
    if _agree(got, expected, rtol, atol):
        return
    hints = [
        hint
        for hint, value in (looks_like or {}).items()
        if _agree(got, np.asarray(value, dtype=float), rtol, atol)
    ]
    if got.shape != expected.shape:
        problem, wanted = f"{what} has the wrong shape", _kind(expected.shape)
    else:
        wrong = ~_near(got, expected, rtol, atol)
        problem = f"{what} is wrong"
        wanted = "another number"
        if got.ndim:
            where = ", ".join(map(str, np.argwhere(wrong)[0]))
            wanted = f"another number in {wrong.sum()} of {got.size} places, first at [{where}]"
        if np.isnan(got).any():
            wanted += "; nan is what 0/0, inf − inf or the log of a negative number gives"
    raise AssertionError(_message(problem, given, wanted, _show(got), hints))


def unchanged(function, *arguments, **keywords):
    """The function leaves what it was handed as it was.

    Parameters
    ----------
    function : callable
        The student's.
    *arguments, **keywords
        What it is called with.

    Raises
    ------
    AssertionError
        If an array among them, also one in a list, tuple or dict, was changed in place.

    Examples
    --------
    >>> unchanged(np.sort, np.array([2.0, 1.0]))
    >>> unchanged(np.ndarray.sort, np.array([2.0, 1.0]))
    Traceback (most recent call last):
    AssertionError: sort changed its argument 1: work on a copy, as in X = X.copy()
    """
    handed = _copy(arguments), _copy(keywords)
    _run(function, *handed)
    before, after = _named(arguments, keywords), _named(*handed)
    for name in before:
        if not _identical(before[name], after[name]):
            raise AssertionError(
                f"{_name(function)} changed its {name}: work on a copy, as in X = X.copy()"
            )


def raises(error, function, *arguments, **keywords):
    """The function refuses these arguments, with an exception of this class.

    Parameters
    ----------
    error : type
        Such as ValueError; a subclass of it will do.
    function : callable
        The student's.
    *arguments, **keywords
        What it is called with.

    Raises
    ------
    AssertionError
        If it returns, or raises something else.

    Examples
    --------
    >>> raises(ValueError, float, "a")
    """
    try:
        result = call(function, *arguments, **keywords)
    except AssertionError as failure:
        if isinstance(failure.__cause__, error):
            return
        raise
    raise AssertionError(
        _message(
            f"{_name(function)} accepted what it should refuse",
            _named(arguments, keywords),
            f"raise {error.__name__}(...)",
            _show(result),
        )
    )


def accepts(check, function, what):
    """The student's check lets a right implementation pass.

    Parameters
    ----------
    check : callable
        Takes a function, raises AssertionError if that is wrong.
    function : callable
        A right one.
    what : str
        The right one in a few words.

    Raises
    ------
    AssertionError
        If the check raises.

    Examples
    --------
    >>> def check_double(double):
    ...     assert double(3) == 6, "3 doubled is 6"
    >>> accepts(check_double, lambda x: x + x, "a sum")
    """
    try:
        call(check, function)
    except AssertionError as failure:
        if not isinstance(failure.__cause__, AssertionError):
            raise
        raise AssertionError(
            f"{_name(check)} refuses a right implementation ({what}), saying: "
            f"{_said(failure.__cause__)}"
        ) from None


def rejects(check, function, what):
    """The student's check finds a wrong implementation out.

    Parameters
    ----------
    check : callable
        Takes a function, raises AssertionError if that is wrong.
    function : callable
        A wrong one.
    what : str
        What is wrong with it, no more than the student may know.

    Raises
    ------
    AssertionError
        If the check returns, or raises anything but an AssertionError.

    Examples
    --------
    >>> def check_double(double):
    ...     assert double(3) == 6, "3 doubled is 6"
    >>> rejects(check_double, lambda x: x**2, "a square")
    >>> rejects(check_double, lambda x: x + 3, "3 more")
    Traceback (most recent call last):
    AssertionError: check_double lets a wrong implementation pass (3 more)
    """
    try:
        result = _quietly(check, (function,), {})
    except AssertionError:
        return
    except NotImplementedError:
        raise
    except Exception as error:
        raise _crash(check, (function,), {}, error) from error
    returned = (
        "" if result is None else ": it has to raise AssertionError, and returned a value instead"
    )
    raise AssertionError(f"{_name(check)} lets a wrong implementation pass ({what}){returned}")


def _run(function, arguments, keywords):
    try:
        return _quietly(function, arguments, keywords)
    except NotImplementedError:
        raise
    except Exception as error:
        raise _crash(function, arguments, keywords, error) from error


def _quietly(function, arguments, keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what warns may still be right: its value decides
        return function(*arguments, **keywords)


def _crash(function, arguments, keywords, error):
    problem = f"{_name(function)} raised {_said(error)}"
    return AssertionError(_message(problem, _named(arguments, keywords), "a result, and no error"))


def _named(arguments, keywords):
    """Arguments as messages call them."""
    return {f"argument {i}": value for i, value in enumerate(arguments, start=1)} | keywords


def _copy(value):
    """Copies of arrays and of what holds them; anything else as it is."""
    if type(value) is np.ndarray:
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(_copy(item) for item in value)
    if type(value) is dict:
        return {name: _copy(item) for name, item in value.items()}
    return value


def _identical(before, after):
    if type(before) is not type(after):
        return False
    if type(before) is np.ndarray:
        return before.dtype == after.dtype and np.array_equal(before, after, equal_nan=True)
    if type(before) in (list, tuple):
        return len(before) == len(after) and all(map(_identical, before, after))
    if type(before) is dict:
        return list(before) == list(after) and _identical([*before.values()], [*after.values()])
    return before is after or before == after


def _near(got, expected, rtol, atol):
    with np.errstate(invalid="ignore"):
        margin = np.where(np.isfinite(expected), atol + rtol * np.abs(expected), 0.0)
        return (got == expected) | (np.abs(got - expected) <= margin)


def _agree(got, expected, rtol, atol):
    return got.shape == expected.shape and bool(_near(got, expected, rtol, atol).all())


def _name(function):
    """The function's name; a stand-in for a function may have none, or one that is no text."""
    name = getattr(function, "__name__", None)
    return name if type(name) is str else "the function"


def _said(error):
    """Class and words of an exception; words that cannot be had are left out."""
    try:
        words = str(error).strip()
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _kind(expected):
    return "one number" if expected == () else f"an array of shape {expected}"


def _show(value, most=GOT):
    """A few numbers as they are; of many the shape; of other things the class."""
    try:
        array = numbers(value)
    except AssertionError:
        return repr(value) if type(value) in (str, type(None)) else f"a `{type(value).__name__}`"
    if array.ndim == 0:
        return f"{array:.10g}"
    if array.size > most:
        return f"an array of shape {array.shape}"
    values = np.array2string(array, precision=6, separator=", ").replace("\n", "")
    return f"{values}, shape {array.shape}"


def _message(problem, given, expected, got="", hints=()):
    """One line a fact, the problem first."""
    if isinstance(given, Mapping):
        given = ", ".join(f"{name} = {_show(value, GIVEN)}" for name, value in given.items())
    facts = [("given", given), ("got", got), ("expected", expected)]
    facts += [("looks like", hint) for hint in hints]
    return "\n".join([problem, *(f"  {label:<10}  {fact}" for label, fact in facts if fact)])
