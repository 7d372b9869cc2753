"""What the project says of its own set-up is true: pins, environments, targets, messages."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# What `make` puts into .venv, and what environment.yml gives by conda.
INSTALLED_EXTRAS = ("lab", "grader", "dev")
ANSWERS = ("nets", "losses", "learning", "analysis", "baselines")


def requirements(*extras):
    """Return what the package and these extras of it ask for."""
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [Requirement(text) for text in texts]


def pins():
    """Return the requirements of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pins_for(python):
    """Return name → version of the pins that hold for this Python on Linux."""
    here = {
        **default_environment(),
        "sys_platform": "linux",
        "os_name": "posix",
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    found = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate(here)]
    names = [canonicalize_name(pin.name) for pin in found]
    assert len(names) == len(set(names)), "a package is pinned twice"
    return {name: str(pin.specifier)[2:] for name, pin in zip(names, found, strict=True)}


def test_constraints_are_exact_versions_from_no_particular_place():
    for pin in pins():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), str(pin)
        assert not pin.extras, str(pin)
        assert pin.url is None, str(pin)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_extra_has_its_pins(python):
    pinned = pins_for(python)
    for requirement in requirements(*EXTRAS):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not pinned"
        assert version in requirement.specifier, f"{requirement} is pinned to {version}"


def test_what_the_dependencies_depend_on_is_pinned_too():
    pinned = pins_for(f"{sys.version_info.major}.{sys.version_info.minor}")
    direct = requirements(*INSTALLED_EXTRAS)
    waiting = [(req.name, extra) for req in direct for extra in ("", *req.extras)]
    seen = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        assert canonicalize_name(name) in pinned, f"{name} is not pinned"
        for text in metadata.requires(name) or ():
            below = Requirement(text)
            if below.marker is None or below.marker.evaluate({"extra": extra}):
                waiting += [(below.name, extra) for extra in ("", *below.extras)]
    assert len(seen) > 2 * len(direct), "the walk stopped early"


def test_conda_environment_agrees_with_pyproject():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    assert pip == [f"-e .[{','.join(INSTALLED_EXTRAS)}]"]
    conda = {re.sub(r"(?<![<>=])=(?!=)", "==", entry) for entry in listed if isinstance(entry, str)}
    expected = {f"{req.name}{req.specifier}" for req in requirements(*INSTALLED_EXTRAS)}
    assert conda == expected | {"pip", f"python{PROJECT['requires-python']}"}


def test_conda_environment_says_what_uses_each_package():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    packages = text.split("dependencies:")[1].split("- pip:")[0]
    entries = [line for line in packages.splitlines() if line.startswith("  - ")]
    assert [line for line in entries if not re.search("  # [a-z]", line)] == []


# Where a library's module has another name than the library.
MODULES = {"pyyaml": "yaml", "ipython": "IPython"}


def third_party(folder):
    """Return the top-level modules that a folder's files import, but for the standard library."""
    names = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        *((f"rnnref/{room}", ()) for room in ("course", "engine", "checks", *ANSWERS)),
        ("rnnref/grader", ("grader",)),
        ("tools", INSTALLED_EXTRAS),
        ("examples", INSTALLED_EXTRAS),
        ("tests", (*INSTALLED_EXTRAS, "oracle")),
        ("bench", (*INSTALLED_EXTRAS, "oracle")),
    ],
)
def test_every_import_is_declared(folder, extras):
    declared = {MODULES.get(req.name, req.name) for req in requirements(*extras)}
    # The scripts in examples/ import one another by name, and so do their tests.
    scripts = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert third_party(ROOT / folder) <= declared | scripts | {"rnnref", "tools", "bench", "docs"}


def test_help_lists_the_targets():
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    for target in ("demo", "test", "test-all", "lab", "notebooks", "bench", "clean"):
        assert f"make {target}\t" in shown.stdout


@pytest.fixture
def set_up(tmp_path):
    """Return a function that runs the set-up script where only the named programs exist."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("tools/setup.sh", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("cat", "cksum", "dirname", "head", "rm"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))

    def run(part, **programs):
        for name, script in programs.items():
            path = tmp_path / "bin" / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        return subprocess.run(
            [shutil.which("sh"), "tools/setup.sh", part],
            cwd=tmp_path,
            env={"PATH": str(tmp_path / "bin")},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_an_old_python_gets_one_sentence_and_changes_nothing(set_up, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    result = set_up("packages", python3="echo '3.10.13, too old'")
    assert result.returncode != 0
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "Python 3.11 or newer" in result.stderr
    assert "python3 is 3.10.13, too old" in result.stderr
    assert {path.name for path in set(tmp_path.rglob("*")) - set(before)} == {"python3"}


def test_no_python_at_all_gets_the_same_sentence(set_up):
    result = set_up("packages")
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1
    assert "Python 3.11 or newer" in result.stderr


def test_an_ordinary_user_without_bubblewrap_is_told_the_package(set_up):
    result = set_up("sandbox", id="echo 1000")
    assert result.returncode == 0
    assert len(result.stderr.splitlines()) == 1
    assert "bubblewrap" in result.stderr


def test_root_installs_bubblewrap_where_there_is_apt(set_up, tmp_path):
    apt = 'echo "$*" >>asked'
    result = set_up("sandbox", **{"id": "echo 0", "setpriv": "", "apt-get": apt})
    assert result.returncode == 0
    assert result.stderr == ""
    assert (tmp_path / "asked").read_text() == "install -y bubblewrap\n"


def test_with_bubblewrap_nothing_is_said(set_up):
    result = set_up("sandbox", id="echo 1000", bwrap="")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


# Names that belong to one machine, or to the making of the project, not to the project.
FOREIGN = [r"/work/", r"/root/\.", r"/opt/(pypi|wheels)", r"\bpypi\.org", r"pythonhosted\.org"]
FOREIGN += [r"\bissue #?\d", r"\b(this|last|next|previous) session\b", r"\b(AI|coding) agent"]


def test_no_file_names_the_machine_or_the_making():
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip(f"git lists no files: {listing.stderr.strip()}")
    pattern = re.compile("|".join(FOREIGN))
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path == Path(__file__) or not path.is_file():
            continue
        found = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{name} says {found.group()!r}"
