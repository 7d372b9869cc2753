"""The hidden Markov model learnt from sequences: Baum–Welch."""

import numpy as np

from rnnref.baselines.hidden_markov import (
    HMMParams,
    check_observations,
    hmm_backward,
    hmm_forward,
    quotient,
)
from rnnref.shapes import ShapeError, require_count, require_real


def fit_hmm(obs, S, V, rng, iterations=50, *, mask=None, pseudo_count=0.0, dtype=np.float64):
    """Fit a hidden Markov model by expectation maximisation, the Baum–Welch algorithm.

    Parameters
    ----------
    obs : ndarray of int, shape (T, B)
        Symbols, 0 … V − 1.
    S, V : int
        Numbers of states and of symbols.
    rng : numpy.random.Generator
        Draws the first parameters: rows uniform among all distributions.
    iterations : int, default 50
    mask : ndarray of bool, shape (T, B), optional
        Where False, nothing was observed.
    pseudo_count : float, default 0
        Added to every expected count, so that what was not seen is not impossible.
    dtype : dtype, default float64

    Returns
    -------
    params : HMMParams
    log_likelihoods : ndarray, shape (iterations + 1,)
        log P of all sequences before each iteration and at the end.

    Raises
    ------
    ShapeError
        If an array has another shape, B = 0, or nothing was observed.
    TypeError
        If the symbols or a number are not integers, or the mask is not bool, or `dtype` is not
        float32 or float64.
    ValueError
        If a symbol is out of range, a number too small, or `pseudo_count` negative.

    Notes
    -----
    Each iteration sets, with γ and ξ of `hmm_backward`::

        π_j ∝ Σ_sequences γ_1(j),   a_ij ∝ Σ_t ξ_t(i, j),   b_j(v) ∝ Σ_{t: x_t = v} γ_t(j)

    Baum, Petrie, Soules and Weiss (1970); Rabiner (1989), eqs. 40 and 109–110. The likelihood
    never decreases, but for rounding; with a pseudo-count m that is true of log P + m Σ log θ
    over all parameters θ. The maximum is a local one: try several seeds. An iteration takes
    O(T B S (S + V)) operations.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import fit_hmm
    >>> obs = np.array([[0, 1] * 20]).T
    >>> params, log_likelihoods = fit_hmm(obs, S=2, V=2, rng=np.random.default_rng(2))
    >>> np.allclose(params.A, [[0, 1], [1, 0]], atol=1e-3)
    True
    """
    where = "fit_hmm"
    S, V = require_count(where, "S", S), require_count(where, "V", V)
    iterations = require_count(where, "iterations", iterations, least=0)
    require_real(where, "dtype", dtype)
    if not pseudo_count >= 0:
        raise ValueError(f"{where}: pseudo_count must be at least 0, got {pseudo_count}")
    params = HMMParams(*(rng.dirichlet(np.ones(n), m) for m, n in ((None, S), (S, S), (S, V))))
    params = HMMParams(*(p.astype(dtype) for p in params))
    obs = check_observations(where, params, obs, mask)
    seen = np.ones(obs.shape, bool) if mask is None else mask
    if not seen.any():
        raise ShapeError(
            f"{where}: obs must hold at least one observation, got shape {obs.shape} with none"
        )
    shown = (obs[..., None] == np.arange(V)) & seen[..., None]
    shown = shown.reshape(-1, V).astype(dtype)

    log_likelihoods = np.empty(iterations + 1, dtype)
    for i in range(iterations + 1):
        _, log_likelihood, cache = hmm_forward(params, obs, mask=mask)
        log_likelihoods[i] = log_likelihood.sum()
        if i < iterations:
            posterior, transitions = hmm_backward(cache)
            first = posterior[0, cache.reached[0]].sum(axis=0)
            emissions = posterior.reshape(-1, S).T @ shown
            counts = first, transitions, emissions
            pairs = zip(counts, params, strict=True)
            params = HMMParams(*(_normalised(n + pseudo_count, p) for n, p in pairs))
    return params, log_likelihoods


def _normalised(counts, before):
    """Return `counts` with rows that sum to one; a row without counts stays as it was."""
    total = counts.sum(axis=-1, keepdims=True)
    shares = quotient(counts, total)
    return np.where(shares.any(axis=-1, keepdims=True), shares, before)
