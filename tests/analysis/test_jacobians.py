"""Jacobians of the simple recurrent network, their norms and bound, and the parts of ∂L/∂W."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import (
    RNNParams,
    ShapeError,
    explicit_terms,
    gradient_profile,
    init_rnn,
    jacobian_bound,
    jacobian_norms,
    rnn_backward,
    rnn_forward,
    scale_to_spectral_radius,
    spectral_norm,
    spectral_radius,
    state_jacobian,
    step_jacobian,
)
from rnnref.nets import activations

T, B, D, H = 7, 3, 4, 5
ACTIVATIONS = ["linear", "logistic", "relu", "tanh"]
SLOPES = {  # of the pre-activation
    "linear": np.ones_like,
    "logistic": lambda z: 0.5 / (1 + np.cosh(z)),
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "tanh": lambda z: np.cosh(z) ** -2.0,
}
MASKS = {"no mask": None, "holes": np.random.default_rng(7).random((T, B)) < 0.6}


@pytest.fixture(params=ACTIVATIONS)
def activation(request):
    return request.param


@pytest.fixture(params=MASKS)
def mask(request):
    return MASKS[request.param]


@pytest.fixture
def net():
    """Parameters, x and h0."""
    rng = np.random.default_rng(1)
    params = RNNParams(rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=H))
    return params, rng.normal(size=(T, B, D)), rng.normal(size=(B, H))


@pytest.fixture
def cache(net, mask, activation):
    return rnn_forward(*net, mask=mask, activation=activation)[2]


def close(a, b, rtol=1e-12):
    np.testing.assert_allclose(a, b, rtol=0, atol=rtol * np.max(np.abs(b), initial=0))


def naive_step_jacobian(net, cache, t, s):
    """Return one sequence's ∂h_t/∂h_{t−1} entry by entry, from the pre-activation."""
    (U, W, b), x, _ = net
    if cache.held is not None and cache.held[t - 1, s, 0]:
        return np.eye(H)
    slope = SLOPES[cache.activation](U @ x[t - 1, s] + W @ cache.states[t - 1, s] + b)
    return np.array([[slope[i] * W[i, j] for j in range(H)] for i in range(H)])


def test_a_step_is_the_slope_times_the_matrix(net, cache):
    for t in range(1, T + 1):
        J = step_jacobian(cache, t)
        assert J.shape == (B, H, H)
        for s in range(B):
            close(J[s], naive_step_jacobian(net, cache, t, s))


def test_many_steps_are_the_product_with_the_latest_leftmost(net, cache):
    for t in range(T + 1):
        for k in range(t + 1):
            J = state_jacobian(cache, k, t)
            assert J.shape == (B, H, H)
            for s in range(B):
                product = np.eye(H)
                for j in range(k + 1, t + 1):
                    product = naive_step_jacobian(net, cache, j, s) @ product
                close(J[s], product)


def test_the_order_of_the_factors_matters(net):
    cache = rnn_forward(*net)[2]
    first, second = step_jacobian(cache, 1), step_jacobian(cache, 2)
    close(state_jacobian(cache, 0, 2), second @ first)
    assert np.abs(first @ second - second @ first).max() > 0.1


@pytest.mark.parametrize("k", [0, 3])
def test_it_is_the_derivative_of_a_run_from_h_k(net, cache, k):
    # Central differences of h_t with respect to h_k, one unit of h_k at a time.
    (params, x, _), eps = net, 1e-6
    part = None if cache.held is None else ~cache.held[k:, :, 0]

    def run_on(h_k):
        return rnn_forward(params, x[k:], h_k, mask=part, activation=cache.activation)[0]

    for j in range(H):
        step = eps * np.eye(H)[j]
        numeric = (run_on(cache.states[k] + step) - run_on(cache.states[k] - step)) / (2 * eps)
        for t in range(k + 1, T + 1):
            J = state_jacobian(cache, k, t)[:, :, j]
            np.testing.assert_allclose(J, numeric[t - k - 1], rtol=1e-6, atol=1e-7)


def test_it_composes(cache):
    close(state_jacobian(cache, 4, 7) @ state_jacobian(cache, 1, 4), state_jacobian(cache, 1, 7))


def test_a_step_that_is_masked_for_all_is_the_identity(net):
    mask = np.arange(T)[:, None] < np.full(B, 4)
    cache = rnn_forward(*net, mask=mask)[2]
    close(state_jacobian(cache, 4, 7), np.tile(np.eye(H), (B, 1, 1)), rtol=0)
    close(state_jacobian(cache, 2, 7), state_jacobian(cache, 2, 4), rtol=0)


