"""The agent of a worker: registers, claims, starts, reports, and stops in good order."""

import threading
import time
import uuid
from collections.abc import Callable, Collection
from datetime import timedelta

import structlog

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.messaging.broker import Broker
from punctual.ops import telemetry
from punctual.ops.config import Settings
from punctual.ops.progress import Progress
from punctual.ops.tracing import Tracing
from punctual.store.driver.engine import DATABASE_FAILURES, driver_message, make_engine
from punctual.store.driver.notify import CANCEL_CHANNEL
from punctual.store.processes.workers import leave
from punctual.store.runs.live_output import LOOK_CHANNEL
from punctual_worker.agent.actors import declare_actors, make_consumer, stop_consuming
from punctual_worker.agent.attempts.abandon import UnlaunchedRuns, settle_running
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt, ActiveAttempts
from punctual_worker.agent.attempts.live_output import OutputRelay
from punctual_worker.agent.attempts.outcome import CANCELLED, SHUT_DOWN, SHUTDOWN, unstarted_report
from punctual_worker.agent.attempts.reporter import Reporter
from punctual_worker.agent.claimer import Claimer
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.launch.interpreters import Interpreters
from punctual_worker.agent.launch.launches import LaunchMaker
from punctual_worker.agent.launch.secret_values import SecretOpener
from punctual_worker.agent.launch.starter import START_LEAD, RunStarter
from punctual_worker.agent.liveness.heartbeat import BuriedError, Heartbeat
from punctual_worker.agent.liveness.lease import WorkerLease
from punctual_worker.agent.liveness.registration import register_worker
from punctual_worker.agent.liveness.threads import Threads
from punctual_worker.agent.liveness.watchdog import RunnerSilentError, WorkerWatch
from punctual_worker.agent.notifications import listen_for_notices
from punctual_worker.agent.reconciler import Reconciler
from punctual_worker.agent.run_queue import RunQueue
from punctual_worker.agent.runner_link.client import RunnerClient, RunnerGoneError
from punctual_worker.agent.runner_link.events import RunnerEvents

log = structlog.get_logger()

HEARTBEAT_TIMEOUT_MS = 4_000
KILL_SECONDS = 5.0


