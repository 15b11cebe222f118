"""Starts attempts on their instant: never before it, as little after it as can be."""

from __future__ import annotations

import errno
import resource
import time

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import Launched, LaunchFailed, LeaseLost
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.launch.prestarted_shell import PrestartedShells
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.lease import RunnerLease
from punctual_worker.runner.supervise.exit_watch import ExitWatch

# The kernel wakes a sleeper up to 50 µs late, and waking costs some more: the sleep ends this much
# early and the rest is spun away.
SPIN_NS = 150_000
# Starts in one go before pipes are looked at again: about ten milliseconds.
BATCH = 16
# No process can be had while a fork bomb is going off, nor memory; so long it is tried again.
PATIENCE_NS = 5 * SECOND
AGAIN_NS = SECOND // 200
# A held shell may come late to its gate on a busy machine; no other one would be there earlier.
GATE_PATIENCE_NS = SECOND // 10
GATE_AGAIN_NS = SECOND // 4000
# What a command needs is missing or closed to it: it is so for the next attempt as well.
# fmt: off
PERMANENT = frozenset((
    errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG,
    errno.E2BIG, errno.ENOEXEC, errno.EISDIR,
))
# fmt: on
OWN_DIRECTORIES = {"HOME", "TMPDIR"}
DESCRIPTORS_EACH = 3  # two pipes and a pidfd
DESCRIPTORS_SPARE = 64


class Launcher:
    """Holds what is to start and starts it."""

    def __init__(
        self,
        registry: AttemptRegistry,
        poller: Poller,
        lease: RunnerLease,
        spawner: Spawner,
        home_dirs: HomeDirs,
        lifecycle: Lifecycle,
        exit_watch: ExitWatch,
    ) -> None:
        self._registry = registry
        self._poller = poller
        self._lease = lease
        self._spawner = spawner
        self._lifecycle = lifecycle
        self._home_dirs = home_dirs
        self._exit_watch = exit_watch
        self._launch_notes = spawner.launch_notes
        self.prestarted = PrestartedShells(
            registry, poller, lease, spawner, home_dirs, lifecycle, exit_watch
        )
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = (limit - DESCRIPTORS_SPARE) // DESCRIPTORS_EACH

    def accept(self, attempt: RunnerAttempt) -> None:
        """Take an order; one whose key is already here is a repetition and changes nothing."""
        if attempt.key in self._registry.by_key:
            return
        self._registry.by_key[attempt.key] = attempt
        if attempt.file is not None:
            try:
                attempt.file_path = self._home_dirs.write(attempt.serial, attempt.file)
            except OSError as error:
                failed = LaunchFailed(f"file of the run: {error.strerror}")
                self._lifecycle.on(attempt, failed)
                return
            attempt.argv.append(attempt.file_path)
            attempt.file = None
        if attempt.cwd is None or not attempt.env.keys() >= OWN_DIRECTORIES:
            try:
                # Made now, as there is time until the instant and not at it.
                attempt.home = self._home_dirs.make(attempt.serial)
            except OSError as error:
                failed = LaunchFailed(f"home directory: {error.strerror}")
                self._lifecycle.on(attempt, failed)
                return
        self._registry.starts.set(attempt, attempt.at_ns)
        self.prestarted.accept(attempt)

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
            self._start(self._registry.starts.pop())
        at_ns = self._registry.starts.next_ns()
        return at_ns is not None and at_ns <= time.monotonic_ns() and not self._full()

    def _full(self) -> bool:
        """Whether descriptors are short: what is due then waits for an end, late but not lost."""
        return len(self._registry.by_serial) >= self._most

    def _may_pass(self, error: Exception, attempt: RunnerAttempt) -> bool:
        """Whether it is only now that no process can be had, as while a fork bomb is going off."""
        if not isinstance(error, OSError) or error.errno not in (errno.EAGAIN, errno.ENOMEM):
            return False
        now_ns = time.monotonic_ns()
        attempt.tried_ns = attempt.tried_ns or now_ns
        return now_ns < attempt.tried_ns + PATIENCE_NS

    def _start(self, attempt: RunnerAttempt) -> None:
        if not self._lease.held():
            self._lifecycle.on(attempt, LeaseLost())
            return
        self._launch_notes.note(attempt)
        if not (self._let_go(attempt) if attempt.pid else self._spawn(attempt)):
            self._launch_notes.withdraw(attempt)
            return
        self._lifecycle.on(attempt, Launched())
        self.prestarted.keep_still()

    def _let_go(self, attempt: RunnerAttempt) -> bool:
        """Let a held shell go; False when it is not there yet, and is asked again."""
        if self.prestarted.release(attempt):
            return True
        now_ns = time.monotonic_ns()
        if now_ns > attempt.at_ns + GATE_PATIENCE_NS:
            self.prestarted.lost(attempt)
        self._registry.starts.set(attempt, now_ns + GATE_AGAIN_NS)
        return False

    def _spawn(self, attempt: RunnerAttempt) -> bool:
        try:
            self._spawner.spawn(attempt, self._poller)
        except (OSError, ValueError) as error:
            if self._may_pass(error, attempt):
                self._registry.starts.set(attempt, time.monotonic_ns() + AGAIN_NS)
                return False
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            permanent = not isinstance(error, OSError) or error.errno in PERMANENT
            self._lifecycle.on(attempt, LaunchFailed(reason, permanent=permanent))
            return False
        self._exit_watch.add(attempt)
        return True
