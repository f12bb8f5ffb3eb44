"""The toys and the bundled sets."""

import numpy as np
import pytest

from course_utils import data

TOYS = {
    "line": lambda n, rng: data.line(n, noise_deviation=0.1, rng=rng),
    "sinusoid": lambda n, rng: data.sinusoid(n, noise_deviation=0.1, rng=rng),
    "blobs": lambda n, rng: data.blobs(n, centres=[[0, 1], [3, 2]], noise_deviation=0.1, rng=rng),
    "moons": lambda n, rng: data.moons(n, noise_deviation=0.1, rng=rng),
    "spirals": lambda n, rng: data.spirals(n, n_classes=3, turns=0.5, noise_deviation=0.1, rng=rng),
    "xor": lambda n, rng: data.xor(n, noise_deviation=0.1, rng=rng),
}


@pytest.mark.parametrize("toy", TOYS.values(), ids=TOYS)
def test_a_toy_is_decided_by_its_seed_and_holds_n_points(toy):
    X, y = toy(11, np.random.default_rng(0))
    again, y_again = toy(11, np.random.default_rng(0))
    other, _ = toy(11, np.random.default_rng(1))
    assert len(X) == len(y) == 11
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(y, y_again)
    assert not np.allclose(X, other)


@pytest.mark.parametrize("toy", TOYS.values(), ids=TOYS)
def test_a_toy_can_be_empty(toy):
    X, y = toy(0, np.random.default_rng(0))
    assert len(X) == len(y) == 0


def test_the_noise_has_the_deviation_asked_for():
    x, y = data.sinusoid(40_000, noise_deviation=0.3, rng=np.random.default_rng(0))
    residual = y - np.sin(np.pi * x)
    assert abs(residual.mean()) < 4 * 0.3 / np.sqrt(40_000)
    assert residual.std() == pytest.approx(0.3, abs=4 * 0.3 / np.sqrt(80_000))


def test_inputs_are_uniform_on_both_sides_of_a_gap():
    x, _ = data.sinusoid(40_000, noise_deviation=0.3, rng=np.random.default_rng(0), gap=(-0.2, 0.6))
    share = np.mean(x <= -0.2)  # 0.8 of the 1.2 that are left lie below
    assert abs(share - 0.8 / 1.2) < 4 * np.sqrt(share * (1 - share) / 40_000)
    assert x.min() < -0.99
    assert x.max() > 0.99
    assert not ((x > -0.2) & (x < 0.6)).any()


def test_no_line_separates_moons_but_the_curve_they_were_drawn_by_does():
    X, y = data.moons(400, noise_deviation=0.0, rng=np.random.default_rng(0))
    direction = np.linalg.lstsq(np.column_stack([np.ones(400), X]), 2 * y - 1, rcond=None)[0]
    assert np.mean((direction[0] + X @ direction[1:] > 0) == y) < 0.95
    distance = [np.abs(np.hypot(*(X - c).T) - 1) for c in ([0, 0], [1, 0.5])]
    assert (np.argmin(distance, axis=0) == y).all()


def test_spirals_are_one_arm_turned_about_the_origin():
    X, y = data.spirals(
        300, n_classes=3, turns=0.7, noise_deviation=0.0, rng=np.random.default_rng(0)
    )
    radius = np.hypot(*X.T)
    unwound = np.angle((X @ [1, 1j]) * np.exp(-2j * np.pi * (0.7 * radius + y / 3)))
    np.testing.assert_allclose(unwound, 0, atol=1e-9)
    assert abs(np.mean(radius**2) - 0.5) < 4 * np.sqrt(1 / 12 / 300)  # even over the disc


def test_bimodal_density_is_a_mixture_by_its_definition():
    x = np.linspace(-6, 6, 2001)
    p = data.bimodal_density(x, centres=[-2, 1.5], deviations=[0.4, 0.9], weights=[1, 3])
    assert p.sum() * (x[1] - x[0]) == pytest.approx(1, rel=1e-12)
    z = (x[:, None] - [-2, 1.5]) / [0.4, 0.9]
    mixture = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * np.array([0.4, 0.9])) @ [0.25, 0.75]
    np.testing.assert_allclose(p, mixture, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "n_classes"),
    [
        ("diabetes", (442, 10), 0),
        ("digits", (1797, 64), 10),
        ("wine", (178, 13), 3),
        ("breast_cancer", (569, 30), 2),
        ("iris", (150, 4), 3),
    ],
)
def test_the_bundled_sets_have_their_published_sizes(name, shape, n_classes):
    got = data.load(name)
    assert got.X.shape == shape
    assert got.y.shape == shape[:1]
    assert len(got.feature_names) == shape[1]
    assert len(got.target_names) == n_classes
    if n_classes:
        assert set(got.y.tolist()) == set(range(n_classes))


