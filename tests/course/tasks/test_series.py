"""Time series: what they follow, and how well they can be predicted."""

import numpy as np
import pytest

from rnnref.course.tasks import (
    mackey_glass,
    noisy_sines,
    one_step_ahead,
    switching_autoregression,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_sines_have_the_power_and_the_noise_that_are_said(rng):
    series = noisy_sines(rng, 400, 200, waves=3, noise=0.0)
    assert series.shape == (400, 200, 1)
    assert abs(series.var() - 0.5) < 0.05
    same = noisy_sines(np.random.default_rng(1), 400, 200, noise=0.0)
    noisy = noisy_sines(np.random.default_rng(1), 400, 200, noise=0.3)
    assert abs(np.std(noisy - same) - 0.3) < 0.01


def test_a_single_sine_obeys_its_recursion(rng):
    x = noisy_sines(rng, 50, 20, waves=1, noise=0.0)[..., 0]
    # x_{t+1} + x_{t−1} = 2 cos(ω) x_t
    twice = ((x[2:] + x[:-2]) * x[1:-1]).sum(axis=0) / (x[1:-1] ** 2).sum(axis=0)
    np.testing.assert_allclose(x[2:] + x[:-2], twice * x[1:-1], atol=1e-12)
    period = 2 * np.pi / np.arccos(twice / 2)
    assert period.min() >= 8
    assert period.max() <= 40


def test_autoregressions_are_predicted_by_who_knows_the_regime(rng):
    regimes = np.array([[1.6, -0.9], [-0.5, 0.3]])
    x, regime = switching_autoregression(rng, 300, 50, noise=0.2)
    assert x.shape == (300, 50, 1)
    x = x[..., 0]
    errors = np.array(
        [
            x[t, b] - regimes[regime[t, b]] @ x[[t - 1, t - 2], b]
            for t in range(2, 300)
            for b in range(50)
        ]
    )
    assert abs(errors.std() - 0.2) < 0.01
    assert abs(errors.mean()) < 0.01
    assert abs(np.mean(regime[1:] == regime[:-1]) - 0.98) < 0.005
    assert abs(regime.mean() - 0.5) < 0.1


def test_one_regime_is_a_plain_autoregression(rng):
    x, regime = switching_autoregression(rng, 4000, 2, regimes=[[0.8]], noise=1.0)
    assert not regime.any()
    assert abs(x.var() - 1 / (1 - 0.8**2)) < 0.5


def test_three_regimes_are_all_visited_and_never_left_for_themselves(rng):
    _, regime = switching_autoregression(rng, 500, 4, regimes=[[0.1], [0.2], [0.3]], stay=0.0)
    assert (regime[1:] != regime[:-1]).all()
    np.testing.assert_allclose(np.bincount(regime.ravel()) / regime.size, 1 / 3, atol=0.05)


def test_mackey_glass_follows_its_equation(rng):
    fine = mackey_glass(rng, 300, 3, delay=17)[..., 0]
    assert fine.min() > 0
    assert fine.max() < 1.5
    # The slope over two units of time, against the equation's right side in their middle.
    t = np.arange(20, 299)
    late = fine[t - 17]
    right = 0.2 * late / (1 + late**10) - 0.1 * fine[t]
    slope = (fine[t + 1] - fine[t - 1]) / 2
    assert np.corrcoef(slope.ravel(), right.ravel())[0, 1] > 0.99


def test_mackey_glass_is_no_repetition(rng):
    x = mackey_glass(rng, 600, 1)[:, 0, 0]
    repeats = [np.abs(x[lag:] - x[:-lag]).mean() for lag in range(5, 300)]
    assert min(repeats) > 0.01


def test_one_step_ahead(rng):
    series = rng.normal(size=(5, 2, 1))
    x, y = one_step_ahead(series)
    np.testing.assert_array_equal(x, series[:4])
    np.testing.assert_array_equal(y, series[1:])
    assert not np.shares_memory(x, series)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (noisy_sines, {"waves": 0}, "waves must be at least 1, got 0"),
        (noisy_sines, {"noise": -1.0}, "noise must lie in 0 … inf, got -1.0"),
        (mackey_glass, {"delay": 0}, "delay must be at least 1, got 0"),
        (switching_autoregression, {"stay": 1.5}, "stay must lie in 0 … 1, got 1.5"),
        (
            switching_autoregression,
            {"regimes": [[0.5], [0.1, 0.2]]},
            r"regimes must hold as many coefficients each, got \[1, 2\]",
        ),
    ],
)
def test_errors(rng, function, options, message):
    with pytest.raises(ValueError, match=f"^{function.__name__}: {message}"):
        function(rng, 5, 2, **options)


def test_a_series_of_one_step_has_nothing_ahead():
    with pytest.raises(ValueError, match="one_step_ahead: series must have at least 2 steps"):
        one_step_ahead(np.zeros((1, 2, 1)))
