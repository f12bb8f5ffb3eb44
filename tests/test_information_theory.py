"""Lecture 2, rows I2–I10: laws of surprise, and errata E5, E6, E7 and E22.

Oracles: SciPy's entropy and distances, scikit-learn's scores, autograd, searches from many starts.
"""

import autograd.numpy as anp
import numpy as np
import pytest
import scipy.special
import scipy.stats
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.spatial.distance import jensenshannon
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss, mutual_info_score

from course_utils.data import bimodal_density
from course_utils.information_theory import (
    cross_entropy,
    entropy,
    fit_gaussian,
    gaussian_divergence,
    jensen_shannon,
    kl_divergence,
    mutual_information,
    perplexity,
    pixel_mutual_information,
    self_information,
    softmax_cross_entropy,
)
from course_utils.optimisation import check_gradient
from course_utils.special import log_softmax, one_hot, softmax

bases = st.sampled_from([2, np.e, 10, 0.5])


@st.composite
def distributions(draw, count=1, k=None):
    """Distributions of one length, zeros among their entries."""
    k = k or draw(st.integers(1, 6))
    weights = arrays(float, k, elements=st.sampled_from([0.0, 1e-12, 0.3, 1.0, 2.5, 7.0]))
    found = [draw(weights.filter(lambda w: w.sum() > 0.1)) for _ in range(count)]
    found = [w / w.sum() for w in found]
    return found[0] if count == 1 else found


pairs = distributions(2)


# I3–I6


@given(distributions(), bases)
def test_entropy_is_scipys_and_the_mean_self_information(p, base):
    assert entropy(p, base) == pytest.approx(scipy.stats.entropy(p, base=base), abs=1e-12)
    seen = p > 0
    mean = (p[seen] * self_information(p[seen], base)).sum()
    assert entropy(p, base) == pytest.approx(mean, abs=1e-12)


@given(distributions())
def test_entropy_lies_between_0_and_log_k(p):
    assert 0 <= entropy(p) <= np.log2(len(p)) + 1e-12


@pytest.mark.parametrize("k", [1, 2, 3, 1000])
def test_the_uniform_distribution_is_the_most_uncertain(k):
    assert entropy(np.full(k, 1 / k)) == pytest.approx(np.log2(k), abs=1e-12)
    assert perplexity(np.full(k, 1 / k)) == pytest.approx(k)
    for certain in (entropy(np.eye(k)[0]), cross_entropy(np.eye(k)[0], np.eye(k)[0])):
        assert certain == 0
        assert not np.signbit(certain)


@given(pairs, bases)
def test_cross_entropy_is_entropy_plus_divergence(pq, base):
    p, q = pq
    if base > 1:
        total = entropy(p, base) + kl_divergence(p, q, base)
        assert cross_entropy(p, q, base) == pytest.approx(total, rel=1e-12, abs=1e-12)


@given(pairs)
def test_divergence_is_scipys_never_negative_and_0_for_equals(pq):
    p, q = pq
    oracle = scipy.special.rel_entr(p, q).sum() / np.log(2)
    assert kl_divergence(p, q) == pytest.approx(oracle, rel=1e-12, abs=1e-12)
    assert kl_divergence(p, q) >= 0
    assert kl_divergence(p, p) == 0


@given(pairs)
def test_divergence_is_infinite_exactly_where_q_rules_out_what_happens(pq):
    p, q = pq
    assert np.isinf(kl_divergence(p, q)) == ((q == 0) & (p > 0)).any()
    assert np.isinf(cross_entropy(p, q)) == ((q == 0) & (p > 0)).any()


@given(pairs)
def test_pinskers_inequality(pq):
    p, q = pq
    assert kl_divergence(p, q, np.e) >= 0.5 * np.abs(p - q).sum() ** 2 - 1e-12


@given(pairs)
def test_jensen_shannon_is_symmetric_at_most_log_2_and_the_square_of_scipys_distance(pq):
    p, q = pq
    got = jensen_shannon(p, q)
    assert got == pytest.approx(jensen_shannon(q, p), abs=1e-12)
    assert 0 <= got <= 1 + 1e-12
    if not np.array_equal(p, q):
        assert got == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-7)


@given(pairs, bases)
def test_a_change_of_base_is_a_factor(pq, base):
    p, q = pq
    factor = np.log(2) / np.log(base)
    for measure in (lambda b: entropy(p, b), lambda b: jensen_shannon(p, q, b)):
        assert measure(base) == pytest.approx(measure(2) * factor, abs=1e-12)
    if np.isfinite(kl_divergence(p, q)):
        assert kl_divergence(p, q, base) == pytest.approx(kl_divergence(p, q) * factor, abs=1e-12)
    np.testing.assert_allclose(self_information([0.3], base), self_information([0.3]) * factor)


