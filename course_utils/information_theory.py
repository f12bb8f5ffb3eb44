"""Surprise, its average, and what a model's beliefs cost: the meaning of the cross-entropy loss.

Logarithms have the base that the keyword says, 2 (bits) where it is silent; losses of models are in
nats, base e (E6). A distribution lies along the last axis; p log p counts as 0 where p is 0.

References: slides I2–I10; Shannon, *Bell System Technical Journal* 27 (1948), 379–423; Cover and
Thomas, *Elements of Information Theory* (2006), chapter 2; MacKay, *Information Theory, Inference,
and Learning Algorithms* (2003), chapters 2 and 8.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.validation import as_array, as_labels, as_matrix, as_positive, as_vector

TOLERANCE = 1e-9
"""How far from 1 the sum of a distribution may be, from rounding."""

CHUNK = 2**22
"""How many cells of tables `pixel_mutual_information` counts at a time."""


class Gaussian(NamedTuple):
    """Mean and standard deviation, in the units of x."""

    mean: float
    deviation: float


def self_information(p, base=2):
    """−log p: the surprise at an event of probability p.

    Parameters
    ----------
    p : array_like, any shape
        Probabilities.
    base : float
        2 for bits, e for nats; above 0 and not 1.

    Returns
    -------
    ndarray of the same shape
        inf where p is 0.

    Raises
    ------
    ValueError
        If a number is no probability, or the base is no base.

    Notes
    -----
    Slide row I3. Cover and Thomas (2006), section 2.1. The slides write log₂ in definitions, and
    take ln in examples (E6): −log(0.021) = 3.86 (E5) is in nats, and of a rounded number.

    Examples
    --------
    >>> self_information([1.0, 0.5, 0.125])
    array([-0.,  1.,  3.])
    """
    p = as_array(p, "p")
    if ((p < 0) | (p > 1)).any():
        wrong = p[(p < 0) | (p > 1)].flat[0]
        raise ValueError(f"p: expected probabilities from 0 to 1, got {wrong:g}.")
    with np.errstate(divide="ignore"):
        return -np.log(p) / _log(base)


def entropy(p, base=2):
    """H(p) = −Σ p log p: the mean surprise of a source whose probabilities are known.

    Parameters
    ----------
    p : array_like (..., k)
        Distributions along the last axis.
    base : float
        2 for bits, e for nats.

    Returns
    -------
    float or ndarray (...)
        From 0, where one outcome is certain, to log k, where all are equally likely.

    Raises
    ------
    ValueError
        If p is negative somewhere or does not sum to 1, or the base is no base.

    Notes
    -----
    Slide row I4. Cover and Thomas (2006), equation 2.1.

    Examples
    --------
    >>> entropy([0.5, 0.25, 0.25, 0.0])
    1.5
    """
    p = _as_distribution(p, "p")
    return _number(-_times_log(p, p).sum(axis=-1) / _log(base) + 0.0)


def cross_entropy(p, q, base=2):
    """H(p, q) = −Σ p log q = H(p) + D(p‖q): the mean surprise if one believes in q.

    Parameters
    ----------
    p, q : array_like (..., k)
        Distributions along the last axis, of one shape.
    base : float
        2 for bits, e for nats.

    Returns
    -------
    float or ndarray (...)
        At least H(p); inf where q = 0 < p.

    Raises
    ------
    ValueError
        If p or q is no distribution, their shapes differ, or the base is no base.

    Notes
    -----
    Slide row I5. Cover and Thomas (2006), theorem 5.4.3: the length of a code made for q. Derived:
    −Σ p log q = −Σ p log p + Σ p log(p/q).

    Examples
    --------
    >>> cross_entropy([0.5, 0.5], [0.25, 0.75]) + np.log2(3) / 2
    np.float64(2.0)
    """
    p, q = _as_pair(p, q)
    return _number(-_times_log(p, q).sum(axis=-1) / _log(base) + 0.0)


def kl_divergence(p, q, base=2):
    """D(p‖q) = Σ p log(p/q): the price of believing in q where p is the truth.

    Parameters
    ----------
    p, q : array_like (..., k)
        Distributions along the last axis, of one shape.
    base : float
        2 for bits, e for nats.

    Returns
    -------
    float or ndarray (...)
        0 where p = q, else above; inf where q = 0 < p.

    Raises
    ------
    ValueError
        If p or q is no distribution, their shapes differ, or the base is no base.

    Notes
    -----
    Slide rows I5, I6 and I7. Kullback and Leibler, *Annals of Mathematical Statistics* 22 (1951),
    79–86. In general not symmetric; D(p‖q) = D(q‖p) for p = (a, b), q = (b, a), say (E22).

    Examples
    --------
    >>> kl_divergence([1.0, 0.0], [0.25, 0.75]), kl_divergence([0.25, 0.75], [1.0, 0.0])
    (2.0, inf)
    """
    p, q = _as_pair(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    return _number(np.maximum(terms.sum(axis=-1), 0.0) / _log(base))  # but for rounding it is ≥ 0


def jensen_shannon(p, q, base=2):
    """½ D(p‖m) + ½ D(q‖m) with m = ½ (p + q): a divergence that is symmetric and finite.

    Parameters
    ----------
    p, q : array_like (..., k)
        Distributions along the last axis, of one shape.
    base : float
        2 for bits, e for nats.

    Returns
    -------
    float or ndarray (...)
        From 0 to log 2; the root of it is a distance.

    Raises
    ------
    ValueError
        If p or q is no distribution, their shapes differ, or the base is no base.

    Notes
    -----
    Slide row I6. Lin, *IEEE Transactions on Information Theory* 37 (1991), 145–151.

    Examples
    --------
    >>> jensen_shannon([1.0, 0.0], [0.0, 1.0])
    1.0
    """
    p, q = _as_pair(p, q)
    m = (p + q) / 2
    return _number((kl_divergence(p, m, base) + kl_divergence(q, m, base)) / 2)


def perplexity(p):
    """2^H(p), H in bits: how many equally likely outcomes would surprise as much.

    Parameters
    ----------
    p : array_like (..., k)
        Distributions along the last axis.

    Returns
    -------
    float or ndarray (...)
        From 1 to k; the base of the logarithm is of no matter.

    Raises
    ------
    ValueError
        If p is no distribution.

    Notes
    -----
    Slide row I4. Jelinek, Mercer, Bahl and Baker, *Journal of the Acoustical Society of America* 62
    (1977), S63.

    Examples
    --------
    >>> perplexity([0.25, 0.25, 0.25, 0.25])
    4.0
    """
    return _number(2.0 ** np.asarray(entropy(p)))


def mutual_information(p_xy, base=2):
    """I(X; Y) = D(p(x, y) ‖ p(x) p(y)): what x tells of y, and y of x.

    Parameters
    ----------
    p_xy : array_like (m, k)
        Joint distribution; cells, rows and columns may be 0.
    base : float
        2 for bits, e for nats.

    Returns
    -------
    float
        From 0, exactly where x and y are independent, to the smaller of H(X) and H(Y).

    Raises
    ------
    ValueError
        If p_xy is no table, negative somewhere, does not sum to 1, or the base is no base.

    Notes
    -----
    Slide row I8. Cover and Thomas (2006), equation 2.28.

    Examples
    --------
    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]]), mutual_information([[0.25, 0.25]] * 2)
    (1.0, 0.0)
    """
    p_xy = as_array(p_xy, "p_xy")
    if p_xy.ndim != 2:
        raise ValueError(
            f"p_xy: expected a table, a row for each x and a column for each y, got shape "
            f"{p_xy.shape}."
        )
    joint = _as_distribution(p_xy.ravel(), "p_xy").reshape(p_xy.shape)
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return kl_divergence(joint.ravel(), independent.ravel() / independent.sum(), base)


def pixel_mutual_information(X, y, *, base=2):
    """I(X_j; Y) of every column X_j of a data set with its labels, from counts.

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1; whole numbers from 0 on, as grey levels are. Bin other features first.
    y : array_like (n,)
        Labels, whole numbers from 0 on.
    base : float
        2 for bits, e for nats.

    Returns
    -------
    ndarray (d,)

    Raises
    ------
    ValueError
        If shapes do not fit, there are no rows, or a number is not a whole one from 0 on.

    Notes
    -----
    Slide row I8. One count of (pixel, level, label) gives the joint tables of all pixels at once.
    Counts of few examples make it too large, by about (levels − 1)(labels − 1)/2n nats: Miller, in
    *Information Theory in Psychology* (1955), 95–100.

    Examples
    --------
    The first pixel is the label, the second knows nothing of it:

    >>> pixel_mutual_information([[0, 5], [0, 7], [1, 5], [1, 7]], [0, 0, 1, 1])
    array([1., 0.])
    """
    X = as_matrix(X)
    if len(X) == 0:
        raise ValueError("X: expected at least one row, got 0. There is nothing to count.")
    levels, labels = _as_whole(X, "X"), _as_whole(as_vector(y, length=len(X)), "y")
    log, found = _log(base), np.empty(X.shape[1])
    n_levels, n_labels = int(levels.max(initial=0)) + 1, int(labels.max()) + 1
    step = max(1, CHUNK // (n_levels * n_labels + len(X)))
    for start in range(0, len(found), step):
        block = levels[:, start : start + step]
        width = block.shape[1]
        cells = (np.arange(width) * n_levels + block) * n_labels + labels[:, None]
        counts = np.bincount(cells.ravel(), minlength=width * n_levels * n_labels)
        joint = counts.reshape(width, n_levels, n_labels)
        terms = (
            _sum_of_times_log(joint, (1, 2))
            - _sum_of_times_log(joint.sum(axis=2), 1)
            - _sum_of_times_log(joint.sum(axis=1), 1)
        )
        found[start : start + step] = terms / len(X) + np.log(len(X))
    return np.maximum(found, 0.0) / log


def softmax_cross_entropy(scores, y):
    """L = −(1/n) Σ_i log softmax(scores_i)[y_i], and ∂L/∂scores = (softmax − one-hot)/n.

    Parameters
    ----------
    scores : array_like (n, k)
        n ≥ 1.
    y : array_like (n,)
        Labels 0 … k − 1 (the slides count from 1: E7).

    Returns
    -------
    tuple of float and ndarray (n, k)
        The mean loss in nats and its gradient.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, a label is no class, or there are no rows.

    Notes
    -----
    Slide rows I2, I9 and I10: the cross-entropy of the one-hot labels and the predictions; as the
    entropy of a one-hot label is 0, it is D(one-hot ‖ softmax). Bishop (2006), equations 4.108 and
    4.109. The slide's example gives 3.8542 nats, 5.5605 bits; −log(0.021) = 3.863 is the log of a
    rounded number (E5).

    Examples
    --------
    >>> loss, gradient = softmax_cross_entropy([[1.2, 5.0, 1.6]], [0])
    >>> round(loss, 4), gradient.round(3)
    (3.8542, array([[-0.979,  0.947,  0.032]]))
    """
    scores = as_matrix(scores, "scores")
    n, k = scores.shape
    if n == 0:
        raise ValueError("scores: expected at least one row, got 0. A mean needs an example.")
    return cross_entropy_of(scores, as_labels(y, length=n, n_classes=k))


def cross_entropy_of(scores, y):
    """`softmax_cross_entropy` of arrays that are known to be right: for inner loops."""
    n = len(scores)
    rows = np.arange(n)
    shifted = scores - scores.max(axis=1, keepdims=True)
    chosen = shifted[rows, y]
    np.exp(shifted, out=shifted)
    total = shifted.sum(axis=1, keepdims=True)
    loss = float((np.log(total[:, 0]) - chosen).mean())
    shifted /= total * n
    shifted[rows, y] -= 1.0 / n
    return loss, shifted


def gaussian_divergence(x, p, mean, deviation, direction):
    """D(p‖q) if "forward", D(q‖p) if "reverse", with q ∝ exp(−(x − mean)²/2 deviation²).

    Parameters
    ----------
    x : array_like (n,)
        Equally spaced grid, n ≥ 3.
    p : array_like (n,)
        Positive density on it, Σ p Δx = 1.
    mean, deviation : float
        Of q, in units of x; deviation above 0. q is normalised on the grid, too.
    direction : {"forward", "reverse"}

    Returns
    -------
    float
        Nats.

    Raises
    ------
    ValueError
        If x is no such grid, p no such density, or an argument out of its range.

    Notes
    -----
    Slide row I7: the landscape whose lowest point `fit_gaussian` finds.

    Examples
    --------
    >>> x = np.linspace(-8, 8, 401)
    >>> p = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    >>> round(gaussian_divergence(x, p, 1.0, 1.0, "forward"), 9)
    0.5
    """
    u, mass, centre, scale = _as_density(x, p)
    deviation = as_positive(deviation, "deviation")
    _as_direction(direction)
    mean = as_array(mean, "mean")
    if mean.ndim != 0:
        raise ValueError(f"mean: expected one number, got shape {mean.shape}.")
    parameters = np.array([(mean - centre) / scale, np.log(deviation / scale)])
    return float(_objective(parameters[None, :], u, mass, direction)[0])


def fit_gaussian(x, p, direction):
    """argmin_q D(p‖q) if "forward", D(q‖p) if "reverse", over the Gaussians q.

    Parameters
    ----------
    x : array_like (n,)
        Equally spaced grid, n ≥ 3.
    p : array_like (n,)
        Positive density on it, Σ p Δx = 1.
    direction : {"forward", "reverse"}

    Returns
    -------
    Gaussian
        mean and standard deviation.

    Raises
    ------
    ValueError
        If x is no such grid, p no such density, or the direction is neither.

    Notes
    -----
    Slide row I7. "forward" is as wide as p, since q = 0 < p would cost infinitely much: mean and
    variance are p's, if the grid reaches beyond q. "reverse" sits on one mode, since there q only
    has to be small where p is: Bishop, *Pattern Recognition and Machine Learning* (2006), section
    10.1.2. The reverse objective has a valley for each mode, a narrow one for a narrow mode, so
    each valley of a coarse net of Gaussians is followed to its bottom.

    Examples
    --------
    >>> x = np.linspace(-8, 8, 401)
    >>> p = np.exp(-((x - 1) ** 2) / 8) / np.sqrt(8 * np.pi)
    >>> q = fit_gaussian(x, p / (p.sum() * (x[1] - x[0])), "reverse")
    >>> round(q.mean, 6), round(q.deviation, 6)
    (1.0, 2.0)
    """
    u, mass, centre, scale = _as_density(x, p)
    _as_direction(direction)
    step = u[1] - u[0]
    means = np.linspace(u[0], u[-1], 61)
    logs = np.linspace(np.log(step / 2), np.log(np.ptp(u)), 41)
    net = np.stack(np.meshgrid(means, logs), axis=-1)
    values = _objective(net.reshape(-1, 2), u, mass, direction).reshape(net.shape[:2])
    around = sliding_window_view(np.pad(values, 1, constant_values=np.inf), (3, 3))
    valleys = net[values == around.min(axis=(2, 3))]
    _, (mean, log_deviation) = min(
        (_descend(start, u, mass, direction) for start in valleys), key=lambda found: found[0]
    )
    return Gaussian(float(centre + scale * mean), float(scale * np.exp(log_deviation)))


def _objective(parameters, u, mass, direction):
    """The divergences of Gaussians with parameters (m, 2): mean and log deviation."""
    log_q = -0.5 * ((u - parameters[:, :1]) * np.exp(-parameters[:, 1:])) ** 2
    top = log_q.max(axis=1, keepdims=True)
    log_q -= top + np.log(np.exp(log_q - top).sum(axis=1, keepdims=True))
    if direction == "forward":
        return (mass * (np.log(mass) - log_q)).sum(axis=1)
    return (np.exp(log_q) * (log_q - np.log(mass))).sum(axis=1)


def _descend(start, u, mass, direction):
    """Newton's method on two numbers, by differences: the value and place of a valley's bottom."""
    h, at = 1e-4, start
    offsets = h * np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    value = _objective(at[None, :], u, mass, direction)[0]
    for _ in range(100):
        f = _objective(at + offsets, u, mass, direction).reshape(3, 3)
        gradient = np.array([f[2, 1] - f[0, 1], f[1, 2] - f[1, 0]]) / (2 * h)
        twist = (f[2, 2] - f[2, 0] - f[0, 2] + f[0, 0]) / 4
        bend = np.array(
            [[f[2, 1] - 2 * value + f[0, 1], twist], [twist, f[1, 2] - 2 * value + f[1, 0]]]
        )
        values, vectors = np.linalg.eigh(bend / h**2)
        step = -vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-3))
        step *= min(1.0, 1.0 / np.abs(step).max(initial=1e-300))
        for _ in range(40):
            new = _objective((at + step)[None, :], u, mass, direction)[0]
            if new < value:
                break
            step /= 2
        if not new < value:
            break
        moved, at, value = np.abs(step).max(), at + step, new
        if moved < 1e-10:
            break
    return value, at


def _log(base):
    base = as_positive(base, "base")
    if base == 1:
        raise ValueError("base: expected a base of logarithms, 2 or np.e, say, got 1.")
    return np.log(base)


def _times_log(p, q):
    """p log q, and 0 where p is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(q), 0.0)


