"""Problem set 6: output recurrence, bidirectional, stacked, encoder–decoder."""

from . import (
    bidirectional_rnn,
    dropout,
    early_stopping,
    forced_gradients,
    free_running_gradients,
    greedy_decode,
    output_rnn,
    seq2seq_loss,
    stacked_backward,
    stacked_forward,
)

EXERCISES = (
    output_rnn.EXERCISE,
    forced_gradients.EXERCISE,
    free_running_gradients.EXERCISE,
    bidirectional_rnn.EXERCISE,
    stacked_forward.EXERCISE,
    stacked_backward.EXERCISE,
    seq2seq_loss.EXERCISE,
    greedy_decode.EXERCISE,
    early_stopping.EXERCISE,
    dropout.EXERCISE,
)
