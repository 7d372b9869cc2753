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
    ax.figure.draw_without_rendering()


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
    ax.figure.draw_without_rendering()


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


def colours(ax):
    """The weights of the arrows, and the colours of these."""
    weights = [text.get_text() for text in ax.texts[: len(arrows(ax))]]
    looks = [to_hex(arrow.get_edgecolor()).upper() for arrow in arrows(ax)]
    return dict(zip(weights, looks, strict=True))


def places(ax):
    names = ax.texts[len(arrows(ax)) :]
    return {text.get_text(): np.array(text.get_position()) for text in names}


def points_on(arrow):
    """A hundred points along an arrow."""
    corners = arrow.get_path().to_polygons(closed_only=False)[0]
    at = np.linspace(0, len(corners) - 1, 100)
    return np.column_stack([np.interp(at, range(len(corners)), axis) for axis in corners.T])


def test_a_second_layer_and_a_second_direction_have_the_second_colour(ax):
    backward, weight = r"\overleftarrow{h}", r"\overleftarrow{W}"
    arrow = [Link((backward, 2), (backward, 1), weight), Link(("h^{1}", 1), ("h^{2}", 1), "U^{2}")]
    arrow += [Link((r"\overrightarrow{h}", 1), ("s", 1), r"\overrightarrow{W}")]
    draw_unrolled(ax, arrow, rows=(r"\overrightarrow{h}", "h^{1}", "h^{2}", backward, "s"))
    assert colours(ax) == {
        f"${weight}$": COLOURS.second,
        "$U^{2}$": COLOURS.second,
        r"$\overrightarrow{W}$": COLOURS.state,
    }
    ax.figure.draw_without_rendering()


def test_an_arrow_goes_round_the_nodes_between(ax):
    rows = ("x", "f", "b", "o")
    graph = [Link((a, t), (b, t), "u") for t in (1, 2) for a, b in ("xf", "xb", "fo", "bo")]
    draw_unrolled(ax, graph, rows=rows)
    at = places(ax)
    for link, arrow in zip(graph, arrows(ax), strict=True):
        ends = {f"${name}_{{{step}}}$" for name, step in (link.source, link.target)}
        curve = points_on(arrow)
        for name, place in at.items():
            assert name in ends or np.linalg.norm(curve - place, axis=1).min() > 0.35


def test_unrolled_arrows_may_lead_back_in_time(ax):
    draw_unrolled(ax, [Link(("h", 2), ("h", 1), "w")])
    (arrow,) = arrows(ax)
    assert arrow.get_path().vertices[0, 0] > arrow.get_path().vertices[-1, 0]


def test_unrolled_a_decoder_stands_after_the_encoder_in_the_same_row(ax):
    graph = [
        Link(("h", 1), ("h", 2), "w"),
        Link(("h", 2), ("s", 0), "c"),
        Link(("s", 0), ("s", 1), "w"),
    ]
    draw_unrolled(ax, graph, rows=("x", ("h", "s")), columns={"s": 3})
    at = places(ax)
    x = [at[name][0] for name in ("$h_{1}$", "$h_{2}$", "$s_{0}$", "$s_{1}$")]
    np.testing.assert_allclose(np.diff(x), x[1] - x[0])
    assert len({place[1] for place in at.values()}) == 1


def test_unrolled_two_variables_at_one_place_are_refused(ax):
    with pytest.raises(ValueError, match="got one for h at step 1 and s at step 1"):
        draw_unrolled(ax, [Link(("h", 1), ("s", 1), "w")], rows=(("h", "s"),))


def test_unrolled_a_path_stands_out(ax):
    draw_unrolled(ax, LINKS, path=[LINKS[1], LINKS[2]])
    widths = [arrow.get_linewidth() for arrow in arrows(ax)]
    faint = [arrow.get_alpha() < 1 for arrow in arrows(ax)]
    assert widths[0] < widths[1] == widths[2]
    assert faint == [True, False, False]


def test_folded_there_and_back_are_two_ways(ax):
    draw_folded(ax, [FoldedLink("h", "o", "v", 0), FoldedLink("o", "h", "w", 1)])
    there, back = (points_on(arrow)[:, 0] for arrow in arrows(ax))
    assert np.ptp(there) < 0.01
    assert np.ptp(back) > 0.3


def test_folded_variables_of_one_row_stand_side_by_side(ax):
    draw_folded(ax, [FoldedLink("h", "s", "w", 0)], rows=(("h", "s"),))
    at = places(ax)
    assert at["$h_t$"][0] < at["$s_t$"][0]
    assert at["$h_t$"][1] == at["$s_t$"][1]


@pytest.mark.parametrize(("draw", "graph"), [(draw_unrolled, LINKS), (draw_folded, FOLDED)])
def test_a_variable_without_a_row_is_refused(ax, draw, graph):
    with pytest.raises(ValueError, match=r"rows must hold every variable's name, .* lack 'o'"):
        draw(ax, graph, rows=("x", "h"))
