"""Right answers, written quite differently from the solution. All of them must get full marks.

A function's name is the exercise that it answers.
"""

import math

import numpy as np


def add_bias(X):
    """Fills an empty array."""
    n, d = X.shape
    result = np.empty((n, d + 1))
    result[:, 0] = 1.0
    result[:, 1:] = X
    return result


def add_bias(X):
    """Inserts along the columns."""
    return np.insert(X, 0, 1.0, axis=1)


def add_bias(X):
    """Pads on the left."""
    return np.pad(X, ((0, 0), (1, 0)), constant_values=1)


def add_bias(X):
    """A matrix product: keep the features, add a constant row vector."""
    d = X.shape[1]
    return X @ np.eye(d, d + 1, k=1) + np.eye(1, d + 1)


def polynomial_features(x, degree):
    """NumPy's Vandermonde matrix."""
    return np.vander(np.asarray(x, dtype=float), degree + 1, increasing=True)


def polynomial_features(x, degree):
    """Each column is the last one times x."""
    columns = [np.ones(len(x))]
    for _ in range(degree):
        columns.append(columns[-1] * x)
    return np.column_stack(columns)


def polynomial_features(x, degree):
    """Plain Python numbers, row by row."""
    rows = [[float(value) ** j for j in range(degree + 1)] for value in x]
    return np.array(rows).reshape(len(rows), degree + 1)


def polynomial_features(x, degree):
    """A running product over repeated columns."""
    repeated = np.repeat(np.asarray(x, dtype=float)[:, None], degree + 1, axis=1)
    repeated[:, 0] = 1.0
    return np.cumprod(repeated, axis=1)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """Two loops over plain numbers."""
    total = 0.0
    for i in range(len(y)):
        prediction = 0.0
        for j in range(len(theta)):
            prediction += X[i, j] * theta[j]
        total -= (y[i] - prediction) ** 2 / (2 * noise_variance)
    for weight in theta:
        total -= prior_precision * weight**2 / 2
    return total


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """Sums of normal log densities, all constants included."""

    def log_normal(value, mean, variance):
        return -0.5 * (math.log(2 * math.pi * variance) + (value - mean) ** 2 / variance)

    log_likelihood = sum(
        log_normal(y_i, x_i @ theta, noise_variance) for x_i, y_i in zip(X, y, strict=True)
    )
    return log_likelihood + sum(log_normal(weight, 0.0, 1 / prior_precision) for weight in theta)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The prior as d more observations of 0, stacked under the data."""
    Z = np.vstack([X / np.sqrt(noise_variance), np.sqrt(prior_precision) * np.eye(len(theta))])
    t = np.concatenate([y / np.sqrt(noise_variance), np.zeros(len(theta))])
    return np.array(-0.5 * np.sum((t - Z @ theta) ** 2))


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """A quadratic form in θ around the summit, the constant left out."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(len(theta))
    away = theta - np.linalg.solve(A, X.T @ y / noise_variance)
    return -0.5 * away @ A @ away


def posterior(X, y, *, prior_precision, noise_variance):
    """An explicit inverse and the textbook's formula."""
    S = np.linalg.inv(X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1]))
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Least squares on data with the prior stacked underneath."""
    d = X.shape[1]
    Z = np.vstack([X / np.sqrt(noise_variance), np.sqrt(prior_precision) * np.eye(d)])
    t = np.concatenate([y / np.sqrt(noise_variance), np.zeros(d)])
    R_inverse = np.linalg.inv(np.linalg.qr(Z, mode="r"))
    return np.linalg.lstsq(Z, t, rcond=None)[0], R_inverse @ R_inverse.T


def posterior(X, y, *, prior_precision, noise_variance):
    """Cholesky factors of the precision."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    half = np.linalg.inv(np.linalg.cholesky(A))
    return half.T @ (half @ (X.T @ y)) / noise_variance, half.T @ half


def posterior(X, y, *, prior_precision, noise_variance):
    """The dual form (Woodbury): a system of n equations instead of d."""
    (n, d), l2 = X.shape, prior_precision * noise_variance
    gain = np.linalg.solve(X @ X.T + l2 * np.eye(n), X).T
    return gain @ y, (np.eye(d) - gain @ X) / prior_precision


