"""Timers of attempts: a heap by instant, in which setting one anew is cheap."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.attempts.attempt import RunnerAttempt

NEVER = -1


class Timers:
    """A heap of instants; an attempt has at most one entry that counts, named by its alarm_ns.

    Entries which lost their meaning stay until they surface, or until they are the majority: a
    timeout of an hour must not keep the output of a run that took a millisecond.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, RunnerAttempt]] = []
        self._order = count()  # ties are served in the order of arrival
        self._live = 0

    def set(self, attempt: RunnerAttempt, when_ns: int) -> None:
        """Wake for this attempt at `when_ns` and at no other time."""
        if attempt.alarm_ns == when_ns:
            return
        if attempt.alarm_ns == NEVER:
            self._live += 1
        attempt.alarm_ns = when_ns
        heappush(self._heap, (when_ns, next(self._order), attempt))
        if len(self._heap) > 2 * self._live + 256:
            self._heap = [entry for entry in self._heap if entry[2].alarm_ns == entry[0]]
            heapify(self._heap)

    def clear(self, attempt: RunnerAttempt) -> None:
        """Forget this attempt."""
        if attempt.alarm_ns != NEVER:
            attempt.alarm_ns = NEVER
            self._live -= 1

    def next_ns(self) -> int | None:
        """Return the earliest instant that counts."""
        heap = self._heap
        while heap and heap[0][2].alarm_ns != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def first(self) -> RunnerAttempt:
        """Return the attempt next_ns() spoke of."""
        return self._heap[0][2]

    def pop(self) -> RunnerAttempt:
        """Take out the attempt next_ns() spoke of."""
        attempt = heappop(self._heap)[2]
        self.clear(attempt)
        return attempt
