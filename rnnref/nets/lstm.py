"""Long short-term memory, forwards and backwards through time."""

from typing import NamedTuple

import numpy as np

from rnnref.nets.activations import logistic_derivative, tanh_derivative
from rnnref.nets.initialisation import glorot_uniform, orthogonal
from rnnref.shapes import common_dtype, require_count, require_float, require_kind, require_shape


class LSTMParams(NamedTuple):
    """Parameters of an LSTM, or their gradients.

    Parameters
    ----------
    U : ndarray, shape (4H, D)
        Input to hidden: blocks of H rows for i, f, g and o, that is, input gate, forget gate,
        candidate C̃ and output gate.
    W : ndarray, shape (4H, H)
        Hidden to hidden, blocks as in `U`.
    b : ndarray, shape (4H,)
        Bias, blocks as in `U`.
    P : ndarray, shape (3, H), optional
        Peepholes: the weights with which each cell's own state enters its i, f and o. None is
        an LSTM without them.

    Examples
    --------
    A single cell whose gates are open and whose candidate is nearly x, as tanh x ≈ x, sums its
    inputs:

    >>> import numpy as np
    >>> from rnnref import LSTMParams, lstm_forward
    >>> U = np.array([[0.0], [0.0], [1.0], [0.0]])
    >>> b = np.array([50.0, 50.0, 0.0, 50.0])
    >>> x = np.array([0.01, 0.01, -0.005, 0.02]).reshape(4, 1, 1)
    >>> _, _, cache = lstm_forward(LSTMParams(U, W=np.zeros((4, 1)), b=b), x)
    >>> cache.c.ravel().round(4)
    array([0.01 , 0.02 , 0.015, 0.035])
    """

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray
    P: np.ndarray | None = None


class LSTMState(NamedTuple):
    """State of an LSTM after some step, or the gradient with respect to it.

    Parameters
    ----------
    h : ndarray, shape (B, H)
        What the layer shows: its output.
    c : ndarray, shape (B, H)
        What it keeps: the cells.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import LSTMState, init_lstm, lstm_forward
    >>> params = init_lstm(np.random.default_rng(0), D=4, H=3)
    >>> state0 = LSTMState(h=np.zeros((2, 3)), c=np.ones((2, 3)))
    >>> _, state, _ = lstm_forward(params, np.zeros((6, 2, 4)), state0)
    >>> state.c.shape
    (2, 3)
    """

    h: np.ndarray
    c: np.ndarray


class LSTMCache(NamedTuple):
    """What `lstm_backward` needs of the forward pass, and what a lecture looks at: views."""

    params: LSTMParams
    x: np.ndarray  # (T, B, D), zero at masked steps
    h_prev: np.ndarray  # (T, B, H), h_0 … h_{T−1}
    c_prev: np.ndarray  # (T, B, H), c_0 … c_{T−1}
    i: np.ndarray  # (T, B, H), as all below
    f: np.ndarray
    g: np.ndarray
    c: np.ndarray  # c_1 … c_T
    o: np.ndarray
    tanh_c: np.ndarray
    held: np.ndarray | None  # (T, B, 1), True at masked steps
    coupled: bool


def init_lstm(rng, D, H, *, peepholes=False, forget_bias=1.0, dtype=np.float64):
    """Draw the parameters of an LSTM.

    Parameters
    ----------
    rng : numpy.random.Generator
    D, H : int
        Numbers of inputs and of hidden units.
    peepholes : bool, default False
        Whether there are peepholes.
    forget_bias : float, default 1.0
        Bias of the forget gates.
    dtype : dtype, default float64
        The network's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    LSTMParams
        Of every gate: U is uniform in ±√(6 / (D + H)), W is orthogonal, b is zero but for the
        forget gates. P is zero.

    Raises
    ------
    TypeError
        If D or H is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If D or H is less than 1.

    Notes
    -----
    U and W as in `init_rnn`. A forget gate whose bias is 1 starts at σ(1) ≈ 0.73, not at ½, so
    that at first a cell keeps more of its past: Gers, Schmidhuber and Cummins (2000). Peepholes
    that are zero have gradients that are not, and no two cells see the same inputs; so they need
    no random start, and with them a network starts as the one that has none.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_lstm
    >>> U, W, b, P = init_lstm(np.random.default_rng(0), D=4, H=3, peepholes=True)
    >>> U.shape, W.shape, b.shape, P.shape
    ((12, 4), (12, 3), (12,), (3, 3))
    >>> b
    array([0., 0., 0., 1., 1., 1., 0., 0., 0., 0., 0., 0.])
    """
    D, H = require_count("init_lstm", "D", D), require_count("init_lstm", "H", H)
    dtype = require_float("init_lstm", dtype)
    b = np.zeros(4 * H, dtype)
    b[H : 2 * H] = forget_bias
    return LSTMParams(
        U=np.concatenate([glorot_uniform(rng, H, D, dtype) for _ in range(4)]),
        W=np.concatenate([orthogonal(rng, H, dtype) for _ in range(4)]),
        b=b,
        P=np.zeros((3, H), dtype) if peepholes else None,
    )


