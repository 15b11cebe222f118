"""The runner's last act: kill everything it ever started, and wait until it is gone."""

from __future__ import annotations

import os
import select
import signal
import time

from punctual_worker.runner.attempts.attempt import SECOND
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.supervise.newest import kill_newest
from punctual_worker.runner.supervise.process_scan import ProcessScan
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.signals import signal_child, signal_group, signal_marked

WITHIN_NS = 5 * SECOND
PAUSE_S = 0.002


def kill_everything(registry: AttemptRegistry, process_tag: ProcessTag) -> None:
    """Leave no process behind; gives up after five seconds on those the kernel will not end.

    As every orphan comes to this process, having no children left means that nothing is left.
    """
    until_ns = time.monotonic_ns() + WITHIN_NS
    pid_counter = PidCounter()
    for attempt in registry.by_pid.values():
        signal_group(attempt, signal.SIGKILL)
    while not _reap_all() and time.monotonic_ns() < until_ns:
        scan = ProcessScan(process_tag, ())
        for serial, pids in scan.marked.items():
            for pid in pids:
                signal_marked(pid, serial, process_tag, signal.SIGKILL)
        for pid in scan.unmarked:
            signal_child(pid, signal.SIGKILL)
        if scan.marked or scan.unmarked:
            select.select([], [], [], PAUSE_S)
        else:
            kill_newest(process_tag, pid_counter)


def _reap_all() -> bool:
    """Reap every dead child; True when no child is left at all."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            continue
    except ChildProcessError:
        return True
    return False
