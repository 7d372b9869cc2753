"""Sequences of different lengths in one time-major batch: padding, masks, ends."""

import numpy as np

from rnnref.shapes import ShapeError, require_count, require_lengths, require_shape


def lengths_to_mask(lengths, T=None):
    """Mark the valid steps of padded sequences.

    Parameters
    ----------
    lengths : array_like of int, shape (B,)
        Number of steps of each sequence; 0 is allowed.
    T : int, optional
        Number of steps of the batch, by default the longest length.

    Returns
    -------
    ndarray of bool, shape (T, B)
        True at step t of sequence i, counted from 0, where t < lengths[i].

    Raises
    ------
    ShapeError
        If there is no sequence, or a length is negative or more than `T`.
    TypeError
        If lengths or `T` are not integers.

    Examples
    --------
    >>> from rnnref import lengths_to_mask
    >>> lengths_to_mask([3, 1])
    array([[ True,  True],
           [ True, False],
           [ True, False]])
    """
    if T is not None:
        T = require_count("lengths_to_mask", "T", T, least=0)
    lengths = require_lengths("lengths_to_mask", lengths, T=T)
    T = lengths.max() if T is None else T
    return np.arange(T)[:, None] < lengths


def pad_sequences(sequences):
    """Put sequences into one batch, with zeros after the end of the shorter ones.

    Parameters
    ----------
    sequences : list of ndarray, each of shape (T_i, ...)
        Of one dtype, alike but for T_i, which may be 0: vectors (T_i, D), ids (T_i,), …

    Returns
    -------
    x : ndarray, shape (T, B, ...)
        The batch, T being the longest T_i.
    lengths : ndarray of int, shape (B,)
        Every T_i, for `lengths_to_mask`.

    Raises
    ------
    ShapeError
        If there is no sequence, or their shapes differ in more than T_i.
    TypeError
        If a sequence is not an array, or their dtypes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import pad_sequences
    >>> x, lengths = pad_sequences([np.array([7, 8, 9]), np.array([4])])
    >>> x
    array([[7, 4],
           [8, 0],
           [9, 0]])
    >>> lengths
    array([3, 1])
    """
    if len(sequences) == 0:
        raise ShapeError("pad_sequences: sequences must hold at least 1 array, got 0")
    first = sequences[0]
    require_shape("pad_sequences", "sequences[0]", first, "T, ...")
    shape = ", ".join(["T", *map(str, first.shape[1:])])
    for i, sequence in enumerate(sequences):
        require_shape("pad_sequences", f"sequences[{i}]", sequence, shape, first.dtype)
    lengths = np.array([len(sequence) for sequence in sequences])
    x = np.zeros((lengths.max(), len(sequences), *first.shape[1:]), first.dtype)
    for i, sequence in enumerate(sequences):
        x[: len(sequence), i] = sequence
    return x, lengths


def reverse_within_lengths(x, lengths):
    """Reverse each sequence of a padded batch and leave its padding where it is.

    Parameters
    ----------
    x : ndarray, shape (T, B, ...)
    lengths : array_like of int, shape (B,)
        Number of steps of each sequence, from 0 to T.

    Returns
    -------
    ndarray, shape (T, B, ...)
        A new array; reversed once more it is `x` again.

    Raises
    ------
    ShapeError
        If the shapes do not agree, or a length is negative or more than T.
    TypeError
        If `x` is not an array, or the lengths are not integers.

    Notes
    -----
    Plain ``x[::-1]`` would put the padding first. For the backward reader of D2 and D3.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import reverse_within_lengths
    >>> reverse_within_lengths(np.array([[7, 4], [8, 0], [9, 0]]), [3, 1])
    array([[9, 4],
           [8, 0],
           [7, 0]])
    """
    require_shape("reverse_within_lengths", "x", x, "T, B, ...")
    T, B = x.shape[:2]
    lengths = require_lengths("reverse_within_lengths", lengths, B, T)
    t = np.arange(T)[:, None]
    return x[np.where(t < lengths, lengths - 1 - t, t), np.arange(B)]


def last_valid(x, mask):
    """Return each sequence's entry at its last valid step.

    Parameters
    ----------
    x : ndarray, shape (T, B, ...)
    mask : ndarray of bool, shape (T, B)
        True at valid steps, in any pattern.

    Returns
    -------
    ndarray, shape (B, ...)
        A new array; zero for a sequence without any valid step.

    Raises
    ------
    ShapeError
        If the shapes do not agree.
    TypeError
        If `x` is not an array, or the mask is not one of bool.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import last_valid, lengths_to_mask
    >>> last_valid(np.array([[7, 4], [8, 0], [9, 0]]), lengths_to_mask([3, 1]))
    array([9, 4])
    """
    require_shape("last_valid", "x", x, "T, B, ...")
    T, B = x.shape[:2]
    require_shape("last_valid", "mask", mask, f"T={T}, B={B}", bool)
    steps = np.arange(1, T + 1)[:, None]
    last = np.max(steps * mask, axis=0, initial=0)  # counted from 1; 0 if there is none
    some = np.flatnonzero(last)
    entries = np.zeros_like(x, shape=x.shape[1:])
    entries[some] = x[last[some] - 1, some]
    return entries
