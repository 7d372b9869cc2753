"""Spectral radius and norm of a matrix, and scaling to a radius."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import ShapeError, scale_to_spectral_radius, spectral_norm, spectral_radius

ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])
SHEAR = np.array([[0.5, 5.0], [0.0, 0.5]])


def random_matrix(seed, H):
    return np.random.default_rng(seed).normal(size=(H, H))


def is_close(a, b, rtol=1e-12):
    return abs(a - b) <= rtol * abs(b)


@pytest.mark.parametrize(
    ("W", "radius", "norm"),
    [
        (np.diag([1.0, -3.0, 2.0]), 3, 3),
        (2 * ROTATION, 2, 2),
        (SHEAR, 0.5, np.sqrt((25.5 + np.sqrt(25.5**2 - 0.25)) / 2)),
        (np.array([[0.0, 7.0], [0.0, 0.0]]), 0, 7),
        (np.zeros((3, 3)), 0, 0),
        (np.array([[-4.0]]), 4, 4),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), (5 + np.sqrt(33)) / 2, np.sqrt(15 + np.sqrt(221))),
    ],
)
def test_worked_by_hand(W, radius, norm):
    assert is_close(spectral_radius(W), radius)
    assert is_close(spectral_norm(W), norm)


def test_they_are_plain_floats():
    for dtype in ("f4", "f8"):
        assert type(spectral_radius(SHEAR.astype(dtype))) is float
        assert type(spectral_norm(SHEAR.astype(dtype))) is float


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), H=st.integers(1, 6))
def test_the_norm_is_the_most_that_a_vector_is_stretched(seed, H):
    W = random_matrix(seed, H)
    norm = spectral_norm(W)
    v = np.random.default_rng(seed).normal(size=(H, 200))
    assert np.all(np.linalg.norm(W @ v, axis=0) <= norm * np.linalg.norm(v, axis=0) * (1 + 1e-12))
    longest = np.linalg.eigh(W.T @ W)[1][:, -1]  # the unit vector that is stretched most
    assert is_close(np.linalg.norm(W @ longest), norm)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), H=st.integers(1, 6), n=st.integers(1, 8))
def test_radius_and_norm_of_powers_and_products(seed, H, n):
    W, V = random_matrix(seed, H), random_matrix(seed + 1000, H)
    power = np.linalg.matrix_power(W, n)
    assert spectral_radius(W) <= spectral_norm(W) * (1 + 1e-12)
    assert is_close(spectral_radius(power), spectral_radius(W) ** n, 1e-6)
    assert spectral_norm(power) <= spectral_norm(W) ** n * (1 + 1e-12)
    assert spectral_norm(W @ V) <= spectral_norm(W) * spectral_norm(V) * (1 + 1e-12)
    assert spectral_norm(W + V) <= (spectral_norm(W) + spectral_norm(V)) * (1 + 1e-12)


def test_the_radius_is_the_growth_in_the_end_and_not_before():
    growth = [spectral_norm(np.linalg.matrix_power(SHEAR, n)) ** (1 / n) for n in (1, 10, 1000)]
    assert growth[0] > 5
    assert growth[1] > 0.7
    assert abs(growth[2] - spectral_radius(SHEAR)) < 0.01


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("rho", [0.5, 1, 3.0])
@pytest.mark.parametrize("W", [ROTATION, SHEAR, random_matrix(0, 20), 1e-30 * random_matrix(1, 9)])
def test_scaling_gives_the_radius_and_keeps_the_direction(W, rho, dtype):
    W = W.astype(dtype)
    W.flags.writeable = False
    scaled = scale_to_spectral_radius(W, rho)
    assert scaled.dtype == dtype
    assert is_close(spectral_radius(scaled), rho, 1e-4 if dtype == "f4" else 1e-9)
    np.testing.assert_allclose(scaled * np.abs(W).max(), W * np.abs(scaled).max(), rtol=1e-5)


def shuffled(W):
    """Number the units in another order: the eigenvalues stay."""
    order = np.random.default_rng(3).permutation(len(W))
    return W[order][:, order]


TRIANGLE = np.triu(random_matrix(0, 60), 1)
BASIS = np.array([[2.0, 1.0, 1.0, 1.0], [1.0, 2.0, 1.0, 1.0], [1.0, 1.0, 2.0, 1.0], [1.0] * 4])
CHAIN_IN_BASIS = BASIS @ np.eye(4, k=1) @ np.linalg.inv(BASIS).round()  # det 1: all integers


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "W",
    [
        np.zeros((1, 1)),
        np.zeros((4, 4)),
        TRIANGLE,
        TRIANGLE.T,
        1e-30 * TRIANGLE,
        shuffled(TRIANGLE),
        np.array([[1.0, -1.0], [1.0, -1.0]]),
        np.array([[0.1, -0.1], [0.1, -0.1]]),
        np.array([[2.0, 4.0], [-1.0, -2.0]]),
        CHAIN_IN_BASIS,
        CHAIN_IN_BASIS / 3,
    ],
)
def test_a_nilpotent_matrix_has_no_radius_to_scale(W, dtype):
    with pytest.raises(ValueError, match=r"^scale_to_spectral_radius: W must have an eigenvalue"):
        scale_to_spectral_radius(W.astype(dtype), 1.0)


@pytest.mark.parametrize("H", [2, 30, 100])
def test_nearly_nilpotent_is_not_nilpotent(H):
    # The norm is up to a thousand times the radius; rounding still leaves the diagonal.
    for W in (np.triu(random_matrix(0, H), 1), 50 * np.eye(H, k=1), np.zeros((H, H))):
        W = shuffled(W + 0.5 * np.eye(H))
        assert is_close(spectral_radius(scale_to_spectral_radius(W, 2.0)), 2.0)


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("after", [0, 3])
def test_a_weak_cycle_among_strong_chains_is_found(before, after):
    W = np.eye(before + 2 + after, k=-1)  # each unit feeds the next
    W[before + 1, before] = W[before, before + 1] = 1e-20
    W = shuffled(W)
    assert is_close(spectral_radius(scale_to_spectral_radius(W, 1.0)), 1.0)


@pytest.mark.parametrize("function", [spectral_radius, spectral_norm, scale_to_spectral_radius])
@pytest.mark.parametrize(
    ("W", "error", "message"),
    [
        (np.zeros((2, 3)), ShapeError, "W must have shape (H=2, H=2), got (2, 3)"),
        (np.zeros(3), ShapeError, "W must have shape (H, H), got (3,)"),
        (
            np.zeros((0, 0)),
            ShapeError,
            "W must have shape (H, H) with H at least 1, got (0, 0)",
        ),
        ([[1.0]], TypeError, "W must be a numpy.ndarray, got list"),
        (
            np.eye(2, dtype=int),
            TypeError,
            "dtype must be one of float32, float64, complex128, got int64",
        ),
        (
            np.array([[np.nan]]),
            ValueError,
            "W must be finite, got nan or inf among its entries",
        ),
    ],
)
def test_what_is_wrong_with_the_matrix_is_named(function, W, error, message):
    arguments = (W, 1.0) if function is scale_to_spectral_radius else (W,)
    with pytest.raises(error) as raised:
        function(*arguments)
    assert str(raised.value) == f"{function.__name__}: {message}"


@pytest.mark.parametrize("rho", [0, -1.0, np.inf, np.nan])
def test_the_radius_wanted_must_be_positive(rho):
    with pytest.raises(ValueError, match=r"^scale_to_spectral_radius: rho must be a positive"):
        scale_to_spectral_radius(np.eye(2), rho)
