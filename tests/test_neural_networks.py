"""Lecture 5, rows N1–N4 and N7, errata E15, E16, E20 and E22: forward, backward, training.

Oracles: autograd, scikit-learn's MLPClassifier, definitions written out.
"""

import warnings

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from course_utils.data import moons
from course_utils.information_theory import softmax_cross_entropy
from course_utils.neural_networks import (
    KINDS,
    activation,
    collapse_linear,
    fit,
    initialise,
    mlp_forward,
    mlp_loss_and_gradient,
    n_parameters,
    network_graph,
    pack,
    unpack,
)
from course_utils.optimisation import check_gradient
from course_utils.special import sigmoid

ACTS = {
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "relu": lambda z: anp.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: anp.where(z > 0, z, 0.01 * z),
}


def network(sizes=(3, 5, 4, 2), seed=0):
    rng = np.random.default_rng(seed)
    params = initialise(sizes, scheme="glorot", rng=rng)
    return [(W, 0.3 * rng.normal(size=b.shape)) for W, b in params]


def data(n=7, d=3, k=2, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.integers(k, size=n)


# N4: activations


@pytest.mark.parametrize("kind", KINDS)
@given(z=st.floats(-30, 30).filter(lambda z: abs(z) > 1e-3))
def test_values_are_the_definitions_and_derivatives_autograds(kind, z):
    value, derivative = activation(z, kind)
    assert value == pytest.approx(float(ACTS[kind](z)), rel=1e-12)
    assert derivative == pytest.approx(float(grad(ACTS[kind])(z)), rel=1e-7, abs=1e-14)


@given(st.floats(-200, 200))
def test_tanh_is_two_sigmoids_of_twice_z_minus_1(z):
    assert activation(z, "tanh")[0] == pytest.approx(2 * sigmoid(2 * z) - 1, abs=1e-15)


def test_activations_are_exact_and_silent_at_the_extremes():
    for kind, ends in {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 1e4),
                       "leaky_relu": (-100, 1e4)}.items():  # fmt: skip
        value, derivative = activation([-1e4, 1e4], kind)
        np.testing.assert_allclose(value, ends)
        assert (derivative >= 0).all()
    assert activation(40.0, "sigmoid")[1] == pytest.approx(np.exp(-40), rel=1e-12)
    assert activation(40.0, "tanh")[1] == pytest.approx(4 * np.exp(-80), rel=1e-12)


def test_e15_without_its_minus_signs_tanh_is_1():
    z = np.array([-1.0, 0.5, 2.0])
    slide = (np.exp(z) + np.exp(z)) / (np.exp(z) + np.exp(z))
    np.testing.assert_allclose(slide, 1)
    value, _ = activation(z, "tanh")
    np.testing.assert_allclose(value, (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)))
    np.testing.assert_allclose(value, (1 - np.exp(-2 * z)) / (1 + np.exp(-2 * z)))


def test_e16_a_slope_of_minus_1_makes_the_absolute_value_and_is_refused():
    z = np.array([-2.0, 3.0])
    np.testing.assert_array_equal(np.maximum(z, -1 * z), np.abs(z))
    for slope in (-1.0, 1.0):
        with pytest.raises(ValueError, match="slope: expected"):
            activation(z, "leaky_relu", slope=slope)
    np.testing.assert_allclose(activation(z, "leaky_relu", slope=0.2)[0], [-0.4, 3])


def test_e22_relu_has_no_derivative_at_0_and_takes_the_left_one():
    h = 1e-6
    right, left = (activation(h, "relu")[0] - 0) / h, (0 - activation(-h, "relu")[0]) / h
    assert (right, left) == (pytest.approx(1), 0)
    assert activation(0.0, "relu") == (0, 0)
    assert activation(0.0, "leaky_relu", slope=0.3) == (0, 0.3)


# N1, N2: forward


@pytest.mark.parametrize("kind", KINDS)
def test_forward_is_layer_after_layer(kind):
    params, (X, _) = network(), data()
    H = X
    for W, b in params[:-1]:
        H = ACTS[kind](H @ W + b)
    np.testing.assert_allclose(
        mlp_forward(params, X, kind), H @ params[-1][0] + params[-1][1], rtol=1e-12
    )


@pytest.mark.parametrize(("kind", "theirs"), [("sigmoid", "logistic"), ("tanh", "tanh"),
                                              ("relu", "relu")])  # fmt: skip
def test_forward_and_loss_are_scikit_learns_with_our_weights(kind, theirs):
    X, y = data(20, 3, 3)
    with warnings.catch_warnings():  # of too few iterations, as there is to be none
        warnings.simplefilter("ignore")
        model = MLPClassifier((5, 4), activation=theirs, max_iter=1, random_state=0).fit(X, y)
    params = list(zip(model.coefs_, model.intercepts_, strict=True))
    scores = mlp_forward(params, X, kind)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, model.predict_proba(X), rtol=1e-10)


