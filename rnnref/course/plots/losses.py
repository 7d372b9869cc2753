"""How training went."""

import numpy as np

from ..arguments import require_axes, require_count
from .style import COLOURS, as_ink, number


def draw_losses(
    ax,
    losses,
    *,
    updates=None,
    validation=None,
    validation_updates=None,
    references=None,
    smooth=None,
    ylabel="loss",
):
    """Draw the losses of training and of validation, the best of these marked.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    losses : array_like, shape (n,)
        Of the training's batches: faint, and smoothed by a running mean.
    updates : array_like of int, shape (n,), optional
        When each was measured; by default 1 … n.
    validation : array_like, shape (m,), optional
    validation_updates : array_like of int, shape (m,), optional
        When each was measured; by default evenly spread, the last at the last update.
    references : dict of str to float, optional
        Name → loss of what the training is to be compared with, such as chance. The names stand
        at the right ends of the lines.
    smooth : int, optional
        How many losses the running mean takes in, the latest and those before; by default a
        fiftieth of all.
    ylabel : str

    Returns
    -------
    list of matplotlib.lines.Line2D
        All losses; their running mean; the validation losses and the best of them, if there are
        any; a line for each reference.

    Raises
    ------
    TypeError
        If `smooth` is no integer.
    ValueError
        If an array has another shape, there are validation updates without losses, or `smooth` is
        less than 1.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_losses
    >>> ax = Figure().subplots()
    >>> lines = draw_losses(ax, [3.0, 2.0, 1.5], validation=[2.5, 1.9], references={"chance": 3.1})
    >>> ax.get_ylabel()
    'loss'
    """
    losses = require_axes("draw_losses", "losses", losses, "n,")
    n = len(losses)
    updates = _updates("updates", updates, "n", n, n)
    smooth = max(1, n // 50) if smooth is None else require_count("draw_losses", "smooth", smooth)
    lines = ax.plot(updates, losses, color=COLOURS.input, alpha=0.3, linewidth=0.8)
    lines += ax.plot(updates, _running_mean(losses, smooth), color=COLOURS.input, label="training")
    if validation is not None:
        validation = require_axes("draw_losses", "validation", validation, "m,")
        when = _updates("validation_updates", validation_updates, "m", len(validation), updates[-1])
        lines += _draw_validation(ax, when, validation)
    elif validation_updates is not None:
        raise ValueError("draw_losses: validation_updates must be None without validation")
    for name, loss in (references or {}).items():
        lines.append(_draw_reference(ax, name, loss))
    ax.set(xlabel="update", ylabel=ylabel)
    ax.legend()
    return lines


def _draw_validation(ax, updates, losses):
    colour, best = COLOURS.state, int(np.argmin(losses))
    lines = ax.plot(
        updates, losses, color=colour, linestyle="--", marker="s", markersize=4, label="validation"
    )
    lines += ax.plot(
        updates[best],
        losses[best],
        color=COLOURS.accent,
        linestyle="",
        marker="*",
        markersize=15,
        markeredgecolor="black",
        label=f"best: {number(losses[best], '.3g')} at {updates[best]:,}",
        zorder=3,
    )
    return lines


def _draw_reference(ax, name, loss):
    line = ax.axhline(loss, color=COLOURS.neutral, linestyle=":")
    ax.annotate(
        name,
        (1, loss),
        (4, 0),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        color=as_ink(COLOURS.neutral),
    )
    return line


def _updates(name, updates, axis, n, last):
    if updates is None:
        return np.round(np.arange(1, n + 1) * last / n).astype(int)
    return require_axes("draw_losses", name, updates, f"{axis}={n},").astype(int)


def _running_mean(values, width):
    """Return the mean of each value and the `width` − 1 before it, or of as many as there are."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)
