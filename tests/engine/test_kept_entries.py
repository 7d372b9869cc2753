"""Dropout is judged by its shares and by what it makes of its own mask."""

import numpy as np
import pytest

from rnnref.checks.ps6_architectures.dropout import EXERCISE
from rnnref.engine.observe import OBSERVERS
from rnnref.engine.stored import load, save

H = np.random.default_rng(0).uniform(0.5, 1.0, size=(60, 40, 5))
observe = OBSERVERS["kept entries"]


def drop(mask, p):
    return H * mask / (1 - p), mask


def drawn(seed, p):
    return np.random.default_rng(seed).random(H.shape) >= p


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_two_masks_of_the_same_probability_agree_and_of_another_do_not(p):
    one, other = (observe(drop(drawn(seed, p), p), (H, p)) for seed in (1, 2))
    assert one.mean.shape == (3, 2)
    assert one.agrees(other)
    assert not one.agrees(observe(drop(drawn(3, p / 2), p), (H, p)))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mask_shared_along_an_axis_shows_on_that_axis(axis):
    mask = np.repeat(drawn(1, 0.4).take([0], axis), H.shape[axis], axis)
    np.testing.assert_array_equal(observe(drop(mask, 0.4), (H, 0.4)).mean[axis], [0, 1])


def test_nothing_is_left_to_chance_where_nothing_may_be_dropped():
    assert observe(drop(np.ones(H.shape, bool), 0.0), (H, 0.0)).is_exact


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (H, "return two values, dropped and mask; yours is an array"),
        ((H, H), r"mask must be an array .* dtype bool; yours is .* dtype float64"),
        ((H[0], drawn(1, 0.5)), r"dropped must be an array of shape \(60, 40, 5\)"),
        (
            (H * drawn(1, 0.5), drawn(1, 0.5)),
            "mask is True, dropped should be H times 2; yours is H times 1",
        ),
        ((2 * H, drawn(1, 0.5)), "mask is False, dropped should be H times 0; yours is H times 2"),
        (drop(drawn(1, 0.8), 0.8), "yours is H times 5; also, mask is True too seldom"),
        ((2 * H * drawn(1, 0.5), drawn(2, 0.5)), "yours is H times between 0 and 2"),
    ],
)
def test_what_does_not_fit_the_mask_is_told(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        observe(value, (H, 0.5))


def test_dropout_can_be_stored(tmp_path):
    sheet = EXERCISE.sheet(0)
    save(tmp_path / "checks.npz", [sheet])
    stored = load(tmp_path / "checks.npz")["dropout"]
    for mistake in EXERCISE.mistakes:
        for probe, again in zip(sheet.probes, stored.probes, strict=True):
            found, kept = probe.fingerprint(mistake.name), again.fingerprint(mistake.name)
            assert (found.error, found.refused) == (kept.error, kept.refused)
