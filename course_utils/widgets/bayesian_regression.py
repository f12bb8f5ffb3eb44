"""Explorers of lecture 1. Each is seeded: what a slider changes is all that changes."""

import numpy as np
from ipywidgets import Dropdown, FloatLogSlider, FloatSlider, IntSlider

from course_utils import data
from course_utils.features import (
    add_bias,
    gaussian_features,
    polynomial_features,
    sigmoid_features,
)
from course_utils.plotting import bayesian_regression as pictures
from course_utils.widgets.explorer import Explorer

NOISE_DEVIATION = 0.2  # of the toys; what the model assumes is on a slider


def _polynomials(x, n_functions):
    return polynomial_features(x, n_functions)


def _bumps(x, n_functions):
    centres, width = _places(n_functions)
    return add_bias(gaussian_features(x, centres, width=width))


def _steps(x, n_functions):
    centres, width = _places(n_functions)
    return add_bias(sigmoid_features(x, centres, width=width / 2))


def _places(n_functions):
    """Centres across [−1, 1] and the distance between neighbours."""
    return np.linspace(-1, 1, n_functions), 2 / (n_functions - 1)


BASES = {"Gaussian bumps": _bumps, "sigmoid steps": _steps, "powers of x": _polynomials}


def explore_weight_space():
    """N(θ | m, S) and its lines as observations arrive, under any prior and assumed noise.

    Returns
    -------
    Explorer
        With controls n, prior_precision and noise_deviation.

    Notes
    -----
    Slide row B6.
    """
    x, y = data.line(30, noise_deviation=NOISE_DEVIATION, rng=np.random.default_rng(12))

    def draw(n, prior_precision, noise_deviation):
        return pictures.weight_space(
            x[:n],
            y[:n],
            prior_precision=prior_precision,
            noise_variance=noise_deviation**2,
            rng=np.random.default_rng(16),
            truth=(-0.3, 0.5),
        )

    return Explorer(
        draw,
        {
            "n": _count("observations", 2, 0, 30),
            "prior_precision": _precision(2, -1, 3),
            "noise_deviation": _noise(),
        },
    )


def explore_predictive_band():
    """m(x) ± 1.96 √(noise + ignorance) for any basis, with a live count of fresh points inside.

    Returns
    -------
    Explorer
        With controls n, basis, n_functions, prior_precision and noise_deviation.

    Notes
    -----
    Slide row B6.
    """
    rng = np.random.default_rng(0)
    x, y = data.sinusoid(60, noise_deviation=NOISE_DEVIATION, rng=rng, gap=(-0.1, 0.5))
    x_fresh, y_fresh = data.sinusoid(200, noise_deviation=NOISE_DEVIATION, rng=rng)

    def draw(n, basis, n_functions, prior_precision, noise_deviation):
        return pictures.predictive_band(
            x[:n],
            y[:n],
            features=lambda x: BASES[basis](x, n_functions),
            prior_precision=prior_precision,
            noise_variance=noise_deviation**2,
            x_fresh=x_fresh,
            y_fresh=y_fresh,
            truth=lambda x: np.sin(np.pi * x),
        )

    return Explorer(
        draw,
        {
            "n": _count("observations", 20, 0, 60),
            "basis": Dropdown(options=list(BASES), description="basis"),
            "n_functions": _count("basis functions", 8, 2, 20),
            "prior_precision": _precision(1, -3, 3),
            "noise_deviation": _noise(),
        },
    )


def explore_evidence():
    """log p(y | degree) and both errors against degree, beside the fit at the degree chosen.

    Returns
    -------
    Explorer
        With controls degree, n, prior_precision and noise_deviation.

    Notes
    -----
    Slide row B6.
    """
    rng = np.random.default_rng(30)
    x, y = data.sinusoid(60, noise_deviation=NOISE_DEVIATION, rng=rng)
    x_test, y_test = data.sinusoid(200, noise_deviation=NOISE_DEVIATION, rng=rng)

    def draw(degree, n, prior_precision, noise_deviation):
        return pictures.evidence_against_degree(
            x[:n],
            y[:n],
            x_test=x_test,
            y_test=y_test,
            degree=degree,
            prior_precision=prior_precision,
            noise_variance=noise_deviation**2,
        )

    return Explorer(
        draw,
        {
            "degree": _count("degree", 3, 0, 9),
            "n": _count("observations", 15, 1, 60),
            "prior_precision": _precision(1e-3, -6, 2),
            "noise_deviation": _noise(),
        },
    )


# A redraw takes a tenth of a second, so a slider reports its value when it is let go.


def _count(description, value, low, high):
    return IntSlider(value, low, high, description=description, continuous_update=False)


def _precision(value, low, high):
    return FloatLogSlider(
        value,
        min=low,
        max=high,
        step=0.25,
        description="prior precision λ",
        readout_format=".2g",
        continuous_update=False,
    )


def _noise():
    return FloatSlider(
        NOISE_DEVIATION,
        min=0.05,
        max=1,
        step=0.05,
        description="assumed noise σ",
        continuous_update=False,
    )
