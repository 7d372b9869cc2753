"""Output recurrence: what goes back into the network is its output, or the target in its place."""

from typing import NamedTuple

import numpy as np

from rnnref.nets.activations import tanh_derivative
from rnnref.nets.initialisation import glorot_uniform
from rnnref.shapes import common_dtype, require_count, require_float, require_kind, require_shape


class OutputRNNParams(NamedTuple):
    """Parameters of a network with output recurrence, or their gradients.

    Parameters
    ----------
    U : ndarray, shape (H, D)
        Input to hidden.
    R : ndarray, shape (H, K)
        Output of the step before to hidden.
    V : ndarray, shape (K, H)
        Hidden to output.
    b : ndarray, shape (H,)
        Bias of the hidden units.
    c : ndarray, shape (K,)
        Bias of the outputs.

    Examples
    --------
    One hidden unit and one output that changes its sign at every step:

    >>> import numpy as np
    >>> from rnnref import OutputRNNParams, output_rnn_forward
    >>> zero, large = np.zeros((1, 1)), np.full((1, 1), 100.0)
    >>> params = OutputRNNParams(U=zero, R=-large, V=np.ones((1, 1)), b=np.zeros(1), c=np.zeros(1))
    >>> y, _, _ = output_rnn_forward(params, np.zeros((4, 1, 1)), y0=np.ones((1, 1)))
    >>> y.ravel()
    array([-1.,  1., -1.,  1.])
    """

    U: np.ndarray
    R: np.ndarray
    V: np.ndarray
    b: np.ndarray
    c: np.ndarray


class OutputRNNCache(NamedTuple):
    """What `output_rnn_backward` needs of the forward pass; the arrays are not copies."""

    params: OutputRNNParams
    x: np.ndarray  # (T, B, D)
    y_prev: np.ndarray  # (T, B, K), what was fed back at each step
    h: np.ndarray  # (T, B, H)
    forced: bool


def init_output_rnn(rng, D, H, K, *, dtype=np.float64):
    """Draw the parameters of a network with output recurrence.

    Parameters
    ----------
    rng : numpy.random.Generator
    D, H, K : int
        Numbers of inputs, hidden units and outputs.
    dtype : dtype, default float64
        The network's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    OutputRNNParams
        U, R and V are uniform in ±√(6 / (rows + columns)), after Glorot and Bengio (2010), eq. 16;
        b and c are zero.

    Raises
    ------
    TypeError
        If D, H or K is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If D, H or K is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_output_rnn
    >>> U, R, V, b, c = init_output_rnn(np.random.default_rng(0), D=4, H=3, K=2)
    >>> U.shape, R.shape, V.shape, b.shape, c.shape
    ((3, 4), (3, 2), (2, 3), (3,), (2,))
    """
    D, H, K = (
        require_count("init_output_rnn", name, size)
        for name, size in [("D", D), ("H", H), ("K", K)]
    )
    dtype = require_float("init_output_rnn", dtype)
    return OutputRNNParams(
        U=glorot_uniform(rng, H, D, dtype),
        R=glorot_uniform(rng, H, K, dtype),
        V=glorot_uniform(rng, K, H, dtype),
        b=np.zeros(H, dtype),
        c=np.zeros(K, dtype),
    )


def output_rnn_forward(params, x, y0=None, *, targets=None):
    """Run a network with output recurrence, teacher forced if there are targets.

    Parameters
    ----------
    params : OutputRNNParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, D)
        Inputs.
    y0 : ndarray, shape (B, K), optional
        What is fed back at the first step; zero if not given.
    targets : ndarray, shape (T, B, K), optional
        What the outputs should be. If given, they are fed back in place of the outputs; the last
        one never is.

    Returns
    -------
    y : ndarray, shape (T, B, K)
        Outputs y_1 … y_T.
    y_T : ndarray, shape (B, K)
        The last outputs, also when forced: the `y0` with which the network runs on freely.
    cache : OutputRNNCache
        For `output_rnn_backward`, which reads `params`, `x`, `targets` and `y` again: leave them
        as they are.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: then y_T = y_0.
    TypeError
        If an array has another dtype than the parameters.

    Notes
    -----
    ::

        h_t = tanh(U x_t + R ỹ_{t−1} + b)         t = 1 … T
        y_t = V h_t + c

        free-running:     ỹ_t = y_t,              one step after the other
        teacher forced:   ỹ_t = the target of t,  all steps in one product

    and ỹ_0 = y_0 in both. D3, as a picture. Weaker than the recurrence h_{t−1} → h_t, as long as
    K < H or the outputs are tied to targets: with K ≥ H and R V = W it is that recurrence, of
    bias b + R c.

    There is no mask: after the end of a shorter sequence the network just runs on. A loss that
    leaves out these steps gets no gradient from there, but y_T is then not the last valid output.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_output_rnn, output_rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_output_rnn(rng, D=4, H=3, K=2)
    >>> x = rng.normal(size=(6, 5, 4))
    >>> y, y_T, _ = output_rnn_forward(params, x)
    >>> y.shape
    (6, 5, 2)

    Forced to what it does anyway, it does the same:

    >>> np.allclose(output_rnn_forward(params, x, targets=y)[0], y)
    True
    """
    _check(params, x, y0, targets)
    U, R, V, b, c = params
    (T, B, D), (K, H) = x.shape, V.shape
    outputs = np.empty((T + 1, B, K), b.dtype)
    outputs[0] = 0 if y0 is None else y0
    y = outputs[1:]
    z = (x.reshape(T * B, D) @ U.T).reshape(T, B, H)
    z += b
    if targets is None:
        y_prev, h = outputs[:-1], z  # each h_t is computed where z_t stood
        for t in range(T):
            z[t] += y_prev[t] @ R.T
            np.tanh(z[t], out=h[t])
            y[t] = h[t] @ V.T + c
    else:
        y_prev = np.concatenate([outputs[:1], targets])[:T]
        z += (y_prev.reshape(T * B, K) @ R.T).reshape(T, B, H)
        h = np.tanh(z, out=z)
        y[:] = (h.reshape(T * B, H) @ V.T).reshape(T, B, K) + c
    cache = OutputRNNCache(OutputRNNParams(U, R, V, b, c), x, y_prev, h, targets is not None)
    return y, outputs[-1].copy(), cache


