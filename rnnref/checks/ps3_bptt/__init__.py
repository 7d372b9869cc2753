"""Problem set 3: backpropagation through time and a character model."""

from . import (
    adagrad_step,
    bptt_scalar,
    char_loss,
    clip_by_global_norm,
    explicit_terms,
    rnn_backward,
    sample,
    sgd_step,
    trained_model,
    truncated_bptt,
)

EXERCISES = (
    bptt_scalar.EXERCISE,
    explicit_terms.EXERCISE,
    rnn_backward.EXERCISE,
    char_loss.EXERCISE,
    truncated_bptt.EXERCISE,
    clip_by_global_norm.EXERCISE,
    adagrad_step.EXERCISE,
    sgd_step.EXERCISE,
    sample.EXERCISE,
    trained_model.EXERCISE,
)
