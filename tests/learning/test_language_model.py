"""Sampling from a language model: by frequencies, by its inputs, at any temperature."""

import numpy as np
import pytest

from rnnref import DenseParams, Layer, RNNParams, ShapeError, char_lm, sample

V = 4


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def counting(rng, scores):
    """Return a model that scores the next symbol by the last one alone: a Markov chain."""
    net = char_lm(V, V)
    eye = np.eye(V)
    params = (None, (RNNParams(20 * eye, 0 * eye, np.zeros(V)),), DenseParams(scores.T, 0 * eye[0]))
    return net, params


def test_frequencies_are_the_models_probabilities(rng):
    scores = rng.normal(size=(V, V))
    net, params = counting(rng, scores)
    n = 4000
    ids = np.concatenate([[0], sample(net, params, [0], n, rng, temperature=0.7)])
    for symbol in range(V):
        after = ids[1:][ids[:-1] == symbol]
        p = np.exp(scores[symbol] / 0.7)
        p /= p.sum()
        shares = np.bincount(after, minlength=V) / len(after)
        assert np.all(np.abs(shares - p) < 5 * np.sqrt(p * (1 - p) / len(after)))


def test_it_reads_the_prompt_and_then_what_it_wrote(rng):
    read = []

    def forward(params, x, state0=None, *, mask=None, rng=None):
        read.append((x[:, 0].tolist(), state0))
        logits = np.zeros((*x.shape, V))
        logits[-1, 0, len(read) % V] = 1e9
        return logits, f"after {len(read)}", None

    net = Layer(None, forward, None, V, V)
    assert sample(net, None, [3, 2], 3, rng).tolist() == [1, 2, 3]
    assert read == [([3, 2], None), ([1], "after 1"), ([2], "after 2")]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cold_and_hot(rng, dtype):
    net = char_lm(V, 6, dtype=dtype)
    params = net.init(rng)
    logits, _, _ = net.forward(params, np.array([[1]]))
    for temperature in (1e-6, 1e-50, 5e-324):
        cold = [sample(net, params, [1], 1, rng, temperature=temperature)[0] for _ in range(20)]
        assert set(cold) == {logits.argmax()}
    for temperature in (1e9, np.inf):
        hot = [sample(net, params, [1], 1, rng, temperature=temperature)[0] for _ in range(400)]
        assert np.all(np.abs(np.bincount(hot) / 400 - 1 / V) < 0.12)


def test_the_same_seed_writes_the_same(rng):
    net = char_lm(V, 6)
    params = net.init(rng)
    one, two = (sample(net, params, [0], 9, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert sample(net, params, [0], 0, rng).shape == (0,)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"prompt": [0.0]}, TypeError, "sample: prompt must be integers, got float64"),
        (
            {"prompt": []},
            ShapeError,
            "sample: prompt must have shape (P,) with P at least 1, got (0,)",
        ),
        ({"prompt": [[1]]}, ShapeError, "sample: prompt must have shape (P,), got (1, 1)"),
        ({"prompt": [4]}, ValueError, "sample: prompt must lie in 0 … 3, got 4"),
        ({"n": -1}, ValueError, "sample: n must be at least 0, got -1"),
        ({"n": 1.0}, TypeError, "sample: n must be an integer, got float"),
        ({"temperature": 0}, ValueError, "sample: temperature must be positive, got 0"),
        ({"temperature": np.nan}, ValueError, "sample: temperature must be positive, got nan"),
    ],
)
def test_it_names_what_is_wrong(rng, change, error, message):
    net = char_lm(V, 6)
    arguments = {"prompt": [0], "n": 1, **change}
    with pytest.raises(error) as raised:
        sample(net, net.init(rng), rng=rng, **arguments)
    assert str(raised.value) == message
