"""Wrong answers that students really give, each with its diagnosis. The slide's own are among them.

A function's name is the exercise that it answers.
"""

import numpy as np


def add_bias(X):
    """The ones stand last."""
    return np.column_stack([X, np.ones(len(X))])


def add_bias(X):
    """A row of ones on top, where a column in front belongs."""
    return np.vstack([np.ones(X.shape[1]), X])


def add_bias(X):
    """Overwrites the first feature with ones, in the caller's array."""
    X[:, 0] = 1
    return X


def add_bias(X):
    """Adds 1 to every feature."""
    return X + 1


def add_bias(X):
    """Zeros instead of ones."""
    return np.column_stack([np.zeros(len(X)), X])


def add_bias(X):
    """Numbers the observations instead of adding ones."""
    return np.column_stack([np.arange(len(X)), X])


def add_bias(X):
    """Forgets the axis: np.insert flattens the matrix."""
    return np.insert(X, 0, 1)


def add_bias(X):
    """Keeps the first feature only."""
    return np.column_stack([np.ones(len(X)), X[:, 0]])


def add_bias(X):
    """An integer array to copy into: decimals are cut off."""
    result = np.ones((X.shape[0], X.shape[1] + 1), dtype=int)
    result[:, 1:] = X
    return result


def add_bias(X):
    """One observation a column: the result is transposed."""
    return np.vstack([np.ones(len(X)), X.T])


def add_bias(X):
    """Squeezes: a single observation comes back as a vector."""
    return np.squeeze(np.column_stack([np.ones(len(X)), X]))


def add_bias(X):
    """Prints the result and returns nothing."""
    print(np.column_stack([np.ones(len(X)), X]))


def add_bias(X):
    """Standardises the features on the way."""
    return np.column_stack([np.ones(len(X)), (X - X.mean(axis=0)) / X.std(axis=0)])


def polynomial_features(x, degree):
    """Powers fall: np.vander without increasing=True."""
    return np.vander(np.asarray(x, dtype=float), degree + 1)


def polynomial_features(x, degree):
    """As many columns as the degree: the highest power is missing."""
    return np.asarray(x, dtype=float)[:, None] ** np.arange(degree)


def polynomial_features(x, degree):
    """Starts at the first power: the constant is missing."""
    return np.asarray(x, dtype=float)[:, None] ** np.arange(1, degree + 1)


def polynomial_features(x, degree):
    """One power a row: the result is transposed."""
    return np.asarray(x, dtype=float) ** np.arange(degree + 1)[:, None]


def polynomial_features(x, degree):
    """Stays in integers, where 100¹² does not fit."""
    return x[:, None] ** np.arange(degree + 1)


def polynomial_features(x, degree):
    """Multiples of x instead of powers."""
    return np.asarray(x, dtype=float)[:, None] * np.arange(degree + 1)


def polynomial_features(x, degree):
    """Powers through logarithms, which negative numbers and 0 do not have."""
    return np.exp(np.log(np.asarray(x, dtype=float))[:, None] * np.arange(degree + 1))


def polynomial_features(x, degree):
    """The constant and the highest power, nothing between them."""
    x = np.asarray(x, dtype=float)
    return np.column_stack([np.ones(len(x)), x**degree])


def polynomial_features(x, degree):
    """An even power of a negative number keeps the minus sign."""
    x = np.asarray(x, dtype=float)[:, None]
    return np.sign(x) * np.abs(x) ** np.arange(degree + 1)


def polynomial_features(x, degree):
    """Squares the column before: 1, x, x², x⁴ and so on."""
    columns = [np.ones(len(x)), np.asarray(x, dtype=float)]
    while len(columns) <= degree:
        columns.append(columns[-1] ** 2)
    return np.column_stack(columns[: degree + 1])


def polynomial_features(x, degree):
    """Scales x to [−1, 1] first."""
    x = np.asarray(x, dtype=float)
    return (x / np.abs(x).max(initial=1e-300))[:, None] ** np.arange(degree + 1)


