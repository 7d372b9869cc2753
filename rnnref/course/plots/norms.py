"""How much of a gradient is left, on a logarithmic axis."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..arguments import require_axes
from .style import COLOURS, MARKERS, as_ink

_LINES = ("-", "--", "-.", ":")


def draw_norms(ax, norms, bound=None, *, label="measured", colour=COLOURS.gradient, first=0):
    """Draw norms of gradients over the lag, with a bound if there is one.

    Each further call in the same axes gets another marker and line style.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    norms : array_like, shape (lags,) or (lags, B)
        With B sequences the line is their median; the band holds the middle 80 %, from the 10th
        to the 90th percentile. A norm of 0 has no place on the axis and is left out.
    bound : array_like, shape (lags,), optional
        Drawn dashed, in grey, with its name beside its end.
    label : str
        For the legend.
    colour : Matplotlib colour
    first : int
        The lag of the first norm.

    Returns
    -------
    list of matplotlib.artist.Artist
        The line; the band if there are several sequences; the bound if there is one.

    Raises
    ------
    ValueError
        If `norms` has neither of these shapes or a negative number, or `bound` another length.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_norms
    >>> ax = Figure().subplots()
    >>> artists = draw_norms(ax, [1.0, 0.5, 0.2], bound=[1.0, 0.8, 0.64])
    >>> ax.get_yscale()
    'log'
    """
    norms = require_axes("draw_norms", "norms", norms, "lags,", "lags, B")
    if norms.min() < 0:
        raise ValueError(f"draw_norms: norms must be at least 0, got {norms.min():.3g}")
    lags = np.arange(first, first + len(norms))
    number = sum(line.get_gid() == "norms" for line in ax.lines)
    sequences = norms.reshape(len(norms), -1)
    (line,) = ax.plot(
        lags,
        _positive(np.median(sequences, axis=1)),
        color=colour,
        label=label,
        marker=MARKERS[number % len(MARKERS)],
        markevery=max(1, len(lags) // 12),
        linestyle=_LINES[number % len(_LINES)],
        gid="norms",
    )
    artists = [line]
    if norms.ndim == 2:
        low, high = np.percentile(sequences, [10, 90], axis=1)
        artists.append(
            ax.fill_between(
                lags, _positive(low), _positive(high), color=colour, alpha=0.25, linewidth=0
            )
        )
    if bound is not None:
        bound = require_axes("draw_norms", "bound", bound, f"lags={len(lags)},")
        (limit,) = ax.plot(lags, _positive(bound), color=COLOURS.neutral, linestyle=(0, (5, 2)))
        artists.append(limit)
        ax.annotate(
            "bound",
            (lags[-1], bound[-1]),
            (4, 0),
            textcoords="offset points",
            va="center",
            color=as_ink(COLOURS.neutral),
        )
    ax.set_yscale("log")
    ax.set(xlabel="lag $t - k$", ylabel="norm")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return artists


def _positive(values):
    """Return the values with gaps where a logarithmic axis has no place for them."""
    return np.where(values > 0, values, np.nan)
