"""What the pictures of the tasks share: rows of cells, bars, targets written above."""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from ..plots import COLOURS, ink_on

WHITE = "white"
PALE = "#E4E4E4"  # what is of no importance


def draw_cells(ax, rows, *, colours=None, steps=True):
    """Draw sequences of symbols as rows of cells, one column per step.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    rows : dict of str to list of str
        Name of the row → its symbols, from top to bottom; a cell with an empty text is left out.
    colours : dict of str to list, optional
        Name of the row → the colours of its cells; white by default.
    steps : bool
        Whether to number the columns below as time steps from 1.

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells, row after row.

    Raises
    ------
    ValueError
        If there is no cell.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> cells = draw_cells(ax, {"input": ["h", "e"], "target": ["e", "l"]})
    >>> len(cells), [label.get_text() for label in ax.get_yticklabels()]
    (4, ['input', 'target'])
    """
    columns = max(map(len, rows.values()), default=0)
    if columns == 0:
        raise ValueError("draw_cells: rows must hold at least 1 symbol, got none")
    # A column is as wide as its longest text; 1 is enough for two characters.
    texts = [[row[t] for row in rows.values() if t < len(row)] for t in range(columns)]
    widths = [max(1.0, 0.42 * max(map(len, column)) + 0.25) for column in texts]
    edges = [sum(widths[:t]) for t in range(columns + 1)]
    # A character is 0.42 wide in these units and at most about 0.65 of the font's size.
    inches = 0.85 * ax.figure.get_figwidth() * ax.get_position().width / edges[-1]
    size = min(11, 0.42 * inches * 72 / 0.65)
    cells = []
    for r, (name, row) in enumerate(rows.items()):
        for t, text in enumerate(row):
            if not text:
                continue
            colour = (colours or {}).get(name, [WHITE] * columns)[t]
            cell = Rectangle(
                (edges[t] + 0.04, r - 0.42),
                widths[t] - 0.08,
                0.84,
                facecolor=colour,
                edgecolor=COLOURS.neutral,
                linewidth=0.8,
            )
            cells.append(ax.add_patch(cell))
            place = (edges[t] + widths[t] / 2, r)
            ax.text(*place, text, ha="center", va="center", size=size, color=ink_on(colour))
    centres = [edges[t] + widths[t] / 2 for t in range(columns)]
    ax.set(xlim=(-0.1, edges[-1] + 0.1), ylim=(len(rows) - 0.5, -0.5))
    ax.set_yticks(range(len(rows)), list(rows))
    if steps:
        every = -(-columns // 24)  # no more numbers than can be read
        ax.set_xticks(centres[::every], range(1, columns + 1, every))
        ax.set_xlabel("step $t$")
    else:
        ax.set_xticks([])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return cells


def draw_bars(ax, values, **style):
    """Draw one bar per step, counted from 1."""
    return ax.bar(np.arange(1, len(values) + 1), values, width=0.5, **style)


def write_above(ax, texts):
    """Write one target per step above the axes; return the texts."""
    return [
        ax.annotate(
            text,
            (t, 1.0),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=COLOURS.output,
            weight="bold",
        )
        for t, text in enumerate(texts, start=1)
    ]


def finish(ax, T, ylabel, *, zero=True):
    """Label the axes of T steps and put the legend below; mark 0 by a line."""
    if zero:
        ax.axhline(0, color=COLOURS.neutral, linewidth=1)
    ax.set(xlabel="step $t$", ylabel=ylabel, xlim=(0.4, T + 0.6))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if ax.get_legend_handles_labels()[0]:
        # The distance, in font sizes, leaves room for the steps whatever the height.
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=3.4, ncols=3)
