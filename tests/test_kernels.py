"""Lecture 4, rows S5 and S6, errata E14 and E22: what makes a function of two points a kernel.

Oracles: the definitions pair by pair, feature maps written out, scikit-learn's pairwise kernels,
KernelRidge and Gaussian processes; exact fractions where rounding is the question.
"""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import pairwise

from course_utils.bayesian_regression import ridge
from course_utils.kernels import (
    is_positive_semidefinite,
    kernel_product,
    kernel_ridge,
    kernel_sum,
    linear_kernel,
    polynomial_kernel,
    quadratic_features,
    rbf_kernel,
    spectrum,
)

# A kernel, and its value for one pair of points
KERNELS = {
    "linear": (linear_kernel, lambda x, z: sum(x * z)),
    "cubic": (
        partial(polynomial_kernel, degree=3, offset=0.7),
        lambda x, z: (sum(x * z) + 0.7) ** 3,
    ),
    "homogeneous": (
        partial(polynomial_kernel, degree=4, offset=0.0),
        lambda x, z: sum(x * z) ** 4,
    ),
    "constant": (partial(polynomial_kernel, degree=0, offset=0.7), lambda x, z: 1.0),
    "narrow": (partial(rbf_kernel, gamma=2.5), lambda x, z: np.exp(-2.5 * sum((x - z) ** 2))),
    "wide": (partial(rbf_kernel, gamma=0.04), lambda x, z: np.exp(-0.04 * sum((x - z) ** 2))),
}
SHAPES = [(1, 1, 1), (5, 3, 2), (3, 7, 1), (2, 4, 6), (0, 3, 2), (3, 0, 2), (0, 0, 2)]
points = arrays(
    float, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=st.floats(-20, 20, width=32)
)


