"""Every notebook of the course, as text: what a reader, a grader and git can rely on."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
ASSIGNMENTS = sorted(ROOT.glob("assignments/*/*.ipynb"))
each_notebook = pytest.mark.parametrize(
    "path", LECTURES + SOLUTIONS + ASSIGNMENTS, ids=lambda p: str(p.relative_to(ROOT))
)


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_something_to_look_at():
    assert LECTURES
    assert SOLUTIONS
    assert [p.name for p in SOLUTIONS] == [p.name for p in ASSIGNMENTS]


@each_notebook
def test_it_is_valid_and_its_cell_ids_are_unique_and_speak(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell_id in ids:
        assert re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", cell_id), cell_id
        assert not re.fullmatch(r"[0-9a-f]{8}", cell_id), f"{cell_id}: a random id"


@each_notebook
def test_its_metadata_are_minimal(path):
    notebook = read(path)
    released = {"course"} if path in ASSIGNMENTS else set()  # the list of what was released
    assert set(notebook.metadata) - {"kernelspec", "language_info"} == released
    assert notebook.metadata.kernelspec == {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    assert set(notebook.metadata.get("language_info", {})) <= {"name"}
    for cell in notebook.cells:
        # nbgrader locks what students are not to edit
        assert set(cell.metadata) <= {"nbgrader", "tags", "deletable", "editable"}, cell.id


@each_notebook
def test_it_is_plain_python_that_downloads_and_installs_nothing(path):
    for cell in code(read(path)):
        ast.parse(cell.source)  # so no magic and no shell command either
        for line in cell.source.splitlines():
            assert not re.search(r"https?://|urllib|requests|urlopen|subprocess|pip\b", line), line
            assert not re.search(r"fetch_\w+\(|[\"'](/|~|[A-Za-z]:\\)\w", line), line


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.name)
def test_a_lecture_is_short_cells_with_prose_before_each(path):
    cells = read(path).cells
    assert 20 <= len(cells) <= 45
    for before, cell in pairwise(cells):
        if cell.cell_type == "code":
            assert before.cell_type == "markdown", f"{cell.id}: say first what is computed"
            assert len(cell.source.splitlines()) <= 14, f"{cell.id}: too long to take in"


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.name)
def test_a_lecture_was_run_from_top_to_bottom_without_errors_or_warnings(path):
    cells = code(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", cell.id


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.name)
def test_every_picture_in_a_lecture_has_a_text_for_those_who_cannot_see_it(path):
    pictures = [
        output
        for cell in code(read(path))
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert pictures
    for output in pictures:
        alt = output.metadata["image/png"]["alt"]
        assert len(alt) > 40
        # a picture's own alt text, or what a widget says where no kernel runs
        text = output.data["text/plain"]
        assert text == alt or text.startswith("Run this cell to move the sliders")


@pytest.mark.parametrize("path", SOLUTIONS + ASSIGNMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_an_assignment_carries_no_outputs(path):
    for cell in code(read(path)):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.name)
def test_every_marker_that_is_opened_is_closed(path):
    for cell in read(path).cells:
        markers = re.findall(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", cell.source)
        for opened, closed in zip(markers[::2], markers[1::2], strict=True):
            assert (opened[0], closed[0]) == ("BEGIN", "END"), cell.id
            assert opened[1] == closed[1], cell.id


@pytest.mark.parametrize("path", SOLUTIONS + ASSIGNMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_points_in_the_text_are_the_points_that_are_given(path):
    promised, given, total = {}, {}, None
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            if total is None and (match := re.search(r"\*\*(\d+) points\*\*", cell.source)):
                total = int(match[1])
            if match := re.search(r"^#+ (.+) · (\d+) points?$", cell.source, re.MULTILINE):
                exercise = match[1]
                promised[exercise], given[exercise] = int(match[2]), 0
        if (points := cell.metadata.get("nbgrader", {}).get("points")) is not None:
            given[exercise] += points
    assert promised == given
    assert sum(given.values()) == total
