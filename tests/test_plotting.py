"""Pictures: what their alt text says is true, they hide nothing, and leave no trace."""

import base64
import functools
import html
import itertools
import re
import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import AxLine
from matplotlib.path import Path
from scipy import stats

from course_utils import data
from course_utils.features import add_bias, gaussian_features
from course_utils.plotting import bayesian_regression as pictures
from course_utils.plotting import canvas
from course_utils.plotting.canvas import alt_text


def seeded(seed):
    return np.random.default_rng(seed)


def bumps(x):
    return add_bias(gaussian_features(x, np.linspace(-1, 1, 7), width=0.3))


LINE = data.line(30, noise_deviation=0.2, rng=seeded(3))
CURVE = data.sinusoid(30, noise_deviation=0.2, rng=seeded(1), gap=(-0.1, 0.5))
FRESH = data.sinusoid(150, noise_deviation=0.2, rng=seeded(2))
TRUTH = np.array([-0.3, 0.5])
for values in (*LINE, *CURVE, *FRESH, TRUTH):
    values.flags.writeable = False  # a picture that writes into its arguments fails everywhere


def weight_space(n=5, prior_precision=2.5, noise_variance=0.04, **changes):
    options = {"truth": TRUTH, "rng": seeded(4), **changes}
    x, y = (v[:n] for v in LINE)
    return pictures.weight_space(
        x, y, prior_precision=prior_precision, noise_variance=noise_variance, **options
    )


def weight_space_by_count(counts=(0, 1, 2, 20), **changes):
    options = {"prior_precision": 2.5, "noise_variance": 0.04, "truth": TRUTH, **changes}
    return pictures.weight_space_by_count(*LINE, counts=counts, rng=seeded(4), **options)


def predictive_band(prior_precision=0.7, noise_variance=0.05, **changes):
    options = {"features": bumps, "truth": lambda x: np.sin(np.pi * x), **changes}
    return pictures.predictive_band(
        *CURVE,
        prior_precision=prior_precision,
        noise_variance=noise_variance,
        x_fresh=FRESH[0],
        y_fresh=FRESH[1],
        **options,
    )


def evidence_against_degree(degree=3, n=12, prior_precision=1e-3, noise_variance=0.05, **changes):
    x, y = (v[:n] for v in CURVE)
    return pictures.evidence_against_degree(
        x,
        y,
        x_test=FRESH[0],
        y_test=FRESH[1],
        degree=degree,
        prior_precision=prior_precision,
        noise_variance=noise_variance,
        **changes,
    )


def fits_by_degree(degrees=(1, 3, 9), prior_precision=1e-3, noise_variance=0.05):
    return pictures.fits_by_degree(
        *CURVE,
        x_test=FRESH[0],
        y_test=FRESH[1],
        degrees=degrees,
        prior_precision=prior_precision,
        noise_variance=noise_variance,
    )


STATES = {
    "weights": weight_space,
    "weights, prior": lambda: weight_space(n=0),
    "weights, no truth": lambda: weight_space(truth=None),
    "weights, sure prior": lambda: weight_space(n=30, prior_precision=1e4),
    "weights, vague prior": lambda: weight_space(n=1, prior_precision=1e-2),
    "weights by count": weight_space_by_count,
    "weights after one count": lambda: weight_space_by_count(counts=[3]),
    "band": predictive_band,
    "band, prior": lambda: predictive_band(counts=0),
    "band, no truth": lambda: predictive_band(truth=None),
    "band, noise": lambda: predictive_band(noise_variance=4.0),
    "bands by count": lambda: predictive_band(counts=(3, 10, 30)),
    "bands by prior": lambda: predictive_band(prior_precision=(1e-3, 1, 1e3)),
    "evidence": evidence_against_degree,
    "evidence, one point": lambda: evidence_against_degree(n=1),
    "evidence, degree 0": lambda: evidence_against_degree(degree=0, noise_variance=1e-3),
    "evidence, overfit": lambda: evidence_against_degree(degree=9, prior_precision=1e-6),
    "evidence, one degree": lambda: evidence_against_degree(degree=0, max_degree=0),
    "fits": fits_by_degree,
    "fits, little noise": lambda: fits_by_degree(noise_variance=1e-3),
}
every_state = pytest.mark.parametrize("state", STATES)


