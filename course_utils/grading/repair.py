"""What a submission is made into before nbgrader looks at it: a notebook that can be graded.

Whatever became of the file, the cells of the course are there again, each once, with the type, the
points and the flags that the gradebook knows. The student's own text stays as it is.
"""

import json
import re
import uuid
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from course_utils.grading.names import shown

MAX_BYTES = 512 * 2**20
MOST_CELLS, MOST_TEXT = 2000, 4 * 2**20  # of outputs there may be more: they are made anew
OUTPUTS = {"code": {"execution_count": None, "outputs": []}, "markdown": {}, "raw": {}}
ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")
HALVES = re.compile(r"\\u[dD][89a-fA-F]")
LOST = "This cell was missing from the submission. What the notebook has of it may be elsewhere."


class Unreadable(ValueError):
    """A file that is no notebook, with the reason in words."""


class RepairingExporter(NotebookExporter):
    """Reads what a student handed in, as much of it as is a notebook; writes a valid one."""

    def from_filename(self, filename, resources=None, **keywords):
        path = Path(filename)
        resources = self._init_resources(resources)
        resources["metadata"].update(name=path.stem, path=str(path.parent))
        nb, reason = read_file(path)
        if reason:
            self.log.warning("%s could not be read: %s", path, reason)
        return self.from_notebook_node(nb, resources=resources, **keywords)


def read_file(path):
    """A file's notebook and None; or a notebook that says why there is none, and the reason."""
    try:
        if path.is_symlink():  # which could lead to the solution
            raise Unreadable("it is a link to another file")
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"it is larger than {MAX_BYTES >> 20} MB")
        return read_notebook(path.read_bytes()), None
    except (Unreadable, OSError) as error:
        return unreadable(str(error)), str(error)


def unreadable(reason):
    """A notebook that stands where there is none, and says why."""
    return new_notebook(cells=[new_cell("markdown", f"This file could not be read: {reason}.")])


def new_cell(kind, source, name=None):
    """A cell as `nbformat.v4` makes them, which validates each; a notebook is validated whole."""
    cell = {"cell_type": kind, "metadata": {}, "source": source, **OUTPUTS[kind]}
    return nbformat.from_dict({**cell, "id": name or uuid.uuid4().hex[:8]})