def make(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 0.5


@pytest.fixture(params=KERNELS)
def kernel(request):
    return KERNELS[request.param][0]


# S6: the kernels


@pytest.mark.parametrize(("n1", "n2", "d"), SHAPES)
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_matrix_holds_the_value_of_every_pair(name, n1, n2, d):
    kernel, of_pair = KERNELS[name]
    X1, X2 = make(n1, d), make(n2, d, seed=1)
    got = kernel(X1, X2)
    assert got.shape == (n1, n2)
    oracle = np.array([[of_pair(x, z) for z in X2] for x in X1]).reshape(n1, n2)
    np.testing.assert_allclose(got, oracle, rtol=1e-10, atol=1e-12)


def test_kernels_agree_with_scikit_learn():
    X1, X2 = make(5, 3), make(4, 3, seed=1)
    np.testing.assert_allclose(linear_kernel(X1, X2), pairwise.linear_kernel(X1, X2), rtol=1e-12)
    np.testing.assert_allclose(
        polynomial_kernel(X1, X2, degree=3, offset=-0.4),
        pairwise.polynomial_kernel(X1, X2, degree=3, gamma=1, coef0=-0.4),
        rtol=1e-10,
    )
    np.testing.assert_allclose(
        rbf_kernel(X1, X2, gamma=0.3), pairwise.rbf_kernel(X1, X2, gamma=0.3), rtol=1e-12
    )


@given(points, points)
def test_swapping_the_two_sets_transposes_the_matrix(X1, X2):
    X2 = np.resize(X2, (len(X2), X1.shape[1]))
    for kernel, _ in KERNELS.values():
        scale = np.sqrt(np.outer(kernel(X1, X1).diagonal(), kernel(X2, X2).diagonal()))
        assert (np.abs(kernel(X1, X2) - kernel(X2, X1).T) <= 1e-11 * scale + 1e-11).all()


@given(points)
def test_the_cauchy_schwarz_inequality_holds_in_the_space_of_phi(X):
    for kernel, _ in KERNELS.values():
        K = kernel(X, X)
        bound = np.outer(K.diagonal(), K.diagonal())
        assert (bound - K**2 >= -1e-9 * bound - 1e-12).all()


@given(points, st.floats(1e-4, 1e4))
def test_an_rbf_gram_matrix_is_exactly_symmetric_with_ones_on_the_diagonal(X, gamma):
    for given_as in (X, X.tolist()):
        K = rbf_kernel(given_as, given_as, gamma=gamma)
        assert (K == K.T).all()
        assert (K.diagonal() == 1).all()
        assert ((K >= 0) & (K <= 1)).all()


@given(points)
def test_no_rounding_makes_two_points_more_alike_than_a_point_and_itself(X):
    assert rbf_kernel(X, X.copy(), gamma=1e6).max() <= 1


def test_the_rbf_kernel_falls_to_1_over_e_at_the_distance_1_over_root_gamma():
    np.testing.assert_allclose(rbf_kernel([[3.0]], [[3.0 + 1 / np.sqrt(7)]], gamma=7), np.exp(-1))


def test_the_rbf_kernel_sees_differences_only():
    X, Z, shift = make(6, 3), make(4, 3, seed=1), np.array([0.3, -2.0, 11.0])
    np.testing.assert_allclose(
        rbf_kernel(X + shift, Z + shift, gamma=0.3), rbf_kernel(X, Z, gamma=0.3), rtol=1e-11
    )


@pytest.mark.parametrize("offset", [1e4, 1e7])
def test_the_rbf_kernel_keeps_its_digits_far_from_the_origin(offset):
    X, Z = make(8, 3) + offset, make(5, 3, seed=1) + offset

    def exact(x, z):
        return float(sum((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(x, z, strict=True)))

    oracle = np.exp(-2.5 * np.array([[exact(x, z) for z in Z.tolist()] for x in X.tolist()]))
    np.testing.assert_allclose(rbf_kernel(X, Z, gamma=2.5), oracle, rtol=1e-6)
    about_the_origin = (X**2).sum(axis=1)[:, None] + (Z**2).sum(axis=1) - 2 * X @ Z.T
    assert np.abs(np.exp(-2.5 * about_the_origin) - oracle).max() > 1e-9  # what centring is for


def test_far_apart_points_are_orthogonal_and_nothing_overflows():
    K = rbf_kernel([[-1e4], [1e4]], [[-1e4], [1e4]], gamma=1e4)
    np.testing.assert_array_equal(K, np.eye(2))


# S5: symmetric and non-negative definite


@settings(max_examples=50)
@given(points)
def test_every_kernel_is_positive_semidefinite_on_every_set_of_points(X):
    for kernel, _ in KERNELS.values():
        assert is_positive_semidefinite(kernel(X, X))


@settings(max_examples=30)
@given(points, st.sampled_from(sorted(KERNELS)), st.sampled_from(sorted(KERNELS)))
def test_sums_and_products_of_kernels_are_kernels(X, first, second):
    (k1, _), (k2, _) = KERNELS[first], KERNELS[second]
    total, product = kernel_sum(k1, k2), kernel_product(k1, k2)
    np.testing.assert_allclose(total(X, X), k1(X, X) + k2(X, X))
    np.testing.assert_allclose(product(X, X), k1(X, X) * k2(X, X))
    for K in (total(X, X), product(X, X), kernel_sum(total, product)(X, X)):
        assert is_positive_semidefinite(K)


def test_schur_the_elementwise_product_of_gram_matrices_of_different_points_is_one_too():
    for seed in range(20):
        A, B = make(7, 2, seed), make(7, 3, seed + 100)
        assert is_positive_semidefinite((A @ A.T) * (B @ B.T))


def test_a_difference_of_kernels_need_not_be_a_kernel():
    X = make(5, 2)
    assert not is_positive_semidefinite(rbf_kernel(X, X, gamma=0.3) - linear_kernel(X, X))


def test_the_spectrum_falls_and_sums_to_the_trace(kernel):
    K = kernel(make(7, 2), make(7, 2))
    eigenvalues = spectrum(K)
    assert (np.diff(eigenvalues) <= 0).all()
    assert eigenvalues.sum() == pytest.approx(np.trace(K))
    assert (eigenvalues**2).sum() == pytest.approx((K**2).sum())


def test_the_rank_of_a_gram_matrix_is_the_number_of_features():
    X = make(20, 3)
    linear, quadratic = (
        spectrum(linear_kernel(X, X)),
        spectrum(polynomial_kernel(X, X, degree=2, offset=0.7)),
    )
    assert (linear > 1e-10 * linear[0]).sum() == 3
    assert (quadratic > 1e-10 * quadratic[0]).sum() == 10  # (3 + 1)(3 + 2) / 2


def test_rbf_of_distinct_points_is_positive_definite_and_of_equal_points_singular():
    x = np.linspace(-1, 1, 6)[:, None]
    assert spectrum(rbf_kernel(x, x, gamma=5.0))[-1] > 1e-3
    twice = np.concatenate([x, x])
    K = rbf_kernel(twice, twice, gamma=5.0)
    np.testing.assert_allclose(spectrum(K)[6:], 0, atol=1e-12)
    assert is_positive_semidefinite(K)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 0.3, 1e8, 1e150])
