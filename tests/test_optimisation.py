"""Rows G4, G5 and N7: going downhill, and telling a gradient from something else.

Oracles: closed forms on quadratics, Adam's algorithm as its paper writes it, SciPy's line search.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from course_utils.optimisation import (
    adam,
    check_gradient,
    gradient_descent,
    line_search,
    minibatches,
    sgd,
)

RNG = np.random.default_rng(3)
A = np.diag([1.0, 4.0, 9.0])
TARGET = np.array([1.0, -2.0, 0.5])
DATA = RNG.normal(size=(7, 3))


def quadratic(theta):
    return 0.5 * (theta - TARGET) @ A @ (theta - TARGET), A @ (theta - TARGET)


def squares(theta, batch):
    """Mean of ½‖θ − x_i‖² over a batch."""
    rest = theta - DATA[batch]
    return 0.5 * (rest**2).sum() / len(batch), rest.mean(axis=0)


def test_gradient_descent_follows_its_closed_form_on_a_quadratic():
    got = gradient_descent(quadratic, np.zeros(3), learning_rate=0.1, n_steps=7, keep_path=True)
    factor = 1 - 0.1 * np.diag(A)
    for k in range(8):
        np.testing.assert_allclose(got.path[k], TARGET + factor**k * (0 - TARGET), rtol=1e-12)
        assert got.history[k] == pytest.approx(quadratic(got.path[k])[0])
    np.testing.assert_array_equal(got.theta, got.path[-1])


@pytest.mark.parametrize(("rate", "falls"), [(0.2, True), (2 / 9 - 1e-3, True), (0.23, False)])
def test_gradient_descent_converges_for_rates_below_two_over_the_largest_curvature(rate, falls):
    history = gradient_descent(quadratic, np.zeros(3), learning_rate=rate, n_steps=400).history
    assert (history[-1] < history[0]) == falls


def test_momentum_adds_a_share_of_the_step_before():
    path = gradient_descent(
        quadratic, np.ones(3), learning_rate=0.05, n_steps=5, momentum=0.7, keep_path=True
    ).path
    for k in range(1, 5):
        expected = path[k] + 0.7 * (path[k] - path[k - 1]) - 0.05 * quadratic(path[k])[1]
        np.testing.assert_allclose(path[k + 1], expected, rtol=1e-12)


def test_without_being_asked_no_path_is_kept_and_the_start_is_not_changed():
    start = np.ones(3)
    assert gradient_descent(quadratic, start, learning_rate=0.1, n_steps=0).theta is not start
    found = gradient_descent(quadratic, start, learning_rate=0.1, n_steps=2)
    assert found.path is None
    for method in (sgd, adam):
        method(squares, start, 7, learning_rate=0.1, n_epochs=2, batch_size=2,
               rng=np.random.default_rng(0))  # fmt: skip
    np.testing.assert_array_equal(start, np.ones(3))


@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 5))
def test_an_epoch_of_minibatches_visits_every_example_once(n, size, seed):
    batches = list(minibatches(n, size, np.random.default_rng(seed)))
    np.testing.assert_array_equal(np.sort(np.concatenate([*batches, []])), np.arange(n))
    assert all(len(batch) == size for batch in batches[:-1])


def test_sgd_with_one_batch_of_all_is_gradient_descent():
    def everything(theta):
        return squares(theta, np.arange(7))

    ours = sgd(squares, np.zeros(3), 7, learning_rate=0.3, n_epochs=6, batch_size=7,
               momentum=0.4, rng=np.random.default_rng(0))  # fmt: skip
    full = gradient_descent(everything, np.zeros(3), learning_rate=0.3, n_steps=6, momentum=0.4)
    np.testing.assert_allclose(ours.theta, full.theta, rtol=1e-12)
    np.testing.assert_allclose(ours.history, full.history[:-1], rtol=1e-12)


def test_sgd_history_weighs_each_batch_by_its_examples():
    found = sgd(squares, np.zeros(3), 7, learning_rate=1e-12, n_epochs=1, batch_size=3,
                rng=np.random.default_rng(0))  # fmt: skip
    assert found.history == pytest.approx([squares(np.zeros(3), np.arange(7))[0]])


def test_sgd_epochs_come_in_different_orders():
    seen = []

    def watch(theta, batch):
        seen.append(tuple(batch))
        return 0.0, np.zeros(3)

    sgd(watch, np.zeros(3), 7, learning_rate=1.0, n_epochs=2, batch_size=7,
        rng=np.random.default_rng(0))  # fmt: skip
    assert seen[0] != seen[1]


def test_adam_is_the_algorithm_of_its_paper():
    rng = np.random.default_rng(5)
    batches = [b for _ in range(4) for b in minibatches(7, 3, rng)]
    theta, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    for t, batch in enumerate(batches, 1):
        g = squares(theta, batch)[1]
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        theta = theta - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
    got = adam(squares, np.zeros(3), 7, learning_rate=0.1, n_epochs=4, batch_size=3,
               rng=np.random.default_rng(5), decays=(0.8, 0.95), damping=1e-3)  # fmt: skip
    np.testing.assert_allclose(got.theta, theta, rtol=1e-12)
    assert got.history.shape == (4,)


def test_adam_has_the_papers_defaults():
    options = {"learning_rate": 0.1, "n_epochs": 3, "batch_size": 2}
    spelled = adam(squares, np.zeros(3), 7, rng=np.random.default_rng(1), decays=(0.9, 0.999),
                   damping=1e-8, **options)  # fmt: skip
    silent = adam(squares, np.zeros(3), 7, rng=np.random.default_rng(1), **options)
    np.testing.assert_array_equal(spelled.theta, silent.theta)


@settings(max_examples=30)
@given(st.floats(1e-6, 1e6))
def test_adams_first_step_is_its_learning_rate_whatever_the_scale(scale):
    def steep(theta, batch):
        return 0.0, np.array([scale, -scale])

    got = adam(steep, np.zeros(2), 1, learning_rate=0.25, n_epochs=1, batch_size=1,
               rng=np.random.default_rng(0))  # fmt: skip
    np.testing.assert_allclose(got.theta, [-0.25, 0.25], rtol=0.02)


@given(st.floats(0.01, 100.0), st.floats(-5, 5).filter(lambda x: abs(x - 1) > 1e-3))
def test_line_search_finds_a_step_that_brings_enough(curvature, start):
    def parabola(theta):
        return curvature * (theta - 1) ** 2, 2 * curvature * (theta - 1)

    value, gradient = parabola(start)
    step = line_search(parabola, start, -gradient, value=value, gradient=gradient)
    assert step.value <= value - 1e-4 * step.length * gradient**2
    assert step.theta == start - step.length * gradient
    assert (step.value, step.gradient) == parabola(step.theta)
    if step.length < 1:  # twice as far was too far
        assert parabola(start - 2 * step.length * gradient)[0] > (
            value - 2e-4 * step.length * gradient**2
        )


def test_line_search_takes_the_whole_newton_step_on_a_quadratic():
    value, gradient = quadratic(np.zeros(3))
    step = line_search(
        quadratic, np.zeros(3), -np.linalg.solve(A, gradient), value=value, gradient=gradient
    )
    assert step.length == 1
    np.testing.assert_allclose(step.theta, TARGET)


def test_line_search_begins_with_1_and_a_step_to_a_point_as_high_is_too_long():
    downhill = line_search(lambda t: (-t, -1.0), 0.0, 1.0, value=0.0, gradient=-1.0)
    assert downhill.length == 1
    across = line_search(lambda t: (t**2, 2 * t), 1.0, -2.0, value=1.0, gradient=2.0)
    assert (across.length, across.theta) == (0.5, 0.0)


def test_line_search_counts_infinity_as_too_high():
    def well(theta):
        return (np.inf, np.nan) if theta < 0 else (theta**2, 2 * theta)

    assert line_search(well, 1.0, -4.0, value=1.0, gradient=2.0).length == 0.25


@pytest.mark.parametrize("direction", [1.0, 0.0, np.nan])
def test_line_search_refuses_to_go_uphill(direction):
    with pytest.raises(ValueError, match=r"^direction: expected one that leads downhill"):
        line_search(lambda t: (t**2, 2 * t), 1.0, direction, value=1.0, gradient=2.0)


def test_line_search_says_so_where_value_and_objective_disagree():
    with pytest.raises(ValueError, match=r"^direction: expected a step along it to lower"):
        line_search(lambda t: (t**2, 2 * t), 1.0, -1.0, value=-1.0, gradient=2.0)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.sampled_from([(1,), (4,), (2, 3), ()]))
def test_a_right_gradient_passes(seed, shape):
    rng = np.random.default_rng(seed)
    check_gradient(lambda t: (np.sin(t).sum(), np.cos(t)), 3 * rng.normal(size=shape), rng=rng)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (2.0, "2 times the numeric one: is a factor ½ missing"),
        (0.5, "0.5 times the numeric one: is a factor 2 missing"),
        (-1.0, "-1 times the numeric one: the sign is wrong"),
        (0.0, "is the gradient returned at all"),
        (3.0, "a sum where a mean of 3 belongs"),
        (7.0, "a sum where a mean of 7 belongs"),
        (-7.0, "a sum where a mean of 7 belongs"),
    ],
)
def test_a_wrong_gradient_is_told_what_it_looks_like(factor, words):
    with pytest.raises(AssertionError) as error:
        check_gradient(lambda t: (t @ t, factor * 2 * t), [1.0, 2.0, 5.0],
                       rng=np.random.default_rng(0))  # fmt: skip
    assert words in str(error.value)
    if factor:
        where = np.abs(approx_fprime(np.array([1.0, 2.0, 5.0]), lambda t: t @ t)).argmax()
        assert f"They differ most at ({where},): expected 10, got {factor * 10:g}" in str(
            error.value
        )


def test_a_factor_that_looks_like_nothing_known_is_not_guessed_at():
    with pytest.raises(AssertionError) as error:
        check_gradient(lambda t: (t @ t, 2.6 * 2 * t), [1.0, 2.0], rng=np.random.default_rng(0))
    assert "times the numeric one" not in str(error.value)


def test_a_slope_where_there_is_none_is_found():
    with pytest.raises(AssertionError, match=r"the slope is 0(.|\n)*expected 0, got 1"):
        check_gradient(lambda t: (7.0, np.ones(2)), [1.0, 2.0], rng=np.random.default_rng(0))


@pytest.mark.parametrize(("where", "size"), [(1.0, 1e-6), (1e6, 1.0)])
def test_one_direction_tells_right_from_wrong_at_every_scale(where, size):
    theta, rng = where * np.array([1.0, -2.0, 5.0]), np.random.default_rng(0)

    def objective(t, factor=1.0):
        return size * (t / where) @ (t / where), factor * size * 2 * t / where**2

    check_gradient(objective, theta, rng=rng, n_directions=1)
    with pytest.raises(AssertionError, match="factor 2 missing"):
        check_gradient(lambda t: objective(t, 0.5), theta, rng=rng, n_directions=1)


def test_one_wrong_coordinate_is_named():
    def objective(t):
        gradient = 2 * t
        gradient[1, 2] += 0.01
        return (t**2).sum(), gradient

    with pytest.raises(AssertionError, match=r"They differ most at \(1, 2\): expected 2, got 2.01"):
        check_gradient(objective, np.ones((2, 3)), rng=np.random.default_rng(0))


def test_a_small_error_passes_only_under_a_loose_tolerance():
    def objective(t):
        return t @ t, 2 * t * (1 + 1e-4)

    check_gradient(objective, [1.0, 2.0], rng=np.random.default_rng(0), rtol=1e-3)
    with pytest.raises(AssertionError):
        check_gradient(objective, [1.0, 2.0], rng=np.random.default_rng(0))


def test_a_gradient_of_another_shape_or_without_numbers_is_refused():
    with pytest.raises(ValueError, match=r"^gradient: expected finite numbers, got nan"):
        check_gradient(lambda t: (t @ t, t * np.nan), [1.0, 2.0], rng=np.random.default_rng(0))
    with pytest.raises(
        ValueError, match=r"gradient: expected the shape of theta, \(2,\), got \(1,\)"
    ):
        check_gradient(lambda t: (t @ t, t[:1]), [1.0, 2.0], rng=np.random.default_rng(0))


BAD = [
    ({"learning_rate": 0}, "learning_rate: expected one number above 0"),
    ({"learning_rate": -1}, "learning_rate: expected one number above 0"),
    ({"momentum": 1.0}, "momentum: expected a number from 0 up to, not including, 1"),
    ({"momentum": -0.1}, "momentum: expected one number, 0 or above"),
    ({"theta": [np.nan]}, "theta: expected finite numbers"),
    ({"n_steps": 1.5}, "n_steps: expected a whole number"),
    ({"n_epochs": -1}, "n_epochs: expected a whole number, at least 0"),
    ({"batch_size": 0}, "batch_size: expected a whole number, at least 1"),
    ({"n": 0}, "n: expected a whole number, at least 1"),
    ({"rng": 0}, "rng: expected a numpy.random.Generator"),
    ({"decays": (0.9, 1.0)}, "decays: expected a number from 0 up to"),
    ({"damping": 0}, "damping: expected one number above 0"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_is_out_of_range_is_called_by_its_name(change, message):
    (name,) = change
    common = {"theta": np.zeros(3), "learning_rate": 0.1}
    epochs = {**common, "n": 7, "n_epochs": 1, "batch_size": 2, "rng": np.random.default_rng(0)}
    known = {
        gradient_descent: {**common, "n_steps": 1, "momentum": 0.0},
        sgd: {**epochs, "momentum": 0.0},
        adam: {**epochs, "decays": (0.9, 0.99), "damping": 1e-8},
    }
    for method, options in known.items():
        if name in options:
            objective = quadratic if method is gradient_descent else squares
            with pytest.raises(ValueError, match=f"^{message}"):
                method(objective, **{**options, **change})


def test_check_gradient_and_line_search_call_theirs_by_name():
    for change, message in [
        ({"rng": 1}, "rng: expected"), ({"n_directions": 0}, "n_directions: expected"),
        ({"rtol": 0}, "rtol: expected"), ({"theta": [np.inf]}, "theta: expected finite"),
    ]:  # fmt: skip
        options = {"theta": [1.0], "rng": np.random.default_rng(0), **change}
        with pytest.raises(ValueError, match=f"^{message}"):
            check_gradient(lambda t: (t @ t, 2 * t), **options)
    with pytest.raises(ValueError, match=r"^step: expected one number above 0"):
        line_search(lambda t: (t**2, 2 * t), 1.0, -1.0, value=1.0, gradient=2.0, step=0)


def test_running_away_is_said_and_not_returned():
    with pytest.raises(ValueError, match=r"^objective: expected finite values, got inf at step 3"):
        gradient_descent(lambda t: (np.inf if abs(t) > 9 else t**2, 2 * t), 1.0, learning_rate=2.0,
                         n_steps=50)  # fmt: skip
    with pytest.raises(ValueError, match=r"^objective: expected finite values, got nan at step 0"):
        sgd(lambda t, batch: (np.nan, t), np.ones(3), 7, learning_rate=1.0, n_epochs=1,
            batch_size=2, rng=np.random.default_rng(0))  # fmt: skip


def test_e9_the_slides_sign_climbs():
    start = np.zeros(3)
    value, gradient = quadratic(start)
    assert quadratic(start + 0.01 * gradient)[0] > value  # the slide's θ + α∇, of a loss
    assert quadratic(start - 0.01 * gradient)[0] < value
