"""What every public function asks of its arguments, said once.

Each function returns its argument as float64, or raises a `ValueError` that says what was
expected, what came and how to mend it.
"""

import numpy as np


def as_array(values, name):
    """Finite float64 array of any shape."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "c":
            raise TypeError("complex numbers")
        array = array.astype(float, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name}: expected real numbers, got {type(values).__name__} ({error}). "
            "Rows of unequal length and text have to be cleaned first."
        ) from None
    if not np.isfinite(array).all():
        where = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(
            f"{name}: expected finite numbers, got {array[where]} at index {where}. "
            "Drop or fill missing values first."
        )
    return array


def as_matrix(X, name="X", *, n_columns=None):
    """Finite float64 matrix (n, d), one observation a row."""
    X = as_array(X, name)
    if X.ndim != 2:
        mend = f" For a single feature write {name}[:, None]." if X.ndim == 1 else ""
        raise ValueError(
            f"{name}: expected a matrix (n, d) with one observation a row, "
            f"got shape {X.shape}.{mend}"
        )
    if n_columns is not None and X.shape[1] != n_columns:
        raise ValueError(
            f"{name}: expected {n_columns} columns, got shape {X.shape}. "
            "Build it with the same features as the rest."
        )
    return X


def as_vector(y, name="y", *, length=None):
    """Finite float64 vector (n,)."""
    y = as_array(y, name)
    if y.ndim != 1:
        mend = f" A single column becomes a vector with {name}[:, 0]." if y.ndim == 2 else ""
        raise ValueError(f"{name}: expected a vector (n,), got shape {y.shape}.{mend}")
    if length is not None and len(y) != length:
        raise ValueError(
            f"{name}: expected {length} numbers, one for each row or column it goes with, "
            f"got {len(y)}."
        )
    return y


def as_data(X, y):
    """Matrix X (n, d) and vector y (n,) of the same length."""
    X = as_matrix(X)
    return X, as_vector(y, length=len(X))


def as_labels(y, name="y", *, length, n_classes):
    """Class labels 0 … n_classes − 1 as an int vector (length,)."""
    y = as_vector(y, name, length=length)
    wrong = y[~np.isin(y, np.arange(n_classes))]
    if len(wrong):
        raise ValueError(
            f"{name}: expected class labels 0 to {n_classes - 1}, got {wrong[0]:g}. "
            "Classes count from 0: np.unique(y, return_inverse=True)[1] renumbers any labels."
        )
    return y.astype(int)


def as_covariance(covariance, name="covariance", *, size):
    """Symmetric float64 matrix (d, d) without negative variances."""
    covariance = as_array(covariance, name)
    if covariance.shape != (size, size):
        raise ValueError(f"{name}: expected shape {(size, size)}, got {covariance.shape}.")
    scale = np.abs(covariance).max(initial=0.0)
    if not np.allclose(covariance, covariance.T, rtol=0, atol=1e-8 * scale):
        raise ValueError(f"{name}: expected a symmetric matrix. Did you pass a factor of it?")
    if (np.diag(covariance) < 0).any():
        raise ValueError(
            f"{name}: expected variances on the diagonal, got {np.diag(covariance).min()}. "
            "A variance cannot be negative."
        )
    return covariance


def as_positive(value, name):
    """One finite number above zero, as a float."""
    number = as_array(value, name)
    if number.ndim != 0 or number <= 0:
        got = number.item() if number.ndim == 0 else f"an array of shape {number.shape}"
        raise ValueError(f"{name}: expected one number above 0, got {got}.")
    return float(number)


def as_non_negative(value, name):
    """One finite number, 0 or above, as a float."""
    number = as_array(value, name)
    if number.ndim != 0 or number < 0:
        got = number.item() if number.ndim == 0 else f"an array of shape {number.shape}"
        raise ValueError(f"{name}: expected one number, 0 or above, got {got}.")
    return float(number)


def as_count(value, name, *, minimum=0):
    """One whole number, at least `minimum`, as an int."""
    number = as_array(value, name)
    if number.ndim != 0 or number != np.floor(number) or number < minimum:
        got = number.item() if number.ndim == 0 else f"an array of shape {number.shape}"
        raise ValueError(f"{name}: expected a whole number, at least {minimum}, got {got}.")
    return int(number)


def as_generator(rng):
    """The random generator itself: every draw comes from one that the caller has seeded."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng: expected a numpy.random.Generator, got {type(rng).__name__}. "
            "Make one with np.random.default_rng(0)."
        )
    return rng