def test_several_distributions_are_measured_at_once_along_the_last_axis():
    rng = np.random.default_rng(0)
    p, q = (w / w.sum(axis=-1, keepdims=True) for w in rng.random((2, 3, 4, 5)))
    for measure in (cross_entropy, kl_divergence, jensen_shannon):
        got = measure(p, q)
        assert got.shape == (3, 4)
        assert got[1, 2] == pytest.approx(measure(p[1, 2], q[1, 2]))
    assert entropy(p).shape == perplexity(p).shape == (3, 4)
    assert type(entropy(p[0, 0])) is float


def test_an_impossible_event_is_infinitely_surprising():
    assert self_information(0.0) == np.inf
    assert self_information([0.125])[0] == 3


def test_e6_bits_and_nats_are_told_apart_by_the_keyword():
    p = [0.5, 0.5]
    assert (entropy(p), entropy(p, base=np.e)) == (1.0, pytest.approx(np.log(2)))
    assert cross_entropy(p, p) == kl_divergence([1, 0], p) == mutual_information(np.eye(2) / 2) == 1
    assert jensen_shannon([1, 0], [0, 1]) == self_information(0.5) == 1


def test_e22_divergence_is_symmetric_for_some_pairs_and_not_in_general():
    p, q = [0.2, 0.8], [0.8, 0.2]
    assert kl_divergence(p, q) == pytest.approx(kl_divergence(q, p))
    assert kl_divergence(p, [0.5, 0.5]) != pytest.approx(kl_divergence([0.5, 0.5], p), rel=0.01)


# I8


@st.composite
def tables(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 5)))
    weights = arrays(float, shape, elements=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
    table = draw(weights.filter(lambda w: w.sum() > 0))
    return table / table.sum()


@given(tables())
def test_mutual_information_is_the_entropies_that_overlap(joint):
    x, y = joint.sum(axis=1), joint.sum(axis=0)
    together = entropy(x) + entropy(y) - entropy(joint.ravel())
    assert mutual_information(joint) == pytest.approx(together, abs=1e-12)
    assert mutual_information(joint) <= min(entropy(x), entropy(y)) + 1e-12
    assert mutual_information(joint) == pytest.approx(mutual_information(joint.T), abs=1e-12)
    counts = np.round(joint * 1000).astype(int)
    oracle = mutual_info_score(None, None, contingency=counts)
    assert mutual_information(counts / counts.sum(), base=np.e) == pytest.approx(oracle, abs=1e-9)


@given(distributions(), distributions())
def test_independent_variables_tell_nothing_of_each_other(p, q):
    assert mutual_information(np.outer(p, q)) == pytest.approx(0, abs=1e-12)


@given(tables())
def test_merging_levels_tells_no_more(joint):
    merged = np.vstack([joint[:1] + joint[1:2].sum(axis=0), joint[2:]])
    assert mutual_information(merged) <= mutual_information(joint) + 1e-12


@pytest.mark.parametrize("base", [2, np.e])
def test_pixel_mutual_information_is_scikit_learns_of_every_pixel(base):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300]
    oracle = [mutual_info_score(column, y) / np.log(base) for column in X.T]
    np.testing.assert_allclose(pixel_mutual_information(X, y, base=base), oracle, atol=1e-12)


def test_pixels_in_many_blocks_are_the_same(monkeypatch):
    X, y = load_digits(return_X_y=True)
    whole = pixel_mutual_information(X, y)
    monkeypatch.setattr("course_utils.information_theory.CHUNK", 5000)
    np.testing.assert_array_equal(pixel_mutual_information(X, y), whole)
    assert pixel_mutual_information(X[:1], y[:1]) == pytest.approx(np.zeros(64))
    assert pixel_mutual_information(X[:, :0], y).shape == (0,)


def test_pixels_are_the_table_of_their_counts():
    x, y = np.array([0, 0, 1, 2, 2, 2]), np.array([1, 0, 1, 1, 1, 0])
    counts = np.zeros((3, 2))
    np.add.at(counts, (x, y), 1)
    got = pixel_mutual_information(np.column_stack([x, y]), y)
    assert got[0] == pytest.approx(mutual_information(counts / 6))
    assert got[1] == pytest.approx(entropy([1 / 3, 2 / 3]))


# I2, I9, I10

scores = arrays(float, st.tuples(st.integers(1, 5), st.integers(2, 4)), elements=st.floats(-50, 50))


