"""Lecture 1, rows B3–B6 and errata E1–E4, E21.

Oracles: the definitions written naively with SciPy's densities; scikit-learn's Ridge,
BayesianRidge and Gaussian processes; exact fractions where rounding is the question.
"""

import inspect
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.linear_model import BayesianRidge, Ridge

from course_utils.bayesian_regression import (
    effective_parameters,
    log_evidence,
    log_joint,
    map_estimate,
    maximise_evidence,
    posterior,
    predictive,
    ridge,
    update,
)

HYPERPARAMETERS = [
    {"prior_precision": 0.3, "noise_variance": 2.5},
    {"prior_precision": 7.0, "noise_variance": 0.04},
]
SHAPES = [(0, 3), (1, 1), (1, 4), (3, 5), (5, 5), (9, 2), (40, 3)]


def make(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)), rng.normal(1.5, 2.0, size=n)


def naive_posterior(X, y, *, prior_precision, noise_variance):
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y) / noise_variance, np.linalg.solve(A, np.eye(len(A)))


@pytest.fixture(params=SHAPES, ids=str)
def data(request):
    return make(*request.param)


@pytest.fixture(params=HYPERPARAMETERS, ids=lambda h: "-".join(map(str, h.values())))
def hyper(request):
    return request.param


# B3: the log joint


def test_log_joint_is_the_sum_of_the_log_densities(data, hyper):
    X, y = data
    theta = np.linspace(-1, 2, X.shape[1])
    oracle = (
        stats.norm(X @ theta, np.sqrt(hyper["noise_variance"])).logpdf(y).sum()
        + stats.norm(0, 1 / np.sqrt(hyper["prior_precision"])).logpdf(theta).sum()
    )
    assert log_joint(theta, X, y, **hyper) == pytest.approx(oracle, rel=1e-10)


def test_log_joint_minus_log_posterior_is_the_log_evidence_at_every_theta(data, hyper):
    X, y = data
    belief = stats.multivariate_normal(*posterior(X, y, **hyper))
    evidence = log_evidence(X, y, **hyper)
    for theta in np.random.default_rng(1).normal(size=(5, X.shape[1])):
        difference = log_joint(theta, X, y, **hyper) - belief.logpdf(theta)
        assert difference == pytest.approx(evidence, rel=1e-8)


def test_the_map_estimate_is_the_summit_of_the_log_joint(data, hyper):
    X, y = data
    theta = map_estimate(X, y, **hyper)
    top = log_joint(theta, X, y, **hyper)
    for step in np.random.default_rng(2).normal(scale=0.1, size=(20, X.shape[1])):
        assert log_joint(theta + step, X, y, **hyper) < top


# B4: MAP is ridge


def test_map_estimate_is_ridge_with_l2_equal_to_precision_times_noise(data, hyper):
    X, y = data
    if len(X) == 0:
        oracle = np.zeros(X.shape[1])  # scikit-learn refuses no data; the prior's mean is 0
    else:
        l2 = hyper["prior_precision"] * hyper["noise_variance"]
        oracle = Ridge(alpha=l2, fit_intercept=False).fit(X, y).coef_
    np.testing.assert_allclose(map_estimate(X, y, **hyper), oracle, rtol=1e-7, atol=1e-12)


def test_ridge_is_least_squares_with_d_more_observations_of_zero(data):
    X, y = data
    d, l2 = X.shape[1], 0.7
    oracle, *_ = np.linalg.lstsq(
        np.vstack([X, np.sqrt(l2) * np.eye(d)]), np.append(y, np.zeros(d)), rcond=None
    )
    np.testing.assert_allclose(ridge(X, y, l2=l2), oracle, rtol=1e-8, atol=1e-12)


def test_ridge_tends_to_least_squares_and_to_zero():
    X, y = make(9, 3)
    least_squares = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(ridge(X, y, l2=1e-12), least_squares, rtol=1e-8)
    assert np.abs(ridge(X, y, l2=1e12)).max() < 1e-9


# B5: posterior and predictive


