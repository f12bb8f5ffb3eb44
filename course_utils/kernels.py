"""Kernels: inner products ⟨φ(x), φ(z)⟩ that never write φ down.

A kernel takes two sets of points, X1 (n1, d) and X2 (n2, d), and returns the matrix (n1, n2) of
their pairs. Of one set with itself that is the Gram matrix K: symmetric, and without a negative
eigenvalue. A machine that sees the data through K alone is linear in the space of φ, and curved in
the space of x.

References: slides S5 and S6; Schölkopf and Smola, *Learning with Kernels* (2002), chapter 2;
Bishop, *Pattern Recognition and Machine Learning* (2006), sections 6.1 and 6.2.
"""

import numpy as np

from course_utils.validation import (
    as_array,
    as_count,
    as_matrix,
    as_non_negative,
    as_positive,
    as_vector,
)

ROUNDING = 1e-10
"""What counts as zero in a Gram matrix, as a share of its largest |eigenvalue|."""


def linear_kernel(X1, X2):
    """k(x, z) = ⟨x, z⟩.

    Parameters
    ----------
    X1 : array_like (n1, d)
    X2 : array_like (n2, d)

    Returns
    -------
    ndarray (n1, n2)

    Raises
    ------
    ValueError
        If the arguments are not finite matrices with the same number of columns.

    Notes
    -----
    Slide row S6. Here φ(x) = x, and K has no more positive eigenvalues than X has columns.

    Examples
    --------
    >>> linear_kernel([[1.0, 2.0]], [[3.0, 4.0], [0.0, 1.0]])
    array([[11.,  2.]])
    """
    X1, X2 = _points(X1, X2)
    return X1 @ X2.T


def polynomial_kernel(X1, X2, *, degree, offset):
    """k(x, z) = (⟨x, z⟩ + offset)^degree.

    Parameters
    ----------
    X1 : array_like (n1, d)
    X2 : array_like (n2, d)
    degree : int
        The slide's m, a whole number ≥ 0.
    offset : float
        The slide's r, in (units of x)²; any number is computed, but see the notes.

    Returns
    -------
    ndarray (n1, n2)

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, or `degree` not a whole number ≥ 0.

    Notes
    -----
    Slide row S6. Schölkopf and Smola (2002), section 2.3. The slide allows any offset and
    degree (E14), but this is a kernel for every set of points only if offset ≥ 0 and the degree is
    a whole number. With offset ≥ 0 the binomial theorem makes it a sum of products of kernels; with
    −1 and degree 3 a point of length ½ would have a φ of squared length (¼ − 1)³ < 0. A fractional
    degree fails too, even where every base is positive (FitzGerald and Horn, *Journal of
    Mathematical Analysis and Applications* 61 (1977), 633–642).

    Examples
    --------
    >>> polynomial_kernel([[1.0, 2.0]], [[3.0, 4.0], [0.0, 1.0]], degree=2, offset=1.0)
    array([[144.,   9.]])
    """
    X1, X2 = _points(X1, X2)
    offset = as_array(offset, "offset")
    if offset.ndim != 0:
        raise ValueError(f"offset: expected one number, got an array of shape {offset.shape}.")
    K = X1 @ X2.T
    K += offset
    return np.power(K, as_count(degree, "degree"), out=K)


