"""A small problem set, its course folder, and submissions of it."""

import copy
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rnnref.engine.report import Mark, Report
from rnnref.grader.course_folder import open_course
from rnnref.grader.gradebook import ClassGradebook
from rnnref.grader.intake.sanitize import sanitize
from rnnref.grader.intake.source import read_source
from rnnref.grader.record import ExerciseResult, Record

TINY = "tiny"
# The grader's own tests ask for no figures and no numbers: two functions and a question will do.
CONFIG = """
from pathlib import Path

c = get_config()
grading = Path(__file__).resolve().parent / "grading"
grading.mkdir(exist_ok=True)
c.CourseDirectory.course_id = "tiny-course"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.db_url = f"sqlite:///{grading / 'gradebook.db'}"
"""


def _marked(cell, grade_id, **marks):
    usual = {"grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {"grade_id": grade_id, "schema_version": 3, **usual, **marks}
    cell.id = grade_id
    return cell


def _code(text):
    return new_code_cell(textwrap.dedent(text).strip())


def _exercise(name, factor, points):
    solution = _code(
        f'''
        def {name}(x):
            """{factor} times x."""
            ### BEGIN SOLUTION
            return {factor} * x
            ### END SOLUTION
        '''
    )
    test = _code(
        f"""
        check("{name}", {name})
        ### BEGIN HIDDEN TESTS
        check.hidden("{name}", {name})
        ### END HIDDEN TESTS
        """
    )
    return [
        new_markdown_cell(f"## {name}", id=f"text-{name}"),
        _marked(solution, name, solution=True),
        _marked(test, f"test_{name}", grade=True, locked=True, points=points),
    ]


def make_instructors():
    """The instructor's notebook."""
    question = new_markdown_cell(
        "Why?\n\n### BEGIN SOLUTION\nBecause the model answer says so.\n### END SOLUTION"
    )
    return new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3",
                                 "language": "python"}},
        cells=[
            new_markdown_cell("# Tiny", id="text-title"),
            _marked(_code('check = checker("tiny")'), "setup", locked=True),
            *_exercise("double", 2, 4),
            *_exercise("triple", 3, 6),
            new_code_cell("plot(double)", id="figure"),
            _marked(question, "why_linear", grade=True, solution=True, points=5),
        ],
    )  # fmt: skip


@pytest.fixture(scope="session")
def source():
    """The problem set as the grader sees it."""
    return read_source(nbformat.writes(make_instructors()).encode(), TINY)


@pytest.fixture
def release(source):
    """What a student gets: no solutions, no hidden tests."""
    notebook = copy.deepcopy(source.notebook)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = source.release.get(grade_id, cell.source)
    return notebook


@pytest.fixture
def by_id():
    """Look a cell up by its grade id."""

    def find(notebook, grade_id):
        (cell,) = (
            c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
        )
        return cell

    return find


@pytest.fixture
def answered(release, by_id):
    """Fill a released notebook in: `answered(double="...", why_linear="...")`."""

    def fill(**answers):
        notebook = copy.deepcopy(release)
        for grade_id, text in answers.items():
            by_id(notebook, grade_id).source = text
        return notebook

    return fill


def _make_course(root):
    folder = root / "solutions" / TINY
    folder.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    nbformat.write(make_instructors(), folder / f"{TINY}.ipynb")
    return root


@pytest.fixture
def new_course(tmp_path):
    """A course folder with the small problem set, no submissions and no gradebook yet."""
    return _make_course(tmp_path / "course")


@pytest.fixture(scope="session")
def first_gradebook(tmp_path_factory, source):
    """A gradebook with the problem set and nobody in it: made once, it takes seconds."""
    root = _make_course(tmp_path_factory.mktemp("first") / "course")
    ClassGradebook(open_course(root), source).close()
    return (root / "grading/gradebook.db").read_bytes()


@pytest.fixture
def course(new_course, first_gradebook):
    """A course folder with its gradebook."""
    grading = new_course / "grading"
    grading.mkdir()
    (grading / "gradebook.db").write_bytes(first_gradebook)
    return new_course


@pytest.fixture
def submit(course):
    """Hand something in: a notebook, or bytes, under a file name."""

    def hand_in(student, content, name=f"{TINY}.ipynb"):
        folder = Path(course, "grading", "submitted", student, TINY)
        folder.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else nbformat.writes(content).encode()
        (folder / name).write_bytes(data)
        return folder

    return hand_in


STATES = {  # what a solution cell says → share of the points, state, mistake
    "HALF": (0.5, "special case", None),
    "WRONG": (0.0, "wrong", "doubled twice"),
    "PERSON": (0.0, "needs a person", None),
    "NotImplementedError": (0.0, "blank", None),
}


def stand_in_execute(notebook, source, *, sandbox, seed, limits=None):
    """Mark by a word in the answer, without running anything; "CRASH" fails as the grader might."""
    clean, notes = sanitize(nbformat.reads(notebook.decode(), as_version=4), source)
    cells = {c.metadata.nbgrader.grade_id: c for c in clean.cells if "nbgrader" in c.metadata}
    results = []
    for exercise in source.exercises:
        text = cells[exercise.name].source
        if "CRASH" in text:
            raise RuntimeError("the grader stumbled")
        word = next((word for word in STATES if word in text), None)
        share, state, mistake = STATES.get(word, (1.0, "right", None))
        report = Report(exercise.name, share * exercise.points, exercise.points, state,
                        f"It is {state} & <so>.", mistake)  # fmt: skip
        results.append(ExerciseResult.of(report))
        cells[exercise.grade_id].outputs = [
            new_output("error", ename="GraderError", evalue="x")
            if state == "needs a person"
            else new_output("execute_result", Mark(report)._repr_mimebundle_(), execution_count=1)
        ]
    state = "needs a person" if any(r.state == "needs a person" for r in results) else "graded"
    record = Record(source.problem_set, state, tuple(results), notes, 0.1)
    return nbformat.writes(clean).encode(), record


@pytest.fixture
def executed(source):
    """Grade a notebook with the stand-in: `notebook, record`."""

    def run(notebook):
        data = nbformat.writes(notebook).encode()
        data, record = stand_in_execute(data, source, sandbox=None, seed=0)
        return nbformat.reads(data.decode(), as_version=4), record

    return run


@pytest.fixture
def stand_in():
    """The stand-in for `execute`."""
    return stand_in_execute