def test_posterior_matches_its_definition(data, hyper):
    X, y = data
    mean, covariance = posterior(X, y, **hyper)
    expected_mean, expected_covariance = naive_posterior(X, y, **hyper)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(covariance, expected_covariance, rtol=1e-6, atol=1e-10)
    assert (covariance == covariance.T).all()


def test_tall_data_taken_in_blocks_give_what_they_give_at_once(hyper):
    X, y = make(5001, 3)
    mean, covariance = posterior(X, y, **hyper)
    expected_mean, expected_covariance = naive_posterior(X, y, **hyper)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-9)
    np.testing.assert_allclose(covariance, expected_covariance, rtol=1e-9, atol=1e-12)


def test_the_mean_of_the_posterior_is_the_map_estimate(data, hyper):
    X, y = data
    np.testing.assert_allclose(
        posterior(X, y, **hyper).mean, map_estimate(X, y, **hyper), rtol=1e-9, atol=1e-13
    )


def test_without_data_the_posterior_is_the_prior(hyper):
    mean, covariance = posterior(np.empty((0, 3)), [], **hyper)
    np.testing.assert_allclose(mean, np.zeros(3))
    np.testing.assert_allclose(covariance, np.eye(3) / hyper["prior_precision"])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 6), st.integers(0, 99), st.data())
def test_one_batch_or_any_two_in_turn_lead_to_the_same_posterior(n, d, seed, draw):
    X, y = make(n, d, seed)
    cut = draw.draw(st.integers(0, n))
    hyper = {"prior_precision": 0.3, "noise_variance": 2.5}
    first = posterior(X[:cut], y[:cut], **hyper)
    second = update(*first, X[cut:], y[cut:], noise_variance=2.5)
    whole = posterior(X, y, **hyper)
    np.testing.assert_allclose(second.mean, whole.mean, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(second.covariance, whole.covariance, rtol=1e-7, atol=1e-9)
    assert (second.covariance == second.covariance.T).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 6), st.integers(0, 99))
def test_one_more_observation_never_makes_any_prediction_less_certain(n, d, seed):
    X, y = make(n + 1, d, seed)
    hyper = {"prior_precision": 0.3, "noise_variance": 2.5}
    before = posterior(X[:n], y[:n], **hyper).covariance
    after = posterior(X, y, **hyper).covariance
    assert np.linalg.eigvalsh(before - after).min() >= -1e-10


def test_predictive_is_the_gaussian_process_with_the_linear_kernel(hyper):
    X, y = make(9, 3)
    X_new = make(6, 3, seed=5)[0]
    kernel = ConstantKernel(1 / hyper["prior_precision"], "fixed") * DotProduct(0.0, "fixed")
    process = GaussianProcessRegressor(kernel, alpha=hyper["noise_variance"], optimizer=None)
    mean, deviation = process.fit(X, y).predict(X_new, return_std=True)
    got = predictive(X_new, *posterior(X, y, **hyper), noise_variance=hyper["noise_variance"])
    np.testing.assert_allclose(got.mean, mean, rtol=1e-8)
    np.testing.assert_allclose(got.variance, deviation**2 + hyper["noise_variance"], rtol=1e-6)


def test_predictive_is_what_sampled_weights_and_sampled_noise_do():
    X, y = make(9, 3)
    belief = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
    x_new, rng, draws = make(1, 3, seed=8)[0], np.random.default_rng(0), 200_000
    samples = rng.multivariate_normal(*belief, size=draws) @ x_new[0]
    samples += rng.normal(0, np.sqrt(2.5), size=draws)
    mean, variance = (part[0] for part in predictive(x_new, *belief, noise_variance=2.5))
    assert abs(samples.mean() - mean) < 4 * np.sqrt(variance / draws)
    assert abs(samples.var() - variance) < 4 * variance * np.sqrt(2 / draws)


