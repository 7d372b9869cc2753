"""One family of colours and one style; importing the module sets the style.

The ground is opaque white, so that figures can be read on a dark page, too.
"""

from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgba


class Colours(NamedTuple):
    """Colours by what they stand for, from the palette of Okabe and Ito (2008).

    Parameters
    ----------
    input, state, output : str
        Of x_t and U, which brings it in; of h_t and W, which keeps it; of o_t, ŷ_t and V, which
        shows them.
    gradient : str
    second : str
        A second stream, layer or direction.
    accent : str
    neutral : str
        References, thresholds, zero lines.

    Examples
    --------
    >>> from rnnref.course.plots import COLOURS
    >>> COLOURS.input
    '#0072B2'
    """

    input: str = "#0072B2"
    state: str = "#D55E00"
    output: str = "#009E73"
    gradient: str = "#CC79A7"
    second: str = "#56B4E9"
    accent: str = "#E69F00"
    neutral: str = "#666666"


COLOURS = Colours()

DIVERGING = LinearSegmentedColormap.from_list(
    "course_diverging", [COLOURS.input, "white", COLOURS.state]
)
# Gates, probabilities and sensitivities: the more, the darker.
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "course_sequential", ["white", COLOURS.second, COLOURS.input, "#00213A"]
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

MARKERS = "os^Dv*X"
_BLACK_OR_WHITE = 0.179  # the luminance on which both can be read equally well


def ink_on(colour):
    """Return black or white, whichever can be read better on a colour.

    Parameters
    ----------
    colour : Matplotlib colour

    Returns
    -------
    {"black", "white"}

    Raises
    ------
    ValueError
        If there is no such colour.

    Notes
    -----
    The two contrasts, (L + 0.05) / 0.05 of black and 1.05 / (L + 0.05) of white, as WCAG 2
    defines them from the relative luminance L, are equal at L = √(0.05 · 1.05) − 0.05 ≈ 0.179.

    Examples
    --------
    >>> from rnnref.course.plots import ink_on
    >>> ink_on("yellow"), ink_on("navy")
    ('black', 'white')
    """
    return "black" if _luminance(colour) > _BLACK_OR_WHITE else "white"


def as_ink(colour):
    """Return a colour dark enough for text on white, of the same hue.

    Parameters
    ----------
    colour : Matplotlib colour

    Returns
    -------
    str
        The colour itself if its contrast with white is at least 4.58 (WCAG 2 asks 4.5 of text).

    Raises
    ------
    ValueError
        If there is no such colour.

    Examples
    --------
    >>> from rnnref.course.plots import COLOURS, as_ink
    >>> darker = as_ink(COLOURS.accent)
    """
    channels = np.array(to_rgba(colour)[:3])
    while _luminance(channels) > _BLACK_OR_WHITE:
        channels = 0.95 * channels
    return to_hex(channels)


def number(value, form):
    """Return a number as text, with a true minus; what rounds to 0 has none."""
    text = f"{value:{form}}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def _luminance(colour):
    channels = np.array(to_rgba(colour)[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]
