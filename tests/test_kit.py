"""A student's kit: checks that work anywhere, and no answer in it."""

import ast
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest

from rnnref.checks import TableJudge, problem_sets, references, sheets, table
from rnnref.engine.exercise import Exercise, source_of
from tools.kit import start
from tools.kit.build import kit_files, write_kit

ROOT = Path(__file__).parents[1]
SET = "ps1_recurrence"
SETS = [pytest.param(name, marks=[pytest.mark.slow] * (name != SET)) for name in problem_sets()]
# What of Python's library Windows does not have.
POSIX_ONLY = (
    "crypt curses fcntl grp nis ossaudiodev posix pty pwd readline resource spwd syslog termios tty"
).split()


@pytest.fixture(scope="module")
def kits(tmp_path_factory):
    """Return a function that unpacks a set's kit once and gives its folder."""
    place, made = tmp_path_factory.mktemp("kits"), {}

    def unpacked(problem_set):
        if problem_set not in made:
            with zipfile.ZipFile(write_kit(problem_set, place)) as archive:
                archive.extractall(place)
            made[problem_set] = place / problem_set
        return made[problem_set]

    return unpacked


def run(folder, code):
    """Run code as a notebook in the folder would, and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '')\n{code}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("problem_set", SETS)
def test_it_holds_the_released_notebook_and_no_answer(kits, problem_set):
    folder = kits(problem_set)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    rooms = {name.split("/")[1] for name in files if name.startswith("rnnref/")}
    assert rooms == {"__init__.py", "course", "engine"}
    released = ROOT / "assignments" / problem_set / f"{problem_set}.ipynb"
    assert (folder / released.name).read_bytes() == released.read_bytes()
    every = b"\n".join((folder / name).read_bytes() for name in files)
    graded = references(problem_set)
    text = every.decode(errors="replace")
    for name, exercise in table(problem_set).items():
        for right in getattr(exercise, "alternatives", ()):
            lines = [line.strip() for line in source_of(right).splitlines()[1:]]
            longest = max(lines, key=len)
            assert len(longest) < 30 or longest not in text, name
    modules = [ast.parse((folder / name).read_text()) for name in files if name.endswith(".py")]
    defined = {n.name for m in modules for n in ast.walk(m) if isinstance(n, ast.FunctionDef)}
    assert not defined & set(graded)


@pytest.mark.parametrize("problem_set", SETS)
def test_a_right_and_a_wrong_answer_get_the_same_report(kits, problem_set):
    exercises = {n: e for n, e in table(problem_set).items() if isinstance(e, Exercise)}
    judge, code, expected = TableJudge(problem_set), ["import numpy as np"], []
    code += ["from rnnref.course import checker", f"check = checker({problem_set!r})"]
    for name, exercise in exercises.items():
        wrong = exercise.mistakes[0].wrong
        for answer in (exercise.alternatives[0], wrong):
            code += [source_of(answer, name), f"check({name!r}, {name})"]
            expected.append(judge.report(name, answer).text())
    assert run(kits(problem_set), "\n".join(code)).splitlines() == "\n".join(expected).splitlines()


@pytest.mark.parametrize("problem_set", SETS)
def test_nothing_is_imported_that_only_posix_has(kits, problem_set):
    """Third-party packages may: they have Windows editions. What is ours may not."""
    code = f"""
import os, signal, pkgutil, importlib
import IPython, matplotlib.pyplot, numpy, numpy.random, tempfile, zipfile, asyncio, subprocess
class Windows:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {POSIX_ONLY}:
            raise ModuleNotFoundError(name)
for name in {POSIX_ONLY}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Windows())
for name in ('fork', 'getuid', 'geteuid', 'setsid', 'killpg', 'mkfifo', 'uname', 'sysconf'):
    delattr(os, name)
for name in ('SIGALRM', 'setitimer', 'alarm', 'pause', 'SIGKILL', 'SIGCHLD'):
    delattr(signal, name)
import rnnref
for module in pkgutil.walk_packages(rnnref.__path__, 'rnnref.'):
    importlib.import_module(module.name)
from rnnref.course import checker
check = checker({problem_set!r})
def unwritten(*args): raise NotImplementedError
for exercise in check._judge.exercises:
    check(exercise, unwritten)
print('through')
"""
    assert run(kits(problem_set), code).endswith("through\n")


@pytest.mark.parametrize("problem_set", SETS)
def test_the_notebook_runs_with_its_stubs(kits, problem_set):
    """All checks answer, and say that nothing is written yet."""
    folder = kits(problem_set)
    notebook = nbformat.read(folder / f"{problem_set}.ipynb", as_version=4)
    cells = [c.source for c in notebook.cells if c.cell_type == "code"]
    functions = [n for n, e in table(problem_set).items() if isinstance(e, Exercise)]
    code = ["import matplotlib; matplotlib.use('Agg')", cells[0]]
    for name in functions:
        code += [c for c in cells if re.search(rf"^(def {name}|check\(.{name}.,)", c, re.MULTILINE)]
    said = run(folder, "\n".join(code))
    for name in functions:
        assert f"{name}: not written yet" in said


def test_the_same_sources_give_the_same_files():
    first = kit_files(SET)
    sheets.cache_clear()
    second = kit_files(SET)
    for files in (first, second):
        checks = f"{SET}.checks.npz"  # a zip in itself, with its own clock
        with np.load(io.BytesIO(files[checks])) as arrays:
            files[checks] = {name: array.tobytes() for name, array in arrays.items()}
    assert first == second


def test_what_is_installed_is_what_start_asks_for():
    needed = kit_files(SET)["requirements.txt"].decode().lower().splitlines()
    assert sorted(re.match(r"[\w-]+", line)[0] for line in needed) == sorted(
        name.lower() for name in start.NEEDED
    )
    assert all(">" in line for line in needed)


def test_an_old_python_is_told_which_it_must_be(kits):
    source = (kits(SET) / "start.py").read_text()
    tree = ast.parse(source, feature_version=(3, 8))  # it must be readable there
    assert isinstance(tree, ast.Module)
    code = "import sys; sys.version_info = (3, 9, 1); import start; start.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=kits(SET), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "This is Python 3.9; the course needs 3.11 or newer" in done.stderr


def test_zip_names_are_plain():
    assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", name) for name in kit_files(SET))
