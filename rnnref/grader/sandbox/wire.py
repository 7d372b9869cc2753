"""Frames over a socket: a JSON header and raw buffers, each size checked before it is believed.

A frame is two 32-bit numbers (bytes of the header, number of buffers), a 64-bit size for each
buffer, the header and the buffers. The other end may be a student's process, so whatever does not
fit is a `WireError`, and one deadline holds for the whole frame however slowly it comes.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence

_PREFIX = struct.Struct("!II")
_MAX_BUFFERS = 4096
_MAX_FDS = 4
_CHUNK = 2**20
# A header becomes Python objects many times its size.
HEADER_BYTES = 8 * 2**20
# Enough for what zygote and supervisor are told: none of it has buffers.
CONTROL_BYTES = 2**10


class WireError(Exception):
    """What came is not a frame, or none came or went."""


class FrameTooLarge(WireError):
    """A frame that would be sent, or is announced, is larger than allowed; it was not begun."""


class WireClosed(WireError):
    """The other end is gone."""


class WireTimeout(WireError):
    """The deadline passed."""


class Channel:
    """One end of a socket pair that carries frames.

    Parameters
    ----------
    sock : socket.socket
        A stream socket; the channel owns it.
    sends : int
        The largest sum of the buffers of a frame that is sent.
    receives : int, optional
        The same of a frame that comes; without it, as `sends`.
    takes_fds : bool
        Whether file descriptors may come with a frame. Never on the trusted side.
    """

    def __init__(
        self,
        sock: socket.socket,
        sends: int,
        receives: int | None = None,
        *,
        takes_fds: bool = False,
    ):
        sock.setblocking(False)
        self._sock = sock
        self._sends = sends
        self._receives = sends if receives is None else receives
        self._takes_fds = takes_fds
        self.fds: list[int] = []

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close both directions, also for processes that hold a copy of the socket."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def hang_up(self, deadline: float) -> None:
        """Say that nothing more comes, wait until the other end is gone, and close."""
        with contextlib.suppress(OSError, WireError):
            self._sock.shutdown(socket.SHUT_WR)
            while self._attempt(lambda: len(self._sock.recv(_CHUNK))) != 0:
                self._ready(select.POLLIN, deadline, None)
        self.close()

    def forget(self) -> None:
        """Close this process's copy of the socket only."""
        self._sock.close()

    def send(
        self,
        header: Mapping,
        buffers: Sequence = (),
        *,
        deadline: float | None = None,
        watch: Mapping[int, Callable[[], None]] | None = None,
        fds: Sequence[int] = (),
    ) -> None:
        """Send one frame.

        Parameters
        ----------
        header : mapping
            Plain JSON.
        buffers : sequence of bytes-like
            Raw bytes.
        deadline : float, optional
            In `time.monotonic` time; None waits for ever.
        watch : mapping, optional
            As for `receive`.
        fds : sequence of int
            File descriptors to pass.

        Raises
        ------
        WireError
            If the frame is too large (`FrameTooLarge`), the other end is gone (`WireClosed`) or
            the deadline passed (`WireTimeout`).
        """
        text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
        sizes = [memoryview(buffer).nbytes for buffer in buffers]
        _check(len(text), sizes, self._sends)
        prefix = _PREFIX.pack(len(text), len(sizes)) + struct.pack(f"!{len(sizes)}Q", *sizes)
        first = memoryview(prefix + text)
        if fds:
            self._ready(select.POLLOUT, deadline, watch)
            sent = self._attempt(lambda: socket.send_fds(self._sock, [first], list(fds)))
            if not sent:
                raise WireError("a frame with file descriptors could not be sent")
            first = first[sent:]
        for part in (first, *buffers):
            self._send_all(memoryview(part).cast("B"), deadline, watch)

    def receive(
        self,
        *,
        deadline: float | None = None,
        watch: Mapping[int, Callable[[], None]] | None = None,
    ) -> tuple[dict, list[bytearray]]:
        """Wait for one frame.

        Parameters
        ----------
        deadline : float, optional
            In `time.monotonic` time; None waits for ever.
        watch : mapping, optional
            File descriptor → what to do when it can be read meanwhile.

        Returns
        -------
        header : dict
        buffers : list of bytearray

        Raises
        ------
        WireError
            If what comes is not a frame (`WireClosed` and `WireTimeout` as for `send`).
        """
        prefix = self._exactly(_PREFIX.size, deadline, watch, first=True)
        length, count = _PREFIX.unpack(prefix)
        if count > _MAX_BUFFERS:
            raise WireError(f"a frame of {count} buffers")
        sizes = struct.unpack(f"!{count}Q", self._exactly(8 * count, deadline, watch))
        _check(length, sizes, self._receives)
        header = _parsed(self._exactly(length, deadline, watch))
        return header, [self._exactly(size, deadline, watch) for size in sizes]

    def _send_all(self, data: memoryview, deadline: float | None, watch: Mapping | None) -> None:
        while data:
            sent = self._attempt(lambda chunk=data[:_CHUNK]: self._sock.send(chunk))
            if sent is None:
                self._ready(select.POLLOUT, deadline, watch)
            else:
                data = data[sent:]

    def _exactly(
        self, size: int, deadline: float | None, watch: Mapping | None, *, first: bool = False
    ) -> bytearray:
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            got = self._attempt(lambda into=rest[:_CHUNK]: self._into(into, first))
            if got is None:
                self._ready(select.POLLIN, deadline, watch)
            elif got == 0:
                raise WireClosed("the other end is gone")
            else:
                rest = rest[got:]
                if deadline is not None and time.monotonic() > deadline:
                    raise WireTimeout("the deadline passed within a frame")
        return data

    def _into(self, into: memoryview, first: bool) -> int:
        if not (first and self._takes_fds):
            return self._sock.recv_into(into)
        space = socket.CMSG_SPACE(_MAX_FDS * array.array("i").itemsize)
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        got, messages, _, _ = self._sock.recvmsg_into([into], space, flags)
        for level, kind, data in messages:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                whole = len(data) - len(data) % array.array("i").itemsize
                self.fds.extend(array.array("i", data[:whole]))
        return got

    @staticmethod
    def _attempt(operation: Callable[[], int]) -> int | None:
        try:
            return operation()
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            raise WireClosed(f"the other end is gone ({os.strerror(error.errno)})") from None

    def _ready(self, event: int, deadline: float | None, watch: Mapping | None) -> None:
        """Wait until the socket is ready, serving what is watched."""
        poll = select.poll()
        poll.register(self._sock, event)
        for fd in watch or ():
            poll.register(fd, select.POLLIN)
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise WireTimeout("the deadline passed")
            ready = dict(poll.poll(left if left is None else 1000 * left + 1))
            for fd in [fd for fd in ready if fd != self._sock.fileno()]:
                # Its handler may stop watching, once the other end is closed.
                if watch[fd]() is False:
                    poll.unregister(fd)
            if self._sock.fileno() in ready:
                return


def _check(length: int, sizes: Sequence[int], bound: int) -> None:
    if length > HEADER_BYTES or len(sizes) > _MAX_BUFFERS or sum(sizes) > bound:
        raise FrameTooLarge(
            f"a frame of {length} + {sum(sizes)} bytes; "
            f"at most {HEADER_BYTES} + {bound} are allowed"
        )


def _parsed(text: bytearray) -> dict:
    try:
        header = json.loads(text, parse_constant=_no_constant)
    # RecursionError: nested a million deep. ValueError: not JSON, or a number of 5000 digits.
    except (ValueError, RecursionError):
        raise WireError("a header that is not JSON") from None
    if type(header) is not dict:
        raise WireError("a header that is not an object")
    return header


def _no_constant(name: str) -> None:
    raise ValueError(name)
