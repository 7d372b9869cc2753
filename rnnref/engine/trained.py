"""Exercises whose answer is a trained model: its parameters are measured against a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .outcome import Outcome
from .report import Report
from .returned import Returned, Unreadable, leaves


@dataclass(frozen=True, eq=False)
class Trained:
    """A model that a cell of the notebook trains with the student's functions.

    Parameters
    ----------
    name : str
        The variable that holds the parameters, a dict of arrays.
    points : float
        All or nothing.
    shapes : mapping
        Parameter → shape.
    measure : callable, optional
        ``measure(params) -> float``, the lower the better, on data that the model has not seen;
        None where the reference, which it takes to measure a model, is not at hand.
    limit : callable
        ``limit() -> float``: what the model must stay below.
    says : str
        With ``{value}`` and ``{limit}``: what was measured.
    advice : str
        What to look at if the limit is missed.
    """

    name: str
    points: float
    shapes: Mapping[str, tuple[int, ...]]
    measure: Callable[[Mapping[str, np.ndarray]], float] | None = None
    limit: Callable[[], float] | None = None
    says: str = ""
    advice: str = ""

    def examine(self, outcome: Outcome) -> Report:
        """Judge a trained model.

        Parameters
        ----------
        outcome : Outcome
            The parameters, or why they could not be had.

        Returns
        -------
        Report
        """
        if outcome.error or outcome.ended or outcome.refused:
            why = outcome.ended or outcome.refused
            why = f"{outcome.error.kind}: {outcome.error.text}" if outcome.error else why
            return self._report("wrong", f"{self.name} could not be read: {why}.")
        if outcome.value is None:
            return self._report("blank", "Nothing is trained yet: run the cell above.")
        expected = {name: np.zeros(shape) for name, shape in self.shapes.items()}
        try:
            parts = leaves(outcome.value, expected, (Returned(self.name),))
        except Unreadable as error:
            return self._report("wrong", f"{error}.")
        bad = [part.returned.name for part in parts if not np.all(np.isfinite(part.value))]
        if bad:
            return self._report("wrong", f"{bad[0]} holds numbers that are not finite.")
        if self.measure is None:
            return self._report("unmeasured", "Trained, and of the right shapes.")
        with np.errstate(all="ignore"):
            value = float(self.measure(outcome.value))
        limit = float(self.limit())
        said = self.says.format(value=f"{value:.2f}", limit=f"{limit:.2f}")
        if value < limit:
            return self._report("right", said[0].upper() + said[1:])
        return self._report("wrong", f"{said} {self.advice}")

    def _report(self, state: str, sentence: str) -> Report:
        points = float(self.points) if state == "right" else 0.0
        return Report(self.name, points, float(self.points), state, sentence)
