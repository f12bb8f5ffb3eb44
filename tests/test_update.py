"""`course update`: the new release, and not a line of the student's is lost."""

import copy
import json
import os

import nbformat
import pytest
from conftest import cell, make_course
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils.cli import main
from course_utils.commands.release import generate
from course_utils.commands.update import NOTE, merge
from course_utils.doctor import manifest

NAME = "01_sums.ipynb"
SOLUTION = "    ### BEGIN SOLUTION\n    return 3\n    ### END SOLUTION"
IDS = ("title", "total", "total-of-two", "mean", "mean-of-two", "why", "essay", "showcase")


def add_showcase(cells):
    cells.append(cell("code", "showcase", "total([1, 2])\nmean([1, 2])"))


def correct(cells):
    """A text, a check and a stub are corrected; an exercise goes and another one comes."""
    places = {each["id"]: each for each in cells}
    places["title"]["source"] = "# Sums, corrected"
    places["total-of-two"]["source"] = "assert total([1, 4]) == 5\nassert total([2, 4]) == 6"
    places["total"]["source"] = places["total"]["source"].replace("(x)", "(x, start=0)", 1)
    places["showcase"]["source"] = "total([1, 2, 3])"
    for name in ("mean", "mean-of-two"):
        cells.remove(places[name])
    cells[-1:-1] = [
        cell("markdown", "median-task", "## The median"),
        cell("code", "median", f"def median(x):\n{SOLUTION}", solution=True),
        cell("code", "median-of-one", "assert median([3]) == 3", grade=True, locked=True, points=1),
    ]


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """An assignment as it was handed out first, and as it is handed out again."""
    made = []
    for number, change in enumerate(
        (add_showcase, lambda cells: (add_showcase(cells), correct(cells)))
    ):
        root = make_course(tmp_path_factory.mktemp("course") / str(number))
        source = root / "solutions" / "01_sums" / NAME
        tree = json.loads(source.read_text())
        change(tree["cells"])
        source.write_text(json.dumps(tree))
        generate(root, ["01_sums"], root / "assignments")
        made.append(json.loads((root / "assignments" / "01_sums" / NAME).read_text()))
    for tree in made:
        for each in tree["cells"]:
            each["source"] = "".join(each["source"])
    return made


