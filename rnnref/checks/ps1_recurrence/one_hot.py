"""one_hot: a word as a row with a single 1 (course row R04)."""

import numpy as np

from rnnref.engine.exercise import Exercise, Mistake, edit, plain, special
from rnnref.nets.embedding import one_hot as core


def one_hot(ids, vocabulary_size):
    """The core's one-hot vectors."""
    return core(ids, vocabulary_size)


def cases(rng):
    """Repeated ids, both ends, and ids outside."""
    ids = rng.integers(1, 6, size=8)
    ids[5] = ids[2]
    yield plain("eight ids out of seven words, one of them twice", ids, 7)
    yield plain("a vocabulary larger than needed", rng.integers(0, 5, size=4), 12)
    yield special("the first and the last word", np.append(rng.permutation([0, 8]), 3), 9)
    yield special("one word (T = 1)", rng.integers(0, 5, size=1), 5)
    yield special("a vocabulary of one word", np.zeros(int(rng.integers(2, 5)), dtype=int), 1)
    negative = rng.integers(0, 6, size=4)
    negative[2] = -int(rng.integers(1, 4))
    yield special("a negative id: ValueError", negative, 6)
    large = rng.integers(0, 6, size=4)
    large[1] = 6
    yield special("id = vocabulary_size: ValueError", large, 6)


def indexed(ids, vocabulary_size):
    if ids.min() < 0 or ids.max() >= vocabulary_size:
        raise ValueError("an id lies outside the vocabulary")
    rows = np.zeros((len(ids), vocabulary_size))
    rows[np.arange(len(ids)), ids] = 1
    return rows


def of_the_identity(ids, vocabulary_size):
    if not all(0 <= i < vocabulary_size for i in ids):
        raise ValueError(f"ids must lie in 0 … {vocabulary_size - 1}")
    return np.eye(vocabulary_size)[ids]


def compared(ids, vocabulary_size):
    rows = (ids[:, None] == np.arange(vocabulary_size)).astype(float)
    if (rows.sum(axis=1) != 1).any():
        raise ValueError("unknown id")
    return rows


def loop(ids, vocabulary_size):
    rows = []
    for i in ids:
        if i < 0 or i >= vocabulary_size:
            raise ValueError(f"{i} is not the id of a word")
        row = [0.0] * vocabulary_size
        row[i] = 1.0
        rows.append(row)
    return np.array(rows)


EXERCISE = Exercise(
    name="one_hot",
    points=5,
    returns="rows (T, vocabulary_size)",
    reference=one_hot,
    cases=cases,
    alternatives=(indexed, of_the_identity, compared, loop),
    mistakes=(
        Mistake(
            "one word a column",
            edit(indexed, ("return rows", "return rows.T.copy()")),
            "Right numbers, but transposed.",
            "One row for each time step, please: shape (T, vocabulary_size).",
        ),
        Mistake(
            "whole rows of ones",
            edit(
                indexed,
                (
                    "(len(ids), vocabulary_size)",
                    "(max(len(ids), vocabulary_size), vocabulary_size)",
                ),
                ("rows[np.arange(len(ids)), ids] = 1", "rows[ids] = 1"),
                ("return rows", "return rows[: len(ids)]"),
            ),
            "Your rows hold either ones only or zeros only.",
            "rows[ids] = 1 sets whole rows; name the row and the column of each 1.",
        ),
        Mistake(
            "rows of ones at the rows of the ids",
            edit(indexed, ("rows[np.arange(len(ids)), ids] = 1", "rows[ids] = 1")),
            "rows[ids] = 1 sets whole rows: those whose number is an id, and there may be no such "
            "row.",
            "Each 1 has a row, its time step, and a column, its word: name both.",
        ),
        Mistake(
            "every word in every row",
            edit(indexed, ("rows[np.arange(len(ids)), ids] = 1", "rows[:, ids] = 1")),
            "Your rows hold several ones: all words of the text in each.",
            "Row t belongs to word t alone: name the row of each 1 too.",
        ),
        Mistake(
            "counts from 1",
            edit(indexed, ("np.arange(len(ids)), ids]", "np.arange(len(ids)), ids - 1]")),
            "Your 1 stands one place too far to the left (for id 0, at the far end).",
            "The slides count words from 1; the ids here start at 0.",
        ),
        Mistake(
            "ids in place of ones",
            edit(indexed, ("ids] = 1", "ids] = ids")),
            "Your rows hold the id itself; an id of 0 leaves a row empty.",
            "The place says which word it is; the number there is always 1.",
        ),
        Mistake(
            "an array of whole numbers",
            edit(indexed, ("(len(ids), vocabulary_size)", "(len(ids), vocabulary_size), int")),
            "Your ones are whole numbers (an int array).",
            "The rows are multiplied with float matrices later: float64.",
        ),
        Mistake(
            "an array of True and False",
            edit(compared, (".astype(float)", "")),
            "Your rows hold True and False (a bool array).",
            "The rows are multiplied with float matrices later: float64.",
        ),
        Mistake(
            "the lamps stay on",
            edit(
                loop,
                ("        row = [0.0] * vocabulary_size\n", ""),
                ("    rows = []\n", "    rows = []\n    row = [0.0] * vocabulary_size\n"),
                ("rows.append(row)", "rows.append(list(row))"),
            ),
            "Your rows light one lamp more at each new word.",
            "Each row starts with zeros everywhere.",
        ),
        Mistake(
            "the vocabulary of this text only",
            edit(indexed, ("(len(ids), vocabulary_size)", "(len(ids), ids.max() + 1)")),
            "The width of your rows depends on the text.",
            "Two texts must have rows of the same width, that of the vocabulary.",
        ),
        Mistake(
            "ids outside go unnoticed",
            edit(
                compared,
                (
                    "    if (rows.sum(axis=1) != 1).any():\n"
                    '        raise ValueError("unknown id")\n',
                    "",
                ),
            ),
            "Right for the ids of the vocabulary; one outside it gives a row of zeros.",
            "An id that is no word's deserves an error: raise ValueError.",
        ),
        Mistake(
            "a negative id counts from the end",
            edit(indexed, ("ids.min() < 0 or ids.max()", "ids.max()")),
            "Right, except for a negative id: there yours lights a lamp counted from the end.",
            "In Python, index −1 is no error: look at the ids before you use them.",
        ),
        Mistake(
            "IndexError for ValueError",
            edit(
                indexed,
                (
                    "    if ids.min() < 0 or ids.max() >= vocabulary_size:\n"
                    '        raise ValueError("an id lies outside the vocabulary")\n',
                    "",
                ),
            ),
            "A negative id goes unnoticed, and for one that is too large numpy complains with "
            "IndexError.",
            "Look at the ids first, and raise ValueError.",
        ),
        Mistake(
            "the last id is refused",
            edit(indexed, ("ids.max() >= vocabulary_size", "ids.max() >= vocabulary_size - 1")),
            "Yours refuses the last word of the vocabulary.",
            "The ids run from 0 to vocabulary_size − 1, both among them.",
        ),
        Mistake(
            "one id too many is allowed",
            edit(loop, ("i >= vocabulary_size", "i > vocabulary_size")),
            "Right, except for id = vocabulary_size: there yours does not raise ValueError.",
            "The ids run from 0 to vocabulary_size − 1.",
        ),
    ),
)