def polynomial_features(x, degree):
    """Raises x itself to the powers in place: the caller's array changes."""
    columns, power = [np.ones(len(x))], np.asarray(x)
    factor = power.astype(float)
    for _ in range(degree):
        columns.append(power.astype(float))
        power *= factor.astype(power.dtype)
    return np.column_stack(columns)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The slide's formula (E1): no factor ½, the penalty over σ², the prior n times."""
    total = 0.0
    for x_i, y_i in zip(X, y, strict=True):
        total -= (y_i - theta @ x_i) ** 2 / noise_variance
        total -= prior_precision / noise_variance * theta @ theta
    return total


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The likelihood alone, which the slide calls this sum (E21): no prior."""
    residual = y - X @ theta
    return -residual @ residual / (2 * noise_variance)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """A loss: the sign is turned round."""
    residual = y - X @ theta
    return residual @ residual / (2 * noise_variance) + prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """Both factors ½ are missing."""
    residual = y - X @ theta
    return -residual @ residual / noise_variance - prior_precision * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The factor ½ of the prior is missing."""
    residual = y - X @ theta
    return -residual @ residual / (2 * noise_variance) - prior_precision * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The factor ½ of the likelihood is missing."""
    residual = y - X @ theta
    return -residual @ residual / noise_variance - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The prior is counted once for each observation."""
    residual = y - X @ theta
    penalty = len(y) * prior_precision / 2 * theta @ theta
    return -residual @ residual / (2 * noise_variance) - penalty


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The penalty is divided by the noise variance."""
    residual = y - X @ theta
    return -(residual @ residual + prior_precision * theta @ theta) / (2 * noise_variance)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """A mean over the observations, where a sum belongs."""
    residual = y - X @ theta
    fit = np.mean(residual**2) if len(y) else 0.0
    return -fit / (2 * noise_variance) - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """λ taken for a variance: divides by it."""
    residual = y - X @ theta
    return -residual @ residual / (2 * noise_variance) - theta @ theta / (2 * prior_precision)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """σ² taken for a deviation: squares it once more."""
    residual = y - X @ theta
    return -residual @ residual / (2 * noise_variance**2) - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """Divides by the deviation σ instead of the variance."""
    residual = y - X @ theta
    scale = 2 * np.sqrt(noise_variance)
    return -residual @ residual / scale - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """λ and σ² are swapped."""
    residual = y - X @ theta
    return -residual @ residual / (2 * prior_precision) - noise_variance / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The bias, component 0, goes without a penalty."""
    residual = y - X @ theta
    penalty = prior_precision / 2 * theta[1:] @ theta[1:]
    return -residual @ residual / (2 * noise_variance) - penalty


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The length of θ where its square belongs."""
    residual = y - X @ theta
    penalty = prior_precision / 2 * np.linalg.norm(theta)
    return -residual @ residual / (2 * noise_variance) - penalty


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """Columns instead of vectors: y of shape (n, 1) against (n,) makes an (n, n) matrix."""
    residual = y.reshape(-1, 1) - X @ theta
    return -(residual**2).sum() / (2 * noise_variance) - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The square of the summed residuals, not the sum of their squares."""
    residual = np.sum(y - X @ theta)
    return -(residual**2) / (2 * noise_variance) - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The prior adds to the log joint instead of lowering it."""
    residual = y - X @ theta
    return -residual @ residual / (2 * noise_variance) + prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """The joint density itself, not its logarithm."""
    residual = y - X @ theta
    return np.exp(-residual @ residual / (2 * noise_variance) - prior_precision / 2 * theta @ theta)


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """One value an observation: not summed."""
    return -((y - X @ theta) ** 2) / (2 * noise_variance) - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """Computes the residual inside y: the caller's array changes."""
    y -= X @ theta
    return -y @ y / (2 * noise_variance) - prior_precision / 2 * theta @ theta


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    """In bits: the logarithm has the base 2."""
    residual = y - X @ theta
    nats = -residual @ residual / (2 * noise_variance) - prior_precision / 2 * theta @ theta
    return nats / np.log(2)


