"""Problem set 5: LSTM and GRU."""

from . import (
    gru_step,
    gru_step_backward,
    latch_bias,
    lstm_backward,
    lstm_forward,
    lstm_step,
    lstm_step_backward,
    lstm_step_variant,
    trained_model,
)

EXERCISES = (
    lstm_step.EXERCISE,
    lstm_step_backward.EXERCISE,
    lstm_forward.EXERCISE,
    lstm_backward.EXERCISE,
    lstm_step_variant.EXERCISE,
    gru_step.EXERCISE,
    gru_step_backward.EXERCISE,
    latch_bias.EXERCISE,
    trained_model.EXERCISE,
)
