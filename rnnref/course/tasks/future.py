"""A task that needs the future: the target depends on inputs on both sides of its step.

Arrays are time-major, (T, B, ·), float64.
"""

import math

import numpy as np

from ..arguments import require_count, require_sizes
from ..plots import COLOURS
from .pictures import draw_bars, finish, write_above


def window_sign(rng, T, B, *, first=-1, last=1):
    """Draw inputs and, as targets, the sign of their sum over a window around each step.

    A window that reaches beyond the present needs the future.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.
    first, last : int
        The window at step t is t + first … t + last; where it reaches over an end of the
        sequence, it is cut.

    Returns
    -------
    x : ndarray, shape (T, B, 1)
        Standard normal.
    y : ndarray, shape (T, B, 1)
        1.0 where x_{t+first} + … + x_{t+last} is positive, else 0.0.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If T or B is less than 1, or `last` is less than `first`.

    See Also
    --------
    forward_accuracy : The most that a network which reads only forwards can reach.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import window_sign
    >>> x, y = window_sign(np.random.default_rng(0), T=4, B=1)
    >>> x[:, 0, 0].round(1)
    array([ 0.1, -0.1,  0.6,  0.1])
    >>> y[:, 0, 0]
    array([0., 1., 1., 1.])
    """
    T, B = require_sizes("window_sign", T, B)
    first, last = _window("window_sign", first, last)
    x = rng.normal(size=(T, B, 1))
    sums = np.zeros_like(x)
    for offset in range(max(first, 1 - T), min(last, T - 1) + 1):
        there = slice(max(offset, 0), T + min(offset, 0))
        here = slice(max(-offset, 0), T + min(-offset, 0))
        sums[here] += x[there]
    return x, (sums > 0).astype(float)


def forward_accuracy(first=-1, last=1):
    """Return the best accuracy in `window_sign` of a network that reads only forwards.

    Parameters
    ----------
    first, last : int
        The window, as there.

    Returns
    -------
    float
        Away from the ends of the sequence.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If `last` is less than `first`.

    Notes
    -----
    Of the window's n numbers it has read m. The sum of the m and the sum of the n are normal with
    correlation ρ = √(m/n), and the best guess is the sign of the first, which is that of the
    second with probability ½ + arcsin(ρ)/π.

    Examples
    --------
    >>> from rnnref.course.tasks import forward_accuracy
    >>> for window in [(-1, 1), (0, 3), (2, 2), (-3, 0)]:
    ...     print(window, round(forward_accuracy(*window), 3))
    (-1, 1) 0.804
    (0, 3) 0.667
    (2, 2) 0.5
    (-3, 0) 1.0
    """
    first, last = _window("forward_accuracy", first, last)
    known = max(min(last, 0) - first + 1, 0)
    return 0.5 + math.asin(math.sqrt(known / (last - first + 1))) / math.pi


def draw_window_sign(ax, x, y, *, first=-1, last=1, sequence=0):
    """Draw a sequence of `window_sign`: inputs as bars, targets above, and one window.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : ndarray, shape (T, B, 1)
    first, last : int
        The window, as it was drawn with.
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.artist.Artist
        The bars, the window and the targets.

    Raises
    ------
    IndexError
        If there is no such sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_window_sign, window_sign
    >>> ax = Figure().subplots()
    >>> artists = draw_window_sign(ax, *window_sign(np.random.default_rng(0), T=8, B=1))
    >>> ax.get_xlabel()
    'step $t$'
    """
    values, targets = x[:, sequence, 0], y[:, sequence, 0]
    bars = draw_bars(ax, values, label="input $x_t$", color=COLOURS.input)
    t = (len(values) + 1) // 2
    window = ax.axvspan(
        t + first - 0.5,
        t + last + 0.5,
        color=COLOURS.accent,
        alpha=0.3,
        zorder=0,
        label=f"what the target at step {t} depends on",
    )
    signs = write_above(ax, ["+" if target else "\N{MINUS SIGN}" for target in targets])
    ax.set_title("target: sign of the sum over the window", pad=20, color=COLOURS.output)
    finish(ax, len(x), "value")
    return [bars, window, *signs]


def _window(where, first, last):
    first = require_count(where, "first", first, least=-math.inf)
    return first, require_count(where, "last", last, least=first)
