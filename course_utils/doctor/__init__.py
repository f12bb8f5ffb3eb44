"""What a student wants to know before handing a notebook in, in plain sentences.

`diagnose` looks at a file and changes nothing; `examine` prints what it found, also from a cell:

    from course_utils.doctor import examine
    examine("01_bayesian_regression.ipynb")

The file is all that is needed: a release notes down in it what it was (`manifest`).
"""

import ast
import os
import re
import warnings
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

from course_utils.course import CourseError
from course_utils.doctor import manifest
from course_utils.doctor.fresh import BUSY, run
from course_utils.doctor.withheld import references
from course_utils.grading import names
from course_utils.grading.repair import head

FATAL = ("hangs", "dies", "quits")  # what a cell can do to the kernel
LEVELS = ("mend", "note", "ok")
LARGE, TOO_LARGE = 10 * 10**6, 100 * 10**6  # bytes; nbgrader collects no file above the second
SLOW = 1 / 3  # of the time that the grader allows
WRITTEN = ClearSolutions().text_stub
TYPES = {"code": "Code", "markdown": "Markdown", "raw": "Raw"}
AUTOMATIC = re.compile(r"cell-[0-9a-f]+")  # a grade id that JupyterLab gave
BACK = "`course update` puts it back, from the notebook that you were given."


class Finding(NamedTuple):
    """A sentence, one of LEVELS, and the position of the cell that it is about, from 0, or None."""

    level: str
    text: str
    cell: int | None


class Patient(NamedTuple):
    """A notebook, what its release says, and which of its cells is which of the release's."""

    nb: NotebookNode
    released: manifest.Manifest
    complete: bool  # whether `released` lists every cell, or only those that are still marked
    found: dict  # key of an entry → positions of the cells that are it; the last one counts

    def position(self, entry):
        """Where the cell is that counts, or None."""
        return (self.found[entry.key] or [None])[-1]

    def cell(self, entry):
        """The cell that counts."""
        return self.nb.cells[self.position(entry)]

    def entries(self, *roles):
        """Released cells of these roles that are there."""
        return [e for e in self.released.cells if e.role in roles and self.found[e.key]]

    def checks(self):
        """Positions of all checks, copies too."""
        return {position for e in self.entries("check") for position in self.found[e.key]}

    def unanswered(self):
        """Exercises whose answer cell is there, with nothing of the student's in it."""
        return [e for e in self.entries("answer") if not is_answered(self.cell(e), e)]


def diagnose(path, *, progress=None):
    """What is right and what is wrong with a notebook, before it is handed in.

    Parameters
    ----------
    path : str or path
        The file. It is read, and its text is run in its folder, in a kernel of its own; and, where
        a process can fork, once more as the grader runs it.
    progress : callable, optional
        Called with a cell's number and how many there are, before each cell.

    Returns
    -------
    list of Finding
        What is to be mended comes first.

    Raises
    ------
    CourseError
        If it could not be looked at, with the reason in a sentence.
    """
    if os.environ.get(BUSY):
        raise CourseError("the doctor is looking already.")
    path = Path(path)
    patient = admit(path)
    nb, released = patient.nb, patient.released
    runs = run(nb, path.resolve().parent, released.seconds, patient.checks(), progress)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python thinks of a text that is only read here
        findings = [
            *of_file(path, released), *of_cells(patient), *of_answers(patient),
            *of_references(patient), *of_run(patient, runs), *of_checks(patient, runs),
            *of_time(patient, runs),
        ]  # fmt: skip
        findings += of_grading(patient, runs, findings, path.resolve().parent)
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


def examine(path):
    """Print what `diagnose` finds; made to be called from a cell of the notebook itself."""
    try:
        print(report(path, diagnose(path)))
    except CourseError as error:
        print(error)


