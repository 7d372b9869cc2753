"""A feed-forward network on a window of the last inputs, forwards and backwards."""

from functools import partial
from typing import NamedTuple

import numpy as np

from rnnref.baselines.autoregression import delay_taps
from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.compose import Layer, require_no_state
from rnnref.nets.dense import DenseCache, DenseParams, dense_backward, dense_forward
from rnnref.nets.initialisation import glorot_uniform
from rnnref.shapes import common_dtype, require_counts, require_float, require_shape


class WindowParams(NamedTuple):
    """Parameters of a window network, or their gradients.

    Parameters
    ----------
    U : ndarray, shape (H, window, D)
        Window to hidden; ``U[:, k]`` multiplies the input k steps ago, k = 0 … window − 1.
    b : ndarray, shape (H,)
        Bias.
    V : ndarray, shape (K, H)
        Hidden to output.
    c : ndarray, shape (K,)
        Bias of the output.

    Examples
    --------
    A nearly linear unit that takes the difference of the last two inputs:

    >>> import numpy as np
    >>> from rnnref import WindowParams, window_forward
    >>> U = 1e-4 * np.array([1.0, -1.0]).reshape(1, 2, 1)
    >>> params = WindowParams(U, b=np.zeros(1), V=np.array([[1e4]]), c=np.zeros(1))
    >>> y, _ = window_forward(params, np.array([1.0, 3.0, 2.0]).reshape(3, 1, 1))
    >>> y.ravel().round(6)
    array([ 1.,  2., -1.])
    """

    U: np.ndarray
    b: np.ndarray
    V: np.ndarray
    c: np.ndarray


class WindowCache(NamedTuple):
    """What `window_backward` needs of the forward pass."""

    window: int
    held: np.ndarray | None  # (T, B, 1), True at masked steps
    hidden: DenseCache
    output: DenseCache


def init_window_network(rng, D, H, K, window, *, dtype=np.float64):
    """Draw the parameters of a window network.

    Parameters
    ----------
    rng : numpy.random.Generator
    D, H, K : int
        Numbers of inputs, of hidden units and of outputs.
    window : int
        Number of inputs that each output may use, the step's own among them.
    dtype : dtype, default float64
        The network's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    WindowParams
        H (window D + 1) + K (H + 1) numbers. U and V are uniform in ±√(6 / (inputs + outputs)),
        U with window D inputs, after Glorot and Bengio (2010), eq. 16; b and c are zero.

    Raises
    ------
    TypeError
        If D, H, K or `window` is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If D, H, K or `window` is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_window_network
    >>> params = init_window_network(np.random.default_rng(0), D=4, H=3, K=2, window=5)
    >>> [p.shape for p in params]
    [(3, 5, 4), (3,), (2, 3), (2,)]
    """
    D, H, K, window = require_counts("init_window_network", D=D, H=H, K=K, window=window)
    dtype = require_float("init_window_network", dtype)
    return WindowParams(
        U=glorot_uniform(rng, H, window * D, dtype).reshape(H, window, D),
        b=np.zeros(H, dtype),
        V=glorot_uniform(rng, K, H, dtype),
        c=np.zeros(K, dtype),
    )


def window_forward(params, x, *, mask=None):
    """Run a feed-forward network over the windows that end at each step.

    Parameters
    ----------
    params : WindowParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, D)
        Inputs.
    mask : ndarray of bool, shape (T, B), optional
        Where False, `x` counts as zero. The outputs there are not held: the loss leaves them out.

    Returns
    -------
    y : ndarray, shape (T, B, K)
        Outputs, before any non-linearity.
    cache : WindowCache
        For `window_backward`.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If an array has another dtype than the parameters (the mask: than bool).

    Notes
    -----
    ::

        z_t = Σ_k U_k x_{t−k} + b          k = 0 … window − 1
        h_t = tanh(z_t)
        y_t = V h_t + c

    the second model of D2, which generalises autoregression, and in D3 the step from one network
    per step to windowed weights. The first window − 1 steps see zeros before the sequence: x_s is
    0 for s < 1. Nothing older than the window has any influence on y_t. It costs
    O(T B H (window D + K)) operations, all in two products, as no step waits for another.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_window_network, window_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_window_network(rng, D=4, H=3, K=2, window=5)
    >>> y, cache = window_forward(params, rng.normal(size=(6, 2, 4)))
    >>> y.shape
    (6, 2, 2)
    """
    _check(params, x, mask)
    U, b, V, c = params
    (T, B, D), (H, window, _) = x.shape, U.shape
    held = None
    if mask is not None:
        held = ~mask[..., None]
        x = np.where(held, 0, x)
    inputs = delay_taps(x, window).reshape(T, B, window * D)
    z, hidden = dense_forward(DenseParams(U.reshape(H, window * D), b), inputs)
    h = ACTIVATIONS["tanh"].function(z, out=z)
    y, output = dense_forward(DenseParams(V, c), h)
    return y, WindowCache(window, held, hidden, output)


