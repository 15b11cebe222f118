"""The lease: until when this runner may let commands run without hearing from its agent.

Instants on the wire are CLOCK_MONOTONIC: select() sleeps by it, no one can set it, and agent and
runner read the same one. But it stands still while a machine is suspended, and the database's
lease does not. So the lease alone is kept on CLOCK_BOOTTIME, which goes on: after a suspend it is
found expired before anything is started, and what was running is stopped.
"""

from __future__ import annotations

import time


class RunnerLease:
    """A right to run commands, which ends by itself; none at first."""

    def __init__(self) -> None:
        self._until_boot_ns = 0
        self.lost = True  # whether the expiry was already acted on

    def extend(self, until_ns: int) -> None:
        """Make the lease valid until `until_ns` (CLOCK_MONOTONIC); 0 gives it up."""
        self._until_boot_ns = until_ns + _suspended_ns() if until_ns else 0
        if self.is_valid():
            self.lost = False

    def is_valid(self) -> bool:
        """Return whether commands may be started now."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) <= self._until_boot_ns

    def just_lost(self) -> bool:
        """Return True once for each time the lease ran out."""
        if self.lost or self.is_valid():
            return False
        self.lost = True
        return True

    def ends_ns(self) -> int | None:
        """Return when it runs out (CLOCK_MONOTONIC), or None when that was already acted on."""
        return None if self.lost else self._until_boot_ns - _suspended_ns()


def _suspended_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
