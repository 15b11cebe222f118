"""Reads what commands write, in portions, so that a flood from one delays nobody else."""

from __future__ import annotations

import os

from punctual_worker.runner.attempt import Attempt
from punctual_worker.runner.watch import Watch

PORTION = 64 * 1024
# Once all writers are dead a pipe holds at most its capacity, which an unprivileged command can
# raise to 1 MiB; this bounds the reading should one writer have been impossible to kill.
DRAIN_PORTIONS = 64


class Pipes:
    """The read ends of all commands, sharing one buffer."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._buffer = bytearray(PORTION)
        self._view = memoryview(self._buffer)

    def read(self, attempt: Attempt, descriptor: int) -> bool:
        """Take one portion from a pipe; False when there is nothing now or ever."""
        try:
            size = os.readv(descriptor, (self._buffer,))
        except BlockingIOError:
            return False
        if size == 0:
            self._close(attempt, descriptor)
            return False
        attempt.output.add(attempt.pipes[descriptor], self._view[:size])
        return True

    def drain(self, attempt: Attempt) -> None:
        """Read what is in the pipes and close them, whoever may still hold the other ends."""
        for descriptor in tuple(attempt.pipes):
            for _ in range(DRAIN_PORTIONS):
                if not self.read(attempt, descriptor):
                    break
            if descriptor in attempt.pipes:
                self._close(attempt, descriptor)

    def _close(self, attempt: Attempt, descriptor: int) -> None:
        del attempt.pipes[descriptor]
        self._watch.remove(descriptor)
        os.close(descriptor)
