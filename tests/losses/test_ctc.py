"""The CTC loss: values and gradients against all paths, raggedness, impossible labels, errors."""

import itertools
import math

import numpy as np
import pytest

from rnnref import ShapeError, check_gradient, ctc_alignment, ctc_extend_label, ctc_loss

# The label "1 1" needs a blank in between, "2 1 1" and "1 2 1 2" leave no frame of 4 to spare.
LABELS = [[], [1], [2], [1, 1], [1, 2], [2, 1, 2], [2, 1, 1], [1, 2, 1, 2]]


def scores(*shape, seed=0, scale=1.0, dtype=np.float64):
    """Return random read-only logits: writing to them is an error."""
    logits = (scale * np.random.default_rng(seed).normal(size=shape)).astype(dtype)
    logits.flags.writeable = False
    return logits


def reading(path, blank):
    """Return what a path reads, letter by letter."""
    label, before = [], blank
    for k in path:
        if k not in (blank, before):
            label.append(k)
        before = k
    return label


def log_sum(logs):
    """Return log Σ exp, of complex numbers too."""
    peak = max((log.real for log in logs), default=-math.inf)
    return peak if peak == -math.inf else peak + np.log(sum(np.exp(log - peak) for log in logs))


def log_softmax(logits):
    shifted = logits - logits.real.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def loss_over_paths(logits, label, blank=0):
    """Return −log of the summed probability of every path of (T, K) that reads the label."""
    log_y = log_softmax(logits)
    paths = itertools.product(range(logits.shape[1]), repeat=len(logits))
    logs = [
        sum(log_y[t, k] for t, k in enumerate(path))
        for path in paths
        if reading(path, blank) == label
    ]
    return -log_sum(logs)


def gradient_over_paths(logits, label, blank=0):
    """Return the gradient of `loss_over_paths`, each entry by a complex step."""
    gradient = np.zeros(logits.shape)
    for index in np.ndindex(logits.shape):
        moved = logits.astype(complex)
        moved[index] += 1e-100j
        gradient[index] = loss_over_paths(moved, label, blank).imag / 1e-100
    return gradient


def renamed(label, blank):
    """Return the label with the letters' ids for another blank: the blank's id and 0 swapped."""
    return [0 if letter == blank else letter for letter in label]


@pytest.mark.parametrize("blank", [0, 1, 2])
@pytest.mark.parametrize("label", LABELS, ids=str)
def test_value_and_gradient_are_those_of_all_paths(label, blank):
    label, logits = renamed(label, blank), scores(4, 3)
    loss, dlogits = ctc_loss(logits[:, None], [label], blank=blank)
    np.testing.assert_allclose(loss, loss_over_paths(logits, label, blank), rtol=1e-12)
    expected = gradient_over_paths(logits, label, blank)
    np.testing.assert_allclose(dlogits[:, 0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [30, 1000, 1e6])
@pytest.mark.parametrize("label", LABELS, ids=str)
def test_very_unlikely_labels(label, scale):
    logits = scores(4, 3, scale=scale)
    loss, dlogits = ctc_loss(logits[:, None], [label])
    np.testing.assert_allclose(loss, loss_over_paths(logits, label), rtol=1e-14)
    expected = gradient_over_paths(logits, label)
    np.testing.assert_allclose(dlogits[:, 0], expected, rtol=0, atol=1e-15 * scale + 1e-12)


@pytest.mark.parametrize("label", LABELS, ids=str)
def test_classes_of_probability_0(label):
    logits = scores(4, 3).copy()
    logits[[0, 1, 1, 3], [0, 1, 2, 2]] = -np.inf
    loss, dlogits = ctc_loss(logits[:, None], [label])
    with np.errstate(invalid="ignore"):
        expected = loss_over_paths(logits, label)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)
    if np.isfinite(expected):
        finite = np.where(logits == -np.inf, -1e4, logits)
        gradient = gradient_over_paths(finite, label)
        np.testing.assert_allclose(dlogits[:, 0], gradient, rtol=0, atol=1e-12)
    else:
        assert not dlogits.any()


