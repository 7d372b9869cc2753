"""The sample class gets the marks that each of its submissions deserves, and does no harm."""

import contextlib
import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))

from demo import make_course  # noqa: E402
from sample_class import ORDINARY, POINTS, SAMPLES, SET  # noqa: E402

from rnnref.grader.runner import grade  # noqa: E402

_PR_SET_CHILD_SUBREAPER = 36

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The whole class, graded once, with what that left running."""
    course = tmp_path_factory.mktemp("course")
    make_course(course, SAMPLES)
    # Whatever loses its parent comes to this process, and so is seen below.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    bystander = subprocess.Popen(["sleep", "600"])
    before = _below(os.getpid())
    try:
        result = grade(SET, course, progress=False)
        left = _below(os.getpid()) - before
        alive = bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    return {one.student: one for one in result.graded}, alive, left


def _below(pid):
    """The living processes below one."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state, parent = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":  # what has ended waits to be taken note of
                parents[int(name)] = int(parent)
    found, more = set(), {pid}
    while more := {child for child, parent in parents.items() if parent in more}:
        found |= more
    return found


def test_there_are_at_least_sixteen_and_each_has_a_name_of_its_own():
    assert len(SAMPLES) >= 16
    assert len({sample.student for sample in SAMPLES}) == len(SAMPLES)
    assert not any(sample.hostile for sample in ORDINARY)
    assert sum(POINTS.values()) == 95


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.student)
def test_a_submission_gets_the_marks_it_deserves(graded, sample):
    one = graded[0][sample.student]
    assert one.record.points == sample.points
    named = {r.name: r.mistake for r in one.record.exercises if r.mistake}
    assert named == dict(sample.mistakes)
    assert sample.state in one.state
    for name, points in sample.points.items():
        assert one.marks.cells[f"test_{name}"].score == points


def test_nothing_is_left_running_and_nothing_was_killed(graded):
    _, alive, left = graded
    assert alive
    assert not left
