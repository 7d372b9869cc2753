"""Letters as small grey images, from the fonts that Matplotlib brings along.

Only fonts in Matplotlib's own data folder are used, so that a machine's fonts do not matter.
"""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font, LoadFlags

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "cmr10",
    "cmss10",
    "cmtt10",
)


class Glyph(NamedTuple):
    """A letter's image and its place on the line.

    `ink` (width, height) goes from 0, paper, to 1; `left` and `above` are the pixels from the pen
    to its first column and from the base line up to its first row; `advance` is how far the pen
    moves.
    """

    ink: np.ndarray
    left: int
    above: int
    advance: float


@cache
def glyph(font, size, slant, character):
    """Return a letter of a font in pixels, each row shifted by `slant` times its height.

    Raises
    ------
    ValueError
        If Matplotlib has no such font, or the font no such character.
    """
    image, left, above, advance = _upright(font, size, character)
    ink, moved = _shear(image, slant * (above - 0.5 - np.arange(len(image))))
    return Glyph(ink.T, left + moved, above, advance)


@cache
def line(font, size, alphabet):
    """Return how far letters of a font reach above and below the base line, in pixels."""
    face = _face(font)
    face.set_size(size, 72)
    letters = [face.load_char(ord(c), flags=LoadFlags.NO_HINTING) for c in alphabet]
    above = max(-(-m.horiBearingY // 64) for m in letters)
    return above, max(-((m.horiBearingY - m.height) // 64) for m in letters)


@cache
def _upright(font, size, character):
    """Return a letter's image (height, width), and the numbers of a `Glyph`."""
    face = _face(font)
    if not face.get_char_index(ord(character)):
        raise ValueError(f"glyph: character must be one that {font} has, got {character!r}")
    face.set_size(size, 72)  # at 72 dots per inch a point is a pixel
    face.set_text(character, 0.0, flags=LoadFlags.NO_HINTING)
    face.draw_glyphs_to_bitmap(antialiased=True)
    image = np.asarray(face.get_image())
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / 255
    # In 64ths of a pixel. Matplotlib leaves one row free above a letter of whole height.
    measures = face.load_char(ord(character), flags=LoadFlags.NO_HINTING)
    above = measures.horiBearingY // 64 + 1 - rows[0]
    left = measures.horiBearingX // 64 + columns[0]
    return ink, left, above, measures.linearHoriAdvance / 65536


@cache
def _face(font):
    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    if not path.is_file():
        raise ValueError(f"glyph: font must be one that comes with Matplotlib, got {font!r}")
    return FT2Font(str(path))


def _shear(image, shifts):
    """Shift each row to the right by its own number of pixels, between columns linearly.

    Returns the image without empty columns, and the place of its first column in the old count.
    """
    first, last = math.floor(shifts.min()), math.floor(shifts.max()) + 1
    rows, columns = image.shape
    whole = np.floor(shifts).astype(int)
    part = (shifts - whole)[:, None]
    place = np.arange(columns) + (whole - first)[:, None]
    row = np.arange(rows)[:, None]
    sheared = np.zeros((rows, columns + last - first))
    sheared[row, place] += (1 - part) * image
    sheared[row, place + 1] += part * image
    used = np.flatnonzero(sheared.any(axis=0))
    return sheared[:, used[0] : used[-1] + 1], first + used[0]
