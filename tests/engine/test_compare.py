"""The tolerance of the contract, at its edges."""

import numpy as np
import pytest

from rnnref.engine.compare import close, is_right, is_same
from rnnref.engine.outcome import Outcome, Raised
from rnnref.engine.returned import Returned, Unreadable, leaves


@pytest.mark.parametrize(
    ("value", "expected", "equal"),
    [
        (1.0 + 0.9e-6, 1.0, True),
        (1.0 + 1.1e-6, 1.0, False),
        (np.inf, np.inf, True),
        (-np.inf, np.inf, False),
        (np.nan, np.nan, False),
        (np.nan, 1.0, False),
        (1.0, np.inf, False),
        (0.9e-12, 0.0, True),
        (1.1e-12, 0.0, False),
    ],
)
def test_a_number_is_equal_within_the_contract(value, expected, equal):
    assert bool(close(value, expected)) is equal


def test_small_entries_may_be_wrong_by_a_billionth_of_the_largest():
    expected = np.array([1000.0, 0.0])
    assert close([1000.0, 0.9e-6], expected).all()
    assert not close([1000.0, 1.1e-6], expected).all()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(2.5), 2.5),
        (np.array(2.5), 2.5),
        (2, 2.0),
        (np.int32(3), 3),
        (np.array(3), 3),
        (np.bool_(True), True),
        (True, np.bool_(True)),
        (np.array([1, 2], dtype=np.int32), np.array([1, 2])),
        ([np.array([1.0]), 2.0], (np.array([1.0]), 2.0)),
        ([1, np.int64(2)], [1, 2]),
        ("vanishes", "vanishes"),
        ({"b": 1.0, "a": 2.0}, {"a": 2.0, "b": 1.0}),
    ],
)
def test_what_may_stand_for_what(value, expected):
    names = Returned.parse("first (T,), second")
    assert is_right(Outcome(value), Outcome(expected), names)


@pytest.mark.parametrize(
    ("value", "expected", "sentence"),
    [
        ([1.0, 2.0], np.array([1.0, 2.0]), "must be a numpy array, yours is a list"),
        (np.float32([1, 2]), np.array([1.0, 2.0]), "dtype float64, yours has float32"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "dtype float64, yours has int64"),
        (np.array([1.0]), np.array([1.0, 2.0]), r"shape \(2,\) here, yours has \(1,\)"),
        (np.ma.array([1.0, 2.0]), np.array([1.0, 2.0]), "must be a numpy array"),
        (3.0, 3, "must be an int, yours is a float"),
        ([3.0], np.float64(3.0), "must be a float, yours is a list"),
        (1.0, np.bool_(True), "must be a bool, yours is a float"),
        (True, 1.0, "must be a float, yours is a bool"),
        (1, True, "must be a bool, yours is an int"),
        (np.array([1.0]), 1.0, "must be a float"),
        (np.array([1.0]), (np.array([1.0]), 2.0), "return 2 values, h .T,., y .T,.; yours is"),
        (None, np.array([1.0]), "None .is there a return"),
        ((1, 2), [1, 2], "must be a list"),
        ([1.0], [1.0, 2.0], "must have 2 elements, yours has 1"),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}, "exactly the keys 'a', 'b'"),
        (b"x", "x", "must be a str"),
    ],
)
def test_what_cannot_be_read_is_said(value, expected, sentence):
    names = Returned.parse("h (T,), y (T,)")
    with pytest.raises(Unreadable, match=sentence):
        leaves(value, expected, names if isinstance(expected, tuple) else names[:1])
    assert not is_right(Outcome(value), Outcome(expected), names)


def test_a_demanded_error_may_be_of_a_derived_class():
    demanded = Outcome(error=Raised("ValueError", ""))
    assert is_right(Outcome(error=Raised("UnicodeDecodeError", "x")), demanded, ())
    assert not is_right(Outcome(error=Raised("KeyError", "x")), demanded, ())
    assert not is_right(Outcome(0.0), demanded, ())


def test_a_changed_argument_makes_right_numbers_wrong():
    names = Returned.parse("h (T,)")
    right = np.array([1.0])
    assert not is_right(Outcome(right, changed=("0",)), Outcome(right), names)


@pytest.mark.parametrize("huge", [1e9, -1e30, 1e300, -np.inf])
def test_what_stands_for_infinity_does_not_set_the_scale_of_a_fingerprint(huge):
    a = Outcome(np.array([0.5, huge, np.nan]))
    assert is_same(a, Outcome(np.array([0.5 + 1e-9, huge * (1 + 1e-9), np.nan])))
    assert not is_same(a, Outcome(np.array([0.5 + 1e-6, huge, np.nan])))
    assert not is_same(a, Outcome(np.array([0.5, huge / 2 if np.isfinite(huge) else 0, np.nan])))
    assert not is_same(a, Outcome(np.array([0.5, huge, huge])))


def test_fingerprints_agree_in_value_error_and_changes():
    a = Outcome(np.array([1.0, np.nan]))
    assert is_same(a, Outcome(np.array([1.0 + 1e-9, np.nan])))
    assert not is_same(a, Outcome(np.array([1.0 + 1e-6, np.nan])))
    assert not is_same(a, Outcome(np.array([1.0, np.nan]), changed=("0",)))
    assert is_same(Outcome(0.0), Outcome(0))  # a sum over nothing is the one or the other
    assert is_same(
        Outcome(error=Raised("KeyError", "x", 3)), Outcome(error=Raised("KeyError", "x"))
    )
    assert not is_same(Outcome(error=Raised("KeyError", "x")), Outcome(1.0))
    assert not is_same(Outcome(ended="stopped"), Outcome(ended="stopped"))