@pytest.mark.parametrize("t", [None, 0, 1, 4])
def test_norms_over_lags_are_those_of_the_jacobians(cache, t):
    norms = jacobian_norms(cache, t)
    last = T if t is None else t
    assert norms.shape == (last + 1, B)
    for n in range(last + 1):
        singular = np.linalg.svd(state_jacobian(cache, last - n, last), compute_uv=False)
        close(norms[n], singular[:, 0])


def test_the_bound_holds_at_every_lag(net, cache):
    valid = np.ones((T, B), bool) if cache.held is None else ~cache.held[..., 0]
    norms = jacobian_norms(cache)
    for n in range(T + 1):
        steps = valid[T - n :].sum(axis=0)  # a masked step is no factor of the product
        for s in range(B):
            bound = jacobian_bound(net[0].W, cache.activation, steps[s])
            assert norms[n, s] <= bound * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 9999),
    activation=st.sampled_from(ACTIVATIONS),
    size=st.floats(0.01, 20),
    H=st.integers(1, 6),
)
def test_the_bound_holds_for_any_network(seed, activation, size, H):
    rng = np.random.default_rng(seed)
    params = RNNParams(rng.normal(size=(H, 2)), size * rng.normal(size=(H, H)), rng.normal(size=H))
    _, _, cache = rnn_forward(params, rng.normal(size=(12, 2, 2)), activation=activation)
    bounds = np.array([jacobian_bound(params.W, activation, n) for n in range(13)])
    assert np.all(jacobian_norms(cache) <= bounds[:, None] * (1 + 1e-10))


def test_the_bound_is_reached():
    # Logistic units at z = 0, where the slope is ¼; linear units, any orthogonal W.
    params = RNNParams(np.zeros((1, 1)), np.array([[3.0]]), np.array([-1.5]))
    _, _, cache = rnn_forward(
        params, np.zeros((5, 1, 1)), np.full((1, 1), 0.5), activation="logistic"
    )
    bounds = [jacobian_bound(params.W, "logistic", n) for n in range(6)]
    close(jacobian_norms(cache)[:, 0], bounds)
    close(bounds, 0.75 ** np.arange(6))


@pytest.mark.parametrize(
    ("activation", "gamma"), [("linear", 1), ("logistic", 0.25), ("relu", 1), ("tanh", 1)]
)
def test_the_bound_takes_the_steepest_slope_and_the_largest_singular_value(activation, gamma):
    W = np.array([[0.5, 5.0], [0.0, 0.5]])
    for n in range(5):
        assert np.isclose(jacobian_bound(W, activation, n), (gamma * np.linalg.svd(W)[1][0]) ** n)
    z = np.linspace(-3, 3, 601)
    assert np.isclose(SLOPES[activation](z).max(), gamma)


def test_there_is_a_bound_for_every_activation():
    assert sorted(ACTIVATIONS) == sorted(activations.ACTIVATIONS)
    assert all(jacobian_bound(np.eye(2), name, 1) <= 1 for name in activations.ACTIVATIONS)


def test_a_bound_beyond_all_floats_is_infinite():
    assert jacobian_bound(10 * np.eye(2), "tanh", 400) == np.inf
    assert jacobian_bound(0.1 * np.eye(2), "tanh", 400) == 0
    assert jacobian_bound(np.zeros((2, 2)), "tanh", 0) == 1
    assert type(jacobian_bound(np.eye(2, dtype="f4"), "tanh", 2)) is float


def test_a_bound_above_one_need_not_mean_explosion():
    # λ = 3 and tanh: the bound is 3ⁿ, but driven units saturate and the gradient vanishes.
    rng = np.random.default_rng(0)
    params = RNNParams(10 * rng.normal(size=(H, D)), 3 * np.eye(H), np.zeros(H))
    _, _, cache = rnn_forward(params, rng.normal(size=(50, 1, D)))
    assert jacobian_bound(params.W, "tanh", 50) > 1e20
    assert jacobian_norms(cache)[50, 0] < 1e-10


def test_eigenvalues_mislead_where_the_matrix_is_not_normal():
    # Both eigenvalues are ½, yet the gradient grows over a few steps before it vanishes.
    W = np.array([[0.5, 5.0], [0.0, 0.5]])
    params = RNNParams(np.zeros((2, 1)), W, np.zeros(2))
    _, _, cache = rnn_forward(params, np.zeros((40, 1, 1)), activation="linear")
    norms, lags = jacobian_norms(cache)[:, 0], np.arange(41)
    assert np.all(norms[1:] > spectral_radius(W) ** lags[1:])
    assert norms[1] > 5
    assert norms[3] > 3
    assert norms[40] < 1e-6
    assert np.all(norms <= spectral_norm(W) ** lags * (1 + 1e-12))


