"""The cases: name, goal for the time ratio, the reason for the ratio, and a maker for each size.

A maker takes a random generator and returns (ours, {peer: call}, agree), where `agree` raises
unless both calls found the same.
"""

import numpy as np
from numpy.testing import assert_allclose
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import BayesianRidge, Ridge
from sklearn.metrics import pairwise
from sklearn.svm import SVC

from course_utils import bayesian_regression as bayes
from course_utils import data, kernels, svm


def map_estimate(n, d):
    def make(rng):
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        peer = {
            f"Ridge({solver})": Ridge(alpha=0.6, fit_intercept=False, solver=solver)
            for solver in ("svd", "cholesky")
        }
        return (
            lambda: bayes.map_estimate(X, y, prior_precision=2.0, noise_variance=0.3),
            {name: lambda model=model: model.fit(X, y).coef_ for name, model in peer.items()},
            lambda a, b: assert_allclose(a, b, rtol=1e-6, atol=1e-9),
        )

    return make


def evidence(n, d):
    def make(rng):
        X = rng.normal(size=(n, d))
        y = X @ rng.normal(size=d) + rng.normal(size=n)
        model = BayesianRidge(
            alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, tol=1e-8, max_iter=1000,
            fit_intercept=False,
        )  # fmt: skip

        def ours():
            best = bayes.maximise_evidence(X, y)
            found = {
                "prior_precision": best.prior_precision,
                "noise_variance": best.noise_variance,
            }
            return bayes.posterior(X, y, **found).mean

        return (
            ours,
            {"BayesianRidge": lambda: model.fit(X, y).coef_},
            lambda a, b: assert_allclose(a, b, rtol=1e-5),
        )

    return make


def predictive(n, d):
    def make(rng):
        X, y, X_new = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=(n, d))
        kernel = ConstantKernel(0.5, "fixed") * DotProduct(0.0, "fixed")
        process = GaussianProcessRegressor(kernel, alpha=0.3, optimizer=None)

        def ours():
            belief = bayes.posterior(X, y, prior_precision=2.0, noise_variance=0.3)
            return bayes.predictive(X_new, *belief, noise_variance=0.3)

        def peer():
            mean, deviation = process.fit(X, y).predict(X_new, return_std=True)
            return mean, deviation**2 + 0.3

        return (
            ours,
            {"GaussianProcessRegressor": peer},
            lambda a, b: [
                assert_allclose(u, v, rtol=1e-5, atol=1e-7) for u, v in zip(a, b, strict=True)
            ],
        )

    return make


def gram(ours, peer):
    def sized(n, d):
        def make(rng):
            X = rng.normal(size=(n, d))
            return (
                lambda: ours(X, X),
                {peer.__name__: lambda: peer(X, X)},
                lambda a, b: assert_allclose(a, b, rtol=1e-8, atol=1e-10),
            )

        return make

    return {"300 × 10": sized(300, 10), "1000 × 30": sized(1000, 30), "3000 × 64": sized(3000, 64)}


def gaussian_kernel(X1, X2):
    return kernels.rbf_kernel(X1, X2, gamma=0.05)


def polynomial_kernel(X1, X2):
    return kernels.polynomial_kernel(X1, X2, degree=3, offset=1.0)


def rbf_kernel(X1, X2):
    return pairwise.rbf_kernel(X1, X2, gamma=0.05)


def polynomial_kernel_peer(X1, X2):
    return pairwise.polynomial_kernel(X1, X2, degree=3, gamma=1.0, coef0=1.0)


polynomial_kernel_peer.__name__ = "polynomial_kernel"


def kernel_ridge(n):
    def make(rng):
        X, y = rng.normal(size=(n, 5)), rng.normal(size=n)
        K = kernels.rbf_kernel(X, X, gamma=0.1)
        model = KernelRidge(alpha=0.3, kernel="precomputed")
        return (
            lambda: kernels.kernel_ridge(K, y, l2=0.3),
            {"KernelRidge": lambda: model.fit(K, y).dual_coef_},
            lambda a, b: assert_allclose(K @ a, K @ b, rtol=1e-7, atol=1e-9),
        )

    return make


def support_vectors(n):
    def make(rng):
        X, y = data.moons(n, noise_deviation=0.25, rng=rng)
        K = kernels.rbf_kernel(X, X, gamma=2.0)
        model = SVC(C=1.0, kernel="precomputed", tol=1e-4)

        def decision():
            model.fit(K, y)
            coefficients = np.zeros(n)
            coefficients[model.support_] = model.dual_coef_[0]
            return coefficients

        return (
            lambda: svm.kernel_svm(K, y, cost=1.0, tolerance=1e-4).coefficients,
            {"SVC": decision},
            lambda a, b: assert_allclose(K @ a, K @ b, atol=0.02),
        )

    return make


CASES = [
    (
        "MAP estimate", 1.0,
        "one SVD of X, which keeps the digits that forming XᵀX loses; Ridge's Cholesky forms it.",
        {"1e3 × 10": map_estimate(1000, 10), "1e4 × 30": map_estimate(10_000, 30),
         "1e5 × 50": map_estimate(100_000, 50)},
    ),
    (
        "evidence", 1.0,
        "a search for one number after the SVD.",
        {"1e3 × 10": evidence(1000, 10), "1e4 × 30": evidence(10_000, 30),
         "5e4 × 50": evidence(50_000, 50)},
    ),
    (
        "predictive", 1.0,
        "weights are d numbers, a Gaussian process keeps n².",
        {"100 × 5": predictive(100, 5), "500 × 10": predictive(500, 10),
         "2000 × 20": predictive(2000, 20)},
    ),
    (
        "Gaussian Gram", 1.0,
        "one matrix product and one exponential, in place.",
        gram(gaussian_kernel, rbf_kernel),
    ),
    (
        "polynomial Gram", 1.0,
        "one matrix product and one power, in place.",
        gram(polynomial_kernel, polynomial_kernel_peer),
    ),
    (
        "kernel ridge", 1.0,
        "both solve one symmetric system; SciPy's Cholesky halves the work of NumPy's LU.",
        {f"n = {n}": kernel_ridge(n) for n in (200, 600, 1800)},
    ),
    (
        "kernel SVM", 2.0,
        "LIBSVM's compiled pairs against steps on many coefficients at once in NumPy.",
        {f"n = {n}": support_vectors(n) for n in (200, 500, 1000)},
    ),
]  # fmt: skip
