"""What the marks of a class say: how hard each check was, and which answers are the same.

Mathematics only: no file, no gradebook, no picture. Points come as a matrix, a row a submission and
a column a graded cell; answers come as text and leave as two numbers of 64 bits, so that a class of
any size is compared in the memory that its numbers take.
"""

import ast
import contextlib
import hashlib
import unicodedata
import warnings
from typing import NamedTuple

import numpy as np

from course_utils.grading.names import CUSTOMARY, parse

# Below this many statements and expressions, about four lines, honest people write the same code:
# `return np.column_stack([np.ones(len(x)), x])` has 15.
SHORT_CODE = 40
SHORT_TEXT = 80  # letters of a written answer, blanks not counted
LONGEST = 200_000  # letters; what is longer, nobody typed, and it is compared as text
# What more than a twentieth of the class write, and more than ten of them, is the common way.
COMMON_SHARE, COMMON_COUNT = 0.05, 10


class Check(NamedTuple):
    """How a class fared at one graded cell.

    share is the mean share of the points among those graded; discrimination the correlation of the
    cell's points with the rest of the score, NaN where one of the two is the same for all.
    """

    passed: int
    partly: int
    failed: int
    waiting: int
    share: float
    discrimination: float


class Summary(NamedTuple):
    """A class in a few numbers; submissions that wait count with what they have so far."""

    submissions: int
    waiting: int
    mean: float
    lower: float
    median: float
    upper: float


class Fingerprint(NamedTuple):
    """An answer in two numbers: equal `exact`, the same code; equal `renamed`, but for names.

    short says that there is too little of it for its being the same to mean anything.
    """

    exact: int
    renamed: int
    short: bool


def score(points, penalty):
    """max(0, Σⱼ pointsᵢⱼ − penaltyᵢ), as nbgrader has it; points without a value count 0.

    Parameters
    ----------
    points : array (n, m)
        NaN where a submission has no mark for a cell.
    penalty : array (n,)
        Points lost for being late.

    Returns
    -------
    array (n,)

    Examples
    --------
    >>> score(np.array([[2.0, 1.0], [np.nan, 1.0]]), np.array([0.5, 3.0]))
    array([2.5, 0. ])
    """
    return np.maximum(0.0, np.nansum(points, axis=1) - penalty)


def summarise(totals, waiting):
    """Mean, median and quartiles of the scores of a class.

    Parameters
    ----------
    totals : array (n,)
    waiting : array (n,) of bool
        Whether a mark by hand is missing.

    Returns
    -------
    Summary
    """
    lower, median, upper = np.quantile(totals, [0.25, 0.5, 0.75])
    return Summary(len(totals), int(np.sum(waiting)), np.mean(totals), lower, median, upper)


def check(points, waiting, maxima):
    """How a class fared at each graded cell.

    Parameters
    ----------
    points : array (n, m)
        NaN where a submission has no mark for a cell.
    waiting : array (n, m) of bool
        Whether a mark by hand is missing.
    maxima : array (m,)

    Returns
    -------
    list of Check
        In the order of the columns.
    """
    known = np.nan_to_num(points)
    total = known.sum(axis=1)
    found = []
    for column, missing, maximum in zip(points.T, waiting.T, maxima, strict=True):
        graded = ~(missing | np.isnan(column))
        got = column[graded]
        passed, failed = got >= maximum, (got <= 0) & (maximum > 0)
        share = got.mean() / maximum if len(got) and maximum else np.nan
        found.append(
            Check(
                int(passed.sum()),
                int((~passed & ~failed).sum()),
                int(failed.sum()),
                int((~graded).sum()),
                share,
                correlation(got, total[graded] - got),
            )
        )
    return found


def correlation(x, y):
    """Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²), NaN where x or y does not vary.

    Examples
    --------
    >>> correlation(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])).round(4)
    np.float64(0.8944)
    >>> correlation(np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    nan
    """
    if len(x) == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    x, y = x - x.mean(), y - y.mean()
    return (x @ y) / np.sqrt((x @ x) * (y @ y))


def hardest_first(checks):
    """Positions of the checks, the smallest share first; those without a share last."""
    return np.argsort([found.share for found in checks], kind="stable")  # NaN is sorted last


def fingerprint(source, *, code=True):
    """What stays of an answer when its spelling is taken away.

    Of code: neither comments, formatting, docstrings, annotations nor import statements count, and
    an imported name stands for what was imported. In `renamed` each name that the answer binds
    itself is numbered, in the order in which the names appear. Code that does not parse is
    compared as text. Of text: neither capitals nor blanks count.

    Parameters
    ----------
    source : str
    code : bool

    Returns
    -------
    Fingerprint

    Examples
    --------
    >>> one = fingerprint("def f(x: float):\\n    return 2 * x  # twice")
    >>> two = fingerprint("def f(value):\\n    'Double it.'\\n    return (2 * value)")
    >>> one.renamed == two.renamed, one.exact == two.exact
    (True, False)
    """
    if code and len(source) <= LONGEST and (tree := _tree(source)) is not None:
        writer = _Writer()
        try:
            writer.write(tree, _Scope(_imported(_CUSTOMARY.body) | _bound(tree.body), None))
            exact, renamed = _digest(" ".join(writer.exact)), _digest(" ".join(writer.renamed))
            return Fingerprint(exact, renamed, writer.size < SHORT_CODE)
        except RecursionError:  # nested by the thousand: nobody's answer, but no reason to stop
            pass
    text = "".join(unicodedata.normalize("NFKC", source).casefold().split())
    return Fingerprint(_digest(text), _digest(text), len(text) < SHORT_TEXT)


