"""The command: a table and status 0, or one sentence and status 2, never a traceback."""

import sqlite3
import subprocess
import sys

import pytest

from rnnref import __version__
from rnnref.grader import app, runner
from rnnref.grader.app import main
from rnnref.grader.sandbox import SandboxUnavailable


@pytest.fixture
def said(capsys):
    """What a command says: status, output, errors."""

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return run


class NoSandbox:
    """Stands in for the sandbox."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def child(self):
        return self

    def close(self):
        """A child's."""


@pytest.fixture
def stood_in(monkeypatch, stand_in):
    """The runner with a stand-in for what runs students' code; gives the isolations asked for."""
    asked = []

    def opened(root, isolation):
        asked.append(isolation)
        return NoSandbox()

    monkeypatch.setattr(runner, "open_sandbox", opened)
    monkeypatch.setattr(runner, "execute", stand_in)
    return asked


def test_grade_prints_the_table(course, submit, answered, said, stood_in):
    submit("ada", answered(double="HALF"))
    status, out, err = said("grade", "tiny", "--course", course)
    assert (status, err) == (0, "")
    assert "ada" in out
    assert "gradebook.db" in out
    assert stood_in == ["sandbox"]


def test_paths_below_the_working_directory_are_short(
    course, submit, answered, said, stood_in, monkeypatch
):
    submit("ada", answered())
    monkeypatch.chdir(course)
    _, out, _ = said("grade", "tiny")
    assert out.splitlines()[-2:] == [
        "Feedback   grading/feedback/<student>/tiny/tiny.html",
        "Gradebook  grading/gradebook.db",
    ]


def test_isolation_and_students(course, submit, answered, said, stood_in):
    submit("ada", answered())
    submit("bob", answered())
    options = ("--course", course, "--isolation", "none", "--student", "bob")
    status, out, _ = said("grade", "tiny", *options)
    assert status == 0
    assert "bob" in out
    assert "ada" not in out
    assert stood_in == ["none"]


def test_the_graders_own_failure_shows_in_the_status(course, submit, answered, said, stood_in):
    submit("ada", answered(double="CRASH"))
    status, out, _ = said("grade", "tiny", "--course", course)
    assert status == 1
    assert "The grader failed; see" in out


def _one_sentence(result, *words):
    status, out, err = result
    assert (status, out) == (2, "")
    assert err.startswith("rnnref: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_an_unknown_problem_set(course, said):
    _one_sentence(said("grade", "ps9", "--course", course), "'ps9'", "known ones: tiny")


def test_a_missing_folder(tmp_path, said):
    _one_sentence(said("grade", "tiny", "--course", tmp_path / "nowhere"), "no such folder")


def test_a_folder_that_is_no_course(tmp_path, said):
    _one_sentence(said("grade", "tiny", "--course", tmp_path), "nbgrader_config.py")


def test_no_submissions(course, said):
    _one_sentence(said("grade", "tiny", "--course", course), "No submissions of tiny")


def test_an_unknown_student(course, submit, answered, said):
    submit("ada", answered())
    result = said("grade", "tiny", "--course", course, "--student", "eve")
    _one_sentence(result, "No submission of tiny by eve")


def test_a_new_seed_for_one_student_only(course, said):
    result = said("grade", "tiny", "--course", course, "--student", "ada", "--seed")
    _one_sentence(result, "whole class")


def test_no_sandbox(course, submit, answered, said, monkeypatch):
    submit("ada", answered())

    def unavailable(root, isolation):
        raise SandboxUnavailable("No namespaces here: do this and that.")

    monkeypatch.setattr(runner, "open_sandbox", unavailable)
    _one_sentence(said("grade", "tiny", "--course", course), "do this and that")


def test_a_gradebook_that_cannot_be_opened(course, submit, answered, said, stood_in):
    submit("ada", answered())
    (course / "grading/gradebook.db").write_bytes(b"this is no database, " * 100)
    _one_sentence(said("grade", "tiny", "--course", course), "gradebook", "backups")
    assert list((course / "grading/backups").iterdir()) == []


def test_a_gradebook_of_another_version(course, submit, answered, said, stood_in):
    submit("ada", answered())
    connection = sqlite3.connect(course / "grading/gradebook.db")
    connection.execute("alter table notebook drop column kernelspec")
    connection.close()
    _one_sentence(said("grade", "tiny", "--course", course), "nbgrader db upgrade")


def test_a_configuration_that_cannot_be_read(course, said):
    (course / "nbgrader_config.py").write_text("c = 1 / 0")
    _one_sentence(said("grade", "tiny", "--course", course), "ZeroDivisionError")


def test_a_disk_that_refuses(course, submit, answered, said, stood_in, monkeypatch):
    submit("ada", answered())

    def full(*_, **__):
        raise OSError(28, "No space left on device", "grading/seed-tiny")

    monkeypatch.setattr(runner, "class_seed", full)
    _one_sentence(said("grade", "tiny", "--course", course), "seed-tiny: No space left")


def test_an_older_python(said, monkeypatch):
    monkeypatch.setattr(app.sys, "version_info", (3, 9, 1))
    _one_sentence(said("grade", "tiny"), "Python 3.11 or newer; this is Python 3.9.1")


def test_ctrl_c(course, submit, answered, said, monkeypatch):
    submit("ada", answered())

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "open_sandbox", interrupted)
    _one_sentence(said("grade", "tiny", "--course", course), "Stopped")


@pytest.mark.parametrize("arguments", [[], ["grade"], ["mark"], ["grade", "x", "--isolation", "a"]])
def test_wrong_arguments_show_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: rnnref" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["grade", "--help"], ["doctor", "--help"]])
def test_help(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    assert "usage: rnnref" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"rnnref {__version__}\n"


def test_help_loads_no_grader():
    code = (
        "import sys; from rnnref.grader.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m in ('numpy', 'nbgrader', 'nbformat')))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[-1] == "[]"