def test_predictive_variance_is_noise_plus_ignorance_and_ends_as_noise():
    X, y = make(20_000, 3)
    x_new = make(4, 3, seed=8)[0]
    few = predictive(x_new, *posterior(X[:2], y[:2], **HYPERPARAMETERS[0]), noise_variance=2.5)
    many = predictive(x_new, *posterior(X, y, **HYPERPARAMETERS[0]), noise_variance=2.5)
    assert (few.variance > 2.6).all()
    np.testing.assert_allclose(many.variance, 2.5, rtol=5e-2)
    assert (many.variance > 2.5).all()


def test_the_95_percent_band_holds_95_percent_of_what_its_own_model_draws():
    rng, hyper = np.random.default_rng(3), {"prior_precision": 0.5, "noise_variance": 0.2}
    inside = []
    for _ in range(2000):
        X, x_new = rng.normal(size=(6, 3)), rng.normal(size=(1, 3))
        theta = rng.normal(0, 1 / np.sqrt(0.5), size=3)
        y = X @ theta + rng.normal(0, np.sqrt(0.2), size=6)
        mean, variance = predictive(x_new, *posterior(X, y, **hyper), noise_variance=0.2)
        y_new = x_new @ theta + rng.normal(0, np.sqrt(0.2))
        inside.append(abs(y_new - mean)[0] < stats.norm.ppf(0.975) * np.sqrt(variance[0]))
    assert abs(np.mean(inside) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)


# B6: the evidence


def test_log_evidence_is_the_log_density_of_y_under_the_prior(data, hyper):
    X, y = data
    C = X @ X.T / hyper["prior_precision"] + hyper["noise_variance"] * np.eye(len(y))
    oracle = stats.multivariate_normal(np.zeros(len(y)), C).logpdf(y) if len(y) else 0.0
    assert log_evidence(X, y, **hyper) == pytest.approx(oracle, rel=1e-9, abs=1e-12)


def test_log_evidence_is_the_sum_of_one_step_predictions(hyper):
    X, y = make(9, 3)
    belief, total = posterior(X[:0], y[:0], **hyper), 0.0
    for i in range(len(y)):
        row, noise = X[i : i + 1], hyper["noise_variance"]
        mean, variance = predictive(row, *belief, noise_variance=noise)
        total += stats.norm(mean[0], np.sqrt(variance[0])).logpdf(y[i])
        belief = update(*belief, row, y[i : i + 1], noise_variance=noise)
    assert log_evidence(X, y, **hyper) == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_log_evidence_survives_where_the_determinant_does_not(scale):
    X, y = make(400, 3)
    hyper = {"prior_precision": 0.3 / scale, "noise_variance": 2.5 * scale}
    root = np.sqrt(scale)  # rescaling y rescales its density by the volume
    plain = log_evidence(X, y, prior_precision=0.3, noise_variance=2.5)
    got = log_evidence(X, root * y, **hyper)
    assert got == pytest.approx(plain - 400 * np.log(root), rel=1e-10)


def test_maximise_evidence_satisfies_mackays_fixed_point():
    X, y = make(40, 3)
    best = maximise_evidence(X, y)
    hyper = {"prior_precision": best.prior_precision, "noise_variance": best.noise_variance}
    mean = posterior(X, y, **hyper).mean
    gamma = effective_parameters(X, **hyper)
    assert gamma == pytest.approx(best.prior_precision * mean @ mean, rel=1e-8)
    residual = y - X @ mean
    assert len(y) - gamma == pytest.approx(residual @ residual / best.noise_variance, rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(st.integers(6, 30), st.integers(1, 5), st.integers(0, 99), st.floats(-0.5, 0.5))
def test_no_pair_near_the_maximum_has_more_evidence(n, d, seed, step):
    X, y = make(n, d, seed)
    best = maximise_evidence(X, y)
    near = log_evidence(
        X,
        y,
        prior_precision=best.prior_precision * np.exp(step),
        noise_variance=best.noise_variance * np.exp(0.7 * step),
    )
    assert near <= best.log_evidence + 1e-8


def test_maximise_evidence_agrees_with_scikit_learn_where_its_hyperprior_vanishes():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 4))
    y = X @ [1.0, -2.0, 0.5, 0.0] + rng.normal(0, 0.7, size=60)
    peer = BayesianRidge(
        alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, tol=1e-12, max_iter=5000, fit_intercept=False
    ).fit(X, y)
    best = maximise_evidence(X, y)
    assert best.prior_precision == pytest.approx(peer.lambda_, rel=1e-6)
    assert best.noise_variance == pytest.approx(1 / peer.alpha_, rel=1e-6)


