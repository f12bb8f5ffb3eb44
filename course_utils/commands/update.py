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
from course_utils.doctor import manifest
from course_utils.grading.repair import match

NOTE = (
    "**Kept from the notebook as it was.** The assignment no longer has the exercises that the "
    "cells below were written for; they earn no points."
)
HERE = ("kernelspec", "language_info")  # of the notebook: as the student's machine has it
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
    digests = [manifest.digest(cell.source) for cell in released.cells]
    as_listed = not listed or digests == [entry.digest for entry in new.cells]
    if not as_listed or not all(map(manifest.is_as_marked, released.cells)):
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
    course = by_key(copy.deepcopy(released))
    old, listed = manifest.read(student)
    entries = {entry.key: entry for entry in old.cells} if listed else {}
    keys = recognise(student, course, entries)
    counting = {key: position for position, key in enumerate(keys)}  # of copies the last one
    own, gone, said = {None: []}, [], []  # own: the key that they follow → cells
    anchor = None
    for position, (cell, key) in enumerate(zip(student.cells, keys, strict=True)):
        entry = entries.get(key)
        if key is None:
            own[anchor].append(cell)
        elif counting[key] != position:
            twins = [student.cells[counting[key]], course.get(key, NotebookNode(source=""))]
            if is_theirs(cell, entry) and cell.source not in [twin.source for twin in twins]:
                own[anchor].append(cell)
                said.append(f"kept  an earlier copy of {called(key)}, as a cell of your own")
            else:
                said.append(f"gone  a copy of {called(key)}")
        elif key in course:
            anchor, own[key] = key, []
            if rest := take(course[key], cell, entry, said):
                own[key].append(rest)
        elif is_theirs(cell, entry):
            gone.append(cell)
            said.append(f"kept  what you wrote in {called(key)}, at the end: the release lacks it")
    mine = keys.count(None)
    said += [f"kept  {mine} cell{'s' * (mine > 1)} of your own"] * bool(mine)
    result = assemble(student, released, course, own, gone)
    return result, said + news(released, entries, counting)


def assemble(student, released, course, own, gone):
    """The course's cells, each with the student's own after it, and at the end what is left."""
    cells = own[None][:]
    for key, cell in course.items():
        cells += [cell, *own.get(key, [])]
    if gone and not any(cell.source == NOTE for cell in cells):
        cells.append(new_markdown_cell(NOTE))
    cells += gone
    ours = {id(cell) for cell in course.values()}
    cells = [cell if id(cell) in ours else freed(cell) for cell in cells]
    manifest.name_cells([cell for cell in cells if id(cell) not in ours],
                        taken=[cell.id for cell in released.cells])  # fmt: skip
    metadata = {**student.metadata, **released.metadata}
    metadata |= {key: student.metadata[key] for key in HERE if key in student.metadata}
    if manifest.KEY not in released.metadata:
        metadata.pop(manifest.KEY, None)  # the list of another release
    return NotebookNode({**released, "cells": cells, "metadata": NotebookNode(metadata)})


def by_key(nb):
    return {manifest.record(cell).key: cell for cell in nb.cells}


def recognise(student, course, entries):
    """For each cell of the student's the key of the course's cell that it is, or None.

    Parameters
    ----------
    student : NotebookNode
    course : dict of str to cell
        The new release, by key.
    entries : dict of str to course_utils.doctor.manifest.Entry
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
    role, name = manifest.role(target), called(manifest.record(target).key)
    if cell.source == target.source:
        carry(target, cell)
    elif role == "answer" and is_theirs(cell, entry):
        said.append(f"kept  your answer to {name}")
        if entry and entry.digest != manifest.digest(target.source):
            lines = target.source.splitlines()
            first = next((line for line in lines if line.startswith(("def ", "class "))), lines[0])
            said.append(f"look  {name} has changed in the release, where it begins with: {first}")
        target.source = cell.source
        carry(target, cell)
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


def news(released, entries, counting):
    """What the release has that the student's notebook did not have, and the other way round."""
    said = []
    course = by_key(released)
    for key, cell in course.items():
        words = " ".join(cell.source.split())
        name = f"{called(key)} ({words[:60]}{'…' * (len(words) > 60)})"
        if key not in (entries or counting):
            said.append(f"new   {name}")
        elif key not in counting:
            said.append(f"back  {name}, which was missing")
        elif entries and entries[key].digest != manifest.digest(cell.source):
            said.append(f"new   {name}: corrected")
    return said + [f"gone  {called(key)}" for key in entries if key not in course]


def called(key):
    """A cell's grade id, or its id."""
    return key.lstrip("#")


def replace(path, data):
    """Write a file all at once, after putting the one that is there aside; returns where to."""
    names = (path.with_name(f"{path.stem}.before-update{ending}.ipynb") for ending in
             itertools.chain([""], map("-{}".format, itertools.count(2))))  # fmt: skip
    backup = next(name for name in names if not name.exists())
    made = []
    try:
        with open(backup, "xb") as file:
            made.append(backup)
            file.write(path.read_bytes())
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}", suffix=".tmp")
        made.append(scratch)
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, scratch)
        os.replace(scratch, path)
    except OSError:
        for left in made:
            os.unlink(left)
        raise
    return backup