def read_notebook(data):
    """A valid notebook of format 4.5 from the bytes of a file, without what nobody needs.

    Raises
    ------
    Unreadable
        If the bytes are no notebook: not JSON, cut off, or without cells.

    Examples
    --------
    >>> nb = read_notebook(b'{"cells": [{"cell_type": "code", "source": ["1 +", " 1"]}]}')
    >>> nb.cells[0].source
    '1 + 1'
    """
    try:
        text = data.decode("utf-8-sig", errors="replace")
        tree = json.loads(text)
        if HALVES.search(text):  # of characters, which no file can hold
            text = json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
            tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON, or was cut off ({error})") from None
    cells = tree.get("cells") if isinstance(tree, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("it has no cells")
    sources = [cell.get("source") or "" for cell in cells if isinstance(cell, dict)]
    size = sum(len(line) for source in sources if isinstance(source, (list, str))
               for line in ([source] if isinstance(source, str) else source)
               if isinstance(line, str))  # fmt: skip
    if len(cells) > MOST_CELLS or size > MOST_TEXT:
        raise Unreadable(f"it has {len(cells)} cells with {size} characters in them")
    seen = set()
    nb = new_notebook(cells=[read_cell(cell, seen) for cell in cells if isinstance(cell, dict)])
    metadata = tree.get("metadata")
    for key, needed in (("kernelspec", {"name", "display_name"}), ("language_info", {"name"})):
        if isinstance(metadata, dict) and isinstance(metadata.get(key), dict):
            words = {k: v for k, v in metadata[key].items() if isinstance(v, str)}
            if needed <= words.keys():
                nb.metadata[key] = nbformat.from_dict(words)
    return nb


def read_cell(cell, seen):
    """One cell: its source, its tags of nbgrader's and an id of its own; outputs come anew."""
    kind = cell.get("cell_type") if cell.get("cell_type") in tuple(OUTPUTS) else "raw"
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    name = cell.get("id")
    own = isinstance(name, str) and ID.fullmatch(name) and name not in seen
    made = new_cell(kind, source if isinstance(source, str) else "", name if own else None)
    seen.add(made.id)
    metadata = cell.get("metadata")
    if isinstance(metadata, dict):
        nbgrader = metadata.get("nbgrader")
        if isinstance(nbgrader, dict):  # the gradebook knows the rest
            made.metadata.nbgrader = nbformat.from_dict(
                {key: value for key, value in nbgrader.items()
                 if isinstance(value, (str, int, float, type(None)))}
            )  # fmt: skip
        tags = metadata.get("tags")
        if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
            made.metadata.tags = list(dict.fromkeys(tags))
    if kind == "markdown" and isinstance(cell.get("attachments"), dict):
        made.attachments = nbformat.from_dict(
            {name: pictures for name, data in cell["attachments"].items()
             if (pictures := read_pictures(data))}
        )  # fmt: skip
    return made


def read_pictures(data):
    """Of what is attached to a cell under one name the pictures that cannot hold a script."""
    data = data.items() if isinstance(data, dict) else ()
    return {
        kind: text for kind, text in data
        if kind in ("image/png", "image/jpeg", "image/gif") and isinstance(text, str)
    }  # fmt: skip


class RepairCells(NbGraderPreprocessor):
    """Give every cell of the gradebook its place and its metadata back, before `OverwriteCells`."""

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            cells = course_cells(gradebook.find_notebook(names["notebook"], names["assignment"]))
        for name in repair(nb, cells):
            self.log.warning("Cell '%s' was missing and is put back", name)
        return nb, resources


def repair(nb, cells):
    """Make a notebook one of this course's again, in place; returns what had to be put back."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    found = match(nb.cells, cells)
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)
    for name, cell in found.items():
        restore(cell, cells[name])
    lost = [name for name in cells if name not in found]
    for name in lost:
        found[name] = missing(cells[name])
        nb.cells.insert(place(nb.cells, list(cells), found, cells[name]), found[name])
    put_in_order(nb, [found[name] for name in cells if cells[name]["metadata"]["locked"]])
    return lost


def put_in_order(nb, cells):
    """Have these cells follow each other as they do here, in the places that they have together."""
    wanted = iter(cells)
    own = {id(cell) for cell in cells}
    nb.cells = [next(wanted) if id(cell) in own else cell for cell in nb.cells]


def course_cells(notebook):
    """Grade id → what the gradebook knows of the cell, in the order of the source."""
    points = {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)}
    grades = {cell.name for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    return {
        cell.name: {
            "source": cell.source,
            "cell_type": cell.cell_type,
            "metadata": {
                "grade": cell.name in grades,
                "solution": cell.name in solutions,
                "task": cell.name in tasks,
                "locked": cell.locked,
                "grade_id": cell.name,
                "checksum": cell.checksum,
                "cell_type": cell.cell_type,
                "schema_version": 3,
                **({"points": points[cell.name]} if cell.name in points else {}),
            },
        }
        for cell in notebook.source_cells
    }


def match(submitted, cells):
    """Which submitted cell is which of the course's: by grade id, by cell id, then by its text.

    Of copies the last one counts, as nbgrader has it.
    """
    found = {}
    for cell in submitted:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if isinstance(name, str) and name in cells:
            found[name] = cell
    free = [cell for cell in submitted if not any(cell is other for other in found.values())]
    texts = {name: shown(cell["source"]) for name, cell in cells.items() if name not in found}
    for test in (lambda cell, name: cell.id == name,
                 lambda cell, name: cell.source.strip() and cell.source == texts[name],
                 lambda cell, name: head(cell) and head(cell) == head(cells[name])):  # fmt: skip
        for name in cells:
            same = [cell for cell in free if name not in found and test(cell, name)]
            if same:
                found[name] = same[-1]
                free = [cell for cell in free if cell is not same[-1]]
    return found


def head(cell):
    """The name of the function or class that an answer begins with: that much stays the same."""
    first = re.search(r"^(?:def|class)\s+\w+", cell["source"], re.MULTILINE)
    return first and first[0]


def restore(cell, original):
    """Make a submitted cell what the gradebook says it is; its source is left to OverwriteCells."""
    if cell.cell_type != original["cell_type"]:
        cell.cell_type = original["cell_type"]
        for key in ("outputs", "execution_count", "attachments"):
            cell.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    cell.metadata["nbgrader"] = nbformat.from_dict(original["metadata"])
    if original["metadata"]["locked"]:
        cell.source = original["source"]


def missing(original):
    """A cell to stand where the course's own was taken out."""
    cell = new_cell(original["cell_type"], original["source"])
    cell.metadata["nbgrader"] = nbformat.from_dict(original["metadata"])
    if not original["metadata"]["locked"]:  # somebody has to look: an unchanged cell would get 0
        cell.source = f"# {LOST}" if original["cell_type"] == "code" else LOST
    return cell


def place(submitted, order, found, original):
    """Where a missing cell goes: tests as late, and all else as early, as the order allows."""
    name = original["metadata"]["grade_id"]
    positions = {id(cell): position for position, cell in enumerate(submitted)}
    index = order.index(name)
    if original["metadata"]["grade"]:
        later = [positions[id(found[other])] for other in order[index + 1 :]
                 if other in found and id(found[other]) in positions]  # fmt: skip
        return min(later, default=len(submitted))
    earlier = [positions[id(found[other])] for other in order[:index]
               if other in found and id(found[other]) in positions]  # fmt: skip
    return max(earlier, default=-1) + 1
