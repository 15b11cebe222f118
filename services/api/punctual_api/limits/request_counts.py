"""Requests a minute: counted in memory, and added up over all processes in the background."""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WINDOW_SECONDS = 60


class Standing(NamedTuple):
    """Whether a request is within the limit, and what is left of it for how many seconds."""

    allowed: bool
    left: int
    seconds: int


class Unsent(NamedTuple):
    """Requests of one sender in one minute that other processes do not know of yet."""

    sender: uuid.UUID
    minute: int
    requests: int


@dataclass(slots=True)
class _Count:
    """Requests of one sender in one minute: of all processes, on their way there, and unsent."""

    minute: int
    known: int = 0
    on_the_way: int = 0
    unsent: int = 0

    @property
    def used(self) -> int:
        return self.known + self.on_the_way + self.unsent


class RequestCounts:
    """Counts of this process and, as far as it knows them, of all others.

    Each sender's minutes begin at a second of its own, so that not all that wait come back at once.
    Refused requests are not counted.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.time) -> None:
        self.most = most
        self._clock = clock
        self._counts: dict[uuid.UUID, _Count] = {}
        self._lock = threading.Lock()

    def take(self, sender: uuid.UUID) -> Standing:
        """Count a request of this sender, unless the minute's requests are used up."""
        minute, second = self._minute_of(sender)
        with self._lock:
            count = self._counts.get(sender)
            if count is None or count.minute != minute:
                count = self._counts[sender] = _Count(minute)
            allowed = count.used < self.most
            if allowed:
                count.unsent += 1
            left = max(self.most - count.used, 0)
        return Standing(allowed, left, WINDOW_SECONDS - second)

    def unsent(self) -> list[Unsent]:
        """Return what is to be sent to the other processes; forget the minutes that are over."""
        with self._lock:
            for sender in [
                sender
                for sender, count in self._counts.items()
                if count.minute != self._minute_of(sender)[0]
            ]:
                del self._counts[sender]
            found = []
            for sender, count in self._counts.items():
                if count.unsent:
                    found.append(Unsent(sender, count.minute, count.unsent))
                    count.on_the_way, count.unsent = count.unsent, 0
            return found

    def note(self, sent: Sequence[Unsent], totals: Sequence[int] | None) -> None:
        """Note what all processes have counted; None when that is not known.

        What was sent counts here in either case. It is not sent again, as it may have arrived.
        """
        with self._lock:
            for place, one in enumerate(sent):
                count = self._counts.get(one.sender)
                if count is None or count.minute != one.minute:
                    continue
                own = count.known + count.on_the_way
                count.known = own if totals is None else max(own, totals[place])
                count.on_the_way = 0

    def _minute_of(self, sender: uuid.UUID) -> tuple[int, int]:
        """Return the sender's minute and its second."""
        return divmod(int(self._clock()) + sender.int % WINDOW_SECONDS, WINDOW_SECONDS)
