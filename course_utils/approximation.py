"""What two layers can say: every Boolean function exactly, continuous ones as closely as wished.

References: slides N5 and N6; McCulloch and Pitts, *Bulletin of Mathematical Biophysics* 5 (1943),
115–133; Cybenko, *Mathematics of Control, Signals and Systems* 2 (1989), 303–314; Hornik,
Stinchcombe and White, *Neural Networks* 2 (1989), 359–366; Leshno, Lin, Pinkus and Schocken,
*Neural Networks* 6 (1993), 861–867.
"""

import numpy as np

from course_utils.neural_networks import as_params, mlp_forward
from course_utils.validation import as_array, as_matrix, as_positive, as_vector


def step_network(params, X):
    """H ← (H W + b > 0) in every layer, the last one too.

    Parameters
    ----------
    params : list of (W (n_in, n_out), b (n_out,))
    X : array_like (n, n_in)

    Returns
    -------
    ndarray (n, n_out)
        Zeros and ones.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Slide rows N4 and N5: McCulloch and Pitts's units (1943).

    Examples
    --------
    >>> step_network([([[1.0], [1.0]], [-1.5])], [[0, 1], [1, 1]])
    array([[0.],
           [1.]])
    """
    params = as_params(params)
    H = as_matrix(X, n_columns=len(params[0][0]))
    for W, b in params:
        H = (H @ W + b > 0).astype(float)
    return H


def boolean_network(truth_table):
    """A two-layer step network that computes a Boolean function: one unit for each row that is 1.

    Parameters
    ----------
    truth_table : array_like (2ⁿ,)
        Zeros and ones in counting order, n ≥ 1; the first variable is the highest bit.

    Returns
    -------
    list of (W, b)
        [(n, m), (m,)] and [(m, 1), (1,)], for `step_network`; m is the number of ones, at least 1.

    Raises
    ------
    ValueError
        If the length is no power of 2 from 2 on, or an entry neither 0 nor 1.

    Notes
    -----
    Slide row N5: the disjunctive normal form. A hidden unit has +1 for a variable that is 1 in its
    row and −1 for one that is 0, and fires at its row alone; the output fires if one of them does.
    Up to 2ⁿ units: parity takes 2ⁿ⁻¹ this way, though n would do (Minsky and Papert, *Perceptrons*
    (1969)). The slide's network without biases (E17) cannot compute NOT, NOR, XNOR or 1.

    Examples
    --------
    >>> xor = boolean_network([0, 1, 1, 0])
    >>> step_network(xor, [[0, 0], [0, 1], [1, 0], [1, 1]]).ravel()
    array([0., 1., 1., 0.])
    """
    table = as_vector(truth_table, "truth_table")
    n = len(table).bit_length() - 1
    if n < 1 or len(table) != 2**n:
        raise ValueError(
            f"truth_table: expected 2, 4, 8, … entries, one for each row, got {len(table)}."
        )
    if not np.isin(table, (0, 1)).all():
        wrong = table[~np.isin(table, (0, 1))][0]
        raise ValueError(f"truth_table: expected zeros and ones, got {wrong:g}.")
    ones = np.flatnonzero(table)
    if not len(ones):  # a unit that never fires
        return [(np.zeros((n, 1)), np.array([-1.0])), (np.zeros((1, 1)), np.array([-1.0]))]
    rows = (ones[:, None] >> np.arange(n - 1, -1, -1)) & 1
    W = (2.0 * rows - 1.0).T
    return [(W, 0.5 - rows.sum(axis=1)), (np.ones((len(ones), 1)), np.array([-0.5]))]


