"""Reporter: write ends in batches, and the starts of attempts that keep running."""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError

from punctual.domain.batch_size import BatchSize
from punctual.domain.runs.states import FINAL
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.ops.tracing import Tracing
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual.store.lifecycle.finish import AttemptResult, finish
from punctual.store.lifecycle.give_back import give_back
from punctual.store.lifecycle.start import note_started
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt, ActiveAttempts, key_of
from punctual_worker.agent.attempts.traces import trace
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.pings.pinger import Pinger

log = structlog.get_logger()

MOST_REPORTS = 100
MOST_BYTES = 4 * 1024 * 1024
"""Output in one statement; a batch of the largest outputs would be slow and take its memory."""

SECOND = 1_000_000_000
PING_SECONDS = 2.0
"""At the end of the worker, for pings that wait."""
NOTE_AFTER_SECONDS = 0.25
"""A command that ends sooner has its start written together with its end."""


class Reporter:
    """Takes reports from any thread and writes them to the database, however long that takes."""

    def __init__(
        self,
        engine: Engine,
        running: ActiveAttempts,
        clock: DatabaseClock,
        worker_id: uuid.UUID,
        settings: Settings,
        tracing: Tracing | None = None,
    ) -> None:
        self._engine = engine
        self._running = running
        self._clock = clock
        self._worker_id = worker_id
        self._tracing = tracing
        self._pings = Pinger(settings)
        self._reports: deque[AttemptResult] = deque()
        self._size = BatchSize(MOST_REPORTS)
        self._begun: dict[str, tuple[float, ActiveAttempt]] = {}
        self._unlaunched: list[ActiveAttempt] = []
        self._changed = threading.Condition()
        self._turned: Callable[[], None] = lambda: None

    def begun(self, attempt: ActiveAttempt, at_ns: int) -> None:
        """Take note that the command has started, at that instant of CLOCK_MONOTONIC."""
        attempt.started_ns = at_ns
        if attempt.ping is not None:
            self._pings.started(attempt)
        with self._changed:
            self._begun[attempt.key] = (at_ns / SECOND, attempt)

    def ended(self, *reports: AttemptResult) -> None:
        """Take results of ended attempts; they are stored until the database has them."""
        for report in reports:
            if report.left_behind:
                self._log_left_behind(report)
        with self._changed:
            for report in reports:
                key = key_of(report.run_id, report.fence)
                self._begun.pop(key, None)
                if attempt := self._running.get(key):
                    attempt.reported = True
            self._reports.extend(reports)
            self._changed.notify()

    def unlaunched(self, attempts: Sequence[ActiveAttempt]) -> None:
        """Give back the runs of attempts that ended before their commands were launched."""
        with self._changed:
            for attempt in attempts:
                attempt.reported = True
            self._unlaunched.extend(attempts)
            self._changed.notify()

    def run(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        """Write reports until `stop` is set and everything is written, and pinged."""
        try:
            self._run(stop, turned)
        finally:
            self._pings.close(PING_SECONDS)

    def _run(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        self._turned = turned
        while not (stop.is_set() and not self._reports and not self._unlaunched):
            turned()
            batch = self._next_batch()
            try:
                if batch:
                    self._finish(batch)
                    self._size.went_well()
                    batch = []
                self._note_begun()
                self._give_back()
            except DATABASE_FAILURES as error:
                telemetry.DATABASE_ERRORS.inc()
                log.warning("report failed", error=driver_message(error), reports=len(batch))
                with self._changed:
                    self._reports.extend(batch)
                if batch:
                    self._size.failed(len(batch))
                if stop.wait(0.5):
                    return  # the reaper says what we could not

    def _next_batch(self) -> list[AttemptResult]:
        batch: list[AttemptResult] = []
        size = 0
        with self._changed:
            timeout = NOTE_AFTER_SECONDS if self._begun else 0.5
            self._changed.wait_for(lambda: self._reports or self._unlaunched, timeout)
            while self._reports and len(batch) < self._size.now and size < MOST_BYTES:
                batch.append(self._reports.popleft())
                size += len(batch[-1].output)
        return batch

    def _finish(self, batch: Sequence[AttemptResult]) -> None:
        try:
            with self._engine.begin() as connection:
                settled = finish(connection, worker_id=self._worker_id, reports=batch)
        except (DataError, IntegrityError) as error:
            if len(batch) > 1:  # one bad report must not keep the others from being written
                for report in batch:
                    self._turned()
                    self._finish([report])
                return
            log.warning("report refused", run_id=str(batch[0].run_id), error=str(error.orig))
            self._running.refused(key_of(batch[0].run_id, batch[0].fence))
            settled = []
        for run in settled:
            if run.state in FINAL:
                telemetry.RUNS_FINISHED.labels(run.state).inc()
            if run.retry_at:
                telemetry.RUNS_RETRIED.inc()
            if run.lateness_ms is not None:
                telemetry.RUN_LATENESS.observe(run.lateness_ms / 1000)
        if self._tracing:
            trace(self._tracing, settled, batch)
        states = {run.run_id: run.state for run in settled}
        for report in batch:
            attempt = self._running.remove(key_of(report.run_id, report.fence))
            if attempt is not None and attempt.ping is not None:
                self._ping(attempt, report, states.get(report.run_id))

    def _ping(self, attempt: ActiveAttempt, report: AttemptResult, state: str | None) -> None:
        if report.started_at is not None:  # a command that ended at once had no report of its start
            self._pings.started(attempt)
        self._pings.ended(attempt, state, report.exit_code)

    def _give_back(self) -> None:
        attempts = list(self._unlaunched)
        if not attempts:
            return
        pairs = [attempt.pair for attempt in attempts]
        with self._engine.begin() as connection:
            given = give_back(connection, worker_id=self._worker_id, unlaunched=pairs)
        telemetry.RUNS_RELEASED.inc(len(given))
        with self._changed:
            del self._unlaunched[: len(attempts)]
        for attempt in attempts:
            self._running.remove(attempt.key)

    def _log_left_behind(self, report: AttemptResult) -> None:
        attempt = self._running.get(key_of(report.run_id, report.fence))
        log.info(
            "processes left behind",
            run_id=str(report.run_id),
            attempt=attempt and attempt.attempt,
            left_behind=report.left_behind,
        )

    def _note_begun(self) -> None:
        begun_before = time.monotonic() - NOTE_AFTER_SECONDS
        with self._changed:
            due_notes = {key: each for key, (at, each) in self._begun.items() if at <= begun_before}
        rows = [
            {
                "id": str(attempt.run_id),
                "fence": attempt.fence,
                "started_at": max(
                    self._clock.instant(attempt.started_ns), attempt.due_at
                ).isoformat(),
            }
            for attempt in due_notes.values()
            if attempt.started_ns is not None
        ]
        if rows:
            with self._engine.begin() as connection:
                note_started(connection, worker_id=self._worker_id, begun=json.dumps(rows))
        with self._changed:  # what failed stays: a run must not be running without a start for ever
            for key in due_notes:
                self._begun.pop(key, None)
