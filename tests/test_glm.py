"""Lecture 3, rows G2–G5 and G7–G10, errata E8–E12: one loss and one fit for every family.

Oracles: SciPy's distributions, autograd, scikit-learn, statsmodels.
"""

import warnings

import autograd.numpy as anp
import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from autograd import elementwise_grad
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from course_utils.bayesian_regression import ridge
from course_utils.data import load, split, standardise
from course_utils.features import add_bias, polynomial_features
from course_utils.glm import (
    FAMILIES,
    family_moments,
    fit,
    log_density,
    logistic_loss,
    negative_log_likelihood,
    newton_step,
    sample_update,
)
from course_utils.information_theory import softmax_cross_entropy
from course_utils.optimisation import check_gradient, gradient_descent
from course_utils.special import sigmoid, softmax

ETA = np.array([-2.3, -0.4, 0.7, 1.9])
PARTITIONS = {
    "gaussian": lambda eta: eta**2 / 2,
    "bernoulli": lambda eta: anp.log(1 + anp.exp(eta)),
    "poisson": anp.exp,
}
LAWS = {
    "gaussian": lambda y, eta: norm(eta, 1).logpdf(y),
    "bernoulli": lambda y, eta: scipy.stats.bernoulli(1 / (1 + np.exp(-eta))).logpmf(y),
    "poisson": lambda y, eta: scipy.stats.poisson(np.exp(eta)).logpmf(y),
}
Y = {"gaussian": [0.3, -2.0, 1.1, 4.0], "bernoulli": [0, 1, 1, 0], "poisson": [0, 3, 1, 12]}


def problem(family, n=60, d=3, seed=0):
    """Data of the family's own making; the true theta is drawn too."""
    rng = np.random.default_rng(seed)
    X = add_bias(rng.normal(size=(n, d - 1)))
    theta = 0.5 * rng.normal(size=(d, 3) if family == "categorical" else d)
    eta = X @ theta
    draw = {
        "gaussian": lambda: rng.normal(eta),
        "bernoulli": lambda: (rng.random(n) < sigmoid(eta)).astype(float),
        "poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "categorical": lambda: (softmax(eta).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1),
    }
    return theta, X, draw[family]()


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


# G7, G8: the families


@pytest.mark.parametrize("name", PARTITIONS)
def test_the_slope_of_the_log_partition_is_the_mean_and_its_curvature_the_variance(name):
    a, mean, variance = family_moments(ETA, name)
    slope = elementwise_grad(PARTITIONS[name])
    np.testing.assert_allclose(a, PARTITIONS[name](ETA), rtol=1e-13)
    np.testing.assert_allclose(mean, slope(ETA), rtol=1e-12)
    np.testing.assert_allclose(variance, elementwise_grad(slope)(ETA), rtol=1e-11)


@pytest.mark.parametrize("name", LAWS)
def test_the_exponential_form_is_the_distribution(name):
    np.testing.assert_allclose(
        log_density(Y[name], ETA, family=name), LAWS[name](np.array(Y[name]), ETA), rtol=1e-12
    )


def test_the_categorical_form_is_softmax_and_its_variance_the_covariance_of_one_hot():
    eta = np.array([[0.2, -1.0, 0.9], [3.0, 0.0, 1.0]])
    np.testing.assert_allclose(
        np.exp(log_density([2, 0], eta, family="categorical")), softmax(eta)[[0, 1], [2, 0]]
    )
    a, mean, covariance = family_moments(eta, "categorical")
    assert a.shape == (2,)
    np.testing.assert_allclose(mean, softmax(eta))
    h = 1e-6
    for j in range(3):
        step = h * np.eye(3)[j]
        up, down = (
            family_moments(eta + step, "categorical"),
            family_moments(eta - step, "categorical"),
        )
        np.testing.assert_allclose((up[0] - down[0]) / (2 * h), mean[:, j], atol=1e-8)
        np.testing.assert_allclose((up[1] - down[1]) / (2 * h), covariance[:, j], atol=1e-8)


