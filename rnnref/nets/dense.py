"""The dense layer, o = V h + c at every step."""

from typing import NamedTuple

import numpy as np

from rnnref.nets.initialisation import glorot_uniform
from rnnref.shapes import common_dtype, require_count, require_float, require_kind, require_shape


class DenseParams(NamedTuple):
    """Parameters of a dense layer, or their gradients.

    Parameters
    ----------
    V : ndarray, shape (K, D)
        Input to output.
    c : ndarray, shape (K,)
        Bias.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import DenseParams, dense_forward
    >>> difference = DenseParams(V=np.array([[1.0, -1.0]]), c=np.zeros(1))
    >>> y, _ = dense_forward(difference, np.array([[3.0, 2.0], [1.0, 5.0]]))
    >>> y
    array([[ 1.],
           [-4.]])
    """

    V: np.ndarray
    c: np.ndarray


class DenseCache(NamedTuple):
    """What `dense_backward` needs of the forward pass; the arrays are not copies."""

    params: DenseParams
    x: np.ndarray


def init_dense(rng, D, K, *, dtype=np.float64):
    """Draw the parameters of a dense layer.

    Parameters
    ----------
    rng : numpy.random.Generator
    D, K : int
        Numbers of inputs and outputs.
    dtype : dtype, default float64
        The layer's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    DenseParams
        V is uniform in ±√(6 / (D + K)), after Glorot and Bengio (2010), eq. 16; c is zero.

    Raises
    ------
    TypeError
        If D or K is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If D or K is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_dense
    >>> V, c = init_dense(np.random.default_rng(0), D=4, K=3)
    >>> V.shape, c
    ((3, 4), array([0., 0., 0.]))
    """
    D, K = require_count("init_dense", "D", D), require_count("init_dense", "K", K)
    dtype = require_float("init_dense", dtype)
    return DenseParams(V=glorot_uniform(rng, K, D, dtype), c=np.zeros(K, dtype))


def dense_forward(params, x):
    """Apply a dense layer to every vector of a batch.

    Parameters
    ----------
    params : DenseParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (..., B, D)
        Inputs, one step (B, D) or many (T, B, D).

    Returns
    -------
    y : ndarray, shape (..., B, K)
        Outputs, before any non-linearity.
    cache : DenseCache
        For `dense_backward`.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0.
    TypeError
        If `x` has another dtype than the parameters.

    Notes
    -----
    ``y = V x + c``: the read-out r = v h of D0 and V s_t of D3, with a bias.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dense_forward, init_dense
    >>> rng = np.random.default_rng(0)
    >>> y, cache = dense_forward(init_dense(rng, D=4, K=3), rng.normal(size=(6, 2, 4)))
    >>> y.shape
    (6, 2, 3)
    """
    dtype = common_dtype("dense_forward", params, DenseParams)
    V, c = params
    require_shape("dense_forward", "V", V, "K, D")
    K, D = V.shape
    require_shape("dense_forward", "c", c, f"K={K}")
    require_shape("dense_forward", "x", x, f"..., B, D={D}", dtype)
    y = x.reshape(-1, D) @ V.T + c
    return y.reshape(*x.shape[:-1], K), DenseCache(DenseParams(V, c), x)


def dense_backward(dy, cache):
    """Return the gradients of a dense layer.

    Parameters
    ----------
    dy : ndarray, shape (..., B, K)
        ∂L/∂y.
    cache : DenseCache
        From `dense_forward`.

    Returns
    -------
    dx : ndarray, shape (..., B, D)
    dparams : DenseParams
        Summed over all vectors of the batch.

    Raises
    ------
    ShapeError
        If `dy` has another shape than the outputs.
    TypeError
        If `dy` has another dtype than the parameters.

    Notes
    -----
    ``dx = Vᵀ dy``, ``dV = Σ dy xᵀ``, ``dc = Σ dy``: v̄ = Σ_t r̄_t h_t in D0.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dense_backward, dense_forward, init_dense
    >>> rng = np.random.default_rng(0)
    >>> y, cache = dense_forward(init_dense(rng, D=4, K=3), rng.normal(size=(6, 2, 4)))
    >>> dx, (dV, dc) = dense_backward(y, cache)  # L = ½ Σ y²
    >>> dx.shape, dV.shape, dc.shape
    ((6, 2, 4), (3, 4), (3,))
    """
    require_kind("dense_backward", "cache", cache, DenseCache)
    (V, c), x = cache
    K, D = V.shape
    sizes = ", ".join(str(n) for n in x.shape[:-1])
    require_shape("dense_backward", "dy", dy, f"{sizes}, K={K}", c.dtype)
    dy = dy.reshape(-1, K)
    return (dy @ V).reshape(x.shape), DenseParams(dy.T @ x.reshape(-1, D), dy.sum(axis=0))
