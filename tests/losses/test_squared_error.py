"""The squared error: values and targets."""

import numpy as np
import pytest

from rnnref import ShapeError, mse

T, B, K = 6, 3, 4


def test_by_explicit_loops():
    rng = np.random.default_rng(3)
    pred, target = rng.normal(size=(2, T, B, K))
    total, dpred = 0.0, np.zeros((T, B, K))
    for index, y in np.ndenumerate(pred):
        total += (y - target[index]) ** 2 / B
        dpred[index] = 2 * (y - target[index]) / B
    loss, gradient = mse(pred, target)
    assert loss == pytest.approx(total, rel=1e-14)
    np.testing.assert_allclose(gradient, dpred, rtol=1e-14)


def test_it_sums_over_outputs_without_one_half():
    assert mse(np.full((1, 1, 3), 2.0), np.zeros((1, 1, 3)), reduction="mean")[0] == 12


def test_no_error():
    loss, gradient = mse(np.ones((T, B, K)), np.ones((T, B, K)))
    assert loss == 0
    assert not gradient.any()


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (np.zeros((T, B)), ShapeError, "must have shape (T=6, B=3, K=4), got (6, 3)"),
        (np.zeros((T, B, 1)), ShapeError, "must have shape (T=6, B=3, K=4), got (6, 3, 1)"),
        (np.zeros((T, B, K), int), TypeError, "must have dtype float64, got int64"),
        (np.zeros((T, B, K), "f4"), TypeError, "must have dtype float64, got float32"),
    ],
)
def test_targets_of_a_wrong_kind(target, error, message):
    with pytest.raises(error) as raised:
        mse(np.zeros((T, B, K)), target)
    assert str(raised.value) == f"mse: target {message}"
