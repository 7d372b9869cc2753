"""Padding, masks, reversal, ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnref import (
    RNNParams,
    ShapeError,
    last_valid,
    lengths_to_mask,
    pad_sequences,
    reverse_within_lengths,
    rnn_forward,
)

LENGTHS = st.lists(st.integers(0, 6), min_size=1, max_size=5)
TRAILING = st.sampled_from([(), (2,), (2, 3)])
MASKS = hnp.arrays(bool, st.tuples(st.integers(0, 6), st.integers(1, 4)))


def batch(lengths, trailing, T=None):
    """Distinct numbers, padding included."""
    shape = (max(lengths) if T is None else T, len(lengths), *trailing)
    return np.arange(1.0, 1 + np.prod(shape)).reshape(shape)


@given(LENGTHS, st.none() | st.integers(6, 8))
def test_a_mask_has_as_many_steps_as_the_lengths_say(lengths, T):
    mask = lengths_to_mask(lengths, T)
    assert mask.dtype == bool
    assert mask.shape == (max(lengths) if T is None else T, len(lengths))
    for column, length in zip(mask.T, lengths, strict=True):
        assert column.tolist() == [True] * length + [False] * (len(mask) - length)


@given(LENGTHS, TRAILING)
def test_padding_keeps_each_sequence_and_adds_zeros(lengths, trailing):
    sequences = [batch(lengths, trailing)[:n, i] for i, n in enumerate(lengths)]
    x, found = pad_sequences(sequences)
    assert found.tolist() == lengths
    assert x.shape == (max(lengths), len(lengths), *trailing)
    for i, (sequence, n) in enumerate(zip(sequences, lengths, strict=True)):
        np.testing.assert_array_equal(x[:n, i], sequence)
        assert not x[n:, i].any()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "bool"])
def test_padding_keeps_the_dtype(dtype):
    assert pad_sequences([np.ones(2, dtype), np.ones(1, dtype)])[0].dtype == dtype


@given(LENGTHS, TRAILING, st.none() | st.integers(6, 8))
def test_reversal_stays_within_the_lengths(lengths, trailing, T):
    x = batch(lengths, trailing, T)
    there = reverse_within_lengths(x, lengths)
    for i, n in enumerate(lengths):
        np.testing.assert_array_equal(there[:n, i], x[:n, i][::-1])
        np.testing.assert_array_equal(there[n:, i], x[n:, i])
    np.testing.assert_array_equal(reverse_within_lengths(there, lengths), x)
    assert not np.shares_memory(there, x)


@given(MASKS, TRAILING)
def test_the_last_valid_entry_in_any_pattern(mask, trailing):
    T, B = mask.shape
    x = batch([T] * B, trailing)
    ends = last_valid(x, mask)
    assert ends.dtype == x.dtype
    assert ends.shape == (B, *trailing)
    for i in range(B):
        valid = np.flatnonzero(mask[:, i])
        np.testing.assert_array_equal(ends[i], x[valid[-1], i] if valid.size else 0 * ends[i])


@given(MASKS)
def test_the_last_valid_state_is_the_final_state(mask):
    x = batch([mask.shape[0]] * mask.shape[1], (1,)) / 100
    one = np.ones((1, 1))
    h, h_T, _ = rnn_forward(RNNParams(one, one, one[0]), x, mask=mask)
    np.testing.assert_array_equal(last_valid(h, mask), h_T)


X, MASK = np.zeros((3, 2)), np.ones((3, 2), bool)


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (lengths_to_mask, ([],), ShapeError, "lengths must have shape (B,) with B at least 1"),
        (lengths_to_mask, (3,), ShapeError, "lengths must have shape (B,), got ()"),
        (lengths_to_mask, ([2, -1],), ShapeError, "lengths must be at least 0, got -1"),
        (lengths_to_mask, ([2, 4], 3), ShapeError, "lengths must be at most T=3, got 4"),
        (lengths_to_mask, ([2.0],), TypeError, "lengths must be integers, got float64"),
        (lengths_to_mask, ([2], 3.0), TypeError, "T must be an integer, got float"),
        (lengths_to_mask, ([2], -1), ValueError, "T must be at least 0, got -1"),
        (pad_sequences, ([],), ShapeError, "sequences must hold at least 1 array, got 0"),
        (pad_sequences, ([[1, 2]],), TypeError, "sequences[0] must be a numpy.ndarray, got list"),
        (
            pad_sequences,
            ([X, np.zeros((4, 3))],),
            ShapeError,
            "sequences[1] must have shape (T, 2), got (4, 3)",
        ),
        (
            pad_sequences,
            ([X, X.astype("f4")],),
            TypeError,
            "sequences[1] must have dtype float64, got float32",
        ),
        (
            reverse_within_lengths,
            (np.zeros(3), [3]),
            ShapeError,
            "x must have shape (T, B, ...), got (3,)",
        ),
        (
            reverse_within_lengths,
            (X, [3]),
            ShapeError,
            "lengths must have shape (B=2,), got (1,)",
        ),
        (reverse_within_lengths, (X, [3, 4]), ShapeError, "lengths must be at most T=3, got 4"),
        (reverse_within_lengths, (X, [3, -2]), ShapeError, "lengths must be at least 0, got -2"),
        (last_valid, (X, MASK.T), ShapeError, "mask must have shape (T=3, B=2), got (2, 3)"),
        (last_valid, (X, X), TypeError, "mask must have dtype bool, got float64"),
    ],
)
def test_errors(function, arguments, error, message):
    with pytest.raises(error) as raised:
        function(*arguments)
    assert str(raised.value).startswith(f"{function.__name__}: {message}")