def test_sum_form_and_matrix_form_of_three_hidden_units_are_one():
    rng = np.random.default_rng(0)
    W, b, v, c = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(3, 1)), 0.4
    x = np.array([0.7, -1.1])
    total = c
    for j in range(3):
        total += v[j, 0] / (1 + np.exp(-(b[j] + sum(W[i, j] * x[i] for i in range(2)))))
    matrix = mlp_forward([(W, b), (v, [c])], [x], "sigmoid")[0, 0]
    assert sigmoid(matrix) == pytest.approx(1 / (1 + np.exp(-total)), rel=1e-13)


def test_e20_the_slides_two_forms_are_each_others_transpose():
    rng = np.random.default_rng(0)
    W1, x = rng.normal(size=(3, 3)), rng.normal(size=3)
    sum_form = np.array([sum(W1[i, j] * x[j] for j in range(3)) for i in range(3)])
    matrix_form = W1.T @ x
    assert np.abs(sum_form - matrix_form).max() > 0.1
    np.testing.assert_allclose(sum_form, W1 @ x)
    np.testing.assert_allclose(x[None, :] @ W1, matrix_form[None, :])  # ours: W is (in, out)


@pytest.mark.parametrize(("sizes", "count"), [([2, 3, 1], 13), ([64, 30, 10], 2260), ([5, 1], 6)])
def test_parameters_are_counted_as_they_are_made(sizes, count):
    assert n_parameters(sizes) == count
    params = initialise(sizes, scheme="he", rng=np.random.default_rng(0))
    assert sum(W.size + b.size for W, b in params) == count


def test_layers_without_activations_are_one_layer():
    params, (X, _) = network(), data()
    H = X
    for W, b in params:
        H = H @ W + b
    W, b = collapse_linear(params)
    np.testing.assert_allclose(X @ W + b, H, rtol=1e-10)
    assert (W.shape, b.shape) == ((3, 2), (2,))


# N3: the graph


def test_the_graph_has_an_edge_for_each_weight_that_is_not_0():
    params = network()
    params[0][0][1, 2] = params[1][1][0] = 0.0
    graph = network_graph(params)
    assert len(graph.edges) == n_parameters([3, 5, 4, 2]) - 2
    assert len(graph.vertices) == len(set(graph.vertices)) == 3 + 5 + 4 + 2 + 3
    for (layer, unit), (after, target), weight in graph.edges:
        W, b = params[layer]
        assert after == layer + 1
        assert weight == (b[target] if unit == -1 else W[unit, target])
        assert (layer, unit) in graph.vertices
        assert (after, target) in graph.vertices


# N7: backward


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(3, 5, 4, 2), (3, 2), (1, 1, 3), (4, 6, 2)])
def test_backpropagation_is_the_gradient(sizes, kind):
    params, (X, y) = network(sizes), data(9, sizes[0], sizes[-1])

    def objective(theta):
        loss, gradient = mlp_loss_and_gradient(unpack(theta, sizes), X, y, kind)
        return loss, pack(gradient)

    check_gradient(objective, pack(params), rng=np.random.default_rng(0), rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_backpropagation_agrees_with_autograd(kind):
    params, (X, y) = network(), data()

    def naive(params):
        H = X
        for W, b in params[:-1]:
            H = ACTS[kind](anp.dot(H, W) + b)
        s = anp.dot(H, params[-1][0]) + params[-1][1]
        p = anp.exp(s) / anp.sum(anp.exp(s), axis=1, keepdims=True)
        return -anp.mean(anp.log(p[np.arange(len(y)), y]))

    loss, gradient = mlp_loss_and_gradient(params, X, y, kind)
    assert loss == pytest.approx(float(naive(params)), rel=1e-12)
    for (dW, db), (oW, ob) in zip(gradient, grad(naive)(params), strict=True):
        np.testing.assert_allclose(dW, oW, atol=1e-14)
        np.testing.assert_allclose(db, ob, atol=1e-14)


def test_the_loss_is_the_cross_entropy_of_the_scores():
    params, (X, y) = network(), data()
    loss, gradient = mlp_loss_and_gradient(params, X, y, "tanh")
    assert loss == pytest.approx(softmax_cross_entropy(mlp_forward(params, X, "tanh"), y)[0])
    assert [(dW.shape, db.shape) for dW, db in gradient] == [(W.shape, b.shape) for W, b in params]


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=4))
def test_packing_and_unpacking_undo_each_other_without_a_copy(sizes):
    params = network(sizes)
    vector = pack(params)
    views = unpack(vector, sizes)
    for (W, b), (V, c) in zip(params, views, strict=True):
        np.testing.assert_array_equal(W, V)
        np.testing.assert_array_equal(b, c)
    views[0][0][...] = 7.0
    assert (vector[: views[0][0].size] == 7).all()


