"""Computation graphs with values and gradients: where nodes stand, and what is written."""

import itertools
from collections import Counter

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from rnnref import Scalar, scalar_graph
from rnnref.course.plots import COLOURS, as_ink, draw_computation
from rnnref.course.plots.layered import crossings, layered_layout


def shared_parameter():
    """z = w²(w − 3), D4."""
    w = Scalar(2.0, "w")
    z = w**2 * (w - 3)
    z.name = "z"
    return z


def class_example():
    """L = (p − t)² with p = σ(v1 y1 − v2 y2), D4, for two inputs."""
    x = [Scalar(1.0, "x1"), Scalar(-2.0, "x2")]
    y = []
    for i, weights in enumerate([(0.5, 0.3), (-0.4, 0.2)], start=1):
        w = [Scalar(value, f"w{i}{j}") for j, value in enumerate(weights, start=1)]
        y.append((w[0] * x[0] + w[1] * x[1]).logistic())
        y[-1].name = f"y{i}"
    p = (Scalar(1.5, "v1") * y[0] - Scalar(-0.7, "v2") * y[1]).logistic()
    p.name = "p"
    return (p - Scalar(1.0, "t")) ** 2


def recurrent(T=3):
    """The summed loss of a network of one unit."""
    u, w, v = Scalar(0.8, "u"), Scalar(0.5, "w"), Scalar(1.2, "v")
    h, loss = Scalar(0.0, "h0"), 0.0
    for t in range(1, T + 1):
        h = (u * Scalar(0.5 * t, f"x{t}") + w * h).tanh()
        h.name = f"h{t}"
        step = (v * h - Scalar(1.0, f"y{t}")) ** 2
        loss = step if t == 1 else loss + step
    return loss


GRAPHS = {"shared": shared_parameter, "class": class_example, "recurrent": recurrent}


@pytest.fixture(params=GRAPHS)
def graph(request):
    output = GRAPHS[request.param]()
    output.backward()
    return scalar_graph(output)


@pytest.fixture
def ax():
    return Figure(figsize=(8, 5), dpi=100).subplots()


def draw(ax, output, **options):
    output.backward()
    nodes, edges = scalar_graph(output)
    return nodes, edges, draw_computation(ax, nodes, edges, **options)


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


class TestLayout:
    def test_every_edge_leads_to_the_right(self, graph):
        nodes, edges = graph
        pairs = [(edge.source, edge.target) for edge in edges]
        places, ways = layered_layout([node.id for node in nodes], pairs)
        for source, target in pairs:
            columns = [places[source][0], *(x for x, _ in ways[source, target]), places[target][0]]
            np.testing.assert_array_equal(np.diff(columns), 1)

    def test_neighbours_in_a_column_lie_apart(self, graph):
        nodes, edges = graph
        rooms = {node.id: 1 + node.id % 2 for node in nodes}
        pairs = [(edge.source, edge.target) for edge in edges]
        places, _ = layered_layout(list(rooms), pairs, rooms)
        for one, other in itertools.combinations(places, 2):
            (x, y), (a, b) = places[one], places[other]
            assert x != a or abs(y - b) >= (rooms[one] + rooms[other]) / 2 - 1e-9

    def test_inputs_stand_beside_what_reads_them(self):
        places, _ = layered_layout("abcd", [("a", "b"), ("b", "c"), ("d", "c")])
        assert places["d"][0] == places["b"][0] == 1

    def test_a_gate_of_inputs_only_stands_beside_what_reads_it(self):
        edges = [("a", "b"), ("b", "c"), ("c", "f"), ("d", "e"), ("e", "f")]
        places, _ = layered_layout("abcdef", edges)
        assert (places["d"][0], places["e"][0]) == (1, 2)

    @pytest.mark.parametrize("seed", range(5))
    def test_a_tree_has_no_crossings(self, seed):
        rng = np.random.default_rng(seed)
        edges = [(f"{i}{j}", str(i)) for i in range(4) for j in range(3)]
        edges += [(str(i), "root") for i in range(4)]
        edges = [edges[i] for i in rng.permutation(len(edges))]
        nodes = sorted({node for edge in edges for node in edge}, key=len, reverse=True)
        places, _ = layered_layout([n for n in nodes if n != "root"] + ["root"], edges)
        for (a, b), (c, d) in itertools.combinations(edges, 2):
            if places[a][0] == places[c][0] and b != d:
                assert (places[a][1] - places[c][1]) * (places[b][1] - places[d][1]) > 0

    def test_a_straight_chain_is_straight(self):
        places, _ = layered_layout("abcd", list(itertools.pairwise("abcd")))
        np.testing.assert_allclose([y for _, y in places.values()], 0, atol=1e-12)

    @pytest.mark.parametrize(("order", "number"), [("cd", 0), ("dc", 1)])
    def test_crossings_are_counted(self, order, number):
        assert crossings(["ab", order], {"a": ["c"], "b": ["d"]}) == number

    def test_a_node_alone(self):
        assert layered_layout(["a"], []) == ({"a": (0, 0.0)}, {})

    def test_no_node(self):
        assert layered_layout([], []) == ({}, {})