def test_every_function_of_a_family_takes_arrays_of_any_shape(family):
    rng = np.random.default_rng(0)
    eta = rng.normal(size=(2, 4, 3))
    whole = family_moments(eta, family)
    for i, j in np.ndindex(2, 4):
        for part, alone in zip(whole, family_moments(eta[i, j], family), strict=True):
            np.testing.assert_allclose(part[i, j], alone, rtol=1e-14)
    if family == "categorical":
        assert log_density([], np.empty((0, 3)), family=family).shape == (0,)
    else:
        y = rng.integers(2, size=(2, 4, 3))
        table = log_density(y, eta, family=family)
        assert table[1, 2, 0] == pytest.approx(log_density(y[1, 2, 0], eta[1, 2, 0], family=family))
        assert log_density([], [], family=family).shape == (0,)


def test_moments_are_exact_at_the_extremes():
    _, mean, variance = family_moments([-700.0, -40.0, 40.0], "bernoulli")
    np.testing.assert_allclose(variance, np.exp([-700.0, -40, -40]), rtol=1e-13)
    np.testing.assert_allclose(mean, [np.exp(-700.0), np.exp(-40.0), 1])


# G3, G5, G9, G10: one loss, one gradient


def test_the_gradient_is_one_for_every_family(family):
    theta, X, y = problem(family)
    check_gradient(
        lambda t: negative_log_likelihood(t, X, y, family=family), 0.3 * theta + 0.1,
        rng=np.random.default_rng(0),
    )  # fmt: skip


def test_the_loss_is_minus_the_mean_log_density_up_to_a_constant(family):
    theta, X, y = problem(family)
    differences = [
        negative_log_likelihood(t, X, y, family=family)[0]
        + log_density(y, X @ t, family=family).mean()
        for t in (theta, 0 * theta, 2 * theta - 0.1)
    ]
    np.testing.assert_allclose(np.ptp(differences), 0, atol=1e-12)
    if family in ("bernoulli", "categorical"):
        assert differences[0] == pytest.approx(0, abs=1e-12)


def test_special_cases_are_the_losses_that_have_names_of_their_own():
    theta, X, y = problem("gaussian")
    loss, gradient = negative_log_likelihood(theta, X, y, family="gaussian")
    assert loss == pytest.approx(0.5 * ((y - X @ theta) ** 2 - y**2).mean())
    np.testing.assert_allclose(gradient, X.T @ (X @ theta - y) / len(y))
    theta, X, y = problem("bernoulli")
    p = sigmoid(X @ theta)
    assert logistic_loss(theta, X, y)[0] == pytest.approx(
        -np.log(np.prod(p**y * (1 - p) ** (1 - y))) / len(y)
    )
    np.testing.assert_allclose(logistic_loss(theta, X, y)[1], X.T @ (p - y) / len(y))
    theta, X, y = problem("categorical")
    loss, gradient = negative_log_likelihood(theta, X, y, family="categorical")
    oracle, in_scores = softmax_cross_entropy(X @ theta, y)
    assert loss == pytest.approx(oracle)
    np.testing.assert_allclose(gradient, X.T @ in_scores)


def test_logistic_loss_does_not_overflow():
    loss, gradient = logistic_loss([400.0], [[10.0], [-10.0]], [0, 0])
    assert loss == 2000
    np.testing.assert_array_equal(gradient, [5.0])


def test_one_examples_update_is_lms_and_a_batch_is_their_mean(family):
    theta, X, y = problem(family, n=5)
    updates = [sample_update(theta, x, v, family=family, learning_rate=0.3) - theta
               for x, v in zip(X, y, strict=True)]  # fmt: skip
    _, gradient = negative_log_likelihood(theta, X, y, family=family)
    np.testing.assert_allclose(np.mean(updates, axis=0), -0.3 * gradient, atol=1e-14)
    if family == "gaussian":
        np.testing.assert_allclose(updates[0], 0.3 * (y[0] - X[0] @ theta) * X[0])


# G4: fitting


@pytest.mark.parametrize("method", ["newton", "gradient_descent"])
@pytest.mark.parametrize("l2", [0.0, 0.03])
def test_at_the_fit_the_gradient_is_zero_and_the_objective_has_only_fallen(family, l2, method):
    _, X, y = problem(family)
    found = fit(X, y, family=family, l2=l2, n_classes=3, method=method)
    _, gradient = negative_log_likelihood(found.theta, X, y, family=family)
    np.testing.assert_allclose(gradient + 2 * l2 * found.theta, 0, atol=1e-7)
    assert (np.diff(found.history) <= 0).all()
    assert found.n_iterations == len(found.history) - 1
    value = negative_log_likelihood(found.theta, X, y, family=family)[0]
    assert found.history[-1] == pytest.approx(value + l2 * (found.theta**2).sum())


