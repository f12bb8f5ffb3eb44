"""Large margins: the multiclass hinge loss of the slides, and the support vector machine.

Two machines, each with its own convention:

    multiclass hinge   mean_i Σ_j max(0, s_j − s_y + Δ) + l2 ‖W‖²     a column of W for each class
    kernel SVM         ½ ‖w‖² + cost Σ_i max(0, 1 − t_i f(x_i))       t = 2y − 1, f has a free bias

`cost` is the C of LIBSVM and scikit-learn. Times 1/(n cost) the second line reads: the mean hinge
plus l2 ‖w‖² with l2 = 1/(2 n cost). For two classes the first line has W = (−w/2, w/2) at its best,
so that ‖W‖² = ‖w‖²/2, and without biases w is Δ times the second line's at cost = 1/(n l2 Δ).

References: slides S1–S4; Weston and Watkins, *ESANN* (1999), 219–224; Schölkopf and Smola,
*Learning with Kernels* (2002), chapter 7; Bishop, *Pattern Recognition and Machine Learning*
(2006), section 7.1.
"""

from itertools import count
from typing import NamedTuple

import numpy as np

from course_utils.kernels import ROUNDING, as_gram
from course_utils.optimisation import minibatches
from course_utils.validation import (
    as_count,
    as_generator,
    as_labels,
    as_matrix,
    as_non_negative,
    as_positive,
)

SWEEP = 50
"""Pair steps of the SVM between two looks at the gap, each after a Newton step."""

SINGULAR = 1e-12
"""Added to curvatures, as a share of K's largest diagonal entry: two points may coincide."""


class Fit(NamedTuple):
    """W (d, k) and the objective after every epoch, history (n_epochs,)."""

    W: np.ndarray
    history: np.ndarray


class KernelSVM(NamedTuple):
    """f(x) = Σ_i c_i k(x_i, x) + bias, or K_new @ coefficients + bias; class 1 where it is > 0.

    coefficients (n,): c_i = α_i t_i, zero but at the support vectors, whose indices are `support`.
    The best possible primal objective lies between `dual` and `primal`, and gap is the difference.
    """

    coefficients: np.ndarray
    bias: float
    support: np.ndarray
    primal: float
    dual: float
    gap: float
    n_iterations: int


class OneVersusRest(NamedTuple):
    """Scores K_new @ coefficients + bias (m, k): the class with the largest one wins.

    coefficients (n, k), bias (k,) and the k machines' duality gaps, gap (k,).
    """

    coefficients: np.ndarray
    bias: np.ndarray
    gap: np.ndarray


def multiclass_hinge(W, X, y, *, l2, margin):
    """J(W) = (1/n) Σ_i Σ_{j≠y_i} max(0, s_ij − s_iy_i + Δ) + l2 ‖W‖², with scores s = XW.

    Parameters
    ----------
    W : array_like (d, k)
        One column of weights a class.
    X : array_like (n, d)
        n ≥ 1. A bias is a column of ones, and is penalised like any other.
    y : array_like (n,)
        Labels 0 … k − 1.
    l2 : float
        λ ≥ 0, the weight of ΣW² against the *mean* of the losses.
    margin : float
        Δ ≥ 0, in units of a score.

    Returns
    -------
    tuple of float and ndarray (d, k)
        The objective and one of its subgradients. At a kink, where s_j − s_y + Δ = 0, that term
        counts as inactive and adds 0.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite or is negative, a label is not a class, or
        there are no rows.

    Notes
    -----
    Slide rows S2, S3 and S4. Weston and Watkins (1999). One slide has max Σ{0, …} (E13), which lets
    classes that are far behind pay for one that is ahead: scores (3, 4, −2), the first class true,
    Δ = 2 give max(0, 3 − 3) = 0 where the loss is 3 + 0.

    Only Δ · l2 matters for the directions of W: J(cW) with the margin cΔ and l2/c is c J(W).

    Examples
    --------
    The slide's scores, its class 1 being class 0 here (E7): max(0, 5.8) + max(0, 2.4).

    >>> value, subgradient = multiclass_hinge([[1.2, 5.0, 1.6]], [[1.0]], [0], l2=0.0, margin=2.0)
    >>> round(value, 9), subgradient
    (8.2, array([[-2.,  1.,  1.]]))
    """
    W, X = as_matrix(W, "W"), as_matrix(X)
    if W.shape[0] != X.shape[1]:
        raise ValueError(
            f"W: expected {X.shape[1]} rows, one for each column of X, got shape {W.shape}. "
            "Its columns are the classes."
        )
    y = _as_classes(y, len(X), W.shape[1])
    return _hinge(W, X, y, l2=as_non_negative(l2, "l2"), margin=as_non_negative(margin, "margin"))