class TestDrawComputation:
    def test_the_worked_example_shows_its_numbers(self, ax):
        draw(ax, shared_parameter())
        assert Counter(texts(ax)) == Counter(
            # inside the nodes; values; gradients; local derivatives
            ["$w$", "3", "$(\\cdot)^{2}$", "−", "×"]
            + ["2", "4", "−1", "$z$\n−4"]
            + ["−4\n+4\n= 0", "−1", "4", "1"]
            + ["4", "1", "−1", "−1", "4"]
        )

    def test_values_stand_above_and_gradients_below_in_their_colours(self, ax):
        nodes, _, places = draw(ax, shared_parameter())
        ax.figure.draw_without_rendering()
        z = ax.transData.transform(places[nodes[-1].id])
        offsets = {
            text.get_text(): (text.get_window_extent().y0 - z[1], text.get_color())
            for text in ax.texts
            if np.array_equal(text.xy if hasattr(text, "xy") else (), places[nodes[-1].id])
        }
        assert offsets["$z$\n−4"][0] > 0
        assert offsets["$z$\n−4"][1] == as_ink(COLOURS.input)
        assert offsets["1"][0] < 0
        assert offsets["1"][1] == as_ink(COLOURS.gradient)

    def test_an_arrow_for_every_edge(self, ax, graph):
        nodes, edges = graph
        draw_computation(ax, nodes, edges)
        assert len(arrows(ax)) == len(edges)

    def test_what_is_used_more_than_once_stands_out(self, ax, graph):
        nodes, edges = graph
        draw_computation(ax, nodes, edges)
        uses = Counter(edge.source for edge in edges)
        for edge, arrow in zip(edges, arrows(ax), strict=True):
            stands_out = to_hex(arrow.get_edgecolor()).upper() == COLOURS.accent
            assert stands_out == (uses[edge.source] > 1)
            assert (arrow.get_linewidth() > 2) == (uses[edge.source] > 1)

    def test_the_parts_of_a_shared_gradient_add_up(self, ax, graph):
        nodes, edges = graph
        draw_computation(ax, nodes, edges, digits=12)
        sums = [text.split("\n= ") for text in texts(ax) if "\n= " in text]
        assert sums
        for terms, total in sums:
            numbers = [float(term.replace("−", "-")) for term in terms.split("\n")]
            np.testing.assert_allclose(sum(numbers), float(total.replace("−", "-")), atol=1e-11)

    def test_two_arrows_between_the_same_nodes_do_not_cover_each_other(self, ax):
        x = Scalar(3.0, "x")
        draw(ax, x * x)
        first, second = (arrow.get_path().vertices[1] for arrow in arrows(ax))
        assert np.linalg.norm(first - second) > 0.2

    @pytest.mark.parametrize(("option", "gone"), [("gradients", "−1"), ("derivatives", "4")])
    def test_parts_can_be_left_out(self, ax, option, gone):
        draw(ax, shared_parameter())
        before = Counter(texts(ax))
        ax.clear()
        draw(ax, shared_parameter(), **{option: False})
        assert Counter(texts(ax))[gone] < before[gone]
        entries = [text.get_text() for text in ax.get_legend().get_texts()]
        assert not any(option[:-1] in entry for entry in entries)

    def test_numbers_lie_in_the_figure_and_do_not_cover_each_other(self, ax):
        draw(ax, class_example())
        ax.figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
        for box in (*boxes, ax.get_legend().get_window_extent()):
            assert 0 <= box.x0 <= box.x1 <= 800, box
            assert 0 <= box.y0 <= box.y1 <= 500, box
        # Lines of one text differ in width, and beside the short ones there is room.
        lines = [b for b, text in zip(boxes, texts(ax), strict=True) if "\n" not in text]
        for one, other in itertools.combinations(lines, 2):
            width = min(one.x1, other.x1) - max(one.x0, other.x0)
            height = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert width < 3 or height < 3, (one, other)

    def test_refuses_an_empty_graph(self, ax):
        with pytest.raises(ValueError, match="draw_computation: nodes must hold at least 1 node"):
            draw_computation(ax, [], [])

    def test_refuses_edges_to_nowhere(self, ax):
        nodes, edges = scalar_graph(shared_parameter())
        with pytest.raises(ValueError, match="draw_computation: edges must join the nodes, got S"):
            draw_computation(ax, nodes[1:], edges)
