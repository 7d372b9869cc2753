"""The process that runs one student's cells and functions, and answers the trusted side."""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import json
import os
import resource
import socket
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from ....engine.codec import CodecError, decode, encode
from ....engine.shared import shared
from ..values import pack, unpack
from ..wire import Channel, FrameTooLarge, WireClosed, WireError
from .kernel import Shell

# Dying processes give their memory back first: a second or two for some gigabytes.
_FORK_TRIES, _FORK_PAUSE = 200, 0.02
_TEXT = 1000
_LINES = 200
_LATE_SHOWS = 100
# So begin the file names that IPython gives to cells.
_CELL = "<ipython-input-"


class Worker:
    """Serves requests until the channel closes.

    Parameters
    ----------
    channel : Channel
        To the trusted side.
    shell : Shell
        Where cells run.
    sizes : tuple of int
        `reply_bytes` and `frame_bytes` as in `Limits`.
    """

    def __init__(self, channel: Channel, shell: Shell, sizes: tuple[int, int]):
        self._channel = channel
        self._shell = shell
        self._sizes = sizes
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._serving = False
        self._late_shows: list[dict] = []
        self._streams = sys.stdout, sys.stderr
        shell.display_pub.send = self._show

    def serve(self) -> None:
        """Answer requests; returns when the trusted side is gone."""
        with contextlib.suppress(WireClosed):
            while True:
                header, buffers = self._channel.receive()
                if header.get("do") == "fork":
                    self._fork()
                    continue
                self._serving = True
                reply, parts = self._answer(header, buffers)
                if os.getpid() != self._process:
                    # A fork made by a cell that came out of that cell: not ours to answer.
                    os._exit(0)
                while self._late_shows:
                    self._show(self._late_shows.pop(0))
                self._flush()
                self._serving = False
                self._send(reply, parts)

    def _answer(self, header: dict, buffers: list) -> tuple[dict, list]:
        match header:
            case {"do": "run", "source": source}:
                return self._run(source), []
            case {"do": "call", "name": name, "errstate": errstate, "values": values}:
                return self._call(name, *unpack(values, buffers, self._callback), errstate)
            case {"do": "get", "name": name}:
                return self._get(name)
            case {"do": "bind", "name": name, "callable": number}:
                self._shell.user_ns[name] = self._callback(number, name)
                return {"bound": True}, []
            case {"do": "names"}:
                return {"names": self._names()}, []
        raise WireError("no such request")

    def _send(self, reply: dict, parts: list) -> None:
        try:
            self._channel.send(reply, parts)
        except FrameTooLarge:
            kept = {key: reply[key] for key in ("cpu", "changed") if key in reply}
            self._channel.send({"refused": f"more than {self._sizes[0]} bytes", **kept})

    # Cells

    def _run(self, source: str) -> dict:
        shell = self._shell
        shell.shown_error = None
        try:
            result = shell.run_cell(source, store_history=True)
            failed, count = not result.success, result.execution_count
        except BaseException as error:
            # Only a shell that the student has changed lets an exception out.
            shell.shown_error = type(error).__name__, "the cell broke the notebook's shell", []
            failed, count = True, None
        error = None
        if failed:
            name, text, lines = shell.shown_error or ("Error", "", [])
            lines = "\n".join(lines).split("\n")[-_LINES:]
            error = [name[:_TEXT], text[:_TEXT], [line[:_TEXT] for line in lines]]
        return {"ran": {"error": error, "count": count}}

    def _names(self) -> list[str]:
        hidden = self._shell.user_ns_hidden
        return [
            name[:_TEXT]
            for name, value in list(self._shell.user_ns.items())
            if type(name) is str
            and not name.startswith("__")
            and not (name in hidden and hidden[name] is value)
        ]

    def _show(self, message: dict) -> None:
        """Send one display and wait until it is taken, so that texts and displays keep order."""
        if os.getpid() != self._process or not self._serving:
            return
        if threading.get_ident() != self._thread:
            if len(self._late_shows) < _LATE_SHOWS:
                self._late_shows.append(message)
            return
        self._flush()
        try:
            self._channel.send(message)
        except FrameTooLarge:
            data = {"text/plain": "[too large to show]"}
            self._channel.send({"show": "display_data", "data": data, "metadata": {}})
        self._channel.receive()

    def _flush(self) -> None:
        for stream in (*self._streams, sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()

    # Functions

    def _call(self, name: str, args: list, kwargs: dict, errstate: str):
        before = {key: _fingerprint(value) for key, value in _named(args, kwargs)}
        function = self._shell.user_ns.get(name)
        start = _cpu()
        try:
            if name not in self._shell.user_ns:
                raise NameError(f"name '{name}' is not defined")
            with np.errstate(over=errstate, invalid=errstate, divide=errstate):
                value = function(*args, **kwargs)
            reply, parts = _result(value)
            if "value" in reply:
                reply["shared"] = shared(value, _named(args, kwargs))
        except BaseException as error:
            reply, parts = {"error": _raised(error, function)}, []
        reply["cpu"] = _cpu() - start
        reply["changed"] = [
            k for k, value in _named(args, kwargs) if _fingerprint(value) != before[k]
        ]
        return reply, parts

    def _get(self, name: str) -> tuple[dict, list]:
        if name not in self._shell.user_ns:
            return {"error": ["NameError", f"name '{name}' is not defined", None]}, []
        return _result(self._shell.user_ns[name])

    def _callback(self, number: int, name: str) -> Callable:
        """A function that is called on the trusted side."""

        def call_back(*args, **kwargs):
            if threading.get_ident() != self._thread or os.getpid() != self._process:
                raise RuntimeError(f"{name} cannot be called from another thread or process")
            values, parts = pack(args, kwargs)
            self._channel.send({"callback": number, "values": values}, parts)
            header, buffers = self._channel.receive()
            if "error" in header:
                kind, text = header["error"]
                raise getattr(builtins, kind)(text)
            return decode(header["value"], buffers)

        call_back.__name__ = call_back.__qualname__ = name
        return call_back

    # Forks

    def _fork(self) -> None:
        """Make a fork that serves another channel from the present state on."""
        (received,) = self._channel.fds
        self._channel.fds.clear()
        # Not 1 or 2, should a cell have closed those.
        descriptor = fcntl.fcntl(received, fcntl.F_DUPFD_CLOEXEC, 3)
        os.close(received)
        self._flush()
        with warnings.catch_warnings():
            # The student's threads stay behind; the trusted side knows and tries a replay.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                pid = _fork()
            except OSError as error:
                os.close(descriptor)
                self._channel.send({"error": str(error)})
                return
        if pid:
            os.close(descriptor)
            self._channel.send({"forked": pid})
            return
        self._channel.forget()
        self._channel = Channel(socket.socket(fileno=descriptor), *self._sizes)
        self._process = os.getpid()
        self._thread = threading.get_ident()


def _fork() -> int:
    """As `os.fork`, waiting for what cells left behind: killed, it counts until it is gone."""
    for _ in range(_FORK_TRIES):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        with contextlib.suppress(BlockingIOError):
            return os.fork()
        time.sleep(_FORK_PAUSE)
    return os.fork()


def _result(value: object) -> tuple[dict, list]:
    try:
        tree, parts = encode(value)
    except CodecError as error:
        return {"refused": str(error)[:_TEXT]}, []
    return {"value": tree}, parts


def _named(args: list, kwargs: dict) -> Iterator[tuple[str, object]]:
    """Positions and names of the arguments that a function can change."""
    for key, value in (*enumerate(args), *kwargs.items()):
        if isinstance(value, np.ndarray | list | tuple | dict):
            yield str(key), value


def _fingerprint(value: object) -> object:
    """What tells whether one bit has changed."""
    try:
        tree, parts = encode(value)
    except CodecError:
        return None
    return json.dumps(tree), [bytes(part) for part in parts]


def _raised(error: BaseException, function: object) -> list:
    """The first builtin class of an exception, its text, and its line in the student's cell."""
    kind = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    try:
        text = str(error)[:_TEXT]
    except BaseException:
        text = ""
    home = getattr(getattr(function, "__code__", None), "co_filename", "")
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    frames = [(file, line) for file, line in frames if file.startswith(_CELL)]
    # Where it came from within the function's own cell; else within any cell.
    lines = [line for file, line in frames if file == home] or [line for _, line in frames]
    return [kind, text, lines[-1] if lines else None]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
