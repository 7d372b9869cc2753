"""The squared error."""

from rnnref.losses.reduction import (
    at_their_steps,
    require_scores,
    step_weight,
    valid_steps,
    weighted_sum,
)
from rnnref.shapes import require_shape


def mse(pred, target, *, mask=None, reduction="sequence"):
    """Return the squared error, without ½, and its gradient.

    Parameters
    ----------
    pred : ndarray, shape (T, B, K)
        Outputs y_t.
    target : ndarray, shape (T, B, K)
        What they should be, in the dtype of `pred` (float64 for complex128).
    mask : ndarray of bool, shape (T, B), optional
        Where False, the step does not count: `pred` and `target` may be anything there, even nan.
    reduction : {"sequence", "mean", "sum"}
        "sequence" sums over valid steps and divides by B; "mean" divides the sum by the number of
        valid steps instead, and is 0 if there are none; "sum" divides by nothing. A step's error
        is the sum over K.

    Returns
    -------
    loss : float
        Complex if `pred` is.
    dpred : ndarray, shape (T, B, K)
        ∂L/∂pred, in the dtype of `pred`; exactly zero at masked steps.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: the loss is 0.
    TypeError
        If `pred` is not float32, float64 or complex128, `target` has another dtype, or the mask
        is not one of bool.
    ValueError
        If there is no such reduction.

    Notes
    -----
    At one step, with the target y*::

        L = ‖y − y*‖² = Σ_k (y_k − y*_k)²
        ∂L/∂y = 2 (y − y*)

    D4's L′ = (p − t)². Libraries that call the mean over K the squared error have a loss K times
    smaller.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import mse
    >>> loss, dpred = mse(np.array([[[1.0, 2.0]]]), np.array([[[0.0, 4.0]]]))
    >>> loss, dpred
    (5.0, array([[[ 2., -4.]]]))
    """
    real = require_scores("mse", "pred", pred, mask)
    T, B, K = pred.shape
    require_shape("mse", "target", target, f"T={T}, B={B}, K={K}", real)
    weight = step_weight("mse", reduction, T, B, mask)

    error = valid_steps(pred, mask) - valid_steps(target, mask)
    loss = weighted_sum(error * error, weight)
    error *= 2 * weight
    return loss, at_their_steps(error, mask, pred.shape)
