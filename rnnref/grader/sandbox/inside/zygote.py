"""Loads Python's libraries once and forks a child for every notebook.

Run as ``python -m <package>.grader.inside.zygote FD ISOLATED``, the descriptor being one end of
the socket over which the trusted side asks for children. It never runs a student's code.
"""

from __future__ import annotations

import gc
import io
import os
import random
import signal
import socket
import sys
from collections.abc import Mapping

import numpy as np

from ..wire import CONTROL_BYTES, Channel, WireClosed
from . import kernel, namespaces
from .supervisor import Processes, Supervisor
from .worker import Worker


def main() -> None:
    """Serve until the trusted side closes the socket."""
    descriptor, isolated = int(sys.argv[1]), sys.argv[2] == "1"
    # Whatever else bwrap has left open.
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 1024)
    channel = Channel(socket.socket(fileno=descriptor), CONTROL_BYTES, takes_fds=True)
    _redirect({0: os.open(os.devnull, os.O_RDONLY)})
    shell = _quietly(kernel.start)
    from rnnref.course import check

    # The answers are elsewhere: a check in a student's cell says so and returns None.
    check.use(check.Mute)
    # Children end without being waited for, and objects made so far are not touched by their
    # garbage collectors: their pages stay shared.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    channel.send({"ready": True})
    while True:
        try:
            limits = channel.receive()[0]
        except WireClosed:
            return
        descriptors = channel.fds[:]
        channel.fds.clear()
        if os.fork() == 0:
            channel.forget()
            try:
                _become_child(shell, limits, descriptors, isolated)
            finally:
                os._exit(1)
        for descriptor in descriptors:
            os.close(descriptor)


def _become_child(
    shell: kernel.Shell, limits: Mapping[str, float], descriptors: list[int], isolated: bool
) -> None:
    """Go into namespaces of its own and start the supervisor there."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    wire, control_fd, stdout, stderr = descriptors
    control = Channel(socket.socket(fileno=control_fd), CONTROL_BYTES)
    try:
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        base, shared = namespaces.address_space(), _own_memory()
        if isolated:
            namespaces.enter(int(limits["scratch_bytes"]))
        namespaces.lock(limits, base=base, own_namespace=isolated)
        # Only a child of this process is inside the new process namespace.
        if os.fork():
            os._exit(0)
        if not isolated:
            namespaces.adopt_orphans()
        student = os.fork()
        if student:
            namespaces.hide_memory()
            for descriptor in (wire, stdout, stderr):
                os.close(descriptor)
            Supervisor(control, Processes(proc), student, limits, shared).watch()
            os._exit(0)
    except OSError as error:
        control.send({"failed": str(error)})
        os._exit(1)
    control.forget()
    os.close(proc)
    _become_student(shell, limits, wire, stdout, stderr)


def _become_student(
    shell: kernel.Shell, limits: Mapping[str, float], wire: int, stdout: int, stderr: int
) -> None:
    """Serve the trusted side's requests with a notebook's kernel."""
    # Commands and C libraries write to the descriptors, whatever sys.stdout is.
    _redirect({1: stdout, 2: stderr})
    sys.stdout, sys.stderr = _text(1), _text(2)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    os.chdir(os.environ["HOME"])
    sys.path.insert(0, "")
    # Every student's numbers would else be the zygote's.
    np.random.seed(int.from_bytes(os.urandom(4), "big"))  # noqa: NPY002 - it is theirs to use
    random.seed()
    sizes = int(limits["reply_bytes"]), int(limits["frame_bytes"])
    Worker(Channel(socket.socket(fileno=wire), *sizes, takes_fds=True), shell, sizes).serve()
    os._exit(0)


def _text(descriptor: int) -> io.TextIOWrapper:
    binary = open(descriptor, "wb", closefd=False)  # noqa: SIM115 - open as long as the process
    return io.TextIOWrapper(binary, "utf-8", "backslashreplace", line_buffering=True)


def _redirect(where: Mapping[int, int]) -> None:
    for target, source in where.items():
        os.dup2(source, target)
        os.close(source)


def _quietly(action):
    """Run what prints, its output going nowhere."""
    kept = {fd: os.dup(fd) for fd in (1, 2)}
    _redirect({fd: os.open(os.devnull, os.O_WRONLY) for fd in (1, 2)})
    try:
        return action()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        _redirect(kept)


def _own_memory() -> int:
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return 1024 * int(lines["RssAnon"].split()[0])


if __name__ == "__main__":
    main()