class Agent:
    """Everything of a worker except the runner, which is passed in."""

    def __init__(
        self,
        settings: Settings,
        runner: RunnerClient,
        tracing: Tracing | None = None,
        *,
        isolation: Collection[str],
        http_program: tuple[str, ...],
    ) -> None:
        """`isolation` is how its commands are isolated, recorded in the database."""
        self._settings = settings
        self._runner = runner
        self._progress = Progress()
        self._threads = Threads(self._progress)
        self._leaving, self._received = threading.Event(), threading.Event()
        self._engine = make_engine(settings.database_url, service="worker", size=6)
        self._beat_engine = make_engine(
            settings.database_url,
            service="worker-heartbeat",
            size=1,
            statement_timeout_ms=HEARTBEAT_TIMEOUT_MS,
        )
        interpreters = Interpreters(settings.interpreters)
        secrets = SecretOpener(settings.secrets_private_key, settings.secret_files)
        self.worker_id = register_worker(
            self._engine, settings, isolation, interpreters, secrets.key_ids
        )
        self.lease = WorkerLease(self_fence_seconds=settings.self_fence_seconds)
        self._clock = DatabaseClock()
        self._run_queue = RunQueue(slots=settings.slots, lead=START_LEAD)
        self._running = ActiveAttempts(max_timeout=settings.max_timeout_seconds)
        self._reporter = Reporter(
            self._engine, self._running, self._clock, self.worker_id, settings, tracing
        )
        self._live_output = OutputRelay(
            self._engine, self._running, runner, worker_id=self.worker_id
        )
        self._unlaunched = UnlaunchedRuns(self._engine, worker_id=self.worker_id)
        self._claimer = Claimer(
            self._engine,
            self._run_queue,
            worker_id=self.worker_id,
            pull_ahead=timedelta(seconds=settings.heartbeat_seconds + 1),
            room_elsewhere=lambda: self.lease.room_elsewhere,
        )
        self._broker = Broker(settings.redis_url, namespace=settings.namespace)
        self._broker.wanted = self._wants_messages
        declare_actors(self._broker, self._claimer, self._progress, queues=settings.queues)
        self._consumer = make_consumer(self._broker)
        self._events = RunnerEvents(
            self._running,
            self._run_queue,
            runner,
            self._clock,
            self._reporter,
            self._live_output,
            self._claimer,
            self._broker,
        )
        self._watch = WorkerWatch(
            self._threads, self._progress, self.lease, runner, self._consumer, settings
        )
        self._heartbeat = self._make_heartbeat()
        self._starter = RunStarter(
            self._engine,
            self._run_queue,
            self._running,
            runner,
            self._clock,
            self.lease,
            worker_id=self.worker_id,
            settings=settings,
            launches=LaunchMaker(
                self._clock,
                settings=settings,
                http_program=http_program,
                interpreters=interpreters,
                secrets=secrets,
                refuse=self._refuse,
            ),
            claim_more=self._claimer.want,
        )

    def run(self, stop: threading.Event, stop_now: threading.Event) -> bool:
        """Work until `stop` is set, then drain; return False when something failed instead.

        `stop_now` ends the drain: what still runs is killed.
        """
        self._heartbeat.beat()
        log.info("worker started", worker_id=str(self.worker_id), slots=self._settings.slots)
        telemetry.WORKER_SLOTS.set(self._settings.slots)
        telemetry.HEARTBEAT_AGE.set_function(lambda: self.lease.age_seconds)
        for name, work in (
            ("events", self._receive),
            ("reporter", self._reporter.run),
            ("starter", self._starter.run),
            ("claimer", self._claimer.run),
            ("live output", self._live_output.run),
            ("notices", self._listen_for_notices),
            ("pushes", self._broker.listen),
        ):
            self._threads.start(name, work)
        self._threads.start("heartbeat", self._heartbeat.run, loop=self._heartbeat.loop)
        self._consumer.start()
        while not (stop.wait(0.2) or self._watch.look()):
            pass
        if self._threads.failed.is_set():
            self._abandon()
            return False
        return self._drain(stop_now)

    def trouble(self) -> list[str]:
        """Return why this worker cannot work now; nothing when it can."""
        reasons = [] if self.lease.fresh else ["database: no heartbeat was answered in time"]
        if self._starter.is_behind:
            reasons.append("starts: what is due is not started, though slots are free")
        return reasons + [f"{name}: no progress" for name in self._progress.stuck()]

    def _make_heartbeat(self) -> Heartbeat:
        return Heartbeat(
            self._beat_engine,
            self._run_queue,
            self._clock,
            self.lease,
            worker_id=self.worker_id,
            settings=self._settings,
            progress=self._progress,
            may_beat=self._watch.may_beat,
            extend=self._extend,
            reconcile=Reconciler(
                self._engine,
                self._run_queue,
                self._running,
                self._clock,
                worker_id=self.worker_id,
                cancel=self._cancel,
                report=self._reporter.ended,
            ),
        )

    def _extend(self, until_ns: int) -> None:
        self._runner.extend_lease(until_ns)
        self._claimer.want(surely=True)

    def _receive(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        for events in self._runner.events():
            turned()
            self._events.take_in(events)
        self._received.set()
        if not self._leaving.is_set():
            raise RunnerGoneError("the runner ended by itself")
        stop.wait()

    def _refuse(
        self, attempt: ActiveAttempt, reason: CodedReason, *, same_again: bool = True
    ) -> None:
        self._reporter.ended(unstarted_report(attempt, reason, self._clock, same_again=same_again))
        self._run_queue.free(attempt.pair)

    def _wants_messages(self) -> bool:
        """Return False while every slot is busy and other workers have free ones."""
        return self._run_queue.busy < self._run_queue.slots or self.lease.room_elsewhere == 0

    def _listen_for_notices(self, stop: threading.Event, turned: Callable[[], None]) -> None:
        listen_for_notices(
            self._settings,
            worker_id=self.worker_id,
            handlers={CANCEL_CHANNEL: self._cancel, LOOK_CHANNEL: self._live_output.wanted},
            stop=stop,
            turned=turned,
        )

    def _cancel(self, run_id: uuid.UUID) -> None:
        for attempt in self._running.cancel(run_id):
            self._runner.stop(attempt.key, CANCELLED)

    def _drain(self, stop_now: threading.Event) -> bool:
        log.info("worker drain started", running=len(self._running.all()))
        self._heartbeat.draining = True
        self._watch.consuming_ends()
        stop_consuming(self._consumer, self._broker)
        waiting = self._run_queue.close()
        try:
            self._heartbeat.beat()
        except (*DATABASE_FAILURES, BuriedError) as error:
            log.warning("heartbeat failed", error=driver_message(error))
        self._unlaunched.give_back([run.pair for run in waiting])
        self._starter.settle(KILL_SECONDS)  # the runner must be there for what it has STARTed
        deadline = time.monotonic() + self._settings.drain_seconds
        while not (stop_now.is_set() or self._running.wait_empty(0.1)):
            if time.monotonic() > deadline:
                break
            if late := self._run_queue.close():
                self._unlaunched.give_back([run.pair for run in late])
            if self._watch.look():
                self._abandon()
                return False
        if not self._running.wait_empty(0):
            grace = min(self._settings.kill_grace_seconds, KILL_SECONDS)
            log.warning("running commands killed", runs=len(self._running.all()))
            try:
                self._runner.stop_all(SHUTDOWN, grace)
            except RunnerGoneError as error:
                log.critical("runner ended", error=str(error))
            else:
                self._running.wait_empty(grace + KILL_SECONDS)
        self._leave(SHUT_DOWN)
        return True

    def _abandon(self) -> None:
        """After a failure: end everything that runs, and record it in the database."""
        error = self._threads.error
        code = ReasonCode.WORKER_FAILED
        if isinstance(error, RunnerSilentError):
            code = ReasonCode.RUNNER_SILENT
            self._leaving.set()
            self._runner.kill()
        elif isinstance(error, RunnerGoneError):
            code = ReasonCode.RUNNER_LOST
        self._leave(coded(code))

    def _leave(self, why: CodedReason) -> None:
        """End the runner; `why` is the reason of what it had launched and did not finish."""
        self._leaving.set()
        waiting = self._run_queue.close()
        self._runner.close()
        # What had ended before is not lost, though its report may be unread.
        self._received.wait(KILL_SECONDS)
        self._starter.settle(KILL_SECONDS)  # then what it has STARTed is in `running`
        self._unlaunched.give_back([run.pair for run in [*waiting, *self._run_queue.close()]])
        if self._runner.clean and not isinstance(self._threads.error, BuriedError):
            settle_running(
                self._running, self._runner, self._reporter, self._clock, self._unlaunched, why=why
            )
            self._running.wait_empty(KILL_SECONDS)
        self._threads.join(KILL_SECONDS)
        if not self._runner.clean:
            # Its runs may not start again before they end, which is when the lease does, and
            # what supervises this process ends all of it now.
            log.critical("running commands abandoned", worker_id=str(self.worker_id))
            return
        self._unlaunched.give_back([run.pair for run in self._run_queue.close()])
        try:
            with self._engine.begin() as connection:
                leave(connection, worker_id=self.worker_id)
            log.info("worker stopped", worker_id=str(self.worker_id))
        except DATABASE_FAILURES as error:
            log.warning("worker deregistration failed", error=driver_message(error))
