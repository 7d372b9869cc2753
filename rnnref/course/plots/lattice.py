"""The lattice of connectionist temporal classification (CTC): states × frames."""

import numpy as np
from matplotlib.collections import LineCollection

from ..arguments import require_axes, require_ids, require_length
from .style import COLOURS, SEQUENTIAL
from .timelines import number_steps

BLANK = "–"


def draw_trellis(ax, values, states, *, path=None, log=False, label="posterior"):
    """Draw what CTC knows of every state at every frame, and the ways that a path may take.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : array_like, shape (T, S)
        α, β or the posterior of state s at frame t.
    states : sequence of str
        The S states as they are to be written: the letters of the word, ``"–"`` for the blanks
        before, between and after them.
    path : array_like of int, shape (T,), optional
        The state, counted from 0, at each frame of the best path.
    log : bool
        Whether the values are logarithms. They span many orders of magnitude, so each frame then
        shows the share of each state in the sum over states.
    label : str
        What the colour shows.

    Returns
    -------
    matplotlib.collections.PathCollection
        The states at all frames, frame after frame, with the colours' values as its array.

    Raises
    ------
    TypeError
        If the path is not of integers.
    ValueError
        If `values` does not have two axes, the number of states is another or not odd, every other
        state is not a blank, or the path has another length or a state that there is not.

    Notes
    -----
    From state s a path may stay, go to s + 1, or, over a blank, to s + 2 if that is another
    letter; it starts in one of the first two states and ends in one of the last two (Graves et
    al., 2006). Only steps are drawn that lie on such a path.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_trellis
    >>> posterior = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.3, 0.7]]
    >>> nodes = draw_trellis(Figure().subplots(), posterior, "–a–", path=[0, 1, 2])
    """
    values = require_axes("draw_trellis", "values", values, "T, S")
    T, S = values.shape
    _require_states(states, S)
    shares = _shares(values) if log else values
    where, size = np.indices((T, S)), _node_size(ax, T, S)

    ways = _ways(T, states)
    ax.add_collection(LineCollection(ways, colors="#B0B0B0", linewidths=0.7, zorder=1))
    if path is not None:
        path = require_ids("draw_trellis", "path", path, S)
        require_length("draw_trellis", "path", path, T)
        look = {"color": COLOURS.state, "linewidth": 3, "solid_joinstyle": "round", "zorder": 2}
        ax.plot(np.arange(1, T + 1), path + 1, label="best path", **look)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    nodes = ax.scatter(
        where[0].ravel() + 1,
        where[1].ravel() + 1,
        s=size**2,
        c=shares.ravel(),
        cmap=SEQUENTIAL,
        vmin=0,
        edgecolors=COLOURS.neutral,
        linewidths=0.8,
        zorder=3,
    )
    number_steps(ax, T)
    ax.set_yticks(range(1, S + 1), states)
    ax.set(xlabel="frame $t$", xlim=(0.4, T + 0.6), ylim=(S + 0.6, 0.4))
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    bar = ax.figure.colorbar(nodes, ax=ax, pad=0.01, fraction=0.05, aspect=25)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return nodes


def _require_states(states, S):
    require_length("draw_trellis", "states", states, S)
    right = S % 2 == 1 and all((state == BLANK) == (s % 2 == 0) for s, state in enumerate(states))
    if not right:
        raise ValueError(
            f"draw_trellis: states must be letters with a blank, {BLANK!r}, before, between and "
            f"after them, got {list(states)}"
        )


def _shares(logs):
    """Return exp(logs), divided by the sum over the states of each frame."""
    peak = logs.max(axis=1, keepdims=True)
    shares = np.exp(logs - np.where(np.isfinite(peak), peak, 0))
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(float).tiny)


def _ways(T, states):
    """Return the steps, (t, s) to (t + 1, s′), that lie on a path from start to end."""
    S = len(states)
    steps = [(s, s + k) for s in range(S) for k in (0, 1, 2) if _allowed(states, s, k)]
    begun, ends = [set(range(min(2, S)))], [set(range(max(0, S - 2), S))]
    for _ in range(T - 1):
        begun.append({after for before, after in steps if before in begun[-1]})
        ends.append({before for before, after in steps if after in ends[-1]})
    ends.reverse()
    return [
        ((t + 1, before + 1), (t + 2, after + 1))
        for t in range(T - 1)
        for before, after in steps
        if before in begun[t] and after in ends[t + 1]
    ]


def _allowed(states, s, k):
    if s + k >= len(states):
        return False
    return k < 2 or (states[s + k] != BLANK and states[s + k] != states[s])


def _node_size(ax, T, S):
    """Return a diameter in points that leaves room between the nodes."""
    box = ax.get_position()
    width, height = ax.figure.get_size_inches() * (box.width, box.height) * 72
    return min(0.55 * min(width / T, height / S), 18)
