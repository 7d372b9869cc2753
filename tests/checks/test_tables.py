"""Every table proves itself: mistakes are rejected and named, right answers get full marks."""

import ast
import inspect

import pytest

from rnnref.checks import TableJudge, problem_sets, references, sheets, table
from rnnref.engine.answers import Answers
from rnnref.engine.compare import is_right, is_same
from rnnref.engine.exercise import Exercise, source_of
from rnnref.engine.judge import Judge

EXERCISES = [
    pytest.param(name, exercise, id=f"{name}-{exercise.name}")
    for name in problem_sets()
    for exercise in table(name).values()
    if isinstance(exercise, Exercise)
]
MISTAKES = [
    pytest.param(*param.values, mistake, id=f"{param.id}-{mistake.name}")
    for param in EXERCISES
    for mistake in param.values[1].mistakes
]
# Three of the twenty seeds in the quick tests.
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20))]


def hidden_judge(problem_set, seed):
    """A judge on fresh cases, as the hidden tests use it."""
    return Judge(problem_set, sheets(problem_set, seed), references(problem_set))


def equal_mistakes(sheet, name):
    """The names of all mistakes that do the same on every probe."""

    def same(other):
        return all(is_same(p.fingerprint(name), p.fingerprint(other)) for p in sheet.probes)

    return {note.name for note in sheet.notes if same(note.name)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("problem_set", problem_sets())
def test_right_answers_get_full_marks_on_every_seed(problem_set, seed):
    judge = hidden_judge(problem_set, 1000 + seed)
    for name, exercise in table(problem_set).items():
        if isinstance(exercise, Exercise):
            for answer in (exercise.reference, *exercise.alternatives):
                report = judge.report(name, answer)
                assert (report.state, report.points) == ("right", exercise.points), report.text()


@pytest.mark.parametrize(("problem_set", "exercise"), EXERCISES)
def test_right_answers_pass_the_visible_check(problem_set, exercise):
    assert len(exercise.alternatives) >= 2
    for answer in exercise.alternatives:
        assert TableJudge(problem_set).report(exercise.name, answer).state == "right"


@pytest.mark.parametrize("seed", [7, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("problem_set", "exercise", "mistake"), MISTAKES)
def test_a_mistake_is_rejected_and_named_alike_by_visible_check_and_hidden_tests(
    problem_set, exercise, mistake, seed
):
    visible = TableJudge(problem_set)
    reports = [
        judge.report(exercise.name, mistake.wrong)
        for judge in (visible, hidden_judge(problem_set, seed))
    ]
    names = equal_mistakes(visible.exercises[exercise.name], mistake.name)
    for report in reports:
        assert report.state not in ("right", "blank", "stopped"), report.text()
        assert report.points <= exercise.points / 2
        assert report.mistake in names, report.text()
    assert len({report.state for report in reports}) == 1


@pytest.mark.parametrize(("problem_set", "exercise", "mistake"), MISTAKES)
def test_a_mistake_shows_on_enough_probes_to_be_no_chance(problem_set, exercise, mistake):
    sheet = sheets(problem_set, 3)[exercise.name]
    shows = [
        probe
        for probe in sheet.probes
        if not is_right(probe.fingerprint(mistake.name), probe.expected, sheet.returned)
    ]
    assert len(shows) >= sheet.enough


@pytest.mark.parametrize(("problem_set", "exercise"), EXERCISES)
def test_solutions_and_mistakes_stand_alone(problem_set, exercise):
    """They can be pasted into a notebook: they use np, builtins and themselves."""
    for function in (*exercise.alternatives, *(m.wrong for m in exercise.mistakes)):
        (definition,) = ast.parse(source_of(function, exercise.name)).body
        assert definition.name == exercise.name
        unbound = inspect.getclosurevars(function)
        assert set(unbound.globals) <= {"np", function.__name__}
        assert unbound.unbound <= _attributes(function)


def _attributes(function):
    """Names that stand behind a dot; `getclosurevars` lists them among the unbound."""
    tree = ast.parse(source_of(function))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize(("problem_set", "exercise"), EXERCISES)
def test_the_feedback_is_written_for_people(problem_set, exercise):
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(set(names)) == len(names)
    sheet = sheets(problem_set, 0)[exercise.name]
    assert len({frozenset(equal_mistakes(sheet, name)) for name in names}) >= 4
    for mistake in exercise.mistakes:
        for text in (mistake.says, mistake.hint):
            assert text.rstrip(")")[-1] in ".?!", text


@pytest.mark.parametrize("problem_set", problem_sets())
def test_answers_name_each_misreading(problem_set):
    for exercise in table(problem_set).values():
        if not isinstance(exercise, Answers):
            continue
        for misreading in exercise.mistakes:
            judge = Judge(problem_set, {exercise.name: exercise})
            report = judge.report(exercise.name, {**exercise.right, **misreading.choices})
            assert report.mistake == misreading.name
            lost = sum(exercise.right[key] != c for key, c in misreading.choices.items())
            assert report.points == max(0, exercise.points - lost)
            assert lost == len(misreading.choices)


def test_an_unknown_problem_set_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"no problem set 'ps9'.*ps1_recurrence"):
        table("ps9")
