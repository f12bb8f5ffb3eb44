"""Every function of the mathematics calls what it refuses by the argument's own name."""

import numpy as np
import pytest

from course_utils import (
    approximation,
    bayesian_regression,
    features,
    glm,
    information_theory,
    kernels,
    neural_networks,
    optimisation,
    penalties,
    special,
    svm,
)

X, y, v, K = np.eye(3) + 0.5, np.array([0, 1, 1]), np.ones(3), np.eye(3)
RNG = np.random.default_rng(0)
DATA = {"X": X, "y": y}
STEPS = {"learning_rate": 0.1, "n_epochs": 1, "batch_size": 2, "rng": RNG}
PQ = {"p": [0.2, 0.8], "q": [0.6, 0.4], "base": 3.0}
DENSITY = {"x": np.linspace(0, 1, 5), "p": np.full(5, 0.8), "direction": "reverse"}
MIXED = {"l1_ratio": 0.3, "tolerance": 0.1}
MACHINE = {"K": K, "y": y, "cost": 0.7, "tolerance": 0.1, "max_iterations": 9}
NETWORK = {"params": [(np.ones((3, 2)), np.zeros(2))], "X": X, "kind": "relu"}


def parabola(theta, batch=None):
    return (theta**2).sum(), 2 * theta


DESCENT = {"objective": parabola, "theta": v, "n": 3, **STEPS}
CALLS = [
    (approximation.step_network, {"params": NETWORK["params"], "X": X}),
    (approximation.boolean_network, {"truth_table": [0, 1]}),
    (approximation.relu_network, {"x": [0, 1], "y": [2, 5]}),
    (approximation.relu_interpolant, {"x": [0, 1], "y": [2, 5], "x_new": [0.3]}),
    (approximation.sigmoid_steps, {"x": [0, 1], "y": [2, 5], "steepness": 7.0}),
    (bayesian_regression.maximise_evidence, DATA),
    (features.add_bias, {"X": X}),
    (features.polynomial_features, {"x": v, "degree": 2}),
    (features.gaussian_features, {"x": v, "centres": v, "width": 0.3}),
    (features.sigmoid_features, {"x": v, "centres": v, "width": 0.3}),
    (glm.family_moments, {"eta": v, "family": "poisson"}),
    (glm.log_density, {"y": y, "eta": v, "family": "poisson"}),
    (glm.negative_log_likelihood, {"theta": v, **DATA, "family": "poisson"}),
    (glm.logistic_loss, {"theta": v, **DATA}),
    (
        glm.sample_update,
        {"theta": v, "x": v, "y": 1, "family": "poisson", "learning_rate": 0.1},
    ),
    (glm.newton_step, {"theta": v, **DATA, "l2": 0.3}),
    (
        glm.fit,
        {
            **DATA, "family": "categorical", "l2": 0.3, "n_classes": 2, "penalised": v,
            "method": "newton", "tolerance": 0.1, "max_iterations": 9,
        },
    ),
    (information_theory.self_information, {"p": [0.2], "base": 3.0}),
    (information_theory.entropy, {"p": [0.2, 0.8], "base": 3.0}),
    (information_theory.cross_entropy, PQ),
    (information_theory.kl_divergence, PQ),
    (information_theory.jensen_shannon, PQ),
    (information_theory.perplexity, {"p": [0.2, 0.8]}),
    (information_theory.mutual_information, {"p_xy": K / 3, "base": 3.0}),
    (information_theory.pixel_mutual_information, {"X": K, "y": y, "base": 3.0}),
    (information_theory.softmax_cross_entropy, {"scores": X, "y": y}),
    (information_theory.gaussian_divergence, {**DENSITY, "mean": 0.3, "deviation": 0.7}),
    (information_theory.fit_gaussian, DENSITY),
    (kernels.linear_kernel, {"X1": X, "X2": X}),
    (kernels.polynomial_kernel, {"X1": X, "X2": X, "degree": 2, "offset": 0.7}),
    (kernels.rbf_kernel, {"X1": X, "X2": X, "gamma": 0.7}),
    (kernels.quadratic_features, {"X": X, "offset": 0.7}),
    (kernels.spectrum, {"K": K}),
    (kernels.is_positive_semidefinite, {"K": K}),
    (kernels.kernel_ridge, {"K": K, "y": y, "l2": 0.7}),
    (neural_networks.activation, {"z": v, "kind": "leaky_relu", "slope": 0.3}),
    (neural_networks.initialise, {"sizes": [3, 2], "scheme": "he", "rng": RNG}),
    (neural_networks.mlp_forward, NETWORK),
    (neural_networks.mlp_loss_and_gradient, {**NETWORK, "y": y}),
    (
        neural_networks.fit,
        {**DATA, "sizes": [3, 2], "kind": "relu", "method": "sgd", "scheme": "he", **STEPS},
    ),
    (
        optimisation.gradient_descent,
        {
            "objective": parabola, "theta": v, "learning_rate": 0.1, "n_steps": 2, "momentum": 0.3,
        },
    ),
    (optimisation.sgd, {**DESCENT, "momentum": 0.3}),
    (optimisation.adam, {**DESCENT, "damping": 0.3}),
    (
        optimisation.check_gradient,
        {"objective": parabola, "theta": v, "rng": RNG, "n_directions": 2, "rtol": 0.1},
    ),
    (
        penalties.penalty,
        {"theta": v, "kind": "elastic_net", "strength": 0.3, "l1_ratio": 0.3},
    ),
    (penalties.soft_threshold, {"theta": v, "threshold": 0.3}),
    (penalties.lasso, {**DATA, "strength": 0.3}),
    (
        penalties.elastic_net,
        {**DATA, "strength": 0.3, **MIXED, "method": "proximal", "max_sweeps": 99},
    ),
    (penalties.strongest, {**DATA, "l1_ratio": 0.3}),
    (penalties.coefficient_path, {**DATA, "strengths": v, **MIXED}),
    (special.one_hot, {"y": y, "n_classes": 2}),
    (svm.multiclass_hinge, {"W": np.ones((3, 2)), **DATA, "l2": 0.3, "margin": 0.7}),
    (
        svm.fit_multiclass_hinge,
        {
            **DATA, "n_classes": 2, "l2": 0.3, "margin": 0.7, "n_epochs": 1, "batch_size": 2,
            "rng": RNG,
        },
    ),
    (svm.kernel_svm, MACHINE),
    (svm.kernel_svm_one_vs_rest, {**MACHINE, "n_classes": 2}),
]  # fmt: skip
OF_MANY_PARTS = {"objective", "params", "sizes"}  # their parts are called by name, not the whole


@pytest.mark.parametrize("bad", [np.nan, "text"])
@pytest.mark.parametrize(
    ("function", "good", "name"),
    [(f, good, name) for f, good in CALLS for name in good if name not in OF_MANY_PARTS],
    ids=lambda v: getattr(v, "__name__", v) if not isinstance(v, dict) else "",
)
def test_what_is_no_number_is_refused_by_the_name_of_its_argument(function, good, name, bad):
    function(**good)
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        function(**{**good, name: bad})
