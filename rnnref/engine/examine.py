"""Trying a function on the probes of its sheet, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .compare import is_right, is_same
from .describe import Tried
from .diagnose import Finding, diagnose
from .outcome import Call, Outcome
from .report import Report, Row
from .rescue import Helpers
from .sheet import Sheet

BLANK = (
    "Put your code in the place of `raise NotImplementedError()`. (Is it written? Then that line "
    "still stands below it: delete it.)"
)


def examine(sheet: Sheet, call: Call, *, again: Sequence[Call] = ()) -> Report:
    """Judge one function.

    Parameters
    ----------
    sheet : Sheet
        The exercise's probes.
    call : callable
        Calls the function: ``call(probe) -> Outcome``.
    again : sequence of callable
        Further ways to call the same function (once more, in a fresh process); each must agree
        with the first.

    Returns
    -------
    Report
    """
    tried: list[Tried] = []
    for probe in sheet.probes:
        outcome = sheet.seen(call(probe), probe)
        tried.append(Tried(probe, outcome, is_right(outcome, probe.expected, sheet.returned)))
        if outcome.ended:
            break
        if _is_blank(outcome):
            return _report(sheet, tried, "blank", Finding(BLANK))
    if all(t.right for t in tried):
        unsteady = next((t for other in again for t in tried if not _agrees(sheet, other, t)), None)
        if unsteady is None:
            return _report(sheet, tried, "right", Finding("Right: every case holds."))
        return _report(sheet, tried, "wrong", Finding(_unsteady(unsteady)))
    finding = diagnose(sheet, tried)
    if tried[-1].outcome.ended:
        return _report(sheet, tried, "stopped", finding)
    if finding.note and finding.note.convention and _explains_all(sheet, tried, finding):
        return _report(sheet, tried, "other convention", finding)
    if all(t.right for t in tried if not t.probe.special):
        return _report(sheet, tried, "special case", finding)
    return _report(sheet, tried, "wrong", finding)


def rescued(report: Report, other: Report, helpers: Helpers) -> Report:
    """The report on a function that may fail only because an earlier one of the student's does.

    Parameters
    ----------
    report : Report
        On the function as it stands.
    other : Report
        On the same function with the exercises before it replaced by right ones.
    helpers : Helpers
        The right ones, after their use.

    Returns
    -------
    Report
        `other`, with the reason, if the function is right then and did call one of them.
    """
    if other.state != "right" or not helpers.used:
        return report
    names = " and ".join(helpers.used)
    wrong = "which is not" if len(helpers.used) == 1 else "and one of them at least is not"
    return replace(other, sentence=f"Right, but it calls your {names}, {wrong}.")


def _is_blank(outcome: Outcome) -> bool:
    return outcome.error is not None and outcome.error.kind == "NotImplementedError"


def _agrees(sheet: Sheet, call: Call, tried: Tried) -> bool:
    """Whether a further call is as right as the first: what is drawn need not be drawn again."""
    again = sheet.seen(call(tried.probe), tried.probe)
    return is_right(again, tried.probe.expected, sheet.returned)


def _unsteady(tried: Tried) -> str:
    return (
        f"All cases hold at first, but «{tried.probe.label}» called again with the same arguments "
        "gave another result. Does your function keep something between calls?"
    )


def _explains_all(sheet: Sheet, tried: Sequence[Tried], finding: Finding) -> bool:
    return all(is_same(t.outcome, t.probe.fingerprint(finding.note.name)) for t in tried)


# The share of the points that each state gets.
SHARE = {
    "right": 1.0,
    "special case": 0.5,
    "other convention": 0.5,
    "wrong": 0.0,
    "blank": 0.0,
    "stopped": 0.0,
}


def _report(sheet: Sheet, tried: Sequence[Tried], state: str, finding: Finding) -> Report:
    return Report(
        exercise=sheet.name,
        points=float(SHARE[state] * sheet.points),
        possible=float(sheet.points),
        state=state,
        sentence=finding.sentence,
        mistake=finding.note.name if finding.note else None,
        hint=finding.hint,
        rows=_rows(sheet, tried, blank=state == "blank"),
    )


def _rows(sheet: Sheet, tried: Sequence[Tried], blank: bool) -> tuple[Row, ...]:
    """One row a label: it holds if all its draws hold, and is untried if none was run."""
    if blank:
        return ()
    verdicts: dict[str, bool | None] = {}
    for t in tried:
        verdicts[t.probe.label] = t.right and verdicts.get(t.probe.label, True)
    for probe in sheet.probes:
        verdicts.setdefault(probe.label, None)
    return tuple(Row(label, holds) for label, holds in verdicts.items())