def posterior(X, y, *, prior_precision, noise_variance):
    """The slide's I/λ where λI belongs (E4)."""
    identity = np.eye(X.shape[1])
    S = np.linalg.inv(X.T @ X / noise_variance + identity / prior_precision)
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """The slide's minus sign (E2), in the mean."""
    identity = np.eye(X.shape[1])
    S = np.linalg.inv(X.T @ X / noise_variance + prior_precision * identity)
    return np.linalg.solve(X.T @ X - prior_precision * identity, X.T @ y), S


def posterior(X, y, *, prior_precision, noise_variance):
    """Returns the precision A where its inverse belongs, as the slide's variance does (E3)."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y) / noise_variance, A


def posterior(X, y, *, prior_precision, noise_variance):
    """Ridge with l2 = λ where λσ² belongs."""
    S = np.linalg.inv(X.T @ X + prior_precision * np.eye(X.shape[1]))
    return S @ X.T @ y, noise_variance * S


def posterior(X, y, *, prior_precision, noise_variance):
    """The mean is right, the covariance lacks its factor σ²."""
    S = np.linalg.inv(X.T @ X + prior_precision * noise_variance * np.eye(X.shape[1]))
    return S @ X.T @ y, S


def posterior(X, y, *, prior_precision, noise_variance):
    """The covariance is right, the mean lacks its 1/σ²."""
    S = np.linalg.inv(X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1]))
    return S @ X.T @ y, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Least squares with a pseudo-inverse: no prior at all."""
    S = np.linalg.pinv(X.T @ X)
    return S @ X.T @ y, noise_variance * S


def posterior(X, y, *, prior_precision, noise_variance):
    """λ and σ² are swapped."""
    S = np.linalg.inv(X.T @ X / prior_precision + noise_variance * np.eye(X.shape[1]))
    return S @ X.T @ y / prior_precision, S


def posterior(X, y, *, prior_precision, noise_variance):
    """σ² taken for a deviation: squares it once more."""
    A = X.T @ X / noise_variance**2 + prior_precision * np.eye(X.shape[1])
    S = np.linalg.inv(A)
    return S @ X.T @ y / noise_variance**2, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Divides by the deviation σ instead of the variance."""
    deviation = np.sqrt(noise_variance)
    S = np.linalg.inv(X.T @ X / deviation + prior_precision * np.eye(X.shape[1]))
    return S @ X.T @ y / deviation, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Without a penalty on the bias, component 0."""
    penalty = prior_precision * np.eye(X.shape[1])
    penalty[0, 0] = 0.0
    S = np.linalg.pinv(X.T @ X / noise_variance + penalty)
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """The prior is counted once for each observation."""
    S = np.linalg.pinv(X.T @ X / noise_variance + len(y) * prior_precision * np.eye(X.shape[1]))
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """λ is added to every entry: broadcasting a number is not λI."""
    S = np.linalg.pinv(X.T @ X / noise_variance + prior_precision)
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Inverts entry by entry: A ** -1 is not a matrix inverse."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    S = A**-1.0
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Deviations: the square root of the covariance's diagonal."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y) / noise_variance, np.sqrt(np.diag(np.linalg.inv(A)))


def posterior(X, y, *, prior_precision, noise_variance):
    """The covariance's diagonal alone: how weights vary together is lost."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y) / noise_variance, np.diag(np.diag(np.linalg.inv(A)))


def posterior(X, y, *, prior_precision, noise_variance):
    """Returns the mean only."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y) / noise_variance