@pytest.mark.parametrize(("share", "verdict"), [(-1e-11, True), (-1e-9, False), (1e-9, True)])
def test_eigenvalues_are_judged_to_1e_10_of_the_largest_whatever_the_units(scale, share, verdict):
    Q = np.linalg.qr(make(4, 4))[0]
    K = Q @ np.diag([1.0, 0.5, 0.2, share]) @ Q.T
    assert is_positive_semidefinite(scale * (K + K.T) / 2) is verdict


def test_the_largest_eigenvalue_in_that_judgement_may_be_the_negative_one():
    assert not is_positive_semidefinite(np.diag([-1.0, 1e-12]))
    assert not is_positive_semidefinite(-np.eye(2))


@pytest.mark.parametrize("scale", [1e-8, 1e8])
@pytest.mark.parametrize(("share", "verdict"), [(1e-11, True), (1e-9, False), (-1e-9, False)])
def test_symmetry_is_judged_to_1e_10_too(scale, share, verdict):
    K = np.diag([1.0, 0.5, 0.3])
    K[0, 2] += share
    assert is_positive_semidefinite(scale * K) is verdict
    if verdict:
        np.testing.assert_allclose(spectrum(scale * K), scale * np.array([1.0, 0.5, 0.3]))
    else:
        with pytest.raises(ValueError, match=r"^K: expected a symmetric matrix"):
            spectrum(scale * K)


def test_a_matrix_without_symmetry_is_no_gram_matrix_though_its_quadratic_form_is_positive():
    K = np.array([[1.0, 0.9], [-0.9, 1.0]])
    assert not is_positive_semidefinite(K)
    assert not is_positive_semidefinite([[0.0, 1.0], [-1.0, 0.0]])
    with pytest.raises(ValueError, match="symmetric"):
        spectrum(K)


def test_zero_and_empty_matrices_are_positive_semidefinite():
    assert is_positive_semidefinite(np.zeros((3, 3)))
    assert is_positive_semidefinite(np.empty((0, 0)))
    assert spectrum(np.empty((0, 0))).shape == (0,)


# The kernel trick


