"""Checks of the drawings' arguments.

The wording is that of the rest of the package, from which this room imports nothing.
"""

import numpy as np


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