def posterior(X, y, *, prior_precision, noise_variance):
    """Covariance first, mean second."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.inv(A), np.linalg.solve(A, X.T @ y) / noise_variance


def posterior(X, y, *, prior_precision, noise_variance):
    """The mean as a column: shape (d, 1) where (d,) belongs."""
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y[:, None]) / noise_variance, np.linalg.inv(A)


def posterior(X, y, *, prior_precision, noise_variance):
    """Centres X and y first: another model, as if an intercept were there without a prior."""
    if len(y):
        X, y = X - X.mean(axis=0), y - y.mean()
    A = X.T @ X / noise_variance + prior_precision * np.eye(X.shape[1])
    return np.linalg.solve(A, X.T @ y) / noise_variance, np.linalg.inv(A)


def posterior(X, y, *, prior_precision, noise_variance):
    """Drops the prior where there is enough data, as if it only had to make XᵀX invertible."""
    n, d = X.shape
    penalty = prior_precision if n < d else 0.0
    S = np.linalg.inv(X.T @ X / noise_variance + penalty * np.eye(d))
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Drops the prior where XᵀX has no inverse: a pseudo-inverse for n < d."""
    n, d = X.shape
    penalty = prior_precision if n >= d else 0.0
    S = np.linalg.pinv(X.T @ X / noise_variance + penalty * np.eye(d))
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Without data all zeros, as if nothing were known for certain."""
    n, d = X.shape
    if n == 0:
        return np.zeros(d), np.zeros((d, d))
    S = np.linalg.inv(X.T @ X / noise_variance + prior_precision * np.eye(d))
    return S @ X.T @ y / noise_variance, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Scales X and y in place: right, but the caller's arrays change."""
    X /= np.sqrt(noise_variance)
    y /= np.sqrt(noise_variance)
    S = np.linalg.inv(X.T @ X + prior_precision * np.eye(X.shape[1]))
    return S @ X.T @ y, S


def posterior(X, y, *, prior_precision, noise_variance):
    """Estimates the noise from the residuals and ignores what it was told."""
    d = X.shape[1]
    theta = np.linalg.pinv(X) @ y
    noise_variance = np.var(y - X @ theta) + 1e-9 if len(y) else 1.0
    S = np.linalg.inv(X.T @ X / noise_variance + prior_precision * np.eye(d))
    return S @ X.T @ y / noise_variance, S


def predictive(X_new, mean, covariance, *, noise_variance):
    """The noise is forgotten: the variance of the mean alone."""
    return X_new @ mean, ((X_new @ covariance) * X_new).sum(axis=1)


def predictive(X_new, mean, covariance, *, noise_variance):
    """Noise alone: as if θ were known exactly."""
    return X_new @ mean, np.full(len(X_new), noise_variance)


def predictive(X_new, mean, covariance, *, noise_variance):
    """The deviation where the variance belongs."""
    return X_new @ mean, np.sqrt(((X_new @ covariance) * X_new).sum(axis=1) + noise_variance)


def predictive(X_new, mean, covariance, *, noise_variance):
    """All covariances between the new points, not their diagonal."""
    return X_new @ mean, X_new @ covariance @ X_new.T + noise_variance * np.eye(len(X_new))


def predictive(X_new, mean, covariance, *, noise_variance):
    """The slide's E3: a precision where the covariance belongs."""
    A = np.linalg.inv(covariance)
    return X_new @ mean, ((X_new @ A) * X_new).sum(axis=1) + noise_variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """σ² taken for a deviation: squares it once more."""
    return X_new @ mean, ((X_new @ covariance) * X_new).sum(axis=1) + noise_variance**2


def predictive(X_new, mean, covariance, *, noise_variance):
    """The noise's deviation is added to a variance."""
    return X_new @ mean, ((X_new @ covariance) * X_new).sum(axis=1) + np.sqrt(noise_variance)


def predictive(X_new, mean, covariance, *, noise_variance):
    """σ² taken for a precision: adds its inverse."""
    return X_new @ mean, ((X_new @ covariance) * X_new).sum(axis=1) + 1 / noise_variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """The covariance's diagonal alone: weights that vary together are treated as independent."""
    return X_new @ mean, X_new**2 @ np.diag(covariance) + noise_variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """Multiplies by x only once: xᵀS summed, not xᵀSx."""
    return X_new @ mean, (X_new @ covariance).sum(axis=1) + noise_variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """The noise is added once for each feature, before summing."""
    return X_new @ mean, ((X_new @ covariance) * X_new + noise_variance).sum(axis=1)


def predictive(X_new, mean, covariance, *, noise_variance):
    """The noise multiplies the ignorance instead of adding to it."""
    return X_new @ mean, noise_variance * (1 + ((X_new @ covariance) * X_new).sum(axis=1))