def test_diabetes_is_in_its_own_units():
    got = data.load("diabetes")
    age = got.X[:, got.feature_names.index("age")]
    assert 18 <= age.min() < age.max() < 100


def test_split_keeps_every_row_once_and_with_its_target():
    X = np.arange(21.0).reshape(7, 3)
    parts = data.split(X, np.arange(7), test_fraction=0.3, rng=np.random.default_rng(0))
    assert len(parts.y_test) == 2
    assert sorted([*parts.y_train, *parts.y_test]) == list(range(7))
    for rows, targets in ((parts.X_train, parts.y_train), (parts.X_test, parts.y_test)):
        np.testing.assert_array_equal(rows, X[targets])


def test_standardise_learns_nothing_from_what_it_is_not_to_see():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, size=(30, 4)), rng.normal(size=(10, 4))
    alone = data.standardise(train)[0]
    beside, _ = data.standardise(train, 1e6 * test)
    np.testing.assert_array_equal(alone, beside)
    np.testing.assert_allclose(alone.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(alone.std(axis=0), 1)
    _, one = data.standardise(train, test[:1])
    _, all_ten = data.standardise(train, test)
    np.testing.assert_array_equal(one[0], all_ten[0])


def test_standardise_leaves_a_constant_column_at_zero():
    train, test = data.standardise([[0.1, 1.0], [0.1, 2.0], [0.1, 6.0]], [[0.1, 0.0]])
    np.testing.assert_allclose(train[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(test[:, 0], 0, atol=1e-12)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: data.load("mnist"), "expected one of breast_cancer, .*got 'mnist'"),
        (lambda: data.line(3, noise_deviation=-1, rng=RNG), "noise_deviation: .*0 or above"),
        (lambda: data.line(3, noise_deviation=[1, 2], rng=RNG), "noise_deviation: .*shape"),
        (lambda: data.line(2.5, noise_deviation=1, rng=RNG), "n: expected a whole number"),
        (lambda: data.line(3, noise_deviation=1, rng=0), "rng: .*default_rng"),
        (lambda: data.sinusoid(3, noise_deviation=1, rng=RNG, gap=(0.5, 0.2)), "gap:"),
        (lambda: data.sinusoid(3, noise_deviation=1, rng=RNG, gap=(-1, 1)), "gap:"),
        (lambda: data.blobs(3, centres=np.empty((0, 2)), noise_deviation=1, rng=RNG), "centres"),
        (lambda: data.moons(-3, noise_deviation=1, rng=RNG), "n: expected a whole"),
        (
            lambda: data.spirals(3, n_classes=0, turns=1, noise_deviation=1, rng=RNG),
            "n_classes: .*at least 1",
        ),
        (lambda: data.split([[1.0]], [1], test_fraction=0.5, rng=RNG), "test_fraction"),
        (lambda: data.split([[1.0]], [1, 2], test_fraction=0.5, rng=RNG), "y: expected 1"),
        (lambda: data.standardise(np.empty((0, 2))), "at least one row"),
        (lambda: data.standardise([[1.0]], [[1.0, 2.0]]), "others: expected 1 columns"),
        (
            lambda: data.bimodal_density(
                [0.0, 1.0, 3.0], centres=[0, 1], deviations=[1, 1], weights=[1, 1]
            ),
            "equally spaced",
        ),
        (
            lambda: data.bimodal_density(
                [0.0, 1.0], centres=[0, 1], deviations=[0, 1], weights=[1, 1]
            ),
            "above 0",
        ),
    ],
)
def test_bad_input_is_refused_with_what_was_expected_and_what_came(call, says):
    with pytest.raises(ValueError, match=says):
        call()
