"""Composition: what is handed to which layer, seen with layers without numerics, and its errors."""

import numpy as np
import pytest

from rnnref import (
    Layer,
    ShapeError,
    bidirectional,
    dense_layer,
    dropout_layer,
    embedding_layer,
    lengths_to_mask,
    lstm_layer,
    reverse_within_lengths,
    rnn_forward,
    rnn_layer,
    stack,
)


def recorder(log, name, size=2):
    """Return a layer that changes nothing and writes down what it is given."""

    def forward(params, x, state0=None, *, mask=None, rng=None):
        log.append((name, "forward", params, x.copy(), state0, mask, rng))
        return x, f"state of {name}", f"cache of {name}"

    def backward(dy, cache, dstate=None):
        log.append((name, "backward", cache, dy.copy(), dstate))
        return dy, f"dstate0 of {name}", f"dparams of {name}"

    return Layer(lambda rng: f"params of {name}", forward, backward, size, size)


@pytest.fixture
def log():
    return []


@pytest.fixture
def x():
    return np.arange(12.0).reshape(3, 2, 2)


def test_a_stack_hands_each_layer_its_own(log, x):
    net = stack(recorder(log, "low"), recorder(log, "high"))
    mask, rng = np.ones((3, 2), bool), np.random.default_rng(0)
    params = net.init(rng)
    y, state, cache = net.forward(params, x, ("s1", "s2"), mask=mask, rng=rng)
    assert params == ("params of low", "params of high")
    assert state == ("state of low", "state of high")
    assert [entry[:2] for entry in log] == [("low", "forward"), ("high", "forward")]
    assert [entry[4] for entry in log] == ["s1", "s2"]
    assert all(entry[5] is mask and entry[6] is rng for entry in log)
    log.clear()
    dx, dstate0, dparams = net.backward(y, cache, ("d1", "d2"))
    assert [entry[:3] for entry in log] == [
        ("high", "backward", "cache of high"),
        ("low", "backward", "cache of low"),
    ]
    assert [entry[4] for entry in log] == ["d2", "d1"]
    assert dstate0 == ("dstate0 of low", "dstate0 of high")
    assert dparams == ("dparams of low", "dparams of high")


def test_the_backward_reader_gets_time_and_mask_flipped(log, x):
    net = bidirectional(recorder(log, "ahead"), recorder(log, "back"))
    mask = lengths_to_mask([3, 1])
    y, _, cache = net.forward(net.init(None), x, mask=mask)
    ahead, back = log
    np.testing.assert_array_equal(ahead[3], x)
    np.testing.assert_array_equal(back[3], x[::-1])
    np.testing.assert_array_equal(back[5], mask[::-1])
    np.testing.assert_array_equal(y, np.concatenate([x, x], axis=-1))
    dx, _, _ = net.backward(np.concatenate([x, 10 * x], axis=-1), cache)
    np.testing.assert_array_equal(log[-1][3], 10 * x[::-1])
    np.testing.assert_array_equal(dx, 11 * x)


def test_both_readers_get_the_rng(log, x):
    net, rng = bidirectional(recorder(log, "ahead"), recorder(log, "back")), object()
    net.forward(net.init(None), x, rng=rng)
    assert all(entry[6] is rng for entry in log)


def test_both_readers_may_read_ids():
    net = bidirectional(
        stack(embedding_layer(5, 4), rnn_layer(4, 3)), stack(embedding_layer(5, 2), rnn_layer(2, 3))
    )
    params, ids = net.init(np.random.default_rng(0)), np.array([[4, 1], [0, 4]])
    y, _, cache = net.forward(params, ids)
    dx, _, ((dE, _), (dE_back, _)) = net.backward(y, cache)
    assert dx is None
    assert [not row.any() for row in dE] == [not row.any() for row in dE_back]
    assert [not row.any() for row in dE] == [False, False, True, True, False]


def test_sums_of_both_directions(log, x):
    net = bidirectional(recorder(log, "ahead"), recorder(log, "back"), merge="sum")
    y, _, cache = net.forward(net.init(None), x)
    np.testing.assert_array_equal(y, 2 * x)
    np.testing.assert_array_equal(net.backward(x, cache)[0], 2 * x)
    assert net.n_out == 2


def test_the_backward_reader_is_a_run_over_each_sequence_reversed(normal):
    # Another way to the same: reverse within the lengths, run forwards, reverse again.
    net = bidirectional(rnn_layer(4, 3), rnn_layer(4, 5))
    params, x, lengths = net.init(np.random.default_rng(0)), normal(6, 3, 4), [6, 2, 4]
    mask = lengths_to_mask(lengths)
    y, (_, state), _ = net.forward(params, x, mask=mask)
    h, h_T, _ = rnn_forward(params[1], reverse_within_lengths(x, lengths), mask=mask)
    h = reverse_within_lengths(h, lengths)
    np.testing.assert_allclose(y[..., 3:][mask], h[mask], rtol=0, atol=1e-14)
    np.testing.assert_allclose(state, h_T, rtol=0, atol=1e-14)
    assert not y[..., 3:][~mask].any()  # at padding it holds its first state, zero


