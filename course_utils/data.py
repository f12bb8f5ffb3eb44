"""Data: seeded toys, and the real sets that come with scikit-learn. Nothing is ever downloaded.

A toy draws from the generator that it is handed, so the same seed gives the same data. Inputs are
of shape (n,) for curves and (n, 2) for points in the plane; labels count from 0.
"""

from typing import NamedTuple

import numpy as np

from course_utils.validation import (
    as_count,
    as_data,
    as_generator,
    as_matrix,
    as_non_negative,
    as_vector,
)


class Dataset(NamedTuple):
    """A real data set: X (n, d), y (n,), the columns' names and, for classes, the labels'."""

    X: np.ndarray
    y: np.ndarray
    feature_names: tuple
    target_names: tuple


class Split(NamedTuple):
    """Two parts of a data set that share no row."""

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


SETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def load(name):
    """One of scikit-learn's bundled data sets, unscaled: in the units it was measured in.

    Parameters
    ----------
    name : {"breast_cancer", "diabetes", "digits", "iris", "wine"}

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no set of this name.

    Notes
    -----
    Diabetes: Efron, Hastie, Johnstone and Tibshirani, *Annals of Statistics* 32 (2004), 407–499;
    y is a measure of the disease's progression one year after the ten measurements of X. The others
    are from the UCI Machine Learning Repository.

    Examples
    --------
    >>> load("diabetes").X.shape, load("digits").X.shape
    ((442, 10), (1797, 64))
    """
    if name not in SETS:
        raise ValueError(f"name: expected one of {', '.join(SETS)}, got {name!r}.")
    from sklearn import datasets  # here, as the import takes a second that no toy needs

    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    return Dataset(
        X=bunch.data.astype(float),
        y=bunch.target,
        feature_names=tuple(map(str, bunch.feature_names)),
        target_names=tuple(map(str, getattr(bunch, "target_names", ()))),
    )


def split(X, y, *, test_fraction, rng):
    """Shuffle the rows and lay a share of them aside.

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,)
    test_fraction : float
        Between 0 and 1; the share is rounded, and neither part may come out empty.
    rng : numpy.random.Generator

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If shapes do not fit, or one part would be empty.

    Examples
    --------
    >>> parts = split([[1.0], [2.0], [3.0]], [0, 1, 0], test_fraction=0.4,
    ...               rng=np.random.default_rng(0))
    >>> len(parts.y_train), len(parts.y_test)
    (2, 1)
    """
    y = np.asarray(y)
    X, _ = as_data(X, y)
    n_test = round(as_non_negative(test_fraction, "test_fraction") * len(y))
    if not 0 < n_test < len(y):
        raise ValueError(
            f"test_fraction: expected a share that leaves rows on both sides, got {test_fraction} "
            f"of {len(y)} rows."
        )
    order = as_generator(rng).permutation(len(y))
    test, train = order[:n_test], order[n_test:]
    return Split(X[train], X[test], y[train], y[test])


def standardise(X_train, *others):
    """(X − mean) / deviation, column by column, with the statistics of X_train alone.

    Parameters
    ----------
    X_train : array_like (n, d)
        n ≥ 1.
    *others : array_like (m, d)
        More rows of the same columns, such as a test set: what is learned from them is nothing.

    Returns
    -------
    tuple of ndarray
        One for each argument. A constant column becomes 0, as its deviation is taken to be 1.

    Raises
    ------
    ValueError
        If the columns do not agree, or X_train has no rows.

    Examples
    --------
    >>> train, test = standardise([[1.0], [3.0]], [[4.0]])
    >>> train.ravel(), test.ravel()
    (array([-1.,  1.]), array([2.]))
    """
    X_train = as_matrix(X_train, "X_train")
    if len(X_train) == 0:
        raise ValueError("X_train: expected at least one row to take the statistics from, got 0.")
    others = [as_matrix(X, "others", n_columns=X_train.shape[1]) for X in others]
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    constant = deviation <= 1e-14 * np.abs(mean)  # what rounding leaves of a constant column
    return tuple((X - mean) / np.where(constant, 1.0, deviation) for X in (X_train, *others))


