"""Wrong answers that stand in no table get a true sentence, and never a name."""

import numpy as np
import pytest

from rnnref.checks import TableJudge


@pytest.fixture(scope="module")
def judge():
    return TableJudge("ps1_recurrence")


def right(X, h0, U, W, b):
    H, h = [], h0
    for x in X:
        h = np.tanh(x @ U.T + h @ W.T + b)
        H.append(h)
    return np.array(H)


def off_at_step_two(X, h0, U, W, b):
    H = right(X, h0, U, W, b)
    H[2:] += 1e-3
    return H


def off_at_first_step_only(X, h0, U, W, b):
    H = right(X, h0, U, W, b)
    H[0] += 1e-3
    return H


def off_here_and_there(X, h0, U, W, b):
    H = right(X, h0, U, W, b)
    H[:: len(H) - 1 or 1] += 1e-3
    return H


def late(X, h0, U, W, b):
    """Late by one step, with something else than h0 in front."""
    H = right(X, h0, U, W, b)
    return np.concatenate([H[:1] + 1, H[:-1]])


def raises(X, h0, U, W, b):
    return X @ np.zeros(99)


def as_list(X, h0, U, W, b):
    return list(right(X, h0, U, W, b))


class Counter:
    calls = 0


def counts_calls(X, h0, U, W, b):
    Counter.calls += 1
    return right(X, h0, U, W, b) + (Counter.calls % 2) * 1e-3


def steady_until_called_again(x, h, U, W, b):
    """Right at first, another result for arguments that it has seen before."""
    key = x.tobytes()
    seen.append(key)
    return np.tanh(x @ U.T + h @ W.T + b) + 0.1 * (seen.count(key) > 1)


seen = []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda *a: -right(*a), "wrong sign"),
        (lambda *a: 3 * right(*a), "3 times"),
        (lambda *a: right(*a) / len(a[0]), "1/T of"),
        (lambda *a: right(*a)[::-1].copy(), "reversed time"),
        (lambda *a: right(*a).astype(np.float32), "float64"),
        (lambda *a: right(*a)[:, :, ::-1].copy(), r"H\[0, 0, 0\] should be"),
        (off_at_step_two, r"H\[2, 0, 0\] should be .*right before this time step .index 2"),
        (off_at_first_step_only, r"only time step 1 .index 0. is wrong"),
        (late, "late by one step"),
        (off_here_and_there, "the first wrong entry"),
        (lambda *a: np.matrix(right(*a)[:, :, 0]), "yours is a matrix"),
        (raises, "raised ValueError in line"),
        (as_list, "must be a numpy array, yours is a list"),
        (lambda *a: None, "is there a return"),
        (lambda *a: np.full((len(a[0]), *a[1].shape), np.nan), "nan everywhere"),
        (counts_calls, "should be|another result"),
        (lambda x: x, "raised TypeError"),
    ],
)
def test_the_sentence_is_true_and_no_name_is_given(judge, answer, sentence):
    import re

    report = judge.report("rnn_forward", answer)
    assert (report.state, report.points, report.mistake) == ("wrong", 0.0, None)
    assert re.search(sentence, report.sentence), report.sentence


def test_a_value_where_an_error_is_asked_for_is_told_so(judge):
    sheet = judge.exercises["design_weights"]
    weights = {p.args[0]: p.expected for p in sheet.probes if p.expected.error is None}
    known = {"sum": 1, "last input": 0, "discount by half": 0.5, "alternate signs": -1}
    assert set(known) == set(weights)

    def returns_it(task):
        return (1.0, float(known[task]), 1.0, 0.0) if task in known else ValueError("no")

    report = judge.report("design_weights", returns_it)
    assert report.state == "special case"
    assert "here ValueError must be raised (`raise`, not `return`)" in report.sentence


def test_an_interrupted_loop_is_named_with_its_line(judge):
    def endless(H, V, c):
        raise KeyboardInterrupt

    report = judge.report("readout", endless)
    assert report.state == "stopped"
    assert "you stopped it in line" in report.sentence


def test_a_function_that_keeps_something_between_calls_is_found(judge):
    report = judge.report("rnn_step", steady_until_called_again)
    assert (report.state, report.points) == ("wrong", 0.0)
    assert "another result" in report.sentence


@pytest.mark.parametrize("body", ["return np.zeros_like(h)", "raise NotImplementedError()"])
def test_a_function_that_is_right_but_calls_a_wrong_one_gets_its_marks(judge, body):
    namespace = {"np": np}
    exec(
        f"def rnn_step(x, h, U, W, b):\n    {body}\n"
        "def rnn_forward(X, h0, U, W, b):\n    H = []\n    for x in X:\n"
        "        h0 = rnn_step(x, h0, U, W, b)\n        H.append(h0)\n    return np.array(H)\n",
        namespace,
    )
    report = judge.report("rnn_forward", namespace["rnn_forward"])
    assert (report.state, report.points) == ("right", 15.0)
    assert "calls your rnn_step" in report.sentence


def test_a_number_too_long_to_print_is_told_as_such(judge):
    report = judge.report("count_parameters", lambda *args: 16**4000)
    assert report.state == "wrong"
    assert "more than 18 digits" in report.sentence


def test_two_functions_that_only_call_each_other_get_nothing(judge):
    namespace = {"np": np}
    exec(
        "def rnn_step(x, h, U, W, b):\n    return rnn_forward(x[None], h, U, W, b)[0]\n"
        "def rnn_forward(X, h0, U, W, b):\n    raise NotImplementedError()\n",
        namespace,
    )
    assert judge.report("rnn_step", namespace["rnn_step"]).points == 0
    assert judge.report("rnn_forward", namespace["rnn_forward"]).points == 0


def test_a_stub_is_blank_and_a_non_function_is_told_so(judge):
    def stub(x, u, w, v, h0=0.0):
        raise NotImplementedError()

    assert judge.report("linear_rnn", stub).state == "blank"
    report = judge.report("linear_rnn", 3)
    assert report.state == "wrong"
    assert "must be a function" in report.sentence


def test_of_two_mistakes_at_once_the_first_is_named_and_the_rest_is_said(judge):
    def both(ids, vocabulary_size):
        rows = np.zeros((len(ids), vocabulary_size))
        rows[np.arange(len(ids)), np.minimum(ids, vocabulary_size - 1)] = 1
        return rows

    report = judge.report("one_hot", both)
    assert report.state == "special case"
    assert report.points == 2.5


def test_an_exercise_that_does_not_exist_is_named_with_those_that_do(judge):
    with pytest.raises(ValueError, match=r"no exercise 'rnn_steps'.*rnn_step"):
        judge.report("rnn_steps", right)