@pytest.mark.parametrize("seed", [99, 190, 297, 358])
def test_nowhere_on_a_grid_is_there_more_evidence_than_at_the_maximum(seed):
    rng = np.random.default_rng(seed)
    n, d = rng.integers(3, 12), rng.integers(1, 6)
    X = rng.normal(size=(n, d)) @ np.diag(10.0 ** rng.uniform(-3, 3, size=d))
    y = X @ rng.normal(size=d) * rng.choice([1, 1e-3, 1e-6]) + rng.normal(size=n)
    best = maximise_evidence(X, y)
    for precision in best.prior_precision * np.geomspace(1e-6, 1e6, 13):
        for noise in np.geomspace(0.1, 10, 9):
            there = log_evidence(X, y, prior_precision=precision, noise_variance=noise)
            assert there <= best.log_evidence + 1e-9


@pytest.mark.parametrize(("of_X", "of_y"), [(1e5, 0.3), (1e-5, 40.0)])
def test_in_other_units_the_evidence_chooses_the_same_model(of_X, of_y):
    X, y = make(12, 3)
    here, there = maximise_evidence(X, y), maximise_evidence(of_X * X, of_y * y)
    ratio = of_X / of_y
    assert there.prior_precision == pytest.approx(here.prior_precision * ratio**2, rel=1e-8)
    assert there.noise_variance == pytest.approx(here.noise_variance * of_y**2, rel=1e-8)


def test_where_features_explain_nothing_the_prior_shuts_them_off():
    X = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    y = np.array([1.0, 1.0, -1.0, -1.0])  # orthogonal to the only feature
    best = maximise_evidence(X, y)
    assert best.prior_precision > 1e9
    assert best.noise_variance == pytest.approx(1.0)


def test_effective_parameters_is_the_trace_of_the_hat_matrix(data, hyper):
    X, _ = data
    l2 = hyper["prior_precision"] * hyper["noise_variance"]
    hat = X @ np.linalg.solve(X.T @ X + l2 * np.eye(X.shape[1]), X.T)
    got = effective_parameters(X, **hyper)
    assert got == pytest.approx(np.trace(hat), rel=1e-9, abs=1e-12)


# Numerics


def exact_posterior_mean(X, y, l2):
    """Solve the normal equations in fractions: no rounding anywhere."""
    d = len(X[0])
    X = [[Fraction(v) for v in row] for row in X]
    A = [
        [sum(r[i] * r[j] for r in X) + (Fraction(l2) if i == j else 0) for j in range(d)]
        + [sum(r[i] * Fraction(v) for r, v in zip(X, y, strict=True))]
        for i in range(d)
    ]
    for i in range(d):
        A[i] = [v / A[i][i] for v in A[i]]
        for k in range(d):
            if k != i:
                A[k] = [a - A[k][i] * b for a, b in zip(A[k], A[i], strict=True)]
    return np.array([float(A[i][d]) for i in range(d)])


def test_features_of_scale_1e8_keep_their_digits():
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(12), 1e8 * rng.normal(size=12), 1e8 * rng.normal(size=12)])
    y = rng.normal(size=12)
    exact = exact_posterior_mean(X.tolist(), y.tolist(), 0.5)
    got = posterior(X, y, prior_precision=0.5, noise_variance=1.0).mean
    np.testing.assert_allclose(got, exact, rtol=1e-7)


