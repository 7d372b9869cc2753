"""Grading one notebook: what each kind of answer gets, through the sandbox."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.utils import determine_grade, is_grade, is_solution

from rnnref.checks import TableJudge, table
from rnnref.engine.exercise import Exercise, source_of
from rnnref.grader import judge
from rnnref.grader.execute import execute
from rnnref.grader.intake.preflight import check_notebook
from rnnref.grader.intake.source import find_source
from rnnref.grader.sandbox import Sandbox
from rnnref.grader.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]
SET = "ps1_recurrence"
RELEASE = ROOT / "assignments" / SET / f"{SET}.ipynb"
SOLUTION = ROOT / "solutions" / SET / f"{SET}.ipynb"

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def source():
    return find_source(ROOT, SET)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as opened:
        yield opened


@pytest.fixture
def grade(source, sandbox):
    def run(cells=None, extra=(), seed=11, limits=None):
        notebook = nbformat.read(RELEASE, as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = (cells or {}).get(name, cell.source)
        at = next(i for i, c in enumerate(notebook.cells) if c.id == "setup") + 1
        notebook.cells[at:at] = [new_code_cell(code, id=f"e{i}") for i, code in enumerate(extra)]
        checked = check_notebook(nbformat.writes(notebook).encode(), source)
        options = {"sandbox": sandbox, "seed": seed, "limits": limits}
        data, record = execute(checked.notebook, source, **options)
        return nbformat.reads(data.decode(), as_version=4), record

    return run


def solution(name, style=0):
    return source_of(table(SET)[name].alternatives[style], name)


def test_the_solution_gets_everything_and_the_blank_release_nothing(source, sandbox):
    for path, share in ((SOLUTION, 1), (RELEASE, 0)):
        checked = check_notebook(path.read_bytes(), source)
        _, record = execute(checked.notebook, source, sandbox=sandbox, seed=3)
        assert record.state == "graded"
        assert record.points == {n: share * p for n, p in record.possible.items()}
        assert sum(record.possible.values()) == 95


def test_each_test_cell_ends_in_the_points_that_nbgrader_reads(grade):
    notebook, record = grade({"linear_rnn": solution("linear_rnn")})
    tests = [cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell)]
    assert [determine_grade(cell)[0] for cell in tests] == list(record.points.values())
    for cell in tests:
        (output,) = cell.outputs
        assert 0 <= float(output.data["text/plain"]) <= cell.metadata.nbgrader.points
        assert "rnnref-report" in output.data["text/html"]


def test_the_same_bytes_give_the_same_marks_and_reports(grade):
    cells = {name: solution(name, -1) for name in ("linear_rnn", "rnn_forward")}
    first, second = grade(cells)[1], grade(cells)[1]
    assert first.exercises == second.exercises


@pytest.mark.parametrize("number", range(0, 16, 4))
def test_mistakes_are_named_through_the_sandbox_as_in_the_visible_check(grade, number):
    """A sample: in each notebook every exercise has a mistake of its own."""
    wrong = {
        name: exercise.mistakes[number % len(exercise.mistakes)].wrong
        for name, exercise in table(SET).items()
        if isinstance(exercise, Exercise)
    }
    _, record = grade({name: source_of(function, name) for name, function in wrong.items()})
    for result in record.exercises:
        if result.name in wrong:
            visible = TableJudge(SET).report(result.name, wrong[result.name])
            assert (result.mistake, result.state, result.points) == (
                visible.mistake,
                visible.state,
                visible.points,
            )


def test_a_right_function_that_calls_a_wrong_one_keeps_its_marks(grade):
    calls = (
        "def rnn_forward(X, h0, U, W, b):\n    H = []\n    for x in X:\n"
        "        h0 = rnn_step(x, h0, U, W, b)\n        H.append(h0)\n    return np.array(H)\n"
    )
    _, record = grade(
        {"rnn_forward": calls, "rnn_step": "def rnn_step(*args):\n    return args[1]"}
    )
    assert record.points["rnn_forward"] == 15
    assert record.points["rnn_step"] == 0
    (result,) = (r for r in record.exercises if r.name == "rnn_forward")
    assert result.sentence == "Right, but it calls your rnn_step, which is not."


def test_a_right_function_that_calls_an_endless_one_keeps_its_marks(grade, monkeypatch):
    calls = "def stacked_step(x, h, Wa, b):\n    H = len(b)\n" + (
        "    return rnn_step(x, h, Wa[:, H:].copy(), Wa[:, :H].copy(), b)\n"
    )
    endless = "def rnn_step(*args):\n    while True:\n        pass\n"
    _, record = grade({"stacked_step": calls, "rnn_step": endless}, limits=Limits(call_cpu=0.5))
    assert record.points["stacked_step"] == 5
    assert record.points["rnn_step"] == 0
    (result,) = (r for r in record.exercises if r.name == "rnn_step")
    assert result.state == "stopped"
    assert "stopped after 0.5 s of CPU time" in result.sentence


def test_a_right_function_has_no_answers_to_give_away(grade):
    """What stands in for an earlier function is called when nothing is shown any more."""
    collects = (
        "def linear_rnn(x, *args):\n    return 1\n",
        "def comparison_rnn(x, gain=5.0):\n"
        "    answer = linear_rnn(np.ones(3), 1.0, 1.0, 1.0)\n"
        "    if answer != 1:\n        open('/tmp/answers', 'w').write(repr(answer))\n"
        "    return 1\n",
    )
    notebook, record = grade(
        {
            **dict(zip(("linear_rnn", "comparison_rnn"), collects, strict=True)),
            "one_hot": "import os\nprint('found', os.path.exists('/tmp/answers'))",
        }
    )
    assert record.points["linear_rnn"] == record.points["comparison_rnn"] == 0
    (cell,) = (c for c in notebook.cells if c.id == "one_hot")
    assert cell.outputs[0].text == "found False\n"


def test_an_unsteady_function_is_not_saved_by_calling_a_wrong_one(grade):
    unsteady = (
        "seen = {}\n"
        "def rnn_forward(X, h0, U, W, b):\n"
        "    linear_rnn(np.ones(2), 1.0, 1.0, 1.0)\n"
        "    key = X.tobytes()\n    seen[key] = seen.get(key, 0) + 1\n    H = []\n"
        "    for x in X:\n        h0 = np.tanh(x @ U.T + h0 @ W.T + b * (seen[key] == 1))\n"
        "        H.append(h0)\n    return np.array(H)\n"
    )
    _, record = grade({"rnn_forward": unsteady})
    assert record.points["rnn_forward"] == 0


def test_something_left_behind_that_ends_the_process_later_is_no_failure_of_the_grader(grade):
    later = "import threading, os\nthreading.Timer(0.02, os._exit, [1]).start()"
    _, record = grade({"linear_rnn": solution("linear_rnn")}, extra=[later, "import time"])
    assert record.state == "graded"


def test_an_update_of_a_display_reaches_the_notebook(grade):
    notebook, _ = grade(
        extra=["shown = display('before', display_id=True)", "shown.update('after')"]
    )
    (cell,) = (c for c in notebook.cells if c.id == "e0")
    assert cell.outputs[0].data["text/plain"] == "'after'"


def test_a_cell_that_ends_the_process_costs_what_it_defines_and_no_more(grade):
    _, record = grade(
        {
            "linear_rnn": solution("linear_rnn"),
            "rnn_step": "import os\n" + solution("rnn_step") + "\nos._exit(1)",
            "rnn_forward": solution("rnn_forward"),
        }
    )
    assert record.points["linear_rnn"] == 10
    assert record.points["rnn_forward"] == 15
    (result,) = (r for r in record.exercises if r.name == "rnn_step")
    assert result.points == 0
    assert "The cell that defines rnn_step ended the notebook" in result.sentence
    assert any("rnn_step ended the notebook" in note for note in record.notes)


def test_a_notebook_that_ends_its_process_again_and_again_is_given_up(grade):
    _, record = grade({"linear_rnn": solution("linear_rnn")}, extra=["import os; os._exit(1)"] * 6)
    assert record.state == "graded"
    assert sum(record.points.values()) == 0
    assert any("ended too often" in note for note in record.notes)


def test_a_name_that_is_not_defined_is_said(grade):
    _, record = grade({"linear_rnn": solution("linear_rnn").replace("linear_rnn", "my_rnn")})
    (result,) = (r for r in record.exercises if r.name == "linear_rnn")
    assert "does not define linear_rnn" in result.sentence


def test_a_syntax_error_is_named(grade):
    _, record = grade({"linear_rnn": "def linear_rnn(x, u, w, v, h0=0.0):\n    return (x"})
    (result,) = (r for r in record.exercises if r.name == "linear_rnn")
    assert result.points == 0
    assert "The cell that defines linear_rnn fails: SyntaxError" in result.sentence


def test_a_failure_of_the_grader_gives_no_marks_and_asks_for_a_person(grade, monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError("in the grader")

    monkeypatch.setattr(judge, "examine", fails)
    notebook, record = grade({"linear_rnn": solution("linear_rnn")})
    assert record.state == "needs a person"
    assert sum(record.points.values()) == 0
    (cell,) = (c for c in notebook.cells if c.id == "test_linear_rnn")
    assert cell.outputs[0].output_type == "error"
    assert determine_grade(cell)[0] == 0


def test_the_check_is_mute_in_student_cells_and_the_reference_is_out_of_reach(grade):
    notebook, _ = grade(
        extra=[
            "check('linear_rnn', lambda *a: None)",
            "import rnnref.nets",
            "from rnnref import rnn_forward",
            "import rnnref.checks",
        ]
    )
    cells = {cell.id: cell for cell in notebook.cells}
    assert "checked where the answers are" in cells["e0"].outputs[0].text
    for name in ("e1", "e2", "e3"):
        (error,) = cells[name].outputs
        assert error.ename == "ImportError"
        assert "the reference is not available while grading" in error.evalue


def test_nothing_of_the_trusted_side_is_left_changed(grade):
    before = set(sys.modules)
    grade({"linear_rnn": "import numpy.testing\nnp.abs = None\n" + solution("linear_rnn")})
    import numpy as np

    assert np.abs is not None
    assert {m for m in set(sys.modules) - before if m.startswith("rnnref.checks.")} == set()