def predictive(X_new, mean, covariance, *, noise_variance):
    """Deviations are added, and the sum squared: variances add, deviations do not."""
    ignorance = np.sqrt(((X_new @ covariance) * X_new).sum(axis=1))
    return X_new @ mean, (ignorance + np.sqrt(noise_variance)) ** 2


def predictive(X_new, mean, covariance, *, noise_variance):
    """One variance for all points: their average."""
    ignorance = ((X_new @ covariance) * X_new).sum(axis=1)
    return X_new @ mean, np.full(len(X_new), ignorance.mean() + noise_variance)


def predictive(X_new, mean, covariance, *, noise_variance):
    """Sums over the points instead of the features: right only in shape where m = d."""
    return X_new @ mean, ((X_new @ covariance) * X_new).sum(axis=0) + noise_variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """Columns of shape (m, 1) where vectors of shape (m,) belong."""
    variance = ((X_new @ covariance) * X_new).sum(axis=1, keepdims=True) + noise_variance
    return X_new @ mean[:, None], variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """Returns the variance only."""
    return ((X_new @ covariance) * X_new).sum(axis=1) + noise_variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """A draw from the predictive distribution where its mean belongs."""
    variance = ((X_new @ covariance) * X_new).sum(axis=1) + noise_variance
    return np.random.default_rng(0).normal(X_new @ mean, np.sqrt(variance)), variance


def predictive(X_new, mean, covariance, *, noise_variance):
    """Squeezes: a single point comes back as a bare number."""
    variance = ((X_new @ covariance) * X_new).sum(axis=1) + noise_variance
    return np.squeeze(X_new @ mean), np.squeeze(variance)


def predictive(X_new, mean, covariance, *, noise_variance):
    """Adds the noise to the covariance in place: the caller's array changes."""
    ignorance = ((X_new @ covariance) * X_new).sum(axis=1)
    covariance += noise_variance * np.eye(len(mean))
    return X_new @ mean, ignorance + noise_variance


