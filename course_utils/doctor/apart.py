"""The visible checks once more, as the grader runs them: apart from the answers that they ask."""

import copy
import json
import math
import os
import re

from nbformat import NotebookNode

from course_utils.doctor.fresh import Run
from course_utils.grading import engine
from course_utils.grading.execute import ExecuteApart, read_files, steps

MARKS = {
    "answer": {"solution": True, "grade": False, "locked": False},
    "check": {"solution": False, "grade": True, "locked": True},
    "locked": {"solution": False, "grade": False, "locked": True},
}
MOST = 500  # files beside a notebook that are worth carrying over


def run(patient, folder):
    """Run the notebook once more, answers and checks apart, and see which of the checks fail.

    Parameters
    ----------
    patient : Patient
    folder : path
        Where the notebook is; what lies beside it, the answers may read.

    Returns
    -------
    dict of int to Run
        By position. Empty where this machine keeps nothing apart.
    """
    if engine.refusal(require_sandbox=False) or not few(folder):
        return {}
    released, nb = patient.released, as_marked(patient)
    step = ExecuteApart(
        timeout=max(1, math.ceil(released.seconds)),
        withheld=list(released.withheld), available=list(released.available),
    )  # fmt: skip
    job = step.job(nb, steps(nb.cells))
    try:
        request = step.request(job, read_files(folder), {})
        result = json.loads(engine.grade(step.settings(), request))
    finally:
        engine.close()
    failed = {}
    for cell, outputs in zip(job["cells"], result.get("outputs", ()), strict=False):
        error = next((output for output in outputs if output["output_type"] == "error"), None)
        if error and cell["kind"] in ("test", "forgeable"):
            lines = re.findall(r"^<.*>, line (\d+), in <module>", "\n".join(error["traceback"]))
            line = int(lines[0]) if lines else None
            failed[cell["index"]] = Run(error["ename"], error["evalue"], line, 0.0)
    return failed


def few(folder):
    """Whether a notebook lies in a folder of its own, and not above all that somebody has."""
    count = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        count += len(files) + len(folders)
        if count > MOST:
            return False
    return True


def as_marked(patient):
    """The notebook with every released cell marked as it was, and each there once."""
    nb, keep = copy.deepcopy(patient.nb), set(range(len(patient.nb.cells)))
    for entry in patient.released.cells:
        *copies, position = patient.found[entry.key] or [None]
        keep -= set(copies)
        if position is not None and entry.role in MARKS:
            own = nb.cells[position].metadata.get("nbgrader", {})
            mark = {"grade_id": entry.key, "points": own.get("points", 1), **MARKS[entry.role]}
            nb.cells[position].metadata["nbgrader"] = NotebookNode(mark)
    for position, cell in enumerate(nb.cells):
        if position not in keep:
            cell.cell_type = "raw"
    return nb