@pytest.mark.parametrize("blank", [0, 2])
def test_a_batch_is_a_loop_over_its_sequences_cut_at_their_lengths(blank):
    logits, labels = scores(6, len(LABELS), 3), [renamed(label, blank) for label in LABELS]
    lengths, options = [0, 4, 2, 6, 5, 6, 4, 4], {"blank": blank, "reduction": "sum"}
    loss, dlogits = ctc_loss(logits, labels, lengths=lengths, **options)
    total = 0.0
    for i, (label, T) in enumerate(zip(labels, lengths, strict=True)):
        alone, gradient = ctc_loss(logits[:T, i : i + 1], [label], **options)
        total += alone
        np.testing.assert_allclose(dlogits[:T, i], gradient[:, 0], rtol=0, atol=1e-14)
        assert not dlogits[T:, i].any()
    np.testing.assert_allclose(loss, total, rtol=1e-14)


@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 1e308, 5.0])
def test_frames_after_the_end_have_no_influence(junk):
    logits, labels, lengths = scores(6, 3, 4), [[1, 2], [], [3, 3]], np.array([3, 6, 4])
    spoilt = np.where((np.arange(6)[:, None] < lengths)[..., None], logits, junk)
    loss, dlogits = ctc_loss(spoilt, labels, lengths=lengths)
    expected = ctc_loss(logits, labels, lengths=lengths)
    assert loss == expected[0]
    np.testing.assert_array_equal(dlogits, expected[1])


def test_full_lengths_are_the_default():
    logits, labels = scores(5, 2, 3), [[1], [2, 2]]
    given, default = ctc_loss(logits, labels, lengths=[5, 5]), ctc_loss(logits, labels)
    assert given[0] == default[0]
    np.testing.assert_array_equal(given[1], default[1])


def test_reductions():
    logits, labels = scores(6, 4, 3), [[1, 2, 1], [], [2, 2], [1]]
    parts = [ctc_loss(logits[:, i : i + 1], [label]) for i, label in enumerate(labels)]
    weights = {"sum": [1, 1, 1, 1], "sequence": [1 / 4] * 4, "mean": [1 / 12, 1 / 4, 1 / 8, 1 / 4]}
    for reduction, weight in weights.items():
        loss, dlogits = ctc_loss(logits, labels, reduction=reduction)
        np.testing.assert_allclose(loss, np.dot(weight, [part[0] for part in parts]), rtol=1e-14)
        expected = np.concatenate([part[1] for part in parts], axis=1)
        expected *= np.array(weight)[:, None]
        np.testing.assert_allclose(dlogits, expected, rtol=0, atol=1e-14)
    assert ctc_loss(logits, labels)[0] == ctc_loss(logits, labels, reduction="sequence")[0]


@pytest.mark.parametrize("reduction", ["sequence", "mean", "sum"])
@pytest.mark.parametrize("impossible", [[1, 2, 1, 2, 1], [1, 1, 1], [1, 2, 2, 1]])
def test_an_impossible_label_leaves_the_others_as_they_are(impossible, reduction):
    logits, labels = scores(4, 3, 3), [[1, 2], impossible, [2]]
    loss, dlogits = ctc_loss(logits, labels, reduction=reduction)
    zero, same = ctc_loss(logits, labels, reduction=reduction, zero_infinity=True)
    others, expected = ctc_loss(logits[:, ::2], labels[::2], reduction=reduction)
    share = 1 if reduction == "sum" else 2 / 3
    assert loss == math.inf
    np.testing.assert_allclose(zero, share * others, rtol=1e-14)
    np.testing.assert_array_equal(same, dlogits)
    np.testing.assert_allclose(dlogits[:, ::2], share * expected, rtol=0, atol=1e-15)
    assert not dlogits[:, 1].any()


def test_no_frames():
    loss, dlogits = ctc_loss(np.zeros((0, 2, 3)), [[], []])
    assert loss == 0
    assert dlogits.shape == (0, 2, 3)
    assert ctc_loss(np.zeros((0, 2, 3)), [[], [1]])[0] == math.inf
    assert ctc_loss(np.zeros((0, 2, 3)), [[], [1]], zero_infinity=True)[0] == 0
    assert ctc_loss(scores(4, 2, 3), [[], [1]], lengths=[0, 0])[0] == math.inf
    loss, dlogits = ctc_loss(scores(4, 2, 3), [[], []], lengths=[0, 0])
    assert loss == 0
    assert not dlogits.any()


def test_nothing_but_the_blank():
    loss, dlogits = ctc_loss(scores(4, 1, 1), [[]])
    assert loss == 0
    assert not dlogits.any()


def test_the_probabilities_of_all_labels_sum_to_1():
    logits = scores(4, 1, 3, scale=2)
    labels = [list(label) for n in range(6) for label in itertools.product([1, 2], repeat=n)]
    p = [math.exp(-ctc_loss(logits, [label])[0]) for label in labels]
    assert abs(sum(p) - 1) < 1e-14


