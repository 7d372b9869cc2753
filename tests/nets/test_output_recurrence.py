"""Output recurrence, free-running and teacher forced: values, gradients, equivalences, errors."""

import math

import numpy as np
import pytest

from rnnref import (
    OutputRNNParams,
    RNNParams,
    ShapeError,
    check_entries,
    check_gradient,
    init_output_rnn,
    output_rnn_backward,
    output_rnn_forward,
    rnn_forward,
)

T, B, D, H, K = 7, 3, 4, 5, 2


@pytest.fixture
def params(normal):
    return OutputRNNParams(normal(H, D), normal(H, K), normal(K, H), normal(H), normal(K))


@pytest.fixture(params=["free-running", "forced"])
def net(request, params, normal):
    """Parameters, x, y0, targets or None, dy and dstate."""
    targets = normal(T, B, K) if request.param == "forced" else None
    return params, normal(T, B, D), normal(B, K), targets, normal(T, B, K), normal(B, K)


def run(params, x, y0, targets, dy, dstate):
    """Return all that both passes return."""
    y, y_T, cache = output_rnn_forward(params, x, y0, targets=targets)
    return y, y_T, *output_rnn_backward(dy, cache, dstate)


def naive_run(params, x, y0, targets, dy, dstate):
    """Do the same for one sequence, one unit, one connection at a time."""
    U, R, V, b, c = params
    h, y, dx = np.zeros((T, B, H)), np.zeros((T, B, K)), np.zeros((T, B, D))
    dy0 = np.zeros((B, K))
    dU, dR, dV, db, dc = (np.zeros_like(p) for p in params)
    for s in range(B):
        back = [y0[s], *(y if targets is None else targets)[:, s]]  # views: y is filled below
        for t in range(T):
            for i in range(H):
                z = b[i]
                for j in range(D):
                    z += U[i, j] * x[t, s, j]
                for k in range(K):
                    z += R[i, k] * back[t][k]
                h[t, s, i] = math.tanh(z)
            for k in range(K):
                y[t, s, k] = c[k]
                for i in range(H):
                    y[t, s, k] += V[k, i] * h[t, s, i]
        dy_next = np.zeros(K)
        for t in reversed(range(T)):
            total = dy[t, s] + dy_next
            if t == T - 1:
                total = total + dstate[s]
            dy_prev = np.zeros(K)
            for i in range(H):
                dz = 0
                for k in range(K):
                    dz += total[k] * V[k, i] * (1 - h[t, s, i] ** 2)
                    dV[k, i] += total[k] * h[t, s, i]
                db[i] += dz
                for j in range(D):
                    dU[i, j] += dz * x[t, s, j]
                    dx[t, s, j] += dz * U[i, j]
                for k in range(K):
                    dR[i, k] += dz * back[t][k]
                    dy_prev[k] += dz * R[i, k]
            for k in range(K):
                dc[k] += total[k]
            dy_next = dy_prev if targets is None else np.zeros(K)
        dy0[s] = dy_prev
    return y, y[-1], dx, dy0, OutputRNNParams(dU, dR, dV, db, dc)


def assert_close(actual, expected, rtol=1e-12):
    """Compare nested tuples of arrays, each array in units of its largest entry."""
    if isinstance(expected, tuple):
        for a, e in zip(actual, expected, strict=True):
            assert_close(a, e, rtol)
    else:
        atol = rtol * np.max(np.abs(expected), initial=0)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def test_values_and_gradients_are_those_of_explicit_loops(net):
    assert_close(run(*net), naive_run(*net))


def test_first_output_and_its_gradient_are_zero_by_default(net):
    params, x, y0, targets, dy, dstate = net
    y, y_T, cache = output_rnn_forward(params, x, targets=targets)
    given = y, y_T, *output_rnn_backward(dy, cache)
    assert_close(given, run(params, x, 0 * y0, targets, dy, 0 * dstate), rtol=0)
    assert isinstance(given[-1], OutputRNNParams)


def test_forced_to_its_own_outputs_it_has_the_values_of_the_free_run(params, normal):
    x, y0 = normal(T, B, D), normal(B, K)
    free, free_T, _ = output_rnn_forward(params, x, y0)
    forced, forced_T, _ = output_rnn_forward(params, x, y0, targets=free)
    assert_close((forced, forced_T), (free, free_T))


def test_one_step_is_the_same_forced_and_free(params, normal):
    x, y0, dy, dstate = normal(1, B, D), normal(B, K), normal(1, B, K), normal(B, K)
    free = run(params, x, y0, None, dy, dstate)
    assert_close(run(params, x, y0, normal(1, B, K), dy, dstate), free)


