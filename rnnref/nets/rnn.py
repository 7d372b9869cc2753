"""The simple recurrent network, forwards and backwards through time."""

from typing import NamedTuple

import numpy as np

from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.initialisation import glorot_uniform, orthogonal
from rnnref.shapes import (
    common_dtype,
    require_count,
    require_float,
    require_kind,
    require_option,
    require_shape,
)


class RNNParams(NamedTuple):
    """Parameters of a simple recurrent network, or their gradients.

    Parameters
    ----------
    U : ndarray, shape (H, D)
        Input to hidden.
    W : ndarray, shape (H, H)
        Hidden to hidden.
    b : ndarray, shape (H,)
        Bias.

    Examples
    --------
    A single linear unit that sums its inputs:

    >>> import numpy as np
    >>> from rnnref import RNNParams, rnn_forward
    >>> params = RNNParams(U=np.ones((1, 1)), W=np.ones((1, 1)), b=np.zeros(1))
    >>> x = np.array([1.0, 1.0, -0.5, 2.0]).reshape(4, 1, 1)
    >>> h, h_T, _ = rnn_forward(params, x, activation="linear")
    >>> h.ravel()
    array([1. , 2. , 1.5, 3.5])
    """

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray


class RNNCache(NamedTuple):
    """What `rnn_backward` needs of the forward pass; the arrays are not copies."""

    params: RNNParams
    x: np.ndarray  # (T, B, D), zero at masked steps
    states: np.ndarray  # (T + 1, B, H), h_0 … h_T
    held: np.ndarray | None  # (T, B, 1), True at masked steps
    activation: str


def init_rnn(rng, D, H, *, dtype=np.float64):
    """Draw the parameters of a simple recurrent network.

    Parameters
    ----------
    rng : numpy.random.Generator
    D, H : int
        Numbers of inputs and of hidden units.
    dtype : dtype, default float64
        The network's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    RNNParams
        U is uniform in ±√(6 / (D + H)), W is orthogonal, b is zero.

    Raises
    ------
    TypeError
        If D or H is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If D or H is less than 1.

    Notes
    -----
    U after Glorot and Bengio (2010), eq. 16. W after Saxe, McClelland and Ganguli (2014): all its
    singular values are 1, so that at first W neither shrinks nor stretches a gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn
    >>> U, W, b = init_rnn(np.random.default_rng(0), D=4, H=3)
    >>> U.shape, W.shape, b.shape
    ((3, 4), (3, 3), (3,))
    >>> np.allclose(W @ W.T, np.eye(3))
    True
    """
    D, H = require_count("init_rnn", "D", D), require_count("init_rnn", "H", H)
    dtype = require_float("init_rnn", dtype)
    return RNNParams(
        U=glorot_uniform(rng, H, D, dtype),
        W=orthogonal(rng, H, dtype),
        b=np.zeros(H, dtype),
    )


def rnn_forward(params, x, h0=None, *, mask=None, activation="tanh"):
    """Run a simple recurrent network over a batch of sequences.

    Parameters
    ----------
    params : RNNParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, D)
        Inputs.
    h0 : ndarray, shape (B, H), optional
        First states; zero if not given.
    mask : ndarray of bool, shape (T, B), optional
        Where False, the state is carried over unchanged and `x` has no influence.
    activation : {"tanh", "logistic", "relu", "linear"}
        φ below.

    Returns
    -------
    h : ndarray, shape (T, B, H)
        States h_1 … h_T.
    h_T : ndarray, shape (B, H)
        The last states, those at each sequence's last valid step.
    cache : RNNCache
        For `rnn_backward`, which reads `params`, `x` and `h` again: leave them as they are.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: then h_T = h_0.
    TypeError
        If an array has another dtype than the parameters (the mask: than bool).
    ValueError
        If there is no such activation.

    Notes
    -----
    ::

        z_t = U x_t + W h_{t−1} + b
        h_t = φ(z_t)                      t = 1 … T

    and h_t = h_{t−1} at a masked step. D0, for one unit; D2, as sums over units; D3 and D4, as
    matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_rnn(rng, D=4, H=3)
    >>> h, h_T, cache = rnn_forward(params, rng.normal(size=(6, 2, 4)))
    >>> h.shape
    (6, 2, 3)
    >>> np.array_equal(h_T, h[-1])
    True
    """
    require_rnn("rnn_forward", params, x, h0, mask)
    require_option("rnn_forward", "activation", activation, ACTIVATIONS)
    U, W, b = params
    (T, B, D), H = x.shape, len(b)
    phi = ACTIVATIONS[activation].function
    held = None
    if mask is not None:
        held = ~mask[..., None]
        x = np.where(held, 0, x)

    states = np.empty((T + 1, B, H), b.dtype)
    states[0] = 0 if h0 is None else h0
    h_prev, h = states[:-1], states[1:]
    z = h  # each z_t is computed where h_t will stand
    np.matmul(x.reshape(T * B, D), U.T, out=z.reshape(T * B, H))  # this need not wait for h_{t−1}
    z += b
    for t in range(T):
        z[t] += h_prev[t] @ W.T
        phi(z[t], out=h[t])
        if held is not None:
            np.copyto(h[t], h_prev[t], where=held[t])
    return h, states[-1].copy(), RNNCache(RNNParams(U, W, b), x, states, held, activation)