def test_at_radius_one_a_normal_matrix_keeps_the_gradient_of_linear_units():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(H, H))
    params = RNNParams(np.zeros((H, D)), scale_to_spectral_radius(W + W.T, 1.0), np.zeros(H))
    _, _, cache = rnn_forward(params, rng.normal(size=(100, 1, D)), activation="linear")
    close(jacobian_norms(cache), np.ones((101, 1)), rtol=1e-10)


@pytest.fixture
def gradients():
    """Return dh and dstate."""
    rng = np.random.default_rng(5)
    return rng.normal(size=(T, B, H)), rng.normal(size=(B, H))


def test_the_profile_is_the_gradient_of_a_run_from_h_k(net, cache, gradients):
    dh, dstate = gradients
    (params, x, _), profile = net, gradient_profile(dh, cache, dstate)
    assert profile.shape == (T + 1, B)
    for k in range(T + 1):
        part = None if cache.held is None else ~cache.held[k:, :, 0]
        *_, rest = rnn_forward(
            params, x[k:], cache.states[k], mask=part, activation=cache.activation
        )
        _, dh_k, _ = rnn_backward(dh[k:], rest, dstate)
        close(profile[k], np.linalg.norm(dh_k + (dh[k - 1] if k else 0), axis=1))


def test_with_a_loss_at_the_end_the_profile_is_the_jacobian_transposed(cache, gradients):
    dh, dstate = gradients
    profile = gradient_profile(np.zeros_like(dh), cache, dstate)
    for k in range(T + 1):
        rows = np.einsum("bi,bij->bj", dstate, state_jacobian(cache, k, T))
        close(profile[k], np.linalg.norm(rows, axis=1))
    most = jacobian_norms(cache)[::-1] * np.linalg.norm(dstate, axis=1)
    assert np.all(profile <= most * (1 + 1e-12))


def test_no_dstate_is_zero(cache, gradients):
    dh, dstate = gradients
    close(gradient_profile(dh, cache), gradient_profile(dh, cache, 0 * dstate), rtol=0)


@pytest.mark.parametrize("t", [None, 1, 4])
def test_explicit_terms_add_up_to_the_gradient(net, cache, gradients, t):
    _, dh_t = gradients
    terms = explicit_terms(dh_t, cache, t)
    last = T if t is None else t
    assert terms.shape == (last, H, H)
    dh = np.zeros((T, B, H))
    dh[last - 1] = dh_t
    close(terms.sum(axis=0), rnn_backward(dh, cache)[2].W)


def test_each_term_is_the_effect_of_that_steps_own_copy_of_the_matrix(net, cache, gradients):
    # Only W at step k is changed, which is ∂⁺h_k/∂W; later steps carry the change on.
    _, dh_T = gradients
    (params, x, _), eps = net, 1e-6
    terms = explicit_terms(dh_T, cache)
    direction = np.random.default_rng(2).normal(size=(H, H))

    def loss(k, step):
        h = cache.states[k - 1]
        for t in range(k, T + 1):
            W = params.W + step * direction if t == k else params.W
            part = None if cache.held is None else ~cache.held[t - 1 : t, :, 0]
            _, h, _ = rnn_forward(
                params._replace(W=W), x[t - 1 : t], h, mask=part, activation=cache.activation
            )
        return np.sum(dh_T * h)

    for k in range(1, T + 1):
        numeric = (loss(k, eps) - loss(k, -eps)) / (2 * eps)
        assert abs(np.sum(terms[k - 1] * direction) - numeric) <= 1e-6 * (1 + abs(numeric))


def test_the_terms_are_products_of_jacobians_and_explicit_parts(net, gradients):
    # ∂h_T/∂W written out in full, H × H × H numbers, for one sequence.
    _, dh_T = gradients
    cache = rnn_forward(*net)[2]
    terms, s = np.zeros((T, H, H)), 0
    for k in range(1, T + 1):
        explicit = np.zeros((H, H, H))  # ∂⁺h_{k,i}/∂W_{jl}
        for i in range(H):
            explicit[i, i] = (1 - cache.states[k, s, i] ** 2) * cache.states[k - 1, s]
        terms[k - 1] = np.tensordot(dh_T[s] @ state_jacobian(cache, k, T)[s], explicit, axes=1)
    alone = rnn_forward(net[0], net[1][:, :1], net[2][:1])[2]
    close(explicit_terms(dh_T[:1], alone), terms)


