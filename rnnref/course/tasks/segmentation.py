"""Words cut into letters: with the letters' places known, and by equal widths without them."""

from typing import NamedTuple

import numpy as np

from ..arguments import require_count
from ..plots import COLOURS

_SHIFTS = np.arange(-3, 4)  # columns by which a reader may move a cut to find its letter


def segments(words, *, width=20):
    """Cut every letter out of rendered words, where it is known to be.

    Parameters
    ----------
    words : WordImages
        From `render_words`.
    width : int
        Number of columns of every cut, the letter's middle being in its middle.

    Returns
    -------
    x : ndarray, shape (L, B, width, height)
        One step per letter; 0 after the end of the shorter words.
    lengths : ndarray of int, shape (B,)
        Numbers of letters.
    y : ndarray of int, shape (L, B)
        The letters as ids from 0, for a classifier, which has no blank; 0 after the end.

    Raises
    ------
    TypeError
        If the width is no integer.
    ValueError
        If the width is less than 1.

    Notes
    -----
    D3, the simple architecture with segmentation: a classifier of single letters.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import render_words, segments
    >>> x, lengths, y = segments(render_words(np.random.default_rng(0), ["tool", "tea"]))
    >>> x.shape, lengths
    ((4, 2, 20, 32), array([4, 3]))
    """
    width = require_count("segments", "width", width)
    lengths = np.array([len(label) for label in words.labels])
    shape = (lengths.max(), len(lengths))
    x, y = np.zeros((*shape, width, words.images.shape[2])), np.zeros(shape, np.intp)
    for b, (start, end) in enumerate(zip(words.starts, words.ends, strict=True)):
        image = words.images[: words.lengths[b], b]
        x[: lengths[b], b] = _cut(image, (start + end) / 2, width)
        y[: lengths[b], b] = words.labels[b] - 1
    return x, lengths, y


class FixedWidthReader(NamedTuple):
    """A reader without any network: equal cuts, each compared with every letter's mean image.

    Parameters
    ----------
    pitch : float
        Columns per letter.
    margin : float
        Columns without a letter, of both sides together.
    templates : ndarray, shape (K, width, height)
        Each letter's mean image, with mean 0 and length 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import fit_fixed_width_reader, random_words, render_words
    >>> rng = np.random.default_rng(0)
    >>> words = render_words(rng, random_words(rng, 500, alphabet="abc"), alphabet="abc")
    >>> fit_fixed_width_reader(words).templates.shape
    (3, 20, 32)
    """

    pitch: float
    margin: float
    templates: np.ndarray


def fit_fixed_width_reader(words, *, width=20):
    """Learn the letters' mean width and mean images from words whose letters' places are known.

    Parameters
    ----------
    words : WordImages
    width : int
        Number of columns of a template.

    Returns
    -------
    FixedWidthReader

    Raises
    ------
    TypeError
        If the width is no integer.
    ValueError
        If the width is less than 1, or a letter of the alphabet does not occur.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import fit_fixed_width_reader, random_words, render_words
    >>> rng = np.random.default_rng(0)
    >>> words = render_words(rng, random_words(rng, 500, alphabet="abc"), alphabet="abc")
    >>> reader = fit_fixed_width_reader(words)
    >>> bool(8 < reader.pitch < 30)
    True
    """
    x, lengths, y = segments(words, width=width)
    valid = np.arange(len(x))[:, None] < lengths
    letters, ids = x[valid], y[valid]
    counts = np.bincount(ids, minlength=len(words.alphabet))
    if not counts.all():
        missing = words.alphabet[np.argmin(counts)]
        raise ValueError(
            f"fit_fixed_width_reader: words must have every letter, but {missing!r} does not occur"
        )
    sums = np.zeros((len(counts), *letters.shape[1:]))
    np.add.at(sums, ids, _normal(letters))
    inked = sum(
        end.max() - start.min() for start, end in zip(words.starts, words.ends, strict=True)
    )
    margin = (words.lengths.sum() - inked) / len(lengths)
    return FixedWidthReader(float(inked / lengths.sum()), float(margin), _normal(sums))


