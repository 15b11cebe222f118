"""Runner events: act on the runner's reports, and free the slots of ended attempts."""

from collections.abc import Sequence

from punctual.messaging.broker import Broker
from punctual.store.lifecycle.finish import AttemptResult
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt, ActiveAttempts
from punctual_worker.agent.attempts.live_output import OutputRelay
from punctual_worker.agent.attempts.outcome import report_of, was_unlaunched
from punctual_worker.agent.attempts.reporter import Reporter
from punctual_worker.agent.claimer import Claimer
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.run_queue import RunQueue
from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.messages import EndedEvent, SoFar, StartedEvent


class RunnerEvents:
    """Passes each report of the runner to the part of the worker that acts on it."""

    def __init__(
        self,
        running: ActiveAttempts,
        run_queue: RunQueue,
        runner: RunnerClient,
        clock: DatabaseClock,
        reporter: Reporter,
        live_output: OutputRelay,
        claimer: Claimer,
        broker: Broker,
    ) -> None:
        self._running = running
        self._run_queue = run_queue
        self._runner = runner
        self._clock = clock
        self._reporter = reporter
        self._live_output = live_output
        self._claimer = claimer
        self._broker = broker

    def take_in(self, events: Sequence[StartedEvent | EndedEvent | SoFar]) -> None:
        """Take in what came together: all slots that it empties are then filled together."""
        reports: list[AttemptResult] = []
        ended: list[ActiveAttempt] = []
        unlaunched: list[ActiveAttempt] = []
        for event in events:
            attempt = self._running.get(event.key)
            if attempt is None:
                continue
            if isinstance(event, StartedEvent):
                self._reporter.begun(attempt, event.at_ns)
            elif isinstance(event, SoFar):
                self._live_output.came(attempt, event)
            else:
                ended.append(attempt)
                if was_unlaunched(event):
                    unlaunched.append(attempt)
                else:
                    reports.append(report_of(attempt, event, self._clock))
        if not ended:
            return
        self._reporter.ended(*reports)
        self._reporter.unlaunched(unlaunched)
        for attempt in ended:
            self._runner.forget(attempt.key)
        was_full = self._run_queue.free(*(attempt.pair for attempt in ended))
        self._claimer.want()
        if was_full:
            self._broker.pushed.set()  # messages that were left to others are ours again