def same(renamed):
    """Groups of two and more that have the same fingerprint, and those in what is the common way.

    Parameters
    ----------
    renamed : array (n,) of uint64
        One a submission; 0 where there is nothing to compare.

    Returns
    -------
    groups : list of array
        Positions in `renamed`, the largest group first.
    common : int
        How many submissions have an answer that more than a few of the class share.

    Examples
    --------
    >>> same(np.array([7, 0, 5, 7, 0], dtype=np.uint64))
    ([array([0, 3])], 0)
    """
    order = np.argsort(renamed, kind="stable")
    order = order[renamed[order] != 0]
    ends = np.flatnonzero(np.diff(renamed[order])) + 1
    groups = [group for group in np.split(order, ends) if len(group) > 1]
    few = max(COMMON_COUNT, COMMON_SHARE * len(renamed))
    common = sum(len(group) for group in groups if len(group) > few)
    rare = [group for group in groups if len(group) <= few]
    return sorted(rare, key=lambda group: (-len(group), group[0])), common


def _digest(text):
    """A number from 1 to 2⁶⁴ − 1: of 100 000 texts, two agree by chance once in 10⁹ classes."""
    data = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(data, "big") or 1


def _tree(source):
    """The syntax tree of a cell, magics included; None where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes, which are the student's affair
        for read in (ast.parse, parse):  # the second knows magics, and takes six times as long
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                tree = read(source)
                return tree if tree.body else None
    return None


_CUSTOMARY = ast.parse("\n".join(CUSTOMARY.values()))  # a setup cell has them, unseen from here
_SILENT = {
    "annotation", "ctx", "kind", "returns", "simple", "type_comment", "type_ignores", "type_params",
}  # fmt: skip
_NAMES = {"id", "arg", "name", "names", "rest"}  # the fields that hold a variable's name
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class _Scope:
    """Names of one scope: what was imported has its module's name, all else a number once seen."""

    def __init__(self, names, parent):
        self.names, self.parent = names, parent


class _Writer:
    """Two spellings of a tree, with names as they are and with names numbered, and its size."""

    def __init__(self):
        self.exact, self.renamed, self.size, self.count = [], [], 0, 0

    def write(self, node, scope):
        if isinstance(node, ast.AnnAssign):
            if node.value is None:
                return
            node = ast.Assign(targets=[node.target], value=node.value)
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
            return
        self.size += isinstance(node, ast.stmt | ast.expr)
        self.put(type(node).__name__)
        if isinstance(node, _FUNCTIONS):
            if not isinstance(node, ast.Lambda):
                self.name(node.name, scope)
            body = node.body if isinstance(node.body, list) else [node.body]
            scope = _Scope(_parameters(node.args) | _bound(body), scope)
        elif isinstance(node, _COMPREHENSIONS):
            scope = _Scope(_bound([part.target for part in node.generators]), scope)
        for field, value in ast.iter_fields(node):
            if field in _SILENT:
                continue
            if isinstance(value, ast.AST):
                self.write(value, scope)
            elif field in _NAMES and not isinstance(node, ast.keyword):
                if not isinstance(node, _FUNCTIONS):
                    for name in value if isinstance(value, list) else [value]:
                        self.name(name, scope)
            elif isinstance(value, list):
                self.put("[")
                for part in value:
                    self.write(part, scope) if isinstance(part, ast.AST) else self.put(part)
                self.put("]")
            else:
                self.put(value)

    def put(self, value):
        # As hexadecimal: Python refuses to write a whole number of 5 000 decimal digits.
        text = hex(value) if type(value) is int else repr(value)
        self.exact.append(text)
        self.renamed.append(text)

    def name(self, name, scope):
        while scope and name not in scope.names:
            scope = scope.parent
        if not scope:
            return self.put(name)
        if scope.names[name] is None:
            self.count += 1
            scope.names[name] = self.count
        token = scope.names[name]
        imported = isinstance(token, str)
        self.exact.append(repr(token if imported else name))
        self.renamed.append(repr(token))


def _is_docstring(node):
    """Whether a statement is a text and nothing else: a docstring, or a comment in quotes."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _parameters(arguments):
    """Names of a function's parameters."""
    return dict.fromkeys(node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg))


def _imported(nodes):
    """Names that import statements bind, with what they stand for."""
    found = {}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                name = alias.name if module or alias.asname else alias.name.partition(".")[0]
                found[alias.asname or name] = module + name
    return found


def _bound(nodes):
    """Names that statements bind in their own scope, and not in a function or class inside it."""
    found = {}
    pending = [(node, False) for node in nodes]
    while pending:
        node, inner = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= _imported([node])
            continue
        if isinstance(node, ast.NamedExpr):  # which binds outside of the comprehension it is in
            found.setdefault(node.target.id)
        elif not inner:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id)
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                found.setdefault(node.name)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                found.setdefault(node.rest)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.setdefault(node.name)
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            inner = inner or isinstance(node, _COMPREHENSIONS)
            pending += [(part, inner) for part in ast.iter_child_nodes(node)]
    for node in nodes:
        if isinstance(node, ast.Global | ast.Nonlocal):
            for name in node.names:
                found.pop(name, None)
    return found
