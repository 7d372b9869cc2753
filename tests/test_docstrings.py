"""Every public name is documented as numpydoc asks, and its examples run."""

import doctest
import inspect
from importlib import import_module

import pytest
from numpydoc.validate import validate

import rnnref
from rnnref.course import plots, tasks

# The public names of each room, as they are imported; constants have no docstring of their own.
NAMES = [
    f"{room.__name__}.{name}"
    for room in (rnnref, tasks, plots)
    for name in room.__all__
    if inspect.isroutine(getattr(room, name)) or inspect.isclass(getattr(room, name))
]


def named(path):
    """Return the object of a dotted name."""
    room, _, name = path.rpartition(".")
    return getattr(import_module(room), name)


MODULES = sorted({named(name).__module__ for name in NAMES})

# Of numpydoc's rules: the sections and their form, parameters that are those of the signature, in
# its order, with a type; returned values with a type; examples.
RULES = {
    *("GL03", "GL05", "GL06", "GL07", "GL08", "SS01", "SS02", "SS03", "SS06"),
    *("PR01", "PR02", "PR03", "PR04", "PR10", "RT01", "RT02", "EX01"),
}


@pytest.mark.parametrize("name", NAMES)
def test_docstring(name):
    errors = validate(name)["errors"]
    assert [f"{rule} {text}" for rule, text in errors if rule in RULES] == []


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(named(name))])
def test_each_error_that_a_function_may_raise_has_its_line(name):
    assert "Raises\n" in inspect.getdoc(named(name))


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module):
    failed, attempted = doctest.testmod(import_module(module))
    assert attempted > 0
    assert failed == 0
