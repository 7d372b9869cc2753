"""The layer that keeps each sequence's last valid step: against a loop, for every mask."""

import numpy as np
import pytest

from rnnref import ShapeError, check_gradient, last_step_layer

LAYER = last_step_layer()


def naive(x, mask):
    """Look for each sequence's last valid step; zeros if there is none."""
    T, B, D = x.shape
    y = np.zeros((1, B, D), x.dtype)
    for s in range(B):
        for t in range(T):
            if mask is None or mask[t, s]:
                y[0, s] = x[t, s]
    return y


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_gradients(normal, mask, dtype):
    x, dy = normal(7, 3, 4, dtype=dtype), normal(1, 3, 4, dtype=dtype)
    y, state, cache = LAYER.forward(None, x, mask=mask)
    dx, dstate0, dparams = LAYER.backward(dy, cache)
    assert (state, dstate0, dparams) == (None, None, None)
    np.testing.assert_array_equal(y, naive(x, mask))
    assert y.dtype == dx.dtype == dtype
    rng = np.random.default_rng(0)
    check_gradient(lambda x: np.sum(dy * naive(x, mask)), x, dx, rng=rng)


def test_no_steps():
    y, _, cache = LAYER.forward(None, np.zeros((0, 3, 4)))
    np.testing.assert_array_equal(y, np.zeros((1, 3, 4)))
    assert LAYER.backward(y, cache)[0].shape == (0, 3, 4)


def test_it_names_what_is_wrong(normal):
    x = normal(7, 3, 4)
    with pytest.raises(ShapeError, match="with B at least 1"):
        LAYER.forward(None, x[:, :0])
    with pytest.raises(ShapeError, match=r"mask must have shape \(T=7, B=3\), got \(3, 7\)"):
        LAYER.forward(None, x, mask=np.ones((3, 7), bool))
    with pytest.raises(ValueError, match="last_step_layer: a state must be None, got ndarray"):
        LAYER.forward(None, x, np.zeros((3, 4)))
