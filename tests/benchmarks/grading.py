"""The grader beside stock nbgrader, in one run: `make benchmark-grader` writes docs/grading.md.

One class, drawn from the banks of the first assignment, is graded by stock autograding, by stock
with a process per student, and by `course grade`. CPU is what the whole machine was busy, so
nothing else may run: a process that dies with its namespace leaves its times to nobody. Memory is
the peak of what the processes hold together, each page divided among those who share it. The floor
is what the notebook's cells cost in a fork of a process that has its packages loaded. It is taken
anew between any two rows, as a machine that others use changes its speed within minutes: ratios are
between multiples of the floor beside each row.
"""

import argparse
import concurrent.futures
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment

from course_utils.classroom import banks
from course_utils.course import load_config, run
from course_utils.grading import engine, sandbox

ROOT = Path(__file__).parents[2]
NAME = "01_bayesian_regression"
SOURCE = ROOT / "solutions" / NAME
STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.ignore.append("*.py")
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=50"]
"""
# In the place of bubblewrap, where the measurement is to be without it.
NONE = "import course_utils.grading.engine as e; e.sandboxed = lambda: False; "
BIN = Path(sys.executable).parent


class Row(NamedTuple):
    """What it took to grade a class: seconds and processor seconds a submission, bytes in all.

    floor is processor seconds too, before and after.
    """

    grader: str
    size: int
    wall: float
    cpu: float
    memory: float
    floor: float = 0


def make_course(folder, config):
    """A course folder with the first assignment, released."""
    folder.mkdir()
    config += f"c.CourseDirectory.root = {str(folder)!r}\n"
    (folder / "nbgrader_config.py").write_text(config)
    shutil.copytree(SOURCE, folder / "solutions" / NAME)
    run(GenerateAssignment, load_config(folder), NAME)
    return folder


def made_up_class(course, size):
    """Notebooks of `size` students: each answers some exercises as the banks do, and all others."""
    solution = banks.read_notebook(SOURCE / f"{NAME}.ipynb")
    release = banks.read_notebook(course / "assignments" / NAME / f"{NAME}.ipynb")
    answers = banks.by_exercise(SOURCE)
    for k in range(size):
        chosen = {
            exercise: found[(k + j) % len(found)]
            for j, (exercise, found) in enumerate(answers.items()) if (k + j) % 3 == 0
        }  # fmt: skip
        yield f"s{k:05}", json.dumps(banks.fill(release, solution, chosen))


def fill(course, size):
    shutil.rmtree(course / "submitted", ignore_errors=True)
    shutil.rmtree(course / "autograded", ignore_errors=True)
    for student, text in made_up_class(course, size):
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_text(text)


def measure(grader, course, size, commands, at_once=1):
    """Run commands in a fresh class, a few at once, and see what they use."""
    fill(course, size)
    environment = {**os.environ, **sandbox.THREADS}
    peak, own, over = [0], [0], threading.Event()

    def watch():
        pause = 2  # then 5: a look costs a good part of a second of a core
        while not over.wait(pause):
            pause = 5
            peak[0] = max(peak[0], sum(map(sandbox._proportional, family()[1:])))
            own[0] = time.thread_time()

    def call(command):
        subprocess.run(command, cwd=course, env=environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    watcher = threading.Thread(target=watch)
    watcher.start()
    before, start = used(), time.perf_counter()
    try:
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            list(pool.map(call, commands))
        wall = time.perf_counter() - start
    finally:
        over.set()
        watcher.join()
    reap()
    row = Row(grader, size, wall / size, (used() - before - own[0]) / size, peak[0])
    print(f"{grader:42}{size:4}{row.wall:8.3f} s{row.cpu:8.3f} s CPU{peak[0] / 1e6:8.0f} MB",
          flush=True)  # fmt: skip
    return row


def family():
    return sandbox.family(os.getpid())


def used():
    """Processor seconds that this machine was busy since it started."""
    first, *_ = Path("/proc/stat").read_text().splitlines()
    user, nice, system, _, _, *interrupts = map(int, first.split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def reap():
    end = time.monotonic() + 10
    while len(family()) > 1 and time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)
        except ChildProcessError:
            return


FLOOR = """
import json, os, sys
from course_utils.grading.answers import draw, preload, share
from course_utils.grading.shell import Shell
notebooks = [json.load(open(name)) for name in sys.argv[1:]]
shell = Shell.start()
shell.emit = lambda item: None
preload("import matplotlib.pyplot, numpy, course_utils.checks, course_utils.data, "
        "course_utils.bayesian_regression, course_utils.plotting.bayesian_regression")
shell.enable_matplotlib()
draw()
share()
for nb in notebooks:
    if (pid := os.fork()) == 0:
        for cell in nb["cells"]:
            if cell["cell_type"] == "code":
                shell.run("".join(cell["source"]), "cell")
        os._exit(0)
    os.waitpid(pid, 0)
