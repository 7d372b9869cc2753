"""Problem set 4: vanishing and exploding gradients."""

from . import (
    gradient_profile,
    jacobian_bound,
    mean_log_gain,
    scale_to_spectral_radius,
    state_jacobian,
    step_jacobian,
    verdict,
)

EXERCISES = (
    step_jacobian.EXERCISE,
    state_jacobian.EXERCISE,
    jacobian_bound.EXERCISE,
    verdict.EXERCISE,
    scale_to_spectral_radius.EXERCISE,
    gradient_profile.EXERCISE,
    mean_log_gain.EXERCISE,
)