def report(path, findings):
    """The findings as text, one a line, and what they come to."""
    path = Path(path)
    saved = datetime.fromtimestamp(path.stat().st_mtime)
    day = "today" if saved.date() == datetime.now().date() else f"on {saved:%Y-%m-%d}"
    lines = [f"{path.name}, as it was saved {day} at {saved:%H:%M}; what is not saved is not seen."]
    if any(finding.cell is not None for finding in findings):
        lines[0] += " Cells are counted from the top, texts too."
    lines += [f"  {finding.level:4}  {finding.text}" for finding in findings]
    wrong = sum(finding.level == "mend" for finding in findings)
    if wrong:
        lines.append(f"{wrong} thing{'s' * (wrong > 1)} to mend. Then save, and look again.")
    else:
        lines.append("Ready to hand in. The grader has checks besides those that you can see.")
    return "\n".join(lines)


def mend(text, cell=None):
    return Finding("mend", text, cell)


def note(text, cell=None):
    return Finding("note", text, cell)


def fine(text):
    return Finding("ok", text, None)


# What can be told from the file, without running it.


def admit(path):
    """A file as a patient; a `CourseError` says why it cannot be one."""
    nb = manifest.load(path)
    language = nb.metadata.get("kernelspec", {}).get("language") or "python"
    if language.lower() != "python":
        raise CourseError(f"{path} is a notebook in {language}: expected one in Python.")
    released, complete = manifest.read(nb)
    return Patient(nb, released, complete, locate(nb.cells, released.cells))


def of_file(path, released):
    """Its name and its size."""
    size = path.stat().st_size
    if released.notebook and path.stem != released.notebook:
        yield mend(f"The file is called {path.name}: hand it in as {released.notebook}.ipynb, the "
                   "name that the grader looks for.")  # fmt: skip
    if size > LARGE:
        yield (mend if size > TOO_LARGE else note)(
            f"The file has {size / 1e6:.0f} MB, most of it outputs: choose Edit, Clear Outputs of "
            "All Cells, and save."
        )


def locate(cells, entries):
    """Key of each released cell → positions of what is it: by grade id, by cell id, by text."""
    found = {entry.key: [] for entry in entries}
    for position, cell in enumerate(cells):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in found:
            found[grade_id].append(position)
    used = {position for positions in found.values() for position in positions}
    for same in (lambda cell, entry: cell.id == entry.id,
                 lambda cell, entry: manifest.digest(cell.source) == entry.digest):  # fmt: skip
        for entry in entries:
            if not found[entry.key]:
                free = [i for i, cell in enumerate(cells) if i not in used and same(cell, entry)]
                found[entry.key] = free[-1:]
                used.update(free[-1:])
    return found


def of_cells(patient):
    """Whether every cell that is graded or locked is there, once, and as it should be."""
    findings = [
        finding
        for entry in patient.released.cells
        if entry.role != "plain"
        for finding in of_cell(patient, entry, patient.found[entry.key])
    ]
    if not patient.released.cells:
        findings.append(note("Nothing in this notebook is graded: is it the right file?"))
    elif not patient.complete:
        findings.append(note("This notebook came without a list of its cells: if one is missing, "
                             "that cannot be seen."))  # fmt: skip
    elif not any(finding.level == "mend" for finding in findings):
        findings.append(fine("All cells that are graded or locked are there, each once, and none "
                             "was changed that should not be."))  # fmt: skip
    return findings


def of_cell(patient, entry, positions):
    """Of one of them, what is wrong with it."""
    kind = {"answer": "The answer cell of", "check": "The check", "locked": "The locked cell"}
    what = f"{kind[entry.role]} {exercise(patient, entry)}"
    if not positions:
        yield mend(f"{what} is missing: {BACK}")
        return
    position = positions[-1]
    cell = patient.nb.cells[position]
    mark = cell.metadata.get("nbgrader", {})
    released_as = mark.get("cell_type", cell.cell_type)
    if len(positions) > 1:
        yield mend(f"{what} is there {len(positions)} times, as {listed(positions)}: the last one "
                   "counts. Keep the one that you mean, and delete the rest.",
                   position)  # fmt: skip
    if released_as != cell.cell_type:
        yield mend(f"{what} (cell {position + 1}) was turned into {TYPES[cell.cell_type]}: make it "
                   f"{TYPES.get(released_as, released_as)} again, in the toolbar.",
                   position)  # fmt: skip
    elif entry.role != "answer" and is_edited(cell, entry):
        yield mend(f"{what} (cell {position + 1}) was changed, and the grader uses its own: {BACK}",
                   position)  # fmt: skip
    elif not mark:
        yield note(f"{what} (cell {position + 1}) has lost the mark that nbgrader knows it by, as "
                   "some editors drop it. The grader will find it all the same.",
                   position)  # fmt: skip


