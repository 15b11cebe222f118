"""The living processes of an attempt whose main process has ended."""

from __future__ import annotations

import signal

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.supervise.process_scan import is_zombie
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.signals import signal_child, signal_group, signal_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

# Of more processes than this it is not asked one by one whether they are zombies.
MAX_EXAMINED = 64


class Remaining:
    """Processes by how they were found: by their mark, or as unmarked children of the runner.

    `died`: a zombie was found too, so that a process that it forked may have been missed.
    """

    __slots__ = ("died", "marked", "unmarked")

    def __init__(self) -> None:
        self.marked: list[int] = []
        self.unmarked: list[int] = []
        self.died = False

    def __len__(self) -> int:
        return len(self.marked) + len(self.unmarked)

    def is_over(self, zombies_before: Collection[int]) -> bool:
        """Return True when nothing lives, as far as one look can say.

        `zombies_before` were zombies at the look before this one. A dead process that another run
        traces stays a zombie for as long as that one likes; one that has died since this look may
        have forked what the look missed.
        """
        return not self.died and all(pid in zombies_before for pid in self.pids)

    @property
    def pids(self) -> tuple[int, ...]:
        """All of them."""
        return (*self.marked, *self.unmarked)

    def zombies(self) -> frozenset[int]:
        """Return those that are dead by now; of very many, none."""
        if len(self) > MAX_EXAMINED:
            return frozenset()
        return frozenset(filter(is_zombie, self.pids))

    def living(self) -> int:
        """Count those that live; of very many, all."""
        return len(self) - len(self.zombies())

    def terminate(self, attempt: RunnerAttempt, process_tag: ProcessTag) -> set[int]:
        """Send TERM to each process that did not get it yet; return all that have got it."""
        # A stopped process would keep its TERM for later.
        for number in (signal.SIGTERM, signal.SIGCONT):
            self._signal(attempt.serial, process_tag, number, spare=attempt.sent_term)
        return {*self.marked, *self.unmarked}

    def kill(self, attempt: RunnerAttempt, process_tag: ProcessTag) -> None:
        """Send KILL to the command's group and to each process."""
        # One call for the whole group, which even a fork in progress does not survive.
        signal_group(attempt, signal.SIGKILL)
        self._signal(attempt.serial, process_tag, signal.SIGKILL)

    def _signal(
        self,
        serial: int,
        process_tag: ProcessTag,
        number: signal.Signals,
        spare: Collection[int] = (),
    ) -> None:
        for pid in self.marked:
            if pid not in spare:
                signal_marked(pid, serial, process_tag, number)
        for pid in self.unmarked:
            if pid not in spare:
                signal_child(pid, number)