def test_float32_in_float32_out(net, mask, activation, gradients):
    (params, x, h0), (dh, dstate) = net, gradients
    small = [a.astype("f4") for a in (x, h0, dh, dstate)]
    cache = rnn_forward(
        RNNParams(*(p.astype("f4") for p in params)), *small[:2], mask=mask, activation=activation
    )[2]
    exact = rnn_forward(params, x, h0, mask=mask, activation=activation)[2]
    for single, double in [
        (step_jacobian(cache, 3), step_jacobian(exact, 3)),
        (state_jacobian(cache, 2, 6), state_jacobian(exact, 2, 6)),
        (jacobian_norms(cache), jacobian_norms(exact)),
        (gradient_profile(small[2], cache, small[3]), gradient_profile(dh, exact, dstate)),
        (explicit_terms(small[3], cache), explicit_terms(dstate, exact)),
    ]:
        assert single.dtype == np.float32
        close(single, double, rtol=1e-4)


def test_arguments_are_left_as_they_are(cache, gradients):
    arrays = [*cache.params, cache.x, cache.states, *gradients]
    copies = [a.copy() for a in arrays]
    state_jacobian(cache, 0, T)
    jacobian_norms(cache)
    gradient_profile(gradients[0], cache, gradients[1])
    explicit_terms(gradients[1], cache)
    assert all(np.array_equal(a, c) for a, c in zip(arrays, copies, strict=True))


def test_results_are_new_arrays(cache):
    state_jacobian(cache, 2, 2)[:] = 0
    close(state_jacobian(cache, 2, 2)[0], np.eye(H), rtol=0)


def test_no_steps(net):
    params, _, h0 = net
    h, _, cache = rnn_forward(params, np.zeros((0, B, D)), h0)
    close(state_jacobian(cache, 0, 0)[0], np.eye(H), rtol=0)
    close(jacobian_norms(cache), np.ones((1, B)), rtol=0)
    close(gradient_profile(h, cache, h0), np.linalg.norm(h0, axis=1)[None])
    assert explicit_terms(h0, cache).shape == (0, H, H)


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (step_jacobian, {"t": 0}, ValueError, "t must be at least 1, got 0"),
        (step_jacobian, {"t": 8}, ValueError, "t must be at most T=7, got 8"),
        (step_jacobian, {"t": 1.0}, TypeError, "t must be an integer, got float"),
        (state_jacobian, {"k": -1, "t": 2}, ValueError, "k must be at least 0, got -1"),
        (state_jacobian, {"k": 3, "t": 2}, ValueError, "k must be at most t=2, got 3"),
        (state_jacobian, {"k": 3, "t": 8}, ValueError, "t must be at most T=7, got 8"),
        (jacobian_norms, {"t": 8}, ValueError, "t must be at most T=7, got 8"),
        (
            explicit_terms,
            {"dh_t": np.zeros(H)},
            ShapeError,
            "dh_t must have shape (B=3, H=5), got (5,)",
        ),
        (
            explicit_terms,
            {"dh_t": np.zeros((B, H)), "t": -1},
            ValueError,
            "t must be at least 0, got -1",
        ),
        (
            gradient_profile,
            {"dh": np.zeros((B, H))},
            ShapeError,
            "dh must have shape (T=7, B=3, H=5), got (3, 5)",
        ),
        (
            gradient_profile,
            {"dh": np.zeros((T, B, H)), "dstate": np.zeros((B, H), "f4")},
            TypeError,
            "dstate must have dtype float64, got float32",
        ),
    ],
)
def test_what_is_wrong_is_named(function, arguments, error, message):
    params = init_rnn(np.random.default_rng(0), D, H)
    cache = rnn_forward(params, np.zeros((T, B, D)))[2]
    with pytest.raises(error) as raised:
        function(cache=cache, **arguments)
    assert str(raised.value) == f"{function.__name__}: {message}"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"W": np.zeros((2, 3))}, ShapeError, "W must have shape (H=2, H=2), got (2, 3)"),
        (
            {"activation": "sigmoid"},
            ValueError,
            "activation must be one of 'linear', 'logistic', 'relu', 'tanh', got 'sigmoid'",
        ),
        ({"n": -1}, ValueError, "n must be at least 0, got -1"),
        ({"n": 1.5}, TypeError, "n must be an integer, got float"),
    ],
)
def test_what_is_wrong_with_the_bound_is_named(change, error, message):
    with pytest.raises(error) as raised:
        jacobian_bound(**{"W": np.eye(2), "activation": "tanh", "n": 2, **change})
    assert str(raised.value) == f"jacobian_bound: {message}"
