"""Naming a mistake, where one is known that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .compare import is_right, is_same
from .describe import Tried, describe
from .sampled import Sampled
from .sheet import Note, Sheet


@dataclass(frozen=True)
class Finding:
    """The first thing that is wrong: a sentence, and a note where it is a known mistake."""

    sentence: str
    note: Note | None = None

    @property
    def hint(self) -> str:
        """The idea that is missing, if the mistake is a known one."""
        return self.note.hint if self.note else ""


def diagnose(sheet: Sheet, tried: Sequence[Tried]) -> Finding:
    """What is wrong with a function that failed on some probes.

    A known mistake is named only if the function did exactly what the mistake does on every probe
    where the mistake shows, and there are two such probes at least. (Where a numerical warning is
    an error, that error may have come first; and where one text only is right, a mistake that
    draws another may draw any other.) Otherwise the first failing probe is described.

    Parameters
    ----------
    sheet : Sheet
        The exercise.
    tried : sequence of Tried
        The probes in their order with what came; at least one is wrong.

    Returns
    -------
    Finding
    """
    note, explained = known_mistake(sheet, tried)
    if note is None:
        return Finding(describe(sheet, tried))
    rest = [t for t in tried if not (t.right or t in explained or _is_drawn(t, note))]
    more = f" Something more is wrong: see «{rest[0].probe.label}»." if rest else ""
    return Finding(note.says + more, note)


def known_mistake(sheet: Sheet, tried: Sequence[Tried]) -> tuple[Note | None, list[Tried]]:
    """The mistake that fits, and the failures that it explains, the first failure among them.

    Of several that fit, the one that explains most is named.
    """
    first = next(t for t in tried if not t.right)
    best: tuple[Note | None, list[Tried]] = None, []
    for note in sheet.notes:
        if not is_same(first.outcome, first.probe.fingerprint(note.name)):
            continue  # before all else: it spares most mistakes from being run on all probes
        shows = [
            t
            for t in tried
            if not is_right(t.probe.fingerprint(note.name), t.probe.expected, sheet.returned)
        ]
        same = [t for t in shows if is_same(t.outcome, t.probe.fingerprint(note.name))]
        if len(same) < sheet.enough or first not in same or len(same) <= len(best[1]):
            continue
        if isinstance(first.probe.expected.value, str) and not all(
            t in same or t.right for t in tried
        ):
            continue  # of a few words many slips give the same: all failures must agree
        if all(t in same or _overflowed(t) or _is_drawn(t, note) for t in shows):
            best = note, same
    return best


def _overflowed(tried: Tried) -> bool:
    error = tried.outcome.error
    return tried.probe.strict and error is not None and error.kind == "FloatingPointError"


def _is_drawn(tried: Tried, note: Note) -> bool:
    """Whether the mistake, too, gives by chance what should be certain there, or nearly the same.

    Two who draw what should not be drawn agree in nothing but that.
    """
    values = tried.outcome.value, tried.probe.expected.value
    if not all(isinstance(value, Sampled) for value in values):
        return False
    fingerprint = tried.probe.fingerprint(note.name)
    if is_same(tried.outcome, fingerprint):
        return True
    return values[1].is_exact and not (tried.right or is_same(fingerprint, tried.probe.expected))
