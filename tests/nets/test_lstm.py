"""The LSTM: values, masks, dtypes, errors."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import LSTMParams, LSTMState, ShapeError, init_lstm, lstm_backward, lstm_forward

T, B, D, H = 7, 3, 4, 5
VARIANTS = list(itertools.product([False, True], repeat=2))
each_variant = pytest.mark.parametrize(("peepholes", "coupled"), VARIANTS)


@pytest.fixture
def net(normal):
    """Return a function: parameters, x, state0, and the gradients dh and dstate of the loss."""
    return lambda peepholes=False: (
        LSTMParams(
            normal(4 * H, D), normal(4 * H, H), normal(4 * H), normal(3, H) if peepholes else None
        ),
        normal(T, B, D),
        LSTMState(normal(B, H), normal(B, H)),
        normal(T, B, H),
        LSTMState(normal(B, H), normal(B, H)),
    )


def run(params, x, state0, dh, dstate, **options):
    """Return all that both passes return."""
    h, state, cache = lstm_forward(params, x, state0, **options)
    return h, state, *lstm_backward(dh, cache, dstate)


def sigma(a):
    return 1 / (1 + math.exp(-a))


def sigma_slope(a):
    return 1 / (2 + 2 * math.cosh(a))


def naive_run(params, x, state0, dh, dstate, *, mask, coupled):
    """Do the same gate by gate, step by step, cell by cell, with matrices of each gate's own."""
    U, W, b = (dict(zip("ifgo", np.split(p, 4), strict=True)) for p in params[:3])
    P = dict(zip("ifo", np.zeros((3, H)) if params.P is None else params.P, strict=True))
    dU, dW, db, dP = ({k: np.zeros_like(v) for k, v in p.items()} for p in (U, W, b, P))
    h, dx = np.zeros((T, B, H)), np.zeros((T, B, D))
    state, d0 = LSTMState(*np.zeros((2, B, H))), LSTMState(*np.zeros((2, B, H)))
    for s in range(B):
        hs, cs, a = [state0.h[s]], [state0.c[s]], []
        for t in range(T):
            if mask is not None and not mask[t, s]:
                a.append(None)
                hs.append(hs[t])
                cs.append(cs[t])
                continue
            a_t = {k: U[k] @ x[t, s] + W[k] @ hs[t] + b[k] for k in "ifgo"}
            h_t, c_t = np.zeros(H), np.zeros(H)
            for n in range(H):
                a_t["i"][n] += P["i"][n] * cs[t][n]
                a_t["f"][n] += P["f"][n] * cs[t][n]
                f = sigma(a_t["f"][n])
                i = 1 - f if coupled else sigma(a_t["i"][n])
                c_t[n] = f * cs[t][n] + i * math.tanh(a_t["g"][n])
                a_t["o"][n] += P["o"][n] * c_t[n]
                h_t[n] = sigma(a_t["o"][n]) * math.tanh(c_t[n])
            a.append(a_t)
            hs.append(h_t)
            cs.append(c_t)
        h[:, s], state.h[s], state.c[s] = hs[1:], hs[T], cs[T]

        dh_next, dc_next = dstate.h[s], dstate.c[s]
        for t in reversed(range(T)):
            dh_t = dh[t, s] + dh_next
            if a[t] is None:
                dh_next = dh_t
                continue
            da, dc_t, a_t = {k: np.zeros(H) for k in "ifgo"}, dc_next, a[t]
            dc_next = np.zeros(H)
            for n in range(H):
                f, o = sigma(a_t["f"][n]), sigma(a_t["o"][n])
                i = 1 - f if coupled else sigma(a_t["i"][n])
                g, tanh_c = math.tanh(a_t["g"][n]), math.tanh(cs[t + 1][n])
                da["o"][n] = dh_t[n] * tanh_c * sigma_slope(a_t["o"][n])
                dc = dc_t[n] + dh_t[n] * o / math.cosh(cs[t + 1][n]) ** 2 + da["o"][n] * P["o"][n]
                di, df = dc * g, dc * cs[t][n]
                if coupled:
                    di, df = 0, df - di
                da["i"][n] = di * sigma_slope(a_t["i"][n])
                da["f"][n] = df * sigma_slope(a_t["f"][n])
                da["g"][n] = dc * i / math.cosh(a_t["g"][n]) ** 2
                dc_next[n] = dc * f + da["i"][n] * P["i"][n] + da["f"][n] * P["f"][n]
            for k in "ifgo":
                dU[k] += np.outer(da[k], x[t, s])
                dW[k] += np.outer(da[k], hs[t])
                db[k] += da[k]
            dP["i"] += da["i"] * cs[t]
            dP["f"] += da["f"] * cs[t]
            dP["o"] += da["o"] * cs[t + 1]
            dx[t, s] = sum(U[k].T @ da[k] for k in "ifgo")
            dh_next = sum(W[k].T @ da[k] for k in "ifgo")
        d0.h[s], d0.c[s] = dh_next, dc_next
    dparams = [np.concatenate(list(d.values())) for d in (dU, dW, db)]
    dP = None if params.P is None else np.array(list(dP.values()))
    return h, state, dx, d0, LSTMParams(*dparams, dP)


