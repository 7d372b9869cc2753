"""Scene text: grey images of words, with and without the places of their letters."""

from string import ascii_lowercase
from typing import NamedTuple

import numpy as np

from ..arguments import require_count
from ..plots import COLOURS
from .glyphs import FONTS, glyph, line


class WordStyle(NamedTuple):
    """What words may look like; each word's look is drawn anew.

    Parameters
    ----------
    fonts : tuple of str
        File names without ending of fonts that come with Matplotlib.
    sizes : tuple of float
        Sizes of letters as shares of the image's height.
    slants : tuple of float
        Columns that a letter leans to the right per row upwards.
    spacing : tuple of float
        Least and most number of columns between two letters beside the font's own.
    contrast : tuple of float
        Least and most difference between ink and paper, of at most 1.
    noise : tuple of float
        Least and most standard deviation of a pixel's normal noise.
    shift : int
        Number of rows by which the line may stand higher or lower than in the middle.

    Examples
    --------
    >>> from rnnref.course.tasks import WordStyle
    >>> plain = WordStyle(fonts=("DejaVuSans",), sizes=(0.7,), slants=(0.0,), noise=(0.0, 0.0))
    >>> plain.spacing
    (0.0, 2.0)
    """

    fonts: tuple = FONTS
    sizes: tuple = (0.55, 0.62, 0.69, 0.75)
    slants: tuple = (-0.2, -0.1, 0.0, 0.1, 0.2)
    spacing: tuple = (0.0, 2.0)
    contrast: tuple = (0.4, 1.0)
    noise: tuple = (0.02, 0.12)
    shift: int = 2


# Learnt in a few hundred updates, where the default takes thousands.
EASY_STYLE = WordStyle(
    fonts=("DejaVuSans", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "cmr10"),
    sizes=(0.62, 0.69),
    slants=(-0.1, 0.0, 0.1),
    contrast=(0.6, 1.0),
    noise=(0.02, 0.06),
)


class WordImages(NamedTuple):
    """A batch of rendered words.

    Parameters
    ----------
    images : ndarray, shape (T, B, height)
        One step per column, the top row first; from 0, paper, to 1, ink; 0 after the end.
    lengths : ndarray of int, shape (B,)
        Widths of the images.
    labels : list of ndarray of int
        Letters of each word as ids from 1; 0 is left to CTC's blank.
    starts, ends : list of ndarray of int
        Of each letter the first column with ink, and the one after the last; letters may overlap.
    alphabet : str
        The letters 1, 2, …

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import render_words
    >>> words = render_words(np.random.default_rng(0), ["tool", "tea"])
    >>> words.images.shape[1:], words.labels[1]
    ((2, 32), array([20,  5,  1]))
    """

    images: np.ndarray
    lengths: np.ndarray
    labels: list
    starts: list
    ends: list
    alphabet: str


