"""Pictures of lecture 1: a belief about weights, what it predicts, and which degree it favours."""

from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_utils.bayesian_regression import (
    Gaussian,
    log_evidence,
    map_estimate,
    posterior,
    predictive,
)
from course_utils.features import polynomial_features
from course_utils.plotting.canvas import (
    AMBER,
    BLUE,
    FAINT,
    INK,
    LEARNED,
    LINES,
    MARKERS,
    OBSERVED,
    ORANGE,
    PURPLE,
    RED,
    SLATE,
    TRUTH,
    UNSEEN,
    blank,
    describe,
    legend,
    number,
    picture,
)
from course_utils.validation import (
    as_count,
    as_covariance,
    as_generator,
    as_matrix,
    as_vector,
)

TWO_SIDED_95 = 1.959964  # standard normal deviations that hold 95 %


class Line(NamedTuple):
    """Data (n,), the belief about (intercept, slope), weights drawn from it (k, 2), the truth."""

    x: np.ndarray
    y: np.ndarray
    belief: Gaussian
    drawn: np.ndarray
    truth: np.ndarray | None


class Band(NamedTuple):
    """Data (n,), the belief about the weights, and which fresh points (k,) its band holds."""

    x: np.ndarray
    y: np.ndarray
    belief: Gaussian
    inside: np.ndarray


class Score(NamedTuple):
    """Log evidence (nats), and root mean squared errors (units of y)."""

    log_evidence: float
    train_error: float
    test_error: float


def ellipse(mean, covariance, *, probability):
    """{m + r L u : ‖u‖ = 1} with LLᵀ = S and r² = −2 log(1 − probability).

    Parameters
    ----------
    mean : array_like (2,)
    covariance : array_like (2, 2)
        Positive definite.
    probability : float
        The mass of N(m, S) inside, between 0 and 1.

    Returns
    -------
    ndarray (181, 2)
        The outline, closed.

    Raises
    ------
    ValueError
        If shapes do not fit, or an argument is out of its range.

    Notes
    -----
    For a standard normal u in the plane ‖u‖² is exponential with mean 2, hence r.

    Examples
    --------
    >>> outline = ellipse([1, 0], [[4, 0], [0, 1]], probability=1 - np.exp(-0.5))
    >>> outline[[0, 45, 90]].round(9) + 0.0
    array([[ 3.,  0.],
           [ 1.,  1.],
           [-1.,  0.]])
    """
    mean, covariance = as_vector(mean, "mean", length=2), as_covariance(covariance, size=2)
    if not 0 < probability < 1:
        raise ValueError(f"probability: expected a number between 0 and 1, got {probability}.")
    angle = np.linspace(0, 2 * np.pi, 181)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    return mean + np.sqrt(-2 * np.log1p(-probability)) * circle @ np.linalg.cholesky(covariance).T


@picture
def basis_functions(x, bases):
    """φ_j(x): a panel for each basis, a curve for each of its functions.

    Parameters
    ----------
    x : array_like (n,)
        Where the functions were evaluated, in rising order.
    bases : dict of str to array_like (n, d)
        Name of the basis, and its columns.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no basis, or its columns do not go with `x`.

    Notes
    -----
    Slide row B2. After Bishop (2006), figure 3.1.
    """
    x = as_vector(x, "x")
    if not bases:
        raise ValueError("bases: expected at least one name with its columns, got none.")
    columns = {name: as_matrix(Phi, name) for name, Phi in bases.items()}
    figure = blank(2.8, legend_rows=0)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axis, (name, Phi) in zip(panels, columns.items(), strict=True):
        if len(Phi) != len(x):
            raise ValueError(f"{name}: expected {len(x)} rows, one for each x, got {len(Phi)}.")
        for j, phi in enumerate(Phi.T):
            axis.plot(x, phi, linestyle=LINES[j % len(LINES)], linewidth=1.5)
        axis.set(title=name, xlabel="$x$")
    panels[0].set_ylabel("$φ_j(x)$")
    names = ", ".join(f"{Phi.shape[1]} {name}" for name, Phi in columns.items())
    return describe(
        figure, f"Basis functions for x from {number(x[0])} to {number(x[-1])}: {names}."
    )


