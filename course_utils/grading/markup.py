"""Keep what students write from running in the browser of whoever marks it.

nbgrader's Formgrader puts Markdown and raw cells into its page as they are, beside the buttons that
give points. So each cell is rendered here as it will be there, and what comes out may hold no more
than plain markup: no script, no frame, no form, no event, no address but of the web. A cell with
more is not mended but shown as it is written, in a block of code.
"""

import functools
import html
import re

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML

TAG = re.compile(
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)
        (?P<attributes>(?:\s+[a-zA-Z][a-zA-Z-]*
            (?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+))?)*)\s*/?>""",
    re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"']+))?""")
TASK = '<input class="task-list-item-checkbox" type="checkbox" disabled/>'  # of "- [ ]"
# Looked for in one pass: a browser takes what begins within a tag for a part of it.
PLAIN = re.compile(rf"<!--(?!-?>)[^<>]*-->|{re.escape(TASK)}|{TAG.pattern}", re.VERBOSE)
SCOPED = re.compile(r"<style scoped>[^<]*</style>")  # which pandas puts around its tables
TAGS = re.compile(
    "a|abbr|b|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|details|div|dl|dt|em|"
    "figcaption|figure|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|samp|small|span|strike|"
    "strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var"
)
ATTRIBUTES = re.compile(
    "align|alt|bgcolor|border|cellpadding|cellspacing|class|color|colspan|face|height|href|id|open|"
    "rowspan|size|span|src|start|style|target|title|valign|width"
)
CLASS = re.compile(  # of what Markdown, Pygments and pandas write; the page's buttons have others
    r"highlight|language-\w+|anchor-link|headerlink|task-list-item|footnotes?|footnote-ref|"
    r"dataframe|data|blank|index_name|(?:row|col)_heading|(?:row|col|level)\d+|[a-z]{1,2}\d?"
)
ADDRESS = re.compile(r"https?:|mailto:|attachment:|#|[^:]*$|data:image/(png|jpeg|gif);base64,")
# A page that shows a picture asks for it, and `/logout` would be asked for as well.
PICTURE = re.compile(
    r"attachment:|data:image/(png|jpeg|gif);base64,|(https?:)?[^:?#]*\.(png|jpe?g|gif|webp)$"
)
ANY = re.compile(".*", re.S)
STYLE = re.compile(r"(?!.*(?:position|url|expression|behavior))[\w\s:;#%.,()!-]*", re.I | re.S)
# Commands of MathJax that make links or touch the page around a formula.
COMMAND = re.compile(
    r"\\(?:href|url|require|cssId|class|style|unicode|bbox|mmlToken|html\w*)(?![a-z])", re.I
)
SAFE = ("text/plain", "image/png", "image/jpeg")
LONGEST = 20_000  # characters: to read hostile nonsense takes time with its square
MOST = 10 * LONGEST  # of all in a notebook
WARNING = "This cell is shown as it is written: its markup could run in a browser."


def harmless(page, taken=frozenset()):
    """Whether a piece of HTML is plain markup and nothing else, and has no id that is `taken`.

    Examples
    --------
    >>> harmless('<p>2 &lt; 3, <a href="https://numpy.org">says NumPy</a></p>')
    True
    >>> [harmless(page) for page in ("<script>", "<b onclick=f()>", "<a href=' javascript:f()'>")]
    [False, False, False]
    """
    words = PLAIN.sub("", page)
    if "<" in words or not harmless_formulas(words) or not harmless_formulas(page):
        return False
    return all(
        TAGS.fullmatch(tag["name"].lower())
        and all(_harmless_attribute(*pair, taken) for pair in ATTRIBUTE.findall(tag["attributes"]))
        for tag in PLAIN.finditer(page)
        if tag["name"]
    )


def _harmless_attribute(name, value, taken):
    name, value = name.lower(), html.unescape(value.strip("\"'"))
    if name in ("href", "src"):
        kinds = ADDRESS if name == "href" else PICTURE
        return kinds.match(re.sub(r"[\x00-\x20]", "", value).lower())
    if name == "class":
        return all(map(CLASS.fullmatch, value.split()))
    if name == "id":  # a button gives points to the cell that it lies in, which it knows by its id
        return re.sub(r"(-comment|_extra_credit)$", "", value) not in taken
    return (STYLE if name == "style" else ANY).fullmatch(value) and ATTRIBUTES.fullmatch(name)


class Page:
    """A notebook's page: ids that are `taken` by graded cells, and how much more is to be read."""

    def __init__(self, taken=()):
        self.taken, self.left = frozenset(taken), MOST

    def reads(self, text):
        """Whether a text is read; no longer if all before it came to too much."""
        self.left -= len(text)
        return self.left > 0


def disarm_cell(cell, on):
    """Make a student's Markdown or raw cell one whose text cannot run on a `Page`, in place."""
    raw = cell.cell_type == "raw"
    if raw and "<" not in cell.source and not COMMAND.search(html.unescape(cell.source)):
        return
    if not raw and _is_plain(cell.source, on, cell.get("attachments")):
        return
    cell.source = _as_written(cell.source)
    if raw:
        cell.cell_type = "markdown"


def disarm_output(output, on):
    """Take out of an output the forms of it that could run, in place."""
    data = output.get("data", {})
    for kind in list(data):
        if kind == "text/html":
            data[kind] = _sanitised(data[kind], on)
        test = {
            "text/html": harmless_formulas,
            "text/latex": harmless_formulas,
            "text/markdown": lambda text: _is_plain(text, on),
        }.get(kind)
        if not data[kind] or not (test(data[kind]) if test else kind in SAFE):
            del data[kind]


def _sanitised(page, on):
    """HTML without what could run; nothing if it holds such and takes long to read."""
    page = SCOPED.sub("", page)
    if harmless(page, on.taken):
        return page
    short = len(page) <= LONGEST and on.reads(page)
    page = SanitizeHTML().sanitize_html_tags(page) if short else ""
    return page if harmless(page, on.taken) else ""


def harmless_formulas(text):
    """Whether no formula in a text can do more than look like one."""
    return not COMMAND.search(html.unescape(text))


def is_long(source):
    """Whether a text is larger than one that is rendered; pictures in it do not count."""
    return len(source) > LONGEST and len(re.sub("base64,[A-Za-z0-9+/=]+", "", source)) > LONGEST


def _is_plain(source, on, attachments=None):
    if is_long(source) or not on.reads(source[:LONGEST]):
        return False
    if attachments or len(source) > 2**14:
        return _renders_plain(source, on.taken, attachments or {})
    return _seldom_new(source, on.taken)


def _renders_plain(source, taken, attachments):
    renderer = IPythonRenderer(escape=False, attachments=attachments)
    try:
        return harmless(MarkdownWithMath(renderer=renderer).render(source), taken)
    except Exception:  # what cannot be rendered here would stop the page there
        return False


@functools.lru_cache(512)
def _seldom_new(source, taken):
    """The same for what most of a class has alike: the course's own text."""
    return _renders_plain(source, taken, {})


def _as_written(source):
    fence = "`" * (max(map(len, re.findall("`+", source)), default=2) + 3)
    return f"{WARNING}\n\n{fence}text\n{source}\n{fence}"
