"""Watchdog: end the worker when a thread, a consumer or the runner is stuck."""

import dramatiq
import structlog

from punctual.ops.config import Settings
from punctual.ops.progress import Progress
from punctual_worker.agent.actors import CONSUMER
from punctual_worker.agent.liveness.lease import WorkerLease
from punctual_worker.agent.liveness.threads import Threads
from punctual_worker.agent.runner_link.client import RunnerClient, RunnerGoneError
from punctual_worker.agent.runner_link.watch import RunnerWatch

log = structlog.get_logger()

PING_SECONDS = 5.0
BEAT_SECONDS = 4.0
"""What a heartbeat may take on top of its period before the database counts as away."""


class StuckError(Exception):
    """A loop of this worker makes no progress."""


class ConsumerDiedError(Exception):
    """A thread of Dramatiq's ended."""


class RunnerSilentError(Exception):
    """The runner does not answer."""

    def __init__(self) -> None:
        super().__init__("its runner stopped answering and was killed")


class WorkerWatch:
    """Checks several times a second, from the main thread; acts first and logs after."""

    def __init__(
        self,
        threads: Threads,
        progress: Progress,
        lease: WorkerLease,
        runner: RunnerClient,
        consumer: dramatiq.Worker,
        settings: Settings,
    ) -> None:
        self._threads = threads
        self._progress = progress
        self._lease = lease
        self._runner = RunnerWatch(
            runner, every_seconds=min(settings.heartbeat_seconds, PING_SECONDS)
        )
        self._consumer = consumer
        self._consuming = True
        self._away_seconds = 2 * settings.heartbeat_seconds + BEAT_SECONDS
        self._main = progress.loop("main")

    def consuming_ends(self) -> None:
        """Expect nothing of the consumers any more: this worker drains."""
        self._consuming = False
        self._progress.forget(CONSUMER)

    def look(self) -> bool:
        """Return True once this worker must end."""
        self._main.mark()
        consumers = (*self._consumer.consumers.values(), *self._consumer.workers)
        for thread in consumers if self._consuming else ():
            if not thread.is_alive():
                self._threads.fail(ConsumerDiedError(thread.name))
                log.critical("consumer died", thread=thread.name)
        self._look_at_runner()
        # A statement that waits for a database that is away is not stuck: the lease decides.
        away = self._lease.age_seconds > self._away_seconds
        self._fail_if_stuck(self._progress.look(excused=away))
        return self._threads.failed.is_set()

    def _look_at_runner(self) -> None:
        try:
            if not self._runner.look():
                self._threads.fail(RunnerSilentError())
                log.critical("runner stuck")
        except RunnerGoneError as error:  # before the thread that reads its reports has noticed
            self._threads.fail(error)
            log.critical("runner ended", error=str(error))

    def may_beat(self) -> bool:
        """Return whether the heartbeat may speak for all of this worker; from its own thread."""
        stuck = self._progress.stuck()
        if self._main.name in stuck:  # which would have ended this worker otherwise
            self._fail_if_stuck(stuck)
        return not (stuck or self._threads.failed.is_set())

    def _fail_if_stuck(self, stuck: list[str]) -> None:
        if stuck and not self._threads.failed.is_set():
            self._threads.fail(StuckError(", ".join(stuck)))
            log.critical("thread stuck", threads=stuck)