def test_nearly_collinear_columns_are_decided_by_the_prior_where_naive_formulas_drown():
    x = np.linspace(1, 2, 9)
    X = 1e8 * np.column_stack([x, x])
    mean, covariance = posterior(X, x, prior_precision=1.0, noise_variance=1.0)
    np.testing.assert_allclose(mean, [0.5e-8, 0.5e-8], rtol=1e-6)
    # along (1, −1), which no observation sees, the variance is the prior's, 1
    blind = np.array([1, -1]) / np.sqrt(2)
    assert blind @ covariance @ blind == pytest.approx(1.0, rel=1e-6)
    A = X.T @ X + np.eye(2)
    assert np.linalg.cond(A) > 1e16  # what a solution through XᵀX would have to invert


def test_arguments_come_back_unchanged(hyper):
    X, y = make(9, 3)
    X_before, y_before = X.copy(), y.copy()
    mean, covariance = posterior(X, y, **hyper)
    update(mean, covariance, X, y, noise_variance=0.7)
    predictive(X, mean, covariance, noise_variance=0.7)
    log_joint(mean, X, y, **hyper)
    log_evidence(X, y, **hyper)
    maximise_evidence(X, y)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


# Errata: the slide's formula fails where the correct one holds


def test_e1_the_slides_log_joint_is_off_by_more_than_a_constant():
    X, y = make(9, 3)
    hyper = {"prior_precision": 0.3, "noise_variance": 2.5}

    def slide(theta):
        penalty = 0.3 / 2.5 * theta @ theta
        return -((y - X @ theta) ** 2).sum() / 2.5 - penalty

    def slide_with_the_prior_inside_the_product(theta):
        return sum(
            stats.norm(X[i] @ theta, np.sqrt(2.5)).logpdf(y[i])
            + stats.norm(0, 1 / np.sqrt(0.3)).logpdf(theta).sum()
            for i in range(len(y))
        )

    thetas = np.random.default_rng(6).normal(size=(2, 3))
    correct = np.subtract(*(log_joint(theta, X, y, **hyper) for theta in thetas))
    assert np.subtract(*map(slide, thetas)) != pytest.approx(correct, rel=0.1)
    assert np.subtract(*map(slide_with_the_prior_inside_the_product, thetas)) != pytest.approx(
        correct, rel=0.01
    )


def test_e2_the_slides_minus_leads_away_from_zero_and_explodes_at_an_eigenvalue():
    X, y = make(9, 3)
    hyper = {"prior_precision": 0.3, "noise_variance": 2.5}
    smallest = np.linalg.eigvalsh(X.T @ X)[0]

    def slide(l2):
        return np.linalg.solve(X.T @ X - l2 * np.eye(3), X.T @ y)

    ours = map_estimate(X, y, **hyper)
    assert log_joint(slide(0.3 * 2.5), X, y, **hyper) < log_joint(ours, X, y, **hyper)
    least_squares = np.linalg.norm(np.linalg.lstsq(X, y, rcond=None)[0])
    assert np.linalg.norm(ridge(X, y, l2=0.5 * smallest)) < least_squares
    assert np.linalg.norm(slide(0.5 * smallest)) > 1.5 * least_squares
    assert np.linalg.norm(slide((1 - 1e-6) * smallest)) > 1e5 * least_squares


def test_e3_the_slides_predictive_variance_grows_with_the_data():
    x_new = np.array([0.5, -1.0, 2.0])

    def slide(n):
        A = make(n, 3)[0].T @ make(n, 3)[0] / 2.5 + 0.3 * np.eye(3)
        return x_new @ A.T @ x_new + 2.5

    def ours(n):
        belief = posterior(*make(n, 3), prior_precision=0.3, noise_variance=2.5)
        return predictive([x_new], *belief, noise_variance=2.5).variance[0]

    assert slide(40) > 2 * slide(9)
    assert ours(40) < ours(9)


def test_e4_the_slides_precision_without_data_is_not_the_priors():
    slide = np.linalg.inv(np.zeros((2, 2)) / 2.5 + np.eye(2) / 0.3)
    ours = posterior(np.empty((0, 2)), [], prior_precision=0.3, noise_variance=2.5).covariance
    np.testing.assert_allclose(ours, np.eye(2) / 0.3)  # N(0, λ⁻¹ I), as the slide's own prior says
    assert np.abs(slide - ours).max() > 3