@given(points, st.floats(0, 9))
def test_the_quadratic_kernel_is_the_inner_product_of_the_quadratic_features(X, offset):
    phi = quadratic_features(X, offset=offset)
    n, d = X.shape
    assert phi.shape == (n, (d + 1) * (d + 2) // 2)
    K = polynomial_kernel(X, X, degree=2, offset=offset)
    np.testing.assert_allclose(phi @ phi.T, K, rtol=1e-9, atol=1e-9 * K.max(initial=0))


@pytest.mark.parametrize(("n", "d", "l2"), [(9, 3, 0.3), (3, 5, 7.0), (1, 1, 0.04), (40, 2, 2.5)])
def test_kernel_ridge_with_the_linear_kernel_is_ridge(n, d, l2):
    X, y, X_new = make(n, d), make(n, 1, seed=2)[:, 0], make(6, d, seed=3)
    dual = kernel_ridge(linear_kernel(X, X), y, l2=l2)
    theta = ridge(X, y, l2=l2)
    np.testing.assert_allclose(X.T @ dual, theta, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(linear_kernel(X_new, X) @ dual, X_new @ theta, rtol=1e-8)


def test_kernel_ridge_with_the_quadratic_kernel_is_ridge_on_the_quadratic_features():
    X, y, X_new = make(12, 2), make(12, 1, seed=2)[:, 0], make(6, 2, seed=3)
    quadratic = partial(polynomial_kernel, degree=2, offset=0.7)
    dual = kernel_ridge(quadratic(X, X), y, l2=0.3)
    theta = ridge(quadratic_features(X, offset=0.7), y, l2=0.3)
    np.testing.assert_allclose(
        quadratic(X_new, X) @ dual, quadratic_features(X_new, offset=0.7) @ theta, rtol=1e-7
    )


@pytest.mark.parametrize("l2", [0.04, 2.5])
def test_kernel_ridge_is_the_mean_of_a_gaussian_process_with_noise_variance_l2(l2):
    X, y, X_new = make(15, 2), make(15, 1, seed=2)[:, 0], make(6, 2, seed=3)
    gamma = 0.3
    process = GaussianProcessRegressor(RBF(1 / np.sqrt(2 * gamma)), alpha=l2, optimizer=None)
    oracle = process.fit(X, y).predict(X_new)
    got = rbf_kernel(X_new, X, gamma=gamma) @ kernel_ridge(rbf_kernel(X, X, gamma=gamma), y, l2=l2)
    np.testing.assert_allclose(got, oracle, rtol=1e-9)


@pytest.mark.parametrize("l2", [0.04, 2.5])
def test_kernel_ridge_agrees_with_scikit_learn(kernel, l2):
    X, y = make(15, 2), make(15, 1, seed=2)[:, 0]
    K = kernel(X, X)
    oracle = KernelRidge(alpha=l2, kernel="precomputed").fit(K, y).dual_coef_
    np.testing.assert_allclose(K @ kernel_ridge(K, y, l2=l2), K @ oracle, rtol=1e-7, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(points, st.floats(1e-2, 1e3), st.integers(0, 99))
def test_no_other_coefficients_have_a_smaller_objective(X, l2, seed):
    rng = np.random.default_rng(seed)
    y, K = rng.normal(1.5, 2.0, size=len(X)), rbf_kernel(X, X, gamma=0.3)

    def objective(a):
        return ((y - K @ a) ** 2).sum() + l2 * a @ K @ a

    best = kernel_ridge(K, y, l2=l2)
    for size in (1e-3, 0.1, 1.0):
        other = best + size * rng.normal(size=len(X))
        assert objective(best) <= objective(other) * (1 + 1e-12)


@pytest.mark.parametrize("K", [np.zeros((4, 4)), np.ones((4, 4)), np.diag([1e8, 1.0, 0.0, 0.0])])
def test_kernel_ridge_does_not_mind_a_singular_matrix(K):
    y = np.array([1.0, -2.0, 0.5, 4.0])
    got = kernel_ridge(K, y, l2=0.3)
    np.testing.assert_allclose(K @ got + 0.3 * got, y, rtol=1e-9)


def test_kernel_ridge_interpolates_as_l2_vanishes_and_forgets_as_it_grows():
    x, y = np.linspace(-1, 1, 6)[:, None], make(6, 1, seed=2)[:, 0]
    K = rbf_kernel(x, x, gamma=5.0)
    np.testing.assert_allclose(K @ kernel_ridge(K, y, l2=1e-9), y, rtol=1e-5)
    assert np.abs(K @ kernel_ridge(K, y, l2=1e9)).max() < 1e-7


def test_arguments_come_back_unchanged(kernel):
    X, y = make(6, 2), make(6, 1)[:, 0]
    K = kernel(X, X)
    before = X.copy(), y.copy(), K.copy()
    kernel_ridge(K, y, l2=0.3)
    spectrum(K)
    is_positive_semidefinite(K)
    quadratic_features(X, offset=0.3)
    for now, then in zip((X, y, K), before, strict=True):
        np.testing.assert_array_equal(now, then)


# Errata: the slide's formula fails where the correct one holds


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_e14_a_negative_offset_gives_a_negative_eigenvalue_in_every_degree(degree):
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.3, 0.5]])
    K = polynomial_kernel(X, X, degree=degree, offset=-1.0)
    assert spectrum(K)[-1] < -0.1
    assert not is_positive_semidefinite(K)


