"""The encoder–decoder: one sequence into another of a different length."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnref.learning.bodies import recurrent_body, symbol_layer
from rnnref.losses.cross_entropy import softmax_cross_entropy
from rnnref.nets.compose import stack
from rnnref.nets.layers import dense_layer, dropout_layer
from rnnref.shapes import require_count, require_shape

START = 0  # what the decoder reads first


class EncoderDecoder(NamedTuple):
    """An encoder–decoder as a record of functions, made by `seq2seq`.

    Parameters
    ----------
    init : callable
        ``init(rng) -> params``, the pair (encoder, decoder).
    loss : callable
        ``loss(params, source, target, *, source_mask=None, target_mask=None,
        reduction="sequence", rng=None) -> (loss, dparams)``: the cross-entropy of the target
        (T, B), the decoder fed with the target itself (teacher forcing). At masked steps the
        target may be any integer.
    translate : callable
        ``translate(params, source, *, source_mask=None, end, limit) -> list of B lists``: the
        decoder fed with its own likeliest symbols, until the symbol `end`, which is left out, or
        `limit` symbols.

    Examples
    --------
    >>> from rnnref import EncoderDecoder, seq2seq
    >>> isinstance(seq2seq(9, 7, 5), EncoderDecoder)
    True
    """

    init: Callable
    loss: Callable
    translate: Callable


def seq2seq(
    V_source,
    V_target,
    H,
    *,
    embedding=None,
    cell="lstm",
    layers=1,
    dropout=0.0,
    dtype=np.float64,
):
    """Return an encoder–decoder.

    Parameters
    ----------
    V_source, V_target : int
        Sizes of both vocabularies. The decoder reads symbol 0 first.
    H : int
        Number of hidden units of each layer, in the encoder and in the decoder.
    embedding : int, optional
        Size of the symbols' vectors; without it they are one-hot.
    cell, layers, dropout, dtype : optional
        As in `recurrent_body`.

    Returns
    -------
    EncoderDecoder

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is less than 1, or there is no such option.

    Notes
    -----
    ::

        s_0 = the encoder's state after the last valid step of the source
        s_t = decoder(y_{t−1}, s_{t−1}),   P(y_t) = softmax(V s_t + c),   y_0 = symbol 0

    and in training y_{t−1} is the target's. Sutskever, Vinyals and Le (2014), Cho et al. (2014);
    D3's many to many, asynchronous: source and target may differ in length. The gradient reaches
    the encoder through the state alone.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import seq2seq
    >>> net = seq2seq(V_source=9, V_target=7, H=5)
    >>> params = net.init(np.random.default_rng(0))
    >>> source, target = np.array([[3], [8], [5]]), np.array([[2], [6]])
    >>> loss, dparams = net.loss(params, source, target)
    >>> [len(words) <= 4 for words in net.translate(params, source, end=6, limit=4)]
    [True]
    """
    options = {"cell": cell, "layers": layers, "dropout": dropout, "dtype": dtype}
    reader, writer = (
        stack(
            symbol_layer(V, embedding, dtype),
            recurrent_body(V if embedding is None else embedding, H, **options),
        )
        for V in (V_source, V_target)
    )
    top = dense_layer(H, V_target, dtype=dtype)
    writer = stack(writer, stack(dropout_layer(dropout), top) if dropout else top)

    def init(rng):
        return reader.init(rng), writer.init(rng)

    def read(params, source, source_mask, rng):
        """Return the decoder's first state, what the encoder put out, and its cache."""
        require_shape("seq2seq", "source", source, "S, B")
        h, (_, state), cache = reader.forward(params, source, mask=source_mask, rng=rng)
        return ((None, state), None), h, cache

    def loss(
        params,
        source,
        target,
        *,
        source_mask=None,
        target_mask=None,
        reduction="sequence",
        rng=None,
    ):
        encoder, decoder = params
        state0, h, read_cache = read(encoder, source, source_mask, rng)
        require_shape("seq2seq", "target", target, f"T, B={source.shape[1]}")
        known = target
        if target_mask is not None:
            T, B = target.shape
            require_shape("seq2seq", "target_mask", target_mask, f"T={T}, B={B}", bool)
            known = np.where(target_mask, target, START)  # what stands elsewhere may be no id
        fed = np.concatenate([np.full_like(known[:1], START), known[:-1]])
        logits, _, write_cache = writer.forward(decoder, fed, state0, mask=target_mask, rng=rng)
        value, dlogits = softmax_cross_entropy(
            logits, target, mask=target_mask, reduction=reduction
        )
        _, (dstate, _), ddecoder = writer.backward(dlogits, write_cache)
        dencoder = reader.backward(np.zeros_like(h), read_cache, dstate)[2]
        return value, (dencoder, ddecoder)

    def translate(params, source, *, source_mask=None, end, limit):
        encoder, decoder = params
        limit = require_count("seq2seq", "limit", limit, least=0)
        state, _, _ = read(encoder, source, source_mask, None)
        B = source.shape[1]
        written, running = [[] for _ in range(B)], np.ones(B, bool)
        y = np.full((1, B), START)
        for _ in range(limit):
            logits, state, _ = writer.forward(decoder, y, state)
            y = logits.argmax(axis=-1)
            running &= y[0] != end
            for i in np.flatnonzero(running):
                written[i].append(int(y[0, i]))
            if not running.any():
                break
        return written

    return EncoderDecoder(init, loss, translate)
