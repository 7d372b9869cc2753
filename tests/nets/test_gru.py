"""The GRU: values, options, masks, dtypes, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import GRUParams, ShapeError, gru_backward, gru_forward, init_gru

T, B, D, H = 7, 3, 4, 5


@pytest.fixture(params=["before", "after"])
def reset(request):
    return request.param


@pytest.fixture(params=["write", "keep"])
def update(request):
    return request.param


@pytest.fixture
def net(normal, reset):
    """Parameters, x, h0, and the gradients dh and dstate that the loss sends."""
    b_hn = normal(H) if reset == "after" else np.zeros(H)
    params = GRUParams(normal(3 * H, D), normal(3 * H, H), normal(3 * H), b_hn)
    return params, normal(T, B, D), normal(B, H), normal(T, B, H), normal(B, H)


def run(params, x, h0, dh, dstate, **options):
    """Return all that both passes return."""
    h, h_T, cache = gru_forward(params, x, h0, **options)
    return h, h_T, *gru_backward(dh, cache, dstate)


def naive_run(params, x, h0, dh, dstate, *, mask, reset, update):
    """Do the same for one sequence at a time, with matrices per gate and a list of steps."""
    (U_r, U_z, U_n), (W_r, W_z, W_n), (b_r, b_z, b_n) = (np.split(p, 3) for p in params[:3])
    U, W, b = (np.zeros_like(p) for p in params[:3])
    dU, dW, db = (np.split(p, 3) for p in (U, W, b))  # views, filled block by block
    b_hn, db_hn = params.b_hn, np.zeros_like(params.b_hn)
    h, h_T, dx, dh0 = np.zeros(dh.shape), np.zeros(h0.shape), np.zeros(x.shape), np.zeros(h0.shape)
    for i in range(x.shape[1]):
        past, steps = h0[i], []
        for t in range(len(x)):
            a_r = U_r @ x[t, i] + W_r @ past + b_r
            a_z = U_z @ x[t, i] + W_z @ past + b_z
            r, z = 1 / (1 + np.exp(-a_r)), 1 / (1 + np.exp(-a_z))
            if reset == "before":
                a_n = U_n @ x[t, i] + W_n @ (r * past) + b_n
            else:
                a_n = U_n @ x[t, i] + b_n + r * (W_n @ past + b_hn)
            new = z if update == "write" else 1 - z
            steps.append((past, a_r, a_z, a_n, r, new))
            if mask is None or mask[t, i]:
                past = (1 - new) * past + new * np.tanh(a_n)
            h[t, i] = past
        h_T[i], dpast = past, dstate[i]
        for t in reversed(range(len(x))):
            past, a_r, a_z, a_n, r, new = steps[t]
            total = dh[t, i] + dpast
            if mask is not None and not mask[t, i]:
                dpast = total
                continue
            dpast = total * (1 - new)
            dnew = total * (np.tanh(a_n) - past)
            da_n = total * new / np.cosh(a_n) ** 2
            if reset == "before":
                dr = (W_n.T @ da_n) * past
                dpast = dpast + (W_n.T @ da_n) * r
                dW[2] += np.outer(da_n, r * past)
            else:
                dr = da_n * (W_n @ past + b_hn)
                dpast = dpast + W_n.T @ (da_n * r)
                dW[2] += np.outer(da_n * r, past)
                db_hn += da_n * r
            da_r = dr / (2 + 2 * np.cosh(a_r))
            da_z = (dnew if update == "write" else -dnew) / (2 + 2 * np.cosh(a_z))
            dpast = dpast + W_r.T @ da_r + W_z.T @ da_z
            dW[0] += np.outer(da_r, past)
            dW[1] += np.outer(da_z, past)
            for k, da in enumerate((da_r, da_z, da_n)):
                dU[k] += np.outer(da, x[t, i])
                db[k] += da
            dx[t, i] = U_r.T @ da_r + U_z.T @ da_z + U_n.T @ da_n
        dh0[i] = dpast
    return h, h_T, dx, dh0, GRUParams(U, W, b, db_hn)


def assert_close(actual, expected, rtol=1e-12):
    """Compare nested tuples of arrays, each array in units of its largest entry."""
    if isinstance(expected, tuple):
        for a, e in zip(actual, expected, strict=True):
            assert_close(a, e, rtol)
    else:
        atol = rtol * np.max(np.abs(expected), initial=0)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def test_values_and_gradients_are_those_of_explicit_loops(net, mask, reset, update):
    options = {"mask": mask, "reset": reset, "update": update}
    assert_close(run(*net, **options), naive_run(*net, **options))


@pytest.mark.parametrize("reset", ["before"], indirect=True)
def test_the_default_is_the_form_of_the_documents(net):
    assert_close(run(*net), run(*net, reset="before", update="write"), rtol=0)


def test_states_and_their_gradients_are_zero_by_default(net, reset):
    params, x, h0, dh, dstate = net
    h, h_T, cache = gru_forward(params, x, reset=reset)
    given = h, h_T, *gru_backward(dh, cache)
    assert_close(given, run(params, x, 0 * h0, dh, 0 * dstate, reset=reset), rtol=0)
    assert isinstance(given[-1], GRUParams)


def test_an_update_gate_of_other_sign_is_the_other_update(net, mask, reset):
    params, *rest = net
    sign = np.repeat([1.0, -1.0, 1.0], H)
    other = GRUParams(
        params.U * sign[:, None], params.W * sign[:, None], params.b * sign, params[3]
    )
    *results, dparams = run(params, *rest, mask=mask, reset=reset, update="write")
    *expected, dother = run(other, *rest, mask=mask, reset=reset, update="keep")
    assert_close(tuple(results), tuple(expected))
    assert_close(dparams[:2], (dother.U * sign[:, None], dother.W * sign[:, None]))


def test_before_and_after_agree_where_the_product_does_not_mix_units(net, mask):
    params, *rest = net
    W_n = np.diag(np.diag(params.W[2 * H :]))
    params = params._replace(W=np.concatenate([params.W[: 2 * H], W_n]), b_hn=np.zeros(H))
    *before, dbefore = run(params, *rest, mask=mask, reset="before")
    *after, dafter = run(params, *rest, mask=mask, reset="after")
    assert_close(tuple(before), tuple(after))
    assert_close(np.diag(dbefore.W[2 * H :]), np.diag(dafter.W[2 * H :]))


def test_a_closed_update_gate_keeps_the_state_exactly(net, reset, update):
    params, x, h0, *_ = net
    closed = -1e3 if update == "write" else 1e3
    params = params._replace(b=params.b + np.repeat([0, closed, 0], H))
    h, h_T, _ = gru_forward(params, x, h0, reset=reset, update=update)
    np.testing.assert_array_equal(h, np.broadcast_to(h0, h.shape))


@pytest.mark.parametrize("reset", ["before"], indirect=True)
def test_closed_reset_and_open_update_gates_forget_the_past(net, update):
    params, x, h0, *_ = net
    write = 1e3 if update == "write" else -1e3
    params = params._replace(b=params.b + np.repeat([-1e3, write, 0], H))
    h, _, _ = gru_forward(params, x, h0, update=update)
    assert_close(h, np.tanh(x @ params.U[2 * H :].T + params.b[2 * H :]))


def test_the_cache_shows_gates_and_candidate(net, reset, update):
    params, x, h0, *_ = net
    h, _, (*_, r, z, n, s, _, _, _) = gru_forward(params, x, h0, reset=reset, update=update)
    past = np.concatenate([h0[None], h[:-1]])
    assert r.shape == z.shape == n.shape == (T, B, H)
    assert_close(h, (1 - z) * past + z * n if update == "write" else z * past + (1 - z) * n)
    (U_r, _, U_n), (W_r, _, W_n) = np.split(params.U, 3), np.split(params.W, 3)
    assert_close(np.log(r / (1 - r)), x @ U_r.T + past @ W_r.T + params.b[:H], rtol=1e-11)
    inner = (r * past) @ W_n.T if reset == "before" else r * (past @ W_n.T + params.b_hn)
    assert_close(n, np.tanh(x @ U_n.T + params.b[2 * H :] + inner))


def test_a_batch_is_a_loop_over_its_sequences(net, mask, reset, update):
    params, x, h0, dh, dstate = net
    options = {"reset": reset, "update": update}
    h, h_T, dx, dh0, dparams = run(*net, mask=mask, **options)
    for i in range(B):
        one = slice(i, i + 1)
        part = mask if mask is None else mask[:, one]
        arrays = x[:, one], h0[one], dh[:, one], dstate[one]
        alone = run(params, *arrays, mask=part, **options)
        assert_close((h[:, one], h_T[one], dx[:, one], dh0[one]), alone[:4])
        dparams = GRUParams(*(d - a for d, a in zip(dparams, alone[4], strict=True)))
    assert all(np.abs(rest).max() < 1e-12 for rest in dparams)


@settings(max_examples=50, deadline=None)
@given(
    valid=st.lists(st.booleans(), max_size=8),
    seed=st.integers(0, 99),
    reset=st.sampled_from(["before", "after"]),
    update=st.sampled_from(["write", "keep"]),
)
def test_a_masked_sequence_is_its_valid_steps_run_alone(valid, seed, reset, update):
    rng = np.random.default_rng(seed)
    params, T = init_gru(rng, D, H), len(valid)
    x, h0, dh, dstate = (rng.normal(size=s) for s in [(T, 1, D), (1, H), (T, 1, H), (1, H)])
    kept, options = np.flatnonzero(valid), {"reset": reset, "update": update}

    mask = np.array(valid, bool)[:, None]
    h, h_T, dx, dh0, dparams = run(params, x, h0, dh, dstate, mask=mask, **options)

    # What the loss sends to a held state belongs to the valid step that it is held from.
    owner = np.cumsum(valid, dtype=int)  # 0 is h0, k the k-th valid step
    sent = np.zeros((len(kept) + 1, 1, H))
    np.add.at(sent, owner, dh)
    alone = run(params, x[kept], h0, sent[1:], dstate, **options)
    assert_close(h, np.concatenate([h0[None], alone[0]])[owner])
    assert_close(h_T, alone[1])
    assert_close(dx[kept], alone[2])
    assert not np.delete(dx, kept, axis=0).any()
    assert_close(dh0, alone[3] + sent[0])
    assert_close(dparams, alone[4])


@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_x_has_no_influence_at_masked_steps(net, junk, reset, update):
    params, x, *rest = net
    options = {"mask": np.random.default_rng(2).random((T, B)) < 0.5}
    options |= {"reset": reset, "update": update}
    spoilt = np.where(options["mask"][..., None], x, junk)
    assert_close(run(params, spoilt, *rest, **options), run(*net, **options), rtol=0)


def test_float32_in_float32_out(net, mask, reset, update):
    params, *arrays = net
    single = [GRUParams(*(p.astype(np.float32) for p in params))]
    single += [array.astype(np.float32) for array in arrays]
    options = {"mask": mask, "reset": reset, "update": update}
    *results, dparams = run(*single, **options)
    assert {array.dtype for array in (*results, *dparams)} == {np.dtype(np.float32)}
    assert_close((*results, dparams), run(*net, **options), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_first_parameters(dtype):
    params = init_gru(np.random.default_rng(0), D, H, dtype=dtype)
    assert {p.dtype for p in params} == {np.dtype(dtype)}
    double = init_gru(np.random.default_rng(0), D, H)
    assert_close(params, GRUParams(*(p.astype(dtype) for p in double)), rtol=0)
    assert np.abs(params.U).max() <= np.sqrt(6 / (D + H))
    assert not params.b.any()
    assert not params.b_hn.any()
    for block in np.split(params.W, 3):
        np.testing.assert_allclose(block @ block.T, np.eye(H), atol=1e-6)


def test_the_final_state_is_not_a_view_of_the_states(net, reset):
    params, x, *_ = net
    h, h_T, _ = gru_forward(params, x, reset=reset)
    assert not np.shares_memory(h, h_T)


def test_backward_may_be_called_twice(net, mask, reset, update):
    params, x, h0, dh, dstate = net
    cache = gru_forward(params, x, h0, mask=mask, reset=reset, update=update)[2]
    assert_close(gru_backward(dh, cache, dstate), gru_backward(dh, cache, dstate), rtol=0)


def test_arrays_in_any_memory_order(net, reset):
    params, *arrays = net
    fortran = [GRUParams(*map(np.asfortranarray, params)), *map(np.asfortranarray, arrays)]
    assert_close(run(*fortran, reset=reset), run(*net, reset=reset))


def test_scores_of_any_size(net, reset, update):
    params, x, *rest = net
    results = run(params, 1e4 * x, *rest, reset=reset, update=update)
    assert all(np.isfinite(array).all() for array in (*results[:4], *results[4]))


def test_no_steps(net, reset, update):
    params, _, h0, _, dstate = net
    options = {"mask": np.zeros((0, B), bool), "reset": reset, "update": update}
    h, h_T, cache = gru_forward(params, np.zeros((0, B, D)), h0, **options)
    dx, dh0, dparams = gru_backward(h, cache, dstate)
    assert h.shape == (0, B, H)
    assert dx.shape == (0, B, D)
    np.testing.assert_array_equal(h_T, h0)
    np.testing.assert_array_equal(dh0, dstate)
    assert [d.shape for d in dparams] == [p.shape for p in params]
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
        ({"x": np.zeros((T, B, D), "f4")}, TypeError, "x must have dtype float64, got float32"),
        ({"h0": np.zeros((B, D))}, ShapeError, "h0 must have shape (B=3, H=5), got (3, 4)"),
        ({"h0": np.zeros((B, H), "f4")}, TypeError, "h0 must have dtype float64, got float32"),
        (
            {"mask": np.ones((B, T), bool)},
            ShapeError,
            "mask must have shape (T=7, B=3), got (3, 7)",
        ),
        ({"mask": np.ones((T, B))}, TypeError, "mask must have dtype bool, got float64"),
        (
            {"reset": "first"},
            ValueError,
            "reset must be one of 'before', 'after', got 'first'",
        ),
        ({"update": True}, ValueError, "update must be one of 'write', 'keep', got True"),
        ({"U": np.zeros((5, 4))}, ShapeError, "U must have shape (3H=15, D), got (5, 4)"),
        ({"W": np.zeros((15, 4))}, ShapeError, "W must have shape (3H=15, H=5), got (15, 4)"),
        ({"b": np.zeros(5)}, ShapeError, "b must have shape (3H=15,), got (5,)"),
        ({"b_hn": np.zeros(15)}, ShapeError, "U must have shape (3H=45, D), got (15, 4)"),
        ({"b_hn": None}, TypeError, "b_hn must be a numpy.ndarray, got NoneType"),
        (
            {"b_hn": np.array([0, 0, 0.5, 0, 1])},
            ValueError,
            "b_hn must be zero with reset='before', got 0.5",
        ),
        (
            {"b": np.zeros(15, "f4")},
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_forward_names_what_is_wrong(change, error, message):
    params = init_gru(np.random.default_rng(0), D, H)
    params = params._replace(**{k: change.pop(k) for k in params._fields if k in change})
    arguments = {"x": np.zeros((T, B, D)), **change}
    with pytest.raises(error) as raised:
        gru_forward(params, **arguments)
    assert str(raised.value) == f"gru_forward: {message}"


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
    ],
)
def test_backward_names_what_is_wrong(change, error, message):
    params = init_gru(np.random.default_rng(0), D, H)
    h, _, cache = gru_forward(params, np.zeros((T, B, D)))
    with pytest.raises(error) as raised:
        gru_backward(**{"dh": h, "cache": cache, **change})
    assert str(raised.value) == f"gru_backward: {message}"


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ({"D": 0, "H": 3}, ValueError, "D must be at least 1, got 0"),
        ({"D": 4, "H": 3.0}, TypeError, "H must be an integer, got float"),
        (
            {"D": 4, "H": 3, "dtype": int},
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
    ],
)
def test_init_names_what_is_wrong(sizes, error, message):
    with pytest.raises(error) as raised:
        init_gru(np.random.default_rng(0), **sizes)
    assert str(raised.value) == f"init_gru: {message}"