def line(n, *, noise_deviation, rng, intercept=-0.3, slope=0.5):
    """y = intercept + slope · x + noise, with x uniform on [−1, 1].

    Parameters
    ----------
    n : int
    noise_deviation : float
    rng : numpy.random.Generator
    intercept, slope : float
        The weights of Bishop (2006), figure 3.7, unless others are given.

    Returns
    -------
    tuple of ndarray
        x (n,) and y (n,).

    Raises
    ------
    ValueError
        If `n` is not a count, or `noise_deviation` is negative.

    Examples
    --------
    >>> x, y = line(2, noise_deviation=0.0, rng=np.random.default_rng(0))
    >>> np.allclose(y, -0.3 + 0.5 * x)
    True
    """
    x = as_generator(rng).uniform(-1, 1, as_count(n, "n"))
    return x, intercept + slope * x + _noise(x.shape, noise_deviation, rng)


def sinusoid(n, *, noise_deviation, rng, gap=None):
    """y = sin(πx) + noise, with x uniform on [−1, 1] outside the gap.

    Parameters
    ----------
    n : int
    noise_deviation : float
    rng : numpy.random.Generator
    gap : tuple of float, optional
        (low, high): an interval inside [−1, 1] in which no x falls.

    Returns
    -------
    tuple of ndarray
        x (n,) and y (n,).

    Raises
    ------
    ValueError
        If `n` is not a count, `noise_deviation` is negative, or the gap leaves no room.

    Examples
    --------
    >>> x, y = sinusoid(50, noise_deviation=0.0, rng=np.random.default_rng(0), gap=(-0.2, 0.5))
    >>> np.allclose(y, np.sin(np.pi * x)), bool(((x > -0.2) & (x < 0.5)).any())
    (True, False)
    """
    low, high = (0.0, 0.0) if gap is None else as_vector(gap, "gap", length=2)
    if not -1 <= low <= high <= 1 or high - low >= 2:
        raise ValueError(f"gap: expected -1 <= low <= high <= 1 with room beside it, got {gap}.")
    x = as_generator(rng).uniform(-1, 1 - (high - low), as_count(n, "n"))
    x = np.where(x > low, x + (high - low), x)
    return x, np.sin(np.pi * x) + _noise(x.shape, noise_deviation, rng)


def blobs(n, *, centres, noise_deviation, rng):
    """Round clouds about given centres, a class each.

    Parameters
    ----------
    n : int
        Points in all; the classes take turns, so their sizes differ by one at most.
    centres : array_like (k, d)
    noise_deviation : float
    rng : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        X (n, d) and labels y (n,).

    Raises
    ------
    ValueError
        If `n` is not a count, `centres` has no rows, or `noise_deviation` is negative.

    Examples
    --------
    >>> X, y = blobs(3, centres=[[0, 0], [5, 1]], noise_deviation=0.0,
    ...              rng=np.random.default_rng(0))
    >>> X.tolist(), y.tolist()
    ([[0.0, 0.0], [5.0, 1.0], [0.0, 0.0]], [0, 1, 0])
    """
    centres = as_matrix(centres, "centres")
    if len(centres) == 0:
        raise ValueError("centres: expected at least one row, got 0.")
    y = np.arange(as_count(n, "n")) % len(centres)
    return centres[y] + _noise((n, centres.shape[1]), noise_deviation, rng), y


def moons(n, *, noise_deviation, rng):
    """Two half circles that reach into each other: no line separates them.

    Parameters
    ----------
    n : int
    noise_deviation : float
    rng : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        X (n, 2) and labels y (n,) in {0, 1}.

    Raises
    ------
    ValueError
        If `n` is not a count, or `noise_deviation` is negative.

    Examples
    --------
    Without noise, class 0 lies on the unit circle about the origin:

    >>> X, y = moons(100, noise_deviation=0.0, rng=np.random.default_rng(0))
    >>> np.allclose((X[y == 0] ** 2).sum(axis=1), 1)
    True
    """
    y = np.arange(as_count(n, "n")) % 2
    angle = as_generator(rng).uniform(0, np.pi, n)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper)
    return X + _noise(X.shape, noise_deviation, rng), y


