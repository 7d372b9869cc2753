"""nbgrader's own commands with our steps: the same marks as `rnnref grade`, and clean feedback."""

import copy
import html
import os
import re

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.server_extensions.formgrader.handlers import template_path

from rnnref.grader import preprocessors, runner
from rnnref.grader.course_folder import open_course
from rnnref.grader.preprocessors import CleanDisplay, CleanFeedback, set_aside
from rnnref.grader.record import Record
from rnnref.grader.sandbox import SandboxUnavailable

# nbgrader's add_submission under SQLAlchemy 2.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")

STEPS = """
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "rnnref.grader.preprocessors.Restore",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "rnnref.grader.preprocessors.SandboxExecute",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "rnnref.grader.preprocessors.FlagForPerson",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.pre_convert_hook = "rnnref.grader.preprocessors.set_aside"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "rnnref.grader.preprocessors.CleanFeedback",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.preprocessors = ["rnnref.grader.preprocessors.CleanDisplay"]
"""
RIGHT = "def double(x):\n    return x + x"


class NoSandbox:
    """Stands in for the sandbox; counts."""

    opened = 0

    def __enter__(self):
        type(self).opened += 1
        return self

    def __exit__(self, *error):
        pass

    def child(self):
        return self

    def close(self):
        """A child's."""


@pytest.fixture(autouse=True)
def stood_in(monkeypatch, stand_in):
    """A stand-in for what runs students' code, in nbgrader's commands and in ours."""

    class Counted(NoSandbox):
        pass

    for module in (preprocessors, runner):
        monkeypatch.setattr(module, "execute", stand_in)
        monkeypatch.setattr(module, "open_sandbox", lambda *_: Counted())
    preprocessors._discard_sandbox()
    yield Counted
    preprocessors._discard_sandbox()


@pytest.fixture
def stock(course):
    """Run one of nbgrader's converters as its command does; gives the names that failed."""
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + STEPS)

    def run(converter):
        folder = open_course(course)
        folder.assignment_id = "tiny"
        step = converter(coursedir=folder, config=folder.config)
        step.force = True
        try:
            step.start()
        except NbGraderException:
            return False
        return True

    return run


@pytest.fixture
def scores(course):
    """Everybody's marks: student → grade id → (score, waits for a person)."""

    def read():
        with Gradebook(open_course(course).db_url) as gradebook:
            return {
                s.student.id: {
                    g.cell.name: (g.score, g.needs_manual_grade) for g in s.notebooks[0].grades
                }
                for s in gradebook.find_assignment("tiny").submissions
            }

    return read


def _doubled(notebook):
    """With its first test cell copied and pasted."""
    twice = copy.deepcopy(notebook)
    at = [c.metadata.get("nbgrader", {}).get("grade_id") for c in twice.cells].index("test_double")
    twice.cells.insert(at, copy.deepcopy(twice.cells[at]))
    twice.cells[at].id = "pasted"  # as JupyterLab does
    return twice


def _of_another_schema(notebook):
    other = copy.deepcopy(notebook)
    for cell in other.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 99
    return other


def test_the_same_marks_as_ours(course, submit, answered, stock, scores, stood_in):
    submissions = {
        "all right": answered(double=RIGHT, triple="triple = 1", why_linear="Because."),
        "blank": answered(),
        "doubled": _doubled(answered(double=RIGHT)),
        "half": answered(double="HALF", triple="WRONG"),
        "person": answered(double="PERSON", triple="triple = 1"),
        "schema": _of_another_schema(answered(double=RIGHT)),
    }
    for student, notebook in submissions.items():
        submit(student, notebook)
    assert stock(Autograde)
    theirs = scores()
    assert stood_in.opened == 1
    assert theirs["doubled"]["test_double"] == (4.0, False)
    assert theirs["schema"]["test_double"] == (4.0, False)
    assert theirs["half"]["test_double"] == (2.0, False)
    assert theirs["person"]["test_double"] == (0.0, True)
    runner.grade("tiny", course, progress=False)
    assert scores() == theirs
    record = Record.from_json((course / "grading/records/tiny/half.json").read_text())
    assert record.exercises[1].mistake == "doubled twice"


def test_a_broken_submission_does_not_stop_the_others(course, submit, answered, stock, scores):
    submit("ada", b"not JSON")
    pipe = submit("bob", b"") / "tiny.ipynb"
    pipe.unlink()
    os.mkfifo(pipe)
    link = submit("cyd", b"") / "tiny.ipynb"
    link.unlink()
    link.symlink_to(course / "solutions/tiny/tiny.ipynb")
    submit("dan", answered(double="CRASH"))
    submit("eve", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}')
    submit("zoe", answered(double=RIGHT))
    assert not stock(Autograde)
    found = scores()
    assert found["zoe"]["test_double"] == (4.0, False)
    del found["zoe"]
    assert {score for grades in found.values() for score, _ in grades.values()} == {0.0}
    assert (course / "grading/autograded/zoe/tiny/tiny.ipynb").exists()
    for student in ("ada", "cyd", "dan", "eve"):
        assert not (course / f"grading/autograded/{student}/tiny/tiny.ipynb").exists()


