"""A text, to predict its next character: where it comes from, and how it is cut."""

from importlib import import_module
from pathlib import Path

import numpy as np

from ..arguments import require_count, require_ids, require_range
from ..plots import COLOURS
from .pictures import PALE, WHITE, draw_cells


def load_text(path=None):
    """Return a text to learn from.

    Parameters
    ----------
    path : str or path-like, optional
        A file in UTF-8. By default the text is that of Python's own help on its language, from
        the standard library, which every machine has; it is a little different in every version
        of Python.

    Returns
    -------
    str
        Line ends are ``\\n``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not in UTF-8, or is empty.

    Notes
    -----
    The default is `pydoc_data.topics`, its topics in alphabetical order with an empty line
    between two: about half a million characters, of which about 100 are different.

    Examples
    --------
    >>> from rnnref.course.tasks import load_text
    >>> text = load_text()
    >>> len(text) > 400_000, "for_stmt" in text
    (True, True)
    """
    if path is None:
        topics = import_module("pydoc_data.topics").topics
        return "\n".join(topics[name] for name in sorted(topics))
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load_text: path must be a file, got {str(path)!r}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"load_text: {path.name} must be in UTF-8, but its byte {error.start} is not"
        ) from None
    if not text:
        raise ValueError(f"load_text: {path.name} must hold a text, but is empty")
    return text


def split_end(ids, held_out=0.1):
    """Split a sequence: its end is kept from training.

    Parameters
    ----------
    ids : array_like of int, shape (N,)
    held_out : float
        The share of the end, between 0 and 1.

    Returns
    -------
    train : ndarray of int
        The beginning.
    test : ndarray of int
        The end.

    Raises
    ------
    TypeError
        If the ids are not integers.
    ValueError
        If there is more than one axis, or the share is not between 0 and 1.

    Notes
    -----
    The end in one piece, not single characters here and there: their neighbours would give them
    away.

    Examples
    --------
    >>> from rnnref.course.tasks import split_end
    >>> train, test = split_end(range(20))
    >>> len(train), test
    (18, array([18, 19]))
    """
    ids = require_ids("split_end", "ids", ids)
    require_range("split_end", "held_out", held_out, 0, 1)
    end = len(ids) - round(held_out * len(ids))
    return ids[:end].copy(), ids[end:].copy()


def character_batches(ids, B, T):
    """Cut a text for stateful truncated backpropagation through time.

    Parameters
    ----------
    ids : array_like of int, shape (N,)
    B : int
        Number of streams: the text is cut into B parts, read side by side.
    T : int
        Number of steps per batch.

    Returns
    -------
    x : ndarray of int, shape (batches, T, B)
        Inputs. Stream b of batch n + 1 goes on where that of batch n ended, so that the last
        state of one batch is the first of the next. What is left at the text's end, at most B·T
        characters, is not used.
    y : ndarray of int, shape (batches, T, B)
        Targets: the character after each input.

    Raises
    ------
    TypeError
        If the ids, B or T are not integers.
    ValueError
        If there is more than one axis, B or T is less than 1, or the text too short for a batch.

    Notes
    -----
    D4 reads one stream, B = 1. The state is carried over, the gradient is not.

    Examples
    --------
    >>> from rnnref.course.tasks import character_batches
    >>> x, y = character_batches(range(13), B=2, T=3)
    >>> x[0].T
    array([[0, 1, 2],
           [6, 7, 8]])
    >>> y[0].T
    array([[1, 2, 3],
           [7, 8, 9]])
    >>> x[1].T
    array([[ 3,  4,  5],
           [ 9, 10, 11]])
    """
    ids = require_ids("character_batches", "ids", ids)
    B = require_count("character_batches", "B", B)
    T = require_count("character_batches", "T", T)
    batches = (len(ids) - 1) // (B * T)
    if batches < 1:
        raise ValueError(
            f"character_batches: ids must be at least B·T + 1 = {B * T + 1}, got {len(ids)}"
        )
    used = batches * T * B

    def cut(part):
        return part.reshape(B, batches, T).transpose(1, 2, 0).copy()

    return cut(ids[:used]), cut(ids[1 : used + 1])


def bigram_bits(train, test, V, *, add=0.1):
    """Return the bits per character that a bigram model needs for a text.

    Parameters
    ----------
    train, test : array_like of int, shape (N,)
        The text whose pairs are counted, and the one that is predicted.
    V : int
        Size of the vocabulary.
    add : float
        What is added to every count, so that no pair is impossible.

    Returns
    -------
    float
        −(1/(N − 1)) Σ log₂ p(c_i | c_{i−1}) over all but the first character of `test`.

    Raises
    ------
    TypeError
        If the ids or V are not integers.
    ValueError
        If an id lies outside 0 … V − 1, `test` has less than two, or `add` is not positive.

    Notes
    -----
    p(b | a) = (n(a, b) + add) / (n(a, ·) + add · V).

    Examples
    --------
    >>> from rnnref.course.tasks import bigram_bits
    >>> round(bigram_bits([0, 1] * 50, [0, 1, 0, 1], V=2), 3)  # nearly sure
    0.003
    >>> bigram_bits([0], [0, 1, 0, 1], V=2)  # nothing was learnt
    1.0
    """
    V = require_count("bigram_bits", "V", V)
    train = require_ids("bigram_bits", "train", train, V)
    test = require_ids("bigram_bits", "test", test, V)
    if len(test) < 2:
        raise ValueError(f"bigram_bits: test must hold at least 2 characters, got {len(test)}")
    if not add > 0:
        raise ValueError(f"bigram_bits: add must be positive, got {add}")
    pairs = train[:-1] * V + train[1:]
    counts = np.bincount(pairs, minlength=V * V).reshape(V, V) + add
    p = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log2(p[test[:-1], test[1:]]).mean())


def draw_character_batches(ax, x, y, vocabulary, *, batches=2):
    """Draw the first batches: every stream's characters, and what is to follow each.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : ndarray of int, shape (batches, T, B)
        From `character_batches`.
    vocabulary : Vocabulary
    batches : int
        How many to show, one after the other; every second is shaded.

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells.

    Raises
    ------
    TypeError
        If the ids are not integers.
    ValueError
        If an id is outside the vocabulary.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import Vocabulary, character_batches, draw_character_batches
    >>> vocabulary = Vocabulary.of("hello hello")
    >>> ax = Figure().subplots()
    >>> batches = character_batches(vocabulary.encode("hello hello"), B=1, T=5)
    >>> len(draw_character_batches(ax, *batches, vocabulary))
    20
    """
    batches, T, B = min(batches, len(x)), *x.shape[1:]
    rows, colours = {}, {}
    for b in range(B):
        for kind, ids, shade in (("input", x, COLOURS.second), ("target", y, PALE)):
            name = f"stream {b + 1}: {kind}"
            text = vocabulary.decode(ids[:batches, :, b].ravel())
            rows[name] = [_visible(character) for character in text]
            colours[name] = ([WHITE] * T + [shade] * T) * batches
    cells = draw_cells(ax, rows, colours=colours)
    ax.set_title(f"batches of T = {T} steps, B = {B} streams; shaded: every second batch")
    return cells


def _visible(character):
    """Return a character as it can be seen in a cell."""
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(character, character)
