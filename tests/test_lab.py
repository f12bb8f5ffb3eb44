"""The course in a real JupyterLab, in a real browser, as a student and as an instructor see it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from conftest import ROOT, hand_in, make_course
from nbgrader.apps import NbGraderAPI

from course_utils import doctor
from course_utils.commands.update import merge
from course_utils.course import load_config
from course_utils.doctor import manifest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ASSIGNMENT = "assignments/01_bayesian_regression/01_bayesian_regression.ipynb"
LECTURE = "lectures/01_bayesian_regression.ipynb"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

if BROWSER is None and "CI" in os.environ:
    pytest.fail("Chromium is missing: apt-get install chromium", pytrace=False)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def lab(browser, tmp_path):
    """Open the course with `course lab` and some options; returns its page when Lab is ready."""
    course = tmp_path / "course"
    course.mkdir()
    for name in ("assignments", "lectures"):
        shutil.copytree(ROOT / name, course / name)
    servers, strangers = [], []

    def open_lab(*options, course=course):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "HOME": str(tmp_path), "JUPYTER_PREFER_ENV_PATH": "1"}
        server = subprocess.Popen(
            [
                sys.executable, "-m", "course_utils.cli", "lab", *options, "--no-browser",
                "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
                "--IdentityProvider.token=t", "--LabApp.expose_app_in_browser=True",
            ],
            cwd=course, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        servers.append(server)
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api?token=t", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None, "course lab stopped by itself"
                time.sleep(0.25)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(
                    (address, "data:", "blob:", address.replace("http", "ws"))
                )
                else strangers.append(request.url)
            ),
        )
        page.goto(f"{address}/lab?token=t")
        page.wait_for_selector("#jp-top-bar, #jp-MainLogo", state="attached", timeout=60_000)
        page.wait_for_function("window.jupyterapp && window.jupyterapp.shell", timeout=60_000)
        page.evaluate("window.jupyterapp.restored")
        return page

    yield open_lab
    for context in browser.contexts:
        context.close()
    for server in servers:
        server.terminate()
        server.wait(timeout=20)
    assert strangers == [], "JupyterLab asked another machine"


def command(page, name, **arguments):
    page.evaluate("([n, a]) => window.jupyterapp.commands.execute(n, a)", [name, arguments])


def open_notebook(page, path):
    command(page, "docmanager:open", path=path)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.wait_for_selector(
        '.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status="idle"]',
        state="attached", timeout=60_000,
    )  # fmt: skip


def cells(page):
    """Of every cell: its id, its source, whether it may be edited, and its outputs."""
    return page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets.map(w => ({
            id: w.model.id, source: w.model.sharedModel.getSource(),
            editable: w.model.getMetadata('editable') !== false,
            outputs: w.model.type === 'code' ? w.model.outputs.toJSON() : []}))"""
    )


def menu_of(page, name):
    """Commands in a menu of the menu bar, without those that JupyterLab hides."""
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.wait_for_selector(".lm-Menu-item[data-command]")
    found = page.eval_on_selector_all(
        ".lm-Menu .lm-Menu-item[data-command]",
        "items => items.filter(i => i.checkVisibility()).map(i => i.dataset.command)",
    )
    page.keyboard.press("Escape")
    return set(found)


def test_a_student_sees_no_menu_of_the_graders_and_no_news(lab):
    page = lab()
    assert menu_of(page, "Nbgrader") == {"nbgrader:open-assignment-list"}
    assert not page.get_by_text("Create Assignment").count()
    time.sleep(2)  # the news would ask by now
    assert not page.get_by_text("Jupyter news").count()


def test_an_instructor_sees_them_all(lab):
    page = lab("--instructor")
    found = menu_of(page, "Nbgrader")
    assert {"nbgrader:open-formgrader", "nbgrader:open-assignment-list"} <= found


def test_marking_by_hand_is_blind_until_a_name_is_asked_for(lab, tmp_path):
    course = make_course(tmp_path / "small course")
    config = load_config(course)
    config.CourseDirectory.root = str(course)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("01_sums")["success"]
    hand_in(course, "ada", {})
    with api.gradebook as gradebook:
        gradebook.add_student("ada", first_name="Augusta", last_name="Lovelace")
    assert api.autograde("01_sums", "ada")["success"]
    page = lab("--instructor", course=course)
    page.goto(f"{page.url.partition('/lab')[0]}/formgrader/gradebook/01_sums/01_sums")
    number = page.get_by_text("Submission #1")
    number.wait_for()
    assert not {"ada", "Augusta", "Lovelace"} & set(
        page.inner_text("body").replace(",", "").split()
    )
    page.locator(".glyphicon.name-hidden").first.click()
    page.get_by_text("Lovelace, Augusta").wait_for()
    assert not number.is_visible()


