"""A class is graded to its end, whatever one student handed in and wherever the grader stumbles."""

import contextlib
import json
import os
import stat

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnnref.grader import runner
from rnnref.grader.course_folder import class_seed, only_run, open_course, submissions, write
from rnnref.grader.intake.source import CourseError
from rnnref.grader.record import Record
from rnnref.grader.runner import grade
from rnnref.grader.sandbox import SandboxUnavailable
from rnnref.grader.table import class_table

RIGHT = "def double(x):\n    return x + x"


class StandInSandbox(contextlib.AbstractContextManager):
    """Counts how often a sandbox is opened and closed."""

    opened = closed = 0

    def __enter__(self):
        type(self).opened += 1
        return self

    def __exit__(self, *error):
        type(self).closed += 1

    def child(self):
        return self

    def close(self):
        """A child's."""


@pytest.fixture
def sandboxes(monkeypatch, stand_in):
    """The runner with a stand-in for the sandbox and for what runs in it."""

    class Counted(StandInSandbox):
        pass

    monkeypatch.setattr(runner, "open_sandbox", lambda root, isolation: Counted())
    monkeypatch.setattr(runner, "execute", stand_in)
    return Counted


@pytest.fixture
def graded(course, sandboxes):
    """Grade the class: the result, and each student's part by name."""

    def run(**options):
        result = grade("tiny", course, progress=False, **options)
        return result, {one.student: one for one in result.graded}

    return run


def _scores(course):
    with Gradebook(open_course(course).db_url) as gradebook:
        return {s.student.id: s.score for s in gradebook.find_assignment("tiny").submissions}


def test_a_class(course, submit, answered, graded, sandboxes):
    submit("ada", answered(double=RIGHT, triple="triple = 'right'", why_linear="Because."))
    submit("bob", answered(double="HALF", triple="WRONG"))
    submit("cyd", answered())
    result, students = graded()
    assert list(students) == ["ada", "bob", "cyd"]
    assert {one.state for one in result.graded} == {"graded"}
    assert _scores(course) == {"ada": 10, "bob": 2, "cyd": 0}
    assert students["bob"].record.points == {"double": 2, "triple": 0}
    assert not result.failed
    assert (sandboxes.opened, sandboxes.closed) == (1, 1)


