"""The cases: name, goal for the time ratio, the reason for the ratio, and a maker for each size.

A maker takes a random generator and returns (ours, {peer: call}, agree), where `agree` raises
unless both calls found the same.
"""

from numpy.testing import assert_allclose
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.linear_model import BayesianRidge, Ridge

from course_utils import bayesian_regression as bayes


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
]  # fmt: skip
