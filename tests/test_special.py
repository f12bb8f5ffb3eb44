"""Rows I1, G1 and what both rest on: exact, at any number of axes, from −1e4 to 1e4.

Oracles: SciPy; 50 digits of Python's `decimal`.
"""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_utils import special
from course_utils.special import (
    log_softmax,
    logsumexp,
    one_hot,
    sigmoid,
    softmax,
    softplus,
)

numbers = st.floats(-1e4, 1e4)
tables = arrays(float, array_shapes(max_dims=4, max_side=4), elements=numbers)
ELEMENTWISE = {"sigmoid": scipy.special.expit, "softplus": lambda x: np.logaddexp(0, x)}
OVER_AN_AXIS = {
    "logsumexp": scipy.special.logsumexp,
    "log_softmax": scipy.special.log_softmax,
    "softmax": scipy.special.softmax,
}
FUNCTIONS = [*ELEMENTWISE, *OVER_AN_AXIS]


def exactly(scores):
    """log Σ exp(s) in 50 digits."""
    with localcontext() as context:
        context.prec = 50
        context.Emin = -(10**6)
        return float(sum(Decimal(s).exp() for s in scores).ln())


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(x=tables)
def test_elementwise_functions_agree_with_scipy(name, x):
    got = getattr(special, name)(x)
    assert got.shape == x.shape
    np.testing.assert_allclose(got, ELEMENTWISE[name](x), rtol=1e-14)


@pytest.mark.parametrize("name", OVER_AN_AXIS)
@given(x=tables, data=st.data())
def test_functions_over_any_axes_agree_with_scipy(name, x, data):
    axis = data.draw(
        st.none()
        | st.integers(-x.ndim, x.ndim - 1)
        | st.sets(st.integers(0, x.ndim - 1), min_size=1).map(tuple)
    )
    got, oracle = getattr(special, name)(x, axis=axis), OVER_AN_AXIS[name](x, axis=axis)
    assert np.shape(got) == np.shape(oracle)
    np.testing.assert_allclose(got, oracle, rtol=1e-13, atol=1e-11)


@given(tables)
def test_without_an_axis_named_it_is_the_last(x):
    for name in OVER_AN_AXIS:
        function = getattr(special, name)
        np.testing.assert_array_equal(function(x), function(x, axis=-1))


@given(st.lists(numbers, min_size=1, max_size=5))
def test_logsumexp_is_right_to_the_last_digits(scores):
    assert logsumexp(scores) == pytest.approx(exactly(scores), rel=1e-14, abs=1e-14)


@given(tables)
def test_logsumexp_lies_between_the_largest_and_that_plus_log_k(x):
    top = x.max(axis=-1)
    assert (logsumexp(x) >= top).all()
    assert (logsumexp(x) <= top + np.log(x.shape[-1]) + 1e-11).all()


def test_logsumexp_keeps_the_axes_when_told_to():
    x = np.arange(24.0).reshape(2, 3, 4)
    assert logsumexp(x, axis=(0, 2), keepdims=True).shape == (1, 3, 1)
    assert logsumexp(x, axis=(0, 2)).shape == (3,)
    assert logsumexp(np.ones((0, 3)), axis=0, keepdims=True).shape == (1, 3)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
def test_nothing_sums_to_nothing(shape):
    x = np.zeros(shape)
    assert softmax(x).shape == log_softmax(x).shape == shape
    assert logsumexp(x, axis=0).shape == shape[1:]
    assert (logsumexp(np.zeros((3, 0))) == -np.inf).all()


@given(tables)
def test_softmax_is_a_distribution_and_keeps_the_order(x):
    p = softmax(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-14)
    order = np.argsort(x, axis=-1)
    assert (np.diff(np.take_along_axis(p, order, axis=-1), axis=-1) >= 0).all()


