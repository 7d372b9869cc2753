"""The losses against PyTorch's."""

import numpy as np
import pytest

from rnnref import binary_cross_entropy, mse, softmax_cross_entropy

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)

T, B, K = 6, 3, 4
functional = torch.nn.functional

CASES = {
    "softmax": (
        softmax_cross_entropy,
        lambda o, y: functional.cross_entropy(o, y, reduction="none"),
    ),
    "binary": (
        binary_cross_entropy,
        lambda o, y: functional.binary_cross_entropy_with_logits(o, y, reduction="none").sum(-1),
    ),
    "squared": (mse, lambda o, y: functional.mse_loss(o, y, reduction="none").sum(-1)),
}


@pytest.mark.parametrize("scale", [1, 100])
@pytest.mark.parametrize("reduction", ["sequence", "mean", "sum"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients(case, masked, reduction, scale):
    loss, oracle = CASES[case]
    rng = np.random.default_rng(1)
    scores = scale * rng.normal(size=(T, B, K))
    targets = rng.integers(K, size=(T, B)) if case == "softmax" else rng.random((T, B, K))
    mask = rng.random((T, B)) < 0.6 if masked else None
    valid = np.ones((T, B), bool) if mask is None else mask

    leaf = torch.tensor(scores, requires_grad=True)
    divisor = {"sequence": B, "mean": valid.sum(), "sum": 1}[reduction]
    total = oracle(leaf[valid], torch.tensor(targets)[valid]).sum() / divisor
    total.backward()

    value, gradient = loss(scores, targets, mask=mask, reduction=reduction)
    assert value == pytest.approx(total.item(), rel=1e-10)
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=0, atol=1e-10)
