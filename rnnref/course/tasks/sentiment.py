"""Ratings of films in short sentences: the feeling, from 0 to 4, depends on the order of words."""

from ..arguments import require_count
from ..plots import COLOURS
from .batches import batch
from .pictures import PALE, WHITE, draw_cells
from .vocabulary import Vocabulary

FEELINGS = ("very bad", "bad", "neutral", "good", "very good")

_VALUES = {
    -2: ("awful", "terrible", "dreadful"),
    -1: ("bad", "dull", "weak"),
    0: ("ordinary", "average", "standard"),
    1: ("good", "nice", "funny"),
    2: ("brilliant", "wonderful", "superb"),
}
_VALUE = {word: value for value, words in _VALUES.items() for word in words}
_STRONGER, _WEAKER, _NEGATIONS = ("very", "really"), ("slightly", "rather"), ("not", "hardly")
_THINGS = ("film", "plot", "acting", "music", "ending", "story")
_BEGINNINGS = (
    "",
    "",
    "last night we saw it and",
    "as my sister said",
    "on a rainy day in may",
)

SENTIMENT_WORDS = Vocabulary(
    sorted(
        {*_VALUE, *_STRONGER, *_WEAKER, *_NEGATIONS, *_THINGS, "the", "was", "but", "although"}
        | {word for beginning in _BEGINNINGS for word in beginning.split()}
    ),
    separator=" ",
)


def rate_sentence(sentence):
    """Return the feeling of a sentence of the grammar, by the grammar's own rule.

    Parameters
    ----------
    sentence : str

    Returns
    -------
    int
        From 0, very bad, to 4, very good: 2 plus the value of the clause that counts.

    Raises
    ------
    ValueError
        If the clause that counts does not end in one of the grammar's adjectives.

    Notes
    -----
    An adjective has a value from −2 to 2. *very* and *really* make it ±2, *slightly* and
    *rather* ±1, and a negation before both turns it into the mild opposite: *not good*
    and *not very good* are −1, *not awful* is 1. In *X but Y* the clause Y counts; in *X although
    Y* it is X.

    Examples
    --------
    >>> from rnnref.course.tasks import rate_sentence
    >>> rate_sentence("the plot was good but the acting was awful")
    0
    >>> rate_sentence("the acting was awful but the plot was good")
    3
    >>> rate_sentence("the acting was not very good")
    1
    """
    clause = sentence.partition(" although ")[0].rpartition(" but ")[2]
    *words, adjective = clause.split() or [""]
    if adjective not in _VALUE:
        raise ValueError(
            f"rate_sentence: the clause that counts must end in one of {', '.join(_VALUE)}, "
            f"got {clause!r}"
        )
    value = _VALUE[adjective]
    for word in reversed(words):  # from the adjective outwards
        sign = (value > 0) - (value < 0)
        if word in _STRONGER:
            value = 2 * sign  # from 1 or from 2, beyond which there is nothing
        elif word in _WEAKER:
            value = sign
        elif word in _NEGATIONS:
            value = -sign
    return 2 + value


def sentiment_classification(rng, B):
    """Draw sentences about films and how good they say it was.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of sentences.

    Returns
    -------
    ids : ndarray of int, shape (T, B)
        Words, by `SENTIMENT_WORDS`; id 0 after the end of the shorter ones.
    lengths : ndarray of int, shape (B,)
        Numbers of words, from 4 to 19.
    y : ndarray of int, shape (B,)
        Feelings from 0 to 4, as `rate_sentence` has them; all are equally likely, so that chance
        is right with probability 1/5.

    Raises
    ------
    TypeError
        If B is no integer.
    ValueError
        If B is less than 1.

    Notes
    -----
    The task of D1, D3 and D4, many to one, with a grammar of our own in place of real reviews:
    the words alone do not tell, their order does.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import SENTIMENT_WORDS, sentiment_classification
    >>> ids, lengths, y = sentiment_classification(np.random.default_rng(3), B=2)
    >>> for b in range(2):
    ...     print(y[b], SENTIMENT_WORDS.decode(ids[: lengths[b], b]))
    4 the acting was not awful but the film was superb
    0 as my sister said the plot was standard but the story was very dull
    """
    B = require_count("sentiment_classification", "B", B)
    y = rng.integers(0, len(FEELINGS), B)
    sentences = [_sentence(rng) for _ in range(B)]
    for b in range(B):
        while rate_sentence(sentences[b]) != y[b]:
            sentences[b] = _sentence(rng)
    ids, lengths = batch([SENTIMENT_WORDS.encode(sentence) for sentence in sentences])
    return ids, lengths, y


def draw_sentiment_classification(ax, sentence):
    """Draw a sentence, what each word does to its feeling, and that feeling.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    sentence : str

    Returns
    -------
    list of matplotlib.patches.Rectangle
        The cells, the words' first.

    Raises
    ------
    ValueError
        If the sentence is not one of the grammar.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from rnnref.course.tasks import draw_sentiment_classification
    >>> ax = Figure().subplots()
    >>> cells = draw_sentiment_classification(ax, "the plot was not very good")
    >>> ax.get_title()
    'target: 1 of 0 … 4, bad'
    """
    label = rate_sentence(sentence)
    words = sentence.split()
    rows = {"input: word": words, "what it does": [_effect(word) for word in words]}
    colours = {name: [_colour(word) for word in words] for name in rows}
    cells = draw_cells(ax, rows, colours=colours)
    ax.set_title(f"target: {label} of 0 … 4, {FEELINGS[label]}", color=COLOURS.output)
    return cells


def _sentence(rng):
    """Draw a sentence: perhaps a beginning, then one clause or two."""

    def pick(options):
        return options[rng.integers(len(options))]

    def clause():
        words = ["the", pick(_THINGS), "was"]
        value = rng.integers(-2, 3)
        if value != 0:  # "hardly very ordinary" is no English
            negated = rng.random() < 0.4
            words += [pick(_NEGATIONS)] * negated
            if rng.random() < 0.4:
                words.append(pick(_STRONGER if negated else _STRONGER + _WEAKER))
        words.append(pick(_VALUES[value]))
        return words

    words = pick(_BEGINNINGS).split() + clause()
    if rng.random() < 0.6:
        words += [pick(("but", "although")), *clause()]
    return " ".join(words)


def _effect(word):
    """Return in short what a word does to the feeling."""
    if word in _VALUE:
        return f"{_VALUE[word]:+d}".replace("-", "\N{MINUS SIGN}").replace("+0", "0")
    effects = {"but": "→ counts", "although": "← counts"}
    effects |= dict.fromkeys(_NEGATIONS, "turn")
    effects |= dict.fromkeys(_STRONGER, "more") | dict.fromkeys(_WEAKER, "less")
    return effects.get(word, "")


def _colour(word):
    """Return the colour of a word by what it does to the feeling."""
    if word in _VALUE:
        value = _VALUE[word]
        return COLOURS.input if value > 0 else COLOURS.state if value < 0 else PALE
    if word in _NEGATIONS:
        return COLOURS.accent
    if word in ("but", "although"):
        return COLOURS.gradient
    return PALE if word in _STRONGER + _WEAKER else WHITE
