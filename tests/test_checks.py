"""What test cells rely on: right values pass in any plain form, and nothing else passes."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils import checks


def failure(function, *arguments, **keywords):
    """The message of the AssertionError that this raises."""
    with pytest.raises(AssertionError) as caught:
        function(*arguments, **keywords)
    return str(caught.value)


class EqualToAll:
    """What a student might return who would rather not compute."""

    __class__ = np.ndarray
    shape, dtype, ndim, size = (), np.dtype(float), 0, 1

    def __eq__(self, other):
        return np.True_

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        return np.array(2.5)

    def __float__(self):
        return 2.5

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


class ArrayEqualToAll(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    __hash__ = None

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__

    def __array_ufunc__(self, *arguments, **keywords):
        return np.zeros(self.shape)


class FloatEqualToAll(float):
    def __eq__(self, other):
        return True

    __hash__ = None

    def __float__(self):
        return 2.5


class ListOfTheExpected(list):
    def __iter__(self):
        return iter([2.5])

    def __getitem__(self, index):
        return 2.5


# Values, in whatever plain form


@pytest.mark.parametrize(
    "form",
    [
        5, 5.0, True + 4, np.float64(5), np.float32(5), np.int8(5), np.longdouble(5), np.array(5),
        np.array(5.0, dtype=object),
    ],
    ids=lambda form: type(form).__name__ + str(getattr(form, "dtype", "")),
)  # fmt: skip
def test_one_number_is_one_number_in_any_form(form):
    checks.close(form, 5.0)
    failure(checks.close, form, 5.1)


@pytest.mark.parametrize(
    "form",
    [
        [[1, 2.5], [3, 4]],
        ((1, 2.5), (3, 4)),
        [np.array([1, 2.5]), (np.float32(3), 4)],
        np.array([[1, 2.5], [3, 4]], order="F"),
        np.array([[1, 2.5], [3, 4]], dtype=object),
        np.ma.array([[1, 2.5], [3, 4]]),
        np.array([[0, 0, 0], [1, 2.5, 0], [3, 4, 0]])[1:, :2],
    ],
    ids=lambda form: type(form).__name__,
)
def test_a_matrix_is_a_matrix_in_any_form(form):
    checks.close(form, [[1, 2.5], [3, 4]])
    failure(checks.close, form, [[1, 2.5], [3, 5]])


@settings(max_examples=50)
@given(
    hnp.arrays(float, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0), elements=st.floats())
)
def test_numbers_keeps_every_value_and_lends_no_memory(array):
    got = checks.numbers(array)
    np.testing.assert_array_equal(got, array)
    assert not np.shares_memory(got, array)
    if array.size:
        np.testing.assert_array_equal(checks.numbers(array.tolist()), array)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is a `return` missing"),
        ("2.5", "`str`"),
        (2.5 + 0j, "`complex`"),
        (np.array([1j]), "complex128"),
        (np.array(["a"]), "<U1"),
        ([[1, 2], [3]], "unequal length"),
        ([1, None], "[1] is None"),
        (np.array([1, None]), "[1] is None"),
        ({"mean": 2.5}, "`dict`"),
        ({2.5}, "`set`"),
        (lambda: 2.5, "`function`"),
        (10**400, "beyond 1e308"),
        ((x for x in [2.5]), "`generator`"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_is_no_number_is_refused_with_words(value, words):
    assert words in failure(checks.numbers, value)


@pytest.mark.parametrize(
    "fake",
    [
        EqualToAll(),
        [EqualToAll()],
        np.array([EqualToAll(), None])[:1],
        np.array(7.0).view(ArrayEqualToAll),
        FloatEqualToAll(7.0),
        ListOfTheExpected([7.0]),
    ],
    ids=lambda fake: type(fake).__name__,
)
def test_an_object_with_a_comparison_of_its_own_is_not_believed(fake):
    for expected in (2.5, [2.5], [[2.5]]):
        failure(checks.close, fake, expected)


def test_a_subclass_counts_for_the_value_that_it_holds():
    checks.close(np.array([7.0]).view(ArrayEqualToAll), [7.0])
    checks.close(FloatEqualToAll(7.0), 7.0)
    checks.close(ListOfTheExpected([7.0]), [7.0])


# Tolerance


@pytest.mark.parametrize("expected", [1e-12, 1.0, -3e15])
def test_the_relative_tolerance_counts_for_every_number_by_itself(expected):
    checks.close([expected * (1 + 0.9e-7), 1e20], [expected, 1e20])
    failure(checks.close, [expected * (1 + 1.1e-7), 1e20], [expected, 1e20])


def test_the_absolute_tolerance_is_there_for_zeros():
    failure(checks.close, 1e-17, 0.0)
    checks.close(1e-17, 0.0, atol=1e-12)
    failure(checks.close, 1e-11, 0.0, atol=1e-12)


def test_infinity_is_met_by_infinity_only_and_nan_by_nothing():
    checks.close([np.inf, -np.inf], [np.inf, -np.inf])
    for wrong in (1e308, -np.inf, np.nan):
        failure(checks.close, wrong, np.inf)
    failure(checks.close, np.inf, 5.0)
    assert "0/0" in failure(checks.close, np.nan, 5.0)


@pytest.mark.parametrize(
    ("got", "expected"),
    [([2.5], 2.5), (2.5, [2.5]), ([[2.5]], [2.5]), ([2.5, 2.5], [2.5]), ([], [2.5]), ([], 2.5)],
)
def test_shapes_are_judged_and_never_broadcast(got, expected):
    assert "wrong shape" in failure(checks.close, got, expected)
    assert "wrong shape" in failure(checks.shape, got, np.shape(expected))
    checks.shape(got, np.shape(got))


# Messages


def test_a_failure_says_what_went_in_what_came_out_and_what_it_looks_like():
    message = failure(
        checks.close,
        [1.0, 8.5],
        [1.0, 4.25],
        "the variance",
        given={"X": np.zeros((9, 4)), "theta": [1, 2], "noise_variance": 0.25, "kind": "l2"},
        looks_like={"twice the variance": [1.0, 8.5], "the deviation": [1.0, 2.0]},
    )
    assert message.splitlines() == [
        "the variance is wrong",
        "  given       X = an array of shape (9, 4), theta = [1., 2.], shape (2,), "
        "noise_variance = 0.25, kind = 'l2'",
        "  got         [1. , 8.5], shape (2,)",
        "  expected    another number in 1 of 2 places, first at [1]",
        "  looks like  twice the variance",
    ]


def test_a_known_mistake_is_named_also_where_it_has_another_shape():
    assert "looks like  the full matrix" in failure(
        checks.close, np.eye(2), [1.0, 1.0], looks_like={"the full matrix": np.eye(2)}
    )


@settings(max_examples=50)
@given(st.floats(1e3, 1e6), st.floats(1.001, 10))
def test_a_failure_never_gives_the_answer_away(expected, factor):
    message = failure(checks.close, expected * factor, expected, looks_like={"twice": expected})
    assert f"{expected:.4g}" not in message.replace(f"{expected * factor:.10g}", "")
    assert "twice" not in message


# Calls


def test_call_hands_over_copies_and_hides_warnings():
    x, nested = np.array([1.0, 0.0]), [(np.array([1.0]),)]

    def divides(x, *, params):
        x /= 0 * x
        params[0][0][0] = 7
        warnings.warn("mind the gap", stacklevel=1)
        return x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.call(divides, x, params=nested)
    assert x.tolist() == [1.0, 0.0]
    assert nested[0][0][0] == 1.0


def test_an_error_of_the_answer_fails_with_words_and_stays_the_cause():
    def crashes(x, *, degree):
        return x[degree]

    with pytest.raises(AssertionError, match="crashes raised IndexError") as caught:
        checks.call(crashes, np.zeros(3), degree=5)
    assert "degree = 5" in str(caught.value)
    assert type(caught.value.__cause__) is IndexError


def test_an_assertion_of_the_answer_does_not_pass_for_one_of_the_checks():
    def asserts():
        raise AssertionError("mine")

    with pytest.raises(AssertionError, match="asserts raised AssertionError: mine") as caught:
        checks.call(asserts)
    assert caught.value.__cause__ is not None


def test_an_unwritten_answer_says_so():
    def unwritten():
        raise NotImplementedError

    for check in (checks.call, checks.unchanged, lambda f: checks.raises(ValueError, f)):
        with pytest.raises(NotImplementedError):
            check(unwritten)


def test_an_error_whose_words_cannot_be_had_is_still_reported():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    class Stand:
        __name__ = 7

        def __call__(self):
            raise Mute

    assert "the function raised Mute" in failure(checks.call, Stand())


@pytest.mark.parametrize(
    "change",
    [
        lambda x, p: x.__setitem__(0, 9.0),
        lambda x, p: x.sort(),
        lambda x, p: x.resize(1, refcheck=False),
        lambda x, p: p[0][1].__setitem__(0, 9.0),
        lambda x, p: p.append(1),
    ],
)
def test_unchanged_notices_a_change_in_place(change):
    x, params = np.array([3.0, 1.0]), [(np.eye(2), np.array([1.0]))]
    assert "changed its argument" in failure(checks.unchanged, change, x, params)
    assert x.tolist() == [3.0, 1.0]
    assert len(params) == 1
    assert params[0][1].tolist() == [1.0]


def test_unchanged_lets_a_copy_and_nan_pass():
    checks.unchanged(lambda x, *, y: x + y["a"], np.array([np.nan]), y={"a": np.array([1.0])})
    assert "changed its y" in failure(
        checks.unchanged, lambda x, *, y: y["a"].fill(0), 1.0, y={"a": np.array([1.0])}
    )


def test_unpack_wants_as_many_parts_as_names():
    assert checks.unpack((1, [2]), "mean", "variance") == [1, [2]]
    assert [p.tolist() for p in checks.unpack(np.eye(2), "a", "b")] == [[1, 0], [0, 1]]
    for wrong in (None, 2.5, (1,), (1, 2, 3), np.zeros(3), np.array(2.5), {1: 2, 3: 4}, "ab"):
        message = failure(checks.unpack, wrong, "mean", "variance")
        assert "xpected 2 results: mean, variance" in message


def test_raises_wants_that_error_and_no_other():
    checks.raises(ValueError, float, "a")
    checks.raises(LookupError, [].__getitem__, 1)
    assert "raise ValueError(...)" in failure(checks.raises, ValueError, abs, -2)
    assert "raised TypeError" in failure(checks.raises, ValueError, abs, "a")


# Checks of checks


def doubles(function):
    assert function(3) == 6, "3 doubled is 6"


def test_accepts_and_rejects_tell_a_good_check_from_others():
    checks.accepts(doubles, lambda x: 2 * x, "a product")
    checks.rejects(doubles, lambda x: x + 2, "2 more")
    assert "refuses a right implementation (a sum)" in failure(
        checks.accepts, lambda f: doubles(lambda x: 0), lambda x: x + x, "a sum"
    )
    assert "lets a wrong implementation pass" in failure(
        checks.rejects, doubles, lambda x: x + 3, "3 more"
    )


def test_a_check_has_to_raise_and_to_raise_an_assertion_error():
    assert "returned a value" in failure(checks.rejects, lambda f: False, abs, "wrong")
    with pytest.raises(AssertionError) as caught:
        checks.rejects(lambda f: f(1, 2), abs, "wrong")
    assert type(caught.value.__cause__) is TypeError
    with pytest.raises(AssertionError) as caught:
        checks.accepts(lambda f: f(1, 2), abs, "right")
    assert type(caught.value.__cause__) is TypeError
