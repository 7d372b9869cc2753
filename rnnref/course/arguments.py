"""Checks of arguments.

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


def require_axes(where, name, values, *shapes):
    """Return `values` as an array of float.

    Parameters
    ----------
    where, name : str
        The function and its argument, for the message.
    values : array_like
    *shapes : str
        The shapes that are allowed, as the message shows them: ``"T, H"``, ``"T=5,"``. An axis
        without a size has at least one entry.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If the shape is none of these.
    """
    values = np.asarray(values, dtype=float)
    if not any(_fits(shape, values.shape) for shape in shapes):
        wanted = " or ".join(f"({shape})" for shape in shapes)
        raise ValueError(f"{where}: {name} must have shape {wanted}, got {values.shape}")
    return values


def require_length(where, name, values, length):
    """Raise ValueError unless `values` has so many entries."""
    if len(values) != length:
        raise ValueError(f"{where}: {name} must have {length} entries, got {len(values)}")


def _fits(shape, sizes):
    wanted = [axis.partition("=")[2] for axis in shape.split(",") if axis.strip()]
    return len(wanted) == len(sizes) and all(
        size == int(want) if want else size > 0 for want, size in zip(wanted, sizes, strict=True)
    )