def leaves(tree):
    """Return the arrays of nested tuples, without None, in one list."""
    if isinstance(tree, tuple):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [] if tree is None else [tree]


def assert_close(actual, expected, rtol=1e-12):
    """Compare nested tuples of arrays, each array in units of its largest entry."""
    for a, e in zip(leaves(actual), leaves(expected), strict=True):
        atol = rtol * np.max(np.abs(e), initial=0)
        np.testing.assert_allclose(a, e, rtol=0, atol=atol)


@each_variant
def test_values_and_gradients_are_those_of_explicit_loops(net, mask, peepholes, coupled):
    problem = net(peepholes)
    options = {"mask": mask, "coupled": coupled}
    assert_close(run(*problem, **options), naive_run(*problem, **options))


@each_variant
def test_the_cache_names_gates_and_cells(net, mask, peepholes, coupled):
    params, x, state0, *_ = net(peepholes)
    h, state, cache = lstm_forward(params, x, state0, mask=mask, coupled=coupled)
    i, f, g, o, c = cache.i, cache.f, cache.g, cache.o, cache.c
    assert {gate.shape for gate in (i, f, g, o, c)} == {(T, B, H)}
    h_prev, c_prev = np.concatenate([state0.h[None], h[:-1]]), np.stack([state0.c, *c[:-1]])
    x = x if mask is None else np.where(mask[..., None], x, 0)
    a_i, a_f, a_g, a_o = np.split(x @ params.U.T + h_prev @ params.W.T + params.b, 4, axis=-1)
    valid = np.ones((T, B, 1), bool) if mask is None else mask[..., None]
    if peepholes:
        a_i, a_f, a_o = (
            a_i + params.P[0] * c_prev,
            a_f + params.P[1] * c_prev,
            a_o + params.P[2] * c,
        )
    assert_close((f, g, o), (1 / (1 + np.exp(-a_f)), np.tanh(a_g), 1 / (1 + np.exp(-a_o))))
    assert_close(i, 1 - f if coupled else 1 / (1 + np.exp(-a_i)))
    assert_close(c, np.where(valid, f * c_prev + i * g, c_prev))
    assert_close(h, np.where(valid, o * np.tanh(c), h_prev))
    assert_close(state, (h[-1], c[-1]), rtol=0)


def test_states_and_their_gradients_are_zero_by_default(net):
    params, x, _, dh, _ = net()
    zero = LSTMState(np.zeros((B, H)), np.zeros((B, H)))
    h, state, cache = lstm_forward(params, x)
    given = h, state, *lstm_backward(dh, cache)
    assert_close(given, run(params, x, zero, dh, zero), rtol=0)
    assert [type(part) for part in given[1::2]] == [LSTMState, LSTMState]
    assert isinstance(given[-1], LSTMParams)


def test_plain_tuples_will_do(net):
    params, x, state0, dh, dstate = net(peepholes=True)
    plain = run(tuple(params), x, tuple(state0), dh, tuple(dstate))
    assert_close(plain, run(params, x, state0, dh, dstate), rtol=0)


def test_no_peepholes_are_peepholes_of_zero(net, mask):
    params, *rest = net()
    *results, (dU, dW, db, dP) = run(params, *rest, mask=mask)
    assert dP is None
    *zero, dparams = run(params._replace(P=np.zeros((3, H))), *rest, mask=mask)
    assert_close((*zero, *dparams[:3]), (*results, dU, dW, db))
    assert dparams.P.all()


