"""The in-memory queue of claimed runs: a heap by due time, and the count of slots."""

import heapq
import threading
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from punctual.store.lifecycle.claim import Claimed


@dataclass(slots=True)
class QueuedRun:
    """A claimed run that waits; START is tried `at` an instant a little before it is due."""

    at: datetime
    rank: int
    run_id: uuid.UUID
    fence: int
    due_at: datetime
    turn: int = 0
    team_id: uuid.UUID | None = None

    @property
    def pair(self) -> tuple[uuid.UUID, int]:
        """Return the run and the fence of its claim."""
        return self.run_id, self.fence


Place = tuple[datetime, int, int, QueuedRun]
"""The order of a claimed run: by instant, by rank, then as it came."""


class RunQueue:
    """The claimed runs of this worker, and its room for more; thread-safe."""

    def __init__(self, *, slots: int, lead: timedelta) -> None:
        self.slots = slots
        self._lead = lead
        self.changed = threading.Condition()
        self._heap: list[Place] = []
        self._came = count()
        self._busy: set[tuple[uuid.UUID, int]] = set()
        self._closed = False

    def add(self, claims: Iterable[Claimed]) -> None:
        """Take in runs that were just claimed."""
        with self.changed:
            for run_id, fence, due_at, priority, turn, team_id in claims:
                at = due_at - self._lead
                self._push(QueuedRun(at, -priority, run_id, fence, due_at, turn, team_id))
            self.changed.notify_all()

    def take(self, until: datetime, *, most: int | None = None) -> list[QueuedRun]:
        """Remove what is to be tried by `until`, `most` at most, as slots are free; fill those.

        Earliest first; when there are more than slots, teams in turn, each with its earliest due,
        and at one instant with its most urgent.
        """
        with self.changed:
            free = self.slots - len(self._busy)
            free = free if most is None else min(free, most)
            if self._closed or free <= 0 or not self._heap or self._heap[0][0] > until:
                return []
            ready = [place for place in self._heap if place[0] <= until]
            if len(ready) > free:
                chosen = [place for _, place in heapq.nsmallest(free, _by_turns(ready))]
            else:
                chosen = sorted(ready)
            taken = [run for *_, run in chosen]
            pairs = {run.pair for run in taken}
            self._heap = [place for place in self._heap if place[-1].pair not in pairs]
            heapq.heapify(self._heap)
            self._busy |= pairs
            return taken

    def put_back(self, run: QueuedRun, *, at: datetime) -> None:
        """Return a run that could not start, to be tried again at `at`; its slot is free again."""
        with self.changed:
            self._busy.discard(run.pair)
            self._push(replace(run, at=at))
            self.changed.notify_all()

    def free(self, *pairs: tuple[uuid.UUID, int]) -> bool:
        """Empty the slots of runs that ended, or that were not ours; whether all were taken."""
        with self.changed:
            was_full = len(self._busy) >= self.slots
            self._busy.difference_update(pairs)
            self.changed.notify_all()
            return was_full

    def overdue(self, since: datetime, *, most: int) -> list[QueuedRun]:
        """Remove at most `most` runs, due by `since`, that wait because no slot is free."""
        with self.changed:
            waiting: list[QueuedRun] = []
            if len(self._busy) >= self.slots:
                while self._heap and self._heap[0][-1].due_at <= since and len(waiting) < most:
                    waiting.append(heapq.heappop(self._heap)[-1])
            return waiting

    def waiting(self) -> list[QueuedRun]:
        """Return the runs that wait here for a slot; none while one is free."""
        with self.changed:
            full = len(self._busy) >= self.slots
            return [run for *_, run in self._heap] if full else []

    def withdraw(self, pairs: Collection[tuple[uuid.UUID, int]]) -> list[QueuedRun]:
        """Remove those of the runs that still wait; answers which."""
        with self.changed:
            taken = [run for *_, run in self._heap if run.pair in pairs]
            self._heap = [place for place in self._heap if place[-1].pair not in pairs]
            heapq.heapify(self._heap)
            return taken

    def restore(self, waiting: Iterable[QueuedRun]) -> None:
        """Take back withdrawn runs that are still claimed."""
        with self.changed:
            for run in waiting:
                self._push(run)
            self.changed.notify_all()

    def close(self) -> list[QueuedRun]:
        """Remove everything that waits, and start nothing from now on.

        What a claim or a failed START still brings is answered by the next call.
        """
        with self.changed:
            self._closed = True
            waiting = [run for *_, run in sorted(self._heap)]
            self._heap = []
            self.changed.notify_all()
            return waiting

    def next_at(self) -> datetime | None:
        """Return when START is next to be tried."""
        with self.changed:
            return self._heap[0][0] if self._heap and not self._closed else None

    def pairs(self) -> set[tuple[uuid.UUID, int]]:
        """Return every run that waits or is in a slot here."""
        with self.changed:
            return self._busy.union(run.pair for *_, run in self._heap)

    @property
    def busy(self) -> int:
        """Return how many slots are taken."""
        with self.changed:
            return len(self._busy)

    @property
    def room(self) -> int:
        """Return how many more runs to claim: free slots and an equal margin."""
        with self.changed:
            claimed = len(self._busy) + len(self._heap)
            return 0 if self._closed else max(2 * self.slots - claimed, 0)

    @property
    def free_slots(self) -> int:
        """Return how many runs could start now in addition to those waiting; 0 while closed."""
        with self.changed:
            claimed = len(self._busy) + len(self._heap)
            return 0 if self._closed else max(self.slots - claimed, 0)

    def _push(self, run: QueuedRun) -> None:
        heapq.heappush(self._heap, (run.at, run.rank, next(self._came), run))


def _by_turns(ready: Iterable[Place]) -> list[tuple[int, Place]]:
    """Deal out each team's turns again: its runs take them in the order in which it wants them."""
    owned: dict[uuid.UUID | int, list[Place]] = {}
    for place in ready:
        owned.setdefault(place[-1].team_id or place[2], []).append(place)
    return [
        (turn, place)
        for places in owned.values()
        for turn, place in zip(
            sorted(place[-1].turn for place in places), sorted(places), strict=True
        )
    ]
