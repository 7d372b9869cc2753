"""Tasks that ask, at the end, for what was seen long before."""

import numpy as np

from ..arguments import require_count
from ..plots import COLOURS
from .pictures import PALE, WHITE, draw_bars, draw_cells, finish


def adding_problem(rng, T, B):
    """Draw numbers of which two are marked; the target is the sum of these two.

    Parameters
    ----------
    rng : numpy.random.Generator
    T, B : int
        Numbers of steps, at least 2, and of sequences.

    Returns
    -------
    x : ndarray, shape (T, B, 2)
        x[..., 0] is uniform in 0 … 1; x[..., 1] is 1 at the two marked steps, one in each half of
        the sequence, and 0 elsewhere.
    y : ndarray, shape (B, 1)
        The target after the last step. Its mean is 1: who always answers 1 has a mean squared
        error of 1/6, the variance of the sum of two such numbers.

    Raises
    ------
    TypeError
        If T or B is no integer.
    ValueError
        If T is less than 2 or B less than 1.

    Notes
    -----
    After Hochreiter and Schmidhuber (1997), section 5.4, where the numbers lie in −1 … 1, the
    marks in the first half, and the target is scaled.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import adding_problem
    >>> x, y = adding_problem(np.random.default_rng(0), T=6, B=1)
    >>> x[:, 0].round(2)
    array([[0.64, 0.  ],
           [0.27, 1.  ],
           [0.04, 0.  ],
           [0.02, 0.  ],
           [0.81, 1.  ],
           [0.91, 0.  ]])
    >>> y.round(2)
    array([[1.08]])
    """
    T, B = require_count("adding_problem", "T", T, least=2), require_count("adding_problem", "B", B)
    x = np.zeros((T, B, 2))
    x[..., 0] = rng.random((T, B))
    sequence = np.arange(B)
    marked = [rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)]
    for step in marked:
        x[step, sequence, 1] = 1
    return x, sum(x[step, sequence, 0] for step in marked)[:, None]


def copy_memory(rng, lag, B, *, symbols=8, distractors=1, length=1):
    """Draw symbols that are to be named after a long lag.

    Parameters
    ----------
    rng : numpy.random.Generator
    lag : int
        Number of steps between the last symbol and the first question; 0 is allowed.
    B : int
        Number of sequences.
    symbols : int
        Number K of different symbols, at least 2, with the ids 0 … K − 1.
    distractors : int
        Number of different distractors, with the ids K …; 1 is a blank that tells nothing.
    length : int
        Number of symbols to keep. With 1, the task is that of a latch.

    Returns
    -------
    ids : ndarray of int, shape (length + lag + length, B)
        The symbols, the distractors, and then the question, id K + distractors, once for each
        symbol. There are K + distractors + 1 different ids.
    y : ndarray of int, shape (length, B)
        The right answers at the last `length` steps: the symbols in their order. Chance is right
        with probability 1/K, and ln K in cross-entropy; an answer is right if its largest score
        is that of the symbol.

    Raises
    ------
    TypeError
        If a number is no integer.
    ValueError
        If a number is too small.

    Notes
    -----
    Symbols and distractors are independent and uniform. One symbol under random distractors is
    the latching of Bengio, Simard and Frasconi (1994) with symbols; several symbols and a blank
    are the copy task, as in Arjovsky, Shah and Bengio (2016), section 5.1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import copy_memory
    >>> ids, y = copy_memory(np.random.default_rng(0), lag=3, B=2, symbols=4, distractors=2)
    >>> ids.T
    array([[3, 5, 4, 4, 6],
           [2, 4, 4, 4, 6]])
    >>> y
    array([[3, 2]])
    """
    where = "copy_memory"
    lag, B = require_count(where, "lag", lag, least=0), require_count(where, "B", B)
    symbols = require_count(where, "symbols", symbols, least=2)
    distractors = require_count(where, "distractors", distractors)
    length = require_count(where, "length", length)
    y = rng.integers(0, symbols, (length, B))
    between = rng.integers(symbols, symbols + distractors, (lag, B))
    questions = np.full((length, B), symbols + distractors)
    return np.concatenate([y, between, questions]), y


def draw_adding_problem(ax, x, y, *, sequence=0):
    """Draw a sequence of `adding_problem`: the marked numbers stand out, the title adds them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x : ndarray, shape (T, B, 2)
    y : ndarray, shape (B, 1)
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.container.BarContainer
        The bars that are not marked, and those that are.

    Raises
    ------
    IndexError
        If there is no such sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import adding_problem, draw_adding_problem
    >>> ax = Figure().subplots()
    >>> artists = draw_adding_problem(ax, *adding_problem(np.random.default_rng(0), T=20, B=1))
    >>> ax.get_title()
    'target after the last step: 0.81 + 0.82 = 1.63'
    """
    values, marks = x[:, sequence].T
    rest = draw_bars(ax, np.where(marks, np.nan, values), color=PALE, label="to be ignored")
    kept = draw_bars(
        ax, np.where(marks, values, np.nan), color=COLOURS.input, hatch="//", label="marked"
    )
    first, second = np.round(values[marks == 1], 2)
    title = f"{first:.2f} + {second:.2f} = {first + second:.2f}"
    ax.set_title(f"target after the last step: {title}", color=COLOURS.output)
    ax.set_ylim(0, 1)
    finish(ax, len(x), "value")
    return [rest, kept]


def draw_copy_memory(ax, ids, y, *, symbols=8, distractors=1, sequence=0):
    """Draw a sequence of `copy_memory`: inputs above, the demanded answers below.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    ids : ndarray of int, shape (T, B)
    y : ndarray of int, shape (length, B)
    symbols, distractors : int
        As it was drawn with: symbols are shown as A, B, …, a single distractor as a dot, several
        as a, b, …
    sequence : int
        Which of the B.

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells, the input's first.

    Raises
    ------
    IndexError
        If there is no such sequence, or an id is not one of these symbols or distractors.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import copy_memory, draw_copy_memory
    >>> ax = Figure().subplots()
    >>> len(draw_copy_memory(ax, *copy_memory(np.random.default_rng(0), lag=9, B=1)))
    12
    """
    letters = [chr(ord("A") + k) for k in range(symbols)]
    dots = ["·"] if distractors == 1 else [chr(ord("a") + k) for k in range(distractors)]
    names = [*letters, *dots, "?"]
    looks = [COLOURS.input] * symbols + [WHITE] * distractors + [COLOURS.accent]
    shown, answers = ids[:, sequence], y[:, sequence]
    before = len(shown) - len(answers)
    rows = {"input": [names[i] for i in shown]}
    rows["target"] = [""] * before + [letters[i] for i in answers]
    colours = {
        "input": [looks[i] for i in shown],
        "target": [COLOURS.output] * len(shown),
    }
    return draw_cells(ax, rows, colours=colours)