def rnn_backward(dh, cache, dstate=None, *, truncate=None):
    """Backpropagate through time.

    Parameters
    ----------
    dh : ndarray, shape (T, B, H)
        ∂L/∂h_t from each step's own loss only, without what comes back from later steps.
    cache : RNNCache
        From `rnn_forward`.
    dstate : ndarray, shape (B, H), optional
        ∂L/∂h_T from what the final state was used for; zero if not given.
    truncate : int, optional
        Cut the gradient between the chunks of this many steps, counted from the first: nothing
        comes back from the first step of a chunk to the chunk before.

    Returns
    -------
    dx : ndarray, shape (T, B, D)
    dh0 : ndarray, shape (B, H)
        With `truncate`, the first chunk's.
    dparams : RNNParams
        Summed over steps and sequences.

    Raises
    ------
    ShapeError
        If an array has another shape.
    TypeError
        If an array has another dtype than the parameters, or `truncate` is no integer.
    ValueError
        If `truncate` is less than 1.

    Notes
    -----
    A bar is the total derivative of the loss::

        h̄_T = dh_T + dstate
        h̄_t = dh_t + Wᵀ z̄_{t+1}                  t < T
        z̄_t = h̄_t ∗ φ′(z_t)
        x̄_t = Uᵀ z̄_t,   Ū = Σ_t z̄_t x_tᵀ,   W̄ = Σ_t z̄_t h_{t−1}ᵀ,   b̄ = Σ_t z̄_t

    and at a masked step z̄_t = 0 and h̄_t is passed on to h_{t−1} as it is. D0, for one unit,
    whose sum for w̄ lacks two terms, z̄_1 h_0 and z̄_2 h_1; D2, where z̄ is δ; D3 and D4, as
    matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, rnn_backward, rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_rnn(rng, D=4, H=3)
    >>> h, h_T, cache = rnn_forward(params, rng.normal(size=(6, 2, 4)))
    >>> dx, dh0, dparams = rnn_backward(h, cache)  # L = ½ Σ h²
    >>> dx.shape, dh0.shape, dparams.W.shape
    ((6, 2, 4), (2, 3), (3, 3))
    """
    require_kind("rnn_backward", "cache", cache, RNNCache)
    (U, W, b), x, states, held, activation = cache
    (T, B, D), H = x.shape, len(b)
    require_shape("rnn_backward", "dh", dh, f"T={T}, B={B}, H={H}", b.dtype)
    if dstate is not None:
        require_shape("rnn_backward", "dstate", dstate, f"B={B}, H={H}", b.dtype)
    if truncate is not None:
        truncate = require_count("rnn_backward", "truncate", truncate)
    h_prev, h = states[:-1], states[1:]

    dz = ACTIVATIONS[activation].derivative(h)  # φ′(z_t), to be multiplied by h̄_t
    if held is not None:
        dz *= ~held
    dh_next = np.zeros((B, H), b.dtype) if dstate is None else dstate.copy()
    for t in reversed(range(T)):
        dh_t = dh[t] + dh_next
        dz[t] *= dh_t
        dh_next = dz[t] @ W
        if held is not None:
            np.copyto(dh_next, dh_t, where=held[t])
        if truncate and t > 0 and t % truncate == 0:
            dh_next = np.zeros_like(dh_next)

    dz = dz.reshape(T * B, H)
    dx = (dz @ U).reshape(T, B, D)
    dU = dz.T @ x.reshape(T * B, D)
    dW = dz.T @ h_prev.reshape(T * B, H)
    return dx, dh_next, RNNParams(dU, dW, dz.sum(axis=0))


def require_rnn(where, params, x, h0, mask):
    """Raise unless the arguments of a simple recurrent network agree in shape and dtype."""
    dtype = common_dtype(where, params, RNNParams)
    U, W, b = params
    require_shape(where, "U", U, "H, D")
    H, D = U.shape
    require_shape(where, "W", W, f"H={H}, H={H}")
    require_shape(where, "b", b, f"H={H}")
    require_shape(where, "x", x, f"T, B, D={D}", dtype)
    T, B, _ = x.shape
    if h0 is not None:
        require_shape(where, "h0", h0, f"B={B}, H={H}", dtype)
    if mask is not None:
        require_shape(where, "mask", mask, f"T={T}, B={B}", bool)
