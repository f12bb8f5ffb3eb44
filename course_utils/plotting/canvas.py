"""What every picture shares: style, size, alt text, and the way to the screen.

    @picture
    def parabola(x):
        figure = blank(height=3)
        figure.subplots().plot(x, x**2, color=BLUE, linestyle=LINES[0], marker=MARKERS[0])
        return describe(figure, f"A parabola through {len(x)} points.")

    show(parabola(x))

Colour never speaks alone: whatever a colour tells apart, a marker, a line style or a hatch tells
apart as well.
"""

import base64
import functools
import io
from html import escape

import matplotlib
import matplotlib.style
from IPython.display import display
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

WIDTH = 9.0  # inches: the text column of a notebook on a laptop
SCREEN_DPI = 96  # CSS pixels an inch, the size at which the picture is shown
PIXELS_DPI = 144  # drawn finer than shown, for sharp screens

# Petroff, "Accessible color sequences for data visualization", arXiv:2107.02270 (2021).
BLUE, AMBER, RED, GREY, PURPLE, BROWN, ORANGE, SAND, SLATE, CYAN = map(
    to_hex, matplotlib.color_sequences["petroff10"]
)
INK = "#2b2f36"
FAINT = "#d9dcdf"

MARKERS = ("o", "s", "^", "D", "v", "<", ">")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

# A kind of thing looks the same in every lecture: axis.plot(x, y, **OBSERVED).
OBSERVED = {"color": INK, "marker": "o", "linestyle": "none", "markeredgecolor": "white"}
UNSEEN = {"color": SLATE, "marker": ".", "linestyle": "none", "markersize": 3.5}
TRUTH = {"color": INK, "linestyle": "--", "linewidth": 1.2}
LEARNED = {"color": BLUE, "linestyle": "-", "linewidth": 2}

STYLE = {
    "axes.edgecolor": SLATE,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "font.size": 10,
    "hatch.linewidth": 0.5,
    "legend.borderaxespad": 0.2,
    "legend.columnspacing": 1.6,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "text.color": INK,
    "xtick.color": SLATE,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": SLATE,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}

# CSS of text that is heard and not seen.
HEARD = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


def _styled():
    """The course's style, from Matplotlib's defaults and not from the reader's settings."""
    return matplotlib.style.context(["default", "petroff10", STYLE])


def picture(draw):
    """Decorator: draw in the course's style and leave the reader's settings as they were."""

    @functools.wraps(draw)
    def styled(*args, **kwargs):
        with _styled():
            return draw(*args, **kwargs)

    return styled


def blank(height, *, title_lines=1, legend_rows=1, wspace=0.2, hspace=0.2):
    """An empty figure, `height` inches high, with room at its edges, that pyplot does not know of.

    The room is fixed and not fitted to the labels: panels that stay in place while a slider moves
    are easier to compare, and drawn in half the time.
    """
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(
        left=0.7 / WIDTH,
        right=1 - 0.15 / WIDTH,
        top=1 - (0.12 + 0.2 * title_lines) / height,
        bottom=(0.6 + 0.22 * legend_rows) / height,
        wspace=wspace,
        hspace=hspace,
    )
    return figure


def legend(figure, axes, *, n_columns):
    """One legend below the panels, where it covers no data; a label is named once."""
    named = {}
    for axis in axes:
        handles, labels = axis.get_legend_handles_labels()
        named.update(zip(labels, handles, strict=True))
    figure.legend(named.values(), named, loc="lower center", ncols=n_columns)


def describe(figure, alt):
    """Store a sentence or two that say what the picture shows; returns the figure."""
    figure.set_label(alt)
    return figure


def alt_text(figure):
    """The sentence stored by `describe`."""
    return figure.get_label()


def number(value, digits=2):
    """A number for readers: fixed decimals, a true minus sign, and no minus zero."""
    return f"{value:z.{digits}f}".replace("-", "−")


def png(figure):
    """The figure as PNG bytes: the same figure gives the same bytes.

    A palette of 128 colours, which our flat drawings do not miss, makes a notebook a third as long.
    """
    drawn, small = io.BytesIO(), io.BytesIO()
    with _styled():
        figure.savefig(drawn, format="png", dpi=PIXELS_DPI)
    picture = Image.open(drawn).convert("RGB")
    picture.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(small, "png")
    return small.getvalue()


def bundle(figure):
    """(data, metadata) as Jupyter displays it: the picture, and its alt text in both.

    Returns
    -------
    tuple of dict
        Data by MIME type, `text/plain` being the alt text: the numbers in it can be read, searched
        and compared where a picture cannot. The metadata give the picture its size in CSS pixels.
    """
    width, height = (round(inches * SCREEN_DPI) for inches in figure.get_size_inches())
    alt = alt_text(figure)
    data = {"image/png": base64.b64encode(png(figure)).decode("ascii"), "text/plain": alt}
    return data, {"image/png": {"alt": alt, "width": width, "height": height}}


def show(figure):
    """Display a picture in a notebook, and its alt text for those who listen to it.

    JupyterLab 4.6 and nbconvert 7.17 keep a PNG's `alt` from screen readers, so the sentence
    follows the picture as text that takes no room on the screen.
    """
    data, metadata = bundle(figure)
    display(data, metadata=metadata, raw=True)
    display({"text/html": f'<p style="{HEARD}">{escape(alt_text(figure))}</p>'}, raw=True)