def render_words(rng, words, *, alphabet=ascii_lowercase, height=32, style=None):
    """Draw words as grey images, each in a look of its own.

    Parameters
    ----------
    rng : numpy.random.Generator
    words : sequence of str
    alphabet : str
        The letters that may occur; a letter's label is its place, counted from 1.
    height : int
        Number of rows, at least 16.
    style : WordStyle, optional
        By default that of `WordStyle()`.

    Returns
    -------
    WordImages
        The same for the same rng and version of Matplotlib.

    Raises
    ------
    TypeError
        If the height is no integer.
    ValueError
        If there is no word, a word is empty or has other letters, the height is less than 16, the
        letters are higher than the image, or there is no such font.

    Notes
    -----
    A pixel is p + c·ink + ε, cut to 0 … 1: ink from 0 to 1, contrast c, paper p uniform in
    0 … 1 − c, normal noise ε.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import random_words, render_words
    >>> rng = np.random.default_rng(0)
    >>> words = render_words(rng, random_words(rng, 16))
    >>> words.images.shape[1:], float(words.images.min()), float(words.images.max())
    ((16, 32), 0.0, 1.0)
    """
    where = "render_words"
    height = require_count(where, "height", height, least=16)
    style = WordStyle() if style is None else style
    B = require_count(where, "the number of words", len(words))
    codes = {letter: k for k, letter in enumerate(alphabet, start=1)}
    for word in words:
        if not word or not codes.keys() >= set(word):
            raise ValueError(f"{where}: words must be of the letters {alphabet!r}, got {word!r}")

    # All looks at once; then each word's letters, and the column where each begins.
    fonts, sizes, slants = (
        [options[i] for i in rng.integers(0, len(options), B)]
        for options in (style.fonts, style.sizes, style.slants)
    )
    contrast = rng.uniform(*style.contrast, B)
    paper = rng.uniform(0, 1 - contrast)
    noise = rng.uniform(*style.noise, B)
    spacing = rng.uniform(*style.spacing, B)
    margins = rng.integers(1, 5, (2, B))
    shifts = rng.integers(-style.shift, style.shift + 1, B)
    placed, base, starts, ends = [], [], [], []
    for b, word in enumerate(words):
        size = round(sizes[b] * height)
        base.append(_base_line(fonts[b], size, alphabet, height, shifts[b]))
        glyphs = [glyph(fonts[b], size, slants[b], letter) for letter in word]
        pens = np.cumsum([0.0] + [g.advance + spacing[b] for g in glyphs[:-1]])
        left = np.round(pens).astype(int) + [g.left for g in glyphs]
        left += margins[0, b] - left.min()
        placed.append(glyphs)
        starts.append(left)
        ends.append(left + [len(g.ink) for g in glyphs])
    lengths = np.array([end.max() for end in ends]) + margins[1]

    images = np.zeros((lengths.max(), B, height))
    for b, glyphs in enumerate(placed):
        for g, start, end in zip(glyphs, starts[b], ends[b], strict=True):
            top = base[b] - g.above
            part = images[start:end, b, top : top + g.ink.shape[1]]
            np.maximum(part, g.ink, out=part)  # letters may overlap
    images *= contrast[:, None]
    images += paper[:, None]
    images += noise[:, None] * rng.standard_normal(images.shape)
    np.clip(images, 0, 1, out=images)
    images[np.arange(len(images))[:, None] >= lengths] = 0
    labels = [np.array([codes[letter] for letter in word]) for word in words]
    return WordImages(images, lengths, labels, starts, ends, alphabet)


def draw_word(ax, words, b=0, *, boundaries=True):
    """Draw one image, its letters and where each of them lies.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    words : WordImages
    b : int
        Which of the B.
    boundaries : bool
        Whether to mark the letters' places; without, the word stands above as a whole.

    Returns
    -------
    matplotlib.image.AxesImage

    Raises
    ------
    IndexError
        If there is no such word.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_word, render_words
    >>> ax = Figure().subplots()
    >>> image = draw_word(ax, render_words(np.random.default_rng(0), ["tool"]))
    >>> ax.get_xlabel()
    'column = step $t$'
    """
    letters = [words.alphabet[i - 1] for i in words.labels[b]]
    columns, height = words.lengths[b], words.images.shape[2]
    image = ax.imshow(
        words.images[:columns, b].T,
        cmap="gray_r",
        vmin=0,
        vmax=1,
        extent=(0.5, columns + 0.5, height + 0.5, 0.5),
    )
    if boundaries:
        colours = (COLOURS.state, COLOURS.input)
        for i, (letter, start, end) in enumerate(
            zip(letters, words.starts[b], words.ends[b], strict=True)
        ):
            # Neighbours may overlap: brackets above and below by turns.
            y, step = (-1.0, -1) if i % 2 == 0 else (height + 2.0, 1)
            ax.plot([start + 0.5, end + 0.5], [y, y], color=colours[i % 2], linewidth=2)
            ax.text((start + end + 1) / 2, y + 3.5 * step, letter, ha="center", va="center")
        ax.set_ylim(height + 8, -7)
        ax.spines["left"].set_bounds(height + 0.5, 0.5)
    else:
        ax.set_title("".join(letters))
    ax.set(xlabel="column = step $t$", ylabel="row", yticks=[1, height // 2, height])
    ax.grid(False)
    return image


def _base_line(font, size, alphabet, height, shift):
    """Return the row of the base line, shifted as far as all letters stay within the image."""
    above, below = line(font, size, alphabet)
    room = height - above - below
    if room < 0:
        raise ValueError(
            f"render_words: letters of {font} need {above + below} rows, but height is {height}"
        )
    return above + min(max(room // 2 + int(shift), 0), room)
