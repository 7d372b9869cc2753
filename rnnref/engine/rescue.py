"""Right functions in the place of a student's earlier ones: is a failure its own or borrowed?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping


class Helpers:
    """The right functions of the exercises before one, and which of them were called.

    Only those before it: with all others, two stubs that call each other would both be right.

    Parameters
    ----------
    references : mapping
        Exercise → right function, in the order of the set.
    name : str
        The exercise under test, which keeps the student's function.
    """

    def __init__(self, references: Mapping[str, Callable], name: str):
        self._used: dict[str, None] = {}
        earlier = itertools.takewhile(lambda other: other != name, references)
        self.functions = {other: self._noted(other, references[other]) for other in earlier}

    @property
    def used(self) -> tuple[str, ...]:
        """The exercises whose right functions were called, in order."""
        return tuple(self._used)

    def _noted(self, other: str, function: Callable) -> Callable:
        def call(*args, **kwargs):
            self._used.setdefault(other)
            return function(*args, **kwargs)

        return call
