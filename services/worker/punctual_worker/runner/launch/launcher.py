"""Launch attempts on their instant: never before it, as little after it as can be."""

from __future__ import annotations

import resource
import time

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import Launched, LaunchFailed, LeaseLost
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.launch.launch_notes import LaunchNotes
from punctual_worker.runner.launch.strategies import Strategies
from punctual_worker.runner.launch.strategy import (
    LaunchError,
    LaunchFailedError,
    LaunchState,
    NotReadyError,
    ShortageError,
)
from punctual_worker.runner.lease import RunnerLease

# The kernel wakes a sleeper up to 50 µs late, and waking costs some more: the sleep ends this much
# early and the rest is spun away.
SPIN_NS = 150_000
# Starts in one go before pipes are looked at again: about ten milliseconds.
BATCH = 16
SHORTAGE_RETRY_NS = SECOND // 200
SHORTAGE_GIVE_UP_NS = 5 * SECOND
NOT_READY_RETRY_NS = SECOND // 4000
DESCRIPTORS_EACH = 3  # two pipes and a pidfd
DESCRIPTORS_SPARE = 64


class Launcher:
    """Queues attempts by their instant and launches each by the strategy chosen for it."""

    def __init__(
        self,
        registry: AttemptRegistry,
        lease: RunnerLease,
        strategies: Strategies,
        home_dirs: HomeDirs,
        launch_notes: LaunchNotes,
        lifecycle: Lifecycle,
    ) -> None:
        self._registry = registry
        self._lease = lease
        self._strategies = strategies
        self._prestarted = strategies.prestarted
        self._home_dirs = home_dirs
        self._launch_notes = launch_notes
        self._lifecycle = lifecycle
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = (limit - DESCRIPTORS_SPARE) // DESCRIPTORS_EACH

    def accept(self, attempt: RunnerAttempt) -> None:
        """Take an order; one whose key is already here is a repetition and changes nothing."""
        if attempt.key in self._registry.by_key:
            return
        self._registry.by_key[attempt.key] = attempt
        strategy = self._strategies.choose(attempt)
        attempt.launch = LaunchState(strategy, self._home_dirs)
        try:
            strategy.prepare(attempt)
        except LaunchFailedError as error:
            self._fail(attempt, error)
            return
        self._registry.starts.set(attempt, attempt.at_ns)

    def wake_ns(self) -> int | None:
        """Return when start_due() wants to be called, or None while nothing can start."""
        next_ns = self._registry.starts.next_ns()
        return None if next_ns is None or self._full() else next_ns - SPIN_NS

    def start_due(self) -> bool:
        """Start at most a batch of what is due; True when more of it waits."""
        for _ in range(BATCH):
            at_ns = self._registry.starts.next_ns()
            if at_ns is None or self._full():
                return False
            if at_ns - time.monotonic_ns() > SPIN_NS:
                return False
            while time.monotonic_ns() < at_ns:
                continue
            self._launch(self._registry.starts.pop())
        at_ns = self._registry.starts.next_ns()
        return at_ns is not None and at_ns <= time.monotonic_ns() and not self._full()

    def prestart_wake_ns(self) -> int | None:
        """Return when prestart() has something to do, or None."""
        return self._prestarted.wake_ns()

    def prestart(self, now_ns: int) -> bool:
        """Start at most one shell ahead of its instant; True when more wait for it."""
        return self._prestarted.step(now_ns)

    def prestarted_shell_ended(self, attempt: RunnerAttempt) -> None:
        """Have an attempt whose shell ended at its gate launched in another way."""
        self._prestarted.drop(attempt)

    def refresh_mounts(self) -> None:
        """Read which filesystems are mounted."""
        self._strategies.executables.refresh()

    def _full(self) -> bool:
        """Whether descriptors are short: what is due then waits for an end, late but not lost."""
        return len(self._registry.by_serial) >= self._most

    def _launch(self, attempt: RunnerAttempt) -> None:
        if not self._lease.is_valid():
            self._lifecycle.on(attempt, LeaseLost())
            return
        self._launch_notes.note(attempt)
        try:
            attempt.started_ns = attempt.launch.strategy.launch(attempt)
        except LaunchError as error:
            self._launch_notes.withdraw(attempt)
            self._retry_or_fail(attempt, error)
            return
        self._lifecycle.on(attempt, Launched())
        self._prestarted.pause()

    def _retry_or_fail(self, attempt: RunnerAttempt, error: LaunchError) -> None:
        now_ns = time.monotonic_ns()
        if isinstance(error, NotReadyError):
            self._registry.starts.set(attempt, now_ns + NOT_READY_RETRY_NS)
            return
        assert isinstance(error, LaunchFailedError)
        if isinstance(error, ShortageError):
            launch = attempt.launch
            launch.first_try_ns = launch.first_try_ns or now_ns
            if now_ns < launch.first_try_ns + SHORTAGE_GIVE_UP_NS:
                self._registry.starts.set(attempt, now_ns + SHORTAGE_RETRY_NS)
                return
        self._fail(attempt, error)

    def _fail(self, attempt: RunnerAttempt, error: LaunchFailedError) -> None:
        self._lifecycle.on(attempt, LaunchFailed(str(error), permanent=error.permanent))
