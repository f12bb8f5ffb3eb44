"""Generalised linear models: one loss, one gradient and one fit for every exponential family.

    p(y; η) = b(y) exp(ηᵀT(y) − a(η)),   η = θᵀx

A family is its log-partition a. Its slope a′ is the mean of T(y), its curvature a″ the variance,
and that is all a model needs: the loss a(η) − ηᵀT(y), the gradient (a′(η) − T(y)) x, the Hessian
a″(η) x xᵀ. Losses are means over the rows, in nats, and leave out log b(y), which θ cannot change.

References: slides G1–G10; McCullagh and Nelder, *Generalized Linear Models* (1989), chapter 2;
Bishop, *Pattern Recognition and Machine Learning* (2006), sections 2.4 and 4.3.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_utils.optimisation import line_search
from course_utils.special import logsumexp, one_hot, sigmoid, softmax, softplus
from course_utils.validation import (
    as_array,
    as_count,
    as_labels,
    as_matrix,
    as_non_negative,
    as_positive,
    as_vector,
)

SINGULAR = 1e-13
"""Curvatures below this share of the largest count as none."""

ROUNDING = 1e-15
"""Share of a mean loss below which its last bits, and so the machine, decide what it is."""


class Family(NamedTuple):
    """An exponential family in its natural parameter η; every function takes arrays.

    log_partition a(η), mean a′(η), variance a″(η), log_base log b(y). T(y) = y, but for the
    categorical family: there η has one entry a class along the last axis, T(y) is one-hot and the
    variance is the covariance matrix.
    """

    name: str
    log_partition: Callable
    mean: Callable
    variance: Callable
    log_base: Callable


class Fit(NamedTuple):
    """theta (d,), categorical (d, k); the objective after every step, history; and their number."""

    theta: np.ndarray
    history: np.ndarray
    n_iterations: int


def _log_factorial(y):
    return np.vectorize(math.lgamma, otypes=[float])(np.asarray(y) + 1.0)


def _bernoulli_variance(eta):
    return sigmoid(eta) * sigmoid(-eta)  # not p(1 − p), which is 0 from η = 37 on


def _covariance(eta):
    p = softmax(eta)
    return p[..., None] * np.eye(p.shape[-1]) - p[..., None] * p[..., None, :]


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "gaussian", lambda eta: eta**2 / 2, lambda eta: eta * 1.0, np.ones_like,
            lambda y: -(y**2) / 2 - math.log(2 * math.pi) / 2,
        ),
        Family("bernoulli", softplus, sigmoid, _bernoulli_variance, np.zeros_like),
        Family("poisson", np.exp, np.exp, np.exp, lambda y: -_log_factorial(y)),
        Family("categorical", logsumexp, softmax, _covariance, lambda y: np.zeros(np.shape(y))),
    )
}  # fmt: skip
"""The families by name; the Gaussian one has variance 1."""


def family_moments(eta, family):
    """a(η), a′(η) = E[T(y)], a″(η) = Var[T(y)].

    Parameters
    ----------
    eta : array_like, any shape
        Natural parameters; for "categorical" one a class along the last axis.
    family : {"gaussian", "bernoulli", "poisson", "categorical"}
        The Gaussian family has variance 1.

    Returns
    -------
    tuple of ndarray
        Log-partition (nats), mean and variance, of eta's shape. For "categorical" the log-partition
        lacks the last axis, and the covariance matrix has it twice.

    Raises
    ------
    ValueError
        If eta is not finite or the family is unknown.

    Notes
    -----
    Slide rows G7, G8 and G10. McCullagh and Nelder (1989), section 2.2.2. The slide's Normal is
    exp(+½(y − μ)²), which is no density, with b(y) = exp(+½y²) (E10); here b(y) = exp(−½y²)/√(2π).
    Its Bernoulli mean 1/(1 − exp(−η)) (E11) is no probability.

    Examples
    --------
    A coin with log-odds log 3 shows heads with probability ¾:

    >>> a, mean, variance = family_moments(np.log(3), "bernoulli")
    >>> (a / np.log(2)).round(12), mean, variance
    (np.float64(2.0), np.float64(0.75), np.float64(0.1875))
    """
    eta = as_array(eta, "eta")
    family = _as_family(family)
    return family.log_partition(eta), family.mean(eta), family.variance(eta)


def log_density(y, eta, *, family):
    """log p(y; η) = log b(y) + ηᵀT(y) − a(η).

    Parameters
    ----------
    y : array_like (n,)
        Observations.
    eta : array_like (n,), for "categorical" (n, k)
    family : str
        As in `family_moments`.

    Returns
    -------
    ndarray (n,)
        Nats; log probabilities, for "gaussian" log densities.

    Raises
    ------
    ValueError
        If shapes do not fit, or an observation is none of the family's.

    Notes
    -----
    Slide rows G7 and G8. Bishop (2006), equation 2.194.

    Examples
    --------
    >>> np.exp(log_density([1.0, 0.0], np.log([3.0, 3.0]), family="bernoulli"))
    array([0.75, 0.25])
    """
    family, eta = _as_family(family), as_array(eta, "eta")
    y, statistic = _as_observations(y, family, eta.shape)
    product = statistic * eta
    product = product.sum(axis=-1) if family.name == "categorical" else product
    return family.log_base(y) + product - family.log_partition(eta)


def negative_log_likelihood(theta, X, y, *, family):
    """L(θ) = (1/n) Σ_i [a(η_i) − η_iᵀT(y_i)] with η = Xθ, and ∇L = (1/n) Xᵀ(a′(η) − T(y)).

    Parameters
    ----------
    theta : array_like (d,), for "categorical" (d, k)
    X : array_like (n, d)
        n ≥ 1. A bias is a column of ones.
    y : array_like (n,)
        Numbers; 0 and 1 for "bernoulli"; counts for "poisson"; labels 0 … k − 1 for "categorical".
    family : str
        As in `family_moments`.

    Returns
    -------
    tuple of float and ndarray of theta's shape
        The mean loss (nats, without log b(y)) and its gradient.

    Raises
    ------
    ValueError
        If shapes do not fit, an observation is none of the family's, or there are no rows.

    Notes
    -----
    Slide rows G3, G5, G9 and G10: the same line for linear, logistic, Poisson and softmax
    regression. Bishop (2006), equation 4.124. That one rule fits all is true of the canonical link
    η = θᵀx with unit dispersion only (E12); a Normal with variance σ² has 1/σ² before the gradient.
    The slide's gradient mixes g(θᵀx) and σ(θᵀx) (E8); both are a′ here. It goes uphill (E9).

    Examples
    --------
    At θ = 0 a coin is fair and the loss log 2; the gradient is the mean of (½ − y) x:

    >>> loss, gradient = negative_log_likelihood([0.0], [[1.0], [3.0]], [1, 1], family="bernoulli")
    >>> float(loss / np.log(2)), gradient
    (1.0, array([-1.]))
    """
    family = _as_family(family)
    X, theta = _as_rows(X), as_array(theta, "theta")
    _, statistic = _as_observations(y, family, _shape(theta, X, family))
    return _loss(theta, X, statistic, family)


def logistic_loss(theta, X, y):
    """L(θ) = (1/n) Σ_i [log(1 + exp(η_i)) − y_i η_i] with η = Xθ, and ∇L = (1/n) Xᵀ(σ(η) − y).

    Parameters
    ----------
    theta : array_like (d,)
    X : array_like (n, d)
        n ≥ 1.
    y : array_like (n,)
        Labels 0 and 1.

    Returns
    -------
    tuple of float and ndarray (d,)
        The mean negative log-likelihood (nats) and its gradient.

    Raises
    ------
    ValueError
        As `negative_log_likelihood`.

    Notes
    -----
    Slide rows G3 and G5. Bishop (2006), equations 4.90 and 4.91: Πᵢ pᵢ^yᵢ (1 − pᵢ)^(1 − yᵢ), and
    its log, without a probability on the way.

    Examples
    --------
    >>> loss, gradient = logistic_loss([np.log(3)], [[1.0]], [1])
    >>> np.exp(-loss).round(12), gradient
    (np.float64(0.75), array([-0.25]))
    """
    return negative_log_likelihood(theta, X, y, family="bernoulli")


def sample_update(theta, x, y, *, family, learning_rate):
    """θ ← θ + learning_rate · (T(y) − h(x)) x, with h(x) = E[T(y) | x] = a′(θᵀx).

    Parameters
    ----------
    theta : array_like (d,), for "categorical" (d, k)
    x : array_like (d,)
        One example.
    y : float
    family : str
        As in `family_moments`.
    learning_rate : float
        Above 0.

    Returns
    -------
    ndarray of theta's shape

    Raises
    ------
    ValueError
        As `negative_log_likelihood`.

    Notes
    -----
    Slide rows G5 ("what does it resemble?") and G10. For the Gaussian family this is the LMS rule
    of Widrow and Hoff, *IRE WESCON* (1960), 96–104. It climbs the log-likelihood (E9), which is to
    descend the loss.

    Examples
    --------
    >>> sample_update([0.0, 0.0], [1.0, 2.0], 1, family="bernoulli", learning_rate=0.5)
    array([0.25, 0.5 ])
    """
    learning_rate = as_positive(learning_rate, "learning_rate")
    x = as_vector(x, "x")
    _, gradient = negative_log_likelihood(theta, x[None, :], [y], family=family)
    return as_array(theta, "theta") - learning_rate * gradient


def newton_step(theta, X, y, *, l2):
    """θ ← θ − H⁻¹∇J, with J = L(θ) + l2 ‖θ‖² and H = (1/n) Xᵀ diag(σ(1 − σ)) X + 2 l2 I.

    Parameters
    ----------
    theta : array_like (d,)
    X : array_like (n, d)
    y : array_like (n,)
        Labels 0 and 1.
    l2 : float
        0 or above; against the *mean* of the losses, the bias included.

    Returns
    -------
    ndarray (d,)
        One step of iteratively reweighted least squares. Where H is singular, the shortest.

    Raises
    ------
    ValueError
        As `negative_log_likelihood`, or if l2 is negative.

    Notes
    -----
    Slide row G4: there is no closed form, but a quadratic model at each point that has one. Bishop
    (2006), equation 4.92. diag(…) stays a vector: nothing of size n × n is built.

    Examples
    --------
    At θ = 0 the gradient is (σ(0) − 1) · 2 = −1 and H = ¼ · 2² = 1:

    >>> newton_step([0.0], [[2.0]], [1], l2=0.0)
    array([1.])
    """
    family, X, theta = FAMILIES["bernoulli"], _as_rows(X), as_array(theta, "theta")
    _, y = _as_observations(y, family, _shape(theta, X, family))
    weights = np.full(len(theta), as_non_negative(l2, "l2"))
    _, gradient = _loss(theta, X, y, family)
    gradient += 2 * weights * theta
    return theta - _newton_direction(theta, X, gradient, family, weights)[0]


def fit(
    X, y, *, family, l2, n_classes=None, penalised=None, method="newton", tolerance=1e-8,
    max_iterations=1000,
):  # fmt: skip
    """argmin_θ (1/n) Σ_i [a(η_i) − η_iᵀT(y_i)] + l2 Σ_penalised θ_j².

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1. A bias is a column of ones.
    y : array_like (n,)
        As in `negative_log_likelihood`.
    family : str
        As in `family_moments`.
    l2 : float
        0 or above, against the mean of the losses. For scikit-learn's C: l2 = 1 / (2 n C).
    n_classes : int, optional
        k, needed for "categorical".
    penalised : array_like of bool (d,), optional
        Which columns are penalised; without it all of them, the bias too.
    method : {"newton", "gradient_descent"}
        Newton's steps, of which few are needed; or the gradient's, of which many are, each cheap.
        Both are shortened until the objective falls.
    tolerance : float
        Stop when a step changes no η by more than this share of 1 + max |η|.
    max_iterations : int

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        If an argument is out of its range; or if there is no minimum, as the classes are separable
        and l2 is 0: then θ would grow for ever.

    Notes
    -----
    Slide rows G2, G4, G6 and G9. Bishop (2006), section 4.3.3. Of all the best θ the shortest is
    found: where columns are collinear, and of the categorical ones, whose scores may be shifted.
    A plateau is told from a minimum by Newton's step: near a minimum it shrinks, on the way to
    infinity it stays about 1 in η. Albert and Anderson, *Biometrika* 71 (1984), 1–10.

    Examples
    --------
    Without features the fitted mean is the mean: of four tosses, three heads.

    >>> found = fit(np.ones((4, 1)), [1, 1, 0, 1], family="bernoulli", l2=0.0)
    >>> np.exp(found.theta).round(9)
    array([3.])
    """
    family, X = _as_family(family), _as_rows(X)
    if family.name == "categorical":
        k = as_count(0 if n_classes is None else n_classes, "n_classes", minimum=2)
        theta = np.zeros((X.shape[1], k))
    else:
        theta = np.zeros(X.shape[1])
    y, statistic = _as_observations(y, family, _shape(theta, X, family))
    weights = _as_weights(l2, penalised, X.shape[1])
    tolerance = as_positive(tolerance, "tolerance")
    max_iterations = as_count(max_iterations, "max_iterations", minimum=1)
    if method not in ("newton", "gradient_descent"):
        raise ValueError(f"method: expected 'newton' or 'gradient_descent', got {method!r}.")

    column = weights.reshape(-1, *[1] * (theta.ndim - 1))

    def objective(theta):
        value, gradient = _loss(theta, X, statistic, family)
        return value + float((column * theta**2).sum()), gradient + 2 * column * theta

    value, gradient = objective(theta)
    history, length, newton = [value], 1.0, method == "newton"
    for _ in range(max_iterations):
        direction, longest = gradient, 2 * length
        if newton:
            (direction, _), longest = _newton_direction(theta, X, gradient, family, weights), 1.0
        if longest * _largest(X @ direction) <= tolerance * (1 + _largest(X @ theta)):
            break
        if newton and np.vdot(gradient, direction) <= ROUNDING * abs(value):
            theta = theta - direction  # the last: whether it lowers a value so little, none can see
            value, gradient = objective(theta)
            history.append(min(value, history[-1]))
            break
        try:
            step = line_search(
                objective, theta, -direction, value=value, gradient=gradient, step=longest
            )
        except ValueError:  # no step lowers it any more: that is as far as rounding lets us see
            break
        theta, value, gradient, length = step.theta, step.value, step.gradient, step.length
        history.append(value)
        if not weights.any():
            _refuse_separation(X @ theta, y, family)
    else:
        raise ValueError(
            f"max_iterations: {max_iterations} steps did not lead to a minimum. "
            "Standardise X, use l2 > 0 or allow more of them."
        )
    if not weights.all():
        _refuse_plateau(theta, X, gradient, family, weights)
    return Fit(theta, np.array(history), len(history) - 1)


def _loss(theta, X, statistic, family):
    """The mean loss and its gradient, of arguments that are known to be right."""
    eta = X @ theta
    with np.errstate(over="ignore", invalid="ignore"):  # a Poisson mean may overflow on a wild step
        value = (family.log_partition(eta).sum() - np.vdot(statistic, eta)) / len(X)
        gradient = X.T @ (family.mean(eta) - statistic) / len(X)
    return float(value), gradient


def _newton_direction(theta, X, gradient, family, weights):
    """H⁻¹ ∇J, of several the shortest, and the rank of H."""
    eta = X @ theta
    if family.name != "categorical":
        A = X * np.sqrt(family.variance(eta) / len(X))[:, None]
        H = A.T @ A + 2 * np.diag(weights)
        direction, _, rank, _ = np.linalg.lstsq(H, gradient, rcond=SINGULAR)
        return direction, rank
    p, (d, k) = softmax(eta), theta.shape
    H = np.zeros((d, k, d, k))
    for i in range(k):
        for j in range(i + 1):
            w = p[:, i] * ((i == j) - p[:, j]) / len(X)
            H[:, i, :, j] = H[:, j, :, i] = X.T @ (w[:, None] * X)
    H = H.reshape(d * k, d * k) + 2 * np.diag(np.repeat(weights, k))
    direction, _, rank, _ = np.linalg.lstsq(H, gradient.ravel(), rcond=SINGULAR)
    return direction.reshape(d, k), rank


def _refuse_plateau(theta, X, gradient, family, weights):
    """Complain of a point where the gradient is small because the curvature has gone, too."""
    direction, rank = _newton_direction(theta, X, gradient, family, weights)
    _, before = _newton_direction(np.zeros_like(theta), X, gradient, family, weights)
    if rank < before or _largest(X @ direction) > 0.01:
        raise ValueError(
            "X and y: expected a loss with a minimum, but it falls for ever along some direction, "
            "as some features rule out a class or leave only counts of 0: use l2 > 0."
        )


def _refuse_separation(eta, y, family):
    """Complain if every example is on the right side of all boundaries, none on one."""
    if family.name == "bernoulli":
        margins = np.where(y == 1, eta, -eta)
    elif family.name == "categorical":
        rows = np.arange(len(y))
        others = eta.copy()
        others[rows, y] = -np.inf
        margins = eta[rows, y] - others.max(axis=1)
    else:
        return
    if margins.min() > 0:
        raise ValueError(
            "X and y: expected classes that overlap, but a hyperplane separates them. The longer "
            "theta, the better it fits, without end: use l2 > 0."
        )


def _largest(eta):
    return float(np.abs(eta).max())


def _as_family(name):
    if name not in FAMILIES:
        raise ValueError(f"family: expected one of {', '.join(FAMILIES)}, got {name!r}.")
    return FAMILIES[name]


def _as_rows(X):
    X = as_matrix(X)
    if len(X) == 0:
        raise ValueError("X: expected at least one row, got 0. There is nothing to learn from.")
    return X


def _shape(theta, X, family):
    """The shape of η = Xθ."""
    d, dimensions = X.shape[1], 2 if family.name == "categorical" else 1
    if theta.ndim != dimensions or len(theta) != d:
        expected = f"({d}, k), a column a class" if dimensions == 2 else f"({d},)"
        raise ValueError(
            f"theta: expected shape {expected}, as X has {d} columns, got {theta.shape}."
        )
    return (len(X), *theta.shape[1:])


def _as_observations(y, family, shape):
    """y (n,) and its sufficient statistic T(y), as the family has them."""
    if family.name == "categorical":
        if len(shape) != 2:
            raise ValueError(f"eta: expected shape (n, k), a column a class, got {shape}.")
        n, k = shape
        y = as_labels(y, length=n, n_classes=k)
        return y, one_hot(y, n_classes=k)
    y = as_vector(y, length=shape[0]) if len(shape) == 1 else as_array(y, "y")
    if y.shape != shape:
        raise ValueError(f"y: expected the shape of eta, {shape}, got {y.shape}.")
    allowed = {
        "bernoulli": ((y == 0) | (y == 1), "0 and 1"),
        "poisson": ((y >= 0) & (y == np.floor(y)), "counts 0, 1, 2, …"),
    }
    fine, what = allowed.get(family.name, (np.True_, ""))
    if not fine.all():
        raise ValueError(
            f"y: expected {what} for the {family.name} family, got {y[~fine].flat[0]:g}."
        )
    return y, y


def _as_weights(l2, penalised, d):
    """What each column's squares are multiplied by."""
    l2 = as_non_negative(l2, "l2")
    if penalised is None:
        return np.full(d, l2)
    return l2 * (as_vector(penalised, "penalised", length=d) != 0)
