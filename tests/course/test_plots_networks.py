"""Sensitivity, the CTC trellis and readings: units, states and letters in their places."""

import itertools

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from rnnref import ctc_alignment, ctc_extend_label
from rnnref.course.plots import COLOURS, SEQUENTIAL, draw_reading, draw_sensitivity, draw_trellis

GATES = ("O---", "-OOO", "--O-")
T = 4


@pytest.fixture
def ax():
    return Figure(figsize=(8, 4)).subplots()


@pytest.fixture
def axes():
    return Figure(figsize=(8, 4)).subplots(2, 1)


def _way(place, height):
    """Where a gate's mark stands from the cell at its step: (0, −1) below, (−1, 0) left …"""
    across, up = place[0] % 1, place[1] - height
    return -np.sign(across), np.sign(np.round(up, 6))


class TestSensitivity:
    hidden = np.array([1.0, 0.5, 0.25, 0.125])
    output = np.array([0.5, 0.25, 0.125, 0.0625])

    def test_the_darker_the_more(self, ax):
        units = draw_sensitivity(ax, self.hidden, self.output)
        np.testing.assert_array_equal(units.get_array(), [1, 0, 0, 0, *self.hidden, *self.output])
        assert units.get_cmap() == SEQUENTIAL
        assert units.get_clim() == (0, 1)

    def test_rows_are_input_hidden_and_output_from_below(self, ax):
        units = draw_sensitivity(ax, self.hidden, self.output)
        centres = [path.get_extents().get_points().mean(axis=0) for path in units.get_paths()]
        columns, heights = np.array(centres).T
        np.testing.assert_allclose(columns, [1, 2, 3, 4] * 3)
        assert heights[0] < heights[4] < heights[8]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["input", "hidden", "output"]
        edges = [to_hex(edge).upper() for edge in units.get_edgecolor()[::T]]
        assert edges == [COLOURS.input, COLOURS.state, COLOURS.output]

    def test_layers_of_several_units(self, ax):
        hidden, output = np.ones((T, 3)) * [1, 2, 4], np.ones((T, 2))
        units = draw_sensitivity(ax, hidden, output, at=2, limit=8.0)
        np.testing.assert_array_equal(units.get_array()[: 2 * T], [0, 8, 0, 0] + [1] * T)
        assert len(units.get_paths()) == (1 + 3 + 2) * T
        assert units.get_clim() == (0, 8)

    def test_gates_stand_below_left_and_above_the_cell(self, ax):
        units = draw_sensitivity(ax, self.hidden, self.output, gates=GATES)
        x, y = units.get_paths()[T].get_extents().get_points().mean(axis=0)
        marks = {text.get_position(): text.get_text() for text in ax.texts}
        assert len(marks) == 3 * T
        for letters, way in zip(GATES, [(0, -1), (-1, 0), (0, 1)], strict=True):
            places = [place for place in marks if np.allclose(_way(place, y), way)]
            assert [marks[place] for place in sorted(places)] == list(letters.replace("-", "—"))
        assert x == 1

    def test_marks_are_not_on_the_units(self, ax):
        units = draw_sensitivity(ax, self.hidden, self.output, gates=GATES)
        ax.figure.draw_without_rendering()
        circles = [ax.transData.transform_bbox(path.get_extents()) for path in units.get_paths()]
        for text, circle in itertools.product(ax.texts, circles):
            mark = np.mean(text.get_window_extent().get_points(), axis=0)
            middle = np.mean(circle.get_points(), axis=0)
            assert np.linalg.norm(mark - middle) > circle.width / 2

    def test_nothing_is_felt(self, ax):
        units = draw_sensitivity(ax, np.zeros(T), np.zeros(T))
        ax.figure.draw_without_rendering()
        assert units.get_clim() == (0, 1)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"output": np.ones(3)}, r"output must have shape \(T=4,\) or \(T=4, units\), got"),
            ({"hidden": -np.ones(T)}, "hidden must be at least 0, got -1"),
            ({"at": 5}, "at must lie in 1 … 4, got 5"),
            ({"gates": ("O---", "OOO", "----")}, "gates must be 3 strings of 4 letters, each O or"),
            ({"gates": ("O---", "xOOO", "----")}, "gates must be 3 strings of 4 letters"),
            ({"gates": ("O---", "OOOO")}, "gates must be 3 strings of 4 letters"),
            ({"gates": GATES, "hidden": np.ones((T, 2))}, "gates must belong to one hidden unit"),
        ],
    )
    def test_refuses(self, ax, arguments, message):
        with pytest.raises(ValueError, match=f"draw_sensitivity: {message}"):
            draw_sensitivity(ax, **{"hidden": self.hidden, "output": self.output} | arguments)


def ways(ax):
    """The steps that are drawn, as (frame, state, next state), all counted from 0."""
    (lines,) = (c for c in ax.collections if isinstance(c, LineCollection))
    segments = np.round(np.array(lines.get_segments())).astype(int) - 1
    return {(start[0], start[1], end[1]) for start, end in segments}


def naive_ways(frames, states):
    """The steps of all paths that read the label, by trying every path."""
    found = set()
    for path in itertools.product(range(len(states)), repeat=frames):
        starts, ends = path[0] < 2, path[-1] >= len(states) - 2
        steps = list(itertools.pairwise(path))
        if starts and ends and all(_may(states, a, b) for a, b in steps):
            found |= {(t, a, b) for t, (a, b) in enumerate(steps)}
    return found


def _may(states, a, b):
    return b - a in (0, 1) or (b - a == 2 and states[b] != "–" and states[b] != states[a])


