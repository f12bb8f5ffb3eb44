"""Going downhill: from plain gradient descent to Adam, and a check that a gradient is one.

An objective is a function of one array, theta of any shape, that returns (value, gradient). For
`sgd` and `adam` it takes a second argument, the indices of a mini-batch, and returns the mean over
that batch. The slides climb (E9): θ ← θ + α ∇l goes up the log-likelihood, and down its negative.

References: slides G4, G5 and N7; Nocedal and Wright, *Numerical Optimization* (2006), chapter 3;
Bottou, Curtis and Nocedal, *SIAM Review* 60 (2018), 223–311; Kingma and Ba, *ICLR* (2015).
"""

from typing import NamedTuple

import numpy as np

from course_utils.validation import (
    as_array,
    as_count,
    as_generator,
    as_non_negative,
    as_positive,
)

SUFFICIENT = 1e-4
"""Share of the decrease which the slope promises that a step has to bring (Armijo)."""


class Descent(NamedTuple):
    """Where a descent ended, theta; the objective on its way, history; and its path if kept."""

    theta: np.ndarray
    history: np.ndarray
    path: np.ndarray | None = None


class Step(NamedTuple):
    """A step along a direction: its length, and theta, value and gradient at its end."""

    length: float
    theta: np.ndarray
    value: float
    gradient: np.ndarray


def gradient_descent(
    objective, theta, *, learning_rate, n_steps, momentum=0.0, keep_path=False
):  # fmt: skip
    """v ← momentum · v − learning_rate · ∇J(θ), then θ ← θ + v, n_steps times.

    Parameters
    ----------
    objective : callable
        theta → (value, gradient of theta's shape).
    theta : array_like, any shape
        Where to start.
    learning_rate : float
        Above 0.
    n_steps : int
    momentum : float
        Share of the last step that is kept, in [0, 1); 0 is plain gradient descent.
    keep_path : bool

    Returns
    -------
    Descent
        history (n_steps + 1,) with both ends; path (n_steps + 1, …) or None.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the objective stops being finite on the way.

    Notes
    -----
    Slide rows G4 and G5. On a quadratic with curvatures in [m, L] plain descent converges for
    learning rates below 2/L, and with 2/(m + L) each step keeps (L − m)/(L + m) of the error:
    Nocedal and Wright (2006), section 3.3. Momentum is Polyak's heavy ball, *USSR Computational
    Mathematics and Mathematical Physics* 4 (1964), 1–17.

    Examples
    --------
    On J = θ² half the distance to 0 is gone with each step of 1/4 of the slope 2θ:

    >>> parabola = lambda theta: (theta**2, 2 * theta)
    >>> gradient_descent(parabola, 8.0, learning_rate=0.25, n_steps=3, keep_path=True).path
    array([8., 4., 2., 1.])
    """
    theta, learning_rate = (
        as_array(theta, "theta").copy(),
        as_positive(learning_rate, "learning_rate"),
    )
    n_steps, momentum = as_count(n_steps, "n_steps"), _as_share(momentum, "momentum")
    velocity, history, path = 0.0, np.empty(n_steps + 1), [theta]
    for step in range(n_steps + 1):
        history[step], gradient = _finite(objective(theta), step)
        if step < n_steps:
            velocity = momentum * velocity - learning_rate * gradient
            theta = theta + velocity
            if keep_path:
                path.append(theta)
    return Descent(theta, history, np.array(path) if keep_path else None)


def minibatches(n, batch_size, rng):
    """All of 0 … n − 1 in a new random order, batch_size at a time; the last batch may be smaller.

    Parameters
    ----------
    n, batch_size : int
    rng : numpy.random.Generator

    Yields
    ------
    ndarray of int

    Notes
    -----
    Slide row G5. Drawing without replacement visits each example once an epoch.

    Examples
    --------
    >>> sorted(len(batch) for batch in minibatches(5, 2, np.random.default_rng(0)))
    [1, 2, 2]
    """
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def sgd(objective, theta, n, *, learning_rate, n_epochs, batch_size, momentum=0.0, rng):
    """v ← momentum · v − learning_rate · g, θ ← θ + v, with g the gradient on one mini-batch.

    Parameters
    ----------
    objective : callable
        (theta, batch of indices) → (mean value, its gradient of theta's shape).
    theta : array_like, any shape
    n : int
        Number of examples, at least 1.
    learning_rate : float
        Above 0. A constant one ends in a cloud around the minimum, whose size it sets.
    n_epochs, batch_size : int
        Passes through the examples, each in a new order; examples a step.
    momentum : float
        In [0, 1).
    rng : numpy.random.Generator

    Returns
    -------
    Descent
        history (n_epochs,): the mean over each epoch's examples, as met on the way.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the objective stops being finite on the way.

    Notes
    -----
    Slide rows G5 and N7. The slide's update with one example is batch_size = 1. Robbins and Monro,
    *Annals of Mathematical Statistics* 22 (1951), 400–407.

    Examples
    --------
    The mean of 1, 2, 6 minimises the mean of ½(θ − x)², and one batch of all is gradient descent:

    >>> x = np.array([1.0, 2.0, 6.0])
    >>> squared = lambda theta, i: (0.5 * np.mean((theta - x[i]) ** 2), theta - np.mean(x[i]))
    >>> sgd(squared, 0.0, 3, learning_rate=1.0, n_epochs=1, batch_size=3,
    ...     rng=np.random.default_rng(0)).theta
    array(3.)
    """
    learning_rate, momentum = (
        as_positive(learning_rate, "learning_rate"),
        _as_share(momentum, "momentum"),
    )
    velocity = np.zeros(np.shape(theta))

    def update(theta, gradient, _):
        velocity[...] = momentum * velocity - learning_rate * gradient
        theta += velocity

    return _epochs(objective, theta, n, update, n_epochs, batch_size, rng)


