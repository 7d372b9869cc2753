"""Reading scores: collapsing, greedy, beam search against all labels and a second search."""

import itertools

import numpy as np
import pytest

from rnnref import ShapeError, ctc_beam_search, ctc_collapse, ctc_greedy, ctc_loss


def scores(*shape, seed=0, scale=1.0):
    """Return random read-only logits: writing to them is an error."""
    logits = scale * np.random.default_rng(seed).normal(size=shape)
    logits.flags.writeable = False
    return logits


def naive_search(y, width, blank):
    """Search with one dict for each way to end, in probabilities (T, K)."""
    in_blank, in_letter = {"": 1.0}, {"": 0.0}  # prefixes as strings, a character for each class
    for y_t in y:
        new_blank, new_letter = {}, {}
        for prefix in in_blank:
            either = in_blank[prefix] + in_letter[prefix]
            for k in range(len(y_t)):
                symbol = chr(ord("a") + k)
                if k == blank:
                    new_blank[prefix] = new_blank.get(prefix, 0) + y_t[k] * either
                elif prefix.endswith(symbol):
                    again, doubled = y_t[k] * in_letter[prefix], y_t[k] * in_blank[prefix]
                    new_letter[prefix] = new_letter.get(prefix, 0) + again
                    new_letter[prefix + symbol] = new_letter.get(prefix + symbol, 0) + doubled
                else:
                    longer = prefix + symbol
                    new_letter[longer] = new_letter.get(longer, 0) + y_t[k] * either
        total = {p: new_blank.get(p, 0) + new_letter.get(p, 0) for p in {**new_blank, **new_letter}}
        kept = sorted(total, key=total.get)[-width:]
        in_blank, in_letter = ({p: new.get(p, 0) for p in kept} for new in (new_blank, new_letter))
    best = max(in_blank, key=lambda p: in_blank[p] + in_letter[p])
    return [ord(symbol) - ord("a") for symbol in best], in_blank[best] + in_letter[best]


def softmax(logits):
    y = np.exp(logits)
    return y / y.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("path", "blank", "label"),
    [
        ([], 0, []),
        ([0, 0, 0], 0, []),
        ([1, 1, 1, 1], 0, [1]),
        ([1, 0, 1], 0, [1, 1]),
        ([2, 2, 0, 0, 2, 3, 3, 0], 0, [2, 2, 3]),
        ([0, 0, 1, 2, 1, 1], 2, [0, 1, 1]),
        (np.array([5, 4, 5], np.uint8), 4, [5, 5]),
        ((3,), 0, [3]),
    ],
)
def test_collapse(path, blank, label):
    got = ctc_collapse(path, blank)
    assert got == label
    assert all(type(letter) is int for letter in got)


@pytest.mark.parametrize("blank", [0, 2])
def test_greedy_reads_the_largest_score_of_each_frame(blank):
    logits, lengths = scores(12, 4, 5), [12, 0, 5, 9]
    expected = [
        ctc_collapse([int(np.argmax(logits[t, b])) for t in range(T)], blank)
        for b, T in enumerate(lengths)
    ]
    assert ctc_greedy(logits, lengths, blank) == expected
    assert ctc_greedy(logits[:, :1], blank=blank) == expected[:1]


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("seed", range(8))
def test_a_beam_that_keeps_all_finds_the_most_probable_label(seed, blank):
    logits = scores(4, 1, 3, seed=seed, scale=1.5)
    letters = [k for k in range(3) if k != blank]
    labels = [list(word) for n in range(5) for word in itertools.product(letters, repeat=n)]
    log_p = [-ctc_loss(logits, [label], blank=blank)[0] for label in labels]
    found, log_found = ctc_beam_search(logits, width=1000, blank=blank)
    assert found == [labels[np.argmax(log_p)]]
    np.testing.assert_allclose(log_found, [max(log_p)], rtol=1e-12)


@pytest.mark.parametrize("blank", [0, 1, 3])
@pytest.mark.parametrize("width", [1, 2, 3, 5, 20])
def test_a_second_search_finds_the_same(width, blank):
    logits, lengths = scores(15, 12, 4, seed=width), [15] * 6 + [0, 1, 2, 7, 9, 11]
    labels, log_p = ctc_beam_search(logits, width, lengths, blank)
    for b, T in enumerate(lengths):
        label, p = naive_search(softmax(logits[:T, b]), width, blank)
        assert labels[b] == label
        np.testing.assert_allclose(log_p[b], np.log(p), rtol=1e-12, atol=1e-15)


