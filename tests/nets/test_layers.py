"""One battery over every layer × option × mask × dtype: what each must do, whatever it computes."""

from functools import partial

import numpy as np
import pytest

from rnnref import (
    ShapeError,
    bidirectional,
    check_gradient,
    dense_layer,
    dropout_layer,
    embedding_layer,
    gru_forward,
    gru_layer,
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    lstm_layer,
    rnn_forward,
    rnn_layer,
    stack,
    window_layer,
)
from rnnref.trees import named_leaves, with_leaves

T, B, D, H = 7, 3, 4, 5

LAYERS = {
    **{
        f"rnn {activation}": partial(rnn_layer, D, H, activation=activation)
        for activation in ("tanh", "logistic", "relu", "linear")
    },
    **{
        f"lstm{' peepholes' * peepholes}{' coupled' * coupled}": partial(
            lstm_layer, D, H, peepholes=peepholes, coupled=coupled
        )
        for peepholes in (False, True)
        for coupled in (False, True)
    },
    **{
        f"gru {reset} {update}": partial(gru_layer, D, H, reset=reset, update=update)
        for reset in ("before", "after")
        for update in ("write", "keep")
    },
    "dense": partial(dense_layer, D, H),
    "embedding": partial(embedding_layer, D, H),
    "window": partial(window_layer, D, 6, H, 3),
    "stack": lambda dtype: stack(
        lstm_layer(D, 6, dtype=dtype), dropout_layer(0.3), rnn_layer(6, H, dtype=dtype)
    ),
    "stack of ids": lambda dtype: stack(
        embedding_layer(D, 3, dtype=dtype),
        bidirectional(gru_layer(3, 2, dtype=dtype), rnn_layer(3, 4, dtype=dtype)),
        dense_layer(6, H, dtype=dtype),
    ),
    "bidirectional": lambda dtype: bidirectional(
        lstm_layer(D, 2, dtype=dtype), gru_layer(D, 3, dtype=dtype)
    ),
    "bidirectional sum": lambda dtype: bidirectional(
        rnn_layer(D, H, dtype=dtype), lstm_layer(D, H, dtype=dtype), merge="sum"
    ),
    "bidirectional twice": lambda dtype: stack(
        bidirectional(lstm_layer(D, 3, dtype=dtype), lstm_layer(D, 3, dtype=dtype)),
        bidirectional(
            stack(rnn_layer(6, 3, dtype=dtype), gru_layer(3, 2, dtype=dtype)),
            rnn_layer(6, 3, dtype=dtype),
        ),
    ),
}
WITH_STATE = [name for name in LAYERS if name not in ("dense", "embedding", "window")]
# The backward reader's first state is met at the sequence's end.
ONE_WAY = [n for n in WITH_STATE if "bidirectional" not in n and n != "stack of ids"]
SMOOTH = [name for name in LAYERS if name != "rnn relu"]


class Problem:
    """A layer at a random point, with the loss L = Σ dy ∗ y + Σ dstate ∗ state."""

    def __init__(self, name, normal, mask, dtype, hold):
        self.layer, self.mask, self.hold = LAYERS[name](dtype=dtype), mask, hold
        params = self.layer.init(np.random.default_rng(3))
        self.params = tree_map(lambda p: 0.7 * normal(*p.shape, dtype=dtype) + p / 2, params)
        self.params = hold(self.params)
        self.x = normal(T, B, D, dtype=dtype)
        if "embedding" in name or "ids" in name:
            self.x = np.random.default_rng(4).integers(D, size=(T, B))
        y, state, _ = self.layer.forward(self.params, self.x, mask=mask)
        self.state0 = tree_map(lambda s: normal(*s.shape, dtype=dtype), state)
        self.dy = normal(*y.shape, dtype=dtype)
        self.dstate = tree_map(lambda s: normal(*s.shape, dtype=dtype), state)
        self.has_ids = self.x.dtype.kind == "i"
        self.at = (self.params, None if self.has_ids else self.x, self.state0)

    def forward(self, at):
        params, x, state0 = at
        params = self.hold(params)
        return self.layer.forward(params, self.x if x is None else x, state0, mask=self.mask)

    def loss(self, at):
        y, state, _ = self.forward(at)
        pairs = zip(leaves(self.dstate), leaves(state), strict=True)
        return np.sum(self.dy * y) + sum(np.sum(ds * s) for ds, s in pairs)

    def gradient(self):
        """Return the gradient, built like `at`."""
        cache = self.forward(self.at)[2]
        dx, dstate0, dparams = self.layer.backward(self.dy, cache, self.dstate)
        return dparams, dx, dstate0

    def everything(self):
        """Return all that both passes return."""
        y, state, cache = self.forward(self.at)
        return y, state, *self.layer.backward(self.dy, cache, self.dstate)