def adam(
    objective, theta, n, *, learning_rate, n_epochs, batch_size, rng,
    decays=(0.9, 0.999), damping=1e-8,
):  # fmt: skip
    """θ ← θ − learning_rate · m̂ / (√v̂ + damping): m̂ averages gradients, v̂ their squares.

    Parameters
    ----------
    objective : callable
        (theta, batch of indices) → (mean value, its gradient of theta's shape).
    theta : array_like, any shape
    n : int
        Number of examples, at least 1.
    learning_rate : float
        Above 0; about how far a coordinate moves a step, whatever the scale of its gradient.
    n_epochs, batch_size : int
    rng : numpy.random.Generator
    decays : tuple of float
        In [0, 1): what m and v keep of their past a step.
    damping : float
        Above 0.

    Returns
    -------
    Descent
        history (n_epochs,): the mean over each epoch's examples, as met on the way.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the objective stops being finite on the way.

    Notes
    -----
    Slide row N7. Kingma and Ba (2015), algorithm 1: m and v start at 0, so they are divided by
    1 − decay^t. The defaults are the paper's.

    Examples
    --------
    The first step is the learning rate times the sign of the gradient:

    >>> steep = lambda theta, batch: (1000 * theta.sum(), np.full(2, 1000.0))
    >>> adam(steep, [0.0, 1.0], 1, learning_rate=0.5, n_epochs=1, batch_size=1,
    ...      rng=np.random.default_rng(0)).theta.round(6)
    array([-0.5,  0.5])
    """
    learning_rate, damping = (
        as_positive(learning_rate, "learning_rate"),
        as_positive(damping, "damping"),
    )
    keep, keep_squares = (_as_share(decay, "decays") for decay in decays)
    m, v, scratch = (np.zeros(np.shape(theta)) for _ in range(3))

    def update(theta, gradient, t):  # in place: most of an epoch's time would be spent on memory
        nonlocal m, v, scratch
        m *= keep
        np.multiply(gradient, 1 - keep, out=scratch)
        m += scratch
        np.multiply(gradient, gradient, out=scratch)
        v *= keep_squares
        scratch *= 1 - keep_squares
        v += scratch
        np.sqrt(v, out=scratch)
        correction = np.sqrt(1 - keep_squares**t)
        scratch += damping * correction
        np.divide(m, scratch, out=scratch)
        scratch *= learning_rate * correction / (1 - keep**t)
        theta -= scratch

    return _epochs(objective, theta, n, update, n_epochs, batch_size, rng)


def line_search(objective, theta, direction, *, value, gradient, step=1.0):
    """The first of step, step/2, step/4, … with J(θ + s d) ≤ J(θ) + 10⁻⁴ s ∇J(θ)ᵀd.

    Parameters
    ----------
    objective : callable
        theta → (value, gradient).
    theta, direction, gradient : ndarray of one shape
        Where we are, which way to go, and ∇J there.
    value : float
        J(θ).
    step : float
        The first length to try; 1 is Newton's.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        If the direction does not lead downhill, or no step does.

    Notes
    -----
    Slide row G4. Armijo's condition, Nocedal and Wright (2006), algorithm 3.1. A value that is not
    finite counts as too high.

    Examples
    --------
    >>> parabola = lambda theta: (theta**2, 2 * theta)
    >>> line_search(parabola, 1.0, -4.0, value=1.0, gradient=2.0).length
    0.25
    """
    slope = float(np.vdot(gradient, direction))
    if not slope < 0:
        raise ValueError(
            f"direction: expected one that leads downhill, got the slope {slope:g}. "
            "The negative gradient always does."
        )
    length = as_positive(step, "step")
    while True:
        new = theta + length * direction
        new_value, new_gradient = objective(new)
        if new_value <= value + SUFFICIENT * length * slope:
            return Step(length, new, float(new_value), new_gradient)
        if length * np.abs(direction).max() <= 1e-16 * (1 + np.abs(theta).max()):
            raise ValueError(
                "direction: expected a step along it to lower the objective, and none did. "
                "Check the gradient with check_gradient."
            )
        length /= 2


