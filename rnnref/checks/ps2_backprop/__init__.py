"""Problem set 2: backpropagation, shared parameters, gradient checking."""

from . import (
    class_example,
    find_wrong_gradients,
    numerical_gradient,
    relative_error,
    shared_scalar,
    sigma_sum_backward,
    sigmoid,
    softmax_cross_entropy,
)

EXERCISES = (
    sigmoid.EXERCISE,
    shared_scalar.EXERCISE,
    class_example.EXERCISE,
    softmax_cross_entropy.EXERCISE,
    sigma_sum_backward.EXERCISE,
    numerical_gradient.EXERCISE,
    relative_error.EXERCISE,
    find_wrong_gradients.EXERCISE,
)
