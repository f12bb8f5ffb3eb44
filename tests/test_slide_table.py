"""`lectures/README.md` names every row of the slides, and what it names exists."""

import ast
import importlib
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
ROWS = {"B": 6, "I": 10, "G": 10, "S": 6, "N": 7}  # N8 is history, and nothing to compute
ERRATA = [number for number in range(1, 23) if number != 19]  # E19 is history, too
LECTURES = {path.name for path in (ROOT / "lectures").glob("*.ipynb")}
NUMBER = dict(zip("BIGSN", range(1, 6), strict=True))


def table(heading):
    text = (ROOT / "lectures/README.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


TAUGHT = table("What the slides teach")
WRONG = table("What the slides' text gets wrong")


def test_no_row_is_missing_and_none_stands_twice():
    expected = [f"{letter}{i}" for letter, n in ROWS.items() for i in range(1, n + 1)]
    assert [row[0] for row in TAUGHT] == expected
    assert [row[0] for row in WRONG] == [f"E{i}" for i in ERRATA]


@pytest.mark.parametrize("row", TAUGHT, ids=lambda row: row[0])
def test_every_section_that_a_row_names_is_a_heading_that_names_the_row(row):
    name, _, sections, *_ = row
    links = re.findall(r"\[([\d.]+)\]\((\w+\.ipynb)\)", sections)
    assert links or not any(file.startswith(f"{NUMBER[name[0]]:02}_") for file in LECTURES)
    for number, notebook in links:
        cells = nbformat.read(ROOT / "lectures" / notebook, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        parts = re.split(r"^## ", text, flags=re.MULTILINE)
        section = next((p for p in parts if p.startswith(f"{number} ")), "")
        headings = [section.partition("\n")[0], *re.findall(r"^### .*", section, re.MULTILINE)]
        assert any(re.search(rf"\b{name}\b", heading) for heading in headings), row


@pytest.mark.parametrize("row", TAUGHT, ids=lambda row: row[0])
def test_every_function_that_a_row_names_exists_and_says_so_in_its_docstring(row):
    names = re.findall(r"`([\w.]+)`", row[3])
    assert names
    for name in names:
        module, function = name.rsplit(".", 1)
        function = getattr(importlib.import_module(f"course_utils.{module}"), function)
        assert re.search(rf"\b{row[0]}\b", function.__doc__), f"{name} does not name {row[0]}"


@pytest.mark.parametrize("row", TAUGHT + WRONG, ids=lambda row: row[0])
def test_every_test_that_a_row_names_exists(row):
    names = re.findall(r"`(test_\w+\.py)::(\w+)`", row[-1])
    assert names
    for file, test in names:
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