def read_fixed_width(reader, images, lengths):
    """Read words by cutting them into equal widths.

    Parameters
    ----------
    reader : FixedWidthReader
    images : ndarray, shape (T, B, height)
    lengths : ndarray of int, shape (B,)

    Returns
    -------
    list of ndarray of int
        Each word's letters as ids from 1, as the labels of `WordImages`.

    Raises
    ------
    ValueError
        If the images have another height than those that were learnt from.

    Notes
    -----
    The baseline that a trained recogniser must beat: letters are not equally wide. A cut may move
    by three columns to either side, to where it looks most like a letter.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import (
    ...     WordStyle, fit_fixed_width_reader, random_words, read_fixed_width, render_words
    ... )
    >>> rng = np.random.default_rng(0)
    >>> style = WordStyle(fonts=("DejaVuSansMono",), sizes=(0.7,), slants=(0.0,), spacing=(0, 0))
    >>> seen, new = (
    ...     render_words(rng, random_words(rng, 200, alphabet="abc"), alphabet="abc", style=style)
    ...     for _ in range(2)
    ... )
    >>> found = read_fixed_width(fit_fixed_width_reader(seen), new.images, new.lengths)
    >>> right = [np.array_equal(*pair) for pair in zip(found, new.labels)]
    >>> bool(np.mean(right) > 0.9)  # where all letters are equally wide
    True
    """
    K, width, height = reader.templates.shape
    if images.shape[2] != height:
        raise ValueError(
            f"read_fixed_width: images must have height {height}, got {images.shape[2]}"
        )
    templates = reader.templates.reshape(K, -1)
    readings = []
    for b, length in enumerate(lengths):
        inked = length - reader.margin
        count = max(1, round(inked / reader.pitch))
        middles = reader.margin / 2 + (np.arange(count) + 0.5) * inked / count
        cuts = _cut(images[:length, b], (middles[:, None] + _SHIFTS).ravel(), width)
        likeness = _normal(cuts).reshape(count, len(_SHIFTS), -1) @ templates.T
        readings.append(1 + np.argmax(likeness.max(axis=1), axis=1))
    return readings


def draw_segments(ax, words, b=0, *, width=20):
    """Draw the cuts of one word side by side, each with its letter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    words : WordImages
    b : int
        Which of the B.
    width : int
        Number of columns of every cut.

    Returns
    -------
    matplotlib.image.AxesImage

    Raises
    ------
    TypeError
        If the width is no integer.
    ValueError
        If the width is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_segments, render_words
    >>> ax = Figure().subplots()
    >>> image = draw_segments(ax, render_words(np.random.default_rng(0), ["tool"]))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['1\\nt', '2\\no', '3\\no', '4\\nl']
    """
    x, lengths, y = segments(words, width=width)
    cuts, letters = x[: lengths[b], b], y[: lengths[b], b]
    height = cuts.shape[2]
    strip = np.concatenate(cuts).T
    image = ax.imshow(strip, cmap="gray_r", vmin=0, vmax=1, extent=(0, strip.shape[1], height, 0))
    for i in range(1, len(cuts)):
        ax.axvline(i * width, color=COLOURS.state, linewidth=3)
    labels = [f"{t}\n{words.alphabet[k]}" for t, k in enumerate(letters, start=1)]
    ax.set_xticks((np.arange(len(cuts)) + 0.5) * width, labels)
    ax.set(xlabel="step $t$ = letter, and target", yticks=[])
    ax.grid(False)
    return image


def _cut(image, middles, width):
    """Cut columns around `middles` out of an image (T, height); its ends go on beyond it."""
    first = np.round(middles - width / 2).astype(int)
    columns = first[:, None] + np.arange(width)
    return image[np.clip(columns, 0, len(image) - 1)]


def _normal(images):
    """Return images (N, width, height) with mean 0 and length 1, so that contrast is no matter."""
    images = images - images.mean(axis=(1, 2), keepdims=True)
    return images / np.maximum(np.sqrt((images**2).sum(axis=(1, 2), keepdims=True)), 1e-12)
