"""A notebook run in a fresh kernel, from the first cell to the last, whatever its cells do."""

import logging
import os
import re
import time
from subprocess import DEVNULL
from typing import NamedTuple

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import default

from course_utils.course import CourseError

BUSY = "COURSE_DOCTOR"  # set in the kernel, for cells that would run the notebook once more
SILENT = logging.Logger(__name__, logging.CRITICAL + 1)  # what happens is said by who asked
RESTARTS = 5  # a cell that hangs or kills the kernel costs one


class Run(NamedTuple):
    """What came of running a cell: error's class and words ("" if none), its line, the seconds."""

    error: str
    words: str
    line: int | None
    seconds: float


class Listener(NotebookClient):
    """Keeps errors only: what a cell prints and draws could fill the memory."""

    quits = False  # whether the cell that ran last has asked the kernel to end

    @default("on_cell_executed")
    def _listen(self):
        def heard(execute_reply, **_):
            payload = execute_reply["content"].get("payload") or ()
            self.quits = any(item.get("source") == "ask_exit" for item in payload)

        return heard

    def output(self, outs, msg, display_id, cell_index):
        if msg["msg_type"] == "error":
            return super().output(outs, msg, display_id, cell_index)
        return None


def run(nb, folder, seconds, once, progress=None):
    """Run the code cells in a fresh kernel, from the first to the last, whatever they raise.

    Where a cell hangs or kills the kernel, all starts afresh without it; cells of `once` that have
    run are then left out too.

    Returns
    -------
    dict of int to Run
        By position. A cell that was never reached is not in it.
    """
    runs, lost = {}, set()
    while len(lost) <= RESTARTS:
        # The texts alone: nothing that they gave before.
        cells = [
            new_code_cell(cell.source) if cell.cell_type == "code" else cell for cell in nb.cells
        ]
        client = Listener(
            new_notebook(cells=cells), kernel_name="python3", timeout=max(1, round(seconds)),
            allow_errors=True, shutdown_kernel="immediate", startup_timeout=120, log=SILENT,
            resources={"metadata": {"path": str(folder)}},
            # Not in the student's own history, and without the kernel's remarks on its transport.
            extra_arguments=["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=50"],
        )  # fmt: skip
        try:
            with client.setup_kernel(env={**os.environ, BUSY: "1"}, stdout=DEVNULL, stderr=DEVNULL):
                stopped = run_cells(client, cells, lost | (once & set(runs)), runs, progress)
        except (NoSuchKernel, RuntimeError) as error:
            raise CourseError(
                f"no Python kernel starts to run the notebook in ({error}): "
                "python -m pip install --force-reinstall ipykernel"
            ) from None
        if stopped is None:
            break
        lost.add(stopped)
    return runs


def run_cells(client, cells, left_out, runs, progress):
    """Run what is not left out; returns the cell that cost the kernel its life, or None."""
    for position, cell in enumerate(cells):
        if cell.cell_type != "code" or not cell.source.strip() or position in left_out:
            continue
        if progress:
            progress(position + 1, len(cells))
        start = time.perf_counter()
        try:
            client.execute_cell(cell, position)
        except CellTimeoutError:
            runs[position] = Run("hangs", "", None, time.perf_counter() - start)
            return position
        except DeadKernelError:
            runs[position] = Run("dies", "", None, time.perf_counter() - start)
            return position
        seconds = time.perf_counter() - start
        if client.quits:
            runs[position] = Run("quits", "", None, seconds)
            return position
        error = next((o for o in cell.outputs if o.output_type == "error"), None)
        result = Run("", "", None, seconds) if error is None else Run(
            error.ename.replace("_IncompleteInput", "Syntax"),  # as Python 3.13 has it
            error.evalue, line_of(error.traceback, cell), seconds)  # fmt: skip
        runs.setdefault(position, result)
    return None


def line_of(traceback, cell):
    """The line of the cell, from 1, in which an error came up; None if that cannot be told."""
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(traceback))
    lines = re.findall(rf"Cell In\[{cell.execution_count}\], line (\d+)", text)
    return int(lines[-1]) if lines and int(lines[-1]) <= len(cell.source.splitlines()) else None
