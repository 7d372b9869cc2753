"""Marks in nbgrader's gradebook: what nbgrader itself would write, in one transaction."""

import sqlite3
from dataclasses import replace
from datetime import datetime

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy import event

from rnnref.grader import course_folder
from rnnref.grader.course_folder import back_up, open_course
from rnnref.grader.gradebook import ClassGradebook
from rnnref.grader.intake.source import CourseError, find_source, read_source

# nbgrader's add_submission under SQLAlchemy 2.
NBGRADERS_OWN = "ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning"
RIGHT = {"double": "def double(x):\n    return x + x", "triple": "triple = lambda x: 3 * x"}


@pytest.fixture
def opened(course, source):
    """The course's gradebook."""
    with ClassGradebook(open_course(course), source) as gradebook:
        yield gradebook


@pytest.fixture
def stored(course):
    """Everything that the gradebook holds of a student."""

    def read(student, url=None):
        with Gradebook(url or open_course(course).db_url) as gradebook:
            notebook = gradebook.find_submission_notebook("tiny", "tiny", student)
            grades = {
                g.cell.name: (g.auto_score, g.manual_score, g.needs_manual_grade, g.score,
                              g.max_score, g.cell.cell_type)
                for g in notebook.grades
            }  # fmt: skip
            comments = {c.cell.name: (c.auto_comment, c.manual_comment) for c in notebook.comments}
            return grades, comments, notebook.score, notebook.max_score

    return read


@pytest.fixture
def by_hand(course):
    """Give a mark as a person does in the formgrader."""

    def give(student, grade_id, score, comment=None):
        with Gradebook(open_course(course).db_url) as gradebook:
            grade = gradebook.find_grade(grade_id, "tiny", "tiny", student)
            grade.manual_score, grade.needs_manual_grade = score, False
            if comment:
                gradebook.find_comment(grade_id, "tiny", "tiny", student).manual_comment = comment
            gradebook.db.commit()

    return give


SUBMISSIONS = {
    "all right": {**RIGHT, "why_linear": "Because."},
    "question left out": RIGHT,
    "all left out": {},
    "half": {"double": "HALF", "triple": "WRONG", "why_linear": "Because."},
}


@pytest.mark.parametrize("answers", SUBMISSIONS.values(), ids=SUBMISSIONS)
@pytest.mark.filterwarnings(NBGRADERS_OWN)
def test_the_same_as_nbgraders_own(
    opened, stored, answered, executed, tmp_path, first_gradebook, answers
):
    notebook, record = executed(answered(**answers))
    opened.save("ada", record, notebook)
    ours = stored("ada")
    # The same executed notebook through nbgrader's preprocessor, in a gradebook of its own.
    (tmp_path / "theirs.db").write_bytes(first_gradebook)
    url = f"sqlite:///{tmp_path / 'theirs.db'}"
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_student("ada")
        gradebook.update_or_create_submission("tiny", "ada")
    info = {"notebook": "tiny", "assignment": "tiny", "student": "ada", "db_url": url}
    SaveAutoGrades().preprocess(notebook, {"nbgrader": info})
    assert ours == stored("ada", url)


def test_saving_gives_what_the_gradebook_holds(opened, stored, answered, executed):
    notebook, record = executed(answered(**RIGHT, why_linear="Because."))
    marks = opened.save("ada", record, notebook)
    assert list(marks.cells) == ["test_double", "test_triple", "why_linear"]
    assert marks.total == 10.0
    assert marks.cells["why_linear"].waiting
    assert not marks.cells["test_double"].waiting
    assert stored("ada")[2:] == (10.0, 15.0)


def test_a_question_without_an_answer_gets_nothing_and_waits_for_nobody(
    opened, stored, answered, executed
):
    notebook, record = executed(answered(**RIGHT))
    marks = opened.save("ada", record, notebook)
    assert not marks.cells["why_linear"].waiting
    assert stored("ada")[1]["why_linear"] == ("No response.", None)


def test_what_the_grader_could_not_judge_waits_for_a_person(opened, stored, answered, executed):
    notebook, record = executed(answered(double="PERSON", triple=RIGHT["triple"]))
    marks = opened.save("ada", record, notebook)
    assert marks.cells["test_double"].waiting
    assert stored("ada")[0]["test_double"][:3] == (None, None, True)
    assert marks.total == 6.0


def test_an_exercise_that_the_record_leaves_out_waits_for_a_person(
    opened, stored, answered, executed
):
    notebook, record = executed(answered(**RIGHT))
    opened.save("ada", replace(record, exercises=record.exercises[:1]), notebook)
    assert stored("ada")[0]["test_triple"][:3] == (None, None, True)


def test_a_refused_submission_gets_nothing_and_the_reason(opened, stored, answered, executed):
    notebook, record = executed(answered(**RIGHT))
    opened.save("ada", record, notebook)
    refused = replace(record, state="refused", exercises=(), notes=("It is not JSON.",))
    marks = opened.save("ada", refused)
    grades, comments, score, _ = stored("ada")
    assert (marks.total, score) == (0, 0)
    assert {grade[:3] for grade in grades.values()} == {(0.0, None, False)}
    assert {comment for comment, _ in comments.values()} == {"It is not JSON."}


