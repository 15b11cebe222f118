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
        """The run and the fence it is held under."""
        return self.run_id, self.fence


Place = tuple[datetime, int, int, QueuedRun]
"""Where a held run stands: by instant, by rank, then as it came."""


class RunQueue:
    """What this worker holds and what it has room for; every method is safe from any thread."""

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
            taken = [held for *_, held in chosen]
            pairs = {held.pair for held in taken}
            self._heap = [place for place in self._heap if place[-1].pair not in pairs]
            heapq.heapify(self._heap)
            self._busy |= pairs
            return taken

    def put_back(self, held: QueuedRun, *, at: datetime) -> None:
        """Return a run that could not start, to be tried again at `at`; its slot is free again."""
        with self.changed:
            self._busy.discard(held.pair)
            self._push(replace(held, at=at))
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
            return [held for *_, held in self._heap] if full else []

    def withdraw(self, pairs: Collection[tuple[uuid.UUID, int]]) -> list[QueuedRun]:
        """Remove those of the runs that still wait; answers which."""
        with self.changed:
            taken = [held for *_, held in self._heap if held.pair in pairs]
            self._heap = [place for place in self._heap if place[-1].pair not in pairs]
            heapq.heapify(self._heap)
            return taken

    def restore(self, waiting: Iterable[QueuedRun]) -> None:
        """Take back runs that were withdrawn and are still held."""
        with self.changed:
            for held in waiting:
                self._push(held)
            self.changed.notify_all()

    def close(self) -> list[QueuedRun]:
        """Remove everything that waits, and start nothing from now on.

        What a claim or a failed START still brings is answered by the next call.
        """
        with self.changed:
            self._closed = True
            waiting = [held for *_, held in sorted(self._heap)]
            self._heap = []
            self.changed.notify_all()
            return waiting

    def next_at(self) -> datetime | None:
        """When START is next to be tried."""
        with self.changed:
            return self._heap[0][0] if self._heap and not self._closed else None

    def pairs(self) -> set[tuple[uuid.UUID, int]]:
        """Return every run that waits or is in a slot here."""
        with self.changed:
            return self._busy.union(held.pair for *_, held in self._heap)

    @property
    def busy(self) -> int:
        """How many slots are taken."""
        with self.changed:
            return len(self._busy)

    @property
    def room(self) -> int:
        """How many more runs to claim: free slots and a margin as large, so that no slot waits."""
        with self.changed:
            held = len(self._busy) + len(self._heap)
            return 0 if self._closed else max(2 * self.slots - held, 0)

    @property
    def free_slots(self) -> int:
        """How many runs could start now beyond those already waiting; 0 while closed."""
        with self.changed:
            held = len(self._busy) + len(self._heap)
            return 0 if self._closed else max(self.slots - held, 0)

    def _push(self, held: QueuedRun) -> None:
        heapq.heappush(self._heap, (held.at, held.rank, next(self._came), held))


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
