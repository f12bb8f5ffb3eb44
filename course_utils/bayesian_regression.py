"""Bayesian linear regression: y = Xθ + noise, with a Gaussian belief about θ.

    prior       θ ~ N(0, λ⁻¹ I)           λ  = prior_precision
    likelihood  y | θ ~ N(Xθ, σ² I)       σ² = noise_variance

All of it reads off one singular value decomposition X = U S Vᵀ. Along the direction v_i the data
speak with precision s_i²/σ² and the prior with precision λ, and precisions add. XᵀX is never
formed: it would square the condition number, and drown the prior where features are large. Tall
data are rotated into d + 1 rows first, which changes no squared error ‖y − Xθ‖².

References: slides B3–B5; Bishop, *Pattern Recognition and Machine Learning* (2006), sections
3.3–3.5; Murphy, *Probabilistic Machine Learning: An Introduction* (2022), section 11.7.
"""

from typing import NamedTuple

import numpy as np

from course_utils.validation import as_covariance, as_data, as_matrix, as_positive, as_vector


class Gaussian(NamedTuple):
    """N(mean, covariance), a belief about θ: mean (d,), covariance (d, d)."""

    mean: np.ndarray
    covariance: np.ndarray


class Prediction(NamedTuple):
    """Mean (m,) and variance (m,) of y at m new points, the noise included."""

    mean: np.ndarray
    variance: np.ndarray


class Evidence(NamedTuple):
    """The two precisions that explain the data best, and how well they do (nats)."""

    prior_precision: float
    noise_variance: float
    log_evidence: float


def log_joint(theta, X, y, *, prior_precision, noise_variance):
    r"""log p(y, θ) = −‖y − Xθ‖² / 2σ² − (λ/2) ‖θ‖² + const.

    The constant, :math:`\frac d2\log\frac\lambda{2\pi} - \frac n2\log 2\pi\sigma^2`, is included:
    this minus the log posterior density is the log evidence.

    Parameters
    ----------
    theta : array_like (d,)
    X : array_like (n, d)
    y : array_like (n,)
    prior_precision : float
        λ > 0, in 1 / (units of θ)².
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    float
        In nats.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Slide row B3. Bishop (2006), equation 3.55. The slide's version fails thrice (E1, E21): both
    factors ½ are lost, the penalty is divided by σ², and the prior, inside the product over the
    observations, is counted n times. And it is the log *joint*, not the log-likelihood.

    Examples
    --------
    With no data and d = 1, the log of N(0 | 0, 1) = 1/√(2π):

    >>> round(log_joint([0.0], np.empty((0, 1)), [], prior_precision=1, noise_variance=1), 4)
    -0.9189
    """
    X, y = as_data(X, y)
    n, d = X.shape
    theta = as_vector(theta, "theta", length=d)
    prior_precision = as_positive(prior_precision, "prior_precision")
    noise_variance = as_positive(noise_variance, "noise_variance")
    residual = y - X @ theta
    log_likelihood = -0.5 * (
        residual @ residual / noise_variance + n * np.log(2 * np.pi * noise_variance)
    )
    log_prior = -0.5 * (prior_precision * theta @ theta - d * np.log(prior_precision / (2 * np.pi)))
    return float(log_likelihood + log_prior)


def ridge(X, y, *, l2):
    """θ = argmin ‖y − Xθ‖² + l2 ‖θ‖² = (XᵀX + l2 I)⁻¹ Xᵀy.

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,)
    l2 : float
        Weight of the penalty against the *sum* of squares, above 0.

    Returns
    -------
    ndarray (d,)

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Slide row B4. Hoerl and Kennard, *Technometrics* 12 (1970), 55–67. A constant column is
    penalised like any other: centre the data first if it should not be.

    Examples
    --------
    Pulled from 3 to 2 by a penalty of 1 against XᵀX = 2:

    >>> ridge([[1.0], [1.0]], [3.0, 3.0], l2=1.0)
    array([2.])
    """
    X, y = as_data(X, y)
    l2 = as_positive(l2, "l2")
    X, y = _compress(X, y)
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    return Vt.T @ (s / (s**2 + l2) * (U.T @ y))


