"""The trusted side's end of a child's supervisor and of the pipes that the child prints into."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from .limits import Limits
from .outputs import CellOutputs
from .wire import Channel, WireError

_PIPE = 2**20
# How long a supervisor may take to kill all and say so.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Ended:
    """Why a process was ended or ended itself.

    Parameters
    ----------
    kind : str
        "time", "memory", "output", "exit" (it ended itself), "killed" (by a signal), or "protocol"
        (what it sent was no answer).
    text : str
        A sentence for student and instructor, without its full stop.
    """

    kind: str
    text: str


class Stop(Exception):
    """Breaks off an exchange with a process that has ended or must end.

    Parameters
    ----------
    ended : Ended
        Why.
    whole : bool
        Whether the whole child is gone, not only the fork that was asked.
    """

    def __init__(self, ended: Ended, *, whole: bool = False):
        super().__init__(ended.text)
        self.ended = ended
        self.whole = whole


class Keeper:
    """Arms limits, hears why processes ended, and drains what they print.

    Parameters
    ----------
    control : Channel
        To the supervisor.
    stdout, stderr : int
        The reading ends of the pipes.
    limits : Limits
        For the sentences, and the flood.
    """

    def __init__(self, control: Channel, stdout: int, stderr: int, limits: Limits):
        self._control = control
        self._pipes = {stdout: "stdout", stderr: "stderr"}
        self._limits = limits
        self._armed: tuple[float, int | None] = (0.0, None)
        self._gone: dict[int, Ended] = {}
        self._printed = 0
        self._outputs: CellOutputs | None = None
        for fd in self._pipes:
            os.set_blocking(fd, False)
            with contextlib.suppress(OSError):
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE)

    def wait_until_started(self, deadline: float) -> str | None:
        """The supervisor's complaint if the child could not be started."""
        try:
            return self._control.receive(deadline=deadline)[0].get("failed")
        except WireError as error:
            return f"the child did not start: {error}"

    def arm(
        self, cpu: float, fork: int | None, outputs: CellOutputs | None
    ) -> dict[int, Callable[[], object]]:
        """Begin an exchange that may use `cpu` seconds, its prints going to `outputs`.

        Parameters
        ----------
        cpu : float
            Seconds.
        fork : int or None
            The fork that is asked; None for the child itself.
        outputs : CellOutputs or None
            None drops what is printed.

        Returns
        -------
        dict
            What to watch meanwhile, for `Channel.receive`.
        """
        if fork in self._gone:
            raise Stop(self._gone.pop(fork))
        self._armed, self._outputs, self._printed = (cpu, fork), outputs, 0
        self._order({"arm": cpu, "fork": fork})
        return {self._control.fileno(): self._hear} | {
            fd: lambda fd=fd: self._read(fd) for fd in self._pipes
        }

    def disarm(self) -> None:
        """End an exchange."""
        self._order({"disarm": True})

    def resume(self) -> None:
        """Let the child run although forks of it are open."""
        self._order({"resume": True})

    def pause_for(self, fork: int) -> None:
        """Stop the child while its fork is open, and tell when the fork ends."""
        self._order({"pause_for": fork})

    def sweep(self, fork: int | None = None) -> None:
        """Kill a fork and all processes that belong to nothing that is open.

        Parameters
        ----------
        fork : int, optional
            The fork; after the last one the child goes on.
        """
        self._order({"sweep": fork})
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                header, _ = self._control.receive(deadline=deadline)
            except WireError:
                raise self._lost() from None
            if "swept" in header:
                self._gone.pop(fork, None)
                if not header["swept"]:
                    raise Stop(Ended("killed", "its processes could not be stopped"), whole=True)
                return
            stop = self._stop(header)
            if stop and stop.whole:
                raise stop

    def drain(self) -> None:
        """Take what has been printed so far."""
        for fd in self._pipes:
            # Bounded: a thread may print on while it is read.
            for _ in range(4):
                if not self._read(fd):
                    break

    def reason(self) -> Stop:
        """Why the process whose channel has closed is gone."""
        deadline = time.monotonic() + 1
        with contextlib.suppress(WireError):
            while True:
                stop = self._stop(self._control.receive(deadline=deadline)[0])
                if stop:
                    return stop
        return Stop(Ended("exit", "the process closed its connection"))

    def close(self) -> None:
        """Kill all and wait until they are gone."""
        self._control.hang_up(time.monotonic() + _PATIENCE)
        for fd in self._pipes:
            os.close(fd)

    def _order(self, order: dict) -> None:
        try:
            self._control.send(order, deadline=time.monotonic() + _PATIENCE)
        except WireError:
            # It may have said why before it went.
            stop = self.reason()
            raise stop if stop.whole else self._lost() from None

    def _hear(self) -> None:
        try:
            header, _ = self._control.receive(deadline=time.monotonic() + _PATIENCE)
        except WireError:
            raise self._lost() from None
        stop = self._stop(header)
        if stop:
            raise stop

    def _read(self, fd: int) -> bool:
        """Whether something was there."""
        try:
            data = os.read(fd, _PIPE)
        except BlockingIOError:
            return False
        self._printed += len(data)
        if self._outputs is not None:
            self._outputs.print(self._pipes[fd], data)
        if self._printed > self._limits.flood:
            size = _size(self._limits.flood)
            raise Stop(Ended("output", f"stopped after it had printed {size}"))
        return bool(data)

    def _stop(self, event: dict) -> Stop | None:
        """What an event means for the process that is asked; None if it is about another."""
        limits, (cpu, asked) = self._limits, self._armed
        match event:
            case {"over": "cpu", "whole": whole}:
                return Stop(Ended("time", f"stopped after {cpu:g} s of CPU time"), whole=whole)
            case {"over": "notebook_cpu", "whole": whole}:
                text = f"stopped: the notebook has used its {limits.notebook_cpu:g} s of CPU time"
                return Stop(Ended("time", text), whole=whole)
            case {"over": _, "whole": whole}:
                text = f"stopped: it used more than {_size(limits.total_memory)} of memory"
                return Stop(Ended("memory", text), whole=whole)
            case {"ended": status}:
                return Stop(_ended(status), whole=True)
            case {"fork_ended": fork, "status": status}:
                if fork == asked:
                    return Stop(_ended(status))
                self._gone[fork] = _ended(status)
                return None
        return self._lost()

    @staticmethod
    def _lost() -> Stop:
        return Stop(Ended("killed", "the processes ended all at once"), whole=True)


def _ended(status: int | None) -> Ended:
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # Most real-time signals have no name.
        known = number in list(signal.Signals)
        name = signal.Signals(number).name if known else number
        return Ended("killed", f"the process was killed by the signal {name}")
    code = "" if status is None else f" (exit code {os.waitstatus_to_exitcode(status)})"
    return Ended("exit", f"the process ended itself{code}")


def _size(count: int) -> str:
    return f"{count / 2**30:g} GiB" if count >= 2**30 else f"{count / 2**20:g} MiB"
