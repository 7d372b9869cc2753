"""Words to be rendered: random letters, or a small list."""

from string import ascii_lowercase

import numpy as np

from ..arguments import require_count, require_range
from .vocabulary import Vocabulary

TEN_LETTERS = "aeilnoprst"  # enough for many words with double letters
WORDS = tuple(
    "all alert apple area art bank bar bed bell book bottle bus butter cinema city class "
    "coffee dinner door eat eel exit fee floor garden glass green hall hello hill hotel inn jazz "
    "keep lane latte letter loop market mill moon noon open park parrot pasta pepper petrol pie "
    "pizza platter please poor press pretty pool quiet rail rest roll room root salon sea seat "
    "sell shoe shop simply sitter soap soon steel stool stop store street student sunny taste tea "
    "tell tennis toast toilet too tools train tree total vote water way wood yes zoo".split()
)


def word_vocabulary(alphabet=ascii_lowercase):
    """Return the vocabulary of the labels: the letters from id 1, id 0 shown as a dash.

    Parameters
    ----------
    alphabet : str

    Returns
    -------
    Vocabulary

    Raises
    ------
    ValueError
        If a letter stands twice.

    Examples
    --------
    >>> from rnnref.course.tasks import word_vocabulary
    >>> word_vocabulary().decode([8, 5, 12, 0, 12, 15])
    'hel-lo'
    """
    return Vocabulary(("-", *alphabet))


def random_words(rng, B, *, alphabet=ascii_lowercase, lengths=(3, 6), doubles=0.3):
    """Draw words of random letters.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of words.
    alphabet : str
    lengths : (int, int)
        Least and most number of letters.
    doubles : float
        The share of the words, and always one at least unless it is 0, that are given a letter
        twice in a row.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If B or a length is no integer.
    ValueError
        If B is less than 1, the lengths are less than 1 or in the wrong order, the alphabet is
        empty, `doubles` is not a share, or doubles are demanded of words of one letter.

    Notes
    -----
    Double letters are where a reader without segmentation must put a blank (D3; Graves et al.
    2006).

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import TEN_LETTERS, random_words
    >>> random_words(np.random.default_rng(0), 4, alphabet=TEN_LETTERS)
    ['llaaes', 'ptopt', 'pooti', 'pall']
    """
    where = "random_words"
    B = require_count(where, "B", B)
    require_count(where, "the alphabet's size", len(alphabet))
    require_range(where, "doubles", doubles, 0, 1)
    least = require_count(where, "lengths[0]", lengths[0], least=2 if doubles else 1)
    most = require_count(where, "lengths[1]", lengths[1], least=least)
    sizes = rng.integers(least, most + 1, B)
    letters = rng.integers(0, len(alphabet), (B, most))
    doubled = rng.permutation(B)[: int(np.ceil(doubles * B))]
    second = rng.integers(1, sizes[doubled])
    letters[doubled, second] = letters[doubled, second - 1]
    return ["".join(alphabet[i] for i in row[:n]) for row, n in zip(letters, sizes, strict=True)]


def listed_words(rng, B, *, alphabet=ascii_lowercase):
    """Draw words from a small list of English ones, as on signs.

    Parameters
    ----------
    rng : numpy.random.Generator
    B : int
        Number of words.
    alphabet : str
        Only words of these letters.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If B is no integer.
    ValueError
        If B is less than 1, or no word is left.

    Examples
    --------
    >>> import numpy as np
    >>> from rnnref.course.tasks import TEN_LETTERS, listed_words
    >>> listed_words(np.random.default_rng(0), 4, alphabet=TEN_LETTERS)
    ['tennis', 'sitter', 'roll', 'open']
    """
    B = require_count("listed_words", "B", B)
    words = [word for word in WORDS if set(word) <= set(alphabet)]
    if not words:
        raise ValueError(f"listed_words: alphabet must allow a word of the list, got {alphabet!r}")
    return [words[i] for i in rng.integers(0, len(words), B)]
