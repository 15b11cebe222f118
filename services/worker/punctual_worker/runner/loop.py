"""The runner's loop: start what is due, end what must end, and read what was written.

One thread, no locks. Each turn looks at the lease before it starts anything, so that a process
which was frozen for a while wakes up knowing that it may have lost its right.
"""

from __future__ import annotations

import gc
import time
from itertools import count

from punctual_worker.runner.attempts.attempt import MILLISECOND, SECOND, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import LeaseLost, Phase, PipesClosed, StopOrdered
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.io.pipes import Pipes
from punctual_worker.runner.io.poller import AGENT, PIDFD, Poller
from punctual_worker.runner.launch.launch_notes import LaunchNotes
from punctual_worker.runner.launch.launcher import Launcher
from punctual_worker.runner.launch.spawn import Spawner
from punctual_worker.runner.launch.strategies import LaunchOptions, Strategies
from punctual_worker.runner.lease import RunnerLease
from punctual_worker.runner.limits.monitor import LimitMonitor
from punctual_worker.runner.protocol.channel import Channel
from punctual_worker.runner.protocol.events import Events
from punctual_worker.runner.protocol.wire import BadFrameError
from punctual_worker.runner.supervise.exit_watch import ExitWatch
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.reaper import Reaper
from punctual_worker.runner.supervise.stop import Stopper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from punctual_worker.runner.host.slot_users import SlotUsers

TIDY_EVERY_NS = SECOND
COLLECT_EVERY_NS = 60 * SECOND
# What would hold up a start waits for a gap of this length, but not for ever.
QUIET_NS = 50 * MILLISECOND
CHORES_WAIT_NS = 10 * SECOND
ENDS_WAIT_NS = 50 * MILLISECOND
# Full pipes take about half a millisecond, so a start waits no longer; in a burst every start has
# three events to come (two streams close, a process ends), which must not pile up.
EVENTS_PER_TURN = 16
EVENTS_BETWEEN_BATCHES = 64