def test_dropout_acts_only_with_rng(normal):
    net = stack(dense_layer(4, 50), dropout_layer(0.5), dense_layer(50, 3))
    params, x = net.init(np.random.default_rng(0)), normal(6, 3, 4)
    quiet, _, _ = net.forward(params, x)
    dropped = [net.forward(params, x, rng=np.random.default_rng(s))[0] for s in (1, 1, 2)]
    plain = stack(dense_layer(4, 50), dense_layer(50, 3))
    np.testing.assert_array_equal(quiet, plain.forward((params[0], params[2]), x)[0])
    np.testing.assert_array_equal(dropped[0], dropped[1])
    assert not np.allclose(dropped[0], dropped[2])
    assert not np.allclose(dropped[0], quiet)


def test_gradients_with_dropout_are_those_of_the_same_draw(normal):
    net = stack(dense_layer(4, 6), dropout_layer(0.5), dense_layer(6, 3))
    params, x, dy = net.init(np.random.default_rng(0)), normal(6, 3, 4), normal(6, 3, 3)

    def forward(x):
        return net.forward(params, x, rng=np.random.default_rng(1))

    v = normal(*x.shape)
    numeric = np.sum(dy * (forward(x + 1e-5 * v)[0] - forward(x - 1e-5 * v)[0])) / 2e-5
    dx, _, _ = net.backward(dy, forward(x)[2])
    np.testing.assert_allclose(np.sum(dx * v), numeric, rtol=1e-8)


def test_a_stack_of_dropout_alone_has_any_size(normal):
    assert stack(dropout_layer(0.1), dropout_layer(0.2))[3:] == (None, None)
    assert stack(dropout_layer(0.1), dense_layer(4, 3), dropout_layer(0.1))[3:] == (4, 3)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: stack(), ValueError, "stack: layers must be at least 1, got 0"),
        (
            lambda: stack([rnn_layer(4, 3), dense_layer(3, 2)]),
            TypeError,
            "stack: layers[0] must be a Layer, got list",
        ),
        (
            lambda: stack(rnn_layer(4, 3), dense_layer),
            TypeError,
            "stack: layers[1] must be a Layer, got function",
        ),
        (
            lambda: bidirectional(rnn_layer(4, 3), rnn_layer),
            TypeError,
            "bidirectional: backward must be a Layer, got function",
        ),
        (
            lambda: bidirectional((rnn_layer(4, 3),), rnn_layer(4, 3)),
            TypeError,
            "bidirectional: forward must be a Layer, got tuple",
        ),
        (
            lambda: stack(dense_layer(4, 3), dropout_layer(0.1), dense_layer(4, 2)),
            ShapeError,
            "stack: layers[2] must have n_in=3, the size of what comes from below, got 4",
        ),
        (
            lambda: bidirectional(rnn_layer(4, 3), rnn_layer(5, 3)),
            ShapeError,
            "bidirectional: backward must have n_in=4 as forward, got 5",
        ),
        (
            lambda: bidirectional(rnn_layer(4, 3), rnn_layer(4, 2), merge="sum"),
            ShapeError,
            "bidirectional: backward must have n_out=3 as forward, got 2",
        ),
        (
            lambda: bidirectional(rnn_layer(4, 3), dropout_layer(0.1)),
            ShapeError,
            "bidirectional: backward must have n_in=4 as forward, got None",
        ),
        (
            lambda: bidirectional(dropout_layer(0.1), dropout_layer(0.1)),
            ShapeError,
            "bidirectional: forward must have sizes of its own, got None",
        ),
        (
            lambda: bidirectional(rnn_layer(4, 3), rnn_layer(4, 3), merge="mean"),
            ValueError,
            "bidirectional: merge must be one of 'concat', 'sum', got 'mean'",
        ),
        (
            lambda: lstm_layer(4.0, 3),
            TypeError,
            "lstm_layer: D must be an integer, got float",
        ),
        (
            lambda: rnn_layer(4, 3, truncate=0),
            ValueError,
            "rnn_layer: truncate must be at least 1, got 0",
        ),
    ],
)
def test_building_names_what_is_wrong(build, error, message):
    with pytest.raises(error) as raised:
        build()
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"state0": (None,)}, "stack: state0 must be a tuple of 2 parts, got 1"),
        ({"state0": np.zeros((2, 3))}, "stack: state0 must be a tuple of 2 parts, got ndarray"),
        ({"params": ()}, "stack: params must be a tuple of 2 parts, got 0"),
        (
            {"state0": (None, np.zeros((2, 3)))},
            "dense_layer: a state must be None, got ndarray",
        ),
    ],
)
def test_running_names_what_is_wrong(change, message):
    net = stack(rnn_layer(4, 3), dense_layer(3, 2))
    arguments = {"params": net.init(np.random.default_rng(0)), "x": np.zeros((5, 2, 4)), **change}
    with pytest.raises(ValueError, match="must be") as raised:
        net.forward(**arguments)
    assert str(raised.value) == message


def test_ids_come_lowest():
    net = stack(embedding_layer(5, 4), rnn_layer(4, 3))
    params = net.init(np.random.default_rng(0))
    with pytest.raises(TypeError, match="ids must be integers, got float64"):
        net.forward(params, np.zeros((6, 2)))
