"""Sends signals to what attempts started, never to a stranger who got a dead process's number."""

from __future__ import annotations

import os
import signal

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.supervise.process_scan import reap
from punctual_worker.runner.supervise.process_tag import ProcessTag


def signal_group(attempt: RunnerAttempt, number: signal.Signals) -> None:
    """Signal the command's process group; its number is safe until the main process is reaped."""
    try:
        os.killpg(attempt.pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        # All of the group runs as another user (sudo); signal those that may be signalled.
        return


def signal_marked(pid: int, serial: int, process_tag: ProcessTag, number: signal.Signals) -> None:
    """Signal a process if it still carries this attempt's mark, or reap it if it is dead."""
    if reap(pid):
        return
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        # The descriptor pins the process, so what is read after opening it is about this one.
        if process_tag.read(pid) == serial:
            signal.pidfd_send_signal(descriptor, number)
    except OSError:
        return
    finally:
        os.close(descriptor)


def signal_child(pid: int, number: signal.Signals) -> None:
    """Signal an orphan that is our child: only we can reap it, so its number is its own."""
    try:
        os.kill(pid, number)
    except OSError:
        return
