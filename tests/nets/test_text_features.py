"""Features of text images: independence of padding, gradients, and a network with CTC on top."""

import math

import numpy as np
import pytest

from rnnref import (
    ShapeError,
    bidirectional,
    check_gradient,
    conv_forward,
    ctc_loss,
    dense_layer,
    lengths_to_mask,
    max_pool_forward,
    rnn_layer,
    stack,
    text_features,
)

T, B, HEIGHT = 13, 3, 7
LENGTHS = np.array([13, 6, 1])
OPTIONS = [
    {"channels": (2, 3)},
    {"channels": (3,), "pool": (1, 4)},
    {"channels": (2, 2, 2), "kernel": (5, 2), "pool": (2, 1)},
]


@pytest.fixture(params=OPTIONS)
def options(request):
    return request.param


@pytest.fixture
def net(options, normal):
    """Return an extractor, parameters with biases, and images."""
    extractor = text_features(HEIGHT, **options)
    params = extractor.init(np.random.default_rng(3))
    params = tuple(conv._replace(b=0.3 * normal(*conv.b.shape)) for conv in params)
    return extractor, params, normal(T, B, HEIGHT)


def test_it_is_convolution_relu_and_pooling_stage_by_stage(net, options):
    extractor, params, images = net
    features, lengths, _ = extractor.forward(params, images)
    x = images[..., None]
    for conv in params:
        x, _ = max_pool_forward(
            np.maximum(conv_forward(conv, x)[0], 0), options.get("pool", (2, 2))
        )
    np.testing.assert_array_equal(features, x.reshape(len(x), B, -1))
    assert features.shape[2] == extractor.n_out
    np.testing.assert_array_equal(lengths, [len(x)] * B)


@pytest.mark.parametrize("junk", [0.0, 5.0, np.nan])
def test_an_image_in_a_batch_has_the_features_that_it_has_alone(net, junk):
    extractor, params, images = net
    images = np.where(lengths_to_mask(LENGTHS, T)[..., None], images, junk)
    features, lengths, cache = extractor.forward(params, images, LENGTHS)
    dfeatures = np.random.default_rng(4).normal(size=features.shape)
    dimages, dparams = extractor.backward(dfeatures, cache)
    for s in range(B):
        one, n = slice(s, s + 1), LENGTHS[s]
        alone, (m,), alone_cache = extractor.forward(params, images[:n, one])
        assert lengths[s] == m == len(alone)
        np.testing.assert_allclose(features[:m, one], alone, rtol=0, atol=1e-12)
        assert not features[m:, one].any()
        dalone, dparams_alone = extractor.backward(dfeatures[:m, one], alone_cache)
        np.testing.assert_allclose(dimages[:n, one], dalone, rtol=0, atol=1e-12)
        assert not dimages[n:, one].any()
        dparams = tuple(
            type(d)(*(a - b for a, b in zip(d, da, strict=True)))
            for d, da in zip(dparams, dparams_alone, strict=True)
        )
    assert max(np.abs(rest).max() for d in dparams for rest in d) < 1e-12


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients_along_random_directions(net, lengths):
    extractor, params, images = net
    features, _, cache = extractor.forward(params, images, lengths)
    dfeatures = np.random.default_rng(4).normal(size=features.shape)
    dimages, dparams = extractor.backward(dfeatures, cache)

    def loss(at):
        return np.sum(dfeatures * extractor.forward(*at, lengths)[0])

    rng = np.random.default_rng(2)
    check_gradient(loss, (params, images), (dparams, dimages), rng=rng)


def test_with_a_recurrent_network_and_ctc_on_top(normal):
    extractor = text_features(HEIGHT, (2, 3), pool=(2, 2))
    hidden = bidirectional(rnn_layer(extractor.n_out, 4), rnn_layer(extractor.n_out, 4))
    reader = stack(hidden, dense_layer(8, 5))
    rng = np.random.default_rng(5)
    params = extractor.init(rng), reader.init(rng)
    images, labels = normal(T, B, HEIGHT), [[1, 2], [3], [4]]

    def passes(params):
        features, lengths, below = extractor.forward(params[0], images, LENGTHS)
        mask = lengths_to_mask(lengths, len(features))
        logits, _, above = reader.forward(params[1], features, mask=mask)
        loss, dlogits = ctc_loss(logits, labels, lengths=lengths)
        return loss, dlogits, below, above

    loss, dlogits, below, above = passes(params)
    dfeatures, _, dreader = reader.backward(dlogits, above)
    _, dextractor = extractor.backward(dfeatures, below)
    assert np.isfinite(loss)
    check_gradient(lambda at: passes(at)[0], params, (dextractor, dreader), rng=rng)


