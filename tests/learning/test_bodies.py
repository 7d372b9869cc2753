"""Recurrent layers on top of one another, and the networks made of them."""

import numpy as np
import pytest

from rnnref import (
    char_lm,
    check_gradient,
    classifier,
    dense_forward,
    lengths_to_mask,
    lstm_forward,
    one_hot,
    recurrent_body,
    rnn_forward,
    softmax_cross_entropy,
    tagger,
)

V, H, K = 7, 5, 3
LENGTHS = [6, 2, 4]
MASK = lengths_to_mask(LENGTHS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def ids(rng):
    return rng.integers(V, size=(6, 3))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("both_ways", [False, True])
def test_sizes_of_a_body(rng, cell, both_ways):
    body = recurrent_body(4, H, cell=cell, layers=3, dropout=0.5, both_ways=both_ways)
    y, _, _ = body.forward(body.init(rng), rng.normal(size=(6, 3, 4)))
    assert (body.n_in, body.n_out) == (4, H * (1 + both_ways))
    assert y.shape == (6, 3, body.n_out)


def test_directions_have_parameters_of_their_own(rng):
    ahead, back = recurrent_body(4, H, cell="rnn", both_ways=True).init(rng)[0]
    assert not np.allclose(ahead.U, back.U)


def test_dropout_lies_between_layers_only(rng):
    x = rng.normal(size=(6, 3, 4))
    one = recurrent_body(4, H, dropout=0.9)
    two = recurrent_body(4, H, layers=2, dropout=0.9)
    for body, is_same in ((one, True), (two, False)):
        params = body.init(rng)
        quiet, dropped = (body.forward(params, x, rng=r)[0] for r in (None, rng))
        assert np.array_equal(quiet, dropped) is is_same


@pytest.mark.parametrize("build", [tagger, classifier])
def test_dropout_acts_below_the_read_out_of_a_head(rng, ids, build):
    net = build(V, H, K, dropout=0.5)
    params = net.init(rng)
    quiet, dropped = (net.forward(params, ids, rng=r)[0] for r in (None, rng))
    assert not np.allclose(quiet, dropped)


def test_the_language_model_is_the_documents_network(rng, ids):
    net = char_lm(V, H)
    params = net.init(rng)
    _, (rnn,), dense = params
    h, _, _ = rnn_forward(rnn, one_hot(ids, V))
    np.testing.assert_array_equal(net.forward(params, ids)[0], dense_forward(dense, h)[0])
    assert rnn.U.shape == (H, V)


def test_a_classifier_reads_the_state_after_the_last_valid_step(rng, ids):
    net = classifier(V, H, K)
    params = net.init(rng)
    lstm, dense = params[1][0], params[-1]
    h, _, _ = lstm_forward(lstm, one_hot(ids, V))
    last = np.stack([h[n - 1, i] for i, n in enumerate(LENGTHS)])
    logits, _, _ = net.forward(params, ids, mask=MASK)
    assert logits.shape == (1, 3, K)
    np.testing.assert_allclose(logits[0], last @ dense.V.T + dense.c, rtol=1e-13)


@pytest.mark.parametrize("embedding", [None, 4])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("build", [tagger, classifier, char_lm])
def test_gradients(rng, ids, without_b_hn, build, cell, embedding):
    sizes = (V, H) if build is char_lm else (V, H, K)
    net = build(*sizes, embedding=embedding, cell=cell, layers=2, dropout=0.3)
    params = net.init(rng)
    steps = 1 if build is classifier else len(ids)
    targets = rng.integers(K, size=(steps, 3))
    mask = None if build is classifier else MASK

    def loss(params):
        logits, _, cache = net.forward(params, ids, mask=MASK, rng=np.random.default_rng(1))
        value, dlogits = softmax_cross_entropy(logits, targets, mask=mask)
        return value, net.backward(dlogits, cache)[2]

    check_gradient(lambda p: loss(without_b_hn(p))[0], params, loss(params)[1], rng=rng)


@pytest.mark.parametrize("build", [tagger, classifier, char_lm])
def test_float32(rng, ids, build):
    sizes = (V, H) if build is char_lm else (V, H, K)
    net = build(*sizes, dtype=np.float32)
    assert net.forward(net.init(rng), ids)[0].dtype == np.float32


def test_a_tagger_may_look_ahead(rng, ids):
    changed = ids.copy()
    changed[-1] = (changed[-1] + 1) % V
    for both_ways in (False, True):
        net = tagger(V, H, K, both_ways=both_ways)
        params = net.init(rng)
        before, after = (net.forward(params, i)[0][0] for i in (ids, changed))
        assert np.array_equal(before, after) is not both_ways


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: recurrent_body(4, 3, cell="LSTM"),
            ValueError,
            "recurrent_body: cell must be one of 'rnn', 'lstm', 'gru', got 'LSTM'",
        ),
        (
            lambda: recurrent_body(4, 3, layers=0),
            ValueError,
            "recurrent_body: layers must be at least 1, got 0",
        ),
        (
            lambda: tagger(4, 3, 2, layers=2, dropout=1.0),
            ValueError,
            "dropout_layer: p must lie in 0 ≤ p < 1, got 1.0",
        ),
        (
            lambda: char_lm(0, 3),
            ValueError,
            "rnn_layer: D must be at least 1, got 0",
        ),
    ],
)
def test_building_names_what_is_wrong(build, error, message):
    with pytest.raises(error) as raised:
        build()
    assert str(raised.value) == message
