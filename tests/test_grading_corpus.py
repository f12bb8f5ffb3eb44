"""The corpus, graded by nbgrader as an instructor would: every score, and no harm done."""

import concurrent.futures
import html.parser
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import corpus
import nbformat
import pytest
from nbconvert import HTMLExporter
from nbgrader.apps import NbGraderAPI
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from course_utils.grading import configure, engine, sandbox

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="grading needs a system that forks")


def processes():
    """Numbers of all processes, with their command lines and variables."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = b"".join(
                (folder / name).read_bytes() for name in ("cmdline", "environ")
            )
        except OSError:
            continue
    return found


def visible_from_sandbox(path):
    """Whether the sandbox shows a file of the host's: the worst is tried only if not."""
    look = "import os, sys; sys.exit(os.path.exists(sys.argv[1]))"
    run = [*sandbox.command([], []), sys.executable, "-I", "-c", look, str(path)]
    return subprocess.run(run, env=sandbox.environment(), check=False).returncode != 0


def grade(root, names, tokens):
    """Grade part of the class in a course of its own; returns scores and nbgrader's log."""
    (root / "source" / "a1").mkdir(parents=True)
    (root / "source" / "a1" / "a1.ipynb").write_text(json.dumps(corpus.COURSE))
    config = Config()
    configure(config)
    config.CourseDirectory.root = str(root)
    config.ExecuteApart.timeout = 2
    config.ExecuteApart.call_timeout = 1
    config.ExecuteApart.submission_timeout = 30
    config.ExecuteApart.memory = 5 * 2**28
    os.environ["GRADED_COURSE"] = str(root)  # by which its processes are known among others'
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # alembic
    api = NbGraderAPI(config=config)
    done = api.generate_assignment("a1")
    assert done["success"], done["log"]
    release = json.loads((root / "release" / "a1" / "a1.ipynb").read_text())
    for name in names:
        folder = root / "submitted" / name / "a1"
        folder.mkdir(parents=True)
        data = corpus.build(corpus.SUBMISSIONS[name], release)
        for token, value in tokens.items():
            data = data.replace(token.encode(), value.encode())
        (folder / "a1.ipynb").write_bytes(data)
        for file, content in (corpus.SUBMISSIONS[name].files or {}).items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(content)
    log = api.autograde("a1", "*")["log"]
    engine.close_all()
    with api.gradebook as gradebook:
        return log, {
            submission.student.id: {
                grade.cell.name.removeprefix("test_"): (grade.auto_score, grade.max_score)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions("a1")
        }


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded in two halves at once: the courses, scores, logs, and who called home."""
    top = tmp_path_factory.mktemp("courses")
    (top / "secret.txt").write_text("CLASSMATE-7")
    confined = engine.sandboxed() and not visible_from_sandbox(top / "secret.txt")
    chosen = [name for name in names if confined or not corpus.SUBMISSIONS[name].confined]
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: calls.append(server.accept()), daemon=True).start()
        host, port = server.getsockname()
        tokens = {"HOST, PORT": f"'{host}', {port}", "COURSE": f"'{top}'",
                  "MARKER": f"'{top / 'secret.txt'}'"}  # fmt: skip
        with concurrent.futures.ProcessPoolExecutor(
            2, multiprocessing.get_context("spawn")
        ) as pool:
            halves = [pool.submit(grade, top / f"course {k}", chosen[k::2], tokens) for k in (0, 1)]
            logs, scores = zip(*[half.result() for half in halves], strict=True)
        return {"root": top, "log": "".join(logs), "scores": scores[0] | scores[1],
                "calls": list(calls)}  # fmt: skip


names = [name for name, entry in corpus.SUBMISSIONS.items()
         if name in os.environ.get("CORPUS", name).split()
         and (engine.sandboxed() or not entry.confined)]  # fmt: skip


@pytest.mark.parametrize("name", names)
def test_score_is_the_deserved_one(graded, name):
    entry = corpus.SUBMISSIONS[name]
    expected = {key: entry.lost.get(key, points) for key, points in corpus.POINTS.items()}
    scores = dict(graded["scores"].get(name, {}))
    scores.pop("essay", None)
    assert scores.keys() == expected.keys(), graded["log"][-3000:]
    assert {key: score for key, (score, _) in scores.items()} == expected, \
        entry.note + graded["log"].partition(f"/{name}/a1")[2][:5000]  # fmt: skip
    assert {key: most for key, (_, most) in scores.items()} == corpus.POINTS


def notebooks(graded):
    for path in sorted(graded["root"].glob("*/autograded/*/a1/a1.ipynb")):
        yield path.parts[-3], json.loads(path.read_text())


def test_no_output_of_an_answer_tells_a_secret(graded):
    for name, nb in notebooks(graded):
        for cell in nb["cells"]:
            if cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader", {}).get(
                "grade"
            ):
                text = json.dumps(cell["outputs"])
                for secret in corpus.SECRETS:
                    assert secret not in text, f"{name} has read {secret}"


def test_arguments_of_hidden_tests_are_not_told(graded):
    for name, nb in notebooks(graded):
        text = json.dumps([cell.get("outputs") for cell in nb["cells"]])
        assert "ARGUMENT 1.5" not in text, name


BOOTSTRAP = "static/node_modules/bootstrap/dist/css"


class Page(html.parser.HTMLParser):
    """What a page would run: scripts, handlers of events, addresses that are no addresses."""

    def __init__(self, text):
        super().__init__()
        self.inside, self.runs = None, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        self.runs += [tag] * (tag in ("iframe", "form", "object", "embed", "svg"))
        for name, value in attributes:
            if "alert" in (value or "") and (name.startswith("on") or name in ("href", "src")):
                self.runs.append((tag, name, value))

    def handle_data(self, data):
        if self.inside == "script" and "alert" in data:
            self.runs.append(data)

    def handle_endtag(self, tag):
        self.inside = None


@pytest.mark.parametrize("template", ["formgrade", "feedback"])
def test_nothing_of_a_students_runs_in_the_page_of_whoever_marks_or_reads_it(graded, template):
    exporter = HTMLExporter(
        template_name=template,
        extra_template_basedirs=[template_path],
        extra_template_paths=[str(Path(template_path).parent / BOOTSTRAP)],
    )
    for name, nb in notebooks(graded):
        if "alert(1)" in json.dumps(nb) or name == "attached":
            for cell in nb["cells"]:
                cell["metadata"].get("nbgrader", {}).update(score=0, points=1)
            resources = {"base_url": "", "index": 0, "total": 1, "notebook_id": "a1",
                         "nbgrader": {"score": 0, "max_score": 1, "late_penalty": 0}}  # fmt: skip
            node = nbformat.reads(json.dumps(nb), 4)
            page, _ = exporter.from_notebook_node(node, resources=resources)
            assert Page(page[page.index("<body") :]).runs == [], name


def test_a_picture_that_a_student_pasted_is_there_to_be_marked(graded):
    found = [nb for name, nb in notebooks(graded) if name == "attached"]
    for nb in found:
        (essay,) = (cell for cell in nb["cells"] if cell["id"] == "essay")
        assert essay["attachments"] == {"a.png": {"image/png": "iVBORw0KGgo="}}


def test_nobody_was_called_over_the_network(graded):
    assert graded["calls"] == [] or not engine.sandboxed()


def test_course_folder_is_as_it_was(graded):
    assert (graded["root"] / "secret.txt").read_text() == "CLASSMATE-7"
    sources = list(graded["root"].glob("*/source/a1/a1.ipynb"))
    assert [json.loads(path.read_text()) == corpus.COURSE for path in sources] == [True, True]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_no_process_is_left(graded):
    end = time.monotonic() + 10
    while left := {pid: line for pid, line in processes().items()
                   if b"sleep\x00987" in line or str(graded["root"]).encode() in line}:  # fmt: skip
        assert time.monotonic() < end, left
        time.sleep(0.1)
