"""Gates and states over time, norms, losses, terms: what stands where, in which colours."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from rnnref.course.plots import (
    COLOURS,
    DIVERGING,
    SEQUENTIAL,
    draw_gates,
    draw_losses,
    draw_norms,
    draw_states,
    draw_terms,
)


@pytest.fixture
def ax():
    return Figure(figsize=(8, 3)).subplots()


@pytest.fixture
def axes():
    return Figure(figsize=(8, 4)).subplots(2, 1)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def colour_of(line):
    return to_hex(line.get_color()).upper()


class TestGates:
    def test_units_go_down_and_time_to_the_right(self, ax):
        gate = np.array([[0.0, 0.5], [1.0, 0.25], [0.1, 0.2]])
        (image,) = draw_gates(ax, {"input gate": gate})
        np.testing.assert_array_equal(image.get_array(), gate.T)
        assert image.get_extent() == [0.5, 3.5, 2.5, 0.5]
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("step $t$", "unit")
        assert ax.get_title(loc="left") == "input gate"

    def test_the_colours_go_from_closed_to_open_whatever_the_values(self, axes, rng):
        gates = {name: rng.uniform(0.4, 0.6, size=(5, 3)) for name in "if"}
        for image in draw_gates(axes, gates):
            assert image.get_clim() == (0, 1)
            assert image.get_cmap() == SEQUENTIAL
        (bar,) = set(axes[0].figure.axes) - set(axes)
        assert [label.get_text() for label in bar.get_yticklabels()] == [
            "0, closed",
            "0.5",
            "1, open",
        ]

    def test_symbols_stand_below_the_last_gate_only(self, axes):
        draw_gates(axes, {"i": np.zeros((4, 2)), "f": np.ones((4, 2))}, symbols="a cd")
        labels = [[label.get_text() for label in ax.get_xticklabels()] for ax in axes]
        assert labels == [[""] * 4, ["a", "␣", "c", "d"]]

    @pytest.mark.parametrize("T", [1, 7, 26, 100, 1000])
    def test_no_more_steps_are_numbered_than_can_be_read(self, ax, T):
        draw_gates(ax, {"i": np.zeros((T, 2))})
        ticks = ax.get_xticks()
        assert 1 <= len(ticks) <= 25
        assert 1 <= ticks[0] <= ticks[-1] <= T

    @pytest.mark.parametrize(
        ("gates", "symbols", "message"),
        [
            ({}, None, "gates must hold one array for each of 2 axes, got 0"),
            ({"i": np.zeros((3, 2))}, None, "gates must hold one array for each of 2 axes, got 1"),
            (
                {"i": np.zeros((3, 2)), "f": np.zeros((4, 2))},
                None,
                r"gates\['f'\] must have shape \(T=3, H\), got \(4, 2\)",
            ),
            (
                {"i": np.zeros(3), "f": np.zeros(3)},
                None,
                r"gates\['i'\] must have shape \(T=3, H\), got \(3,\)",
            ),
            (
                {"i": np.zeros((3, 2)), "f": np.full((3, 2), -0.5)},
                None,
                r"gates\['f'\] must lie in 0 … 1, got −0.5 … −0.5",
            ),
            (
                {"i": np.zeros((3, 2)), "f": np.zeros((3, 2))},
                "ab",
                "symbols must have 3 entries, got 2",
            ),
        ],
    )
    def test_refuses(self, axes, gates, symbols, message):
        with pytest.raises(ValueError, match=f"draw_gates: {message}"):
            draw_gates(axes, gates, symbols=symbols)


class TestStates:
    def test_zero_is_white_and_each_has_its_own_scale(self, axes):
        states = {"c": np.array([[1.0, -4.0]]), "h": np.array([[0.5, 0.25]])}
        images = draw_states(axes, states)
        assert [image.get_clim() for image in images] == [(-4, 4), (-0.5, 0.5)]
        assert all(image.get_cmap() == DIVERGING for image in images)

    def test_the_scale_can_be_shared(self, axes):
        states = {"c": np.array([[1.0, -4.0]]), "h": np.array([[0.5, 0.25]])}
        assert {image.get_clim() for image in draw_states(axes, states, limit=2.0)} == {(-2, 2)}

    def test_all_zero(self, ax):
        (image,) = draw_states(ax, {"h": np.zeros((3, 2))})
        ax.figure.draw_without_rendering()
        assert image.get_clim() == (-1, 1)

    def test_refuses(self, ax):
        message = r"draw_states: states\['h'\] must have shape \(T, H\), got \(0, 2\)"
        with pytest.raises(ValueError, match=message):
            draw_states(ax, {"h": np.zeros((0, 2))})


class TestNorms:
    def test_median_and_middle_80_percent(self, ax):
        norms = np.arange(1.0, 12.0)[None] * [[1.0], [0.1]]
        line, band = draw_norms(ax, norms, label="RNN")
        np.testing.assert_allclose(line.get_xydata(), [[0, 6], [1, 0.6]])
        low, high = band.get_paths()[0].get_extents().get_points()[:, 1]
        np.testing.assert_allclose([low, high], [0.2, 10])
        assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "lag $t - k$")

    def test_one_sequence_has_no_band(self, ax):
        assert len(draw_norms(ax, [1.0, 0.5], first=1)) == 1
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2])

    def test_the_bound_has_its_name_and_the_colour_of_references(self, ax):
        _, bound = draw_norms(ax, [1.0, 0.5], [1.0, 0.9])
        assert colour_of(bound) == COLOURS.neutral
        assert bound.get_linestyle() != "-"
        (text,) = ax.texts
        assert (text.get_text(), tuple(text.xy)) == ("bound", (1, 0.9))

    def test_further_ones_differ_in_marker_and_line(self, ax):
        for _ in range(3):
            draw_norms(ax, [1.0, 0.5], [1.0, 0.9])
        measured = ax.lines[::2]
        assert len({line.get_marker() for line in measured}) == 3
        assert len({line.get_linestyle() for line in measured}) == 3

    def test_what_has_no_place_on_the_axis_is_left_out(self, ax):
        line, _ = draw_norms(ax, [[1.0, 1.0], [0.0, 0.0]])
        np.testing.assert_array_equal(line.get_ydata(), [1, np.nan])
        ax.figure.draw_without_rendering()

    @pytest.mark.parametrize(
        ("norms", "bound", "message"),
        [
            (np.ones((2, 3, 1)), None, r"norms must have shape \(lags,\) or \(lags, B\), got"),
            ([1.0, -1.0], None, "norms must be at least 0, got -1"),
            ([1.0, 0.5], [1.0], r"bound must have shape \(lags=2,\), got \(1,\)"),
        ],
    )
    def test_refuses(self, ax, norms, bound, message):
        with pytest.raises(ValueError, match=f"draw_norms: {message}"):
            draw_norms(ax, norms, bound)


class TestLosses:
    def test_training_is_faint_and_smoothed_by_the_mean_of_the_latest(self, ax):
        raw, smooth = draw_losses(ax, [4.0, 2.0, 0.0, 2.0], smooth=2)
        np.testing.assert_array_equal(raw.get_xydata(), [[1, 4], [2, 2], [3, 0], [4, 2]])
        np.testing.assert_array_equal(smooth.get_ydata(), [4, 3, 1, 1])
        assert raw.get_alpha() < 1
        assert raw.get_linewidth() < smooth.get_linewidth()
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("update", "loss")

    def test_by_default_a_fiftieth_is_smoothed(self, ax, rng):
        losses = rng.normal(size=200)
        _, smooth = draw_losses(ax, losses)
        np.testing.assert_allclose(smooth.get_ydata()[99], losses[96:100].mean())

    def test_the_best_validation_loss_is_marked(self, ax):
        lines = draw_losses(ax, np.ones(600), validation=[3.0, 1.5, 2.0])
        np.testing.assert_array_equal(lines[2].get_xydata(), [[200, 3], [400, 1.5], [600, 2]])
        np.testing.assert_array_equal(lines[3].get_xydata(), [[400, 1.5]])
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels == ["training", "validation", "best: 1.5 at 400"]
        assert lines[1].get_linestyle() != lines[2].get_linestyle()

    def test_updates_can_be_given(self, ax):
        raw, _, validation, _ = draw_losses(
            ax, [2.0, 1.0], updates=[10, 20], validation=[3.0], validation_updates=[15]
        )
        np.testing.assert_array_equal(raw.get_xdata(), [10, 20])
        np.testing.assert_array_equal(validation.get_xdata(), [15])

    def test_references_are_named_at_their_lines(self, ax):
        *_, chance, bigram = draw_losses(ax, [2.0], references={"chance": 4.5, "bigram": 2.4})
        assert [line.get_ydata()[0] for line in (chance, bigram)] == [4.5, 2.4]
        assert {colour_of(chance), colour_of(bigram)} == {COLOURS.neutral}
        assert [(text.get_text(), text.xy[1]) for text in ax.texts] == [
            ("chance", 4.5),
            ("bigram", 2.4),
        ]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"updates": [1]}, r"updates must have shape \(n=2,\), got \(1,\)"),
            ({"smooth": 0}, "smooth must be at least 1, got 0"),
            ({"validation_updates": [1]}, "validation_updates must be None without validation"),
            (
                {"validation": [1.0], "validation_updates": [1, 2]},
                r"validation_updates must have shape \(m=1,\), got \(2,\)",
            ),
        ],
    )
    def test_refuses(self, ax, options, message):
        with pytest.raises(ValueError, match=f"draw_losses: {message}"):
            draw_losses(ax, [2.0, 1.0], **options)


class TestTerms:
    def test_a_bar_for_each_term_and_one_for_their_sum(self, ax):
        bars = draw_terms(ax, [0.5, -0.25, 1.0])
        assert [bar.get_height() for bar in bars] == [0.5, -0.25, 1.0, 1.25]
        assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3", "sum"]
        assert [text.get_text() for text in ax.texts] == ["0.5", "−0.25", "1", "1.25"]

    def test_the_sum_looks_different_and_stands_apart(self, ax):
        *terms, total = draw_terms(ax, [0.5, 1.0], first=0, numbers=False)
        assert to_hex(terms[0].get_facecolor()).upper() == COLOURS.gradient
        assert to_hex(total.get_facecolor()).upper() == COLOURS.accent
        assert total.get_hatch()
        assert total.get_x() - terms[1].get_x() == 2
        assert not ax.texts

    def test_many_terms_have_few_ticks(self, ax):
        draw_terms(ax, np.ones(100), numbers=False)
        assert len(ax.get_xticks()) < 20

    def test_refuses(self, ax):
        with pytest.raises(ValueError, match=r"draw_terms: terms must have shape \(t,\), got"):
            draw_terms(ax, [[1.0]])