class TestTrellis:
    @pytest.mark.parametrize("word", ["a", "ab", "aa"])
    def test_the_ways_are_those_of_all_paths(self, ax, word):
        states = ["–", *"".join(f"{letter}–" for letter in word)]
        draw_trellis(ax, np.zeros((5, len(states))), states)
        assert ways(ax) == naive_ways(5, states)

    def test_states_of_a_real_alignment(self, ax):
        logits = np.random.default_rng(0).normal(size=(7, 4))
        log_alpha, _, posterior, _ = ctc_alignment(logits, [1, 2, 2])
        ext, _ = ctc_extend_label([1, 2, 2])
        states = ["–abc"[k] for k in ext]
        nodes = draw_trellis(ax, posterior, states)
        np.testing.assert_array_equal(nodes.get_array().reshape(7, 7), posterior)
        at = {
            tuple(place): p for place, p in zip(nodes.get_offsets(), nodes.get_array(), strict=True)
        }
        assert at[3.0, 4.0] == posterior[2, 3]
        assert [label.get_text() for label in ax.get_yticklabels()] == list("–a–b–b–")
        assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first state on top

    def test_logarithms_are_shown_as_shares_of_their_frame(self, ax):
        logs = np.array([[-1000.0, -1000.0, -np.inf], [-2000.0, -np.inf, -np.inf]])
        nodes = draw_trellis(ax, logs, "–a–", log=True)
        np.testing.assert_allclose(nodes.get_array(), [0.5, 0.5, 0, 1, 0, 0])

    def test_a_frame_that_no_path_comes_to(self, ax):
        nodes = draw_trellis(ax, np.full((2, 3), -np.inf), "–a–", log=True)
        np.testing.assert_array_equal(nodes.get_array(), 0)

    def test_the_best_path_is_marked(self, ax):
        draw_trellis(ax, np.zeros((4, 3)), "–a–", path=[0, 1, 1, 2])
        (line,) = ax.lines
        np.testing.assert_array_equal(line.get_xydata(), [[1, 1], [2, 2], [3, 2], [4, 3]])
        assert line.get_color() == COLOURS.state
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["best path"]

    def test_nodes_do_not_touch(self, ax):
        nodes = draw_trellis(ax, np.zeros((30, 11)), "–h–e–l–l–o–")
        ax.figure.draw_without_rendering()
        places = ax.transData.transform(nodes.get_offsets())
        apart = np.linalg.norm(places[:, None] - places, axis=-1)[np.triu_indices(330, 1)].min()
        assert np.sqrt(nodes.get_sizes()[0]) * ax.figure.dpi / 72 < apart

    @pytest.mark.parametrize(
        ("states", "path", "message"),
        [
            ("–a", None, "states must have 3 entries, got 2"),
            ("a–b", None, "states must be letters with a blank, '–', before, between and after"),
            ("–a–", [0, 1, 2], "path must have 4 entries, got 3"),
            ("–a–", [0, 1, 2, 3], "path must lie in 0 … 2, got 3"),
        ],
    )
    def test_refuses(self, ax, states, path, message):
        with pytest.raises(ValueError, match=f"draw_trellis: {message}"):
            draw_trellis(ax, np.zeros((4, 3)), states, path=path)


class TestReading:
    image = np.linspace(0, 1, 40 * 8).reshape(40, 8)

    def probabilities(self):
        """10 frames: a at the third, b at the seventh, c never seen."""
        p = np.zeros((10, 4))
        p[2, 1], p[6, 2], p[:, 3] = 0.9, 0.7, 0.05
        p[:, 0] = 1 - p.sum(axis=1)
        return p

    def test_image_and_probabilities_share_the_frames(self, axes):
        draw_reading(axes, self.image, self.probabilities(), "–abc")
        (picture,) = axes[0].images
        np.testing.assert_array_equal(picture.get_array(), self.image.T)
        assert picture.get_extent()[:2] == [0.5, 10.5]
        assert axes[0].get_xlim() == axes[1].get_xlim() == (0.5, 10.5)
        assert axes[1].get_xlabel() == "frame $t$"

    def test_letters_stand_at_their_peaks(self, axes):
        draw_reading(axes, self.image, self.probabilities(), "–abc")
        assert [(text.get_text(), *text.xy) for text in axes[1].texts] == [
            ("a", 3, 0.9),
            ("b", 7, 0.7),
        ]

    def test_a_class_that_is_not_seen_has_no_line_and_the_blank_is_dotted_grey(self, axes):
        blank, *letters = draw_reading(axes, self.image, self.probabilities(), "–abc")
        assert (blank.get_color(), blank.get_linestyle()) == (COLOURS.neutral, ":")
        assert len(letters) == 2
        assert len({line.get_color() for line in letters}) == 2

    def test_a_letter_twice_is_named_twice(self, axes):
        p = self.probabilities()
        p[8, 1] = 1.0
        draw_reading(axes, self.image, p, "–abc")
        assert [text.get_text() for text in axes[1].texts] == ["a", "a", "b"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"classes": "–ab"}, "classes must have 4 entries, got 3"),
            ({"blank": 4}, "blank must lie in 0 … 3, got 4"),
            ({"image": np.zeros(4)}, r"image must have shape \(columns, height\), got \(4,\)"),
            ({"probabilities": [0.5]}, r"probabilities must have shape \(T, K\), got \(1,\)"),
        ],
    )
    def test_refuses(self, axes, options, message):
        good = {"image": self.image, "probabilities": self.probabilities(), "classes": "–abc"}
        with pytest.raises(ValueError, match=f"draw_reading: {message}"):
            draw_reading(axes, **good | options)

    def test_needs_two_axes(self, ax):
        with pytest.raises(ValueError, match="draw_reading: axes must be 2, got 1"):
            draw_reading([ax], self.image, self.probabilities(), "–abc")
