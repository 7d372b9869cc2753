"""The trusted side's end of one student's process: cells, calls and forks.

Nothing that comes from the process is believed: values are decoded, sizes are bounded, and a
process that dies, hangs or sends nonsense ends with a sentence, not with an exception here.
"""

from __future__ import annotations

import builtins
import contextlib
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..engine.codec import CodecError, decode, encode
from ..engine.outcome import Raised
from .keeper import Ended, Keeper, Stop
from .limits import Limits
from .outputs import CellOutputs, NotebookOutputs
from .values import pack, unpack
from .wire import Channel, WireClosed, WireError, WireTimeout

_TEXT = 1000
_NAMES = 10_000
_TRACEBACK_LINES = 200


class ChildEnded(RuntimeError):
    """A child was asked for something after it had ended, or while it was asked.

    Attributes
    ----------
    ended : Ended
        Why it had ended.
    """

    def __init__(self, ended: Ended):
        super().__init__(ended.text)
        self.ended = ended


@dataclass(frozen=True)
class CellResult:
    """What came of one cell.

    Parameters
    ----------
    outputs : list of dict
        As in a notebook of format 4; an error is the last of them. Updates of displays by later
        cells appear in them.
    error : dict or None
        `ename`, `evalue` and `traceback` of the exception that ended the cell.
    ended : Ended or None
        Why the child ended during the cell, if it did.
    count : int or None
        The cell's execution count.
    """

    outputs: list[dict]
    error: dict | None = None
    ended: Ended | None = None
    count: int | None = None


@dataclass(frozen=True)
class Reply:
    """What came of one call, or of asking for a variable.

    Parameters
    ----------
    value : object
        What was returned.
    error : Raised or None
        The exception that was raised instead.
    refused : str or None
        What was returned and cannot cross.
    ended : Ended or None
        Why the process ended instead of returning.
    changed : tuple of str
        Positions or names of the arguments that were changed in place.
    cpu : float
        Seconds of CPU time, as the process itself says.
    """

    value: object = None
    error: Raised | None = None
    refused: str | None = None
    ended: Ended | None = None
    changed: tuple[str, ...] = ()
    cpu: float = 0.0


@dataclass
class _Shared:
    """What a child and its forks have in common."""

    keeper: Keeper
    limits: Limits
    outputs: NotebookOutputs
    deadline: float
    callbacks: dict[int, Callable] = field(default_factory=dict)
    numbered: int = 0
    forks: list[Child] = field(default_factory=list)
    swept: bool = False

    def register(self, callback: Callable) -> int:
        self.numbered += 1
        self.callbacks[self.numbered] = callback
        return self.numbered


