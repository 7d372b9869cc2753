"""How much a submission may use: every default in one place."""

from __future__ import annotations

from dataclasses import dataclass, fields

_KIB, _MIB, _GIB = 2**10, 2**20, 2**30


@dataclass(frozen=True)
class Limits:
    """What a notebook, its cells and the calls of its functions may use.

    CPU time stops loops. Wall-clock time is several times larger and only stops what waits: a busy
    machine must not cost marks. Sizes are in bytes, times in seconds.
    """

    # One call of a student's function by a test.
    call_cpu: float = 10.0
    call_wall: float = 60.0
    # One cell; training a small network belongs here.
    cell_cpu: float = 60.0
    cell_wall: float = 300.0
    # All cells and calls of one notebook's child.
    notebook_cpu: float = 300.0
    notebook_wall: float = 1200.0
    # Address space of one process, beyond what Python with its libraries has.
    process_memory: int = 2 * _GIB
    # Memory of all the child's processes together, beyond what they share with the zygote.
    total_memory: int = 3 * _GIB
    # Processes and threads.
    processes: int = 48
    # One file, and all files in /tmp (they live in memory).
    file_bytes: int = 32 * _MIB
    scratch_bytes: int = 128 * _MIB
    # Printed text that is kept of one cell.
    cell_text: int = 64 * _KIB
    # Figures and other displays that are kept of one cell.
    cell_display: int = 4 * _MIB
    # Outputs of all kinds that are kept of one notebook.
    notebook_output: int = 16 * _MIB
    # Displays and updates of displays after which a cell or call is stopped.
    displays: int = 20_000
    # Text after which a cell or call that never stops printing is stopped.
    flood: int = 256 * _MIB
    # Arrays among the arguments of one call.
    frame_bytes: int = 64 * _MIB
    # Arrays in what one call returns: a test keeps the results of many.
    reply_bytes: int = 8 * _MIB
    # Calls back into the trusted side during one call or cell: how many, how large the arguments of
    # each, how long all of them, and the memory that each may take here.
    callbacks: int = 10_000
    callback_bytes: int = 4 * _MIB
    callback_wall: float = 20.0
    callback_memory: int = 1 * _GIB
    # The start of the zygote, and of one child.
    start_wall: float = 60.0

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            whole = field.type == "int"
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
                raise TypeError(f"{field.name} must be {field.type}, got {value!r}")
            if not 0 < value < float("inf"):
                raise ValueError(f"{field.name} must be positive and finite, got {value!r}")