def leaves(tree):
    return list(named_leaves(tree, "tree").values())


def tree_map(function, tree):
    return with_leaves(tree, iter([function(leaf) for leaf in leaves(tree)]))


def one_of(tree, s):
    """Return the part of sequence s of arrays of shape (B, ...), as a batch of one."""
    return tree_map(lambda a: a[s : s + 1], tree)


def add(tree, other):
    sums = zip(leaves(tree), leaves(other), strict=True)
    return with_leaves(tree, iter([a + b for a, b in sums]))


def assert_close(actual, expected, rtol=1e-11):
    """Compare trees of arrays, each array in units of its largest entry."""
    actual, expected = named_leaves(actual, "result"), named_leaves(expected, "result")
    assert list(actual) == list(expected)
    for name, e in expected.items():
        atol = rtol * np.max(np.abs(e), initial=0)
        np.testing.assert_allclose(actual[name], e, rtol=0, atol=atol, err_msg=name)


@pytest.fixture
def problem_of(normal, without_b_hn):
    def make(name, mask, dtype=np.float64):
        hold = (lambda params: params) if name.startswith("gru after") else without_b_hn
        return Problem(name, normal, mask, dtype, hold)

    return make


@pytest.fixture(params=LAYERS)
def name(request):
    return request.param


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gradients_are_those_of_the_loss(name, problem_of, mask, dtype):
    problem = problem_of(name, mask, dtype)
    rng = np.random.default_rng(5)
    check_gradient(problem.loss, problem.at, problem.gradient(), rng=rng, directions=2)


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_by_complex_steps(name, problem_of, mask, normal):
    # Im L(θ + iεv) / ε is vᵀ∇L without any cancellation, so that ε may be tiny.
    problem = problem_of(name, mask)
    v = [normal(*leaf.shape) for leaf in leaves(problem.at)]
    steps = [a + 1e-100j * d for a, d in zip(leaves(problem.at), v, strict=True)]
    numeric = problem.loss(with_leaves(problem.at, iter(steps))).imag / 1e-100
    terms = [g * d for g, d in zip(leaves(problem.gradient()), v, strict=True)]
    size = np.sqrt(sum(np.sum(term**2) for term in terms))
    assert abs(numeric - sum(np.sum(term) for term in terms)) <= 1e-12 * size


def test_float32_in_float32_out_and_near_float64(name, problem_of, mask):
    problem = problem_of(name, mask)
    double = problem.everything()
    single = problem_of(name, mask, np.float32)
    for part in ("params", "state0", "dy", "dstate"):
        setattr(single, part, tree_map(lambda a: a.astype("f4"), getattr(problem, part)))
    x = None if problem.has_ids else problem.x.astype("f4")
    single.at = (single.params, x, single.state0)
    results = single.everything()
    assert {leaf.dtype for leaf in leaves(results)} == {np.dtype("f4")}
    assert_close(results, double, rtol=3e-5)


