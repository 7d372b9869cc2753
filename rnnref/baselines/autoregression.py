"""Autoregression: the next value as a linear function of a fixed number of earlier ones."""

from typing import NamedTuple

import numpy as np

from rnnref.shapes import ShapeError, common_dtype, require_count, require_float, require_shape


class ARParams(NamedTuple):
    """Parameters of an autoregression.

    Parameters
    ----------
    A : ndarray, shape (taps, D, D)
        ``A[k − 1]`` multiplies the value k steps ago.
    c : ndarray, shape (D,)
        Offset.

    Examples
    --------
    A straight line goes on by the step that it took last:

    >>> import numpy as np
    >>> from rnnref import ARParams, ar_forecast
    >>> line = ARParams(A=np.array([2.0, -1.0]).reshape(2, 1, 1), c=np.zeros(1))
    >>> ar_forecast(line, np.array([1.0, 3.0]), steps=3)
    array([5., 7., 9.])
    """

    A: np.ndarray
    c: np.ndarray


def delay_taps(x, taps):
    """Put each step's value beside those of the steps before it.

    Parameters
    ----------
    x : ndarray, shape (T, B, D)
    taps : int
        Number of values, the step's own among them.

    Returns
    -------
    ndarray, shape (T, B, taps, D)
        A new array; entry [t, i, k] is x_{t−k} of sequence i, and zero before the first step.

    Raises
    ------
    ShapeError
        If `x` has another number of axes.
    TypeError
        If `x` is not an array, or `taps` is no integer.
    ValueError
        If `taps` is less than 1.

    Notes
    -----
    The delay taps of D2, all that a memoryless model sees.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import delay_taps
    >>> delay_taps(np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1), taps=2)[:, 0, :, 0]
    array([[1., 0.],
           [2., 1.],
           [3., 2.]])
    """
    require_shape("delay_taps", "x", x, "T, B, D")
    taps = require_count("delay_taps", "taps", taps)
    T, B, D = x.shape
    delayed = np.zeros((T, B, taps, D), x.dtype)
    for k in range(min(taps, T)):
        delayed[k:, :, k] = x[: T - k]
    return delayed


def fit_autoregression(x, taps, *, ridge=0.0, mask=None):
    """Fit an autoregression by least squares.

    Parameters
    ----------
    x : ndarray, shape (T,) or (T, B, D)
        One series of numbers, or a batch of sequences of vectors.
    taps : int
        Number of earlier values that a prediction may use.
    ridge : float, default 0
        Weight of ‖A‖² beside the sum of squared errors; the offset is left free.
    mask : ndarray of bool, shape (T,) or (T, B), optional
        A step is fitted if it and the `taps` steps before it are valid.

    Returns
    -------
    ARParams
        If several fit equally well, the smallest.

    Raises
    ------
    ShapeError
        If the shapes do not agree, or no step has `taps` valid steps before it.
    TypeError
        If `x` does not hold floats, the mask not bool, or `taps` is no integer.
    ValueError
        If `taps` is less than 1, or `ridge` negative.

    Notes
    -----
    ::

        x̂_t = c + Σ_k A_k x_{t−k},   k = 1 … taps
        A, c = argmin Σ_t ‖x_t − x̂_t‖² + ridge Σ_k ‖A_k‖²

    the first model of D2. Only complete windows count: the zeros that stand before the first step
    in `ar_predict` are not fitted. The penalty is that of Hoerl and Kennard (1970), as taps D more
    rows of the least-squares problem, which is solved by orthogonal transformations: the normal
    equations would square its condition number. It costs O(N (taps D)²) operations for N steps
    in all.

    Examples
    --------
    A sampled sine wave is an autoregression with two taps:

    >>> import numpy as np
    >>> from rnnref import fit_autoregression
    >>> params = fit_autoregression(np.sin(0.3 * np.arange(50)), taps=2)
    >>> np.allclose(params.A.ravel(), [2 * np.cos(0.3), -1])
    True
    """
    batch = _as_batch("fit_autoregression", x)
    taps = require_count("fit_autoregression", "taps", taps)
    if not ridge >= 0:
        raise ValueError(f"fit_autoregression: ridge must be at least 0, got {ridge}")
    T, B, D = batch.shape
    if mask is None:
        mask = np.ones((T, B), bool)
    else:
        shape = f"T={T}" if x.ndim == 1 else f"T={T}, B={B}"
        require_shape("fit_autoregression", "mask", mask, shape, bool)
        mask = mask.reshape(T, B)

    complete = delay_taps(mask[..., None], taps + 1).all(axis=(2, 3))
    N = np.count_nonzero(complete)
    if N == 0:
        raise ShapeError(
            f"fit_autoregression: x must have more than taps={taps} valid steps in a row, "
            f"got shape {x.shape}"
        )
    past = delay_taps(batch, taps + 1)[complete][:, 1:].reshape(N, taps * D)
    rows = np.column_stack([past, np.ones(N, x.dtype)])
    targets = batch[complete]
    if ridge > 0:
        penalty = np.sqrt(ridge).astype(x.dtype) * np.eye(taps * D, taps * D + 1, dtype=x.dtype)
        rows = np.concatenate([rows, penalty])
        targets = np.concatenate([targets, np.zeros((taps * D, D), x.dtype)])
    solution = np.linalg.lstsq(rows, targets)[0]
    A = solution[:-1].reshape(taps, D, D).transpose(0, 2, 1)
    return ARParams(A.copy(), solution[-1].copy())


