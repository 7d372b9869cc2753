"""How a simple recurrent network's states depend on earlier ones: Jacobians and their bound.

Times are counted 1 … T, and h_0 is the first state. Everything is read off the cache of
`rnn_forward`.
"""

import numpy as np

from rnnref.analysis.spectral import require_square, spectral_norm
from rnnref.nets.activations import ACTIVATIONS
from rnnref.shapes import require_count, require_option, require_shape

# γ, the largest value of φ′(z) over all z.
_STEEPEST_SLOPE = {"linear": 1.0, "logistic": 0.25, "relu": 1.0, "tanh": 1.0}


def step_jacobian(cache, t):
    """Return ∂h_t/∂h_{t−1} of a simple recurrent network.

    Parameters
    ----------
    cache : RNNCache
        From `rnn_forward`.
    t : int
        A step, 1 … T.

    Returns
    -------
    ndarray, shape (B, H, H)
        Entry (i, j) of a sequence's matrix is ∂h_{t,i}/∂h_{t−1,j}.

    Raises
    ------
    TypeError
        If `t` is no integer.
    ValueError
        If `t` is less than 1 or more than T.

    Notes
    -----
    ``J_t = diag(φ′(z_t)) W``, and the identity at a masked step. D3, for the logistic function
    and tanh.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, rnn_forward, step_jacobian
    >>> rng = np.random.default_rng(0)
    >>> params = init_rnn(rng, D=4, H=3)
    >>> h, _, cache = rnn_forward(params, rng.normal(size=(6, 2, 4)))
    >>> J = step_jacobian(cache, 6)
    >>> np.allclose(J[0], np.diag(1 - h[5, 0] ** 2) @ params.W)
    True
    """
    t = _require_time("step_jacobian", "t", t, cache, first=1)
    slope = ACTIVATIONS[cache.activation].derivative(cache.states[t])
    J = slope[:, :, None] * cache.params.W
    if cache.held is not None:
        J[cache.held[t - 1, :, 0]] = np.eye(J.shape[-1])
    return J


def state_jacobian(cache, k, t):
    """Return ∂h_t/∂h_k of a simple recurrent network.

    Parameters
    ----------
    cache : RNNCache
        From `rnn_forward`.
    k, t : int
        The earlier and the later time, 0 ≤ k ≤ t ≤ T.

    Returns
    -------
    ndarray, shape (B, H, H)
        Entry (i, j) of a sequence's matrix is ∂h_{t,i}/∂h_{k,j}.

    Raises
    ------
    TypeError
        If `k` or `t` is no integer.
    ValueError
        If not 0 ≤ k ≤ t ≤ T.

    Notes
    -----
    ``∂h_t/∂h_k = J_t J_{t−1} ⋯ J_{k+1}``, the latest step leftmost; the identity for k = t. D3.
    Its factors do not commute, so it is no diagonal matrix times ``W^{t−k}``.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, rnn_forward, state_jacobian, step_jacobian
    >>> rng = np.random.default_rng(0)
    >>> _, _, cache = rnn_forward(init_rnn(rng, D=4, H=3), rng.normal(size=(6, 2, 4)))
    >>> product = step_jacobian(cache, 6) @ step_jacobian(cache, 5) @ step_jacobian(cache, 4)
    >>> np.allclose(state_jacobian(cache, 3, 6), product)
    True
    """
    t = _require_time("state_jacobian", "t", t, cache)
    k = _require_time("state_jacobian", "k", k, cache)
    if k > t:
        raise ValueError(f"state_jacobian: k must be at most t={t}, got {k}")
    product = _identity(cache)
    for j in range(t, k, -1):
        product = product @ step_jacobian(cache, j)
    return product


