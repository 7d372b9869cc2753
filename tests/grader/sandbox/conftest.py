"""A sandbox that the tests of this folder share, and children of it."""

from dataclasses import replace

import pytest

from rnnref.grader.sandbox import Sandbox, SandboxUnavailable
from rnnref.grader.sandbox.limits import Limits

# Generous in time, for other work may keep the machine busy; tests of limits set their own.
LIMITS = Limits(
    cell_cpu=20,
    cell_wall=60,
    call_cpu=20,
    call_wall=60,
    total_memory=700 * 2**20,
    flood=100 * 2**20,
)


@pytest.fixture(scope="session")
def sandbox():
    """One zygote for all tests."""
    try:
        with Sandbox(LIMITS) as shared:
            yield shared
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def make_child(sandbox):
    """Make a child with other limits: `make_child(cell_cpu=0.5)`."""
    made = []

    def make(**limits):
        made.append(sandbox.child(replace(LIMITS, **limits)))
        return made[-1]

    yield make
    for child in made:
        child.close()


@pytest.fixture
def child(make_child):
    """A child with the usual limits."""
    return make_child()


@pytest.fixture
def printed():
    """All that a cell printed: `printed(result)`, or to stderr: `printed(result, "stderr")`."""

    def text(result, name="stdout"):
        streams = (o for o in result.outputs if o["output_type"] == "stream")
        return "".join(o["text"] for o in streams if o["name"] == name)

    return text
