"""Drawings of a network's computation graph, from the links that a trace has found."""

import re

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from .plots import COLOURS

# Colour by the first letter of a variable or weight, of one unit or of many.
_ROLES = {
    **dict.fromkeys("xuU", COLOURS.input),
    **dict.fromkeys("hwW", COLOURS.state),
    **dict.fromkeys("oyvV", COLOURS.output),
}
# A second layer, h^{2} or W^{(2)}, a second direction, and the state s of a second network.
_SECOND = re.compile(r"\^\{?\(?2|\\overleftarrow|^s")
_SHADES = (1.0, 0.75, 0.5, 0.3)
_RADIUS = 0.3  # of a node, where neighbouring rows and steps lie 1.4 apart
_GAP = 1.4


def draw_unrolled(ax, links, *, rows=("x", "h", "o"), values=None, columns=None, path=()):
    """Draw a computation graph with one column per time step.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    links : iterable of rnnref.course.trace.Link
    rows : sequence of str or tuple of str
        Names of the variables, from the lowest row to the highest; a tuple is a row of several.
    values : dict of (str, int) to Traced, optional
        `rnnref.course.trace.variables`; if given, each node shows its number, too.
    columns : dict of str to int, optional
        By how many columns a variable's steps are moved to the right: a decoder that starts after
        an encoder of T steps is moved by T.
    path : iterable of rnnref.course.trace.Link, optional
        Arrows to be drawn thick; if there are any, all others are faint.

    Raises
    ------
    ValueError
        If a variable is in none of the rows, or two would stand at one place.

    Notes
    -----
    Arrows that would run through a variable of a row between go round it.
    """
    links, path, columns = list(links), set(path), columns or {}
    nodes = dict.fromkeys(node for link in links for node in (link.source, link.target))
    places = {
        (name, step): _GAP * np.array([step + columns.get(name, 0), _row(name, rows)[0]], float)
        for name, step in nodes
    }
    _require_free(places)
    for link in links:
        ends = places[link.source], places[link.target]
        look = {} if not path else {"strength": 2.0} if link in path else {"strength": 0.5}
        _arrow(ax, *ends, link.weight, _way_round(*ends, places.values()), **look)
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
    rows : sequence of str or tuple of str
        Names of the variables, from the lowest row to the highest; a tuple is a row of several,
        from left to right.

    Raises
    ------
    ValueError
        If a variable is in none of the rows.

    Notes
    -----
    Arrows that would run through a variable of a row between go round it.
    """
    links = list(links)
    names = dict.fromkeys(name for link in links for name in (link.source, link.target))
    # Neighbours in a row leave room for a loop between them.
    places = {name: _GAP * np.array(_row(name, rows)[::-1]) * [1.5, 1] for name in names}
    loops = dict.fromkeys(names, 0)
    for link in links:
        if link.source != link.target:
            ends = places[link.source], places[link.target]
            bend = _way_round(*ends, places.values()) if link.delay == 0 else 0.8
            _arrow(ax, *ends, link.weight, bend)
        else:
            _loop(ax, places[link.source], link.weight, loops[link.source])
            loops[link.source] += 1
    for name, place in places.items():
        _node(ax, place, name, f"${name}_t$")
    _finish(ax)


def _row(name, rows):
    """Return the row that holds a name, and its place in it."""
    for r, row in enumerate(rows):
        names = (row,) if isinstance(row, str) else row
        if name in names:
            return r, names.index(name)
    raise ValueError(f"rows must hold every variable's name, got {rows}, which lack {name!r}")


def _require_free(places):
    """Raise ValueError if two variables would stand at one place."""
    taken = {}
    for (name, step), place in places.items():
        other = taken.setdefault(tuple(place), (name, step))
        if other != (name, step):
            raise ValueError(
                f"rows and columns must give every variable a place of its own, got one for "
                f"{other[0]} at step {other[1]} and {name} at step {step}"
            )


def _way_round(start, end, places):
    """Return how far an arrow must bend in order to pass all nodes but its ends."""
    length = np.linalg.norm(end - start)
    along = (end - start) / length
    for place in places:
        forward = (place - start) @ along
        aside = abs((place - start) @ _left(along))
        if 0 < forward < length - 1e-9 and aside < _RADIUS:
            # The middle of the arrow lies aside by ¾ of its bend times its length. From one row
            # to the next the sides change, so that two ways round cross no more than they must.
            side = 1 if round(start[1] / _GAP) % 2 else -1
            return side * (_RADIUS + 0.22) / 0.75 / (length - 2 * _RADIUS)
    return 0.0


def _node(ax, place, name, text):
    colour = _colour(name)
    ax.add_patch(Circle(place, _RADIUS, facecolor="white", edgecolor="white", zorder=2))
    ax.add_patch(Circle(place, _RADIUS, facecolor=f"{colour}30", edgecolor=colour, lw=2, zorder=3))
    size = 9.5 if "\n" in text else 11
    ax.text(*place, text, ha="center", va="center", zorder=4, linespacing=1.1, fontsize=size)


def _arrow(ax, source, target, weight, bend=0.0, strength=1.0):
    along = (target - source) / np.linalg.norm(target - source)
    start, end = source + _RADIUS * along, target - (_RADIUS + 0.03) * along
    turn = (start + end) / 2 + bend * np.linalg.norm(end - start) * _left(along)
    _curve(ax, [start, turn, turn, end], weight, bend, strength)


def _loop(ax, place, weight, number):
    """Draw an arrow from a node to itself, outside those drawn before."""
    reach, height = 1.2 + 0.55 * number, 0.75 + 0.3 * number
    angle = np.radians(45)
    start = place + _RADIUS * np.array([np.cos(angle), np.sin(angle)])
    end = place + (_RADIUS + 0.03) * np.array([np.cos(angle), -np.sin(angle)])
    _curve(ax, [start, place + [reach, height], place + [reach, -height], end], weight)


def _curve(ax, points, weight, bend=0.0, strength=1.0):
    """Draw a cubic Bézier curve as an arrow, its weight on the side that it bends to.

    A `strength` above 1 makes it thicker, one below 1 fainter.
    """
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    arrow = FancyArrowPatch(
        path=path,
        arrowstyle="-|>",
        mutation_scale=13,
        color=_colour(weight),
        lw=1.8 * max(1, strength),
        alpha=min(1, strength),
        zorder=1,
    )
    ax.add_patch(arrow)
    if weight:
        letter, _, index = weight.partition("_")
        # An arrow that goes round a node has its weight beyond it, between two rows.
        t = 0.78 if np.linalg.norm(points[3] - points[0]) > 1.2 * _GAP and bend else 0.5
        along = _bernstein_slope(t) @ points
        side = -1 if bend < 0 else 1
        across = side * _left(along / np.linalg.norm(along))
        ax.annotate(
            f"${letter}_{{{index}}}$" if index else f"${letter}$",
            _bernstein(t) @ points,
            (8 if abs(across[0]) < 0.5 else 5) * across,
            textcoords="offset points",
            ha="center" if abs(across[0]) < 0.5 else "left" if across[0] > 0 else "right",
            va="center",
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )


def _bernstein(t):
    """Return the shares of its four points in a cubic Bézier curve at t."""
    return np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])


def _bernstein_slope(t):
    """Return the shares of the four points in the curve's direction at t."""
    ends, middle = np.array([-((1 - t) ** 2), t**2]), 2 * t * (1 - t)
    return np.array([ends[0], -ends[0] - middle, middle - ends[1], ends[1]])


def _left(direction):
    return np.array([-direction[1], direction[0]])


def _colour(name):
    """Return a variable's or weight's colour; copies of a weight, w_1, w_2 …, in darker shades."""
    letter = re.sub(r"\\\w+\s*|[{^]", "", name)[:1]  # of \overleftarrow{h}: h
    role = COLOURS.second if _SECOND.search(name) else _ROLES.get(letter, COLOURS.neutral)
    colour = np.array(to_rgb(role))
    copy = name.partition("_")[2]
    return to_hex(colour * _SHADES[(int(copy) - 1) % len(_SHADES)] if copy.isdigit() else colour)


def _finish(ax):
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.margins(0.03)
    ax.axis("off")
