"""Kept connections: the thread that has answered waits a moment for the client's next request."""

import select
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

MOMENT_MS = 5
"""A program that sends one request after another sends the next within this time."""


class KeepingWorker(ThreadWorker):
    """gunicorn's worker with threads, for clients that have more than one thing to ask.

    Otherwise a connection goes back to the main thread after each answer, which watches it and
    hands its next request to the pool: some ten system calls, at each of which the threads
    change places. While there are more connections than threads none is held up by waiting.
    """

    def handle(self, conn: Any) -> Any:
        """Answer a connection's request, and those that follow at once."""
        kept = super().handle(conn)
        while kept is True and self._has_time() and _asks(conn):
            kept = super().handle(conn)
        return kept

    def _has_time(self) -> bool:
        """Whether no connection waits for a thread."""
        idle = len(self.keepalived_conns) + len(self.pending_conns)
        return bool(self.alive and self.nr_conns - idle <= self.cfg.threads)


def _asks(conn: Any) -> bool:
    """Whether more has come of the client within a moment, be it that it hung up."""
    poll = select.poll()
    poll.register(conn.sock, select.POLLIN)
    return bool(poll.poll(MOMENT_MS))
