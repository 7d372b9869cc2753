"""Figures: shown with alt text, readable, in colours that can be told apart."""

import base64
import io
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from rnnref.course.plots import (
    COLOURS,
    DIVERGING,
    SEQUENTIAL,
    as_ink,
    heatmap,
    ink_on,
    show,
    timeline,
)

# What full protanopia, deuteranopia and tritanopia make of linear RGB: Machado, Oliveira and
# Fernandes (2009), table 1, severity 1.0.
COLOUR_BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3),
}
# Linear sRGB to XYZ over the white point D65 (IEC 61966-2-1).
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
) / np.array([[0.9505], [1.0], [1.0890]])


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    """CIE 1976 L*a*b*, in which equal distances look about equally large."""
    ratios = TO_XYZ @ np.clip(linear_rgb, 0, 1)
    x, y, z = np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture
def shown(monkeypatch):
    """What `show` hands to Jupyter."""
    objects = []
    monkeypatch.setattr("IPython.display.display", objects.append)
    return objects


class TestShow:
    def test_gives_jupyter_a_picture_with_alt_text(self, shown):
        show(Figure(figsize=(4, 3)), alt="Nothing yet.")
        data, metadata = DisplayFormatter().format(shown[0], include=["text/plain", "image/png"])
        assert metadata["image/png"] == {"alt": "Nothing yet.", "width": 400}
        assert data["text/plain"] == "Nothing yet."
        pixels = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])))
        assert pixels.shape == (600, 800, 4)  # twice the page's

    def test_the_ground_is_opaque_white(self, shown):
        show(Figure(), alt="Nothing yet.")
        pixels = plt.imread(io.BytesIO(base64.b64decode(shown[0]._repr_png_()[0])))
        np.testing.assert_array_equal(pixels[0, 0], 1)

    def test_closes_the_figure(self, shown):
        fig = plt.figure()
        show(fig, alt="Nothing yet.")
        assert not plt.fignum_exists(fig.number)

    @pytest.mark.parametrize("alt", ["", "  \n"])
    def test_refuses_an_empty_alt_text(self, alt, shown):
        with pytest.raises(ValueError, match="show: alt must say what there is to see"):
            show(Figure(), alt=alt)
        assert not shown


@pytest.mark.parametrize("sight", COLOUR_BLINDNESS)
def test_colours_can_be_told_apart(sight):
    seen = {
        name: lab(np.array(COLOUR_BLINDNESS[sight]) @ linear(colour))
        for name, colour in COLOURS._asdict().items()
    }
    for first, second in itertools.combinations(seen, 2):
        distance = np.linalg.norm(seen[first] - seen[second])
        assert distance > 15, f"{first} and {second} are too alike: {distance:.1f}"


def test_the_diverging_colours_have_white_in_the_middle():
    np.testing.assert_allclose(
        DIVERGING([0.0, 1.0])[:, :3], [to_rgb(COLOURS[0]), to_rgb(COLOURS[1])]
    )
    np.testing.assert_allclose(DIVERGING(0.5)[:3], 1, atol=0.01)


@pytest.mark.parametrize("sight", COLOUR_BLINDNESS)
def test_the_sequential_colours_darken_evenly(sight):
    seen = [
        lab(np.array(COLOUR_BLINDNESS[sight]) @ linear(c)) for c in SEQUENTIAL(np.arange(9) / 8)
    ]
    lightness = np.array(seen)[:, 0]
    np.testing.assert_allclose(lightness[0], 100, atol=0.5)
    steps = -np.diff(lightness)
    assert 7 < steps.min() <= steps.max() < 17


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_as_ink_can_be_read_on_white_and_keeps_its_hue(colour):
    ink = linear(as_ink(colour))
    assert 1.05 / (ink @ [0.2126, 0.7152, 0.0722] + 0.05) > 4.5
    channels = np.array([to_rgb(colour), to_rgb(as_ink(colour))])
    np.testing.assert_allclose(*(channels / channels.max(axis=1, keepdims=True)), atol=0.01)


def test_a_dark_colour_is_an_ink_as_it_is():
    assert as_ink("#0072B2") == "#0072b2"


@pytest.mark.parametrize("colour", ["white", "black", *COLOURS, "#808080"])
def test_ink_is_the_one_of_higher_contrast(colour):
    luminance = linear(colour) @ [0.2126, 0.7152, 0.0722]
    contrast = {"white": 1.05 / (luminance + 0.05), "black": (luminance + 0.05) / 0.05}
    assert ink_on(colour) == max(contrast, key=contrast.get)
    assert contrast[ink_on(colour)] > 4.5  # what WCAG 2 asks of text, level AA


class TestTimeline:
    def test_has_a_point_per_step(self, ax):
        timeline(ax, [3.0, 1.0], label="state", first=0)
        (line,) = ax.lines
        np.testing.assert_array_equal(line.get_xydata(), [[0, 3], [1, 1]])
        assert ax.get_xlabel() == "step $t$"

    def test_steps_are_whole_numbers(self, ax):
        timeline(ax, [3.0, 1.0], label="state")
        ticks = ax.get_xticks()
        np.testing.assert_array_equal(ticks, np.round(ticks))

    def test_lines_differ_in_colour_and_marker(self, ax):
        for values in np.eye(5):
            timeline(ax, values, label="state")
        assert len({line.get_color() for line in ax.lines}) == 5
        assert len({line.get_marker() for line in ax.lines}) == 5

    def test_a_look_can_be_chosen(self, ax):
        timeline(ax, [1.0], label="state", colour="black", marker="P", linestyle=":")
        (line,) = ax.lines
        assert (line.get_color(), line.get_marker(), line.get_linestyle()) == ("black", "P", ":")

    def test_writes_numbers_with_a_true_minus(self, ax):
        timeline(ax, [4.0, 0.5, -0.7000000000000002], label="state", numbers=True)
        assert [text.get_text() for text in ax.texts] == ["4", "0.5", "−0.7"]

    def test_what_rounds_to_zero_has_no_sign(self, ax):
        timeline(ax, [-0.0], label="state", numbers=True)
        assert [text.get_text() for text in ax.texts] == ["0"]

    def test_refuses_other_than_one_axis(self, ax):
        with pytest.raises(ValueError, match=r"timeline: values must have shape \(T,\)"):
            timeline(ax, np.zeros((2, 3)), label="state")


class TestHeatmap:
    def test_writes_each_number_into_its_cell(self, ax):
        heatmap(ax, [[1.0, -0.25, 0.0]], title="L", digits=1)
        assert {text.get_position(): text.get_text() for text in ax.texts} == {
            (1, 1): "1.0",
            (2, 1): "−0.2",
            (3, 1): "0.0",
        }
        assert ax.get_title() == "L"

    def test_row_1_is_on_top(self, ax):
        heatmap(ax, np.eye(3))
        assert ax.get_ylim() == (3.5, 0.5)
        assert list(ax.get_yticks()) == [1, 2, 3]

    @pytest.mark.parametrize(("limit", "expected"), [(None, 2.0), (5.0, 5.0)])
    def test_colours_are_symmetric_about_zero(self, ax, limit, expected):
        image = heatmap(ax, [[1.0, -2.0]], limit=limit)
        assert image.get_clim() == (-expected, expected)

    def test_numbers_can_be_left_out(self, ax):
        heatmap(ax, np.eye(3), numbers=False)
        assert not ax.texts

    def test_refuses_other_than_two_axes(self, ax):
        with pytest.raises(ValueError, match=r"heatmap: matrix must have shape \(rows, columns\)"):
            heatmap(ax, np.zeros(3))
