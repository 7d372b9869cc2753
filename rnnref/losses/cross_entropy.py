"""Cross-entropy, from scores: of one class out of many, and of independent yes-or-no answers."""

import numpy as np

from rnnref.losses.reduction import (
    at_their_steps,
    require_scores,
    step_weight,
    valid_steps,
    weighted_sum,
)
from rnnref.shapes import require_ids, require_shape


def softmax_cross_entropy(logits, targets, *, mask=None, reduction="sequence"):
    """Return the cross-entropy of softmax(logits) and its gradient.

    Parameters
    ----------
    logits : ndarray, shape (T, B, K)
        Scores o_t of K classes, before the softmax. −inf is a probability of 0.
    targets : ndarray of int, shape (T, B)
        The right classes, each from 0 to K − 1.
    mask : ndarray of bool, shape (T, B), optional
        Where False, the step does not count: `logits` may be anything there, even nan, and
        `targets` any integer.
    reduction : {"sequence", "mean", "sum"}
        "sequence" sums over valid steps and divides by B; "mean" divides the sum by the number of
        valid steps instead, and is 0 if there are none; "sum" divides by nothing.

    Returns
    -------
    loss : float
        In nats; complex if the logits are.
    dlogits : ndarray, shape (T, B, K)
        ∂L/∂logits, in the dtype of the logits; exactly zero at masked steps.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: the loss is 0.
    TypeError
        If the logits are not float32, float64 or complex128, the targets no integers, or the mask
        is not one of bool.
    ValueError
        If a target at a valid step lies outside 0 … K − 1, or there is no such reduction.

    Notes
    -----
    At one step, with the target k::

        ŷ = softmax(o)
        L = −log ŷ_k = log Σ_j exp(o_j − m) − (o_k − m)        m = max_j o_j
        ∂L/∂o = ŷ − one_hot(k)

    and L = 1/B Σ_i Σ_t L_t of sequence i, as in D3. No exponent is positive, so that nothing
    overflows. A nan among the logits of a valid step makes the loss nan.

    Examples
    --------
    Before it has learnt anything, a model of 93 characters loses log 93 nats at each of 25 steps:

    >>> import numpy as np
    >>> from rnnref import softmax_cross_entropy
    >>> targets = np.zeros((25, 2), int)
    >>> loss, dlogits = softmax_cross_entropy(np.zeros((25, 2, 93)), targets)
    >>> round(loss, 2), dlogits.shape
    (113.31, (25, 2, 93))
    """
    require_scores("softmax_cross_entropy", "logits", logits, mask)
    T, B, K = logits.shape
    require_shape("softmax_cross_entropy", "targets", targets, f"T={T}, B={B}")
    weight = step_weight("softmax_cross_entropy", reduction, T, B, mask)
    k = require_ids("softmax_cross_entropy", "targets", valid_steps(targets, mask), K)

    o = valid_steps(logits, mask)
    each = np.arange(len(k))
    shifted = o - o.real.max(axis=1, keepdims=True)
    score = shifted[each, k]
    y = np.exp(shifted, out=shifted)  # not yet divided by its sum
    total = y.sum(axis=1, keepdims=True)
    loss = weighted_sum(np.log(total[:, 0]) - score, weight)
    y *= weight / total
    y[each, k] -= weight
    return loss, at_their_steps(y, mask, logits.shape)


def binary_cross_entropy(logits, targets, *, mask=None, reduction="sequence"):
    """Return the cross-entropy of K independent yes-or-no answers and its gradient.

    Parameters
    ----------
    logits : ndarray, shape (T, B, K)
        Scores o_t, before the logistic function.
    targets : ndarray of bool or float, shape (T, B, K)
        The right answers, or their probabilities from 0 to 1 in the dtype of the logits
        (float64 for complex128).
    mask : ndarray of bool, shape (T, B), optional
        Where False, the step does not count: `logits` and `targets` may be anything there, even
        nan.
    reduction : {"sequence", "mean", "sum"}
        As in `softmax_cross_entropy`. A step's loss is the sum over K.

    Returns
    -------
    loss : float
        In nats; complex if the logits are.
    dlogits : ndarray, shape (T, B, K)
        ∂L/∂logits, in the dtype of the logits; exactly zero at masked steps.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed: the loss is 0.
    TypeError
        If the logits are not float32, float64 or complex128, the targets neither bool nor of the
        dtype of the logits, or the mask is not one of bool.
    ValueError
        If a target at a valid step lies outside 0 … 1, or there is no such reduction.

    Notes
    -----
    For one answer, with the target probability y::

        ŷ = σ(o)
        L = −y log ŷ − (1 − y) log(1 − ŷ) = max(o, 0) − y o + log(1 + exp(−|o|))
        ∂L/∂o = ŷ − y

    The last form of L needs no logarithm of a rounded 0 or 1. For D1's names in a sentence,
    y = 1 1 0 1 …, and for comparing sums in D0. A nan among the logits of a valid step makes the
    loss nan.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import binary_cross_entropy
    >>> logits = np.array([0.0, 1000.0, -1000.0]).reshape(3, 1, 1)
    >>> loss, dlogits = binary_cross_entropy(logits, np.array([True, True, True]).reshape(3, 1, 1))
    >>> round(loss, 3), dlogits.ravel()
    (1000.693, array([-0.5,  0. , -1. ]))
    """
    real = require_scores("binary_cross_entropy", "logits", logits, mask)
    T, B, K = logits.shape
    is_bool = getattr(targets, "dtype", None) == np.bool_
    dtype = bool if is_bool else real
    require_shape("binary_cross_entropy", "targets", targets, f"T={T}, B={B}, K={K}", dtype)
    weight = step_weight("binary_cross_entropy", reduction, T, B, mask)
    y = valid_steps(targets, mask)
    outside = y[~((y >= 0) & (y <= 1))]
    if outside.size:
        raise ValueError(f"binary_cross_entropy: targets must lie in 0 … 1, got {outside.flat[0]}")

    o = valid_steps(logits, mask)
    positive = o.real > 0
    small = np.exp(np.where(positive, -o, o))  # exp(−|o|), at most 1
    losses = np.where(positive, o, 0) - y * o + np.log1p(small)
    predicted = np.where(positive, 1, small) / (1 + small)
    dlogits = weight * (predicted - y)
    return weighted_sum(losses, weight), at_their_steps(dlogits, mask, logits.shape)