def test_a_batch_is_a_loop_over_its_sequences(name, problem_of, mask):
    problem = problem_of(name, mask)
    y, state, dx, dstate0, dparams = problem.everything()
    total = tree_map(np.zeros_like, dparams)
    for s in range(B):
        one = slice(s, s + 1)
        part = mask if mask is None else mask[:, one]
        first, dlast = one_of(problem.state0, s), one_of(problem.dstate, s)
        y1, state1, cache = problem.layer.forward(
            problem.params, problem.x[:, one], first, mask=part
        )
        dx1, dstate1, dparams1 = problem.layer.backward(problem.dy[:, one], cache, dlast)
        assert_close(y[:, one], y1)
        assert_close(one_of(state, s), state1)
        assert_close(one_of(dstate0, s), dstate1)
        assert_close(None if dx is None else dx[:, one], dx1)
        total = add(total, dparams1)
    assert_close(total, dparams)


def test_padding_is_the_sequence_cut_off(name, problem_of):
    lengths = [7, 2, 5]
    mask = np.arange(T)[:, None] < np.array(lengths)
    problem = problem_of(name, mask)
    y, state, _ = problem.forward(problem.at)
    for s, n in enumerate(lengths):
        one = slice(s, s + 1)
        first = one_of(problem.state0, s)
        y1, state1, _ = problem.layer.forward(problem.params, problem.x[:n, one], first)
        assert_close(y[:n, one], y1)
        assert_close(one_of(state, s), state1)


@pytest.mark.parametrize("name", [n for n in WITH_STATE if n != "stack of ids"])
def test_x_has_no_influence_at_masked_steps(name, problem_of):
    mask = np.random.default_rng(2).random((T, B)) < 0.5
    problem = problem_of(name, mask)
    expected = problem.everything()
    spoilt = np.where(mask[..., None], problem.x, 1e30)
    problem.at = (problem.params, spoilt, problem.state0)
    assert_close(problem.everything(), expected, rtol=0)
    assert not expected[2][~mask].any()


@pytest.mark.parametrize("name", ONE_WAY)
def test_two_runs_with_the_state_handed_on_are_one(name, problem_of, mask):
    problem = problem_of(name, mask)
    layer, params = problem.layer, problem.params
    early, late = slice(0, 4), slice(4, T)
    parts = [None if mask is None else mask[s] for s in (early, late)]
    y1, middle, cache1 = layer.forward(params, problem.x[early], problem.state0, mask=parts[0])
    y2, state, cache2 = layer.forward(params, problem.x[late], middle, mask=parts[1])
    dx2, dmiddle, dparams2 = layer.backward(problem.dy[late], cache2, problem.dstate)
    dx1, dstate0, dparams1 = layer.backward(problem.dy[early], cache1, dmiddle)
    dparams = add(dparams1, dparams2)
    both = np.concatenate([y1, y2]), state, np.concatenate([dx1, dx2]), dstate0, dparams
    assert_close(both, problem.everything())


def test_the_state_is_zero_by_default(name, problem_of, mask):
    problem = problem_of(name, mask)
    zero = tree_map(np.zeros_like, problem.state0)
    by_default = problem.layer.forward(problem.params, problem.x, mask=mask)
    given = problem.layer.forward(problem.params, problem.x, zero, mask=mask)
    assert_close(by_default[:2], given[:2], rtol=0)
    nothing = tree_map(np.zeros_like, problem.dstate)
    assert_close(
        problem.layer.backward(problem.dy, by_default[2]),
        problem.layer.backward(problem.dy, given[2], nothing),
        rtol=0,
    )


def test_a_mask_of_true_changes_nothing(name, problem_of):
    # Rounding may differ where masked and unmasked steps take different ways.
    without, full = (problem_of(name, m) for m in (None, np.ones((T, B), bool)))
    full.params, full.dy, full.dstate, full.at = (
        without.params,
        without.dy,
        without.dstate,
        without.at,
    )
    assert_close(full.everything(), without.everything())


