"""Functions that several lectures share, exact from −1e4 to 1e4."""

import numpy as np

from course_utils.validation import as_array


def sigmoid(eta):
    """σ(η) = 1 / (1 + exp(−η)), the logistic sigmoid.

    Parameters
    ----------
    eta : array_like, any shape
        Log-odds.

    Returns
    -------
    ndarray of the same shape
        Probabilities; no exponential of a positive number is taken, so none overflows.

    Raises
    ------
    ValueError
        If `eta` is not made of finite real numbers.

    Notes
    -----
    Slide row G1. The slide's 1/(1 − exp(−η)) (erratum E11) is negative for η < 0.

    Examples
    --------
    >>> sigmoid([0.0, np.log(3)])
    array([0.5 , 0.75])
    """
    eta = as_array(eta, "eta")
    small = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1.0, small) / (1.0 + small)
