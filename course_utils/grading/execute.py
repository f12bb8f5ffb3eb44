"""nbgrader's execution step, with answers and checks in processes of their own.

`ExecuteApart` stands where `Execute` stood in ``Autograde.autograde_preprocessors``. It makes a
request of a notebook, has `engine` run it, and puts the outputs in their places.
"""

import fnmatch
import json
import os
from pathlib import Path

from nbformat import from_dict, notebooknode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, Execute
from traitlets import Bool, Float, Integer, List, default

from course_utils.grading import CONFINED, SECONDS, engine, markup, names
from course_utils.grading.shell import known
from course_utils.grading.wire import message, pack

FORGEABLE = "grader: in the answer's own process"


class Refused(RuntimeError):
    """Nothing was graded, with the reason in words."""


class ExecuteApart(Execute):
    """Runs answers in a sandbox and tests outside of it; other languages run as they always did."""

    timeout = Integer(SECONDS, help="Seconds a cell may take, and all the calls of a test.").tag(
        config=True
    )
    call_timeout = Float(10, help="Seconds that one call of an answer may take.").tag(config=True)
    submission_timeout = Integer(
        CONFINED["submission_timeout"], help="Seconds that a notebook may take in all."
    ).tag(config=True)
    memory = Integer(
        CONFINED["memory"], help="Bytes of memory a process of an answer may use."
    ).tag(config=True)
    file_size = Integer(
        CONFINED["file_size"], help="Bytes a file that an answer writes may have."
    ).tag(config=True)
    processes = Integer(CONFINED["processes"], help="Processes that an answer may run.").tag(
        config=True
    )
    require_sandbox = Bool(
        CONFINED["require_sandbox"], help="Refuse to grade where there is no sandbox."
    ).tag(config=True)
    hidden_tests = List(help="The words between which a test is hidden from students.").tag(
        config=True
    )

    withheld = List(CONFINED["withheld"], help="Packages that answers may not import.").tag(
        config=True
    )
    available = List(
        CONFINED["available"], help="What of the withheld packages answers may import all the same."
    ).tag(config=True)

    @default("hidden_tests")
    def _hidden_tests(self):
        step = ClearHiddenTests(parent=self.parent, config=self.config)
        return [step.begin_test_delimeter, step.end_test_delimeter]

    def preprocess(self, nb, resources, km=None):
        folder, source, submitted = self.folders(resources)
        language = read_language(source)
        if language != "python" or not hasattr(os, "fork"):
            say_once(
                self.log, engine.NO_FORK if language == "python" else f"{language}: no sandbox."
            )
            return super().preprocess(nb, resources, km)
        own = read_files(source and source.parent, self.ignored)
        files = {
            name: data for name, data in read_files(folder).items()
            if not submitted or not is_link(submitted, name)
        }  # fmt: skip
        job = self.job(nb, read_source(source))
        result = engine.grade(self.settings(), self.request(job, files, own))
        self.finish(nb, job, json.loads(result))
        return nb, resources

    def request(self, job, files, own):
        """What `engine.grade` is asked: the job, what lies beside the answers, and the tests.

        nbgrader has put what students may have of the instructor's files beside the answers.
        """
        table, tail = pack(files)
        same = [row for row in table if own.get(row[0]) == files[row[0]]]
        other, more = pack({name: data for name, data in own.items()
                            if data != files.get(name)}, len(tail))  # fmt: skip
        return message([job, table, same + other], tail + more)

    def finish(self, nb, job, result):
        """Put what came of a job into its notebook; `Refused` says why nothing did."""
        if "refused" in result:
            raise Refused(result["refused"])
        if not engine.sandboxed():
            say_once(self.log, engine.NOT_ISOLATED)
        for index, reason in result["lost"].items():
            self.log.warning("Cell %s: %s", job["cells"][int(index)]["label"], reason)
        put(nb, job, result["outputs"])

    def folders(self, resources):
        """Where the notebook is, the instructor's own version of it, and what was handed in."""
        folder = Path(resources["metadata"]["path"])
        self.ignored = ()
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None)
        if coursedir is None:
            return folder, None, None
        nbgrader = resources["nbgrader"]
        source = coursedir.format_path(coursedir.source_directory, ".", nbgrader["assignment"])
        source = Path(source) / f"{nbgrader['notebook']}.ipynb"
        self.course, self.ignored = Path(coursedir.root).resolve(), coursedir.ignore
        submitted = coursedir.format_path(
            coursedir.submitted_directory, nbgrader["student"], nbgrader["assignment"]
        )
        return folder, source if source.exists() else None, Path(submitted)

    def job(self, nb, source):
        """Everything that is asked of the two processes, as plain JSON."""
        cells = []
        places = {name: place for place, (name, _, _) in enumerate(source) if name}
        everything = [text for _, _, text in source]
        for index, cell in enumerate(nb.cells):
            if cell.cell_type != "code":
                continue
            name = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell {index}"
            item = {"index": index, "kind": kind(cell), "source": cell.source, "label": name}
            if item["kind"] != "answer":
                before = tuple(step[1:] for step in source[: places.get(name, len(source))])
                item.update(names.wanted(cell.source, before))
                item["points"] = float(cell.metadata["nbgrader"].get("points") or 0)
            cells.append(item)
        answers = [text for _, role, text in source if role == "answer"]
        common = [text for _, role, text in source if role == "plain"]
        common += [item["source"] for item in cells if item["kind"] == "shared"]
        return {
            "cells": cells,
            "classes": sorted(bound(common) - bound(answers)),
            "made": sorted(set().union(*map(names.classes, everything))),
            "operators": sorted(set().union(*map(names.operators, everything))),
            "preload": sorted(set().union(*map(names.imports, answers + common))),
            "withheld": self.withheld,
            "hidden_tests": self.hidden_tests,
            "cell_seconds": self.timeout,
            "call_seconds": min(self.call_timeout, self.timeout),
            "seconds": self.submission_timeout,
        }

    def settings(self):
        """What the warm processes are started with, as JSON."""
        chosen = {name: getattr(self, name) for name in CONFINED}
        return engine.settings(chosen, getattr(self, "course", None))