def test_float32_in_float32_out(options, normal):
    extractor = text_features(HEIGHT, **options, dtype=np.float32)
    params = extractor.init(np.random.default_rng(0))
    images = normal(T, B, HEIGHT, dtype=np.float32)
    features, _, cache = extractor.forward(params, images, LENGTHS)
    dimages, dparams = extractor.backward(features, cache)
    arrays = features, dimages, *(a for conv in dparams for a in conv)
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_the_ways_to_round_lengths_agree():
    extractor = text_features(4, (1, 1), pool=(3, 1))
    params = extractor.init(np.random.default_rng(0))
    for T in range(20):
        features, lengths, _ = extractor.forward(params, np.zeros((T, 1, 4)))
        assert len(features) == lengths[0] == math.ceil(math.ceil(T / 3) / 3)


@pytest.mark.parametrize("kind", ["u1", "i2", "u8"])
def test_lengths_of_any_integer_dtype(kind):
    extractor = text_features(2, (1,), pool=(2, 1))
    params, images = extractor.init(np.random.default_rng(0)), np.zeros((255, 2, 2))
    _, lengths, _ = extractor.forward(params, images, np.array([255, 4], kind))
    np.testing.assert_array_equal(lengths, [128, 2])


@pytest.mark.parametrize("lengths", [None, [0, 0, 0]])
def test_no_columns(net, lengths):
    extractor, params, _ = net
    features, new_lengths, cache = extractor.forward(params, np.zeros((0, B, HEIGHT)), lengths)
    dimages, dparams = extractor.backward(features, cache)
    assert features.shape == (0, B, extractor.n_out)
    assert dimages.shape == (0, B, HEIGHT)
    np.testing.assert_array_equal(new_lengths, [0, 0, 0])
    assert not any(a.any() for conv in dparams for a in conv)


@pytest.mark.parametrize(
    ("images", "lengths", "error", "message"),
    [
        (
            np.zeros((T, B)),
            None,
            ShapeError,
            "text_features: images must have shape (T, B, height=7), got (13, 3)",
        ),
        (
            np.zeros((T, 0, HEIGHT)),
            None,
            ShapeError,
            "text_features: images must have shape (T, B, height=7) with B at least 1, "
            "got (13, 0, 7)",
        ),
        (
            np.zeros((T, B, HEIGHT), "f4"),
            None,
            TypeError,
            "text_features: images must have dtype float64, got float32",
        ),
        (
            np.zeros((T, B, HEIGHT)),
            [13, 6],
            ShapeError,
            "text_features: lengths must have shape (B=3,), got (2,)",
        ),
        (
            np.zeros((T, B, HEIGHT)),
            [14, 6, 1],
            ShapeError,
            "text_features: lengths must be at most T=13, got 14",
        ),
        (
            np.zeros((T, B, HEIGHT)),
            [13.0, 6.0, 1.0],
            TypeError,
            "text_features: lengths must be integers, got float64",
        ),
    ],
)
def test_forward_names_what_is_wrong(images, lengths, error, message):
    extractor = text_features(HEIGHT)
    with pytest.raises(error) as raised:
        extractor.forward(extractor.init(np.random.default_rng(0)), images, lengths)
    assert str(raised.value) == message


def test_backward_names_what_is_wrong(normal):
    extractor = text_features(HEIGHT)
    features, _, cache = extractor.forward(
        extractor.init(np.random.default_rng(0)), normal(T, B, 7)
    )
    with pytest.raises(ShapeError) as raised:
        extractor.backward(features[1:], cache)
    assert str(raised.value) == (
        "text_features: dfeatures must have shape (T'=4, B=3, D=32), got (3, 3, 32)"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"height": 0}, ValueError, "height must be at least 1, got 0"),
        ({"channels": ()}, ShapeError, "channels must hold at least 1 number, got 0"),
        ({"channels": (8, 0)}, ValueError, "channels must be at least 1, got 0"),
        ({"kernel": 3}, ValueError, "kernel must be a pair of integers, got 3"),
        ({"pool": (2, 2, 2)}, ValueError, "pool must be a pair of integers, got (2, 2, 2)"),
        (
            {"dtype": int},
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
    ],
)
def test_errors(arguments, error, message):
    with pytest.raises(error) as raised:
        text_features(**{"height": 24, **arguments})
    assert str(raised.value) == f"text_features: {message}"