def lstm_forward(params, x, state0=None, *, mask=None, coupled=False):
    """Run an LSTM over a batch of sequences.

    Parameters
    ----------
    params : LSTMParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, D)
        Inputs.
    state0 : LSTMState, optional
        First h and c, each of shape (B, H); zero if not given. A plain tuple (h, c) will do.
    mask : ndarray of bool, shape (T, B), optional
        Where False, h and c are carried over unchanged and `x` has no influence.
    coupled : bool, default False
        Let every input gate be 1 − f; block i of the parameters is then not used.

    Returns
    -------
    h : ndarray, shape (T, B, H)
        Outputs h_1 … h_T.
    state : LSTMState
        The last h and c, those at each sequence's last valid step.
    cache : LSTMCache
        For `lstm_backward`, which reads `params`, `x` and `h` again: leave them as they are.
        To look at, ``cache.i``, ``.f``, ``.g``, ``.o`` and ``.c`` are the gates, candidates and
        cells of all steps, of shape (T, B, H); gates at masked steps have no influence.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: then the state is `state0`.
    TypeError
        If an array has another dtype than the parameters (the mask: than bool), or `state0` is no
        tuple of two.

    Notes
    -----
    With ∗ elementwise and t = 1 … T::

        i_t = σ(U_i x_t + W_i h_{t−1} + b_i + P_i ∗ c_{t−1})      or 1 − f_t, if coupled
        f_t = σ(U_f x_t + W_f h_{t−1} + b_f + P_f ∗ c_{t−1})
        g_t = tanh(U_g x_t + W_g h_{t−1} + b_g)
        c_t = f_t ∗ c_{t−1} + i_t ∗ g_t
        o_t = σ(U_o x_t + W_o h_{t−1} + b_o + P_o ∗ c_t)
        h_t = o_t ∗ tanh(c_t)

    and c_t = c_{t−1}, h_t = h_{t−1} at a masked step. D1, where g is C̃; D2 tells in words what the
    gates are for. D1 has the coupled gates too, and peepholes as full matrices; here each cell sees
    only itself, as in Gers and Schmidhuber (2000).

    All four blocks are computed at once: σ(a) = ½ (1 + tanh(a/2)) makes every gate a tanh, and
    1 − σ(a) = σ(−a) makes a coupled input gate one more block, −a_f.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_lstm, lstm_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_lstm(rng, D=4, H=3)
    >>> h, state, cache = lstm_forward(params, rng.normal(size=(6, 2, 4)))
    >>> h.shape
    (6, 2, 3)
    >>> np.array_equal(state.h, h[-1]) and np.array_equal(state.c, cache.c[-1])
    True
    >>> np.allclose(h, cache.o * np.tanh(cache.c))
    True
    """
    _check(params, x, state0, mask)
    params = LSTMParams(*params)
    U, W, b, P = _tie(params) if coupled else params
    (T, B, D), H = x.shape, W.shape[1]
    held = None
    if mask is not None:
        held = ~mask[..., None]
        x = np.where(held, 0, x)

    hs, cs = np.empty((2, T + 1, B, H), b.dtype)
    hs[0], cs[0] = (0, 0) if state0 is None else state0
    h_prev, h, c_prev, c = hs[:-1], hs[1:], cs[:-1], cs[1:]
    gates, tanh_c = np.empty((T, B, 4 * H), b.dtype), np.empty((T, B, H), b.dtype)
    i, f, g, o = np.split(gates, 4, axis=-1)
    a = gates  # each pre-activation is computed where its gate will stand
    Wh, ig = np.empty((B, 4 * H), b.dtype), np.empty((B, H), b.dtype)

    # With a/2 for i, f and o, one tanh does for all: their gates are then ½ tanh(a/2) + ½.
    half = np.repeat(np.array([0.5, 0.5, 1, 0.5], b.dtype), H)
    early = a if P is None else a[..., : 3 * H]  # the blocks that do not wait for c_t
    slope = half[: early.shape[-1]]
    offset = 1 - slope
    W_half = W.T * half
    np.matmul(x.reshape(T * B, D), U.T * half, out=a.reshape(T * B, 4 * H))  # needs no h_{t−1}
    a += b * half
    for t in range(T):
        a[t] += np.matmul(h_prev[t], W_half, out=Wh)
        if P is not None:
            i[t] += 0.5 * P[0] * c_prev[t]
            f[t] += 0.5 * P[1] * c_prev[t]
        _squash(early[t], slope, offset)
        np.multiply(f[t], c_prev[t], out=c[t])
        c[t] += np.multiply(i[t], g[t], out=ig)
        if held is not None:
            np.copyto(c[t], c_prev[t], where=held[t])
        if P is not None:
            o[t] += 0.5 * P[2] * c[t]
            _squash(o[t], 0.5, 0.5)
        np.tanh(c[t], out=tanh_c[t])
        np.multiply(o[t], tanh_c[t], out=h[t])
        if held is not None:
            np.copyto(h[t], h_prev[t], where=held[t])
    state = LSTMState(hs[-1].copy(), cs[-1].copy())
    cache = LSTMCache(params, x, h_prev, c_prev, i, f, g, c, o, tanh_c, held, coupled)
    return h, state, cache


