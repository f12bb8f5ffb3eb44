"""The `course` command where something is wrong: one clear line, exit code 2, nothing written."""

import json
import subprocess
import sys

import pytest

from course_utils.cli import main


def everything(folder):
    """Every file below a folder, with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", ["demo", "release", "bundle", "lab"])
def test_outside_a_course_nothing_happens(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([command]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"course {command}: no ")
    assert "change into the course's folder first" in said.err
    assert said.err.count("\n") == 1
    assert not everything(tmp_path)


@pytest.mark.parametrize("command", ["demo", "release"])
def test_an_unknown_assignment_is_answered_with_the_known_ones(
    command, small_course, monkeypatch, capsys
):
    monkeypatch.chdir(small_course)
    before = everything(small_course)
    assert main([command, "07_transformers"]) == 2
    assert "no assignment '07_transformers'" in (said := capsys.readouterr().err)
    assert "there is 01_sums" in said
    assert everything(small_course) == before


@pytest.mark.parametrize("command", ["demo", "release", "bundle"])
def test_an_unreadable_notebook_is_named(command, small_course, monkeypatch, capsys):
    monkeypatch.chdir(small_course)
    notebook = small_course / "solutions" / "01_sums" / "01_sums.ipynb"
    notebook.write_bytes(notebook.read_bytes()[:300])
    before = everything(small_course)
    assert main([command]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"course {command}: ")
    assert "JSON" in said[0]
    assert everything(small_course) == before


def test_a_course_without_assignments_says_so(small_course, monkeypatch, capsys):
    monkeypatch.chdir(small_course)
    (small_course / "solutions" / "01_sums" / "01_sums.ipynb").unlink()
    assert main(["release"]) == 2
    assert "no notebook in" in capsys.readouterr().err


def test_a_demo_without_banks_says_which_is_missing(small_course, monkeypatch, capsys):
    monkeypatch.chdir(small_course)
    (small_course / "solutions" / "01_sums" / "alternatives.py").unlink()
    assert main(["demo"]) == 2
    assert "no alternatives.py in" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["demo", "--colour"], ["grade-everything"], []])
def test_what_the_command_does_not_know_is_a_usage_error(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage: course" in capsys.readouterr().err


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    for command in ("lab", "doctor", "update", "demo", "release", "bundle"):
        assert f"\n    {command} " in said


def test_a_release_at_fault_writes_none_of_the_others(small_course, monkeypatch, capsys):
    monkeypatch.chdir(small_course)
    good = small_course / "solutions" / "01_sums" / "01_sums.ipynb"
    other = small_course / "solutions" / "02_open"
    other.mkdir()
    open_ended = json.loads(good.read_text())
    source = open_ended["cells"][1]["source"]
    open_ended["cells"][1]["source"] = source.replace("### END SOLUTION", "")
    (other / "02_open.ipynb").write_text(json.dumps(open_ended))
    assert main(["release"]) == 2
    assert "solutions/02_open cannot be released" in capsys.readouterr().err
    assert not everything(small_course / "assignments")


def test_nobody_waits_for_a_grammar_that_no_notebook_needs(tmp_path):
    script = (
        "import sys; from course_utils.cli import main; "
        "assert main(['doctor', 'missing.ipynb']) == 2; import nbformat; "
        "print('lark' in sys.modules)"
    )
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
