"""Calls in this process: copies, changes, errors, silence."""

import sys
import warnings

import numpy as np

from rnnref.engine.exercise import plain, strict
from rnnref.engine.formula import Formula
from rnnref.engine.outcome import differ, local


def test_the_function_gets_a_copy_and_a_change_is_seen():
    given = (np.arange(3.0), [np.zeros(2)], {"a": np.ones(1)})

    def change(x, parts, named):
        x += 1
        parts[0][0] = 1
        named["b"] = 2

    outcome = local(change)(plain("", *given))
    assert outcome.changed == ("0", "1", "2")
    assert not differ(given, (np.arange(3.0), [np.zeros(2)], {"a": np.ones(1)}))


def test_a_restored_argument_counts_as_unchanged_only_bit_for_bit():
    def there_and_back(x):
        x += 0.1
        x -= 0.1

    def saved(x):
        before = x.copy()
        x += 0.1
        x[:] = before

    case = plain("", np.array([0.3, 1e-9]))
    assert local(there_and_back)(case).changed == ("0",)
    assert local(saved)(case).changed == ()


def test_memory_order_reaches_the_function():
    orders = []
    case = plain("", np.asfortranarray(np.ones((2, 3))))
    local(lambda x: orders.append(x.flags.f_contiguous))(case)
    assert orders == [True]


def test_prints_and_warnings_are_dropped(capsys):
    def noisy():
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 1.0 / np.array(0.0)

    outcome = local(noisy)(plain(""))
    assert outcome.value == np.inf
    assert capsys.readouterr() == ("", "")


def test_an_error_is_told_by_its_first_builtin_class_and_line():
    class MyError(LookupError):
        pass

    def fails():
        raise MyError("no such thing")

    error = local(fails)(plain("")).error
    assert (error.kind, error.text) == ("LookupError", "no such thing")
    assert error.line == fails.__code__.co_firstlineno + 1


def test_exit_does_not_end_the_check():
    assert "ended the whole program" in local(sys.exit)(plain("")).ended


def test_numerical_warnings_are_errors_in_strict_cases_alone():
    for function, x in ((np.exp, 1e4), (np.log, 0.0), (np.sqrt, -1.0)):
        assert local(function)(plain("", np.array(x))).has_value
        assert local(function)(strict("", np.array(x))).error.kind == "FloatingPointError"
    assert local(np.exp)(strict("", np.array(-1e4))).value == 0


def test_each_call_may_call_a_given_function_as_often_as_the_first():
    f = Formula.draw(np.random.default_rng(0), (2,), most=2)
    twice = local(lambda f, x: f(x) + f(x))
    case = plain("", f, np.zeros(2))
    assert twice(case).value == twice(case).value == 2 * f(np.zeros(2))
    outcome = local(lambda f, x: f(x) + f(x) + f(x))(case)
    assert outcome.error.text == "f may be called 2 times, and this was once more"


def test_results_that_share_memory_with_an_argument_are_seen():
    x, parts = np.arange(4.0), [np.zeros(2), np.ones(2)]
    case = plain("", x, parts)
    for function, common in (
        (lambda x, parts: x, ("0",)),
        (lambda x, parts: (x[1:], 0), ("0",)),
        (lambda x, parts: (x.reshape(2, 2).T, parts[1]), ("0", "1")),
        (lambda x, parts: list(parts), ("1",)),
        (lambda x, parts: parts, ("1",)),
        (lambda x, parts: [part.copy() for part in parts], ()),
        (lambda x, parts: x + 0, ()),
    ):
        assert local(function)(case).shared == common


def test_numbers_in_a_list_count_as_well():
    case = plain("sorts", [3.0, 1.0, 2.0], ["b", "a"])
    assert local(lambda numbers, names: numbers.sort())(case).changed == ("0",)
    assert local(lambda numbers, names: names.sort())(case).changed == ("1",)
    assert local(lambda numbers, names: sorted(numbers))(case).changed == ()
