"""First parameters: ranges, orthogonality, one seed for all dtypes."""

import numpy as np
import pytest

from rnnref import init_dense, init_rnn

INITIALISERS = [init_rnn, init_dense]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_rnn(rng):
    U, W, b = init_rnn(rng, 30, 20)
    limit = np.sqrt(6 / 50)
    assert 0.95 * limit < np.abs(U).max() < limit
    np.testing.assert_allclose(W @ W.T, np.eye(20), atol=1e-14)
    assert not b.any()


def test_orthogonal_matrices_are_uniform(rng):
    # The trace of a uniform orthogonal matrix has mean 0 and variance 1; Q alone has neither.
    traces = [np.trace(init_rnn(rng, 1, 4).W) for _ in range(2000)]
    assert abs(np.mean(traces)) < 0.1
    assert abs(np.var(traces) - 1) < 0.15


def test_dense(rng):
    V, c = init_dense(rng, 30, 20)
    limit = np.sqrt(6 / 50)
    assert 0.95 * limit < np.abs(V).max() < limit
    assert V.shape == (20, 30)
    assert not c.any()


@pytest.mark.parametrize("init", INITIALISERS)
def test_a_seed_means_the_same_in_every_dtype(init):
    double = init(np.random.default_rng(5), 4, 3)
    for dtype in (np.float32, np.complex128):
        for p, d in zip(init(np.random.default_rng(5), 4, 3, dtype=dtype), double, strict=True):
            assert p.dtype == dtype
            np.testing.assert_array_equal(p, d.astype(dtype))


@pytest.mark.parametrize("init", INITIALISERS)
def test_errors(init, rng):
    with pytest.raises(ValueError, match=rf"^{init.__name__}: D must be at least 1, got 0$"):
        init(rng, 0, 3)
    with pytest.raises(TypeError, match=rf"^{init.__name__}: D must be an integer, got float$"):
        init(rng, 4.0, 3)
    with pytest.raises(TypeError, match=r"dtype must be one of float32, float64, .*, got int64$"):
        init(rng, 4, 3, dtype=np.int64)
