"""Training loops that are given: they take the student's functions as arguments."""

from .characters import HIDDEN, character_data, train_characters
from .latch import CELLS, draw_long_lag, train_latch
from .words import draw_words, train_words, word_scores

__all__ = [
    "CELLS",
    "HIDDEN",
    "character_data",
    "draw_long_lag",
    "draw_words",
    "train_characters",
    "train_latch",
    "train_words",
    "word_scores",
]
