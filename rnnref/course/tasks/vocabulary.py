"""Symbols and their numbers."""

from collections.abc import Iterable

import numpy as np

from ..arguments import require_ids


class Vocabulary:
    """Symbols in a fixed order: the place of each, counted from 0, is its id.

    Parameters
    ----------
    symbols : iterable of str
        All different. A string stands for its characters.
    separator : str
        What stands between two symbols in a text: nothing between characters, a space between
        words.
    unknown : str, optional
        The symbol that stands for all that are not in the vocabulary, which it belongs to. By
        default these are an error.

    Attributes
    ----------
    symbols : tuple of str
    separator : str
    unknown : str or None

    Raises
    ------
    ValueError
        If there is no symbol, a symbol stands twice, or `unknown` is not one of them.

    Examples
    --------
    >>> from rnnref.course.tasks import Vocabulary
    >>> letters = Vocabulary("helo")
    >>> letters.encode("hello")
    array([0, 1, 2, 2, 3])
    >>> letters.decode([1, 2, 2, 3])
    'ello'
    >>> words = Vocabulary(["<unknown>", "not", "good"], separator=" ", unknown="<unknown>")
    >>> words.decode(words.encode("not too good"))
    'not <unknown> good'
    """

    def __init__(self, symbols: Iterable[str], *, separator="", unknown=None):
        self.symbols = tuple(symbols)
        self.separator = separator
        self.unknown = unknown
        self._ids = {symbol: i for i, symbol in enumerate(self.symbols)}
        if not self.symbols:
            raise ValueError("Vocabulary: symbols must hold at least 1 symbol, got none")
        if len(self._ids) < len(self.symbols):
            twice = next(s for i, s in enumerate(self.symbols) if self._ids[s] != i)
            raise ValueError(f"Vocabulary: symbols must be different, got {twice!r} twice")
        if unknown is not None and unknown not in self._ids:
            raise ValueError(f"Vocabulary: unknown must be one of the symbols, got {unknown!r}")

    @classmethod
    def of(cls, text):
        """Return the vocabulary of a text's characters, in the order of their code points.

        Parameters
        ----------
        text : str

        Returns
        -------
        Vocabulary

        Raises
        ------
        ValueError
            If the text is empty.

        Examples
        --------
        >>> Vocabulary.of("hello").symbols
        ('e', 'h', 'l', 'o')
        """
        return cls(sorted(set(text)))

    def __len__(self):
        return len(self.symbols)

    def __repr__(self):
        return f"<Vocabulary of {len(self)} symbols>"

    def encode(self, text):
        """Return the ids of a text's symbols.

        Parameters
        ----------
        text : str or sequence of str
            A text, to be cut at the separator, or its symbols.

        Returns
        -------
        ndarray of int, shape (N,)

        Raises
        ------
        ValueError
            If a symbol is not in the vocabulary, which has no symbol for unknown ones.

        Examples
        --------
        >>> Vocabulary("helo").encode("hole")
        array([0, 3, 2, 1])
        """
        if isinstance(text, str) and self.separator:
            text = text.split(self.separator) if text else []
        try:
            if self.unknown is None:
                ids = [self._ids[symbol] for symbol in text]
            else:
                other = self._ids[self.unknown]
                ids = [self._ids.get(symbol, other) for symbol in text]
        except KeyError as error:
            known = "".join(self.symbols) if not self.separator else f"{len(self)} words"
            raise ValueError(
                f"Vocabulary.encode: text must consist of the vocabulary's symbols ({known}), "
                f"got {error.args[0]!r}"
            ) from None
        return np.array(ids, np.intp)

    def decode(self, ids):
        """Return the text of ids.

        Parameters
        ----------
        ids : array_like of int, shape (N,)

        Returns
        -------
        str

        Raises
        ------
        TypeError
            If the ids are not integers.
        ValueError
            If there is more than one axis, or an id is outside the vocabulary.

        Examples
        --------
        >>> Vocabulary("helo").decode([0, 3, 2, 1])
        'hole'
        """
        if len(ids) == 0:
            return ""
        ids = require_ids("Vocabulary.decode", "ids", ids, len(self))
        return self.separator.join([self.symbols[i] for i in ids])
