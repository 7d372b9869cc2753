"""From the losses of single steps to one number: what all losses have in common."""

import numpy as np

from rnnref.shapes import FLOATS, require_option, require_shape

REDUCTIONS = ("sequence", "mean", "sum")


def require_scores(where, name, scores, mask):
    """Return the dtype of what stands beside `scores`: their own, or float64 for complex128.

    Raises
    ------
    ShapeError
        Unless `scores` has shape (T, B, K), B and K at least 1, and the mask, if any, (T, B).
    TypeError
        Unless `scores` is an array of one of `FLOATS`, and the mask one of bool.
    """
    require_shape(where, name, scores, "T, B, K")
    if scores.dtype.name not in FLOATS:
        raise TypeError(
            f"{where}: {name} must have one of the dtypes {', '.join(FLOATS)}, "
            f"got {scores.dtype.name}"
        )
    if mask is not None:
        T, B, _ = scores.shape
        require_shape(where, "mask", mask, f"T={T}, B={B}", bool)
    return scores.real.dtype


def step_weight(where, reduction, T, B, mask=None):
    """Return the weight of each valid step's loss in the whole, a float.

    Parameters
    ----------
    where : str
        The function, for the message.
    reduction : {"sequence", "mean", "sum"}
        "sequence" gives 1/B, also for sequences without a valid step; "mean" gives 1/n with n
        the number of valid steps, or 0 if there are none; "sum" gives 1.
    T, B : int
        Numbers of steps and of sequences.
    mask : ndarray of bool, shape (T, B), optional
        True at valid steps; by default all are.

    Raises
    ------
    ValueError
        If there is no such reduction.
    """
    require_option(where, "reduction", reduction, REDUCTIONS)
    if reduction == "sequence":
        return 1 / B
    if reduction == "mean":
        n = T * B if mask is None else int(np.count_nonzero(mask))
        return 1 / n if n else 0.0
    return 1.0


def valid_steps(array, mask):
    """Return the entries (n, ...) of an array (T, B, ...) at its n valid steps."""
    return array.reshape(-1, *array.shape[2:]) if mask is None else array[mask]


def at_their_steps(rows, mask, shape):
    """Undo `valid_steps`: return an array of shape (T, B, ...), zero at masked steps."""
    if mask is None:
        return rows.reshape(shape)
    array = np.zeros(shape, rows.dtype)
    array[mask] = rows
    return array


def weighted_sum(losses, weight):
    """Return weight · Σ losses, summed in float64: a Python float, or complex of complex."""
    return weight * losses.sum(dtype=np.result_type(losses, np.float64)).item()