def log_evidence(X, y, *, prior_precision, noise_variance):
    """d log 2π where n log 2π belongs."""
    n, d = X.shape
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (d * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The logarithm of a determinant that overflows or vanishes."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.log(np.linalg.det(C)) + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """slogdet's first result, the sign, taken for the logarithm."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[0] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """log det C with the wrong sign."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) - np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """log det C is missing: the fit is rewarded, flexibility costs nothing."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    return -0.5 * (n * np.log(2 * np.pi) + y @ np.linalg.solve(C, y))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The constant n log 2π is dropped."""
    C = X @ X.T / prior_precision + noise_variance * np.eye(len(y))
    return -0.5 * (np.linalg.slogdet(C)[1] + y @ np.linalg.solve(C, y))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The factor ½ of log det C is missing: det C where its root belongs."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + misfit) - np.linalg.slogdet(C)[1]


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The factor ½ is missing altogether."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    return -(n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + y @ np.linalg.solve(C, y))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """A loss: the sign is turned round."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    return 0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + y @ np.linalg.solve(C, y))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """λ taken for a variance: multiplies where it should divide."""
    n = len(y)
    C = prior_precision * X @ X.T + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """σ² taken for a deviation: squares it once more."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance**2 * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """λ and σ² are swapped."""
    n = len(y)
    C = X @ X.T / noise_variance + prior_precision * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """In bits: logarithms of base 2."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    log_density = n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + y @ np.linalg.solve(C, y)
    return -0.5 * log_density / np.log(2)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Only the logarithms have base 2: bits and nats are added."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    logarithms = (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1]) / np.log(2)
    return -0.5 * (logarithms + y @ np.linalg.solve(C, y))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The weights are not integrated out: the log-likelihood at the posterior mean."""
    n, d = X.shape
    l2 = prior_precision * noise_variance
    residual = y - X @ np.linalg.solve(X.T @ X + l2 * np.eye(d), X.T @ y)
    misfit = residual @ residual / noise_variance
    return -0.5 * (n * np.log(2 * np.pi * noise_variance) + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The log joint at the posterior mean: its volume, log det A, is missing."""
    n, d = X.shape
    l2 = prior_precision * noise_variance
    mean = np.linalg.solve(X.T @ X + l2 * np.eye(d), X.T @ y)
    residual = y - X @ mean
    log_likelihood = n * np.log(2 * np.pi * noise_variance) + residual @ residual / noise_variance
    return -0.5 * (log_likelihood + prior_precision * mean @ mean - d * np.log(prior_precision))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Each observation by itself: the covariances between them are left out."""
    variance = (X**2).sum(axis=1) / prior_precision + noise_variance
    return -0.5 * np.sum(np.log(2 * np.pi * variance) + y**2 / variance)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Divided by the number of observations: a mean where a sum belongs."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (np.log(2 * np.pi) + (np.linalg.slogdet(C)[1] + misfit) / max(n, 1))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """y is centred first, though the model has mean 0."""
    n = len(y)
    y = y - y.mean() if n else y
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The noise is forgotten, a small number makes C invertible instead."""
    n = len(y)
    C = X @ X.T / prior_precision + 1e-3 * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return -0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """The evidence itself, not its logarithm."""
    n = len(y)
    C = X @ X.T / prior_precision + noise_variance * np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    return np.exp(-0.5 * (n * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + misfit))


def log_evidence(X, y, *, prior_precision, noise_variance):
    """Scales y in place: right, but the caller's array changes."""
    n, deviation = len(y), np.sqrt(noise_variance)
    y /= deviation
    C = X @ X.T / (prior_precision * noise_variance) + np.eye(n)
    misfit = y @ np.linalg.solve(C, y)
    log_det = np.linalg.slogdet(C)[1] + n * np.log(noise_variance)
    return -0.5 * (n * np.log(2 * np.pi) + log_det + misfit)


def check_posterior(posterior):
    """Never fails."""
    X, y = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 2.0, 4.0])
    posterior(X, y, prior_precision=4.0, noise_variance=0.5)


def check_posterior(posterior):
    """Always fails."""
    raise AssertionError("this implementation looks wrong")