def fit_multiclass_hinge(X, y, *, n_classes, l2, margin, n_epochs, batch_size, rng):
    """W ← W − g / (2 l2 t), g a subgradient of J on a mini-batch; the average of the W is returned.

    Parameters
    ----------
    X : array_like (n, d)
        n ≥ 1. Standardised columns converge faster.
    y : array_like (n,)
        Labels 0 … n_classes − 1.
    n_classes : int
    l2 : float
        λ > 0, as in `multiclass_hinge`. The smaller it is, the more epochs it takes.
    margin : float
        Δ ≥ 0.
    n_epochs : int
        Passes through the data, each in a new order.
    batch_size : int
    rng : numpy.random.Generator

    Returns
    -------
    Fit
        The averaged W (d, n_classes) and the objective on all the data after every epoch.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is out of its range, a label is not a class, or there are no
        rows.

    Notes
    -----
    Slide rows S2 ("how do we optimise it?") and S4. A subgradient need not shrink near the optimum,
    so the step has to. J is strongly convex with the constant 2 l2, for which 1/(2 l2 t) is the
    step of Pegasos: Shalev-Shwartz, Singer, Srebro and Cotter, *Mathematical Programming* 127
    (2011), 3–30. The average gives W_t a weight that grows like t³, to forget the wild first steps;
    its distance from the least objective falls like 1/t: Shamir and Zhang, *ICML* (2013), 71–79.

    Examples
    --------
    Two points at ±1 and l2 = ½: the best W is (−w, w)/2 with w = 2 at the kink of both losses.

    >>> fit = fit_multiclass_hinge([[1.0], [-1.0]], [1, 0], n_classes=2, l2=0.5, margin=2.0,
    ...                            n_epochs=500, batch_size=2, rng=np.random.default_rng(0))
    >>> fit.W.round(2), round(fit.history[-1], 2)
    (array([[-1.,  1.]]), np.float64(1.0))
    """
    X = as_matrix(X)
    n_classes = as_count(n_classes, "n_classes", minimum=2)
    y = _as_classes(y, len(X), n_classes)
    penalty = {"l2": as_positive(l2, "l2"), "margin": as_non_negative(margin, "margin")}
    n_epochs = as_count(n_epochs, "n_epochs", minimum=1)
    batch_size = as_count(batch_size, "batch_size", minimum=1)
    rng = as_generator(rng)

    W = np.zeros((X.shape[1], n_classes))
    average, history, t = W.copy(), np.empty(n_epochs), 0
    for epoch in range(n_epochs):
        for batch in minibatches(len(X), batch_size, rng):
            t += 1
            _, subgradient = _hinge(W, X[batch], y[batch], **penalty)
            W = W - subgradient / (2 * penalty["l2"] * t)
            average += 4 / (t + 3) * (W - average)
        history[epoch], _ = _hinge(average, X, y, **penalty)
    return Fit(average, history)


