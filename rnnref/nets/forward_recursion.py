"""The gradient of the simple recurrent network by a recursion that runs forwards in time."""

import numpy as np

from rnnref.nets.activations import ACTIVATIONS
from rnnref.nets.rnn import RNNParams, require_rnn
from rnnref.shapes import require_option, require_shape


def rnn_forward_recursion(params, x, dh, h0=None, *, mask=None, activation="tanh"):
    """Run a simple recurrent network and find its gradient on the way, without going back.

    Parameters
    ----------
    params : RNNParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, D)
        Inputs.
    dh : ndarray, shape (T, B, H)
        ∂L/∂h_t from each step's own loss only, as for `rnn_backward`; dh_t is read at step t.
    h0 : ndarray, shape (B, H), optional
        First states; zero if not given.
    mask : ndarray of bool, shape (T, B), optional
        Where False, the state is carried over unchanged and `x` has no influence.
    activation : {"tanh", "logistic", "relu", "linear"}
        φ below.

    Returns
    -------
    h_T : ndarray, shape (B, H)
        The last states, as `rnn_forward` returns them.
    dparams : RNNParams
        ∂L/∂(U, W, b), as `rnn_backward` returns them; there is no gradient of x and h0.

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
    Real-time recurrent learning: Williams and Zipser (1989); D2 leaves it aside for BPTT. With all
    weights in one matrix A = [W U b] and v_t = [h_{t−1}; x_t; 1]::

        h_t = φ(z_t),   z_t = A v_t
        ∂h_t/∂A = ∂⁺h_t/∂A + ∂h_t/∂h_{t−1} ∂h_{t−1}/∂A
                = diag(φ′(z_t)) (∂⁺z_t/∂A + W ∂h_{t−1}/∂A),    ∂⁺z_{t,j}/∂A_{ik} = v_{t,k} if i = j
        ∂L/∂A   = Σ_t dh_tᵀ ∂h_t/∂A

    ∂⁺ holds h_{t−1} fixed. ∂h_t/∂A is all that is carried from step to step: H (H² + H D + H)
    numbers for each sequence, however long, where BPTT keeps the T H states; fewer than those only
    for T > H² + H D + H. The product W ∂h_{t−1}/∂A takes H² (H² + H D + H) multiplications at each
    step, where BPTT, which sends a vector back and not a matrix forward, takes about
    2 H² + 2 H D.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, rnn_backward, rnn_forward, rnn_forward_recursion
    >>> rng = np.random.default_rng(0)
    >>> params = init_rnn(rng, D=4, H=3)
    >>> x, dh = rng.normal(size=(6, 2, 4)), rng.normal(size=(6, 2, 3))
    >>> h_T, dparams = rnn_forward_recursion(params, x, dh)
    >>> *_, by_bptt = rnn_backward(dh, rnn_forward(params, x)[-1])
    >>> np.allclose(dparams.W, by_bptt.W)
    True
    """
    where = "rnn_forward_recursion"
    require_rnn(where, params, x, h0, mask)
    require_option(where, "activation", activation, ACTIVATIONS)
    U, W, b = params
    (T, B, D), H = x.shape, len(b)
    require_shape(where, "dh", dh, f"T={T}, B={B}, H={H}", b.dtype)
    phi, slope = ACTIVATIONS[activation]
    n = H + D + 1
    A = np.concatenate([W, U, b[:, None]], axis=1)
    dA = np.zeros((H, n), b.dtype)

    h = np.zeros((B, H), b.dtype) if h0 is None else h0.copy()
    v = np.ones((B, n), b.dtype)
    S = np.zeros((B, H, H, n), b.dtype)  # S[s, j, i, k] = ∂h_j/∂A_ik in sequence s
    S_next = np.empty_like(S)  # the two take turns
    diagonal = np.arange(H)
    for t in range(T):
        v[:, :H] = h
        v[:, H:-1] = x[t] if mask is None else np.where(mask[t, :, None], x[t], 0)
        h_next = phi(v @ A.T)
        np.matmul(W, S.reshape(B, H, H * n), out=S_next.reshape(B, H, H * n))
        S_next[:, diagonal, diagonal] += v[:, None]
        S_next *= slope(h_next)[:, :, None, None]
        if mask is not None:
            held = ~mask[t]
            h_next[held], S_next[held] = h[held], S[held]
        h, S, S_next = h_next, S_next, S
        dA += (dh[t].reshape(B * H) @ S.reshape(B * H, H * n)).reshape(H, n)
    return h, RNNParams(U=dA[:, H:-1].copy(), W=dA[:, :H].copy(), b=dA[:, -1].copy())
