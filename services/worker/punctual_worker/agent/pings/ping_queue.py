"""Pings that wait to be sent: bounded, in order for each task, no host keeping all senders."""

import threading
import uuid
from collections import Counter
from dataclasses import dataclass

MOST_WAITING = 1000
MOST_OF_A_HOST = 2
"""Of the senders; a host that hangs keeps the others free."""


@dataclass(frozen=True, slots=True)
class Ping:
    """A request that is to be sent."""

    task_id: uuid.UUID
    run_id: uuid.UUID
    event: str
    address: str
    host: str


class PingQueue:
    """Takes pings from any thread without ever waiting, and hands them to senders."""

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._waiting: list[Ping] = []
        self._sending: set[uuid.UUID] = set()
        self._hosts: Counter[str] = Counter()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, ping: Ping) -> bool:
        """Take a ping; return False where too many wait."""
        with self._changed:
            if self._closed or len(self._waiting) >= self._most_waiting:
                return False
            self._waiting.append(ping)
            self._changed.notify()
        return True

    def take(self) -> Ping | None:
        """Wait for the first ping whose task and host are free; None after the end."""
        with self._changed:
            while True:
                for place, ping in enumerate(self._waiting):
                    if self._is_free(ping):
                        del self._waiting[place]
                        self._sending.add(ping.task_id)
                        self._hosts[ping.host] += 1
                        return ping
                if self._closed:
                    return None
                self._changed.wait()

    def done(self, ping: Ping) -> None:
        """Take note that a ping was sent, or given up."""
        with self._changed:
            self._sending.discard(ping.task_id)
            self._hosts[ping.host] -= 1
            if not self._hosts[ping.host]:
                del self._hosts[ping.host]
            self._changed.notify_all()

    def close(self, seconds: float) -> int:
        """Wait that long until all is sent, and take no more; return how many are left."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._waiting or self._sending), seconds)
            self._closed = True
            left = len(self._waiting) + len(self._sending)
            self._waiting.clear()
            self._changed.notify_all()
        return left

    @property
    def is_closed(self) -> bool:
        """Return whether no more is sent."""
        return self._closed

    def _is_free(self, ping: Ping) -> bool:
        return ping.task_id not in self._sending and self._hosts[ping.host] < MOST_OF_A_HOST
