"""Kills what a runner that was itself killed left running, found by the marks it put on it.

As a program it does so for an agent that is root: `--launch N --seconds N --user UID --group GID`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time

from punctual_worker.runner.host.process_setup import become
from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.supervise.newest import kill_newest
from punctual_worker.runner.supervise.process_scan import is_zombie
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.signals import signal_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE_SECONDS = 0.005
# While processes are forked one look may miss some; this many in a row miss none.
LOOKS = 10


def kill_leftovers(launch: int, *, until: float) -> bool:
    """Kill every process marked by that launch; True when none is left before `until`."""
    process_tag = ProcessTag(launch)
    pid_counter = PidCounter()

    def kill() -> bool:
        left = _marked(process_tag)
        for pid, serial in left:
            signal_marked(pid, serial, process_tag, signal.SIGKILL)
        if not left and pid_counter.count():
            kill_newest(process_tag, pid_counter)
        return bool(left)

    return _await_none(kill, pid_counter, until=until)


def await_none_of(uid: int, *, until: float) -> bool:
    """Return whether no process of that user is left, as seen before `until`."""

    def look() -> bool:
        return any(_runs_as(pid, uid) for pid in map(int, filter(str.isdigit, os.listdir("/proc"))))

    return _await_none(look, PidCounter(), until=until)


def _await_none(look: Callable[[], bool], pid_counter: PidCounter, *, until: float) -> bool:
    """Look until it finds none, without a process forked in that time or often enough in a row."""
    pause = threading.Event()
    empty = 0
    while empty < LOOKS:
        pid_counter.reset()
        if look():
            empty = 0
        elif pid_counter.count() == 0:
            return True
        else:
            empty += 1
        if time.monotonic() > until:
            return empty > 0
        pause.wait(PAUSE_SECONDS)
    return True


def _runs_as(pid: int, uid: int) -> bool:
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            fields = dict(line.split(b":", 1) for line in file if b":" in line)
    except OSError:
        return False
    return str(uid).encode() in fields[b"Uid"].split() and not is_zombie(pid)


def _marked(process_tag: ProcessTag) -> list[tuple[int, int]]:
    return [
        (pid, serial)
        for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
        if (serial := process_tag.read(pid)) is not None and not is_zombie(pid)
    ]


def main() -> int:
    """Become the user and kill what that launch left; 0 when nothing of it remains."""
    parser = argparse.ArgumentParser(prog="punctual_worker.runner.supervise.stale_processes")
    parser.add_argument("--launch", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--user", type=int, required=True)
    parser.add_argument("--group", type=int, required=True)
    options = parser.parse_args()
    become(options.user, options.group)
    return not kill_leftovers(options.launch, until=time.monotonic() + options.seconds)


if __name__ == "__main__":
    sys.exit(main())
