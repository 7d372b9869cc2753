"""The pictures of Graves (2012): what of the first input is still felt, and where."""

import numpy as np
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Circle

from ..arguments import require_axes, require_range
from .style import COLOURS, SEQUENTIAL
from .timelines import number_steps

_RADIUS = 0.3
_ROW = 1.45  # between the rows of input, hidden units and outputs, where steps lie 1 apart
# Where a gate's mark stands: below, to the left of and above its memory cell.
_GATE_PLACES = {"input": (0, -0.47), "forget": (-0.5, 0), "output": (0, 0.47)}
_GATE_MARKS = {"O": "O", "-": "—"}


def draw_sensitivity(ax, hidden, output, *, gates=None, at=1, limit=None):
    """Draw a network over time, its units shaded by how much they feel one input.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    hidden : array_like, shape (T,) or (T, H)
        Magnitudes of ∂(hidden unit at step t)/∂x_at. For an LSTM, those of the cells.
    output : array_like, shape (T,) or (T, K)
        The same of the outputs.
    gates : tuple of str, optional
        Input, forget and output gate, a letter for each step: ``O`` open, ``-`` closed. They are
        drawn below, to the left of and above the hidden unit, of which there must be one.
    at : int
        The step, from 1, of the input in question.
    limit : float, optional
        The sensitivity with the darkest shade; by default the largest.

    Returns
    -------
    matplotlib.collections.PatchCollection
        The units; their sensitivities are its array: of the input's T, then of each hidden unit,
        then of each output.

    Raises
    ------
    ValueError
        If an array has another shape or a negative entry, the gates are not three with T letters
        each, or there is more than one hidden unit with gates.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_sensitivity
    >>> units = draw_sensitivity(Figure().subplots(), [1.0, 0.5, 0.2], [0.9, 0.4, 0.1])
    """
    hidden = _magnitudes("hidden", hidden, "T")
    output = _magnitudes("output", output, f"T={len(hidden)}")
    T, H = hidden.shape
    require_range("draw_sensitivity", "at", at, 1, T)
    if gates is not None:
        _require_gates(gates, T, H)
    limit = limit or max(hidden.max(), output.max()) or 1.0
    read = np.where(np.arange(1, T + 1) == at, limit, 0)[:, None]

    rows, lowest = [], 0.0
    for name, values in {"input": read, "hidden": hidden, "output": output}.items():
        rows.append((name, values, lowest + np.arange(values.shape[1])))
        lowest = rows[-1][2][-1] + _ROW
    _draw_connections(ax, T, *(heights for _, _, heights in rows))
    circles, edges, sensitivities = [], [], []
    for (_, values, heights), colour in zip(rows, COLOURS, strict=False):
        circles += [Circle((t, y), _RADIUS) for y in heights for t in range(1, T + 1)]
        edges += [colour] * values.size
        sensitivities.append(values.T.ravel())
    units = PatchCollection(
        circles, edgecolors=edges, linewidths=1.8, cmap=SEQUENTIAL, norm=Normalize(0, limit)
    )
    units.set(array=np.concatenate(sensitivities), zorder=2)
    ax.add_collection(units)
    if gates is not None:
        _write_gates(ax, gates, rows[1][2][0], lowest)
    names = [f"{name} units" if len(heights) > 1 else name for name, _, heights in rows]
    ax.set_yticks([heights.mean() for _, _, heights in rows], names)
    number_steps(ax, T)
    ax.set(
        xlabel="step $t$",
        xlim=(0.2 if gates else 0.5, T + 0.5),
        ylim=(-0.5, rows[-1][2][-1] + 0.5),
        aspect="equal",
    )
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    bar = ax.figure.colorbar(units, ax=ax, pad=0.02, fraction=0.04, shrink=0.7)
    bar.set_label(f"sensitivity to $x_{{{at}}}$")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    return units


def _magnitudes(name, values, T):
    values = require_axes("draw_sensitivity", name, values, f"{T},", f"{T}, units")
    if values.min() < 0:
        raise ValueError(f"draw_sensitivity: {name} must be at least 0, got {values.min():.3g}")
    return values.reshape(len(values), -1)


def _require_gates(gates, T, H):
    if H > 1:
        raise ValueError(f"draw_sensitivity: gates must belong to one hidden unit, got {H}")
    right = len(gates) == len(_GATE_PLACES) and all(
        len(letters) == T and set(letters) <= set(_GATE_MARKS) for letters in gates
    )
    if not right:
        raise ValueError(
            f"draw_sensitivity: gates must be 3 strings of {T} letters, each O or -, got {gates!r}"
        )


def _draw_connections(ax, T, inputs, hidden, outputs):
    """Draw all connections, faint, from below upwards and from step to step."""
    lines = []
    for t in range(1, T + 1):
        lines += [((t, below), (t, above)) for below in inputs for above in hidden[:1]]
        lines += [((t, below), (t, above)) for below in hidden[-1:] for above in outputs[:1]]
        if t < T:
            lines += [((t, one), (t + 1, other)) for one in hidden for other in hidden]
    ax.add_collection(LineCollection(lines, colors="#C8C8C8", linewidths=1, zorder=1))


def _write_gates(ax, gates, height, rows):
    """Write the mark of each gate beside its cell, in a size that leaves the cell free."""
    box, (width, inches) = ax.get_position(), ax.figure.get_size_inches()
    column = 72 * min(width * box.width / len(gates[0]), inches * box.height / rows)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.2}
    look = {"weight": "bold", "fontsize": min(11, 0.28 * column), "bbox": ground, "zorder": 3}
    for letters, (dx, dy) in zip(gates, _GATE_PLACES.values(), strict=True):
        for t, letter in enumerate(letters, start=1):
            ax.text(t + dx, height + dy, _GATE_MARKS[letter], ha="center", va="center", **look)
