"""A mark every process of an attempt inherits, so that none of them can slip away.

A command may leave its process group, its session, its parent and its environment behind (a double
fork under `env -i setsid`), yet resource limits follow it through all of that. RLIMIT_RTTIME bounds
the processor time of real-time scheduling, in microseconds; no program has a use for a soft limit
of 146,000 years, so such a number can say whose process it is without changing what the process can
do. Reading it is one system call, prlimit(), ten times cheaper than a look into /proc/<pid>.
"""

from __future__ import annotations

import resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

RLIMIT_RTTIME = 15  # absent from the resource module; the same number on every architecture
FLAG = 1 << 62
LAUNCH_BITS = 30
SERIAL_BITS = 32


class ProcessTag:
    """The marks of one runner: a number for its launch, and a serial number for each attempt."""

    def __init__(self, launch: int) -> None:
        self._high = FLAG | (launch & ((1 << LAUNCH_BITS) - 1)) << SERIAL_BITS
        self._hard = resource.getrlimit(RLIMIT_RTTIME)[1]

    def put_on_next(self, serial: int) -> None:
        """Mark whatever this process starts from now on; silently without where not allowed."""
        try:
            resource.setrlimit(RLIMIT_RTTIME, (self._high | serial, self._hard))
        except (OSError, ValueError):
            # A hard limit below the mark, or a sandbox which refuses: processes are then
            # known by their session and environment alone (process_scan.py).
            return

    @property
    def may_be_shed(self) -> bool:
        """Whether a process of an attempt can be without its mark."""
        return True

    def reader(self) -> Callable[[int], int | None]:
        """Return read() for one look at all processes."""
        return self.read

    def read(self, pid: int) -> int | None:
        """Return the serial number a process carries, None for a process that is not ours."""
        try:
            soft = resource.prlimit(pid, RLIMIT_RTTIME)[0]
        except OSError:
            return None
        if soft >> SERIAL_BITS << SERIAL_BITS != self._high:
            return None
        return soft & ((1 << SERIAL_BITS) - 1)
