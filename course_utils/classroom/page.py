"""The page that a student gets back: one file that loads nothing and runs nothing.

Of Markdown, outputs and comments a list of what may stay remains, whoever wrote them. Formulas
become MathML when the page is made. The page's content security policy says the same once more to
the browser: no script, and no style sheet, font or picture from elsewhere.
"""

import base64
import contextlib
import functools
import re
import secrets
from html import escape

from bleach.html5lib_shim import Filter
from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from course_utils.classroom.formulas import mathml
from course_utils.grading.markup import is_long

# What is larger is shown as it was typed: to read hostile nonsense takes time with its square.
MOST_TAGS = 5_000  # in one piece of HTML
MOST_WORDS = 100  # in one tag

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
# Attributes, and what their values begin with. The classes are those of Pygments.
ATTRIBUTES = {
    **dict.fromkeys(("alt", "colspan", "height", "open", "rowspan", "start", "title", "width"), ""),
    "class": r"(highlight|[a-z]{1,2}[0-9a-z]?|formula-[0-9a-f]{32}-\d+)\Z",
    "href": r"https?://|mailto:|#",
    "src": r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]*\Z",
}


class FeedbackExporter(HTMLExporter):
    """nbgrader's notebook with marks, as a page for its student.

    `configure` points its template_name and extra_template_basedirs to this package, apart from
    those of `HTMLExporter`, which are the Formgrader's.
    """

    def default_filters(self):
        yield from super().default_filters()
        yield "show", show
        yield "code", code
        yield "points", points
        yield "inline", inline

    def from_notebook_node(self, nb, resources=None, **keywords):
        # `HTMLExporter` would parse the page once more, which takes as long as to make it.
        return super(HTMLExporter, self).from_notebook_node(nb, resources, **keywords)

    def _init_resources(self, resources):
        resources = super()._init_resources(resources)
        resources["pygments_css"] = HtmlFormatter().get_style_defs(".highlight")
        return resources

    @pass_context
    def markdown2html(self, context, source, attachments=None):
        folder = self.pictures(context["resources"])
        if attachments:
            return markdown(source, attachments=attachments, folder=folder)
        return shared_markdown(source, folder=folder)

    def pictures(self, resources):
        """The folder whose pictures a text may show: what the course has released, no student's."""
        coursedir = getattr(self.parent, "coursedir", None)
        if coursedir is None or "nbgrader" not in resources:
            return ""
        assignment = resources["nbgrader"]["assignment"]
        return coursedir.format_path(coursedir.release_directory, ".", assignment)


# Markdown


def markdown(source, *, attachments=None, folder=""):
    """Harmless HTML of a Markdown text with formulas.

    Parameters
    ----------
    source : str
    attachments : mapping, optional
        Of the cell, as nbformat has them.
    folder : str
        Where pictures may be read; "" for nowhere.

    Examples
    --------
    >>> markdown("*so* <b onclick='x()'>it</b> <iframe src=//x></iframe>is")
    '<p><em>so</em> <b>it</b> is</p>\\n'
    """
    if not is_long(source):
        renderer = Renderer(attachments, folder)
        try:
            html = MarkdownWithMath(renderer=renderer).render(source)
            return renderer.written(clean(html), lambda made, _: made)
        except RecursionError:  # quotes in quotes in quotes
            pass
    return f"<pre>{escape(source)}</pre>"


shared_markdown = functools.lru_cache(256)(markdown)  # most texts are the course's, on every page