def of_answers(patient):
    """What is still to be written."""
    for entry in patient.entries("answer"):
        position, cell = patient.position(entry), patient.cell(entry)
        name = exercise(patient, entry)
        if not is_answered(cell, entry):
            yield mend(f"{name}: not answered yet.", position)
        elif cell.cell_type == "code" and (rest := stubs(cell.source)):
            yield mend(f"{name}: {' and '.join(rest)} still to be written.", position)
        elif cell.cell_type != "code" and WRITTEN in cell.source:
            yield note(f"{name}: the line “{WRITTEN}” still stands in your answer. Delete it.",
                       position)  # fmt: skip


def of_references(patient):
    """Answers that use what the grader does not let them have."""
    cells = patient.nb.cells
    answers = {patient.position(entry): entry for entry in patient.entries("answer")}
    given = {patient.position(entry) for entry in patient.entries("check", "locked")}
    reads = {name: entry for position, entry in answers.items()
             for name in names.used(cells[position].source)}  # fmt: skip
    for position, cell in enumerate(cells):
        if cell.cell_type != "code" or position in given:
            continue
        for module, here in references(cell.source, patient.released).items():
            if position in answers:
                yield mend(f"{exercise(patient, answers[position])}: the answer uses {module}, "
                           "which it does not have when it is graded. Write your own.",
                           position)  # fmt: skip
            elif name := next((name for name in sorted(here) if name in reads), None):
                yield mend(f"{exercise(patient, reads[name])}: the answer uses {name}, which "
                           f"{place(cells, position)} takes from {module}. It does not have that "
                           "when it is graded. Write your own.", position)  # fmt: skip
            else:
                yield note(f"{place(cells, position, 'Cell')} uses {module}, which is not there "
                           "when you are graded. No answer needs it, so that costs nothing.",
                           position)  # fmt: skip


# What running it shows.


def of_run(patient, runs):
    """Whether the cells that are no checks run, and if not, what stops the first of them."""
    cells, waiting = patient.nb.cells, patient.unanswered()
    failed, early, told = [], [], {patient.position(entry) for entry, _ in visible_checks(patient)}
    passed_over = patient.checks() | {patient.position(entry) for entry in waiting}
    for position, result in sorted(runs.items()):
        expected = "raises-exception" in cells[position].metadata.get("tags", [])
        if result.error and not expected and position not in passed_over:
            unwritten = result.error == "NotImplementedError" and waiting
            (early if unwritten else failed).append(position)
    fatal = [i for i in failed if runs[i].error in FATAL and i not in told]
    for position in fatal:
        yield mend(f"{place(cells, position, 'Cell')} {stops(patient, runs, position)}", position)
    if others := [i for i in failed if i not in told and i not in fatal]:
        first, rest = others[0], others[1:]
        more = f" Mend it first: {listed(rest)} fail{'s' * (len(rest) == 1)} too." if rest else ""
        yield mend(f"{place(cells, first, 'Cell')} {stops(patient, runs, first)}{more}", first)
    if early:
        yield note(f"{place(cells, early[0], 'Cell')} waits for an answer that is not there yet.",
                   early[0])  # fmt: skip
    unseen = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and cell.source.strip()]
    unseen = [i for i in unseen if i not in runs]
    if unseen:
        yield note(f"{len(unseen)} of the cells could not be run, from {place(cells, unseen[0])} "
                   "on: too many before them hang or crash.", unseen[0])  # fmt: skip
    if not failed and not early and not unseen:
        seconds = sum(result.seconds for result in runs.values())
        yield fine(f"Your cells run from top to bottom in a fresh kernel, in {seconds:.0f} s.")


