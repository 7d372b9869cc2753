"""What training and validation ask of a network."""

import numpy as np
import pytest

from rnnref import (
    char_lm,
    check_gradient,
    classifier,
    lengths_to_mask,
    mean_loss,
    mse,
    network_loss,
    rnn_layer,
    softmax_cross_entropy,
)

V, H = 6, 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def text(rng):
    return rng.integers(V, size=(13, 2))


@pytest.mark.parametrize("reduction", ["sequence", "mean", "sum"])
@pytest.mark.parametrize("mask", [None, lengths_to_mask([12, 4])])
def test_value_and_gradient(rng, text, reduction, mask):
    net = char_lm(V, H)
    params, batch = net.init(rng), (text[:-1], text[1:], mask)
    f = network_loss(net, reduction=reduction)
    value, dparams = f(params, batch)
    logits, _, _ = net.forward(params, text[:-1], mask=mask)
    expected = softmax_cross_entropy(logits, text[1:], mask=mask, reduction=reduction)[0]
    assert value == expected
    check_gradient(lambda p: f(p, batch)[0], params, dparams, rng=rng)


def test_another_loss(rng):
    net = rnn_layer(3, 4)
    params, x, y = net.init(rng), rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 2, 4))
    value, _ = network_loss(net, mse, reduction="sum")(params, (x, y))
    assert value == pytest.approx(np.sum((net.forward(params, x)[0] - y) ** 2), rel=1e-13)


def test_carried_states_make_pieces_one_text(rng, text):
    net = char_lm(V, H)
    params = net.init(rng)
    pieces = [(text[t : t + 4], text[t + 1 : t + 5]) for t in (0, 4, 8)]
    whole = mean_loss(net, params, [(text[:-1], text[1:])])
    assert mean_loss(net, params, pieces, carry=True) == pytest.approx(whole, rel=1e-13)
    assert mean_loss(net, params, pieces) != pytest.approx(whole, rel=1e-6)


def test_the_gradient_does_not_cross_the_cut(rng, text):
    net = char_lm(V, H)
    params = net.init(rng)
    f = network_loss(net, carry=True)
    first, second = (text[:4], text[1:5]), (text[4:8], text[5:9])
    f(params, first)
    _, dparams = f(params, second)
    state = net.forward(params, text[:4])[1]
    logits, _, cache = net.forward(params, text[4:8], state)
    _, dlogits = softmax_cross_entropy(logits, text[5:9], reduction="mean")
    expected = net.backward(dlogits, cache)[2]
    np.testing.assert_array_equal(dparams[-1].V, expected[-1].V)
    np.testing.assert_array_equal(dparams[1][0].W, expected[1][0].W)


def test_another_number_of_sequences_starts_anew(rng, text):
    net = char_lm(V, H)
    params = net.init(rng)
    f = network_loss(net, carry=True)
    f(params, (text[:4], text[1:5]))
    one = text[4:8, :1], text[5:9, :1]
    assert f(params, one)[0] == network_loss(net)(params, one)[0]


def test_dropout_only_in_training(rng, text):
    net = char_lm(V, H, layers=2, dropout=0.5)
    params, batch = net.init(rng), (text[:-1], text[1:])
    quiet = network_loss(net)(params, batch)[0]
    f = network_loss(net, rng=rng)
    assert len({quiet, f(params, batch)[0], f(params, batch)[0]}) == 3
    assert mean_loss(net, params, [batch]) == pytest.approx(quiet, rel=1e-13)


def test_the_mean_is_over_valid_steps_of_all_batches(rng, text):
    net = char_lm(V, H)
    params, mask = net.init(rng), lengths_to_mask([12, 4])
    batches = [(text[:-1], text[1:], mask), (text[:3], text[1:4])]
    sums = [network_loss(net, reduction="sum")(params, batch)[0] for batch in batches]
    assert mean_loss(net, params, batches) == pytest.approx(sum(sums) / (16 + 6), rel=1e-13)
    assert np.isnan(mean_loss(net, params, []))


def test_a_network_that_answers_once(rng, text):
    net = classifier(V, H, K=3)
    params, mask = net.init(rng), lengths_to_mask([13, 4])
    batch = text, np.array([[2, 0]]), mask
    logits, _, _ = net.forward(params, text, mask=mask)
    expected = softmax_cross_entropy(logits, batch[1], reduction="mean")[0]
    assert network_loss(net)(params, batch)[0] == expected
    assert mean_loss(net, params, [batch]) == pytest.approx(expected, rel=1e-13)


def test_a_batch_has_two_or_three_parts(rng, text):
    net = char_lm(V, H)
    with pytest.raises(ValueError, match="batch must have 2 or 3 parts, got 1"):
        network_loss(net)(net.init(rng), (text,))
