"""Starts attempts on their instant: never before it, as little after it as can be."""

from __future__ import annotations

import errno
import resource
import time

from punctual_worker.runner.attempts.attempt import RUNNING, SECOND, Attempt
from punctual_worker.runner.attempts.registry import Roster
from punctual_worker.runner.host.home_dirs import Homes
from punctual_worker.runner.io.poller import Watch
from punctual_worker.runner.launch.prestarted_shell import Holding
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.lease import Lease
from punctual_worker.runner.protocol.events import Reports
from punctual_worker.runner.supervise.exit_watch import ExitWatch
from punctual_worker.runner.supervise.reaper import Endings

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


class Starter:
    """Holds what is to start and starts it."""

    def __init__(
        self,
        roster: Roster,
        watch: Watch,
        lease: Lease,
        spawner: Spawner,
        homes: Homes,
        endings: Endings,
        reports: Reports,
        exit_watch: ExitWatch,
    ) -> None:
        self._roster = roster
        self._watch = watch
        self._lease = lease
        self._spawner = spawner
        self._endings = endings
        self._reports = reports
        self._homes = homes
        self._exit_watch = exit_watch
        self._launch_notes = spawner.launch_notes
        self.holding = Holding(roster, watch, lease, spawner, homes, exit_watch)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = (limit - DESCRIPTORS_SPARE) // DESCRIPTORS_EACH

    def accept(self, attempt: Attempt) -> None:
        """Take an order; one whose key is already here is a repetition and changes nothing."""
        if attempt.key in self._roster.by_key:
            return
        self._roster.by_key[attempt.key] = attempt
        if attempt.file is not None:
            try:
                attempt.file_path = self._homes.write(attempt.serial, attempt.file)
            except OSError as error:
                attempt.error = f"file of the run: {error.strerror}"
                self._endings.never_started(attempt)
                return
            attempt.argv.append(attempt.file_path)
            attempt.file = None
        if attempt.cwd is None or not attempt.env.keys() >= OWN_DIRECTORIES:
            try:
                # Made now, as there is time until the instant and not at it.
                attempt.home = self._homes.make(attempt.serial)
            except OSError as error:
                attempt.error = f"home directory: {error.strerror}"
                self._endings.never_started(attempt)
                return
        self._roster.starts.set(attempt, attempt.at_ns)
        self.holding.accept(attempt)

    def wake_ns(self) -> int | None:
        """Return when start_due() wants to be called, or None while nothing can start."""
        next_ns = self._roster.starts.next_ns()
        return None if next_ns is None or self._full() else next_ns - SPIN_NS

    def start_due(self) -> bool:
        """Start at most a batch of what is due; True when more of it waits."""
        for _ in range(BATCH):
            at_ns = self._roster.starts.next_ns()
            if at_ns is None or self._full():
                return False
            if at_ns - time.monotonic_ns() > SPIN_NS:
                return False
            while time.monotonic_ns() < at_ns:
                continue
            self._start(self._roster.starts.pop())
        at_ns = self._roster.starts.next_ns()
        return at_ns is not None and at_ns <= time.monotonic_ns() and not self._full()

    def _full(self) -> bool:
        """Whether descriptors are short: what is due then waits for an end, late but not lost."""
        return len(self._roster.by_serial) >= self._most

    def _may_pass(self, error: Exception, attempt: Attempt) -> bool:
        """Whether it is only now that no process can be had, as while a fork bomb is going off."""
        if not isinstance(error, OSError) or error.errno not in (errno.EAGAIN, errno.ENOMEM):
            return False
        now_ns = time.monotonic_ns()
        attempt.tried_ns = attempt.tried_ns or now_ns
        return now_ns < attempt.tried_ns + PATIENCE_NS

    def _start(self, attempt: Attempt) -> None:
        if not self._lease.held():
            attempt.stopped = "lease"
            self._endings.never_started(attempt)
            return
        self._launch_notes.note(attempt)
        if not (self._let_go(attempt) if attempt.pid else self._spawn(attempt)):
            self._launch_notes.withdraw(attempt)
            return
        attempt.phase = RUNNING
        self.holding.keep_still()
        assert attempt.started_ns is not None
        self._roster.deadlines.set(attempt, attempt.started_ns + attempt.timeout_ns)
        self._reports.started(attempt)

    def _let_go(self, attempt: Attempt) -> bool:
        """Let a held shell go; False when it is not there yet, and is asked again."""
        if self.holding.release(attempt):
            return True
        now_ns = time.monotonic_ns()
        if now_ns > attempt.at_ns + GATE_PATIENCE_NS:
            self.holding.lost(attempt)
        self._roster.starts.set(attempt, now_ns + GATE_AGAIN_NS)
        return False

    def _spawn(self, attempt: Attempt) -> bool:
        try:
            self._spawner.spawn(attempt, self._watch)
        except (OSError, ValueError) as error:
            if self._may_pass(error, attempt):
                self._roster.starts.set(attempt, time.monotonic_ns() + AGAIN_NS)
                return False
            attempt.error = (error.strerror if isinstance(error, OSError) else None) or str(error)
            attempt.permanent = not isinstance(error, OSError) or error.errno in PERMANENT
            self._endings.never_started(attempt)
            return False
        self._exit_watch.add(attempt)
        return True