@picture
def weight_space(x, y, *, prior_precision, noise_variance, rng, truth=None, n_lines=5):
    """N(θ | m, S) over intercept and slope, beside the lines θ₀ + θ₁x that it believes in.

    Left: ellipses that hold 68 % and 95 % of the belief, and weights drawn from it. The dotted line
    holds all the weights whose line passes through the newest observation. Right: the data, and
    the same weights as lines; each ends in the marker that it has on the left.

    Parameters
    ----------
    x, y : array_like (n,)
        The observations so far, the newest last; with n = 0 the belief is the prior.
    prior_precision, noise_variance : float
    rng : numpy.random.Generator
        Draws the weights. Generators of one seed draw them in the same directions whatever the
        data, so that lines move and do not jump as data arrive.
    truth : array_like (2,), optional
        The weights that made the data.
    n_lines : int
        From 1 to 7.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If an argument is of the wrong shape, not finite or out of its range.

    Notes
    -----
    Slide row B6. After Bishop (2006), figure 3.7.
    """
    line = _line(x, y, prior_precision, noise_variance, _directions(rng, n_lines), truth)
    figure = blank(4.2, wspace=0.18)
    weights, data = figure.subplots(1, 2, width_ratios=[1, 1.35])
    _draw_weights(weights, line)
    _draw_lines(data, line)
    _frame_lines([weights], [data], [line], prior_precision)
    weights.set(title="Weight space", xlabel="intercept $θ_0$", ylabel="slope $θ_1$")
    data.set(title=f"Data space, {_observations(line)}", xlabel="$x$", ylabel="$y$")
    legend(figure, [weights, data], n_columns=5)
    return describe(figure, f"After {_observations(line)}: {_weights_in_words(line)}.")


@picture
def weight_space_by_count(
    x, y, *, counts, prior_precision, noise_variance, rng, truth=None, n_lines=5
):
    """N(θ | m, S) above its lines θ₀ + θ₁x, a column for each number of observations.

    Parameters
    ----------
    x, y : array_like (n,)
    counts : sequence of int
        Each column has seen the first so many observations.
    prior_precision, noise_variance, rng, truth, n_lines
        As in `weight_space`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If an argument is of the wrong shape, not finite or out of its range.

    Notes
    -----
    Slide row B6. After Bishop (2006), figure 3.7.
    """
    x, y = _points(x, y)
    directions = _directions(rng, n_lines)
    lines = [
        _line(x[:n], y[:n], prior_precision, noise_variance, directions, truth)
        for n in _counts(counts, len(x))
    ]
    figure = blank(5.6, wspace=0.18, hspace=0.32)
    panels = figure.subplots(2, len(lines), squeeze=False, sharey="row")
    for (weights, data), line in zip(panels.T, lines, strict=True):
        _draw_weights(weights, line)
        _draw_lines(data, line)
        weights.set(title=_observations(line).capitalize(), xlabel="intercept $θ_0$")
        data.set(xlabel="$x$")
    _frame_lines(*panels, lines, prior_precision)
    panels[0, 0].set_ylabel("slope $θ_1$")
    panels[1, 0].set_ylabel("$y$")
    legend(figure, panels.ravel(), n_columns=5)
    words = "; ".join(f"after {_observations(line)} {_weights_in_words(line)}" for line in lines)
    return describe(figure, f"Weight space above, data space below: {words}.")


