"""Building: the same bytes every time, and the release that nbgrader makes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.notebooks.__main__ import main
from tools.notebooks.build import NotebookError


def run_nbgrader(*arguments, folder):
    # nbgrader calls alembic by name, from the environment's own programs.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_build_writes_the_notebooks_and_says_which(course, capsys):
    course.release.unlink()
    course.replace(course.lecture_text, "A small lecture", "A short lecture")
    assert main(["build"], course.root) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote lectures/01_small.ipynb",
        "wrote assignments/ps_small/ps_small.ipynb",
        "notebooks written: 2, up to date: 1",
    ]


def test_build_only_what_is_asked(course):
    for path in (course.lecture, course.release):
        path.unlink()
    assert main(["build", "--only", "01_small"], course.root) == 0
    assert course.lecture.exists()
    assert not course.release.exists()


def test_unknown_name_is_refused(course, capsys):
    with pytest.raises(SystemExit):
        main(["build", "--only", "ps9"], course.root)
    assert "got 'ps9'; there are 01_small, ps_small" in capsys.readouterr().err


def test_second_build_writes_nothing(course):
    assert course.build() == []


def test_build_is_byte_identical_from_nothing(course):
    paths = [course.lecture, course.solution, course.release]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    assert course.build() == paths
    assert [path.read_bytes() for path in paths] == before


def test_bytes_are_sorted_and_end_in_a_newline(course):
    for path in (course.lecture, course.solution, course.release):
        text = path.read_text(encoding="utf-8")
        dumped = json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False)
        assert text == dumped + "\n"
        nbformat.validate(nbformat.reads(text, as_version=4))


def test_build_reports_a_broken_text_and_builds_the_others(course, capsys):
    course.lecture.unlink()
    course.replace(course.set_text, 'test="double" points=60', 'test="double"')
    assert main(["build"], course.root) == 1
    assert capsys.readouterr().err == (
        "solutions/ps_small.py: cell 5: points of double must be a whole number above 0, got None\n"
    )
    assert course.lecture.exists()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "    return twice_the_number\n    ### END SOLUTION\n",
            "    return twice_the_number\n",
            "no end solution statement found",
        ),
        (
            "# # Small problem set",
            "# ### BEGIN SOLUTION\n# x\n# ### END SOLUTION",
            "Solution region detected in a non-solution cell",
        ),
    ],
)
def test_regions_that_nbgrader_refuses(course, old, new, sentence):
    course.replace(course.set_text, old, new)
    (problem_set,) = (source for source in course.sources if source.graded)
    with pytest.raises(NotebookError, match=sentence) as error:
        problem_set.build()
    assert str(error.value).startswith("solutions/ps_small.py: nbgrader cannot release it: ")


def test_release_has_stubs_and_visible_checks_only(course):
    release = nbformat.read(course.release, as_version=4)
    sources = {cell.id: cell.source for cell in release.cells}
    assert sources["double"] == (
        'def double(x):\n    """Return twice `x`."""\n'
        "    # YOUR CODE HERE\n    raise NotImplementedError()"
    )
    assert sources["test_double"] == 'check("double", double)'
    assert sources["why_twice"] == "YOUR ANSWER HERE"


@pytest.mark.slow
def test_release_is_what_nbgrader_generates(course):
    ours = nbformat.read(course.release, as_version=4)
    shutil.rmtree(course.root / "assignments")
    (course.root / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        'c.CourseDirectory.source_directory = "solutions"\n'
        'c.CourseDirectory.release_directory = "assignments"\n',
        encoding="utf-8",
    )
    done = run_nbgrader("generate_assignment", "ps_small", folder=course.root)
    assert done.returncode == 0, done.stderr
    stock = nbformat.read(course.release, as_version=4)
    assert [(cell.id, cell.source, cell.metadata) for cell in ours.cells] == [
        (cell.id, cell.source, cell.metadata) for cell in stock.cells
    ]


@pytest.mark.slow
def test_nbgrader_validates_the_solution_and_not_the_release(course):
    solution = run_nbgrader("validate", str(course.solution), folder=course.root)
    assert "Success! Your notebook passes all the tests." in solution.stdout, solution.stderr
    release = run_nbgrader("validate", str(course.release), folder=course.root)
    assert "VALIDATION FAILED ON 3 CELL(S)!" in release.stdout, release.stderr