def test_e14_with_offset_minus_1_and_degree_3_a_point_has_a_negative_squared_length():
    np.testing.assert_allclose(
        polynomial_kernel([[0.5]], [[0.5]], degree=3, offset=-1.0), [[(0.25 - 1) ** 3]]
    )


def test_e14_quadratic_features_of_a_negative_offset_are_refused():
    with pytest.raises(ValueError, match="offset: expected one number, 0 or above, got -1"):
        quadratic_features([[1.0]], offset=-1.0)


@pytest.mark.parametrize("degree", [0.5, 1.5, 2.5])
def test_e14_a_fractional_degree_gives_a_negative_eigenvalue_though_every_base_is_positive(degree):
    x = np.array([[0.0], [0.1], [0.5], [2.0], [8.0]])

    def slide(degree):
        return (x @ x.T + 1.0) ** degree

    assert is_positive_semidefinite(slide(int(degree + 0.5)))
    assert not is_positive_semidefinite(slide(degree))
    with pytest.raises(ValueError, match=f"degree: expected a whole number.*got {degree}"):
        polynomial_kernel(x, x, degree=degree, offset=1.0)


@pytest.mark.parametrize("gamma", [-0.3, 0.0])
def test_e22_the_rbf_kernel_refuses_a_gamma_that_is_not_positive(gamma):
    with pytest.raises(ValueError, match="gamma: expected one number above 0"):
        rbf_kernel([[1.0]], [[2.0]], gamma=gamma)


def test_e22_the_slides_formula_with_a_negative_gamma_has_a_negative_eigenvalue():
    X = make(5, 2)

    def slide(gamma):
        return np.exp(-gamma * ((X[:, None] - X) ** 2).sum(axis=2))

    assert is_positive_semidefinite(slide(0.3))
    assert spectrum(slide(-0.3))[-1] < -0.1
    two = np.exp(0.3 * np.array([[0.0, 4.0], [4.0, 0.0]]))
    assert spectrum(two)[-1] == pytest.approx(1 - np.exp(1.2))


# Bad input

X2 = np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: linear_kernel([1.0, 2.0], X2), r"X1: expected a matrix .*X1\[:, None\]"),
        (lambda: linear_kernel(X2, [1.0, 2.0]), r"X2: expected a matrix"),
        (lambda: linear_kernel(X2, np.ones((2, 4))), "X2: expected 3 columns"),
        (lambda: rbf_kernel(X2, [[1.0, np.nan, 0.0]], gamma=1), "X2: expected finite"),
        (lambda: rbf_kernel(X2, X2, gamma=[1, 2]), "gamma: expected one number"),
        (lambda: polynomial_kernel(X2, X2, degree=-1, offset=1), "degree: .* at least 0, got -1"),
        (lambda: polynomial_kernel(X2, X2, degree=2, offset=[1]), "offset: expected one number"),
        (lambda: polynomial_kernel(X2, X2, degree=2, offset=np.inf), "offset: expected finite"),
        (lambda: quadratic_features([1.0], offset=1), r"X: expected a matrix.*X\[:, None\]"),
        (lambda: is_positive_semidefinite(X2), r"K: expected a square matrix.*\(2, 3\)"),
        (lambda: is_positive_semidefinite([1.0]), "K: expected a matrix"),
        (lambda: spectrum(X2), "K: expected a square matrix"),
        (lambda: kernel_ridge(X2, [1.0, 2.0], l2=1), "K: expected a square matrix"),
        (lambda: kernel_ridge([[1, 2], [0, 1]], [1.0, 2.0], l2=1), "K: expected a symmetric"),
        (lambda: kernel_ridge([[1, 3], [3, 1]], [1.0, 2.0], l2=1), r"K \+ l2 I: expected a"),
        (lambda: kernel_ridge(np.eye(2), [1.0], l2=1), "y: expected 2 numbers"),
        (lambda: kernel_ridge(np.eye(2), [1.0, 2.0], l2=0), "l2: expected one number above 0"),
    ],
)
def test_bad_input_is_refused_with_what_was_expected_and_what_came(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()
