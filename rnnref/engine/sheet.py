"""An exercise's probes with what is right and what each mistake gives: all that judging needs.

A sheet comes from a table (`Exercise.sheet`) or from stored arrays (`stored.load`); who judges
cannot tell which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .observe import OBSERVERS
from .outcome import Outcome
from .returned import Returned


@dataclass(frozen=True)
class Note:
    """What is said of a mistake: its name, the feedback, the hint on request."""

    name: str
    says: str
    hint: str
    convention: bool = False


@dataclass(frozen=True, eq=False)
class Probe:
    """One call with its right outcome.

    ``fingerprint(name)`` is what a mistake gives on it; if `strict`, numerical warnings are errors.
    """

    label: str
    args: tuple
    special: bool
    expected: Outcome
    fingerprint: Callable[[str], Outcome]
    strict: bool = False


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is needed to judge one function, and nothing that computes the answer."""

    name: str
    points: float
    returned: tuple[Returned, ...]
    parameters: tuple[str, ...]
    notes: tuple[Note, ...]
    probes: tuple[Probe, ...]
    observe: str | None = None
    enough: int = 2
    new: bool = False

    def seen(self, outcome: Outcome, probe: Probe) -> Outcome:
        """A student's outcome on `probe` as it is to be compared."""
        return seen(outcome, probe.args, self.observe, self.new, self.parameters)

    def named(self, changed: tuple[str, ...]) -> tuple[str, ...]:
        """The names of arguments given by position."""
        return tuple(self.parameters[int(c)] if c.isdigit() else c for c in changed)


def seen(
    outcome: Outcome, args: tuple, observe: str | None, new: bool, parameters: tuple[str, ...]
) -> Outcome:
    """`outcome` with its value observed, where answers may be right in many ways.

    Where `new` arrays are asked for, a value that shares memory with an argument is refused.
    """
    if new and outcome.has_value and outcome.shared and not outcome.changed:
        names = " and ".join(parameters[int(key)] for key in outcome.shared if key.isdigit())
        why = f"your result holds arrays or lists of the argument {names} itself: return new ones"
        return replace(outcome, value=None, refused=why)
    if observe is None or not outcome.has_value:
        return outcome
    try:
        return replace(outcome, value=OBSERVERS[observe](outcome.value, args))
    except ValueError as error:
        return replace(outcome, value=None, refused=str(error))