@picture
def predictive_band(
    x,
    y,
    *,
    features,
    prior_precision,
    noise_variance,
    x_fresh,
    y_fresh,
    truth=None,
    counts=None,
):
    """m(x) ± 1.96 √(noise + ignorance), and how many fresh points fall inside.

    The inner band is the noise σ² alone, which no amount of data removes; the outer adds the
    ignorance φ(x)ᵀ S φ(x) about the weights, in the deviation and not in the variance.

    Parameters
    ----------
    x, y : array_like (n,)
        The observations.
    features : callable
        From inputs (m,) to the columns (m, d) of the model.
    prior_precision : float or sequence of float
        A panel for each.
    noise_variance : float
    x_fresh, y_fresh : array_like (k,)
        Points that the model has not seen, k ≥ 1; they also set the limits of the axes.
    truth : callable, optional
        The curve without noise.
    counts : int or sequence of int, optional
        A panel for each has seen the first so many observations; all of them unless given.
        Broadcasts against `prior_precision`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If an argument is of the wrong shape, not finite or out of its range.

    Notes
    -----
    Slide row B6. Bishop (2006), figure 3.8.
    """
    x, y = _points(x, y)
    fresh = _points(x_fresh, y_fresh, names=("x_fresh", "y_fresh"), least=1)
    counts = _counts(len(x) if counts is None else counts, len(x))
    precisions = as_vector(np.atleast_1d(prior_precision), "prior_precision")
    settings = list(np.broadcast(counts, precisions))
    figure = blank(4.2, title_lines=2, legend_rows=2, wspace=0.08)
    panels = figure.subplots(1, len(settings), squeeze=False, sharey=True)[0]
    words = []
    for axis, (n, precision) in zip(panels, settings, strict=True):
        band = _band(x[:n], y[:n], features, precision, noise_variance, fresh)
        _draw_band(axis, band, features, noise_variance, fresh, truth)
        held, of = band.inside.sum(), len(band.inside)
        share = f"{number(100 * held / of, 1)} %"
        name = f"{_observations(band)}, $λ$ = {precision:.3g}"
        axis.set(title=f"{name}\n{held} of {of} fresh inside ({share})", xlabel="$x$")
        words.append(
            f"{_observations(band)}, prior precision {precision:.3g}: of {of} fresh points {held} "
            f"fall inside the 95 % band ({share})"
        )
    panels[0].set_ylabel("$y$")
    legend(figure, panels, n_columns=4)
    return describe(figure, f"{'; '.join(words)}.".capitalize())


@picture
def evidence_against_degree(
    x, y, *, x_test, y_test, degree, prior_precision, noise_variance, max_degree=9
):
    """log p(y | degree), training error and test error, beside the fit of one degree.

    Parameters
    ----------
    x, y : array_like (n,)
        What the polynomials are fitted to, n ≥ 1.
    x_test, y_test : array_like (k,)
        Points that they have not seen, k ≥ 1; they also set the limits of the axes.
    degree : int
        The one that is drawn, at most `max_degree`.
    prior_precision, noise_variance : float
        The same for every degree.
    max_degree : int

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If an argument is of the wrong shape, not finite or out of its range.

    Notes
    -----
    Slide row B6. Bishop (2006), figures 1.5 and 3.14.
    """
    train, test = _train_and_test(x, y, x_test, y_test)
    degree, max_degree = as_count(degree, "degree"), as_count(max_degree, "max_degree")
    if degree > max_degree:
        raise ValueError(f"degree: expected at most max_degree = {max_degree}, got {degree}.")
    precisions = {"prior_precision": prior_precision, "noise_variance": noise_variance}
    scores = [_score(train, test, d, **precisions) for d in range(max_degree + 1)]
    evidence, train_error, test_error = np.array(scores).T
    best = evidence.argmax()

    figure = blank(4.6, legend_rows=2, wspace=0.14, hspace=0.28)
    panels = figure.subplot_mosaic([["fit", "evidence"], ["fit", "error"]], width_ratios=[1.15, 1])
    fit, above, below = panels["fit"], panels["evidence"], panels["error"]
    _draw_fit(fit, train, test, degree, **precisions)
    fit.set(title=f"Degree {degree} fitted to {len(train[0])} points", xlabel="$x$", ylabel="$y$")

    above.set(title="Log evidence (nats)", ylim=(evidence[best] - 25, evidence[best] + 3))
    _draw_scores(above, evidence, color=PURPLE, marker="o", label="log evidence")
    above.plot(best, evidence[best], "*", color=PURPLE, markersize=14, label="most evidence")
    above.tick_params(labelbottom=False)

    below.set(title="Root mean squared error (units of $y$)", ylim=(0, 1.3 * np.std(test[1]) or 1))
    _draw_scores(below, train_error, color=BLUE, marker="s", label="training error")
    _draw_scores(below, test_error, color=ORANGE, marker="D", linestyle="--", label="test error")
    deviation = np.sqrt(noise_variance)
    below.axhline(deviation, color=SLATE, linewidth=1, linestyle=":", label="assumed noise $σ$")
    below.plot([], [], "^", color=SLATE, label="off the scale")
    below.set_xlabel("degree")

    for axis in (above, below):
        axis.axvspan(degree - 0.4, degree + 0.4, color=FAINT, alpha=0.6, linewidth=0, zorder=0)
        axis.set(xlim=(-0.5, max_degree + 0.5), xticks=range(max_degree + 1))
    legend(figure, [fit, above, below], n_columns=5)
    return describe(
        figure,
        f"{_score_in_words(degree, scores[degree])}. Of degrees 0 to {max_degree}, {best} has the "
        f"most evidence ({number(evidence[best], 1)} nats) and {test_error.argmin()} the smallest "
        f"test error ({number(test_error.min())}).",
    )


