"""Commands are the first that the kernel kills when the machine's memory runs out, not the runner.

A process inherits that from its parent. So the runner has the higher score itself for the moment of
a start, which costs a fraction of opening each process's own file below /proc, and leaves no moment
in which a command is not.
"""

from __future__ import annotations

import contextlib
import os

FILE = "/proc/self/oom_score_adj"
FIRST = b"1000"


class OomScore:
    """What this process starts between put_on_next() and take_off_next() is killed first."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._own = FIRST
        # Without /proc, or where it may only be read, commands are like everybody else.
        with contextlib.suppress(OSError):
            file = os.open(FILE, os.O_RDWR | os.O_CLOEXEC)
            self._own = os.pread(file, 16, 0)
            os.pwrite(file, FIRST, 0)
            os.pwrite(file, self._own, 0)
            self._file = file

    def put_on_next(self) -> None:
        """Make this process expendable, and so what it starts from now on."""
        if self._file is not None:
            os.pwrite(self._file, FIRST, 0)

    def take_off_next(self) -> None:
        """Undo put_on_next(): a process that may raise that number may lower it again."""
        if self._file is not None:
            os.pwrite(self._file, self._own, 0)