def map_estimate(X, y, *, prior_precision, noise_variance):
    """θ_MAP = (XᵀX + λσ² I)⁻¹ Xᵀy: ridge regression with l2 = λσ².

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,)
    prior_precision : float
        λ > 0, in 1 / (units of θ)².
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    ndarray (d,)
        The mode of the posterior; as it is Gaussian, its mean as well.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Slide row B4. Bishop (2006), equations 3.53–3.55. The slide has −λI (E2), which pushes θ
    away from 0 as λ grows, until it explodes where λ meets an eigenvalue of XᵀX. Plain +λI would be
    right for the other common prior, N(0, (σ²/λ) I).

    Examples
    --------
    >>> map_estimate([[1.0], [1.0]], [3.0, 3.0], prior_precision=2.0, noise_variance=0.5)
    array([2.])
    """
    prior_precision = as_positive(prior_precision, "prior_precision")
    noise_variance = as_positive(noise_variance, "noise_variance")
    return ridge(X, y, l2=prior_precision * noise_variance)


def posterior(X, y, *, prior_precision, noise_variance):
    """θ | y ~ N(A⁻¹ Xᵀy / σ², A⁻¹) with the posterior precision A = XᵀX / σ² + λI.

    Parameters
    ----------
    X : array_like (n, d)
        Any n, also n < d and n = 0, which returns the prior.
    y : array_like (n,)
    prior_precision : float
        λ > 0, in 1 / (units of θ)².
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    Gaussian
        mean (d,) and covariance (d, d), symmetric.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Slide row B5. Bishop (2006), equations 3.53 and 3.54. The slide has I/λ where λI belongs (E4):
    λ is a precision, as its own prior N(0, λ⁻¹) says.

    Examples
    --------
    Two observations of precision 2 each and a prior of precision 4: A = 8.

    >>> mean, covariance = posterior([[1.0], [1.0]], [3.0, 5.0],
    ...                              prior_precision=4.0, noise_variance=0.5)
    >>> mean, covariance
    (array([2.]), array([[0.125]]))
    """
    X, y = _compress(*as_data(X, y))
    n, d = X.shape
    prior_precision = as_positive(prior_precision, "prior_precision")
    noise_variance = as_positive(noise_variance, "noise_variance")
    U, s, Vt = np.linalg.svd(X, full_matrices=n < d)  # all d directions, also the unseen ones
    precision = np.full(d, prior_precision)
    precision[: len(s)] += s**2 / noise_variance
    half = Vt / np.sqrt(precision)[:, None]
    seen = half[: len(s)]
    mean = seen.T @ (s / np.sqrt(precision[: len(s)]) * (U.T @ y)) / noise_variance
    return Gaussian(mean, half.T @ half)


def update(mean, covariance, X, y, *, noise_variance):
    """Yesterday's posterior N(mean, covariance) is today's prior: condition it on (X, y).

    Parameters
    ----------
    mean : array_like (d,)
    covariance : array_like (d, d)
    X : array_like (n, d)
        The new observations; the cost grows as n³, so bring them in small batches.
    y : array_like (n,)
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    Gaussian
        The same, up to rounding, as `posterior` of all the data at once.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Slide row B5. Bishop (2006), exercise 3.8; Murphy (2022), section 11.7.2. It is the measurement
    update of the Kalman filter with the gain K, in Joseph's form, which stays symmetric.

    Examples
    --------
    >>> first = update([0.0], [[0.25]], [[1.0]], [3.0], noise_variance=0.5)
    >>> second = update(*first, [[1.0]], [5.0], noise_variance=0.5)
    >>> second.mean.round(12), second.covariance.round(12)
    (array([2.]), array([[0.125]]))
    """
    X, y = as_data(X, y)
    n, d = X.shape
    mean = as_vector(mean, "mean", length=d)
    covariance = as_covariance(covariance, size=d)
    noise_variance = as_positive(noise_variance, "noise_variance")
    XS = X @ covariance
    K = np.linalg.solve(XS @ X.T + noise_variance * np.eye(n), XS).T
    shrink = np.eye(d) - K @ X
    joseph = shrink @ covariance @ shrink.T + noise_variance * K @ K.T
    return Gaussian(mean + K @ (y - X @ mean), 0.5 * (joseph + joseph.T))


