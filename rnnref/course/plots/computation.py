"""Computation graphs of numbers, with what flows forwards and what flows back."""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from .layered import layered_layout
from .style import COLOURS, as_ink, number

# Colour of an input by its first letter.
_ROLES = {
    **dict.fromkeys("xu", COLOURS.input),
    **dict.fromkeys("hw", COLOURS.state),
    **dict.fromkeys("oyv", COLOURS.output),
}
_SIGNS = {"*": "×", "/": "÷", "neg": "−"}
_HALO = [withStroke(linewidth=2, foreground="white")]
_VALUE, _GRADIENT = as_ink(COLOURS.input), as_ink(COLOURS.gradient)


def draw_computation(ax, nodes, edges, *, gradients=True, derivatives=True, digits=3):
    """Draw a computation graph: values above the nodes, gradients below.

    Inputs are squares, gates are circles. What is used more than once stands out by thick amber
    arrows, and its gradient is written as the sum of what comes back along them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    nodes : list
        Each with ``id``, ``name``, ``op`` (``""`` for an input), ``value`` and ``grad``, such as
        the ScalarNodes of ``scalar_graph``; each after those it depends on.
    edges : list
        Each with ``source``, ``target`` (ids) and ``derivative``, the local one.
    gradients : bool
        Whether to write the gradients.
    derivatives : bool
        Whether to write the local derivatives beside the arrows.
    digits : int
        Significant digits of all numbers.

    Returns
    -------
    dict of int to tuple of (float, float)
        Id → place of each node, in data coordinates.

    Raises
    ------
    ValueError
        If there is no node, or an edge joins nodes that there are not.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_computation
    >>> from types import SimpleNamespace
    >>> w = SimpleNamespace(id=0, name="w", op="", value=3.0, grad=6.0)
    >>> square = SimpleNamespace(id=1, name="", op="×", value=9.0, grad=1.0)
    >>> edge = SimpleNamespace(source=0, target=1, derivative=3.0)
    >>> sorted(draw_computation(Figure().subplots(), [w, square], [edge, edge]))
    [0, 1]
    """
    ids = [node.id for node in nodes]
    if not ids:
        raise ValueError("draw_computation: nodes must hold at least 1 node, got none")
    for edge in edges:
        if edge.source not in ids or edge.target not in ids:
            raise ValueError(f"draw_computation: edges must join the nodes, got {edge}")
    form = f".{digits}g"
    above = {node.id: _above(node, form) for node in nodes}
    below = {node.id: _below(node, nodes, edges, form) if gradients else "" for node in nodes}
    # A line of text more needs about 0.4 of a row.
    rooms = {i: 1 + 0.4 * (above[i].count("\n") + below[i].count("\n")) for i in ids}
    pairs = [(edge.source, edge.target) for edge in edges]
    places, ways = layered_layout(ids, pairs, rooms)
    scale = _fit(ax, places, ways, rooms)
    taken = [spot for i in ids for spot in _lines_of(places[i], above[i], below[i], scale)]

    uses = Counter(edge.source for edge in edges)
    parallel = Counter(pairs)
    drawn = Counter()
    for edge in edges:
        pair = edge.source, edge.target
        bend = 0.35 * (2 * drawn[pair] + 1 - parallel[pair])  # 0 unless there are several
        drawn[pair] += 1
        points = np.array([places[edge.source], *ways[pair], places[edge.target]])
        _arrow(ax, points, bend, uses[edge.source] > 1, scale)
        if derivatives:
            _write_derivative(ax, points, bend, number(edge.derivative, form), taken, scale)
    for node in nodes:
        _node(ax, places[node.id], node, scale)
        _write(ax, places[node.id], above[node.id], 1, _VALUE, scale)
        _write(ax, places[node.id], below[node.id], -1, _GRADIENT, scale)
    _key(ax, gradients, derivatives, shared=max(uses.values(), default=0) > 1)
    return places


class _Scale(NamedTuple):
    """Sizes in points: of a column and a row, of the nodes, of the texts."""

    column: float
    row: float
    node: float
    text: float


def _fit(ax, places, ways, rooms):
    """Set the axes' limits; return sizes that leave room between nodes."""
    x = [column for column, _ in places.values()]
    ends = [(height, rooms[i] / 2 + 0.1) for i, (_, height) in places.items()]
    ends += [(height, 0.4) for way in ways.values() for _, height in way]
    low, high = min(y - room for y, room in ends), max(y + room for y, room in ends)
    ax.set(xlim=(-0.5, max(x) + 0.5), ylim=(low, high))
    ax.axis("off")
    box = ax.get_position()
    width, height = ax.figure.get_size_inches() * (box.width, box.height) * 72
    column, row = width / (max(x) + 1), height / (high - low)
    text = float(np.clip(min(0.17 * column, 0.23 * row), 6, 9))
    node = float(np.clip(min(0.45 * column, row - 2.6 * text), 17, 26))
    return _Scale(column, row, node, text)


def _lines_of(place, above, below, scale):
    """Return the middles and widths, in points, of a node and the lines of text around it."""
    x, y = place * np.array([scale.column, scale.row])
    first = scale.node / 2 + 2 + scale.text / 2
    lines = [(y + first + scale.text * n, line) for n, line in enumerate(above.split("\n")[::-1])]
    lines += [(y - first - scale.text * n, line) for n, line in enumerate(below.split("\n"))]
    return [(x, y, scale.node), *((x, at, _width(line, scale)) for at, line in lines if line)]


def _width(text, scale):
    """Return about how wide a text is, in points."""
    return 0.62 * scale.text * len(re.sub(r"[${}_\\]", "", text))