def kernel_svm(K, y, *, cost, tolerance=1e-6, max_iterations=100_000):
    """max_α Σ_i α_i − ½ Σ_ij α_i α_j t_i t_j K_ij with 0 ≤ α_i ≤ cost and Σ_i α_i t_i = 0.

    Parameters
    ----------
    K : array_like (n, n)
        Gram matrix of the training points.
    y : array_like (n,)
        Labels 0 and 1, both of them present; t = 2y − 1.
    cost : float
        Price of a unit of hinge loss, above 0: the C of LIBSVM, 1/(2 n l2) for a *mean* hinge
        loss with l2 ‖w‖².
    tolerance : float
        Stop when the duality gap is this share of the primal objective.
    max_iterations : int
        Or after as many steps; the gap then says what has been reached.

    Returns
    -------
    KernelSVM
        With its certificate: no machine has a primal objective ½ cᵀKc + cost Σ max(0, 1 − t_i f_i)
        below `dual`, and this one's is `primal`.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is out of its range, K is not symmetric, a class is missing,
        or a negative curvature is met: then K is not positive semi-definite, and no certificate
        holds. Not every such K is noticed on the way; `is_positive_semidefinite` notices.

    Notes
    -----
    Rows S1, S5 and S6: the kernel machine with a margin. Bishop (2006), equations 7.32–7.34. The
    dual is often written without its ½: then its maximum is half of that for twice the cost, and
    meets no primal. And b is often averaged over all support vectors; those with α_i = cost are on
    the wrong side of the margin, and have no say.

    In c_i = α_i t_i the dual is max_c tᵀc − ½ cᵀKc with a box for each c_i and Σc_i = 0; its slope
    is r = t − Kc. A step raises one c_i and lowers one c_j with r_j < r_i by as much (sequential
    minimal optimisation), the pair being the best by second order: Fan, Chen and Lin, *Journal of
    Machine Learning Research* 6 (2005), 1889–1918. Now and then all c inside their boxes take one
    Newton step together, which ends the search once the right ones are inside.

    Examples
    --------
    Points 1 and 3 on a line are parted by f(x) = x − 2, which is −1 and +1 on them:

    >>> machine = kernel_svm([[1.0, 3.0], [3.0, 9.0]], [0, 1], cost=10.0)
    >>> machine.coefficients, machine.bias, machine.primal, machine.dual
    (array([-0.5,  0.5]), -2.0, 0.5, 0.5)
    """
    K, cost, tolerance, max_iterations = _as_problem(K, cost, tolerance, max_iterations)
    y = _as_classes(y, len(K), 2, all_present=True)
    return _maximise_dual(K, 2.0 * y - 1.0, cost, tolerance, max_iterations)


def kernel_svm_one_vs_rest(K, y, *, n_classes, cost, tolerance=1e-6, max_iterations=100_000):
    """f_j(x) > 0 for class j against all others, j = 0 … k − 1; the largest f_j(x) wins.

    One score a class, as on the slides (S1): one matrix product predicts, and no votes are tied.
    Libraries prefer the k(k − 1)/2 pairs of classes, whose smaller problems train faster.

    Parameters
    ----------
    K : array_like (n, n)
        Gram matrix of the training points.
    y : array_like (n,)
        Labels 0 … n_classes − 1, all of them present.
    n_classes : int
    cost, tolerance, max_iterations
        As in `kernel_svm`, for each machine.

    Returns
    -------
    OneVersusRest

    Raises
    ------
    ValueError
        As `kernel_svm`.

    Notes
    -----
    Bishop (2006), section 7.1.3; Rifkin and Klautau, *Journal of Machine Learning Research* 5
    (2004), 101–141, find it as accurate as the rest where each machine is well tuned.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0]])
    >>> K = np.exp(-((X - X.T) ** 2))
    >>> machines = kernel_svm_one_vs_rest(K, [0, 1, 2], n_classes=3, cost=10.0)
    >>> np.argmax(K @ machines.coefficients + machines.bias, axis=1)
    array([0, 1, 2])
    """
    K, cost, tolerance, max_iterations = _as_problem(K, cost, tolerance, max_iterations)
    n_classes = as_count(n_classes, "n_classes", minimum=2)
    y = _as_classes(y, len(K), n_classes, all_present=True)
    machines = [
        _maximise_dual(K, np.where(y == label, 1.0, -1.0), cost, tolerance, max_iterations)
        for label in range(n_classes)
    ]
    return OneVersusRest(
        np.column_stack([machine.coefficients for machine in machines]),
        np.array([machine.bias for machine in machines]),
        np.array([machine.gap for machine in machines]),
    )


def _hinge(W, X, y, *, l2, margin):
    rows = np.arange(len(X))
    scores = X @ W
    losses = np.maximum(0.0, scores - scores[rows, y][:, None] + margin)
    losses[rows, y] = 0.0
    pull = (losses > 0).astype(float)  # each class that intrudes is pushed away by one x_i …
    pull[rows, y] = -pull.sum(axis=1)  # … and the true class drawn towards it once for each
    value = losses.sum() / len(X) + l2 * (W**2).sum()
    return float(value), X.T @ pull / len(X) + 2 * l2 * W


