"""The cases: name, goal for the time ratio, the reason for the ratio, and a maker for each size.

A maker takes a random generator and returns (ours, {peer: call}, agree), where `agree` raises
unless both calls found the same.
"""

import warnings

import numpy as np
from numpy.testing import assert_allclose
from scipy import special as scipy_special
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.metrics import mutual_info_score, pairwise
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC
from statsmodels.api import GLM, families

from course_utils import bayesian_regression as bayes
from course_utils import (
    data,
    glm,
    information_theory,
    kernels,
    neural_networks,
    penalties,
    special,
    svm,
)

try:
    import torch
except ModuleNotFoundError:  # an optional peer
    torch = None


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


def softmax(n, k):
    def make(rng):
        scores = 10 * rng.normal(size=(n, k))
        peers = {"SciPy": lambda: scipy_special.softmax(scores, axis=-1)}
        if torch:
            tensor = torch.from_numpy(scores)
            peers["PyTorch"] = lambda: torch.softmax(tensor, dim=-1)
        return lambda: special.softmax(scores), peers, assert_allclose

    return make


def cross_entropy_loss(n, k):
    """Loss and gradient."""

    def make(rng):
        scores, y = 3 * rng.normal(size=(n, k)), rng.integers(k, size=n)
        rows = np.arange(n)

        def scipys():
            log_p = scipy_special.log_softmax(scores, axis=1)
            gradient = np.exp(log_p)
            gradient[rows, y] -= 1
            gradient /= n
            return -log_p[rows, y].mean(), gradient

        peers = {"SciPy": scipys}
        if torch:
            labels = torch.from_numpy(y)

            def torchs():
                tensor = torch.from_numpy(scores).requires_grad_()
                loss = torch.nn.functional.cross_entropy(tensor, labels)
                loss.backward()
                return loss.item(), tensor.grad.numpy()

            peers["PyTorch"] = torchs
        return (
            lambda: information_theory.softmax_cross_entropy(scores, y), peers,
            lambda a, b: [assert_allclose(u, v, rtol=1e-7, atol=1e-12)
                          for u, v in zip(a, b, strict=True)],
        )  # fmt: skip

    return make


def divergences(n, k):
    def make(rng):
        p, q = (w / w.sum(axis=1, keepdims=True) for w in rng.random((2, n, k)))
        return (
            lambda: (information_theory.entropy(p), information_theory.kl_divergence(p, q)),
            {"SciPy": lambda: (stats.entropy(p, base=2, axis=1),
                               stats.entropy(p, q, base=2, axis=1))},
            lambda a, b: [assert_allclose(u, v, rtol=1e-8) for u, v in zip(a, b, strict=True)],
        )  # fmt: skip

    return make


def pixels(n, d):
    def make(rng):
        X, y = rng.integers(17, size=(n, d)), rng.integers(10, size=n)
        return (
            lambda: information_theory.pixel_mutual_information(X, y, base=np.e),
            {"mutual_info_score": lambda: [mutual_info_score(column, y) for column in X.T]},
            lambda a, b: assert_allclose(a, b, atol=1e-12),
        )

    return make


def regression(n, d, family, l2=0.01):
    def make(rng):
        X, theta = rng.normal(size=(n, d)), rng.normal(size=d) / np.sqrt(d)
        if family == "bernoulli":
            y = (rng.random(n) < special.sigmoid(X @ theta)).astype(float)
            model = LogisticRegression(C=1 / (2 * n * l2), fit_intercept=False, tol=1e-8,
                                       solver="newton-cholesky")  # fmt: skip
            theirs = families.Binomial()
        else:
            y = rng.poisson(np.exp(0.5 * X @ theta)).astype(float)
            model = PoissonRegressor(alpha=2 * l2, fit_intercept=False, tol=1e-8,
                                     solver="newton-cholesky")  # fmt: skip
            theirs = families.Poisson()
        return (
            lambda: glm.fit(X, y, family=family, l2=l2).theta,
            {
                "scikit-learn newton-cholesky": lambda: model.fit(X, y).coef_.ravel(),
                "statsmodels, no penalty": lambda: GLM(y, X, family=theirs).fit(tol=1e-8).params,
            },
            lambda a, b: assert_allclose(a, b, atol=0.2),  # one of the peers has no penalty
        )

    return make


def sparse(n, d, share):
    def make(rng):
        X = rng.normal(size=(n, d)) + 0.5 * rng.normal(size=(n, 1))
        y = X @ np.where(rng.random(d) < 0.2, rng.normal(size=d), 0) + rng.normal(size=n)
        strength = share * penalties.strongest(X, y)
        options = {"alpha": strength, "fit_intercept": False, "tol": 1e-8, "max_iter": 100_000}
        plain, gram = Lasso(**options), Lasso(precompute=True, **options)
        return (
            lambda: (
                penalties.elastic_net(X, y, strength=strength, l1_ratio=1, tolerance=1e-8).theta
            ),
            {
                "Lasso": lambda: plain.fit(X, y).coef_,
                "Lasso(precompute)": lambda: gram.fit(X, y).coef_,
            },
            lambda a, b: assert_allclose(a, b, atol=1e-4),
        )

    return make


def elastic(n, d):
    def make(rng):
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        y = y + X[:, ::4].sum(axis=1)
        strength = 0.1 * penalties.strongest(X, y)
        l1, l2 = 0.5 * strength, 0.5 * strength
        model = ElasticNet(alpha=l1 + 2 * l2, l1_ratio=l1 / (l1 + 2 * l2), fit_intercept=False,
                           tol=1e-8, max_iter=100_000)  # fmt: skip
        return (
            lambda: (
                penalties.elastic_net(X, y, strength=strength, l1_ratio=0.5, tolerance=1e-8).theta
            ),
            {"ElasticNet": lambda: model.fit(X, y).coef_},
            lambda a, b: assert_allclose(a, b, atol=1e-4),
        )

    return make


