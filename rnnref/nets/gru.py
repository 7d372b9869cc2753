"""The gated recurrent unit (GRU), forwards and backwards through time."""

from typing import NamedTuple

import numpy as np

from rnnref.nets.activations import logistic, logistic_derivative, tanh_derivative
from rnnref.nets.initialisation import glorot_uniform, orthogonal
from rnnref.shapes import (
    common_dtype,
    require_count,
    require_float,
    require_kind,
    require_option,
    require_shape,
)

RESETS, UPDATES = ("before", "after"), ("write", "keep")


class GRUParams(NamedTuple):
    """Parameters of a GRU, or their gradients; rows in blocks r, z, n.

    Parameters
    ----------
    U : ndarray, shape (3H, D)
        Input to reset gate, update gate, candidate.
    W : ndarray, shape (3H, H)
        Hidden to reset gate, update gate, candidate.
    b : ndarray, shape (3H,)
        Bias.
    b_hn : ndarray, shape (H,)
        Bias of the candidate's hidden part; zero with ``reset="before"``, where it has no place.

    Examples
    --------
    One unit whose update gate copies a step's second input, 0 or 1: where it is 1, the unit
    writes the step's first input, elsewhere it remembers.

    >>> import numpy as np
    >>> from rnnref import GRUParams, gru_forward
    >>> U = np.array([[0.0, 0.0], [0.0, 200.0], [1.0, 0.0]])  # r, z, n
    >>> b = np.array([0.0, -100.0, 0.0])
    >>> memory = GRUParams(U, W=np.zeros((3, 1)), b=b, b_hn=np.zeros(1))
    >>> x = np.array([[0.3, 1], [0.9, 0], [0.7, 0], [0.5, 1], [0.1, 0]])
    >>> h, h_T, _ = gru_forward(memory, x[:, None])
    >>> np.round(np.arctanh(h.ravel()), 3)
    array([0.3, 0.3, 0.3, 0.5, 0.5])
    """

    U: np.ndarray
    W: np.ndarray
    b: np.ndarray
    b_hn: np.ndarray


class GRUCache(NamedTuple):
    """What `gru_backward` needs of the forward pass; the arrays are not copies."""

    params: GRUParams
    x: np.ndarray  # (T, B, D), zero at masked steps
    states: np.ndarray  # (T + 1, B, H), h_0 … h_T
    r: np.ndarray  # (T, B, H), as z, n and s
    z: np.ndarray
    n: np.ndarray
    s: np.ndarray
    held: np.ndarray | None  # (T, B, 1), True at masked steps
    reset: str
    update: str


def init_gru(rng, D, H, *, dtype=np.float64):
    """Draw the parameters of a GRU.

    Parameters
    ----------
    rng : numpy.random.Generator
    D, H : int
        Numbers of inputs and of hidden units.
    dtype : dtype, default float64
        The network's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    GRUParams
        U is uniform in ±√(6 / (D + H)), each gate's block of W is orthogonal, the biases are zero.

    Raises
    ------
    TypeError
        If D or H is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If D or H is less than 1.

    Notes
    -----
    U after Glorot and Bengio (2010), eq. 16, and W after Saxe, McClelland and Ganguli (2014), both
    as in `init_rnn`, gate by gate.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_gru
    >>> U, W, b, b_hn = init_gru(np.random.default_rng(0), D=4, H=3)
    >>> U.shape, W.shape, b.shape, b_hn.shape
    ((9, 4), (9, 3), (9,), (3,))
    >>> all(np.allclose(block @ block.T, np.eye(3)) for block in np.split(W, 3))
    True
    """
    D, H = require_count("init_gru", "D", D), require_count("init_gru", "H", H)
    dtype = require_float("init_gru", dtype)
    return GRUParams(
        U=np.concatenate([glorot_uniform(rng, H, D, dtype) for _ in "rzn"]),
        W=np.concatenate([orthogonal(rng, H, dtype) for _ in "rzn"]),
        b=np.zeros(3 * H, dtype),
        b_hn=np.zeros(H, dtype),
    )


