"""What optimisers ask of their arguments: trees that are built alike, and plain numbers."""

import math
from numbers import Real

import numpy as np

from rnnref.shapes import ShapeError


def side_by_side(where, trees):
    """Return the leaves of trees that are built alike, in the order of `named_leaves`.

    Parameters
    ----------
    where : str
        The function, for the message.
    trees : dict of str to tree
        By name, for the message; the first says how the others must be built.

    Returns
    -------
    list of tuple of ndarray
        One tuple for each leaf: the arrays that stand there, one of each tree.

    Raises
    ------
    ShapeError
        If a tree has something else in some place than the first.
    TypeError
        If there is anything but arrays of float32 or float64, None and tuples in the first, or
        another dtype in another.
    """
    leaves = []
    _walk(where, tuple(trees), tuple(trees.values()), "", leaves)
    return leaves


def require_number(where, name, value, below=math.inf):
    """Return `value` as a Python float, which upcasts no array.

    Raises
    ------
    TypeError
        If it is no real number.
    ValueError
        Unless 0 ≤ `value` < `below`; inf itself is below inf here.
    """
    if not isinstance(value, Real):
        raise TypeError(f"{where}: {name} must be a number, got {type(value).__name__}")
    value = float(value)
    if not (0 <= value < below or value == below == math.inf):
        limits = "at least 0" if below == math.inf else f"at least 0 and below {below}"
        raise ValueError(f"{where}: {name} must be {limits}, got {value}")
    return value


def _walk(where, names, branches, place, leaves):
    """Add to `leaves` those of the branches that stand in one place of the trees."""
    first, first_name = branches[0], names[0]
    form = _form(first)
    for name, branch in zip(names, branches, strict=True):
        if _form(branch) != form:
            raise ShapeError(
                f"{where}: {name}{place} must be built like {first_name}{place}, "
                f"{_words(form)}, got {_words(_form(branch))}"
            )
    if isinstance(first, np.ndarray):
        for name, array in zip(names, branches, strict=True):
            if array.dtype != first.dtype or array.dtype.kind != "f":
                wanted = first.dtype.name if first.dtype.kind == "f" else "float32 or float64"
                raise TypeError(
                    f"{where}: {name}{place} must have dtype {wanted}, got {array.dtype.name}"
                )
        leaves.append(branches)
    elif isinstance(first, tuple):
        fields = getattr(first, "_fields", None)
        for i, parts in enumerate(zip(*branches, strict=True)):
            part = f"{place}[{i}]" if fields is None else f"{place}.{fields[i]}"
            _walk(where, names, parts, part, leaves)
    elif first is not None:
        wanted = "must be an array, None or a tuple of such"
        raise TypeError(f"{where}: {first_name}{place} {wanted}, got {type(first).__name__}")


def _form(branch):
    """Return what must agree: the shape of an array, the type and length of a tuple."""
    if isinstance(branch, np.ndarray):
        return "array of shape", branch.shape
    if isinstance(branch, tuple):
        return type(branch).__name__, "of length", len(branch)
    return ("None",) if branch is None else (type(branch).__name__,)


def _words(form):
    return " ".join(map(str, form))
