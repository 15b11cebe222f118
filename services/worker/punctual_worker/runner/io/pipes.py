"""Read what commands write, in portions, so that a flood from one delays no other."""

from __future__ import annotations

import os
import time
from collections import deque

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.io.poller import Poller

PORTION = 64 * 1024
# Once all writers are dead a pipe holds at most its capacity, which an unprivileged command can
# raise to 1 MiB; this bounds the reading should one writer have been impossible to kill.
DRAIN_PORTIONS = 64
# A stream whose excess is thrown away anyway is read at 64 MB/s at most: otherwise one `yes` would
# cost its neighbours a processor, this process, and their punctuality.
REST_NS = 1_000_000


class Pipes:
    """The read ends of all commands, sharing one buffer."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._buffer = bytearray(PORTION)
        self._view = memoryview(self._buffer)
        self._resting: deque[tuple[int, RunnerAttempt, int]] = deque()  # until when, in that order

    def read(self, attempt: RunnerAttempt, descriptor: int) -> None:
        """Take one portion from a pipe, and let one that overflows rest a little."""
        if self._take(attempt, descriptor) and attempt.output.truncated:
            self._poller.remove(descriptor)
            self._resting.append((time.monotonic_ns() + REST_NS, attempt, descriptor))

    def wake_ns(self) -> int | None:
        """Return when resume() has something to do, or None."""
        return self._resting[0][0] if self._resting else None

    def resume(self, now_ns: int) -> None:
        """Read on from pipes that rested."""
        while self._resting and self._resting[0][0] <= now_ns:
            _, attempt, descriptor = self._resting.popleft()
            if descriptor in attempt.pipes:  # else closed since, and maybe another attempt's by now
                self._poller.add(descriptor, attempt, attempt.pipes[descriptor])

    def _take(self, attempt: RunnerAttempt, descriptor: int) -> int:
        """Read once and return the size; 0 when there is nothing now or ever."""
        try:
            size = os.readv(descriptor, (self._buffer,))
        except BlockingIOError:
            return 0
        if size == 0:
            self._close(attempt, descriptor)
        else:
            attempt.output.add(attempt.pipes[descriptor], self._view[:size])
        return size

    def drain(self, attempt: RunnerAttempt) -> None:
        """Read what is in the pipes and close them, even if processes hold the other ends."""
        for descriptor in tuple(attempt.pipes):
            for _ in range(DRAIN_PORTIONS):
                if not self._take(attempt, descriptor):
                    break
            if descriptor in attempt.pipes:
                self._close(attempt, descriptor)

    def _close(self, attempt: RunnerAttempt, descriptor: int) -> None:
        del attempt.pipes[descriptor]
        self._poller.close(descriptor)
