"""Grade files for Moodle and Canvas: read as the platforms read them, they are the gradebook."""

import csv
import io
from datetime import datetime

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import ExportApp
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy import event

from course_utils.classroom.export import Canvas, Moodle
from course_utils.classroom.gradebook import FORMULA

# nbgrader's own, of the records that these tests add.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")

# id, first name, last name, e-mail; points in "sums" and "essay" (None waits), late penalty
CLASS = [
    ("ada", "Ada", "Lovelace", "ada@x.org", 3.5, 2.0, 0.0),
    ("bo", "Bo", "Å; \"B\", C", "Bo@x.org", 2.0, None, 0.5),
    ("carl", "=HYPERLINK(\"http://x\")", "=1+1", "=1+1@x.org", 4.0, 1.0, 9.0),
    ("dee", "+Dee", "-1", None, 1 / 3, 1.0, 0.0),
    ("eve", "@Eve", "E", "eve@x.org", None, None, 0.0),
    ("fay", "Fay", "F", "fay@x.org", "nothing handed in", 0.0, 0.0),
]  # fmt: skip
MAXIMA = {"sums": 4.0, "essay": 2.0}
COMMENT = 'Say \\"why\\":\n= not sums'


def fill(book):
    for name, maximum in MAXIMA.items():
        where = {"notebook": name, "assignment": name}
        book.add_assignment(name)
        book.add_notebook(name, name)
        for half in ("one", "two"):
            book.add_grade_cell(half, max_score=maximum / 2, cell_type="code", **where)
        book.add_solution_cell("answer", **where)
    for student, first, last, email, *points, lost in reversed(CLASS):
        book.add_student(student, first_name=first, last_name=last, email=email)
        for name, got in zip(MAXIMA, points, strict=True):
            if isinstance(got, str):
                continue
            (work,) = book.add_submission(name, student, timestamp=datetime(2026, 11, 2)).notebooks
            work.late_submission_penalty = lost if name == "sums" else 0.0
            for grade in work.grades:
                grade.needs_manual_grade = got is None and grade.name == "two"
                grade.auto_score = 0.25 if got is None else got / 2
            if student == "ada":
                work.comments[0].manual_comment = COMMENT
    book.db.commit()


@pytest.fixture(scope="module", autouse=True)
def no_alembic():
    """nbgrader asks it for a version when it makes a gradebook, which takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbgrader.api.get_alembic_version", lambda: "of this test")
        yield


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}") as book:
        fill(book)
        yield book


@pytest.fixture
def export(book, tmp_path, caplog):
    """Run an export; returns its rows, and what it warned of."""

    def run(kind, **options):
        caplog.clear()
        plugin = kind(to=str(tmp_path / "out.csv"), **options)
        plugin.log.propagate = True
        plugin.export(book)
        text = (tmp_path / "out.csv").read_text(encoding="utf-8")
        warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
        return list(csv.reader(io.StringIO(text, newline=""))), warned

    return run


def score(row, name):
    """What a student should get: with the penalty, None where no mark is."""
    *_, sums, essay, lost = row
    got = {"sums": sums, "essay": essay}[name]
    return got if got is None or isinstance(got, str) else max(0, got - lost * (name == "sums"))


def moodle_reads(rows):
    """Moodle's view: blanks are taken off, a row is a user, '-' is no grade."""
    header, *rows = [[cell.strip() for cell in row] for row in rows]
    found = {}
    for name, *cells in rows:
        assert name, "Moodle would give these grades to the user in the row above"
        assert name not in found
        found[name] = dict(zip(header[1:], cells, strict=True))
    return header, found


def test_moodle_gets_the_score_of_everybody_whose_address_is_known(export):
    rows, warned = export(Moodle)
    header, found = moodle_reads(rows)
    assert header == ["Email address", "essay", "sums"]
    assert set(found) == {row[3] for row in CLASS if row[3] and row[0] != "eve"}
    for row in CLASS:
        for name in MAXIMA if row[3] in found else ():
            expected = score(row, name)
            cell = found[row[3]][name]
            if expected is None or isinstance(expected, str):
                assert cell == "-"
            else:
                assert float(cell) == pytest.approx(expected, abs=1e-4)
    assert any("Email address missing: dee" in line for line in warned)
    assert any("3 scores wait for marks by hand" in line for line in warned)


@pytest.mark.parametrize("kind", [Moodle, Canvas])
def test_no_cell_is_a_formula(kind, export):
    rows, _ = export(kind, **({"feedback": True} if kind is Moodle else {}))
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(FORMULA) or cell == "-"


