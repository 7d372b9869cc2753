"""The checks of a problem set: a report for a student's function or dict."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping

from .answers import Answers
from .examine import examine, rescued
from .outcome import Outcome, local
from .report import Mark, Report
from .rescue import Helpers
from .returned import described
from .sheet import Sheet
from .trained import Trained


class Judge:
    """Judges a set's exercises on fixed sheets.

    Parameters
    ----------
    problem_set : str
        Its name, for messages.
    exercises : mapping
        Exercise → sheet, answers or trained model.
    references : mapping, optional
        Exercise → right function, to try a function that calls a wrong one.
    """

    def __init__(
        self,
        problem_set: str,
        exercises: Mapping[str, Sheet | Answers | Trained],
        references: Mapping[str, Callable] | None = None,
    ):
        self.problem_set = problem_set
        self.exercises = exercises
        self.references = references or {}

    def visible(self, name: str, answer: object) -> Mark:
        """The check that students see, on the same probes every time."""
        return Mark(self.report(name, answer))

    def hidden(self, name: str, answer: object) -> Mark:
        """The hidden test; here there are no other probes than the visible ones."""
        return self.visible(name, answer)

    def report(self, name: str, answer: object) -> Report:
        """The report on one answer.

        Parameters
        ----------
        name : str
            The exercise.
        answer : object
            The student's function, or what it left in a variable.

        Returns
        -------
        Report

        Raises
        ------
        ValueError
            If the set has no such exercise.
        """
        if name not in self.exercises:
            known = ", ".join(self.exercises)
            raise ValueError(f"{self.problem_set} has no exercise {name!r}; it has {known}")
        exercise = self.exercises[name]
        if not isinstance(exercise, Sheet):
            return exercise.examine(Outcome(answer))
        if not callable(answer):
            sentence = f"{name} must be a function; it is {described(answer)}."
            return Report(name, 0.0, float(exercise.points), "wrong", sentence)
        report = self._examine(exercise, answer)
        if report.state == "right" or not isinstance(answer, types.FunctionType):
            return report
        helpers = Helpers(self.references, name)
        if not _names(answer.__code__) & set(helpers.functions):
            return report  # it calls none of them: a second look would see the same
        return rescued(report, self._examine(exercise, _bound(answer, helpers)), helpers)

    @staticmethod
    def _examine(sheet: Sheet, function: Callable) -> Report:
        call = local(function)
        return examine(sheet, call, again=(call,))


def _names(code: types.CodeType) -> set[str]:
    """The global names and attributes that a function's code mentions, inner functions included."""
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _bound(function: types.FunctionType, helpers: Helpers) -> types.FunctionType:
    """The same function with the exercises before it bound to the right ones."""
    bound = {**function.__globals__, **helpers.functions}
    twin = types.FunctionType(
        function.__code__, bound, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    bound[function.__name__] = twin
    return twin
