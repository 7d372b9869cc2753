"""Thirty submissions drawn from each table: the sandbox gives what the visible check gives."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))

from demo import make_course  # noqa: E402
from drawn_class import STUDENTS, STYLES, drawn_class  # noqa: E402
from sample import points_of  # noqa: E402

from rnnref.checks import problem_sets, table  # noqa: E402
from rnnref.engine.exercise import Exercise  # noqa: E402
from rnnref.grader.runner import grade  # noqa: E402


@pytest.mark.parametrize("problem_set", problem_sets())
def test_the_class_is_thirty_and_mixed(problem_set):
    samples = drawn_class(problem_set)
    assert len({sample.student for sample in samples}) == len(samples) == STUDENTS
    assert not any(sample.mistakes for sample in samples[:STYLES])
    assert samples == drawn_class(problem_set)


@pytest.mark.parametrize("problem_set", problem_sets())
def test_small_tables_are_handed_in_whole(problem_set):
    named = {(n, m) for sample in drawn_class(problem_set) for n, m in sample.mistakes.items()}
    for name, exercise in table(problem_set).items():
        if isinstance(exercise, Exercise):
            handed_in = sum(n == name for n, _ in named)
            assert handed_in >= min(10, len(exercise.mistakes) // 2)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize("problem_set", problem_sets())
def test_marks_and_names_are_those_of_the_visible_check(problem_set, tmp_path):
    samples = drawn_class(problem_set)
    make_course(tmp_path / "course", samples)
    graded = {
        one.student: one for one in grade(problem_set, tmp_path / "course", progress=False).graded
    }
    for sample in samples:
        record = graded[sample.student].record
        assert record.points == {**points_of(problem_set), **sample.lost}, sample.student
        named = {r.name: r.mistake for r in record.exercises if r.mistake}
        assert named == dict(sample.mistakes), sample.student
