"""The runner's last act: kill everything it ever started, and wait until it is gone."""

from __future__ import annotations

import os
import select
import signal
import time

from punctual_worker.runner.attempts.attempt import SECOND
from punctual_worker.runner.attempts.registry import Roster
from punctual_worker.runner.limits.pid_counter import Births
from punctual_worker.runner.supervise.newest import kill_newest
from punctual_worker.runner.supervise.process_scan import Census
from punctual_worker.runner.supervise.process_tag import Marks
from punctual_worker.runner.supervise.signals import signal_child, signal_group, signal_marked

WITHIN_NS = 5 * SECOND
PAUSE_S = 0.002


def kill_everything(roster: Roster, marks: Marks) -> None:
    """Leave no process behind; gives up after five seconds on those the kernel will not end.

    As every orphan comes to this process, having no children left means that nothing is left.
    """
    until_ns = time.monotonic_ns() + WITHIN_NS
    births = Births()
    for attempt in roster.by_pid.values():
        signal_group(attempt, signal.SIGKILL)
    while not _reap_all() and time.monotonic_ns() < until_ns:
        census = Census(marks, ())
        for serial, pids in census.marked.items():
            for pid in pids:
                signal_marked(pid, serial, marks, signal.SIGKILL)
        for pid in census.unmarked:
            signal_child(pid, signal.SIGKILL)
        if census.marked or census.unmarked:
            select.select([], [], [], PAUSE_S)
        else:
            kill_newest(marks, births)


def _reap_all() -> bool:
    """Reap every dead child; True when no child is left at all."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            continue
    except ChildProcessError:
        return True
    return False
