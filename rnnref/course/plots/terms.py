"""The explicit terms of a gradient through time, and their sum."""

import numpy as np

from ..arguments import require_axes
from .style import COLOURS, number


def draw_terms(ax, terms, *, first=1, numbers=True, total="sum"):
    """Draw the terms of a gradient, one bar for each step k, and their sum.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    terms : array_like, shape (t,)
        Such as ∂L/∂h_t ∂h_t/∂h_k ∂⁺h_k/∂w for k = 1 … t.
    first : int
        The first k.
    numbers : bool
        Whether to write each number at its bar.
    total : str
        What the sum is called.

    Returns
    -------
    matplotlib.container.BarContainer
        The bars of the terms, and that of the sum as the last.

    Raises
    ------
    ValueError
        If `terms` does not have one axis.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_terms
    >>> bars = draw_terms(Figure().subplots(), [0.5, 0.25])
    >>> [float(bar.get_height()) for bar in bars]
    [0.5, 0.25, 0.75]
    """
    terms = require_axes("draw_terms", "terms", terms, "t,")
    steps = np.arange(first, first + len(terms))
    values, places = np.append(terms, terms.sum()), np.append(steps, steps[-1] + 2)
    bars = ax.bar(places, values, width=0.7, color=COLOURS.gradient, edgecolor="black")
    bars[-1].set(facecolor=COLOURS.accent, hatch="//")
    ax.axhline(0, color=COLOURS.neutral, linewidth=1)
    ax.axvline(steps[-1] + 1, color=COLOURS.neutral, linewidth=1, linestyle=":")
    every = max(1, len(steps) // 15)
    ax.set_xticks([*steps[::every], places[-1]], [*map(str, steps[::every]), total])
    ax.set_xlabel("step $k$ of the term")
    ax.grid(axis="x", visible=False)
    if numbers:
        ax.margins(y=0.15)
        # Six characters, 0.6 of their size wide, over each bar.
        inches = ax.get_position().width * ax.figure.get_figwidth() / (len(values) + 1)
        size = float(np.clip(72 * inches / (6 * 0.6), 6, 9))
        ax.bar_label(bars, [number(value, ".3g") for value in values], padding=2, fontsize=size)
    return bars