@functools.cache
def drawn(state):
    """The figure of a state, and its bytes; saving it puts every label in its place."""
    figure = STATES[state]()
    return figure, canvas.png(figure)


def numbers(figure):
    """The numbers in a sentence or in a figure's alt text, in order."""
    words = figure if isinstance(figure, str) else alt_text(figure)
    return [float(n.replace("−", "-")) for n in re.findall(r"−?\d+(?:\.\d+)?", words)]


def naive_posterior(X, y, prior_precision, noise_variance):
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.inv(A) @ X.T @ y / noise_variance, np.linalg.inv(A)


# Laws of every picture


@every_state
def test_a_picture_is_a_figure_that_says_what_it_shows(state):
    figure, _ = drawn(state)
    assert isinstance(figure, Figure)
    assert alt_text(figure).endswith(".")
    assert any(character.isdigit() for character in alt_text(figure))


@every_state
def test_panels_with_all_their_words_and_the_legend_fit_beside_each_other(state):
    figure, _ = drawn(state)
    renderer = FigureCanvasAgg(figure).get_renderer()
    parts = [*figure.axes, *figure.legends]
    boxes = [part.get_tightbbox(renderer) for part in parts]
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


@every_state
def test_the_same_arguments_give_the_same_bytes_whatever_the_reader_has_set(state):
    _, expected = drawn(state)
    with plt.style.context("dark_background"), plt.rc_context({"font.size": 20}):
        mine = dict(matplotlib.rcParams)
        assert canvas.png(STATES[state]()) == expected
        assert dict(matplotlib.rcParams) == mine
    assert plt.get_fignums() == []


@every_state
def test_what_a_colour_tells_apart_another_channel_tells_apart_as_well(state):
    def channels(handle):
        style = ("get_marker", "get_linestyle", "get_hatch")
        found = tuple(str(getattr(handle, get)()) for get in style if hasattr(handle, get))
        return type(handle), *found

    handles = drawn(state)[0].legends[0].legend_handles
    assert len({channels(handle) for handle in handles}) == len(handles)


def test_pictures_are_drawn_without_pyplot():
    code = "import sys, course_utils.plotting.bayesian_regression as p; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "course_utils.plotting.canvas" in loaded.stdout.split()
    assert "matplotlib.pyplot" not in loaded.stdout.split()


# The canvas


def test_show_displays_the_picture_with_its_alt_text(monkeypatch):
    shown = []
    monkeypatch.setattr(canvas, "display", lambda data, **rest: shown.append((data, rest)))
    figure = predictive_band()
    canvas.show(figure)
    (content, rest), (heard, _) = shown
    alt = alt_text(figure)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    assert rest["raw"] is True
    assert rest["metadata"] == {"image/png": {"alt": alt, "width": width, "height": height}}
    assert content["text/plain"] == alt
    image = base64.b64decode(content["image/png"])
    assert image == canvas.png(figure)
    assert f">{html.escape(alt)}</p>" in heard["text/html"]
    assert image.startswith(b"\x89PNG")
    assert b"Software" not in image
    assert int.from_bytes(image[16:20]) == pytest.approx(1.5 * width, abs=1)


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_a_number_reads_back_to_within_half_its_last_digit(value, digits):
    words = canvas.number(value, digits)
    assert "-" not in words
    read = float(words.replace("−", "-"))
    assert abs(read - value) <= 0.5 * 10.0**-digits + 1e-9
    assert words.startswith("−") == (read < 0)


# Weights


@pytest.mark.parametrize("probability", [0.3, 0.68, 0.95])
def test_an_ellipse_holds_its_share_of_samples(probability):
    mean, covariance = np.array([2.0, -1.0]), np.array([[0.9, -0.5], [-0.5, 0.4]])
    samples = seeded(0).multivariate_normal(mean, covariance, size=20_000)
    outline = pictures.ellipse(mean, covariance, probability=probability)
    share = Path(outline).contains_points(samples).mean()
    assert abs(share - probability) < 4 * np.sqrt(probability * (1 - probability) / 20_000)