def test_an_untouched_assignment_runs_and_validate_says_what_to_write(lab):
    page = lab()
    open_notebook(page, ASSIGNMENT)
    command(page, "notebook:run-all-cells")
    answer = next(cell for cell in cells(page) if cell["id"] == "add_bias")
    check = next(cell for cell in cells(page) if cell["id"] == "add-bias-example")
    assert answer["editable"]
    assert not check["editable"]
    command(page, "docmanager:save")
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").click()
    dialog = page.locator(".jp-Dialog-content")
    dialog.get_by_text("NotImplementedError").first.wait_for(timeout=90_000)


def test_typing_in_a_locked_check_changes_nothing(lab):
    page = lab()
    open_notebook(page, ASSIGNMENT)
    index = [cell["id"] for cell in cells(page)].index("add-bias-example")
    before = cells(page)[index]["source"]
    page.evaluate(
        """i => { const n = window.jupyterapp.shell.currentWidget.content;
                  n.activeCellIndex = i; n.mode = 'edit'; }""",
        index,
    )
    page.keyboard.type("assert True")
    assert cells(page)[index]["source"] == before


def test_what_a_release_notes_down_outlives_editing_and_saving(lab, tmp_path):
    """So `course doctor` knows the cells, and `course update` which of them are the student's."""
    page = lab()
    open_notebook(page, ASSIGNMENT)
    page.evaluate(
        """() => { const n = window.jupyterapp.shell.currentWidget.content;
                  n.activeCellIndex = n.widgets.findIndex(w => w.model.id === 'add_bias');
                  n.activeCell.model.sharedModel.setSource('def add_bias(X):\\n    return X'); }"""
    )
    for name in ("copy-cell", "paste-cell-below", "insert-cell-below", "run-all-cells"):
        command(page, f"notebook:{name}")
    command(page, "docmanager:save")
    saved, released = (json.loads((root / ASSIGNMENT).read_text()) for root in
                       (tmp_path / "course", ROOT))  # fmt: skip
    assert len(saved["cells"]) == len(released["cells"]) + 2
    assert saved["metadata"]["course"] == released["metadata"]["course"]
    patient = doctor.admit(tmp_path / "course" / ASSIGNMENT)
    assert len(patient.found["add_bias"]) == 2
    (twice,) = (finding for finding in doctor.of_cells(patient) if finding.level == "mend")
    assert twice.text.startswith("The answer cell of add_bias is there 2 times, as cells 4 and 5")
    result, _ = merge(manifest.load(tmp_path / "course" / ASSIGNMENT),
                      manifest.load(ROOT / ASSIGNMENT))  # fmt: skip
    sources = [each.source for each in result.cells]
    assert sources[3] == "def add_bias(X):\n    return X"
    assert len(sources) == len(released["cells"]) + 1  # with the empty cell, without the copy


def test_the_lecture_runs_and_its_sliders_redraw_the_pictures(lab):
    page = lab()
    open_notebook(page, LECTURE)
    command(page, "notebook:run-all-cells")
    for cell in cells(page):
        assert not [o for o in cell["outputs"] if o["output_type"] == "error"], cell["id"]
    explorers = page.locator(".jp-NotebookPanel .widget-vbox:has(img)")
    assert explorers.count() == 3
    for i in range(3):
        explorer = explorers.nth(i)
        explorer.scroll_into_view_if_needed()
        picture = explorer.locator("img").first
        before = picture.get_attribute("alt")
        assert len(before) > 40
        handle = explorer.locator(".noUi-handle").first
        handle.focus()
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(
            "([explorer, before]) => explorer.querySelector('img').alt !== before",
            arg=[explorer.element_handle(), before], timeout=20_000,
        )  # fmt: skip
        assert picture.evaluate("p => p.complete && p.naturalWidth > 400")
        assert picture.evaluate("p => p.clientWidth <= p.parentElement.clientWidth")
    if shots := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{shots}/lecture.png")
