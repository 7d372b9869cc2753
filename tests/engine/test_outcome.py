"""Calls in this process: copies, changes, errors, silence."""

import sys
import warnings

import numpy as np

from rnnref.engine.outcome import differ, local


def test_the_function_gets_a_copy_and_a_change_is_seen():
    given = (np.arange(3.0), [np.zeros(2)], {"a": np.ones(1)})

    def change(x, parts, named):
        x += 1
        parts[0][0] = 1
        named["b"] = 2

    outcome = local(change)(given)
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

    assert local(there_and_back)((np.array([0.3, 1e-9]),)).changed == ("0",)
    assert local(saved)((np.array([0.3, 1e-9]),)).changed == ()


def test_memory_order_reaches_the_function():
    orders = []
    local(lambda x: orders.append(x.flags.f_contiguous))((np.asfortranarray(np.ones((2, 3))),))
    assert orders == [True]


def test_prints_and_warnings_are_dropped(capsys):
    def noisy():
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return 1.0 / np.array(0.0)

    outcome = local(noisy)(())
    assert outcome.value == np.inf
    assert capsys.readouterr() == ("", "")


def test_an_error_is_told_by_its_first_builtin_class_and_line():
    class MyError(LookupError):
        pass

    def fails():
        raise MyError("no such thing")

    error = local(fails)(()).error
    assert (error.kind, error.text) == ("LookupError", "no such thing")
    assert error.line == fails.__code__.co_firstlineno + 1


def test_exit_does_not_end_the_check():
    assert "ended the whole program" in local(sys.exit)(()).ended
