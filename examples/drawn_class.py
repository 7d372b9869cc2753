"""A class of thirty for any problem set, drawn from its table: what each must get is known.

Some are right throughout, in one of the table's styles; the others answer each exercise rightly,
with one of its mistakes, or not at all. All mistakes of the table are handed in by somebody as far
as thirty students can. What the visible check gives is what the hidden tests must give.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from sample import Sample, points_of

from rnnref.checks import TableJudge, table
from rnnref.engine.exercise import Exercise, Mistake, source_of

STUDENTS = 30
STYLES = 3  # students who are right throughout
_SHARES = {"mistake": 0.75, "right": 0.2}  # of the answers of the others; the rest is blank


def drawn_class(problem_set: str, seed: int = 0) -> tuple[Sample, ...]:
    """The class of a problem set.

    Parameters
    ----------
    problem_set : str
        Its name.
    seed : int
        For who makes which mistakes.

    Returns
    -------
    tuple of Sample
    """
    rng = np.random.default_rng(seed)
    exercises = {n: e for n, e in table(problem_set).items() if isinstance(e, Exercise)}
    orders = {n: _endless(rng, e.mistakes) for n, e in exercises.items()}
    others = {n: p for n, p in points_of(problem_set).items() if n not in exercises}
    samples = []
    for i in range(STUDENTS):
        cells, lost, named = {}, dict.fromkeys(others, 0.0), {}
        for name, exercise in exercises.items():
            draw = rng.random()
            right = exercise.alternatives[i % len(exercise.alternatives)]
            if i < STYLES or draw < _SHARES["right"]:
                cells[name] = source_of(right, name)
            elif draw < sum(_SHARES.values()):
                mistake = next(orders[name])
                cells[name] = source_of(mistake.wrong, name)
                lost[name], named[name] = _verdict(problem_set, name, mistake)
            else:
                lost[name] = 0.0
        about = "right in one of the table's styles" if i < STYLES else "mistakes from the table"
        student = f"student{i + 1:02d}"
        samples.append(
            Sample(student, about, cells, lost=lost, mistakes=named, problem_set=problem_set)
        )
    return tuple(samples)


def _endless(rng: np.random.Generator, mistakes: tuple[Mistake, ...]):
    """All mistakes in a random order, again and again."""
    return itertools.cycle([mistakes[k] for k in rng.permutation(len(mistakes))])


@cache
def _judge(problem_set: str) -> TableJudge:
    return TableJudge(problem_set)


@cache
def _verdict(problem_set: str, name: str, mistake: Mistake) -> tuple[float, str]:
    """Points and the mistake's name, by the visible check."""
    report = _judge(problem_set).report(name, mistake.wrong)
    return report.points, report.mistake
