"""Database watch: when the database hangs, fail requests instead of letting them wait.

A server that is stopped, or that lies behind a network that drops packets, closes nothing: a read
from its socket never ends, and no limit on the server's side counts down. So a statement that has
no answer for a while makes the watch send the server a query of its own. A server that answers is
slow and is waited for. One that does not is away: statements in flight are ended, and requests are
refused at once until it answers.
"""

import os
import socket
import threading
import time
from collections.abc import Callable

import psycopg2
import structlog
from sqlalchemy.exc import SQLAlchemyError

from punctual.ops import telemetry
from punctual.store.driver.engine import STATEMENT_TIMEOUT_MS
from punctual.store.driver.watched_dialect import InFlight
from punctual_api.http.timed_call import TimedCall

log = structlog.get_logger()

SILENT_SECONDS = 1.5
"""A statement without an answer for this long makes the watch send its query."""
ANSWER_SECONDS = 1.0
"""A server that leaves the watch's query open for this long does not answer."""
UNANSWERED = 2
"""Looks without an answer that count: after one, this process itself may have stood still."""
LOOK_SECONDS = 0.25
LONGEST_SECONDS = STATEMENT_TIMEOUT_MS / 1000 + 5
"""A server that answers has cancelled a statement by then: it is this connection that is frozen."""


class DatabaseAwayError(Exception):
    """The database does not answer; no query was sent."""


class DatabaseWatch:
    """Knows whether the database answers; `query` returns when it does, on a connection of its own.

    Its thread starts with the first request.
    """

    def __init__(
        self,
        in_flight: dict[int, InFlight],
        query: Callable[[], object],
        *,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self.is_away = False
        self._in_flight = in_flight
        self._query = query
        self._call = TimedCall(self._answers, seconds=ANSWER_SECONDS)
        self._longest_seconds = longest_seconds
        self._unanswered = 0
        self._starting = threading.Lock()
        self._started = False
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def check(self) -> None:
        """Raise DatabaseAwayError while the database does not answer."""
        if not self._started:
            self._start()
        if self.is_away:
            raise DatabaseAwayError("it has not answered for a while")

    def look(self) -> None:
        """Ask the database if something waits for it, and end what waits in vain."""
        waiting = self._waiting(LOOK_SECONDS if self.is_away else SILENT_SECONDS)
        if waiting or self.is_away:
            self._note(answered=bool(self._call.result()), waiting=len(waiting))
        else:
            self._unanswered = 0
        for thread, each in waiting.items():
            if self.is_away or time.monotonic() - each[1] > self._longest_seconds:
                self._end(thread, each)

    def stop(self) -> None:
        """End the thread and its query, so that neither opens a connection later."""
        self._stop.set()
        with self._starting:
            self._started = True
        if self._thread is not None:
            self._thread.join(ANSWER_SECONDS + LOOK_SECONDS)
        self._call.settle()

    def _waiting(self, seconds: float) -> dict[int, InFlight]:
        """Return what threads have waited for this long."""
        now = time.monotonic()
        found = self._in_flight.copy()
        return {thread: each for thread, each in found.items() if now - each[1] > seconds}

    def _note(self, *, answered: bool, waiting: int) -> None:
        self._unanswered = 0 if answered else self._unanswered + 1
        if answered and self.is_away:
            self.is_away = False
            log.info("database connection restored")
        elif self._unanswered >= UNANSWERED and not self.is_away:
            self.is_away = True
            log.warning("database connection lost", error="no answer in time", requests=waiting)

    def _end(self, thread: int, each: InFlight) -> None:
        """End the wait of a thread: its read finds the connection closed."""
        line = each[0]
        if line is None or line.closed:  # opening one has a time limit
            return
        try:
            with socket.socket(fileno=os.dup(line.fileno())) as twin:
                # The thread waited before the descriptor was doubled and waits still, so the
                # descriptor was this connection's in between.
                if self._in_flight.get(thread) is each:
                    twin.shutdown(socket.SHUT_RDWR)
        except (OSError, psycopg2.Error):  # it has been closed by now
            return

    def _answers(self) -> bool:
        try:
            self._query()
        except SQLAlchemyError:
            telemetry.DATABASE_ERRORS.inc()
            return False
        return True

    def _start(self) -> None:
        with self._starting:
            if not self._started:
                self._started = True
                self._thread = threading.Thread(
                    target=self._run, name="database-watch", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        self._call.result()  # opens the connection while there is no hurry
        while not self._stop.wait(LOOK_SECONDS):
            self.look()