def predictive(X_new, mean, covariance, *, noise_variance):
    """y* | x* ~ N(x*ᵀ m, x*ᵀ S x* + σ²) for θ ~ N(m, S): ignorance plus noise.

    Parameters
    ----------
    X_new : array_like (m, d)
        New points, one a row, with the features that the model was fitted on.
    mean : array_like (d,)
    covariance : array_like (d, d)
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    Prediction
        mean (m,) and variance (m,), the noise included: the deviation is its square root.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Slide row B5. Bishop (2006), equations 3.58 and 3.59. The slide as we have it says
    X_iᵀ Aᵀ X_i + σ² (E3): a precision where its inverse belongs, so that doubt would *grow* with
    the data; and x* is a new point, not the i-th old one.

    Examples
    --------
    >>> predictive([[2.0]], [3.0], [[0.25]], noise_variance=0.5)
    Prediction(mean=array([6.]), variance=array([1.5]))
    """
    X_new = as_matrix(X_new, "X_new")
    d = X_new.shape[1]
    mean = as_vector(mean, "mean", length=d)
    covariance = as_covariance(covariance, size=d)
    noise_variance = as_positive(noise_variance, "noise_variance")
    ignorance = np.einsum("ij,ij->i", X_new @ covariance, X_new)
    return Prediction(X_new @ mean, ignorance + noise_variance)


def log_evidence(X, y, *, prior_precision, noise_variance):
    """log p(y) = log N(y | 0, XXᵀ/λ + σ² I), with θ integrated out.

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,)
    prior_precision : float
        λ > 0, in 1 / (units of θ)².
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    float
        In nats.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite or not positive.

    Notes
    -----
    Row B6 (evidence against degree). Bishop (2006), section 3.5.1; MacKay, *Neural Computation* 4
    (1992), 415–447. Summed over the singular values: no determinant that could overflow.

    Examples
    --------
    One observation of 0 whose variance is 1/λ + σ² = 1, so 1/√(2π) again:

    >>> round(log_evidence([[1.0]], [0.0], prior_precision=2.0, noise_variance=0.5), 4)
    -0.9189
    """
    X, y = as_data(X, y)
    prior_precision = as_positive(prior_precision, "prior_precision")
    noise_variance = as_positive(noise_variance, "noise_variance")
    s, z, rest = _rotate(X, y)
    variance = s**2 / prior_precision + noise_variance
    return float(
        -0.5
        * (
            len(y) * np.log(2 * np.pi)
            + np.log(variance).sum()
            + (len(y) - len(s)) * np.log(noise_variance)
            + (z**2 / variance).sum()
            + rest / noise_variance
        )
    )


def effective_parameters(X, *, prior_precision, noise_variance):
    """γ = Σ s_i² / (s_i² + λσ²): how many directions of θ the data determine.

    Parameters
    ----------
    X : array_like (n, d)
    prior_precision : float
        λ > 0, in 1 / (units of θ)².
    noise_variance : float
        σ² > 0, in (units of y)².

    Returns
    -------
    float
        Between 0, where the prior decides everything, and the rank of X.

    Raises
    ------
    ValueError
        If `X` is not a finite matrix, or a number is not positive.

    Notes
    -----
    Row B6. Bishop (2006), equation 3.91; the trace of ridge regression's hat matrix.

    Examples
    --------
    >>> round(effective_parameters([[1.0], [1.0]], prior_precision=4.0, noise_variance=0.5), 9)
    0.5
    """
    X = as_matrix(X)
    s = np.linalg.svd(_compress(X, np.zeros(len(X)))[0], compute_uv=False)
    l2 = as_positive(prior_precision, "prior_precision") * as_positive(
        noise_variance, "noise_variance"
    )
    return float((s**2 / (s**2 + l2)).sum())


