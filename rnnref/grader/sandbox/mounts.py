"""What a sandbox sees: the system, Python, packages and `rnnref.course`, all read-only.

Everything lies at fixed paths, wherever it lies on this machine: an interpreter below /root or
/tmp would else be hidden or tell where things are.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_PYTHON = Path("/python")
_OURS = Path("/ours")
ZYGOTE = "sandboxed.grader.sandbox.inside.zygote"
# Relative imports work under any name; `rnnref` itself is the stand-in's.
_OWN_FILES = {
    "sandboxed/engine/codec.py": "engine/codec.py",
    "sandboxed/engine/shared.py": "engine/shared.py",
    "sandboxed/grader/sandbox/wire.py": "grader/sandbox/wire.py",
    "sandboxed/grader/sandbox/values.py": "grader/sandbox/values.py",
    "sandboxed/grader/sandbox/inside": "grader/sandbox/inside",
    "rnnref/__init__.py": "grader/sandbox/inside/standin.py",
    "rnnref/course": "course",
}
# Installed packages that hold answers or open the gradebook.
_SECRET_PACKAGES = ("rnnref", "nbgrader")
_ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("alternatives", "fonts", "ld.so.cache", "localtime")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MPLCONFIGDIR": "/tmp/.matplotlib",
    "IPYTHONDIR": "/tmp/.ipython",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # One thread each: address space is limited, and results do not depend on the machine's cores.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # The order of sets of strings is the same in every run.
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
}


def own_files(modules: Sequence[str] = ()) -> dict[str, Path]:
    """The project's files that a zygote needs and students may import.

    Parameters
    ----------
    modules : sequence of str
        Further modules of `rnnref` that answer no exercise of the set, with their full names.

    Returns
    -------
    dict
        Path below the folder that stands on the import path → file or folder here.

    Raises
    ------
    ValueError
        If there is no such module.
    """
    files = {inside: _PACKAGE / here for inside, here in _OWN_FILES.items()}
    for module in modules:
        inside = Path(*module.split(".")).with_suffix(".py")
        here = _PACKAGE.parent / inside
        if inside.parts[0] != "rnnref" or not here.is_file():
            raise ValueError(f"modules: expected modules of rnnref, got {module!r}")
        files[str(inside)] = here
    return files


def environment(root: Path, home: Path) -> dict[str, str]:
    """The whole environment of a zygote that runs without a sandbox.

    Parameters
    ----------
    root : Path
        Where `own_files` lie.
    home : Path
        The folder to work in.

    Returns
    -------
    dict
    """
    return _ENVIRONMENT | {
        "HOME": str(home),
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "PYTHONPATH": os.pathsep.join((str(root), *map(str, _site_folders()))),
    }


class View:
    """The file system inside a sandbox, as options of bwrap.

    Parameters
    ----------
    modules : sequence of str
        As for `own_files`.
    mounts : mapping
        Further files and folders: absolute path inside → path here.
    hide : sequence of Path
        Folders and files that must not be seen even where they lie in something that is mounted:
        the course's folder, the gradebook.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        mounts: Mapping[str, Path] | None = None,
        hide: Sequence[Path] = (),
    ):
        self._sites = _site_folders()
        self._python = Path(sys.base_prefix).resolve()
        self._inside = dict(self._mounted(modules, mounts or {}))
        secrets = [site / name for site in self._sites for name in _SECRET_PACKAGES]
        base_site = Path(sysconfig.get_path("purelib", vars={"base": str(self._python)}))
        if base_site.resolve() not in self._sites:
            # A virtual environment does not see the packages of its base.
            secrets.append(base_site)
        self._hidden = [Path(path).resolve() for path in (_PACKAGE, *secrets, *hide)]

    @property
    def interpreter(self) -> str:
        """Python's path inside."""
        here = Path(os.path.realpath(sys.executable))
        if not self._binds_python():
            return str(here)
        return str(_PYTHON / here.relative_to(self._python))

    def environment(self) -> dict[str, str]:
        """The whole environment inside."""
        found = _ENVIRONMENT | {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join((str(_OURS), *map(self._site, range(len(self._sites))))),
        }
        if self._binds_python():
            found["PATH"] = f"{_PYTHON}/bin:" + found["PATH"]
            # Where its own shared library is, for a Python that was built to find it by its path.
            found["LD_LIBRARY_PATH"] = f"{_PYTHON}/lib"
        return found

    def options(self, users: str) -> list[str]:
        """The options, `users` being a descriptor from which /etc/passwd is read."""
        options = ["--dir", "/etc"]
        for name in _ROOT_FOLDERS:
            folder = Path("/", name)
            if folder.is_symlink():
                options += ["--symlink", os.readlink(folder), str(folder)]
            elif folder.is_dir():
                options += ["--ro-bind", str(folder), str(folder)]
        for name in _ETC:
            options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        options += ["--perms", "0444", "--ro-bind-data", users, "/etc/passwd"]
        options += ["--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/dev"]
        options += ["--dir", "/dev/shm"]
        for name in _DEVICES:
            options += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
        # Folders that bwrap makes by itself are closed to other users.
        for folder in sorted({str(p) for inside in self._inside for p in Path(inside).parents}):
            options += ["--dir", folder]
        for inside, here in self._inside.items():
            options += ["--ro-bind", str(here), inside]
        for cover, is_folder in self._covers():
            options += ["--tmpfs", cover] if is_folder else ["--ro-bind", "/dev/null", cover]
        # Nothing is writable that one child could leave for another.
        return [*options, "--remount-ro", "/dev", "--remount-ro", "/"]

    def _mounted(self, modules: Sequence[str], mounts: Mapping[str, Path]) -> Iterator:
        yield "/usr", Path("/usr")
        if self._binds_python():
            yield str(_PYTHON), self._python
        for number, site in enumerate(self._sites):
            yield self._site(number), site
        for inside, here in own_files(modules).items():
            yield str(_OURS / inside), here
        for inside, here in mounts.items():
            yield inside, Path(here).resolve()

    def _covers(self) -> Iterator[tuple[str, bool]]:
        """Paths inside at which something hidden would be seen, and whether it is a folder."""
        own = {here for inside, here in self._inside.items() if inside.startswith(f"{_OURS}/")}
        for inside, here in self._inside.items():
            for hidden in self._hidden:
                if here not in own and hidden.exists() and hidden.is_relative_to(here):
                    yield str(Path(inside) / hidden.relative_to(here)), hidden.is_dir()

    def _binds_python(self) -> bool:
        return not self._python.is_relative_to("/usr")

    @staticmethod
    def _site(number: int) -> str:
        return f"/packages/{number}"


def _site_folders() -> list[Path]:
    """Where packages are installed, in the order of the import path."""
    folders = (Path(path) for path in sys.path if path)
    found = [p for p in folders if p.name in ("site-packages", "dist-packages") and p.is_dir()]
    return list(dict.fromkeys(p.resolve() for p in found))
