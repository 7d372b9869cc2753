"""Lectures that were executed before, kept as long as nothing that they show can have changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .build import Source, to_bytes

# What a lecture may import; the checks and the grader are not among it.
_ROOMS = "nets", "losses", "learning", "analysis", "baselines", "course"
_IMPORTED = ("rnnref/*.py", *(f"rnnref/{room}/**/*.py" for room in _ROOMS), "constraints.txt")
# What the map of the course reads besides.
_MAPPED = "lectures/*.*", "assignments/*/*.ipynb", "rnnref/checks/*/*.py"


def find(source: Source) -> NotebookNode | None:
    """Return the notebook with its outputs, or None if it must be executed (again)."""
    path = _path(source)
    return nbformat.read(path, as_version=4) if path.is_file() else None


def keep(source: Source, notebook: NotebookNode) -> None:
    """Keep an executed notebook, in place of older ones of the same text."""
    path = _path(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{source.name}-*.ipynb"):
        old.unlink(missing_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_bytes(to_bytes(notebook))
    new.replace(path)


def _path(source: Source) -> Path:
    key = _key(source.root, to_bytes(source.read()))
    return source.root / "build" / "executed" / f"{source.name}-{key}.ipynb"


def _key(root: Path, notebook: bytes) -> str:
    """What changes whenever the outputs may: a digest of the notebook and of what it reads."""
    read = [path for pattern in _IMPORTED for path in root.glob(pattern)]
    results = root.glob("experiments/results/*")
    read += [path for path in results if path.stem.encode() in notebook]
    if b"rows.toml" in notebook:
        read += [path for pattern in _MAPPED for path in root.glob(pattern)]
    digest = hashlib.sha256(notebook)
    for path in sorted(read):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
