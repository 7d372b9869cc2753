"""The hidden Markov model with discrete outputs: inference, prediction, learning."""

from typing import NamedTuple

import numpy as np

from rnnref.shapes import common_dtype, require_count, require_ids, require_real, require_shape


class HMMParams(NamedTuple):
    """Parameters of a hidden Markov model with S states and V symbols.

    Parameters
    ----------
    pi : ndarray, shape (S,)
        Probabilities of the first state.
    A : ndarray, shape (S, S)
        ``A[i, j]`` is the probability of going from state i to state j.
    B : ndarray, shape (S, V)
        ``B[j, v]`` is the probability that state j shows symbol v.

    Notes
    -----
    ``pi`` and every row of A and B sum to one. The letters are those of Rabiner (1989). Unlike
    weight matrices, A and B stand as (from, to).

    Examples
    --------
    Two states that take turns, each with its own symbol:

    >>> import numpy as np
    >>> from rnnref import HMMParams, hmm_predict
    >>> turns = HMMParams(pi=np.array([0.5, 0.5]), A=np.eye(2)[::-1], B=np.eye(2))
    >>> hmm_predict(turns, np.array([[1], [0], [1]]))[:, 0]
    array([[0.5, 0.5],
           [1. , 0. ],
           [0. , 1. ]])
    """

    pi: np.ndarray
    A: np.ndarray
    B: np.ndarray


class HMMCache(NamedTuple):
    """What `hmm_backward` needs of the forward pass."""

    params: HMMParams
    predicted: np.ndarray  # (T, B, S), P(s_t | x_1 … x_{t−1})
    filtered: np.ndarray  # (T, B, S), P(s_t | x_1 … x_t)
    reached: np.ndarray  # (T, B), True up to each sequence's last observation


def hmm_forward(params, obs, *, mask=None):
    """Infer the hidden state from the past, by the forward algorithm.

    Parameters
    ----------
    params : HMMParams
        Its dtype is that of the whole computation.
    obs : ndarray of int, shape (T, B)
        Symbols, 0 … V − 1.
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed: the symbol has no influence, but the hidden state goes
        on, as time does.

    Returns
    -------
    filtered : ndarray, shape (T, B, S)
        P(s_t | x_1 … x_t); zero for all states from where a sequence is impossible.
    log_likelihood : ndarray, shape (B,)
        log P(x_1 … x_T) in nats, −inf if impossible.
    cache : HMMCache
        For `hmm_backward`.

    Raises
    ------
    ShapeError
        If an array has another shape, or B = 0. T = 0 is allowed.
    TypeError
        If the symbols are not integers, the mask is not bool, or the parameters are not of one
        dtype, float32 or float64.
    ValueError
        If a symbol is out of range, or the parameters are no probabilities.

    Notes
    -----
    ::

        α_1(j) = π_j b_j(x_1),   α_t(j) = Σ_i α̂_{t−1}(i) a_ij b_j(x_t)
        c_t = Σ_j α_t(j) = P(x_t | x_1 … x_{t−1}),   α̂_t = α_t / c_t
        log P(x_1 … x_T) = Σ_t log c_t

    Baum, Petrie, Soules and Weiss (1970); Rabiner (1989), eqs. 19–21, with the scaling of its
    section V.A at every step, so that a long sequence does not underflow. This is D2's time-cost
    to infer the hidden state: O(T S²) operations for each sequence, one step after another.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import HMMParams, hmm_forward
    >>> sticky = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> params = HMMParams(pi=np.array([0.5, 0.5]), A=sticky, B=sticky)
    >>> filtered, log_likelihood, cache = hmm_forward(params, np.array([[0], [0], [1], [0]]))
    >>> filtered[:, 0, 0].round(2)
    array([0.9 , 0.98, 0.45, 0.89])
    """
    obs = check_observations("hmm_forward", params, obs, mask)
    likely = _likely(params, obs, mask)
    pi, A, _ = params
    predicted, filtered = np.empty_like(likely), np.empty_like(likely)
    c = np.empty_like(likely[..., 0])
    for t in range(len(obs)):
        predicted[t] = pi if t == 0 else filtered[t - 1] @ A
        alpha = predicted[t] * likely[t]
        c[t] = alpha.sum(axis=-1)
        filtered[t] = quotient(alpha, c[t, :, None])
    with np.errstate(divide="ignore"):  # log 0 = −inf is meant
        log_likelihood = np.log(c).sum(axis=0, dtype=np.float64).astype(pi.dtype)
    return filtered, log_likelihood, HMMCache(params, predicted, filtered, _reached(obs, mask))


