"""Tables of pandas as plain data: their columns, and the labels and names of both sides.

A table crosses by value; what it has of columns of other kinds, such as times with a zone, keeps it
on its side.
"""

import sys

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401

KINDS = ("DataFrame", "Series", "Index", "MultiIndex", "Timestamp", "Timedelta")


def kind(value):
    """The name under which a value of pandas crosses, or None."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not type(value).__module__.startswith("pandas"):
        return None
    for name in ("DataFrame", "Series", "MultiIndex", "Index", "Timestamp", "Timedelta"):
        if type(value) is getattr(pandas, name, None):
            return name
    return "Index" if isinstance(value, pandas.Index) else None


def describe(value, encode):
    """A tree of what `encode` makes of plain values."""
    name = kind(value)
    if name == "Timestamp":
        return [name, value.isoformat()]
    if name == "Timedelta":
        return [name, value.value]
    if name == "Index":
        regular = getattr(value, "freqstr", None) if value.dtype.kind in "mM" else None
        return [name, encode(value.name), _column(value, encode), regular]
    if name == "MultiIndex":
        levels = [value.get_level_values(number) for number in range(value.nlevels)]
        return [name, *(describe(level, encode) for level in levels)]
    if name == "Series":
        return [name, encode(value.name), describe(value.index, encode), _column(value, encode)]
    columns = [_column(value.iloc[:, number], encode) for number in range(value.shape[1])]
    return [name, describe(value.columns, encode), describe(value.index, encode), columns]


def _column(values, encode):
    dtype, pandas = values.dtype, sys.modules["pandas"]
    if isinstance(dtype, pandas.CategoricalDtype):
        codes = (values.cat if isinstance(values, pandas.Series) else values).codes
        return ["category", encode(np.array(codes)), describe(dtype.categories, encode),
                bool(dtype.ordered)]  # fmt: skip
    if isinstance(dtype, pandas.IntervalDtype):
        edges = values.array.left, values.array.right
        return ["interval", dtype.closed, *(describe(pandas.Index(edge), encode) for edge in edges)]
    if isinstance(dtype, pandas.PeriodDtype):
        return [str(dtype), encode(np.array(values.astype(str), object))]
    if isinstance(dtype, np.dtype):
        return [dtype.str, encode(np.array(values.to_numpy()))]
    return [str(dtype), encode(values.to_numpy(dtype=object, na_value=None))]


def rebuild(tree, decode):
    """The value of a tree; whatever is wrong with it raises some exception."""
    import pandas  # the test may not have, and it is not needed before there is a table

    name, *parts = tree
    if name in ("Timestamp", "Timedelta"):
        return getattr(pandas, name)(*parts)
    if name == "Index":
        index = pandas.Index(_values(parts[1], decode), name=decode(parts[0]))
        if parts[2] is not None:
            index.freq = parts[2]
        return index
    if name == "MultiIndex":
        return pandas.MultiIndex.from_arrays([rebuild(part, decode) for part in parts])
    if name == "Series":
        values = _values(parts[2], decode)
        return pandas.Series(values, rebuild(parts[1], decode), name=decode(parts[0]))
    index = rebuild(parts[1], decode)
    columns = [pandas.Series(_values(part, decode), index) for part in parts[2]]
    table = pandas.concat(columns, axis=1) if columns else pandas.DataFrame(index=index)
    table.columns = rebuild(parts[0], decode)
    return table


def _values(tree, decode):
    pandas = sys.modules["pandas"]
    dtype, *parts = tree
    if dtype == "category":
        codes, categories, ordered = decode(parts[0]), rebuild(parts[1], decode), bool(parts[2])
        return pandas.Categorical.from_codes(codes, categories, ordered)
    if dtype == "interval":
        left, right = (rebuild(part, decode) for part in parts[1:])
        return pandas.arrays.IntervalArray.from_arrays(left, right, parts[0])
    values = decode(parts[0])
    return pandas.array(values, values.dtype if values.dtype.str == dtype else dtype)
