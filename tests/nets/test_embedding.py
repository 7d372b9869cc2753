"""Symbols as vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnref import one_hot

INTEGERS = st.one_of(hnp.integer_dtypes(), hnp.unsigned_integer_dtypes())


@given(hnp.arrays(INTEGERS, hnp.array_shapes(min_dims=0, min_side=0), elements=st.integers(0, 8)))
def test_one_at_each_id_and_nowhere_else(ids):
    vectors = one_hot(ids, 9)
    assert vectors.shape == (*ids.shape, 9)
    assert vectors.dtype == np.float64
    np.testing.assert_array_equal(vectors, ids[..., None] == np.arange(9))


def test_the_vectors_of_all_ids_are_the_identity():
    vectors = one_hot(range(5), 5, dtype=np.float32)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, np.eye(5))


@pytest.mark.parametrize(
    ("ids", "V", "error", "message"),
    [
        ([0, 9], 9, ValueError, "ids must lie in 0 … 8, got 9"),
        ([-1, 0], 9, ValueError, "ids must lie in 0 … 8, got -1"),
        ([0.0, 1.0], 9, TypeError, "ids must be integers, got float64"),
        ([True, False], 9, TypeError, "ids must be integers, got bool"),
        ([0], 0, ValueError, "V must be at least 1, got 0"),
        ([0], 9.0, TypeError, "V must be an integer, got float"),
    ],
)
def test_errors(ids, V, error, message):
    with pytest.raises(error) as raised:
        one_hot(ids, V)
    assert str(raised.value) == f"one_hot: {message}"
