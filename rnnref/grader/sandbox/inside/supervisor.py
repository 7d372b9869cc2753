"""The first process of a child's namespace: it runs no student's code and watches those that do.

It meters CPU time and memory of all its processes together, kills what a test has left behind,
and when its control channel closes it takes everything with it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..wire import Channel, WireClosed

_LOOK_EVERY = 0.05  # seconds
_ROUNDS = 200
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Process:
    name: str
    pid: int
    zombie: bool
    cpu: float
    memory: int


class Processes:
    """The processes below this one, as the zygote's /proc shows them.

    Parameters
    ----------
    proc : int
        A descriptor of that /proc: the child's own is covered.
    """

    def __init__(self, proc: int):
        self._proc = proc
        self._own = os.readlink("self", dir_fd=proc)

    def below(self) -> list[_Process]:
        """All descendants of this process, with their ids in its own namespace."""
        parents, found = {}, {}
        for name in os.listdir(self._proc):
            if name.isdigit():
                # It may end while it is read. No other error may pass: what is not seen is not
                # metered.
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    parents[name], found[name] = self._look(name)
        ours = {self._own}
        # Parents may stand after their children, ids being used again.
        while more := {name for name in parents if parents[name] in ours} - ours:
            ours |= more
        return [found[name] for name in ours if name in found and name != self._own]

    def status_of_zombie(self, pid: int) -> int | None:
        """How a process ended, as `os.wait` would say, while its parent has not asked."""
        for process in self.below():
            if process.pid == pid:
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    return int(self._stat(process.name)[-1])
        return None

    def memory(self, below: list[_Process], enough: int, shared: int) -> int:
        """The memory of all `below`: an upper bound where that is `enough`, else the exact sum.

        A page that a fork shares with its parent counts for both in the upper bound, from which
        `shared` is taken for each process; the exact sum takes the kernel a walk through all pages.
        """
        bound = sum(max(0, process.memory - shared) for process in below)
        return bound if bound <= enough else sum(map(self._exact_memory, below))

    def _exact_memory(self, process: _Process) -> int:
        try:
            lines = self._read(f"{process.name}/smaps_rollup").split("\n")
            return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            return 0
        except PermissionError:
            # It has made itself unreadable.
            return process.memory

    def _look(self, name: str) -> tuple[str, _Process]:
        stat = self._stat(name)
        state, parent = stat[0], stat[1]
        cpu = sum(map(int, stat[11:15])) / _TICK
        status = dict(
            line.split(":\t", 1)
            for line in self._read(f"{name}/status").split("\n")
            if ":\t" in line
        )
        own = status.get("RssAnon", "0 kB"), status.get("RssShmem", "0 kB")
        memory = 1024 * sum(int(text.split()[0]) for text in own)
        pid = int(status["NSpid"].split()[-1])
        return parent, _Process(name, pid, state in "ZX", cpu, memory)

    def _stat(self, name: str) -> list[str]:
        # The second field, the command's name, is the student's to choose: brackets, blanks, lines.
        return self._read(f"{name}/stat").rpartition(")")[2].split()

    def _read(self, path: str) -> str:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc), "rb") as file:
            return file.read().decode("ascii", "replace")


class Supervisor:
    """Watches one child.

    Parameters
    ----------
    control : Channel
        To the trusted side.
    processes : Processes
        What runs below.
    child : int
        The process that runs the student's cells.
    limits : mapping
        `total_memory` and `notebook_cpu` as in `Limits`.
    shared : int
        Memory that each process shares with the zygote.
    """

    def __init__(
        self,
        control: Channel,
        processes: Processes,
        child: int,
        limits: Mapping[str, float],
        shared: int,
    ):
        self._control = control
        self._processes = processes
        self._child = child
        self._limits = limits
        self._shared = shared
        self._child_handle = os.pidfd_open(child)
        # Open forks of the child, and what tells of their end.
        self._forks: dict[int, int] = {}
        # Who is asked at present: the child, or one of its forks.
        self._asked = child
        self._allowance: float | None = None
        self._cpu_bound: float | None = None
        self._next_look = 0.0

    def watch(self) -> None:
        """Serve until the child has ended or the trusted side has closed the channel."""
        # Python handles it, so it would reach even the first process of a namespace.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._control.send({"started": True})
        with contextlib.suppress(WireClosed):
            while self._step():
                pass
        self._kill_all()

    def _step(self) -> bool:
        poll = select.poll()
        for fd in (self._control.fileno(), self._child_handle, *self._forks.values()):
            poll.register(fd, select.POLLIN)
        ready = dict(poll.poll(1000 * max(0.0, self._next_look - time.monotonic()) + 1))
        if self._child_handle in ready:
            self._control.send({"ended": self._status_of_child()})
            return False
        self._reap()
        for pid in [pid for pid, handle in self._forks.items() if handle in ready]:
            status = self._processes.status_of_zombie(pid)
            self._forget(pid)
            self._control.send({"fork_ended": pid, "status": status})
        if self._control.fileno() in ready:
            self._obey(self._control.receive()[0])
        return time.monotonic() < self._next_look or self._within_limits()

    def _obey(self, order: dict) -> None:
        match order:
            case {"arm": cpu, "fork": fork}:
                self._asked = fork or self._child
                # Counted from the next look on: most calls are over by then and cost nothing here.
                self._allowance, self._cpu_bound = cpu, None
            case {"disarm": _}:
                self._asked, self._allowance, self._cpu_bound = self._child, None, None
            case {"resume": _}:
                os.kill(self._child, signal.SIGCONT)
            case {"pause_for": fork}:
                # The child's threads must not run on while its fork is tested.
                os.kill(self._child, signal.SIGSTOP)
                try:
                    self._forks[fork] = os.pidfd_open(fork)
                except OSError:
                    self._control.send({"fork_ended": fork, "status": None})
            case {"sweep": fork}:
                self._forget(fork)
                clean = self._kill({self._child, *self._forks})
                if not self._forks:
                    os.kill(self._child, signal.SIGCONT)
                self._control.send({"swept": clean})

    def _within_limits(self) -> bool:
        """Stop what uses too much; False if that was the child itself."""
        self._next_look = time.monotonic() + _LOOK_EVERY
        below = self._processes.below()
        memory = self._processes.memory(below, self._limits["total_memory"], self._shared)
        cpu = self._cpu(below)
        if self._cpu_bound is None and self._allowance is not None:
            self._cpu_bound = cpu + self._allowance
        if memory > self._limits["total_memory"]:
            over = "memory"
        elif self._cpu_bound is not None and cpu > self._cpu_bound:
            over = "cpu"
        elif cpu > self._limits["notebook_cpu"]:
            over = "notebook_cpu"
        else:
            return True
        asked = self._asked
        self._asked, self._allowance, self._cpu_bound = self._child, None, None
        whole = asked not in self._forks or over == "notebook_cpu"
        self._forget(asked)
        whole = whole or not self._kill({self._child, *self._forks})
        self._control.send({"over": over, "whole": whole, "fork": asked})
        return not whole

    @staticmethod
    def _cpu(below: list[_Process]) -> float:
        """CPU seconds of all processes below, the ended ones included."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return sum(process.cpu for process in below) + ended.ru_utime + ended.ru_stime

    def _kill(self, spared: set[int]) -> bool:
        """Kill what is below but for `spared`; whether nothing new appears any more.

        What has been sent the signal runs no further instruction and makes no child; that it is
        gone from the table a moment later need not be waited for.
        """
        killed: set[int] = set()
        for _ in range(_ROUNDS):
            living = {process.pid for process in self._processes.below() if not process.zombie}
            doomed = living - spared - killed
            if not doomed:
                return True
            for pid in doomed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed |= doomed
            self._reap()
        return False

    def _kill_all(self) -> None:
        """Kill everything and wait until it is gone."""
        self._kill(set())
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()

    def _reap(self) -> None:
        """Take leave of orphans; the child's status is kept for `_status_of_child`."""
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if ended.si_pid == self._child:
                    return
                os.waitpid(ended.si_pid, 0)

    def _status_of_child(self) -> int:
        return os.waitpid(self._child, 0)[1]

    def _forget(self, fork: int | None) -> None:
        handle = self._forks.pop(fork, None)
        if handle is not None:
            os.close(handle)