def lstm_backward(dh, cache, dstate=None):
    """Backpropagate through time.

    Parameters
    ----------
    dh : ndarray, shape (T, B, H)
        ∂L/∂h_t from each step's own loss only, without what comes back from later steps.
    cache : LSTMCache
        From `lstm_forward`.
    dstate : LSTMState, optional
        ∂L/∂h_T and ∂L/∂c_T, each of shape (B, H), from what the final state was used for; zero if
        not given. A plain tuple will do.

    Returns
    -------
    dx : ndarray, shape (T, B, D)
    dstate0 : LSTMState
        ∂L/∂h_0 and ∂L/∂c_0.
    dparams : LSTMParams
        Summed over steps and sequences; P is None if there are no peepholes. With coupled gates,
        block i of all is zero.

    Raises
    ------
    ShapeError
        If an array has another shape.
    TypeError
        If an array has another dtype than the parameters, or `dstate` is no tuple of two.

    Notes
    -----
    A bar is the total derivative of the loss, a the argument of each σ and tanh of `lstm_forward`,
    and what would come from step T + 1 is `dstate`::

        h̄_t = dh_t + Wᵀ ā_{t+1}
        ā_o = h̄_t ∗ tanh(c_t) ∗ o_t ∗ (1 − o_t)
        c̄_t = h̄_t ∗ o_t ∗ (1 − tanh²(c_t)) + P_o ∗ ā_o
              + c̄_{t+1} ∗ f_{t+1} + P_i ∗ ā_{i,t+1} + P_f ∗ ā_{f,t+1}
        ā_i = c̄_t ∗ g_t ∗ i_t ∗ (1 − i_t)
        ā_f = c̄_t ∗ c_{t−1} ∗ f_t ∗ (1 − f_t)
        ā_g = c̄_t ∗ i_t ∗ (1 − g_t²)
        x̄_t = Uᵀ ā_t,   Ū = Σ_t ā_t x_tᵀ,   W̄ = Σ_t ā_t h_{t−1}ᵀ,   b̄ = Σ_t ā_t
        P̄_i = Σ_t ā_i ∗ c_{t−1},   P̄_f = Σ_t ā_f ∗ c_{t−1},   P̄_o = Σ_t ā_o ∗ c_t

    and at a masked step ā_t = 0, and h̄_t and c̄_t are passed on as they are. With coupled gates
    a_i = −a_f, so that block f loses what block i has found. All factors but h̄_t and c̄_t
    are known beforehand, for all steps at once.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_lstm, lstm_backward, lstm_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_lstm(rng, D=4, H=3)
    >>> h, state, cache = lstm_forward(params, rng.normal(size=(6, 2, 4)))
    >>> dx, dstate0, dparams = lstm_backward(h, cache)  # L = ½ Σ h²
    >>> dx.shape, dstate0.c.shape, dparams.W.shape
    ((6, 2, 4), (2, 3), (12, 3))
    """
    require_kind("lstm_backward", "cache", cache, LSTMCache)
    params, x, h_prev, c_prev, i, f, g, c, o, tanh_c, held, coupled = cache
    U, W, b, P = _tie(params) if coupled else params
    (T, B, D), H = x.shape, W.shape[1]
    require_shape("lstm_backward", "dh", dh, f"T={T}, B={B}, H={H}", b.dtype)
    dh_next, dc_next = np.zeros((2, B, H), b.dtype)
    if dstate is not None:
        _require_state("lstm_backward", "dstate", dstate, B, H, b.dtype)
        dh_next[:], dc_next[:] = dstate
    dh_t = np.empty((B, H), b.dtype)

    # What need not wait for h̄_t and c̄_t: the ā without them, and c̄_t / h̄_t.
    da = np.empty((T, B, 4 * H), b.dtype)
    da_i, da_f, da_g, da_o = np.split(da, 4, axis=-1)
    np.multiply(logistic_derivative(i), g, out=da_i)
    np.multiply(logistic_derivative(f), c_prev, out=da_f)
    np.multiply(tanh_derivative(g), i, out=da_g)
    np.multiply(logistic_derivative(o), tanh_c, out=da_o)
    dc = tanh_derivative(tanh_c)
    dc *= o
    keep = f
    if held is not None:
        da *= ~held
        dc *= ~held
        keep = np.where(held, 1, f)
    da_ifg = da.reshape(T, B, 4, H)[:, :, :3]
    for t in reversed(range(T)):
        np.add(dh[t], dh_next, out=dh_t)
        da_o[t] *= dh_t
        dc[t] *= dh_t
        dc[t] += dc_next
        if P is not None:
            dc[t] += P[2] * da_o[t]
        da_ifg[t] *= dc[t][:, None]
        np.multiply(dc[t], keep[t], out=dc_next)
        if P is not None:
            dc_next += P[0] * da_i[t] + P[1] * da_f[t]
        np.matmul(da[t], W, out=dh_next)
        if held is not None:
            np.copyto(dh_next, dh_t, where=held[t])

    dP = None
    if P is not None:
        seen = (da_i, c_prev), (da_f, c_prev), (da_o, c)
        dP = np.stack([np.sum(d * cell, axis=(0, 1)) for d, cell in seen])
    da = da.reshape(T * B, 4 * H)
    dx = (da @ U).reshape(T, B, D)
    dU = da.T @ x.reshape(T * B, D)
    dW = da.T @ h_prev.reshape(T * B, H)
    dparams = LSTMParams(dU, dW, da.sum(axis=0), dP)
    return dx, LSTMState(dh_next, dc_next), _untie(dparams) if coupled else dparams


