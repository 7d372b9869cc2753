"""Networks that read symbols and answer: at every step, or once at the end."""

import numpy as np

from rnnref.learning.bodies import recurrent_body, symbol_layer
from rnnref.nets.compose import stack
from rnnref.nets.layers import dense_layer, dropout_layer, last_step_layer


def tagger(
    V, H, K, *, embedding=None, cell="lstm", layers=1, dropout=0.0, both_ways=True, dtype=np.float64
):
    """Return a network that gives each symbol of a sequence one of K tags.

    Parameters
    ----------
    V : int
        Size of the vocabulary.
    H : int
        Number of hidden units of each layer and direction.
    K : int
        Number of tags.
    embedding : int, optional
        Size of the symbols' vectors; without it they are one-hot.
    cell, layers, dropout, both_ways, dtype : optional
        As in `recurrent_body`; dropout acts below the read-out, too.

    Returns
    -------
    Layer
        From ids (T, B) to logits (T, B, K).

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is less than 1, or there is no such option.

    Notes
    -----
    Many to many, synchronous: named entities, parts of speech (D1, D3).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import tagger
    >>> net = tagger(V=9, H=5, K=2)
    >>> logits, _, _ = net.forward(net.init(np.random.default_rng(0)), np.array([[3], [8], [1]]))
    >>> logits.shape
    (3, 1, 2)
    """
    return _reader(V, H, cell, layers, embedding, dropout, both_ways, dtype, K, [])


def classifier(V, H, K, *, embedding=None, cell="lstm", layers=1, dropout=0.0, dtype=np.float64):
    """Return a network that gives a whole sequence one of K classes.

    Parameters
    ----------
    V : int
        Size of the vocabulary.
    H : int
        Number of hidden units of each layer.
    K : int
        Number of classes.
    embedding : int, optional
        Size of the symbols' vectors; without it they are one-hot.
    cell, layers, dropout, dtype : optional
        As in `recurrent_body`; dropout acts below the read-out, too.

    Returns
    -------
    Layer
        From ids (T, B) to logits (1, B, K), read from the state after each last valid step.

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is less than 1, or there is no such option.

    Notes
    -----
    Many to one: sentiment (D1, D3). The loss gets no mask, since one answer is left of each
    sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import classifier, lengths_to_mask
    >>> net = classifier(V=9, H=5, K=3)
    >>> ids, mask = np.array([[3, 2], [8, 0], [1, 0]]), lengths_to_mask([3, 1])
    >>> logits, _, _ = net.forward(net.init(np.random.default_rng(0)), ids, mask=mask)
    >>> logits.shape
    (1, 2, 3)
    """
    return _reader(V, H, cell, layers, embedding, dropout, False, dtype, K, [last_step_layer()])


def _reader(V, H, cell, layers, embedding, dropout, both_ways, dtype, K, between):
    """Return symbols → recurrent layers → what is between → scores of K answers."""
    body = recurrent_body(
        V if embedding is None else embedding,
        H,
        cell=cell,
        layers=layers,
        dropout=dropout,
        both_ways=both_ways,
        dtype=dtype,
    )
    drop = [dropout_layer(dropout)] if dropout else []
    top = dense_layer(body.n_out, K, dtype=dtype)
    return stack(symbol_layer(V, embedding, dtype), body, *between, *drop, top)
