"""Checks of the tasks' arguments, and batches of sequences of different lengths.

The wording is that of the rest of the package, from which this room imports nothing.
"""

import operator

import numpy as np


def require_count(where, name, value, least=1):
    """Return `value` as an int; TypeError if it is no integer, ValueError if it is < `least`."""
    try:
        count = operator.index(value)
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"{where}: {name} must be an integer, got {kind}") from None
    if count < least:
        raise ValueError(f"{where}: {name} must be at least {least}, got {count}")
    return count


def require_sizes(where, T, B):
    """Return the numbers of steps and of sequences, both at least 1."""
    return require_count(where, "T", T), require_count(where, "B", B)


def require_range(where, name, value, low, high):
    """Return `value`; ValueError unless `low` ≤ `value` ≤ `high`."""
    if not low <= value <= high:
        raise ValueError(f"{where}: {name} must lie in {low} … {high}, got {value}")
    return value


def require_ids(where, name, ids, size=None):
    """Return `ids` as an array of shape (N,) of integers; each one below `size`, if it is given."""
    ids = np.asarray(ids)
    if ids.ndim != 1:
        raise ValueError(f"{where}: {name} must have shape (N,), got {ids.shape}")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{where}: {name} must be integers, got {ids.dtype.name}")
    outside = ids[ids < 0] if size is None else ids[(ids < 0) | (ids >= size)]
    if outside.size:
        end = "" if size is None else f" {size - 1}"
        raise ValueError(f"{where}: {name} must lie in 0 …{end}, got {outside[0]}")
    return ids


def batch(sequences, fill=0):
    """Put lists of numbers side by side.

    Returns the array (T, B), `fill` after the end of the shorter ones, and the lengths (B,).
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.intp)
    table = np.full((lengths.max(), len(sequences)), fill)
    for i, sequence in enumerate(sequences):
        table[: len(sequence), i] = sequence
    return table, lengths