def hinge(n, d, epochs):
    """Two classes: as many epochs as bring the objective within 1 % of liblinear's."""

    def make(rng):
        X = rng.normal(size=(n, d))
        y = (X @ rng.normal(size=d) + 0.5 * rng.normal(size=n) > 0).astype(int)
        l2 = 0.05
        model = LinearSVC(C=1 / (n * l2), loss="hinge", fit_intercept=False, tol=1e-3,
                          max_iter=10_000)  # fmt: skip

        def ours():
            return svm.fit_multiclass_hinge(
                X, y, n_classes=2, l2=l2, margin=1.0, n_epochs=epochs, batch_size=32,
                rng=np.random.default_rng(0),
            ).W  # fmt: skip

        def liblinear():
            w = model.fit(X, y).coef_[0]
            return np.column_stack([-w / 2, w / 2])

        def objective(W):
            return svm.multiclass_hinge(W, X, y, l2=l2, margin=1.0)[0]

        return (
            ours,
            {"LinearSVC(hinge)": liblinear},
            lambda a, b: assert_allclose(objective(a), objective(b), rtol=0.01),
        )

    return make


def perceptron(n, d, hidden, k, epochs=10):
    def make(rng):
        X, y = rng.normal(size=(n, d)), rng.integers(k, size=n)
        model = MLPClassifier((hidden,), batch_size=64, max_iter=epochs, alpha=0, tol=0,
                              n_iter_no_change=epochs + 1, random_state=0)  # fmt: skip

        def ours():
            return neural_networks.fit(
                X, y, sizes=[d, hidden, k], kind="relu", learning_rate=1e-3, n_epochs=epochs,
                batch_size=64, rng=np.random.default_rng(0),
            ).history[-1]  # fmt: skip

        def theirs():
            with warnings.catch_warnings():  # of epochs that are too few to converge
                warnings.simplefilter("ignore")
                return model.fit(X, y).loss_

        peers = {"MLPClassifier": theirs}
        if torch:
            peers["PyTorch"] = lambda: train(X, y, d, hidden, k, epochs)
        return ours, peers, lambda a, b: assert_allclose(a, b, rtol=0.2)  # other random weights

    return make


def train(X, y, d, hidden, k, epochs):
    """The same network and epochs in PyTorch, float64."""
    torch.manual_seed(0)
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    net = torch.nn.Sequential(
        torch.nn.Linear(d, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, k)
    ).double()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(X)).split(64):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(inputs[batch]), labels[batch])
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
    return total / len(X)


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
        "softmax", 1.0,
        "the same passes as SciPy's, with fewer copies; PyTorch's fused loop keeps a row in cache.",
        {"1e3 × 10": softmax(1000, 10), "1e4 × 100": softmax(10_000, 100),
         "1e5 × 100": softmax(100_000, 100)},
    ),
    (
        "cross-entropy", 1.0,
        "loss and gradient share one exponential.",
        {"1e3 × 10": cross_entropy_loss(1000, 10), "1e4 × 100": cross_entropy_loss(10_000, 100),
         "1e5 × 100": cross_entropy_loss(100_000, 100)},
    ),
    (
        "entropy and KL", 1.0,
        "both take logarithms of everything; ours checks that its input is a distribution.",
        {"1e2 × 10": divergences(100, 10), "1e4 × 10": divergences(10_000, 10),
         "1e4 × 100": divergences(10_000, 100)},
    ),
    (
        "pixel mutual information", 1.0,
        "one count for all pixels against a call for each.",
        {"500 × 64": pixels(500, 64), "2000 × 256": pixels(2000, 256),
         "10000 × 784": pixels(10_000, 784)},
    ),
    (
        "logistic regression", 1.0,
        "the same Newton steps: one product XᵀWX each.",
        {"1e3 × 10": regression(1000, 10, "bernoulli"),
         "1e4 × 30": regression(10_000, 30, "bernoulli"),
         "1e5 × 50": regression(100_000, 50, "bernoulli")},
    ),
    (
        "Poisson regression", 1.0,
        "the same.",
        {"1e3 × 10": regression(1000, 10, "poisson"),
         "1e4 × 30": regression(10_000, 30, "poisson"),
         "1e5 × 50": regression(100_000, 50, "poisson")},
    ),
    (
        "lasso", 2.0,
        "Python's loop over the coordinates of XᵀX, cut short by one linear system for the signs.",
        {"200 × 20": sparse(200, 20, 0.1), "2000 × 100": sparse(2000, 100, 0.1),
         "20000 × 200": sparse(20_000, 200, 0.1)},
    ),
    (
        "elastic net", 2.0,
        "the same.",
        {"200 × 20": elastic(200, 20), "2000 × 100": elastic(2000, 100),
         "20000 × 200": elastic(20_000, 200)},
    ),
    (
        "hinge by SGD", 2.0,
        "liblinear's compiled dual coordinates against mini-batches, to 1 % of the objective.",
        {"500 × 10": hinge(500, 10, 10), "5000 × 20": hinge(5000, 20, 5),
         "50000 × 30": hinge(50_000, 30, 2)},
    ),
    (
        "MLP, 10 epochs", 1.0,
        "one vector of weights, and Adam in place.",
        {"500 × 2, 32": perceptron(500, 2, 32, 2), "1797 × 64, 64": perceptron(1797, 64, 64, 10),
         "5000 × 64, 256": perceptron(5000, 64, 256, 10)},
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