@pytest.mark.parametrize("peepholes", [False, True])
def test_coupled_gates_do_not_use_block_i(net, mask, peepholes):
    params, *rest = net(peepholes)
    expected = run(params, *rest, mask=mask, coupled=True)
    sizes = [H, H, H, 1]
    junk = [p if p is None else p.copy() for p in params]
    for p, d, n in zip(junk, expected[-1], sizes, strict=True):
        if p is not None:
            p[:n] = np.nan
            assert not d[:n].any()
    assert_close(run(LSTMParams(*junk), *rest, mask=mask, coupled=True), expected, rtol=0)


def test_open_gates_keep_the_cell(normal):
    # i = 0, f = 1 to the last bit: 100 steps change nothing, forwards or backwards.
    b = np.repeat([-800.0, 800.0, 0.0, 0.0], H)
    params = LSTMParams(np.zeros((4 * H, D)), np.zeros((4 * H, H)), b)
    state0, dstate = (LSTMState(normal(B, H), normal(B, H)) for _ in range(2))
    _, state, cache = lstm_forward(params, normal(100, B, D), state0)
    np.testing.assert_array_equal(state.c, state0.c)
    dstate0 = lstm_backward(np.zeros((100, B, H)), cache, dstate._replace(h=np.zeros((B, H))))[1]
    np.testing.assert_array_equal(dstate0.c, dstate.c)


@each_variant
def test_a_batch_is_a_loop_over_its_sequences(net, mask, peepholes, coupled):
    params, x, state0, dh, dstate = net(peepholes)
    h, state, dx, dstate0, dparams = run(params, x, state0, dh, dstate, mask=mask, coupled=coupled)
    rest = leaves(dparams)
    for s in range(B):
        one = slice(s, s + 1)
        part = mask if mask is None else mask[:, one]
        first, last, end, start = (
            LSTMState(p.h[one], p.c[one]) for p in (state0, dstate, state, dstate0)
        )
        alone = run(params, x[:, one], first, dh[:, one], last, mask=part, coupled=coupled)
        assert_close((h[:, one], end, dx[:, one], start), alone[:4])
        rest = [d - a for d, a in zip(rest, leaves(alone[4]), strict=True)]
    assert all(np.abs(r).max() < 1e-12 for r in rest)


@settings(max_examples=50, deadline=None)
@given(
    valid=st.lists(st.booleans(), max_size=8),
    seed=st.integers(0, 99),
    peepholes=st.booleans(),
    coupled=st.booleans(),
)
def test_a_masked_sequence_is_its_valid_steps_run_alone(valid, seed, peepholes, coupled):
    rng = np.random.default_rng(seed)
    T = len(valid)
    params = init_lstm(rng, D, H, peepholes=peepholes)
    if peepholes:
        params = params._replace(P=rng.normal(size=(3, H)))
    x, dh = rng.normal(size=(T, 1, D)), rng.normal(size=(T, 1, H))
    state0, dstate = (LSTMState(*rng.normal(size=(2, 1, H))) for _ in range(2))
    kept = np.flatnonzero(valid)

    mask = np.array(valid, bool)[:, None]
    h, state, dx, dstate0, dparams = run(params, x, state0, dh, dstate, mask=mask, coupled=coupled)

    # What the loss sends to a held state belongs to the valid step that it is held from.
    owner = np.cumsum(valid, dtype=int)  # 0 is state0, k the k-th valid step
    sent = np.zeros((len(kept) + 1, 1, H))
    np.add.at(sent, owner, dh)
    alone = run(params, x[kept], state0, sent[1:], dstate, coupled=coupled)
    assert_close(h, np.concatenate([state0.h[None], alone[0]])[owner])
    assert_close(state, alone[1])
    assert_close(dx[kept], alone[2])
    assert not np.delete(dx, kept, axis=0).any()
    assert_close(dstate0, (alone[3].h + sent[0], alone[3].c))
    assert_close(dparams, alone[4])


@pytest.mark.parametrize("junk", [np.nan, np.inf, -1e308])
def test_x_has_no_influence_at_masked_steps(net, junk):
    params, x, *rest = net(peepholes=True)
    mask = np.random.default_rng(2).random((T, B)) < 0.5
    spoilt = np.where(mask[..., None], x, junk)
    assert_close(run(params, spoilt, *rest, mask=mask), run(params, x, *rest, mask=mask), rtol=0)