@given(tables, numbers)
def test_adding_a_constant_to_all_scores_changes_no_probability(x, shift):
    np.testing.assert_allclose(softmax(x + shift), softmax(x), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(log_softmax(x + shift), log_softmax(x), atol=1e-10)


@given(tables)
def test_log_softmax_is_the_log_of_softmax_where_that_exists(x):
    p = softmax(x)
    visible = p > 1e-300
    np.testing.assert_allclose(log_softmax(x)[visible], np.log(p[visible]), atol=1e-11)
    assert np.isfinite(log_softmax(x)).all()


@given(numbers)
def test_sigmoid_is_the_softmax_of_two_scores_and_softplus_minus_its_log(eta):
    scores = [0.0, eta]
    assert sigmoid(eta) == pytest.approx(softmax(scores)[1], rel=1e-13, abs=0)
    assert softplus(-eta) == pytest.approx(-log_softmax(scores)[1], rel=1e-13, abs=1e-13)


@given(numbers)
def test_sigmoid_and_its_mirror_sum_to_1_and_softplus_differs_by_eta(eta):
    assert sigmoid(eta) + sigmoid(-eta) == pytest.approx(1, rel=1e-15)
    assert softplus(eta) - softplus(-eta) == pytest.approx(eta, rel=1e-14, abs=1e-14)


@given(st.floats(-30, 30))
def test_the_slope_of_softplus_is_sigmoid(eta):
    h = 1e-5
    slope = (softplus(eta + h) - softplus(eta - h)) / (2 * h)
    assert slope == pytest.approx(sigmoid(eta), rel=1e-4, abs=1e-9)


def test_extremes_are_exact_and_silent():
    np.testing.assert_array_equal(sigmoid([-1e4, 0, 1e4]), [0, 0.5, 1])
    np.testing.assert_array_equal(softplus([-1e4, 1e4]), [0, 1e4])
    np.testing.assert_array_equal(softmax([-1e4, 0, 1e4]), [0, 0, 1])
    np.testing.assert_array_equal(log_softmax([-1e4, 1e4]), [-2e4, 0])
    assert logsumexp([-1e4, -1e4]) == -1e4 + np.log(2)
    assert sigmoid(-40.0) == pytest.approx(np.exp(-40), rel=1e-15)  # not 1 − σ(40) = 0


def test_e11_the_slides_sigmoid_is_no_probability():
    eta = np.array([-3.0, -0.1, 0.1, 3.0])
    slide = 1 / (1 - np.exp(-eta))
    assert ((slide < 0) | (slide > 1)).all()
    np.testing.assert_allclose(sigmoid(eta), 1 / (1 + np.exp(-eta)), rtol=1e-15)


@given(st.lists(st.integers(0, 6), max_size=8))
def test_one_hot_has_a_single_one_a_row_at_the_label(y):
    rows = one_hot(y, n_classes=7)
    assert rows.shape == (len(y), 7)
    assert rows.dtype == float
    np.testing.assert_array_equal(rows, np.eye(7)[np.array(y, dtype=int)])


def test_e7_the_slides_class_numbers_are_one_too_large():
    with pytest.raises(ValueError, match=r"expected class labels 0 to 2, got 3.*count from 0"):
        one_hot([1, 2, 3], n_classes=3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_come_back_unchanged_and_lists_and_scalars_will_do(name):
    function, x = getattr(special, name), np.array([[0.3, -2.0], [5.0, 1.0]])
    before = x.copy()
    result = function(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(result, function(x.tolist()))
    np.testing.assert_array_equal(function([1, 2]), function([1.0, 2.0]))


@pytest.mark.parametrize("bad", [[1.0, np.nan], [np.inf], [1j], ["a"], [[1], [2, 3]]])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_not_finite_and_real_is_refused_by_its_name(name, bad):
    argument = "eta" if name in ELEMENTWISE else "scores"
    with pytest.raises(ValueError, match=rf"^{argument}: expected (real|finite) numbers"):
        getattr(special, name)(bad)


@pytest.mark.parametrize(
    ("y", "n_classes", "message"),
    [
        ([0, 1], 0, "n_classes: expected a whole number, at least 1, got 0"),
        ([0, 1], 2.5, "n_classes: expected a whole number"),
        ([0, -1], 3, "y: expected class labels 0 to 2, got -1"),
        ([0.5], 3, "y: expected class labels 0 to 2, got 0.5"),
        ([[0], [1]], 3, r"y: expected a vector \(n,\), got shape \(2, 1\)"),
    ],
)
def test_one_hot_refuses_what_is_no_label(y, n_classes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        one_hot(y, n_classes=n_classes)