def hmm_backward(cache):
    """Infer the hidden state from the past and the future.

    Parameters
    ----------
    cache : HMMCache
        From `hmm_forward`.

    Returns
    -------
    posterior : ndarray, shape (T, B, S)
        P(s_t | x_1 … x_T); zero for all states where the sequence is impossible.
    transitions : ndarray, shape (S, S)
        Expected number of steps from state i to state j, summed over all sequences, each up to
        its last observation.

    Raises
    ------
    AttributeError
        If `cache` is not from `hmm_forward`.

    Notes
    -----
    ::

        γ_T = α̂_T
        ρ_t(j) = γ_t(j) / Σ_i α̂_{t−1}(i) a_ij
        γ_{t−1}(i) = α̂_{t−1}(i) Σ_j a_ij ρ_t(j)
        transitions_ij = Σ_t ξ_t(i, j),   ξ_t(i, j) = α̂_{t−1}(i) a_ij ρ_t(j)

    γ and ξ of Rabiner (1989), eqs. 27 and 37. His β_t is contained in ρ_t(j) = b_j(x_t) β̂_t(j) /
    c_t, but γ, unlike β, cannot overflow. O(T S²) operations for each sequence; Σ_t ξ_t is one
    product after the loop, as are the weight gradients in `rnn_backward`.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import HMMParams, hmm_backward, hmm_forward
    >>> sticky = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> params = HMMParams(pi=np.array([0.5, 0.5]), A=sticky, B=sticky)
    >>> _, _, cache = hmm_forward(params, np.array([[0], [0], [1], [0]]))
    >>> posterior, transitions = hmm_backward(cache)
    >>> posterior[:, 0, 0].round(2)
    array([0.97, 0.96, 0.79, 0.89])
    >>> transitions.round(2)
    array([[2.52, 0.2 ],
           [0.12, 0.16]])
    """
    A, predicted, filtered = cache.params.A, cache.predicted, cache.filtered
    T, _, S = filtered.shape
    posterior, rho = filtered.copy(), np.zeros_like(filtered)
    for t in reversed(range(1, T)):
        rho[t] = quotient(posterior[t], predicted[t])
        posterior[t - 1] = filtered[t - 1] * (rho[t] @ A.T)
    rho *= cache.reached[..., None]
    transitions = A * (filtered[:-1].reshape(-1, S).T @ rho[1:].reshape(-1, S))
    return posterior, transitions


def hmm_viterbi(params, obs, *, mask=None):
    """Find the most probable path of hidden states.

    Parameters
    ----------
    params : HMMParams
    obs : ndarray of int, shape (T, B)
        Symbols, 0 … V − 1.
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed.

    Returns
    -------
    states : ndarray of int, shape (T, B)
        One of the best paths.
    log_probability : ndarray, shape (B,)
        log P(s_1 … s_T, x_1 … x_T) of it, −inf if there is no path.

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `hmm_forward`.

    Notes
    -----
    ::

        δ_t(j) = max_i [δ_{t−1}(i) + log a_ij] + log b_j(x_t)

    and back along the maxima: Viterbi (1967); Rabiner (1989), eqs. 32–35, in logarithms. The
    forward algorithm with a maximum for the sum, O(T S²) operations for each sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import HMMParams, hmm_viterbi
    >>> sticky = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> params = HMMParams(pi=np.array([0.5, 0.5]), A=sticky, B=np.array([[0.8, 0.2], [0.2, 0.8]]))
    >>> states, log_probability = hmm_viterbi(params, np.array([[0, 0, 1, 0, 0, 1, 1, 1]]).T)
    >>> states.ravel()
    array([0, 0, 0, 0, 0, 1, 1, 1])
    """
    obs = check_observations("hmm_viterbi", params, obs, mask)
    with np.errstate(divide="ignore"):  # log 0 = −inf is meant
        pi, A, likely = map(np.log, (params.pi, params.A, _likely(params, obs, mask)))
    T, n, S = likely.shape
    best = np.zeros((T, n, S), np.intp)  # the state before, on the best path to each state
    delta = np.zeros((n, S), pi.dtype)
    for t in range(T):
        if t == 0:
            delta = pi + likely[t]
            continue
        paths = delta[:, :, None] + A
        best[t] = paths.argmax(axis=1)
        delta = paths.max(axis=1) + likely[t]
    states = np.zeros((T, n), np.intp)
    state = delta.argmax(axis=1)
    for t in reversed(range(T)):
        states[t] = state
        state = best[t, np.arange(n), state]
    return states, delta.max(axis=1)