def rbf_kernel(X1, X2, *, gamma):
    """k(x, z) = exp(−gamma ‖x − z‖²), the Gaussian or radial basis function kernel.

    Parameters
    ----------
    X1 : array_like (n1, d)
    X2 : array_like (n2, d)
    gamma : float
        Above 0, in 1 / (units of x)²: two points 1/√gamma apart have the similarity 1/e.

    Returns
    -------
    ndarray (n1, n2)
        Values in [0, 1]. For one array twice, symmetric and with ones on the diagonal, exactly.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, or gamma ≤ 0.

    Notes
    -----
    Slide row S6. Bishop (2006), equation 6.23, with gamma = 1/(2σ²). The slide puts no bound on
    gamma (E22). A negative one gives K = ((1, a), (a, 1)) with a > 1 for two points, and that has
    the eigenvalue 1 − a < 0.

    Distances come from ‖x − z‖² = ‖x‖² + ‖z‖² − 2⟨x, z⟩, one matrix product. Points far from the
    origin would lose their digits there, so the origin is moved among them first.

    Examples
    --------
    >>> rbf_kernel([[1.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]], gamma=np.log(2))
    array([[1. , 0.5]])
    """
    X1, X2 = _points(X1, X2)
    gamma = as_positive(gamma, "gamma")
    centre = X2.sum(axis=0) / max(len(X2), 1)
    A = X1 - centre
    B = A if X1 is X2 else X2 - centre
    products = A @ B.T
    products *= 2.0
    K = np.add.outer((A**2).sum(axis=1), (B**2).sum(axis=1))  # in place from here: K may be large
    K -= products
    if A is B:
        np.fill_diagonal(K, 0.0)
    np.maximum(K, 0.0, out=K)
    K *= -gamma
    return np.exp(K, out=K)


def kernel_sum(k1, k2):
    """k(x, z) = k₁(x, z) + k₂(x, z).

    Parameters
    ----------
    k1, k2 : callable
        Kernels of `X1` and `X2`, such as ``partial(rbf_kernel, gamma=0.5)``.

    Returns
    -------
    callable
        A kernel again, and so itself a part of larger ones: its φ is (φ₁, φ₂).

    Notes
    -----
    Slide row S5. Bishop (2006), equation 6.17.

    Examples
    --------
    >>> kernel_sum(linear_kernel, linear_kernel)([[2.0]], [[3.0]])
    array([[12.]])
    """
    return lambda X1, X2: k1(X1, X2) + k2(X1, X2)


def kernel_product(k1, k2):
    """k(x, z) = k₁(x, z) k₂(x, z).

    Parameters
    ----------
    k1, k2 : callable
        Kernels of `X1` and `X2`.

    Returns
    -------
    callable
        A kernel again: its φ holds every product of an entry of φ₁ with one of φ₂.

    Notes
    -----
    Slide row S5. Bishop (2006), equation 6.18; that the elementwise product of positive
    semi-definite matrices is one too is Schur's theorem (1911).

    Examples
    --------
    >>> kernel_product(linear_kernel, linear_kernel)([[2.0]], [[3.0]])
    array([[36.]])
    """
    return lambda X1, X2: k1(X1, X2) * k2(X1, X2)


def quadratic_features(X, *, offset):
    """φ(x) = (r, √(2r) x_i, x_i x_j √(2 − δ_ij) for i ≤ j): ⟨φ(x), φ(z)⟩ = (⟨x, z⟩ + r)².

    Parameters
    ----------
    X : array_like (n, d)
    offset : float
        r ≥ 0, in (units of x)².

    Returns
    -------
    ndarray (n, (d + 1)(d + 2) / 2)
        The constant, the d inputs, then the squares and pairs: what `polynomial_kernel` of degree
        2 computes in d multiplications, written out.

    Raises
    ------
    ValueError
        If `X` is not a finite matrix, or the offset is negative and φ would not be real (E14).

    Notes
    -----
    Slide row S6. Bishop (2006), equation 6.12, has d = 2 and r = 0.

    Examples
    --------
    >>> quadratic_features([[3.0, 5.0]], offset=2.0).round(3)
    array([[ 2.   ,  6.   , 10.   ,  9.   , 21.213, 25.   ]])
    """
    X = as_matrix(X)
    offset = as_non_negative(offset, "offset")
    i, j = np.triu_indices(X.shape[1])
    pairs = X[:, i] * X[:, j] * np.where(i == j, 1.0, np.sqrt(2.0))
    return np.column_stack([np.full(len(X), offset), np.sqrt(2 * offset) * X, pairs])


def spectrum(K):
    """λ₁ ≥ λ₂ ≥ … ≥ λ_n, the eigenvalues of a Gram matrix.

    Parameters
    ----------
    K : array_like (n, n)
        Symmetric.

    Returns
    -------
    ndarray (n,)
        In falling order. How fast they fall says how many features the kernel really uses.

    Raises
    ------
    ValueError
        If `K` is not a finite square matrix, or not symmetric.

    Notes
    -----
    Slide row S5.

    Examples
    --------
    >>> spectrum([[1.0, 3.0], [3.0, 1.0]]).round(9)
    array([ 4., -2.])
    """
    return np.linalg.eigvalsh(as_gram(K))[::-1]