def spirals(n, *, n_classes, turns, noise_deviation, rng):
    """Arms that wind out from the origin, a class each.

    Parameters
    ----------
    n : int
    n_classes : int
    turns : float
        How often each arm winds about the origin.
    noise_deviation : float
    rng : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        X (n, 2), inside the unit circle but for the noise, and labels y (n,).

    Raises
    ------
    ValueError
        If a count is not one, or `turns` or `noise_deviation` is negative.

    Examples
    --------
    >>> X, y = spirals(6, n_classes=3, turns=0.5, noise_deviation=0.0,
    ...                rng=np.random.default_rng(0))
    >>> y.tolist(), bool(np.hypot(*X.T).max() <= 1)
    ([0, 1, 2, 0, 1, 2], True)
    """
    y = np.arange(as_count(n, "n")) % as_count(n_classes, "n_classes", minimum=1)
    radius = np.sqrt(as_generator(rng).uniform(0, 1, n))  # the square root spreads points evenly
    angle = 2 * np.pi * (as_non_negative(turns, "turns") * radius + y / n_classes)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + _noise(X.shape, noise_deviation, rng), y


def xor(n, *, noise_deviation, rng):
    """Four corners (±1, ±1): class 1 where the signs differ, class 0 where they agree.

    Parameters
    ----------
    n : int
    noise_deviation : float
    rng : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        X (n, 2) and labels y (n,) in {0, 1}.

    Raises
    ------
    ValueError
        If `n` is not a count, or `noise_deviation` is negative.

    Examples
    --------
    >>> X, y = xor(4, noise_deviation=0.0, rng=np.random.default_rng(0))
    >>> y.tolist(), (X.prod(axis=1) < 0).astype(int).tolist()
    ([0, 1, 1, 0], [0, 1, 1, 0])
    """
    corners = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    X, corner = blobs(n, centres=corners, noise_deviation=noise_deviation, rng=rng)
    return X, np.isin(corner, [1, 2]).astype(int)


def bimodal_density(x, *, centres, deviations, weights):
    """p(x) = Σ_j w_j N(x | c_j, s_j²), scaled so that Σ p Δx = 1 on the grid x.

    Parameters
    ----------
    x : array_like (n,)
        An equally spaced grid, n ≥ 2.
    centres, deviations, weights : array_like (2,)
        The two modes; deviations and weights above 0. Only the weights' ratio matters.

    Returns
    -------
    ndarray (n,)
        A density, positive wherever float64 can hold it.

    Raises
    ------
    ValueError
        If the grid is not equally spaced, or a deviation or weight is not positive.

    Notes
    -----
    Slide row I7: a truth that no Gaussian is.

    Examples
    --------
    >>> x = np.linspace(-4, 4, 81)
    >>> p = bimodal_density(x, centres=[-2, 2], deviations=[0.5, 0.5], weights=[1, 3])
    >>> round(p.sum() * 0.1, 9), round(p[60] / p[20], 9)
    (np.float64(1.0), np.float64(3.0))
    """
    x = as_vector(x, "x")
    if len(x) < 2 or not np.allclose(np.diff(x), x[1] - x[0]) or x[1] <= x[0]:
        raise ValueError("x: expected a rising, equally spaced grid, as np.linspace makes it.")
    centres = as_vector(centres, "centres", length=2)
    deviations = as_vector(deviations, "deviations", length=2)
    weights = as_vector(weights, "weights", length=2)
    if (deviations <= 0).any() or (weights <= 0).any():
        raise ValueError("deviations, weights: expected numbers above 0 only.")
    bumps = np.exp(-0.5 * ((x[:, None] - centres) / deviations) ** 2) / deviations
    p = bumps @ weights
    return p / (p.sum() * (x[1] - x[0]))


def _noise(shape, deviation, rng):
    return as_non_negative(deviation, "noise_deviation") * as_generator(rng).standard_normal(shape)