def test_without_a_sandbox_nobody_gets_marks(course, submit, answered, stock, scores, monkeypatch):
    def unavailable(*_):
        raise SandboxUnavailable("no namespaces here")

    monkeypatch.setattr(preprocessors, "open_sandbox", unavailable)
    submit("ada", answered(double=RIGHT))
    assert not stock(Autograde)
    assert {score for score, _ in scores()["ada"].values()} == {0.0}


def test_outputs_that_nbgrader_would_read_otherwise_are_an_error(
    course, submit, answered, stock, scores, monkeypatch, stand_in
):
    def without_outputs(*args, **kwargs):
        data, record = stand_in(*args, **kwargs)
        notebook = nbformat.reads(data.decode(), as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []  # nbgrader gives full marks for these
        return nbformat.writes(notebook).encode(), record

    monkeypatch.setattr(preprocessors, "execute", without_outputs)
    submit("ada", answered(double="WRONG"))
    assert not stock(Autograde)
    assert {score for score, _ in scores()["ada"].values()} == {0.0}


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_nbgraders_feedback_is_clean(course, submit, answered, stock):
    notebook = _doubled(answered(double="WRONG", why_linear=f"Because {HOSTILE} $a<b$."))
    notebook.cells.append(nbformat.v4.new_markdown_cell(HOSTILE))
    notebook.cells.append(nbformat.v4.new_raw_cell(HOSTILE))
    submit("ada", notebook)
    assert stock(Autograde)
    assert stock(GenerateFeedback)
    page = (course / "grading/feedback/ada/tiny/tiny.html").read_text()
    assert "check.hidden" not in page
    assert "onerror=alert" not in page.replace("&lt;img src=x onerror=alert(2)&gt;", "")
    assert "<script>alert" not in page
    assert "doubled twice" in page
    assert "was there 2 times; one was kept" in page
    assert "(Score: 0.0 / 15.0)" in page


def test_formgraders_page_is_clean_and_shows_the_hidden_tests(course, submit, answered, stock):
    notebook = answered(double="HALF", why_linear=f"Because {HOSTILE}")
    notebook.cells.append(nbformat.v4.new_raw_cell(HOSTILE + "\n\n" + HOSTILE))
    submit("ada", notebook)
    assert stock(Autograde)
    config = open_course(course).config
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [template_path]
    names = ("base_url", "notebook_path", "submission_id", "student", "first_name", "last_name")
    resources = dict.fromkeys((*names, "assignment_id", "notebook_id"), "x")
    resources |= {"index": 0, "total": 1}
    path = course / "grading/autograded/ada/tiny/tiny.ipynb"
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "BEGIN HIDDEN TESTS" in page
    assert html.unescape(page).count("<script>alert(1)") == 2  # the raw cell, as text


def test_cleaning_twice_is_cleaning_once(answered, executed):
    notebook, _ = executed(answered(double="HALF", why_linear=f"*Because* {HOSTILE} $a<b$"))
    notebook.cells.append(nbformat.v4.new_raw_cell("a\n\n\n<b>"))
    once, _ = CleanDisplay().preprocess(notebook, {})
    texts = [markdown2html_mistune(c.source) for c in once.cells if c.cell_type == "markdown"]
    twice, _ = CleanDisplay().preprocess(copy.deepcopy(once), {})
    again = [markdown2html_mistune(c.source) for c in twice.cells if c.cell_type == "markdown"]
    assert [re.sub(r"</?div>|\s", "", t) for t in again] == [
        re.sub(r"</?div>|\s", "", t) for t in texts
    ]


def test_nbgraders_feedback_after_our_grading_has_the_notes(course, submit, answered, stock):
    submit("ada", _doubled(answered(double="HALF")))
    runner.grade("tiny", course, progress=False)
    assert stock(GenerateFeedback)
    page = (course / "grading/feedback/ada/tiny/tiny.html").read_text()
    assert "was there 2 times; one was kept" in page
    assert "(Score: 2.0 / 15.0)" in page
    assert "check.hidden" not in page


def test_a_failure_costs_the_sandbox(course, submit, answered, stock, stood_in):
    submit("ada", answered(double="CRASH"))
    submit("bob", answered(double=RIGHT))
    assert not stock(Autograde)
    assert stood_in.opened == 2


def _cleaned(*outputs, test=False):
    cell = new_code_cell("1", outputs=list(outputs))
    if test:
        cell.metadata["nbgrader"] = {"grade": True, "solution": False}
    notebook, _ = CleanFeedback().preprocess(nbformat.v4.new_notebook(cells=[cell]), {})
    return notebook.cells[0].outputs


def test_displays_lose_what_could_do_something():
    bundle = {
        "text/html": HOSTILE + "<b>bold</b>",
        "application/javascript": "alert(1)",
        "image/svg+xml": "<svg onload=alert(1)>",
        "text/latex": HOSTILE,
        "image/png": "aGVsbG8=",
        "image/jpeg": '"><script>',
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "text/plain": "plain",
    }
    metadata = {"image/png": {"width": '1" onerror="alert(1)'}}
    (output,) = _cleaned(new_output("display_data", bundle, metadata=metadata))
    assert set(output.data) == {"text/html", "image/png", "text/plain"}
    assert "<b>bold</b>" in output.data["text/html"]
    assert "<img>" in output.data["text/html"]
    assert output.metadata == {}


def test_displayed_markdown_becomes_clean_html():
    (output,) = _cleaned(new_output("display_data", {"text/markdown": f"**x** {HOSTILE}"}))
    assert "<strong>x</strong>" in output.data["text/html"]
    assert "onerror" not in output.data["text/html"]


def test_a_test_cells_traceback_does_not_show_its_lines():
    error = new_output("error", ename="E", evalue="v", traceback=["check.hidden('x', x)"])
    assert _cleaned(copy.deepcopy(error), test=True)[0].traceback == ["E: v"]
    assert _cleaned(error)[0].traceback == ["check.hidden('x', x)"]


SECRET = "the instructor's secret"


def test_nbgrader_hands_out_nothing_but_the_notebook(course, submit, answered, stock, scores):
    (course / "secret.txt").write_text(SECRET)
    folder = submit("ada", answered(double=RIGHT))
    (folder / "data.txt").symlink_to("../../../../secret.txt")
    (folder / "submission_secret.txt").symlink_to(course / "secret.txt")
    (folder / "other.ipynb").symlink_to(course / "secret.txt")
    (folder / ".hidden.ipynb").symlink_to(course / "secret.txt")
    (folder / "[x]").mkdir()
    (folder / "[x]" / "deep.ipynb").symlink_to(course / "secret.txt")
    os.mkfifo(folder / "pipe")
    with (folder / "large.bin").open("wb") as file:
        file.truncate(200_000_000)
    (folder / "timestamp.txt").write_text("2030-02-03 04:05:06 UTC")
    assert stock(Autograde)
    assert stock(GenerateFeedback)
    assert scores()["ada"]["test_double"] == (4.0, False)
    grading = course / "grading"
    assert sorted(os.listdir(grading / "autograded/ada/tiny")) == ["timestamp.txt", "tiny.ipynb"]
    assert sorted(os.listdir(grading / "feedback/ada/tiny")) == ["timestamp.txt", "tiny.html"]
    assert sorted(os.listdir(folder)) == ["timestamp.txt", "tiny.ipynb"]
    (aside,) = (grading / "set_aside/ada").iterdir()
    assert len(list(aside.iterdir())) == 7
    assert (aside / "data.txt").is_symlink()


def test_a_submission_that_is_a_link_is_not_followed(course, submit, answered, stock):
    folder = submit("ada", answered(double=RIGHT))
    folder.rename(course / "elsewhere")
    (course / "elsewhere" / "secret.txt").write_text(SECRET)
    folder.symlink_to(course / "elsewhere")
    assert not stock(Autograde)
    assert not (course / "grading/autograded/ada").exists()
    assert (course / "elsewhere" / "secret.txt").exists()


def test_what_cannot_be_set_aside_stops_nbgrader(course, submit, answered, stock, monkeypatch):
    (submit("ada", answered(double=RIGHT)) / "data.txt").write_text("1")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(preprocessors.shutil, "move", refuse)
    with pytest.raises(SystemExit, match="must not be copied"):
        stock(Autograde)
    assert not (course / "grading/autograded/ada").exists()


@pytest.mark.parametrize("text", [b"yesterday", b"\xff", b"9" * 100, b"x" * 10_000])
def test_a_time_stamp_that_says_no_time_does_no_harm(course, submit, answered, stock, scores, text):
    (submit("ada", answered(double=RIGHT)) / "timestamp.txt").write_bytes(text)
    assert stock(Autograde)
    assert scores()["ada"]["test_double"] == (4.0, False)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_line_end_lets_a_raw_cell_out_of_its_block(end):
    links = "[click](javascript:alert(1))", "![p](http://evil.example/p.png)", "http://x.example"
    cell = nbformat.v4.new_raw_cell(f"A{end}{end}".join(("", *links, "$a$")))
    notebook, _ = CleanDisplay().preprocess(nbformat.v4.new_notebook(cells=[cell]), {})
    page = markdown2html_mistune(notebook.cells[0].source)
    assert "<a" not in page
    assert "<img" not in page
    assert links[0] in html.unescape(page)


def test_only_regular_files_stay_on_nbgraders_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "ada" / "tiny"
    folder.mkdir(parents=True)
    good, link, pipe = (folder / f"{name}.ipynb" for name in "abc")
    good.write_text("")
    link.symlink_to(good)
    os.mkfifo(pipe)
    paths = [str(good), str(link), str(pipe)]
    set_aside(assignment="tiny", student="*", notebooks=paths)
    assert paths == [str(good)]