class RunnerLoop:
    """Serves one agent until it is gone."""

    def __init__(
        self,
        channel: Channel,
        poller: Poller,
        spawner: Spawner,
        launch_notes: LaunchNotes,
        process_tag: ProcessTag,
        home_dirs: HomeDirs,
        slot_users: SlotUsers | None,
        launch_options: LaunchOptions,
        *,
        keep: bool,
    ) -> None:
        self.registry = AttemptRegistry()
        self._channel = channel
        self._keep = keep  # what runs, when the lease is lost
        self._lease = RunnerLease()
        self._serials = count(1)
        self._poller = poller
        self._pipes = Pipes(self._poller)
        self._reports = reports = Events(channel)
        self._lifecycle = Lifecycle(self.registry, poller, self._pipes, process_tag, reports)
        self._reaper = Reaper(self.registry, self._lifecycle, process_tag)
        self._stopper = Stopper(self.registry, self._lifecycle, self._reaper, process_tag)
        self._limit_monitor = LimitMonitor(
            self.registry,
            self._stopper,
            process_tag,
            None if slot_users is None else slot_users.uids,
        )
        strategies = Strategies(
            self.registry,
            poller,
            self._lease,
            spawner,
            self._lifecycle,
            ExitWatch(self.registry, poller, self._limit_monitor),
            launch_options,
            slot_users,
        )
        self._launcher = Launcher(
            self.registry, self._lease, strategies, home_dirs, launch_notes, self._lifecycle
        )
        self._poller.add(channel.fileno(), None, AGENT)
        self._writing = False
        self._tidy_ns = 0
        self._collect_ns = time.monotonic_ns() + COLLECT_EVERY_NS

    def run(self) -> None:
        """Loop for ever; AgentGoneError or BadFrameError ends it."""
        while True:
            if self._lease.just_lost() and not self._keep:
                self._stopper.stop(list(self.registry.by_serial.values()), LeaseLost())
            backlog = self._launcher.start_due()
            self._stopper.meet_deadlines()
            now_ns = time.monotonic_ns()
            self._pipes.resume(now_ns)
            self._limit_monitor.step(now_ns, quiet=self._is_quiet_until(now_ns + MILLISECOND))
            ends_ns = self._reaper.due_ns()
            if ends_ns is not None and (
                self._is_quiet_until(now_ns + self._reaper.took_ns)
                or now_ns > ends_ns + ENDS_WAIT_NS
            ):
                self._reaper.step(now_ns)
            self._do_chores()
            self._reports.step(now_ns)
            backlog = self._launcher.prestart(time.monotonic_ns()) or backlog
            self._flush()
            if backlog:
                self._serve(0, EVENTS_BETWEEN_BATCHES)
            else:
                self._serve(0 if self._channel.unread else self._wake_ns(), EVENTS_PER_TURN)

    def _serve(self, until_ns: int, most: int) -> None:
        events = self._poller.wait(until_ns, most)
        # When there are more events than this turn takes, the agent must not wait for its turn
        # among thousands of pipes: it may have come to stop something.
        readable = len(events) == most
        for descriptor, _events, attempt, what in events:
            if what == AGENT:
                readable = True
            elif attempt is None:
                continue
            elif what == PIDFD and attempt.phase == Phase.PRESTARTED:
                self._launcher.prestarted_shell_ended(attempt)
            elif what == PIDFD:
                self._reaper.notice_exit(attempt)
            else:
                self._pipes.read(attempt, descriptor)
                if not attempt.pipes:
                    self._lifecycle.on(attempt, PipesClosed())
        if readable or self._channel.unread:
            for order in self._channel.receive(readable=readable):
                self._obey(order)

    def _obey(self, order: dict[str, Any]) -> None:
        kind = order.get("kind")
        try:
            if kind == "start":
                self._launcher.accept(RunnerAttempt(order, next(self._serials)))
            elif kind == "stop":
                attempt = self.registry.by_key.get(order["key"])
                if attempt is not None:  # else its end is on its way to the agent
                    self._stopper.stop((attempt,), StopOrdered(str(order["why"])))
            elif kind == "tell":
                attempt = self.registry.by_key.get(order["key"])
                if attempt is not None:
                    self._reports.so_far(attempt)
            elif kind == "ping":
                self._reports.pong()
            elif kind == "lease":
                self._lease.extend(int(order["until_ns"] or 0))
            elif kind == "stop_all":
                stop = StopOrdered(str(order["why"]), int(order["grace_s"] * SECOND))
                self._stopper.stop(list(self.registry.by_key.values()), stop)
            else:
                raise BadFrameError(f"an order of unknown kind {kind!r}")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadFrameError(f"a {kind} order with a bad field: {error!r}") from None

    def _do_chores(self) -> None:
        now_ns = time.monotonic_ns()
        if not self._is_quiet_until(now_ns + QUIET_NS) and now_ns < self._tidy_ns + CHORES_WAIT_NS:
            return
        if now_ns >= self._tidy_ns:
            self._reaper.tidy()
            self._tidy_ns = time.monotonic_ns() + TIDY_EVERY_NS
        if now_ns >= self._collect_ns:
            gc.collect()
            self._launcher.refresh_mounts()
            self._collect_ns = now_ns + COLLECT_EVERY_NS

    def _is_quiet_until(self, instant_ns: int) -> bool:
        """Whether nothing is to be started before that."""
        wake_ns = self._launcher.wake_ns()
        return wake_ns is None or wake_ns > instant_ns

    def _flush(self) -> None:
        writing = not self._channel.flush()
        if writing != self._writing:
            self._poller.want_writable(self._channel.fileno(), writing)
            self._writing = writing

    def _wake_ns(self) -> int:
        wakes = (
            time.monotonic_ns() + TIDY_EVERY_NS,
            self._launcher.wake_ns(),
            self._launcher.prestart_wake_ns(),
            self.registry.deadlines.next_ns(),
            self._reaper.due_ns(),
            self._pipes.wake_ns(),
            self._reports.wake_ns(),
            self._limit_monitor.wake_ns(),
            self._lease.ends_ns(),
        )
        return min(wake_ns for wake_ns in wakes if wake_ns is not None)