def jacobian_norms(cache, t=None):
    """Measure ‖∂h_t/∂h_{t−n}‖₂ of a simple recurrent network over all lags n.

    Parameters
    ----------
    cache : RNNCache
        From `rnn_forward`.
    t : int, optional
        The later time, 0 … T; by default T.

    Returns
    -------
    ndarray, shape (t + 1, B)
        Entry n is the norm at lag n = 0 … t, the largest singular value; 1 at lag 0.

    Raises
    ------
    TypeError
        If `t` is no integer.
    ValueError
        If `t` is negative or more than T.

    Notes
    -----
    The products of D3, each made from the one before by one more factor on its right:
    ``∂h_t/∂h_{t−n−1} = ∂h_t/∂h_{t−n} J_{t−n}``. `jacobian_bound` is never less, if masked steps
    are not counted in its n.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import init_rnn, jacobian_bound, jacobian_norms, rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> params = init_rnn(rng, D=4, H=3)
    >>> _, _, cache = rnn_forward(params, rng.normal(size=(6, 2, 4)), activation="logistic")
    >>> for n, norm in enumerate(jacobian_norms(cache)[:4, 0]):
    ...     print(f"{n} {norm:.4f} {jacobian_bound(params.W, 'logistic', n):.4f}")
    0 1.0000 1.0000
    1 0.2485 0.2500
    2 0.0539 0.0625
    3 0.0108 0.0156
    """
    t = _require_time("jacobian_norms", "t", _sizes(cache)[0] if t is None else t, cache)
    product = _identity(cache)
    norms = np.empty((t + 1, len(product)), product.real.dtype)
    norms[0] = 1
    for n in range(1, t + 1):
        product = product @ step_jacobian(cache, t - n + 1)
        norms[n] = np.linalg.norm(product, 2, axis=(1, 2))
    return norms


def jacobian_bound(W, activation, n):
    """Return the bound (γ‖W‖₂)ⁿ on ‖∂h_t/∂h_{t−n}‖₂.

    Parameters
    ----------
    W : ndarray, shape (H, H)
        Hidden to hidden.
    activation : {"tanh", "logistic", "relu", "linear"}
    n : int
        The lag, at least 0.

    Returns
    -------
    float
        inf if it is too large for a float.

    Raises
    ------
    ShapeError
        If `W` is not square.
    TypeError
        If `W` is no array, or none of float32, float64 or complex128, or `n` is no integer.
    ValueError
        If there is no such activation, `n` is negative, or an entry of `W` is not finite.

    Notes
    -----
    ``‖J_t‖₂ ≤ ‖diag(φ′(z_t))‖₂ ‖W‖₂ ≤ γ ‖W‖₂`` and so ``‖∂h_t/∂h_k‖₂ ≤ (γ‖W‖₂)^{t−k}``, with
    γ = max φ′: ¼ for the logistic function, 1 for the others. D3, where ‖W‖₂ is λ, the largest
    singular value although it says eigenvalue. If γλ < 1, gradients vanish. If γλ > 1, they
    could explode, but need not: that is necessary, not sufficient.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import jacobian_bound
    >>> W = np.array([[3.0, 0.0], [0.0, -2.0]])
    >>> print(f"{jacobian_bound(W, 'logistic', 2):.4f} {jacobian_bound(W, 'tanh', 2):.4f}")
    0.5625 9.0000
    """
    require_option("jacobian_bound", "activation", activation, _STEEPEST_SLOPE)
    n = require_count("jacobian_bound", "n", n, least=0)
    require_square("jacobian_bound", W)
    with np.errstate(over="ignore"):
        return float(np.float64(_STEEPEST_SLOPE[activation] * spectral_norm(W)) ** n)


def gradient_profile(dh, cache, dstate=None):
    """Measure ‖∂L/∂h_k‖₂ of a simple recurrent network over all times k.

    Parameters
    ----------
    dh : ndarray, shape (T, B, H)
        ∂L/∂h_t from each step's own loss only, as for `rnn_backward`.
    cache : RNNCache
        From `rnn_forward`.
    dstate : ndarray, shape (B, H), optional
        ∂L/∂h_T from what the final state was used for; zero if not given.

    Returns
    -------
    ndarray, shape (T + 1, B)
        Entry k is the norm at time k = 0 … T.

    Raises
    ------
    ShapeError
        If an array has another shape.
    TypeError
        If an array has another dtype than the parameters.

    Notes
    -----
    Of the total derivatives, which a bar marks::

        h̄_T = dh_T + dstate
        h̄_k = dh_k + J_{k+1}ᵀ h̄_{k+1}            k < T, with dh_0 = 0

    With a loss at the end only (dh zero, dstate not), ``h̄_k = (∂h_T/∂h_k)ᵀ h̄_T``: its norm is at
    most `jacobian_norms` times that of h̄_T, and less where h̄_T lies in another direction than
    the one that is stretched most. D3.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import gradient_profile, init_rnn, rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> h, h_T, cache = rnn_forward(init_rnn(rng, D=4, H=3), rng.normal(size=(6, 1, 4)))
    >>> gradient_profile(np.zeros_like(h), cache, dstate=np.ones_like(h_T)).ravel().round(3)
    array([0.058, 0.103, 0.317, 0.5  , 0.74 , 0.982, 1.732])
    """
    T, B, H = _sizes(cache)
    dtype = cache.states.dtype
    require_shape("gradient_profile", "dh", dh, f"T={T}, B={B}, H={H}", dtype)
    if dstate is not None:
        require_shape("gradient_profile", "dstate", dstate, f"B={B}, H={H}", dtype)
    norms = np.empty((T + 1, B), cache.states.real.dtype)
    dh_next = np.zeros((B, H), dtype) if dstate is None else dstate
    for k in range(T, 0, -1):
        dh_k = dh[k - 1] + dh_next
        norms[k] = np.linalg.norm(dh_k, axis=1)
        dh_next = _times(dh_k, step_jacobian(cache, k))
    norms[0] = np.linalg.norm(dh_next, axis=1)
    return norms


