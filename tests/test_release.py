"""What students get is what solutions/ gives, and no more."""

import json

import pytest
from conftest import ROOT, notebook
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from course_utils.cli import main
from course_utils.commands import release
from course_utils.doctor import manifest
from course_utils.grading import AVAILABLE, configure

NAME = "01_sums"


@pytest.fixture
def released(small_course, monkeypatch):
    monkeypatch.chdir(small_course)
    assert main(["release"]) == 0
    return small_course / "assignments" / NAME


def test_release_holds_the_notebook_and_nothing_else(released):
    assert [path.name for path in released.iterdir()] == [f"{NAME}.ipynb"]


def test_release_keeps_signatures_and_visible_tests_only(released):
    text = (released / f"{NAME}.ipynb").read_text()
    assert "def mean(x):" in text
    assert "mean([1, 4]) == 2.5" in text
    for secret in ("the solution's own line", "mean([7])", "Said.", *release.SECRETS):
        assert secret not in text


def test_releasing_twice_gives_the_same_bytes(released, capsys):
    before = (released / f"{NAME}.ipynb").read_bytes()
    stamp = (released / f"{NAME}.ipynb").stat().st_mtime_ns
    assert main(["release"]) == 0
    assert "up to date" in capsys.readouterr().out
    assert (released / f"{NAME}.ipynb").read_bytes() == before
    assert (released / f"{NAME}.ipynb").stat().st_mtime_ns == stamp


def test_release_leaves_no_gradebook_behind(released):
    assert sorted(path.name for path in released.parents[1].iterdir()) == [
        "assignments", "lectures", "nbgrader_config.py", "solutions",
    ]  # fmt: skip


def test_a_release_lists_its_cells_in_order_with_what_their_texts_were(released):
    nb = manifest.load(released / f"{NAME}.ipynb")
    noted, complete = manifest.read(nb)
    assert complete
    assert noted.notebook == NAME
    assert [entry.id for entry in noted.cells] == [each.id for each in nb.cells]
    assert [entry.digest for entry in noted.cells] == [
        manifest.digest(each.source) for each in nb.cells
    ]
    assert [(entry.role, entry.grade_id) for entry in noted.cells] == [
        ("plain", ""), ("answer", "total"), ("check", "total-of-two"), ("answer", "mean"),
        ("check", "mean-of-two"), ("answer", "why"), ("locked", "essay"),
    ]  # fmt: skip


def test_a_release_tells_what_its_own_course_allows(released):
    config = released.parents[1] / "nbgrader_config.py"
    more = "\nc.ExecuteApart.timeout = 7\nc.ExecuteApart.withheld = ['answers']\n"
    config.write_text(f"{config.read_text()}{more}c.ExecuteApart.available.append('answers.data')")
    assert main(["release"]) == 0
    noted, _ = manifest.read(manifest.load(released / f"{NAME}.ipynb"))
    assert noted.seconds == 7
    assert noted.withheld == ("answers",)
    assert noted.available == (*AVAILABLE, "answers.data")


def test_what_nbgrader_does_at_a_release_is_still_done_and_in_its_order():
    c = Config()
    configure(c)
    ours = GenerateAssignment(config=c).preprocessors
    assert ours == [
        *GenerateAssignment().preprocessors,
        "course_utils.doctor.manifest.RecordCells",
    ]


def test_check_finds_an_edited_release_and_writes_nothing(released, capsys):
    notebook = released / f"{NAME}.ipynb"
    notebook.write_text(notebook.read_text() + "\n")
    edited = notebook.read_bytes()
    assert main(["release", "--check"]) == 1
    assert f"{NAME}.ipynb" in capsys.readouterr().out
    assert notebook.read_bytes() == edited
    assert main(["release"]) == 0
    assert main(["release", "--check"]) == 0


def test_what_the_source_does_not_have_is_taken_out_of_the_release(released):
    (released / "misconceptions.py").write_text("def total(x): return len(x)\n")
    assert main(["release", "--check"]) == 1
    assert main(["release"]) == 0
    assert not (released / "misconceptions.py").exists()


@pytest.mark.parametrize("name", ["misconceptions.py", "more_wrong_answers.py", "bank/new.py"])
def test_a_bank_of_any_name_stays_with_the_graders(released, name):
    bank = released.parents[1] / "solutions" / NAME / name
    bank.parent.mkdir(exist_ok=True)
    bank.write_text('def total(x):\n    """Counts instead of adding."""\n')
    assert main(["release", "--check"]) == 0


def test_a_file_of_an_unknown_kind_stops_the_release(released, capsys):
    source = released.parents[1] / "solutions" / NAME
    (source / "answers.md").write_text("total is sum")
    (source / "measurements.csv").write_text("1,2\n")
    assert main(["release"]) == 2
    assert "answers.md" in capsys.readouterr().err
    assert [path.name for path in released.iterdir()] == [f"{NAME}.ipynb"]
    (source / "answers.md").unlink()
    assert main(["release"]) == 0
    assert (released / "measurements.csv").read_text() == "1,2\n"


def test_a_marker_that_nbgrader_overlooked_is_found(tmp_path):
    """A written answer's marker in a raw cell: nbgrader clears neither."""
    cell = {"cell_type": "raw", "id": "raw", "metadata": {}, "source": release.SECRETS[0]}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook([cell])))
    assert release.leaks(tmp_path) == [f"a.ipynb: holds {release.SECRETS[0]}"]


def test_the_course_s_own_assignments_are_up_to_date(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["release", "--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("notebook", sorted(ROOT.glob("solutions/*/*.ipynb")), ids=lambda p: p.stem)
def test_no_line_of_a_solution_is_in_the_release(notebook):
    """Long lines between the markers, unless students read the same line elsewhere anyway."""
    shown, hidden = set(), set()
    for cell in json.loads(notebook.read_text())["cells"]:
        source = "".join(cell["source"])
        # A written answer without markers is a solution from its first line to its last.
        is_answer = cell["metadata"].get("nbgrader", {}).get("solution", False)
        inside = is_answer and "### BEGIN" not in source
        for line in source.splitlines():
            if "### BEGIN" in line or "### END" in line:
                inside = "### BEGIN" in line
            else:
                (hidden if inside else shown).add(line.strip())
    hidden = {h for h in hidden if len(h) > 20 and not any(h in line for line in shown)}
    assert hidden, "no solution found: are its markers in place?"
    release = ROOT / "assignments" / notebook.parent.name / notebook.name
    released = "\n".join("".join(c["source"]) for c in json.loads(release.read_text())["cells"])
    assert [line for line in hidden if line in released] == []