@given(scores, st.integers(0, 9))
def test_softmax_cross_entropy_is_the_mean_of_log_softmax_at_the_true_class(s, seed):
    y = np.random.default_rng(seed).integers(s.shape[1], size=len(s))
    loss, gradient = softmax_cross_entropy(s, y)
    assert loss == pytest.approx(-log_softmax(s)[np.arange(len(s)), y].mean(), abs=1e-12)
    oracle = (softmax(s) - one_hot(y, n_classes=s.shape[1])) / len(s)
    np.testing.assert_allclose(gradient, oracle, atol=1e-14)


def test_softmax_cross_entropy_agrees_with_autograd_and_scikit_learn():
    rng = np.random.default_rng(1)
    s, y = rng.normal(size=(6, 4)), rng.integers(4, size=6)

    def naive(s):
        p = anp.exp(s) / anp.sum(anp.exp(s), axis=1, keepdims=True)
        return -anp.mean(anp.log(p[np.arange(6), y]))

    loss, gradient = softmax_cross_entropy(s, y)
    np.testing.assert_allclose(gradient, grad(naive)(s), rtol=1e-12)
    assert loss == pytest.approx(log_loss(y, softmax(s), labels=range(4)))
    check_gradient(lambda s: softmax_cross_entropy(s, y), s, rng=rng)


def test_softmax_cross_entropy_is_exact_at_the_extremes():
    loss, gradient = softmax_cross_entropy([[1e4, -1e4], [0.0, 1e4]], [1, 1])
    assert loss == 1e4
    np.testing.assert_array_equal(gradient, [[0.5, -0.5], [0, 0]])


def test_rows_whose_scores_are_worlds_apart_do_not_disturb_each_other():
    near, far = [0.0, 1.0, 0.3], [1e4, 1e4 - 2.0, 0.0]
    both, _ = softmax_cross_entropy([near, far], [0, 1])
    assert both == pytest.approx((log_loss_of(near, 0) + log_loss_of(far, 1)) / 2, rel=1e-12)


def log_loss_of(row, label):
    return float(scipy.special.logsumexp(row) - row[label])


@given(scores)
def test_minimising_cross_entropy_minimises_the_divergence_of_one_hot_and_softmax(s):
    y = np.zeros(len(s), dtype=int)
    p, q = one_hot(y, n_classes=s.shape[1]), softmax(s)
    if (q[:, 0] > 1e-300).all():
        np.testing.assert_array_equal(entropy(p), 0)
        divergence = kl_divergence(p, q / q.sum(axis=1, keepdims=True), np.e)
        assert softmax_cross_entropy(s, y)[0] == pytest.approx(divergence.mean(), abs=1e-9)


def test_e5_the_slides_loss_is_the_log_of_a_rounded_number():
    loss, _ = softmax_cross_entropy([[1.2, 5.0, 1.6]], [0])
    assert round(loss, 4) == 3.8542
    assert round(loss / np.log(2), 4) == 5.5605
    assert round(-np.log(0.021), 3) == 3.863
    assert round(float(self_information(0.021, np.e)), 2) != round(loss, 2)


def test_e7_classes_count_from_0_in_code():
    with pytest.raises(ValueError, match="y: expected class labels 0 to 2, got 3"):
        softmax_cross_entropy([[1.2, 5.0, 1.6]], [3])
    assert softmax_cross_entropy([[1.2, 5.0, 1.6]], [1])[0] != pytest.approx(3.8542, abs=1e-3)


# I7

X = np.linspace(-8, 8, 321)
BIMODAL = {
    "even": ((-2.0, 2.0), (0.6, 0.6), (0.5, 0.5)),
    "right": ((-2.0, 2.5), (0.5, 1.0), (0.3, 0.7)),
    "near": ((-1.0, 1.0), (0.7, 0.8), (0.4, 0.6)),
    "spike": ((0.0, 4.0), (1.0, 0.2), (0.9, 0.1)),
    "needle": ((-1.0, 2.0), (1.0, 0.1), (0.4, 0.6)),
}


def density(name):
    centres, deviations, weights = BIMODAL[name]
    p = bimodal_density(X, centres=centres, deviations=deviations, weights=weights) + 1e-12
    return p / (p.sum() * (X[1] - X[0]))


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("name", BIMODAL)
def test_no_search_from_many_starts_finds_a_better_gaussian(name, direction):
    p = density(name)
    found = fit_gaussian(X, p, direction)
    reached = gaussian_divergence(X, p, found.mean, found.deviation, direction)

    def objective(a):
        return gaussian_divergence(X, p, a[0], np.exp(a[1]), direction)

    best = min(
        minimize(objective, (m, s), method="Nelder-Mead", options={"xatol": 1e-8}).fun
        for m in (-2, 0, 2, 4) for s in (-1, 0.5)
    )  # fmt: skip
    assert reached <= best + 1e-9


