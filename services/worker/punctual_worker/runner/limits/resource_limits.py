"""What one attempt may use, and the part of it that the kernel enforces by itself.

Three mechanisms, none of which needs root or a writable cgroup. Resource limits bound one process
and are inherited: the size of a file, and private memory. What a run uses altogether is counted by
the monitor. Should memory run out all the same, the kernel picks commands first (oom_score.py).
RLIMIT_NPROC is left alone: it counts a user's processes, so a run would pay for its neighbours; it
is set where each run has a user of its own (slot_spawn.py).
"""

from __future__ import annotations

import contextlib
import resource
import signal
from functools import cache

OF_SIGNAL = 128  # a shell's exit code for a command that a signal ended, less the signal


class Limits:
    """Processes (each thread counts), bytes of memory, of one file and of all; 0 is no limit.

    Without `core_dumps` none is written: it would have the secrets of a command in it.
    """

    __slots__ = ("core_dumps", "disk_bytes", "file_bytes", "memory_bytes", "processes")

    def __init__(
        self,
        *,
        processes: int = 0,
        memory_bytes: int = 0,
        file_bytes: int = 0,
        disk_bytes: int = 0,
        core_dumps: bool = True,
    ) -> None:
        self.core_dumps = core_dumps
        self.processes = processes
        self.memory_bytes = memory_bytes
        self.file_bytes = file_bytes
        self.disk_bytes = disk_bytes

    def put_on_next(self) -> None:
        """Limit what this process starts from now on; of private memory it needs its own."""
        if self.file_bytes:
            hard = hard_limit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (lower(self.file_bytes, hard), hard))

    def take_off_next(self) -> None:
        """Undo put_on_next()."""
        if self.file_bytes:
            hard = hard_limit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    def put_on(self, pid: int) -> None:
        """Limit a process that was just started, for good; silently when it is gone already."""
        for number, most in (
            (resource.RLIMIT_FSIZE, self.file_bytes),
            (resource.RLIMIT_DATA, self.memory_bytes),
        ):
            if most:
                limit = lower(most, hard_limit(number))
                with contextlib.suppress(OSError, ValueError):
                    resource.prlimit(pid, number, (limit, limit))
        if not self.core_dumps:
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))

    def exceeded(self, exit_code: int | None, number: int | None) -> tuple[str, int] | None:
        """Return which limit of the kernel ended a command, by the status it ended with."""
        if not self.file_bytes or signal.SIGXFSZ not in (number, (exit_code or 0) - OF_SIGNAL):
            return None
        return "file_bytes", self.file_bytes


@cache
def hard_limit(number: int) -> int:
    """Return the hard limit of this process, and of what it starts; it never changes its own."""
    return resource.getrlimit(number)[1]


def lower(most: int, hard: int) -> int:
    """Return the lower of the two; 0 is no limit."""
    if not most:
        return hard
    return most if hard == resource.RLIM_INFINITY else min(most, hard)