def test_backward_may_be_called_twice(name, problem_of, mask):
    problem = problem_of(name, mask)
    cache = problem.forward(problem.at)[2]
    once, twice = (problem.layer.backward(problem.dy, cache, problem.dstate) for _ in range(2))
    assert_close(once, twice, rtol=0)


def test_arrays_in_any_memory_order(name, problem_of, mask):
    problem = problem_of(name, mask)
    expected = problem.everything()
    problem.at = tree_map(np.asfortranarray, problem.at)
    problem.dy = np.asfortranarray(problem.dy)
    assert_close(problem.everything(), expected)


def test_no_steps(name, problem_of):
    problem = problem_of(name, None)
    nothing, mask = problem.x[:0], np.zeros((0, B), bool)
    y, state, cache = problem.layer.forward(problem.params, nothing, problem.state0, mask=mask)
    dx, dstate0, dparams = problem.layer.backward(y, cache, problem.dstate)
    assert y.shape == (0, *problem.dy.shape[1:])
    assert dx is None or dx.shape == nothing.shape
    assert_close(state, problem.state0, rtol=0)
    assert_close(dstate0, problem.dstate, rtol=0)
    assert not any(leaf.any() for leaf in leaves(dparams))


def test_no_sequences(name, problem_of):
    problem = problem_of(name, None)
    with pytest.raises(ShapeError, match="with B at least 1"):
        problem.layer.forward(problem.params, problem.x[:, :0])


@pytest.mark.parametrize("name", [n for n in LAYERS if n not in ("embedding", "stack of ids")])
def test_another_dtype_is_not_cast(name, problem_of):
    problem = problem_of(name, None)
    with pytest.raises(TypeError, match="x must have dtype float64, got float32"):
        problem.layer.forward(problem.params, problem.x.astype("f4"))


def test_sizes_are_those_of_the_arrays(name, problem_of):
    problem = problem_of(name, None)
    assert problem.layer.n_in == D
    assert problem.layer.n_out == problem.dy.shape[-1]


def test_the_same_seed_gives_the_same_parameters(name):
    layer = LAYERS[name](dtype=np.float64)
    first, second = (layer.init(np.random.default_rng(1)) for _ in range(2))
    assert_close(first, second, rtol=0)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda rng, x: rnn_forward(init_lstm(rng, D, H), x),
            "rnn_forward: params must be RNNParams(U, W, b), got LSTMParams",
        ),
        (
            lambda rng, x: gru_forward(init_rnn(rng, D, H), x),
            "gru_forward: params must be GRUParams(U, W, b, b_hn), got RNNParams",
        ),
        (
            lambda rng, x: lstm_forward(tuple(init_lstm(rng, D, H))[:2], x),
            "lstm_forward: params must be LSTMParams(U, W, b, P), got a tuple of 2",
        ),
        (
            lambda rng, x: dense_layer(D, H).forward(None, x),
            "dense_forward: params must be DenseParams(V, c), got NoneType",
        ),
        (
            lambda rng, x: lstm_backward(x, rnn_forward(init_rnn(rng, D, D), x)[2]),
            "lstm_backward: cache must be LSTMCache(params, x, h_prev, c_prev, i, f, g, c, o, "
            "tanh_c, held, coupled), got RNNCache",
        ),
    ],
)
def test_what_belongs_to_another_network_is_told(normal, run, message):
    with pytest.raises(TypeError) as raised:
        run(np.random.default_rng(0), normal(T, B, D))
    assert str(raised.value) == message


def test_parameters_may_be_a_plain_tuple(normal):
    params, x = init_lstm(np.random.default_rng(0), D, H), normal(T, B, D)
    h, _, _ = lstm_forward(params, x)
    np.testing.assert_array_equal(lstm_forward(tuple(params)[:3], x)[0], h)
