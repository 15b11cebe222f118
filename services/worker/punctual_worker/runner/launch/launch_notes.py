"""Notes each launch in memory shared with the agent, right before it, so that it outlives us."""

from __future__ import annotations

import mmap
import os
import time

from punctual_worker.runner.attempts.attempt import RunnerAttempt


class LaunchNotes:
    """A cell for each attempt: 0, or the instant (CLOCK_MONOTONIC, ns) at which it is launched."""

    def __init__(self, descriptor: int) -> None:
        """Map the agent's memory; what is started inherits neither it nor its descriptor."""
        self._cells = memoryview(mmap.mmap(descriptor, 0)).cast("Q")
        os.close(descriptor)

    def note(self, attempt: RunnerAttempt) -> None:
        """Note that from now on its command may have run."""
        if attempt.cell is not None:
            self._cells[attempt.cell] = time.monotonic_ns()

    def withdraw(self, attempt: RunnerAttempt) -> None:
        """Take a note back: its launch failed, nothing of the command has run."""
        if attempt.cell is not None:
            self._cells[attempt.cell] = 0
