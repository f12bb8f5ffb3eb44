"""`course bundle`: what students get, opened and searched."""

import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from conftest import ROOT

from course_utils.classroom import banks
from course_utils.cli import main


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The course's own bundle, unpacked, and its wheel, unpacked beside it."""
    folder = tmp_path_factory.mktemp("bundle")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["bundle", "--output", str(folder / "course.zip")]) == 0
    zipfile.ZipFile(folder / "course.zip").extractall(folder)
    (wheel,) = (folder / "course").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "wheel")
    return folder


def test_it_holds_what_a_student_needs(bundle):
    names = {path.name for path in (bundle / "course").iterdir()}
    wheel = next(name for name in names if name.endswith(".whl"))
    assert names == {
        "README.md", "LICENSE", "environment.yml", "constraints.txt", "lectures", "assignments",
        wheel,
    }  # fmt: skip
    for folder in ("lectures", "assignments"):
        expected = {p.relative_to(ROOT) for p in (ROOT / folder).rglob("*.ipynb")}
        expected = {p for p in expected if ".ipynb_checkpoints" not in p.parts}
        assert {p.relative_to(bundle / "course") for p in
                (bundle / "course" / folder).rglob("*.ipynb")} == expected  # fmt: skip


def test_no_secret_of_a_solution_is_in_any_file(bundle):
    """Solutions, hidden tests, mark schemes and banks, looked for by what they say."""
    secrets, everything_shown = set(), ""
    for source in ROOT.glob("solutions/*/*.ipynb"):
        hidden, shown = set(), set()
        for cell in nbformat.read(source, as_version=4).cells:
            written = cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get(
                "grade"
            )
            inside = bool(written)
            for line in cell.source.splitlines():
                if match := re.search(r"### (BEGIN|END) ", line):
                    inside = match[1] == "BEGIN"
                else:
                    (hidden if inside else shown).add(line.strip())
        everything_shown += "\n".join(shown)
        secrets |= {line for line in hidden if len(line) > 40}
    for bank in (*ROOT.glob("solutions/*/misconceptions.py"), *ROOT.glob("solutions/*/alt*.py")):
        # a visible check may name a misconception: what never ships is the code of the answers
        secrets |= {
            line.strip()
            for answer in banks.read_bank(bank)
            for line in answer.source.splitlines()
            if len(line.strip()) > 60 and "def " not in line and '"""' not in line
        }
    # A line that students may read anyway, in a visible check or in a reference, is no secret.
    package = "\n".join(path.read_text() for path in ROOT.glob("course_utils/**/*.py"))
    secrets = {secret for secret in secrets if secret not in everything_shown + package}
    assert len(secrets) > 100
    for path in bundle.rglob("*"):
        if path.is_file() and path.suffix not in (".zip", ".whl"):
            text = path.read_text(encoding="utf-8")
            assert [secret for secret in secrets if secret in text] == [], path


def test_its_wheel_installs_and_imports_without_the_checkout(bundle, tmp_path):
    pytest.importorskip("pip", reason="no pip to install with, as in the environments of uv")
    (wheel,) = (bundle / "course").glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path, wheel], check=True)
    code = "import course_utils.bayesian_regression as b; print(b.__file__)"
    where = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert where.stdout.startswith(str(tmp_path))


def test_its_environment_names_the_wheel_that_is_in_it(bundle):
    (wheel,) = (bundle / "course").glob("*.whl")
    assert f"- ./{wheel.name}" in (bundle / "course" / "environment.yml").read_text()
    assert wheel.name in (bundle / "course" / "README.md").read_text()


def test_the_same_checkout_gives_the_same_bytes(bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["bundle", "--output", str(tmp_path / "again.zip")]) == 0
    assert (tmp_path / "again.zip").read_bytes() == (bundle / "course.zip").read_bytes()


def test_a_stale_assignment_is_not_handed_out(small_course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(small_course)
    assert main(["bundle", "--output", str(tmp_path / "course.zip")]) == 2
    assert "run `course release` first" in capsys.readouterr().err
    assert not (tmp_path / "course.zip").exists()


def test_a_name_that_is_not_a_zip_is_refused(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["bundle", "--output", "course.rar"]) == 2
    assert "expected a name that ends in .zip" in capsys.readouterr().err
