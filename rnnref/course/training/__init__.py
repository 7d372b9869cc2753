"""Training loops that are given: they take the student's functions as arguments."""

from .characters import HIDDEN, character_data, train_characters
from .latch import CELLS, draw_long_lag, train_latch

__all__ = [
    "CELLS",
    "HIDDEN",
    "character_data",
    "draw_long_lag",
    "train_characters",
    "train_latch",
]
