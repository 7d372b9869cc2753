"""Exercises whose answer is a dict of choices: each wrong or missing one costs a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .outcome import Outcome
from .report import Report, Row

_SHOWN_LENGTH = 60


@dataclass(frozen=True)
class Misreading:
    """A wrong idea behind some choices: which choice it gives for which key, and the feedback.

    `says` goes on after the keys for which the choice was made, so it must hold for each alone.
    """

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
        given = {key: value for key, value in given.items() if isinstance(value, str) and value}
        if not any(key in given for key in self.right):
            return self._report(0.0, "blank", "Nothing is chosen yet.")
        rows = tuple(Row(key, given.get(key) == choice) for key, choice in self.right.items())
        wrong = [row.label for row in rows if not row.holds]
        points = max(0.0, float(self.points - len(wrong)))
        if not wrong:
            return self._report(points, "right", "Right: every case holds.", rows=rows)
        still_open = [key for key in wrong if key not in given]
        head = f"Still open: {_listed(still_open)}. " if still_open else ""
        chosen = [key for key in wrong if key not in still_open]
        idea, keys = self._misreading(given, chosen)
        if idea:
            sentence = f"{head}{_listed(keys)}: {idea.says}"
            return self._report(points, "wrong", sentence, idea.name, idea.hint, rows)
        sentence = head + (self._sentence(given, chosen[0]) if chosen else "")
        return self._report(points, "wrong", sentence.strip(), rows=rows)

    def _misreading(self, given: dict, wrong: list[str]) -> tuple[Misreading | None, list[str]]:
        """The idea that explains most of the wrong choices, and those choices' keys."""
        best: tuple[Misreading | None, list[str]] = None, []
        for idea in self.mistakes:
            keys = [key for key in wrong if given[key] == idea.choices.get(key)]
            if len(keys) > len(best[1]):
                best = idea, keys
        return best

    def _sentence(self, given: dict, key: str) -> str:
        choice = given[key]
        if choice not in self.choices:
            short = choice[:_SHOWN_LENGTH]
            return f"«{key}»: {short!r} is none of the choices, {_listed(self.choices)}."
        return f"«{key}» is not {choice}: count what goes in and what comes out."

    def _report(self, points, state, sentence, mistake=None, hint="", rows=()) -> Report:
        return Report(
            self.name, points, float(self.points), state, sentence, mistake, hint, tuple(rows)
        )


def _listed(names) -> str:
    return ", ".join(f"«{name}»" for name in names)


def _unreadable(name: str, outcome: Outcome) -> str:
    if outcome.error:
        return f"{name} could not be read: {outcome.error.kind}: {outcome.error.text}"
    if outcome.ended or outcome.refused:
        return f"{name} could not be read: {outcome.ended or outcome.refused}."
    return f"{name} must be a dict, task → type; it is a {type(outcome.value).__name__}."