@picture
def fits_by_degree(x, y, *, x_test, y_test, degrees, prior_precision, noise_variance):
    """Fit, log evidence, training error and test error, a panel for each degree.

    Parameters
    ----------
    degrees : sequence of int
    x, y, x_test, y_test, prior_precision, noise_variance
        As in `evidence_against_degree`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If an argument is of the wrong shape, not finite or out of its range.

    Notes
    -----
    Slide row B6. Bishop (2006), figure 1.4.
    """
    train, test = _train_and_test(x, y, x_test, y_test)
    degrees = [as_count(degree, "degrees") for degree in degrees]
    precisions = {"prior_precision": prior_precision, "noise_variance": noise_variance}
    figure = blank(3.8, title_lines=2, wspace=0.08)
    panels = figure.subplots(1, len(degrees), squeeze=False, sharey=True)[0]
    words = []
    for axis, degree in zip(panels, degrees, strict=True):
        score = _score(train, test, degree, **precisions)
        _draw_fit(axis, train, test, degree, **precisions)
        name = f"Degree {degree}: log evidence {number(score.log_evidence, 1)} nats"
        errors = f"{number(score.train_error)} in training, {number(score.test_error)} in test"
        axis.set(title=f"{name}\nerror {errors}", xlabel="$x$")
        words.append(_score_in_words(degree, score))
    panels[0].set_ylabel("$y$")
    legend(figure, panels, n_columns=3)
    return describe(figure, f"{'; '.join(words)}.")


def _points(x, y, *, names=("x", "y"), least=0):
    """Vectors x and y (n,) of the same length n ≥ least."""
    x = as_vector(x, names[0])
    if len(x) < least:
        raise ValueError(f"{names[0]}: expected at least {least} number, got {len(x)}.")
    return x, as_vector(y, names[1], length=len(x))


def _train_and_test(x, y, x_test, y_test):
    return _points(x, y, least=1), _points(x_test, y_test, names=("x_test", "y_test"), least=1)


def _counts(counts, n):
    """Numbers of observations, none of them above n."""
    counts = [as_count(count, "counts") for count in np.atleast_1d(counts)]
    if not counts or max(counts) > n:
        raise ValueError(f"counts: expected numbers up to {n}, the length of x, got {counts}.")
    return counts


def _directions(rng, n_lines):
    """Standard normal draws (n_lines, 2), shared by every belief that a picture shows."""
    n_lines = as_count(n_lines, "n_lines", minimum=1)
    if n_lines > len(MARKERS):
        raise ValueError(
            f"n_lines: expected at most {len(MARKERS)} (a marker each), got {n_lines}."
        )
    return as_generator(rng).standard_normal((n_lines, 2))


