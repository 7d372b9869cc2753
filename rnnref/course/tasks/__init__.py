"""Tasks for recurrent networks: data made here, from a seed, and a picture of each.

All functions that draw data take an explicit `rng`, a numpy.random.Generator. Arrays are
time-major: (T, B, ·) for T steps and B sequences; ids are integers.
"""

from .dates import (
    DATE_SOURCE,
    DATE_TARGET,
    date_pairs,
    date_translation,
    draw_date_translation,
)
from .future import draw_window_sign, forward_accuracy, window_sign
from .memory import adding_problem, copy_memory, draw_adding_problem, draw_copy_memory
from .names import NAME_EXAMPLE, NAME_WORDS, draw_name_tagging, name_sentences, name_tagging
from .numbers import (
    draw_larger_sum,
    draw_parity,
    draw_running_sum,
    larger_sum,
    parity,
    running_sum,
)
from .segmentation import (
    FixedWidthReader,
    draw_segments,
    fit_fixed_width_reader,
    read_fixed_width,
    segments,
)
from .sentiment import (
    FEELINGS,
    SENTIMENT_WORDS,
    draw_sentiment_classification,
    rate_sentence,
    sentiment_classification,
)
from .series import (
    draw_series,
    mackey_glass,
    noisy_sines,
    one_step_ahead,
    switching_autoregression,
)
from .spelling import TEN_LETTERS, listed_words, random_words, word_vocabulary
from .text import (
    bigram_bits,
    character_batches,
    draw_character_batches,
    load_text,
    split_end,
)
from .vocabulary import Vocabulary
from .words import EASY_STYLE, WordImages, WordStyle, draw_word, render_words

__all__ = [
    "DATE_SOURCE",
    "DATE_TARGET",
    "EASY_STYLE",
    "FEELINGS",
    "NAME_EXAMPLE",
    "NAME_WORDS",
    "SENTIMENT_WORDS",
    "TEN_LETTERS",
    "FixedWidthReader",
    "Vocabulary",
    "WordImages",
    "WordStyle",
    "adding_problem",
    "bigram_bits",
    "character_batches",
    "copy_memory",
    "date_pairs",
    "date_translation",
    "draw_adding_problem",
    "draw_character_batches",
    "draw_copy_memory",
    "draw_date_translation",
    "draw_larger_sum",
    "draw_name_tagging",
    "draw_parity",
    "draw_running_sum",
    "draw_segments",
    "draw_sentiment_classification",
    "draw_series",
    "draw_window_sign",
    "draw_word",
    "fit_fixed_width_reader",
    "forward_accuracy",
    "larger_sum",
    "listed_words",
    "load_text",
    "mackey_glass",
    "name_sentences",
    "name_tagging",
    "noisy_sines",
    "one_step_ahead",
    "parity",
    "random_words",
    "rate_sentence",
    "read_fixed_width",
    "render_words",
    "running_sum",
    "segments",
    "sentiment_classification",
    "split_end",
    "switching_autoregression",
    "window_sign",
    "word_vocabulary",
]
