"""Problems shared by the tests of the layers: T = 7 steps, B = 3 sequences."""

import numpy as np
import pytest

T, B = 7, 3

MASKS = {
    "no mask": None,
    "ragged": np.arange(T)[:, None] < np.array([7, 2, 5]),
    "holes": np.random.default_rng(7).random((T, B)) < 0.6,
    "one sequence masked": np.ones((T, B), bool) & np.array([True, False, True]),
}


@pytest.fixture(params=MASKS)
def mask(request):
    """One of `MASKS`, read-only."""
    return _read_only(MASKS[request.param])


@pytest.fixture
def normal():
    """Return a source of random read-only arrays: writing to one is an error."""
    rng = np.random.default_rng(1)
    return lambda *shape, dtype=np.float64: _read_only(rng.normal(size=shape).astype(dtype))


def _read_only(array):
    if array is not None:
        array.flags.writeable = False
    return array
