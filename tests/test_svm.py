"""Lecture 4, rows S1–S4, erratum E13, and the kernel machine of rows S5 and S6.

Oracles: the definitions in plain loops; scikit-learn's SVC, LinearSVC and OneVsRestClassifier;
SciPy's optimisers on the primal and on the dual; the optimality conditions themselves.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC, LinearSVC

from course_utils import svm
from course_utils.data import load, standardise
from course_utils.kernels import linear_kernel, polynomial_kernel, rbf_kernel
from course_utils.svm import (
    fit_multiclass_hinge,
    kernel_svm,
    kernel_svm_one_vs_rest,
    multiclass_hinge,
)

HYPERPARAMETERS = [{"l2": 0.3, "margin": 2.5}, {"l2": 7.0, "margin": 0.04}]
SHAPES = [(1, 1, 2), (1, 4, 3), (3, 5, 4), (12, 2, 3), (9, 3, 1), (40, 3, 5)]


def make(n, d, k, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(d, k)), rng.normal(size=(n, d)) + 0.5, rng.integers(k, size=n)


@pytest.fixture(params=HYPERPARAMETERS, ids=lambda h: "-".join(map(str, h.values())))
def hyper(request):
    return request.param


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    return make(*request.param)


def margins(W, X, y, margin):
    """s_j − s_y + Δ, by the definition, for every example and every wrong class."""
    return [
        [X[i] @ W[:, j] - X[i] @ W[:, y[i]] + margin for j in range(W.shape[1]) if j != y[i]]
        for i in range(len(X))
    ]


# S2 and S4: the multiclass hinge loss


def test_the_objective_is_the_mean_over_examples_of_the_sum_over_wrong_classes(problem, hyper):
    W, X, y = problem
    losses = [sum(max(0.0, m) for m in row) for row in margins(W, X, y, hyper["margin"])]
    oracle = sum(losses) / len(X) + hyper["l2"] * sum(w**2 for w in W.ravel())
    assert multiclass_hinge(W, X, y, **hyper)[0] == pytest.approx(oracle, rel=1e-12)


def test_s3_the_slides_example_is_8_2():
    value, subgradient = multiclass_hinge([[1.2, 5.0, 1.6]], [[1.0]], [0], l2=0.0, margin=2.0)
    assert value == pytest.approx(max(0, 5 - 1.2 + 2) + max(0, 1.6 - 1.2 + 2))
    assert value == pytest.approx(8.2)
    np.testing.assert_allclose(subgradient, [[-2, 1, 1]])


def test_the_subgradient_is_the_gradient_away_from_kinks(problem, hyper):
    W, X, y = problem
    distance = min((abs(m) for row in margins(W, X, y, hyper["margin"]) for m in row), default=1)
    step = min(1e-5, 0.1 * distance / np.abs(X).max())
    _, subgradient = multiclass_hinge(W, X, y, **hyper)
    assert subgradient.shape == W.shape
    rng = np.random.default_rng(1)
    for _ in range(5):
        direction = rng.uniform(-1, 1, size=W.shape) / W.shape[0]
        up, down = (
            multiclass_hinge(W + sign * step * direction, X, y, **hyper)[0] for sign in (1, -1)
        )
        slope = (up - down) / (2 * step)
        assert slope == pytest.approx((subgradient * direction).sum(), rel=1e-5, abs=1e-6)


whole = st.integers(-3, 3)  # whole numbers land on kinks


@settings(max_examples=60)
@given(st.data(), st.integers(1, 5), st.integers(1, 3), st.integers(2, 4), st.integers(0, 3))
def test_the_tangent_of_a_subgradient_lies_below_everywhere_kinks_included(data, n, d, k, margin):
    X = np.array(data.draw(st.lists(whole, min_size=n * d, max_size=n * d))).reshape(n, d)
    W, V = (
        np.array(data.draw(st.lists(whole, min_size=d * k, max_size=d * k))).reshape(d, k)
        for _ in range(2)
    )
    y = np.array(data.draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)))
    for l2 in (0.0, 0.3):
        at_W, g = multiclass_hinge(W, X, y, l2=l2, margin=margin)
        at_V, _ = multiclass_hinge(V, X, y, l2=l2, margin=margin)
        gap = at_V - at_W - (g * (V - W)).sum()
        assert gap >= l2 * ((V - W) ** 2).sum() - 1e-9  # strongly convex, with the constant 2 l2


def test_at_a_kink_the_term_adds_nothing_as_documented():
    W, X, y = np.array([[3.0, 1.0, -5.0]]), np.array([[1.0]]), [0]
    np.testing.assert_array_equal(multiclass_hinge(W, X, y, l2=0.0, margin=2.0)[1], [[0, 0, 0]])
    just_inside = multiclass_hinge(np.add(W, [[0, 1e-9, 0]]), X, y, l2=0.0, margin=2.0)[1]
    np.testing.assert_array_equal(just_inside, [[-1, 1, 0]])


def test_for_two_classes_it_is_the_binary_hinge_of_the_difference_of_scores(hyper):
    W, X, y = make(12, 3, 2)
    t, w = 2 * y - 1, W[:, 1] - W[:, 0]
    binary = np.maximum(0, hyper["margin"] - t * (X @ w)).mean()
    value, _ = multiclass_hinge(W, X, y, **hyper)
    assert value == pytest.approx(binary + hyper["l2"] * (W**2).sum(), rel=1e-12)


@given(st.floats(0.01, 100))
def test_only_margin_times_l2_matters_but_for_the_scale(c):
    W, X, y = make(12, 3, 4)
    value, g = multiclass_hinge(W, X, y, l2=0.3, margin=2.5)
    scaled, g_scaled = multiclass_hinge(c * W, X, y, l2=0.3 / c, margin=c * 2.5)
    assert scaled == pytest.approx(c * value, rel=1e-9)
    np.testing.assert_allclose(g_scaled, g, rtol=1e-9, atol=1e-12)


def test_the_data_loss_sees_differences_of_scores_only():
    W, X, y = make(12, 3, 4)
    value, g = multiclass_hinge(W, X, y, l2=0.0, margin=2.5)
    shifted, _ = multiclass_hinge(W + np.array([[0.7], [-3.0], [0.2]]), X, y, l2=0.0, margin=2.5)
    assert shifted == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=1e-12)


def test_the_order_of_examples_and_the_names_of_classes_do_not_matter(hyper):
    W, X, y = make(12, 3, 4)
    value, g = multiclass_hinge(W, X, y, **hyper)
    rows, names = np.random.default_rng(1).permutation(12), np.array([2, 0, 3, 1])
    renamed = np.argsort(names)[y]  # column names[j] of W becomes column j
    got, g_got = multiclass_hinge(W[:, names], X[rows], renamed[rows], **hyper)
    assert got == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(g_got, g[:, names], rtol=1e-12)


def test_scores_of_a_thousand_neither_overflow_nor_lose_the_loss():
    value, g = multiclass_hinge([[1000.0, -1000.0]], [[1.0], [1.0]], [0, 1], l2=0.0, margin=2.5)
    assert value == pytest.approx(2002.5 / 2)
    np.testing.assert_allclose(g, [[0.5, -0.5]])


# S2: "how do we optimise it?"


def least_objective(X, y, k, *, l2, margin):
    """The maximum of the dual Δ ΣA/n − ‖XᵀP/n‖²/(4 l2), 0 ≤ A ≤ 1: a bound from below."""
    n, rows = len(X), np.arange(len(X))

    def negative_dual(a):
        A = a.reshape(n, k).copy()
        A[rows, y] = 0
        P = A.copy()
        P[rows, y] = -A.sum(axis=1)
        W = -X.T @ P / (2 * n * l2)
        scores = X @ W
        slope = (scores - scores[rows, y][:, None] + margin) / n
        slope[rows, y] = 0
        return l2 * (W**2).sum() - margin * A.sum() / n, -slope.ravel()

    result = minimize(
        negative_dual,
        np.full(n * k, 0.5),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * (n * k),
        options={"maxiter": 20_000, "maxfun": 50_000, "ftol": 1e-15, "gtol": 1e-10},
    )
    return -result.fun


@pytest.mark.parametrize(("l2", "margin"), [(0.1, 1.0), (0.02, 2.5), (3.0, 0.4)])
@pytest.mark.parametrize("batch_size", [7, 16, 1000])
def test_sgd_comes_within_a_hundredth_of_the_least_objective(l2, margin, batch_size):
    iris = load("iris")
    (X,), y = standardise(iris.X), iris.y
    fit = fit_multiclass_hinge(
        X,
        y,
        n_classes=3,
        l2=l2,
        margin=margin,
        n_epochs=300,
        batch_size=batch_size,
        rng=np.random.default_rng(0),
    )
    least = least_objective(X, y, 3, l2=l2, margin=margin)
    value, _ = multiclass_hinge(fit.W, X, y, l2=l2, margin=margin)
    assert fit.history.shape == (300,)
    assert fit.history[-1] == pytest.approx(value, rel=1e-12)
    assert least * (1 - 1e-6) <= value <= least * 1.01
    assert fit.history[-1] <= fit.history[0]


def test_sgd_for_two_classes_finds_what_liblinear_finds():
    _, X, _ = make(60, 3, 2)
    y = (X @ [1.0, -2.0, 0.5] + np.random.default_rng(1).normal(size=60) > 0).astype(int)
    l2, margin = 0.05, 2.5
    peer = LinearSVC(
        loss="hinge", C=1 / (60 * l2 * margin), fit_intercept=False, tol=1e-10, max_iter=1_000_000
    ).fit(X, y)
    w = margin * peer.coef_[0]
    oracle = np.column_stack([-w / 2, w / 2])
    fit = fit_multiclass_hinge(
        X,
        y,
        n_classes=2,
        l2=l2,
        margin=margin,
        n_epochs=2000,
        batch_size=20,
        rng=np.random.default_rng(2),
    )
    np.testing.assert_allclose(fit.W, oracle, atol=0.02 * np.abs(oracle).max())
    least, _ = multiclass_hinge(oracle, X, y, l2=l2, margin=margin)
    assert least <= fit.history[-1] <= least * 1.001


def test_sgd_returns_the_steps_weighed_by_their_third_powers():
    x, l2, margin = np.array([[1.5, -0.5]]), 0.3, 2.5
    W, steps, weights = np.zeros((2, 3)), [], []
    for t in range(1, 9):
        _, subgradient = multiclass_hinge(W, x, [2], l2=l2, margin=margin)
        W = W - subgradient / (2 * l2 * t)
        steps.append(W)
        weights.append(t * (t + 1) * (t + 2))
    fit = fit_multiclass_hinge(
        x,
        [2],
        n_classes=3,
        l2=l2,
        margin=margin,
        n_epochs=8,
        batch_size=1,
        rng=np.random.default_rng(0),
    )
    np.testing.assert_allclose(fit.W, np.average(steps, axis=0, weights=weights), rtol=1e-12)


def test_sgd_is_decided_by_its_generator_and_visits_every_row_in_every_epoch(monkeypatch):
    _, X, y = make(10, 3, 4)
    seen = []
    plain = svm._hinge
    monkeypatch.setattr(svm, "_hinge", lambda W, X, y, **h: seen.append(X) or plain(W, X, y, **h))
    settings = {"n_classes": 4, "l2": 0.3, "margin": 2.5, "n_epochs": 2, "batch_size": 4}
    fits = [fit_multiclass_hinge(X, y, **settings, rng=np.random.default_rng(s)) for s in (0, 0, 1)]
    assert [len(rows) for rows in seen[:8]] == [4, 4, 2, 10, 4, 4, 2, 10]
    epochs = [np.concatenate(seen[0:3]), np.concatenate(seen[4:7])]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(X, axis=0))
    assert not np.array_equal(*epochs)
    np.testing.assert_array_equal(fits[0].W, fits[1].W)
    assert not np.allclose(fits[0].W, fits[2].W)


# S1, S5 and S6: the support vector machine


def clouds(n, d=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    y = ((X**2).sum(axis=1) + rng.normal(size=n) > d).astype(int)
    y[:2] = 0, 1
    return X, y


MACHINES = {
    "rbf": lambda X1, X2: rbf_kernel(X1, X2, gamma=0.4),
    "quadratic": lambda X1, X2: polynomial_kernel(X1, X2, degree=2, offset=0.7),
    "linear": linear_kernel,
}


@pytest.fixture(params=[(kernel, cost) for kernel in MACHINES for cost in (0.03, 2.5, 70.0)])
def trained(request):
    kernel, cost = request.param
    X, y = clouds(60)
    K = MACHINES[kernel](X, X)
    return K, y, cost, kernel_svm(K, y, cost=cost, tolerance=1e-9)


def naive_primal(K, y, c, bias, cost):
    t, total = 2 * y - 1, 0.5 * c @ K @ c
    for i in range(len(y)):
        total += cost * max(0.0, 1 - t[i] * (K[i] @ c + bias))
    return total


def naive_dual(K, y, c, *, half=0.5):
    t, n = 2 * y - 1, len(y)
    alpha = c * t
    pairs = [alpha[i] * alpha[j] * t[i] * t[j] * K[i, j] for i in range(n) for j in range(n)]
    return alpha.sum() - half * sum(pairs)


def test_primal_dual_and_gap_are_what_their_formulas_say(trained):
    K, y, cost, machine = trained
    c = machine.coefficients
    assert machine.primal == pytest.approx(naive_primal(K, y, c, machine.bias, cost), rel=1e-10)
    assert machine.dual == pytest.approx(naive_dual(K, y, c), rel=1e-10)
    assert 0 <= machine.gap <= 1e-9 * machine.primal
    assert machine.primal - machine.dual == pytest.approx(machine.gap, abs=1e-9 * machine.primal)


def test_the_coefficients_are_feasible(trained):
    _, y, cost, machine = trained
    alpha = machine.coefficients * (2 * y - 1)
    assert alpha.min() >= 0
    assert alpha.max() <= cost
    assert machine.coefficients.sum() == pytest.approx(0, abs=1e-10 * cost * len(y))
    for bound in (0, cost):  # reached, or not: never missed by a rounding
        assert (alpha[np.abs(alpha - bound) < 1e-14 * cost] == bound).all()
    np.testing.assert_array_equal(machine.support, np.flatnonzero(alpha > 0))


def test_the_kkt_conditions_hold(trained):
    K, y, cost, machine = trained
    alpha = machine.coefficients * (2 * y - 1)
    margin = (2 * y - 1) * (K @ machine.coefficients + machine.bias)
    inside = (alpha > 1e-6 * cost) & (alpha < cost * (1 - 1e-6))
    assert (margin[alpha == 0] >= 1 - 1e-5).all()
    assert (margin[alpha == cost] <= 1 + 1e-5).all()
    np.testing.assert_allclose(margin[inside], 1, atol=1e-5)  # support vectors on the margin


def test_svc_of_scikit_learn_finds_the_same_machine(trained):
    K, y, cost, machine = trained
    peer = SVC(C=cost, kernel="precomputed", tol=1e-5).fit(K, y)  # much less it hardly reaches
    c = np.zeros(len(y))
    c[peer.support_] = peer.dual_coef_[0]
    assert machine.dual == pytest.approx(naive_dual(K, y, c), rel=1e-6)
    f = K @ machine.coefficients + machine.bias
    if ((c != 0) & (np.abs(c) < cost)).any():  # otherwise the bias is an interval, not a number
        within = 1e-3 * np.abs(f).max()
        assert machine.bias == pytest.approx(peer.intercept_[0], abs=within)
        np.testing.assert_allclose(f, peer.decision_function(K), atol=within)
    if np.linalg.eigvalsh(K)[0] > 1e-6:  # otherwise many coefficients give one machine
        np.testing.assert_allclose(machine.coefficients, c, atol=1e-3 * cost)


@pytest.mark.parametrize("cost", [0.3, 7.0])
def test_scipys_optimum_of_the_dual_is_the_same(cost):
    X, y = clouds(14)
    K, t = rbf_kernel(X, X, gamma=0.4), 2 * y - 1
    Q = np.outer(t, t) * K
    oracle = minimize(
        lambda alpha: 0.5 * alpha @ Q @ alpha - alpha.sum(),
        np.zeros(14),
        jac=lambda alpha: Q @ alpha - 1,
        method="SLSQP",
        bounds=[(0, cost)] * 14,
        constraints={"type": "eq", "fun": lambda alpha: alpha @ t, "jac": lambda alpha: t},
        options={"maxiter": 500, "ftol": 1e-13},
    )
    machine = kernel_svm(K, y, cost=cost, tolerance=1e-10)
    assert machine.dual == pytest.approx(-oracle.fun, rel=1e-7)
    np.testing.assert_allclose(machine.coefficients * t, oracle.x, atol=1e-4 * cost)


@pytest.mark.parametrize("cost", [0.3, 7.0])
def test_scipys_optimum_of_the_primal_with_slacks_is_the_same(cost):
    X, y = clouds(14)
    t, d = 2 * y - 1, X.shape[1]
    street = np.column_stack([t[:, None] * X, t, np.eye(14)])  # t f(x) + slack ≥ 1
    oracle = minimize(
        lambda p: 0.5 * p[:d] @ p[:d] + cost * p[d + 1 :].sum(),
        np.ones(d + 15),
        jac=lambda p: np.concatenate([p[:d], [0.0], np.full(14, cost)]),
        method="SLSQP",
        bounds=[(None, None)] * (d + 1) + [(0, None)] * 14,
        constraints={"type": "ineq", "fun": lambda p: street @ p - 1, "jac": lambda p: street},
        options={"maxiter": 500, "ftol": 1e-13},
    )
    machine = kernel_svm(linear_kernel(X, X), y, cost=cost, tolerance=1e-10)
    assert machine.primal == pytest.approx(oracle.fun, rel=1e-7)
    np.testing.assert_allclose(X.T @ machine.coefficients, oracle.x[:d], atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 25),
    st.integers(1, 3),
    st.floats(-4, 4),
    st.integers(0, 999),
    st.sampled_from(sorted(MACHINES)),
)
def test_the_gap_closes_also_where_points_coincide_and_contradict(n, d, log_cost, seed, kernel):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-2, 3, size=(n, d)).astype(float), rng.integers(2, size=n)
    y[:2] = 0, 1
    K, cost = MACHINES[kernel](X, X), 10**log_cost
    machine = kernel_svm(K, y, cost=cost, tolerance=1e-7)
    c = machine.coefficients
    assert 0 <= machine.gap <= 1e-7 * machine.primal
    primal = naive_primal(K, y, c, machine.bias, cost)
    assert primal == pytest.approx(machine.primal, rel=1e-8)
    assert primal >= naive_dual(K, y, c) * (1 - 1e-8)


def test_a_kernel_that_tells_no_points_apart_leaves_only_the_bias():
    machine = kernel_svm(np.zeros((5, 5)), [0, 1, 1, 0, 1], cost=0.3)
    assert machine.gap == pytest.approx(0, abs=1e-12)
    assert machine.primal == pytest.approx(2 * 0.3 * 2)  # two zeros against three ones, f = +1
    assert machine.bias == pytest.approx(1.0)


def test_a_smaller_tolerance_leaves_a_smaller_gap_and_the_bounds_hold_at_every_step():
    X, y = clouds(80)
    K = rbf_kernel(X, X, gamma=0.4)
    best = kernel_svm(K, y, cost=70.0, tolerance=1e-11)
    assert best.gap <= 1e-11 * best.primal
    gaps = []
    for steps in (0, 10, 60, 300):
        machine = kernel_svm(K, y, cost=70.0, tolerance=1e-11, max_iterations=steps)
        assert machine.n_iterations <= steps
        assert machine.dual <= best.primal * (1 + 1e-9)
        assert machine.primal >= best.dual * (1 - 1e-9)
        gaps.append(machine.gap)
    assert gaps[-1] < 0.1 * gaps[1] < gaps[0]
    loose = kernel_svm(K, y, cost=70.0, tolerance=0.3)
    assert 1e-6 < loose.gap / loose.primal <= 0.3
    assert loose.n_iterations < best.n_iterations


def test_without_a_step_the_gap_is_that_of_the_zero_machine():
    machine = kernel_svm(np.eye(4), [0, 1, 1, 1], cost=0.3, max_iterations=0)
    assert machine.n_iterations == 0
    assert (machine.primal, machine.dual, machine.bias) == (pytest.approx(4 * 0.3), 0, 0)


def test_wide_apart_classes_get_the_widest_street():
    X = np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 1.0], [6.0, -5.0], [-2.0, 1.0]])
    y = np.array([0, 0, 1, 1, 0])
    machine = kernel_svm(linear_kernel(X, X), y, cost=1e3, tolerance=1e-12)
    w = X.T @ machine.coefficients  # from the edge x₁ = 0 of one hull to the corner (4, 1)
    np.testing.assert_allclose(w, [0.5, 0.0], atol=1e-9)
    assert machine.bias == pytest.approx(-1.0)
    assert 2 / np.linalg.norm(w) == pytest.approx(4.0)
    assert machine.primal == pytest.approx(0.5 * 0.25)
    assert set(machine.support) == {0, 1, 2}


def test_only_the_support_vectors_matter():
    X, y = clouds(60)
    K = rbf_kernel(X, X, gamma=0.4)
    machine = kernel_svm(K, y, cost=2.5, tolerance=1e-10)
    kept = machine.support
    assert 2 < len(kept) < 60
    again = kernel_svm(K[np.ix_(kept, kept)], y[kept], cost=2.5, tolerance=1e-10)
    np.testing.assert_allclose(
        K[:, kept] @ again.coefficients + again.bias,
        K @ machine.coefficients + machine.bias,
        atol=1e-5,
    )


def test_swapped_labels_flip_every_sign(trained):
    K, y, cost, machine = trained
    flipped = kernel_svm(K, 1 - y, cost=cost, tolerance=1e-9)
    assert flipped.dual == pytest.approx(machine.dual, rel=1e-8)
    f, g = (K @ m.coefficients + m.bias for m in (machine, flipped))
    np.testing.assert_allclose(g, -f, atol=1e-4 * np.abs(f).max())


def test_the_order_of_the_points_does_not_matter(trained):
    K, y, cost, machine = trained
    order = np.random.default_rng(1).permutation(len(y))
    shuffled = kernel_svm(K[np.ix_(order, order)], y[order], cost=cost, tolerance=1e-9)
    assert shuffled.dual == pytest.approx(machine.dual, rel=1e-8)
    f = K @ machine.coefficients + machine.bias
    g = K[np.ix_(order, order)] @ shuffled.coefficients + shuffled.bias
    np.testing.assert_allclose(g, f[order], atol=1e-4 * np.abs(f).max())


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_a_kernel_times_s_with_cost_over_s_is_the_same_machine(scale):
    X, y = clouds(40)
    K = rbf_kernel(X, X, gamma=0.4)
    machine = kernel_svm(K, y, cost=2.5, tolerance=1e-10)
    scaled = kernel_svm(scale * K, y, cost=2.5 / scale, tolerance=1e-10)
    np.testing.assert_allclose(scale * scaled.coefficients, machine.coefficients, atol=1e-5)
    assert scaled.bias == pytest.approx(machine.bias, abs=1e-5)


def test_a_constant_added_to_the_kernel_changes_nothing_as_the_bias_is_free():
    X, y = clouds(40)
    K = rbf_kernel(X, X, gamma=0.4)
    machine = kernel_svm(K, y, cost=2.5, tolerance=1e-10)
    shifted = kernel_svm(K + 3.0, y, cost=2.5, tolerance=1e-10)
    np.testing.assert_allclose(shifted.coefficients, machine.coefficients, atol=1e-5)
    assert shifted.bias == pytest.approx(machine.bias, abs=1e-5)


def test_cost_is_1_over_2_n_l2_for_the_mean_hinge_with_a_squared_norm():
    X, y = clouds(50)
    K, t, l2 = rbf_kernel(X, X, gamma=0.4), 2 * y - 1, 0.03
    cost = 1 / (2 * 50 * l2)
    machine = kernel_svm(K, y, cost=cost, tolerance=1e-10)

    def objective(c, bias):
        return np.maximum(0, 1 - t * (K @ c + bias)).mean() + l2 * c @ K @ c

    best = objective(machine.coefficients, machine.bias)
    assert best == pytest.approx(machine.primal / (50 * cost), rel=1e-10)
    rng = np.random.default_rng(2)
    for size in (1e-4, 1e-2, 0.3):
        c, b = machine.coefficients + size * rng.normal(size=50), machine.bias + size * rng.normal()
        assert objective(c, b) >= best * (1 - 1e-9)


def test_on_mirrored_data_both_machines_of_the_lecture_are_one():
    _, X, _ = make(20, 2, 2)
    y = (X @ [1.0, -2.0] + np.random.default_rng(1).normal(size=20) > 0).astype(int)
    X, y = np.concatenate([X, -X]), np.concatenate([y, 1 - y])  # so that no bias is needed
    l2, margin = 0.05, 2.5
    machine = kernel_svm(linear_kernel(X, X), y, cost=1 / (40 * l2 * margin), tolerance=1e-10)
    w = margin * X.T @ machine.coefficients
    assert machine.bias == pytest.approx(0, abs=1e-6)
    fit = fit_multiclass_hinge(
        X,
        y,
        n_classes=2,
        l2=l2,
        margin=margin,
        n_epochs=2000,
        batch_size=20,
        rng=np.random.default_rng(0),
    )
    np.testing.assert_allclose(fit.W, np.column_stack([-w / 2, w / 2]), atol=0.03 * abs(w).max())


@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
def test_unscaled_measurements_do_not_stop_it(name):
    data = load(name)
    y = (data.y == 1).astype(int)
    machine = kernel_svm(linear_kernel(data.X, data.X), y, cost=0.01, tolerance=1e-6)
    assert machine.gap <= 1e-6 * machine.primal


# Several classes


def test_one_versus_rest_is_a_machine_for_each_class_and_scikit_learns():
    wine = load("wine")
    (X,) = standardise(wine.X)
    K = rbf_kernel(X, X, gamma=0.05)
    machines = kernel_svm_one_vs_rest(K, wine.y, n_classes=3, cost=2.5, tolerance=1e-10)
    assert machines.coefficients.shape == (178, 3)
    scores = K @ machines.coefficients + machines.bias
    for label in range(3):
        one = kernel_svm(K, (wine.y == label).astype(int), cost=2.5, tolerance=1e-10)
        np.testing.assert_allclose(machines.coefficients[:, label], one.coefficients, rtol=1e-12)
        assert machines.bias[label] == pytest.approx(one.bias)
        assert machines.gap[label] == pytest.approx(one.gap, abs=1e-9)
    silent = kernel_svm_one_vs_rest(K, wine.y, n_classes=3, cost=2.5)
    spelled = kernel_svm_one_vs_rest(K, wine.y, n_classes=3, cost=2.5, tolerance=1e-6)
    np.testing.assert_array_equal(silent.coefficients, spelled.coefficients)
    unmoved = kernel_svm_one_vs_rest(K, wine.y, n_classes=3, cost=2.5, max_iterations=0)
    assert not unmoved.coefficients.any()
    peer = OneVsRestClassifier(SVC(C=2.5, kernel="precomputed", tol=1e-8)).fit(K, wine.y)
    np.testing.assert_allclose(scores, peer.decision_function(K), atol=1e-4)
    assert (scores.argmax(axis=1) == peer.predict(K)).all()


# Errata and other wrong formulas: they fail where the correct one holds


def test_e13_the_slides_maximum_lets_a_class_far_behind_pay_for_one_ahead():
    def slide(scores, y, margin):
        return max(0, sum(s - scores[y] + margin for j, s in enumerate(scores) if j != y))

    def ours(scores, y, margin):
        return multiclass_hinge([scores], [[1.0]], [y], l2=0.0, margin=margin)[0]

    assert ours([3, 4, -2], 0, 2.0) == pytest.approx(3)
    assert slide([3, 4, -2], 0, 2.0) == 0
    assert slide([1.2, 5, 1.6], 0, 2.0) == pytest.approx(ours([1.2, 5, 1.6], 0, 2.0))


def test_a_dual_without_its_half_is_half_the_dual_for_twice_the_cost_and_meets_no_primal():
    X, y = clouds(30)
    K = rbf_kernel(X, X, gamma=0.4)
    machine, twice = (kernel_svm(K, y, cost=c, tolerance=1e-10) for c in (2.5, 5.0))
    wrong = naive_dual(K, y, twice.coefficients / 2, half=1.0)
    assert wrong == pytest.approx(twice.dual / 2, rel=1e-9)
    assert wrong >= naive_dual(K, y, machine.coefficients, half=1.0)
    assert wrong < 0.9 * machine.primal


def test_a_bias_averaged_over_all_support_vectors_is_not_the_best():
    X, y = clouds(60)
    K, t = rbf_kernel(X, X, gamma=0.4), 2 * y - 1
    machine = kernel_svm(K, y, cost=0.8, tolerance=1e-10)
    c = machine.coefficients
    wrong = (t - K @ c)[machine.support].mean()
    assert naive_primal(K, y, c, wrong, 0.8) > 1.001 * machine.primal


# Bad input

GOOD = {"l2": 0.3, "margin": 2.5}
FIT = {**GOOD, "n_classes": 2, "n_epochs": 1, "batch_size": 2, "rng": np.random.default_rng(0)}
W2, X2, Y2 = np.ones((3, 2)), np.ones((2, 3)), [0, 1]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: multiclass_hinge(np.ones((4, 2)), X2, Y2, **GOOD), "W: expected 3 rows"),
        (lambda: multiclass_hinge([1.0, 2.0], X2, Y2, **GOOD), "W: expected a matrix"),
        (lambda: multiclass_hinge(W2, X2, [0, 2], **GOOD), "y: .* labels 0 to 1, got 2"),
        (lambda: multiclass_hinge(W2, X2, [0, -1], **GOOD), "y: .*got -1"),
        (lambda: multiclass_hinge(W2, X2, [0, 0.5], **GOOD), "y: .*got 0.5"),
        (lambda: multiclass_hinge(W2, X2, [0], **GOOD), "y: expected 2 numbers"),
        (lambda: multiclass_hinge(W2, X2[:0], [], **GOOD), "X and y: .* one row, got 0"),
        (lambda: multiclass_hinge(W2, X2, Y2, l2=-1, margin=1), "l2: .* 0 or above, got -1"),
        (lambda: multiclass_hinge(W2, X2, Y2, l2=1, margin=-1), "margin: .* got -1"),
        (lambda: fit_multiclass_hinge(X2, Y2, **(FIT | {"l2": 0})), "l2: .* above 0"),
        (lambda: fit_multiclass_hinge(X2, Y2, **(FIT | {"margin": -1})), "margin: "),
        (lambda: fit_multiclass_hinge(X2, Y2, **(FIT | {"n_classes": 1})), "n_classes: .* 2"),
        (lambda: fit_multiclass_hinge(X2, [0, 2], **FIT), "y: .*labels 0 to 1"),
        (lambda: fit_multiclass_hinge(X2, Y2, **(FIT | {"n_epochs": 0})), "n_epochs: "),
        (lambda: fit_multiclass_hinge(X2, Y2, **(FIT | {"batch_size": 0})), "batch_size: "),
        (lambda: fit_multiclass_hinge(X2, Y2, **(FIT | {"rng": 0})), "rng: "),
        (lambda: fit_multiclass_hinge(X2[:0], [], **FIT), "X and y: .* one row, got 0"),
        (lambda: kernel_svm(np.ones((2, 3)), Y2, cost=1), "K: expected a square"),
        (lambda: kernel_svm([[1, 2], [0, 1]], Y2, cost=1), "K: expected a symmetric"),
        (lambda: kernel_svm(np.eye(2), [-1, 1], cost=1), "y: .*labels 0 to 1, got -1"),
        (
            lambda: kernel_svm(np.eye(2), [1, 1], cost=1),
            "y: .* 0 to 1, found no example of class 0",
        ),
        (lambda: kernel_svm(np.eye(2), [0, 1, 0], cost=1), "y: expected 2 numbers"),
        (lambda: kernel_svm(np.eye(2), Y2, cost=0), "cost: .* above 0"),
        (lambda: kernel_svm(np.eye(2), Y2, cost=1, tolerance=0), "tolerance: "),
        (lambda: kernel_svm(np.eye(2), Y2, cost=1, max_iterations=-1), "max_iterations: "),
        (lambda: kernel_svm_one_vs_rest(np.eye(2), Y2, n_classes=3, cost=1), "y: .*class 2"),
        (
            lambda: kernel_svm_one_vs_rest(np.eye(2), [0, 1, 0], n_classes=2, cost=1),
            "y: expected 2 numbers",
        ),
        (lambda: kernel_svm_one_vs_rest(np.eye(2), Y2, n_classes=1, cost=1), "n_classes: "),
    ],
)
def test_bad_input_is_refused_with_what_was_expected_and_what_came(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()


STAR = [[2, 1.5, 1.5, 1.5], [1.5, 2, 0, 0], [1.5, 0, 2, 0], [1.5, 0, 0, 2]]


@pytest.mark.parametrize(
    ("met", "K", "y"),
    [
        ("between two points", [[1, 3], [3, 1]], [0, 1]),
        ("in one pair's step", [[1, -5, 1], [-5, 2, 3], [1, 3, 3]], [0, 1, 1]),
        (
            "in a Newton step",
            [[5, -2, 2, 0], [-2, 6, -1, -6], [2, -1, 6, 3], [0, -6, 3, 5]],
            [0, 1, 0, 1],
        ),
        ("as a negative squared norm", STAR, [0, 1, 1, 1]),
        ("for a polynomial with offset −1 (E14)", None, None),
    ],
)
def test_negative_curvature_is_refused(met, K, y):
    if K is None:
        X, y = clouds(40)
        K = polynomial_kernel(X, X, degree=3, offset=-1.0)
    with pytest.raises(ValueError, match=r"^K: expected a positive semi-definite matrix"):
        kernel_svm(K, y, cost=3.0)


def test_arguments_come_back_unchanged():
    W, X, y = make(12, 3, 2)
    y[:2] = 0, 1
    K = linear_kernel(X, X)
    before = W.copy(), X.copy(), y.copy(), K.copy()
    multiclass_hinge(W, X, y, **GOOD)
    fit_multiclass_hinge(X, y, **FIT)
    kernel_svm(K, y, cost=2.5)
    kernel_svm_one_vs_rest(K, y, n_classes=2, cost=2.5)
    for now, then in zip((W, X, y, K), before, strict=True):
        np.testing.assert_array_equal(now, then)
