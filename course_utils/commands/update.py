"""`course update`: a corrected assignment, with the work that a student has done already."""

import copy
import itertools
import os
import shutil
import sys
import tempfile

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.course import CourseError
from course_utils.grading import manifest
from course_utils.grading.repair import match

NOTE = (
    "**Kept from the notebook as it was.** The assignment no longer has the exercises that the "
    "cells below were written for; they earn no points."
)
OURS = ("nbgrader", "tags", "deletable", "editable")  # cell metadata that a release decides on


def main(args):
    sys.stdout.reconfigure(errors="replace")
    path = args.notebook.resolve()
    if path == args.released.resolve():
        raise CourseError("both are the same file: name your notebook, then the new release.")
    student, released = manifest.load(args.notebook), manifest.load(args.released)
    check(args, student, released)
    result, said = merge(student, released)
    text = nbformat.writes(result)
    if text == nbformat.writes(student):
        print(f"{args.notebook} is up to date: {args.released} has nothing that it lacks.")
        return 0
    try:
        backup = replace(path, f"{text}\n".encode())
    except OSError as error:
        raise CourseError(f"{path} could not be written ({error}), and is as it was.") from None
    print("\n".join(said))
    print(f"{args.notebook} is now the new release, with your work in it. As it was: {backup.name}")
    print("If it is open in JupyterLab, choose File, Reload Notebook from Disk before you go on.")
    return 0


def check(args, student, released):
    """Refuse what is not a release of the same assignment, with a `CourseError`."""
    (new, listed), (old, _) = manifest.read(released), manifest.read(student)
    digests = {entry.id: entry.digest for entry in new.cells}
    for cell in released.cells:
        same = digests.get(cell.id) == manifest.digest(cell.source)
        if not (same if listed else manifest.is_as_marked(cell)):
            raise CourseError(
                f"{args.released} is no release: it has been worked in. Name your own notebook "
                "first, then the new one as it was handed out."
            )
    ours = {entry.grade_id for entry in old.cells} | {cell.id for cell in student.cells}
    if not ours & {entry.grade_id for entry in new.cells if entry.grade_id} or (
        old.notebook and new.notebook and old.notebook != new.notebook
    ):
        raise CourseError(
            f"{args.notebook} and {args.released} are different assignments: "
            "name two versions of the same one."
        )


def merge(student, released):
    """The new release with a student's work in it.

    Whatever the student wrote is in the result, but for changes to cells that are locked. Own cells
    follow the cell of the course that they followed before.

    Parameters
    ----------
    student, released : NotebookNode
        Neither is changed.

    Returns
    -------
    NotebookNode, list of str
        And what was kept and what is new, a line each.
    """
    course = {manifest.record(cell).key: copy.deepcopy(cell) for cell in released.cells}
    old, listed = manifest.read(student)
    entries = {entry.key: entry for entry in old.cells} if listed else {}
    keys = recognise(student, course, entries)
    counting = {key: position for position, key in enumerate(keys)}  # of copies the last one
    own, gone, said = {None: []}, [], []
    anchor = None
    for position, (cell, key) in enumerate(zip(student.cells, keys, strict=True)):
        entry = entries.get(key)
        if key is None:
            own[anchor].append(cell)
        elif counting[key] != position:
            twin = student.cells[counting[key]]
            if is_theirs(cell, entry) and cell.source not in (
                twin.source,
                course_text(course, key),
            ):
                own[anchor].append(cell)
                said.append(f"kept  an earlier copy of {key}, as a cell of your own")
        elif key in course:
            anchor = key
            own[key] = []
            if rest := take(course[key], cell, entry, said):
                own[key].append(rest)
        elif is_theirs(cell, entry):
            gone.append(cell)
            said.append(
                f"kept  what you wrote in {key}, at the end, as the release has no such cell"
            )
    mine = sum(key is None for key in keys)
    said += [f"kept  {mine} cell{'s' * (mine > 1)} of your own"] * bool(mine)

    cells = list(map(freed, own[None]))
    for key, cell in course.items():
        cells += [cell, *map(freed, own.get(key, []))]
    if gone and not any(cell.source == NOTE for cell in cells):
        cells.append(new_markdown_cell(NOTE))
    cells += map(freed, gone)
    taken = {cell.id for cell in released.cells}
    manifest.name_cells(
        [cell for cell in cells if not any(cell is c for c in course.values())], taken
    )
    result = copy.copy(released)
    result.cells = cells
    here = {key: student.metadata[key] for key in ("kernelspec", "language_info")
            if key in student.metadata}  # fmt: skip
    result.metadata = NotebookNode({**student.metadata, **released.metadata, **here})
    return result, said + news(course, entries, counting, released)