def relu_network(x, y):
    """f(t) = y₁ + Σ_i c_i max(0, t − x_i): c_i is the change of slope at x_i.

    Parameters
    ----------
    x : array_like (n,)
        Distinct points in any order, n ≥ 1.
    y : array_like (n,)

    Returns
    -------
    list of (W, b)
        For `mlp_forward` with "relu": n − 1 hidden units, at least one.

    Raises
    ------
    ValueError
        If shapes do not fit, or two points are the same.

    Notes
    -----
    Slide row N6. A piecewise linear function is its value at the left and its changes of slope.

    Examples
    --------
    >>> (W, b), (C, c) = relu_network([0.0, 1.0, 2.0], [5.0, 7.0, 6.0])
    >>> b, C.ravel(), c
    (array([-0., -1.]), array([ 2., -3.]), array([5.]))
    """
    x, y = as_vector(x, "x"), as_vector(y, "y", length=len(as_vector(x, "x")))
    if len(x) == 0:
        raise ValueError("x: expected at least one point, got 0.")
    order = np.argsort(x)
    x, y = x[order], y[order]
    if (np.diff(x) == 0).any():
        twice = x[:-1][np.diff(x) == 0][0]
        raise ValueError(f"x: expected distinct points, got {twice:g} twice.")
    if len(x) == 1:
        return [(np.ones((1, 1)), -x), (np.zeros((1, 1)), y)]
    slopes = np.diff(y) / np.diff(x)
    changes = np.diff(slopes, prepend=0.0)
    return [(np.ones((1, len(changes))), -x[:-1]), (changes[:, None], y[:1])]


def relu_interpolant(x, y, x_new):
    """The line through neighbouring points, as one hidden layer of ReLUs.

    Parameters
    ----------
    x : array_like (n,)
        Distinct points in any order.
    y : array_like (n,)
    x_new : array_like (m,)
        Between the smallest and the largest of x.

    Returns
    -------
    ndarray (m,)

    Raises
    ------
    ValueError
        If shapes do not fit, two points are the same, or a new one lies outside.

    Notes
    -----
    Slide row N6. On points h apart it errs by at most h² max|f″| / 8: de Boor, *A Practical Guide
    to Splines* (1978), chapter III. That is for continuous functions on a compact interval; the
    slide says "any" (E18), and a jump of 1 is missed by ½ at least.

    Examples
    --------
    >>> relu_interpolant([2.0, 0.0, 1.0], [6.0, 5.0, 7.0], [0.5, 1.5])
    array([6. , 6.5])
    """
    params = relu_network(x, y)
    x, x_new = as_array(x, "x"), as_vector(x_new, "x_new")
    outside = (x_new < x.min()) | (x_new > x.max())
    if outside.any():
        raise ValueError(
            f"x_new: expected numbers from {x.min():g} to {x.max():g}, got {x_new[outside][0]:g}. "
            "Points are joined, not extrapolated."
        )
    return mlp_forward(params, x_new[:, None], "relu")[:, 0]


def sigmoid_steps(x, y, *, steepness):
    """f(t) = y₁ + Σ_i (y_{i+1} − y_i) σ(steepness · (t − (x_i + x_{i+1})/2)): a soft staircase.

    Parameters
    ----------
    x : array_like (n,)
        Distinct points in any order, n ≥ 2.
    y : array_like (n,)
    steepness : float
        Above 0, in 1/(units of x); large against 1/(the distance of neighbours).

    Returns
    -------
    list of (W, b)
        For `mlp_forward` with "sigmoid": n − 1 hidden units.

    Raises
    ------
    ValueError
        If shapes do not fit, two points are the same, or there is only one.

    Notes
    -----
    Slide row N6: two steps, one up and one down, are a bump, and bumps side by side any continuous
    function on an interval; Cybenko (1989) for several variables. On points h apart it errs by at
    most about h max|f′| / 2, an order less than ReLU's lines.

    Examples
    --------
    >>> params = sigmoid_steps([0.0, 1.0], [2.0, 4.0], steepness=100.0)
    >>> mlp_forward(params, [[0.0], [0.5], [1.0]], "sigmoid").ravel()
    array([2., 3., 4.])
    """
    x, y = as_vector(x, "x"), as_vector(y, "y", length=len(as_vector(x, "x")))
    steepness = as_positive(steepness, "steepness")
    if len(x) < 2:
        raise ValueError(f"x: expected at least two points, got {len(x)}.")
    order = np.argsort(x)
    x, y = x[order], y[order]
    if (np.diff(x) == 0).any():
        raise ValueError(f"x: expected distinct points, got {x[:-1][np.diff(x) == 0][0]:g} twice.")
    middles = (x[:-1] + x[1:]) / 2
    W = np.full((1, len(middles)), steepness)
    return [(W, -steepness * middles), (np.diff(y)[:, None], y[:1])]
