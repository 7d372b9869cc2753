"""Time series to be predicted one step ahead.

Arrays are time-major, (T, B, 1), float64; of every series it is known how well it can be done.
"""

import numpy as np

from ..arguments import require_count, require_range, require_sizes
from ..plots import COLOURS
from .pictures import finish

_REGIMES = ((1.6, -0.9), (-0.5, 0.3))  # a slow oscillation, and a quick one that dies out


def noisy_sines(rng, T, B, *, waves=2, noise=0.1):
    """Draw sums of sine waves of unknown frequencies and phases, in noise.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.
    waves : int
        Number of waves in each sequence.
    noise : float
        Standard deviation of the independent normal noise.

    Returns
    -------
    ndarray, shape (T, B, 1)
        Periods from 8 to 40 steps; the waves together have variance ½. No prediction has a mean
        squared error below noise².

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If a number is too small.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import noisy_sines
    >>> noisy_sines(np.random.default_rng(0), T=100, B=3).shape
    (100, 3, 1)
    """
    T, B = require_sizes("noisy_sines", T, B)
    waves = require_count("noisy_sines", "waves", waves)
    require_range("noisy_sines", "noise", noise, 0, np.inf)
    frequency = 1 / rng.uniform(8, 40, (B, waves))
    phase = rng.random((B, waves))
    t = np.arange(T)[:, None, None]
    clean = np.sin(2 * np.pi * (frequency * t + phase)).sum(axis=-1) / np.sqrt(waves)
    return (clean + noise * rng.normal(size=(T, B)))[..., None]


def switching_autoregression(rng, T, B, *, regimes=_REGIMES, stay=0.98, noise=0.1):
    """Draw series that follow one of several autoregressions, which one being hidden.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.
    regimes : sequence of sequences of float
        Of each regime the coefficients a_1, a_2, …, of one number for all; each should be stable.
        One regime is a plain autoregression.
    stay : float
        The probability that a step keeps the regime of the step before; else one is drawn anew
        from the others.
    noise : float
        Standard deviation of the independent normal noise, which moves the series.

    Returns
    -------
    x : ndarray, shape (T, B, 1)
        x_t = a_1 x_{t−1} + a_2 x_{t−2} + … + noise. No prediction has a mean squared error below
        noise².
    regime : ndarray of int, shape (T, B)
        The hidden regime of each step.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If a number is too small, `stay` is no probability, or the regimes are not as many
        coefficients each.

    Notes
    -----
    A hidden Markov chain whose states are autoregressions (Hamilton 1989). Whoever knows the
    regime predicts with an error of noise²; the regime must be inferred from the past.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import switching_autoregression
    >>> x, regime = switching_autoregression(np.random.default_rng(0), T=100, B=3)
    >>> x.shape, regime.shape
    ((100, 3, 1), (100, 3))
    """
    where = "switching_autoregression"
    T, B = require_sizes(where, T, B)
    require_range(where, "stay", stay, 0, 1)
    require_range(where, "noise", noise, 0, np.inf)
    if len({len(coefficients) for coefficients in regimes}) != 1:
        lengths = [len(coefficients) for coefficients in regimes]
        raise ValueError(f"{where}: regimes must hold as many coefficients each, got {lengths}")
    a = np.array(regimes, float)
    K, order = a.shape

    before = 50  # steps that are drawn and forgotten, until the series no longer shows its start
    steps = before + T
    jumps = np.where(rng.random((steps, B)) < stay, 0, rng.integers(1, max(K, 2), (steps, B)))
    jumps[0] = rng.integers(0, K, B)
    regime = np.cumsum(jumps, axis=0) % K
    x = np.zeros((order + steps, B))
    shocks = noise * rng.normal(size=(steps, B))
    for t in range(steps):
        past = x[t : t + order][::-1]  # the most recent first, as the coefficients
        x[order + t] = (a[regime[t]].T * past).sum(axis=0) + shocks[t]
    return x[order + before :, :, None], regime[before:]


def mackey_glass(rng, T, B, *, delay=17, noise=0.0):
    """Draw series of the chaotic delay equation of Mackey and Glass.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps and of sequences.
    delay : int
        τ below; from 17 on the series is chaotic.
    noise : float
        Standard deviation of the independent normal noise that is added to the finished series.

    Returns
    -------
    ndarray, shape (T, B, 1)
        One value per unit of time, all between 0 and 1.5 without noise.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If a number is too small.

    Notes
    -----
    ::

        dx/dt = 0.2 x(t − τ) / (1 + x(t − τ)¹⁰) − 0.1 x(t)

    after Mackey and Glass (1977), by Euler steps of a tenth of the unit, from random pasts.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import mackey_glass
    >>> x = mackey_glass(np.random.default_rng(0), T=200, B=3)
    >>> x.shape, bool(0 < x.min() < x.max() < 1.5)
    ((200, 3, 1), True)
    """
    T, B = require_sizes("mackey_glass", T, B)
    delay = require_count("mackey_glass", "delay", delay)
    require_range("mackey_glass", "noise", noise, 0, np.inf)
    fine, before = 10, 100  # Euler steps in a unit of time; units that are drawn and forgotten
    past = delay * fine
    x = np.empty((past + (before + T) * fine, B))
    x[: past + 1] = rng.uniform(0.5, 1.2, B)
    for t in range(past, len(x) - 1):
        late = x[t - past]
        x[t + 1] = x[t] + (0.2 * late / (1 + late**10) - 0.1 * x[t]) / fine
    series = x[past + before * fine :: fine]
    return (series + noise * rng.normal(size=(T, B)))[..., None]


def one_step_ahead(series):
    """Return inputs and targets: at each step the next value is to be named.

    Parameters
    ----------
    series : ndarray, shape (T + 1, B, ...)

    Returns
    -------
    x : ndarray, shape (T, B, ...)
        A copy of all values but the last.
    y : ndarray, shape (T, B, ...)
        A copy of all values but the first.

    Raises
    ------
    ValueError
        If there are less than two steps.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import one_step_ahead
    >>> x, y = one_step_ahead(np.array([[5.0], [6.0], [7.0]]))
    >>> x.ravel(), y.ravel()
    (array([5., 6.]), array([6., 7.]))
    """
    if len(series) < 2:
        raise ValueError(f"one_step_ahead: series must have at least 2 steps, got {len(series)}")
    return series[:-1].copy(), series[1:].copy()


def draw_series(ax, series, *, regime=None, sequence=0):
    """Draw one of the series, and over which steps a second regime ruled.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    series : ndarray, shape (T, B, 1)
    regime : ndarray of int, shape (T, B), optional
        As `switching_autoregression` returns it; the ground is shaded where it is not 0.
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.artist.Artist
        The line and, if there are regimes, the shade.

    Raises
    ------
    IndexError
        If there is no such sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_series, noisy_sines
    >>> ax = Figure().subplots()
    >>> artists = draw_series(ax, noisy_sines(np.random.default_rng(0), T=100, B=1))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('step $t$', '$x_t$')
    """
    steps = np.arange(1, len(series) + 1)
    values = series[:, sequence, 0]
    artists = ax.plot(steps, values, color=COLOURS.input, marker=".", markersize=4, linewidth=1)
    if regime is not None:
        shade = ax.fill_between(
            steps,
            0,
            1,
            where=regime[:, sequence] != 0,
            step="mid",
            transform=ax.get_xaxis_transform(),
            color=COLOURS.accent,
            alpha=0.25,
            linewidth=0,
            label="second regime (hidden)",
        )
        artists.append(shade)
    finish(ax, len(series), "$x_t$", zero=False)
    return artists
