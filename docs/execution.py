"""Executes the lectures, each only when something that it shows may have changed."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from tools.notebooks.build import Source, to_bytes

# What a lecture may import; the checks and the grader are not among it.
_ROOMS = "nets", "losses", "learning", "analysis", "baselines", "course"
_IMPORTED = ("rnnref/*.py", *(f"rnnref/{room}/**/*.py" for room in _ROOMS), "constraints.txt")
_AT_ONCE = 2
_STUCK_CELL = 900  # seconds; as in tools.notebooks


def executed(sources: list[Source], cache: Path) -> Iterator[tuple[Source, NotebookNode | str]]:
    """Yield each lecture with its notebook and all outputs, or with the error of a cell.

    Parameters
    ----------
    sources : list of Source
        The lectures.
    cache : Path
        Folder of notebooks that were executed before.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        jobs = [pool.submit(_executed, source, cache) for source in sources]
        for source, job in zip(sources, jobs, strict=True):
            try:
                yield source, job.result()
            except (CellExecutionError, DeadKernelError) as error:
                yield source, f"{source.name}: {str(error).strip().splitlines()[-1]}"


def _executed(source: Source, cache: Path) -> NotebookNode:
    notebook = source.read()
    kept = cache / f"{source.name}-{_key(source.root, to_bytes(notebook))}.ipynb"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    begin = time.perf_counter()
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=_STUCK_CELL,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(source.text.parent)}},
    )
    path = os.pathsep.join(filter(None, [str(source.root), os.environ.get("PYTHONPATH")]))
    # Two kernels share the machine's cores: one thread each is as fast, and repeatable.
    client.execute(env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"})
    for old in cache.glob(f"{source.name}-*.ipynb"):
        old.unlink()
    new = kept.with_suffix(".part")
    new.write_bytes(to_bytes(notebook))
    new.replace(kept)
    print(f"executed {source.name} in {time.perf_counter() - begin:.0f} s", flush=True)
    return notebook


def _key(root: Path, notebook: bytes) -> str:
    """What changes whenever the outputs may: a digest of the notebook and of what it reads."""
    read = [path for pattern in _IMPORTED for path in root.glob(pattern)]
    results = root.glob("experiments/results/*")
    read += [path for path in results if path.stem.encode() in notebook]
    if b"rows.toml" in notebook:  # the map of the course reads all lectures
        read += root.glob("lectures/*.*")
    digest = hashlib.sha256(notebook)
    for path in sorted(read):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
