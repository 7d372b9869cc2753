"""Sequences of numbers with a target at every step: what a state has to hold, in its plainest form.

Arrays are time-major, (T, B, ·), float64.
"""

import numpy as np

from ..arguments import require_sizes
from ..plots import COLOURS, timeline
from .pictures import PALE, WHITE, draw_bars, draw_cells, finish, write_above


def running_sum(rng, T, B):
    """Draw inputs and, as targets, their sum so far.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.

    Returns
    -------
    x : ndarray, shape (T, B, 1)
        Multiples of ½ from −2 to 2, so that sums are exact.
    y : ndarray, shape (T, B, 1)
        y_t = x_1 + … + x_t.

    Raises
    ------
    TypeError
        If T or B is no integer.
    ValueError
        If T or B is less than 1.

    Notes
    -----
    D0, the network of linear units whose last output is 3.5 = 1 + 1 − ½ + 2.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import running_sum
    >>> x, y = running_sum(np.random.default_rng(0), T=5, B=2)
    >>> x[:, 0, 0]
    array([ 1.5,  0. , -1. , -2. , -1.5])
    >>> y[:, 0, 0]
    array([ 1.5,  1.5,  0.5, -1.5, -3. ])
    """
    T, B = require_sizes("running_sum", T, B)
    x = rng.integers(-4, 5, (T, B, 1)) / 2
    return x, np.cumsum(x, axis=0)


def larger_sum(rng, T, B):
    """Draw two streams and, as targets, which of them has the larger sum so far.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.

    Returns
    -------
    x : ndarray, shape (T, B, 2)
        Standard normal.
    y : ndarray, shape (T, B, 1)
        1.0 where the first stream's sum up to this step is the larger one, else 0.0; each is as
        likely as the other.

    Raises
    ------
    TypeError
        If T or B is no integer.
    ValueError
        If T or B is less than 1.

    Notes
    -----
    D0, there with (2, 0, 1) against (−2, 3.5, 2.2).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import larger_sum
    >>> x, y = larger_sum(np.random.default_rng(0), T=3, B=2)
    >>> x.shape, y.shape
    ((3, 2, 2), (3, 2, 1))
    """
    T, B = require_sizes("larger_sum", T, B)
    x = rng.normal(size=(T, B, 2))
    sums = np.cumsum(x, axis=0)
    return x, (sums[..., :1] > sums[..., 1:]).astype(float)


def parity(rng, T, B):
    """Draw bits and, as targets, whether the number of ones so far is odd.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.

    Returns
    -------
    x : ndarray, shape (T, B, 1)
        0.0 or 1.0, with equal probability.
    y : ndarray, shape (T, B, 1)
        y_t = y_{t−1} xor x_t, y_0 = 0, as 0.0 or 1.0. Any network that does not use *every* input
        so far answers right half the time: one missing bit leaves the two answers equally likely.

    Raises
    ------
    TypeError
        If T or B is no integer.
    ValueError
        If T or B is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import parity
    >>> x, y = parity(np.random.default_rng(0), T=6, B=2)
    >>> x[:, 0, 0]
    array([1., 1., 0., 0., 0., 1.])
    >>> y[:, 0, 0]
    array([1., 0., 0., 0., 0., 1.])
    """
    T, B = require_sizes("parity", T, B)
    x = rng.integers(0, 2, (T, B, 1)).astype(float)
    return x, np.cumsum(x, axis=0) % 2


def draw_running_sum(ax, x, y, *, sequence=0):
    """Draw a sequence of `running_sum`: inputs as bars, their sum so far as a line.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : ndarray, shape (T, B, 1)
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.artist.Artist
        The bars and the line.

    Raises
    ------
    IndexError
        If there is no such sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_running_sum, running_sum
    >>> ax = Figure().subplots()
    >>> artists = draw_running_sum(ax, *running_sum(np.random.default_rng(0), T=8, B=1))
    >>> ax.get_xlabel()
    'step $t$'
    """
    bars = draw_bars(ax, x[:, sequence, 0], label="input $x_t$", color=COLOURS.input)
    timeline(ax, y[:, sequence, 0], label="target: sum so far", colour=COLOURS.output)
    line = ax.lines[-1]
    finish(ax, len(x), "value")
    return [bars, line]


def draw_larger_sum(ax, x, y, *, sequence=0):
    """Draw a sequence of `larger_sum`: both sums so far, and which is the larger.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : ndarray, shape (T, B, 2)
    y : ndarray, shape (T, B, 1)
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.artist.Artist
        The two lines and the numbers 1 and 2 above them.

    Raises
    ------
    IndexError
        If there is no such sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_larger_sum, larger_sum
    >>> ax = Figure().subplots()
    >>> artists = draw_larger_sum(ax, *larger_sum(np.random.default_rng(0), T=8, B=1))
    >>> ax.get_ylabel()
    'sum so far'
    """
    sums = np.cumsum(x[:, sequence], axis=0)
    looks = [(COLOURS.input, "-"), (COLOURS.second, "--")]
    for i, (colour, line) in enumerate(looks):
        timeline(ax, sums[:, i], label=f"stream {i + 1}", colour=colour, linestyle=line)
    artists = list(ax.lines[-2:])
    artists += write_above(ax, ["1" if first else "2" for first in y[:, sequence, 0]])
    ax.set_title("target: the stream with the larger sum so far", pad=20, color=COLOURS.output)
    finish(ax, len(x), "sum so far")
    return artists


def draw_parity(ax, x, y, *, sequence=0):
    """Draw a sequence of `parity`: bits above, targets below.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : ndarray, shape (T, B, 1)
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells, the input's first.

    Raises
    ------
    IndexError
        If there is no such sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_parity, parity
    >>> ax = Figure().subplots()
    >>> len(draw_parity(ax, *parity(np.random.default_rng(0), T=8, B=1)))
    16
    """
    bits, targets = x[:, sequence, 0].astype(int), y[:, sequence, 0].astype(int)
    rows = {"input: bit": list(map(str, bits))}
    rows["target: ones so far"] = ["odd" if target else "even" for target in targets]
    colours = {
        "input: bit": [COLOURS.input if bit else WHITE for bit in bits],
        "target: ones so far": [COLOURS.output if target else PALE for target in targets],
    }
    return draw_cells(ax, rows, colours=colours)