def output_rnn_backward(dy, cache, dstate=None):
    """Backpropagate, through time only where the outputs were fed back.

    Parameters
    ----------
    dy : ndarray, shape (T, B, K)
        ∂L/∂y_t from each step's own loss only, without what comes back from later steps.
    cache : OutputRNNCache
        From `output_rnn_forward`.
    dstate : ndarray, shape (B, K), optional
        ∂L/∂y_T from what the final output was used for; zero if not given.

    Returns
    -------
    dx : ndarray, shape (T, B, D)
    dy0 : ndarray, shape (B, K)
    dparams : OutputRNNParams
        Summed over steps and sequences.

    Raises
    ------
    ShapeError
        If an array has another shape.
    TypeError
        If an array has another dtype than the parameters.

    Notes
    -----
    A bar is the total derivative of the loss::

        ȳ_T = dy_T + dstate
        ȳ_t = dy_t + Rᵀ z̄_{t+1}                    t < T; teacher forced: ȳ_t = dy_t
        z̄_t = Vᵀ ȳ_t ∗ (1 − h_t²)
        x̄_t = Uᵀ z̄_t,   ȳ_0 = Rᵀ z̄_1
        Ū = Σ_t z̄_t x_tᵀ,   R̄ = Σ_t z̄_t ỹ_{t−1}ᵀ,   V̄ = Σ_t ȳ_t h_tᵀ,   b̄ = Σ_t z̄_t,   c̄ = Σ_t ȳ_t

    A target is no function of the parameters, so nothing goes back through one: the steps are
    independent, and the whole of it is a few products.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_output_rnn, output_rnn_backward, output_rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_output_rnn(rng, D=4, H=3, K=2)
    >>> x, targets = rng.normal(size=(6, 5, 4)), rng.normal(size=(6, 5, 2))
    >>> y, _, cache = output_rnn_forward(params, x, targets=targets)
    >>> dx, dy0, dparams = output_rnn_backward(y - targets, cache)  # L = ½ Σ (y − target)²
    >>> dx.shape, dy0.shape, dparams.R.shape
    ((6, 5, 4), (5, 2), (3, 2))
    """
    require_kind("output_rnn_backward", "cache", cache, OutputRNNCache)
    (U, R, V, b, c), x, y_prev, h, forced = cache
    (T, B, D), (K, H) = x.shape, V.shape
    require_shape("output_rnn_backward", "dy", dy, f"T={T}, B={B}, K={K}", b.dtype)
    if dstate is None:
        dstate = np.zeros((B, K), b.dtype)
    require_shape("output_rnn_backward", "dstate", dstate, f"B={B}, K={K}", b.dtype)

    dy = dy.copy()  # to become ȳ
    dz = tanh_derivative(h)  # 1 − h_t², to be multiplied by Vᵀ ȳ_t
    if forced:
        dy[-1:] += dstate
        dz *= (dy.reshape(T * B, K) @ V).reshape(T, B, H)
        dy0 = dz[0] @ R if T else dstate.copy()
    else:
        dy_next = dstate.copy()
        for t in reversed(range(T)):
            dy[t] += dy_next
            dz[t] *= dy[t] @ V
            dy_next = dz[t] @ R
        dy0 = dy_next

    dy, dz, h = dy.reshape(T * B, K), dz.reshape(T * B, H), h.reshape(T * B, H)
    dx = (dz @ U).reshape(T, B, D)
    dU = dz.T @ x.reshape(T * B, D)
    dR = dz.T @ y_prev.reshape(T * B, K)
    dV = dy.T @ h
    return dx, dy0, OutputRNNParams(dU, dR, dV, dz.sum(axis=0), dy.sum(axis=0))


def _check(params, x, y0, targets):
    """Raise unless the arguments of `output_rnn_forward` agree in shape and dtype."""
    dtype = common_dtype("output_rnn_forward", params, OutputRNNParams)
    U, R, V, b, c = params
    require_shape("output_rnn_forward", "U", U, "H, D")
    H, D = U.shape
    require_shape("output_rnn_forward", "R", R, f"H={H}, K")
    K = R.shape[1]
    require_shape("output_rnn_forward", "V", V, f"K={K}, H={H}")
    require_shape("output_rnn_forward", "b", b, f"H={H}")
    require_shape("output_rnn_forward", "c", c, f"K={K}")
    require_shape("output_rnn_forward", "x", x, f"T, B, D={D}", dtype)
    T, B, _ = x.shape
    if y0 is not None:
        require_shape("output_rnn_forward", "y0", y0, f"B={B}, K={K}", dtype)
    if targets is not None:
        require_shape("output_rnn_forward", "targets", targets, f"T={T}, B={B}, K={K}", dtype)