def is_positive_semidefinite(K):
    """aᵀKa ≥ 0 for every vector a, and K = Kᵀ: whether K can be a Gram matrix.

    Parameters
    ----------
    K : array_like (n, n)

    Returns
    -------
    bool
        Both judged to 1e-10 of the largest |eigenvalue|, as rounding makes zeros negative. Without
        symmetry it is False.

    Raises
    ------
    ValueError
        If `K` is not a finite square matrix.

    Notes
    -----
    Slide row S5. Entries may be negative, eigenvalues not; and positive entries are not enough.

    Examples
    --------
    >>> is_positive_semidefinite([[2.0, -1.0], [-1.0, 2.0]])
    True
    >>> is_positive_semidefinite([[1.0, 3.0], [3.0, 1.0]])
    False
    """
    K = _as_square(K)
    eigenvalues = np.linalg.eigvalsh(K)
    tolerance = ROUNDING * np.abs(eigenvalues).max(initial=0.0)
    asymmetry = (K - K.T).max(initial=0.0)
    return bool(asymmetry <= tolerance and eigenvalues.min(initial=0.0) >= -tolerance)


def kernel_ridge(K, y, *, l2):
    """α = argmin ‖y − Kα‖² + l2 αᵀKα = (K + l2 I)⁻¹ y; new points get K_new @ α.

    Parameters
    ----------
    K : array_like (n, n)
        Gram matrix of the training points; it may be singular.
    y : array_like (n,)
    l2 : float
        Weight of the penalty against the *sum* of squares, above 0.

    Returns
    -------
    ndarray (n,)
        Dual coefficients, one a training point. Where K is singular others give the same Kα.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, K is not symmetric, or K + l2 I is not
        positive definite.

    Notes
    -----
    Rows S5 and S6: a kernel machine. Bishop (2006), equation 6.8; Saunders, Gammerman and Vovk,
    *Proceedings of the 15th International Conference on Machine Learning* (1998), 515–521. With the
    linear kernel it is ridge regression, θ = Xᵀα; with any kernel it is the mean of the Gaussian
    process whose noise variance is l2. There is no intercept: centre y first.

    Examples
    --------
    Ridge regression's 2, from the kernel of X = (1, 1)ᵀ:

    >>> kernel_ridge([[1.0, 1.0], [1.0, 1.0]], [3.0, 3.0], l2=1.0).round(9)
    array([1., 1.])
    """
    K = as_gram(K)
    y = as_vector(y, length=len(K))
    ridge = K + as_positive(l2, "l2") * np.eye(len(K))
    try:
        np.linalg.cholesky(ridge)  # it exists for positive definite matrices only
    except np.linalg.LinAlgError:
        raise ValueError(
            "K + l2 I: expected a positive definite matrix, but an eigenvalue is 0 or below. "
            "Look at spectrum(K): K is no Gram matrix, or l2 is lost beside its rounding."
        ) from None
    return np.linalg.solve(ridge, y)


def as_gram(K):
    """Symmetric float64 matrix (n, n): what a kernel machine asks of K, but for its eigenvalues."""
    K = _as_square(K)
    if (K - K.T).max(initial=0.0) > ROUNDING * np.abs(K).max(initial=0.0):
        raise ValueError(
            "K: expected a symmetric matrix, the kernel of the training points with themselves. "
            "Did you pass a kernel of two different sets?"
        )
    return K


def _as_square(K):
    K = as_matrix(K, "K")
    if K.shape[0] != K.shape[1]:
        raise ValueError(
            f"K: expected a square matrix, a row and a column for each point, got shape {K.shape}. "
            "A Gram matrix is the kernel of one set of points with itself."
        )
    return K


def _points(X1, X2):
    """Both as matrices with the same columns; one object twice stays one object."""
    same = X1 is X2
    X1 = as_matrix(X1, "X1")
    return X1, X1 if same else as_matrix(X2, "X2", n_columns=X1.shape[1])
