"""Drawings of a network's computation graph, from the links that a trace has found."""

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path

from .plots import COLOURS

# Colour by the first letter of a variable or weight, of one unit or of many.
_ROLES = {
    **dict.fromkeys("xuU", COLOURS.input),
    **dict.fromkeys("hwW", COLOURS.state),
    **dict.fromkeys("oyvV", COLOURS.output),
}
_SHADES = (1.0, 0.75, 0.5, 0.3)
_RADIUS = 0.3  # of a node, where neighbouring rows and steps lie 1.4 apart
_GAP = 1.4


def draw_unrolled(ax, links, *, rows=("x", "h", "o"), values=None):
    """Draw a computation graph with one column per time step.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    links : iterable of rnnref.course.trace.Link
    rows : sequence of str
        Names of the variables, from the lowest row to the highest.
    values : dict of (str, int) to Traced, optional
        `rnnref.course.trace.variables`; if given, each node shows its number, too.

    Raises
    ------
    ValueError
        If a variable is in none of the rows.
    """
    links = list(links)
    nodes = dict.fromkeys(node for link in links for node in (link.source, link.target))
    places = {node: _GAP * np.array([node[1], _row(node[0], rows)], dtype=float) for node in nodes}
    for link in links:
        _arrow(ax, places[link.source], places[link.target], link.weight)
    for (name, step), place in places.items():
        number = "" if values is None else f"\n{float(values[name, step].value):.3g}"
        _node(ax, place, name, f"${name}_{{{step}}}${number}".replace("-", "\N{MINUS SIGN}"))
    _finish(ax)


def draw_folded(ax, links, *, rows=("x", "h", "o")):
    """Draw the graph without its time index; an arrow into the next step becomes a cycle.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    links : iterable of rnnref.course.trace.FoldedLink
        From `rnnref.course.trace.fold`.
    rows : sequence of str
        Names of the variables, from the lowest row to the highest.

    Raises
    ------
    ValueError
        If a variable is in none of the rows.
    """
    links = list(links)
    names = dict.fromkeys(name for link in links for name in (link.source, link.target))
    places = {name: np.array([0.0, _GAP * _row(name, rows)]) for name in names}
    loops = dict.fromkeys(names, 0)
    for link in links:
        if link.source != link.target:
            bend = 0.0 if link.delay == 0 else 0.8
            _arrow(ax, places[link.source], places[link.target], link.weight, bend)
        else:
            _loop(ax, places[link.source], link.weight, loops[link.source])
            loops[link.source] += 1
    for name, place in places.items():
        _node(ax, place, name, f"${name}_t$")
    _finish(ax)


def _row(name, rows):
    if name not in rows:
        raise ValueError(f"rows must hold every variable's name, got {rows}, which lack {name!r}")
    return rows.index(name)


def _node(ax, place, name, text):
    colour = _colour(name)
    ax.add_patch(Circle(place, _RADIUS, facecolor="white", edgecolor="white", zorder=2))
    ax.add_patch(Circle(place, _RADIUS, facecolor=f"{colour}30", edgecolor=colour, lw=2, zorder=3))
    size = 9.5 if "\n" in text else 11
    ax.text(*place, text, ha="center", va="center", zorder=4, linespacing=1.1, fontsize=size)


def _arrow(ax, source, target, weight, bend=0.0):
    along = (target - source) / np.linalg.norm(target - source)
    start, end = source + _RADIUS * along, target - (_RADIUS + 0.03) * along
    turn = (start + end) / 2 + bend * np.linalg.norm(end - start) * _left(along)
    _curve(ax, [start, turn, turn, end], weight)


def _loop(ax, place, weight, number):
    """Draw an arrow from a node to itself, outside those drawn before."""
    reach, height = 1.2 + 0.55 * number, 0.75 + 0.3 * number
    angle = np.radians(45)
    start = place + _RADIUS * np.array([np.cos(angle), np.sin(angle)])
    end = place + (_RADIUS + 0.03) * np.array([np.cos(angle), -np.sin(angle)])
    _curve(ax, [start, place + [reach, height], place + [reach, -height], end], weight)


def _curve(ax, points, weight):
    """Draw a cubic Bézier curve as an arrow, its weight at the left of its middle."""
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    arrow = FancyArrowPatch(
        path=path, arrowstyle="-|>", mutation_scale=13, color=_colour(weight), lw=1.8, zorder=1
    )
    ax.add_patch(arrow)
    if weight:
        letter, _, index = weight.partition("_")
        along = points[3] + points[2] - points[1] - points[0]
        ax.annotate(
            f"${letter}_{{{index}}}$" if index else f"${letter}$",
            np.array([1, 3, 3, 1]) / 8 @ points,
            8 * _left(along / np.linalg.norm(along)),
            textcoords="offset points",
            ha="center",
            va="center",
        )


def _left(direction):
    return np.array([-direction[1], direction[0]])


def _colour(name):
    """Return a variable's or weight's colour; copies of a weight, w_1, w_2 …, in darker shades."""
    colour = np.array(to_rgb(_ROLES.get(name[:1], COLOURS.neutral)))
    copy = name.partition("_")[2]
    return to_hex(colour * _SHADES[(int(copy) - 1) % len(_SHADES)] if copy.isdigit() else colour)


def _finish(ax):
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.margins(0.03)
    ax.axis("off")