def test_newton_needs_few_steps_where_the_gradient_needs_many():
    _, X, y = problem("bernoulli")
    quick = fit(X, y, family="bernoulli", l2=0.01)
    slow = fit(X, y, family="bernoulli", l2=0.01, method="gradient_descent")
    np.testing.assert_allclose(quick.theta, slow.theta, atol=1e-6)
    assert quick.n_iterations <= 8 < slow.n_iterations


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_newtons_steps_are_few_for_every_family(family, l2):
    fits = (
        fit(*problem(family, seed=seed)[1:], family=family, l2=l2, n_classes=3)
        for seed in range(20)
    )  # near the minimum rounding hides what a step brings, and is not to make it a short one
    assert max(found.n_iterations for found in fits) <= 7


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_gradients_steps_grow_and_shrink_with_the_units_of_the_features(scale):
    _, X, y = problem("bernoulli")
    theta = fit(X, y, family="bernoulli", l2=0).theta
    found = fit(scale * X, y, family="bernoulli", l2=0, method="gradient_descent")
    np.testing.assert_allclose(scale * found.theta, theta, atol=1e-5)


@pytest.mark.parametrize(("method", "near"), [("newton", 1e-9), ("gradient_descent", 1e-7)])
def test_a_tolerance_finer_than_rounding_ends_where_rounding_does(method, near):
    _, X, y = problem("bernoulli")
    found = fit(X, y, family="bernoulli", l2=0.1, method=method, tolerance=1e-300)
    best = fit(X, y, family="bernoulli", l2=0.1)
    # Values tell arguments apart down to the root of their rounding, of the whole vector's size.
    np.testing.assert_allclose(found.theta, best.theta, rtol=0, atol=near * abs(best.theta).max())


def test_newton_ends_as_near_to_the_minimum_as_rounding_allows(family):
    for seed in range(20):
        _, X, y = problem(family, seed=seed)
        found = fit(X, y, family=family, l2=0.0, n_classes=3, tolerance=1e-300)
        _, gradient = negative_log_likelihood(found.theta, X, y, family=family)
        np.testing.assert_allclose(gradient, 0, atol=1e-12)


