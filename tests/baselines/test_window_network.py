"""The window network: values, gradients, masks, and as a layer."""

import math

import numpy as np
import pytest

from rnnref import (
    ShapeError,
    WindowParams,
    check_entries,
    check_gradient,
    init_window_network,
    stack,
    window_backward,
    window_forward,
    window_layer,
)

T, B, D, H, K = 7, 3, 4, 5, 2
WINDOWS = [1, 3, T, T + 2]
MASKS = {
    "no mask": None,
    "ragged": np.arange(T)[:, None] < np.array([7, 2, 5]),
    "holes": np.random.default_rng(7).random((T, B)) < 0.6,
    "one sequence masked": np.ones((T, B), bool) & np.array([True, False, True]),
}


@pytest.fixture(params=MASKS)
def mask(request):
    return MASKS[request.param]


@pytest.fixture(params=WINDOWS)
def net(request):
    """Parameters, x and the gradient dy that the loss sends, all read-only."""
    rng = np.random.default_rng(1)
    params = WindowParams(
        0.3 * rng.normal(size=(H, request.param, D)),
        rng.normal(size=H),
        rng.normal(size=(K, H)),
        rng.normal(size=K),
    )
    x, dy = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, K))
    for array in (*params, x, dy):
        array.flags.writeable = False
    return params, x, dy


def naive_run(params, x, dy, mask):
    """Do both passes for one step, one unit, one connection at a time."""
    U, b, V, c = params
    window = U.shape[1]
    y, dx = np.zeros((T, B, K)), np.zeros((T, B, D))
    dU, db, dV, dc = (np.zeros_like(p) for p in params)
    for s in range(B):
        seen = [mask is None or mask[t, s] for t in range(T)]
        for t in range(T):
            used = [k for k in range(window) if t - k >= 0 and seen[t - k]]
            y[t, s] = c
            for i in range(H):
                z = b[i]
                for k in used:
                    for j in range(D):
                        z += U[i, k, j] * x[t - k, s, j]
                h, dh = math.tanh(z), 0.0
                for o in range(K):
                    y[t, s, o] += V[o, i] * h
                    dV[o, i] += dy[t, s, o] * h
                    dh += V[o, i] * dy[t, s, o]
                dz = dh / math.cosh(z) ** 2
                db[i] += dz
                for k in used:
                    for j in range(D):
                        dU[i, k, j] += dz * x[t - k, s, j]
                        dx[t - k, s, j] += dz * U[i, k, j]
            dc += dy[t, s]
    return y, dx, WindowParams(dU, db, dV, dc)


def run(params, x, dy, mask=None):
    y, cache = window_forward(params, x, mask=mask)
    return y, *window_backward(dy, cache)


def flat(results):
    y, dx, dparams = results
    return [y, dx, *dparams]


def test_values_and_gradients_are_those_of_explicit_loops(net, mask):
    for a, e in zip(flat(run(*net, mask)), flat(naive_run(*net, mask)), strict=True):
        np.testing.assert_allclose(a, e, rtol=0, atol=1e-12)


def test_gradients_along_random_directions(net, mask):
    params, x, dy = net
    _, dx, dparams = run(*net, mask)

    def loss(at):
        return np.sum(dy * window_forward(*at, mask=mask)[0])

    check_gradient(loss, (params, x), (dparams, dx), rng=np.random.default_rng(2))


def test_every_entry(net):
    params, x, dy = net
    _, dx, dparams = run(*net)
    check_entries(lambda at: np.sum(dy * window_forward(*at)[0]), (params, x), (dparams, dx))


def test_gradients_by_complex_steps(net, mask):
    params, x, dy = net
    _, dx, dparams = run(*net, mask)
    rng = np.random.default_rng(3)
    for _ in range(3):
        v = [rng.normal(size=array.shape) for array in (*params, x)]
        *moved, x_moved = (a + 1e-100j * d for a, d in zip((*params, x), v, strict=True))
        y = window_forward(WindowParams(*moved), x_moved, mask=mask)[0]
        numeric = np.sum(dy * y).imag / 1e-100
        terms = [g * d for g, d in zip((*dparams, dx), v, strict=True)]
        size = np.sqrt(sum(np.sum(term**2) for term in terms))
        assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


def test_nothing_older_than_the_window_matters():
    params = init_window_network(np.random.default_rng(0), D, H, K, window=3)
    x = np.random.default_rng(1).normal(size=(T, B, D))
    changed = x.copy()
    changed[1] += 1
    difference = window_forward(params, changed)[0] - window_forward(params, x)[0]
    assert [bool(step.any()) for step in difference] == [False, True, True, True] + 3 * [False]


def test_the_first_steps_see_zeros():
    params = init_window_network(np.random.default_rng(0), D, H, K, window=4)
    x = np.random.default_rng(1).normal(size=(T, B, D))
    later = np.concatenate([np.zeros((3, B, D)), x])
    y, y_later = window_forward(params, x)[0], window_forward(params, later)[0]
    np.testing.assert_allclose(y_later[3:], y, atol=1e-14)


@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_x_has_no_influence_at_masked_steps(net, junk):
    params, x, dy = net
    mask = MASKS["holes"]
    spoilt = np.where(mask[..., None], x, junk)
    expected = run(*net, mask)
    for a, e in zip(flat(run(params, spoilt, dy, mask)), flat(expected), strict=True):
        np.testing.assert_array_equal(a, e)
    assert not expected[1][~mask].any()


