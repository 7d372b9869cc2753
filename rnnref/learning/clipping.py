"""Gradients that are too long."""

import math

import numpy as np

from rnnref.learning.arguments import require_number, side_by_side
from rnnref.trees import with_leaves


def clip_by_global_norm(tree, max_norm):
    """Shorten a gradient to a greatest length, without turning it.

    Parameters
    ----------
    tree : ndarray or nested tuple of ndarrays
        Gradients g, of float32 or float64. None stands for no array and passes through.
    max_norm : float
        Greatest norm of all arrays together, at least 0; inf only measures.

    Returns
    -------
    tree : same structure as `tree`
        New arrays of the same dtypes.
    norm : float
        The norm before clipping.

    Raises
    ------
    TypeError
        If the arrays are not float32 or float64, or `max_norm` is no number.
    ValueError
        If `max_norm` is negative or nan.

    Notes
    -----
    ::

        ‖g‖ = √(Σ g²)                       over all entries of all arrays
        g ← g · max_norm / ‖g‖              if ‖g‖ > max_norm

    Pascanu, Mikolov and Bengio (2013), Algorithm 1, against the exploding gradients of D0 and D3.
    Squares are summed in float64, so that float32 gradients of any size are clipped.
    If there is inf or nan among the entries, or the sum overflows (float64 entries beyond 1e154),
    the norm is inf or nan, and the gradient comes back as it was. `fit` stops there.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import clip_by_global_norm
    >>> clip_by_global_norm((np.array([3.0]), np.array([4.0])), 1)
    ((array([0.6]), array([0.8])), 5.0)
    """
    max_norm = require_number("clip_by_global_norm", "max_norm", max_norm)
    arrays = [g for (g,) in side_by_side("clip_by_global_norm", {"tree": tree})]
    with np.errstate(over="ignore"):
        norm = math.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in arrays))
    if not max_norm < norm < math.inf:
        return with_leaves(tree, (g.copy() for g in arrays)), norm
    scale = np.float64(max_norm / norm)  # may be too small for float32
    return with_leaves(tree, (np.asarray(g * scale, g.dtype) for g in arrays)), norm
