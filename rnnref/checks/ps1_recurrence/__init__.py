"""Problem set 1: sum and comparison network, unrolling."""

from . import (
    comparison_rnn,
    count_parameters,
    design_weights,
    linear_rnn,
    one_hot,
    readout,
    rnn_forward,
    rnn_step,
    rnn_type,
    stacked_step,
    unrolled_matrix,
)

EXERCISES = (
    linear_rnn.EXERCISE,
    comparison_rnn.EXERCISE,
    design_weights.EXERCISE,
    rnn_step.EXERCISE,
    rnn_forward.EXERCISE,
    readout.EXERCISE,
    stacked_step.EXERCISE,
    unrolled_matrix.EXERCISE,
    count_parameters.EXERCISE,
    one_hot.EXERCISE,
    rnn_type.EXERCISE,
)
