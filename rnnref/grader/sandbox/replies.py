"""What a student's process answers: every field must have its type, every text is cut."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from ...engine.codec import CodecError, decode
from ...engine.outcome import Raised
from .keeper import Ended, Stop
from .tidy import tidy_text

_TRACEBACK_LINES = 200
_NAMES = 10_000


@dataclass(frozen=True)
class CellResult:
    """What came of one cell.

    Parameters
    ----------
    outputs : list of dict
        As in a notebook of format 4; an error is the last of them. Updates of displays by later
        cells appear in them.
    error : dict or None
        `ename`, `evalue` and `traceback` of the exception that ended the cell.
    ended : Ended or None
        Why the child ended during the cell, if it did.
    count : int or None
        The cell's execution count.
    """

    outputs: list[dict]
    error: dict | None = None
    ended: Ended | None = None
    count: int | None = None


@dataclass(frozen=True)
class Reply:
    """What came of one call, or of asking for a variable.

    Parameters
    ----------
    value : object
        What was returned.
    error : Raised or None
        The exception that was raised instead.
    refused : str or None
        What was returned and cannot cross.
    ended : Ended or None
        Why the process ended instead of returning.
    changed : tuple of str
        Positions or names of the arguments that were changed in place.
    shared : tuple of str
        Those that the returned value has memory in common with.
    cpu : float
        Seconds of CPU time, as the process itself says.
    """

    value: object = None
    error: Raised | None = None
    refused: str | None = None
    ended: Ended | None = None
    changed: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    cpu: float = 0.0


def read_cell(header: dict) -> tuple[dict | None, int | None]:
    """The error and the execution count in the reply to a cell.

    Raises
    ------
    Stop
        If it is no reply.
    """
    ran = header.get("ran")
    if type(ran) is not dict:
        raise nonsense()
    count = ran.get("count")
    count = count if type(count) is int and 0 < count < 10**6 else None
    match ran.get("error"):
        case None:
            return None, count
        case [str(name), str(text), [*lines]] if all(type(line) is str for line in lines):
            lines = [tidy_text(line) for line in lines[-_TRACEBACK_LINES:]]
            return {"ename": tidy_text(name), "evalue": tidy_text(text), "traceback": lines}, count
    raise nonsense()


def read_call(header: dict, parts: list, arguments: set[str]) -> Reply:
    """The reply to a call, or to the question for a variable.

    Parameters
    ----------
    header : dict
    parts : list of bytes-like
    arguments : set of str
        Positions and names that can have been changed or returned.

    Returns
    -------
    Reply

    Raises
    ------
    Stop
        If it is no reply.
    """
    cpu = header.get("cpu", 0.0)
    if type(cpu) is not float or not 0 <= cpu < 1e9:
        raise nonsense()
    about = {"cpu": cpu}
    for field in ("changed", "shared"):
        keys = header.get(field, [])
        if type(keys) is not list:
            raise nonsense()
        about[field] = tuple(key for key in keys if type(key) is str and key in arguments)
    match header:
        case {"value": tree}:
            try:
                return Reply(decode(tree, parts), **about)
            # RecursionError: where the codec would quote what is nested a thousand deep.
            except (CodecError, RecursionError):
                raise nonsense() from None
        case {"refused": str(text)}:
            return Reply(refused=tidy_text(text), **about)
        case {"error": [str(kind), str(text), int() | None as line]}:
            found = getattr(builtins, kind, None)
            known = isinstance(found, type) and issubclass(found, BaseException)
            line = line if line and 0 < line < 10**6 else None
            kind = kind if known else "Exception"
            return Reply(error=Raised(kind, tidy_text(text), line), **about)
    raise nonsense()


def read_names(header: dict) -> list[str]:
    """The names in the reply to the question for them.

    Raises
    ------
    Stop
        If it is no reply.
    """
    names = header.get("names")
    if type(names) is not list or not all(type(name) is str for name in names):
        raise nonsense()
    return [tidy_text(name) for name in names[:_NAMES]]


def nonsense() -> Stop:
    """What to raise when a process sends what is no answer."""
    return Stop(Ended("protocol", "stopped: the process sent what is no answer"))
