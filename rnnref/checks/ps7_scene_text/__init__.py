"""Problem set 7: scene text, read without an alignment (CTC)."""

from . import (
    character_error_rate,
    collapse,
    ctc_backward,
    ctc_forward,
    ctc_loss_grad,
    extend_label,
    greedy_read,
    prefix_beam_search,
    trained_model,
)

EXERCISES = (
    extend_label.EXERCISE,
    collapse.EXERCISE,
    ctc_forward.EXERCISE,
    ctc_backward.EXERCISE,
    ctc_loss_grad.EXERCISE,
    greedy_read.EXERCISE,
    prefix_beam_search.EXERCISE,
    character_error_rate.EXERCISE,
    trained_model.EXERCISE,
)
