"""Stored checks give the same verdicts, names and sentences as the tables."""

import functools
import subprocess
import sys

import numpy as np
import pytest

from rnnref.checks import VISIBLE_SEED, TableJudge, problem_sets, sheets, table
from rnnref.engine.codec import CodecError
from rnnref.engine.exercise import Exercise
from rnnref.engine.judge import Judge
from rnnref.engine.outcome import Outcome
from rnnref.engine.sampled import Sampled
from rnnref.engine.sheet import Probe, Sheet
from rnnref.engine.stored import file_name, load, save
from rnnref.engine.trained import Trained

SET = "ps1_recurrence"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a function that stores a set's checks once and gives the file."""

    @functools.cache
    def stored(problem_set):
        path = tmp_path_factory.mktemp("stored") / file_name(problem_set)
        save(path, sheets(problem_set, VISIBLE_SEED).values())
        return path

    return stored


@pytest.fixture(scope="module")
def stored(store):
    return store(SET)


@pytest.mark.parametrize(
    "problem_set",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != SET)) for name in problem_sets()],
)
def test_every_mistake_gets_the_same_report(store, problem_set):
    tables, arrays = TableJudge(problem_set), Judge(problem_set, load(store(problem_set)))
    for name, exercise in table(problem_set).items():
        if not isinstance(exercise, Exercise):
            continue
        for answer in (*exercise.alternatives, *(m.wrong for m in exercise.mistakes)):
            assert arrays.report(name, answer) == tables.report(name, answer)


def test_a_dict_of_answers_gets_the_same_report(stored):
    tables, arrays = TableJudge(SET), Judge(SET, load(stored))
    exercise = table(SET)["rnn_type"]
    for given in ({}, dict(exercise.right), {**exercise.right, "sentiment": "one to many"}):
        assert arrays.report("rnn_type", given) == tables.report("rnn_type", given)


def test_the_file_holds_arrays_and_no_pickle(stored):
    with np.load(stored, allow_pickle=False) as arrays:
        assert all(array.dtype.kind in "iu" for array in arrays.values())


def test_no_choice_can_be_read_in_the_file(stored):
    with np.load(stored, allow_pickle=False) as arrays:
        text = arrays["header"].tobytes().decode()
    right = table(SET)["rnn_type"].right
    assert all(key in text for key in right)
    assert not any(f'"{key}": "{choice}"' in text for key, choice in right.items())


def test_what_came_from_chance_is_stored_wherever_it_stands(tmp_path):
    sampled = Sampled(np.array([0.25, 0.75]), np.array([0.1, np.inf]))
    value = [1.0, (sampled, {"part": sampled})], sampled
    probe = Probe("any", (), False, Outcome(value), {}.__getitem__)
    path = tmp_path / file_name("any")
    save(path, [Sheet("f", 1, (), (), (), (probe,))])
    (number, (first, others)), last = load(path)["f"].probes[0].expected.value
    assert number == 1.0
    for back in (first, others["part"], last):
        np.testing.assert_array_equal(back.mean, sampled.mean)
        np.testing.assert_array_equal(back.error, sampled.error)


def test_a_result_that_cannot_be_stored_is_named(tmp_path):
    probe = Probe("any", (), False, Outcome({1, 2}), {}.__getitem__)
    with pytest.raises(CodecError, match="type set"):
        save(tmp_path / file_name("any"), [Sheet("f", 1, (), (), (), (probe,))])


def test_a_trained_model_is_read_but_not_measured(tmp_path):
    path = tmp_path / file_name("any")
    save(path, [Trained("model", 5, {"W": (2, 2)}, measure=np.sum, limit=float)])
    judge = Judge("any", load(path))
    assert judge.report("model", {"W": np.zeros((2, 2))}).state == "unmeasured"
    assert "must have shape (2, 2)" in judge.report("model", {"W": np.zeros(2)}).sentence
    assert judge.report("model", None).state == "blank"


def test_the_checks_run_without_the_answers(stored):
    """With the file beside the notebook and the answers out of reach."""
    code = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith(('rnnref.checks', 'rnnref.nets', 'nbgrader')):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "from rnnref.course import checker\n"
        f"check = checker({SET!r})\n"
        "check('one_hot', lambda ids, vocabulary_size: None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=stored.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "one_hot: not right yet" in done.stdout
