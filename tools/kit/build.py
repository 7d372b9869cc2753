"""What goes into a kit: the released notebook, the checks as numbers, and no answer."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
import zipfile
from pathlib import Path

from rnnref.checks import VISIBLE_SEED, sheets
from rnnref.engine import stored

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# What a notebook may import, and what its checks are made of: neither knows an answer.
ROOMS = "course", "engine"
NEEDS = "ipython", "matplotlib", "numpy"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same zip from the same sources

_PACKAGE = '''"""The part of the course's package that a problem set needs; no answers are in it."""

__version__ = "{version}"
'''
_METADATA = "Metadata-Version: 2.1\nName: rnnref-kit\nVersion: {version}\n"
_ENTRY_POINTS = "[rnnref.checks]\nstored = rnnref.engine.stored:open_checks\n"


def write_kit(problem_set: str, folder: Path) -> Path:
    """Write a problem set's kit.

    Parameters
    ----------
    problem_set : str
        Its name, such as ``"ps1_recurrence"``.
    folder : Path
        Where to put the zip; made if it is not there.

    Returns
    -------
    Path
        The zip.

    Raises
    ------
    FileNotFoundError
        If the set has no released notebook.
    """
    files = kit_files(problem_set)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{problem_set}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{problem_set}/{name}", LONG_AGO)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return path


def kit_files(problem_set: str) -> dict[str, bytes]:
    """Return the content of every file of a kit, by its path in the kit's folder."""
    notebook = ROOT / "assignments" / problem_set / f"{problem_set}.ipynb"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = {
        "start.py": (HERE / "start.py").read_text(encoding="utf-8"),
        "READ_ME_FIRST.txt": (HERE / "READ_ME_FIRST.txt")
        .read_text(encoding="utf-8")
        .format(title=_title(notebook), name=problem_set),
        "requirements.txt": "".join(f"{line}\n" for line in _requirements(project)),
        "rnnref/__init__.py": _PACKAGE.format(**project),
        f"rnnref_kit-{project['version']}.dist-info/METADATA": _METADATA.format(**project),
        f"rnnref_kit-{project['version']}.dist-info/entry_points.txt": _ENTRY_POINTS,
    }
    files = {name: content.encode() for name, content in text.items()}
    files[notebook.name] = notebook.read_bytes()
    files[stored.file_name(problem_set)] = _checks(problem_set)
    for path in (p for room in ROOMS for p in (ROOT / "rnnref" / room).rglob("*.py")):
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return files


def _title(notebook: Path) -> str:
    """The notebook's first heading."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")


def _requirements(project: dict) -> list[str]:
    """The course's own bounds, of those packages alone that a student's notebook imports."""
    wanted = [d for d in project["dependencies"] if re.match(r"[\w-]+", d)[0] in NEEDS]
    return [*wanted, *project["optional-dependencies"]["lab"]]


def _checks(problem_set: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / stored.file_name(problem_set)
        stored.save(path, sheets(problem_set, VISIBLE_SEED).values())
        return path.read_bytes()
