"""Both cross-entropies: values, extreme scores, targets."""

import math

import numpy as np
import pytest

from rnnref import ShapeError, binary_cross_entropy, one_hot, softmax_cross_entropy

T, B, K = 6, 3, 4


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def column(*values, dtype=np.float64):
    """Return an array (T, 1, 1)."""
    return np.array(values, dtype).reshape(-1, 1, 1)


def test_softmax_by_explicit_loops(rng):
    logits, targets = rng.normal(size=(T, B, K)), rng.integers(K, size=(T, B))
    total, dlogits = 0.0, np.zeros((T, B, K))
    for t in range(T):
        for s in range(B):
            exps = [math.exp(score) for score in logits[t, s]]
            right = targets[t, s]
            total -= math.log(exps[right] / sum(exps)) / B
            for k in range(K):
                dlogits[t, s, k] = (exps[k] / sum(exps) - (k == right)) / B
    loss, gradient = softmax_cross_entropy(logits, targets)
    assert loss == pytest.approx(total, rel=1e-14)
    np.testing.assert_allclose(gradient, dlogits, rtol=0, atol=1e-15)


def test_softmax_ignores_what_all_scores_share(rng):
    logits, targets = rng.normal(size=(T, B, K)), rng.integers(K, size=(T, B))
    loss, gradient = softmax_cross_entropy(logits, targets)
    moved, same = softmax_cross_entropy(logits + rng.normal(size=(T, B, 1)), targets)
    assert moved == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(same, gradient, rtol=0, atol=1e-15)
    np.testing.assert_allclose(gradient.sum(axis=-1), 0, rtol=0, atol=1e-15)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    targets = np.zeros((25, 1), int)
    assert softmax_cross_entropy(np.zeros((25, 1, 93)), targets)[0] == pytest.approx(
        25 * math.log(93), rel=1e-14
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("scores", "target", "loss", "gradient"),
    [
        ([1000.0, -1000.0], 0, 0.0, [0.0, 0.0]),
        ([1000.0, -1000.0], 1, 2000.0, [1.0, -1.0]),
        ([1000.0, 1000.0], 1, math.log(2), [0.5, -0.5]),
        ([-1000.0, -1000.0], 0, math.log(2), [-0.5, 0.5]),
        ([0.0, -np.inf], 0, 0.0, [0.0, 0.0]),
        ([0.0, -np.inf], 1, math.inf, [1.0, -1.0]),
        ([40.0, 0.0], 1, 40.0, [1.0, -1.0]),
    ],
)
def test_softmax_of_extreme_scores(dtype, scores, target, loss, gradient):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found, dlogits = softmax_cross_entropy(np.array([[scores]], dtype), np.array([[target]]))
    assert found == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(dlogits[0, 0], gradient, rtol=0, atol=1e-6)


def test_targets_of_any_integer_dtype(rng):
    logits, targets = rng.normal(size=(T, B, K)), rng.integers(K, size=(T, B))
    expected = softmax_cross_entropy(logits, targets)[0]
    for dtype in ["i1", "u1", "i4", "u8"]:
        assert softmax_cross_entropy(logits, targets.astype(dtype))[0] == expected


@pytest.mark.parametrize("target", [-1, K, -100])
def test_a_target_outside_the_alphabet_is_named(target):
    targets = np.zeros((T, B), int)
    targets[2, 1] = target
    message = f"softmax_cross_entropy: targets must lie in 0 … 3, got {target}"
    with pytest.raises(ValueError, match=message):
        softmax_cross_entropy(np.zeros((T, B, K)), targets)


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        (np.zeros((T, B, K), int), ShapeError, "must have shape (T=6, B=3), got (6, 3, 4)"),
        (np.zeros((B, T), int), ShapeError, "must have shape (T=6, B=3), got (3, 6)"),
        (np.zeros((T, B)), TypeError, "must be integers, got float64"),
        (np.zeros((T, B), bool), TypeError, "must be integers, got bool"),
    ],
)
def test_class_targets_of_a_wrong_kind(targets, error, message):
    with pytest.raises(error) as raised:
        softmax_cross_entropy(np.zeros((T, B, K)), targets)
    assert str(raised.value) == f"softmax_cross_entropy: targets {message}"


def test_binary_by_explicit_loops(rng):
    logits, targets = rng.normal(size=(T, B, K)), rng.random((T, B, K))
    total, dlogits = 0.0, np.zeros((T, B, K))
    for index, o in np.ndenumerate(logits):
        y, predicted = targets[index], 1 / (1 + math.exp(-o))
        total -= (y * math.log(predicted) + (1 - y) * math.log(1 - predicted)) / B
        dlogits[index] = (predicted - y) / B
    loss, gradient = binary_cross_entropy(logits, targets)
    assert loss == pytest.approx(total, rel=1e-14)
    np.testing.assert_allclose(gradient, dlogits, rtol=0, atol=1e-15)


def test_one_yes_or_no_is_a_softmax_over_zero_and_the_score(rng):
    logits, targets = rng.normal(size=(T, B, 1)), rng.integers(2, size=(T, B))
    both = np.concatenate([np.zeros((T, B, 1)), logits], axis=-1)
    loss, gradient = binary_cross_entropy(logits, one_hot(targets, 2)[..., 1:])
    expected, pair = softmax_cross_entropy(both, targets)
    assert loss == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, pair[..., 1:], rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bools_are_certain_answers(rng, dtype):
    logits, answers = rng.normal(size=(T, B, K)).astype(dtype), rng.random((T, B, K)) < 0.5
    loss, gradient = binary_cross_entropy(logits, answers)
    expected, same = binary_cross_entropy(logits, answers.astype(dtype))
    assert loss == expected
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(gradient, same)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("score", "target", "loss", "gradient"),
    [
        (1000.0, 1.0, 0.0, 0.0),
        (1000.0, 0.0, 1000.0, 1.0),
        (-1000.0, 1.0, 1000.0, -1.0),
        (-1000.0, 0.0, 0.0, 0.0),
        (1000.0, 0.25, 750.0, 0.75),
        (0.0, 1.0, math.log(2), -0.5),
    ],
)
def test_binary_of_extreme_scores(dtype, score, target, loss, gradient):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found, dlogits = binary_cross_entropy(
            column(score, dtype=dtype), column(target, dtype=dtype)
        )
    assert found == pytest.approx(loss, rel=1e-6)
    assert dlogits.item() == pytest.approx(gradient, rel=1e-6)


def test_a_sure_and_right_answer_keeps_its_small_loss():
    loss = binary_cross_entropy(column(40.0), column(1.0))[0]
    assert loss == pytest.approx(math.exp(-40), rel=1e-12, abs=0)


@pytest.mark.parametrize("target", [-0.1, 1.5, np.nan, np.inf])
def test_no_probability(target):
    targets = np.zeros((T, B, K))
    targets[2, 1, 3] = target
    with pytest.raises(ValueError, match=f"targets must lie in 0 … 1, got {target}"):
        binary_cross_entropy(np.zeros((T, B, K)), targets)


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        (np.zeros((T, B)), ShapeError, "must have shape (T=6, B=3, K=4), got (6, 3)"),
        (np.zeros((T, B, K), int), TypeError, "must have dtype float64, got int64"),
        (np.zeros((T, B, K), "f4"), TypeError, "must have dtype float64, got float32"),
    ],
)
def test_answers_of_a_wrong_kind(targets, error, message):
    with pytest.raises(error) as raised:
        binary_cross_entropy(np.zeros((T, B, K)), targets)
    assert str(raised.value) == f"binary_cross_entropy: targets {message}"
