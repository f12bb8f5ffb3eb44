"""Penalties on weights, and linear regression under them: the lasso and the elastic net.

    (1/2n) ‖y − Xθ‖² + strength · (l1_ratio ‖θ‖₁ + (1 − l1_ratio) ‖θ‖₂²)

The square is not halved, as on the slides. scikit-learn's ElasticNet halves it: its alpha and its
l1_ratio, times each other, are our strength times our l1_ratio; alpha (1 − l1_ratio) / 2 is our
strength (1 − l1_ratio).

References: slide G6; Tibshirani, *Journal of the Royal Statistical Society B* 58 (1996), 267–288;
Zou and Hastie, the same B 67 (2005), 301–320; Friedman, Hastie and Tibshirani, *Journal of
Statistical Software* 33 (2010), 1; Hastie, Tibshirani and Friedman, *The Elements of Statistical
Learning* (2009), section 3.4.
"""

from itertools import count
from typing import NamedTuple

import numpy as np

from course_utils.validation import (
    as_array,
    as_count,
    as_data,
    as_non_negative,
    as_positive,
    as_vector,
)

KINDS = ("l2", "l1", "elastic_net")


class Sparse(NamedTuple):
    """theta (d,) with exact zeros; its objective lies at most `gap` above the least possible."""

    theta: np.ndarray
    objective: float
    gap: float
    n_sweeps: int


def penalty(theta, kind, *, strength, l1_ratio=0.5):
    """strength · Σθ² for "l2", strength · Σ|θ| for "l1", and their mix for "elastic_net".

    Parameters
    ----------
    theta : array_like, any shape
    kind : {"l2", "l1", "elastic_net"}
    strength : float
        0 or above.
    l1_ratio : float
        In [0, 1], the share of "l1" in "elastic_net"; the others do not look at it.

    Returns
    -------
    tuple of float and ndarray of theta's shape
        The value and a subgradient. Of |θ| at 0, where any slope from −1 to 1 is one, it takes 0.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Slide row G6. In θ, l2 is the log density of a Gaussian prior, l1 of Laplace's. Hastie,
    Tibshirani and Friedman (2009), equation 3.54.

    Examples
    --------
    >>> penalty([3.0, -1.0], "l1", strength=2.0)
    (8.0, array([ 2., -2.]))
    >>> penalty([3.0, -1.0], "elastic_net", strength=2.0, l1_ratio=0.25)
    (17.0, array([ 9.5, -3.5]))
    """
    theta, strength = as_array(theta, "theta"), as_non_negative(strength, "strength")
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}.")
    share = {"l2": 0.0, "l1": 1.0, "elastic_net": _as_ratio(l1_ratio)}[kind]
    value = share * np.abs(theta).sum() + (1 - share) * (theta**2).sum()
    return float(strength * value), strength * (share * np.sign(theta) + (1 - share) * 2 * theta)


def soft_threshold(theta, threshold):
    """sign(θ) max(|θ| − threshold, 0) = argmin_u ½(u − θ)² + threshold |u|.

    Parameters
    ----------
    theta : array_like, any shape
    threshold : float
        0 or above.

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Slide row G6: where exact zeros come from. Hastie, Tibshirani and Friedman (2009), table 3.4.

    Examples
    --------
    >>> soft_threshold([3.0, -0.5, -2.0], 1.0)
    array([ 2., -0., -1.])
    """
    theta = as_array(theta, "theta")
    return _shrink(theta, as_non_negative(threshold, "threshold"))


def lasso(X, y, *, strength):
    """argmin_θ (1/2n) ‖y − Xθ‖² + strength · ‖θ‖₁, with exact zeros.

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1. Centred, if a bias is wanted: mean(y) then.
    y : array_like (n,)
    strength : float
        0 or above; from `strongest` on all of theta is 0.

    Returns
    -------
    ndarray (d,)

    Raises
    ------
    ValueError
        If shapes do not fit, a number is out of its range, or there are no rows.

    Notes
    -----
    Slide row G6. Tibshirani (1996). `elastic_net` says how, and gives a certificate.

    Examples
    --------
    With XᵀX/n = I each weight is the soft threshold of its correlation:

    >>> lasso([[2.0**0.5, 0.0], [0.0, 2.0**0.5]], [3 * 2.0**0.5, 0.5], strength=1.0)
    array([2., 0.])
    """
    return elastic_net(X, y, strength=strength, l1_ratio=1.0).theta