class Child:
    """A student's process. `Sandbox.child` makes the first, `fork` those that start from it.

    It serves one thread. Its own end, by whatever cause, is reported in results; every method but
    `close` raises `ChildEnded` once it has ended.
    """

    def __init__(
        self,
        wire: Channel,
        shared: _Shared,
        parent: Child | None = None,
        process: int | None = None,
    ):
        self._wire = wire
        self._shared = shared
        self._parent = parent
        self._process = process
        self._busy = False
        self._ended: Ended | None = None

    @classmethod
    def first(cls, wire: Channel, keeper: Keeper, limits: Limits) -> Child:
        """The child that a zygote has made."""
        deadline = time.monotonic() + limits.notebook_wall
        return cls(wire, _Shared(keeper, limits, NotebookOutputs(limits), deadline))

    @property
    def ended(self) -> Ended | None:
        """Why it has ended, if it has."""
        return self._ended

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the process with all that it has started; for a fork, its parent can go on."""
        self._end(Ended("exit", "it was closed"))

    def run_cell(self, source: str) -> CellResult:
        """Run a cell as a notebook does.

        Parameters
        ----------
        source : str
            Its text, magics included.

        Returns
        -------
        CellResult
        """
        limits, outputs = self._shared.limits, CellOutputs(self._shared.outputs)
        self._shared.swept = False
        request = {"do": "run", "source": source}
        try:
            header, _ = self._exchange(request, (), limits.cell_cpu, limits.cell_wall, outputs)
            error, count = _ran(header)
        except Stop as stop:
            return CellResult(outputs.finish(), ended=self._stopped(stop))
        shown = outputs.finish()
        if error is not None:
            shown.append({"output_type": "error", **error})
        return CellResult(shown, error, count=count)

    def call(
        self,
        name: str,
        args: Sequence = (),
        kwargs: Mapping[str, object] | None = None,
        *,
        errstate: str | None = None,
    ) -> Reply:
        """Call a function of the notebook.

        Parameters
        ----------
        name : str
            The name that it has there.
        args, kwargs : sequence, mapping
            Values that the codec knows; an argument may also be a function, which is then called
            back here, or a `numpy.random.Generator`, which crosses as a copy.
        errstate : str, optional
            Under `numpy.errstate(all=errstate)`, for example ``"raise"``.

        Returns
        -------
        Reply

        Raises
        ------
        CodecError
            If an argument cannot cross.
        """
        limits, callbacks = self._shared.limits, self._shared.callbacks
        kwargs = dict(kwargs or {})
        kept = set(callbacks)
        values, parts = pack(args, kwargs, self._shared.register)
        request = {"do": "call", "name": name, "errstate": errstate, "values": values}
        try:
            reply = self._exchange(request, parts, limits.call_cpu, limits.call_wall)
            return _reply(*reply, {*map(str, range(len(args))), *kwargs})
        except Stop as stop:
            return Reply(ended=self._stopped(stop))
        finally:
            for number in set(callbacks) - kept:
                del callbacks[number]

    def get(self, name: str) -> Reply:
        """The value of a variable of the notebook; an unknown name is a NameError in the reply.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Reply
        """
        try:
            return _reply(*self._quick({"do": "get", "name": name}), set())
        except Stop as stop:
            return Reply(ended=self._stopped(stop))

    def bind(self, name: str, callback: Callable) -> None:
        """Make a name of the notebook a function that calls `callback` on this side.

        Parameters
        ----------
        name : str
            The name.
        callback : callable
            Is called with whatever the student's code passes: it must stand any value.
        """
        number = self._shared.register(callback)
        self._sure({"do": "bind", "name": name, "callable": number})

    def names(self) -> list[str]:
        """The names that the notebook has defined so far.

        Returns
        -------
        list of str
        """
        found = self._sure({"do": "names"}).get("names")
        if type(found) is not list or not all(type(name) is str for name in found):
            raise ChildEnded(self._stopped(_nonsense()))
        return found[:_NAMES]

    def fork(self) -> Child:
        """A copy of the process in its present state; the parent waits until all are closed.

        Processes that cells have left behind are killed first.

        Returns
        -------
        Child
        """
        shared = self._shared
        if self._parent is not None:
            raise RuntimeError("a fork cannot be forked")
        self._check()
        ours, theirs = socket.socketpair()
        try:
            if shared.forks:
                shared.keeper.resume()
            elif not shared.swept:
                shared.keeper.sweep()
                shared.swept = True
            header, _ = self._quick({"do": "fork"}, fds=[theirs.fileno()])
            if "error" in header:
                raise Stop(Ended("killed", "a copy of the process could not be made"))
            pid = header.get("forked")
            if type(pid) is not int or not 0 < pid < 2**22:
                raise _nonsense()
            shared.keeper.pause_for(pid)
        except Stop as stop:
            ours.close()
            raise ChildEnded(self._stopped(stop)) from None
        finally:
            theirs.close()
        fork = Child(Channel(ours, shared.limits.frame_bytes), shared, self, pid)
        shared.forks.append(fork)
        return fork

    # Exchanges

    def _sure(self, request: dict) -> dict:
        try:
            return self._quick(request)[0]
        except Stop as stop:
            raise ChildEnded(self._stopped(stop)) from None

    def _quick(self, request: dict, fds: Sequence[int] = ()) -> tuple[dict, list]:
        limits = self._shared.limits
        return self._exchange(request, (), limits.call_cpu, limits.call_wall, fds=fds)

    def _exchange(
        self,
        request: dict,
        parts: Sequence,
        cpu: float,
        wall: float,
        outputs: CellOutputs | None = None,
        fds: Sequence[int] = (),
    ) -> tuple[dict, list]:
        """Send a request and serve the process until its reply is there."""
        self._check()
        shared = self._shared
        if self._busy:
            raise RuntimeError("the child is asked by one of its own call-backs")
        if shared.forks and self._parent is None and request["do"] != "fork":
            raise RuntimeError("the child waits until its forks are closed")
        deadline = min(time.monotonic() + wall, shared.deadline)
        watch = shared.keeper.arm(cpu, self._process, outputs)
        served = 0
        self._busy = True
        try:
            self._wire.send(request, parts, deadline=deadline, watch=watch, fds=fds)
            while True:
                header, buffers = self._wire.receive(deadline=deadline, watch=watch)
                start = time.monotonic()
                if "show" in header:
                    # All that was printed before it is in the pipes.
                    shared.keeper.drain()
                    if outputs is not None:
                        outputs.show(header)
                    answer = {"shown": True}, []
                elif "callback" in header:
                    served += 1
                    answer = self._called_back(header, buffers, served)
                else:
                    shared.keeper.drain()
                    return header, buffers
                # What this side takes is not the student's time.
                deadline += time.monotonic() - start
                self._wire.send(*answer, deadline=deadline, watch=watch)
        except WireTimeout:
            raise self._out_of_time(wall) from None
        except WireClosed:
            shared.keeper.drain()
            raise shared.keeper.reason() from None
        except WireError:
            raise _nonsense() from None
        finally:
            self._busy = False
            with contextlib.suppress(Stop):
                shared.keeper.disarm()

    def _called_back(self, header: dict, buffers: list, served: int) -> tuple[dict, list]:
        number = header.get("callback")
        callback = self._shared.callbacks.get(number) if type(number) is int else None
        try:
            args, kwargs = unpack(header.get("values"), buffers)
        except CodecError:
            raise _nonsense() from None
        if callback is None or served > self._shared.limits.callbacks:
            return {"error": ["RuntimeError", "called back too often or too late"]}, []
        try:
            tree, parts = encode(callback(*args, **kwargs))
        except Exception as error:
            return {"error": [_builtin(type(error)), str(error)[:_TEXT]]}, []
        return {"value": tree}, parts

    def _out_of_time(self, wall: float) -> Stop:
        limits = self._shared.limits
        if time.monotonic() >= self._shared.deadline:
            text = f"stopped: the notebook has taken its {limits.notebook_wall:g} s"
        else:
            text = f"stopped after {wall:g} s without an answer"
        return Stop(Ended("time", text))

    # The end

    def _check(self) -> None:
        if self._ended is not None:
            raise ChildEnded(self._ended)

    def _stopped(self, stop: Stop) -> Ended:
        """End this process for a reason, its parent too if all is lost."""
        if stop.whole and self._parent is not None:
            self._parent._end(stop.ended)
        self._end(stop.ended)
        return self._ended

    def _end(self, why: Ended) -> None:
        if self._ended is not None:
            return
        self._ended = why
        self._wire.close()
        shared, parent = self._shared, self._parent
        if parent is None:
            for fork in shared.forks[:]:
                fork._end(why)
            shared.keeper.close()
            return
        shared.forks.remove(self)
        if parent._ended is None:
            try:
                shared.keeper.sweep(self._process)
            except Stop as stop:
                parent._end(stop.ended)


def _ran(header: dict) -> tuple[dict | None, int | None]:
    """The error and the execution count in the reply to a cell."""
    ran = header.get("ran")
    if type(ran) is not dict:
        raise _nonsense()
    count = ran.get("count")
    count = count if type(count) is int and 0 < count < 10**6 else None
    match ran.get("error"):
        case None:
            return None, count
        case [str(name), str(text), [*lines]] if all(type(line) is str for line in lines):
            lines = [line[:_TEXT] for line in lines[-_TRACEBACK_LINES:]]
            return {"ename": name[:_TEXT], "evalue": text[:_TEXT], "traceback": lines}, count
    raise _nonsense()


def _reply(header: dict, parts: list, arguments: set[str]) -> Reply:
    """The reply to a call, every field checked."""
    cpu, changed = header.get("cpu", 0.0), header.get("changed", [])
    if type(cpu) is not float or not 0 <= cpu < 1e9 or type(changed) is not list:
        raise _nonsense()
    about = {"cpu": cpu, "changed": tuple(c for c in changed if type(c) is str and c in arguments)}
    match header:
        case {"value": tree}:
            try:
                return Reply(decode(tree, parts), **about)
            except CodecError:
                raise _nonsense() from None
        case {"refused": str(text)}:
            return Reply(refused=text[:_TEXT], **about)
        case {"error": [str(kind), str(text), int() | None as line]}:
            found = getattr(builtins, kind, None)
            known = isinstance(found, type) and issubclass(found, BaseException)
            line = line if line and 0 < line < 10**6 else None
            return Reply(error=Raised(kind if known else "Exception", text[:_TEXT], line), **about)
    raise _nonsense()


def _builtin(kind: type[BaseException]) -> str:
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")


def _nonsense() -> Stop:
    return Stop(Ended("protocol", "stopped: the process sent what is no answer"))
