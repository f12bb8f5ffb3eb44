"""What an instructor's notebook says about names: who binds them, and where a test looks."""

import ast
import builtins
import contextlib
import copy
import functools
import re
import sys
import threading

from IPython.core.inputtransformer2 import TransformerManager

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading.shell import lines_of

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
CUSTOMARY = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "sp": "import scipy as sp",
}
# In one piece each would be taken for a leak: students have this file too.
SOLUTION, HIDDEN = (
    tuple(f"{edge} {what}" for edge in ("BEGIN", "END")) for what in ("SOLUTION", "HIDDEN TESTS")
)

# Methods of plain data that compare it with something.
PREDICATES = {"equals", "issuperset", "issubset", "isdisjoint", "startswith", "endswith",
              "difference", "symmetric_difference", "intersection", "union"}  # fmt: skip
PATCHING = ("object", "multiple", "dict")  # of `unittest.mock.patch`

_parsing = threading.Lock()  # in Python 3.11 two threads that parse at once confuse each other


@functools.lru_cache(1024)
def parse(source):
    """The syntax tree of a cell, magics included; an empty one if it has none."""
    with _parsing:
        for translate in (str, TransformerManager().transform_cell):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                return ast.parse(translate(source))
        return ast.parse("")


@functools.lru_cache(1024)
def used(source):
    """Names that a cell reads."""
    return frozenset(read(parse(source)))


def read(tree):
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
    }


def quoted(source):
    """Words in a cell's strings, as in `"mean" in globals()`, `eval("mean(x)")`, `%time f(x)`."""
    return {
        word
        for node in ast.walk(parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in re.findall(r"[^\W\d]\w*", node.value)
    }


def used_in_line(source, number):
    """Names that the innermost statement at a line reads."""
    found = [node for node in ast.walk(parse(source)) if isinstance(node, ast.stmt)
             and node.lineno <= number <= node.end_lineno]  # fmt: skip
    return read(max(found, key=lambda node: node.lineno)) if found else {"?"}


@functools.lru_cache(1024)
def imports(source):
    """The statements of a cell, wherever in it, that import packages."""
    return frozenset(
        ast.unparse(node) for node in ast.walk(parse(source))
        if isinstance(node, ast.Import) or (
            isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__"
        )
    )  # fmt: skip


@functools.lru_cache(1024)
def bindings(source):
    """Names that a cell binds at its top level, each with the statement, in order."""
    found = []
    for node in parse(source).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                one = copy.copy(node)
                one.names = [alias]
                name = alias.asname or alias.name.split(".")[0]
                found.append((ast.unparse(one) if name == "*" else name, one))
        else:
            found += [(name, node) for name in _bound([node])]
    return found


@functools.lru_cache(1024)
def rebound(source):
    """Names that a cell binds before it reads them."""
    seen, found = set(), set()
    for node in parse(source).body:
        seen |= read(node.iter if isinstance(node, ast.For) else node)
        found |= _bound([node.target if isinstance(node, ast.For) else node]) - seen
        seen |= read(node)
    return frozenset(found)


def _bound(nodes):
    names = set()
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
                                   ast.GeneratorExp)):  # fmt: skip
            names |= _bound(ast.iter_child_nodes(node))
    return names


@functools.lru_cache(1024)
def changed(source):
    """Names of other cells whose values an answer's cell changes: in place, or as a `global`."""
    return _changed([node for node in parse(source).body if not is_given(node, source)], set())


