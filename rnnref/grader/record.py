"""What grading one notebook gives: a result for each exercise, and notes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from rnnref.engine.report import Report

STATES = ("graded", "needs a person", "refused")


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise of one submission.

    Parameters
    ----------
    name : str
        The exercise.
    points, possible : float
        What it gets, and what it could get.
    state : str
        As in `rnnref.engine.report.Report`.
    mistake : str or None
        The known mistake's name.
    sentence : str
        The first thing that is wrong, or that all is right.
    report_html, report_text : str
        The whole report.
    """

    name: str
    points: float
    possible: float
    state: str
    mistake: str | None
    sentence: str
    report_html: str
    report_text: str

    @classmethod
    def of(cls, report: Report) -> ExerciseResult:
        """The result that a report amounts to."""
        return cls(
            report.exercise,
            report.points,
            report.possible,
            report.state,
            report.mistake,
            report.sentence,
            report.html(),
            report.text(hint=True),
        )


@dataclass(frozen=True)
class Record:
    """One graded (or refused) submission.

    Parameters
    ----------
    problem_set : str
        Its name.
    state : str
        "graded", "needs a person" or "refused".
    exercises : tuple of ExerciseResult
        In the notebook's order.
    notes : tuple of str
        What was restored or stopped, a sentence each, for student and instructor.
    seconds : float
        How long grading took.
    """

    problem_set: str
    state: str
    exercises: tuple[ExerciseResult, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def points(self) -> dict[str, float]:
        """Exercise → points."""
        return {result.name: result.points for result in self.exercises}

    @property
    def possible(self) -> dict[str, float]:
        """Exercise → points that a right answer gets."""
        return {result.name: result.possible for result in self.exercises}

    def to_json(self) -> str:
        """The record as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The record from what `to_json` gave."""
        plain = json.loads(text)
        exercises = tuple(ExerciseResult(**result) for result in plain.pop("exercises"))
        return cls(exercises=exercises, notes=tuple(plain.pop("notes")), **plain)
