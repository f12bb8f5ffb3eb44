"""What `configure` adds to nbgrader, tried on a small course through nbgrader's own converters."""

import json
import re

import pytest
from conftest import notebook
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from traitlets.config import Config

from course_utils.classroom.late import PenaltyPerDay
from course_utils.course import load_config, run
from course_utils.grading import HAND_INS, configure

DAY = 24 * 60 * 60


@pytest.fixture
def graded(small_course):
    """Hand in a notebook, grade it, write feedback; returns points by cell and the page."""
    config = load_config(small_course)
    run(GenerateAssignment, config, "01_sums")
    release = small_course / "assignments" / "01_sums" / "01_sums.ipynb"

    def grade(change):
        submission = json.loads(release.read_text())
        change(submission["cells"])
        folder = small_course / "submitted" / "ada" / "01_sums"
        folder.mkdir(parents=True)
        (folder / "01_sums.ipynb").write_text(json.dumps(submission))
        run(Autograde, config, "01_sums")
        run(GenerateFeedback, config, "01_sums")
        with Gradebook(f"sqlite:///{small_course / 'gradebook.db'}") as gradebook:
            (found,) = gradebook.find_submission("01_sums", "ada").notebooks
            points = {grade.name: grade.auto_score for grade in found.grades}
        page = small_course / "feedback" / "ada" / "01_sums" / "01_sums.html"
        return points, page.read_text()

    return grade


def answer(cells, name, source):
    next(cell for cell in cells if cell["id"] == name)["source"] = source


def solve(cells):
    answer(cells, "total", "def total(x):\n    return sum(x)")
    answer(cells, "mean", "def mean(x):\n    return sum(x) / len(x)")


def test_a_right_answer_gets_the_points_and_a_wrong_one_does_not(graded):
    def half(cells):
        solve(cells)
        answer(cells, "total", "def total(x):\n    return 5")  # passes the visible check only

    points, _ = graded(half)
    assert points["total-of-two"] == 0
    assert points["mean-of-two"] == 1


def test_a_copied_check_costs_nothing_and_stops_nobody(graded):
    def copy_a_check(cells):
        solve(cells)
        check = next(cell for cell in cells if cell["id"] == "total-of-two")
        cells.append({**check, "id": "a-copy"})

    points, _ = graded(copy_a_check)
    assert points["total-of-two"] == 2
    assert points["mean-of-two"] == 1


def test_an_edited_check_is_put_back_before_it_is_run(graded):
    def cheat(cells):
        answer(cells, "total-of-two", "assert True")

    points, _ = graded(cheat)
    assert points["total-of-two"] == 0


def test_feedback_shows_what_the_student_wrote_and_no_hidden_test(graded):
    def half(cells):
        solve(cells)
        answer(cells, "total", "def total(x):\n    return 5  # surely")

    _, page = graded(half)
    text = re.sub(r"<[^>]+>", "", page)
    assert "surely" in text
    assert "AssertionError" in text
    assert "total([1, 4])" in text
    assert "total([])" not in text
    assert "HIDDEN TESTS" not in text
    assert "Said." not in text  # the mark scheme


def test_an_unreadable_notebook_gets_nothing_and_is_told_why(small_course):
    config = load_config(small_course)
    run(GenerateAssignment, config, "01_sums")
    folder = small_course / "submitted" / "ada" / "01_sums"
    folder.mkdir(parents=True)
    (folder / "01_sums.ipynb").write_text(json.dumps(notebook([]))[:40])
    run(Autograde, config, "01_sums")
    with Gradebook(f"sqlite:///{small_course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission("01_sums", "ada").score == 0
    graded = small_course / "autograded" / "ada" / "01_sums" / "01_sums.ipynb"
    assert "This file could not be read: it is not JSON" in graded.read_text()


@pytest.mark.parametrize(
    ("seconds", "penalty"),
    [
        (0, 0),
        (15 * 60, 0),
        (15 * 60 + 1, 2),
        (DAY, 2),
        (DAY + 1, 4),
        (4.5 * DAY, 10),
        (99 * DAY, 20),
    ],
)
def test_each_day_begun_costs_its_share_and_no_more_than_all(seconds, penalty):
    plugin = PenaltyPerDay(penalty_per_day=0.1, grace_period_minutes=15)
    assert plugin.late_submission_penalty("ada", 20.0, seconds) == pytest.approx(penalty)


def test_being_late_costs_nothing_until_a_course_says_so():
    assert not PenaltyPerDay().late_submission_penalty("ada", 20.0, 3 * DAY)
    c = Config()
    configure(c)
    assert "PenaltyPerDay" not in c


def test_configure_leaves_an_ordinary_courses_folders_alone():
    c = Config()
    configure(c)
    assert "source_directory" not in c.CourseDirectory
    assert "root" not in c.Exchange


@pytest.mark.parametrize(
    ("path", "student", "file"),
    [
        ("extracted/ada/01_sums.ipynb", "ada", "01_sums"),
        ("extracted/Ada L._4711_assignsubmission_file_/01_sums.ipynb", "Ada L.", "01_sums"),
        (
            "extracted/sums_ada_attempt_2026-11-02-18-30-00_01_sums.ipynb",
            "ada",
            "01_sums",
        ),
        ("extracted/ada/01_sums (1).ipynb", "ada", "01_sums"),
    ],
)  # fmt: skip
def test_the_names_that_platforms_give_are_understood(path, student, file):
    match = re.match(HAND_INS, f"/course/downloaded/01_sums/{path}")
    assert match["student_id"] == student
    assert match["file_id"] == file


def test_a_file_that_nobody_signed_is_not_taken_for_somebodys():
    assert not re.match(HAND_INS, "/course/downloaded/01_sums/extracted/01_sums.ipynb")