@pytest.mark.parametrize("name", BIMODAL)
def test_forward_matches_moments_and_reverse_sits_on_a_mode(name):
    p = density(name)
    mass = p / p.sum()
    mean = mass @ X
    forward, reverse = fit_gaussian(X, p, "forward"), fit_gaussian(X, p, "reverse")
    beyond = 0.02 if name in ("even", "right") else 1e-4  # where the grid's ends cut a Gaussian off
    assert forward.mean == pytest.approx(mean, abs=beyond)
    assert forward.deviation == pytest.approx(np.sqrt(mass @ (X - mean) ** 2), rel=beyond)
    assert reverse.deviation < forward.deviation
    if name != "near":  # whose two modes are one broad one
        assert np.abs(np.subtract(BIMODAL[name][0], reverse.mean)).min() < 0.1


@settings(max_examples=15, deadline=None)
@given(st.floats(-2, 2), st.floats(0.3, 1.2), st.sampled_from(["forward", "reverse"]))
def test_a_gaussian_is_its_own_best_gaussian(mean, deviation, direction):
    p = np.exp(-(((X - mean) / deviation) ** 2) / 2) + 1e-300
    found = fit_gaussian(X, p / (p.sum() * (X[1] - X[0])), direction)
    assert found.mean == pytest.approx(mean, abs=1e-5)
    assert found.deviation == pytest.approx(deviation, rel=1e-5)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize(
    ("x", "p"), [(X, density("right")), (100 + X, density("needle")), ([-1, 0, 1], [0.2, 0.5, 0.3])]
)
def test_the_divergence_is_its_sum_over_the_grid(x, p, direction):
    for mean, deviation in ((x[0] + 0.7, 1.1), (x[-1] - 1.3, 0.4)):
        q = np.exp(-((np.array(x) - mean) ** 2) / (2 * deviation**2))
        mass, q = p / np.sum(p), q / q.sum()
        first, second = (mass, q) if direction == "forward" else (q, mass)
        oracle = scipy.special.rel_entr(first, second).sum()
        for slack in (1, 1 + 5e-7):  # as much as the sum of p may miss 1
            got = gaussian_divergence(x, np.multiply(p, slack), mean, deviation, direction)
            assert got == pytest.approx(oracle, rel=1e-9)


def test_the_divergence_of_two_gaussians_is_the_known_one():
    p = scipy.stats.norm(0.5, 0.8).pdf(X) + 1e-300
    p /= p.sum() * (X[1] - X[0])
    forward = np.log(1.2 / 0.8) + (0.8**2 + 0.7**2) / (2 * 1.2**2) - 0.5
    reverse = np.log(0.8 / 1.2) + (1.2**2 + 0.7**2) / (2 * 0.8**2) - 0.5
    assert gaussian_divergence(X, p, -0.2, 1.2, "forward") == pytest.approx(forward, rel=1e-6)
    assert gaussian_divergence(X, p, -0.2, 1.2, "reverse") == pytest.approx(reverse, rel=1e-6)


def test_other_units_of_x_give_the_same_gaussian_in_those_units():
    p = density("right")
    here = fit_gaussian(X, p, "reverse")
    there = fit_gaussian(100 + 1000 * X, p / 1000, "reverse")
    assert there.mean == pytest.approx(100 + 1000 * here.mean, abs=1e-3)
    assert there.deviation == pytest.approx(1000 * here.deviation, rel=1e-6)


# Refusals

BAD_P = [
    ([0.5, 0.6], "expected probabilities that sum to 1, got the sum 1.1. Divide counts"),
    ([0.5, 0.5 + 1e-8], "expected probabilities that sum to 1"),
    ([1.5, -0.5], "expected probabilities, got -0.5"),
    ([np.nan, 1.0], "expected finite numbers"),
    (1.0, "expected a distribution, one number an outcome"),
]


@pytest.mark.parametrize(("bad", "message"), BAD_P)
def test_what_is_no_distribution_is_refused_by_its_name(bad, message):
    for measure in (entropy, perplexity, mutual_information):
        name, value = ("p", bad)
        if measure is mutual_information:
            if np.ndim(bad) == 0:
                continue
            name, value = "p_xy", [bad]
        with pytest.raises(ValueError, match=f"^{name}: {message}"):
            measure(value)
    for measure in (cross_entropy, kl_divergence, jensen_shannon):
        with pytest.raises(ValueError, match=f"^p: {message}"):
            measure(bad, [0.5, 0.5])
        with pytest.raises(ValueError, match=f"^q: {message}"):
            measure([0.5, 0.5], bad)


