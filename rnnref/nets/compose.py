"""Layers as values, and networks composed of them: stacked, and read in both directions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnref.shapes import ShapeError, require_option


class Layer(NamedTuple):
    """A network, or a part of one, as a record of functions.

    Parameters
    ----------
    init : callable
        ``init(rng) -> params``.
    forward : callable
        ``forward(params, x, state0=None, *, mask=None, rng=None) -> (y, state, cache)`` with x of
        shape (T, B, n_in) and y of shape (T, B, n_out). Without `rng` it is evaluated as after
        training: no dropout.
    backward : callable
        ``backward(dy, cache, dstate=None) -> (dx, dstate0, dparams)``; `dparams` is built like
        `params`.
    n_in, n_out : int or None
        Sizes of the last axes of x and y; None for a layer that keeps any size.

    Notes
    -----
    A layer holds no arrays: parameters, states and gradients are its functions' arguments and
    results. The state of a layer that has none is None, and so are parameters where there are
    none.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import rnn_layer
    >>> layer = rnn_layer(D=4, H=3)
    >>> layer.n_in, layer.n_out
    (4, 3)
    >>> rng = np.random.default_rng(0)
    >>> params = layer.init(rng)
    >>> h, h_T, cache = layer.forward(params, rng.normal(size=(6, 2, 4)))
    >>> dx, dh0, dparams = layer.backward(h, cache)  # L = ½ Σ h²
    >>> dx.shape, dh0.shape, dparams.W.shape
    ((6, 2, 4), (2, 3), (3, 3))
    """

    init: Callable
    forward: Callable
    backward: Callable
    n_in: int | None
    n_out: int | None


def stack(*layers):
    """Put layers on top of one another.

    Parameters
    ----------
    *layers : Layer
        From the lowest, which reads the input, to the highest, which gives the output.

    Returns
    -------
    Layer
        Its parameters, states and their gradients are tuples of those of its layers. The mask and
        `rng` go to every layer; the gradient of the input is None where the lowest layer's is.

    Raises
    ------
    ShapeError
        If a layer does not fit on the one below.
    TypeError
        If one of them is no layer.
    ValueError
        If there is no layer. When run: if the parameters, or the states, are not a tuple with one
        part for each layer.

    Notes
    -----
    ``h_t¹ = layer¹(x_t, h_{t−1}¹)``, ``h_t² = layer²(h_t¹, h_{t−1}²)``, …: in D3, of two layers,
    the second is s_t = f(Z h_t + B s_{t−1}).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dense_layer, dropout_layer, lstm_layer, stack
    >>> net = stack(lstm_layer(4, 8), dropout_layer(0.2), lstm_layer(8, 6), dense_layer(6, 3))
    >>> rng = np.random.default_rng(0)
    >>> params = net.init(rng)
    >>> y, state, cache = net.forward(params, rng.normal(size=(5, 2, 4)), rng=rng)
    >>> y.shape, len(params), len(state)
    ((5, 2, 3), 4, 4)
    """
    if not layers:
        raise ValueError("stack: layers must be at least 1, got 0")
    for i, layer in enumerate(layers):
        _require_layer("stack", f"layers[{i}]", layer)
    n_in = n_out = layers[0].n_in
    for i, layer in enumerate(layers):
        if None not in (layer.n_in, n_out) and layer.n_in != n_out:
            raise ShapeError(
                f"stack: layers[{i}] must have n_in={n_out}, the size of what comes from below, "
                f"got {layer.n_in}"
            )
        n_in = layer.n_in if n_in is None else n_in
        n_out = n_out if layer.n_out is None else layer.n_out
    n = len(layers)

    def init(rng):
        return tuple(layer.init(rng) for layer in layers)

    def forward(params, x, state0=None, *, mask=None, rng=None):
        params = _parts("stack", "params", params, n)
        states0 = _parts("stack", "state0", state0, n)
        states, caches = [], []
        for layer, theta, s0 in zip(layers, params, states0, strict=True):
            x, state, cache = layer.forward(theta, x, s0, mask=mask, rng=rng)
            states.append(state)
            caches.append(cache)
        return x, tuple(states), tuple(caches)

    def backward(dy, cache, dstate=None):
        dstates = _parts("stack", "dstate", dstate, n)
        dstates0, dparams = [], []
        for layer, part, ds in reversed(list(zip(layers, cache, dstates, strict=True))):
            dy, ds0, dtheta = layer.backward(dy, part, ds)
            dstates0.append(ds0)
            dparams.append(dtheta)
        return dy, tuple(reversed(dstates0)), tuple(reversed(dparams))

    return Layer(init, forward, backward, n_in, n_out)


def bidirectional(forward, backward, merge="concat"):
    """Read a sequence forwards with one layer and backwards with another.

    Parameters
    ----------
    forward, backward : Layer
        Alike in n_in, and with ``merge="sum"`` in n_out.
    merge : {"concat", "sum"}
        Whether the outputs stand side by side, the forward reader's first, or are added.

    Returns
    -------
    Layer
        Its parameters, states and their gradients are pairs (forward, backward); the final state
        of the backward reader is the one after step 1.

    Raises
    ------
    ShapeError
        If the two layers do not fit.
    TypeError
        If one of them is no layer.
    ValueError
        If there is no such `merge`. When run: if the parameters, or the states, are no pair.

    Notes
    -----
    ::

        h→_t = forward(x_t, h→_{t−1}),   h←_t = backward(x_t, h←_{t+1}),   y_t = [h→_t; h←_t]

    D2; D3 writes the halves in the other order. The backward reader runs over flipped time with
    the flipped mask: padding after a sequence's end is what it meets first, where it holds its
    first state, so that it begins at the sequence's own last step.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import bidirectional, gru_layer, lengths_to_mask
    >>> net = bidirectional(gru_layer(4, 3), gru_layer(4, 5))
    >>> rng = np.random.default_rng(0)
    >>> x, mask = rng.normal(size=(6, 2, 4)), lengths_to_mask([6, 2])
    >>> y, (state, state_back), cache = net.forward(net.init(rng), x, mask=mask)
    >>> y.shape
    (6, 2, 8)
    >>> np.array_equal(state_back, y[0, :, 3:])
    True
    """
    _require_layer("bidirectional", "forward", forward)
    _require_layer("bidirectional", "backward", backward)
    require_option("bidirectional", "merge", merge, ("concat", "sum"))
    if None in (forward.n_in, forward.n_out):
        raise ShapeError("bidirectional: forward must have sizes of its own, got None")
    if forward.n_in != backward.n_in:
        raise ShapeError(
            f"bidirectional: backward must have n_in={forward.n_in} as forward, got {backward.n_in}"
        )
    if merge == "sum" and forward.n_out != backward.n_out:
        raise ShapeError(
            f"bidirectional: backward must have n_out={forward.n_out} as forward, "
            f"got {backward.n_out}"
        )
    ahead, back = forward, backward
    n_out = ahead.n_out + back.n_out if merge == "concat" else ahead.n_out

    def init(rng):
        return ahead.init(rng), back.init(rng)

    def run(params, x, state0=None, *, mask=None, rng=None):
        params = _parts("bidirectional", "params", params, 2)
        state0 = _parts("bidirectional", "state0", state0, 2)
        flipped = None if mask is None else mask[::-1]
        y_ahead, state, cache = ahead.forward(params[0], x, state0[0], mask=mask, rng=rng)
        y_back, state_back, cache_back = back.forward(
            params[1], x[::-1], state0[1], mask=flipped, rng=rng
        )
        y_back = y_back[::-1]
        y = y_ahead + y_back if merge == "sum" else np.concatenate([y_ahead, y_back], axis=-1)
        return y, (state, state_back), (cache, cache_back)

    def run_back(dy, cache, dstate=None):
        dstate = _parts("bidirectional", "dstate", dstate, 2)
        if merge == "sum":
            dy_ahead = dy_back = dy
        else:
            dy_ahead, dy_back = dy[..., : ahead.n_out], dy[..., ahead.n_out :]
        dx, dstate0, dparams = ahead.backward(dy_ahead, cache[0], dstate[0])
        dx_back, dstate0_back, dparams_back = back.backward(dy_back[::-1], cache[1], dstate[1])
        dx = None if dx is None else dx + dx_back[::-1]
        return dx, (dstate0, dstate0_back), (dparams, dparams_back)

    return Layer(init, run, run_back, ahead.n_in, n_out)


def _require_layer(where, name, layer):
    if not isinstance(layer, Layer):
        raise TypeError(f"{where}: {name} must be a Layer, got {type(layer).__name__}")


def require_no_state(where, state):
    """Raise ValueError if a layer that has no state is given one."""
    if state is not None:
        raise ValueError(f"{where}: a state must be None, got {type(state).__name__}")


def _parts(where, name, parts, n):
    """Return a tuple of n parts; None stands for n times None."""
    if parts is None:
        return (None,) * n
    if not isinstance(parts, tuple) or len(parts) != n:
        came = f"{len(parts)}" if isinstance(parts, tuple) else type(parts).__name__
        raise ValueError(f"{where}: {name} must be a tuple of {n} parts, got {came}")
    return parts