def elastic_net(
    X, y, *, strength, l1_ratio, method="coordinate", tolerance=1e-10, max_sweeps=100_000
):  # fmt: skip
    """argmin_θ (1/2n) ‖y − Xθ‖² + strength · (l1_ratio ‖θ‖₁ + (1 − l1_ratio) ‖θ‖₂²).

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1.
    y : array_like (n,)
    strength : float
        0 or above.
    l1_ratio : float
        In [0, 1]: 1 is the lasso, 0 is ridge regression.
    method : {"coordinate", "proximal"}
        One weight after the other, each to where it is best; or all together, a gradient step and a
        soft threshold, with Nesterov's momentum.
    tolerance : float
        Stop when the gap is this share of ‖y‖²/2n.
    max_sweeps : int

    Returns
    -------
    Sparse
        With its certificate: no θ has an objective below ``objective − gap``.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the gap is not reached in max_sweeps.

    Notes
    -----
    Slide row G6. Friedman, Hastie and Tibshirani (2010) for the first method, on XᵀX and Xᵀy alone;
    Beck and Teboulle, *SIAM Journal on Imaging Sciences* 2 (2009), 183–202, for the second. The gap
    is the Fenchel dual's at the scaled residual: Kim, Koh, Lustig, Boyd and Gorinevsky, *IEEE
    Journal of Selected Topics in Signal Processing* 1 (2007), 606–617.

    Examples
    --------
    >>> found = elastic_net([[1.0]], [4.0], strength=1.0, l1_ratio=0.5)
    >>> found.theta, found.objective
    (array([1.75]), 4.9375)
    """
    X, y = _as_rows(X, y)
    problem = _problem(X, y)
    strength, l1_ratio = as_non_negative(strength, "strength"), _as_ratio(l1_ratio)
    limits = _as_limits(method, tolerance, max_sweeps)
    return _solve(problem, np.zeros(X.shape[1]), strength, l1_ratio, *limits)


def strongest(X, y, *, l1_ratio=1.0):
    """max_j |x_jᵀy| / (n l1_ratio): the smallest strength at which all of theta is 0.

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1.
    y : array_like (n,)
    l1_ratio : float
        In (0, 1].

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, a number is out of its range, or there are no rows.

    Notes
    -----
    Slide row G6: where a path of coefficients begins. Friedman, Hastie and Tibshirani (2010),
    section 2.5.

    Examples
    --------
    >>> strongest([[1.0, 2.0], [0.0, 1.0]], [4.0, 2.0])
    5.0
    """
    X, y = _as_rows(X, y)
    l1_ratio = as_positive(_as_ratio(l1_ratio), "l1_ratio")
    return float(np.abs(X.T @ y).max(initial=0.0) / (len(y) * l1_ratio))


def coefficient_path(X, y, *, strengths, l1_ratio=1.0, tolerance=1e-10):
    """Row i is argmin_θ of `elastic_net` at strengths[i], each started where the last one ended.

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1.
    y : array_like (n,)
    strengths : array_like (m,)
        0 or above; from strong to weak is fastest.
    l1_ratio : float
        In [0, 1].
    tolerance : float

    Returns
    -------
    ndarray (m, d)

    Raises
    ------
    ValueError
        If an argument is out of its range, or there are no rows.

    Notes
    -----
    Slide row G6: how weights enter as the penalty weakens. For the lasso each path consists of
    straight pieces: Efron, Hastie, Johnstone and Tibshirani, *Annals of Statistics* 32 (2004),
    407–499.

    Examples
    --------
    >>> coefficient_path([[1.0]], [3.0], strengths=[4.0, 2.0, 1.0])
    array([[0.],
           [1.],
           [2.]])
    """
    X, y = _as_rows(X, y)
    problem, theta = _problem(X, y), np.zeros(X.shape[1])
    strengths, l1_ratio = as_vector(strengths, "strengths"), _as_ratio(l1_ratio)
    limits = _as_limits("coordinate", tolerance, 100_000)
    rows = []
    for strength in strengths:
        strength = as_non_negative(strength, "strengths")
        theta = _solve(problem, theta, strength, l1_ratio, *limits).theta
        rows.append(theta)
    return np.array(rows).reshape(len(strengths), X.shape[1])


class _Problem(NamedTuple):
    """XᵀX/n, Xᵀy/n and ‖y‖²/n: all that the objective needs."""

    gram: np.ndarray
    correlation: np.ndarray
    power: float


def _problem(X, y):
    n = len(y)
    return _Problem(X.T @ X / n, X.T @ y / n, float(y @ y) / n)


def _solve(problem, start, strength, l1_ratio, method, tolerance, max_sweeps):
    l1, l2 = strength * l1_ratio, strength * (1 - l1_ratio)
    if l1 == 0:
        return _least_squares(problem, l2)
    search = _coordinate_sweeps if method == "coordinate" else _proximal_steps
    wanted = tolerance * max(problem.power / 2, 1e-300)
    for theta, n_sweeps in search(problem, start.copy(), l1, l2):
        objective, gap = _certificate(problem, theta, l1, l2)
        if gap <= wanted:
            return Sparse(theta, objective, gap, n_sweeps)
        if n_sweeps >= max_sweeps:
            raise ValueError(
                f"max_sweeps: {n_sweeps} sweeps left a gap of {gap:.3g}, not {wanted:.3g}. "
                "Standardise X, allow more sweeps, or a larger tolerance."
            )