usage = __import__("resource").getrusage(__import__("resource").RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime)
"""


def floor(course, size=20):
    """The same cells, the instructor's tests included, in forks of one warm process."""
    solution = banks.read_notebook(SOURCE / f"{NAME}.ipynb")
    tests = {cell["id"]: cell["source"] for cell in solution["cells"] if banks.is_test(cell)}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for student, text in made_up_class(course, size):
            notebook = json.loads(text)
            for cell in notebook["cells"]:
                cell["source"] = tests.get(cell["id"], cell["source"])
            paths.append(Path(folder) / f"{student}.ipynb")
            paths[-1].write_text(json.dumps(notebook))
        done = subprocess.run(
            [sys.executable, "-c", FLOOR, *map(str, paths)], capture_output=True, text=True,
            env={**os.environ, **sandbox.THREADS}, check=True,
        )  # fmt: skip
    cpu = float(done.stdout.split()[-1]) / size
    print(f"{'the floor':42}{size:4}{'':10}{cpu:8.3f} s CPU", flush=True)
    return cpu


def scores(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            (submission.student.id, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks for grade in notebook.grades
        }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100, 500])
    parser.add_argument("--stock", type=int, nargs="+", default=[20, 100], help="sizes for stock")
    parser.add_argument("--write", type=Path, default=ROOT / "docs" / "grading.md")
    args = parser.parse_args()
    sandbox.adopt_orphans()
    os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"  # nbgrader calls alembic by its name
    rows, differing = [], 0
    with tempfile.TemporaryDirectory() as top:
        stock = make_course(Path(top) / "stock", STOCK)
        ours = make_course(Path(top) / "ours", (ROOT / "nbgrader_config.py").read_text())
        least = floor(ours)

        def add(*what):
            nonlocal least
            before, row = least, measure(*what)
            least = floor(ours)
            rows.append(row._replace(floor=(before + least) / 2))

        nbgrader = [str(BIN / "nbgrader"), "autograde", NAME]
        for size in args.stock:
            add("stock", stock, size, [nbgrader])
            wanted = scores(stock)
            students = [f"--student=s{k:05}" for k in range(size)]
            each = [[*nbgrader, one] for one in students]
            if size == min(args.stock):
                add("stock, a process per student, 2 at once", stock, size, each, 2)
            add("course grade, 2 jobs", ours, size, [grade(2)])
            given = scores(ours)
            differing += sum(given[key] != score for key, score in wanted.items())
        for size in args.sizes:
            if size not in args.stock:
                add("course grade, 2 jobs", ours, size, [grade(2)])
            if size > 100:
                continue
            add("course grade, 1 job", ours, size, [grade(1)])
            if os.getuid() or engine.readable_by_all():  # else it is refused
                add("course grade, 2 jobs, no sandbox", ours, size, [grade(2, NONE)])
    args.write.write_text(report(rows, differing))
    return int(differing > 0)


def grade(jobs, before=""):
    script = f"{before}import sys; from course_utils.cli import main; " \
             f"sys.exit(main(['grade', {NAME!r}, '--jobs', '{jobs}', '--force']))"  # fmt: skip
    return [sys.executable, "-c", script]


def report(rows, differing):
    """The page."""
    base = {row.size: row for row in rows if row.grader == "stock"}
    largest = base[max(base)] if base else None
    floors = sorted(row.floor for row in rows)
    lines = [
        "# How fast the grader is",
        "",
        f"One run, {date.today():%d %B %Y}: {machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, nbgrader {version('nbgrader')}, NumPy {version('numpy')}. "
        f"The class is made of the banks of `{NAME}`. `make benchmark-grader` writes this page.",
        "",
        "| grader | class | s a submission | CPU s | floor s | s / floor | against stock | "
        "CPU / floor | peak MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        stock = base.get(row.size, largest)
        times = stock and stock.wall / stock.floor / (row.wall / row.floor)
        ratio = "" if not stock else f"1/{times:.1f}" if times > 1 else f"{1 / times:.1f}"
        lines.append(
            f"| {row.grader} | {row.size} | {row.wall:.3f} | {row.cpu:.3f} | {row.floor:.3f} | "
            f"{row.wall / row.floor:.2f} | {ratio} | {row.cpu / row.floor:.2f} | "
            f"{row.memory / 1e6:.0f} |"
        )
    lines += [
        "",
        "Time and processor time include starting the command; processor time is what the machine "
        "was busy with nothing else running. The floor is the processor time of one notebook's "
        "cells, tests included, in a fork of a warm process. It is taken anew between any two "
        f"rows, since this machine's speed changes (from {floors[0]:.2f} to {floors[-1]:.2f} s "
        "in this run), and a ratio to stock is one between multiples of it. Memory is what all "
        "processes of the grader hold together at their peak. Where stock was not run on a class "
        "of that size, its largest one stands in for it.",
        "",
        f"Scores of stock and ours differ in {differing} of the cells of these classes.",
        "",
    ]
    return "\n".join(lines)


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