def stops(patient, runs, position):
    """What a cell does that does not run to its end."""
    result, cell = runs[position], patient.nb.cells[position]
    if result.error == "hangs":
        return (f"takes more than {patient.released.seconds:g} s, and the grader stops it there: "
                "does a loop never end?")  # fmt: skip
    if result.error == "dies":
        return "makes the kernel crash: does it need too much memory, or call itself without end?"
    if result.error == "quits":
        return "ends the kernel: take out quit() or exit()."
    where = f" in line {result.line}" if result.line and "\n" in cell.source.strip() else ""
    words = re.sub(r" \([^()]*, line \d+\)$", "", one_line(result.words))  # SyntaxError's own place
    what = f"{result.error}: {words}" if words else result.error
    return f"stops{where} with {what.rstrip('.')}.{advice(patient, result, position)}"


def advice(patient, result, position):
    """What to do about some errors that many meet."""
    if result.error == "NameError" and (match := re.search(r"name '(\w+)'", result.words)):
        for later in range(position + 1, len(patient.nb.cells)):
            cell = patient.nb.cells[later]
            bound = names.bindings(cell.source) if cell.cell_type == "code" else ()
            if match[1] in (name for name, _ in bound):
                return f" It is defined in {place(patient.nb.cells, later)}: move that up."
        return (" No cell defines it. Is it misspelt, or from a cell that you deleted, so that "
                "your open kernel still knows it?")  # fmt: skip
    return {
        "FileNotFoundError": " Files are looked for in the notebook's folder: is it there?",
        "ModuleNotFoundError": " That package is not installed here, nor perhaps with the grader.",
        "NotImplementedError": " Does `raise NotImplementedError()` still stand in an answer?",
        "SystemExit": " Take out what ends the program.",
        "StdinNotImplementedError": " Nobody can answer input() in grading: write the value down.",
    }.get(result.error, "")


def of_checks(patient, runs):
    """Of each exercise that is answered, which of its visible checks fail."""
    passed = []
    for entry, visible in visible_checks(patient):
        name, own = exercise(patient, entry), patient.position(entry)
        failed = [position for position in visible if position in runs and runs[position].error]
        seen = sum(position in runs for position in visible)
        score = f"{name}: {seen - len(failed)} of {len(visible)} visible checks pass"
        if entry.role == "answer" and own in runs and runs[own].error:
            joint = "as" if failed else "but"
            yield mend(f"{score}, {joint} the answer itself {stops(patient, runs, own)}", own)
            continue
        for count, position in enumerate(failed):
            start = f"{name}, another check" if count else score
            yield mend(f"{start}: {because(patient, runs, position, entry)}", position)
        if not failed and seen == len(visible):
            passed.append(name)
    if passed:
        yield fine(f"All visible checks pass: {', '.join(passed)}.")


def visible_checks(patient):
    """Pairs of an exercise that is answered, and the positions of its checks that show code."""
    groups, current = {}, None
    for entry in patient.released.cells:
        if entry.role == "answer":
            current = entry
        elif entry.role == "check" and patient.found[entry.key]:
            cell = patient.cell(entry)
            if names.shows(cell.source) and not is_edited(cell, entry):
                groups.setdefault(current or entry, []).append(patient.position(entry))
    waiting = patient.unanswered()
    return [(entry, visible) for entry, visible in groups.items()
            if patient.found[entry.key] and entry not in waiting]  # fmt: skip


def because(patient, runs, position, entry):
    """Why a check fails."""
    result, lines = runs[position], patient.nb.cells[position].source.splitlines()
    if result.error == "NotImplementedError":
        if entry.role == "answer" and "NotImplementedError" in patient.cell(entry).source:
            return "`raise NotImplementedError()` still stands in the answer. Delete it."
        return "it needs another exercise that is not answered yet."
    if result.error == "AssertionError" and result.words.strip():
        return one_line(result.words)
    if result.error == "AssertionError" and result.line:
        return f"this does not hold: {lines[result.line - 1].strip()}"
    if result.error == "AnswerEnded":
        return one_line(result.words)
    return f"the check {stops(patient, runs, position)}"


