"""The simple recurrent network: values, masks, dtypes, errors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import RNNParams, ShapeError, init_rnn, rnn_backward, rnn_forward

T, B, D, H = 7, 3, 4, 5
ACTIVATIONS = ["linear", "logistic", "relu", "tanh"]

# The same functions again, for one number, the derivative from the pre-activation.
SCALAR = {
    "linear": (lambda z: z, lambda z: 1.0),
    "logistic": (lambda z: 1 / (1 + math.exp(-z)), lambda z: 1 / (2 + 2 * math.cosh(z))),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
}


@pytest.fixture
def net(normal):
    """Parameters, x, h0, and the gradients dh and dstate that the loss sends."""
    params = RNNParams(normal(H, D), normal(H, H), normal(H))
    return params, normal(T, B, D), normal(B, H), normal(T, B, H), normal(B, H)


def run(params, x, h0, dh, dstate, truncate=None, **options):
    """Return all that both passes return."""
    h, h_T, cache = rnn_forward(params, x, h0, **options)
    return h, h_T, *rnn_backward(dh, cache, dstate, truncate=truncate)


def naive_run(params, x, h0, dh, dstate, truncate=None, *, mask, activation):
    """Do the same for one sequence, one unit, one connection at a time."""
    (U, W, b), (phi, slope) = params, SCALAR[activation]
    (T, B, D), H = x.shape, len(b)
    z, h, dx = np.zeros((T, B, H)), np.zeros((T, B, H)), np.zeros((T, B, D))
    h_T, dh0 = np.zeros((B, H)), np.zeros((B, H))
    dU, dW, db = np.zeros((H, D)), np.zeros((H, H)), np.zeros(H)
    for s in range(B):
        before = [h0[s], *h[:, s]]  # views: before[t] is h_{t-1}, filled as t goes on
        for t in range(T):
            for i in range(H):
                z[t, s, i] = b[i]
                for j in range(D):
                    z[t, s, i] += U[i, j] * x[t, s, j]
                for j in range(H):
                    z[t, s, i] += W[i, j] * before[t][j]
                valid = mask is None or mask[t, s]
                h[t, s, i] = phi(z[t, s, i]) if valid else before[t][i]
        h_T[s] = before[T]
        dh_next = dstate[s]
        for t in reversed(range(T)):
            total, dh_next = dh[t, s] + dh_next, np.zeros(H)
            for i in range(H):
                if mask is not None and not mask[t, s]:
                    dh_next[i] = total[i]
                    continue
                dz = total[i] * slope(z[t, s, i])
                db[i] += dz
                for j in range(D):
                    dU[i, j] += dz * x[t, s, j]
                    dx[t, s, j] += dz * U[i, j]
                for j in range(H):
                    dW[i, j] += dz * before[t][j]
                    dh_next[j] += dz * W[i, j]
            if truncate and t > 0 and t % truncate == 0:
                dh_next = np.zeros(H)
        dh0[s] = dh_next
    return h, h_T, dx, dh0, RNNParams(dU, dW, db)


def assert_close(actual, expected, rtol=1e-12):
    """Compare nested tuples of arrays, each array in units of its largest entry."""
    if isinstance(expected, tuple):
        for a, e in zip(actual, expected, strict=True):
            assert_close(a, e, rtol)
    else:
        atol = rtol * np.max(np.abs(expected), initial=0)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("truncate", [None, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_values_and_gradients_are_those_of_explicit_loops(net, mask, activation, truncate):
    options = {"mask": mask, "activation": activation}
    assert_close(run(*net, truncate, **options), naive_run(*net, truncate, **options))


def test_states_and_their_gradients_are_zero_by_default(net):
    params, x, h0, dh, dstate = net
    h, h_T, cache = rnn_forward(params, x)
    given = h, h_T, *rnn_backward(dh, cache)
    assert_close(given, run(params, x, 0 * h0, dh, 0 * dstate), rtol=0)
    assert isinstance(given[-1], RNNParams)


def test_a_batch_is_a_loop_over_its_sequences(net, mask):
    params, x, h0, dh, dstate = net
    h, h_T, dx, dh0, dparams = run(*net, mask=mask)
    for s in range(B):
        one = slice(s, s + 1)
        part = mask if mask is None else mask[:, one]
        alone = run(params, x[:, one], h0[one], dh[:, one], dstate[one], mask=part)
        assert_close((h[:, one], h_T[one], dx[:, one], dh0[one]), alone[:4])
        dparams = RNNParams(*(d - a for d, a in zip(dparams, alone[4], strict=True)))
    assert all(np.abs(rest).max() < 1e-12 for rest in dparams)


@settings(max_examples=50, deadline=None)
@given(valid=st.lists(st.booleans(), max_size=8), seed=st.integers(0, 99))
def test_a_masked_sequence_is_its_valid_steps_run_alone(valid, seed):
    rng = np.random.default_rng(seed)
    params, T = init_rnn(rng, D, H), len(valid)
    x, h0, dh, dstate = (rng.normal(size=s) for s in [(T, 1, D), (1, H), (T, 1, H), (1, H)])
    kept = np.flatnonzero(valid)

    h, h_T, dx, dh0, dparams = run(params, x, h0, dh, dstate, mask=np.array(valid, bool)[:, None])

    # What the loss sends to a held state belongs to the valid step that it is held from.
    owner = np.cumsum(valid, dtype=int)  # 0 is h0, k the k-th valid step
    sent = np.zeros((len(kept) + 1, 1, H))
    np.add.at(sent, owner, dh)
    alone = run(params, x[kept], h0, sent[1:], dstate, mask=None)
    assert_close(h, np.concatenate([h0[None], alone[0]])[owner])
    assert_close(h_T, alone[1])
    assert_close(dx[kept], alone[2])
    assert not np.delete(dx, kept, axis=0).any()
    assert_close(dh0, alone[3] + sent[0])
    assert_close(dparams, alone[4])


@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_x_has_no_influence_at_masked_steps(net, junk):
    params, x, *rest = net
    mask = np.random.default_rng(2).random((T, B)) < 0.5
    spoilt = np.where(mask[..., None], x, junk)
    assert_close(run(params, spoilt, *rest, mask=mask), run(*net, mask=mask), rtol=0)


@pytest.mark.parametrize("truncate", [1, 2, 3, 6])
def test_truncation_is_a_run_in_chunks(net, mask, truncate):
    params, x, h0, dh, dstate = net
    expected = run(*net, truncate, mask=mask)
    chunks, h_T = [], h0
    for start in range(0, T, truncate):
        chunk = slice(start, start + truncate)
        part = mask if mask is None else mask[chunk]
        _, h_T, cache = rnn_forward(params, x[chunk], h_T, mask=part)
        is_last = start + truncate >= T
        chunks.append(rnn_backward(dh[chunk], cache, dstate if is_last else None))
    dx, dh0s, dparams = zip(*chunks, strict=True)
    total = RNNParams(*(sum(parts) for parts in zip(*dparams, strict=True)))
    assert_close((h_T, np.concatenate(dx), dh0s[0], total), expected[1:])


@pytest.mark.parametrize("truncate", [T, T + 1, np.int64(100)])
def test_one_chunk_is_the_whole_gradient(net, truncate):
    assert_close(run(*net, truncate), run(*net), rtol=0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32_in_float32_out(net, mask, activation):
    params, *arrays = net
    single = [RNNParams(*(p.astype(np.float32) for p in params))]
    single += [array.astype(np.float32) for array in arrays]
    options = {"mask": mask, "activation": activation}
    *results, dparams = run(*single, **options)
    assert {array.dtype for array in (*results, *dparams)} == {np.dtype(np.float32)}
    assert_close((*results, dparams), run(*net, **options), rtol=1e-5)


def test_the_final_state_is_not_a_view_of_the_states(net):
    params, x, *_ = net
    h, h_T, _ = rnn_forward(params, x)
    assert not np.shares_memory(h, h_T)


def test_backward_may_be_called_twice(net, mask):
    params, x, h0, dh, dstate = net
    cache = rnn_forward(params, x, h0, mask=mask)[2]
    assert_close(rnn_backward(dh, cache, dstate), rnn_backward(dh, cache, dstate), rtol=0)


def test_arrays_in_any_memory_order(net):
    params, *arrays = net
    fortran = [RNNParams(*map(np.asfortranarray, params)), *map(np.asfortranarray, arrays)]
    assert_close(run(*fortran), run(*net))


def test_no_steps(normal):
    params, h0, dstate = (
        RNNParams(normal(H, D), normal(H, H), normal(H)),
        normal(B, H),
        normal(B, H),
    )
    h, h_T, cache = rnn_forward(params, np.zeros((0, B, D)), h0, mask=np.zeros((0, B), bool))
    dx, dh0, dparams = rnn_backward(h, cache, dstate, truncate=2)
    assert h.shape == (0, B, H)
    assert dx.shape == (0, B, D)
    np.testing.assert_array_equal(h_T, h0)
    np.testing.assert_array_equal(dh0, dstate)
    assert not any(d.any() for d in dparams)
    assert not np.shares_memory(h_T, h0)
    assert not np.shares_memory(dh0, dstate)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.zeros((6, 3))}, ShapeError, "x must have shape (T, B, D=4), got (6, 3)"),
        (
            {"x": np.zeros((6, 0, 4))},
            ShapeError,
            "x must have shape (T, B, D=4) with B at least 1, got (6, 0, 4)",
        ),
        ({"x": [[[0.0]]]}, TypeError, "x must be a numpy.ndarray, got list"),
        ({"x": np.zeros((T, B, D), "f4")}, TypeError, "x must have dtype float64, got float32"),
        ({"x": np.zeros((T, B, D), int)}, TypeError, "x must have dtype float64, got int64"),
        ({"h0": np.zeros((B, D))}, ShapeError, "h0 must have shape (B=3, H=5), got (3, 4)"),
        ({"h0": np.zeros((B, H), "f4")}, TypeError, "h0 must have dtype float64, got float32"),
        (
            {"mask": np.ones((B, T), bool)},
            ShapeError,
            "mask must have shape (T=7, B=3), got (3, 7)",
        ),
        ({"mask": np.ones((T, B))}, TypeError, "mask must have dtype bool, got float64"),
        (
            {"activation": "sigmoid"},
            ValueError,
            "activation must be one of 'linear', 'logistic', 'relu', 'tanh', got 'sigmoid'",
        ),
        ({"U": np.zeros(5)}, ShapeError, "U must have shape (H, D), got (5,)"),
        ({"W": np.zeros((5, 4))}, ShapeError, "W must have shape (H=5, H=5), got (5, 4)"),
        ({"b": np.zeros((5, 1))}, ShapeError, "b must have shape (H=5,), got (5, 1)"),
        (
            {"b": np.zeros(5, "f4")},
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_forward_names_what_is_wrong(change, error, message):
    params = init_rnn(np.random.default_rng(0), D, H)
    params = params._replace(**{k: change.pop(k) for k in "UWb" if k in change})
    arguments = {"x": np.zeros((T, B, D)), **change}
    with pytest.raises(error) as raised:
        rnn_forward(params, **arguments)
    assert str(raised.value) == f"rnn_forward: {message}"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"dh": np.zeros((T, B))},
            ShapeError,
            "dh must have shape (T=7, B=3, H=5), got (7, 3)",
        ),
        ({"dh": np.zeros((T, B, H), "f4")}, TypeError, "dh must have dtype float64, got float32"),
        ({"dstate": np.zeros(H)}, ShapeError, "dstate must have shape (B=3, H=5), got (5,)"),
        ({"truncate": 0}, ValueError, "truncate must be at least 1, got 0"),
        ({"truncate": 2.0}, TypeError, "truncate must be an integer, got float"),
    ],
)
def test_backward_names_what_is_wrong(change, error, message):
    params = init_rnn(np.random.default_rng(0), D, H)
    h, _, cache = rnn_forward(params, np.zeros((T, B, D)))
    with pytest.raises(error) as raised:
        rnn_backward(**{"dh": h, "cache": cache, **change})
    assert str(raised.value) == f"rnn_backward: {message}"
