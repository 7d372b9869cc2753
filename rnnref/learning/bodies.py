"""What most networks are built around: recurrent layers on top of one another."""

import numpy as np

from rnnref.nets.compose import bidirectional, stack
from rnnref.nets.layers import (
    dropout_layer,
    embedding_layer,
    gru_layer,
    lstm_layer,
    one_hot_layer,
    rnn_layer,
)
from rnnref.shapes import require_count, require_option

CELLS = {"rnn": rnn_layer, "lstm": lstm_layer, "gru": gru_layer}


def recurrent_body(D, H, *, cell="lstm", layers=1, dropout=0.0, both_ways=False, dtype=np.float64):
    """Return recurrent layers on top of one another, with dropout between them.

    Parameters
    ----------
    D, H : int
        Numbers of inputs and of hidden units of each layer.
    cell : {"rnn", "lstm", "gru"}
        With the options that its layer has by default.
    layers : int, default 1
    dropout : float, default 0
        Probability with which what goes from one layer up to the next is dropped.
    both_ways : bool
        Whether each layer reads forwards and backwards, H units each.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        With D inputs and H outputs, 2 H if `both_ways`.

    Raises
    ------
    TypeError
        If D, H or `layers` is no integer.
    ValueError
        If one of them is less than 1, there is no such cell, or `dropout` lies outside [0, 1).

    Examples
    --------
    >>> from rnnref import recurrent_body
    >>> body = recurrent_body(4, 3, cell="gru", layers=2, dropout=0.1, both_ways=True)
    >>> body.n_in, body.n_out
    (4, 6)
    """
    require_option("recurrent_body", "cell", cell, CELLS)
    layers = require_count("recurrent_body", "layers", layers)
    parts = []
    for i in range(layers):
        n_in = D if i == 0 else parts[-1].n_out
        one = CELLS[cell](n_in, H, dtype=dtype)
        if i > 0 and dropout:
            parts.append(dropout_layer(dropout))
        parts.append(bidirectional(one, one) if both_ways else one)
    return stack(*parts)


def symbol_layer(V, D, dtype):
    """Return the lowest layer of a network that reads ids: an embedding, or one-hot without D."""
    return one_hot_layer(V, dtype=dtype) if D is None else embedding_layer(V, D, dtype=dtype)
