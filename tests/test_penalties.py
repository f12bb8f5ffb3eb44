"""Lecture 3, row G6: penalties, exact zeros, and a certificate that no weights are better.

Oracles: scikit-learn's Lasso and ElasticNet, optimality conditions, closed forms.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.linear_model import ElasticNet, Lasso, lasso_path

from course_utils.bayesian_regression import ridge
from course_utils.optimisation import check_gradient
from course_utils.penalties import (
    coefficient_path,
    elastic_net,
    lasso,
    penalty,
    soft_threshold,
    strongest,
)

thetas = arrays(float, array_shapes(max_dims=2, max_side=4), elements=st.floats(-50, 50))
METHODS = ("coordinate", "proximal")


def problem(n=40, d=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) @ (np.eye(d) + 0.4)
    return X, X @ (rng.normal(size=d) * (np.arange(d) % 2)) + 0.5 * rng.normal(size=n)


@given(thetas, st.floats(0, 9), st.floats(0, 1))
def test_elastic_net_is_the_mix_of_both(theta, strength, ratio):
    l1, g1 = penalty(theta, "l1", strength=strength)
    l2, g2 = penalty(theta, "l2", strength=strength)
    mixed, g = penalty(theta, "elastic_net", strength=strength, l1_ratio=ratio)
    assert l1 == pytest.approx(strength * np.abs(theta).sum())
    assert l2 == pytest.approx(strength * (theta**2).sum())
    assert mixed == pytest.approx(ratio * l1 + (1 - ratio) * l2)
    np.testing.assert_allclose(g, ratio * g1 + (1 - ratio) * g2, atol=1e-12)


def test_l1_and_l2_share_evenly_unless_told_otherwise():
    assert penalty([3.0], "elastic_net", strength=1.0)[0] == 6.0


@given(thetas, thetas, st.sampled_from(["l1", "l2", "elastic_net"]))
def test_every_subgradient_supports_its_penalty_from_below(theta, other, kind):
    other = np.resize(other, theta.shape)
    value, g = penalty(theta, kind, strength=0.7, l1_ratio=0.3)
    line = value + np.vdot(g, other - theta)
    assert penalty(other, kind, strength=0.7, l1_ratio=0.3)[0] >= line - 1e-8


@pytest.mark.parametrize("kind", ["l1", "l2", "elastic_net"])
def test_away_from_0_the_subgradient_is_the_gradient(kind):
    def objective(theta):
        return penalty(theta, kind, strength=0.7, l1_ratio=0.3)

    check_gradient(objective, [[1.2, -0.4], [3.0, 7.0]], rng=np.random.default_rng(0))


@given(st.floats(-9, 9), st.floats(0, 5))
def test_soft_threshold_minimises_its_objective(theta, threshold):
    grid = np.append(np.linspace(-10, 10, 401), soft_threshold(theta, threshold))
    objective = 0.5 * (grid - theta) ** 2 + threshold * np.abs(grid)
    assert objective[-1] <= objective.min() + 1e-12
    assert (soft_threshold(theta, threshold) == 0) == (abs(theta) <= threshold)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("strength", "ratio"), [(0.3, 1.0), (0.05, 1.0), (0.2, 0.3), (2.0, 0.7)])
def test_elastic_net_is_scikit_learns_in_its_own_units(strength, ratio, method):
    X, y = problem()
    l1, l2 = strength * ratio, strength * (1 - ratio)
    model = ElasticNet(alpha=l1 + 2 * l2, l1_ratio=l1 / (l1 + 2 * l2), fit_intercept=False,
                       tol=1e-12, max_iter=100_000).fit(X, y)  # fmt: skip
    found = elastic_net(X, y, strength=strength, l1_ratio=ratio, method=method)
    np.testing.assert_allclose(found.theta, model.coef_, atol=1e-6)
    np.testing.assert_array_equal(found.theta == 0, model.coef_ == 0)


@pytest.mark.parametrize("shape", [(40, 6), (5, 12), (1, 3), (30, 1)])
def test_lasso_is_scikit_learns_with_exact_zeros(shape):
    X, y = problem(*shape)
    for share in (0.9, 0.3, 0.05):
        strength = share * strongest(X, y)
        model = Lasso(alpha=strength, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y)
        theta = lasso(X, y, strength=strength)
        np.testing.assert_allclose(X @ theta, X @ model.coef_, atol=1e-5)
        assert (theta == 0).sum() >= max(0, shape[1] - shape[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 1.2), st.floats(0.05, 1), st.sampled_from(METHODS))
def test_the_optimality_conditions_hold_and_the_gap_is_a_bound(seed, share, ratio, method):
    X, y = problem(n=12, d=4, seed=seed)
    strength = share * strongest(X, y)
    found = elastic_net(X, y, strength=strength, l1_ratio=ratio, method=method)
    l1, l2 = strength * ratio, strength * (1 - ratio)
    slope = X.T @ (y - X @ found.theta) / len(y) - 2 * l2 * found.theta
    on = found.theta != 0
    np.testing.assert_allclose(slope[on], l1 * np.sign(found.theta[on]), atol=1e-4)
    assert (np.abs(slope[~on]) <= l1 + 1e-4).all()
    value = ((y - X @ found.theta) ** 2).mean() / 2
    value += penalty(found.theta, "elastic_net", strength=strength, l1_ratio=ratio)[0]
    assert found.objective == pytest.approx(value, rel=1e-9)
    assert 0 <= found.gap <= 1e-10 * (y**2).mean() / 2
    rng = np.random.default_rng(seed)
    for _ in range(5):
        other = found.theta + 0.1 * rng.normal(size=4)
        worse = ((y - X @ other) ** 2).mean() / 2
        worse += penalty(other, "elastic_net", strength=strength, l1_ratio=ratio)[0]
        assert worse >= found.objective - found.gap


@pytest.mark.parametrize("shape", [(40, 6), (9, 5), (6, 9)])
def test_once_their_signs_are_known_the_weights_are_exact(shape):
    X, y = problem(*shape)
    for share in (0.5, 0.1):
        strength = share * strongest(X, y)
        theta = elastic_net(X, y, strength=strength, l1_ratio=0.8).theta
        on = theta != 0
        slope = X.T @ (y - X @ theta) / len(y) - 0.4 * strength * theta
        np.testing.assert_allclose(slope[on], 0.8 * strength * np.sign(theta[on]), rtol=1e-12)


def test_momentum_takes_about_the_root_of_the_condition_number_of_steps():
    Q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(60, 20)))
    X = Q * np.geomspace(1, 0.03, 20) * np.sqrt(60)  # curvatures from 1 to 1/1111, the root 33
    found = elastic_net(X, X @ np.ones(20), strength=1e-4, l1_ratio=1.0, method="proximal")
    assert 50 < found.n_sweeps <= 1500  # plain gradient steps take 20 000


def test_sweeps_are_counted_and_one_weight_at_a_time_takes_fewer_of_them():
    X, y = problem()
    one, together = (
        elastic_net(X, y, strength=0.1, l1_ratio=1.0, method=method).n_sweeps for method in METHODS
    )
    assert 0 < one < together
    assert elastic_net(X, y, strength=2 * strongest(X, y), l1_ratio=1.0).n_sweeps == 0
    assert elastic_net(X, y, strength=2.0, l1_ratio=0.0).n_sweeps == 1  # one linear system


def test_the_gap_of_weights_far_from_the_best_is_large_and_true():
    X, y = problem()
    rough = elastic_net(X, y, strength=0.1, l1_ratio=1.0, tolerance=0.2)
    best = elastic_net(X, y, strength=0.1, l1_ratio=1.0)
    assert rough.objective - rough.gap <= best.objective <= rough.objective
    assert rough.n_sweeps <= best.n_sweeps


def test_without_l1_it_is_ridge_and_without_a_penalty_least_squares():
    X, y = problem()
    found = elastic_net(X, y, strength=0.3, l1_ratio=0.0)
    np.testing.assert_allclose(found.theta, ridge(X, y, l2=0.3 * 2 * len(y)), rtol=1e-9)
    assert found.gap <= 1e-12
    value = ((y - X @ found.theta) ** 2).mean() / 2 + 0.3 * (found.theta**2).sum()
    assert found.objective == pytest.approx(value)
    plain = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(lasso(X, y, strength=0.0), plain, rtol=1e-8)


def test_on_orthogonal_columns_lasso_is_the_soft_threshold():
    Q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 4)))
    y = np.random.default_rng(1).normal(size=9)
    theta = lasso(3 * Q, y, strength=0.2)
    np.testing.assert_allclose(theta, soft_threshold(3 * Q.T @ y / 9, 0.2), atol=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 0.4])
def test_all_weights_vanish_exactly_from_the_strongest_on(ratio):
    X, y = problem()
    edge = strongest(X, y, l1_ratio=ratio)
    assert (elastic_net(X, y, strength=edge * (1 + 1e-9), l1_ratio=ratio).theta == 0).all()
    assert (elastic_net(X, y, strength=edge * 0.99, l1_ratio=ratio).theta != 0).sum() == 1
    assert strongest(X, y) == strongest(X, y, l1_ratio=1.0)
    assert strongest(X, 1e-3 * y) == pytest.approx(1e-3 * strongest(X, y))


def test_a_path_is_its_points_and_consists_of_straight_pieces():
    X, y = problem()
    strengths = strongest(X, y) * np.linspace(1.1, 0.01, 200)
    path = coefficient_path(X, y, strengths=strengths)
    assert path.shape == (200, 6)
    for i in (0, 70, 199):
        np.testing.assert_allclose(path[i], lasso(X, y, strength=strengths[i]), atol=1e-6)
    _, oracle, _ = lasso_path(X, y, alphas=strengths, tol=1e-12, max_iter=100_000)
    np.testing.assert_allclose(path, oracle.T, atol=1e-5)
    bends = np.abs(np.diff(path, n=2, axis=0)).max(axis=1) > 1e-5
    assert bends.sum() <= 4 * 6


def test_a_path_takes_the_mix_that_it_is_given():
    X, y = problem()
    mixed = coefficient_path(X, y, strengths=[0.2], l1_ratio=0.3)
    np.testing.assert_allclose(mixed[0], elastic_net(X, y, strength=0.2, l1_ratio=0.3).theta,
                               atol=1e-7)  # fmt: skip
    assert coefficient_path(X, y, strengths=[]).shape == (0, 6)


def test_a_column_of_zeros_and_a_target_of_zeros_get_nothing():
    X, y = problem()
    got = lasso(np.column_stack([0 * y, X]), y, strength=0.1)
    np.testing.assert_allclose(got, [0, *lasso(X, y, strength=0.1)], atol=1e-9)
    assert got[0] == 0
    assert (lasso(X, 0 * y, strength=0.1) == 0).all()


def test_arguments_come_back_unchanged():
    X, y = problem()
    copies = X.copy(), y.copy()
    elastic_net(X, y, strength=0.1, l1_ratio=0.5)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])


X, y = problem(5, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: penalty([1.0], "l3", strength=1), "kind: expected one of l2, l1, elastic_net"),
        (lambda: penalty([1.0], "l1", strength=-1), "strength: expected one number, 0 or above"),
        (lambda: penalty([np.nan], "l1", strength=1), "theta: expected finite numbers"),
        (
            lambda: penalty([1.0], "elastic_net", strength=1, l1_ratio=1.5),
            "l1_ratio: expected a share from 0 to 1, got 1.5",
        ),
        (lambda: soft_threshold([1.0], -1), "threshold: expected one number, 0 or above"),
        (lambda: soft_threshold(["a"], 1), "theta: expected real numbers"),
        (lambda: lasso(X, y, strength=-1), "strength: expected one number, 0 or above"),
        (lambda: lasso(X, y[:2], strength=1), "y: expected 5 numbers"),
        (lambda: lasso(np.ones((0, 2)), [], strength=1), "X and y: expected at least one row"),
        (
            lambda: elastic_net(X, y, strength=1, l1_ratio=-0.1),
            "l1_ratio: expected one number, 0 or above",
        ),
        (
            lambda: elastic_net(X, y, strength=1, l1_ratio=1, method="magic"),
            "method: expected 'coordinate' or 'proximal', got 'magic'",
        ),
        (
            lambda: elastic_net(X, y, strength=1, l1_ratio=1, tolerance=0),
            "tolerance: expected one number above 0",
        ),
        (
            lambda: elastic_net(X, y, strength=1, l1_ratio=1, max_sweeps=0),
            "max_sweeps: expected a whole number, at least 1",
        ),
        (
            lambda: elastic_net(X, y, strength=1e-4, l1_ratio=1, max_sweeps=50, method="proximal",
                                tolerance=1e-300),
            "max_sweeps: 50 sweeps left a gap of",
        ),
        (lambda: strongest(X, y, l1_ratio=0), "l1_ratio: expected one number above 0"),
        (lambda: coefficient_path(X, y, strengths=[-1]), "strengths: expected one number, 0 or"),
        (lambda: coefficient_path(X, y, strengths=1.0), r"strengths: expected a vector \(n,\)"),
        (lambda: coefficient_path(X, y, strengths=[1], tolerance=0), "tolerance: expected"),
    ],
)  # fmt: skip
def test_bad_input_is_called_by_its_name(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
