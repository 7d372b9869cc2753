"""How a network reads a word: its image, and below it the classes over the frames."""

import numpy as np

from ..arguments import require_axes, require_length, require_range
from .style import COLOURS, as_ink

_CYCLE = (COLOURS.input, COLOURS.state, COLOURS.output, COLOURS.gradient, COLOURS.accent)
_LINES = ("-", "--", "-.")


def draw_reading(axes, image, probabilities, classes, *, blank=0, least=0.3):
    """Draw the image of a word, and below it the probability of each class over the frames.

    Parameters
    ----------
    axes : sequence of 2 matplotlib.axes.Axes
        For the image, and for the probabilities.
    image : array_like, shape (columns, height)
        From 0, white, to 1, black.
    probabilities : array_like, shape (T, K)
        The network's outputs. The T frames divide the image's width evenly.
    classes : sequence of str
        The K classes as they are to be written.
    blank : int
        The class that stands for no letter; it is drawn dotted, in grey.
    least : float
        Classes that stay below this probability are not drawn; of the others, each peak above it
        has its letter.

    Returns
    -------
    list of matplotlib.lines.Line2D
        One for the blank, then one for each class that is drawn.

    Raises
    ------
    ValueError
        If there are not two axes, an array does not have two, the number of classes is not K, or
        `blank` is none of them.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.plots import draw_reading
    >>> axes = Figure().subplots(2)
    >>> probabilities = [[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]]
    >>> len(draw_reading(axes, [[0.0, 1.0]] * 12, probabilities, "–a"))
    2
    """
    if np.size(axes) != 2:
        raise ValueError(f"draw_reading: axes must be 2, got {np.size(axes)}")
    image = require_axes("draw_reading", "image", image, "columns, height")
    probabilities = require_axes("draw_reading", "probabilities", probabilities, "T, K")
    T, K = probabilities.shape
    require_length("draw_reading", "classes", classes, K)
    require_range("draw_reading", "blank", blank, 0, K - 1)
    above, below = axes
    above.imshow(image.T, cmap="gray_r", vmin=0, vmax=1, aspect="auto", extent=(0.5, T + 0.5, 0, 1))
    above.set(xlim=(0.5, T + 0.5), xticks=[], yticks=[])
    above.grid(False)
    above.spines[:].set_visible(False)

    frames = np.arange(1, T + 1)
    look = {"color": COLOURS.neutral, "linestyle": ":", "label": "blank"}
    lines = below.plot(frames, probabilities[:, blank], **look)
    visible = [k for k in range(K) if k != blank and probabilities[:, k].max() >= least]
    for n, k in enumerate(visible):
        colour, line = _CYCLE[n % len(_CYCLE)], _LINES[n // len(_CYCLE) % len(_LINES)]
        lines += below.plot(frames, probabilities[:, k], color=colour, linestyle=line)
        for t in _peaks(probabilities[:, k], least):
            below.annotate(
                classes[k],
                (frames[t], probabilities[t, k]),
                (0, 3),
                textcoords="offset points",
                ha="center",
                weight="bold",
                color=as_ink(colour),
            )
    below.set(xlim=(0.5, T + 0.5), ylim=(0, 1.18), yticks=[0, 0.5, 1])
    below.set(xlabel="frame $t$", ylabel="probability")
    below.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return lines


def _peaks(values, least):
    """Return where a stretch of values of at least `least` has its largest."""
    starts = np.flatnonzero(np.diff(values >= least, prepend=False, append=False))
    return [
        start + int(np.argmax(values[start:end]))
        for start, end in zip(starts[::2], starts[1::2], strict=True)
    ]