def _changed(nodes, local):
    names = set()
    for node in nodes:
        inner = local
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            told = {name for part in ast.walk(node) if isinstance(part, ast.Global)
                    for name in part.names}  # fmt: skip
            names |= told
            inner = (local | _bound(node.body) | parameters(node)) - told
        elif isinstance(node, (ast.Subscript, ast.Attribute)):
            names |= set() if isinstance(node.ctx, ast.Load) else {root(node)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            names |= {root(called)} if isinstance(called, ast.Attribute) else set()
        names |= _changed(ast.iter_child_nodes(node), inner)
    return names - local - {None}


def parameters(function):
    return {part.arg for part in ast.walk(function.args) if isinstance(part, ast.arg)}


def root(node):
    """The name at the beginning of `name.a[b].c(d).e`, or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


@functools.lru_cache(1024)
def patched(source):
    """What a cell may put something of its own into: modules, by the names that it has for them.

    As in `patch("random.randint")`, `patch.object(random, "randint")`, `random.randint = f`; or
    `def print(*args)`, which is of the notebook, `__main__`.
    """
    found = {"__main__" for name, _ in bindings(source) if hasattr(builtins, name)}
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {*re.findall(r"\A([^\W\d][\w.]*)\.\w+\Z", node.value)}
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(ast.unparse(node.value))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
            found |= {ast.unparse(node.args[0])} if node.func.attr in PATCHING else set()
    return frozenset(found)


@functools.lru_cache(1024)
def last_root(source):
    """The name at the beginning of the expression that a cell ends with, or None."""
    last = parse(source).body[-1:]
    return root(last[0].value) if last and isinstance(last[0], ast.Expr) else None


@functools.lru_cache(1024)
def operators(source):
    """Special methods that the classes of a cell define, and those that Python derives of them.

    And PREDICATES, which decide as much.
    """
    found = set()
    for node in ast.walk(parse(source)):
        made_by = [ast.unparse(part) for part in getattr(node, "decorator_list", ())]
        if any("contextmanager" in name for name in made_by):
            found |= {"__enter__", "__exit__"}
        if not isinstance(node, ast.ClassDef):
            continue
        found |= _bound(node.body)
        if any("Enum" in name or "Flag" in name for name in map(ast.unparse, node.bases)):
            found |= {"__str__", "__repr__"}
        if any("Flag" in name for name in map(ast.unparse, node.bases)):
            found |= {f"__{name}__" for name in ("or", "and", "xor", "invert", "contains", "bool")}
        if any("dataclass" in name for name in made_by):
            found |= {"__eq__", "__repr__"}
        if any("total_ordering" in name or "order=True" in name for name in made_by):
            found |= {"__lt__", "__le__", "__gt__", "__ge__"}
        if any("frozen=True" in name for name in made_by):
            found.add("__hash__")
    if "__eq__" in found:
        found.add("__ne__")
    return {name for name in found if name.startswith("__") or name in PREDICATES}


@functools.lru_cache(1024)
def classes(source):
    """Names of the classes that a cell defines."""
    return frozenset(
        node.name for node in ast.walk(parse(source)) if isinstance(node, ast.ClassDef)
    )


def is_given(node, source):
    """Whether a statement of an answer's cell is the instructor's: an import, or a function or a
    value that is complete before students see it."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    own = set(range(node.lineno, node.end_lineno + 1))
    answer = lines_between(source, *SOLUTION)
    given = isinstance(node, (ast.FunctionDef, ast.Assign, ast.AnnAssign))
    return given and bool(answer) and not answer & own


@functools.lru_cache(1024)  # a class has the same tests
def wanted(source, before):
    """Where the names that a trusted cell reads come from.

    Parameters
    ----------
    source : str
        The trusted cell.
    before : tuple of (role, source)
        The instructor's cells above it; the role is "answer" for the student's to write, "plain"
        for a cell that anyone may edit, "trusted" for the rest.

    Returns
    -------
    dict
        ``surely``: names that the instructor's answer bound or changed last, so they are the
        student's, and those that trusted functions and classes need of these.
        ``given``: statements of the instructor's plain cells that bind other names; the student's
        version of these has no say. ``maybe``: names that are the student's unless something
        trusted binds them.
    """
    owners = {}
    for role, text in before:
        for name, node in bindings(text):
            theirs = role == "answer" and not is_given(node, text)
            owners[name] = ("answer" if theirs else "plain" if role == "answer" else role), node
        for name in changed(text) & set(owners) if role == "answer" else ():
            if not isinstance(owners[name][1], DEFINITIONS):
                owners[name] = "answer", owners[name][1]
    surely, maybe, given, followed = set(), set(), {}, set()
    own = {name for name, _ in bindings(source)} if before else set()

    def look_up(names):
        for name in sorted(names):
            role, node = owners.get(name, (None, None))
            if role == "answer":
                surely.add(name)
            elif role == "plain" and ast.unparse(node) not in given:
                given[ast.unparse(node)] = None
                look_up(read(node) - {name})
                given[ast.unparse(node)] = given.pop(ast.unparse(node))  # after what it reads
            elif role == "trusted" and name not in followed:
                followed.add(name)
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    look_up(read(node) & set(owners))
            elif role is None and not hasattr(builtins, name) and name not in own:
                maybe.add(name)

    look_up(name for name in owners if name.endswith("*"))  # of `from math import *`
    look_up(used(source))
    surely |= {word for word in quoted(source) if owners.get(word, ("",))[0] == "answer"}
    return {"surely": sorted(surely), "maybe": sorted(maybe), "given": list(given)}


def module(name):
    """The import that everyone means by a name, should no cell say so; else nothing."""
    if name in sys.stdlib_module_names:
        return f"import {name}"
    return CUSTOMARY.get(name, "")


def marked(source, begin, end):
    """Each line of a cell as nbgrader counts them, and how far it is between two texts.

    0 outside, 1 inside or at the beginning, 2 where it ends: nbgrader leaves out what is not 0.
    """
    inside = False
    for line in source.split("\n"):
        inside = (inside or begin in line) and end not in line
        yield line, 1 if inside else 2 * (end in line)


@functools.lru_cache(1024)
def lines_between(source, begin, end):
    """Numbers of the lines, from 1, from each with the one text up to the next with the other.

    A line for nbgrader, which hides it, may be several that Python counts.
    """
    found, number = set(), 1
    for line, state in marked(source, begin, end):
        following = number + len(lines_of(line.removesuffix("\r")))
        found |= {*range(number, following)} if state == 1 else set()
        number = following
    return frozenset(found)


def hidden_lines(source, edges=HIDDEN):
    """Numbers of the lines, from 1, that students do not get to see."""
    return lines_between(source, *edges)


@functools.lru_cache(1024)
def shown(source, edges=HIDDEN):
    """A cell as students get it."""
    return "\n".join(line for line, state in marked(source, *edges) if not state)


@functools.lru_cache(1024)
def shows(source, edges=HIDDEN):
    """Whether students see code of this cell."""
    lines = map(str.strip, shown(source, edges).split("\n"))
    return any(line and not line.startswith("#") for line in lines)
