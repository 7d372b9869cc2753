"""Looks at what this machine has for grading, and says what to do about what is missing."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .sandbox import Sandbox, SandboxUnavailable

_NBGRADER = "0.9.6"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    what : str
        The thing.
    good : bool
        Whether it is as grading needs it.
    text : str
        What was seen, and where it is not good, what to do.
    """

    what: str
    good: bool
    text: str


def probe(course_root: Path | str = ".") -> list[Finding]:
    """Look at everything that grading needs, and run 1 + 1 in a sandbox.

    Parameters
    ----------
    course_root : Path or str
        The course folder.

    Returns
    -------
    list of Finding
    """
    course_root = Path(course_root).absolute()
    looks: list[Callable[[], Finding]] = [
        _python,
        _bubblewrap,
        *([_setpriv] if os.geteuid() == 0 else []),
        lambda: _sandbox(course_root),
        _nbgrader,
        _alembic,
        lambda: _folder(course_root),
    ]
    return [look() for look in looks]


def text(findings: list[Finding]) -> str:
    """The findings as lines for a terminal.

    Parameters
    ----------
    findings : list of Finding
        From `probe`.

    Returns
    -------
    str
    """
    width = max(len(finding.what) for finding in findings)
    return "\n".join(
        f"{'ok     ' if finding.good else 'MISSING'} {finding.what:{width}}  {finding.text}"
        for finding in findings
    )


def main() -> int:
    """Print what was found.

    Returns
    -------
    int
        0 if nothing is missing, else 1: an exit status.
    """
    findings = probe()
    print(text(findings))
    return 0 if all(finding.good for finding in findings) else 1


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11) and sys.platform.startswith("linux")
    advice = "" if good else "; grading needs Python 3.11 or later on Linux"
    return Finding("Python", good, f"{version} on {sys.platform}{advice}")


def _bubblewrap() -> Finding:
    found = shutil.which("bwrap")
    return Finding("bubblewrap", bool(found), found or "apt install bubblewrap")


def _setpriv() -> Finding:
    found = shutil.which("setpriv")
    return Finding("setpriv", bool(found), found or "as root the sandbox needs it: util-linux")


def _sandbox(course_root: Path) -> Finding:
    try:
        with Sandbox(hide=(course_root,)) as sandbox, sandbox.child() as child:
            fonts = "from matplotlib import font_manager as m; len(m.fontManager.ttflist)"
            result, found = child.run_cell("1 + 1"), child.run_cell(fonts)
    except SandboxUnavailable as error:
        return Finding("sandbox", False, str(error))
    shown = [
        output.get("data", {}).get("text/plain") for output in (*result.outputs, *found.outputs)
    ]
    if shown[:1] != ["2"]:
        return Finding("sandbox", False, f"1 + 1 gave {result}")
    return Finding("sandbox", True, f"1 + 1 = 2 inside; {shown[-1]} fonts for figures")


def _nbgrader() -> Finding:
    try:
        version = metadata.version("nbgrader")
    except metadata.PackageNotFoundError:
        return Finding("nbgrader", False, f"pip install nbgrader=={_NBGRADER}")
    good = version == _NBGRADER
    return Finding("nbgrader", good, version if good else f"{version}; {_NBGRADER} is expected")


def _alembic() -> Finding:
    # nbgrader_config.py puts this folder on the PATH, so PATH itself need not have it.
    found = shutil.which("alembic", path=sysconfig.get_path("scripts"))
    return Finding("alembic", bool(found), found or "missing for nbgrader: pip install alembic")


def _folder(course_root: Path) -> Finding:
    folder = course_root / "grading"
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    good = nearest.is_dir() and os.access(nearest, os.W_OK)
    verdict = "can be written" if good else f"make {nearest} writable for yourself"
    return Finding("grading folder", good, f"{folder}: {verdict}")
