"""Functions that several lectures share, exact from −1e4 to 1e4.

None takes the exponential of a positive number, so none overflows; what is too small for a float
is 0, without a warning.

References: slides G1, I1 and I2; Bishop, *Pattern Recognition and Machine Learning* (2006),
sections 4.2 and 4.3; Blanchard, Higham and Higham, *IMA Journal of Numerical Analysis* 41 (2021),
2311–2330, on the rounding of log-sum-exp and softmax.
"""

import numpy as np

from course_utils.validation import as_array, as_count, as_labels


def sigmoid(eta):
    """σ(η) = 1 / (1 + exp(−η)), the logistic sigmoid.

    Parameters
    ----------
    eta : array_like, any shape
        Log-odds.

    Returns
    -------
    ndarray of the same shape
        Probabilities in [0, 1].

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


def softplus(eta):
    """log(1 + exp(η)) = max(η, 0) + log(1 + exp(−|η|)), whose slope is σ(η).

    Parameters
    ----------
    eta : array_like, any shape

    Returns
    -------
    ndarray of the same shape
        Above 0 (nats, where η is a log-odds: softplus(−η) = −log σ(η)).

    Raises
    ------
    ValueError
        If `eta` is not made of finite real numbers.

    Notes
    -----
    Slide rows G3 and G8: the log-partition of the Bernoulli family. Murphy, *Probabilistic Machine
    Learning: An Introduction* (2022), section 10.2.3.

    Examples
    --------
    >>> softplus([0.0, np.log(3)]) / np.log(2)
    array([1., 2.])
    """
    eta = as_array(eta, "eta")
    return np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))


def logsumexp(scores, axis=-1, *, keepdims=False):
    """log Σ_j exp(s_j) = m + log Σ_j exp(s_j − m), with m the largest score.

    Parameters
    ----------
    scores : array_like, any shape
    axis : int or tuple of int or None
        The axes summed over; None sums over all of them.
    keepdims : bool
        Whether these axes stay, with length 1.

    Returns
    -------
    ndarray
        The shape of `scores` without those axes. The sum over nothing is 0, its log −inf.

    Raises
    ------
    ValueError
        If `scores` are not finite real numbers.

    Notes
    -----
    Slide rows I2 and G8: the log-partition of the categorical family, a smooth maximum that lies
    between m and m + log k.

    Examples
    --------
    >>> np.exp(logsumexp(np.log([1.0, 2.0, 5.0]))).round(12)
    np.float64(8.0)
    """
    scores = as_array(scores, "scores")
    if scores.size == 0:
        total = scores.sum(axis=axis, keepdims=keepdims)
        return np.where(total == 0, -np.inf, total)[()]
    top = scores.max(axis=axis, keepdims=True)
    total = top + np.log(np.exp(scores - top).sum(axis=axis, keepdims=True))
    return total if keepdims else total.squeeze(axis=axis)[()]


def log_softmax(scores, axis=-1):
    """log p_j = s_j − log Σ_l exp(s_l): scores become log-probabilities.

    Parameters
    ----------
    scores : array_like, any shape
        One score a class along `axis`; adding a constant to all of them changes nothing.
    axis : int or tuple of int or None

    Returns
    -------
    ndarray of the same shape
        Log-probabilities (nats), never −inf: log(softmax(scores)) would be, from a difference of
        745 on.

    Raises
    ------
    ValueError
        If `scores` are not finite real numbers.

    Notes
    -----
    Slide rows I1 and I2. Bishop (2006), equation 4.62.

    Examples
    --------
    >>> np.exp(log_softmax(np.log([1.0, 3.0])))
    array([0.25, 0.75])
    """
    scores = as_array(scores, "scores")
    if scores.size == 0:
        return scores.copy()
    shifted = scores - scores.max(axis=axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted


def softmax(scores, axis=-1):
    """p_j = exp(s_j) / Σ_l exp(s_l): scores become probabilities.

    Parameters
    ----------
    scores : array_like, any shape
        One score a class along `axis`; adding a constant to all of them changes nothing.
    axis : int or tuple of int or None

    Returns
    -------
    ndarray of the same shape
        Probabilities that sum to 1 along `axis`.

    Raises
    ------
    ValueError
        If `scores` are not finite real numbers.

    Notes
    -----
    Slide rows I1 and I10. Bishop (2006), equation 4.62. For two classes the second probability is
    σ(s₂ − s₁).

    Examples
    --------
    The slide's example:

    >>> softmax([1.2, 5.0, 1.6]).round(3)
    array([0.021, 0.947, 0.032])
    """
    scores = as_array(scores, "scores")
    if scores.size == 0:
        return scores.copy()
    p = scores - scores.max(axis=axis, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=axis, keepdims=True)
    return p


def one_hot(y, *, n_classes):
    """Row i is 1 at y_i and 0 elsewhere: a label as a probability distribution.

    Parameters
    ----------
    y : array_like (n,)
        Labels 0 … n_classes − 1.
    n_classes : int

    Returns
    -------
    ndarray (n, n_classes)

    Raises
    ------
    ValueError
        If a label is not one of the classes.

    Notes
    -----
    Slide row I9. The slides count classes from 1 (E7), code from 0.

    Examples
    --------
    >>> one_hot([2, 0], n_classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    n_classes = as_count(n_classes, "n_classes", minimum=1)
    y = as_labels(y, length=None, n_classes=n_classes)
    return (y[:, None] == np.arange(n_classes)).astype(float)
