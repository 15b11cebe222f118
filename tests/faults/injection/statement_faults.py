"""Traps: faults at one exact statement, found in the bytes that a client sends to PostgreSQL."""

import threading
import time
from collections.abc import Callable
from enum import Enum

COMMIT = b"COMMIT\x00"
"""psycopg2 ends a transaction with this simple query."""

START = b"EXECUTE start_"
"""What only START says."""

FINISH = b"EXECUTE finish_"
"""What only FINISH says."""

DISPATCH = b"dispatches = 1"
"""What only a first dispatch says."""

NEW_TASKS = b"EXECUTE insert_tasks_"
"""What only the saving of new tasks says."""


class Kind(Enum):
    """What a trap does to the first statement that holds its marker."""

    STALL_REQUEST = "the statement never reaches the server"
    SWALLOW_COMMIT = "the server commits it, and the client gets no answer"


class Trap:
    """Springs once, on the first connection that sends the marker; then `sprung` is set.

    With `cut` the connection is closed as soon as it has sprung; otherwise it stays silent until
    `release`, or until the client is gone.
    """

    def __init__(self, kind: Kind, marker: bytes, *, cut: bool = True) -> None:
        self.kind = kind
        self.marker = marker
        self.cut = cut
        self.sprung = threading.Event()
        self.sprung_at = 0.0
        self._then: Callable[[], None] | None = None
        self._taken_by: object = None
        self._recent = b""
        self._committing = False

    def when_sprung(self, do: Callable[[], None]) -> None:
        """Have `do` done at the very moment, on the thread that carries the bytes."""
        self._then = do

    def sees_request(self, link: object, data: bytes) -> bool:
        """Whether `data`, on its way to the server, is to be held back."""
        if self.sprung.is_set() or self._taken_by not in (None, link):
            return False
        if self._taken_by is None:
            if self.marker not in data:
                return False
            self._taken_by = link
            data = data[data.index(self.marker) :]
            if self.kind is Kind.STALL_REQUEST:
                self._spring()
                return True
        self._recent = self._recent[-len(COMMIT) :] + data
        self._committing = self._committing or COMMIT in self._recent
        return False

    def sees_reply(self, link: object) -> bool:
        """Whether what the server has just answered on this link is to be swallowed.

        A client waits for each answer before it sends more: what comes after COMMIT was sent is
        the answer to it, and it proves that the server has committed.
        """
        if self._taken_by is not link or not self._committing:
            return False
        self._spring()
        return True

    def has_lost(self, link: object) -> bool:
        """Whether this link was robbed of something, so that it is of no use any more."""
        return self._taken_by is link and self.sprung.is_set()

    def _spring(self) -> None:
        if not self.sprung.is_set():
            self.sprung_at = time.time()
            self.sprung.set()
            if self._then is not None:
                self._then()
