"""Checks of arguments: every error names the function, the argument, what it must be, what came."""

import operator

import numpy as np

FLOATS = ("float32", "float64", "complex128")  # complex128 is for complex-step derivatives


class ShapeError(ValueError):
    """An array has the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import ShapeError, init_rnn, rnn_forward
    >>> params = init_rnn(np.random.default_rng(0), D=4, H=3)
    >>> try:
    ...     rnn_forward(params, np.zeros((6, 3)))
    ... except ShapeError as error:
    ...     print(error)
    rnn_forward: x must have shape (T, B, D=4), got (6, 3)
    """


def require_shape(where, name, array, shape, dtype=None):
    """Raise unless `array` is a numpy.ndarray of this shape and, if one is given, this dtype.

    Parameters
    ----------
    where, name : str
        The function and its argument, for the message.
    array : object
        What came.
    shape : str
        The axes as the message shows them, ``"T, B, D=4"``; ``...`` is any number of axes.
        An axis without a size has at least one entry, but T may be 0.
    dtype : dtype, optional
        By default any.

    Raises
    ------
    ShapeError
        If the shape is another one.
    TypeError
        If `array` is not an array, or is one of another dtype.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{where}: {name} must be a numpy.ndarray, got {type(array).__name__}")
    axes = shape.split(", ")
    wanted = f"({shape},)" if len(axes) == 1 else f"({shape})"
    if "..." in axes:
        at, more = axes.index("..."), array.ndim - (len(axes) - 1)
        axes[at : at + 1] = ["..."] * more
    sizes = [_size(axis) for axis in axes]
    fits = len(axes) == array.ndim and all(
        size in (None, n) for size, n in zip(sizes, array.shape, strict=True)
    )
    if not fits:
        raise ShapeError(f"{where}: {name} must have shape {wanted}, got {array.shape}")
    for axis, size, n in zip(axes, sizes, array.shape, strict=True):
        if n == 0 and size is None and axis not in ("T", "..."):
            wanted += f" with {axis} at least 1"
            raise ShapeError(f"{where}: {name} must have shape {wanted}, got {array.shape}")
    if dtype is not None and array.dtype != dtype:
        wanted, came = np.dtype(dtype).name, array.dtype.name
        if wanted == came:  # they differ in the order of their bytes
            wanted, came = np.dtype(dtype).str, array.dtype.str
        raise TypeError(f"{where}: {name} must have dtype {wanted}, got {came}")


def require_float(where, dtype):
    """Return `dtype` as a numpy.dtype; TypeError unless it is one of `FLOATS`."""
    dtype = np.dtype(dtype)
    if dtype.name not in FLOATS:
        raise TypeError(f"{where}: dtype must be one of {', '.join(FLOATS)}, got {dtype.name}")
    return dtype


def require_real(where, name, dtype):
    """Raise TypeError unless `dtype` is float32 or float64."""
    if np.dtype(dtype).name not in ("float32", "float64"):
        came = np.dtype(dtype).name
        raise TypeError(f"{where}: {name} must be of float32 or float64, got {came}")


def require_kind(where, name, value, kind):
    """Raise TypeError unless `value` is of the NamedTuple class `kind`, or a tuple of its parts.

    A plain tuple may leave out the last parts if they have defaults.
    """
    most = len(kind._fields)
    least = most - len(kind._field_defaults)
    if isinstance(value, kind) or (type(value) is tuple and least <= len(value) <= most):
        return
    came = f"a tuple of {len(value)}" if type(value) is tuple else type(value).__name__
    fields = ", ".join(kind._fields)
    raise TypeError(f"{where}: {name} must be {kind.__name__}({fields}), got {came}")


def common_dtype(where, params, kind=None):
    """Return the one dtype of all arrays in the tuple `params`; None stands for no array.

    Raises
    ------
    TypeError
        If the dtypes differ or are not among float32, float64 and complex128, or `params` is no
        `kind`, if one is given.
    """
    if kind is not None:
        require_kind(where, "params", params, kind)
    dtypes = {getattr(p, "dtype", type(p).__name__) for p in params if p is not None}
    names = sorted(str(dtype) for dtype in dtypes)
    if len(names) != 1 or names[0] not in FLOATS:
        raise TypeError(
            f"{where}: params must be arrays of one dtype out of {', '.join(FLOATS)}, "
            f"got {', '.join(names)}"
        )
    return dtypes.pop()


def require_option(where, name, value, allowed):
    """Raise ValueError, naming the `allowed` ones, unless `value` is one of them."""
    if value not in list(allowed):
        choices = ", ".join(repr(option) for option in allowed)
        raise ValueError(f"{where}: {name} must be one of {choices}, got {value!r}")


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


def require_dropout(where, p):
    """Raise ValueError unless 0 ≤ `p` < 1: with p = 1 nothing would be left to be scaled."""
    if not 0 <= p < 1:
        raise ValueError(f"{where}: p must lie in 0 ≤ p < 1, got {p}")


def require_counts(where, **values):
    """Return the values as ints, each at least 1; errors as of `require_count`."""
    return [require_count(where, name, value) for name, value in values.items()]


def require_ids(where, name, ids, size):
    """Return `ids` as an integer array.

    Raises
    ------
    TypeError
        If they are not integers.
    ValueError
        If one lies outside 0 … `size` − 1.
    """
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{where}: {name} must be integers, got {ids.dtype.name}")
    outside = ids[(ids < 0) | (ids >= size)]
    if outside.size:
        raise ValueError(f"{where}: {name} must lie in 0 … {size - 1}, got {outside[0]}")
    return ids


def require_lengths(where, lengths, B=None, T=None):
    """Return the lengths of sequences as an integer array of shape (B,).

    Raises
    ------
    ShapeError
        If they have another shape, or one is negative or more than `T`.
    TypeError
        If they are not integers.
    """
    lengths = np.asarray(lengths)
    require_shape(where, "lengths", lengths, "B" if B is None else f"B={B}")
    if lengths.dtype.kind not in "iu":
        raise TypeError(f"{where}: lengths must be integers, got {lengths.dtype.name}")
    if lengths.min() < 0:
        raise ShapeError(f"{where}: lengths must be at least 0, got {lengths.min()}")
    if T is not None and lengths.max() > T:
        raise ShapeError(f"{where}: lengths must be at most T={T}, got {lengths.max()}")
    return lengths.astype(np.intp)


def require_pair(where, name, pair):
    """Return `pair` as two ints of at least 1; TypeError or ValueError if it is anything else."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ValueError(f"{where}: {name} must be a pair of integers, got {pair!r}")
    return tuple(require_count(where, name, n) for n in pair)


def _size(axis):
    """Return 4 for ``D=4`` and for ``4``, None for ``D``."""
    size = axis.rpartition("=")[2]
    return int(size) if size.isdigit() else None
