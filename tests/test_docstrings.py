"""Every public name is documented as numpydoc asks, and its examples run."""

import doctest
import inspect
from importlib import import_module

import pytest
from numpydoc.validate import validate

import rnnref

MODULES = sorted({getattr(rnnref, name).__module__ for name in rnnref.__all__})

# Of numpydoc's rules: the sections and their form, parameters that are those of the signature, in
# its order, with a type; returned values with a type; examples.
RULES = {
    *("GL03", "GL05", "GL06", "GL07", "GL08", "SS01", "SS02", "SS03", "SS06"),
    *("PR01", "PR02", "PR03", "PR04", "PR10", "RT01", "RT02", "EX01"),
}


@pytest.mark.parametrize("name", rnnref.__all__)
def test_docstring(name):
    errors = validate(f"rnnref.{name}")["errors"]
    assert [f"{rule} {text}" for rule, text in errors if rule in RULES] == []


@pytest.mark.parametrize(
    "name", [n for n in rnnref.__all__ if inspect.isfunction(getattr(rnnref, n))]
)
def test_each_error_that_a_function_may_raise_has_its_line(name):
    assert "Raises\n" in inspect.getdoc(getattr(rnnref, name))


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module):
    failed, attempted = doctest.testmod(import_module(module))
    assert attempted > 0
    assert failed == 0
