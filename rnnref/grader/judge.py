"""The hidden tests: a student's function in the sandbox against fresh cases on this side."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

from rnnref.checks import references, sheets
from rnnref.engine.examine import examine, rescued
from rnnref.engine.outcome import Call, Outcome, copied
from rnnref.engine.report import Mark, Report
from rnnref.engine.rescue import Helpers
from rnnref.engine.sheet import Sheet
from rnnref.grader.sandbox.proxy import Proxy

# The class's cases are drawn once in a process, not once for every student.
_sheets = lru_cache(maxsize=8)(sheets.__wrapped__)


class SandboxJudge:
    """Judges the functions of one notebook; stands behind `check` in the test cells.

    Parameters
    ----------
    problem_set : str
        Its name.
    seed : int
        The class's secret seed: the same cases for everybody.
    """

    def __init__(self, problem_set: str, seed: int):
        self._exercises = _sheets(problem_set, seed)
        self._references = references(problem_set)
        self._order = np.random.default_rng([seed, 1])
        self.reports: dict[str, Report] = {}

    def visible(self, name: str, answer: object) -> None:
        """The visible check is the student's own; the hidden test after it decides."""

    def hidden(self, name: str, answer: Proxy) -> Mark:
        """Judge one exercise in fresh forks of the student's process.

        Parameters
        ----------
        name : str
            The exercise.
        answer : Proxy
            The student's function or variable.

        Returns
        -------
        Mark
        """
        exercise = self._exercises[name]
        if isinstance(exercise, Sheet):
            report = self._examine(exercise, answer)
        else:
            report = exercise.examine(answer.fetch())
        self.reports[name] = report
        return Mark(report)

    def rescue(self, name: str, answer: Proxy) -> Report:
        """Judge once more, with right functions in the place of the student's earlier ones.

        To be asked for when no student's cell runs any more: what a right function has answered
        must find no way out.

        Parameters
        ----------
        name : str
            An exercise that `hidden` has judged.
        answer : Proxy
            The student's function.

        Returns
        -------
        Report
        """
        exercise, report = self._exercises[name], self.reports[name]
        if isinstance(exercise, Sheet) and report.state != "right":
            helpers = Helpers(self._references, name)
            report = rescued(report, self._examine(exercise, answer, helpers), helpers)
            self.reports[name] = report
        return report

    def _examine(self, sheet: Sheet, answer: Proxy, helpers: Helpers | None = None) -> Report:
        first, second = self._calls(sheet, answer, 2, helpers)
        # Only a function that is right so far is tried once more, in another process.
        fresh = cache(lambda: self._calls(sheet, answer, 1, helpers)[0])
        return examine(sheet, first, again=(second, lambda probe: fresh()(probe)))

    def _calls(
        self, sheet: Sheet, answer: Proxy, rounds: int, helpers: Helpers | None
    ) -> list[Call]:
        """All probes in a fresh fork, each round in an order that no function can count on."""
        with answer.fork() as fork:
            for name, function in (helpers.functions if helpers else {}).items():
                fork.bind(name, function)
            return [self._round(sheet, fork) for _ in range(rounds)]

    def _round(self, sheet: Sheet, fork: Proxy) -> Call:
        outcomes: dict[int, Outcome] = {}
        for i in self._order.permutation(len(sheet.probes)):
            probe = sheet.probes[i]
            errstate = "raise" if probe.strict else "ignore"
            outcome = fork.outcome(copied(probe.args), errstate=errstate)
            outcomes[id(probe)] = outcome
            if outcome.ended:
                return lambda probe: outcome
        return lambda probe: outcomes[id(probe)]
