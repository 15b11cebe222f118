"""Count the processes that were started on this machine, by the pids that they got."""

from __future__ import annotations

import os


class PidCounter:
    """Counts process numbers handed out since the last call of reset().

    The kernel hands them out in turn, to threads too, and says in /proc/loadavg which was the
    last: one read of a few microseconds, however many processes there are.
    """

    def __init__(self) -> None:
        self._file = os.open("/proc/loadavg", os.O_RDONLY)
        with open("/proc/sys/kernel/pid_max", "rb") as file:
            self._most = int(file.read())
        self._last = self.newest()

    def reset(self) -> None:
        """Count from here."""
        self._last = self.newest()

    def count(self) -> int:
        """Return an upper bound of the processes and threads started since reset()."""
        born = self.newest() - self._last
        return born if born >= 0 else born + self._most

    def newest(self) -> int:
        """Return the number that was handed out last."""
        return int(os.pread(self._file, 128, 0).split()[-1])
