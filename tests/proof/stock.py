"""The corpus and the banks through stock autograding: `make proof` writes docs/corpus.md.

Each submission is alone in a course of its own, in namespaces that end with it, so that one which
kills or blocks stock nbgrader takes none along. What would do real harm outside of a sandbox is not
run: stock has none.
"""

import concurrent.futures
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import corpus
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

ROOT = Path(__file__).parents[2]
SECONDS = 90  # after which stock is taken to hang
GRADE = """
import sys
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
config = Config()
config.CourseDirectory.root = sys.argv[1]
config.Execute.timeout = 2
config.Execute.interrupt_on_timeout = True
NbGraderAPI(config=config).autograde("a1", "*")
"""
NOT_RUN, HANGS, NO_SCORE = "not run", "hangs", "no score"


def make_course(folder):
    """A course with the corpus's assignment, released by stock nbgrader."""
    (folder / "source" / "a1").mkdir(parents=True)
    (folder / "source" / "a1" / "a1.ipynb").write_text(json.dumps(corpus.COURSE))
    config = Config()
    config.CourseDirectory.root = str(folder)
    done = NbGraderAPI(config=config).generate_assignment("a1")
    assert done["success"], done["log"]
    return folder


def grade(template, folder, name, tokens):
    """What stock makes of a submission: scores by exercise or a word, and the harm that is done."""
    entry = corpus.SUBMISSIONS[name]
    if entry.confined:
        return NOT_RUN, []
    shutil.copytree(template, folder)
    release = json.loads((folder / "release/a1/a1.ipynb").read_text())
    place = folder / "submitted" / name / "a1"
    place.mkdir(parents=True)
    data = corpus.build(entry, release)
    for token, value in tokens.items():
        data = data.replace(token.encode(), value.encode())
    (place / "a1.ipynb").write_bytes(data)
    for file, content in (entry.files or {}).items():
        (place / file).parent.mkdir(exist_ok=True)
        (place / file).write_bytes(content)
    alone = ["bwrap", "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid",
             "--die-with-parent", "--new-session"]  # fmt: skip
    command = [*alone, sys.executable, "-W", "ignore", "-c", GRADE, str(folder)]
    try:
        subprocess.run(command, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    except subprocess.TimeoutExpired:
        return HANGS, []
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        rows = {
            grade.name.removeprefix("test_"): grade.auto_score
            for submission in gradebook.assignment_submissions("a1")
            for notebook in submission.notebooks for grade in notebook.grades
            if grade.name != "essay"
        }  # fmt: skip
    graded = folder / "autograded" / name / "a1" / "a1.ipynb"
    scored = rows if rows and None not in rows.values() else NO_SCORE
    return scored, harm(graded) if graded.exists() else []


def harm(path):
    """What is in a graded notebook that should not be."""
    found = []
    for cell in json.loads(path.read_text())["cells"]:
        outputs = json.dumps(cell.get("outputs", []))
        tested = cell["metadata"].get("nbgrader", {}).get("grade")
        if not tested and any(secret in outputs for secret in corpus.SECRETS):
            found.append("tells a secret")
        if "ARGUMENT 1.5" in outputs:
            found.append("tells a hidden argument")
        if "<script" in outputs or "application/javascript" in outputs:
            found.append("carries a script")
    return list(dict.fromkeys(found))


def deserved(name):
    lost = corpus.SUBMISSIONS[name].lost
    return {key: lost.get(key, points) for key, points in corpus.POINTS.items()}


def says(name, result, found):
    """A cell of the table."""
    if isinstance(result, str):
        return result
    wanted = deserved(name)
    differing = {key: score for key, score in result.items() if score != wanted[key]}
    gained = sum(max(0, score - wanted[key]) for key, score in differing.items())
    lost = sum(max(0, wanted[key] - score) for key, score in differing.items())
    words = [f"+{gained:g}"] * (gained > 0) + [f"−{lost:g}"] * (lost > 0)
    return ", ".join([*words, *found]) or "right"


def report(results):
    """The page, and how many of each kind stock gets right."""
    kinds = {kind: [name for name in results if corpus.SUBMISSIONS[name].kind == kind]
             for kind in ("honest", "attack")}  # fmt: skip
    lines = [
        "# Faults and attacks, and what becomes of them",
        "",
        f"Every submission of `tests/corpus.py`, {len(results)} in all, has its right score. Ours "
        "gives every one of them at every change of the course; a test sees to it. Stock nbgrader "
        "was run on each alone; its column says what it got wrong: points that are lost (−) or "
        "gained (+), no score at all, a notebook that tells what it should not. *Not run* is what "
        "would do real harm outside of a sandbox. What outlives stock, and what an answer reads "
        "without printing it, is not looked for. `make proof` writes this page.",
        "",
        "| | submissions | right with ours | right with stock | not run with stock |",
        "|---|--:|--:|--:|--:|",
    ]
    for kind, title in (("honest", "honest faults"), ("attack", "attacks")):
        verdicts = [says(name, *results[name]) for name in kinds[kind]]
        lines.append(f"| {title} | {len(verdicts)} | {len(verdicts)} | {verdicts.count('right')} | "
                     f"{verdicts.count(NOT_RUN)} |")  # fmt: skip
    for kind, title in (("honest", "Honest faults"), ("attack", "Attacks")):
        lines += ["", f"## {title}", "", "| name | what | stock |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {corpus.SUBMISSIONS[name].note.replace('|', '/')} | "
            f"{says(name, *results[name])} |"
            for name in kinds[kind]
        ]
    return "\n".join([*lines, ""])


def main():
    names = os.environ.get("CORPUS", " ".join(corpus.SUBMISSIONS)).split()
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as top, socket.create_server(("127.0.0.1", 0)) as server:
        top = Path(top)
        (top / "secret.txt").write_text("CLASSMATE-7")
        host, port = server.getsockname()
        tokens = {"HOST, PORT": f"'{host}', {port}", "COURSE": f"'{top}'",
                  "MARKER": f"'{top / 'secret.txt'}'"}  # fmt: skip
        calls = []
        threading.Thread(target=lambda: calls.append(server.accept()), daemon=True).start()
        template = make_course(top / "template")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(lambda name: grade(template, top / name, name, tokens), names)
            results = {}
            for name, (result, harms) in zip(names, found, strict=True):
                results[name] = result, harms + ["calls home"] * (name == "network" and bool(calls))
                print(f"{name:26}{says(name, *results[name])}", flush=True)
    (ROOT / "docs" / "corpus.md").write_text(report(results), encoding="utf-8")


if __name__ == "__main__":
    main()
