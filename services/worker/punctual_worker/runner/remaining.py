"""The living processes of an attempt whose main process has ended."""

from __future__ import annotations

import signal

from punctual_worker.runner.attempt import TERMINATING_REST, Attempt
from punctual_worker.runner.census import is_zombie
from punctual_worker.runner.killing import signal_child, signal_group, signal_marked
from punctual_worker.runner.marks import Marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


class Remaining:
    """Processes by how they were found: by their mark, or as unmarked children of the runner."""

    __slots__ = ("marked", "unmarked")

    def __init__(self) -> None:
        self.marked: list[int] = []
        self.unmarked: list[int] = []

    def __len__(self) -> int:
        return len(self.marked) + len(self.unmarked)

    def end(self, attempt: Attempt, marks: Marks) -> None:
        """Send TERM once to each process, or KILL as soon as the attempt's phase says so."""
        asked = attempt.signalled or set()
        if attempt.signalled is not None:
            pids = (*self.marked, *self.unmarked)
            attempt.signalled = asked.union(pid for pid in pids if not is_zombie(pid))
        if attempt.phase == TERMINATING_REST:
            # A stopped process would keep its TERM for later.
            for number in (signal.SIGTERM, signal.SIGCONT):
                self._signal(attempt.serial, marks, number, spare=asked)
        else:
            # One call for the whole group, which even a fork in progress does not survive.
            signal_group(attempt, signal.SIGKILL)
            self._signal(attempt.serial, marks, signal.SIGKILL)

    def _signal(
        self, serial: int, marks: Marks, number: signal.Signals, spare: Collection[int] = ()
    ) -> None:
        for pid in self.marked:
            if pid not in spare:
                signal_marked(pid, serial, marks, number)
        for pid in self.unmarked:
            if pid not in spare:
                signal_child(pid, number)
