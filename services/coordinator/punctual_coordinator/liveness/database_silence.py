"""Silences of the database: when it answered no query of this coordinator.

A run that came due in one could not be planned, claimed or started, though services were at work.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import Engine

from punctual.store.processes.database_silences import SHORTEST, Predecessor, record_silence

log = structlog.get_logger()

TakeDuty = Callable[[str, Callable[[], object]], bool]
"""As `DutyRunner.take`: run a duty; False when the database is away."""

SILENT_SECONDS = SHORTEST.total_seconds()

ASLEEP_SECONDS = 5.0
"""A process that should be awake each second, and was not for so long, was frozen itself."""


class Silence(NamedTuple):
    """When the last answer before and the first one after came, by this process's clock."""

    from_seconds: float
    to_seconds: float
    from_start: bool = False
    """Whether this process has had no answer before."""


class SilenceWatch:
    """Compares when queries were sent with when the database answered, in any thread.

    Only of the time in which this process was awake: a frozen one receives no answers either.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: float | None = None
        self._answered = self._awake = clock()
        self._from_start = True
        self._last: Silence | None = None

    def sent(self) -> None:
        """Note that a query is about to be sent."""
        with self._lock:
            if self._sent is None:
                self._sent = self._clock()

    def answered(self) -> None:
        """Note that the database has answered."""
        with self._lock:
            now = self._clock()
            self._check_awake(now)
            if self._sent is not None and now - self._sent >= SILENT_SECONDS:
                self._last = Silence(self._answered, now, self._from_start)
            self._sent, self._answered = None, now
            self._from_start = False

    def awake(self) -> None:
        """Note that this process runs; to be called every second."""
        with self._lock:
            now = self._clock()
            self._check_awake(now)
            self._awake = now

    def last(self) -> tuple[Silence, float] | None:
        """Return the last silence that has ended, and the clock's reading now."""
        with self._lock:
            return None if self._last is None else (self._last, self._clock())

    def forget(self, silence: Silence) -> None:
        """Forget a silence that is recorded."""
        with self._lock:
            if self._last == silence:
                self._last = None

    def _check_awake(self, now: float) -> None:
        if now - self._awake > ASLEEP_SECONDS:
            self._awake = self._answered = now
            self._sent = None
            self._from_start = False


class SilenceRecorder:
    """Records each silence in the database, before a duty decides about a run that it made late.

    `take` runs it as a duty of its own: an error in it stops no other one. The watchdog may have
    ended the process before this one in the same silence: it began with the last answer to that.
    """

    def __init__(
        self,
        engine: Engine,
        watch: SilenceWatch,
        *,
        lease: timedelta,
        take: TakeDuty,
        predecessor: Predecessor | None = None,
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._lease = lease
        self._take = take
        self._predecessor = predecessor
        self._recording = threading.Lock()

    def run_once(self) -> bool:
        """Record the last silence, if it is not recorded yet; call it after the first answer.

        False when the database is away and nothing else should run.
        """
        with self._recording:  # several duties come back from one silence
            return self._take("silence", self._record)

    def _record(self) -> None:
        found = self._watch.last()
        if found is None:
            return
        silence, now = found
        with self._engine.begin() as connection:
            recorded = record_silence(
                connection,
                began=timedelta(seconds=now - silence.from_seconds),
                ended=timedelta(seconds=now - silence.to_seconds),
                lease=self._lease,
                predecessor=self._predecessor if silence.from_start else None,
            )
        self._watch.forget(silence)
        if recorded is None:
            return
        log.warning(
            "database silence recorded",
            since=recorded.from_at.isoformat(),
            seconds=round((recorded.to_at - recorded.from_at).total_seconds()),
        )
