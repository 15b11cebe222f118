"""Starter: commit the attempts of claimed runs just before they are due, and order launches."""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from punctual.domain.batch_size import BatchSize
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message
from punctual.store.lifecycle.claim import release, still_claimed
from punctual.store.lifecycle.give_back import give_back
from punctual.store.lifecycle.replace import replace_earlier
from punctual.store.lifecycle.start import StartedAttempt, skip_overlapping, start
from punctual.store.secrets.of_runs import SealedSecret, secrets_of_runs
from punctual_worker.agent.attempts.active_attempts import ActiveAttempts
from punctual_worker.agent.attempts.outcome import CANCELLED
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.launch.launches import LaunchMaker
from punctual_worker.agent.liveness.lease import WorkerLease
from punctual_worker.agent.run_queue import QueuedRun, RunQueue
from punctual_worker.agent.runner_link.client import RunnerClient

log = structlog.get_logger()

START_LEAD = timedelta(milliseconds=330)
"""How long before its due time a run is started, so that no database trip delays the command.

Deliberately not round: schedules cluster on round instants, and START must not coincide with the
launch of another run.
"""

BATCH_SPAN = timedelta(milliseconds=100)
"""Runs due this soon after the first one are started in the same statement."""

SLOT_WAIT = timedelta(milliseconds=50)
"""How long past its due time a run waits for a slot here before a worker with room gets it."""

BEHIND_AFTER = timedelta(seconds=10)
GIVE_BACK_AFTER = timedelta(seconds=10)
"""After STARTs have failed this long, due runs are released to other workers."""

RETRY_DELAY = timedelta(milliseconds=200)
REFUSED_RETRY_DELAY = timedelta(seconds=1)


