"""Whether what a function returns is new, or shares memory with what it was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np


def shared(value: object, arguments: Iterable[tuple[str, object]]) -> tuple[str, ...]:
    """The arguments that a result has memory in common with.

    Parameters
    ----------
    value : object
        What a function returned.
    arguments : iterable of (str, object)
        What it was given, by position or name.

    Returns
    -------
    tuple of str
    """
    returned = list(_parts(value))
    return tuple(
        key
        for key, given in arguments
        if any(_same(part, other) for part in _parts(given) for other in returned)
    )


def _parts(value: object) -> Iterator[object]:
    """The arrays and lists in a value, however deep; exact types only, as the codec has them."""
    if isinstance(value, np.ndarray) or type(value) is list:
        yield value
    if type(value) in (list, tuple):
        for part in value[:1000]:
            if part is not value:
                yield from _parts(part)


def _same(part: object, other: object) -> bool:
    if isinstance(part, np.ndarray) and isinstance(other, np.ndarray):
        return part.size > 0 and np.may_share_memory(part, other)
    return part is other