def _least_squares(problem, l2):
    """Without an l1 part the minimum is the solution of one linear system."""
    H = problem.gram + 2 * l2 * np.eye(len(problem.gram))
    theta = np.linalg.lstsq(H, problem.correlation)[0]
    slope = problem.correlation - H @ theta
    gap = abs(float(slope @ np.linalg.lstsq(H, slope)[0])) / 2
    return Sparse(theta, _certificate(problem, theta, 0.0, l2)[0], gap, 1)


def _coordinate_sweeps(problem, theta, l1, l2):
    """Each weight in turn to its minimum: once all of them, then up to 9 times those not 0."""
    gram, curvature = problem.gram, problem.gram.diagonal() + 2 * l2
    for n_sweeps in count(step=10):
        yield theta, n_sweeps
        slope = problem.correlation - gram @ theta  # −∇ of the squares, kept up to date
        candidates = range(len(theta))
        for _ in range(10):
            largest = 0.0
            for j in candidates:
                if curvature[j] == 0:  # a column of zeros
                    continue
                old = theta[j]
                pull = slope[j] + gram[j, j] * old
                new = max(abs(pull) - l1, 0.0) / curvature[j]
                new = -new if pull < 0 else new
                if new != old:
                    slope -= (new - old) * gram[j]
                    theta[j] = new
                    largest = max(largest, curvature[j] * (new - old) ** 2)
            candidates = np.flatnonzero(theta).tolist()
            if largest <= 1e-15 * problem.power:
                break
        theta = _polish(problem, theta, l1, l2)


def _polish(problem, theta, l1, l2):
    """Where the signs are right, the rest is one linear system; kept if it keeps the signs."""
    active = np.flatnonzero(theta)
    if not len(active):
        return theta
    H = problem.gram[np.ix_(active, active)] + 2 * l2 * np.eye(len(active))
    right = problem.correlation[active] - l1 * np.sign(theta[active])
    best = np.linalg.lstsq(H, right)[0]
    if (np.sign(best) == np.sign(theta[active])).all():
        polished = theta.copy()
        polished[active] = best
        if _certificate(problem, polished, l1, l2) <= _certificate(problem, theta, l1, l2):
            return polished
    return theta


def _proximal_steps(problem, theta, l1, l2):
    """θ ← soft threshold of θ − ∇/L, L the largest curvature, from an extrapolated point."""
    L = np.linalg.norm(problem.gram, 2) + 2 * l2 or 1.0
    ahead, t = theta, 1.0
    for n_steps in count():
        if n_steps % 50 == 0:
            yield theta, n_steps
        gradient = problem.gram @ ahead - problem.correlation + 2 * l2 * ahead
        new = _shrink(ahead - gradient / L, l1 / L)
        if (ahead - new) @ (new - theta) > 0:  # the momentum leads uphill: begin afresh
            t = 1.0
        t_new = (1 + np.sqrt(1 + 4 * t * t)) / 2
        ahead, theta, t = new + (t - 1) / t_new * (new - theta), new, t_new


def _certificate(problem, theta, l1, l2):
    """The objective and the duality gap: the l2 part counts as more rows of X."""
    gram_theta = problem.gram @ theta + 2 * l2 * theta
    fitted = float(theta @ gram_theta)
    squares = problem.power - 2 * float(theta @ problem.correlation) + fitted  # ‖residual‖²/n
    squares = max(squares, 0.0)
    objective = squares / 2 + l1 * float(np.abs(theta).sum())
    largest = float(np.abs(problem.correlation - gram_theta).max(initial=0.0))
    scale = 1.0 if largest <= l1 else l1 / largest
    dual = scale * (problem.power - float(theta @ problem.correlation)) - scale**2 * squares / 2
    return objective, max(objective - dual, 0.0)


def _shrink(theta, threshold):
    return np.sign(theta) * np.maximum(np.abs(theta) - threshold, 0.0)


def _as_rows(X, y):
    X, y = as_data(X, y)
    if len(y) == 0:
        raise ValueError(
            "X and y: expected at least one row, got 0. There is nothing to learn from."
        )
    return X, y


def _as_ratio(value):
    ratio = as_non_negative(value, "l1_ratio")
    if ratio > 1:
        raise ValueError(f"l1_ratio: expected a share from 0 to 1, got {ratio:g}.")
    return ratio


def _as_limits(method, tolerance, max_sweeps):
    if method not in ("coordinate", "proximal"):
        raise ValueError(f"method: expected 'coordinate' or 'proximal', got {method!r}.")
    return (
        method,
        as_positive(tolerance, "tolerance"),
        as_count(max_sweeps, "max_sweeps", minimum=1),
    )