@pytest.mark.parametrize("K", [H, H + 2])
def test_with_as_many_outputs_as_hidden_units_it_has_the_hidden_recurrence(normal, K):
    # R V = W and y_0 = V h_0 + c make R y_{t−1} = W h_{t−1} + R c.
    hidden = RNNParams(normal(H, D), normal(H, H), normal(H))
    V, c, x, h0 = normal(K, H), normal(K), normal(T, B, D), normal(B, H)
    R = hidden.W @ np.linalg.pinv(V)
    params = OutputRNNParams(hidden.U, R, V, hidden.b - R @ c, c)
    y, y_T, _ = output_rnn_forward(params, x, h0 @ V.T + c)
    h, h_T, _ = rnn_forward(hidden, x, h0)
    assert_close((y, y_T), (h @ V.T + c, h_T @ V.T + c))


def test_it_has_no_memory_where_its_output_keeps_none(params, normal):
    # The output is the same at step 2, so from there on nothing is known of step 1.
    silent = params._replace(V=0 * params.V)
    x = normal(T, B, D)
    other = np.concatenate([normal(1, B, D), x[1:]])
    h, other_h = (output_rnn_forward(silent, inputs)[2].h for inputs in (x, other))
    assert not np.array_equal(h[0], other_h[0])
    np.testing.assert_array_equal(h[1:], other_h[1:])


def test_the_last_target_is_never_fed_back(params, normal):
    x, targets = normal(T, B, D), normal(T, B, K)
    other = np.concatenate([targets[:-1], np.full((1, B, K), np.nan)])
    dy, dstate = normal(T, B, K), normal(B, K)
    expected = run(params, x, normal(B, K) * 0, targets, dy, dstate)
    assert_close(run(params, x, np.zeros((B, K)), other, dy, dstate), expected, rtol=0)


def test_a_forced_step_does_not_depend_on_the_inputs_before_it(params, normal):
    x, targets, dy = normal(T, B, D), normal(T, B, K), np.zeros((T, B, K))
    dy[4] = normal(B, K)
    _, _, cache = output_rnn_forward(params, x, targets=targets)
    dx, dy0, _ = output_rnn_backward(dy, cache)
    assert dx[4].all()
    assert not np.delete(dx, 4, axis=0).any()
    assert not dy0.any()


def test_a_free_run_in_chunks_is_one_run(params, normal):
    x, y0, dy, dstate = normal(T, B, D), normal(B, K), normal(T, B, K), normal(B, K)
    expected = run(params, x, y0, None, dy, dstate)
    first, y_3, first_cache = output_rnn_forward(params, x[:3], y0)
    second, y_T, cache = output_rnn_forward(params, x[3:], y_3)
    dx2, dy3, dparams2 = output_rnn_backward(dy[3:], cache, dstate)
    dx1, dy0, dparams1 = output_rnn_backward(dy[:3], first_cache, dy3)
    total = OutputRNNParams(*(a + b for a, b in zip(dparams1, dparams2, strict=True)))
    both = np.concatenate([first, second]), y_T, np.concatenate([dx1, dx2]), dy0, total
    assert_close(both, expected)


def loss(net, at):
    """Return L = Σ dy ∗ y + Σ dstate ∗ y_T at (params, x, y0); targets stay as they are."""
    _, _, _, targets, dy, dstate = net
    y, y_T, _ = output_rnn_forward(*at, targets=targets)
    return np.sum(dy * y) + np.sum(dstate * y_T)


def test_gradients_along_random_directions(net):
    _, _, dx, dy0, dparams = run(*net)
    rng = np.random.default_rng(2)
    check_gradient(lambda at: loss(net, at), net[:3], (dparams, dx, dy0), rng=rng)


def test_every_entry(net):
    _, _, dx, dy0, dparams = run(*net)
    check_entries(lambda at: loss(net, at), net[:3], (dparams, dx, dy0))


def test_gradients_by_complex_steps(net, normal):
    params, x, y0, targets, dy, dstate = net
    _, _, dx, dy0, dparams = run(*net)
    if targets is not None:
        targets = targets.astype(complex)
    net = params, x, y0, targets, dy, dstate
    grads = [*dparams, dx, dy0]
    for _ in range(3):
        v = [normal(*g.shape) for g in grads]
        arrays = [a + 1e-100j * d for a, d in zip([*params, x, y0], v, strict=True)]
        numeric = loss(net, (OutputRNNParams(*arrays[:5]), *arrays[5:])).imag / 1e-100
        terms = [g * d for g, d in zip(grads, v, strict=True)]
        size = np.sqrt(sum(np.sum(term**2) for term in terms))
        assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