@pytest.mark.parametrize(("kind", "slope"), [("relu", 0.0), ("leaky_relu", 0.01)])
def test_e22_backpropagation_takes_the_left_derivative_at_a_kink(kind, slope):
    last = np.array([[1.0, -2.0]]), np.zeros(2)
    _, ((_, db), (_, in_scores)) = mlp_loss_and_gradient(
        [([[0.0]], [0.0]), last], [[1.0]], [0], kind
    )
    np.testing.assert_allclose(db, slope * last[0] @ in_scores)


def test_training_learns_two_moons_and_the_loss_falls():
    X, y = moons(200, noise_deviation=0.1, rng=np.random.default_rng(0))
    tried = [("relu", "adam", 0.02, 120), ("tanh", "sgd", 1.0, 600), ("sigmoid", "adam", 0.05, 120),
             ("leaky_relu", "adam", 0.02, 120)]  # fmt: skip
    for kind, method, rate, n_epochs in tried:
        found = fit(X, y, sizes=[2, 16, 2], kind=kind, learning_rate=rate, n_epochs=n_epochs,
                    batch_size=20, rng=np.random.default_rng(1), method=method)  # fmt: skip
        assert (mlp_forward(found.params, X, kind).argmax(axis=1) == y).mean() > 0.96, kind
        assert found.history.shape == (n_epochs,)
        assert found.history[-1] < 0.3 * found.history[0]


def test_a_step_of_training_is_the_step_of_its_gradient():
    X, y = data(6)
    params = network((3, 4, 2))
    found = fit(X, y, sizes=[3, 4, 2], kind="tanh", learning_rate=0.5, n_epochs=1, batch_size=6,
                rng=np.random.default_rng(0), method="sgd", params=params)  # fmt: skip
    loss, gradient = mlp_loss_and_gradient(params, X, y, "tanh")
    assert found.history == pytest.approx([loss])
    np.testing.assert_allclose(pack(found.params), pack(params) - 0.5 * pack(gradient), rtol=1e-12)


def test_the_same_generator_trains_the_same_network():
    X, y = data(30)
    options = {"sizes": [3, 4, 2], "kind": "relu", "learning_rate": 0.1, "n_epochs": 3,
               "batch_size": 7}  # fmt: skip
    one, two = (fit(X, y, rng=np.random.default_rng(5), **options) for _ in range(2))
    np.testing.assert_array_equal(pack(one.params), pack(two.params))
    spelled = fit(X, y, rng=np.random.default_rng(5), method="adam", scheme="he", **options)
    np.testing.assert_array_equal(pack(one.params), pack(spelled.params))
    other = fit(X, y, rng=np.random.default_rng(5), scheme="glorot", **options)
    assert not np.array_equal(pack(one.params), pack(other.params))
    for options["kind"], scheme in (("tanh", "glorot"), ("leaky_relu", "he")):
        silent = fit(X, y, rng=np.random.default_rng(5), **options)
        spelled = fit(X, y, rng=np.random.default_rng(5), scheme=scheme, **options)
        np.testing.assert_array_equal(pack(silent.params), pack(spelled.params))


def test_from_zeros_nothing_but_the_last_bias_is_learned():
    X, y = data(30)
    start = initialise([3, 5, 2], scheme="zeros", rng=np.random.default_rng(0))
    assert not any(np.signbit(W).any() for W, _ in start)
    found = fit(X, y, sizes=[3, 5, 2], kind="tanh", learning_rate=0.1, n_epochs=20, batch_size=30,
                rng=np.random.default_rng(0), params=start)  # fmt: skip
    (W, b), (V, c) = found.params
    assert not W.any()
    assert not b.any()
    assert not V.any()
    assert c.any()


@pytest.mark.parametrize(("scheme", "kind"), [("glorot", "tanh"), ("he", "relu")])
def test_each_scheme_keeps_the_size_of_signals_through_many_layers(scheme, kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 256)) * (
        0.1 if kind == "tanh" else 1.0
    )  # where tanh is nearly linear
    params = initialise([256] * 13, scheme=scheme, rng=rng)
    out = mlp_forward(params, X, kind)
    assert 0.3 < (out**2).mean() / (X**2).mean() < 3
    small = [(0.3 * W, b) for W, b in params]
    assert (mlp_forward(small, X, kind) ** 2).mean() < 1e-6 * (X**2).mean()