def window_backward(dy, cache):
    """Return the gradients of a window network.

    Parameters
    ----------
    dy : ndarray, shape (T, B, K)
        ∂L/∂y.
    cache : WindowCache
        From `window_forward`.

    Returns
    -------
    dx : ndarray, shape (T, B, D)
        Zero at masked steps.
    dparams : WindowParams
        Summed over steps and sequences.

    Raises
    ------
    ShapeError
        If `dy` has another shape than the outputs.
    TypeError
        If `dy` has another dtype than the parameters.

    Notes
    -----
    ::

        h̄_t = Vᵀ dy_t,   z̄_t = h̄_t ∗ (1 − h_t²)
        x̄_t = Σ_k U_kᵀ z̄_{t+k}              k = 0 … window − 1, t + k ≤ T
        Ū_k = Σ_t z̄_t x_{t−k}ᵀ,   b̄ = Σ_t z̄_t,   V̄ = Σ_t dy_t h_tᵀ,   c̄ = Σ_t dy_t

    An input is used by as many outputs as the window is long, and its gradient is their sum; no
    gradient goes further back.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_window_network, window_backward, window_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_window_network(rng, D=4, H=3, K=2, window=5)
    >>> y, cache = window_forward(params, rng.normal(size=(6, 2, 4)))
    >>> dx, dparams = window_backward(y, cache)  # L = ½ Σ y²
    >>> dx.shape, dparams.U.shape
    ((6, 2, 4), (3, 5, 4))
    """
    window, held, hidden, output = cache
    h, c = output.x, output.params.c
    (T, B, H), D = h.shape, hidden.x.shape[-1] // window
    require_shape("window_backward", "dy", dy, f"T={T}, B={B}, K={len(c)}", c.dtype)
    dz, (dV, dc) = dense_backward(dy, output)
    dz *= ACTIVATIONS["tanh"].derivative(h)
    dinputs, (dU, db) = dense_backward(dz, hidden)
    dinputs = dinputs.reshape(T, B, window, D)
    dx = dinputs[:, :, 0].copy()
    for k in range(1, min(window, T)):
        dx[: T - k] += dinputs[k:, :, k]
    if held is not None:
        dx *= ~held
    return dx, WindowParams(dU.reshape(H, window, D), db, dV, dc)


def window_layer(D, H, K, window, *, dtype=np.float64):
    """Return a window network as a layer without state.

    Parameters
    ----------
    D, H, K : int
        Numbers of inputs, of hidden units and of outputs.
    window : int
        Number of inputs that each output may use, the step's own among them.
    dtype : dtype, default float64

    Returns
    -------
    Layer
        Its functions are `init_window_network`, `window_forward` and `window_backward`.

    Raises
    ------
    TypeError
        If D, H, K or `window` is no integer.
    ValueError
        If one of them is less than 1. When run: if a state is given.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import window_layer
    >>> layer = window_layer(4, 3, 2, window=5)
    >>> rng = np.random.default_rng(0)
    >>> y, state, cache = layer.forward(layer.init(rng), rng.normal(size=(6, 2, 4)))
    >>> y.shape, state
    ((6, 2, 2), None)
    """
    D, H, K, window = require_counts("window_layer", D=D, H=H, K=K, window=window)

    def forward(params, x, state0=None, *, mask=None, rng=None):
        require_no_state("window_layer", state0)
        y, cache = window_forward(params, x, mask=mask)
        return y, None, cache

    def backward(dy, cache, dstate=None):
        require_no_state("window_layer", dstate)
        dx, dparams = window_backward(dy, cache)
        return dx, None, dparams

    init = partial(init_window_network, D=D, H=H, K=K, window=window, dtype=dtype)
    return Layer(init, forward, backward, D, K)


def _check(params, x, mask):
    """Raise unless the arguments of `window_forward` agree in shape and dtype."""
    dtype = common_dtype("window_forward", params, WindowParams)
    U, b, V, c = params
    require_shape("window_forward", "U", U, "H, window, D")
    H, _, D = U.shape
    require_shape("window_forward", "b", b, f"H={H}")
    require_shape("window_forward", "V", V, f"K, H={H}")
    require_shape("window_forward", "c", c, f"K={len(V)}")
    require_shape("window_forward", "x", x, f"T, B, D={D}", dtype)
    if mask is not None:
        require_shape("window_forward", "mask", mask, f"T={x.shape[0]}, B={x.shape[1]}", bool)
