"""Basis functions φ: from inputs x to the columns of X, in which every model is linear."""

import numpy as np

from course_utils.special import sigmoid
from course_utils.validation import as_count, as_matrix, as_positive, as_vector


def add_bias(X):
    """x' = (1, x): the bias trick, a column of ones in front.

    Parameters
    ----------
    X : array_like (n, d)
        One observation a row.

    Returns
    -------
    ndarray (n, d + 1)

    Raises
    ------
    ValueError
        If `X` is not a finite matrix.

    Notes
    -----
    Slide row B1. Bishop, *Pattern Recognition and Machine Learning* (2006), section 3.1.

    Examples
    --------
    >>> add_bias([[5.0, 7.0]])
    array([[1., 5., 7.]])
    """
    X = as_matrix(X)
    return np.column_stack([np.ones(len(X)), X])


def polynomial_features(x, degree):
    """φ(x) = (1, x, x², …, x^degree).

    Parameters
    ----------
    x : array_like (n,)
    degree : int
        The highest power, at least 0.

    Returns
    -------
    ndarray (n, degree + 1)
        Powers in rising order, the constant first.

    Raises
    ------
    ValueError
        If `x` is not a finite vector, or `degree` not a whole number ≥ 0.

    Notes
    -----
    Slide row B2. Bishop (2006), equation 1.1.

    Examples
    --------
    >>> polynomial_features([2.0, 3.0], 2)
    array([[1., 2., 4.],
           [1., 3., 9.]])
    """
    x, degree = as_vector(x, "x"), as_count(degree, "degree")
    return np.vander(x, degree + 1, increasing=True)


def gaussian_features(x, centres, *, width):
    """φ_j(x) = exp(−(x − c_j)² / (2 width²)).

    Parameters
    ----------
    x : array_like (n,)
    centres : array_like (k,)
        The bumps' places c_j, in the units of `x`.
    width : float
        Their standard deviation, in the units of `x`, above 0.

    Returns
    -------
    ndarray (n, k)
        Values in (0, 1]; no constant column: add one with `add_bias`.

    Raises
    ------
    ValueError
        If an argument is not finite or of the wrong shape, or `width` ≤ 0.

    Notes
    -----
    Slide row B2. Bishop (2006), equation 3.4.

    Examples
    --------
    >>> gaussian_features([3.0], [3.0, 5.0], width=1.0).round(4)
    array([[1.    , 0.1353]])
    """
    x, centres = as_vector(x, "x"), as_vector(centres, "centres")
    distance = (x[:, None] - centres) / as_positive(width, "width")
    return np.exp(-0.5 * distance**2)


def sigmoid_features(x, centres, *, width):
    """φ_j(x) = σ((x − c_j) / width).

    Parameters
    ----------
    x : array_like (n,)
    centres : array_like (k,)
        The steps' places c_j, in the units of `x`.
    width : float
        Their softness, in the units of `x`, above 0.

    Returns
    -------
    ndarray (n, k)
        Values in [0, 1]; no constant column: add one with `add_bias`.

    Raises
    ------
    ValueError
        If an argument is not finite or of the wrong shape, or `width` ≤ 0.

    Notes
    -----
    Slide row B2. Bishop (2006), equations 3.5 and 3.6.

    Examples
    --------
    >>> sigmoid_features([3.0], [3.0, 5.0], width=1.0).round(4)
    array([[0.5   , 0.1192]])
    """
    x, centres = as_vector(x, "x"), as_vector(centres, "centres")
    return sigmoid((x[:, None] - centres) / as_positive(width, "width"))