@pytest.mark.parametrize(("scheme", "variance"), [("glorot", 2 / 500), ("he", 2 / 300)])
def test_weights_have_the_variance_that_the_scheme_names(scheme, variance):
    ((W, b),) = initialise([300, 200], scheme=scheme, rng=np.random.default_rng(0))
    assert W.var() == pytest.approx(variance, rel=0.03)  # four standard errors
    assert not b.any()


def test_arguments_come_back_unchanged():
    params, (X, y) = network(), data()
    before = [pack(params).copy(), X.copy(), y.copy()]
    mlp_loss_and_gradient(params, X, y, "relu")
    mlp_forward(params, X, "tanh")
    fit(X, y, sizes=[3, 5, 4, 2], kind="relu", learning_rate=0.1, n_epochs=1, batch_size=3,
        rng=np.random.default_rng(0), params=params)  # fmt: skip
    for now, then in zip((pack(params), X, y), before, strict=True):
        np.testing.assert_array_equal(now, then)


OPTIONS = {"sizes": [3, 4, 2], "kind": "relu", "learning_rate": 0.1, "n_epochs": 1,
           "batch_size": 2, "rng": np.random.default_rng(0)}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"sizes": [3]},
            r"sizes: expected the inputs, the hidden layers and the outputs, got \[3\]",
        ),
        ({"sizes": [3, 0, 2]}, "sizes: expected a whole number, at least 1"),
        ({"sizes": [4, 2]}, "X: expected 4 columns"),
        ({"kind": "cube"}, "kind: expected one of sigmoid, tanh, relu, leaky_relu, got 'cube'"),
        ({"method": "lbfgs"}, "method: expected 'adam' or 'sgd', got 'lbfgs'"),
        ({"scheme": "ones"}, "scheme: expected one of glorot, he, zeros, got 'ones'"),
        ({"learning_rate": 0}, "learning_rate: expected one number above 0"),
        ({"batch_size": 0}, "batch_size: expected a whole number, at least 1"),
        ({"rng": 3}, "rng: expected a numpy.random.Generator"),
    ],
)
def test_fit_calls_by_name_what_it_refuses(change, message):
    X, y = data()
    with pytest.raises(ValueError, match=f"^{message}"):
        fit(X, y, **{**OPTIONS, **change})


ONE = np.ones((1, 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activation([np.nan], "relu"), "z: expected finite numbers"),
        (lambda: activation([1.0], "step"), "kind: expected one of"),
        (lambda: mlp_forward([], ONE, "relu"), r"params: expected at least one layer \(W, b\)"),
        (
            lambda: mlp_forward([(ONE, [0, 0])], ONE, "relu"),
            r"params\[0\]\[1\]: expected 1 numbers",
        ),
        (lambda: mlp_forward([([1.0], [0])], ONE, "relu"), r"params\[0\]\[0\]: expected a matrix"),
        (
            lambda: mlp_forward([(ONE, [0]), (np.ones((2, 1)), [0])], ONE, "relu"),
            r"params\[1\]\[0\]: expected 1 rows, as many as the layer before has units",
        ),
        (lambda: mlp_forward([(ONE, [0])], np.ones((1, 2)), "relu"), "X: expected 1 columns"),
        (lambda: mlp_forward([(ONE, [0])], ONE, "max"), "kind: expected one of"),
        (
            lambda: mlp_loss_and_gradient([(ONE, [0])], np.ones((0, 1)), [], "relu"),
            "X: expected at least one row, got 0",
        ),
        (
            lambda: mlp_loss_and_gradient([(ONE, [0])], ONE, [1], "relu"),
            "y: expected class labels 0 to 0, got 1",
        ),
        (
            lambda: mlp_loss_and_gradient([(ONE, [0])], np.ones((1, 2)), [0], "relu"),
            "X: expected 1 columns",
        ),
        (lambda: mlp_loss_and_gradient([(ONE, [0])], ONE, [0, 0], "relu"), "y: expected 1 numbers"),
        (lambda: fit(np.ones((1, 3)), [0, 1], **OPTIONS), "y: expected 1 numbers"),
        (lambda: fit(np.ones((1, 3)), [2], **OPTIONS), "y: expected class labels 0 to 1, got 2"),
        (lambda: unpack(np.ones(4), [1, 1]), r"vector: expected 2 numbers for the sizes \[1, 1\]"),
        (lambda: n_parameters([2]), "sizes: expected the inputs"),
        (lambda: initialise([2, 1], scheme="he", rng=0), "rng: expected a numpy.random.Generator"),
    ],
)
def test_bad_input_is_called_by_its_name(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