class RunStarter:
    """Takes due runs off the queue, STARTs them in batches, and passes them to the runner."""

    def __init__(
        self,
        engine: Engine,
        run_queue: RunQueue,
        running: ActiveAttempts,
        runner: RunnerClient,
        clock: DatabaseClock,
        lease: WorkerLease,
        *,
        worker_id: uuid.UUID,
        settings: Settings,
        launches: LaunchMaker,
        claim_more: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._run_queue = run_queue
        self._running = running
        self._runner = runner
        self._clock = clock
        self._lease = lease
        self._worker_id = worker_id
        self._settings = settings
        self._launches = launches
        self._claim_more = claim_more
        self._size = BatchSize(settings.slots)
        self._turned: Callable[[], None] = lambda: None
        self._starting = threading.Lock()
        self._failing_since: datetime | None = None

    @property
    def is_behind(self) -> bool:
        """Return whether a START with a free slot is long overdue."""
        at = self._run_queue.next_at()
        if at is None or self._run_queue.busy >= self._run_queue.slots:
            return False
        return self._clock.now() - at > BEHIND_AFTER

    def run(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        """Start due runs until `stop` is set."""
        self._turned = turned
        while not stop.is_set():
            turned()
            now = self._clock.now()
            with self._run_queue.changed:
                at = self._run_queue.next_at()
                full = self._run_queue.busy >= self._run_queue.slots
                ready = at is not None and at <= now and not full and self._lease.fresh
                if not ready:
                    self._run_queue.changed.wait(_pause(at, now))
            if ready:
                with self._starting:
                    self._start(self._run_queue.take(now + BATCH_SPAN, most=self._size.now))
            elif full:
                self._release_overdue()

    def settle(self, seconds: float) -> None:
        """Wait up to so long until no START is under way; after the queue was closed."""
        if self._starting.acquire(timeout=seconds):
            self._starting.release()

    def _start(self, batch: Sequence[QueuedRun]) -> None:
        if not batch:
            return
        self._turned()
        try:
            with self._engine.begin() as connection:
                started = start(
                    connection,
                    worker_id=self._worker_id,
                    claims=[run.pair for run in batch],
                    lease=timedelta(seconds=self._settings.lease_seconds),
                )
                with_secrets = [run.run_id for run in started if run.spec.get("secrets")]
                sealed = secrets_of_runs(connection, with_secrets) if with_secrets else {}
        except IntegrityError:
            # Another worker started the same task in this instant. One at a time, the statement
            # sees it and refuses just that one.
            if len(batch) == 1:
                self._give_back(batch)
            for run in batch if len(batch) > 1 else ():
                self._start([run])
            return
        except DATABASE_FAILURES as error:
            # Whether it was committed is unknown: START answers the same attempts when repeated.
            telemetry.DATABASE_ERRORS.inc()
            log_at_level = (
                log.debug if self._failing_since else log.warning
            )  # tried again in 200 ms
            log_at_level("start failed", error=driver_message(error), runs=len(batch))
            self._size.failed(len(batch))
            self._give_back(batch)
            return
        self._size.went_well()
        self._failing_since = None
        self._launch(started, sealed)
        self._claim_more()  # what is to follow these should wait here when their slots are free
        ours = {run.run_id for run in started}
        if refused := [run for run in batch if run.run_id not in ours]:
            self._settle_refused(refused)

    def _launch(
        self,
        started: Sequence[StartedAttempt],
        sealed: Mapping[uuid.UUID, Sequence[SealedSecret]],
    ) -> None:
        attempts = [self._running.add(run) for run in started]
        launches = [
            self._launches.make(run, attempt, sealed.get(run.run_id, ()))
            for run, attempt in zip(started, attempts, strict=True)
        ]
        self._runner.start(*(launch for launch in launches if launch is not None))
        for attempt in attempts:  # cancelled before it was sent to the runner
            if self._running.was_cancelled(attempt.run_id):
                self._runner.stop(attempt.key, CANCELLED)

    def _settle_refused(self, refused: Sequence[QueuedRun]) -> None:
        """Replace or skip what overlaps, drop what is not ours any more, try the rest later.

        What waits for a limit is released: it waits as scheduled, and takes no room here.
        """
        pairs = [run.pair for run in refused]
        try:
            with self._engine.begin() as connection:
                replaced = replace_earlier(connection, worker_id=self._worker_id, claims=pairs)
            with self._engine.begin() as connection:
                skipped = skip_overlapping(connection, worker_id=self._worker_id, claims=pairs)
                ours = still_claimed(connection, worker_id=self._worker_id, claims=pairs)
                not_here = [run.pair for run in refused if ours.get(run.run_id)]
                release(connection, worker_id=self._worker_id, claims=not_here)
        except DATABASE_FAILURES as error:
            telemetry.DATABASE_ERRORS.inc()
            log.warning("refused runs not settled", error=driver_message(error), runs=len(refused))
            self._put_back(refused)
            return
        for earlier in replaced:
            log.info("run replaced", run_id=str(earlier.run_id), state=earlier.state)
        for run_id in skipped:
            log.info("run skipped", run_id=str(run_id))
            telemetry.RUNS_FINISHED.labels("skipped").inc()
        now = self._clock.now()
        way_is_free = any(earlier.state == "cancelled" for earlier in replaced)
        retry_at = now if way_is_free else now + REFUSED_RETRY_DELAY
        for run in refused:
            if ours.get(run.run_id) is False:  # whether it overlaps is decided when it is due
                self._run_queue.put_back(run, at=retry_at if now >= run.due_at else run.due_at)
            else:
                self._run_queue.free(run.pair)

    def _put_back(self, batch: Sequence[QueuedRun]) -> None:
        for run in batch:
            self._run_queue.put_back(run, at=self._clock.now() + RETRY_DELAY)

    def _give_back(self, batch: Sequence[QueuedRun]) -> None:
        """Try runs again soon whose START failed, or release what is overdue if it goes on failing.

        Only what was released leaves its slot: of the rest nothing is known.
        """
        now = self._clock.now()
        self._failing_since = self._failing_since or now
        released: set[uuid.UUID] = set()
        if now - self._failing_since > GIVE_BACK_AFTER:
            overdue = [run for run in batch if run.due_at <= now]
            released = set(self._release(overdue) or ())
        for run in batch:
            if run.run_id in released:
                self._run_queue.free(run.pair)
            else:
                self._run_queue.put_back(run, at=now + RETRY_DELAY)

    def _release_overdue(self) -> None:
        """Give away what would wait here although other workers have room for it."""
        waiting = self._run_queue.overdue(
            self._clock.now() - SLOT_WAIT, most=self._lease.room_elsewhere
        )
        if not waiting:
            return
        if self._release(waiting) is None:
            for run in waiting:
                self._run_queue.put_back(run, at=run.at)
            return
        self._lease.sent_elsewhere(len(waiting))

    def _release(self, waiting: Sequence[QueuedRun]) -> list[uuid.UUID] | None:
        """Return which runs were released; None when the database did not answer."""
        try:
            with self._engine.begin() as connection:
                pairs = [run.pair for run in waiting]
                # A START of theirs may have been committed whose answer was lost.
                released = give_back(connection, worker_id=self._worker_id, unlaunched=pairs)
        except DATABASE_FAILURES as error:
            telemetry.DATABASE_ERRORS.inc()
            log.warning("release failed", error=driver_message(error), runs=len(waiting))
            return None
        telemetry.RUNS_RELEASED.inc(len(released))
        return released


def _pause(at: datetime | None, now: datetime) -> float:
    """Return the seconds until the next START, if nothing changes before."""
    if at is None:
        return 1.0
    if at <= now:  # no slot, or no lease
        return SLOT_WAIT.total_seconds()
    return min((at - now).total_seconds(), 1.0)
