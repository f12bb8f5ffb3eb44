"""What a released notebook says of itself, so that a student's tools need nothing but the file.

`RecordCells` is the last step of a release. It writes into the notebook's metadata under which name
it is handed in, which cells it has, in which order and with which text, and what the grader allows.
Jupyter keeps all of it through edits; `read` finds it again, in whatever state.
"""

import copy
import hashlib
import itertools
import json
from typing import NamedTuple

import nbformat
from nbformat.v4.rwbase import rejoin_lines
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import LazyConfigValue

from course_utils.course import CourseError
from course_utils.grading import AVAILABLE, SECONDS, WITHHELD
from course_utils.grading.repair import ID, MAX_BYTES

KEY = "course"
ROLES = ("answer", "check", "locked", "plain")


class Entry(NamedTuple):
    """A cell as it was released: its id, its text's digest, what it is for, its grade id or ""."""

    id: str
    digest: str
    role: str
    grade_id: str

    @property
    def key(self):
        """What tells it from others: its grade id; else its id, which # keeps from being one."""
        return self.grade_id or f"#{self.id}"


class Manifest(NamedTuple):
    """What a release says of itself."""

    notebook: str = ""
    cells: tuple = ()
    seconds: float = SECONDS
    withheld: tuple = WITHHELD
    available: tuple = AVAILABLE


class RecordCells(NbGraderPreprocessor):
    """Write down what is released; to stand last, when the cells are what students get."""

    def preprocess(self, nb, resources):
        rules = self.config.ExecuteApart
        cells = copy.deepcopy(nb.cells)
        name_cells(cells)  # as `load` will, where the format is too old for ids
        nb.metadata[KEY] = {
            "notebook": resources.get("nbgrader", {}).get("notebook", ""),
            # One line a cell, as JSON's own objects would not keep the order.
            "cells": [" ".join(record(cell)).rstrip() for cell in cells],
            "seconds": value(rules, "timeout", SECONDS),
            "withheld": value(rules, "withheld", WITHHELD),
            "available": value(rules, "available", AVAILABLE),
        }
        return nb, resources


def value(config, name, default):
    """A setting, which may be no more than what is to be added to the default."""
    default = list(default) if isinstance(default, tuple) else default
    found = config.get(name, default)
    return found.get_value(default) if isinstance(found, LazyConfigValue) else found


def record(cell):
    """The entry of a cell."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return Entry(cell.id, digest(cell.source), role(cell), grade_id)


def digest(source):
    """A short checksum of a cell's text.

    Examples
    --------
    >>> digest("import numpy as np")
    '6f11581d'
    """
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def role(cell):
    """What a cell is for: to be answered, to check, to be left alone, or none of these."""
    if utils.is_solution(cell):
        return "answer"
    if utils.is_grade(cell) and cell.cell_type == "code":
        return "check"
    return "locked" if utils.is_locked(cell) or utils.is_task(cell) else "plain"


def read(nb):
    """The manifest of a notebook, or one of nbgrader's own marks if its release had none.

    Parameters
    ----------
    nb : NotebookNode

    Returns
    -------
    Manifest, bool
        And whether the release wrote it; otherwise it lists only what is still there and marked.
    """
    noted = nb.metadata.get(KEY)
    try:
        cells = tuple(Entry(*[*line.split(" "), ""][:4]) for line in noted["cells"])
        if cells and all(cell.role in ROLES for cell in cells):
            return Manifest(
                str(noted["notebook"]), cells, float(noted["seconds"]),
                tuple(map(str, noted["withheld"])), tuple(map(str, noted["available"])),
            ), True  # fmt: skip
    except (TypeError, KeyError, ValueError, AttributeError):
        pass
    marked = [cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id")]
    entries = {entry.key: entry for entry in map(marked_entry, marked)}
    return Manifest(cells=tuple(entries.values())), False


def marked_entry(cell):
    """What nbgrader's own mark tells: whether the text is as released, not what it was."""
    entry = record(cell)
    return entry if is_as_marked(cell) else entry._replace(digest="")


def is_as_marked(cell):
    """Whether a cell is as nbgrader released it: text, type and points; True if it cannot tell."""
    mark = cell.metadata.get("nbgrader", {})
    try:
        return "checksum" not in mark or mark["checksum"] == utils.compute_checksum(cell)
    except (KeyError, TypeError, ValueError):
        return False


def load(path):
    """A notebook file as a valid notebook of format 4.5, with all that is in it.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    NotebookNode

    Raises
    ------
    CourseError
        A sentence on why it is no notebook, and how to get one.
    """
    if path.is_dir():
        inside = ", ".join(sorted(each.name for each in path.glob("*.ipynb"))) or "none"
        raise CourseError(f"{path} is a folder: name a notebook in it. There is {inside}.")
    if not path.is_file():
        raise CourseError(f"no file {path}: look for it with the folder's whole name before it.")
    if path.stat().st_size > MAX_BYTES:
        raise CourseError(f"{path} is larger than {MAX_BYTES >> 20} MB: clear its outputs.")
    tree = parse(path)
    nb = nbformat.from_dict(tree)
    try:
        if tree["nbformat"] < 4:
            nb = nbformat.convert(nb, 4)
        nb = rejoin_lines(nb)
        nb.nbformat_minor = max(nb.nbformat_minor, 5)
        name_cells(nb.cells)
        nbformat.validate(nb, relax_add_props=True)
        broken = [cell for cell in nb.cells if not marks_are_whole(cell)]
    except (KeyError, TypeError, AttributeError, ValueError, nbformat.ValidationError) as error:
        reason = str(error).strip().partition("\n")[0][:150]
        raise CourseError(
            f"{path} is not a valid notebook ({reason}). "
            "Open it in JupyterLab and save it, or go back to a version that opens."
        ) from None
    for cell in broken:
        del cell.metadata["nbgrader"]
    return nb


def marks_are_whole(cell):
    """Whether nbgrader's mark, where there is one, is of a form that its functions can read."""
    mark = cell.metadata.get("nbgrader", {})
    return isinstance(mark, dict) and isinstance(mark.get("grade_id", ""), str)


def parse(path):
    """The JSON of a notebook file."""
    again = "Download it again, or in JupyterLab go back: File, Revert Notebook to Checkpoint."
    try:
        text = path.read_bytes().decode("utf-8-sig")
        tree = json.loads(text)
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not a notebook: it is not text. {again}") from None
    except (ValueError, RecursionError) as error:
        what = "it is not JSON, or was cut off"
        if not text.strip():
            what = "it is empty"
        elif "<<<<<<<" in text:
            what = "git has left both sides of a conflict in it"
        elif text.lstrip().startswith("<"):
            what = "it is a web page"
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise CourseError(f"{path} is not a notebook: {what}{where}. {again}") from None
    if not isinstance(tree, dict) or not isinstance(tree.get("nbformat"), int):
        raise CourseError(f"{path} is not a notebook, though it is JSON. {again}")
    return tree


def name_cells(cells, taken=()):
    """Give every cell an id of its own: the one that it has, else one that its text decides."""
    seen = set(taken)
    for position, cell in enumerate(cells):
        name, tries = cell.get("id"), itertools.count()
        while not isinstance(name, str) or not ID.fullmatch(name) or name in seen:
            name = digest(f"{position} {next(tries)} {cell.source}")
        cell.id = name
        seen.add(name)
