"""What a student's process may ask the trusted side for: to show something, to call a function."""

from __future__ import annotations

import contextlib
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ...engine.codec import Bounds, CodecError, encode
from .keeper import Ended, Stop
from .limits import Limits
from .outputs import CellOutputs
from .replies import nonsense
from .tidy import TEXT
from .values import unpack


class Served:
    """What a process asks for while it works on a request: displays and call-backs.

    Parameters
    ----------
    limits : Limits
        How many.
    callbacks : mapping
        Number → function; this process was given each of them.
    """

    def __init__(self, limits: Limits, callbacks: Mapping[int, Callable]):
        self._limits = limits
        self._callbacks = callbacks
        self._shown = self._called = 0
        # Seconds that call-backs took: they are not the student's time.
        self.took = 0.0

    def show(self, header: dict, outputs: CellOutputs | None) -> tuple[dict, list]:
        """Take a display; what to answer."""
        self._shown += 1
        if self._shown > self._limits.displays:
            raise Stop(Ended("output", f"stopped after {self._limits.displays} displays"))
        if outputs is not None:
            outputs.show(header)
        return {"shown": True}, []

    def call_back(self, header: dict, buffers: list) -> tuple[dict, list]:
        """Call a function with what the student's code passes; what to answer."""
        self._called += 1
        number, limits = header.get("callback"), self._limits
        callback = self._callbacks.get(number) if type(number) is int else None
        try:
            args, kwargs = unpack(
                header.get("values"), buffers, bounds=Bounds(size=limits.callback_bytes)
            )
        except (CodecError, RecursionError):
            raise nonsense() from None
        left = limits.callback_wall - self.took
        if callback is None or self._called > limits.callbacks or left <= 0:
            return {"error": ["RuntimeError", "called back too often or too late"]}, []
        start = time.monotonic()
        try:
            with _alarm(left), _memory(limits.callback_memory):
                value = callback(*args, **kwargs)
            tree, parts = encode(value)
        except Exception as error:
            return {"error": [_builtin(type(error)), str(error)[:TEXT]]}, []
        finally:
            self.took += time.monotonic() - start
        return {"value": tree}, parts


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after a while, in the main thread, where Python allows it.

    A student may call a right function with numbers that it was not made for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_):
        raise TimeoutError("it took too long")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _memory(size: int) -> Iterator[None]:
    """Raise MemoryError where more than `size` bytes are asked for, for the same reason."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    bound = pages * resource.getpagesize() + size
    if before[1] != resource.RLIM_INFINITY:
        bound = min(bound, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (bound, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _builtin(kind: type[BaseException]) -> str:
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")