def posterior(X, y, *, prior_precision, noise_variance):
    """One observation after the other, each a rank-one update."""
    d = X.shape[1]
    mean, S = np.zeros(d), np.eye(d) / prior_precision
    for x_i, y_i in zip(X, y, strict=True):
        gain = S @ x_i / (x_i @ S @ x_i + noise_variance)
        mean = mean + gain * (y_i - x_i @ mean)
        S = S - np.outer(gain, x_i @ S)
    return mean, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Eigenvectors of XᵀX, along which everything is one-dimensional."""
    values, vectors = np.linalg.eigh(X.T @ X)
    variances = 1 / (values / noise_variance + prior_precision)
    mean = vectors @ (variances * (vectors.T @ (X.T @ y))) / noise_variance
    return [mean.tolist(), ((vectors * variances) @ vectors.T).tolist()]


def posterior(X, y, *, prior_precision, noise_variance):
    """Ridge with l2 = λσ², and σ² times its inverse."""
    S = np.linalg.inv(X.T @ X + prior_precision * noise_variance * np.eye(X.shape[1]))
    return S @ (X.T @ y), noise_variance * S


def predictive(X_new, mean, covariance, *, noise_variance):
    """One point at a time."""
    means, variances = [], []
    for x in X_new:
        means.append(float(x @ mean))
        variances.append(float(x @ covariance @ x) + noise_variance)
    return means, variances


def predictive(X_new, mean, covariance, *, noise_variance):
    """Einstein's summation."""
    variance = np.einsum("ij,jk,ik->i", X_new, covariance, X_new) + noise_variance
    return np.einsum("ij,j->i", X_new, mean), variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """The diagonal of the full covariance matrix: slow but right."""
    full = X_new @ covariance @ X_new.T + noise_variance * np.eye(len(X_new))
    return X_new @ mean, np.diag(full)


def predictive(X_new, mean, covariance, *, noise_variance):
    """Squared lengths after a Cholesky factor of the covariance."""
    half = X_new @ np.linalg.cholesky(covariance)
    return np.array([X_new @ mean, (half**2).sum(axis=1) + noise_variance])


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Through the posterior, Bishop's equation 3.86."""
    n, d = X.shape
    A = X.T @ X / noise_variance + prior_precision * np.eye(d)
    mean = np.linalg.solve(A, X.T @ y) / noise_variance
    residual = y - X @ mean
    energy = residual @ residual / noise_variance + prior_precision * mean @ mean
    log_volume = np.linalg.slogdet(A)[1] - d * np.log(prior_precision)
    return -0.5 * (n * np.log(2 * np.pi * noise_variance) + log_volume + energy)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Cholesky: the determinant from the factor's diagonal."""
    L = np.linalg.cholesky(X @ X.T / prior_precision + noise_variance * np.eye(len(y)))
    white = np.linalg.solve(L, y)
    log_root = np.log(np.diag(L)).sum()
    return -0.5 * len(y) * np.log(2 * np.pi) - log_root - 0.5 * white @ white


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The chain rule: each observation is predicted from those before it."""
    d, total = X.shape[1], 0.0
    mean, S = np.zeros(d), np.eye(d) / prior_precision
    for x_i, y_i in zip(X, y, strict=True):
        variance, error = x_i @ S @ x_i + noise_variance, y_i - x_i @ mean
        total -= 0.5 * (math.log(2 * math.pi * variance) + error**2 / variance)
        gain = S @ x_i / variance
        mean, S = mean + gain * error, S - np.outer(gain, x_i @ S)
    return total


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Eigenvalues of C and an explicit inverse."""
    C = X @ X.T / prior_precision + noise_variance * np.eye(len(y))
    log_det = np.log(np.linalg.eigvalsh(C)).sum()
    return -0.5 * (len(y) * np.log(2 * np.pi) + log_det + y @ np.linalg.inv(C) @ y)


