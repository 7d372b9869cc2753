"""The linear dynamical system with Gaussian noise: inference, prediction, learning."""

from typing import NamedTuple

import numpy as np

from rnnref.shapes import common_dtype, require_count, require_real, require_shape


class LDSParams(NamedTuple):
    """Parameters of a linear dynamical system with H hidden and K observed numbers.

    Parameters
    ----------
    A : ndarray, shape (H, H)
        Hidden to hidden.
    C : ndarray, shape (K, H)
        Hidden to observed.
    Q : ndarray, shape (H, H)
        Covariance of the noise that drives the hidden state.
    R : ndarray, shape (K, K)
        Covariance of the noise of the observations.
    mu0, P0 : ndarray, shape (H,) and (H, H)
        Mean and covariance of the hidden state at the first step, before the first observation.

    Examples
    --------
    A constant seen through noise: its estimate is the mean of what was seen.

    >>> import numpy as np
    >>> from rnnref import LDSParams, kalman_filter
    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> constant = LDSParams(A=one, C=one, Q=zero, R=one, mu0=zero[0], P0=1e9 * one)
    >>> means, *_ = kalman_filter(constant, np.array([3.0, 5.0, 10.0]).reshape(3, 1, 1))
    >>> means.ravel().round(6)
    array([3., 4., 6.])
    """

    A: np.ndarray
    C: np.ndarray
    Q: np.ndarray
    R: np.ndarray
    mu0: np.ndarray
    P0: np.ndarray


class KalmanFiltered(NamedTuple):
    """The hidden state inferred from the past; the covariances are read-only."""

    means: np.ndarray  # (T, B, H)
    covariances: np.ndarray  # (T, B, H, H)
    log_likelihood: np.ndarray  # (B,)
    predictions: np.ndarray  # (T, B, K)


class KalmanSmoothed(NamedTuple):
    """The hidden state inferred from past and future; the covariances are read-only."""

    means: np.ndarray  # (T, B, H)
    covariances: np.ndarray  # (T, B, H, H)
    lagged: np.ndarray  # (T − 1, B, H, H), Cov(h_{t+1}, h_t)
    log_likelihood: np.ndarray  # (B,)


def kalman_filter(params, y, *, mask=None):
    """Infer the hidden state from the past, and predict every observation before it comes.

    Parameters
    ----------
    params : LDSParams
        Its dtype is that of the whole computation.
    y : ndarray, shape (T, B, K)
        Observations.
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed: `y` has no influence, but the hidden state goes on, as
        time does. Masked steps after the last observation get the forecast.

    Returns
    -------
    means : ndarray, shape (T, B, H)
        E[h_t | y_1 … y_t].
    covariances : ndarray, shape (T, B, H, H)
        Of the same; without a mask they do not depend on the sequence. Read-only.
    log_likelihood : ndarray, shape (B,)
        log p(y_1 … y_T), in nats.
    predictions : ndarray, shape (T, B, K)
        E[y_t | y_1 … y_{t−1}], to be compared with y_t.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If `y` has another dtype than the parameters, the mask is not bool, or the parameters are
        not of one dtype, float32 or float64.
    ValueError
        If Q, R or P0 is no covariance, or the predicted covariance of an observation is singular.

    Notes
    -----
    ::

        h_t = A h_{t−1} + N(0, Q),   h_1 = N(mu0, P0),   y_t = C h_t + N(0, R)

        m⁻ = A m_{t−1},   P⁻ = A P_{t−1} Aᵀ + Q          (mu0 and P0 at t = 1)
        e = y_t − C m⁻,   S = C P⁻ Cᵀ + R,   G = P⁻ Cᵀ S⁻¹
        m_t = m⁻ + G e,   P_t = (I − G C) P⁻ (I − G C)ᵀ + G R Gᵀ
        log p(y_t | y_1 … y_{t−1}) = −½ (eᵀ S⁻¹ e + log |S| + K log 2π)

    the third model of D2; Kalman (1960). P_t stands in the form of Bucy and Joseph (1968), which
    rounding cannot make indefinite. The time-cost to infer the hidden state is O(T (H³ + K³))
    operations, one step after another, plus O(T H (H + K)) for each sequence; with a mask
    all of it for each sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import LDSParams, kalman_filter
    >>> one = np.ones((1, 1))
    >>> walk = LDSParams(A=one, C=one, Q=one, R=one, mu0=np.zeros(1), P0=one)
    >>> y = np.array([1.0, 2.0, 2.0]).reshape(3, 1, 1)
    >>> means, covariances, log_likelihood, predictions = kalman_filter(walk, y)
    >>> means.ravel().round(3), predictions.ravel().round(3)
    (array([0.5  , 1.4  , 1.769]), array([0. , 0.5, 1.4]))
    """
    _check("kalman_filter", params, y, mask)
    means, P, log_likelihood, predictions = _filter("kalman_filter", params, y, mask)
    P = np.broadcast_to(P, (*means.shape, P.shape[-1]))
    return KalmanFiltered(means, P, log_likelihood, predictions)


