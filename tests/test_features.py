"""Lecture 1, rows B1 and B2: the columns in which every model is linear."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils.features import (
    add_bias,
    gaussian_features,
    polynomial_features,
    sigmoid_features,
)

finite = st.floats(-1e3, 1e3)
vectors = arrays(float, st.integers(0, 8), elements=finite)


@given(arrays(float, st.tuples(st.integers(0, 5), st.integers(0, 4)), elements=finite))
def test_add_bias_puts_a_column_of_ones_in_front_and_keeps_the_rest(X):
    got = add_bias(X)
    assert got.shape == (X.shape[0], X.shape[1] + 1)
    assert (got[:, 0] == 1).all()
    assert (got[:, 1:] == X).all()


@given(vectors, st.integers(0, 5))
def test_column_j_of_polynomial_features_is_the_jth_power(x, degree):
    got = polynomial_features(x, degree)
    assert got.shape == (len(x), degree + 1)
    for j in range(degree + 1):
        np.testing.assert_allclose(got[:, j], [value**j for value in x], rtol=1e-12)


def test_polynomial_features_of_whole_numbers_do_not_overflow():
    assert polynomial_features(np.array([10]), 30)[0, -1] == pytest.approx(1e30)


def test_a_gaussian_bump_is_1_at_its_centre_and_symmetric_about_it():
    got = gaussian_features([2.0, 2.7, 1.3, 5.0], [2.0], width=0.7)[:, 0]
    np.testing.assert_allclose(got, [1, np.exp(-0.5), np.exp(-0.5), np.exp(-0.5 * (3 / 0.7) ** 2)])


def test_a_sigmoid_step_is_one_half_at_its_centre_and_its_complement_mirrored():
    got = sigmoid_features([2.0, 2.7, 1.3], [2.0], width=0.7)[:, 0]
    np.testing.assert_allclose(got[0], 0.5)
    np.testing.assert_allclose(got[1], 1 / (1 + np.exp(-1)))
    np.testing.assert_allclose(got[1] + got[2], 1)


@pytest.mark.parametrize("basis", [gaussian_features, sigmoid_features])
def test_bases_have_a_row_for_each_x_and_a_column_for_each_centre(basis):
    x, centres = np.linspace(-2, 3, 7), [0.3, 1.1, 4.0]
    got = basis(x, centres, width=0.4)
    assert got.shape == (7, 3)
    for j, centre in enumerate(centres):
        np.testing.assert_allclose(got[:, j], basis(x, [centre], width=0.4)[:, 0])


@pytest.mark.parametrize("basis", [gaussian_features, sigmoid_features])
def test_bases_are_differentiable(basis):
    x, step = np.linspace(-2, 3, 41), 1e-5
    slope = (basis(x + step, [0.3], width=0.9) - basis(x - step, [0.3], width=0.9)) / (2 * step)
    z = (x[:, None] - 0.3) / 0.9
    s = 1 / (1 + np.exp(-z))
    exact = {gaussian_features: -z * np.exp(-0.5 * z**2) / 0.9, sigmoid_features: s * (1 - s) / 0.9}
    np.testing.assert_allclose(slope, exact[basis], atol=1e-9)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: add_bias([1.0, 2.0]), r"X: expected a matrix .*got shape \(2,\).*X\[:, None\]"),
        (lambda: add_bias([[np.nan]]), r"X: expected finite numbers, got nan at index \(0, 0\)"),
        (lambda: add_bias([["a"]]), "X: expected real numbers"),
        (lambda: add_bias([[1j]]), "X: expected real numbers"),
        (lambda: polynomial_features([[1.0]], 2), r"x: expected a vector .*x\[:, 0\]"),
        (lambda: polynomial_features([1.0], -1), "degree: expected a whole number, at least 0"),
        (lambda: polynomial_features([1.0], 1.5), "degree: expected a whole number"),
        (lambda: polynomial_features([1.0], [1]), "degree: .* an array of shape"),
        (lambda: gaussian_features([1.0], [0.0], width=0), "width: expected one number above 0"),
        (lambda: sigmoid_features([1.0], [[0.0]], width=1), "centres: expected a vector"),
    ],
)
def test_bad_input_is_refused_with_what_was_expected_and_what_came(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()
