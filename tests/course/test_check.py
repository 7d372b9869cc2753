"""The face of the checks: what a notebook sees, with and without answers nearby."""

import subprocess
import sys

import pytest

from rnnref.course import check as face
from rnnref.course import checker


def right_one_hot(ids, vocabulary_size):
    import numpy as np

    if ids.min() < 0 or ids.max() >= vocabulary_size:
        raise ValueError("outside")
    return np.eye(vocabulary_size)[ids]


def test_outside_jupyter_the_report_is_printed_and_the_points_come_back(capsys):
    mark = checker("ps1_recurrence")("one_hot", right_one_hot)
    assert mark == 5.0
    assert capsys.readouterr().out.startswith("✓ one_hot: right (5 of 5 points)")


def test_the_hidden_test_draws_other_cases_and_agrees():
    assert checker("ps1_recurrence").hidden("one_hot", right_one_hot) == 5.0
    assert checker("ps1_recurrence").hidden("one_hot", lambda ids, size: None) == 0.0


def test_an_unknown_problem_set_or_exercise_is_named():
    with pytest.raises(ValueError, match="no problem set 'ps0'"):
        checker("ps0")
    with pytest.raises(ValueError, match="no exercise 'onehot'"):
        checker("ps1_recurrence")("onehot", right_one_hot)


def test_where_student_cells_run_for_marks_a_check_says_one_line(capsys):
    face.use(face.Mute)
    try:
        assert checker("ps1_recurrence")("one_hot", right_one_hot) is None
    finally:
        face.use(None)
    assert capsys.readouterr().out == (
        "one_hot: checked where the answers are, after your cells have run.\n"
    )


def test_without_any_checks_the_error_says_what_to_do(tmp_path):
    code = (
        "import rnnref.course.check as face\n"
        "face.entry_points = lambda group: []\n"
        "try:\n    face.checker('ps1_recurrence')\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "keep ps1_recurrence.checks.npz beside this notebook" in done.stdout


def test_importing_the_face_loads_no_answer():
    code = "import sys, rnnref.course; print([m for m in sys.modules if m.startswith('rnnref')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "rnnref.nets" not in done.stdout
    assert "rnnref.checks" not in done.stdout