def kalman_smoother(params, y, *, mask=None):
    """Infer the hidden state from the past and the future.

    Parameters
    ----------
    params : LDSParams
        Its dtype is that of the whole computation.
    y : ndarray, shape (T, B, K)
        Observations.
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed.

    Returns
    -------
    means : ndarray, shape (T, B, H)
        E[h_t | y_1 … y_T].
    covariances : ndarray, shape (T, B, H, H)
        Of the same. Read-only.
    lagged : ndarray, shape (T − 1, B, H, H)
        Cov(h_{t+1}, h_t | y_1 … y_T). Read-only.
    log_likelihood : ndarray, shape (B,)
        As `kalman_filter` gives it.

    Raises
    ------
    ShapeError, TypeError
        As `kalman_filter`.
    ValueError
        As `kalman_filter`, and if the predicted covariance of a hidden state is singular.

    Notes
    -----
    ::

        J = P_t Aᵀ (P⁻_{t+1})⁻¹
        m_t|T = m_t + J (m_{t+1}|T − A m_t)
        P_t|T = (I − J A) P_t (I − J A)ᵀ + J (P_{t+1}|T + Q) Jᵀ
        Cov(h_{t+1}, h_t | y_1 … y_T) = P_{t+1}|T Jᵀ

    Rauch, Tung and Striebel (1965), their covariance P_t + J (P_{t+1}|T − P⁻_{t+1}) Jᵀ written as
    a sum that rounding cannot make indefinite. O(T H³) operations beside the filter's.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import LDSParams, kalman_smoother
    >>> one = np.ones((1, 1))
    >>> walk = LDSParams(A=one, C=one, Q=one, R=one, mu0=np.zeros(1), P0=one)
    >>> y = np.array([1.0, 2.0, 2.0]).reshape(3, 1, 1)
    >>> kalman_smoother(walk, y).means.ravel().round(3)
    array([0.846, 1.538, 1.769])
    """
    _check("kalman_smoother", params, y, mask)
    A, C, Q, R, mu0, P0 = params
    means, P, log_likelihood, _ = _filter("kalman_smoother", params, y, mask)
    T, B, H = means.shape
    lagged = np.empty_like(P[1:])
    for t in reversed(range(T - 1)):
        AP = A @ P[t]
        try:
            J = np.linalg.solve(symmetric(AP @ A.T + Q), AP).mT
        except np.linalg.LinAlgError:
            raise ValueError(
                "kalman_smoother: A P Aᵀ + Q must have an inverse, "
                f"got a singular one at step {t + 1}"
            ) from None
        means[t] += _apply(J, means[t + 1] - means[t] @ A.T)
        lagged[t] = P[t + 1] @ J.mT
        rest = np.eye(H, dtype=P.dtype) - J @ A
        P[t] = symmetric(rest @ P[t] @ rest.mT + J @ (P[t + 1] + Q) @ J.mT)
    return KalmanSmoothed(
        means,
        np.broadcast_to(P, (T, B, H, H)),
        np.broadcast_to(lagged, (len(lagged), B, H, H)),
        log_likelihood,
    )


def sample_lds(params, rng, T, B):
    """Draw sequences from a linear dynamical system.

    Parameters
    ----------
    params : LDSParams
        Its dtype is that of the samples.
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.

    Returns
    -------
    y : ndarray, shape (T, B, K)
        Observations.
    h : ndarray, shape (T, B, H)
        What is hidden.

    Raises
    ------
    ShapeError
        If a parameter has another shape.
    TypeError
        If T or B is no integer, or the parameters are not of one dtype, float32 or float64.
    ValueError
        If T is negative, B less than 1, or Q, R or P0 is no covariance.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import LDSParams, sample_lds
    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> halving = LDSParams(A=one / 2, C=one, Q=zero, R=zero, mu0=np.array([8.0]), P0=zero)
    >>> sample_lds(halving, np.random.default_rng(0), T=4, B=1)[0].ravel()
    array([8., 4., 2., 1.])
    """
    _check_params("sample_lds", params)
    T = require_count("sample_lds", "T", T, least=0)
    B = require_count("sample_lds", "B", B)
    A, C, Q, R, mu0, P0 = params
    (K, H), dtype = C.shape, C.dtype
    h = rng.standard_normal((T, B, H)).astype(dtype)
    h[:1] = mu0 + h[:1] @ _root(P0)
    h[1:] = h[1:] @ _root(Q)
    for t in range(1, T):
        h[t] += h[t - 1] @ A.T
    noise = rng.standard_normal((T, B, K)).astype(dtype) @ _root(R)
    return h @ C.T + noise, h


