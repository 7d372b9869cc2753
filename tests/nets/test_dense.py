"""The dense layer."""

import numpy as np
import pytest

from rnnref import (
    DenseParams,
    ShapeError,
    check_gradient,
    dense_backward,
    dense_forward,
    init_dense,
)

D, K = 4, 3


@pytest.fixture
def params(normal):
    return DenseParams(normal(K, D), normal(K))


@pytest.mark.parametrize("leading", [(2,), (6, 2), (5, 6, 2)])
def test_each_vector_is_mapped_alone(params, normal, leading):
    x = normal(*leading, D)
    y, _ = dense_forward(params, x)
    assert y.shape == (*leading, K)
    for at in np.ndindex(leading):
        expected = [sum(params.V[k] * x[at]) + params.c[k] for k in range(K)]
        np.testing.assert_allclose(y[at], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("leading", [(2,), (6, 2)])
def test_gradients(params, normal, leading):
    x, dy = normal(*leading, D), normal(*leading, K)
    dx, dparams = dense_backward(dy, dense_forward(params, x)[1])
    assert isinstance(dparams, DenseParams)
    check_gradient(
        lambda at: np.sum(dy * dense_forward(*at)[0]),
        (params, x),
        (dparams, dx),
        rng=np.random.default_rng(2),
    )


def test_float32_in_float32_out():
    params = init_dense(np.random.default_rng(0), D, K, dtype=np.float32)
    y, cache = dense_forward(params, np.ones((6, 2, D), np.float32))
    dx, dparams = dense_backward(y, cache)
    assert {a.dtype for a in (y, dx, *dparams)} == {np.dtype(np.float32)}


def test_no_steps(params):
    y, cache = dense_forward(params, np.zeros((0, 2, D)))
    dx, dparams = dense_backward(y, cache)
    assert y.shape == (0, 2, K)
    assert dx.shape == (0, 2, D)
    assert not any(d.any() for d in dparams)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros(4), ShapeError, "x must have shape (..., B, D=4), got (4,)"),
        (np.zeros((6, 2, 3)), ShapeError, "x must have shape (..., B, D=4), got (6, 2, 3)"),
        (
            np.zeros((6, 0, 4)),
            ShapeError,
            "x must have shape (..., B, D=4) with B at least 1, got (6, 0, 4)",
        ),
        (np.zeros((2, 4), "f4"), TypeError, "x must have dtype float64, got float32"),
    ],
)
def test_forward_names_what_is_wrong(params, x, error, message):
    with pytest.raises(error) as raised:
        dense_forward(params, x)
    assert str(raised.value) == f"dense_forward: {message}"


def test_backward_names_what_is_wrong(params, normal):
    cache = dense_forward(params, normal(6, 2, D))[1]
    with pytest.raises(ShapeError) as raised:
        dense_backward(np.zeros((6, 2, D)), cache)
    assert str(raised.value) == "dense_backward: dy must have shape (6, 2, K=3), got (6, 2, 4)"