def test_e21_likelihood_and_joint_have_their_summits_apart():
    X, y = make(9, 3)
    least_squares = np.linalg.lstsq(X, y, rcond=None)[0]
    ours = map_estimate(X, y, prior_precision=7.0, noise_variance=0.4)
    log_likelihood = [
        stats.norm(X @ t, np.sqrt(0.4)).logpdf(y).sum() for t in (least_squares, ours)
    ]
    assert log_likelihood[0] > log_likelihood[1] + 0.1


# Bad input

GOOD = {"prior_precision": 0.3, "noise_variance": 2.5}
X2, Y2 = np.ones((2, 3)), np.ones(2)


ARGUMENTS = {
    "theta": np.ones(3), "mean": np.ones(3), "covariance": np.eye(3), "X": X2, "X_new": X2, "y": Y2,
    "prior_precision": 0.3, "noise_variance": 2.5, "l2": 0.7,
}  # fmt: skip
FUNCTIONS = [
    log_joint, ridge, map_estimate, posterior, update, predictive, log_evidence,
    effective_parameters,
]  # fmt: skip


@pytest.mark.parametrize("bad", [np.nan, "text", np.ones((2, 2, 2)), -1.0])
@pytest.mark.parametrize(
    ("function", "name"),
    [(f, name) for f in FUNCTIONS for name in inspect.signature(f).parameters],
    ids=lambda v: getattr(v, "__name__", v),
)
def test_whatever_is_refused_is_called_by_its_name(function, name, bad):
    good = {a: ARGUMENTS[a] for a in inspect.signature(function).parameters}
    function(**good)
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        function(**{**good, name: bad})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: posterior([1.0, 2.0], Y2, **GOOD), r"X: expected a matrix .*X\[:, None\]"),
        (lambda: posterior(X2, np.ones((2, 1)), **GOOD), r"y: expected a vector .*y\[:, 0\]"),
        (lambda: posterior(X2, np.ones(3), **GOOD), "y: expected 2 numbers.*got 3"),
        (lambda: posterior([[np.inf]], [1.0], **GOOD), r"X: expected finite numbers, got inf"),
        (lambda: posterior(X2, [1.0, None], **GOOD), "y: expected"),
        (lambda: map_estimate(X2, Y2, prior_precision=-1, noise_variance=1), "prior_precision:"),
        (lambda: posterior(X2, Y2, prior_precision=1, noise_variance=0), "noise_variance:.* got 0"),
        (lambda: posterior(X2, Y2, prior_precision=[1, 2], noise_variance=1), "prior_precision:"),
        (lambda: ridge(X2, Y2, l2=np.nan), "l2: expected finite"),
        (lambda: log_joint(np.ones(2), X2, Y2, **GOOD), "theta: expected 3 numbers"),
        (lambda: predictive(X2, np.ones(2), np.eye(2), noise_variance=1), "mean: expected 3"),
        (lambda: predictive(X2, np.ones(3), np.eye(2), noise_variance=1), "covariance: .*shape"),
        (
            lambda: predictive(X2, np.ones(3), -np.eye(3), noise_variance=1),
            "covariance: .*negative",
        ),
        (
            lambda: predictive(X2, np.ones(3), np.triu(np.ones((3, 3))), noise_variance=1),
            "covariance: expected a symmetric",
        ),
        (lambda: update(np.ones(3), np.eye(3), X2, np.ones(5), noise_variance=1), "y: expected 2"),
        (lambda: update(np.ones(2), np.eye(3), X2, Y2, noise_variance=1), "mean: expected 3"),
        (lambda: effective_parameters(X2, prior_precision=0, noise_variance=1), "prior_precision"),
        (lambda: maximise_evidence(X2, np.zeros(2)), "X and y: .* other than 0"),
        (lambda: maximise_evidence(np.zeros((2, 3)), Y2), "X and y: .* other than 0"),
        (lambda: maximise_evidence([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0]), "y: expected noise"),
    ],
)
def test_bad_input_is_refused_with_what_was_expected_and_what_came(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()