def _maximise_dual(K, t, cost, tolerance, max_iterations):
    """The c with Σc = 0 and lower ≤ c ≤ upper that maximises tᵀc − ½ cᵀKc."""
    upper = np.where(t > 0, cost, 0.0)
    lower = upper - cost
    diagonal = K.diagonal().copy()  # side by side, as every step reads all of it
    scale = np.abs(diagonal).max() or 1.0
    c, slope = np.zeros(len(t)), t
    for n_iterations in count():
        last = n_iterations == max_iterations
        if last or n_iterations % SWEEP == 0:
            c, slope = _newton_step(K, c, slope, lower, upper, scale)
            _, gap = _certificate(c, slope, lower, upper)
            if last or gap <= tolerance * (_dual(c, t, slope) + gap):
                break
        i = np.argmax(np.where(c < upper, slope, -np.inf))
        excess = np.where(c > lower, np.maximum(slope[i] - slope, 0.0), 0.0)
        curvature = diagonal[i] + diagonal - 2 * K[i]
        curvature = np.maximum(curvature, SINGULAR * scale)
        j = np.argmax(excess**2 / curvature)  # twice what a step without bounds would gain
        _refuse_negative(diagonal[i] + diagonal[j] - 2 * K[i, j], scale)
        step = min(excess[j] / curvature[j], upper[i] - c[i], c[j] - lower[j])
        c[i] += step
        c[j] -= step
        slope = slope - step * (K[i] - K[j])
    slope = t - K @ c  # afresh, without the rounding of all the steps
    _refuse_negative(c @ (t - slope), scale * (c @ c))  # cᵀKc = ‖w‖²
    bias, gap = _certificate(c, slope, lower, upper)
    dual = _dual(c, t, slope)
    return KernelSVM(c, bias, np.flatnonzero(c), dual + gap, dual, gap, n_iterations)


def _newton_step(K, c, slope, lower, upper, scale):
    """Move all c inside their boxes to where they are best together, or to the first bound."""
    c = _settle(c, lower, upper)
    free = np.flatnonzero((lower < c) & (c < upper))
    m = len(free)
    if m < 2:
        return c, slope
    K_free = K[np.ix_(free, free)]
    system = np.ones((m + 1, m + 1))  # K_free p + bias = slope and Σp = 0
    system[:m, :m] = K_free + SINGULAR * scale * np.eye(m)
    system[m, m] = 0.0
    p = np.linalg.solve(system, np.append(slope[free], 0.0))[:m]
    _refuse_negative(p @ K_free @ p, scale * (p @ p))
    room = np.where(p > 0, upper[free] - c[free], c[free] - lower[free])
    share = np.min(room / np.maximum(room, np.abs(p)))  # 1 is the whole step
    c[free] += share * p
    return _settle(c, lower, upper), slope - share * (p @ K[free])


def _settle(c, lower, upper):
    """A copy of c in which what stopped a rounding short of a bound is on it."""
    rounding = 1e-13 * (upper - lower)
    return np.where(c - lower < rounding, lower, np.where(upper - c < rounding, upper, c))


def _certificate(c, slope, lower, upper):
    """The bias that suits the best pair, and with it the duality gap."""
    highest = np.where(c < upper, slope, -np.inf).max()
    lowest = np.where(c > lower, slope, np.inf).min()
    bias = 0.5 * (highest + lowest)
    miss = slope - bias  # t − f(x): the primal minus the dual is a sum of terms none below 0
    gap = np.maximum((upper - c) * miss, (lower - c) * miss).sum()
    return float(bias), float(gap)


def _dual(c, t, slope):
    return float(0.5 * c @ (t + slope))  # tᵀc − ½ cᵀKc, as Kc = t − slope


def _refuse_negative(curvature, scale):
    if curvature < -ROUNDING * scale:
        raise ValueError(
            "K: expected a positive semi-definite matrix, met a direction of negative curvature. "
            "Look at spectrum(K); a polynomial kernel needs offset >= 0."
        )


def _as_problem(K, cost, tolerance, max_iterations):
    return (
        as_gram(K),
        as_positive(cost, "cost"),
        as_positive(tolerance, "tolerance"),
        as_count(max_iterations, "max_iterations"),
    )


def _as_classes(y, n, n_classes, *, all_present=False):
    """Labels of n ≥ 1 rows."""
    if n == 0:
        raise ValueError(
            "X and y: expected at least one row, got 0. There is nothing to learn from."
        )
    y = as_labels(y, length=n, n_classes=n_classes)
    missing = np.flatnonzero(np.bincount(y, minlength=n_classes) == 0)
    if all_present and len(missing):
        raise ValueError(
            f"y: expected every class from 0 to {n_classes - 1}, found no example of class "
            f"{missing[0]}. A margin needs points on both of its sides."
        )
    return y
