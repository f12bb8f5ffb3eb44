"""LaTeX as MathML, which browsers typeset by themselves: no script, and nothing to load."""

import html
import re
import unicodedata
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import Converter

LONGEST = 5000  # characters; nobody reads more, and the time to convert them grows

# What latex2mathml does not know, in words that it does.
SPELLINGS = (
    (r"\\arg\s*\\(min|max)(?![A-Za-z])", r"\\arg\1"),
    (r"\\arg(?![A-Za-z])", r"\\operatorname{arg}"),
    (r"\\(begin|end)\{(aligned|split)\}", r"\\\1{align*}"),
    (r"\\(begin|end)\{gathered\}", r"\\\1{gather*}"),
    (r"\\label\{[^{}]*\}", ""),
)

# How many parts an element has to have.
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3,
         "munderover": 3}  # fmt: skip

TAGS = {
    "math", "menclose", "merror", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom",
    "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd",
    "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
ATTRIBUTES = {
    "accent", "accentunder", "columnalign", "depth", "display", "displaystyle", "fence", "form",
    "height", "largeop", "linethickness", "lspace", "mathcolor", "maxsize", "minsize",
    "movablelimits", "notation", "rspace", "scriptlevel", "separator", "stretchy", "symmetric",
    "voffset", "width", "xmlns",
}  # fmt: skip


def mathml(latex, *, display=False):
    r"""A formula as a `<math>` element, or None where it cannot be converted.

    Parameters
    ----------
    latex : str
        Without the dollars around it. Whoever wrote it need not be trusted: of what comes out only
        the elements and attributes of `TAGS` and `ATTRIBUTES` remain, and all text is escaped.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str or None

    Examples
    --------
    >>> mathml("x < 1").partition(">")[2]
    '<mrow><mi>x</mi><mo>&lt;</mo><mn>1</mn></mrow></math>'
    >>> mathml(r"\nonsense") is None
    True
    """
    if len(latex) > LONGEST or not latex.strip():
        return None
    words = latex
    for pattern, spelling in SPELLINGS:
        words = re.sub(pattern, spelling, words)
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(words)
        tree = _clean(tree)
    except Exception:  # whatever a student typed; the caller shows it as it is
        return None
    tree.set("alttext", latex.strip())
    return tostring(tree, encoding="unicode", short_empty_elements=False)


def _clean(element):
    """A copy with known elements and attributes only; a `ValueError` where something is unknown."""
    text = html.unescape(element.text or "")
    unknown = element.tag != "mtext" and re.search(r"\\[A-Za-z]|^&$", text)
    if element.tag not in TAGS or unknown or PARTS.get(element.tag, len(element)) != len(element):
        raise ValueError(f"expected a formula that is known in full; {text or element.tag} is not.")
    attributes = {name: value for name, value in element.items() if name in ATTRIBUTES}
    copy = Element(element.tag, attributes)
    variant = element.get("mathvariant")
    if variant == "normal":
        copy.set("mathvariant", variant)
    copy.text = "".join(_letter(char, variant) for char in text) if variant else text
    copy.extend(_clean(child) for child in element)
    return copy


def _letter(char, variant):
    """The letter of an alphabet such as "script": browsers know these as characters only."""
    style = variant.upper().replace("-", " ")
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(char, ""))
    for prefix in (f"MATHEMATICAL {style}", style):
        try:
            return unicodedata.lookup(f"{prefix} {name}")
        except KeyError:
            continue
    return char