@pytest.mark.parametrize(("n", "precision", "noise"), [(0, 0.3, 2.5), (1, 7, 0.04), (30, 2.5, 0.3)])
def test_words_about_weights_give_mean_and_deviation_of_the_posterior(n, precision, noise):
    x, y = (v[:n] for v in LINE)
    mean, covariance = naive_posterior(np.column_stack([x**0, x]), y, precision, noise)
    figure = weight_space(n=n, prior_precision=precision, noise_variance=noise, truth=None)
    expected = np.column_stack([mean, np.sqrt(np.diag(covariance))]).ravel()
    np.testing.assert_allclose(numbers(figure)[-4:], expected, atol=0.00501)


def test_words_say_which_ellipse_holds_the_truth():
    x, y = (v[:5] for v in LINE)
    mean, covariance = naive_posterior(np.column_stack([x**0, x]), y, 2.5, 0.04)
    unit = np.linalg.cholesky(covariance) @ [0.6, 0.8]
    for distance, where in (
        (0.0, "inside the 68 %"),
        (1.50, "inside the 68 %"),
        (1.52, "inside the 95 %"),
        (2.44, "inside the 95 %"),
        (2.46, "outside the 95 %"),
    ):  # the bounds are √(χ² with two degrees of freedom): 1.510 and 2.448
        assert f"the truth {where} ellipse" in alt_text(weight_space(truth=mean + distance * unit))


def test_each_line_ends_in_the_marker_of_its_weights():
    weights, lines = weight_space().axes
    points = {p.get_marker(): p.get_xydata()[0] for p in weights.lines if len(p.get_xdata()) == 1}
    drawn = [p for p in lines.lines if p.get_marker() in points and len(p.get_xdata()) == 2]
    assert len(drawn) == len(points) == 5 + 1  # and the mean
    for line in drawn:
        intercept, slope = points[line.get_marker()]
        x, y = line.get_data()
        np.testing.assert_allclose(y, intercept + slope * x)


def test_the_dotted_line_holds_the_weights_that_pass_through_the_newest_observation():
    weights, _ = weight_space(n=4).axes
    [dotted] = [line for line in weights.lines if isinstance(line, AxLine)]
    for intercept, slope in (dotted.get_xy1(), dotted.get_xy2()):
        assert intercept + slope * LINE[0][3] == pytest.approx(LINE[1][3])


def test_columns_say_what_single_pictures_say():
    words = alt_text(weight_space_by_count(counts=(0, 3, 30)))
    for n in (0, 3, 30):
        single = alt_text(weight_space(n=n))
        assert single.split(": ")[1].rstrip(".") in words


# Band


def test_the_counter_counts_the_fresh_points_in_the_band():
    x, y = CURVE
    counts, precisions = (0, 4, 30), (0.02, 0.7, 40)
    figure = predictive_band(counts=counts, prior_precision=precisions)
    for n, precision, words in zip(counts, precisions, alt_text(figure).split(";"), strict=True):
        mean, covariance = naive_posterior(bumps(x[:n]), y[:n], precision, 0.05)
        held = 0
        for phi, target in zip(bumps(FRESH[0]), FRESH[1], strict=True):
            low, high = stats.norm(phi @ mean, np.sqrt(phi @ covariance @ phi + 0.05)).interval(
                0.95
            )
            held += low <= target <= high
        expected = [precision, 150, held, 95, held / 1.5]
        assert numbers(words)[-5:] == pytest.approx(expected, abs=0.0501)


def test_a_panel_marks_as_outside_the_points_that_it_does_not_count():
    figure = predictive_band()
    drawn = {line.get_label(): len(line.get_xdata()) for line in figure.axes[0].lines}
    held = numbers(figure)[3]
    assert drawn["fresh, inside"] == held
    assert drawn["fresh, outside"] == 150 - held


def test_counts_and_prior_precisions_broadcast():
    assert len(predictive_band(counts=(3, 30)).axes) == 2
    assert len(predictive_band(prior_precision=(1, 2, 3)).axes) == 3
    assert len(predictive_band(counts=(3, 30), prior_precision=(1, 2)).axes) == 2


