"""Holds shells: started ahead of their instant, they wait at a gate until they are let go.

To start a shell takes longer than all else between the instant and the user's first instruction.
So the shell of an attempt that is due soon is started with one redirection more in front of its
command, on the same line: `: <'gate';command`, where the gate is a FIFO. Opening it blocks until
the runner opens its other end, which leaves neither a descriptor nor a variable behind. A shell
that was let go does exactly what it would have done; one that is killed before has done nothing.
A line that cannot be parsed ends the shell at once: it is started plainly on its instant.
"""

from __future__ import annotations

import os
import signal
import time
from heapq import heappop, heappush

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import Phase, Prestarted, ShellLost
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.launch.direct_exec import SHELL, words_of
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.lease import RunnerLease
from punctual_worker.runner.supervise.exit_watch import ExitWatch, stop_watching
from punctual_worker.runner.supervise.process_scan import reap
from punctual_worker.runner.supervise.signals import signal_group

# The others keep what they were given where a command sees it (bash: $BASH_EXECUTION_STRING, $_),
# or were not tried.
KNOWN = ("dash",)
# An odd number, so that instants a round time apart do not meet it.
AHEAD_NS = 227 * SECOND // 1000
LATEST_NS = 30 * SECOND // 1000  # a shell that is started later may not be at the gate in time
TAKES_NS = 2 * SECOND // 1000  # what starting one may hold up
# What was just let go starts its program now, and should have the processor for it.
AFTER_NS = SECOND // 1000
MOST = 256  # each is a process with its memory


class PrestartedShells:
    """The shells that wait at their gates."""

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
        self._home_dirs = home_dirs
        self._lifecycle = lifecycle
        self._exit_watch = exit_watch
        self._known = os.path.basename(os.path.realpath(SHELL)) in KNOWN
        self._coming: list[tuple[int, int, RunnerAttempt]] = []  # by instant, then by serial number
        self._not_before_ns = 0

    def keep_still(self) -> None:
        """Something starts on its instant now: start nothing ahead for a moment."""
        self._not_before_ns = max(self._not_before_ns, time.monotonic_ns() + AFTER_NS)

    def accept(self, attempt: RunnerAttempt) -> None:
        """Note an attempt whose shell may be held, or else left out where it has nothing to do."""
        if self._known and attempt.argv[:2] == [SHELL, "-c"] and len(attempt.argv) == 3:
            attempt.words = words_of(attempt.argv, attempt.env)
            heappush(self._coming, (attempt.at_ns, attempt.serial, attempt))

    def wake_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        if not self._coming or len(self._registry.held) >= MOST:
            return None
        return max(self._coming[0][0] - AHEAD_NS, self._not_before_ns)

    def step(self, now_ns: int) -> bool:
        """Start at most one shell ahead, if no instant is too near; True when more wait for it."""
        coming = self._coming
        while coming and (coming[0][0] < now_ns + LATEST_NS or coming[0][2].phase != Phase.WAITING):
            heappop(coming)
        if not coming or coming[0][0] > now_ns + AHEAD_NS or len(self._registry.held) >= MOST:
            return False
        next_ns = self._registry.starts.next_ns()
        if now_ns < self._not_before_ns:
            return False
        if not self._lease.held():
            self._not_before_ns = now_ns + AHEAD_NS
        elif next_ns is not None and next_ns < now_ns + TAKES_NS:
            self._not_before_ns = next_ns
        else:
            self._hold(heappop(coming)[2])
            return True
        return False

    def release(self, attempt: RunnerAttempt) -> bool:
        """Let a shell go, now; False when it is not at its gate yet."""
        assert attempt.gate is not None
        for descriptor, stream in attempt.pipes.items():
            self._poller.add(descriptor, attempt, stream)
        try:
            gate = os.open(attempt.gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            for descriptor in attempt.pipes:
                self._poller.remove(descriptor)
            return False
        attempt.started_ns = time.monotonic_ns()
        os.close(gate)
        self._forget(attempt)
        return True

    def lost(self, attempt: RunnerAttempt) -> None:
        """Clear up after a shell that never did anything, so that another one can be started."""
        signal_group(attempt, signal.SIGKILL)
        self._forget(attempt)
        stop_watching(attempt, self._poller)
        for descriptor in attempt.pipes:
            os.close(descriptor)
        attempt.pipes = {}
        self._registry.left(attempt)
        reap(attempt.pid)  # or the next scan does
        attempt.pid = 0
        self._lifecycle.on(attempt, ShellLost())

    def _hold(self, attempt: RunnerAttempt) -> None:
        try:
            attempt.gate = self._home_dirs.make_gate(attempt.serial)
        except OSError:
            return  # then it is started on its instant, or says why not
        try:
            self._spawner.spawn(attempt, self._poller)
        except (OSError, ValueError):
            os.unlink(attempt.gate)
            attempt.gate = None
            return
        self._registry.held.add(attempt.serial)
        self._exit_watch.add(attempt)
        self._lifecycle.on(attempt, Prestarted())

    def _forget(self, attempt: RunnerAttempt) -> None:
        assert attempt.gate is not None
        os.unlink(attempt.gate)
        attempt.gate = None
        self._registry.held.discard(attempt.serial)
