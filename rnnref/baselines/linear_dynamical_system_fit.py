"""The linear dynamical system learnt from sequences: expectation–maximisation."""

import numpy as np

from rnnref.baselines.autoregression import delay_taps
from rnnref.baselines.linear_dynamical_system import (
    KalmanSmoothed,
    LDSParams,
    kalman_filter,
    kalman_smoother,
    symmetric,
)
from rnnref.shapes import ShapeError, require_count, require_real, require_shape


def fit_lds(y, H, rng, iterations=50, *, mask=None):
    """Fit a linear dynamical system by expectation maximisation.

    Parameters
    ----------
    y : ndarray, shape (T, B, K)
        Observations, of mean about zero, as the model has no offset. Their dtype decides.
    H : int
        Number of hidden numbers.
    rng : numpy.random.Generator
        Draws the first A and C.
    iterations : int, default 50
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed.

    Returns
    -------
    params : LDSParams
    log_likelihoods : ndarray, shape (iterations + 1,)
        log p of all sequences before each iteration and at the end.

    Raises
    ------
    ShapeError
        If an array has another shape, B = 0, or there are fewer than H observations, or than H
        steps from one hidden state to the next up to each sequence's last observation.
    TypeError
        If `y` is not of float32 or float64, the mask is not bool, or H or `iterations` is no
        integer.
    ValueError
        If H is less than 1 or `iterations` negative, or a covariance becomes singular: no noise
        is left to be explained.

    Notes
    -----
    With all expectations given y_1 … y_T, from `kalman_smoother`, each iteration sets::

        A = Σ E[h_t h_{t−1}ᵀ] (Σ E[h_{t−1} h_{t−1}ᵀ])⁻¹
        Q = mean of E[(h_t − A h_{t−1}) (h_t − A h_{t−1})ᵀ]          t = 2 … T
        C = Σ y_t E[h_t]ᵀ (Σ E[h_t h_tᵀ])⁻¹
        R = mean of E[(y_t − C h_t) (y_t − C h_t)ᵀ]
        mu0, P0 = mean and covariance of h_1 over all sequences

    Shumway and Stoffer (1982), where C is known; its step is that of Ghahramani and Hinton (1996).
    The likelihood never decreases, but for rounding. The maximum is a local one, and the hidden
    state is found but for a change of its basis. An iteration takes about as long as the smoother.

    Examples
    --------
    A noisy sine wave has a hidden state of two numbers:

    >>> import numpy as np
    >>> from rnnref import fit_lds
    >>> rng = np.random.default_rng(0)
    >>> y = (np.sin(0.3 * np.arange(200)) + 0.1 * rng.normal(size=200)).reshape(200, 1, 1)
    >>> params, log_likelihoods = fit_lds(y, H=2, rng=rng)
    >>> np.abs(np.angle(np.linalg.eigvals(params.A))).round(2)
    array([0.3, 0.3])
    """
    where = "fit_lds"
    H = require_count(where, "H", H)
    iterations = require_count(where, "iterations", iterations, least=0)
    require_shape(where, "y", y, "T, B, K")
    require_real(where, "y", y.dtype)
    T, B, K = y.shape
    if mask is None:
        seen = np.ones((T, B), bool)
    else:
        require_shape(where, "mask", mask, f"T={T}, B={B}", bool)
        seen = mask
    reached = np.logical_or.accumulate(seen[::-1])[::-1]  # up to each sequence's last observation
    n = min(np.count_nonzero(seen), np.count_nonzero(reached[1:]))
    if n < H:
        raise ShapeError(
            f"{where}: y must have at least H={H} observations and steps up to them, got {n}"
        )
    y = np.where(seen[..., None], y, y.dtype.type(0))
    params = _first_params(rng, y, seen, reached, H)
    log_likelihoods = np.empty(iterations + 1, y.dtype)
    for i in range(iterations):
        smoothed = kalman_smoother(params, y, mask=mask)
        log_likelihoods[i] = smoothed.log_likelihood.sum()
        params = _maximise(smoothed, y, seen, reached)
    log_likelihoods[-1] = kalman_filter(params, y, mask=mask).log_likelihood.sum()
    return params, log_likelihoods


def _first_params(rng, y, seen, reached, H):
    """Take the states for the main components of the last 4 H observations, and some noise.

    Without the noise, Q and R could be singular, and all seeds would begin alike.
    """
    (T, B, K), dtype = y.shape, y.dtype
    windows = delay_taps(y, 4 * H).reshape(T, B, 4 * H * K)
    recent = windows[reached]
    variances, axes = np.linalg.eigh(recent.T @ recent / len(recent))
    variances, axes = variances[-H:], axes[:, -H:]
    least = max(variances[-1] * np.finfo(dtype).eps, np.finfo(dtype).tiny)
    h = windows @ axes / np.sqrt(np.maximum(variances, least))
    h += dtype.type(0.1) * rng.standard_normal(h.shape).astype(dtype)
    known = np.zeros((T, B, H, H), dtype)
    params = _maximise(KalmanSmoothed(h, known, known[1:], None), y, seen, reached)
    return params._replace(mu0=np.zeros(H, dtype), P0=np.eye(H, dtype=dtype))


def _maximise(smoothed, y, seen, reached):
    """Return the parameters that make the smoothed states and the observations most likely."""
    m, P, lagged, _ = smoothed
    steps, starts = reached[1:], reached[0]
    now, then = m[1:][steps], m[:-1][steps]  # (N, H)
    P_now, P_then, P_lag = (p[steps].sum(axis=0) for p in (P[1:], P[:-1], lagged))
    A = _right_divide(now.T @ then + P_lag, then.T @ then + P_then)
    gap = now - then @ A.T
    spread = P_now - A @ P_lag.T - P_lag @ A.T + A @ P_then @ A.T
    Q = symmetric(gap.T @ gap + spread) / len(now)

    states, P_states, observed = m[seen], P[seen].sum(axis=0), y[seen]
    C = _right_divide(observed.T @ states, states.T @ states + P_states)
    gap = observed - states @ C.T
    R = symmetric(gap.T @ gap + C @ P_states @ C.T) / len(states)

    first = m[0][starts]
    mu0 = first.mean(axis=0)
    P0 = symmetric((first - mu0).T @ (first - mu0) + P[0][starts].sum(axis=0)) / len(first)
    return LDSParams(A, C, Q, R, mu0, P0)


def _right_divide(M, S):
    """Return M S⁻¹ of a symmetric S."""
    return np.linalg.solve(S, M.T).T