def _arrow(ax, points, bend, shared, scale):
    """Draw an arrow: curved on its way past other columns, its last piece straight."""
    colour, width = (COLOURS.accent, 2.2) if shared else ("#909090", 1.2)
    start, end = points[-2:]
    direct = len(points) == 2
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            connectionstyle=f"arc3,rad={bend}",
            mutation_scale=8 + 2 * width,
            shrinkA=scale.node / 2 if direct else 0,
            shrinkB=scale.node / 2 + 1,
            color=colour,
            linewidth=width,
            zorder=1,
        )
    )
    if not direct:
        # A cubic through the points whose direction at each is that of its neighbours.
        slopes = np.gradient(points, axis=0)[:-1] / 3
        slopes[-1] = (end - start) / 3
        knots = points[:-1]
        curve = [knots[0]]
        for a, b, from_a, to_b in zip(knots, knots[1:], slopes, slopes[1:], strict=False):
            curve += [a + from_a, b - to_b, b]
        codes = [Path.MOVETO] + [Path.CURVE4] * (len(curve) - 1)
        look = {"edgecolor": colour, "linewidth": width, "facecolor": "none", "zorder": 1}
        ax.add_patch(PathPatch(Path(curve, codes), capstyle="round", **look))


def _write_derivative(ax, points, bend, text, taken, scale):
    """Write on the last piece of an arrow, where there is room, and note the place as taken."""
    size = np.array([scale.column, scale.row])
    start, end = points[-2:] * size
    # The middle of an arc lies beside the middle of its chord by half its bend.
    aside = bend / 2 * np.array([end[1] - start[1], start[0] - end[0]])
    spots = [
        start + f * (end - start) + aside for f in (0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7)
    ]
    width, height = _width(text, scale) + 4, 1.3 * scale.text

    def room(spot):
        gaps = (
            max(abs(spot[0] - x) / ((width + other) / 2), abs(spot[1] - y) / height)
            for x, y, other in taken
        )
        return min([1.0, *gaps])

    spot = max(spots, key=room)  # the first of the best
    taken.append((*spot, width))
    look = {"fontsize": scale.text - 0.5, "style": "italic", "color": COLOURS.neutral}
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}
    ax.text(*spot / size, text, ha="center", va="center", bbox=ground, zorder=2, **look)


def _node(ax, place, node, scale):
    if node.op:
        marker, edge, face, text = "o", "black", "white", _sign(node.op)
    elif node.name:
        edge = _ROLES.get(node.name[0].lower(), COLOURS.neutral)
        marker, face, text = "s", f"{edge}30", _name(node.name)
    else:
        marker, edge, face, text = "s", COLOURS.neutral, "white", number(node.value, ".3g")
    look = {"marker": marker, "markersize": scale.node, "zorder": 3}
    ax.plot(*place, markerfacecolor="white", markeredgecolor="white", **look)
    ax.plot(*place, markerfacecolor=face, markeredgecolor=edge, markeredgewidth=1.5, **look)
    # The longest sign, of four letters, still fits in.
    size = min(0.4 * scale.node, 11) if len(text.strip("$")) < 4 else 0.32 * scale.node
    ax.text(*place, text, ha="center", va="center", fontsize=size, zorder=4)


def _write(ax, place, text, side, colour, scale):
    """Write above a node, side 1, or below it, side −1."""
    ax.annotate(
        text,
        place,
        (0, side * (scale.node / 2 + 2)),
        textcoords="offset points",
        ha="center",
        va="bottom" if side > 0 else "top",
        color=colour,
        fontsize=scale.text,
        linespacing=1.0,
        path_effects=_HALO,
        zorder=3,
    )


def _above(node, form):
    """Return a node's value; a gate's name stands above it, an unnamed input shows it inside."""
    if not (node.op or node.name):
        return ""
    value = number(node.value, form)
    return f"{_name(node.name)}\n{value}" if node.op and node.name else value


def _below(node, nodes, edges, form):
    """Return a node's gradient, as a sum if it comes back along two or three arrows."""
    if not (node.op or node.name):
        return ""
    grads = {other.id: other.grad for other in nodes}
    parts = [grads[e.target] * e.derivative for e in edges if e.source == node.id]
    text = number(node.grad, form)
    if len(parts) not in (2, 3):
        return text
    terms = [f"{'−' if part < 0 else '+'}{number(abs(part), form)}" for part in parts]
    return "\n".join([terms[0].removeprefix("+"), *terms[1:], f"= {text}"])


def _key(ax, gradients, derivatives, shared):
    entries = {
        "value above": (_VALUE, True),
        "gradient below": (_GRADIENT, gradients),
        "local derivative on the arrow": (COLOURS.neutral, derivatives),
        "thick: used more than once": (as_ink(COLOURS.accent), shared),
    }
    shown = {text: colour for text, (colour, here) in entries.items() if here}
    ax.legend(
        handles=[Line2D([], [], linestyle="", label=text) for text in shown],
        labelcolor=list(shown.values()),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.02),
        ncols=len(shown),
        handlelength=0,
        handletextpad=0,
        fontsize=9,
    )


def _name(name):
    """Return a name as it is written: h_1 and h1 with an index, words as they are."""
    letter = re.fullmatch(r"([^\W\d_])(?:_?(\w+))?", name)
    if letter is None or (letter[2] and not letter[2][0].isdigit()):
        return name
    return f"${letter[1]}_{{{letter[2]}}}$" if letter[2] else f"${name}$"


def _sign(op):
    return f"$(\\cdot)^{{{op[2:]}}}$" if op.startswith("**") else _SIGNS.get(op, op)
