"""How a child is shut off from the zygote, from other children and from the machine (Linux)."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Mapping

from .seccomp import filter_calls

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int] + 4 * [ctypes.c_ulong]
_libc.mount.argtypes = 3 * [ctypes.c_char_p] + [ctypes.c_ulong, ctypes.c_char_p]

_NEWNS, _NEWUTS, _NEWIPC = 0x00020000, 0x04000000, 0x08000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_NEW = {"mount": _NEWNS, "uts": _NEWUTS, "ipc": _NEWIPC, "pid": _NEWPID, "net": _NEWNET}
_RDONLY, _NOSUID, _NODEV = 1, 2, 4
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 4, 38, 36
_CAPABILITY_VERSION_3 = 0x20080522


def enter(scratch_bytes: int) -> None:
    """Move this process into namespaces of its own; its next child is the first process there.

    Parameters
    ----------
    scratch_bytes : int
        Room for files in /tmp.

    Raises
    ------
    OSError
        If the machine does not allow it.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = _NEWUSER
    for flag in _NEW.values():
        flags |= flag
    _check(_libc.unshare(flags), "unshare")
    # Groups cannot be given up to gain access; nobody but this one user exists.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    # A nested user namespace would give capabilities back.
    _write("/proc/sys/user/max_user_namespaces", "0")
    # Files left by another child are not seen, nor is what this one leaves. The inodes are bounded
    # too: empty files take memory.
    _tmpfs("/tmp", f"size={scratch_bytes},nr_inodes=20000,mode=1777")
    _tmpfs("/dev/shm", f"size={scratch_bytes},nr_inodes=1000,mode=1777")
    # Command lines and environments of other processes.
    _tmpfs("/proc", "size=4k,nr_inodes=1,mode=555", _RDONLY)
    _drop_capabilities()


def adopt_orphans() -> None:
    """Make this process the parent of orphans, where it is not the first of a pid namespace."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def hide_memory() -> None:
    """Forbid other processes of the same user to trace this one."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")


def address_space() -> int:
    """Bytes of this process's address space."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def lock(limits: Mapping[str, float], *, base: int, own_namespace: bool) -> None:
    """Set the limits that the kernel keeps, for good.

    Parameters
    ----------
    limits : mapping
        `process_memory`, `processes`, `file_bytes` and `notebook_cpu` as in `Limits`.
    base : int
        The address space that Python with its libraries has.
    own_namespace : bool
        Whether processes are counted in a user namespace of this child's own; if not, all of the
        user's processes would count.
    """
    cpu = int(limits["notebook_cpu"]) + 5
    values = {
        resource.RLIMIT_AS: base + int(limits["process_memory"]),
        resource.RLIMIT_FSIZE: int(limits["file_bytes"]),
        # Behind the supervisor's back, should it ever fail.
        resource.RLIMIT_CPU: cpu,
        # With 0 a core would still be handed to a program that the machine has set for cores.
        resource.RLIMIT_CORE: 1,
        # Each descriptor can hold a socket's buffer of kernel memory.
        resource.RLIMIT_NOFILE: 128,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if own_namespace:
        values[resource.RLIMIT_NPROC] = int(limits["processes"])
    for which, value in values.items():
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))
    # A file that grows too large is an OSError, not a signal that kills.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    filter_calls(_libc)


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def _tmpfs(where: str, options: str, flags: int = 0) -> None:
    flags |= _NOSUID | _NODEV
    _check(_libc.mount(b"tmpfs", where.encode(), b"tmpfs", flags, options.encode()), where)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
