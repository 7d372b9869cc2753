"""Drawings of computation graphs: all that the links say, and nothing else."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from rnnref.course.graphs import draw_folded, draw_unrolled
from rnnref.course.plots import COLOURS
from rnnref.course.trace import FoldedLink, Link, Traced

LINKS = [
    Link(("x", 1), ("h", 1), "u"),
    Link(("h", 0), ("h", 1), "w"),
    Link(("h", 1), ("o", 1), "v"),
]
FOLDED = [
    FoldedLink("x", "h", "u", 0),
    FoldedLink("h", "h", "w", 1),
    FoldedLink("h", "o", "v", 0),
]


@pytest.fixture
def ax():
    return Figure().subplots()


def texts(ax):
    return sorted(text.get_text() for text in ax.texts)


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def test_unrolled_every_variable_and_arrow_is_drawn(ax):
    draw_unrolled(ax, LINKS)
    assert texts(ax) == sorted(["$x_{1}$", "$h_{0}$", "$h_{1}$", "$o_{1}$", "$u$", "$w$", "$v$"])
    assert len(arrows(ax)) == 3
    ax.figure.canvas.draw()


def test_unrolled_time_goes_to_the_right_and_rows_upwards(ax):
    draw_unrolled(ax, LINKS)
    places = {text.get_text(): np.array(text.get_position()) for text in ax.texts}
    step, row = places["$h_{1}$"] - places["$h_{0}$"], places["$o_{1}$"] - places["$h_{1}$"]
    assert step[0] > 0 == step[1]
    assert row[1] > 0 == row[0]


def test_unrolled_the_values_can_be_shown(ax):
    values = {node: Traced(-0.5) for link in LINKS for node in (link.source, link.target)}
    draw_unrolled(ax, LINKS, values=values)
    assert "$h_{1}$\n−0.5" in texts(ax)


def test_folded_every_variable_and_arrow_is_drawn_once(ax):
    draw_folded(ax, FOLDED)
    assert texts(ax) == sorted(["$x_t$", "$h_t$", "$o_t$", "$u$", "$w$", "$v$"])
    assert len(arrows(ax)) == 3
    ax.figure.canvas.draw()


def test_folded_loops_do_not_cover_each_other(ax):
    draw_folded(ax, [FoldedLink("h", "h", f"w_{t}", 1) for t in (1, 2, 3)])
    first, second, third = (arrow.get_path().vertices[:, 0].max() for arrow in arrows(ax))
    assert first < second < third


def test_colours_tell_the_roles(ax):
    draw_unrolled(ax, LINKS)
    assert {to_hex(arrow.get_edgecolor()).upper() for arrow in arrows(ax)} == {
        COLOURS.input,
        COLOURS.state,
        COLOURS.output,
    }


def test_separate_weights_have_shades_of_their_own(ax):
    draw_unrolled(ax, [Link(("h", t - 1), ("h", t), f"w_{t}") for t in (1, 2, 3, 4)])
    assert len({to_hex(arrow.get_edgecolor()) for arrow in arrows(ax)}) == 4
    assert "$w_{4}$" in texts(ax)


@pytest.mark.parametrize(("draw", "graph"), [(draw_unrolled, LINKS), (draw_folded, FOLDED)])
def test_a_variable_without_a_row_is_refused(ax, draw, graph):
    with pytest.raises(ValueError, match=r"rows must hold every variable's name, .* lack 'o'"):
        draw(ax, graph, rows=("x", "h"))
