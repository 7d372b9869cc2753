"""The trusted side's end of one student's process: cells, calls and forks.

Nothing that comes from the process is believed: values are decoded, sizes are bounded, and a
process that dies, hangs or sends nonsense ends with a sentence, not with an exception here.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as counter

from ...engine.codec import CodecError
from .keeper import Ended, Keeper, Stop
from .limits import Limits
from .outputs import CellOutputs, NotebookOutputs
from .replies import CellResult, Reply, nonsense, read_call, read_cell, read_names
from .served import Served
from .values import pack
from .wire import Channel, FrameTooLarge, WireClosed, WireError, WireTimeout


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


@dataclass
class _Shared:
    """What a child and its forks have in common."""

    keeper: Keeper
    limits: Limits
    outputs: NotebookOutputs
    # Seconds that the processes have been waited for.
    waited: float = 0.0
    # Call-backs' numbers: none is used twice.
    numbers: Iterator[int] = field(default_factory=counter)
    forks: list[Child] = field(default_factory=list)
    swept: bool = False


class Child:
    """A student's process. `Sandbox.child` makes the first, `fork` those that start from it.

    It serves one thread. Whatever the process does or sends, `run_cell`, `call` and `get` report
    its end in their result, `bind`, `names` and `fork` raise `ChildEnded`; once it has ended, so
    does every method but `close`. What is wrong on this side, such as asking a child that waits
    for its forks, is a RuntimeError.
    """

    def __init__(
        self,
        wire: socket.socket,
        shared: _Shared,
        parent: Child | None = None,
        process: int | None = None,
    ):
        self._wire = Channel(wire, shared.limits.frame_bytes, shared.limits.reply_bytes)
        self._shared = shared
        # What `bind` has given this process; its forks are not answered under these numbers.
        self._bound: dict[int, Callable] = {}
        self._parent = parent
        self._process = process
        self._busy = False
        self._ended: Ended | None = None

    @classmethod
    def first(cls, wire: socket.socket, keeper: Keeper, limits: Limits) -> Child:
        """The child that a zygote has made."""
        return cls(wire, _Shared(keeper, limits, NotebookOutputs(limits)))

    @property
    def ended(self) -> Ended | None:
        """Why it has ended, if it has."""
        return self._ended

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the process with all that it has started; for a fork, its parent can go on.

        It raises nothing, and does nothing the second time.
        """
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
            Its `ended` says so if the process ended meanwhile.

        Raises
        ------
        ChildEnded
            If it had ended before.
        """
        limits, outputs = self._shared.limits, CellOutputs(self._shared.outputs)
        self._shared.swept = False
        request = {"do": "run", "source": source}
        try:
            header, _ = self._exchange(request, (), limits.cell_cpu, limits.cell_wall, outputs)
            error, count = read_cell(header)
        except Stop as stop:
            return CellResult(outputs.finish(), ended=self._stopped(stop))
        except CodecError as too_long:
            error, count = {"ename": "ValueError", "evalue": str(too_long), "traceback": []}, None
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
        errstate: str = "ignore",
    ) -> Reply:
        """Call a function of the notebook.

        Parameters
        ----------
        name : str
            The name that it has there.
        args, kwargs : sequence, mapping
            Values that the codec knows; an argument may also be a function, which is then called
            back here, or a `numpy.random.Generator`, which crosses as a copy.
        errstate : str
            For `numpy.errstate` of overflow, invalid values and division by zero, for example
            ``"raise"``.

        Returns
        -------
        Reply
            Its `ended` says so if the process ended meanwhile.

        Raises
        ------
        ChildEnded
            If it had ended before.
        CodecError
            If an argument cannot cross, or all together are too large.
        """
        limits, kwargs = self._shared.limits, dict(kwargs or {})
        given: dict[int, Callable] = {}
        values, parts = pack(args, kwargs, lambda callback: self._number(callback, given))
        request = {"do": "call", "name": name, "errstate": errstate, "values": values}
        cpu, wall = limits.call_cpu, limits.call_wall
        try:
            reply = self._exchange(request, parts, cpu, wall, given=given)
            return read_call(*reply, {*map(str, range(len(args))), *kwargs})
        except Stop as stop:
            return Reply(ended=self._stopped(stop))

    def get(self, name: str) -> Reply:
        """The value of a variable of the notebook; an unknown name is a NameError in the reply.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Reply
            Its `ended` says so if the process ended meanwhile.

        Raises
        ------
        ChildEnded
            If it had ended before.
        """
        try:
            return read_call(*self._quick({"do": "get", "name": name}), set())
        except Stop as stop:
            return Reply(ended=self._stopped(stop))

    def bind(self, name: str, callback: Callable) -> None:
        """Make a name of the notebook a function that calls `callback` on this side.

        It lasts until the child, or the fork whose name it is, ends; forks made later have the
        name but get no answer.

        Parameters
        ----------
        name : str
            The name.
        callback : callable
            Is called with whatever the student's code passes: it must stand any value.

        Raises
        ------
        ChildEnded
            If the process had ended before, or ended meanwhile.
        """
        number = self._number(callback, self._bound)
        try:
            header, _ = self._quick({"do": "bind", "name": name, "callable": number})
            if header != {"bound": True}:
                raise nonsense()
        except Stop as stop:
            raise ChildEnded(self._stopped(stop)) from None

    def names(self) -> list[str]:
        """The names that the notebook has defined so far.

        Returns
        -------
        list of str

        Raises
        ------
        ChildEnded
            If the process had ended before, or ended meanwhile.
        """
        try:
            return read_names(self._quick({"do": "names"})[0])
        except Stop as stop:
            raise ChildEnded(self._stopped(stop)) from None

    def fork(self) -> Child:
        """A copy of the process in its present state; the parent waits until all are closed.

        Processes that cells have left behind are killed first.

        Returns
        -------
        Child

        Raises
        ------
        ChildEnded
            If the process had ended before, or ended meanwhile.
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
                raise nonsense()
            shared.keeper.pause_for(pid)
        except Stop as stop:
            ours.close()
            raise ChildEnded(self._stopped(stop)) from None
        finally:
            theirs.close()
        fork = Child(ours, shared, self, pid)
        shared.forks.append(fork)
        return fork

    # Exchanges

    def _number(self, callback: Callable, given: dict[int, Callable]) -> int:
        number = next(self._shared.numbers)
        given[number] = callback
        return number

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
        given: Mapping[int, Callable] | None = None,
    ) -> tuple[dict, list]:
        """Send a request and serve the process until its reply is there."""
        self._check()
        shared = self._shared
        if self._busy:
            raise RuntimeError("the child is asked by one of its own call-backs")
        if shared.forks and self._parent is None and request["do"] != "fork":
            raise RuntimeError("the child waits until its forks are closed")
        limits = shared.limits
        start = time.monotonic()
        deadline = start + min(wall, limits.notebook_wall - shared.waited)
        watch = shared.keeper.arm(cpu, self._process, outputs)
        serve = Served(limits, self._bound | dict(given or {}))
        self._busy = True
        try:
            try:
                self._wire.send(request, parts, deadline=deadline, watch=watch, fds=fds)
            except FrameTooLarge as error:
                raise CodecError(str(error)) from None
            while True:
                header, buffers = self._wire.receive(deadline=deadline + serve.took, watch=watch)
                # All that was printed before it is in the pipes.
                shared.keeper.drain()
                if "show" in header:
                    answer = serve.show(header, outputs)
                elif "callback" in header:
                    answer = serve.call_back(header, buffers)
                else:
                    return header, buffers
                try:
                    self._wire.send(*answer, deadline=deadline + serve.took, watch=watch)
                except FrameTooLarge as error:
                    answer = {"error": ["ValueError", str(error)]}
                    self._wire.send(answer, deadline=deadline + serve.took, watch=watch)
        except WireTimeout:
            if wall < limits.notebook_wall - shared.waited:
                raise Stop(Ended("time", f"stopped after {wall:g} s without an answer")) from None
            text = f"stopped: the notebook has taken its {limits.notebook_wall:g} s"
            raise Stop(Ended("time", text)) from None
        except WireClosed:
            shared.keeper.drain()
            raise shared.keeper.reason() from None
        except WireError:
            raise nonsense() from None
        finally:
            self._busy = False
            shared.waited += time.monotonic() - start - serve.took
            with contextlib.suppress(Stop):
                shared.keeper.disarm()

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
        self._bound.clear()
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