def test_no_more_is_found_than_there_is_and_all_of_it_in_a_wide_beam():
    logits = scores(10, 5, 3)
    for width in (1, 2, 4, 8, 5000):
        labels, log_p = ctc_beam_search(logits, width)
        for b, label in enumerate(labels):
            loss, _ = ctc_loss(logits[:, b : b + 1], [label])
            assert log_p[b] <= -loss + 1e-12
            if width == 5000:
                np.testing.assert_allclose(log_p[b], -loss, rtol=1e-12)


def test_what_is_found_grows_with_the_width():
    logits = scores(10, 20, 3)
    found = np.array([ctc_beam_search(logits, width)[1] for width in (1, 4, 16, 64, 5000)])
    assert (found[-1] >= found - 1e-12).all()
    assert (np.diff(found.mean(axis=1)) >= 0).all()


def test_classes_of_probability_0_and_long_sequences():
    logits = np.full((1000, 1, 4), -1000.0)
    path = [1, 0, 1, 2] * 250
    logits[np.arange(1000), 0, path] = 1000
    logits[::3, 0, 3] = -np.inf
    with np.errstate(all="raise"):
        labels, log_p = ctc_beam_search(logits, width=3)
    assert labels == ctc_greedy(logits) == [[1, 1, 2] * 250]
    np.testing.assert_allclose(log_p, 0, atol=1e-12)


@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf])
def test_frames_after_the_end_have_no_influence(junk):
    logits, lengths = scores(6, 2, 4), np.array([3, 6])
    spoilt = np.where((np.arange(6)[:, None] < lengths)[..., None], logits, junk)
    assert ctc_greedy(spoilt, lengths) == ctc_greedy(logits, lengths)
    labels, log_p = ctc_beam_search(spoilt, 4, lengths)
    expected = ctc_beam_search(logits, 4, lengths)
    assert labels == expected[0]
    np.testing.assert_array_equal(log_p, expected[1])


def test_no_frames():
    assert ctc_greedy(np.zeros((0, 2, 3))) == [[], []]
    labels, log_p = ctc_beam_search(np.zeros((0, 2, 3)), 5)
    assert labels == [[], []]
    np.testing.assert_array_equal(log_p, [0, 0])


def test_float32_in_float32_out():
    logits = scores(9, 3, 4)
    labels, log_p = ctc_beam_search(logits.astype(np.float32), 6)
    expected = ctc_beam_search(logits, 6)
    assert log_p.dtype == np.float32
    assert labels == expected[0]
    np.testing.assert_allclose(log_p, expected[1], rtol=1e-6)


def test_labels_are_python_integers():
    labels, _ = ctc_beam_search(scores(9, 1, 4, scale=5), 6)
    read = [*ctc_greedy(scores(9, 1, 4, scale=5))[0], *labels[0]]
    assert read
    assert all(type(letter) is int for letter in read)


BAD = np.zeros((4, 2, 3))
BAD[2, 1, 0] = np.nan


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (ctc_collapse, ([[1]],), ShapeError, "path must have shape (T,), got (1, 1)"),
        (ctc_collapse, ([0.5],), TypeError, "path must be integers, got float64"),
        (ctc_collapse, ([1], -1), ValueError, "blank must be at least 0, got -1"),
        (
            ctc_greedy,
            (np.zeros((4, 3)),),
            ShapeError,
            "logits must have shape (T, B, K), got (4, 3)",
        ),
        (
            ctc_greedy,
            (np.zeros((4, 2, 3)), [4, 5]),
            ShapeError,
            "lengths must be at most T=4, got 5",
        ),
        (ctc_greedy, (np.zeros((4, 2, 3)), None, 3), ValueError, "blank must lie in 0 … 2, got 3"),
        (ctc_greedy, (BAD,), ValueError, "the largest of logits[2, 1] must be finite, got nan"),
        (
            ctc_beam_search,
            (BAD, 2),
            ValueError,
            "the largest of logits[2, 1] must be finite, got nan",
        ),
        (ctc_beam_search, (BAD, 0), ValueError, "width must be at least 1, got 0"),
        (ctc_beam_search, (BAD, 2.0), TypeError, "width must be an integer, got float"),
        (
            ctc_beam_search,
            (np.zeros((4, 2, 3), int), 2),
            TypeError,
            "logits must be of float32 or float64, got int64",
        ),
        (
            ctc_beam_search,
            (np.zeros((4, 2, 3)), 2, [1, -2]),
            ShapeError,
            "lengths must be at least 0, got -2",
        ),
    ],
)
def test_what_is_wrong_is_named(function, arguments, error, message):
    with pytest.raises(error) as raised:
        function(*arguments)
    assert str(raised.value) == f"{function.__name__}: {message}"