# Evidence


def naive_score(degree, n, precision, noise):
    x, y = (v[:n] for v in CURVE)
    X, X_fresh = (np.stack([u**j for j in range(degree + 1)], axis=1) for u in (x, FRESH[0]))
    mean, _ = naive_posterior(X, y, precision, noise)
    errors = [np.sqrt(np.mean((t - Z @ mean) ** 2)) for Z, t in ((X, y), (X_fresh, FRESH[1]))]
    covariance = X @ X.T / precision + noise * np.eye(n)
    return stats.multivariate_normal(np.zeros(n), covariance).logpdf(y), *errors


@pytest.mark.parametrize(("n", "precision", "noise"), [(12, 0.01, 0.05), (30, 3.0, 0.3)])
def test_words_about_degrees_give_evidence_errors_and_the_best_degrees(n, precision, noise):
    scores = np.array([naive_score(degree, n, precision, noise) for degree in range(10)])
    evidence, _, test_error = scores.T
    figure = evidence_against_degree(degree=4, n=n, prior_precision=precision, noise_variance=noise)
    best, least = evidence.argmax(), test_error.argmin()
    expected = [4, *scores[4], 0, 9, best, evidence[best], least, test_error[least]]
    np.testing.assert_allclose(numbers(figure), expected, atol=0.0501)
    np.testing.assert_allclose(numbers(figure)[2:4], scores[4, 1:], atol=0.00501)


def test_the_panels_plot_every_degree_and_mark_those_off_the_scale():
    _, above, below = evidence_against_degree(prior_precision=0.01).axes
    scores = np.array([naive_score(degree, 12, 0.01, 0.05) for degree in range(10)])
    plotted = {line.get_label(): line for axis in (above, below) for line in axis.lines}
    for label, values in zip(
        ("log evidence", "training error", "test error"), scores.T, strict=True
    ):
        np.testing.assert_allclose(plotted[label].get_ydata(), values, rtol=1e-6)
    assert plotted["most evidence"].get_xdata() == [scores[:, 0].argmax()]
    triangles = {int(p.get_xdata()[0]) for p in above.lines if p.get_marker() == "v"}
    assert triangles == set(np.flatnonzero(scores[:, 0] < scores[:, 0].max() - 25))
    assert triangles


def test_side_by_side_fits_say_what_the_single_picture_says():
    words = alt_text(fits_by_degree(degrees=(0, 5)))
    for degree in (0, 5):
        assert alt_text(evidence_against_degree(degree=degree, n=30)).split(". Of")[0] in words


# Mistakes


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: weight_space(prior_precision=0), "prior_precision: expected one number above 0"),
        (lambda: weight_space(noise_variance=-1), "noise_variance: expected one number above 0"),
        (lambda: weight_space(rng=7), r"rng: .*default_rng"),
        (lambda: weight_space(n_lines=8), "n_lines: expected at most 7"),
        (lambda: weight_space(n_lines=0), "n_lines: expected a whole number, at least 1"),
        (lambda: weight_space(truth=[1.0]), "truth: expected 2 numbers"),
        (lambda: weight_space_by_count(counts=(0, 31)), "counts: expected numbers up to 30"),
        (lambda: weight_space_by_count(counts=()), "counts: expected numbers"),
        (lambda: predictive_band(counts=1.5), "counts: expected a whole number"),
        (lambda: predictive_band(prior_precision=-1), "prior_precision: expected one number above"),
        (lambda: predictive_band(features=lambda x: x), "X: expected a matrix"),
        (lambda: evidence_against_degree(degree=10), "degree: expected at most max_degree = 9"),
        (lambda: evidence_against_degree(degree=-1), "degree: expected a whole number"),
        (lambda: evidence_against_degree(n=0), "x: expected at least 1"),
        (lambda: pictures.ellipse([0, 0], np.eye(2), probability=1), "probability: expected"),
        (lambda: pictures.ellipse([0, 0, 0], np.eye(3), probability=0.5), "mean: expected 2"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
