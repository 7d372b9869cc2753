"""What all losses have in common: reductions, masks, dtypes, errors."""

import numpy as np
import pytest

from rnnref import (
    ShapeError,
    binary_cross_entropy,
    check_entries,
    check_gradient,
    mse,
    softmax_cross_entropy,
)

T, B, K = 6, 3, 4
REDUCTIONS = ["sequence", "mean", "sum"]
LOSSES = [softmax_cross_entropy, binary_cross_entropy, mse]
MASKS = {
    "no mask": None,
    "ragged": np.arange(T)[:, None] < np.array([6, 2, 4]),
    "holes": np.random.default_rng(7).random((T, B)) < 0.6,
    "one sequence masked": np.ones((T, B), bool) & np.array([True, False, True]),
    "one valid step": np.arange(T * B).reshape(T, B) == 7,
    "nothing valid": np.zeros((T, B), bool),
}


@pytest.fixture(params=MASKS)
def mask(request):
    """One of `MASKS`."""
    return read_only(MASKS[request.param])


@pytest.fixture(params=LOSSES, ids=lambda loss: loss.__name__)
def loss(request):
    """One of `LOSSES`."""
    return request.param


def read_only(array):
    if array is not None:
        array.flags.writeable = False
    return array


def problem(loss, dtype=np.float64, T=T):
    """Return scores and targets, read-only."""
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(T, B, K))
    targets = {
        softmax_cross_entropy: lambda: rng.integers(K, size=(T, B)),
        binary_cross_entropy: lambda: rng.random((T, B, K)).astype(dtype),
        mse: lambda: rng.normal(size=(T, B, K)).astype(dtype),
    }[loss]()
    return read_only(scores.astype(dtype)), read_only(targets)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_are_those_of_the_loss(loss, mask, reduction):
    scores, targets = problem(loss)
    options = {"mask": mask, "reduction": reduction}
    gradient = loss(scores, targets, **options)[1]
    check_entries(lambda scores: loss(scores, targets, **options)[0], scores, gradient)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_float32_gradients_are_those_of_the_loss(loss, mask, reduction):
    scores, targets = problem(loss, np.float32)
    options, rng = {"mask": mask, "reduction": reduction}, np.random.default_rng(2)
    gradient = loss(scores, targets, **options)[1]
    check_gradient(lambda scores: loss(scores, targets, **options)[0], scores, gradient, rng=rng)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_by_complex_steps(loss, mask, reduction):
    scores, targets = problem(loss)
    value, gradient = loss(scores, targets, mask=mask, reduction=reduction)
    for v in np.random.default_rng(2).normal(size=(3, T, B, K)):
        at, _ = loss(scores + 1e-100j * v, targets, mask=mask, reduction=reduction)
        terms = gradient * v
        assert at.real == pytest.approx(value, rel=1e-14)
        assert abs(at.imag / 1e-100 - terms.sum()) <= 1e-12 * np.sqrt(np.sum(terms**2))


def test_the_gradient_of_complex_scores_goes_on_as_complex(loss):
    # Second derivatives by complex steps: the gradient is analytic too.
    scores, targets = problem(loss)
    v, w = np.random.default_rng(2).normal(size=(2, T, B, K))
    second = np.sum(loss(scores + 1e-100j * v, targets)[1].imag * w) / 1e-100
    ahead, behind = (loss(scores + step * v, targets)[1] for step in (1e-5, -1e-5))
    assert second == pytest.approx(np.sum((ahead - behind) * w) / 2e-5, rel=1e-8)


def test_sums_and_means(loss, mask):
    scores, targets = problem(loss)
    valid = np.ones((T, B), bool) if mask is None else mask
    parts = [
        loss(scores[t : t + 1, s : s + 1], targets[t : t + 1, s : s + 1])
        for t, s in np.argwhere(valid)
    ]
    total = sum(value for value, _ in parts)
    dscores = np.zeros((T, B, K))
    if parts:
        dscores[valid] = [gradient[0, 0] for _, gradient in parts]
    divisors = {"sequence": B, "mean": max(len(parts), 1), "sum": 1}
    for reduction, divisor in divisors.items():
        value, gradient = loss(scores, targets, mask=mask, reduction=reduction)
        assert value == pytest.approx(total / divisor, rel=1e-14)
        np.testing.assert_allclose(gradient, dscores / divisor, rtol=1e-13, atol=1e-16)


def test_the_default_is_the_sum_over_time_of_the_mean_over_sequences(loss, mask):
    scores, targets = problem(loss)
    value, gradient = loss(scores, targets, mask=mask)
    expected, same = loss(scores, targets, mask=mask, reduction="sequence")
    assert value == expected
    np.testing.assert_array_equal(gradient, same)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_padding_changes_nothing(loss, reduction):
    scores, targets = problem(loss)
    mask = np.arange(T)[:, None] < np.array([4, 4, 4])
    value, gradient = loss(scores, targets, mask=mask, reduction=reduction)
    expected, short = loss(scores[:4], targets[:4], reduction=reduction)
    assert value == pytest.approx(expected, rel=1e-15)
    np.testing.assert_array_equal(gradient[:4], short)


