"""Imports between the rooms of rnnref go one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rnnref"

ANSWERS = {"nets", "losses", "learning", "analysis", "baselines"}
# What each room may import besides itself. A module beside the rooms counts as a room, and
# `rnnref` is the package's own __init__, which gives the answers on first use.
MAY_IMPORT = {
    "rnnref": set(),
    "shapes": set(),
    "trees": set(),
    "course": set(),
    "engine": {"shapes"},
    **{room: ANSWERS | {"shapes", "trees"} for room in ANSWERS},
    "checks": ANSWERS | {"shapes", "trees", "engine", "course", "rnnref"},
    "grader": ANSWERS | {"shapes", "trees", "engine", "course", "checks", "rnnref"},
}


def room_of(module):
    """Return the room that a dotted module name of ours lies in."""
    return module.split(".")[1] if "." in module else module


def module_name(path):
    """Return the dotted name of a file, and whether it is a package's __init__."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return (".".join(parts[:-1]), True) if parts[-1] == "__init__" else (".".join(parts), False)


def imported_rooms(source, module, is_package):
    """Return the rooms that a module's source imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")
            start = parents[: len(parents) - node.level + is_package] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            # `from rnnref import course` names a room, `from rnnref import one_hot` an answer.
            names |= {f"{base}.{alias.name}" if base == "rnnref" else base for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant):
                names.add(first.value)
    ours = {name for name in names if name.split(".")[0] == "rnnref"}
    rooms = {room_of(name) for name in ours}
    return {room if room in MAY_IMPORT else "rnnref" for room in rooms} - {room_of(module)}


def test_every_room_has_its_rule():
    rooms = {
        path.stem for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("**/*.py"))
    } | {path.stem for path in PACKAGE.glob("*.py")}
    assert rooms - {"__init__"} <= set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_room_imports_only_what_it_may(room):
    for path in sorted(PACKAGE.rglob("*.py")):
        module, is_package = module_name(path)
        if room_of(module) != room:
            continue
        rooms = imported_rooms(path.read_text(encoding="utf-8"), module, is_package)
        assert rooms <= MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {sorted(rooms)}"


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("import numpy", set()),
        ("from .linear_rnn import TABLE", set()),
        ("import rnnref.grader.app", {"grader"}),
        ("from rnnref.nets import rnn", {"nets"}),
        ("from rnnref import engine", {"engine"}),
        ("from rnnref import rnn_forward", {"rnnref"}),
        ("from ...grader import app", {"grader"}),
        ("def late():\n    from ...course.check import checker", {"course"}),
        ("importlib.import_module('rnnref.engine.score')", {"engine"}),
    ],
)
def test_every_form_of_import_is_seen(source, rooms):
    assert imported_rooms(source, "rnnref.checks.ps1_recurrence.probes", False) == rooms


@pytest.mark.parametrize("is_package", [True, False])
def test_relative_import_counts_from_the_package(is_package):
    module = "rnnref.checks" if is_package else "rnnref.checks.tables"
    assert imported_rooms("from ..nets import rnn", module, is_package) == {"nets"}


@pytest.mark.parametrize("module", ["rnnref", "rnnref.course", "rnnref.engine"])
def test_importing_it_loads_no_answer(module):
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("rnnref.")}
    assert rooms <= MAY_IMPORT[room_of(module)] | {room_of(module)}