def recognise(student, course, entries):
    """For each cell of the student's the key of the course's cell that it is, or None.

    Parameters
    ----------
    student : NotebookNode
    course : dict of str to cell
        The new release, by key.
    entries : dict of str to course_utils.grading.manifest.Entry
        What the student's notebook was released with; empty if that is not known.
    """
    ids = {entry.id: key for key, entry in entries.items()} or {
        cell.id: key for key, cell in course.items()
    }
    keys = []
    for cell in student.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        keys.append(grade_id if grade_id in course or grade_id in entries else ids.get(cell.id))
    # What has lost its marks and its id is known by its text: as it was handed out, or is now.
    for key, entry in entries.items():
        free = [i for i, cell in enumerate(student.cells)
                if keys[i] is None and manifest.digest(cell.source) == entry.digest]  # fmt: skip
        if free and key not in keys:
            keys[free[-1]] = key
    last = {key: position for position, key in enumerate(keys)}
    probes = {
        position: NotebookNode(id=cell.id, source=cell.source,
                               metadata={"nbgrader": {"grade_id": key}} if key else {})
        for position, (cell, key) in enumerate(zip(student.cells, keys, strict=True))
        if key is None or (key in course and last[key] == position)
    }  # fmt: skip
    # A cell that is new in the release cannot have been answered.
    sought = {key: cell for key, cell in course.items() if not entries or key in entries}
    found = match(list(probes.values()), sought)
    for position, probe in probes.items():
        if keys[position] is None:
            keys[position] = next((key for key, cell in found.items() if cell is probe), None)
    return keys


def take(target, cell, entry, said):
    """Put a student's version of a cell into the release's; returns it if there is no place."""
    role, name = manifest.role(target), manifest.record(target).key
    if cell.source == target.source:
        carry(target, cell)
    elif role == "answer" and is_theirs(cell, entry):
        stub = target.source
        target.source = cell.source
        carry(target, cell)
        said.append(f"kept  your answer to {name}")
        if entry and entry.digest != manifest.digest(stub):
            said.append(f"look  {name} is another exercise now; it was handed out as: "
                        f"{' '.join(stub.split())[:200]}")  # fmt: skip
    elif is_theirs(cell, entry):
        said.append(f"kept  your version of {name}, below the release's")
        return cell
    elif (entry.role if entry else manifest.role(cell)) in ("check", "locked") and not is_pristine(
        cell, entry
    ):
        said.append(f"back  {name} is as released again; your change to it is in the old file")
    return None


def carry(target, cell):
    """Hand on what a cell has besides its text: outputs, pictures, how it is folded."""
    if cell.cell_type == target.cell_type:
        for key in ("outputs", "execution_count", "attachments"):
            if key in cell:
                target[key] = copy.deepcopy(cell[key])
        rest = {key: value for key, value in cell.metadata.items() if key not in OURS}
        target.metadata = NotebookNode({**rest, **target.metadata})


def is_theirs(cell, entry):
    """Whether a cell of the course holds something that the student wrote and may write."""
    role = entry.role if entry else manifest.role(cell)
    return (
        role in ("answer", "plain") and bool(cell.source.strip()) and not is_pristine(cell, entry)
    )


def is_pristine(cell, entry):
    """Whether a cell is as it was handed out, as far as can be told."""
    if entry:
        return manifest.digest(cell.source) == entry.digest
    return "checksum" in cell.metadata.get("nbgrader", {}) and manifest.is_as_marked(cell)


def freed(cell):
    """A cell as one of the student's own."""
    cell = copy.deepcopy(cell)
    for key in OURS:
        cell.metadata.pop(key, None)
    return cell


def course_text(course, key):
    return course[key].source if key in course else None


def news(course, entries, counting, released):
    """What the release has that the student's notebook did not have, and the other way round."""
    said = []
    for cell in released.cells:
        key = manifest.record(cell).key
        if key not in (entries or counting):
            said.append(f"new   {called(cell, key)}")
        elif entries and entries[key].digest != manifest.digest(cell.source):
            said.append(f"new   {called(cell, key)}: corrected")
    said += [f"gone  {key}" for key in entries if key not in course]
    return said


def called(cell, key):
    """A cell's key, and how its text begins."""
    words = " ".join(cell.source.split())
    return f"{key} ({words[:60]}{'…' * (len(words) > 60)})"


def replace(path, data):
    """Write a file all at once, after putting the one that is there aside; returns where to."""
    backup = put_aside(path)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, scratch)
        os.replace(scratch, path)
    except OSError:
        os.unlink(scratch)
        backup.unlink()
        raise
    return backup


def put_aside(path):
    """Copy a file to a name beside it that no file has."""
    for number in itertools.count(1):
        ending = "" if number == 1 else f"-{number}"
        backup = path.with_name(f"{path.stem}.before-update{ending}.ipynb")
        try:
            with open(backup, "xb") as file:
                file.write(path.read_bytes())
            return backup
        except FileExistsError:
            continue