def maximise_evidence(X, y):
    """(λ, σ²) = argmax log p(y | λ, σ²): type-II maximum likelihood, or empirical Bayes.

    For a given product τ = λσ² the best noise variance is known in closed form, so the search is
    for one number: a grid over log τ brackets the best maximum, finer grids on the slope close in.

    Parameters
    ----------
    X : array_like (n, d)
    y : array_like (n,)

    Returns
    -------
    Evidence
        prior_precision, noise_variance, log_evidence (nats). Where the features explain nothing,
        the evidence only grows with λ, and λ is returned as large as the search goes.

    Raises
    ------
    ValueError
        If shapes do not fit, y or X is all zero, or y is a linear function of the features
        without any noise, as the evidence then has no maximum.

    Notes
    -----
    Row B6. Bishop (2006), section 3.5.2; MacKay (1992). At the maximum γ = λ ‖m‖² and, with the
    residual r = y − Xm, n − γ = ‖r‖² / σ²: MacKay's fixed point, reached without iterating it.

    Examples
    --------
    >>> X, y = [[1.0], [2.0], [-1.0]], [2.1, 3.9, -2.0]
    >>> best = maximise_evidence(X, y)
    >>> log_evidence(X, y, prior_precision=best.prior_precision,
    ...              noise_variance=best.noise_variance) == best.log_evidence
    True
    """
    X, y = as_data(X, y)
    s, z, rest = _rotate(X, y)
    if not s.any() or not y.any():
        raise ValueError(
            "X and y: expected at least one number other than 0 in each, as a model of nothing has "
            "no best precision."
        )
    s, z, scale, n = s[:, None], z[:, None], s.max() ** 2, len(y)

    def slope(log_tau):  # of the log evidence, times 2, for every log τ of an array
        gain = s**2 / np.exp(log_tau)
        q = z**2 / (1 + gain)
        return (gain / (1 + gain)).sum(axis=0) - n * (q * gain / (1 + gain)).sum(axis=0) / (
            q.sum(axis=0) + rest
        )

    def profile(log_tau):  # the log evidence with the best σ² for each τ, up to a constant
        gain = s**2 / np.exp(log_tau)
        misfit = (z**2 / (1 + gain)).sum(axis=0) + rest
        return -0.5 * (n * np.log(misfit) + np.log1p(gain).sum(axis=0))

    grid = np.log(scale) + np.linspace(np.log(1e-20), np.log(1e12), 100)
    best = int(np.argmax(profile(grid)))
    if best == 0:
        raise ValueError(
            "y: expected noise, but the features reproduce it exactly, so that the evidence grows "
            "without end as noise_variance falls to 0. Use fewer features or more observations."
        )
    low, high = grid[best - 1], grid[min(best + 1, len(grid) - 1)]
    for _ in range(12):  # the slope changes its sign once in between: keep that thirtieth
        points = np.linspace(low, high, 31)
        rising = np.clip((slope(points) > 0).sum(), 1, 30)
        low, high = points[rising - 1], points[rising]
    tau = float(np.exp(0.5 * (low + high)))
    noise_variance = float((z**2 / (1 + s**2 / tau)).sum() + rest) / n
    prior_precision = tau / noise_variance
    return Evidence(
        prior_precision,
        noise_variance,
        log_evidence(X, y, prior_precision=prior_precision, noise_variance=noise_variance),
    )


def _compress(X, y):
    """At most d + 1 rows with the same ‖y − Xθ‖ for every θ: the R of [X y] = QR.

    Rows are taken block by block, as much as a processor's cache likes at a time.
    """
    n, d = X.shape
    if n <= 2 * (d + 1):
        return X, y
    step = max(2048, 4 * d)
    R = np.empty((0, d + 1))
    for start in range(0, n, step):
        block = np.column_stack([X[start : start + step], y[start : start + step]])
        R = np.linalg.qr(np.vstack([R, block]), mode="r")
    return R[:, :d], R[:, d]


def _rotate(X, y):
    """Singular values s, y's coordinates Uᵀy, and the squared length of what they leave of y."""
    X, y = _compress(X, y)
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    z = U.T @ y
    rest = y - U @ z
    return s, z, float(rest @ rest) if len(y) > len(s) else 0.0