def test_what_stands_on_the_disk(course, submit, answered, graded):
    folder = submit("ada", answered(double=RIGHT))
    (folder / "timestamp.txt").write_text("2030-02-03 04:05:06 UTC")
    (folder / "submission_secret.txt").write_text("secret")
    (folder / "data.csv").write_text("1")
    graded()
    grading = course / "grading"
    autograded, feedback = grading / "autograded/ada/tiny", grading / "feedback/ada/tiny"
    assert sorted(os.listdir(autograded)) == [
        "submission_secret.txt", "timestamp.txt", "tiny.ipynb"]  # fmt: skip
    assert sorted(os.listdir(feedback)) == [
        "submission_secret.txt", "timestamp.txt", "tiny.html", "tiny.md"]  # fmt: skip
    assert stat.S_IMODE((autograded / "tiny.ipynb").stat().st_mode) == 0o444
    notebook = nbformat.read(autograded / "tiny.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert any(cell.get("outputs") for cell in notebook.cells)
    record = Record.from_json((grading / "records/tiny/ada.json").read_text())
    assert record.points == {"double": 4, "triple": 0}
    with Gradebook(open_course(course).db_url) as gradebook:
        timestamp = gradebook.find_submission("tiny", "ada").timestamp
    assert timestamp.isoformat() == "2030-02-03T04:05:06"


def test_grading_again_gives_the_same(course, submit, answered, graded):
    submit("ada", answered(double="HALF"))
    graded()
    first = _scores(course)
    graded()
    assert _scores(course) == first
    assert len(list((course / "grading/backups").iterdir())) == 2


BROKEN = {
    "not JSON": b"x",
    "empty file": b"",
    "another notebook": b'{"nbformat": 4, "cells": []}',
}


def test_refused_submissions_get_nothing_and_never_stop_the_class(
    course, submit, answered, graded, tmp_path
):
    submit("ada", answered(double=RIGHT))
    for name, data in BROKEN.items():
        submit(f"b {name}", data)
    pipes = submit("c pipe", b"")
    (pipes / "tiny.ipynb").unlink()
    os.mkfifo(pipes / "tiny.ipynb")
    os.mkfifo(pipes / "timestamp.txt")
    link = submit("d link", b"") / "tiny.ipynb"
    link.unlink()
    link.symlink_to(course / "solutions/tiny/tiny.ipynb")
    submit("e nothing", b"", name="notes.txt")
    (course / "grading/submitted/f file").mkdir()
    (course / "grading/submitted/f file/tiny").write_text("no folder")
    submit("z", answered(double=RIGHT))
    result, students = graded()
    expected = {f"b {name}": f"refused: {name}" for name in BROKEN} | {
        "ada": "graded",
        "c pipe": "refused: special file",
        "d link": "refused: link",
        "e nothing": "refused: no notebook",
        "f file": "refused: no folder",
        "z": "graded",
    }
    assert {name: one.state for name, one in students.items()} == expected
    assert _scores(course) == {n: 4 if s == "graded" else 0 for n, s in expected.items()}
    for name, one in students.items():
        if expected[name] != "graded":
            assert one.record.state == "refused"
            assert one.remark
            page = (course / f"grading/feedback/{name}/tiny/tiny.html").read_text()
            assert "could not be graded" in page
    assert not result.failed


def test_a_refusal_takes_an_earlier_result_back(course, submit, answered, graded):
    submit("ada", answered(double=RIGHT))
    graded()
    submit("ada", b"x")
    _, students = graded()
    assert students["ada"].state == "refused: not JSON"
    assert _scores(course) == {"ada": 0}
    assert not (course / "grading/autograded/ada/tiny/tiny.ipynb").exists()


def test_the_graders_own_failure_needs_a_person_and_gives_no_marks(
    course, submit, answered, graded, sandboxes
):
    submit("ada", answered(double=RIGHT))
    submit("bob", answered(double="CRASH"))
    submit("cyd", answered(double=RIGHT))
    result, students = graded()
    assert [one.state for one in result.graded] == ["graded", "needs a person", "graded"]
    assert _scores(course) == {"ada": 4, "bob": 0, "cyd": 4}
    assert all(mark.waiting for mark in students["bob"].marks.cells.values())
    log = course / "grading/logs/tiny-bob.log"
    assert str(log) in students["bob"].remark
    assert "the grader stumbled" in log.read_text()
    assert "the grader stumbled" not in (
        course / "grading/feedback/bob/tiny/tiny.html").read_text()  # fmt: skip
    assert result.failed
    # Nothing of the failed run is handed on: the next student gets a new sandbox.
    assert (sandboxes.opened, sandboxes.closed) == (2, 2)


def test_marks_that_cannot_be_saved_are_said(course, submit, answered, graded, monkeypatch):
    submit("ada", answered(double=RIGHT))
    submit("bob", answered(double=RIGHT))
    saved = runner.ClassGradebook.save

    def locked(self, student, *rest):
        if student == "ada":
            raise OSError("database is locked")
        return saved(self, student, *rest)

    monkeypatch.setattr(runner.ClassGradebook, "save", locked)
    result, students = graded()
    assert students["ada"].state == "needs a person"
    assert "could not be saved" in students["ada"].remark
    assert students["ada"].marks is None
    assert students["bob"].state == "graded"
    assert result.failed
    assert "?" in class_table(result)


def test_ctrl_c_stops_and_keeps_what_was_done(course, submit, answered, graded, monkeypatch):
    submit("ada", answered(double=RIGHT))
    submit("bob", answered(double=RIGHT))
    done = runner.execute

    def interrupted(*args, **kwargs):
        if _scores(course):
            raise KeyboardInterrupt
        return done(*args, **kwargs)

    monkeypatch.setattr(runner, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        graded()
    assert _scores(course) == {"ada": 4}
    assert not list((course / "grading").rglob(".*-*"))  # no half-written files


def test_only_some_students(course, submit, answered, graded):
    for name in ("ada", "bob", "cyd"):
        submit(name, answered())
    _, students = graded(students=("cyd", "ada"))
    assert list(students) == ["ada", "cyd"]
    with pytest.raises(CourseError, match="No submission of tiny by dan, eve"):
        graded(students=("ada", "dan", "eve"))


def test_no_submissions(course, graded):
    with pytest.raises(CourseError, match="No submissions of tiny"):
        graded()
    (course / "grading/submitted/ada/other").mkdir(parents=True)
    with pytest.raises(CourseError, match="No submissions of tiny"):
        graded()


def test_without_a_sandbox_nobody_is_graded(course, submit, answered, monkeypatch):
    submit("ada", answered(double=RIGHT))

    def unavailable(root, isolation):
        raise SandboxUnavailable("no namespaces here")

    monkeypatch.setattr(runner, "open_sandbox", unavailable)
    with pytest.raises(SandboxUnavailable):
        grade("tiny", course, progress=False)
    assert _scores(course) == {}
    assert not (course / "grading/autograded").exists()


def test_one_grader_at_a_time(course, submit, answered, graded):
    submit("ada", answered())
    with only_run(course), pytest.raises(CourseError, match="Another grader is at work"):
        graded()
    graded()


def test_the_seed_is_secret_and_stays(course):
    seed = class_seed(course, "tiny")
    path = course / "grading/seed-tiny"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert class_seed(course, "tiny") == seed
    assert class_seed(course, "other") != seed
    assert class_seed(course, "tiny", renew=True) != seed
    path.write_text("seven")
    with pytest.raises(CourseError, match="does not hold a whole number"):
        class_seed(course, "tiny")


def test_the_seed_reaches_the_grader(course, submit, answered, graded, monkeypatch, stand_in):
    seeds = []

    def noted(*args, seed, **kwargs):
        seeds.append(seed)
        return stand_in(*args, seed=seed, **kwargs)

    monkeypatch.setattr(runner, "execute", noted)
    submit("ada", answered())
    submit("bob", answered())
    graded()
    graded(new_seed=True)
    assert seeds[0] == seeds[1] != seeds[2] == seeds[3]
    assert seeds[3] == class_seed(course, "tiny")


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a" / "b.txt"
    write(path, "one")
    write(path, b"two", mode=0o400)
    assert path.read_text() == "two"
    monkeypatch.setattr(os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(path, "three")
    assert [p.read_text() for p in path.parent.iterdir()] == ["two"]


def test_submissions_of_hidden_folders_are_left_out(course, submit, answered):
    submit(".ipynb_checkpoints", answered())
    submit("ada", answered())
    assert list(submissions(open_course(course), "tiny")) == ["ada"]


def test_the_table(course, submit, answered, graded):
    submit("ada", answered(double=RIGHT, triple="triple = 'right'"))
    submit("bob", answered(double="PERSON", triple="WRONG"))
    submit("cyd-with-a-very-long-name-indeed", b"x")
    result, _ = graded()
    table = class_table(result)
    lines = table.splitlines()
    assert lines[0] == "tiny: 3 submissions"
    assert lines[2] == " 1 double (4)   2 triple (6)"
    assert lines[3] == " + why_linear (5), read by a person"
    assert lines[5].split() == ["student", "1", "2", "total", "state"]
    assert lines[6].split() == ["ada", "4", "6", "10", "graded"]
    assert lines[7].split() == ["bob", "?", "0", "0", "needs", "a", "person"]
    assert lines[8] == "    triple: doubled twice"
    assert "refused: not JSON" in lines[9]
    assert lines[9].startswith("cyd-with-a-very-long-nam")
    assert result.feedback in table
    assert result.gradebook in table
    assert max(map(len, lines[:-2])) <= 100
    assert "\x1b" not in table
    assert "\x1b[1m" in class_table(result, colour=True)


def test_the_table_wraps(course, submit, answered, graded):
    submit("bob", answered(double="WRONG", triple="WRONG"))
    result, _ = graded()
    narrow = class_table(result, width=40).splitlines()
    assert "    double: doubled twice; triple:" in narrow
    assert "      doubled twice" in narrow


def test_a_students_name_does_not_steer_the_terminal(course, submit, answered, graded):
    submit("ada\x1b[2J", answered(double="CRASH"))
    submit("bob", answered(double=RIGHT))
    result, students = graded()
    assert students["ada\x1b[2J"].state == "needs a person"
    table = class_table(result)
    assert "\x1b" not in table
    assert "ada?[2J" in table
    assert (course / "grading/logs/tiny-ada?[2J.log").exists()
    assert _scores(course) == {"ada\x1b[2J": 0, "bob": 4}  # nbgrader's id is the folder's name


def test_records_are_json(course, submit, answered, graded):
    submit("ada", answered(double="WRONG"))
    graded()
    record = json.loads((course / "grading/records/tiny/ada.json").read_text())
    assert record["exercises"][0]["mistake"] == "doubled twice"