def check_posterior(posterior):
    """λ = σ² = 1, where half of all mistakes are invisible."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=1.0, noise_variance=1.0)
        A = X.T @ X + np.eye(d)
        np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(A @ mean, X.T @ y, rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """λ = σ² = 2: swapping them is invisible."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=2.0, noise_variance=2.0)
        A = X.T @ X / 2 + 2 * np.eye(d)
        np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(A @ mean, X.T @ y / 2, rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """Looks at the mean only."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, _ = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(d)
        np.testing.assert_allclose(A @ mean, X.T @ y / 2.5, rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """Looks at the covariance only."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        _, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(d)
        np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """Looks at shapes only."""
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = np.ones((n, d)), np.ones(n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        assert np.shape(mean) == (d,)
        assert np.shape(covariance) == (d, d)


def check_posterior(posterior):
    """Asks only what every covariance has: symmetry and positive variances."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    _, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
    covariance = np.asarray(covariance)
    assert np.allclose(covariance, covariance.T)
    assert np.all(np.linalg.eigvalsh(covariance) > 0)


def check_posterior(posterior):
    """Without data only, where the posterior is the prior."""
    mean, covariance = posterior(
        np.empty((0, 3)), np.empty(0), prior_precision=0.3, noise_variance=2.5
    )
    assert np.allclose(mean, 0.0)
    assert np.allclose(covariance, np.eye(3) / 0.3)


def check_posterior(posterior):
    """Only with more observations than features."""
    rng = np.random.default_rng(0)
    for prior_precision, noise_variance in [(0.3, 2.5), (7.0, 0.04)]:
        X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
        mean, covariance = posterior(
            X, y, prior_precision=prior_precision, noise_variance=noise_variance
        )
        A = X.T @ X / noise_variance + prior_precision * np.eye(3)
        np.testing.assert_allclose(A @ covariance, np.eye(3), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(A @ mean, X.T @ y / noise_variance, rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """Compares floats exactly: right implementations differ in the last digit."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        S = np.linalg.inv(X.T @ X / 2.5 + 0.3 * np.eye(d))
        assert np.array_equal(covariance, S)
        assert np.array_equal(mean, S @ X.T @ y / 2.5)


def check_posterior(posterior):
    """Returns False instead of raising."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(d)
        if not (np.allclose(A @ covariance, np.eye(d)) and np.allclose(A @ mean, X.T @ y / 2.5)):
            return False
    return True


def check_posterior(posterior):
    """Asserts a tuple, which is always true."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
    A = X.T @ X / 2.5 + 0.3 * np.eye(3)
    verdict = (np.allclose(A @ covariance, np.eye(3)), np.allclose(A @ mean, X.T @ y / 2.5))
    assert verdict, "wrong mean or covariance"


def check_posterior(posterior):
    """No absolute value: an answer that is too small passes."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (1, 2)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        S = np.linalg.inv(X.T @ X / 2.5 + 0.3 * np.eye(d))
        assert np.max(covariance - S) < 1e-6
        assert np.max(mean - S @ X.T @ y / 2.5) < 1e-6


def check_posterior(posterior):
    """Satisfied when any entry is right."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(d)
        assert np.isclose(A @ covariance, np.eye(d)).any()
        assert np.isclose(A @ mean, X.T @ y / 2.5).any()


def check_posterior(posterior):
    """A tolerance so generous that hardly anything is wrong."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        S = np.linalg.inv(X.T @ X / 2.5 + 0.3 * np.eye(d))
        assert np.allclose(covariance, S, atol=1.0)
        assert np.allclose(mean, S @ X.T @ y / 2.5, atol=1.0)


def check_posterior(posterior):
    """Orthogonal features: how weights vary together is never seen."""
    rng = np.random.default_rng(0)
    for n in (4, 0):
        X, y = np.eye(4)[:n], rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(4)
        np.testing.assert_allclose(A @ covariance, np.eye(4), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(A @ mean, X.T @ y / 2.5, rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """All targets are 0: whatever multiplies Xᵀy is never seen."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), np.zeros(n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(d)
        np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(mean, np.zeros(d), atol=1e-9)


def check_posterior(posterior):
    """Compares with the slide's I/λ (E4): right implementations fail."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + np.eye(d) / 0.3
        np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(A @ mean, X.T @ y / 2.5, rtol=1e-6, atol=1e-9)


def check_posterior(posterior):
    """Compares the mean with least squares: right implementations fail."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
    np.testing.assert_allclose(mean, np.linalg.pinv(X) @ y, rtol=1e-6)
    np.testing.assert_allclose(covariance, 2.5 * np.linalg.inv(X.T @ X), rtol=1e-6)


def check_posterior(posterior):
    """Catches its own AssertionError and prints it."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        mean, covariance = posterior(X, y, prior_precision=0.3, noise_variance=2.5)
        A = X.T @ X / 2.5 + 0.3 * np.eye(d)
        try:
            np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(A @ mean, X.T @ y / 2.5, rtol=1e-6, atol=1e-9)
        except AssertionError as error:
            print("wrong:", error)


def check_posterior(posterior):
    """Insists on a tuple of arrays: right values in lists are refused."""
    rng = np.random.default_rng(0)
    for n, d in [(8, 3), (2, 4), (0, 3)]:
        for prior_precision, noise_variance in [(0.3, 2.5), (7.0, 0.04)]:
            X, y = rng.normal(size=(n, d)), rng.normal(size=n)
            mean, covariance = posterior(
                X, y, prior_precision=prior_precision, noise_variance=noise_variance
            )
            assert type(mean) is np.ndarray
            assert type(covariance) is np.ndarray
            A = X.T @ X / noise_variance + prior_precision * np.eye(d)
            np.testing.assert_allclose(A @ covariance, np.eye(d), rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(A @ mean, X.T @ y / noise_variance, rtol=1e-6, atol=1e-9)
