"""The public names, and what is loaded before one of them is used."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rnnref

ROOT = Path(__file__).parents[1]


def test_names_are_sorted_and_shown():
    assert rnnref.__all__ == sorted(set(rnnref.__all__))
    assert set(rnnref.__all__) <= set(dir(rnnref))


@pytest.mark.parametrize("name", rnnref.__all__)
def test_each_name_is_that_of_its_object(name):
    value = getattr(rnnref, name)
    assert value.__name__ == name
    assert value.__module__.startswith("rnnref.")
    assert getattr(rnnref, name) is value


def test_a_star_import_brings_all():
    names = {}
    exec("from rnnref import *", names)
    assert set(rnnref.__all__) <= set(names)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match=r"^module 'rnnref' has no attribute 'rnn_forwards'$"):
        rnnref.rnn_forwards  # noqa: B018


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert rnnref.__version__ == project["version"]


@pytest.mark.parametrize("module", ["rnnref", "rnnref.course"])
def test_answers_are_not_loaded_before_they_are_used(module):
    code = f"import sys, {module}; dir(rnnref); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = [name for name in done.stdout.split() if name.startswith("rnnref.")]
    assert [name for name in loaded if not f"{name}.".startswith("rnnref.course.")] == []