def gru_forward(params, x, h0=None, *, mask=None, reset="before", update="write"):
    """Run a GRU over a batch of sequences.

    Parameters
    ----------
    params : GRUParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, D)
        Inputs.
    h0 : ndarray, shape (B, H), optional
        First states; zero if not given.
    mask : ndarray of bool, shape (T, B), optional
        Where False, the state is carried over unchanged and `x` has no influence.
    reset : {"before", "after"}
        Whether the reset gate acts before or after the product with W_n.
    update : {"write", "keep"}
        Whether an open update gate, z = 1, writes the candidate or keeps the state.

    Returns
    -------
    h : ndarray, shape (T, B, H)
        States h_1 … h_T.
    h_T : ndarray, shape (B, H)
        The last states, those at each sequence's last valid step.
    cache : GRUCache
        For `gru_backward`, which reads `params`, `x` and `h` again: leave them as they are. To
        look at, ``cache.r``, ``.z`` and ``.n`` are the gates and candidates of all steps, of shape
        (T, B, H); those at masked steps have no influence.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: then h_T = h_0.
    TypeError
        If an array has another dtype than the parameters (the mask: than bool).
    ValueError
        If there is no such option, or b_hn is not zero with ``reset="before"``.

    Notes
    -----
    ::

        r_t = σ(U_r x_t + W_r h_{t−1} + b_r)
        z_t = σ(U_z x_t + W_z h_{t−1} + b_z)
        n_t = tanh(U_n x_t + b_n + W_n s_t),  s_t = r_t ∗ h_{t−1}          before
        n_t = tanh(U_n x_t + b_n + r_t ∗ s_t),  s_t = W_n h_{t−1} + b_hn   after
        h_t = (1 − z_t) ∗ h_{t−1} + z_t ∗ n_t                              write
        h_t = z_t ∗ h_{t−1} + (1 − z_t) ∗ n_t                              keep

    and h_t = h_{t−1} at a masked step. The default is the form of D1, which has no biases and
    calls the candidate h̃. Cho et al. (2014, arXiv 1406.1078), eqs. 5 to 8, are before and keep;
    PyTorch is after and keep.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import gru_forward, init_gru
    >>> rng = np.random.default_rng(0)
    >>> params = init_gru(rng, D=4, H=3)
    >>> h, h_T, cache = gru_forward(params, rng.normal(size=(6, 2, 4)))
    >>> h.shape, cache.z.shape
    ((6, 2, 3), (6, 2, 3))
    >>> np.array_equal(h_T, h[-1])
    True
    """
    _check(params, x, h0, mask, reset, update)
    U, W, b, b_hn = params
    (T, B, D), H = x.shape, len(b_hn)
    held = None
    if mask is not None:
        held = ~mask[..., None]
        x = np.where(held, 0, x)

    W_rz, W_n = W[: 2 * H], W[2 * H :]
    states = np.empty((T + 1, B, H), b.dtype)
    states[0] = 0 if h0 is None else h0
    h_prev, h = states[:-1], states[1:]
    # Each gate is computed where its pre-activation stands; U x_t need not wait for h_{t−1}.
    gates = (x.reshape(T * B, D) @ U.T).reshape(T, B, 3 * H)
    gates += b
    rz, r, z, n = gates[..., : 2 * H], *np.split(gates, 3, axis=-1)
    s = np.empty((T, B, H), b.dtype)
    old, new = (h_prev, n) if update == "write" else (n, h_prev)
    for t in range(T):
        rz[t] += h_prev[t] @ W_rz.T
        logistic(rz[t], out=rz[t])
        if reset == "before":
            np.multiply(r[t], h_prev[t], out=s[t])
            n[t] += s[t] @ W_n.T
        else:
            np.add(h_prev[t] @ W_n.T, b_hn, out=s[t])
            n[t] += r[t] * s[t]
        np.tanh(n[t], out=n[t])
        np.add((1 - z[t]) * old[t], z[t] * new[t], out=h[t])
        if held is not None:
            np.copyto(h[t], h_prev[t], where=held[t])
    cache = GRUCache(GRUParams(*params), x, states, r, z, n, s, held, reset, update)
    return h, states[-1].copy(), cache


