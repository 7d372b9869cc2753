"""What came of calling a student's function once: a value, an error, or an end by force."""

from __future__ import annotations

import contextlib
import copy
import io
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from .formula import Formula
from .shared import shared


@dataclass(frozen=True)
class Raised:
    """An exception: its first builtin class, its text, and the line of the student's code."""

    kind: str
    text: str
    line: int | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """One call's result.

    Parameters
    ----------
    value : object
        What the function returned.
    error : Raised or None
        The exception that it raised instead.
    changed : tuple of str
        The arguments (by name, or by position as a string) that it left changed.
    shared : tuple of str
        The arguments that the value has memory in common with.
    ended : str or None
        Why the call was ended by force ("stopped after 10 s"), if it was.
    refused : str or None
        Why the returned value could not be read ("returned a subclass of ndarray").
    """

    value: object = None
    error: Raised | None = None
    changed: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    ended: str | None = None
    refused: str | None = None

    @property
    def has_value(self) -> bool:
        """Whether the call came to its end and gave a value."""
        return self.error is None and self.ended is None and self.refused is None


class Trial(Protocol):
    """What a call needs: the arguments, and whether a numerical warning is an error."""

    args: tuple
    strict: bool


Call = Callable[[Trial], Outcome]

# What counts as a numerical warning: an exponential that becomes 0 is none.
WARNINGS = ("over", "invalid", "divide")


def local(function: Callable) -> Call:
    """Calls of `function` in this process, on copies of the arguments.

    Parameters
    ----------
    function : callable
        The student's function, or one of ours.

    Returns
    -------
    callable
        Takes a `Trial` (a case, a probe), gives an `Outcome`. What the function prints and warns
        about is dropped: neither may cost marks, and a check that calls it twenty times stays
        readable.
    """

    def call(trial: Trial) -> Outcome:
        given = copied(trial.args)
        with (
            np.errstate(**dict.fromkeys(WARNINGS, "raise" if trial.strict else "ignore")),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            try:
                outcome = Outcome(function(*given))
            except Exception as error:
                outcome = Outcome(error=_raised(error, function))
            except KeyboardInterrupt as interrupt:
                line = _line(interrupt, function)
                where = f" in line {line} of your code" if line else ""
                outcome = Outcome(
                    ended=f"you stopped it{where}: does a loop there come to its end?"
                )
            except SystemExit:
                outcome = Outcome(ended="your function ended the whole program (exit)")
        pairs = enumerate(zip(trial.args, given, strict=True))
        changed = tuple(str(i) for i, pair in pairs if differ(*pair))
        arguments = [(str(i), value) for i, value in enumerate(given)]
        return replace(outcome, changed=changed, shared=shared(outcome.value, arguments))

    return call


def copied(value: object) -> object:
    """A copy down to the arrays, each in its own memory order; other functions stay themselves."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, tuple | list):
        return type(value)(copied(part) for part in value)
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    if isinstance(value, Formula):
        return value.fresh()
    return copy.deepcopy(value) if isinstance(value, np.random.Generator) else value


def differ(before: object, after: object) -> bool:
    """Whether two values differ in any bit of any array (or in structure)."""
    if isinstance(before, np.ndarray):
        return (
            type(after) is not type(before)
            or before.dtype != after.dtype
            or before.shape != after.shape
            or before.tobytes() != after.tobytes()
        )
    if isinstance(before, tuple | list):
        return len(before) != len(after) or any(map(differ, before, after))
    if isinstance(before, dict):
        return list(before) != list(after) or any(differ(before[k], after[k]) for k in before)
    if isinstance(before, int | float | str):  # in a list
        return type(after) is not type(before) or repr(after) != repr(before)
    return False


def _raised(error: Exception, function: Callable) -> Raised:
    """`error` as text; the line is counted in the cell (or file) that defined `function`."""
    kind = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return Raised(kind, str(error)[:1000], _line(error, function))


def _line(error: BaseException, function: Callable) -> int | None:
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == file), None)
