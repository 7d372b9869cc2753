"""Convolution over time and height, for images that are read column by column."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rnnref.shapes import (
    common_dtype,
    require_count,
    require_float,
    require_kind,
    require_pair,
    require_shape,
)


class ConvParams(NamedTuple):
    """Parameters of a convolution, or their gradients.

    Parameters
    ----------
    F : ndarray, shape (C_out, k_t, k_h, C_in)
        Filters, k_t columns wide and k_h rows high.
    b : ndarray, shape (C_out,)
        Bias.

    Examples
    --------
    A filter that marks where a stroke begins:

    >>> import numpy as np
    >>> from rnnref import ConvParams, conv_forward
    >>> edge = ConvParams(F=np.array([-1.0, 1.0, 0.0]).reshape(1, 3, 1, 1), b=np.zeros(1))
    >>> row = np.array([0.0, 0.0, 1.0, 1.0, 0.0]).reshape(5, 1, 1, 1)
    >>> conv_forward(edge, row)[0].ravel()
    array([ 0.,  0.,  1.,  0., -1.])
    """

    F: np.ndarray
    b: np.ndarray


class ConvCache(NamedTuple):
    """What `conv_backward` needs of the forward pass; the arrays are not copies."""

    params: ConvParams
    columns: np.ndarray  # (T B height, k_t k_h C_in)
    shape: tuple  # of x


def init_conv(rng, C_in, C_out, kernel=(3, 3), *, dtype=np.float64):
    """Draw the parameters of a convolution.

    Parameters
    ----------
    rng : numpy.random.Generator
    C_in, C_out : int
        Numbers of channels.
    kernel : tuple of int
        Width k_t and height k_h of the filters.
    dtype : dtype, default float64
        The layer's dtype; the same seed gives the same values, rounded.

    Returns
    -------
    ConvParams
        F is normal with variance 2 / (k_t k_h C_in), b is zero.

    Raises
    ------
    TypeError
        If a size is no integer, or `dtype` is not float32, float64 or complex128.
    ValueError
        If a size is less than 1, or `kernel` is no pair.

    Notes
    -----
    With this variance a ReLU layer keeps the mean square of its inputs: He et al. (2015), eq. 10.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_conv
    >>> F, b = init_conv(np.random.default_rng(0), C_in=1, C_out=8)
    >>> F.shape, b.shape
    ((8, 3, 3, 1), (8,))
    """
    C_in = require_count("init_conv", "C_in", C_in)
    C_out = require_count("init_conv", "C_out", C_out)
    k_t, k_h = require_pair("init_conv", "kernel", kernel)
    dtype = require_float("init_conv", dtype)
    F = rng.normal(size=(C_out, k_t, k_h, C_in)) * np.sqrt(2 / (k_t * k_h * C_in))
    return ConvParams(F.astype(dtype), np.zeros(C_out, dtype))


def conv_forward(params, x):
    """Convolve images with filters, beyond whose edges they are zero.

    Parameters
    ----------
    params : ConvParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T, B, height, C_in)
        Images, column by column from left to right; T is their width.

    Returns
    -------
    y : ndarray, shape (T, B, height, C_out)
        Of the same width and height.
    cache : ConvCache
        For `conv_backward`.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If `x` has another dtype than the parameters.

    Notes
    -----
    ::

        y_{t,r} = b + Σ_i Σ_j F_{i,j} x_{t+i−p, r+j−q},    p = ⌊(k_t − 1) / 2⌋, q = ⌊(k_h − 1) / 2⌋

    with x = 0 outside the image, F_{i,j} a (C_out, C_in) matrix, i from 0 to k_t − 1 and j from 0
    to k_h − 1: the same weights at every place, as a recurrent network has the same at every
    step. A mathematician's convolution counts i and j the other way round. Computed as one product
    with the matrix that has the surroundings of one place in each row.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import conv_forward, init_conv
    >>> rng = np.random.default_rng(0)
    >>> y, cache = conv_forward(init_conv(rng, C_in=1, C_out=8), rng.normal(size=(60, 2, 24, 1)))
    >>> y.shape
    (60, 2, 24, 8)
    """
    dtype = common_dtype("conv_forward", params, ConvParams)
    F, b = params
    require_shape("conv_forward", "F", F, "C_out, k_t, k_h, C_in")
    C_out, k_t, k_h, C_in = F.shape
    require_shape("conv_forward", "b", b, f"C_out={C_out}")
    require_shape("conv_forward", "x", x, f"T, B, height, C_in={C_in}", dtype)
    columns = _surroundings(x, k_t, k_h, (k_t - 1) // 2, (k_h - 1) // 2)
    y = columns @ F.reshape(C_out, -1).T
    y += b
    return y.reshape(*x.shape[:3], C_out), ConvCache(ConvParams(F, b), columns, x.shape)


def conv_backward(dy, cache):
    """Return the gradients of a convolution.

    Parameters
    ----------
    dy : ndarray, shape (T, B, height, C_out)
        ∂L/∂y.
    cache : ConvCache
        From `conv_forward`.

    Returns
    -------
    dx : ndarray, shape (T, B, height, C_in)
    dparams : ConvParams
        Summed over all places of all images.

    Raises
    ------
    ShapeError
        If `dy` has another shape than the outputs.
    TypeError
        If `dy` has another dtype than the parameters.

    Notes
    -----
    ::

        x̄_{t,r} = Σ_i Σ_j F_{i,j}ᵀ ȳ_{t−i+p, r−j+q}
        F̄_{i,j} = Σ_t Σ_r ȳ_{t,r} x_{t+i−p, r+j−q}ᵀ,    b̄ = Σ_t Σ_r ȳ_{t,r}

    The first is again a convolution, with the filters turned round.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import conv_backward, conv_forward, init_conv
    >>> rng = np.random.default_rng(0)
    >>> y, cache = conv_forward(init_conv(rng, C_in=1, C_out=8), rng.normal(size=(60, 2, 24, 1)))
    >>> dx, (dF, db) = conv_backward(y, cache)  # L = ½ Σ y²
    >>> dx.shape, dF.shape, db.shape
    ((60, 2, 24, 1), (8, 3, 3, 1), (8,))
    """
    require_kind("conv_backward", "cache", cache, ConvCache)
    (F, b), columns, shape = cache
    (T, B, height, C_in), (C_out, k_t, k_h, _) = shape, F.shape
    wanted = f"T={T}, B={B}, height={height}, C_out={C_out}"
    require_shape("conv_backward", "dy", dy, wanted, b.dtype)
    turned = F[:, ::-1, ::-1].transpose(3, 1, 2, 0)  # (C_in, k_t, k_h, C_out)
    dx = _surroundings(dy, k_t, k_h, k_t // 2, k_h // 2) @ turned.reshape(C_in, -1).T
    dy = dy.reshape(-1, C_out)
    return dx.reshape(shape), ConvParams((dy.T @ columns).reshape(F.shape), dy.sum(axis=0))


def _surroundings(x, k_t, k_h, before_t, before_h):
    """Return a matrix with the k_t × k_h places round each place of x as its row.

    They begin `before_t` columns and `before_h` rows before it, and are zero outside the image.
    """
    T, B, height, C = x.shape
    # One column more than is needed: there would be no window to look through if T were 0.
    padded = np.zeros((T + k_t, B, height + k_h - 1, C), x.dtype)
    padded[before_t : before_t + T, :, before_h : before_h + height] = x
    windows = sliding_window_view(padded, (k_t, k_h), axis=(0, 2))[:T]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(T * B * height, k_t * k_h * C)