def of_grading(patient, runs, findings, folder):
    """Checks that pass in one kernel, and fail where they run apart from the answer, as in grading.

    Of exercises with nothing else to mend, and of none while a cell between them is to be mended.
    """
    wrong = {finding.cell for finding in findings if finding.level == "mend"} - {None}
    own = {patient.position(entry) for entry in patient.entries("answer")} | patient.checks()
    sound = [(entry, visible) for entry, visible in visible_checks(patient)
             if entry.role == "answer" and set(visible) <= set(runs)
             and not wrong & {patient.position(entry), *visible}]  # fmt: skip
    if wrong - own or not sound or not hasattr(os, "fork"):
        return
    from course_utils.doctor import apart

    graded = apart.run(patient, folder)
    for entry, visible in sound:
        for position in sorted(set(visible) & set(graded)):
            yield mend(f"{exercise(patient, entry)}: a check passes here and fails when it is "
                       "graded, as it runs apart from the answer then: "
                       f"{because(patient, graded, position, entry)}", position)  # fmt: skip


def of_time(patient, runs):
    """Cells that come near the grader's limit."""
    limit = patient.released.seconds
    for position, result in sorted(runs.items()):
        if result.error not in FATAL and result.seconds > limit * SLOW:
            yield note(f"{place(patient.nb.cells, position, 'Cell')} takes {result.seconds:.0f} s. "
                       f"The grader allows {limit:g} s a cell, and its machine may be slower.",
                       position)  # fmt: skip


# What cells are, and what they are called.


def is_edited(cell, entry):
    """Whether a locked cell is other than it was released."""
    return manifest.digest(cell.source) != entry.digest or not manifest.is_as_marked(cell)


def is_answered(cell, entry):
    """Whether an answer cell holds anything but what it was released with."""
    if manifest.digest(cell.source) == entry.digest:
        return False
    if cell.cell_type != "code":
        return cell.source.strip() not in ("", WRITTEN)
    if not names.shows(cell.source):
        return False
    body = [node for node in names.parse(cell.source).body
            if not isinstance(node, (ast.Import, ast.ImportFrom))]  # fmt: skip
    return not body or not all(map(is_stub, body))


def is_stub(node):
    """Whether a statement says no more than that something is still to be written.

    Examples
    --------
    >>> [is_stub(node) for node in names.parse("def f(x):\\n    raise NotImplementedError()").body]
    [True]
    """
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return all(map(is_stub, node.body))
    if isinstance(node, ast.Raise):
        return "NotImplementedError" in ast.unparse(node)
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Pass)


def stubs(source):
    """Functions of a cell that are as they were handed out."""
    return [node.name for node in names.parse(source).body if isinstance(node, ast.FunctionDef)
            and is_stub(node) and "NotImplementedError" in ast.unparse(node)]  # fmt: skip


def exercise(patient, entry):
    """What to call an exercise: its grade id where that speaks, its function, its heading."""
    position, speaks = patient.position(entry), not AUTOMATIC.fullmatch(entry.grade_id)
    if entry.role != "answer" or position is None:
        return entry.grade_id
    cell = patient.nb.cells[position]
    if cell.cell_type == "code":
        return entry.grade_id if speaks or not head(cell) else head(cell).split()[-1]
    for above in reversed(patient.nb.cells[:position]):
        title = re.search(r"^#+ +(.+?)(?: · [\d.]+ points?)?$", above.source, re.MULTILINE)
        if above.cell_type == "markdown" and title:
            return f"{entry.grade_id} (“{title[1]}”)" if speaks else f"“{title[1]}”"
    return entry.grade_id


def place(cells, position, word="cell"):
    """cell 14 (`its first line`)"""
    lines = [line.strip() for line in cells[position].source.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith("#")), (lines or [""])[0])
    return f"{word} {position + 1} (`{first[:40]}{'…' * (len(first) > 40)}`)"


def listed(positions):
    """cells 3, 5 and 8"""
    numbers = [str(position + 1) for position in positions]
    if len(numbers) == 1:
        return f"cell {numbers[0]}"
    return f"cells {', '.join(numbers[:-1])} and {numbers[-1]}"


def one_line(words, most=400):
    """A message in one line, the facts below its first line in brackets."""
    first, *rest = [" ".join(line.split()) for line in words.splitlines() if line.strip()] or [""]
    text = f"{first} ({'; '.join(rest)})" if rest else first
    return text if len(text) <= most else f"{text[:most]}…"
