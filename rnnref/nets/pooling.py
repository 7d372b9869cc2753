"""Pooling: of each window of an image, the largest number."""

from typing import NamedTuple

import numpy as np

from rnnref.shapes import require_float, require_kind, require_pair, require_shape


class MaxPoolCache(NamedTuple):
    """What `max_pool_backward` needs of the forward pass; the arrays are not copies."""

    x: np.ndarray
    y: np.ndarray
    pool: tuple


def max_pool_forward(x, pool=(2, 2)):
    """Take the largest number of each window.

    Parameters
    ----------
    x : ndarray, shape (T, B, height, C)
    pool : tuple of int
        Width p_t and height p_h of the windows, which lie side by side.

    Returns
    -------
    y : ndarray, shape (T', B, height', C)
        T' = ⌈T / p_t⌉ and height' = ⌈height / p_h⌉: where the image ends within a window, the
        part that there is counts, so that nothing is lost.
    cache : MaxPoolCache
        For `max_pool_backward`, which reads `x` and `y` again: leave them as they are.

    Raises
    ------
    ShapeError
        If `x` has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If `x` is not an array of float32, float64 or complex128, or `pool` not of integers.
    ValueError
        If `pool` is no pair, or holds less than 1.

    Notes
    -----
    ``y_{t,r} = max_{i,j} x_{p_t t + i, p_h r + j}``, for each channel alone.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import max_pool_forward
    >>> x = np.array([3.0, 1.0, 0.0, 2.0, 5.0]).reshape(5, 1, 1, 1)
    >>> max_pool_forward(x, (2, 1))[0].ravel()
    array([3., 2., 5.])
    """
    require_shape("max_pool_forward", "x", x, "T, B, height, C")
    require_float("max_pool_forward", x.dtype)
    p_t, p_h = pool = require_pair("max_pool_forward", "pool", pool)
    y = x[::p_t, :, ::p_h].copy()
    for place, windows in _places(x, pool):
        np.maximum(y[windows], x[place], out=y[windows])
    return y, MaxPoolCache(x, y, pool)


def max_pool_backward(dy, cache):
    """Return the gradient of pooling: all of it goes to the largest number of each window.

    Parameters
    ----------
    dy : ndarray, shape (T', B, height', C)
        ∂L/∂y.
    cache : MaxPoolCache
        From `max_pool_forward`.

    Returns
    -------
    ndarray, shape (T, B, height, C)
        ∂L/∂x. Of equal numbers the first gets it, counted column by column from the left and from
        the first row.

    Raises
    ------
    ShapeError
        If `dy` has another shape than the outputs.
    TypeError
        If `dy` has another dtype than the outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import max_pool_backward, max_pool_forward
    >>> x = np.array([3.0, 1.0, 2.0, 2.0, 5.0]).reshape(5, 1, 1, 1)
    >>> y, cache = max_pool_forward(x, (2, 1))
    >>> max_pool_backward(np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1, 1), cache).ravel()
    array([0.1, 0. , 0.2, 0. , 0.3])
    """
    require_kind("max_pool_backward", "cache", cache, MaxPoolCache)
    x, y, pool = cache
    sizes = ", ".join(str(n) for n in y.shape)
    require_shape("max_pool_backward", "dy", dy, sizes, y.dtype)
    dx = np.empty(x.shape, x.dtype)
    left = dy.copy()  # what no number has got yet
    for place, windows in _places(x, pool):
        given = left[windows] * (x[place] == y[windows])
        left[windows] -= given
        dx[place] = given
    return dx


def _places(x, pool):
    """Yield, for each place in a window, the numbers of x there and the windows that have one."""
    p_t, p_h = pool
    for i, j in np.ndindex(pool):
        place = np.s_[i::p_t, :, j::p_h]
        n_t, _, n_h, _ = x[place].shape
        yield place, np.s_[:n_t, :, :n_h]