def bound(texts):
    """Names that cells bind at their top level."""
    return {name for text in texts for name, _ in names.bindings(text)}


def kind(cell):
    """What a code cell is to the grader."""
    if not utils.is_locked(cell):
        return "answer"
    if not utils.is_grade(cell):
        return "shared"
    return "forgeable" if FORGEABLE in cell.source else "test"


def read_files(folder, ignore=(), limit=256 * 2**20):
    """Name → bytes of what lies beside a notebook, but for what nbgrader ignores, up to a limit."""
    files = {}
    for path in sorted(folder.rglob("*")) if folder else ():
        inside = path.relative_to(folder)
        if path.suffix == ".ipynb" or any(
            fnmatch.fnmatch(part, pattern) for part in inside.parts for pattern in (".*", *ignore)
        ):
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= limit:
            files[str(inside)] = path.read_bytes()
            limit -= len(files[str(inside)])
    return files


def is_link(folder, name):
    """Whether a file was handed in as a link, which nbgrader has followed as the grader."""
    path = folder / name
    return any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(folder))


def read_language(path):
    """The language of an assignment, as its source has it and no submission can change it."""
    if path is None:
        return "python"
    tree = json.loads(path.read_text(encoding="utf-8"))
    return tree.get("metadata", {}).get("kernelspec", {}).get("language") or "python"


def read_source(path):
    """The instructor's code cells, in order: (grade id, role, source)."""
    if path is None:
        return []
    return steps(notebooknode.from_dict(json.loads(path.read_text(encoding="utf-8"))).cells)


def steps(cells):
    """Code cells as (grade id, role, source); roles are those of `names.wanted`."""
    found = []
    for cell in cells:
        if cell.cell_type == "code":
            text = cell.source if isinstance(cell.source, str) else "".join(cell.source)
            role = (
                "trusted" if utils.is_locked(cell)
                else "answer" if utils.is_solution(cell)
                else "plain"
            )  # fmt: skip
            found.append((cell.metadata.get("nbgrader", {}).get("grade_id"), role, text))
    return found


def put(nb, job, outputs):
    """Write the outputs into the notebook; the student's without anything that could run."""
    page = markup.Page(cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells)
    for count, (cell, items) in enumerate(zip(job["cells"], outputs, strict=True), 1):
        target = nb.cells[cell["index"]]
        target.execution_count = count
        target.outputs = [
            as_node(item, count)
            for item in merge(filter(None, map(known, items)))
            if item["output_type"] != "clear_output"
        ]
        for item in target.outputs:
            markup.disarm_output(item, page)
    for cell in nb.cells:
        if cell.cell_type != "code" and not utils.is_locked(cell):
            markup.disarm_cell(cell, page)


def merge(items):
    """Join neighbouring pieces of one stream."""
    merged = []
    for item in items:
        last = merged[-1] if merged else {}
        if item["output_type"] == last.get("output_type") == "stream" and \
                item["name"] == last["name"]:  # fmt: skip
            last["text"] += item["text"]
        else:
            merged.append(dict(item))
    return merged


def as_node(item, count):
    """An output as the notebook has it."""
    if item["output_type"] in ("display_data", "execute_result"):
        item = {**item, "metadata": {}}
    if item["output_type"] == "execute_result":
        item["execution_count"] = count
    return from_dict(item)


_said = set()


def say_once(log, sentence):
    if sentence not in _said:
        _said.add(sentence)
        log.warning(sentence)