def test_float32_in_float32_out(net):
    params, *arrays = net
    single = [OutputRNNParams(*(p.astype(np.float32) for p in params))]
    single += [a if a is None else a.astype(np.float32) for a in arrays]
    *results, dparams = run(*single)
    assert {array.dtype for array in (*results, *dparams)} == {np.dtype(np.float32)}
    assert_close((*results, dparams), run(*net), rtol=1e-4)


def test_backward_may_be_called_twice(net):
    params, x, y0, targets, dy, dstate = net
    cache = output_rnn_forward(params, x, y0, targets=targets)[2]
    first = output_rnn_backward(dy, cache, dstate)
    assert_close(output_rnn_backward(dy, cache, dstate), first, rtol=0)


def test_arrays_in_any_memory_order(net):
    params, *arrays = net
    fortran = [OutputRNNParams(*map(np.asfortranarray, params))]
    fortran += [a if a is None else np.asfortranarray(a) for a in arrays]
    assert_close(run(*fortran), run(*net))


def test_no_results_are_views_of_others(net):
    y, y_T, dx, dy0, dparams = run(*net)
    assert not np.shares_memory(y, y_T)
    assert not np.shares_memory(dy0, dx)


@pytest.mark.parametrize("targets", [None, np.zeros((0, B, K))])
def test_no_steps(params, normal, targets):
    y0, dstate = normal(B, K), normal(B, K)
    y, y_T, dx, dy0, dparams = run(
        params, np.zeros((0, B, D)), y0, targets, np.zeros((0, B, K)), dstate
    )
    assert y.shape == (0, B, K)
    assert dx.shape == (0, B, D)
    np.testing.assert_array_equal(y_T, y0)
    np.testing.assert_array_equal(dy0, dstate)
    assert [d.shape for d in dparams] == [p.shape for p in params]
    assert not any(d.any() for d in dparams)
    assert not np.shares_memory(y_T, y0)
    assert not np.shares_memory(dy0, dstate)


def test_first_parameters():
    params = init_output_rnn(np.random.default_rng(0), 40, 30, 20)
    assert [p.shape for p in params] == [(30, 40), (30, 20), (20, 30), (30,), (20,)]
    for matrix in params[:3]:
        limit = np.sqrt(6 / sum(matrix.shape))
        assert 0.95 * limit < np.abs(matrix).max() <= limit
    assert not params.b.any()
    assert not params.c.any()
    single = init_output_rnn(np.random.default_rng(0), 40, 30, 20, dtype=np.float32)
    assert_close(single, tuple(p.astype(np.float32) for p in params), rtol=0)


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
        ({"y0": np.zeros((B, H))}, ShapeError, "y0 must have shape (B=3, K=2), got (3, 5)"),
        (
            {"targets": np.zeros((T - 1, B, K))},
            ShapeError,
            "targets must have shape (T=7, B=3, K=2), got (6, 3, 2)",
        ),
        (
            {"targets": np.zeros((T, B, K), int)},
            TypeError,
            "targets must have dtype float64, got int64",
        ),
        ({"R": np.zeros((4, 2))}, ShapeError, "R must have shape (H=5, K), got (4, 2)"),
        ({"V": np.zeros((5, 2))}, ShapeError, "V must have shape (K=2, H=5), got (5, 2)"),
        ({"b": np.zeros((5, 1))}, ShapeError, "b must have shape (H=5,), got (5, 1)"),
        ({"c": np.zeros(5)}, ShapeError, "c must have shape (K=2,), got (5,)"),
    ],
)
def test_forward_names_what_is_wrong(change, error, message):
    params = init_output_rnn(np.random.default_rng(0), D, H, K)
    params = params._replace(**{k: change.pop(k) for k in "URVbc" if k in change})
    arguments = {"x": np.zeros((T, B, D)), **change}
    with pytest.raises(error) as raised:
        output_rnn_forward(params, **arguments)
    assert str(raised.value) == f"output_rnn_forward: {message}"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"dy": np.zeros((T, B, H))},
            ShapeError,
            "dy must have shape (T=7, B=3, K=2), got (7, 3, 5)",
        ),
        ({"dy": np.zeros((T, B, K), "f4")}, TypeError, "dy must have dtype float64, got float32"),
        ({"dstate": np.zeros(K)}, ShapeError, "dstate must have shape (B=3, K=2), got (2,)"),
    ],
)
def test_backward_names_what_is_wrong(params, normal, change, error, message):
    y, _, cache = output_rnn_forward(params, normal(T, B, D))
    with pytest.raises(error) as raised:
        output_rnn_backward(**{"dy": y, "cache": cache, **change})
    assert str(raised.value) == f"output_rnn_backward: {message}"