def test_a_persons_mark_and_comment_stay(opened, stored, answered, executed, by_hand):
    notebook, record = executed(answered(double="WRONG", why_linear="Because."))
    opened.save("ada", record, notebook)
    by_hand("ada", "test_double", 3.0)
    by_hand("ada", "why_linear", 4.5, "Well said.")
    marks = opened.save("ada", record, notebook)
    grades, comments, *_ = stored("ada")
    assert grades["test_double"][:4] == (0.0, 3.0, True, 3.0)
    assert comments["why_linear"] == (None, "Well said.")
    assert marks.cells["test_double"].by_person
    assert marks.cells["why_linear"].comment == "Well said."
    assert marks.total == 7.5


@pytest.mark.parametrize("points", [-1.0, 4.5, float("nan"), float("inf")])
def test_impossible_marks_are_an_error_and_nothing_is_saved(
    opened, stored, answered, executed, points
):
    notebook, record = executed(answered(**RIGHT))
    opened.save("ada", record, notebook)
    first = replace(record.exercises[0], points=points)
    with pytest.raises(ValueError, match="between 0 and 4"):
        opened.save("ada", replace(record, exercises=(first,)), notebook)
    assert stored("ada")[0]["test_double"][0] == 4.0


def test_a_submission_is_one_transaction(opened, answered, executed):
    commits = []
    event.listen(opened._gradebook.engine, "commit", commits.append)
    notebook, record = executed(answered(**RIGHT))
    opened.save("ada", record, notebook)
    assert len(commits) == 1


def test_a_failure_half_way_leaves_nothing(opened, answered, executed, course, monkeypatch):
    monkeypatch.setattr(opened, "_penalise", lambda *_: 1 / 0)
    notebook, record = executed(answered(**RIGHT))
    with pytest.raises(ZeroDivisionError):
        opened.save("ada", record, notebook)
    with Gradebook(open_course(course).db_url) as gradebook:
        assert gradebook.students == []


def test_late_submissions_lose_what_the_courses_plugin_says(course, source, answered, executed):
    config = course / "nbgrader_config.py"
    rule = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'
    config.write_text(config.read_text() + rule)
    with ClassGradebook(open_course(course), source) as gradebook:
        with Gradebook(open_course(course).db_url) as theirs:
            theirs.update_or_create_assignment("tiny", duedate="2030-01-01 12:00:00")
        notebook, record = executed(answered(**RIGHT))
        late = gradebook.save("ada", record, notebook, datetime(2030, 1, 1, 13))
        assert (late.penalty, late.total) == (10.0, 0.0)
        early = gradebook.save("bob", record, notebook, datetime(2030, 1, 1, 11))
        assert (early.penalty, early.total) == (0.0, 10.0)


def test_nbgraders_release_folder_is_left_alone(course, opened):
    assert not (course / "assignments").exists()


def test_a_changed_test_cell_reaches_the_gradebook(course, opened, answered, executed, source):
    notebook, record = executed(answered(**RIGHT))
    opened.save("ada", record, notebook)
    path = course / "solutions/tiny/tiny.ipynb"
    path.write_text(path.read_text().replace('"points": 4', '"points": 5'))
    changed = find_source(course, "tiny")
    with ClassGradebook(open_course(course), changed) as gradebook:
        assert gradebook._stored()["test_double"][-1] == 5.0


def test_cells_that_were_taken_away_once_there_are_marks(course, opened, answered, executed):
    notebook, record = executed(answered(**RIGHT))
    opened.save("ada", record, notebook)
    path = course / "solutions/tiny/tiny.ipynb"
    instructors = nbformat.read(path, as_version=4)
    del instructors.cells[-1]
    nbformat.write(instructors, path)
    changed = read_source(path.read_bytes(), "tiny")
    with pytest.raises(CourseError, match="cells cannot be added or taken away"):
        ClassGradebook(open_course(course), changed)


def test_backups_are_copies_and_only_the_last_are_kept(course, opened, monkeypatch):
    monkeypatch.setattr(course_folder, "BACKUPS_KEPT", 2)
    copies = [back_up(open_course(course)) for _ in range(3)]
    assert sorted((course / "grading/backups").iterdir()) == copies[1:]
    connection = sqlite3.connect(copies[-1])
    names = connection.execute("select name from assignment").fetchall()
    connection.close()
    assert names == [("tiny",)]


def test_no_gradebook_yet_no_backup(new_course):
    assert back_up(open_course(new_course)) is None


def test_a_folder_that_is_no_course(tmp_path):
    with pytest.raises(CourseError, match=r"it has no nbgrader_config\.py"):
        open_course(tmp_path)
    with pytest.raises(CourseError, match="there is no such folder"):
        open_course(tmp_path / "missing")
