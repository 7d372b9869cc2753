"""Executing notebooks and grading them, with a kernel where it has to be."""

import json

import pytest

from tools.notebooks import kept, run
from tools.notebooks.__main__ import main
from tools.notebooks.text import NotebookError

LECTURE = "lectures/01_small.py"


@pytest.fixture
def source(course):
    """Return the lecture's source, whose text a test replaces."""
    return course.sources[0]


def write_cells(course, *cells):
    course.lecture_text.write_text("".join(f"# %%\n{cell}\n\n" for cell in cells), encoding="utf-8")


@pytest.mark.slow
def test_image_without_alt_text_and_failing_cell(course, source):
    write_cells(
        course,
        "import matplotlib.pyplot as plt\nfrom IPython.display import display",
        "figure = plt.figure()\n"
        'display(figure, metadata={"image/png": {"alt": "Nothing."}})\nplt.close()',
        "plt.plot([0, 1])",
        'raise ValueError("expected 1,\\ngot 2")',
        "plt.plot([0, 2])",
    )
    outcome = run.execute(source)
    assert outcome.findings == [
        f"{LECTURE}: cell 'cell-4': ValueError: expected 1,",
        f"{LECTURE}: cell 'cell-3': shows an image without alt text",
    ]
    assert outcome.warnings == []
    assert not course.lecture.read_text(encoding="utf-8").count("ValueError")


@pytest.mark.slow
def test_slowness_is_a_warning(course, source, monkeypatch, capsys):
    (course.root / "of_the_root.py").write_text("import time\n", encoding="utf-8")
    write_cells(course, "from of_the_root import time", "time.sleep(0.3)")
    monkeypatch.setattr(run, "SLOW_CELL", 0.3)
    monkeypatch.setattr(run, "SLOW_NOTEBOOK", 0.3)
    assert main(["run", "--only", "01_small"], course.root) == 0
    out = capsys.readouterr().out
    assert f"warning: {LECTURE}: cell 'cell-2': took " in out
    assert f"warning: {LECTURE}: took " in out
    assert "01_small: executed in " in out


@pytest.mark.slow
def test_dead_kernel_is_a_finding(course, source):
    write_cells(course, "import os", "os._exit(1)")
    (finding,) = run.execute(source).findings
    assert finding == f"{LECTURE}: cell 'cell-2': Kernel died"


# What a grader gives for the solution and for the release of the small set.
ALL, NONE = {"double": 60.0, "square": 35.0}, {"double": 0.0, "square": 0.0}


def grader(solution, release, possible=ALL):
    def grade(notebook, problem_set):
        assert problem_set == "ps_small"
        is_release = "NotImplementedError" in str(json.loads(notebook))
        return (release if is_release else solution), possible

    return grade


def test_all_marks_for_the_solution_and_none_for_the_release(course):
    assert run.check_marks(course.sources[1], grader(ALL, NONE)) == []


@pytest.mark.parametrize(
    ("grade", "findings"),
    [
        (
            grader(ALL | {"square": 17.5}, NONE),
            ["square: the solution must get 35 points, got 17.5"],
        ),
        (
            grader(ALL, NONE | {"double": 60.0}),
            ["double: the release must get 0 points, got 60.0"],
        ),
        (
            grader({"double": 60.0}, NONE),
            ["square: the solution must get 35 points, got None"],
        ),
        (
            grader(ALL, NONE, {"double": 60.0}),
            ["graded out of {'double': 60.0}, its test cells say {'double': 60, 'square': 35}"] * 2,
        ),
    ],
)
def test_marks_that_are_not_as_they_must_be(course, grade, findings):
    assert run.check_marks(course.sources[1], grade) == [
        f"solutions/ps_small.py: {finding}" for finding in findings
    ]


class TestKept:
    """A lecture is executed again exactly when what it shows may have changed."""

    @pytest.fixture
    def runs(self, monkeypatch):
        """The names of lectures that were executed."""
        names = []

        def execute(source):
            names.append(source.name)
            notebook = source.read()
            kept.keep(source, notebook)
            return run.Outcome(notebook)

        monkeypatch.setattr(run, "execute", execute)
        return names

    def test_once_is_enough(self, source, runs):
        assert run.executed(source) == run.executed(source)
        assert runs == ["01_small"]

    @pytest.mark.parametrize(
        "path", ["rnnref/nets/rnn.py", "constraints.txt", "experiments/results/small.json"]
    )
    def test_again_when_something_that_it_reads_is_new(self, course, source, runs, path):
        write_cells(course, "# reads small.json")
        run.executed(source)
        (course.root / path).parent.mkdir(parents=True, exist_ok=True)
        (course.root / path).write_text("new", encoding="utf-8")
        run.executed(source)
        assert len(runs) == 2

    def test_again_when_its_text_is_new(self, course, source, runs):
        run.executed(source)
        write_cells(course, "x = 2")
        run.executed(source)
        assert len(runs) == 2
        assert len(list((course.root / "build/executed").iterdir())) == 1

    def test_not_for_a_table_of_checks(self, course, source, runs):
        run.executed(source)
        (course.root / "rnnref/checks/ps1").mkdir(parents=True)
        (course.root / "rnnref/checks/ps1/any.py").write_text("new", encoding="utf-8")
        run.executed(source)
        assert len(runs) == 1

    def test_a_failure_is_told_and_not_kept(self, course, source, monkeypatch):
        failed = run.Outcome(source.read(), findings=["cell 'cell-1': ValueError: no"])
        monkeypatch.setattr(run, "execute", lambda source: failed)
        with pytest.raises(NotebookError, match="ValueError: no"):
            run.executed(source)
        assert kept.find(source) is None
