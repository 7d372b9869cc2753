"""Matrices in colours, and gates and states over time."""

import numpy as np

from ..arguments import require_axes, require_length
from .style import DIVERGING, SEQUENTIAL, ink_on, number
from .timelines import number_steps


def heatmap(ax, matrix, *, title="", limit=None, digits=2, numbers=True):
    """Draw a small matrix in colours, with its numbers.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    matrix : array_like, shape (rows, columns)
        Rows and columns are counted from 1 in the figure.
    title : str
    limit : float, optional
        The magnitude with the fullest colour; 0 is white. By default the matrix's largest.
    digits : int
        Digits after the point; none where all numbers are whole.
    numbers : bool
        Whether to write the numbers into the cells.

    Returns
    -------
    matplotlib.image.AxesImage

    Raises
    ------
    ValueError
        If `matrix` does not have two axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import heatmap
    >>> image = heatmap(Figure().subplots(), [[1, 0], [0.5, 1]], title="weights")
    >>> image.get_clim()
    (-1.0, 1.0)
    """
    matrix = require_axes("heatmap", "matrix", matrix, "rows, columns")
    rows, columns = matrix.shape
    limit = np.abs(matrix).max() if limit is None else limit
    digits = 0 if np.array_equal(matrix, np.round(matrix)) else digits
    image = ax.imshow(
        matrix,
        cmap=DIVERGING,
        vmin=-limit,
        vmax=limit,
        extent=(0.5, columns + 0.5, rows + 0.5, 0.5),
    )
    ax.set(title=title, xticks=range(1, columns + 1), yticks=range(1, rows + 1))
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if numbers:
        for (i, j), entry in np.ndenumerate(matrix):
            text = number(entry, f".{digits}f")
            colour = ink_on(image.to_rgba(entry))
            ax.text(j + 1, i + 1, text, ha="center", va="center", color=colour)
    return image


def draw_gates(axes, gates, *, symbols=None):
    """Draw gates over time: 0, closed, is white; 1, open, is dark.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or sequence of matplotlib.axes.Axes
        One for each gate, of one figure; steps are numbered below the last.
    gates : dict of str to array_like, shape (T, H)
        Title of each → its values, a column for each unit.
    symbols : sequence of str, optional
        What the network read at each of the T steps, to stand below the steps; by default the
        steps are numbered from 1.

    Returns
    -------
    list of matplotlib.image.AxesImage
        One for each gate.

    Raises
    ------
    ValueError
        If there are not as many axes as gates, a gate does not have two axes or lies outside
        0 … 1, or their T or the number of symbols differ.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_gates
    >>> gates = {"input gate": [[0.9], [0.1]], "forget gate": [[0.2], [1.0]]}
    >>> len(draw_gates(Figure().subplots(2), gates, symbols="ab"))
    2
    """
    panels = _panels("draw_gates", "gates", axes, gates)
    for name, values in panels.items():
        if values.min() < 0 or values.max() > 1:
            low, high = (number(end, ".3g") for end in (values.min(), values.max()))
            raise ValueError(f"draw_gates: gates[{name!r}] must lie in 0 … 1, got {low} … {high}")
    images = _draw_panels("draw_gates", axes, panels, symbols, SEQUENTIAL)
    for image in images:
        image.set_clim(0, 1)
    bar = _colour_bar(axes, images[0])
    bar.set_ticks([0, 0.5, 1], labels=["0, closed", "0.5", "1, open"])
    return images


def draw_states(axes, states, *, symbols=None, limit=None):
    """Draw states over time: 0 is white.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or sequence of matplotlib.axes.Axes
        One for each state, of one figure; steps are numbered below the last.
    states : dict of str to array_like, shape (T, H)
        Title of each → its values, a column for each unit.
    symbols : sequence of str, optional
        What the network read at each of the T steps, to stand below the steps; by default the
        steps are numbered from 1.
    limit : float, optional
        The magnitude with the fullest colour in all of them; by default each one's largest.

    Returns
    -------
    list of matplotlib.image.AxesImage
        One for each state.

    Raises
    ------
    ValueError
        If there are not as many axes as states, a state does not have two axes, or their T or the
        number of symbols differ.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_states
    >>> (image,) = draw_states([Figure().subplots()], {"$h_t$": [[0.5, -1.0], [0.0, 0.25]]})
    >>> image.get_clim()
    (-1.0, 1.0)
    """
    panels = _panels("draw_states", "states", axes, states)
    images = _draw_panels("draw_states", axes, panels, symbols, DIVERGING)
    for ax, image in zip(np.ravel(axes), images, strict=True):
        largest = limit or np.abs(image.get_array()).max() or 1.0
        image.set_clim(-largest, largest)
        _colour_bar(ax, image)
    return images


def _panels(where, argument, axes, arrays):
    """Return the arrays of a dict; all must have as many steps as the first."""
    if not arrays or len(arrays) != np.size(axes):
        raise ValueError(
            f"{where}: {argument} must hold one array for each of {np.size(axes)} axes, "
            f"got {len(arrays)}"
        )
    T = np.shape(next(iter(arrays.values())))[:1]
    shape = f"T={T[0]}, H" if T and T[0] else "T, H"
    return {
        name: require_axes(where, f"{argument}[{name!r}]", values, shape)
        for name, values in arrays.items()
    }


def _draw_panels(where, axes, panels, symbols, colours):
    T = len(next(iter(panels.values())))
    if symbols is not None:
        require_length(where, "symbols", symbols, T)
    axes = list(np.ravel(axes))
    images = [
        _draw_units(ax, values, name, colours)
        for ax, (name, values) in zip(axes, panels.items(), strict=True)
    ]
    for ax in axes[:-1]:
        ax.set(xticks=range(1, T + 1), xticklabels=[])
    _label_steps(axes[-1], T, symbols)
    return images


def _draw_units(ax, values, name, colours):
    T, H = values.shape
    image = ax.imshow(
        values.T,
        cmap=colours,
        aspect="auto",
        interpolation="nearest",
        extent=(0.5, T + 0.5, H + 0.5, 0.5),
    )
    ax.set_title(name, loc="left")
    ax.set(ylabel="unit", yticks=sorted({1, H}))
    ax.grid(False)
    ax.tick_params(length=0)
    return image


def _label_steps(ax, T, symbols):
    """Name every step by its symbol, or number as many steps as can be read."""
    if symbols is not None:
        # A blank would not be seen.
        ax.set_xticks(range(1, T + 1), ["␣" if symbol == " " else symbol for symbol in symbols])
        ax.set_xlabel("what is read at step $t$")
        return
    number_steps(ax, T)
    ax.set_xlabel("step $t$")


def _colour_bar(axes, image):
    bar = image.figure.colorbar(image, ax=axes, pad=0.01, fraction=0.05, aspect=25)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    return bar