def _sum_of_times_log(counts, axis):
    return (counts * np.log(np.maximum(counts, 1))).sum(axis=axis)


def _number(values):
    return float(values) if np.ndim(values) == 0 else values


def _as_distribution(p, name):
    p = as_array(p, name)
    if p.ndim == 0:
        raise ValueError(f"{name}: expected a distribution, one number an outcome, got one number.")
    if (p < 0).any():
        raise ValueError(f"{name}: expected probabilities, got {p.min():g}. None is below 0.")
    wrong = np.abs(p.sum(axis=-1) - 1) > TOLERANCE
    if wrong.any():
        total = p.sum(axis=-1)[wrong].flat[0]
        raise ValueError(
            f"{name}: expected probabilities that sum to 1, got the sum {total:g}. "
            f"Divide counts by their sum."
        )
    return p


def _as_pair(p, q):
    p, q = _as_distribution(p, "p"), _as_distribution(q, "q")
    if p.shape != q.shape:
        raise ValueError(f"q: expected the shape of p, {p.shape}, got {q.shape}.")
    return p, q


def _as_whole(values, name):
    whole = values.astype(np.int64)
    if (whole != values).any() or (whole < 0).any():
        wrong = values[(whole != values) | (whole < 0)].flat[0]
        raise ValueError(
            f"{name}: expected whole numbers from 0 on, got {wrong:g}. "
            "np.unique(..., return_inverse=True) numbers any values."
        )
    return whole


def _as_density(x, p):
    """The grid around p's centre in units of its width, p's mass a point, and centre and width."""
    x = as_vector(x, "x")
    p = as_vector(p, "p", length=len(x))
    steps = np.diff(x)
    if len(x) < 3 or not (steps > 0).all() or np.ptp(steps) > 1e-6 * steps.mean():
        raise ValueError("x: expected at least 3 equally spaced, growing numbers: np.linspace(…).")
    if not (p > 0).all():
        raise ValueError(f"p: expected a density above 0 everywhere, got {p.min():g}.")
    mass = p * steps.mean()
    if abs(mass.sum() - 1) > 1e-6:
        raise ValueError(
            f"p: expected a density with Σ p Δx = 1, got {mass.sum():g}. "
            "Divide it by p.sum() * (x[1] - x[0])."
        )
    mass = mass / mass.sum()
    centre = mass @ x
    scale = np.sqrt(mass @ (x - centre) ** 2)
    return (x - centre) / scale, mass, centre, scale


def _as_direction(direction):
    if direction not in ("forward", "reverse"):
        raise ValueError(f"direction: expected 'forward' or 'reverse', got {direction!r}.")
