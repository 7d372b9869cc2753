"""A system-call filter against what would escape the limits, such as memory of no process."""

from __future__ import annotations

import ctypes
import errno
import platform
import signal
import socket
import struct

# Anonymous files and System V segments keep their pages when no process maps them; keys and
# message queues live in the kernel; priorities could starve the supervisor; the others are no
# student's business and a wide surface. Those in `_FIRST_ARGUMENTS` are allowed with these.
_FILTERED = {
    "x86_64": {
        "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "msgget": 68, "semget": 64,
        "add_key": 248, "request_key": 249, "keyctl": 250, "io_uring_setup": 425,
        "userfaultfd": 323, "bpf": 321, "perf_event_open": 298, "setpriority": 141,
        "sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203,
        "sched_setattr": 314,
        "socket": 41, "socketpair": 53, "prlimit64": 302, "rt_sigaction": 13,
    },
    "aarch64": {
        "memfd_create": 279, "memfd_secret": 447, "shmget": 194, "msgget": 186, "semget": 190,
        "add_key": 217, "request_key": 218, "keyctl": 219, "io_uring_setup": 425,
        "userfaultfd": 282, "bpf": 280, "perf_event_open": 241, "setpriority": 140,
        "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122,
        "sched_setattr": 274,
        "socket": 198, "socketpair": 199, "prlimit64": 261, "rt_sigaction": 134,
    },
}  # fmt: skip
_FIRST_ARGUMENTS = {
    # Others reach the machine's kernel or, from a virtual machine, its host.
    "socket": (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6),
    "socketpair": (socket.AF_UNIX,),
    # 0 is the calling process; the supervisor is another.
    "prlimit64": (0,),
    # Where SIGCHLD is ignored, the CPU time of children that end is added to nobody's. The price:
    # in some shells `wait` for a job in the background has no end.
    "rt_sigaction": tuple(n for n in range(1, 65) if n != signal.SIGCHLD),
}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000  # the bit that marks x86-64's other set of system calls
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000 | errno.EPERM
# Offsets in struct seccomp_data; of the first argument the half that the kernel takes as an int.
_NUMBER, _ARCHITECTURE, _ARGUMENT = 0, 4, 16
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def filter_calls(libc: ctypes.CDLL) -> None:
    """Make the calls fail with EPERM, for this process and all that come from it.

    Parameters
    ----------
    libc : ctypes.CDLL
        The C library, its `prctl` typed. `no_new_privs` must be set.

    Raises
    ------
    OSError
        If the kernel refuses the filter. On another machine type there is no filter.
    """
    machine = platform.machine()
    if machine not in _FILTERED:
        return
    # Each jump says how many instructions to skip.
    code = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_IF_EQUAL, _AUDIT_ARCH[machine], yes=1),
        _instruction(_RETURN, _ERROR),
        _instruction(_LOAD, _NUMBER),
        _instruction(_JUMP_IF_AT_LEAST, _X32, no=1),
        _instruction(_RETURN, _ERROR),
    ]
    for name, number in _FILTERED[machine].items():
        allowed = _FIRST_ARGUMENTS.get(name, ())
        code += [
            _instruction(_JUMP_IF_EQUAL, number, no=len(allowed) + 3),
            _instruction(_LOAD, _ARGUMENT),
            *(
                _instruction(_JUMP_IF_EQUAL, argument, yes=len(allowed) - place)
                for place, argument in enumerate(allowed)
            ),
            _instruction(_RETURN, _ERROR),
            _instruction(_RETURN, _ALLOW),
        ]
    code.append(_instruction(_RETURN, _ALLOW))
    program = _Program(len(code), b"".join(code))
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(program), 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, "the system-call filter is refused")


def _instruction(code: int, operand: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, operand)
