"""Right functions in the place of a student's other ones: is a failure his own or borrowed?"""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Helpers:
    """A set's right functions but one, and which of them were called.

    Parameters
    ----------
    references : mapping
        Exercise → right function.
    name : str
        The exercise under test, which keeps the student's function.
    """

    def __init__(self, references: Mapping[str, Callable], name: str):
        self._used: dict[str, None] = {}
        self.functions = {
            other: self._noted(other, function)
            for other, function in references.items()
            if other != name
        }

    @property
    def used(self) -> tuple[str, ...]:
        """The exercises whose right functions were called, in order."""
        return tuple(self._used)

    def _noted(self, other: str, function: Callable) -> Callable:
        def call(*args, **kwargs):
            self._used.setdefault(other)
            return function(*args, **kwargs)

        return call