def hmm_predict(params, obs, *, mask=None):
    """Predict every symbol of a sequence from the symbols before it.

    Parameters
    ----------
    params : HMMParams
        Its dtype is that of the whole computation.
    obs : ndarray of int, shape (T, B)
        Symbols, 0 … V − 1.
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed. Masked steps after the last observation get the
        predictions several steps ahead.

    Returns
    -------
    ndarray, shape (T, B, V)
        P(x_t | x_1 … x_{t−1}), to be compared with x_t; zero for all symbols from the step after
        which a sequence is impossible.

    Raises
    ------
    ShapeError, TypeError, ValueError
        As `hmm_forward`.

    Notes
    -----
    ``P(x_t = v | x_1 … x_{t−1}) = Σ_j P(s_t = j | x_1 … x_{t−1}) b_j(v)``. If symbol v stands for
    a number, the mean of the prediction is its product with those numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import HMMParams, hmm_predict
    >>> sticky = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> params = HMMParams(pi=np.array([0.5, 0.5]), A=sticky, B=sticky)
    >>> hmm_predict(params, np.array([[0], [0], [1]]))[:, 0].round(2)
    array([[0.5 , 0.5 ],
           [0.76, 0.24],
           [0.8 , 0.2 ]])
    """
    obs = check_observations("hmm_predict", params, obs, mask)
    return hmm_forward(params, obs, mask=mask)[2].predicted @ params.B


def sample_hmm(params, rng, T, B):
    """Draw sequences from a hidden Markov model.

    Parameters
    ----------
    params : HMMParams
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.

    Returns
    -------
    obs : ndarray of int, shape (T, B)
        Symbols.
    states : ndarray of int, shape (T, B)
        What is hidden.

    Raises
    ------
    ShapeError
        If a parameter has another shape.
    TypeError
        If T or B is no integer, or the parameters are not of one dtype, float32 or float64.
    ValueError
        If T is negative, B less than 1, or the parameters are no probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import HMMParams, sample_hmm
    >>> turns = HMMParams(pi=np.array([1.0, 0.0]), A=np.eye(2)[::-1], B=np.eye(2))
    >>> sample_hmm(turns, np.random.default_rng(0), T=5, B=1)[0].ravel()
    array([0, 1, 0, 1, 0])
    """
    _check_params("sample_hmm", params)
    T = require_count("sample_hmm", "T", T, least=0)
    B = require_count("sample_hmm", "B", B)
    states = np.zeros((T, B), np.intp)
    for t in range(T):
        rows = np.tile(params.pi, (B, 1)) if t == 0 else params.A[states[t - 1]]
        states[t] = _draw(rng, rows)
    return _draw(rng, params.B[states]), states


def _draw(rng, p):
    """Draw one index from each distribution along the last axis of `p`."""
    steps = np.cumsum(p, axis=-1)[..., :-1]
    return np.sum(rng.random(p.shape[:-1])[..., None] >= steps, axis=-1)


def _likely(params, obs, mask):
    """Return b_j(x_t), of shape (T, B, S); one where nothing was observed."""
    likely = params.B.T[obs]
    return likely if mask is None else np.where(mask[..., None], likely, likely.dtype.type(1))


def _reached(obs, mask):
    """Return True up to each sequence's last observation."""
    if mask is None:
        return np.ones(obs.shape, bool)
    return np.logical_or.accumulate(mask[::-1])[::-1]


def quotient(a, b):
    """Return a / b, and 0 where b is 0 or too small to divide by."""
    return np.divide(a, b, out=np.zeros_like(a), where=b >= np.finfo(b.dtype).tiny)


def check_observations(where, params, obs, mask):
    """Raise unless the arguments agree; return `obs` with zeros where nothing was observed."""
    _check_params(where, params)
    require_shape(where, "obs", obs, "T, B")
    if mask is not None:
        T, B = obs.shape
        require_shape(where, "mask", mask, f"T={T}, B={B}", bool)
        obs = np.where(mask, obs, np.zeros_like(obs))
    return require_ids(where, "obs", obs, params.B.shape[1])


def _check_params(where, params):
    """Raise unless the parameters are probabilities of fitting shapes."""
    pi, A, B = params
    dtype = common_dtype(where, params)
    require_real(where, "params", dtype)
    require_shape(where, "pi", pi, "S")
    S = len(pi)
    require_shape(where, "A", A, f"S={S}, S={S}")
    require_shape(where, "B", B, f"S={S}, V")
    for name, p in params._asdict().items():
        off = np.abs(p.sum(axis=-1) - 1).max()
        if not (p.min() >= 0 and off <= np.sqrt(np.finfo(dtype).eps)):
            raise ValueError(
                f"{where}: {name} must hold probabilities that sum to 1, got a smallest of "
                f"{p.min():.3g} and sums up to {off:.3g} off"
            )
