"""Lecture 5, rows N5 and N6, errata E17 and E18: what two layers can say, and how fast.

Oracles: truth tables, NumPy's interpolation, known bounds.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.approximation import (
    boolean_network,
    relu_interpolant,
    relu_network,
    sigmoid_steps,
    step_network,
)
from course_utils.neural_networks import mlp_forward


def rows(n):
    return np.array(list(itertools.product([0, 1], repeat=n)))


# N5


@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_boolean_function_of_up_to_three_variables_is_computed_exactly(n):
    for table in itertools.product([0, 1], repeat=2**n):
        params = boolean_network(table)
        np.testing.assert_array_equal(step_network(params, rows(n))[:, 0], table)
        assert params[0][0].shape == (n, max(1, sum(table)))


@pytest.mark.parametrize("table", [[0, 1, 1, 0], [1, 1, 0, 1, 0, 0, 1, 1], [0, 0]])
def test_every_hidden_unit_fires_at_its_own_row_alone_and_none_at_a_0(table):
    n, ones = len(table).bit_length() - 1, np.flatnonzero(table)
    hidden = step_network(boolean_network(table)[:1], rows(n))
    np.testing.assert_array_equal(hidden[ones], np.eye(len(ones), hidden.shape[1]))
    assert not np.delete(hidden, ones, axis=0).any()


@given(st.lists(st.integers(0, 1), min_size=32, max_size=32))
def test_functions_of_five_variables_too(table):
    np.testing.assert_array_equal(step_network(boolean_network(table), rows(5))[:, 0], table)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_parity_takes_half_of_all_rows(n):
    parity = rows(n).sum(axis=1) % 2
    assert boolean_network(parity)[0][0].shape[1] == 2 ** (n - 1)


def test_the_first_variable_is_the_highest_bit():
    params = boolean_network([0, 0, 1, 0])  # a and not b
    assert step_network(params, [[1, 0]]) == 1
    assert step_network(params, [[0, 1]]) == 0


def test_a_unit_at_exactly_0_does_not_fire():
    np.testing.assert_array_equal(step_network([([[1.0]], [0.0])], [[0.0], [1e-9]]), [[0], [1]])


# E17

ACTS = {
    "step": lambda z: (z > 0).astype(float),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
}


@pytest.mark.parametrize("name", ACTS)
def test_e17_without_biases_f_of_0_is_stuck_at_0(name):
    rng, act = np.random.default_rng(0), ACTS[name]
    for _ in range(50):  # NOT, NOR, XNOR and the constant 1 are all 1 at 0
        W, V = rng.normal(size=(2, 9)), rng.normal(size=(9, 1))
        assert act(act(np.zeros((1, 2)) @ W) @ V) == 0
    for table in ([1, 0], [1, 0, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1]):
        params = boolean_network(table)
        n = len(params[0][0])
        assert step_network(params, np.zeros((1, n))) == 1


def test_e17_xor_needs_no_bias():
    W, V = np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([[1.0], [1.0]])
    bare = [(W, np.zeros(2)), (V, np.zeros(1))]
    np.testing.assert_array_equal(step_network(bare, rows(2))[:, 0], [0, 1, 1, 0])


# N6


@st.composite
def points(draw):
    x = draw(st.lists(st.integers(-50, 50), min_size=1, max_size=9, unique=True))
    y = draw(st.lists(st.floats(-9, 9), min_size=len(x), max_size=len(x)))
    return np.array(x, dtype=float) / 5, np.array(y)


@given(points(), st.lists(st.floats(0, 1), max_size=6))
def test_the_interpolant_is_numpys(xy, shares):
    x, y = xy
    x_new = x.min() + np.array(shares) * np.ptp(x)
    order = np.argsort(x)
    oracle = np.interp(x_new, x[order], y[order])
    np.testing.assert_allclose(relu_interpolant(x, y, x_new), oracle, atol=1e-9)
    np.testing.assert_allclose(relu_interpolant(x, y, x), y, atol=1e-9)


def test_the_interpolant_is_one_hidden_layer():
    x, y = np.array([2.0, -1.0, 0.5, 3.0]), np.array([1.0, 4.0, -2.0, 0.0])
    params = relu_network(x, y)
    assert [W.shape for W, _ in params] == [(1, 3), (3, 1)]
    np.testing.assert_allclose(mlp_forward(params, x[:, None], "relu")[:, 0], y)


def errors(approximate, counts):
    fine = np.linspace(0, 1, 20_001)
    f = np.sin(2 * np.pi * fine)
    worst = []
    for n in counts:
        x = np.linspace(0, 1, n + 1)
        worst.append(np.abs(approximate(x, np.sin(2 * np.pi * x), fine) - f).max())
    return np.array(worst)


COUNTS = np.array([8, 16, 32, 64, 128])


def test_the_interpolants_error_falls_with_the_square_of_the_distance_and_within_its_bound():
    worst = errors(relu_interpolant, COUNTS)
    slope = np.polyfit(np.log(COUNTS), np.log(worst), 1)[0]
    assert slope == pytest.approx(-2, abs=0.05)
    assert (worst <= (1 / COUNTS) ** 2 * (2 * np.pi) ** 2 / 8).all()


def test_the_staircases_error_falls_with_the_distance():
    def stairs(x, y, fine):
        params = sigmoid_steps(x, y, steepness=50 * len(x))
        return mlp_forward(params, fine[:, None], "sigmoid")[:, 0]

    worst = errors(stairs, COUNTS)
    assert np.polyfit(np.log(COUNTS), np.log(worst), 1)[0] == pytest.approx(-1, abs=0.1)
    assert (worst <= 1.1 * 2 * np.pi / COUNTS / 2).all()


def test_two_steps_are_a_bump():
    params = sigmoid_steps([2.0, 0.0, 1.0], [0.0, 0.0, 5.0], steepness=200.0)
    got = mlp_forward(params, [[0.0], [0.5], [1.0], [1.5], [2.0]], "sigmoid")[:, 0]
    np.testing.assert_allclose(got, [0, 2.5, 5, 2.5, 0], atol=1e-12)


def test_e18_a_jump_is_missed_by_half_of_it_however_many_units():
    fine = np.linspace(-1, 1, 4001)
    jump = (fine > 0).astype(float)
    for n in (10, 100, 1000):
        x = np.linspace(-1, 1, 2 * n)
        got = relu_interpolant(x, (x > 0).astype(float), fine)
        assert np.abs(got - jump).max() > 0.49


def test_e18_outside_of_a_compact_set_relu_lines_leave_a_parabola():
    x = np.linspace(-1, 1, 200)
    params = relu_network(x, x**2)
    far = np.array([[10.0], [100.0]])
    error = np.abs(mlp_forward(params, far, "relu")[:, 0] - far[:, 0] ** 2)
    assert (error > [70, 9000]).all()


def test_e18_a_polynomial_activation_only_makes_polynomials_of_its_degree():
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 200)
    hidden = (x[:, None] * rng.normal(size=50) + rng.normal(size=50)) ** 2
    best = hidden @ np.linalg.lstsq(hidden, np.abs(x), rcond=None)[0]
    parabola = np.polyval(np.polyfit(x, np.abs(x), 2), x)
    np.testing.assert_allclose(best, parabola, atol=1e-9)
    assert np.abs(best - np.abs(x)).max() > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: boolean_network([1]),
            "truth_table: expected 2, 4, 8, … entries, one for each row",
        ),
        (lambda: boolean_network([]), "truth_table: expected 2, 4, 8, … entries.*got 0"),
        (lambda: boolean_network([0, 1, 1]), "truth_table: expected 2, 4, 8, … entries.*got 3"),
        (lambda: boolean_network([0, 2]), "truth_table: expected zeros and ones, got 2"),
        (lambda: step_network([], [[1]]), "params: expected at least one layer"),
        (lambda: step_network([([[1.0]], [0])], [[1, 2]]), "X: expected 1 columns"),
        (lambda: relu_network([1.0, 1.0], [0, 0]), "x: expected distinct points, got 1 twice"),
        (lambda: relu_network([], []), "x: expected at least one point, got 0"),
        (lambda: relu_network([1.0], [1.0, 2.0]), "y: expected 1 numbers"),
        (
            lambda: relu_interpolant([0, 1], [0, 1], [1.5]),
            "x_new: expected numbers from 0 to 1, got 1.5",
        ),
        (lambda: relu_interpolant([0, 1], [0, 1], [-0.1]), "x_new: expected numbers from 0 to 1"),
        (lambda: relu_interpolant([0, 1], [0, 1], 0.5), r"x_new: expected a vector \(n,\)"),
        (
            lambda: sigmoid_steps([1.0], [1.0], steepness=1),
            "x: expected at least two points, got 1",
        ),
        (lambda: sigmoid_steps([1, 1], [1, 2], steepness=1), "x: expected distinct points, got 1"),
        (lambda: sigmoid_steps([3, 1, 3], [1, 2, 0], steepness=1), "x: .* got 3 twice"),
        (lambda: relu_network([3, 1, 3], [1, 2, 0]), "x: expected distinct points, got 3 twice"),
        (
            lambda: sigmoid_steps([1, 2], [1, 2], steepness=0),
            "steepness: expected one number above",
        ),
        (lambda: sigmoid_steps([1, 2], [1], steepness=1), "y: expected 2 numbers"),
    ],
)
def test_bad_input_is_called_by_its_name(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
