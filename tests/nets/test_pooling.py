"""Max pooling: values, gradients, ties, edges, errors."""

import numpy as np
import pytest

from rnnref import ShapeError, check_gradient, max_pool_backward, max_pool_forward

B, C = 3, 2
POOLS = [(2, 2), (1, 1), (3, 2), (1, 4), (9, 1)]


@pytest.fixture(params=POOLS)
def pool(request):
    return request.param


@pytest.fixture(params=[(6, 4), (7, 5), (1, 1)])
def x(request, normal):
    T, height = request.param
    return normal(T, B, height, C)


def naive_run(x, dy, pool):
    """Look at one window at a time; the first of equal numbers gets the gradient."""
    (T, _, height, _), (p_t, p_h) = x.shape, pool
    y, dx = np.zeros_like(dy), np.zeros_like(x)
    for t, s, r, c in np.ndindex(dy.shape):
        best = None
        for i in range(p_t * t, min(p_t * (t + 1), T)):
            for j in range(p_h * r, min(p_h * (r + 1), height)):
                if best is None or x[i, s, j, c] > x[best]:
                    best = i, s, j, c
        y[t, s, r, c] = x[best]
        dx[best] += dy[t, s, r, c]
    return y, dx


def test_values_and_gradients_are_those_of_explicit_loops(x, pool, normal):
    y, cache = max_pool_forward(x, pool)
    dy = normal(*y.shape)
    expected = naive_run(x, dy, pool)
    np.testing.assert_array_equal(y, expected[0])
    np.testing.assert_array_equal(max_pool_backward(dy, cache), expected[1])


def test_width_and_height_are_rounded_up(normal):
    assert max_pool_forward(normal(7, B, 5, C), (2, 3))[0].shape == (4, B, 2, C)


def test_the_first_of_equal_numbers_gets_the_gradient(pool, normal):
    x = np.random.default_rng(2).integers(3, size=(7, B, 5, C)).astype(float)
    y, cache = max_pool_forward(x, pool)
    dy = normal(*y.shape)
    np.testing.assert_array_equal(max_pool_backward(dy, cache), naive_run(x, dy, pool)[1])


def test_gradient(x, pool, normal):
    y, cache = max_pool_forward(x, pool)
    dy = normal(*y.shape)
    dx, rng = max_pool_backward(dy, cache), np.random.default_rng(2)
    check_gradient(lambda x: np.sum(dy * max_pool_forward(x, pool)[0]), x, dx, rng=rng)


def test_float32_in_float32_out(pool, normal):
    x = normal(7, B, 5, C, dtype=np.float32)
    y, cache = max_pool_forward(x, pool)
    assert y.dtype == max_pool_backward(y, cache).dtype == np.float32


def test_y_is_no_view_of_x(pool, x):
    assert not np.shares_memory(max_pool_forward(x, pool)[0], x)


def test_backward_may_be_called_twice(pool, x):
    y, cache = max_pool_forward(x, pool)
    dy = y.copy()
    first = max_pool_backward(dy, cache)
    np.testing.assert_array_equal(max_pool_backward(dy, cache), first)
    np.testing.assert_array_equal(dy, y)


def test_no_columns(pool):
    y, cache = max_pool_forward(np.zeros((0, B, 4, C)), pool)
    assert y.shape == (0, B, -(-4 // pool[1]), C)
    assert max_pool_backward(y, cache).shape == (0, B, 4, C)


@pytest.mark.parametrize(
    ("x", "pool", "error", "message"),
    [
        (
            np.zeros((6, 3, 4)),
            (2, 2),
            ShapeError,
            "x must have shape (T, B, height, C), got (6, 3, 4)",
        ),
        (
            np.zeros((6, 3, 4, 1), int),
            (2, 2),
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
        (
            np.zeros((6, 3, 4, 1)),
            2,
            ValueError,
            "pool must be a pair of integers, got 2",
        ),
        (np.zeros((6, 3, 4, 1)), (0, 2), ValueError, "pool must be at least 1, got 0"),
        (np.zeros((6, 3, 4, 1)), (2, 2.0), TypeError, "pool must be an integer, got float"),
    ],
)
def test_forward_names_what_is_wrong(x, pool, error, message):
    with pytest.raises(error) as raised:
        max_pool_forward(x, pool)
    assert str(raised.value) == f"max_pool_forward: {message}"


def test_backward_names_what_is_wrong(normal):
    y, cache = max_pool_forward(normal(7, B, 5, C))
    with pytest.raises(ShapeError) as raised:
        max_pool_backward(y[1:], cache)
    message = "dy must have shape (4, 3, 3, 2), got (3, 3, 3, 2)"
    assert str(raised.value) == f"max_pool_backward: {message}"
    with pytest.raises(TypeError, match="max_pool_backward: dy must have dtype float64"):
        max_pool_backward(y.astype("f4"), cache)