def test_float32_in_float32_out(net, mask):
    params, x, dy = net
    single = WindowParams(*(p.astype("f4") for p in params)), x.astype("f4"), dy.astype("f4")
    for a, e in zip(flat(run(*single, mask)), flat(run(*net, mask)), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, e, rtol=0, atol=1e-5 * np.abs(e).max())


def test_backward_may_be_called_twice(net):
    params, x, dy = net
    cache = window_forward(params, x)[1]
    first, second = (window_backward(dy, cache)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_no_steps(net):
    params, x, dy = net
    y, dx, dparams = run(params, x[:0], dy[:0], mask=np.zeros((0, B), bool))
    assert (y.shape, dx.shape) == ((0, B, K), (0, B, D))
    assert [d.shape for d in dparams] == [p.shape for p in params]
    assert not any(d.any() for d in dparams)


def test_the_first_parameters():
    params = init_window_network(np.random.default_rng(0), D, H, K, 3)
    single = init_window_network(np.random.default_rng(0), D, H, K, 3, dtype="f4")
    assert sum(p.size for p in params) == H * (3 * D + 1) + K * (H + 1)
    for p, q in zip(params, single, strict=True):
        assert q.dtype == np.float32
        np.testing.assert_array_equal(q, p.astype("f4"))
    assert np.abs(params.U).max() <= np.sqrt(6 / (H + 3 * D))


def test_the_layer_runs_in_a_stack():
    net = stack(window_layer(D, H, K, 3), window_layer(K, H, 1, 2))
    rng = np.random.default_rng(0)
    params, x, mask = net.init(rng), rng.normal(size=(T, B, D)), MASKS["ragged"]
    y, state, cache = net.forward(params, x, mask=mask, rng=rng)
    dx, dstate0, dparams = net.backward(y, cache)
    assert state == dstate0 == (None, None)

    def loss(params):
        return np.sum(net.forward(params, x, mask=mask)[0] ** 2) / 2

    check_gradient(loss, params, dparams, rng=rng)
    assert (net.n_in, net.n_out, dx.shape) == (D, 1, x.shape)


@pytest.mark.parametrize("which", ["forward", "backward"])
def test_the_layer_has_no_state(which):
    layer = window_layer(D, H, K, 3)
    params = layer.init(np.random.default_rng(0))
    state = np.zeros((B, H))
    y, _, cache = layer.forward(params, np.zeros((T, B, D)))
    call = {
        "forward": lambda: layer.forward(params, np.zeros((T, B, D)), state),
        "backward": lambda: layer.backward(y, cache, state),
    }[which]
    with pytest.raises(ValueError, match=r"^window_layer: a state must be None, got ndarray$"):
        call()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.zeros((6, 3))}, ShapeError, "x must have shape (T, B, D=4), got (6, 3)"),
        (
            {"x": np.zeros((6, 0, 4))},
            ShapeError,
            "x must have shape (T, B, D=4) with B at least 1, got (6, 0, 4)",
        ),
        ({"x": np.zeros((T, B, D), "f4")}, TypeError, "x must have dtype float64, got float32"),
        (
            {"mask": np.ones((B, T), bool)},
            ShapeError,
            "mask must have shape (T=7, B=3), got (3, 7)",
        ),
        ({"mask": np.ones((T, B))}, TypeError, "mask must have dtype bool, got float64"),
        ({"U": np.zeros((5, 8))}, ShapeError, "U must have shape (H, window, D), got (5, 8)"),
        ({"b": np.zeros((5, 1))}, ShapeError, "b must have shape (H=5,), got (5, 1)"),
        ({"V": np.zeros((2, 4))}, ShapeError, "V must have shape (K, H=5), got (2, 4)"),
        ({"c": np.zeros(3)}, ShapeError, "c must have shape (K=2,), got (3,)"),
        (
            {"c": np.zeros(2, "f4")},
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_forward_names_what_is_wrong(change, error, message):
    params = init_window_network(np.random.default_rng(0), D, H, K, window=3)
    params = params._replace(**{k: change[k] for k in change if k in "UbVc"})
    x, mask = change.get("x", np.zeros((T, B, D))), change.get("mask")
    with pytest.raises(error) as raised:
        window_forward(params, x, mask=mask)
    assert str(raised.value) == f"window_forward: {message}"


@pytest.mark.parametrize(
    ("dy", "error", "message"),
    [
        (np.zeros((T, B)), ShapeError, "dy must have shape (T=7, B=3, K=2), got (7, 3)"),
        (np.zeros((T, B, K), "f4"), TypeError, "dy must have dtype float64, got float32"),
    ],
)
def test_backward_names_what_is_wrong(dy, error, message):
    params = init_window_network(np.random.default_rng(0), D, H, K, window=3)
    cache = window_forward(params, np.zeros((T, B, D)))[1]
    with pytest.raises(error) as raised:
        window_backward(dy, cache)
    assert str(raised.value) == f"window_backward: {message}"


@pytest.mark.parametrize("where", ["init_window_network", "window_layer"])
@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        ({"window": 0}, ValueError, "window must be at least 1, got 0"),
        ({"H": 2.0}, TypeError, "H must be an integer, got float"),
    ],
)
def test_sizes_are_counts(where, size, error, message):
    sizes = {"D": D, "H": H, "K": K, "window": 3, **size}
    function = {
        "init_window_network": lambda **s: init_window_network(np.random.default_rng(0), **s),
        "window_layer": window_layer,
    }[where]
    with pytest.raises(error) as raised:
        function(**sizes)
    assert str(raised.value) == f"{where}: {message}"