def test_a_sequence_may_be_run_in_two_parts(net, mask):
    params, x, state0, dh, dstate = net(peepholes=True)
    parts = [None, None] if mask is None else [mask[:3], mask[3:]]
    h1, state1, cache1 = lstm_forward(params, x[:3], state0, mask=parts[0])
    h2, state2, cache2 = lstm_forward(params, x[3:], state1, mask=parts[1])
    dx2, between, dparams2 = lstm_backward(dh[3:], cache2, dstate)
    dx1, dstate0, dparams1 = lstm_backward(dh[:3], cache1, between)
    total = tuple(d1 + d2 for d1, d2 in zip(dparams1, dparams2, strict=True))
    joined = np.concatenate([h1, h2]), state2, np.concatenate([dx1, dx2]), dstate0, total
    assert_close(joined, run(params, x, state0, dh, dstate, mask=mask))


@each_variant
def test_float32_in_float32_out(net, mask, peepholes, coupled):
    params, x, state0, dh, dstate = net(peepholes)
    single = LSTMParams(*(p if p is None else p.astype("f4") for p in params))
    first, last = (LSTMState(*(part.astype("f4") for part in s)) for s in (state0, dstate))
    options = {"mask": mask, "coupled": coupled}
    results = run(single, x.astype("f4"), first, dh.astype("f4"), last, **options)
    assert {array.dtype for array in leaves(results)} == {np.dtype("f4")}
    assert_close(results, run(params, x, state0, dh, dstate, **options), rtol=1e-5)


def test_final_and_first_states_are_not_views(net):
    params, x, state0, dh, dstate = net()
    h, state, cache = lstm_forward(params, x, state0)
    dstate0 = lstm_backward(dh, cache, dstate)[1]
    for part in (*state, *dstate0):
        assert not any(np.shares_memory(part, a) for a in (h, cache.c, *state0, *dstate))


@each_variant
def test_backward_may_be_called_twice(net, mask, peepholes, coupled):
    params, x, state0, dh, dstate = net(peepholes)
    cache = lstm_forward(params, x, state0, mask=mask, coupled=coupled)[2]
    twice = [lstm_backward(dh, cache, dstate) for _ in range(2)]
    assert_close(*twice, rtol=0)


def test_arrays_in_any_memory_order(net):
    params, x, state0, dh, dstate = net(peepholes=True)
    fortran = np.asfortranarray
    moved = LSTMParams(*map(fortran, params)), fortran(x), LSTMState(*map(fortran, state0))
    actual = run(*moved, fortran(dh), LSTMState(*map(fortran, dstate)))
    assert_close(actual, run(params, x, state0, dh, dstate))


@each_variant
def test_no_steps(net, peepholes, coupled):
    params, _, state0, _, dstate = net(peepholes)
    mask = np.zeros((0, B), bool)
    h, state, cache = lstm_forward(params, np.zeros((0, B, D)), state0, mask=mask, coupled=coupled)
    dx, dstate0, dparams = lstm_backward(h, cache, dstate)
    assert h.shape == cache.i.shape == cache.c.shape == (0, B, H)
    assert dx.shape == (0, B, D)
    assert_close((state, dstate0), (state0, dstate), rtol=0)
    assert [d.shape for d in leaves(dparams)] == [p.shape for p in leaves(params)]
    assert not any(d.any() for d in leaves(dparams))
    for new, old in zip((*state, *dstate0), (*state0, *dstate), strict=True):
        assert not np.shares_memory(new, old)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
def test_first_parameters(dtype):
    U, W, b, P = init_lstm(np.random.default_rng(0), 4, 3, peepholes=True, dtype=dtype)
    assert (U.shape, W.shape, b.shape, P.shape) == ((12, 4), (12, 3), (12,), (3, 3))
    assert {p.dtype for p in (U, W, b, P)} == {np.dtype(dtype)}
    for block in np.split(W, 4):
        np.testing.assert_allclose(block @ block.T, np.eye(3), atol=1e-6)
    assert len({block.tobytes() for block in np.split(W, 4)}) == 4
    assert np.abs(U).max() <= np.sqrt(6 / 7)
    np.testing.assert_array_equal(b, np.repeat([0, 1, 0, 0], 3))
    assert not P.any()


