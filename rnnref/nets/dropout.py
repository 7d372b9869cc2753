"""Dropout: while training, each number is dropped with probability p."""

import numpy as np

from rnnref.shapes import require_dropout, require_float, require_shape


def dropout_forward(x, p, rng):
    """Drop numbers at random and scale up the others, or leave all as they are.

    Parameters
    ----------
    x : ndarray, shape (..., B, D)
    p : float
        Probability of dropping a number, 0 ≤ p < 1.
    rng : numpy.random.Generator or None
        Draws what is dropped; None in evaluation, where nothing is.

    Returns
    -------
    y : ndarray, shape (..., B, D)
        A new array.
    cache : ndarray, shape (..., B, D)
        m below, for `dropout_backward`.

    Raises
    ------
    ShapeError
        If `x` has fewer than two axes, or B = 0.
    TypeError
        If `x` is not an array of float32, float64 or complex128.
    ValueError
        If p lies outside 0 ≤ p < 1.

    Notes
    -----
    ::

        y = m ∗ x,    m = 0 with probability p, else 1 / (1 − p)

    E m = 1, so that E y = x, and evaluation needs no other weights than training: Srivastava et
    al. (2014), who scale in evaluation instead. In a recurrent network it stands between layers,
    not between steps, where it would wear the memory away: Zaremba, Sutskever and Vinyals (2014).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dropout_forward
    >>> x = np.ones((1, 8))
    >>> dropout_forward(x, 0.5, np.random.default_rng(0))[0]
    array([[2., 2., 2., 0., 0., 0., 0., 0.]])
    >>> dropout_forward(x, 0.5, None)[0]
    array([[1., 1., 1., 1., 1., 1., 1., 1.]])
    """
    require_shape("dropout_forward", "x", x, "..., B, D")
    dtype = require_float("dropout_forward", x.dtype)
    require_dropout("dropout_forward", p)
    if rng is None:
        m = np.broadcast_to(dtype.type(1), x.shape)
    else:
        # Drawn alike for every dtype, so that the same seed drops the same numbers.
        kept = rng.random(x.shape, np.float32) >= p
        m = kept * dtype.type(1 / (1 - p))
    return m * x, m


def dropout_backward(dy, cache):
    """Return the gradient of dropout: dropped numbers have none.

    Parameters
    ----------
    dy : ndarray, shape (..., B, D)
        ∂L/∂y.
    cache : ndarray, shape (..., B, D)
        From `dropout_forward`.

    Returns
    -------
    ndarray, shape (..., B, D)
        ``dx = m ∗ dy``.

    Raises
    ------
    ShapeError
        If `dy` has another shape than the outputs.
    TypeError
        If `dy` has another dtype than the outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import dropout_backward, dropout_forward
    >>> y, m = dropout_forward(np.ones((1, 5)), 0.5, np.random.default_rng(0))
    >>> y
    array([[2., 2., 2., 0., 0.]])
    >>> dropout_backward(np.array([[0.1, 0.2, 0.3, 0.4, 0.5]]), m)
    array([[0.2, 0.4, 0.6, 0. , 0. ]])
    """
    sizes = ", ".join(str(n) for n in cache.shape)
    require_shape("dropout_backward", "dy", dy, sizes, cache.dtype)
    return cache * dy
