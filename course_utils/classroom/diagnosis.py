"""What a wrong answer looks like: a known one that fails the same checks, with the same words.

The known ones are the bank misconceptions.py beside the instructor's notebook: see `banks`. Each
is graded once, in this process; students' notebooks are then only read.
"""

import hashlib
import json
import math
import os
import re
from pathlib import Path

from threadpoolctl import threadpool_limits

from course_utils import checks
from course_utils.classroom import banks
from course_utils.grading.names import hidden_lines
from course_utils.grading.shell import lines_of, say

LOOKS = "This looks as if: {}"
MOST = 3  # diagnoses of one answer; when more fit, the checks did not see enough to tell

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\binf\b|\bnan\b)")
TELLING = re.compile(r"\d[\d.]*\d|(['\"`])[^'\"`]+\1")  # what a diagnosis might quote of a check


def signatures(source, bank, *, cache=None):
    """How each wrong answer of a bank fails.

    Parameters
    ----------
    source : pathlib.Path
        The instructor's notebook, with hidden tests.
    bank : pathlib.Path
        Its misconceptions.py. Where there is none, nothing is known.
    cache : pathlib.Path, optional
        File that keeps the result for as long as notebook, bank and checks stay as they are.

    Returns
    -------
    dict of str to list of [str, dict of str to str]
        Exercise → of each wrong answer its diagnosis, and the message of each test cell it fails.
        Plain JSON.
    """
    if not bank.exists():
        return {}
    parts = [path.read_bytes() for path in (source, bank, Path(checks.__file__), Path(__file__))]
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    try:
        kept = json.loads(cache.read_bytes())
        if kept["key"] == key:
            return kept["signatures"]
    except (AttributeError, OSError, ValueError, KeyError, TypeError):  # none, or of no use
        pass
    with threadpool_limits(1):  # matrices here are small: a second thread only waits for the first
        found = compute(banks.read_notebook(source), banks.read_bank(bank))
    if cache is not None:
        new = cache.with_name(f"{cache.name}.{os.getpid()}")
        new.write_text(json.dumps({"key": key, "signatures": found}))
        new.replace(cache)
    return found


def compute(notebook, answers):
    """`signatures` of a notebook and a bank that have been read.

    An exercise's own cells are run for each of its answers; what comes before, the solution's way,
    once.
    """
    found, namespace = {}, {"__name__": "__main__"}
    for exercise, part in parts(notebook):
        secrets = "\n".join(map(hidden, part["cells"]))
        for answer in answers:
            if answer.exercise != exercise:
                continue
            outcomes = banks.grade(banks.submit(part, {exercise: answer.source}), dict(namespace))
            failed = {o.cell: message(type(o.error).__name__, say(o.error))
                      for o in outcomes if o.error is not None}  # fmt: skip
            if not gives_away(answer.diagnosis, secrets):
                found.setdefault(exercise, []).append([answer.diagnosis, failed])
        banks.grade(part, namespace)
    return found


def parts(notebook):
    """Each exercise's name with its cells as a notebook; first what comes before all of them."""
    name, cells = "", []
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] == "code" and grade_id:
            if cell["metadata"]["nbgrader"].get("solution"):
                yield name, {"cells": cells}
                name, cells = grade_id, []
            cells.append({**cell, "id": grade_id})
    yield name, {"cells": cells}


def diagnose(executed, known):
    """What a graded notebook's wrong answers look like.

    Parameters
    ----------
    executed : dict
        A notebook with the outputs of its test cells, as JSON or as nbformat has it.
    known : mapping
        From `signatures`.

    Returns
    -------
    dict of str to str
        Answer cell's grade_id → a sentence. Only answers that fail as a few known ones do.

    Notes
    -----
    A bare ``assert`` says nothing of what the answer returned: from such failures alone nothing is
    concluded.
    """
    sentences = {}
    for exercise, part in parts(executed):
        failed = {}
        for cell in filter(banks.is_test, part["cells"]):
            for output in cell["outputs"]:
                if output["output_type"] == "error":
                    failed[cell["id"]] = message(output["ename"], output["evalue"])
        if not any(text.partition(": ")[2] for text in failed.values()):
            continue
        fits = [diagnosis for diagnosis, other in known.get(exercise, ()) if same(failed, other)]
        if 0 < len(fits) <= MOST:
            sentences[exercise] = LOOKS.format(" Or: ".join(fits))
    return sentences


def same(failed, other):
    """Whether the same cells failed, with messages that differ in no more than rounding."""
    return failed.keys() == other.keys() and all(
        alike(failed[cell], other[cell]) for cell in failed
    )


def alike(text, other):
    """Whether two messages say the same, but for the last digits of numbers.

    Examples
    --------
    >>> alike("got [0.333333, 2.]", "got [ 0.333334,  2. ]")
    True
    >>> alike("got 0.33", "got 0.34")
    False
    """
    words, others = (re.sub(r"\s+", "", NUMBER.sub("#", each)) for each in (text, other))
    numbers, found = (list(map(float, NUMBER.findall(each))) for each in (text, other))
    return words == others and all(
        math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) or (math.isnan(a) and math.isnan(b))
        for a, b in zip(numbers, found, strict=True)
    )


def message(kind, words):
    return f"{kind}: {words}"


def hidden(cell):
    """The lines of a locked cell that students do not see."""
    unseen = hidden_lines(cell["source"])
    lines = enumerate(lines_of(cell["source"]), 1)
    return "\n".join(line for number, line in lines if number in unseen)


def gives_away(diagnosis, secrets):
    """Whether a diagnosis quotes a number or a string of a hidden test: it might be its answer.

    Examples
    --------
    >>> gives_away("Always returns 3.75.", "assert total(data) == 3.75")
    True
    >>> gives_away("Off by 1.", "assert total(data) == 3.75 + 1")
    False
    """
    return any(quoted[0].strip("'\"`") in secrets for quoted in TELLING.finditer(diagnosis))