def _line(x, y, prior_precision, noise_variance, directions, truth):
    x, y = _points(x, y)
    belief = posterior(
        polynomial_features(x, 1),
        y,
        prior_precision=prior_precision,
        noise_variance=noise_variance,
    )
    drawn = belief.mean + directions @ np.linalg.cholesky(belief.covariance).T
    return Line(x, y, belief, drawn, None if truth is None else as_vector(truth, "truth", length=2))


def _band(x, y, features, prior_precision, noise_variance, fresh):
    belief = posterior(
        features(x), y, prior_precision=prior_precision, noise_variance=noise_variance
    )
    mean, variance = predictive(features(fresh[0]), *belief, noise_variance=noise_variance)
    return Band(x, y, belief, np.abs(fresh[1] - mean) <= TWO_SIDED_95 * np.sqrt(variance))


def _score(train, test, degree, **precisions):
    X, X_test = (polynomial_features(x, degree) for x, _ in (train, test))
    theta = map_estimate(X, train[1], **precisions)
    return Score(
        log_evidence(X, train[1], **precisions),
        np.sqrt(np.mean((train[1] - X @ theta) ** 2)),
        np.sqrt(np.mean((test[1] - X_test @ theta) ** 2)),
    )


def _observations(seen):
    n = len(seen.x)
    return f"{n or 'no'} observation{'' if n == 1 else 's'}"


def _weights_in_words(line):
    mean, covariance = line.belief
    intercept, slope = (
        f"{number(m)} ± {number(s)}"
        for m, s in zip(mean, np.sqrt(np.diag(covariance)), strict=True)
    )
    words = f"intercept {intercept}, slope {slope}"
    if line.truth is None:
        return words
    off = np.linalg.solve(np.linalg.cholesky(covariance), line.truth - mean)
    mass = -np.expm1(-0.5 * off @ off)  # of the smallest ellipse that reaches the truth
    side, share = ("outside", 95) if mass > 0.95 else ("inside", 68 if mass < 0.68 else 95)
    return f"{words}, the truth {side} the {share} % ellipse"


def _score_in_words(degree, score):
    return (
        f"Degree {degree}: log evidence {number(score.log_evidence, 1)} nats, root mean squared "
        f"error {number(score.train_error)} in training and {number(score.test_error)} in test"
    )


DRAWN = {"color": ORANGE, "linewidth": 1, "markeredgecolor": INK, "markeredgewidth": 0.6}
MEAN = {**LEARNED, "marker": "P", "markeredgecolor": "white", "markersize": 7}
NEWEST = {"color": PURPLE, "linestyle": ":", "linewidth": 1.4}


def _draw_weights(axis, line):
    for probability, strength, label in ((0.95, 0.2, None), (0.68, 0.35, "68 %, 95 % of belief")):
        outline = ellipse(*line.belief, probability=probability)
        axis.fill(*outline.T, fc=(BLUE, strength), ec=BLUE, linewidth=0.8, label=label)
    if len(line.x):
        x, y = line.x[-1], line.y[-1]
        nearest = y * np.array([1, x]) / (1 + x**2)  # to 0, of the weights with θ₀ + θ₁x = y
        axis.axline(nearest, nearest + np.array([-x, 1]), **NEWEST)
    if line.truth is not None:  # a cross of two lines, as a marker would cover a sure belief
        thin = {**TRUTH, "linewidth": 0.8}
        axis.axvline(line.truth[0], **thin)
        axis.axhline(line.truth[1], **thin)
    for theta, marker in zip(line.drawn, MARKERS, strict=False):
        axis.plot(*theta, marker=marker, markersize=4.5, **DRAWN)
    axis.plot(*line.belief.mean, **MEAN)


