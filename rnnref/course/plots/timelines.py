"""Curves over time steps."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..arguments import require_axes
from .style import MARKERS, number


def timeline(ax, values, *, label, colour=None, first=1, numbers=False, **style):
    """Plot one value per time step; each further line in the axes gets another marker.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : array_like, shape (T,)
    label : str
        For the legend.
    colour : Matplotlib colour, optional
        By default the next one of the style's cycle.
    first : int
        The step of the first value.
    numbers : bool
        Whether to write each value above its point.
    **style
        Further arguments of `matplotlib.axes.Axes.plot`, such as ``linestyle``.

    Raises
    ------
    ValueError
        If `values` does not have one axis.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import timeline
    >>> ax = Figure().subplots()
    >>> timeline(ax, [1, 2, 1.5, 3.5], label="state", numbers=True)
    >>> ax.get_xlabel()
    'step $t$'
    """
    values = require_axes("timeline", "values", values, "T,")
    steps = np.arange(first, first + len(values))
    look = {"marker": MARKERS[len(ax.lines) % len(MARKERS)], "color": colour, "label": label}
    ax.plot(steps, values, **look | style)
    ax.set_xlabel("step $t$")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if numbers:
        ax.margins(x=0.08, y=0.15)
        for place in zip(steps, values, strict=True):
            text = number(place[1], ".3g")
            ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
            ax.annotate(text, place, (0, 8), textcoords="offset points", ha="center", bbox=ground)


def number_steps(ax, T):
    """Number as many of the steps 1 … T as there is room for."""
    width = ax.get_position().width * ax.figure.get_figwidth()
    most = max(1, 4 * width)  # a number needs a quarter of an inch
    every = next(every for every in (1, 2, 5, 10, 20, 50, 100, T) if T / every <= most)
    ax.set_xticks(range(every, T + 1, every))