def test_a_constant_per_frame_changes_nothing_and_gradients_sum_to_0():
    logits, labels = scores(9, 3, 5), [[1, 2, 2], [4, 3], []]
    loss, dlogits = ctc_loss(logits, labels, lengths=[9, 5, 7])
    moved, same = ctc_loss(logits + 50 * scores(9, 3, 1, seed=1), labels, lengths=[9, 5, 7])
    np.testing.assert_allclose(moved, loss, rtol=1e-13)
    np.testing.assert_allclose(same, dlogits, rtol=0, atol=1e-13)
    np.testing.assert_allclose(dlogits.sum(axis=2), 0, rtol=0, atol=1e-14)


def test_the_order_of_the_batch():
    logits, labels, order = scores(7, 4, 5), [[1], [2, 2, 3], [], [4, 1]], [2, 0, 3, 1]
    loss, dlogits = ctc_loss(logits, labels)
    again, permuted = ctc_loss(logits[:, order], [labels[i] for i in order])
    np.testing.assert_allclose(again, loss, rtol=1e-14)
    np.testing.assert_allclose(permuted, dlogits[:, order], rtol=0, atol=1e-15)


def test_time_runs_backwards_as_well_as_forwards():
    logits, labels = scores(9, 3, 5), [[1, 2, 2, 4], [4, 3], []]
    loss, dlogits = ctc_loss(logits, labels)
    again, turned = ctc_loss(logits[::-1], [label[::-1] for label in labels])
    np.testing.assert_allclose(again, loss, rtol=1e-14)
    np.testing.assert_allclose(turned[::-1], dlogits, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("reduction", ["sequence", "mean", "sum"])
@pytest.mark.parametrize("lengths", [None, [7, 3, 5, 6]])
def test_along_random_directions(dtype, reduction, lengths):
    logits, labels = scores(7, 4, 6, dtype=dtype), [[1, 2, 2], [], [5, 3], [4, 4]]
    options = {"lengths": lengths, "blank": 0, "reduction": reduction}
    _, dlogits = ctc_loss(logits, labels, **options)

    def loss(logits):
        return ctc_loss(logits, labels, **options)[0]

    check_gradient(loss, logits, dlogits, rng=np.random.default_rng(3))


def test_float32_in_float32_out():
    logits, labels = scores(60, 3, 20), [[5, 6, 6, 7] * 4, [1], [19, 2] * 8]
    loss, dlogits = ctc_loss(logits.astype(np.float32), labels, lengths=[60, 11, 40])
    expected = ctc_loss(logits, labels, lengths=[60, 11, 40])
    assert type(loss) is float
    assert dlogits.dtype == np.float32
    np.testing.assert_allclose(loss, expected[0], rtol=1e-6)
    np.testing.assert_allclose(dlogits, expected[1], rtol=0, atol=1e-5)


def test_one_path_only_over_1000_frames_of_scores_around_1000():
    T, K = 1000, 5
    logits, label = scores(T, 1, K, scale=1000), [1 + t % 4 for t in range(T)]
    path, frames = np.array(label), np.arange(T)
    log_y = log_softmax(logits)
    loss, dlogits = ctc_loss(logits, [label])
    np.testing.assert_allclose(loss, -log_y[frames, 0, path].sum(), rtol=1e-12)
    expected = np.exp(log_y)
    expected[frames, 0, path] -= 1
    np.testing.assert_allclose(dlogits, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sign", [1, -1])
def test_nothing_is_raised_where_numpy_raises_what_it_can(dtype, sign):
    logits = np.zeros((6, 3, 4), dtype)
    logits[..., 1] = sign * np.finfo(dtype).max
    logits[2, :, 2] = -np.inf
    with np.errstate(all="raise"):
        loss, dlogits = ctc_loss(logits, [[2], [3, 3, 3, 3], []], zero_infinity=True)
        ctc_alignment(logits[:, 0], [2, 3])
    assert not math.isnan(loss)
    assert np.isfinite(dlogits).all()


@pytest.mark.parametrize("junk", [[0, np.nan, 1], [0, np.inf, 1], [-np.inf] * 3])
def test_a_frame_without_probabilities_makes_its_sequence_nan(junk):
    logits, labels = scores(5, 2, 3).copy(), [[1], [2, 1]]
    logits[3, 0] = junk
    loss, dlogits = ctc_loss(logits, labels, lengths=[4, 5])
    assert math.isnan(loss)
    assert np.isnan(dlogits[:4, 0]).any(axis=1).all()
    assert not dlogits[4, 0].any()
    expected = ctc_loss(logits[:, 1:], labels[1:], reduction="sum")[1] / 2
    np.testing.assert_allclose(dlogits[:, 1:], expected, rtol=0, atol=1e-15)


def test_labels_of_any_kind_and_scores_in_any_memory_order():
    logits, labels = scores(5, 2, 4), [[1, 3], [2, 2]]
    loss, dlogits = ctc_loss(logits, labels)
    for form in (np.array(labels, np.uint8), tuple(map(tuple, labels)), [*map(np.array, labels)]):
        again = ctc_loss(np.asfortranarray(logits), form, lengths=np.array([5, 5], np.int8))
        assert again[0] == loss
        np.testing.assert_array_equal(again[1], dlogits)


# --- one sequence: α, β and the posterior ---


def walks(T, can_skip):
    """Return every way through the states in T frames, wherever it starts and ends."""
    for walk in itertools.product(range(len(can_skip)), repeat=T):
        if all(
            b - a in (0, 1) or (b - a == 2 and can_skip[b]) for a, b in itertools.pairwise(walk)
        ):
            yield walk


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("label", [[], [1], [1, 1], [1, 2], [1, 2, 1]], ids=str)
def test_alpha_and_beta_are_sums_over_walks(label, blank):
    T, label = 4, renamed(label, blank)
    logits = scores(T, 3)
    log_alpha, log_beta, posterior, log_p = ctc_alignment(logits, label, blank)
    ext, can_skip = ctc_extend_label(label, blank)
    log_y, S = log_softmax(logits), len(ext)

    def total(starts, ends, first, last, emitted):
        return log_sum(
            [
                sum(log_y[t, ext[walk[t - first]]] for t in emitted)
                for walk in walks(last - first + 1, can_skip)
                if walk[0] in starts and walk[-1] in ends
            ]
        )

    for t, s in np.ndindex(T, S):
        alpha = total({0, 1}, {s}, 0, t, range(t + 1))
        beta = total({s}, {S - 1, S - 2}, t, T - 1, range(t + 1, T))
        np.testing.assert_allclose(log_alpha[t, s], alpha, rtol=1e-12)
        np.testing.assert_allclose(log_beta[t, s], beta, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(posterior[t, s], np.exp(alpha + beta - log_p), atol=1e-12)
    np.testing.assert_allclose(-log_p, loss_over_paths(logits, label, blank), rtol=1e-12)


def test_alpha_times_beta_is_the_same_at_every_frame():
    logits, label = scores(500, 12, scale=3), [1 + i * i % 11 for i in range(120)]
    log_alpha, log_beta, posterior, log_p = ctc_alignment(logits, label)
    totals = [log_sum(row) for row in log_alpha + log_beta]
    np.testing.assert_allclose(totals, log_p, rtol=1e-12)
    np.testing.assert_allclose(posterior.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(-log_p, ctc_loss(logits[:, None], [label])[0], rtol=1e-15)


def test_an_impossible_label_has_beginnings_but_no_posterior():
    log_alpha, log_beta, posterior, log_p = ctc_alignment(scores(2, 3), [1, 1])
    assert log_p == -math.inf
    assert not posterior.any()
    reached = [[1, 1, 0, 0, 0], [1, 1, 1, 0, 0]]
    np.testing.assert_array_equal(np.isfinite(log_alpha), np.array(reached, bool))
    np.testing.assert_array_equal(np.isfinite(log_beta), np.array(reached, bool)[::-1, ::-1])


def test_alignment_without_frames_and_in_float32():
    for label, log_likelihood in (([], 0.0), ([1], -math.inf)):
        *arrays, log_p = ctc_alignment(np.zeros((0, 3), np.float32), label)
        assert log_p == log_likelihood
        assert {a.shape for a in arrays} == {(0, 2 * len(label) + 1)}
    *arrays, log_p = ctc_alignment(scores(4, 3, dtype=np.float32), [2])
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    assert type(log_p) is float


@pytest.mark.parametrize(
    ("label", "blank", "ext", "can_skip"),
    [
        ([], 0, [0], [0]),
        ([], 4, [4], [0]),
        ([3], 0, [0, 3, 0], [0, 0, 0]),
        ([3, 5], 0, [0, 3, 0, 5, 0], [0, 0, 0, 1, 0]),
        ([3, 3], 0, [0, 3, 0, 3, 0], [0, 0, 0, 0, 0]),
        ([1, 0, 0, 1], 2, [2, 1, 2, 0, 2, 0, 2, 1, 2], [0, 0, 0, 1, 0, 0, 0, 1, 0]),
    ],
)
def test_extended_labels(label, blank, ext, can_skip):
    got_ext, got_skip = ctc_extend_label(label, blank)
    assert got_ext.tolist() == ext
    assert got_skip.dtype == bool
    assert got_skip.tolist() == can_skip


# --- bad input ---


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"logits": np.zeros((4, 3))},
            ShapeError,
            "logits must have shape (T, B, K), got (4, 3)",
        ),
        (
            {"logits": np.zeros((4, 0, 3)), "labels": []},
            ShapeError,
            "logits must have shape (T, B, K) with B at least 1, got (4, 0, 3)",
        ),
        ({"logits": [[[0.0]]]}, TypeError, "logits must be a numpy.ndarray, got list"),
        (
            {"logits": np.zeros((4, 2, 3), complex)},
            TypeError,
            "logits must be of float32 or float64, got complex128",
        ),
        ({"labels": [[1]]}, ShapeError, "labels must hold B=2 labels, got 1"),
        ({"labels": [1, 2]}, ShapeError, "labels[0] must have shape (L,), got ()"),
        ({"labels": [[1], [[2]]]}, ShapeError, "labels[1] must have shape (L,), got (1, 1)"),
        ({"labels": [[1], [2.0]]}, TypeError, "labels[1] must be integers, got float64"),
        (
            {"labels": [[1], [2, 3]]},
            ValueError,
            "labels[1][1] must be a class from 0 to 2 other than blank=0, got 3",
        ),
        (
            {"labels": [[-1], [2]]},
            ValueError,
            "labels[0][0] must be a class from 0 to 2 other than blank=0, got -1",
        ),
        (
            {"labels": [[0, 1, 2], [0]], "blank": 2},
            ValueError,
            "labels[0][2] must be a class from 0 to 2 other than blank=2, got 2",
        ),
        ({"blank": 3}, ValueError, "blank must lie in 0 … 2, got 3"),
        ({"blank": -1}, ValueError, "blank must be at least 0, got -1"),
        ({"blank": 0.0}, TypeError, "blank must be an integer, got float"),
        ({"lengths": [5, 4]}, ShapeError, "lengths must be at most T=4, got 5"),
        ({"lengths": [-1, 4]}, ShapeError, "lengths must be at least 0, got -1"),
        ({"lengths": [4]}, ShapeError, "lengths must have shape (B=2,), got (1,)"),
        ({"lengths": [4.0, 4.0]}, TypeError, "lengths must be integers, got float64"),
        (
            {"reduction": "none"},
            ValueError,
            "reduction must be one of 'sequence', 'mean', 'sum', got 'none'",
        ),
    ],
)
def test_the_loss_names_what_is_wrong(change, error, message):
    arguments = {"logits": np.zeros((4, 2, 3)), "labels": [[1], [2]], **change}
    with pytest.raises(error) as raised:
        ctc_loss(**arguments)
    assert str(raised.value) == f"ctc_loss: {message}"


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (ctc_extend_label, ([[1]],), ShapeError, "label must have shape (L,), got (1, 1)"),
        (ctc_extend_label, ([1.5],), TypeError, "label must be integers, got float64"),
        (
            ctc_extend_label,
            ([3, 0],),
            ValueError,
            "label[1] must be a class at least 0 other than blank=0, got 0",
        ),
        (ctc_extend_label, ([1], -1), ValueError, "blank must be at least 0, got -1"),
        (
            ctc_alignment,
            (np.zeros((4, 1, 3)), [1]),
            ShapeError,
            "logits must have shape (T, K), got (4, 1, 3)",
        ),
        (
            ctc_alignment,
            (np.zeros((4, 3), int), [1]),
            TypeError,
            "logits must be of float32 or float64, got int64",
        ),
        (
            ctc_alignment,
            (np.zeros((4, 3)), [1, 3]),
            ValueError,
            "label[1] must be a class from 0 to 2 other than blank=0, got 3",
        ),
        (ctc_alignment, (np.zeros((4, 3)), [1], 3), ValueError, "blank must lie in 0 … 2, got 3"),
    ],
)
def test_the_others_name_what_is_wrong(function, arguments, error, message):
    with pytest.raises(error) as raised:
        function(*arguments)
    assert str(raised.value) == f"{function.__name__}: {message}"
