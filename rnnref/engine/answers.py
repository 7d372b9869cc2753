"""Exercises whose answer is a dict of choices: each wrong or missing one costs a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .outcome import Outcome
from .report import Report, Row


@dataclass(frozen=True)
class Misreading:
    """A wrong idea behind some choices: which choice it gives for which key, and the feedback."""

    name: str
    choices: Mapping[str, str]
    says: str
    hint: str


@dataclass(frozen=True)
class Answers:
    """A dict of choices and all that is known about it.

    Parameters
    ----------
    name : str
        The dict's name in the notebook.
    points : float
        All points; one less for each wrong or missing key, not below 0.
    right : mapping
        Key → right choice; other keys are ignored.
    choices : tuple of str
        What may be chosen.
    mistakes : tuple of Misreading
        In the order in which they are named.
    """

    name: str
    points: float
    right: Mapping[str, str]
    choices: tuple[str, ...]
    mistakes: tuple[Misreading, ...] = ()

    def examine(self, outcome: Outcome) -> Report:
        """Judge a dict.

        Parameters
        ----------
        outcome : Outcome
            Its value, or why it could not be had.

        Returns
        -------
        Report
        """
        given = outcome.value
        if not isinstance(given, dict):
            return self._report(0.0, "wrong", _unreadable(self.name, outcome))
        if all(value in (None, ..., "") for value in given.values()):
            return self._report(0.0, "blank", "Nothing is chosen yet.")
        rows = tuple(Row(key, _chosen(given, key) == choice) for key, choice in self.right.items())
        wrong = [row.label for row in rows if not row.holds]
        points = max(0.0, float(self.points - len(wrong)))
        if not wrong:
            return self._report(points, "right", "Right: every case holds.", rows=rows)
        found = self._misreading(given, wrong)
        if found:
            return self._report(points, "wrong", found.says, found.name, found.hint, rows)
        return self._report(points, "wrong", self._sentence(given, wrong[0]), rows=rows)

    def _misreading(self, given: dict, wrong: list[str]) -> Misreading | None:
        """The idea that explains most of the wrong choices, each as it was given."""

        def explained(idea: Misreading) -> int:
            return sum(key in idea.choices and given.get(key) == idea.choices[key] for key in wrong)

        best = max(self.mistakes, key=explained, default=None)
        return best if best and explained(best) else None

    def _sentence(self, given: dict, key: str) -> str:
        choice = _chosen(given, key)
        if choice is None:
            return f"«{key}» has no answer yet."
        if choice not in self.choices:
            return f"«{key}»: {choice!r} is none of the choices, {', '.join(self.choices)}."
        return f"«{key}» is not {choice}: count what goes in and what comes out."

    def _report(self, points, state, sentence, mistake=None, hint="", rows=()) -> Report:
        return Report(
            self.name, points, float(self.points), state, sentence, mistake, hint, tuple(rows)
        )


def _chosen(given: dict, key: str) -> str | None:
    choice = given.get(key)
    return choice if isinstance(choice, str) else None


def _unreadable(name: str, outcome: Outcome) -> str:
    if outcome.error:
        return f"{name} could not be read: {outcome.error.kind}: {outcome.error.text}"
    if outcome.ended or outcome.refused:
        return f"{name} could not be read: {outcome.ended or outcome.refused}."
    return f"{name} must be a dict, task → type; it is a {type(outcome.value).__name__}."