def _draw_lines(axis, line):
    ends = np.array([-1.1, 1.1]) * max(1, np.abs(line.x).max(initial=0))
    for theta, marker in zip(line.drawn, MARKERS, strict=False):
        label = "weights drawn, as points and as lines"
        axis.plot(ends, theta @ [ends**0, ends], marker=marker, markevery=[1], label=label, **DRAWN)
    for theta, style, label in ((line.truth, TRUTH, "truth"), (line.belief.mean, MEAN, "mean")):
        if theta is not None:
            axis.plot(ends, theta @ [ends**0, ends], markevery=[1], label=label, **style)
    axis.plot(line.x, line.y, **OBSERVED)
    ring = {"marker": "o", "markersize": 10, "markerfacecolor": "none", "markeredgewidth": 1.4}
    axis.plot(line.x[-1:], line.y[-1:], label="newest observation", **NEWEST, **ring)


def _frame_lines(weights, data, lines, prior_precision):
    """Limits that hold the prior and all that is drawn, so that data seldom move them."""
    prior = posterior(np.empty((0, 2)), [], prior_precision=prior_precision, noise_variance=1)
    beliefs = [prior, *(line.belief for line in lines)]
    shown = [ellipse(*belief, probability=0.95) for belief in beliefs]
    shown += [line.drawn for line in lines]
    shown += [line.truth for line in lines if line.truth is not None]
    limit = 1.1 * max(np.abs(theta).max() for theta in shown)
    for axis in weights:
        axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        for ruler in (axis.xaxis, axis.yaxis):
            ruler.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    width = 1.2 * max(np.abs(line.x).max(initial=1) for line in lines)
    height = 1.2 * max(np.abs(line.y).max(initial=1.7) for line in lines)
    for axis in data:
        axis.set(xlim=(-width, width), ylim=(-height, height))


def _draw_band(axis, band, features, noise_variance, fresh, truth):
    grid = _frame(axis, fresh)
    mean, variance = predictive(features(grid), *band.belief, noise_variance=noise_variance)
    noise, both = (TWO_SIDED_95 * np.sqrt(v) for v in (noise_variance, variance))
    hatched = {"hatch": "....", "facecolor": (AMBER, 0.3), "edgecolor": (AMBER, 0.9)}
    for edge, inner in ((mean - both, mean - noise), (mean + both, mean + noise)):
        label = "ignorance" if edge[0] < inner[0] else None
        axis.fill_between(grid, edge, inner, linewidth=0.8, label=label, **hatched)
    within = {"facecolor": (BLUE, 0.35), "linewidth": 0, "label": "noise"}
    axis.fill_between(grid, mean - noise, mean + noise, **within)
    (x, y), held = fresh, band.inside
    axis.plot(x[held], y[held], label="fresh, inside", **UNSEEN)
    axis.plot(x[~held], y[~held], "x", color=RED, markersize=5, label="fresh, outside")
    if truth is not None:
        axis.plot(grid, truth(grid), label="truth", **TRUTH)
    axis.plot(grid, mean, label="mean", **LEARNED)
    axis.plot(band.x, band.y, label="observations", **OBSERVED)


def _draw_fit(axis, train, test, degree, **precisions):
    grid = _frame(axis, test)
    theta = map_estimate(polynomial_features(train[0], degree), train[1], **precisions)
    axis.plot(*test, label="test points", **UNSEEN)
    axis.plot(grid, polynomial_features(grid, degree) @ theta, label="fit", **LEARNED)
    axis.plot(*train, label="training points", **OBSERVED)


def _draw_scores(axis, scores, **style):
    """Scores against degree; triangles at the edge stand for those beyond it."""
    low, high = axis.get_ylim()
    axis.plot(scores, **style)
    for beyond, edge, triangle in ((scores < low, low, "v"), (scores > high, high, "^")):
        for degree in np.flatnonzero(beyond):
            axis.plot(degree, edge, triangle, color=style["color"], clip_on=False)


def _frame(axis, points):
    """Limits set by points that do not change as data arrive; returns a grid across them."""
    (left, right), (bottom, top) = ((v.min(), v.max()) for v in points)
    margin, height = 0.12 * (right - left or 1), 0.3 * (top - bottom or 1)
    axis.set(xlim=(left - margin, right + margin), ylim=(bottom - height, top + height))
    return np.linspace(left - margin, right + margin, 301)