def test_options_of_the_first_parameters():
    plain, other = (
        init_lstm(np.random.default_rng(0), 4, 3, **options)
        for options in ({}, {"peepholes": True, "forget_bias": -2.5})
    )
    assert plain.P is None
    assert_close(other[:2], plain[:2], rtol=0)
    np.testing.assert_array_equal(other.b, np.repeat([0, -2.5, 0, 0], 3))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"D": 0, "H": 3}, ValueError, "D must be at least 1, got 0"),
        ({"D": 4, "H": 3.0}, TypeError, "H must be an integer, got float"),
        (
            {"D": 4, "H": 3, "dtype": "f2"},
            TypeError,
            "dtype must be one of float32, float64, complex128, got float16",
        ),
    ],
)
def test_init_names_what_is_wrong(arguments, error, message):
    with pytest.raises(error) as raised:
        init_lstm(np.random.default_rng(0), **arguments)
    assert str(raised.value) == f"init_lstm: {message}"


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
        (
            {"state0": np.zeros((2, B, H))},
            TypeError,
            "state0 must be an LSTMState or a tuple (h, c), got ndarray",
        ),
        (
            {"state0": (np.zeros((B, H)),)},
            TypeError,
            "state0 must be an LSTMState or a tuple (h, c), got tuple",
        ),
        (
            {"state0": (np.zeros((B, D)), np.zeros((B, H)))},
            ShapeError,
            "state0.h must have shape (B=3, H=5), got (3, 4)",
        ),
        (
            {"state0": (np.zeros((B, H)), np.zeros((B, H), "f4"))},
            TypeError,
            "state0.c must have dtype float64, got float32",
        ),
        (
            {"mask": np.ones((B, T), bool)},
            ShapeError,
            "mask must have shape (T=7, B=3), got (3, 7)",
        ),
        ({"mask": np.ones((T, B))}, TypeError, "mask must have dtype bool, got float64"),
        ({"U": np.zeros((5, D))}, ShapeError, "U must have shape (4H=20, D), got (5, 4)"),
        ({"W": np.zeros(5)}, ShapeError, "W must have shape (4H, H), got (5,)"),
        ({"W": np.zeros((5, 5))}, ShapeError, "W must have shape (4H=20, H=5), got (5, 5)"),
        ({"b": np.zeros(5)}, ShapeError, "b must have shape (4H=20,), got (5,)"),
        ({"P": np.zeros((4, H))}, ShapeError, "P must have shape (3, H=5), got (4, 5)"),
        (
            {"P": np.zeros((3, H), "f4")},
            TypeError,
            "params must be arrays of one dtype out of float32, float64, complex128, "
            "got float32, float64",
        ),
    ],
)
def test_forward_names_what_is_wrong(change, error, message):
    params = init_lstm(np.random.default_rng(0), D, H)
    params = params._replace(**{k: change[k] for k in "UWbP" if k in change})
    arguments = {"x": np.zeros((T, B, D)), **{k: v for k, v in change.items() if k not in "UWbP"}}
    with pytest.raises(error) as raised:
        lstm_forward(params, **arguments)
    assert str(raised.value) == f"lstm_forward: {message}"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"dh": np.zeros((T, B))}, ShapeError, "dh must have shape (T=7, B=3, H=5), got (7, 3)"),
        ({"dh": np.zeros((T, B, H), "f4")}, TypeError, "dh must have dtype float64, got float32"),
        (
            {"dstate": np.zeros((B, H))},
            TypeError,
            "dstate must be an LSTMState or a tuple (h, c), got ndarray",
        ),
        (
            {"dstate": (np.zeros((B, H)), np.zeros(H))},
            ShapeError,
            "dstate.c must have shape (B=3, H=5), got (5,)",
        ),
        (
            {"dstate": (None, np.zeros((B, H)))},
            TypeError,
            "dstate.h must be a numpy.ndarray, got NoneType",
        ),
    ],
)
def test_backward_names_what_is_wrong(change, error, message):
    params = init_lstm(np.random.default_rng(0), D, H)
    h, _, cache = lstm_forward(params, np.zeros((T, B, D)))
    with pytest.raises(error) as raised:
        lstm_backward(**{"dh": h, "cache": cache, **change})
    assert str(raised.value) == f"lstm_backward: {message}"