def test_a_step_on_which_counts_overflow_is_shortened_in_silence():
    X = [[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    found = fit(X, [1e5, 1e5, 3e5], family="poisson", l2=0)
    np.testing.assert_allclose(found.theta, np.log([1e5, 3]), rtol=1e-7)


def test_the_gaussian_fit_is_ridge_in_one_newton_step():
    _, X, y = problem("gaussian")
    found = fit(X, y, family="gaussian", l2=0.2)
    np.testing.assert_allclose(found.theta, ridge(X, y, l2=0.2 * 2 * len(y)), rtol=1e-10)
    assert found.n_iterations == 1


def test_fits_agree_with_statsmodels():
    families = {
        "gaussian": sm.families.Gaussian(), "bernoulli": sm.families.Binomial(),
        "poisson": sm.families.Poisson(),
    }  # fmt: skip
    for family, theirs in families.items():
        _, X, y = problem(family)
        oracle = sm.GLM(y, X, family=theirs).fit(tol=1e-12).params
        np.testing.assert_allclose(fit(X, y, family=family, l2=0).theta, oracle, rtol=1e-6)


def test_fits_agree_with_scikit_learn():
    _, X, y = problem("bernoulli")
    with warnings.catch_warnings():  # of what scikit-learn is going to rename
        warnings.simplefilter("ignore")
        model = LogisticRegression(
            C=1 / (2 * len(y) * 0.05), fit_intercept=False, solver="newton-cholesky", tol=1e-10
        ).fit(X, y)
        np.testing.assert_allclose(
            fit(X, y, family="bernoulli", l2=0.05).theta, model.coef_[0], rtol=1e-6
        )
        free = LogisticRegression(
            C=1 / (2 * len(y) * 0.05), solver="newton-cholesky", tol=1e-10
        ).fit(X[:, 1:], y)
    found = fit(X, y, family="bernoulli", l2=0.05, penalised=[False, True, True])
    np.testing.assert_allclose(found.theta, [*free.intercept_, *free.coef_[0]], rtol=1e-6)
    _, X, y = problem("poisson")
    model = PoissonRegressor(alpha=0.1, fit_intercept=False, solver="newton-cholesky", tol=1e-10)
    np.testing.assert_allclose(
        fit(X, y, family="poisson", l2=0.05).theta, model.fit(X, y).coef_, rtol=1e-6
    )


def test_the_categorical_fit_of_two_classes_is_half_the_logistic_one_each_way():
    _, X, y = problem("bernoulli")
    two = fit(X, y, family="categorical", l2=0.05, n_classes=2).theta
    one = fit(X, y, family="bernoulli", l2=0.025).theta
    np.testing.assert_allclose(two, np.column_stack([-one / 2, one / 2]), atol=1e-8)


def test_of_collinear_columns_the_shortest_theta_is_found():
    _, X, y = problem("bernoulli")
    twice = np.column_stack([X, X[:, 1]])
    alone = fit(X, y, family="bernoulli", l2=0).theta
    np.testing.assert_allclose(
        fit(twice, y, family="bernoulli", l2=0).theta, [*alone, 0] - np.array([0, 1, 0, -1])
        * alone[1] / 2, atol=1e-6,
    )  # fmt: skip


def test_newton_step_is_the_step_of_fit_and_solves_the_quadratic_model():
    _, X, y = problem("bernoulli")
    theta = np.array([0.3, -0.2, 0.1])
    p = sigmoid(X @ theta)
    H = X.T @ np.diag(p * (1 - p)) @ X / len(y) + 2 * 0.04 * np.eye(3)
    gradient = X.T @ (p - y) / len(y) + 2 * 0.04 * theta
    np.testing.assert_allclose(
        newton_step(theta, X, y, l2=0.04), theta - np.linalg.inv(H) @ gradient, rtol=1e-10
    )
    once = newton_step(np.zeros(3), X, y, l2=0.04)
    found = fit(X, y, family="bernoulli", l2=0.04)
    for _ in range(8):
        once = newton_step(once, X, y, l2=0.04)
    np.testing.assert_allclose(once, found.theta, rtol=1e-9)


def test_breast_cancer_is_told_from_its_measurements():
    sets = load("breast_cancer")
    part = split(sets.X, sets.y, test_fraction=0.3, rng=np.random.default_rng(0))
    X, X_test = map(add_bias, standardise(part.X_train, part.X_test))
    found = fit(X, part.y_train, family="bernoulli", l2=0.01)
    assert ((X_test @ found.theta > 0) == part.y_test).mean() > 0.95


# G2: not separable on a line, separable on a parabola

LINE = np.array([-3.0, -2.0, -0.5, 0.0, 0.7, 2.0, 2.5])
OUTSIDE = (np.abs(LINE) > 1).astype(float)


def test_adding_the_square_separates_what_no_threshold_does():
    plain = fit(polynomial_features(LINE, 1), OUTSIDE, family="bernoulli", l2=1e-4)
    lifted = fit(polynomial_features(LINE, 2), OUTSIDE, family="bernoulli", l2=1e-4)
    assert ((polynomial_features(LINE, 1) @ plain.theta > 0) != OUTSIDE).sum() >= 2
    assert ((polynomial_features(LINE, 2) @ lifted.theta > 0) == OUTSIDE).all()


# Separable data


@pytest.mark.parametrize("method", ["newton", "gradient_descent"])
def test_separable_classes_without_a_penalty_are_refused_with_words(method):
    X = polynomial_features(LINE, 2)
    with pytest.raises(ValueError, match=r"^X and y: expected classes that overlap, but"):
        fit(X, OUTSIDE, family="bernoulli", l2=0, method=method)
    with pytest.raises(ValueError, match=r"^X and y: expected classes that overlap"):
        fit(X, OUTSIDE.astype(int) * 2, family="categorical", l2=0, n_classes=3, method=method)


@pytest.mark.parametrize(
    ("X", "y", "family"),
    [
        ([[1, 0], [1, 1], [1, 1], [1, 3]], [0, 0, 1, 1], "bernoulli"),  # one point on the boundary
        ([[1, 0], [1, 0], [0, 1], [0, 1]], [0, 0, 1, 4], "poisson"),  # a group without counts
        ([[1, 0], [1, 0], [0, 1], [0, 1]], [0, 1, 2, 2], "categorical"),
    ],
)
def test_a_loss_that_falls_for_ever_along_some_direction_is_refused(X, y, family):
    with pytest.raises(ValueError, match=r"^X and y: expected a loss with a minimum, but"):
        fit(X, y, family=family, l2=0, n_classes=3)
    assert np.isfinite(fit(X, y, family=family, l2=1e-3, n_classes=3).theta).all()


def test_too_few_steps_are_said():
    _, X, y = problem("bernoulli")
    with pytest.raises(ValueError, match=r"^max_iterations: 2 steps did not lead to a minimum"):
        fit(X, y, family="bernoulli", l2=0.1, method="gradient_descent", max_iterations=2)


# Errata


def test_e8_g_and_sigma_in_one_gradient_agree_only_if_g_is_sigma():
    theta, X, y = problem("bernoulli")
    p, g = sigmoid(X @ theta), norm.cdf(X @ theta)  # some other g
    slide = X.T @ (y * (1 - g) - (1 - y) * p) / len(y)
    right = X.T @ (y - p) / len(y)
    np.testing.assert_allclose(-logistic_loss(theta, X, y)[1], right)
    assert np.abs(slide - right).max() > 1e-3


def test_e9_the_slides_update_climbs_the_likelihood_and_descends_the_loss():
    theta, X, y = problem("bernoulli")
    loss, gradient = logistic_loss(theta + 1, X, y)
    up = X.T @ (y - sigmoid(X @ (theta + 1))) / len(y)
    np.testing.assert_allclose(up, -gradient)
    assert logistic_loss(theta + 1 + 0.1 * up, X, y)[0] < loss
    assert logistic_loss(theta + 1 - 0.1 * up, X, y)[0] > loss


def test_e10_with_the_slides_sign_nothing_can_be_normalised():
    y = np.linspace(-30, 30, 6001)
    ours = np.exp(log_density(y, np.full(len(y), 0.7), family="gaussian"))
    assert ours.sum() * (y[1] - y[0]) == pytest.approx(1)
    slide = np.exp(+((y - 0.7) ** 2) / 2) / np.sqrt(2 * np.pi)
    assert slide.sum() * (y[1] - y[0]) > 1e100


def test_e11_the_slides_bernoulli_mean_is_not_the_slope_of_the_log_partition():
    _, mean, _ = family_moments(ETA, "bernoulli")
    slide = 1 / (1 - np.exp(-ETA))
    assert ((slide < 0) | (slide > 1)).all()
    np.testing.assert_allclose(mean, 1 / (1 + np.exp(-ETA)))


def test_e12_one_rule_for_all_holds_for_the_canonical_link_and_unit_dispersion_only():
    theta, X, y = problem("bernoulli")

    def probit(t):
        p = norm.cdf(X @ t)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    h, e = 1e-6, np.eye(3)
    numeric = np.array([(probit(theta + h * v) - probit(theta - h * v)) / (2 * h) for v in e])
    rule = X.T @ (norm.cdf(X @ theta) - y) / len(y)
    assert np.abs(numeric - rule).max() > 0.02

    theta, X, y = problem("gaussian")

    def wide(t):
        return -norm(X @ t, 2.0).logpdf(y).mean()

    numeric = np.array([(wide(theta + h * v) - wide(theta - h * v)) / (2 * h) for v in e])
    _, rule = negative_log_likelihood(theta, X, y, family="gaussian")
    np.testing.assert_allclose(numeric, rule / 2.0**2, atol=1e-8)


# Refusals


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        ("bernoulli", [0, 2, 1], "y: expected 0 and 1 for the bernoulli family, got 2"),
        ("bernoulli", [0, -1, 1], "y: expected 0 and 1 for the bernoulli family, got -1"),
        ("poisson", [0, 1.5, 1], "y: expected counts 0, 1, 2, … for the poisson family, got 1.5"),
        ("poisson", [0, -1, 1], "y: expected counts"),
        ("categorical", [0, 3, 1], "y: expected class labels 0 to 2, got 3"),
        ("gaussian", [0, 1], "y: expected 3 numbers"),
        ("categorical", [0, 1], "y: expected 3 numbers"),
        ("gaussian", [[0], [1], [2]], r"y: expected a vector \(n,\)"),
    ],
)
def test_observations_that_are_none_of_the_familys_are_refused(family, y, message):
    theta = np.zeros((1, 3)) if family == "categorical" else np.zeros(1)
    X = np.ones((3, 1))
    for call in (
        lambda: negative_log_likelihood(theta, X, y, family=family),
        lambda: log_density(y, X @ theta, family=family),
        lambda: fit(X, y, family=family, l2=1, n_classes=3),
    ):
        with pytest.raises(ValueError, match=f"^{message}"):
            call()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "gamma"}, "family: expected one of gaussian, bernoulli, poisson, categorical"),
        ({"l2": -1}, "l2: expected one number, 0 or above"),
        ({"method": "guess"}, "method: expected 'newton' or 'gradient_descent', got 'guess'"),
        ({"tolerance": 0}, "tolerance: expected one number above 0"),
        ({"max_iterations": 0}, "max_iterations: expected a whole number, at least 1"),
        ({"penalised": [True]}, "penalised: expected 3 numbers"),
        ({"X": np.ones((0, 3)), "y": []}, "X: expected at least one row, got 0"),
        ({"X": [1.0, 2.0]}, "X: expected a matrix"),
        ({"family": "categorical"}, "n_classes: expected a whole number, at least 2"),
    ],
)
def test_fit_calls_by_name_what_it_refuses(change, message):
    _, X, y = problem("bernoulli")
    with pytest.raises(ValueError, match=f"^{message}"):
        fit(**{"X": X, "y": y, "family": "bernoulli", "l2": 0.1, **change})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X, y: logistic_loss([0.0], X, y), r"theta: expected shape \(3,\), as X has 3 col"),
        (lambda X, y: newton_step([0.0], X, y, l2=0), r"theta: expected shape \(3,\)"),
        (lambda X, y: newton_step(np.zeros(3), X, y, l2=-1), "l2: expected one number, 0 or above"),
        (
            lambda X, y: negative_log_likelihood(np.zeros(3), X, y, family="categorical"),
            r"theta: expected shape \(3, k\), a column a class",
        ),
        (
            lambda X, y: sample_update(np.zeros(3), X[0], 1, family="bernoulli", learning_rate=0),
            "learning_rate: expected one number above 0",
        ),
        (
            lambda X, y: sample_update(np.zeros(3), X, 1, family="bernoulli", learning_rate=1),
            r"x: expected a vector \(n,\)",
        ),
        (lambda X, y: family_moments([np.nan], "bernoulli"), "eta: expected finite numbers"),
        (lambda X, y: family_moments([0.0], "beta"), "family: expected one of"),
        (lambda X, y: log_density(1.0, [0.0], family="bernoulli"), r"y: expected a vector"),
        (
            lambda X, y: log_density([1.0, 0.0], [[0.0], [0.0]], family="bernoulli"),
            r"y: expected the shape of eta, \(2, 1\), got \(2,\)",
        ),
        (lambda X, y: log_density([[np.nan]], [[0.0]], family="gaussian"), "y: expected finite"),
        (
            lambda X, y: log_density([0, 1], [0.0, 1.0], family="categorical"),
            r"eta: expected shape \(n, k\), a column a class, got \(2,\)",
        ),
    ],
)
def test_bad_input_is_called_by_its_name(call, message):
    _, X, y = problem("bernoulli")
    with pytest.raises(ValueError, match=f"^{message}"):
        call(X, y)


@given(st.floats(-5, 5))
def test_scalars_will_do_and_arguments_come_back_unchanged(eta):
    a, mean, variance = family_moments(eta, "bernoulli")
    assert float(a) == pytest.approx(np.logaddexp(0, eta))
    assert float(variance) == pytest.approx(float(mean) * (1 - float(mean)))
    theta, X, y = problem("bernoulli", n=6)
    copies = [part.copy() for part in (theta, X, y)]
    newton_step(theta, X, y, l2=0.1)
    gradient_descent(lambda t: logistic_loss(t, X, y), theta, learning_rate=0.1, n_steps=2)
    for part, copy in zip((theta, X, y), copies, strict=True):
        np.testing.assert_array_equal(part, copy)