def _filter(where, params, y, mask):
    """Run `kalman_filter`; its covariances are (T, 1, H, H) if they are the same for all."""
    A, C, Q, R, mu0, P0 = params
    (T, B, K), H = y.shape, len(A)
    seen = np.ones((T, 1), bool) if mask is None else mask
    y = np.where(seen[..., None], y, y.dtype.type(0))
    n, I = seen.shape[1], np.eye(H, dtype=y.dtype)
    means, P = np.empty((T, B, H), y.dtype), np.empty((T, n, H, H), y.dtype)
    predictions, S = np.empty_like(y), np.empty((T, n, K, K), y.dtype)
    for t in range(T):
        if t == 0:
            m, P_ = mu0, P0
        else:
            m, P_ = means[t - 1] @ A.T, symmetric(A @ P[t - 1] @ A.T + Q)
        CP = C @ P_
        predictions[t] = m @ C.T
        S[t] = symmetric(CP @ C.T + R)
        try:
            G = np.linalg.solve(S[t], CP).mT * seen[t, :, None, None]
        except np.linalg.LinAlgError:
            raise _singular(where, t) from None
        means[t] = m + _apply(G, y[t] - predictions[t])
        rest = I - G @ C
        P[t] = symmetric(rest @ P_ @ rest.mT + G @ R @ G.mT)

    e = y - predictions
    sign, log_det = np.linalg.slogdet(S)
    if not (sign > 0).all():
        raise _singular(where, np.flatnonzero((sign <= 0).any(axis=1))[0])
    distance = np.sum(e * np.linalg.solve(S, e[..., None])[..., 0], axis=-1)
    log_p = -0.5 * (distance + log_det + K * np.log(2 * np.pi))
    log_likelihood = np.sum(log_p * seen, axis=0, dtype=np.float64).astype(y.dtype)
    return means, P, log_likelihood, predictions


def _singular(where, t):
    return ValueError(
        f"{where}: C P Cᵀ + R must be positive definite, got a singular one at step {t}"
    )


def _apply(M, v):
    """Return the products of the matrices M (B or 1, ·, ·) with the vectors v (B, ·)."""
    return (M @ v[..., None])[..., 0]


def symmetric(M):
    """Return the symmetric part, without what rounding has added to it."""
    return (M + M.mT) / 2


def _root(M):
    """Return the symmetric square root of a covariance, which may be singular."""
    variances, axes = np.linalg.eigh(M)
    return (axes * np.sqrt(np.maximum(variances, 0))) @ axes.T


def _check(where, params, y, mask):
    """Raise unless the arguments agree in shape and dtype."""
    dtype = _check_params(where, params)
    require_shape(where, "y", y, f"T, B, K={len(params.C)}", dtype)
    if mask is not None:
        require_shape(where, "mask", mask, f"T={y.shape[0]}, B={y.shape[1]}", bool)


def _check_params(where, params):
    """Return the dtype; raise unless shapes fit and Q, R and P0 are covariances."""
    A, C, Q, R, mu0, P0 = params
    dtype = common_dtype(where, params)
    require_real(where, "params", dtype)
    require_shape(where, "C", C, "K, H")
    K, H = C.shape
    require_shape(where, "A", A, f"H={H}, H={H}")
    require_shape(where, "mu0", mu0, f"H={H}")
    for name, M, n in (("Q", Q, f"H={H}"), ("R", R, f"K={K}"), ("P0", P0, f"H={H}")):
        require_shape(where, name, M, f"{n}, {n}")
        slack = np.sqrt(np.finfo(dtype).eps) * np.abs(M).max()
        skew, least = np.abs(M - M.T).max(), np.linalg.eigvalsh(M).min()
        if not skew <= slack:
            raise ValueError(
                f"{where}: {name} must be symmetric, got entries that differ from their mirror "
                f"image by {skew:.3g}"
            )
        if not least >= -slack:
            raise ValueError(
                f"{where}: {name} must be symmetric with no negative eigenvalue, "
                f"got a smallest eigenvalue of {least:.3g}"
            )
    return dtype