class Renderer(IPythonRenderer):
    """Markdown to HTML that is still to be cleaned, with formulas kept aside in `formulas`."""

    def __init__(self, attachments=None, folder=""):
        super().__init__(
            escape=False, attachments=attachments, embed_images=bool(folder), path=folder,
            exclude_anchor_links=True,
        )  # fmt: skip
        self.formulas = []
        self.key = secrets.token_hex(16)  # that nobody can have typed

    def formula(self, body, left, right, *, display):
        made = mathml(body, display=display)
        if made is None:
            return f"<code>{escape(left + body + right)}</code>"
        self.formulas.append((made, body))
        return f'<span class="formula-{self.key}-{len(self.formulas) - 1}"></span>'

    def written(self, html, choose):
        """`html` with what `choose` makes of each formula, (MathML, LaTeX), in its place."""
        place = f'<span class="formula-{self.key}-(\\d+)"></span>'
        return re.sub(place, lambda match: choose(*self.formulas[int(match[1])]), html)

    def inline_math(self, body):
        return self.formula(body, "$", "$", display=False)

    def block_math(self, body):
        return self.formula(body, "$$", "$$", display=True)

    def latex_environment(self, name, body):
        return self.formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "", "", display=True)

    def image(self, text, url, title=None):
        text = self.written(text, lambda _, latex: f"${latex}$")
        try:
            return super().image(text, url, title)
        except (InvalidNotebook, StopIteration):  # an attachment that is not there
            return escape(text)


def inline(html):
    """What stands in a heading, without links, to be made a link of its own."""
    return re.sub(r"</?(h1|a)\b[^<>]*>", "", html).strip()


# HTML


def clean(html):
    """HTML without anything that could run, load, or pass for a part of the page."""
    words = [len(tag.split()) for tag in re.findall("<[^<>]*", html)]
    if len(words) > MOST_TAGS or sum(words) > 5 * MOST_TAGS or max(words, default=0) > MOST_WORDS:
        return f"<pre>{escape(html)}</pre>"
    html = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)", "", html)  # that is no text to read
    return Cleaner(
        tags=TAGS, attributes=allowed, protocols={"http", "https", "mailto", "data"}, strip=True,
        filters=[WordsForPictures],
    ).clean(html)  # fmt: skip


def allowed(tag, name, value):
    return name in ATTRIBUTES and re.match(ATTRIBUTES[name], value) is not None


class WordsForPictures(Filter):
    """Where a picture is not to be loaded, its description stays."""

    def __iter__(self):
        for token in super().__iter__():
            if token.get("name") == "img" and (None, "src") not in token["data"]:
                words = token["data"].get((None, "alt"), "")
                token = {"type": "Characters", "data": words}
            yield token


# Cells


@functools.lru_cache(256)
def code(source, language):
    """A code cell's source in the colours of its language."""
    lexer = TextLexer(stripnl=False)
    if not is_long(source):
        with contextlib.suppress(ClassNotFound):
            lexer = get_lexer_by_name(language, stripnl=False)
    return highlight(source, lexer, HtmlFormatter())


def show(output):
    """Harmless HTML of one output of a code cell."""
    if output.output_type == "stream":
        return text("stderr" if output.name == "stderr" else "stdout", output.text)
    if output.output_type == "error":
        return text("error", "\n".join(output.traceback))
    for mime, made in SHOWN.items():
        if isinstance(output.get("data", {}).get(mime), str):
            return made(output.data[mime])
    return ""


def text(kind, words):
    return f'<pre class="{kind}">{ansi2html(words)}</pre>'


def picture(mime, data):
    try:
        data = base64.b64encode(base64.b64decode("".join(data.split()), validate=True)).decode()
    except ValueError:
        return ""
    return f'<img alt="A picture that this cell made" src="data:{mime};base64,{data}">'


def vector_picture(data):
    """SVG as a picture: in one, no script runs and nothing is loaded."""
    return picture("image/svg+xml", base64.b64encode(data.encode()).decode())


def latex(source):
    return mathml(source.strip().strip("$"), display=True) or f"<code>{escape(source)}</code>"


# What an output is shown as: the first of these that it offers.
SHOWN = {
    "text/html": clean,
    "text/markdown": markdown,
    "image/svg+xml": vector_picture,
    "text/latex": latex,
    "image/png": functools.partial(picture, "image/png"),
    "image/jpeg": functools.partial(picture, "image/jpeg"),
    "text/plain": functools.partial(text, "result"),
}


def points(number):
    """A number of points, without noughts behind it.

    Examples
    --------
    >>> points(2.0), points(1 / 3)
    ('2', '0.33')
    """
    return f"{round(number or 0, 2):g}"
