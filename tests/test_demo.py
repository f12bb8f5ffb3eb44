"""`course demo` from its first step to its last, on the course as it is."""

import csv

import pytest

from course_utils.cli import main
from course_utils.commands import demo


@pytest.fixture
def in_small_course(small_course, monkeypatch):
    monkeypatch.chdir(small_course)
    return small_course


def test_every_student_gets_the_score_known_beforehand(in_small_course, tmp_path, capfd):
    folder = tmp_path / "scratch"
    assert main(["demo", "--folder", str(folder)]) == 0
    said, complaints = capfd.readouterr()
    assert complaints == ""
    assert "Every one of the 9" in said
    with open(folder / "grades.csv", newline="") as file:
        grades = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    # 2 for total, 1 for mean; henri loses 20 % for two days begun; isaac's file is broken.
    assert grades == {
        "ada": 3, "blaise": 0, "carl": 3, "daniel": 0, "emmy": 2, "florence": 3, "grace": 3,
        "henri": 2.4, "isaac": 0,
    }  # fmt: skip
    pages = {page.parts[-3] for page in folder.glob("feedback/*/*/*.html")}
    assert pages == set(grades)
    assert "could not be read" in (folder / "feedback/isaac/01_sums/01_sums.html").read_text()
    assert not (in_small_course / "gradebook.db").exists()
    assert not list((in_small_course / "assignments").iterdir())


def test_a_score_other_than_the_known_one_is_told_and_fails(in_small_course, monkeypatch, capfd):
    made_up_class = demo.made_up_class

    def with_one_wrong_expectation(*banks):
        ada, *others = made_up_class(*banks)
        return [ada._replace(expected={**ada.expected, "total": 1}), *others[:1]]

    monkeypatch.setattr(demo, "made_up_class", with_one_wrong_expectation)
    assert main(["demo"]) == 1
    said = capfd.readouterr().out
    assert "total: 2 points, 1 expected" in " ".join(said.split())
    assert "1 of 2 did not get the known score" in said


def test_a_folder_with_something_in_it_is_left_alone(in_small_course, tmp_path, capfd):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    assert main(["demo", "--folder", str(tmp_path / "mine")]) == 2
    assert "is not an empty folder" in capfd.readouterr().err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