def test_moodle_can_know_students_by_their_user_name(export):
    header, found = moodle_reads(export(Moodle, identifier="Username")[0])
    assert header[0] == "Username"
    assert set(found) == {row[0] for row in CLASS if row[0] != "eve"}


def test_who_has_no_mark_at_all_has_no_row_since_a_dash_would_take_one_away(export):
    options = {"identifier": "Username", "assignment": ["essay"]}
    assert set(moodle_reads(export(Moodle, **options)[0])[1]) == {"ada", "carl", "dee", "fay"}
    assert len(moodle_reads(export(Moodle, ungraded="zero", **options)[0])[1]) == len(CLASS)


def test_options_say_what_counts(export):
    def read(**options):
        return moodle_reads(export(Moodle, identifier="Username", **options)[0])[1]

    assert read()["bo"] == {"sums": "1.5", "essay": "-"}
    assert read(late_penalty=False)["bo"] == {"sums": "2", "essay": "-"}
    assert read(ungraded="zero")["fay"] == {"sums": "0", "essay": "0"}
    assert read(provisional=True)["eve"] == {"sums": "0.5", "essay": "0.5"}
    assert read(assignment=["sums"], student=["ada", "bo"]) == {
        "ada": {"sums": "3.5"}, "bo": {"sums": "1.5"},
    }  # fmt: skip
    assert read(columns={"sums": "Homework 1"})["ada"] == {"Homework 1": "3.5", "essay": "2"}


def test_moodle_gets_the_comments_beside_the_grades(export):
    _, found = moodle_reads(export(Moodle, identifier="Username", feedback=True)[0])
    assert found["ada"]["sums"] == "3.5"
    assert found["ada"]["sums (feedback)"].replace("\\ ", "\\") == COMMENT
    assert '\\"' not in found["ada"]["sums (feedback)"]
    assert found["bo"]["sums (feedback)"] == ""


ROSTER = """\ufeff"First name";"Last name";"ID number";"Email address"
Ada;Lovelace;001;ada@uni.org
Bo;B;002;bo@uni.org
Bo;B;003;another@uni.org
Fay;F;;
"""


def test_a_roster_tells_moodle_who_is_whom(tmp_path):
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    options = {"roster": str(tmp_path / "roster.csv"), "match": ["First name", "Last name"]}
    with Gradebook("sqlite://") as other:
        other.add_assignment("sums")
        for name in ("Ada Lovelace", "Bo B", "Fay F", "Gil G"):  # as zip_collect reads them
            other.add_student(name)
        plugin = Moodle(to=str(tmp_path / "out.csv"), ungraded="zero", **options)
        plugin.export(other)
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert rows == ["Email address,sums", "ada@uni.org,0"]


@pytest.mark.parametrize("kind", [Moodle, Canvas])
def test_of_two_students_with_one_address_the_second_is_left_out_and_named(kind, tmp_path, caplog):
    with Gradebook("sqlite://") as other:
        other.add_assignment("sums")
        for name in ("ada", "bo"):
            other.add_student(name, email="both@x.org")
        plugin = kind(to=str(tmp_path / "out.csv"), field="email", ungraded="zero")
        plugin.log.propagate = True
        plugin.export(other)
    assert (tmp_path / "out.csv").read_text().count("both@x.org") == 1
    assert f"{plugin.identifier} not unique: bo" in caplog.text


CANVAS = '''\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Sums! (77),essay (78),Quiz (79),Final Score
,,,,,,Manual Posting,,,
    Points Possible,,,,,,10,2,5,(read only)
"Lovelace, Ada",101,A1,ada,S1,kind,,1,5,50
"B, Bo",102,B1,bo,"S1 and S2",,7,EX,4,40
"=""=1+1""",103,C1,=carl,S1,,3,,,
"Twin, One",104,T1,dee,S1,,,,,
"Twin, Two",105,T2,dee,S1,,,,,
"Student, Test",999,,,S1,,,,,
'''


@pytest.fixture
def canvas_file(tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS, encoding="utf-8")
    return str(path)


def test_canvas_s_own_gradebook_is_filled_in(export, canvas_file):
    rows, warned = export(Canvas, roster=canvas_file, columns={"sums": "Sums!"})
    header, posting, points, *students = rows
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section",
                      "essay (78)", "Sums! (77)"]  # fmt: skip
    assert posting == ["", "", "", "", "", "", "Manual Posting"]
    assert points == ["    Points Possible", "", "", "", "", "2", "10"]
    marks = {row[1]: row[5:] for row in students}
    assert marks == {
        "101": ["2", "3.5"],
        "102": ["EX", "1.5"],  # excused in Canvas, whatever is in the gradebook
        "103": ["", "3"],  # carl is =carl for Canvas: not known, and left as it is
        "104": ["", ""],  # two of one name: neither gets dee's score
        "105": ["", ""],
        "999": ["", ""],
    }
    assert students[2][0] == '\'="=1+1"'
    assert any("out of 4 points in nbgrader and of 10" in line for line in warned)
    assert any("carl, dee, eve, fay" in line for line in warned)