@pytest.fixture
def files(releases, tmp_path):
    """The old release as a student's, and the new one beside it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "new").mkdir()
    paths = tmp_path / "mine" / NAME, tmp_path / "new" / NAME
    for path, tree in zip(paths, releases, strict=True):
        path.write_text(json.dumps(tree, indent=1) + "\n")
    return paths


def edit(path, change):
    tree = json.loads(path.read_text())
    change(tree["cells"])
    path.write_text(json.dumps(tree))


def sources(path):
    return {each["id"]: "".join(each["source"]) for each in json.loads(path.read_text())["cells"]}


def update(mine, new):
    return main(["update", str(mine), str(new)])


def rewrite(**texts):
    def change(cells):
        for each in cells:
            each["source"] = texts.get(each["id"].replace("-", "_"), each["source"])

    return change


# What is written.


def test_answers_and_own_cells_move_into_the_new_release(files, capsys):
    mine, new = files
    edit(mine, rewrite(total="def total(x):\n    return sum(x)", mean="mean = max", why="So.",
                       showcase="total([9])", total_of_two="assert True"))  # fmt: skip
    edit(mine, lambda cells: cells.insert(2, cell("code", "scratch", "total([5])")))
    before = mine.read_bytes()
    assert update(mine, new) == 0
    assert [*sources(mine).values()] == [
        "# Sums, corrected",
        "def total(x):\n    return sum(x)",
        "total([5])",
        "assert total([1, 4]) == 5\nassert total([2, 4]) == 6",
        "So.",
        sources(new)["essay"],
        "## The median",
        sources(new)["median"],
        "assert median([3]) == 3",
        "total([1, 2, 3])",
        "total([9])",
        NOTE,
        "mean = max",
    ]
    written = nbformat.reads(mine.read_text(), as_version=4)
    assert manifest.read(written) == manifest.read(nbformat.reads(new.read_text(), as_version=4))
    marked = {each.id: each.metadata for each in written.cells if "nbgrader" in each.metadata}
    assert marked == {
        each["id"]: each["metadata"] for each in json.loads(new.read_text())["cells"]
        if "nbgrader" in each["metadata"]
    }  # fmt: skip
    assert mine.with_name("01_sums.before-update.ipynb").read_bytes() == before
    said = capsys.readouterr().out
    for line in (
        "kept  your answer to total\n",
        "look  total has changed in the release, where it begins with: def total(x, start=0):\n",
        "back  total-of-two is as released again",
        "kept  your answer to why\n",
        "kept  your version of showcase, below the release's",
        "kept  what you wrote in mean, at the end",
        "kept  1 cell of your own\n",
        "new   title (# Sums, corrected): corrected",
        "new   median (def median(x):",
        "gone  mean-of-two\n",
        "As it was: 01_sums.before-update.ipynb\n",
    ):
        assert line in said, line


def test_updating_again_changes_nothing_and_says_so(files, capsys):
    mine, new = files
    edit(mine, rewrite(total="total = sum", mean="mean = max", showcase="1"))
    assert update(mine, new) == 0
    before = {path: path.read_bytes() for path in mine.parent.iterdir()}
    capsys.readouterr()
    assert update(mine, new) == 0
    assert "is up to date" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in mine.parent.iterdir()} == before


def test_the_same_release_puts_back_what_was_deleted_or_changed(files):
    mine, _ = files
    old = mine.with_name("old.ipynb")
    old.write_bytes(mine.read_bytes())

    def harm(cells):
        cells[2]["source"] = "assert True"
        del cells[3]

    edit(mine, harm)
    assert update(mine, old) == 0
    assert sources(mine) == sources(old)


def test_outputs_attachments_and_what_jupyter_notes_stay(files):
    mine, new = files
    tree = json.loads(mine.read_text())
    output = {"output_type": "stream", "name": "stdout", "text": "3\n"}
    showcase, why = tree["cells"][-1], tree["cells"][5]
    total = tree["cells"][1]
    total |= {"source": "total = sum", "outputs": [output], "execution_count": 4}
    total["metadata"] |= {"collapsed": True, "deletable": True, "tags": ["mine"]}
    why |= {"source": "![p](attachment:p.png)", "attachments": {"p.png": {"image/png": "aa"}}}
    showcase |= {"outputs": [output]}
    tree["metadata"] |= {"language_info": {"name": "python"}, "widgets": {}}
    tree["metadata"]["kernelspec"]["name"] = "my-environment"
    mine.write_text(json.dumps(tree))
    assert update(mine, new) == 0
    after = json.loads(mine.read_text())
    cells = {each["id"]: each for each in after["cells"]}
    assert cells["total"]["outputs"][0]["name"] == "stdout"
    assert cells["total"]["execution_count"] == 4
    assert cells["total"]["metadata"]["collapsed"]
    assert cells["total"]["metadata"]["deletable"] is False
    assert "tags" not in cells["total"]["metadata"]
    assert cells["why"]["attachments"] == why["attachments"]
    assert cells["showcase"]["outputs"] == []  # of a text that is no longer there
    assert after["metadata"]["language_info"] == {"name": "python"}
    assert after["metadata"]["kernelspec"]["name"] == "my-environment"


def test_without_ids_and_marks_the_course_s_own_cells_are_still_known(files):
    """By their texts, so that none of the old release stays behind as a cell of the student's."""
    mine, new = files

    def strip(cells):
        for number, each in enumerate(cells):
            each |= {"id": f"lost-{number}", "metadata": {}}

    edit(mine, strip)
    assert update(mine, new) == 0
    assert sources(mine) == sources(new)


def test_a_function_of_the_student_s_is_no_answer_to_a_new_exercise_of_its_name(files):
    mine, new = files
    text = "def median(x):\n    return 3"
    edit(mine, lambda cells: cells.append(cell("code", "helper", text)))
    assert update(mine, new) == 0
    assert sources(mine) == {**sources(new), "helper": text}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_who_may_read_the_file_stays_as_it_was(files):
    mine, new = files
    mine.chmod(0o640)
    assert update(mine, new) == 0
    assert mine.stat().st_mode & 0o777 == 0o640


def test_a_course_whose_notebooks_have_no_cell_ids_is_updated_as_well(releases, tmp_path, capsys):
    """Format 4.4, in which many courses are still written; JupyterLab gives ids as it saves."""
    mine, new = tmp_path / NAME, tmp_path / "new.ipynb"
    for path, tree in zip((mine, new), copy.deepcopy(releases), strict=True):
        notebook = nbformat.from_dict({**tree, "nbformat_minor": 4})
        for each in notebook.cells:
            del each["id"]
        notebook = manifest.RecordCells().preprocess(notebook, {})[0]
        nbformat.validate(notebook)
        path.write_text(nbformat.writes(notebook))

    def work(cells):
        cells[1]["source"] = "total = sum"
        cells[-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "3\n"}]
        cells.insert(0, cell("code", "own", "mine"))
        del cells[0]["id"]

    edit(mine, work)
    assert update(mine, new) == 0
    course = ["".join(each["source"]) for each in json.loads(new.read_text())["cells"]]
    course[1] = "total = sum"
    assert [*sources(mine).values()] == ["mine", *course]
    capsys.readouterr()
    assert update(mine, new) == 0
    assert "is up to date" in capsys.readouterr().out