def check_gradient(objective, theta, *, rng, n_directions=5, rtol=1e-5):
    """|∇J(θ)ᵀu − (J(θ + hu) − J(θ − hu)) / 2h| ≤ rtol · scale along random unit vectors u.

    Parameters
    ----------
    objective : callable
        theta → (value, gradient of theta's shape).
    theta : array_like, any shape
        Where to check; not at a kink, where there is no gradient.
    rng : numpy.random.Generator
    n_directions : int
        At least 1. One sees almost every mistake, and costs two evaluations.
    rtol : float
        Above 0; the difference quotient itself is good to about 1e-8.

    Raises
    ------
    AssertionError
        If a slope differs: by how much, what that looks like, and at which coordinate most.
    ValueError
        If theta is not finite, or the gradient has another shape.

    Notes
    -----
    Slide row N7. Central differences, whose error is of order h²: Nocedal and Wright (2006),
    section 8.1.

    Examples
    --------
    >>> check_gradient(lambda t: (t @ t, 2 * t), [1.0, 2.0], rng=np.random.default_rng(0))
    >>> try:
    ...     check_gradient(lambda t: (t @ t, t), [1.0, 2.0], rng=np.random.default_rng(0))
    ... except AssertionError as error:
    ...     print(str(error).splitlines()[1])
    The analytic slope is 0.5 times the numeric one: is a factor 2 missing?
    """
    theta, rng = as_array(theta, "theta"), as_generator(rng)
    n_directions = as_count(n_directions, "n_directions", minimum=1)
    rtol = as_positive(rtol, "rtol")
    gradient = as_array(objective(theta)[1], "gradient")
    if gradient.shape != theta.shape:
        raise ValueError(
            f"gradient: expected the shape of theta, {theta.shape}, got {gradient.shape}."
        )
    for _ in range(n_directions):
        direction = rng.normal(size=theta.shape)
        direction /= np.linalg.norm(direction)
        analytic, numeric = np.vdot(gradient, direction), _slope(objective, theta, direction)
        scale = max(abs(analytic), abs(numeric), np.linalg.norm(gradient) * 1e-3, 1e-6)
        if not abs(analytic - numeric) <= rtol * scale:
            raise AssertionError(_describe(objective, theta, gradient, analytic, numeric))


def _slope(objective, theta, direction):
    h = 1e-5 * max(1.0, float(np.abs(theta).max()))
    return (objective(theta + h * direction)[0] - objective(theta - h * direction)[0]) / (2 * h)


def _describe(objective, theta, gradient, analytic, numeric):
    """What a wrong gradient looks like."""
    ratio = analytic / numeric if numeric else np.inf
    looks = {
        -1.0: "the sign is wrong", 2.0: "is a factor ½ missing?", 0.5: "is a factor 2 missing?",
        0.0: "is the gradient returned at all?",
    }  # fmt: skip
    guess = next((text for value, text in looks.items() if abs(ratio - value) < 1e-3), None)
    if guess is None and 2 < abs(ratio) < np.inf and abs(ratio - round(ratio)) < 1e-3:
        guess = f"a sum where a mean of {abs(round(ratio))} belongs?"
    lines = [f"Along a random direction the slope is {numeric:.8g}, and the gradient says "
             f"{analytic:.8g}."]  # fmt: skip
    if guess:
        lines.append(f"The analytic slope is {ratio:.4g} times the numeric one: {guess}")
    if theta.size <= 1000:
        numbers = np.array([_slope(objective, theta, e.reshape(theta.shape))
                            for e in np.eye(theta.size)])  # fmt: skip
        worst = np.unravel_index(np.abs(numbers - gradient.ravel()).argmax(), theta.shape)
        expected, index = numbers.reshape(theta.shape)[worst], tuple(map(int, worst))
        lines.append(
            f"They differ most at {index}: expected {expected:.6g}, got {gradient[worst]:.6g}."
        )
    return "\n".join(lines)


def _epochs(objective, theta, n, update, n_epochs, batch_size, rng):
    """What `sgd` and `adam` share: epochs of mini-batches, and the mean value of each epoch."""
    theta, rng = as_array(theta, "theta").copy(), as_generator(rng)
    n, n_epochs = as_count(n, "n", minimum=1), as_count(n_epochs, "n_epochs")
    batch_size = as_count(batch_size, "batch_size", minimum=1)
    history, t = np.zeros(n_epochs), 0
    for epoch in range(n_epochs):
        for batch in minibatches(n, batch_size, rng):
            value, gradient = _finite(objective(theta, batch), t)
            t += 1
            update(theta, gradient, t)
            history[epoch] += value * len(batch) / n
    return Descent(theta, history)


def _finite(result, step):
    value, gradient = result
    if not np.isfinite(value):
        raise ValueError(
            f"objective: expected finite values, got {value} at step {step}. "
            "Lower the learning rate, or standardise the features."
        )
    return value, gradient


def _as_share(value, name):
    share = as_non_negative(value, name)
    if share >= 1:
        raise ValueError(f"{name}: expected a number from 0 up to, not including, 1, got {share}.")
    return share
