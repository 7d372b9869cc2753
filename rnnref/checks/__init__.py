"""The tables: for each exercise the right answer, probes, other right answers and mistakes.

A problem set is a package here, an exercise a module in it. `problem_sets` lists them, `table`
gives a set's exercises in the order of its notebook, `open_checks` the judge that notebooks use.
"""

from __future__ import annotations

import pkgutil
import secrets
from functools import cache
from importlib import import_module

from rnnref.engine.answers import Answers
from rnnref.engine.exercise import Exercise
from rnnref.engine.judge import Judge
from rnnref.engine.report import Mark
from rnnref.engine.sheet import Sheet
from rnnref.engine.trained import Trained

VISIBLE_SEED = 0


def problem_sets() -> tuple[str, ...]:
    """The names of all problem sets that have a table."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg))


def table(problem_set: str) -> dict[str, Exercise | Answers | Trained]:
    """A problem set's exercises by name, in the notebook's order.

    Raises
    ------
    ValueError
        If there is no such problem set; the message names those that exist.
    """
    if problem_set not in problem_sets():
        known = ", ".join(problem_sets())
        raise ValueError(f"there is no problem set {problem_set!r}; there is {known}")
    exercises = import_module(f"{__name__}.{problem_set}").EXERCISES
    return {exercise.name: exercise for exercise in exercises}


@cache
def sheets(problem_set: str, seed: int) -> dict[str, Sheet | Answers | Trained]:
    """The exercises of a set with their probes drawn from `seed`."""
    return {
        name: exercise.sheet(seed) if isinstance(exercise, Exercise) else exercise
        for name, exercise in table(problem_set).items()
    }


def references(problem_set: str) -> dict[str, object]:
    """The right functions of a set by name."""
    return {n: e.reference for n, e in table(problem_set).items() if isinstance(e, Exercise)}


class TableJudge(Judge):
    """Judges visible checks on fixed probes, hidden tests on fresh ones."""

    def __init__(self, problem_set: str):
        super().__init__(problem_set, sheets(problem_set, VISIBLE_SEED), references(problem_set))

    def hidden(self, name: str, answer: object) -> Mark:
        """The hidden test: the same cases with other random numbers each time."""
        exercises = sheets.__wrapped__(self.problem_set, secrets.randbits(64))
        return Mark(Judge(self.problem_set, exercises, self.references).report(name, answer))


open_checks = TableJudge
