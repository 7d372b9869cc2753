"""A sandbox for students' notebooks: one zygote that makes a child for each of them."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from .child import Child
from .keeper import Keeper
from .launch import SandboxUnavailable, Zygote, plain, sandboxed
from .limits import Limits
from .mounts import View
from .wire import CONTROL_BYTES, Channel, WireError


class Sandbox:
    """Runs students' notebooks apart from answers, marks, files, network and each other.

    Use it in a ``with`` statement, from one thread; each notebook is run by a `child` of its own.

    Parameters
    ----------
    limits : Limits, optional
        What each notebook may use.
    modules : sequence of str
        Modules of `rnnref`, besides `rnnref.course`, that students may import: those that answer
        no exercise of the set.
    mounts : mapping
        Further files and folders that are seen read-only: absolute path inside → path here.
    hide : sequence of Path
        Folders and files that must not be seen even where they lie in something that is mounted:
        the course's folder with its gradebook.
    isolation : {"sandbox", "none"}
        "none" runs notebooks as the present user, for submissions that are trusted; `mounts` and
        `hide` have no effect then.

    Attributes
    ----------
    limits : Limits
        As given, or the defaults.

    Raises
    ------
    SandboxUnavailable
        On entering, if this machine does not allow a sandbox; the text names the remedy.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        modules: Sequence[str] = (),
        mounts: Mapping[str, Path] | None = None,
        hide: Sequence[Path] = (),
        isolation: str = "sandbox",
    ):
        if isolation not in ("sandbox", "none"):
            raise ValueError(f"isolation must be 'sandbox' or 'none', got {isolation!r}")
        self.limits = limits or Limits()
        self._modules = tuple(modules)
        self._view = View(self._modules, mounts, hide)
        self._isolated = isolation == "sandbox"
        self._stack = contextlib.ExitStack()
        self._zygote: Zygote | None = None
        self._children: list[Child] = []

    def __enter__(self) -> Sandbox:
        wall = self.limits.start_wall
        if self._isolated:
            self._zygote = sandboxed(self._view, wall)
        else:
            self._zygote, folder = plain(self._modules, wall)
            self._stack.callback(folder.cleanup)
        self._stack.callback(self._zygote.close)
        return self

    def __exit__(self, *_) -> None:
        for child in self._children:
            child.close()
        self._children.clear()
        self._stack.close()

    def child(self, limits: Limits | None = None) -> Child:
        """A fresh process for one notebook.

        Parameters
        ----------
        limits : Limits, optional
            Instead of the sandbox's, for a notebook of which a part has been run before.

        Returns
        -------
        Child

        Raises
        ------
        SandboxUnavailable
            If this machine does not allow the child's namespaces.
        """
        if self._zygote is None:
            raise RuntimeError("enter the sandbox with `with` before asking for a child")
        limits = limits or self.limits
        (wire, their_wire), (control, their_control) = socket.socketpair(), socket.socketpair()
        (stdout, their_stdout), (stderr, their_stderr) = os.pipe(), os.pipe()
        theirs = [their_wire.detach(), their_control.detach(), their_stdout, their_stderr]
        keeper = Keeper(Channel(control, CONTROL_BYTES), stdout, stderr, limits)
        child = Child.first(wire, keeper, limits)
        deadline = time.monotonic() + limits.start_wall
        try:
            self._zygote.channel.send(asdict(limits), fds=theirs, deadline=deadline)
            failed = None
        except WireError as error:
            failed = f"the zygote is gone: {error}"
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        failed = failed or keeper.wait_until_started(deadline)
        if failed:
            child.close()
            raise SandboxUnavailable.because(failed)
        self._children = [other for other in self._children if other.ended is None]
        self._children.append(child)
        return child
