"""What an exercise returns, taken apart: names, axes, and what is said where it cannot be read."""

import numpy as np
import pytest

from rnnref.engine.exercise import Exercise, Mistake, plain
from rnnref.engine.judge import Judge
from rnnref.engine.returned import Returned, Unreadable, leaves

LAYERS = "dX (T, D), dh0s [dh0 (H,)], grads [dU (H, D), db (H,)]"
MODEL = "loss, grads {U (H, D), b (H,)}"


def named(value, returns):
    """Name → axes of all parts of a result."""
    parts = leaves(value, value, Returned.parse(returns))
    return {leaf.returned.name: leaf.returned.axes for leaf in parts}


def test_lists_of_arrays_and_of_tuples():
    U, b = np.ones((3, 2)), np.ones(3)
    assert named((np.ones((4, 2)), [b, b], [(U, b), (U, b)]), LAYERS) == {
        "dX": ("T", "D"),
        "dh0s[0]": ("H",),
        "dh0s[1]": ("H",),
        "dU of grads[0]": ("H", "D"),
        "db of grads[0]": ("H",),
        "dU of grads[1]": ("H", "D"),
        "db of grads[1]": ("H",),
    }


def test_a_dict_among_several_values():
    value = (1.0, {"U": np.ones((3, 2)), "b": np.ones(3)})
    assert named(value, MODEL) == {"loss": (), "grads['U']": ("H", "D"), "grads['b']": ("H",)}


def test_the_wrong_part_is_named():
    right = (1.0, {"U": np.ones((3, 2)), "b": np.ones(3)})
    wrong = (1.0, {"U": np.ones((3, 2)), "b": np.ones(4)})
    with pytest.raises(Unreadable, match=r"grads\['b'\] \(H,\) must have shape \(3,\)"):
        leaves(wrong, right, Returned.parse(MODEL))


def test_a_short_tuple_in_a_list():
    U, b = np.ones((3, 2)), np.ones(3)
    right, wrong = (U, [b], [(U, b)]), (U, [b], [(U,)])
    with pytest.raises(Unreadable, match=r"return 2 values, dU of grads\[0\] \(H, D\)"):
        leaves(wrong, right, Returned.parse(LAYERS))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([1, 2.0], "a list of integers; one of yours is a float"),
        ([True, 2], "a list of integers; one of yours is a bool"),
        ((1, 2), "must be a list, yours is a tuple"),
        (np.array([1, 2]), "must be a list, yours is an array"),
    ],
)
def test_ids_in_a_list(value, sentence):
    with pytest.raises(Unreadable, match=sentence):
        leaves(value, [1, 2], Returned.parse("ids"))


def words(n):
    return [list(range(k % 3 + 1)) for k in range(n)]


def shorter(n):
    return [word[:-1] for word in words(n)]


EXERCISE = Exercise(
    name="words",
    points=5,
    returns="words",
    reference=words,
    cases=lambda rng: [plain("some", int(n)) for n in rng.integers(3, 90, 5)],
    mistakes=(Mistake("shorter", shorter, "The last one is missing.", "Look at the end."),),
)


def report_on(function):
    return Judge("set", {"words": EXERCISE.sheet(0)}).report("words", function)


def test_a_list_of_another_length_is_a_wrong_value_and_can_be_named():
    assert report_on(words).points == 5
    assert report_on(shorter).mistake == "shorter"


def test_the_first_wrong_list_is_shown_whole():
    report = report_on(lambda n: [[*word, 7] for word in words(n)])
    assert report.mistake is None
    assert "words[0] should be [0], yours is [0, 7]." in report.sentence


def test_numpy_integers_are_ids():
    assert report_on(lambda n: [[np.int32(i) for i in word] for word in words(n)]).points == 5
