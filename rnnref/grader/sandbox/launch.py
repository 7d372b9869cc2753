"""Starts a zygote, in a sandbox of bubblewrap or plainly, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import mounts
from .wire import CONTROL_BYTES, Channel, WireError

_NOBODY = 65534
_USERS = b"student:x:65534:65534:student:/tmp:/bin/sh\n"
_REMEDIES = (
    (
        "setpriv",
        "As root the sandbox needs setpriv, of the package util-linux.",
    ),
    (
        "uid map",
        "Ubuntu 23.10 and later forbid unprivileged user namespaces: as root run `sysctl -w "
        "kernel.apparmor_restrict_unprivileged_userns=0`, or give bwrap an AppArmor profile.",
    ),
    (
        "No module named",
        "A package is missing or not readable for other users: see `rnnref doctor`.",
    ),
    (
        "Permission denied",
        "The user nobody must be able to read Python, its packages and rnnref/course.",
    ),
    (
        "",
        "This machine forbids new namespaces. Start a Docker container with `--privileged`, or "
        "with `--cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt "
        "apparmor=unconfined --security-opt systempaths=unconfined`; elsewhere "
        "as root run `sysctl -w user.max_user_namespaces=10000` (and on Debian "
        "`kernel.unprivileged_userns_clone=1`). For submissions that you trust, `--isolation none` "
        "runs without a sandbox.",
    ),
)


class SandboxUnavailable(RuntimeError):
    """No sandbox can be started on this machine; the text names the remedy."""

    @classmethod
    def because(cls, what: str) -> SandboxUnavailable:
        """With what was seen, and the remedy for it."""
        remedy = next(text for sign, text in _REMEDIES if sign in what)
        return cls(f"the sandbox did not start ({what.strip() or 'no message'}). {remedy}")


class Zygote:
    """A running zygote: ask it for children over `channel`, and close it.

    Parameters
    ----------
    command : sequence of str
        Starts it; ``{control}``, ``{users}`` and ``{info}`` stand for file descriptors.
    environment : mapping
        Its whole environment.
    start_wall : float
        Seconds until it must be ready.

    Raises
    ------
    SandboxUnavailable
        If it does not become ready.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], start_wall: float):
        control, theirs = socket.socketpair()
        self.channel = Channel(control, CONTROL_BYTES)
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as info, _pipe() as users:
            fds = {"control": theirs.fileno(), "users": users, "info": info.fileno()}
            # No --die-with-parent: it fires when the *thread* that started bwrap ends. The zygote
            # ends when its socket closes.
            self._process = subprocess.Popen(
                [part.format(**fds) for part in command],
                env=dict(environment),
                pass_fds=list(fds.values()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
            theirs.close()
            self._first = None
            try:
                self.channel.receive(deadline=time.monotonic() + start_wall)
                info.seek(0)
                self._first = json.loads(info.read() or b"{}").get("child-pid")
            except WireError as error:
                self.close()
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip()[-500:]
                raise SandboxUnavailable.because(said or str(error)) from None
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """End it and everything that it started."""
        self.channel.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            # The first process of the sandbox takes all others with it.
            for pid in filter(None, (self._first, self._process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()


def sandboxed(view: mounts.View, start_wall: float) -> Zygote:
    """Start a zygote within bubblewrap.

    Parameters
    ----------
    view : View
        What it sees.
    start_wall : float
        Seconds until it must be ready.

    Returns
    -------
    Zygote

    Raises
    ------
    SandboxUnavailable
        If this machine does not allow it.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailable("the sandbox needs Linux; elsewhere grade in a virtual machine")
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxUnavailable(
            "bubblewrap is not installed: `apt install bubblewrap` or `dnf install bubblewrap`"
        )
    start = [view.interpreter, "-P", "-m", mounts.ZYGOTE, "{control}", "1"]
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.geteuid() == 0:
        # With --unshare-user root's processes would not be counted, and root's files be readable.
        nobody = ["--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"]
        powers = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        start = ["setpriv", *nobody, *powers, *start]
    else:
        spaces += ["--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY)]
    command = [
        *(bwrap, *spaces, "--hostname", "notebook", "--new-session", "--info-fd", "{info}"),
        *view.options("{users}"),
        *("--chdir", "/tmp", "--"),
        *start,
    ]
    return Zygote(command, view.environment(), start_wall)


def plain(modules: Sequence[str], start_wall: float) -> tuple[Zygote, tempfile.TemporaryDirectory]:
    """Start a zygote without any isolation, for submissions that are trusted.

    Parameters
    ----------
    modules : sequence of str
        As for `mounts.own_files`.
    start_wall : float
        Seconds until it must be ready.

    Returns
    -------
    Zygote
    TemporaryDirectory
        Holds what it imports; to be kept as long as it runs.

    Raises
    ------
    SandboxUnavailable
        If it does not become ready.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailable("running notebooks needs Linux; elsewhere use a virtual machine")
    folder = tempfile.TemporaryDirectory(prefix="rnnref-")
    root, home = Path(folder.name, "packages"), Path(folder.name, "home")
    home.mkdir()
    for inside, here in mounts.own_files(modules).items():
        (root / inside).parent.mkdir(parents=True, exist_ok=True)
        (root / inside).symlink_to(here)
    command = [sys.executable, "-P", "-m", mounts.ZYGOTE, "{control}", "0"]
    return Zygote(command, mounts.environment(root, home), start_wall), folder


@contextlib.contextmanager
def _pipe() -> Iterator[int]:
    """The reading end of a pipe that holds the sandbox's list of users."""
    read, write = os.pipe()
    os.write(write, _USERS)
    os.close(write)
    try:
        yield read
    finally:
        os.close(read)
