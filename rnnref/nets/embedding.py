"""Symbols as vectors."""

import numpy as np

from rnnref.shapes import require_count, require_ids


def one_hot(ids, V, *, dtype=np.float64):
    """Return the one-hot vectors of ids.

    Parameters
    ----------
    ids : array_like of int, any shape
        Symbols, each from 0 to V − 1.
    V : int
        Size of the vocabulary.
    dtype : dtype, default float64

    Returns
    -------
    ndarray, shape ids.shape + (V,)
        1 at each id, 0 elsewhere.

    Raises
    ------
    TypeError
        If the ids are not integers.
    ValueError
        If an id lies outside 0 … V − 1.

    Notes
    -----
    D1 and D3, where words are counted from 1; here ids are counted from 0.

    Examples
    --------
    >>> from rnnref import one_hot
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    V = require_count("one_hot", "V", V)
    ids = require_ids("one_hot", "ids", ids, V)
    vectors = np.zeros((*ids.shape, V), dtype)
    np.put_along_axis(vectors, ids[..., None], 1, axis=-1)
    return vectors