def test_a_backup_never_takes_the_place_of_another(files):
    mine, new = files
    kept = mine.with_name("01_sums.before-update.ipynb")
    kept.write_text("older")
    before = mine.read_bytes()
    assert update(mine, new) == 0
    assert kept.read_text() == "older"
    assert mine.with_name("01_sums.before-update-2.ipynb").read_bytes() == before


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_where_writing_fails_all_is_as_it_was(step, files, monkeypatch, capsys):
    mine, new = files
    before = mine.read_bytes()

    def refuse(*_):
        raise PermissionError("the file is open elsewhere")

    monkeypatch.setattr(f"os.{step}", refuse)
    assert update(mine, new) == 2
    assert "is as it was" in capsys.readouterr().err
    assert [path.name for path in mine.parent.iterdir()] == [NAME]
    assert mine.read_bytes() == before


def test_a_release_without_a_list_takes_the_old_one_away(files):
    mine, new = files
    tree = json.loads(new.read_text())
    del tree["metadata"]["course"]
    new.write_text(json.dumps(tree))
    edit(mine, rewrite(total="total = sum"))
    assert update(mine, new) == 0
    assert sources(mine) == {**sources(new), "total": "total = sum"}
    assert not manifest.read(manifest.load(mine))[1]
    edit(new, rewrite(total="total = max"))
    assert update(mine, new) == 2


# What is refused.


def another_assignment(tree):
    tree["metadata"]["course"]["notebook"] = "02_products"


def nothing_in_common(tree):
    del tree["metadata"]["course"]
    tree["cells"] = tree["cells"][:1]


def worked_in(tree):
    tree["cells"][1]["source"] = "total = sum"


def broken(tree):
    del tree["cells"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (another_assignment, "are different assignments"),
        (nothing_in_common, "are different assignments"),
        (worked_in, "is no release"),
        (broken, "not a valid notebook"),
    ],
)
def test_what_cannot_be_the_new_release_is_refused(change, said, files, capsys):
    mine, new = files
    tree = json.loads(new.read_text())
    change(tree)
    new.write_text(json.dumps(tree))
    before = mine.read_bytes()
    assert update(mine, new) == 2
    assert said in capsys.readouterr().err
    assert update(mine, mine) == 2
    assert [path.read_bytes() for path in mine.parent.iterdir()] == [before]


# No text of a student's is lost.


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_student_did_every_line_of_theirs_is_kept(releases, data):
    """Cells answered, edited, copied, deleted, moved, without marks, ids or the release's list."""
    tree = copy.deepcopy(releases[0])
    new = nbformat.from_dict(copy.deepcopy(releases[1 if data.draw(st.booleans(), "new") else 0]))
    written = set()

    def write(each, text):
        each["source"] = text
        written.add(text)

    for name in IDS:
        here = next(each for each in tree["cells"] if each["id"] == name)
        locked = here["metadata"].get("editable") is False
        does = data.draw(st.sampled_from(["nothing", "write", "copy", "delete", "copies"]), name)
        if does == "write" and not locked:
            write(here, f"def {name}(x):\n    return {len(written)}")
        elif does == "delete":
            tree["cells"].remove(here)
        elif does in ("copy", "copies"):
            copied = {**copy.deepcopy(here), "id": f"copy-{name}"}
            tree["cells"].append(copied)
            if does == "copies" and not locked:
                write(copied, f"# copy of {name}")
    for number in range(data.draw(st.integers(0, 3), "own cells")):
        text = data.draw(st.sampled_from(["def median(x): 0", "def total(x): 0", "# Sums", "x"]))
        mine = cell(data.draw(st.sampled_from(["code", "markdown"])), f"own-{number}", "")
        write(mine, f"{text}{number}")
        tree["cells"].insert(data.draw(st.integers(0, len(tree["cells"]))), mine)
    if data.draw(st.booleans(), "moved"):
        tree["cells"] = data.draw(st.permutations(tree["cells"]), "order")
    if data.draw(st.booleans(), "ids lost"):
        for number, each in enumerate(tree["cells"]):
            each["id"] = f"lost-{number}"
    if data.draw(st.booleans(), "marks lost"):
        for each in tree["cells"]:
            each["metadata"] = {}
    if data.draw(st.booleans(), "list lost"):
        del tree["metadata"]["course"]

    student = nbformat.from_dict(tree)
    result, _ = merge(student, new)
    nbformat.validate(result)
    lost = written - {each.source for each in result.cells}
    assert not lost
    # The release is there, whole and in order, with nothing but answers and outputs changed.
    ids = [each.id for each in new.cells]
    course = [each for each in result.cells if each.id in ids]
    assert [each.id for each in course] == ids
    for each, released in zip(course, new.cells, strict=True):
        assert each.metadata.get("nbgrader") == released.metadata.get("nbgrader")
        assert each.source == released.source or manifest.role(released) == "answer"
    others = [each for each in result.cells if each.id not in ids]
    assert not any("nbgrader" in each.metadata for each in others)
    # Once is enough.
    again, _ = merge(result, new)
    assert again == result