def gru_backward(dh, cache, dstate=None):
    """Backpropagate through time.

    Parameters
    ----------
    dh : ndarray, shape (T, B, H)
        ∂L/∂h_t from each step's own loss only, without what comes back from later steps.
    cache : GRUCache
        From `gru_forward`.
    dstate : ndarray, shape (B, H), optional
        ∂L/∂h_T from what the final state was used for; zero if not given.

    Returns
    -------
    dx : ndarray, shape (T, B, D)
    dh0 : ndarray, shape (B, H)
    dparams : GRUParams
        Summed over steps and sequences; with ``reset="before"``, that of b_hn is zero.

    Raises
    ------
    ShapeError
        If an array has another shape.
    TypeError
        If an array has another dtype than the parameters.

    Notes
    -----
    A bar is the total derivative of the loss; a_r, a_z and a_n are what σ and tanh are taken of.
    With the default options, all at step t but for the first two lines::

        h̄_T = dh_T + dstate
        h̄_t = dh_t + dh_next of step t + 1                       t < T
        ā_n = h̄ ∗ z ∗ (1 − n²)
        ā_z = h̄ ∗ (n − h_{t−1}) ∗ z ∗ (1 − z)
        s̄   = W_nᵀ ā_n
        ā_r = s̄ ∗ h_{t−1} ∗ r ∗ (1 − r)
        dh_next = s̄ ∗ r + W_rᵀ ā_r + W_zᵀ ā_z + h̄ ∗ (1 − z)
        W̄_r = Σ_t ā_r h_{t−1}ᵀ,   W̄_z = Σ_t ā_z h_{t−1}ᵀ,   W̄_n = Σ_t ā_n sᵀ
        x̄ = Uᵀ ā,   Ū = Σ_t ā xᵀ,   b̄ = Σ_t ā                   ā: the three, stacked

    With after, s̄ = ā_n ∗ r, ā_r = ā_n ∗ s ∗ r ∗ (1 − r), dh_next has W_nᵀ s̄ for s̄ ∗ r,
    W̄_n = Σ_t s̄ h_{t−1}ᵀ and b̄_hn = Σ_t s̄. With keep, ā_n has 1 − z for z, ā_z has h_{t−1} − n for
    n − h_{t−1}, and dh_next has z for 1 − z. At a masked step all ā are 0 and h̄_t is passed on to
    h_{t−1} as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import gru_backward, gru_forward, init_gru
    >>> rng = np.random.default_rng(0)
    >>> params = init_gru(rng, D=4, H=3)
    >>> h, h_T, cache = gru_forward(params, rng.normal(size=(6, 2, 4)))
    >>> dx, dh0, dparams = gru_backward(h, cache)  # L = ½ Σ h²
    >>> dx.shape, dh0.shape, dparams.W.shape
    ((6, 2, 4), (2, 3), (9, 3))
    """
    require_kind("gru_backward", "cache", cache, GRUCache)
    (U, W, b, b_hn), x, states, r, z, n, s, held, reset, update = cache
    (T, B, D), H = x.shape, len(b_hn)
    require_shape("gru_backward", "dh", dh, f"T={T}, B={B}, H={H}", b.dtype)
    if dstate is not None:
        require_shape("gru_backward", "dstate", dstate, f"B={B}, H={H}", b.dtype)
    h_prev = states[:-1]
    W_rz, W_n = W[: 2 * H], W[2 * H :]
    old, new = (h_prev, n) if update == "write" else (n, h_prev)

    # What need not wait for h̄_t: ā_n and ā_z without the factor h̄, ā_r without s̄ or, after, ā_n.
    da = np.empty((T, B, 3 * H), b.dtype)
    da_rz, da_r, da_z, da_n = da[..., : 2 * H], *np.split(da, 3, axis=-1)
    da_n[...] = z if update == "write" else 1 - z
    da_n *= tanh_derivative(n)
    np.subtract(new, old, out=da_z)
    da_z *= logistic_derivative(z)
    da_r[...] = h_prev if reset == "before" else s
    da_r *= logistic_derivative(r)
    if held is not None:
        da *= ~held
    dh_next = np.zeros((B, H), b.dtype) if dstate is None else dstate.copy()
    for t in reversed(range(T)):
        dh_t = dh[t] + dh_next
        da_n[t] *= dh_t
        da_z[t] *= dh_t
        if reset == "before":
            ds_t = da_n[t] @ W_n
            da_r[t] *= ds_t
            dh_next = ds_t * r[t]
        else:
            ds_t = da_n[t] * r[t]
            da_r[t] *= da_n[t]
            dh_next = ds_t @ W_n
        dh_next += da_rz[t] @ W_rz
        dh_next += dh_t * (1 - z[t] if update == "write" else z[t])
        if held is not None:
            np.copyto(dh_next, dh_t, where=held[t])

    dU, db, db_hn = _sum_of_products(da, x), da.sum(axis=(0, 1)), np.zeros_like(b_hn)
    dW = np.empty((3 * H, H), b.dtype)
    _sum_of_products(da_rz, h_prev, out=dW[: 2 * H])
    if reset == "before":
        _sum_of_products(da_n, s, out=dW[2 * H :])
    else:
        ds = da_n * r
        _sum_of_products(ds, h_prev, out=dW[2 * H :])
        ds.sum(axis=(0, 1), out=db_hn)
    dx = (da.reshape(T * B, 3 * H) @ U).reshape(T, B, D)
    return dx, dh_next, GRUParams(dU, dW, db, db_hn)


def _sum_of_products(a, v, out=None):
    """Return Σ a vᵀ over all steps and sequences, as one product."""
    return np.matmul(a.reshape(-1, a.shape[-1]).T, v.reshape(-1, v.shape[-1]), out=out)


def _check(params, x, h0, mask, reset, update):
    """Raise unless the arguments of `gru_forward` agree in shape and dtype."""
    require_option("gru_forward", "reset", reset, RESETS)
    require_option("gru_forward", "update", update, UPDATES)
    dtype = common_dtype("gru_forward", params, GRUParams)
    U, W, b, b_hn = params
    require_shape("gru_forward", "b_hn", b_hn, "H")
    H = len(b_hn)
    require_shape("gru_forward", "U", U, f"3H={3 * H}, D")
    D = U.shape[1]
    require_shape("gru_forward", "W", W, f"3H={3 * H}, H={H}")
    require_shape("gru_forward", "b", b, f"3H={3 * H}")
    if reset == "before" and b_hn.any():
        first = b_hn[b_hn != 0][0]
        raise ValueError(f"gru_forward: b_hn must be zero with reset='before', got {first}")
    require_shape("gru_forward", "x", x, f"T, B, D={D}", dtype)
    T, B, _ = x.shape
    if h0 is not None:
        require_shape("gru_forward", "h0", h0, f"B={B}, H={H}", dtype)
    if mask is not None:
        require_shape("gru_forward", "mask", mask, f"T={T}, B={B}", bool)
