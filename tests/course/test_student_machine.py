"""The release notebook on a student's machine: no nbgrader, and yet it can be worked with."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RELEASES = sorted((ROOT / "assignments").glob("*/*.ipynb"))

# Runs every code cell as Jupyter would, one of them answered by the student.
_STUDENT = """
import json, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"nbgrader", "nbconvert", "nbclient", "jupytext", "sqlalchemy"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
import matplotlib
matplotlib.use("agg")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
notebook, name, answer = sys.argv[1:]
for cell in json.load(open(notebook, encoding="utf-8"))["cells"]:
    source = "".join(cell["source"])
    if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
        source = answer
    if cell["cell_type"] == "code":
        result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        if error is not None and not isinstance(error, NotImplementedError):
            raise error
"""


def work(notebook, name, answer):
    """What a student sees who answers one exercise and runs all cells."""
    command = [sys.executable, "-c", _STUDENT, str(notebook), name, answer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_run_all_on_the_blank_release_shows_no_error_but_what_is_not_written(release):
    assert "not written yet" in work(release, "", "")


def test_a_right_and_a_wrong_answer_are_told_apart_and_the_mistake_is_named():
    release = ROOT / "assignments" / "ps1_recurrence" / "ps1_recurrence.ipynb"
    right = "def readout(H, V, c):\n    return H @ V.T + c"
    assert "✓ readout: right (5 of 5 points)" in work(release, "readout", right)
    wrong = "def readout(H, V, c):\n    return H @ V.T"
    assert "c missing: " in work(release, "readout", wrong)