def test_what_has_no_mark_keeps_what_canvas_has(export, canvas_file):
    options = {"roster": canvas_file, "assignment": ["essay"], "identifier": "SIS Login ID"}
    rows, _ = export(Canvas, student=["eve"], **options)
    assert [row[-1] for row in rows[3:]] == ["1", "EX", "", "", "", ""]
    rows, _ = export(Canvas, student=["eve"], ungraded="zero", **options)
    assert [row[-1] for row in rows[3:]] == ["0", "EX", "0", "0", "0", "0"]


def test_canvas_without_its_gradebook_knows_students_by_login_and_assignments_by_title(export):
    rows, warned = export(Canvas)
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "essay", "sums"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "2", "4"]
    found = {row[3]: row for row in rows[2:]}
    assert set(found) == {row[0] for row in CLASS}
    assert found["ada"] == ["Lovelace, Ada", "", "", "ada", "", "2", "3.5"]
    assert found["carl"][0].startswith("'=1+1, ")
    rows, warned = export(Canvas, field="email")
    assert "bo" not in {row[3] for row in rows}
    assert any("SIS Login ID a formula: carl" in line for line in warned)
    assert any("SIS Login ID missing: dee" in line for line in warned)


@pytest.mark.parametrize("kind", [Moodle, Canvas])
def test_the_database_is_asked_twice_however_many_students_there_are(kind, book, tmp_path):
    asked = []
    event.listen(book.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    book.db.expire_all()
    kind(to=str(tmp_path / "out.csv"), identifier=kind().identifier).export(book)
    assert sum("FROM student" in statement for statement in asked) == 1
    assert len(asked) <= 2


def test_scores_are_those_of_nbgrader_s_own_export(export, book, tmp_path):
    CsvExportPlugin(to=str(tmp_path / "theirs.csv"), student=["ada", "dee"]).export(book)
    with (tmp_path / "theirs.csv").open() as file:
        theirs = {(row["student_id"], row["assignment"]): float(row["score"])
                  for row in csv.DictReader(file)}  # fmt: skip
    _, ours = moodle_reads(export(Moodle, identifier="Username", student=["ada", "dee"])[0])
    assert len(theirs) == 4
    for (student, name), expected in theirs.items():
        assert float(ours[student][name]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"assignment": ["sum"]}, "no assignment 'sum' in the gradebook: there is essay, sums"),
        ({"roster": "nowhere.csv"}, "nowhere.csv"),
        ({"roster": "empty.csv"}, "empty.csv is empty"),
        ({"roster": "other.csv"}, "other.csv has no column 'SIS Login ID': there is a, b"),
        ({"roster": "latin.csv"}, "codec can't decode"),
        ({"roster": "canvas.csv", "assignment": ["sums"]}, "no column for 'sums'"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(
    options, says, book, canvas_file, tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "latin.csv").write_bytes("Student,ID\nMüller,1".encode("latin-1"))
    (tmp_path / "old.csv").write_text("last week's")
    plugin = Canvas(to="old.csv", **options)
    plugin.log.propagate = True
    with pytest.raises(SystemExit) as stopped:
        plugin.export(book)
    assert stopped.value.code == 2
    (said,) = [record.getMessage() for record in caplog.records]
    assert says in said
    assert "\n" not in said
    assert (tmp_path / "old.csv").read_text() == "last week's"
    assert not list(tmp_path.glob("*.part"))


def test_an_empty_gradebook_has_nothing_to_export(tmp_path, caplog):
    with Gradebook("sqlite://") as book, pytest.raises(SystemExit, match="2"):
        Moodle(to=str(tmp_path / "out.csv")).export(book)
    assert not (tmp_path / "out.csv").exists()


def test_nbgrader_export_finds_the_plug_ins_and_their_options(book, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = ExportApp()
    name = f"{Moodle.__module__}.{Moodle.__qualname__}"
    app.initialize([f"--exporter={name}", "--to=out.csv", f"--db={book.engine.url}",
                    "--Moodle.identifier=Username", "--assignment=sums"])  # fmt: skip
    app.start()
    assert (tmp_path / "out.csv").read_text().splitlines()[:2] == ["Username,sums", "ada,3.5"]