def test_rounding_is_no_reason_to_refuse():
    assert entropy([0.5, 0.5 + 1e-10]) == pytest.approx(1)
    assert entropy(np.full(3, 1 / 3)) == pytest.approx(np.log2(3))
    assert mutual_information(np.eye(2) / 2 * (1 + 9e-10)) == pytest.approx(1)


@pytest.mark.parametrize(("base", "message"), [
    (0, "base: expected one number above 0"), (-2, "base: expected one number above 0"),
    (1, "base: expected a base of logarithms, 2 or np.e, say, got 1"),
    ([2, 3], "base: expected one number"),
])  # fmt: skip
def test_what_is_no_base_is_refused(base, message):
    p = [0.5, 0.5]
    for call in (
        lambda: self_information(0.5, base), lambda: entropy(p, base),
        lambda: cross_entropy(p, p, base), lambda: kl_divergence(p, p, base),
        lambda: mutual_information([p, [0.0, 0.0]], base),
        lambda: pixel_mutual_information([[1]], [1], base=base),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{message}"):
            call()


GRID = np.linspace(0, 1, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: self_information(1.5), "p: expected probabilities from 0 to 1, got 1.5"),
        (lambda: self_information(-0.5), "p: expected probabilities from 0 to 1, got -0.5"),
        (lambda: self_information([0.3, 0.0, 1.0, 1.5]), "p: expected probabilities .* got 1.5"),
        (lambda: self_information([1.0, 1.5]), "p: expected probabilities .* got 1.5"),
        (lambda: entropy([[0.5, 0.5], [0.7, 0.4]]), "p: expected .* got the sum 1.1"),
        (lambda: pixel_mutual_information([[0, 2, -3]], [0]), "X: expected whole .* got -3"),
        (lambda: kl_divergence([1.0], [0.5, 0.5]), r"q: expected the shape of p, \(1,\), got \(2,"),
        (lambda: mutual_information([0.5, 0.5]), r"p_xy: expected a table.*got shape \(2,\)"),
        (lambda: pixel_mutual_information(np.ones((0, 2)), []), "X: expected at least one row"),
        (
            lambda: pixel_mutual_information([[0.5]], [0]),
            "X: expected whole numbers from 0 on, got",
        ),
        (
            lambda: pixel_mutual_information([[1]], [-1]),
            "y: expected whole numbers from 0 on, got -1",
        ),
        (lambda: pixel_mutual_information([[1]], [1, 2]), "y: expected 1 numbers"),
        (lambda: softmax_cross_entropy(np.ones((0, 2)), []), "scores: expected at least one row"),
        (lambda: softmax_cross_entropy([1.0, 2.0], [0]), "scores: expected a matrix"),
        (lambda: softmax_cross_entropy([[1.0, 2.0]], [0, 1]), "y: expected 1 numbers"),
        (lambda: fit_gaussian(GRID, np.ones(5), "both"), "p: expected a density with Σ p Δx = 1"),
        (lambda: fit_gaussian(GRID, np.full(5, 0.8), "both"), "direction: expected 'forward' or"),
        (lambda: fit_gaussian(GRID**2, np.full(5, 0.8), "forward"), "x: expected at least 3 equal"),
        (
            lambda: fit_gaussian(GRID[:2], np.full(2, 2.0), "forward"),
            "x: expected at least 3 equal",
        ),
        (lambda: fit_gaussian(-GRID, np.full(5, 0.8), "forward"), "x: expected at least 3 equally"),
        (lambda: fit_gaussian([1, 1, 1], np.ones(3), "forward"), "x: expected at least 3 equally"),
        (
            lambda: fit_gaussian(1e-4 * (GRID + 0.02 * (GRID == 0.5)), np.full(5, 8e3), "forward"),
            "x: expected at least 3 equally",
        ),
        (lambda: fit_gaussian(GRID, [1, 1, 0, 1, 1], "forward"), "p: expected a density above 0"),
        (lambda: fit_gaussian(GRID, [1.0], "forward"), "p: expected 5 numbers"),
        (
            lambda: gaussian_divergence(GRID, np.full(5, 0.8), 0, 0, "forward"),
            "deviation: expected",
        ),
        (
            lambda: gaussian_divergence(GRID, np.full(5, 0.8), [0], 1, "forward"),
            "mean: expected one",
        ),
        (
            lambda: gaussian_divergence(GRID, np.full(5, 0.8), 0, 1, "back"),
            "direction: expected 'f",
        ),
    ],
)
def test_bad_input_is_called_by_its_name(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