def check_posterior(posterior):
    """Compares with a second implementation, through an explicit inverse."""
    rng = np.random.default_rng(5)
    for n, d in [(6, 2), (1, 4), (0, 2)]:
        for prior_precision, noise_variance in [(0.2, 3.0), (5.0, 0.1)]:
            X, y = rng.normal(1.0, 2.0, size=(n, d)), rng.normal(-1.0, 2.0, size=n)
            mean, covariance = posterior(
                X, y, prior_precision=prior_precision, noise_variance=noise_variance
            )
            S = np.linalg.inv(X.T @ X / noise_variance + prior_precision * np.eye(d))
            m = S @ X.T @ y / noise_variance
            if np.shape(mean) != m.shape or np.shape(covariance) != S.shape:
                raise AssertionError("wrong shape")
            if not np.allclose(mean, m, rtol=1e-6, atol=1e-8):
                raise AssertionError("wrong mean")
            if not np.allclose(covariance, S, rtol=1e-6, atol=1e-8):
                raise AssertionError("wrong covariance")


def check_posterior(posterior):
    """Adds one observation after the other and compares at every step."""
    rng = np.random.default_rng(6)
    X, y = rng.normal(0.5, 1.5, size=(6, 4)), rng.normal(2.0, 1.0, size=6)
    for prior_precision, noise_variance in [(0.4, 2.0), (6.0, 0.05)]:
        mean, S = np.zeros(4), np.eye(4) / prior_precision
        for n in range(7):
            got_mean, got_S = posterior(
                X[:n], y[:n], prior_precision=prior_precision, noise_variance=noise_variance
            )
            assert np.shape(got_mean) == (4,)
            assert np.shape(got_S) == (4, 4)
            assert np.allclose(got_mean, mean, rtol=1e-6, atol=1e-8)
            assert np.allclose(got_S, S, rtol=1e-6, atol=1e-8)
            if n < 6:
                gain = S @ X[n] / (X[n] @ S @ X[n] + noise_variance)
                mean, S = mean + gain * (y[n] - X[n] @ mean), S - np.outer(gain, X[n] @ S)


def check_posterior(posterior):
    """Numbers worked out on paper, with no data, with less than enough and with more."""
    cases = [
        (np.empty((0, 2)), [], 4.0, 0.5, [0, 0], [[0.25, 0], [0, 0.25]]),
        ([[3.0, 1.0]], [2.0], 0.5, 2.5, [0.53333333333, 0.17777777778],
         [[2 - 2 * 36 / 45, -24 / 45], [-24 / 45, 2 - 8 / 45]]),
        ([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 2.0, 4.0], 4.0, 0.5,
         [19 / 26, 29 / 26], [[7 / 52, -3 / 52], [-3 / 52, 5 / 52]]),
    ]  # fmt: skip
    for X, y, prior_precision, noise_variance, mean, covariance in cases:
        got = posterior(
            np.array(X),
            np.array(y),
            prior_precision=prior_precision,
            noise_variance=noise_variance,
        )
        np.testing.assert_allclose(got[0], mean, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(got[1], covariance, rtol=1e-6, atol=1e-8)


def check_posterior(posterior):
    """The summit and the curvature of the log joint, by finite differences."""

    def log_joint(theta, X, y, prior_precision, noise_variance):
        residual = y - X @ theta
        return -0.5 * (residual @ residual / noise_variance + prior_precision * theta @ theta)

    rng = np.random.default_rng(8)
    for n, d in [(5, 2), (2, 3), (0, 2)]:
        for prior_precision, noise_variance in [(0.3, 2.5), (3.0, 0.2)]:
            X, y = rng.normal(0.5, 1.0, size=(n, d)), rng.normal(1.0, 1.0, size=n)
            mean, covariance = posterior(
                X, y, prior_precision=prior_precision, noise_variance=noise_variance
            )
            mean, covariance = np.asarray(mean), np.asarray(covariance)
            assert mean.shape == (d,)
            assert covariance.shape == (d, d)
            f = [log_joint(mean, X, y, prior_precision, noise_variance)]
            steps = np.eye(d)
            up, down = (
                np.array(
                    [log_joint(mean + s * e, X, y, prior_precision, noise_variance) for e in steps]
                )
                for s in (1.0, -1.0)
            )
            both = np.array(
                [
                    [log_joint(mean + e + g, X, y, prior_precision, noise_variance) for g in steps]
                    for e in steps
                ]
            )
            slope, curvature = (up - down) / 2, both - up[:, None] - up[None, :] + f[0]
            assert np.abs(slope).max() < 1e-6 * (1 + np.abs(curvature).max())
            assert np.allclose(-curvature @ covariance, np.eye(d), atol=1e-6)
