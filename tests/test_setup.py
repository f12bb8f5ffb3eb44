"""What a fresh clone is set up by: every name and version is written in one place."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_every_dependency_is_declared_once():
    names = [name_of(r) for group in (PROJECT["dependencies"], *EXTRAS.values()) for r in group]
    names = [name for name in names if name != PROJECT["name"]]
    assert sorted(names) == sorted(set(names))


def test_every_dependency_is_pinned_in_the_constraints():
    pinned = {
        name_of(line)
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if re.match(r"[\w.-]+==[\w.]+", line)
    }
    declared = {name_of(r) for group in (PROJECT["dependencies"], *EXTRAS.values()) for r in group}
    assert declared - {PROJECT["name"]} <= pinned


def test_the_constraints_name_no_host_and_no_path():
    assert not re.search(r"://|file:|@ ", (ROOT / "constraints.txt").read_text())


def test_environment_yml_repeats_no_name():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [name_of(d) for d in environment["dependencies"] if isinstance(d, str)]
    assert plain == ["python", "pip"]
    assert environment["dependencies"][-1] == {"pip": ["-c constraints.txt", "-e .[teach]"]}


@pytest.mark.parametrize("target", ["demo", "test", "lab", "release", "bundle"])
def test_make_sets_up_before_it_runs(target, tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    plan = subprocess.run(
        ["make", "-n", target], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout
    assert plan.index("-m venv .venv") < plan.index("pip install") < plan.rindex(".venv/bin/")
    assert "-c constraints.txt" in plan


def test_an_old_python_is_named_in_one_line(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    run = subprocess.run(
        ["make", "demo", f"PYTHON={old}"], capture_output=True, text=True, cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert run.returncode != 0
    assert "Python 3.11 to 3.14 is needed" in run.stderr
    assert str(old) in run.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("what", [["check"], ["format", "--check"]], ids=" ".join)
def test_the_code_is_as_ruff_likes_it(what):
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *what, "--no-cache", "."],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def test_ci_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^    make test\b", readme, re.MULTILINE)
    assert (ROOT / ".ci/run").read_text().strip().endswith("make test")
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": ".ci/run"}


def test_no_file_holds_a_path_of_somebodys_machine():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT).stdout
    for name in listed.splitlines():
        if (ROOT / name).suffix in (".py", ".md", ".ipynb", ".toml", ".yml", ".txt", ".json", ""):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"/(home|Users|root)/\w+/|[A-Z]:\\\\Users", text), name


PACKAGE = ROOT / "course_utils"
MATHEMATICS = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "checks", "cli", "course"}
# What each room may import of the package besides itself, as CONTRIBUTING.md has it.
ROOMS = {
    "grading": set(),
    "doctor": {"course", "grading"},
    "classroom": {"checks", "course", "grading"},
    "plotting": MATHEMATICS,
    "widgets": MATHEMATICS | {"plotting"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room):
    found = set()
    for path in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    ours = {name.split(".")[1] for name in found if name.startswith("course_utils.")}
    assert ours - {"__version__", room} <= ROOMS[room]
