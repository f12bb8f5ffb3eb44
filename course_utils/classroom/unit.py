"""One submission, marked: its files in, its executed notebooks and their points out, as bytes.

A pure function of bytes, without a gradebook and without a folder: so any executor can spread it,
on this machine or on others, and the same input may be marked again or not at all.
"""

import functools
import json
import time
from pathlib import Path

from nbformat import v4
from nbgrader import utils
from traitlets.utils.importstring import import_item

from course_utils.classroom import diagnosis
from course_utils.grading import engine
from course_utils.grading.execute import ExecuteApart, Refused
from course_utils.grading.repair import Unreadable, read_notebook, repair, unreadable
from course_utils.grading.wire import message, pack, read_message, unpack


def describe(step, notebooks, own, after, course):
    """An assignment as the bytes that `mark` needs of it.

    Parameters
    ----------
    step : ExecuteApart
        Holds the limits and what answers may import.
    notebooks : dict
        Notebook's name → ``cells``, as `repair.course_cells` gives them, ``kernelspec`` (a dict),
        ``source``, as `execute.read_source` gives it, and ``known``, of `diagnosis.signatures`.
    own : dict
        Name → bytes of what the instructor has put beside the notebooks.
    after : dict
        Import strings of the preprocessors that follow the execution → their traits.
    course : path
        The course folder, which answers never see.

    Returns
    -------
    bytes
    """
    tree = {
        "traits": {name: getattr(step, name) for name in step.class_own_traits(config=True)},
        "notebooks": notebooks,
        "after": after,
        "course": str(course),
    }
    table, tail = pack(own)
    return message([tree, table], tail)


def mark(assignment, submission):
    """Run a submission's notebooks, answers and tests apart, and see what they earn.

    Parameters
    ----------
    assignment : bytes
        What `describe` gives.
    submission : bytes
        A message of `wire`: the table of the files that were handed in, contents in the tail.

    Returns
    -------
    bytes
        A message of `wire`. ``notebooks`` maps each notebook's name to its ``scores`` (grade id →
        points, or None where a person has to look), ``unanswered`` (grade ids), ``comments``
        (grade id → what a wrong answer looks like), ``lost`` (cell → why its process was lost),
        ``put_back`` (cells that were missing) and ``problem`` (why the file could not be read, or
        None); ``seconds`` is what it took; the executed notebooks are the tail. Or ``failed``: why
        there is nothing of all that.
    """
    start = time.monotonic()
    try:
        course, own = read_assignment(assignment)
        table, tail = read_message(submission)
        found = unpack(table, tail)
        files = {name: data for name, data in found.items() if not name.endswith(".ipynb")}
        marks, executed = {}, {}
        for name, notebook in course["notebooks"].items():
            if (data := found.get(f"{name}.ipynb")) is None:
                marks[name] = nothing(notebook)
                continue
            nb, marks[name] = run(course, notebook, data, files, own)
            executed[f"{name}.ipynb"] = v4.writes(nb, indent=None).encode()
    except Refused as reason:
        return message({"failed": str(reason)})
    except Exception as error:  # of the grader's own: no pickled exception crosses a network
        return message({"failed": f"{type(error).__name__}: {error}"})
    table, tail = pack(executed)
    seconds = round(time.monotonic() - start, 3)
    return message({"notebooks": marks, "seconds": seconds, "executed": table}, tail)


def run(course, notebook, data, files, own):
    """One notebook of a submission, executed, and what it earns."""
    problem = None
    try:
        nb = read_notebook(data)
    except Unreadable as error:
        problem = str(error)
        nb = unreadable(problem)
    back = repair(nb, notebook["cells"])
    if notebook["kernelspec"]:
        nb.metadata["kernelspec"] = notebook["kernelspec"]
    step = ExecuteApart(**course["traits"])
    step.course = Path(course["course"])
    job = step.job(nb, notebook["source"])
    result = json.loads(engine.grade(step.settings(), step.request(job, files, own)))
    step.finish(nb, job, result)
    resources = {"nbgrader": {}}
    for name, traits in course["after"].items():
        nb, resources = import_item(name)(**traits)(nb, resources)
    lost = {job["cells"][int(index)]["label"]: why for index, why in result["lost"].items()}
    comments = diagnosis.diagnose(nb, notebook["known"])
    return nb, {**earned(nb), "comments": comments, "lost": lost,
                "put_back": [] if problem else back, "problem": problem}  # fmt: skip


def earned(nb):
    """Points by grade id, and the answers that are as they were released."""
    scores, unanswered = {}, []
    for cell in nb.cells:
        told = cell.metadata.get("nbgrader", {})
        if utils.is_grade(cell):
            scores[told["grade_id"]] = utils.determine_grade(cell)[0]
        elif utils.is_task(cell):
            scores[told["grade_id"]] = None
        if utils.is_solution(cell) and told.get("checksum") == utils.compute_checksum(cell):
            unanswered.append(told["grade_id"])
    return {"scores": scores, "unanswered": unanswered}


def nothing(notebook):
    """What a notebook earns that was not handed in."""
    graded = [name for name, cell in notebook["cells"].items()
              if cell["metadata"]["grade"] or cell["metadata"]["task"]]  # fmt: skip
    return {"scores": dict.fromkeys(graded, 0.0), "unanswered": [], "comments": {}, "lost": {},
            "put_back": [], "problem": "it was not handed in"}  # fmt: skip


@functools.lru_cache(2)
def read_assignment(data):
    """The tree and the instructor's files; a class has one and the same."""
    (tree, table), tail = read_message(data)
    for notebook in tree["notebooks"].values():
        notebook["source"] = [tuple(step) for step in notebook["source"]]
    return tree, unpack(table, tail)
