"""The processes of users that belong to slots: found, counted and killed by their user alone."""

from __future__ import annotations

import os
import signal
import time

from punctual_worker.runner.supervise.process_scan import reap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

PAUSE_S = 0.002


def has_process(uid: int) -> bool:
    """Return whether a process of that user exists, a dead one that is not reaped included.

    One question to the kernel, which keeps the list of processes locked for it: a fork in progress
    cannot be missed.
    """
    try:
        os.getpriority(os.PRIO_USER, uid)
    except ProcessLookupError:
        return False
    return True


def processes_of(uids: Container[int]) -> list[int]:
    """Return the processes of those users, as one look finds them."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_of(pid, uids)]


def kill_processes_of(uids: Container[int]) -> None:
    """Kill the processes of those users that one look finds, and reap those that are ours."""
    for pid in processes_of(uids):
        if reap(pid):
            continue
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            # The descriptor pins the process, so what is read after opening it is about this one.
            if _is_of(pid, uids):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        except OSError:
            continue
        finally:
            os.close(descriptor)


def end_processes_of(uids: Iterable[int], *, until: float) -> bool:
    """Kill the processes of those users until none exists; False when some do at `until`."""
    left = set(uids)
    while left := set(filter(has_process, left)):
        if time.monotonic() > until:
            return False
        kill_processes_of(left)
        time.sleep(PAUSE_S)
    return True


def _is_of(pid: int, uids: Container[int]) -> bool:
    try:
        return os.stat(f"/proc/{pid}").st_uid in uids
    except OSError:
        return False
