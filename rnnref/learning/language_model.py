"""Language models: one symbol after another."""

import numpy as np

from rnnref.learning.bodies import recurrent_body, symbol_layer
from rnnref.nets.compose import stack
from rnnref.nets.layers import dense_layer, dropout_layer
from rnnref.shapes import require_count, require_ids, require_shape


def char_lm(V, H, *, embedding=None, cell="rnn", layers=1, dropout=0.0, dtype=np.float64):
    """Return a language model: from each symbol of a text to the scores of the next.

    Parameters
    ----------
    V : int
        Size of the vocabulary.
    H : int
        Number of hidden units of each layer.
    embedding : int, optional
        Size of the symbols' vectors; without it they are one-hot.
    cell, layers, dropout, dtype : optional
        As in `recurrent_body`.

    Returns
    -------
    Layer
        From ids (T, B) to logits (T, B, V).

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is less than 1, or there is no such option.

    Notes
    -----
    With its defaults the model of D4's demo; D4 itself writes σ for both::

        h_t = tanh(U x_t + W h_{t−1} + b)
        o_t = V h_t + c,    ŷ_t = softmax(o_t),    x_t the one-hot vector of symbol t

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import char_lm, softmax_cross_entropy
    >>> net = char_lm(V=4, H=10)
    >>> params = net.init(np.random.default_rng(0))
    >>> hell, ello = np.array([[0], [1], [2], [2]]), np.array([[1], [2], [2], [3]])
    >>> logits, state, cache = net.forward(params, hell)
    >>> loss, dlogits = softmax_cross_entropy(logits, ello)
    >>> dx, dstate0, dparams = net.backward(dlogits, cache)
    """

    body = recurrent_body(
        V if embedding is None else embedding,
        H,
        cell=cell,
        layers=layers,
        dropout=dropout,
        dtype=dtype,
    )
    drop = [dropout_layer(dropout)] if dropout else []
    return stack(symbol_layer(V, embedding, dtype), body, *drop, dense_layer(H, V, dtype=dtype))


def sample(net, params, prompt, n, rng, *, temperature=1.0):
    """Let a language model write.

    Parameters
    ----------
    net : Layer
        From ids to scores, such as `char_lm`.
    params : nested tuple of ndarrays
    prompt : array_like of int, shape (P,)
        What the model reads first, at least one symbol.
    n : int
        Number of symbols to write.
    rng : numpy.random.Generator
    temperature : float, default 1
        Scores are divided by it: near 0 the likeliest symbol always wins, far above 1 all are
        equally likely.

    Returns
    -------
    ndarray of int, shape (n,)
        Without the prompt.

    Raises
    ------
    ShapeError
        If the prompt is no sequence of at least one symbol.
    TypeError
        If the prompt does not consist of integers, or `n` is no integer.
    ValueError
        If an id is outside the vocabulary, `n` is negative, or the temperature is not positive.

    Notes
    -----
    Each symbol is drawn from softmax(o_t / temperature) and becomes the next input. The draw adds
    independent Gumbel noise to the divided scores and takes the largest, which has just that
    distribution and needs no exponential (Gumbel 1954).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import char_lm, sample
    >>> net, rng = char_lm(V=4, H=10), np.random.default_rng(0)
    >>> sample(net, net.init(rng), [0], 5, rng).shape
    (5,)
    """
    prompt = np.asarray(prompt)
    require_shape("sample", "prompt", prompt, "P")
    prompt = require_ids("sample", "prompt", prompt, net.n_in)
    n = require_count("sample", "n", n, least=0)
    if not temperature > 0:
        raise ValueError(f"sample: temperature must be positive, got {temperature}")
    ids = np.empty(n, np.intp)
    x, state = prompt[:, None], None
    for i in range(n):
        o, state, _ = net.forward(params, x, state)
        scores = o[-1, 0].astype(np.float64)
        with np.errstate(over="ignore"):  # −inf, far below the largest score, is meant
            scores = (scores - scores.max()) / temperature
        ids[i] = np.argmax(scores + rng.gumbel(size=scores.shape))
        x = ids[i : i + 1, None]
    return ids
