"""Sentences with names in them: which words are part of a name?"""

import numpy as np

from ..arguments import require_count, require_range
from ..plots import COLOURS
from .batches import batch
from .pictures import WHITE, draw_cells
from .vocabulary import Vocabulary

_FIRST = "Harry Hermione Ron Luna Alice Bruno Clara David Emma Felix Greta Hugo Irene Jonas".split()
_LAST = "Potter Granger Weasley Lovegood Adler Bauer Costa Dunn Evans Fischer Garcia Hill".split()
# Seen in no training sentence.
_NEW_FIRST = "Karla Leo Mona Nils Olga Paul Quentin Rita Simon Tara".split()
_NEW_LAST = "Irving Jensen Keller Lopez Moreau Novak Olsen Petrov Quinn Rossi".split()
# Names that are also words: only what stands around them tells.
_BOTH = ("Will", "Rose", "Mark", "Hope")

# A star stands for a name; each sentence is as in English, without commas and full stops.
_TEMPLATES = (
    "* and * invented a new spell",
    "Yesterday * met *",
    "* gave the book to *",
    "The letter from * was long",
    "Nobody knows where * lives",
    "In the garden * showed * a new game",
    "The new teacher is *",
    "When * came home the dog was asleep",
    "* lost the key to the house",
    "Will * come to the party",
    "Will the train be late",
    "Rose petals fell on the water",
    "Mark the page and read it to *",
    "Hope is what they need",
    "The water in the garden was cold",
    "Will you read the letter to *",
)
# The sentence of D1, and which of its words are part of a name.
NAME_EXAMPLE = (
    "Harry Potter and Hermione Granger invented a new spell",
    (1, 1, 0, 1, 1, 0, 0, 0, 0),
)
UNKNOWN = "<unknown>"

NAME_WORDS = Vocabulary(
    (
        UNKNOWN,
        *sorted(
            {word for template in _TEMPLATES for word in template.split() if word != "*"}
            | {*_FIRST, *_LAST, *_BOTH}
        ),
    ),
    separator=" ",
    unknown=UNKNOWN,
)


def name_sentences(rng, B, *, held_out=False):
    """Draw sentences and, for each word, whether it is part of a name.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of sentences.
    held_out : bool
        Whether to use names that never occur otherwise.

    Returns
    -------
    sentences : list of str
    tags : list of list of int
        1 for each word that is part of a name, else 0.

    Raises
    ------
    TypeError
        If B is no integer.
    ValueError
        If B is less than 1.

    See Also
    --------
    name_tagging : The same as ids.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import name_sentences
    >>> sentences, tags = name_sentences(np.random.default_rng(1), B=2)
    >>> for sentence, tag in zip(sentences, tags):
    ...     print(sentence, tag)
    When Hope came home the dog was asleep [0, 1, 0, 0, 0, 0, 0, 0]
    The letter from Alice Garcia was long [0, 0, 0, 1, 1, 0, 0]
    """
    B = require_count("name_sentences", "B", B)
    sentences, tags = [], []
    for _ in range(B):
        words, marks = [], []
        for word in _TEMPLATES[rng.integers(len(_TEMPLATES))].split():
            name = _name(rng, held_out) if word == "*" else [word]
            words += name
            marks += [int(word == "*")] * len(name)
        sentences.append(" ".join(words))
        tags.append(marks)
    return sentences, tags


def name_tagging(rng, B, *, held_out=False, unknown=0.3):
    """Draw sentences as ids and, for each word, whether it is part of a name.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of sentences.
    held_out : bool
        Whether to use names that never occur otherwise.
    unknown : float
        The share of the words in names that are shown as unknown, so that a network learns to
        judge by what stands around them. With `held_out` all new ones are.

    Returns
    -------
    ids : ndarray of int, shape (T, B)
        Words, by `NAME_WORDS`, where 0 is the unknown word; 0 after the end of the shorter ones.
    lengths : ndarray of int, shape (B,)
    y : ndarray of int, shape (T, B)
        1 for each word that is part of a name, else 0.

    Raises
    ------
    TypeError
        If B is no integer.
    ValueError
        If B is less than 1, or `unknown` is no probability.

    Notes
    -----
    The task of D1, whose sentence is `NAME_EXAMPLE`. Some words may be names or not:
    *Will Rose come* and *Will Fischer met Rose*; for a first word only what follows tells.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import NAME_WORDS, name_tagging
    >>> ids, lengths, y = name_tagging(np.random.default_rng(1), B=2, held_out=True)
    >>> NAME_WORDS.decode(ids[: lengths[0], 0]), y[: lengths[0], 0]
    ('When <unknown> <unknown> came home the dog was asleep', array([0, 1, 1, 0, 0, 0, 0, 0, 0]))
    """
    require_count("name_tagging", "B", B)
    require_range("name_tagging", "unknown", unknown, 0, 1)
    sentences, tags = name_sentences(rng, B, held_out=held_out)
    ids, lengths = batch([NAME_WORDS.encode(sentence) for sentence in sentences])
    y, _ = batch(tags)
    hidden = (y == 1) & (rng.random(y.shape) < unknown)
    return np.where(hidden, NAME_WORDS.encode(UNKNOWN), ids), lengths, y


def draw_name_tagging(ax, sentence, tags):
    """Draw a sentence with its tags.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    sentence : str
    tags : sequence of int
        One per word, 1 for part of a name.

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells, the words' first.

    Raises
    ------
    ValueError
        If there are not as many tags as words.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import NAME_EXAMPLE, draw_name_tagging
    >>> ax = Figure().subplots()
    >>> len(draw_name_tagging(ax, *NAME_EXAMPLE))
    18
    """
    words = sentence.split()
    if len(words) != len(tags):
        raise ValueError(
            f"draw_name_tagging: tags must be as many as words, {len(words)}, got {len(tags)}"
        )
    colours = [COLOURS.output if tag else WHITE for tag in tags]
    rows = {"input: word": words, "target: name?": [str(int(tag)) for tag in tags]}
    return draw_cells(ax, rows, colours=dict.fromkeys(rows, colours))


def _name(rng, held_out):
    """Draw a name of one word or two."""
    first, last = (_NEW_FIRST, _NEW_LAST) if held_out else (_FIRST, _LAST)
    name = [first[rng.integers(len(first))], last[rng.integers(len(last))]]
    if not held_out and rng.random() < 0.15:
        name[0] = _BOTH[rng.integers(len(_BOTH))]
    return name if rng.random() < 0.6 else name[:1]
