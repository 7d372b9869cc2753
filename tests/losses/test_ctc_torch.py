"""The CTC loss against PyTorch's."""

import numpy as np
import pytest

from rnnref import ctc_loss

torch = pytest.importorskip(
    "torch", reason="PyTorch, the optional extra `oracle`, is not installed"
)

REDUCTIONS = {"sequence": "sum", "mean": "mean", "sum": "sum"}  # ours: PyTorch's


def pytorch(logits, labels, lengths=None, blank=0, reduction="sequence", zero_infinity=False):
    """Return the same loss and gradient, the scores beforehand put through PyTorch's softmax."""
    T, B, K = logits.shape
    scores = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.ctc_loss(
        scores.log_softmax(dim=2),
        torch.tensor([letter for label in labels for letter in label], dtype=torch.long),
        torch.tensor([T] * B if lengths is None else lengths),
        torch.tensor([len(label) for label in labels]),
        blank=blank,
        reduction=REDUCTIONS[reduction],
        zero_infinity=zero_infinity,
    )
    if reduction == "sequence":
        loss = loss / B
    loss.backward()
    return loss.item(), scores.grad.numpy()


def assert_same(logits, labels, **options):
    loss, dlogits = ctc_loss(logits, labels, **options)
    expected, gradient = pytorch(logits, labels, **options)
    np.testing.assert_allclose(loss, expected, rtol=1e-10)
    np.testing.assert_allclose(dlogits, gradient, rtol=0, atol=1e-10)


@pytest.mark.parametrize("scale", [0.1, 1, 10])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("blank", [0, 3, 7])
def test_ragged_batches(blank, reduction, scale):
    rng = np.random.default_rng(blank)
    T, B, K = 40, 9, 8
    logits = scale * rng.normal(size=(T, B, K))
    letters = np.delete(np.arange(K), blank)
    labels = [rng.choice(letters, size=n).tolist() for n in (0, 1, 2, 5, 8, 10, 13, 13, 15)]
    lengths = [T, 7, T, 12, 20, 33, T, 36, T]
    assert_same(logits, labels, lengths=lengths, blank=blank, reduction=reduction)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("label", [[1, 2, 3, 1, 2, 3, 1], [1, 1, 1, 1], [2, 2, 3, 3, 1]], ids=str)
def test_impossible_labels_that_count_nothing(label, reduction):
    logits = np.random.default_rng(0).normal(size=(6, 3, 4))
    labels = [[1, 2], label, [3]]
    assert_same(logits, labels, reduction=reduction, zero_infinity=True)
    assert ctc_loss(logits, labels)[0] == pytorch(logits, labels)[0] == np.inf


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_long_sequences(reduction):
    rng = np.random.default_rng(1)
    logits = 3 * rng.normal(size=(600, 2, 12))
    labels = [rng.integers(1, 12, size=n).tolist() for n in (150, 40)]
    assert_same(logits, labels, lengths=[600, 411], reduction=reduction)


def test_scores_around_1000():
    # Logarithms around −10⁶ are rounded to 10⁻¹⁰, once for every frame.
    rng = np.random.default_rng(2)
    logits = 1000 * rng.normal(size=(1000, 2, 10))
    labels = [rng.integers(1, 10, size=n).tolist() for n in (300, 100)]
    loss, dlogits = ctc_loss(logits, labels)
    expected, gradient = pytorch(logits, labels)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)
    np.testing.assert_allclose(dlogits, gradient, rtol=0, atol=1e-7)
