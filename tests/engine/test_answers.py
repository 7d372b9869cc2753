"""Dicts of choices: one point for each wrong or missing key."""

import numpy as np
import pytest

from rnnref.engine.answers import Answers, Misreading
from rnnref.engine.outcome import Outcome

TYPES = Answers(
    "kind",
    2,
    {"a": "one", "b": "many", "c": "many"},
    ("one", "many"),
    (Misreading("turned", {"a": "many", "b": "one"}, "Turned round.", "Look again."),),
)


@pytest.mark.parametrize(
    ("given", "points", "state"),
    [
        ({"a": "one", "b": "many", "c": "many"}, 2, "right"),
        ({"a": "one", "b": "many", "c": "many", "z": "?"}, 2, "right"),
        ({"a": "one", "b": "many"}, 1, "wrong"),
        ({"a": "one", "b": "many", "c": "several"}, 1, "wrong"),
        ({"a": "many", "b": "one", "c": "one"}, 0, "wrong"),
        ({"a": "", "b": "", "c": ""}, 0, "blank"),
        ({}, 0, "blank"),
        (["one"], 0, "wrong"),
        ({"a": ["one"], "b": "many", "c": "many"}, 1, "wrong"),
        ({"a": np.zeros(3), "b": "many", "c": "many"}, 1, "wrong"),
        ({"a": "one", "b": "many" * 10**6, "c": "many"}, 1, "wrong"),
    ],
)
def test_points(given, points, state):
    report = TYPES.examine(Outcome(given))
    assert (report.points, report.state) == (points, state)


def test_a_misreading_is_named_by_the_choices_that_it_explains():
    assert TYPES.examine(Outcome({"a": "many", "b": "one", "c": "many"})).mistake == "turned"
    assert TYPES.examine(Outcome({"a": "many", "b": "many", "c": "many"})).mistake == "turned"
    report = TYPES.examine(Outcome({"a": "one", "b": "many", "c": "one"}))
    assert report.mistake is None
    assert report.sentence == "«c» is not one: count what goes in and what comes out."


def test_what_could_not_be_had_is_said():
    assert "could not be read" in TYPES.examine(Outcome(refused="returned a set")).sentence
