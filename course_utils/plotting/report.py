"""One picture of a class: how its scores are spread, and which checks were the hardest."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from course_utils.plotting.canvas import (
    AMBER,
    BLUE,
    FAINT,
    GREY,
    INK,
    blank,
    describe,
    number,
    picture,
)

SHOWN = 8  # checks; more would be a table, and there is one
BINS = 25  # about as many at most
LONGEST = 30  # letters of a check's name
# What became of a check: the part of the class, its colour and its hatch. Who failed is the pale
# rest of the bar, far from the blue in lightness.
OUTCOMES = (("passed", BLUE, ""), ("partly", AMBER, "////"), ("failed", FAINT, ""),
            ("not graded yet", GREY, "..."))  # fmt: skip


@picture
def class_report(scores, maximum, names, counts):
    """Scores of a class as a histogram, beside its hardest checks as bars.

    Parameters
    ----------
    scores : array (n,)
        The total score of each submission.
    maximum : float
        The score of a faultless one.
    names : sequence of str
        The checks, the hardest first.
    counts : array (m, 4)
        How many passed, partly passed and failed each check, and how many are not graded yet.

    Returns
    -------
    matplotlib.figure.Figure
    """
    scores, counts = np.asarray(scores, dtype=float), np.asarray(counts)[:SHOWN]
    names = [str(name) for name in names][:SHOWN]
    figure = blank(height=3.6, wspace=0)
    figure.subplots_adjust(left=0.09)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1, 1.45]})
    _draw_scores(left, scores, maximum)
    _draw_checks(right, names, counts)
    # Room for the names of the checks, which stand to the left of their axis, and for "100%".
    box, room = right.get_position(), 0.07 + 0.0068 * min(LONGEST, max(map(len, names), default=0))
    right.set_position([box.x0 + room, box.y0, box.width - room - 0.015, box.height])
    handles = right.get_legend_handles_labels()
    figure.legend(*handles, loc="lower right", ncols=len(OUTCOMES), handlelength=1.6)
    return describe(figure, _alt(scores, maximum, names, counts))


def _draw_scores(axis, scores, maximum):
    edges, top = bins(scores, maximum), np.max(scores)
    axis.hist(scores, edges, color=BLUE, edgecolor="white", linewidth=0.6)
    median = np.median(scores)
    axis.axvline(median, color=INK, linestyle="--", linewidth=1.2)
    axis.set_title(
        f"{_count(len(scores))} score{'s' * (len(scores) > 1)}, median {number(median, 1)} (dashed)"
    )
    axis.set_xlabel(f"points, out of {number(maximum, 0 if maximum == round(maximum) else 1)}")
    axis.set_ylabel("students")
    axis.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _count(value)))
    axis.set_axisbelow(True)
    axis.grid(axis="y", color=FAINT, linewidth=0.8)
    axis.tick_params(axis="y", length=0)
    axis.set_xlim(edges[0], edges[-1])
    axis.set_xticks([tick for tick in axis.get_xticks() if edges[0] <= tick <= max(maximum, top)])


def _draw_checks(axis, names, counts):
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    rows, start = np.arange(len(names)), np.zeros(len(names))
    for (label, color, hatch), share in zip(OUTCOMES, shares.T, strict=True):
        axis.barh(rows, share, left=start, height=0.7, color=color, hatch=hatch, label=label,
                  edgecolor="white", linewidth=0.6)  # fmt: skip
        start = start + share
    axis.set_yticks(rows, [_short(name) for name in names])
    axis.set_ylim(max(len(names), 3) - 0.5, -0.6)
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.set_title("the hardest checks")
    axis.set_xlabel("of the class")
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


def bins(scores, maximum):
    """Edges of equal width, of whole or simple fractions of points, that hold every score.

    The fewer the students, the wider: about 3 n^⅓ of them, or a third more. An edge belongs to
    what is right of it, so that full marks may stand alone, and not on the backs of others.

    Examples
    --------
    >>> bins(np.array([3.0, 7.0, 10.0]), 10)
    array([ 0.,  2.,  4.,  6.,  8., 10., 12.])
    """
    low, high = min(0.0, np.min(scores)), max(maximum, np.max(scores), 1e-9)
    least = 0.75 * (high - low) / min(BINS, 3 * np.cbrt(len(scores)))
    power = 10.0 ** np.floor(np.log10(least))
    width = next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))
    return width * np.arange(np.floor(low / width), np.floor(high / width + 1e-9) + 2)


def _count(value):
    """A whole number with a thin space between its thousands."""
    return f"{round(value):,}".replace(",", "\u2009")


def _short(name):
    """A name that fits, its middle left out if it does not."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[1 - half :]}"


def _alt(scores, maximum, names, counts):
    lower, median, upper = (number(q, 1) for q in np.quantile(scores, [0.25, 0.5, 0.75]))
    text = (
        f"Histogram of the scores of {len(scores)} submissions, out of {maximum:g} points: "
        f"the median is {median}, and the middle half lies between {lower} and {upper}."
    )
    if not names:
        return text
    parts = (
        f"{name} ({row[0]} of {row.sum()} passed)" for name, row in zip(names, counts, strict=True)
    )
    return f"{text} Bars of the hardest checks, the hardest first: {', '.join(parts)}."
