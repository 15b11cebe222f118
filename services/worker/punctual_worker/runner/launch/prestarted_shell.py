"""Start shells ahead of their instant: each waits at a gate until its command is launched.

To start a shell takes longer than all else between the instant and the user's first instruction.
So the shell of an attempt that is due soon is started with one redirection more in front of its
command, on the same line: `: <'gate';command`, where the gate is a FIFO. Opening it blocks until
the runner opens its other end, which leaves neither a descriptor nor a variable behind. A shell
that passed its gate does exactly what it would have done; one that is killed before has done
nothing. A line that cannot be parsed ends the shell at once: then its fallback starts it on its
instant.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from contextlib import suppress
from heapq import heappop, heappush

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import Phase, Prestarted, ShellLost
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.launch.spawn import SHELL, Spawner
from punctual_worker.runner.launch.strategy import (
    LaunchFailedError,
    LaunchStrategy,
    NotReadyError,
)
from punctual_worker.runner.lease import RunnerLease
from punctual_worker.runner.supervise.exit_watch import ExitWatch, stop_watching
from punctual_worker.runner.supervise.process_scan import reap
from punctual_worker.runner.supervise.signals import signal_group

# An odd number, so that instants a round time apart do not coincide with it.
AHEAD_NS = 227 * SECOND // 1000
LATEST_NS = 30 * SECOND // 1000  # a shell that is started later may not be at the gate in time
SPAWN_TAKES_NS = 2 * SECOND // 1000  # no shell is started ahead so shortly before an instant
# What was just launched starts its program now, and should have the processor for it.
PAUSE_AFTER_LAUNCH_NS = SECOND // 1000
# A shell may come late to its gate on a busy machine; no other one would be there earlier.
GATE_WAIT_NS = SECOND // 10
MAX_WAITING = 256  # each is a process with its memory


class PrestartedShells(LaunchStrategy):
    """Starts `/bin/sh -c command` by a shell that waits at its gate."""

    def __init__(
        self,
        fallback: LaunchStrategy,
        registry: AttemptRegistry,
        poller: Poller,
        lease: RunnerLease,
        spawner: Spawner,
        lifecycle: Lifecycle,
        exit_watch: ExitWatch,
    ) -> None:
        self._fallback = fallback
        self._registry = registry
        self._poller = poller
        self._lease = lease
        self._spawner = spawner
        self._lifecycle = lifecycle
        self._exit_watch = exit_watch
        self._queue: list[tuple[int, int, RunnerAttempt]] = []  # by instant, then by serial number
        self._not_before_ns = 0
        # Each takes three descriptors, and so does what runs: it must find room.
        self._max_waiting = min(MAX_WAITING, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 8)
        self._waiting = 0  # shells at their gates, or on the way there

    def prepare(self, attempt: RunnerAttempt) -> None:
        """Queue it to have its shell started ahead, if there is time for that."""
        self._fallback.prepare(attempt)
        if attempt.at_ns > time.monotonic_ns() + LATEST_NS:
            heappush(self._queue, (attempt.at_ns, attempt.serial, attempt))

    def launch(self, attempt: RunnerAttempt) -> int:
        """Open the gate; NotReadyError when the shell is not there yet."""
        gate = attempt.launch.gate
        if gate is None:
            return self._fallback.launch(attempt)
        for descriptor, stream in attempt.pipes.items():
            self._poller.add(descriptor, attempt, stream)
        try:
            opened = os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            for descriptor in attempt.pipes:
                self._poller.remove(descriptor)
        else:
            started_ns = time.monotonic_ns()
            os.close(opened)
            self._remove_gate(attempt)
            return started_ns
        if time.monotonic_ns() <= attempt.at_ns + GATE_WAIT_NS:
            raise NotReadyError
        self.drop(attempt)
        return self._fallback.launch(attempt)

    def abandon(self, attempt: RunnerAttempt) -> None:
        """Remove the gate of a shell that never passed it."""
        if attempt.launch.gate is not None:
            self._remove_gate(attempt)
        self._fallback.abandon(attempt)

    def drop(self, attempt: RunnerAttempt) -> None:
        """Clear up after a shell that ended at its gate or is late; the fallback starts another."""
        signal_group(attempt, signal.SIGKILL)
        self._remove_gate(attempt)
        stop_watching(attempt, self._poller)
        for descriptor in attempt.pipes:
            os.close(descriptor)
        attempt.pipes = {}
        self._registry.left(attempt)
        reap(attempt.pid)  # or the next scan does
        attempt.pid = 0
        self._lifecycle.on(attempt, ShellLost())

    def pause(self) -> None:
        """Start no shell ahead for a moment, as a command was just launched."""
        self._not_before_ns = max(self._not_before_ns, time.monotonic_ns() + PAUSE_AFTER_LAUNCH_NS)

    def wake_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        if not self._queue or self._waiting >= self._max_waiting:
            return None
        return max(self._queue[0][0] - AHEAD_NS, self._not_before_ns)

    def step(self, now_ns: int) -> bool:
        """Start at most one shell ahead, if no instant is too near; True when more wait for it."""
        queue = self._queue
        while queue and (queue[0][0] < now_ns + LATEST_NS or queue[0][2].phase != Phase.WAITING):
            heappop(queue)
        if not queue or queue[0][0] > now_ns + AHEAD_NS or self._waiting >= self._max_waiting:
            return False
        next_ns = self._registry.starts.next_ns()
        if now_ns < self._not_before_ns:
            return False
        if not self._lease.is_valid():
            self._not_before_ns = now_ns + AHEAD_NS
        elif next_ns is not None and next_ns < now_ns + SPAWN_TAKES_NS:
            self._not_before_ns = next_ns
        else:
            attempt = heappop(queue)[2]
            user = attempt.launch.user
            if user is None:
                self._start_ahead(attempt)
            else:
                with user.acting:
                    self._start_ahead(attempt)
            return True
        return False

    def _start_ahead(self, attempt: RunnerAttempt) -> None:
        """Start a shell that waits; when that fails, the fallback starts it or reports why not."""
        try:
            gate = attempt.launch.files.make_gate(attempt.serial)
        except OSError:
            return
        shell, option, command = attempt.argv
        argv = [shell, option, f": <'{gate}';{command}"]
        try:
            self._spawner.spawn(attempt, SHELL, argv, waits=True)
        except LaunchFailedError:
            with suppress(OSError):
                os.unlink(gate)
            return
        attempt.launch.gate = gate
        self._waiting += 1
        self._exit_watch.add(attempt)
        self._lifecycle.on(attempt, Prestarted())

    def _remove_gate(self, attempt: RunnerAttempt) -> None:
        gate = attempt.launch.gate
        assert gate is not None
        # A command of the same user may have removed it, or put a directory in its place.
        with suppress(OSError):
            os.unlink(gate)
        attempt.launch.gate = None
        self._waiting -= 1
