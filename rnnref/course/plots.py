"""The course's figures: one family of colours, one style, alt text for every picture.

Importing the module sets the style. The ground is opaque white, so that figures can be read on a
dark page, too.
"""

import base64
import io
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.ticker import MaxNLocator


class Colours(NamedTuple):
    """Colours by what they stand for, from the palette of Okabe and Ito (2008)."""

    input: str = "#0072B2"  # x_t, and U, which brings it in
    state: str = "#D55E00"  # h_t, and W, which keeps it
    output: str = "#009E73"  # o_t and ŷ_t, and V, which shows them
    gradient: str = "#CC79A7"
    second: str = "#56B4E9"  # a second stream, layer or direction
    accent: str = "#E69F00"
    neutral: str = "#666666"  # references, thresholds, zero lines


COLOURS = Colours()

DIVERGING = LinearSegmentedColormap.from_list(
    "course_diverging", [COLOURS.input, "white", COLOURS.state]
)

STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.size": 11,
    "grid.color": "#E4E4E4",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "savefig.facecolor": "white",
    "savefig.transparent": False,
}
mpl.rcParams.update(STYLE)

_MARKERS = "os^Dv*X"


class _Picture:
    """A figure as Jupyter shows it; as text it is its alt text."""

    def __init__(self, fig, alt):
        self._alt = alt
        # Twice the pixels of the page, for sharp screens.
        with io.BytesIO() as buffer:
            fig.savefig(buffer, format="png", dpi=2 * fig.dpi)
            self._png = base64.b64encode(buffer.getvalue()).decode("ascii")
        self._width = round(fig.get_figwidth() * fig.dpi)

    def __repr__(self):
        return self._alt

    def _repr_png_(self):
        return self._png, {"alt": self._alt, "width": self._width}


def show(fig, *, alt):
    """Show a figure with its alt text, and close it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What there is to see, for a reader who cannot see it.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """
    if not alt.strip():
        raise ValueError(f"show: alt must say what there is to see, got {alt!r}")
    # Only notebooks show figures, and only they are sure to have IPython.
    from IPython.display import display

    display(_Picture(fig, alt))
    plt.close(fig)


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
    """
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"timeline: values must have shape (T,), got {values.shape}")
    steps = np.arange(first, first + len(values))
    look = {"marker": _MARKERS[len(ax.lines) % len(_MARKERS)], "color": colour, "label": label}
    ax.plot(steps, values, **look | style)
    ax.set_xlabel("step $t$")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if numbers:
        ax.margins(x=0.08, y=0.15)
        for place in zip(steps, values, strict=True):
            text = _number(place[1], ".3g")
            ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
            ax.annotate(text, place, (0, 8), textcoords="offset points", ha="center", bbox=ground)


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
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2:
        raise ValueError(f"heatmap: matrix must have shape (rows, columns), got {matrix.shape}")
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
            text = _number(entry, f".{digits}f")
            colour = ink_on(image.to_rgba(entry))
            ax.text(j + 1, i + 1, text, ha="center", va="center", color=colour)
    return image


def ink_on(colour):
    """Return black or white, whichever can be read better on a colour.

    Parameters
    ----------
    colour : Matplotlib colour

    Returns
    -------
    {"black", "white"}

    Notes
    -----
    The two contrasts, (L + 0.05) / 0.05 of black and 1.05 / (L + 0.05) of white, as WCAG 2
    defines them from the relative luminance L, are equal at L = √(0.05 · 1.05) − 0.05 ≈ 0.179.
    """
    channels = np.array(to_rgba(colour)[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "black" if linear @ [0.2126, 0.7152, 0.0722] > 0.179 else "white"


def _number(value, form):
    return f"{value:{form}}".replace("-", "\N{MINUS SIGN}")