def ar_predict(params, x):
    """Predict every value of a sequence from the values before it.

    Parameters
    ----------
    params : ARParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T,) or (T, B, D)

    Returns
    -------
    ndarray, shape of `x`
        x̂_t, to be compared with x_t. The first `taps` predictions see zeros before the first
        step. Padding after a sequence's end has no influence on the steps before.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If `x` has another dtype than the parameters.

    Notes
    -----
    ``x̂_t = c + Σ_k A_k x_{t−k}``: D2. It costs O(T B taps D²) operations, and no step waits for
    another.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import ARParams, ar_predict
    >>> same_again = ARParams(A=np.ones((1, 1, 1)), c=np.zeros(1))
    >>> ar_predict(same_again, np.array([3.0, 5.0, 4.0]))
    array([0., 3., 5.])
    """
    batch = _check("ar_predict", params, x)
    A, c = params
    T, B, D = batch.shape
    past = delay_taps(batch, len(A) + 1)[:, :, 1:].reshape(T * B, len(A) * D)
    return (past @ _flat(A).T + c).reshape(x.shape)


def ar_forecast(params, x, steps):
    """Go on with a sequence: predictions that are fed back as if they had been seen.

    Parameters
    ----------
    params : ARParams
        Its dtype is that of the whole computation.
    x : ndarray, shape (T,) or (T, B, D)
        What was seen; only the last `taps` steps matter.
    steps : int
        How far to go.

    Returns
    -------
    ndarray, shape (steps,) or (steps, B, D)
        x̂_{T+1} … x̂_{T+steps}.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If `x` has another dtype than the parameters, or `steps` is no integer.
    ValueError
        If `steps` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import ARParams, ar_forecast
    >>> halve = ARParams(A=np.full((1, 1, 1), 0.5), c=np.zeros(1))
    >>> ar_forecast(halve, np.array([7.0, 8.0]), steps=3)
    array([4., 2., 1.])
    """
    batch = _check("ar_forecast", params, x)
    steps = require_count("ar_forecast", "steps", steps, least=0)
    A, c = params
    T, B, D = batch.shape
    taps, M = len(A), _flat(A).T
    series = np.zeros((taps + steps, B, D), c.dtype)
    known = min(taps, T)
    series[taps - known : taps] = batch[T - known :]
    for t in range(taps, taps + steps):
        past = series[t - taps : t][::-1].transpose(1, 0, 2).reshape(B, taps * D)
        series[t] = past @ M + c
    return series[taps:].reshape(steps, *x.shape[1:])


def _flat(A):
    """Return [A_1 … A_taps], of shape (D, taps·D)."""
    return A.transpose(1, 0, 2).reshape(A.shape[1], -1)


def _as_batch(where, x):
    """Return `x` as (T, B, D); a series of numbers is a batch of one."""
    if isinstance(x, np.ndarray) and x.ndim == 1:
        x = x[:, None, None]
    require_shape(where, "x", x, "T, B, D")
    require_float(where, x.dtype)
    return x


def _check(where, params, x):
    """Raise unless the arguments agree in shape and dtype; return `x` as (T, B, D)."""
    A, c = params
    dtype = common_dtype(where, params)
    require_shape(where, "c", c, "D")
    D = len(c)
    require_shape(where, "A", A, f"taps, D={D}, D={D}")
    if isinstance(x, np.ndarray) and x.ndim == 1 and D == 1:
        x = x[:, None, None]
    require_shape(where, "x", x, f"T, B, D={D}", dtype)
    return x
