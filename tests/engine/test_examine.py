"""Which state comes of what a function does on its probes, and what it is worth."""

import pytest

from rnnref.engine.examine import examine, rescued
from rnnref.engine.exercise import Exercise, Mistake, plain, special
from rnnref.engine.outcome import Outcome, local
from rnnref.engine.report import Report
from rnnref.engine.rescue import Helpers


def total(x):
    return float(x.sum())


def cases(rng):
    yield plain("any", rng.normal(size=5) + 3)
    yield special("one number", rng.normal(size=1) + 3)


def mean(x):
    return float(x.mean())


def doubled(x):
    return float(2 * x.sum())


SHEET = Exercise(
    name="total",
    points=4,
    returns="total",
    reference=total,
    cases=cases,
    mistakes=(
        Mistake("mean", mean, "You divide by the number of entries.", "A sum is asked for."),
        Mistake("doubled", doubled, "Twice as much.", "Halve it.", convention=True),
    ),
).sheet(0)


def unwritten(x):
    raise NotImplementedError


def right_on_many(x):
    return total(x) if len(x) > 1 else 0.0


def leaves(x):
    raise SystemExit


@pytest.mark.parametrize(
    ("function", "state", "points", "mistake", "rows"),
    [
        (total, "right", 4, None, {"any": True, "one number": True}),
        (right_on_many, "special case", 2, None, {"any": True, "one number": False}),
        (doubled, "other convention", 2, "doubled", {"any": False, "one number": False}),
        (mean, "wrong", 0, "mean", {"any": False, "one number": True}),
        (leaves, "stopped", 0, None, {"any": False, "one number": None}),
        (unwritten, "blank", 0, None, {}),
    ],
)
def test_the_state(function, state, points, mistake, rows):
    report = examine(SHEET, local(function))
    assert (report.state, report.points, report.possible) == (state, points, 4)
    assert report.mistake == mistake
    assert {row.label: row.holds for row in report.rows} == rows


def test_a_convention_that_is_not_kept_up_is_wrong():
    report = examine(SHEET, local(lambda x: doubled(x) if len(x) > 1 else 0.0))
    assert (report.state, report.points, report.mistake) == ("wrong", 0, None)


def test_a_further_slip_is_told_beside_the_known_one():
    report = examine(SHEET, local(lambda x: mean(x) if len(x) > 1 else 0.0))
    assert (report.state, report.mistake) == ("wrong", "mean")
    assert "Something more is wrong: see «one number»." in report.sentence


def test_what_is_kept_between_calls_is_noticed_by_a_further_call():
    seen = []

    def remembers(x):
        seen.append(x)
        return total(x) + (len(seen) > len(SHEET.probes))

    call = local(remembers)
    assert examine(SHEET, call).state == "right"
    seen.clear()
    report = examine(SHEET, call, again=(call,))
    assert (report.state, report.points) == ("wrong", 0)
    assert "«any» called again with the same arguments gave another result" in report.sentence


def test_nothing_is_tried_after_a_call_that_was_ended():
    calls = []

    def stopped(probe):
        calls.append(probe)
        return Outcome(ended="stopped after 10 s")

    report = examine(SHEET, stopped)
    assert (report.state, len(calls)) == ("stopped", 1)
    assert "stopped after 10 s." in report.sentence


@pytest.mark.parametrize(
    ("called", "sentence"),
    [
        (["one"], "Right, but it calls your one, which is not."),
        (["one", "two"], "Right, but it calls your one and two, and one of them at least is not."),
    ],
)
def test_a_function_that_is_right_with_right_helpers(called, sentence):
    helpers = Helpers({"one": abs, "two": abs, "three": abs}, "three")
    for name in called:
        helpers.functions[name](1)
    wrong, right = (Report("three", p, 5, s, "") for p, s in ((0, "wrong"), (5, "right")))
    assert rescued(wrong, right, helpers).sentence == sentence
    assert rescued(wrong, wrong, helpers) is wrong
