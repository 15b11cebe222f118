"""Keeps processes running, all in one thread: starts them, reaps them, starts them again."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

from punctual_devstack.data_dir import DataDir
from punctual_devstack.processes.pids import Pids, children, signal_group
from punctual_devstack.processes.restart_policy import SupervisedProcess, end_in_words
from punctual_devstack.processes.spawn import Spec, spawn
from punctual_devstack.terminal import Terminal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEATHS_TO_COMPLAIN = 3
REPEAT_SECONDS = 2.5
"""Signals within this time are one request: supervisors signal a process and its group, and make
passes on what it gets. Longer than the 2 s of a worker, which must see a repetition as one too."""
SECOND_SIGNAL_SECONDS = 12.0
"""How long a service may take after a second signal: a worker ends commands by TERM and KILL."""
PR_SET_CHILD_SUBREAPER = 36


class Supervisor:
    """The stack's processes. Signals stay blocked and are taken one by one, in `turn`."""

    def __init__(self, data_dir: DataDir, terminal: Terminal) -> None:
        """Blocks the stop signals and adopts orphans; to be made in the main thread."""
        self.data_dir = data_dir
        self.terminal = terminal
        self.pids = Pids(data_dir.path / "pids")
        self.processes: dict[str, SupervisedProcess] = {}
        self.stop_requests = 0
        self._requested = float("-inf")
        self._by_pid: dict[int, SupervisedProcess] = {}
        self._exit_codes: dict[int, int] = {}
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD, *STOP_SIGNALS))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if ignored, there would be nothing to reap
        if sys.platform == "linux":
            # What a dying service leaves behind becomes ours to end.
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    def keep(self, specs: Iterable[Spec]) -> None:
        """Start the processes, all at once, and each of them again whenever it dies."""
        for spec in specs:
            self.processes[spec.name] = SupervisedProcess(spec)
            self._start(self.processes[spec.name])

    def call(self, spec: Spec) -> int | None:
        """Run a process to its end; return its exit code, or None at a stop signal before that."""
        pid = spawn(spec, log=self.data_dir.log(spec.name))
        if self.wait(lambda: pid in self._exit_codes, seconds=None):
            return self._exit_codes[pid]
        signal_group(pid, signal.SIGKILL)
        return None

    def wait(self, until: Callable[[], bool], *, seconds: float | None) -> bool:
        """Supervise until the condition holds; return False on timeout or at a stop signal."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not until():
            if self.stop_requests or (deadline is not None and time.monotonic() > deadline):
                return False
            self.turn(at_most=0.05)
        return True

    def turn(self, *, at_most: float) -> None:
        """Wait for a signal, for `at_most` seconds, and do what is due."""
        taken = signal.sigtimedwait((signal.SIGCHLD, *STOP_SIGNALS), at_most)
        if taken is not None and taken.si_signo != signal.SIGCHLD:
            self._note_request()
        self._reap()
        self.pids.write()
        for each in self.processes.values():
            if each.start_again is not None and time.monotonic() >= each.start_again:
                self._start(each)
            elif each.pid is not None and not self.stop_requests and each.is_stuck():
                self.terminal.show(f"{each.spec.name} was asked to stop: closing its connections")
                signal_group(each.pid, each.spec.stop_signal)

    def stop(self, names: Iterable[str]) -> None:
        """Signal the processes to end; those that do not within their time are killed.

        A second request to stop is passed on to those that still run, a third one kills them.
        """
        leaving = [self.processes.pop(name) for name in names]
        self._signal(leaving)
        until = {each.spec.name: time.monotonic() + each.spec.stop_seconds for each in leaving}
        seen = max(1, self.stop_requests)
        while remaining := [each for each in leaving if each.pid is not None]:
            now = time.monotonic()
            if self.stop_requests > seen and seen == 1:
                seen = self.stop_requests
                self._signal(remaining)
                until = {name: min(at, now + SECOND_SIGNAL_SECONDS) for name, at in until.items()}
            for each in remaining:
                if now > until[each.spec.name] or self.stop_requests > seen:
                    self._kill(each)
            self.turn(at_most=0.2)

    def _signal(self, leaving: Iterable[SupervisedProcess]) -> None:
        for each in leaving:
            if each.pid is not None:
                signal_group(each.pid, each.spec.stop_signal)
        self._requested = max(self._requested, time.monotonic() if self.stop_requests else 0)

    def _kill(self, each: SupervisedProcess) -> None:
        assert each.pid is not None
        if not each.killed:
            self.terminal.show(f"{each.spec.name} did not stop in time: killed")
            each.killed = True
        signal_group(each.pid, signal.SIGKILL)

    def kill_the_rest(self) -> None:
        """Kill what children there still are, and their orphans, until none is left, or 1 s."""
        deadline = time.monotonic() + 1
        while (remaining := children()) and time.monotonic() < deadline:
            for pid in remaining:
                signal_group(pid, signal.SIGKILL)
            signal.sigtimedwait((signal.SIGCHLD,), 0.1)
            self._reap()

    def _note_request(self) -> None:
        now = time.monotonic()
        if now > self._requested + REPEAT_SECONDS:
            self._requested = now
            self.stop_requests += 1

    def _start(self, each: SupervisedProcess) -> None:
        name = each.spec.name
        try:
            pid = spawn(each.spec, log=self.data_dir.log(name))
        except OSError as error:  # no room for its log, or for a process
            each.started = time.monotonic()
            delay = each.has_died()
            self.terminal.show(f"{name} not started ({error}): trying again in {delay:.0f} s")
            return
        each.has_started(pid)
        self._by_pid[pid] = each
        self.pids.record(name, pid)

    def _reap(self) -> None:
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            each = self._by_pid.pop(found.si_pid, None)
            if each is not None:
                # While its leader is unreaped, a group's number belongs to no one else.
                signal_group(found.si_pid, signal.SIGKILL)
            _, status = os.waitpid(found.si_pid, 0)
            self._exit_codes[found.si_pid] = os.waitstatus_to_exitcode(status)
            if each is not None:
                self._note_death(each, self._exit_codes.pop(found.si_pid))

    def _note_death(self, each: SupervisedProcess, code: int) -> None:
        name = each.spec.name
        delay = each.has_died()
        self.pids.forget(name)
        if self.processes.get(name) is each:
            again = f"starting it again in {delay:.0f} s"
            self.terminal.show(f"{name} ended ({end_in_words(code)}): {again}")
            if each.deaths == DEATHS_TO_COMPLAIN:
                self.terminal.show(self.data_dir.log_tail(name, 20))
