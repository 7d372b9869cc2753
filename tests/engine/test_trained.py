"""Trained models: measured against a limit, whatever a student's cell leaves."""

import numpy as np
import pytest

from rnnref.engine.outcome import Outcome, Raised
from rnnref.engine.trained import Trained

MODEL = Trained(
    name="model",
    points=5,
    shapes={"W": (2, 3), "b": (3,)},
    measure=lambda params: np.sum(params["W"] ** 2) + np.sum(params["b"] ** 2),
    limit=lambda: 1.5,
    says="it needs {value}, the limit is {limit}.",
    advice="Train on.",
)
GOOD = {"W": np.zeros((2, 3)), "b": np.ones(3) / 2}


def test_below_the_limit_is_right():
    report = MODEL.examine(Outcome(GOOD))
    assert (report.points, report.state) == (5, "right")
    assert report.sentence == "It needs 0.75, the limit is 1.50."


def test_what_was_measured_is_shown_of_a_right_model_too():
    report = MODEL.examine(Outcome(GOOD))
    assert "It needs 0.75" in report.text()
    assert "It needs 0.75" in report.html()


@pytest.mark.parametrize("b", [np.ones(3), np.full(3, np.sqrt(0.5))])
def test_at_the_limit_or_above_it_is_wrong(b):
    report = MODEL.examine(Outcome({**GOOD, "b": b}))
    assert (report.points, report.state) == (0, "wrong")
    assert report.sentence.endswith("the limit is 1.50. Train on.")


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome({"W": np.zeros((2, 3))}), "exactly the keys 'W', 'b'"),
        (Outcome([1, 2]), "yours is a list of 2 values"),
        (Outcome({**GOOD, "b": np.ones(4)}), "b must have shape (3,) here, yours has (4,)"),
        (Outcome({**GOOD, "b": np.ones(3, int)}), "b must have dtype float64, yours has int64"),
        (Outcome({**GOOD, "b": np.full(3, np.nan)}), "b holds numbers that are not finite"),
        (Outcome(error=Raised("NameError", "no model")), "NameError: no model"),
        (Outcome(refused="model is a generator"), "model is a generator"),
    ],
)
def test_what_cannot_be_measured_is_said(outcome, sentence):
    report = MODEL.examine(outcome)
    assert (report.points, report.state) == (0, "wrong")
    assert sentence in report.sentence


def test_an_empty_variable_is_blank():
    assert MODEL.examine(Outcome(None)).state == "blank"