@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 1e308])
def test_masked_steps_may_hold_anything(loss, mask, junk):
    scores, targets = problem(loss)
    valid = np.ones((T, B), bool) if mask is None else mask
    spoilt = np.where(valid[..., None], scores, junk)
    if loss is softmax_cross_entropy:
        others = np.where(valid, targets, -100)
    else:
        others = np.where(valid[..., None], targets, junk)
    value, gradient = loss(spoilt, others, mask=mask)
    expected, same = loss(scores, targets, mask=mask)
    assert value == expected
    np.testing.assert_array_equal(gradient, same)
    assert not gradient[~valid].any()


def test_a_nan_at_a_valid_step_is_seen(loss):
    scores, targets = problem(loss)
    spoilt = scores.copy()
    spoilt[2, 1, 3] = np.nan
    value, gradient = loss(spoilt, targets)
    assert np.isnan(value)
    assert np.isnan(gradient[2, 1, 3])
    assert np.isfinite(np.delete(gradient, 2, axis=0)).all()


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("some_mask", [None, np.zeros((0, B), bool)])
def test_no_steps(loss, reduction, some_mask):
    scores, targets = problem(loss, T=0)
    value, gradient = loss(scores, targets, mask=some_mask, reduction=reduction)
    assert value == 0
    assert type(value) is float
    assert gradient.shape == (0, B, K)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_is_a_python_float_and_the_gradient_as_the_scores(loss, mask, dtype):
    scores, targets = problem(loss, dtype)
    value, gradient = loss(scores, targets, mask=mask)
    assert type(value) is float
    assert gradient.dtype == dtype
    expected, exact = loss(*problem(loss), mask=mask)
    assert value == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=1e-6)


def test_float32_is_summed_in_float64(loss):
    # In float32 the sum of 200,000 terms would be off in the fourth digit, added one by one.
    scores, targets = problem(loss, np.float32)
    many = np.tile(scores, (20_000, 1, 1)), np.tile(targets.T, 20_000).T
    value = loss(*many, reduction="mean")[0]
    assert value == pytest.approx(loss(scores, targets, reduction="mean")[0], rel=1e-12)


def test_arrays_in_any_memory_order(loss, mask):
    scores, targets = problem(loss)
    value, gradient = loss(np.asfortranarray(scores), np.asfortranarray(targets), mask=mask)
    expected, same = loss(scores, targets, mask=mask)
    assert value == pytest.approx(expected, rel=1e-15)
    np.testing.assert_allclose(gradient, same, rtol=1e-15)


def test_the_gradient_is_an_array_of_its_own(loss, mask):
    scores, targets = problem(loss)
    gradient = loss(scores, targets, mask=mask)[1]
    assert gradient.flags.writeable
    assert not np.shares_memory(gradient, scores)
    assert not np.shares_memory(gradient, targets)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"scores": np.zeros((T, K))},
            ShapeError,
            "{scores} must have shape (T, B, K), got (6, 4)",
        ),
        (
            {"scores": np.zeros((T, 0, K))},
            ShapeError,
            "{scores} must have shape (T, B, K) with B at least 1, got (6, 0, 4)",
        ),
        (
            {"scores": np.zeros((T, B, 0))},
            ShapeError,
            "{scores} must have shape (T, B, K) with K at least 1, got (6, 3, 0)",
        ),
        ({"scores": [[[0.0]]]}, TypeError, "{scores} must be a numpy.ndarray, got list"),
        (
            {"scores": np.zeros((T, B, K), int)},
            TypeError,
            "{scores} must have one of the dtypes float32, float64, complex128, got int64",
        ),
        ({"targets": [1, 2]}, TypeError, "{targets} must be a numpy.ndarray, got list"),
        (
            {"mask": np.ones((B, T), bool)},
            ShapeError,
            "mask must have shape (T=6, B=3), got (3, 6)",
        ),
        ({"mask": np.ones((T, B))}, TypeError, "mask must have dtype bool, got float64"),
        (
            {"reduction": "none"},
            ValueError,
            "reduction must be one of 'sequence', 'mean', 'sum', got 'none'",
        ),
    ],
)
def test_errors_name_what_is_wrong(loss, change, error, message):
    names = {"scores": "logits", "targets": "targets"}
    if loss is mse:
        names = {"scores": "pred", "targets": "target"}
    arguments = dict(zip(["scores", "targets"], problem(loss), strict=True)) | change
    arguments = {names.get(name, name): value for name, value in arguments.items()}
    with pytest.raises(error) as raised:
        loss(**arguments)
    assert str(raised.value) == f"{loss.__name__}: {message.format(**names)}"
