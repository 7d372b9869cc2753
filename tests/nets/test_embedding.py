"""Symbols as vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnref import (
    ShapeError,
    check_gradient,
    embedding_backward,
    embedding_forward,
    init_embedding,
    one_hot,
    one_hot_layer,
)

V, D = 9, 4
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
def test_one_hot_names_what_is_wrong(ids, V, error, message):
    with pytest.raises(error) as raised:
        one_hot(ids, V)
    assert str(raised.value) == f"one_hot: {message}"


@pytest.fixture
def ids():
    """Return seven steps of three sequences, in which symbols 0 to 4 repeat and others lack."""
    return np.random.default_rng(2).integers(5, size=(7, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_lookup_is_the_product_with_one_hot_vectors(normal, ids, dtype):
    E = normal(V, D, dtype=dtype)
    x, cache = embedding_forward(E, ids)
    assert x.dtype == dtype
    np.testing.assert_array_equal(x, one_hot(ids, V, dtype=dtype) @ E)
    dx = normal(7, 3, D, dtype=dtype)
    dE = embedding_backward(dx, cache)
    assert dE.dtype == dtype
    expected = np.einsum("tbv,tbd->vd", one_hot(ids, V), dx)
    np.testing.assert_allclose(dE, expected, rtol=0, atol=10 * np.finfo(dtype).eps)
    assert not dE[5:].any()


@pytest.mark.parametrize("kind", ["i1", "u1", "i4", "u8"])
def test_ids_of_any_integer_dtype(normal, ids, kind):
    E = normal(300, D)  # 300 D fits into no byte
    far = ids + 100
    x, cache = embedding_forward(E, far.astype(kind))
    np.testing.assert_array_equal(x, E[far])
    expected = embedding_backward(x, embedding_forward(E, far)[1])
    np.testing.assert_array_equal(embedding_backward(x, cache), expected)


def test_embedding_gradient(normal, ids):
    E, dx = normal(V, D), normal(7, 3, D)
    dE = embedding_backward(dx, embedding_forward(E, ids)[1])
    rng = np.random.default_rng(3)
    check_gradient(lambda E: np.sum(dx * embedding_forward(E, ids)[0]), E, dE, rng=rng)


def test_arrays_in_any_memory_order(normal, ids):
    E, dx = normal(V, D), normal(7, 3, D)
    x, cache = embedding_forward(np.asfortranarray(E), np.asfortranarray(ids))
    np.testing.assert_array_equal(x, E[ids])
    dE = embedding_backward(np.asfortranarray(dx), cache)
    np.testing.assert_array_equal(dE, embedding_backward(dx, embedding_forward(E, ids)[1]))


def test_the_vectors_are_no_views_of_the_table(normal):
    E = normal(V, D)
    assert not np.shares_memory(embedding_forward(E, [3])[0], E)


def test_one_step_and_no_steps(normal):
    E = normal(V, D)
    np.testing.assert_array_equal(embedding_forward(E, [8, 0])[0], E[[8, 0]])
    x, cache = embedding_forward(E, np.zeros((0, 3), int))
    assert x.shape == (0, 3, D)
    np.testing.assert_array_equal(embedding_backward(x, cache), np.zeros((V, D)))


def test_first_vectors_have_variance_one():
    E = init_embedding(np.random.default_rng(0), 500, 40)
    assert abs(E.mean()) < 0.03
    assert abs(E.var() - 1) < 0.03
    single = init_embedding(np.random.default_rng(0), 500, 40, dtype=np.float32)
    np.testing.assert_array_equal(single, E.astype(np.float32))


@pytest.mark.parametrize(
    ("E", "ids", "error", "message"),
    [
        (np.zeros(3), [0], ShapeError, "E must have shape (V, D), got (3,)"),
        (
            np.zeros((3, 2), int),
            [0],
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
        (np.zeros((3, 2)), [[3]], ValueError, "ids must lie in 0 … 2, got 3"),
        (np.zeros((3, 2)), [[0.0]], TypeError, "ids must be integers, got float64"),
        (np.zeros((3, 2)), 1, ShapeError, "ids must have shape (..., B), got ()"),
        (
            np.zeros((3, 2)),
            np.zeros((5, 0), int),
            ShapeError,
            "ids must have shape (..., B) with B at least 1, got (5, 0)",
        ),
    ],
)
def test_forward_names_what_is_wrong(E, ids, error, message):
    with pytest.raises(error) as raised:
        embedding_forward(E, ids)
    assert str(raised.value) == f"embedding_forward: {message}"


@pytest.mark.parametrize(
    ("dx", "error", "message"),
    [
        (np.zeros((7, 3)), ShapeError, "dx must have shape (7, 3, D=4), got (7, 3)"),
        (np.zeros((7, 3, D), "f4"), TypeError, "dx must have dtype float64, got float32"),
    ],
)
def test_backward_names_what_is_wrong(normal, ids, dx, error, message):
    cache = embedding_forward(normal(V, D), ids)[1]
    with pytest.raises(error) as raised:
        embedding_backward(dx, cache)
    assert str(raised.value) == f"embedding_backward: {message}"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_one_hot_as_a_layer(dtype):
    layer, ids = one_hot_layer(V, dtype=dtype), np.random.default_rng(0).integers(V, size=(7, 3))
    assert layer.init(np.random.default_rng(0)) is None
    assert (layer.n_in, layer.n_out) == (V, V)
    x, state, cache = layer.forward(None, ids, mask=ids > 3)  # which it ignores
    assert state is None
    assert x.dtype == dtype
    np.testing.assert_array_equal(x, one_hot(ids, V))
    assert layer.backward(x, cache) == (None, None, None)
    assert layer.forward(None, ids[:0])[0].shape == (0, 3, V)


@pytest.mark.parametrize(
    ("ids", "state0", "error", "message"),
    [
        (np.zeros((5, 0), int), None, ShapeError, "ids must have shape (T, B) with B at least 1"),
        (np.zeros(5, int), None, ShapeError, "ids must have shape (T, B), got (5,)"),
        (np.full((5, 1), V), None, ValueError, "ids must lie in 0 … 8, got 9"),
        (np.zeros((5, 1)), None, TypeError, "ids must be integers, got float64"),
        (np.zeros((5, 1), int), np.zeros(1), ValueError, "a state must be None, got ndarray"),
    ],
)
def test_one_hot_as_a_layer_names_what_is_wrong(ids, state0, error, message):
    with pytest.raises(error) as raised:
        one_hot_layer(V).forward(None, ids, state0)
    assert message in str(raised.value)
