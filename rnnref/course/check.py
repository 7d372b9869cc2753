"""The face of the checks: what a student's notebook calls.

The checks themselves are found by a registered entry point (group ``rnnref.checks``): the tables
where the whole package is installed, stored arrays in a student's kit. Where the notebook is
being graded there is neither: student cells run apart from the answers, and a check there says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import entry_points

_GROUP = "rnnref.checks"
_opener: Callable[[str], object] | None = None


def checker(problem_set: str) -> Checker:
    """The checks of a problem set.

    Parameters
    ----------
    problem_set : str
        Its name, for example ``"ps1_recurrence"``.

    Returns
    -------
    Checker

    Raises
    ------
    ValueError
        If there is no such problem set.
    ImportError
        If no checks are installed.
    """
    return Checker((_opener or _installed)(problem_set))


class Checker:
    """Checks a student's functions and shows what holds and what is wrong.

    Parameters
    ----------
    judge : object
        Has `visible(exercise, answer)` and `hidden(exercise, answer)`, which give a mark.
    """

    def __init__(self, judge: object):
        self._judge = judge

    def __call__(self, exercise: str, answer: object, *, hint: bool = False):
        """Check an answer.

        Parameters
        ----------
        exercise : str
            The exercise's name.
        answer : object
            Your function (or dict).
        hint : bool
            Whether to show the hint at once.

        Returns
        -------
        Mark or None
            Shows itself as a table in Jupyter; elsewhere the same is printed.
        """
        mark = self._judge.visible(exercise, answer)
        if mark is None:
            return None
        if not _in_notebook():
            print(mark.report.text(hint=hint))
        elif hint:
            print(f"Hint: {mark.report.hint or 'there is none for this one.'}")
        return mark

    def hidden(self, exercise: str, answer: object):
        """The hidden test of an answer; stands in the instructor's notebook only."""
        return self._judge.hidden(exercise, answer)


class Mute:
    """Stands where student cells run for marks: the answers are elsewhere."""

    def __init__(self, problem_set: str):
        self.problem_set = problem_set

    def visible(self, exercise: str, answer: object) -> None:
        """Say that nothing is checked here."""
        print(f"{exercise}: checked where the answers are, after your cells have run.")

    hidden = visible


def use(opener: Callable[[str], object] | None) -> None:
    """Take the checks from `opener` (problem set → judge) instead of what is installed.

    Parameters
    ----------
    opener : callable or None
        None goes back to the installed checks.
    """
    global _opener
    _opener = opener


def _installed(problem_set: str) -> object:
    """The checks from an installed package: the tables if they are there, else stored ones."""
    found = {entry.name: entry for entry in entry_points(group=_GROUP)}
    for name in ("tables", "stored"):
        if name in found:
            try:
                return found[name].load()(problem_set)
            except (ModuleNotFoundError, FileNotFoundError):
                continue
    raise ImportError(
        f"no checks for {problem_set} are installed; install the course's package rnnref, or keep "
        f"{problem_set}.checks.npz beside this notebook"
    )


def _in_notebook() -> bool:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and hasattr(shell, "kernel")