def explicit_terms(dh_t, cache, t=None):
    """Return what each step's own use of W contributes to the gradient of a loss at step t.

    Parameters
    ----------
    dh_t : ndarray, shape (B, H)
        ∂L_t/∂h_t.
    cache : RNNCache
        From `rnn_forward`.
    t : int, optional
        The step, 0 … T; by default T.

    Returns
    -------
    ndarray, shape (t, H, H)
        Entry k − 1 is the term of step k = 1 … t, summed over the sequences. The sum of all is
        ∂L_t/∂W, the ``dparams.W`` of `rnn_backward`.

    Raises
    ------
    ShapeError
        If `dh_t` has another shape.
    TypeError
        If `dh_t` has another dtype than the parameters, or `t` is no integer.
    ValueError
        If `t` is negative or more than T.

    Notes
    -----
    ::

        ∂h_t/∂W   = Σ_k ∂h_t/∂h_k ∂⁺h_k/∂W                       k = 1 … t
        ∂L_t/∂W   = Σ_k ((∂h_t/∂h_k)ᵀ dh_t ∗ φ′(z_k)) h_{k−1}ᵀ

    where ∂⁺ is the explicit part, with h_{k−1} held constant; it is zero at a masked step. D1 and
    D3, some of whose slides lose the ⁺: with total derivatives the sum counts terms twice.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref import explicit_terms, init_rnn, rnn_backward, rnn_forward
    >>> rng = np.random.default_rng(0)
    >>> h, h_T, cache = rnn_forward(init_rnn(rng, D=4, H=3), rng.normal(size=(6, 2, 4)))
    >>> terms = explicit_terms(h_T, cache)  # L = ½ Σ h_T²
    >>> _, _, dparams = rnn_backward(np.zeros_like(h), cache, dstate=h_T)
    >>> np.allclose(terms.sum(axis=0), dparams.W)
    True
    """
    T, B, H = _sizes(cache)
    t = _require_time("explicit_terms", "t", T if t is None else t, cache)
    require_shape("explicit_terms", "dh_t", dh_t, f"B={B}, H={H}", cache.states.dtype)
    terms = np.zeros((t, H, H), cache.states.dtype)
    dh_k = dh_t  # (∂h_t/∂h_k)ᵀ dh_t
    for k in range(t, 0, -1):
        dz_k = dh_k * ACTIVATIONS[cache.activation].derivative(cache.states[k])
        if cache.held is not None:
            dz_k *= ~cache.held[k - 1]
        terms[k - 1] = dz_k.T @ cache.states[k - 1]
        dh_k = _times(dh_k, step_jacobian(cache, k))
    return terms


def _times(rows, J):
    """Return each sequence's row vector times its matrix, vᵀ J."""
    return (rows[:, None] @ J)[:, 0]


def _identity(cache):
    """Return one identity matrix for each sequence."""
    _, B, H = _sizes(cache)
    return np.tile(np.eye(H, dtype=cache.states.dtype), (B, 1, 1))


def _sizes(cache):
    """Return T, B and H."""
    steps, B, H = cache.states.shape
    return steps - 1, B, H


def _require_time(where, name, t, cache, first=0):
    """Return `t` as an int; raise unless it is one of first … T."""
    t, (T, _, _) = require_count(where, name, t, least=first), _sizes(cache)
    if t > T:
        raise ValueError(f"{where}: {name} must be at most T={T}, got {t}")
    return t
