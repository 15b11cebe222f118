"""Takes attempts from phase to phase, as the table says; nothing else changes a phase or an end."""

from __future__ import annotations

import os
import signal
import time

from punctual_worker.runner.attempts.attempt import MILLISECOND, SECOND, RunnerAttempt
from punctual_worker.runner.attempts.phases import (
    EndRequested,
    Event,
    Exited,
    Found,
    LaunchFailed,
    LimitExceeded,
)
from punctual_worker.runner.attempts.transitions import TRANSITIONS, Action
from punctual_worker.runner.supervise.exit_watch import stop_watching
from punctual_worker.runner.supervise.signals import signal_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from punctual_worker.runner.attempts.registry import AttemptRegistry
    from punctual_worker.runner.io.pipes import Pipes
    from punctual_worker.runner.io.poller import Poller
    from punctual_worker.runner.protocol.events import Events
    from punctual_worker.runner.supervise.process_tag import ProcessTag

GIVE_UP_NS = 5 * SECOND  # after a KILL; then a process is stuck in the kernel, and is reported so
# From TERM to KILL, for what outlived the end grace; it had that already.
REST_GRACE_NS = SECOND
NOT_KILLED = "a process of this attempt could not be killed"


class Lifecycle:
    """The one writer of every attempt's phase, alarm and end."""

    def __init__(
        self,
        registry: AttemptRegistry,
        poller: Poller,
        pipes: Pipes,
        process_tag: ProcessTag,
        reports: Events,
    ) -> None:
        self._registry = registry
        self._poller = poller
        self._pipes = pipes
        self._process_tag = process_tag
        self._reports = reports
        self._deadlines = registry.deadlines
        self._ended = registry.ended
        self._terminated: list[RunnerAttempt] = []
        actions: dict[Action, Callable[[RunnerAttempt, Any], None]] = {
            Action.NOTHING: self._nothing,
            Action.BEGIN: self._begin,
            Action.REPORT_FAILED_LAUNCH: self._report_failed_launch,
            Action.REPORT_UNSTARTED: self._report_unstarted,
            Action.KILL_SHELL: self._kill_shell,
            Action.TERMINATE: self._terminate,
            Action.SHORTEN_GRACE: self._shorten_grace,
            Action.KILL: self._kill,
            Action.KILL_OVER_LIMIT: self._kill_over_limit,
            Action.BEGIN_FLUSH: self._begin_flush,
            Action.BEGIN_STOPPED_FLUSH: self._begin_stopped_flush,
            Action.KILL_REST_OF_KILLED: self._kill_rest_of_killed,
            Action.TERMINATE_REST: self._terminate_rest,
            Action.KILL_WHAT_IS_FOUND: self._kill_what_is_found,
            Action.KILL_REST: self._kill_rest,
            Action.KILL_REST_OVER_LIMIT: self._kill_rest_over_limit,
            Action.KILL_CROWD: self._kill_crowd,
            Action.LOOK: self._look,
            Action.TERMINATE_LEFT: self._terminate_left,
            Action.KILL_LEFT: self._kill_left,
            Action.COUNT_ONE_LEFT: self._count_one_left,
            Action.REPORT_END: self._report_end,
            Action.GIVE_UP_MAIN: self._give_up_main,
            Action.GIVE_UP_REST: self._give_up_rest,
        }
        self._steps = {
            pair: step and (step[0], actions[step[1]]) for pair, step in TRANSITIONS.items()
        }

    def on(self, attempt: RunnerAttempt, event: Event) -> bool:
        """Take the step that an event leads to; False when it changes nothing in this phase."""
        step = self._steps[attempt.phase, type(event)]
        if step is None:
            return False
        attempt.phase, act = step
        act(attempt, event)
        return True

    def take_terminated(self) -> list[RunnerAttempt]:
        """Return those whose group got TERM since the last call, for what left the group."""
        terminated, self._terminated = self._terminated, []
        return terminated

    def _nothing(self, attempt: RunnerAttempt, event: Event) -> None:
        pass

    def _begin(self, attempt: RunnerAttempt, _: Event) -> None:
        assert attempt.started_ns is not None
        self._deadlines.set(attempt, attempt.started_ns + attempt.timeout_ns)
        self._reports.started(attempt)

    def _report_failed_launch(self, attempt: RunnerAttempt, event: LaunchFailed) -> None:
        attempt.error = event.error
        attempt.permanent = event.permanent
        attempt.ended_ns = time.monotonic_ns()
        self._report(attempt)

    def _report_unstarted(self, attempt: RunnerAttempt, event: EndRequested) -> None:
        self._registry.starts.clear(attempt)
        attempt.stopped = event.why
        attempt.ended_ns = time.monotonic_ns()
        self._report(attempt)

    def _kill_shell(self, attempt: RunnerAttempt, event: EndRequested) -> None:
        self._registry.starts.clear(attempt)
        attempt.stopped = event.why
        self._kill(attempt, event)

    def _terminate(self, attempt: RunnerAttempt, event: EndRequested) -> None:
        attempt.stopped = event.why
        self._deadlines.set(attempt, time.monotonic_ns() + _grace_ns(attempt, event))
        # A stopped process would keep its TERM for later; waking it is what systemd does too.
        signal_group(attempt, signal.SIGTERM)
        signal_group(attempt, signal.SIGCONT)
        self._terminated.append(attempt)

    def _shorten_grace(self, attempt: RunnerAttempt, event: EndRequested) -> None:
        until_ns = time.monotonic_ns() + _grace_ns(attempt, event)
        if until_ns < attempt.alarm_ns:
            self._deadlines.set(attempt, until_ns)

    def _kill(self, attempt: RunnerAttempt, _: Event) -> None:
        # One call for the whole group, which even a fork in progress does not survive.
        signal_group(attempt, signal.SIGKILL)
        self._deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)

    def _kill_over_limit(self, attempt: RunnerAttempt, event: LimitExceeded) -> None:
        _blame_limit(attempt, event)
        self._kill(attempt, event)

    def _begin_flush(self, attempt: RunnerAttempt, event: Exited) -> None:
        self._begin_stopped_flush(attempt, event)
        self._deadlines.set(attempt, attempt.ended_ns + attempt.end_grace_ns)

    def _begin_stopped_flush(self, attempt: RunnerAttempt, event: Exited) -> None:
        self._keep_status(attempt, event)
        self._ended.add(attempt, attempt.ended_ns + (MILLISECOND if attempt.pipes else 0))

    def _kill_rest_of_killed(self, attempt: RunnerAttempt, event: Exited) -> None:
        self._keep_status(attempt, event)
        self._kill(attempt, event)
        self._ended.add(attempt, attempt.ended_ns)

    def _terminate_rest(self, attempt: RunnerAttempt, event: EndRequested) -> None:
        attempt.left_behind = 0
        now_ns = time.monotonic_ns()
        self._deadlines.set(attempt, now_ns + min(_grace_ns(attempt, event), REST_GRACE_NS))
        self._ended.look_at(now_ns)

    def _kill_what_is_found(self, attempt: RunnerAttempt, _: Event) -> None:
        # Not at once: what a KILL ended before the look could not be counted.
        attempt.left_behind = 0
        now_ns = time.monotonic_ns()
        self._deadlines.set(attempt, now_ns + GIVE_UP_NS)
        self._ended.look_at(now_ns)

    def _kill_rest(self, attempt: RunnerAttempt, event: Event) -> None:
        attempt.left_behind = attempt.left_behind or 0
        self._kill(attempt, event)
        self._ended.look_at(time.monotonic_ns())

    def _kill_rest_over_limit(self, attempt: RunnerAttempt, event: LimitExceeded) -> None:
        _blame_limit(attempt, event)
        self._kill_rest(attempt, event)

    def _kill_crowd(self, attempt: RunnerAttempt, event: Found) -> None:
        attempt.left_behind = 0
        self._deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)
        self._kill_left(attempt, event)

    def _look(self, _attempt: RunnerAttempt, _: Event) -> None:
        self._ended.look_at(time.monotonic_ns())

    def _terminate_left(self, attempt: RunnerAttempt, event: Found) -> None:
        _count(attempt, event)
        attempt.sent_term = event.left.terminate(attempt, self._process_tag)

    def _kill_left(self, attempt: RunnerAttempt, event: Found) -> None:
        _count(attempt, event)
        event.left.kill(attempt, self._process_tag)

    def _count_one_left(self, attempt: RunnerAttempt, _: Event) -> None:
        attempt.left_behind = attempt.left_behind or 1

    def _report_end(self, attempt: RunnerAttempt, _: Event) -> None:
        self._pipes.drain(attempt)
        if attempt.stopped is None:
            attempt.limit = attempt.limits.exceeded(*attempt.status)
        self._report_reaped(attempt)

    def _give_up_main(self, attempt: RunnerAttempt, _: Event) -> None:
        attempt.error, attempt.given_up = NOT_KILLED, True
        attempt.ended_ns = time.monotonic_ns()
        self._registry.has_strays = True
        stop_watching(attempt, self._poller)
        self._pipes.drain(attempt)
        self._report(attempt)

    def _give_up_rest(self, attempt: RunnerAttempt, _: Event) -> None:
        attempt.error, attempt.given_up = NOT_KILLED, True
        self._registry.has_strays = True
        self._pipes.drain(attempt)
        self._report_reaped(attempt)

    def _report_reaped(self, attempt: RunnerAttempt) -> None:
        os.waitpid(attempt.pid, 0)
        self._ended.remove(attempt)
        self._report(attempt)

    def _keep_status(self, attempt: RunnerAttempt, event: Exited) -> None:
        attempt.ended_ns = time.monotonic_ns()
        attempt.status = event.status
        stop_watching(attempt, self._poller)

    def _report(self, attempt: RunnerAttempt) -> None:
        self._deadlines.clear(attempt)
        self._registry.gone(attempt)
        self._reports.ended(attempt)
        attempt.launch.strategy.abandon(attempt)


def _grace_ns(attempt: RunnerAttempt, event: EndRequested) -> int:
    return attempt.grace_ns if event.grace_ns is None else min(attempt.grace_ns, event.grace_ns)


def _blame_limit(attempt: RunnerAttempt, event: LimitExceeded) -> None:
    if attempt.stopped is None:
        attempt.stopped = "limit"
        attempt.limit = (event.limit, event.most)


def _count(attempt: RunnerAttempt, event: Found) -> None:
    if attempt.left_behind is not None:
        attempt.left_behind = max(attempt.left_behind, event.left.living())
