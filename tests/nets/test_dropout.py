"""Dropout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnref import ShapeError, check_gradient, dropout_backward, dropout_forward

T, B, D = 7, 3, 4


@given(p=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_each_number_is_dropped_or_scaled_up(p, seed):
    x = np.random.default_rng(1).normal(size=(T, B, D))
    y, _ = dropout_forward(x, p, np.random.default_rng(seed))
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / (1 - p), rtol=1e-12)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_expectation_of_y_is_x(p, dtype):
    # The mean of n numbers 0 or 1 / (1 − p) has the standard deviation √(p / (1 − p) / n).
    n = 100_000
    y, _ = dropout_forward(np.ones((n, 1), dtype), p, np.random.default_rng(0))
    assert abs(y.mean(dtype=np.float64) - 1) < 4 * np.sqrt(p / (1 - p) / n)
    assert abs(np.mean(y == 0) - p) < 4 * np.sqrt(p * (1 - p) / n)


def test_numbers_are_dropped_independently(normal):
    _, m = dropout_forward(np.ones((400, 20)), 0.5, np.random.default_rng(0))
    correlations = np.corrcoef(m.T) - np.eye(20)
    assert np.abs(correlations).max() < 5 / np.sqrt(400)


def test_nothing_is_dropped_in_evaluation_or_with_probability_zero(normal):
    x, dy = normal(T, B, D), normal(T, B, D)
    for p, rng in [(0.5, None), (0.0, None), (0, np.random.default_rng(0))]:
        y, cache = dropout_forward(x, p, rng)
        np.testing.assert_array_equal(y, x)
        assert not np.shares_memory(y, x)
        np.testing.assert_array_equal(dropout_backward(dy, cache), dy)


def test_a_seed_drops_the_same_numbers_in_every_dtype(normal):
    x = normal(T, B, D)
    double, _ = dropout_forward(x, 0.3, np.random.default_rng(5))
    for dtype in (np.float32, np.complex128):
        y, _ = dropout_forward(x.astype(dtype), 0.3, np.random.default_rng(5))
        assert y.dtype == dtype
        np.testing.assert_allclose(y, double, rtol=1e-6)


def test_gradient(normal):
    x, dy = normal(T, B, D), normal(T, B, D)

    def loss(x):
        return np.sum(dy * dropout_forward(x, 0.4, np.random.default_rng(5))[0])

    dx = dropout_backward(dy, dropout_forward(x, 0.4, np.random.default_rng(5))[1])
    check_gradient(loss, x, dx, rng=np.random.default_rng(2))


def test_float32_in_float32_out(normal):
    x = normal(T, B, D, dtype=np.float32)
    for rng in (None, np.random.default_rng(0)):
        y, cache = dropout_forward(x, 0.5, rng)
        assert y.dtype == dropout_backward(x, cache).dtype == np.float32


def test_no_steps():
    y, cache = dropout_forward(np.zeros((0, B, D)), 0.5, np.random.default_rng(0))
    assert y.shape == dropout_backward(y, cache).shape == (0, B, D)


@pytest.mark.parametrize(
    ("x", "p", "error", "message"),
    [
        (np.zeros((T, B, D)), 1.0, ValueError, "p must lie in 0 ≤ p < 1, got 1.0"),
        (np.zeros((T, B, D)), -0.1, ValueError, "p must lie in 0 ≤ p < 1, got -0.1"),
        (np.zeros((T, B, D)), np.nan, ValueError, "p must lie in 0 ≤ p < 1, got nan"),
        (np.zeros(D), 0.5, ShapeError, "x must have shape (..., B, D), got (4,)"),
        (
            np.zeros((T, 0, D)),
            0.5,
            ShapeError,
            "x must have shape (..., B, D) with B at least 1, got (7, 0, 4)",
        ),
        (
            np.zeros((B, D), int),
            0.5,
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
    ],
)
def test_forward_names_what_is_wrong(x, p, error, message):
    with pytest.raises(error) as raised:
        dropout_forward(x, p, None)
    assert str(raised.value) == f"dropout_forward: {message}"


@pytest.mark.parametrize(
    ("dy", "error", "message"),
    [
        (np.zeros((B, D)), ShapeError, "dy must have shape (7, 3, 4), got (3, 4)"),
        (np.zeros((T, B, D), "f4"), TypeError, "dy must have dtype float64, got float32"),
    ],
)
@pytest.mark.parametrize("rng", [None, np.random.default_rng(0)])
def test_backward_names_what_is_wrong(normal, rng, dy, error, message):
    cache = dropout_forward(normal(T, B, D), 0.5, rng)[1]
    with pytest.raises(error) as raised:
        dropout_backward(dy, cache)
    assert str(raised.value) == f"dropout_backward: {message}"
