"""Multilayer perceptrons: the linear model as basis functions of the next one.

The convention, said once (the slides use two, E20): a layer is (W, b) with W (n_in, n_out) and
b (n_out,), rows are examples, and H ← act(H W + b). Every layer has its bias (E17). The last layer
has no activation: its outputs are scores.

References: slides N1–N4 and N7; Rumelhart, Hinton and Williams, *Nature* 323 (1986), 533–536;
Goodfellow, Bengio and Courville, *Deep Learning* (2016), chapter 6; Bishop, *Pattern Recognition
and Machine Learning* (2006), chapter 5.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from course_utils.information_theory import cross_entropy_of
from course_utils.optimisation import adam, sgd
from course_utils.special import sigmoid
from course_utils.validation import (
    as_array,
    as_count,
    as_generator,
    as_labels,
    as_matrix,
    as_non_negative,
    as_vector,
)

KINDS = ("sigmoid", "tanh", "relu", "leaky_relu")


class Fit(NamedTuple):
    """The layers (W, b) of a trained network, and the mean loss of every epoch, history."""

    params: list
    history: np.ndarray


class Graph(NamedTuple):
    """vertices (layer, unit), unit −1 the bias; edges (from, to, weight), no weight being 0."""

    vertices: list
    edges: list


def activation(z, kind, slope=0.01):
    """act(z) and act′(z): sigmoid, tanh, relu max(0, z), leaky_relu max(z, slope · z).

    Parameters
    ----------
    z : array_like, any shape
    kind : {"sigmoid", "tanh", "relu", "leaky_relu"}
    slope : float
        Of "leaky_relu" left of 0, in [0, 1).

    Returns
    -------
    tuple of ndarray
        Values and derivatives, of z's shape. At 0 "relu" and "leaky_relu" have none (E22); theirs
        from the left is returned.

    Raises
    ------
    ValueError
        If z is not finite, the kind unknown or the slope out of its range.

    Notes
    -----
    Slide rows N4 and N7. tanh z = 2σ(2z) − 1 = (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ); the slide's lacks the minus
    signs (E15), which makes it 1. It allows any slope up to 1 (E16): with −1 max(z, −z) is |z|.

    Examples
    --------
    >>> activation([-2.0, 3.0], "leaky_relu", slope=0.1)
    (array([-0.2,  3. ]), array([0.1, 1. ]))
    """
    z = as_array(z, "z")
    slope = as_non_negative(slope, "slope")
    if slope >= 1:
        raise ValueError(f"slope: expected a number from 0 up to, not including, 1, got {slope:g}.")
    return _activate(z, _as_kind(kind), slope)


def n_parameters(sizes):
    """Σ_l (n_l + 1) n_{l+1}: the weights and biases of a network with these layers.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden units of each layer, outputs.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If there are fewer than two layers, or one without units.

    Notes
    -----
    Slide rows N1 and N2.

    Examples
    --------
    >>> n_parameters([2, 3, 1])
    13
    """
    sizes = _as_sizes(sizes)
    return sum((a + 1) * b for a, b in pairwise(sizes))


def initialise(sizes, *, scheme, rng):
    """W with variance 2/(n_in + n_out) ("glorot"), 2/n_in ("he") or 0 ("zeros"); b = 0.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden units of each layer, outputs.
    scheme : {"glorot", "he", "zeros"}
    rng : numpy.random.Generator

    Returns
    -------
    list of (W (n_in, n_out), b (n_out,))

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Slide row N7. Glorot and Bengio, *AISTATS* (2010), keep the variance of signals and gradients
    through tanh layers; He, Zhang, Ren and Sun, *ICCV* (2015), make up for the half that ReLU
    removes. From zeros nothing is learned but the last bias: the units of a layer stay alike.

    Examples
    --------
    >>> (W, b), = initialise([2, 1], scheme="zeros", rng=np.random.default_rng(0))
    >>> W, b
    (array([[0.],
           [0.]]), array([0.]))
    """
    sizes, rng = _as_sizes(sizes), as_generator(rng)
    variances = {
        "glorot": lambda a, b: 2 / (a + b), "he": lambda a, b: 2 / a, "zeros": lambda a, b: 0.0,
    }  # fmt: skip
    if scheme not in variances:
        raise ValueError(f"scheme: expected one of {', '.join(variances)}, got {scheme!r}.")
    variance = variances[scheme]
    return [
        (rng.normal(size=(a, b)) * np.sqrt(variance(a, b)) + 0.0, np.zeros(b))
        for a, b in pairwise(sizes)
    ]


def mlp_forward(params, X, kind):
    """H₀ = X, H_l = act(H_{l−1} W_l + b_l); the last layer's H W + b are the scores.

    Parameters
    ----------
    params : list of (W (n_in, n_out), b (n_out,))
    X : array_like (n, n_in)
    kind : {"sigmoid", "tanh", "relu", "leaky_relu"}
        The activation of the hidden layers.

    Returns
    -------
    ndarray (n, n_out)

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite or the kind is unknown.

    Notes
    -----
    Slide rows N1 and N2. The slide's sum form uses w_ij for unit i and input j, that is W₁x, its
    matrix form W₁ᵀx (E20). It has no biases, so f(0) is stuck (E17).

    Examples
    --------
    Two ReLU units make |x|:

    >>> params = [([[1.0, -1.0]], [0.0, 0.0]), ([[1.0], [1.0]], [0.0])]
    >>> mlp_forward(params, [[-3.0], [2.0]], "relu")
    array([[3.],
           [2.]])
    """
    params = as_params(params)
    H = as_matrix(X, n_columns=len(params[0][0]))
    kind = _as_kind(kind)
    for W, b in params[:-1]:
        H, _ = _activate(H @ W + b, kind, 0.01)
    W, b = params[-1]
    return H @ W + b


def mlp_loss_and_gradient(params, X, y, kind):
    """L = mean softmax cross-entropy of the scores, and ∂L/∂(W, b) by backpropagation.

    Parameters
    ----------
    params : list of (W (n_in, n_out), b (n_out,))
    X : array_like (n, n_in)
        n ≥ 1.
    y : array_like (n,)
        Labels 0 … n_out − 1.
    kind : {"sigmoid", "tanh", "relu", "leaky_relu"}

    Returns
    -------
    tuple of float and list of (ndarray, ndarray)
        Nats, and gradients in the shapes of params.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, a label is no class, or there are no rows.

    Notes
    -----
    Slide row N7. With Z_l = H_{l−1} W_l + b_l and D_l = ∂L/∂Z_l: ∂L/∂W_l = H_{l−1}ᵀ D_l, ∂L/∂b_l is
    the sum of D_l's rows, and D_{l−1} = D_l W_lᵀ ∘ act′(Z_{l−1}). Rumelhart, Hinton and Williams
    (1986); Bishop (2006), equations 5.53–5.56.

    Examples
    --------
    Without a hidden layer this is logistic regression; at 0 both classes have probability ½:

    >>> loss, [(dW, db)] = mlp_loss_and_gradient([([[0.0, 0.0]], [0.0, 0.0])], [[3.0]], [1], "relu")
    >>> float(loss / np.log(2)), dW, db
    (1.0, array([[ 1.5, -1.5]]), array([ 0.5, -0.5]))
    """
    params = as_params(params)
    X = as_matrix(X, n_columns=len(params[0][0]))
    if len(X) == 0:
        raise ValueError("X: expected at least one row, got 0. A mean loss needs an example.")
    y = as_labels(y, length=len(X), n_classes=len(params[-1][1]))
    return _loss_and_gradient(params, X, y, _as_kind(kind))


def fit(
    X, y, *, sizes, kind, learning_rate, n_epochs, batch_size, rng, method="adam", scheme=None,
    params=None,
):  # fmt: skip
    """Minimise the mean cross-entropy over mini-batches, from random weights.

    Parameters
    ----------
    X : array_like (n, n_in)
        n ≥ 1; standardised columns learn faster.
    y : array_like (n,)
        Labels 0 … n_out − 1.
    sizes : sequence of int
        n_in, hidden units of each layer, n_out.
    kind : {"sigmoid", "tanh", "relu", "leaky_relu"}
    learning_rate : float
    n_epochs, batch_size : int
    rng : numpy.random.Generator
    method : {"adam", "sgd"}
    scheme : str, optional
        As in `initialise`; "he" for the ReLUs and "glorot" for the others by default.
    params : list of (W, b), optional
        Where to go on, in the place of random weights.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        If an argument is out of its range, or the loss stops being finite on the way.

    Notes
    -----
    Slide row N7. All weights are views of one vector, as `optimisation` knows arrays only.

    Examples
    --------
    XOR needs its hidden units:

    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
    >>> found = fit(X, y, sizes=[2, 8, 2], kind="tanh", learning_rate=0.1, n_epochs=200,
    ...             batch_size=4, rng=np.random.default_rng(0))
    >>> mlp_forward(found.params, X, "tanh").argmax(axis=1)
    array([0, 1, 1, 0])
    """
    sizes, kind, rng = _as_sizes(sizes), _as_kind(kind), as_generator(rng)
    X = as_matrix(X, n_columns=sizes[0])
    y = as_labels(y, length=len(X), n_classes=sizes[-1])
    methods = {"adam": adam, "sgd": sgd}
    if method not in methods:
        raise ValueError(f"method: expected 'adam' or 'sgd', got {method!r}.")
    if params is None:
        default = "he" if kind in ("relu", "leaky_relu") else "glorot"
        params = initialise(sizes, scheme=scheme or default, rng=rng)
    gradient = np.empty(n_parameters(sizes))
    slots = unpack(gradient, sizes)

    def objective(theta, batch):
        loss, _ = _loss_and_gradient(unpack(theta, sizes), X[batch], y[batch], kind, slots)
        return loss, gradient

    found = methods[method](
        objective, pack(as_params(params)), len(X), learning_rate=learning_rate,
        n_epochs=n_epochs, batch_size=batch_size, rng=rng,
    )  # fmt: skip
    return Fit(unpack(found.theta, sizes), found.history)


def pack(params):
    """All weights and biases in one vector, layer by layer, W before b.

    Parameters
    ----------
    params : list of (W (n_in, n_out), b (n_out,))

    Returns
    -------
    ndarray (n_parameters,)

    Notes
    -----
    Slide row N7; `unpack` undoes it.

    Examples
    --------
    >>> pack([([[1.0, 2.0]], [3.0, 4.0])])
    array([1., 2., 3., 4.])
    """
    return np.concatenate([np.ravel(part) for layer in params for part in layer])


def unpack(vector, sizes):
    """The layers (W, b) as views of one vector.

    Parameters
    ----------
    vector : ndarray (n_parameters(sizes),)
    sizes : sequence of int

    Returns
    -------
    list of (W (n_in, n_out), b (n_out,))

    Raises
    ------
    ValueError
        If the vector has another length.

    Notes
    -----
    Slide row N7.

    Examples
    --------
    >>> unpack(np.array([1.0, 2.0, 3.0]), [2, 1])
    [(array([[1.],
           [2.]]), array([3.]))]
    """
    if vector.shape != (n_parameters(sizes),):
        raise ValueError(
            f"vector: expected {n_parameters(sizes)} numbers for the sizes {list(sizes)}, "
            f"got shape {vector.shape}."
        )
    layers, start = [], 0
    for a, b in pairwise(sizes):
        W = vector[start : start + a * b].reshape(a, b)
        start += a * b
        layers.append((W, vector[start : start + b]))
        start += b
    return layers


def collapse_linear(params):
    """(W₁ ⋯ W_L, the biases carried through): layers without activations are one layer.

    Parameters
    ----------
    params : list of (W (n_in, n_out), b (n_out,))

    Returns
    -------
    tuple of ndarray
        W (n_in, n_out) and b (n_out,) of the one layer that does the same.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Slide rows N1 and N4: why a network needs activations that are not linear.

    Examples
    --------
    >>> collapse_linear([([[2.0]], [1.0]), ([[3.0]], [5.0])])
    (array([[6.]]), array([8.]))
    """
    params = as_params(params)
    W, b = params[0]
    for W_next, b_next in params[1:]:
        W, b = W @ W_next, b @ W_next + b_next
    return W.copy(), b.copy()


def network_graph(params):
    """A vertex a unit, (layer, unit), and (layer, −1) for its bias; an edge a weight that is not 0.

    Parameters
    ----------
    params : list of (W (n_in, n_out), b (n_out,))

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Slide row N3. Bishop (2006), figure 5.1. Every path runs from inputs to outputs.

    Examples
    --------
    >>> graph = network_graph([([[2.0], [0.0]], [-1.0])])
    >>> graph.vertices
    [(0, 0), (0, 1), (0, -1), (1, 0)]
    >>> graph.edges
    [((0, 0), (1, 0), 2.0), ((0, -1), (1, 0), -1.0)]
    """
    params = as_params(params)
    vertices, edges = [], []
    for layer, (W, b) in enumerate(params):
        vertices += [(layer, unit) for unit in (*range(len(W)), -1)]
        rows = np.vstack([W, b])
        for i, j in np.argwhere(rows):
            unit = int(i) if i < len(W) else -1
            edges.append(((layer, unit), (layer + 1, int(j)), float(rows[i, j])))
    vertices += [(len(params), unit) for unit in range(len(params[-1][1]))]
    return Graph(vertices, edges)


def _activate(z, kind, slope):
    if kind == "sigmoid":
        value = sigmoid(z)
        return value, value * sigmoid(-z)  # not s(1 − s), which is 0 from z = 37 on
    if kind == "tanh":
        value = np.tanh(z)
        return value, 1.0 / np.cosh(np.minimum(np.abs(z), 350.0)) ** 2
    left = slope if kind == "leaky_relu" else 0.0
    derivative = np.where(z > 0, 1.0, left)
    return derivative * z + 0.0, derivative


def _loss_and_gradient(params, X, y, kind, slots=None):
    """`mlp_loss_and_gradient` of what is known to be right; gradients go into `slots` if given."""
    H, signals, slopes = X, [X], []
    for W, b in params[:-1]:
        H, slope = _hidden(H @ W, b, kind)
        signals.append(H)
        slopes.append(slope)
    W, b = params[-1]
    loss, D = cross_entropy_of(H @ W + b, y)
    slots = slots or [(np.empty_like(W), np.empty_like(b)) for W, b in params]
    for layer in range(len(params) - 1, -1, -1):
        dW, db = slots[layer]
        np.matmul(signals[layer].T, D, out=dW)
        D.sum(axis=0, out=db)
        if layer:
            D = D @ params[layer][0].T
            D *= slopes[layer - 1]
    return loss, slots


def _hidden(Z, b, kind):
    """act(Z + b) and its derivative, in Z's own memory where that is quick."""
    Z += b
    if kind == "tanh":
        np.tanh(Z, out=Z)
        return Z, 1.0 - Z * Z
    if kind == "relu":
        slope = Z > 0
        return np.maximum(Z, 0.0, out=Z), slope
    return _activate(Z, kind, 0.01)


def _as_kind(kind):
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}.")
    return kind


def _as_sizes(sizes):
    sizes = [as_count(size, "sizes", minimum=1) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(
            f"sizes: expected the inputs, the hidden layers and the outputs, got {sizes}."
        )
    return sizes


def as_params(params):
    """The layers as arrays whose shapes fit each other."""
    layers = []
    for number, (W, b) in enumerate(params):
        W = as_matrix(W, f"params[{number}][0]")
        layers.append((W, as_vector(b, f"params[{number}][1]", length=W.shape[1])))
        if number and len(W) != len(layers[-2][1]):
            raise ValueError(
                f"params[{number}][0]: expected {len(layers[-2][1])} rows, as many as the layer "
                f"before has units, got shape {W.shape}. W is (inputs, units)."
            )
    if not layers:
        raise ValueError("params: expected at least one layer (W, b), got none.")
    return layers