def _squash(a, slope, offset):
    """Put slope ∗ tanh(a) + offset in the place of a."""
    np.tanh(a, out=a)
    a *= slope
    a += offset


def _tie(params):
    """Return the parameters with which a_i = −a_f, so that i = σ(−a_f) = 1 − f."""
    H = params.W.shape[1]
    blocks = zip(params, (H, H, H, 1), strict=True)
    return LSTMParams(
        *(p if p is None else np.concatenate([-p[n : 2 * n], p[n:]]) for p, n in blocks)
    )


def _untie(dparams):
    """Turn the gradient for what `_tie` returns into that for what it was given; in place."""
    H = dparams.W.shape[1]
    for d, n in zip(dparams, (H, H, H, 1), strict=True):
        if d is not None:
            d[n : 2 * n] -= d[:n]
            d[:n] = 0
    return dparams


def _require_state(where, name, state, B, H, dtype):
    """Raise unless `state` is a tuple of two arrays of shape (B, H)."""
    if not isinstance(state, tuple) or len(state) != 2:
        kind = type(state).__name__
        raise TypeError(f"{where}: {name} must be an LSTMState or a tuple (h, c), got {kind}")
    for part, array in zip("hc", state, strict=True):
        require_shape(where, f"{name}.{part}", array, f"B={B}, H={H}", dtype)


def _check(params, x, state0, mask):
    """Raise unless the arguments of `lstm_forward` agree in shape and dtype."""
    dtype = common_dtype("lstm_forward", params, LSTMParams)
    U, W, b, P = LSTMParams(*params)
    require_shape("lstm_forward", "W", W, "4H, H")
    H = W.shape[1]
    require_shape("lstm_forward", "W", W, f"4H={4 * H}, H={H}")
    require_shape("lstm_forward", "U", U, f"4H={4 * H}, D")
    D = U.shape[1]
    require_shape("lstm_forward", "b", b, f"4H={4 * H}")
    if P is not None:
        require_shape("lstm_forward", "P", P, f"3, H={H}")
    require_shape("lstm_forward", "x", x, f"T, B, D={D}", dtype)
    T, B, _ = x.shape
    if state0 is not None:
        _require_state("lstm_forward", "state0", state0, B, H, dtype)
    if mask is not None:
        require_shape("lstm_forward", "mask", mask, f"T={T}, B={B}", bool)
