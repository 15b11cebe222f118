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

from punctual_worker.runner.census import is_zombie
from punctual_worker.runner.host import become
from punctual_worker.runner.killing import signal_marked
from punctual_worker.runner.marks import Marks

PAUSE_SECONDS = 0.005


def kill_leftovers(launch: int, *, until: float) -> bool:
    """Kill every process marked by that launch; True when none is left before `until`."""
    marks = Marks(launch)
    pause = threading.Event()
    while left := _marked(marks):
        if time.monotonic() > until:
            return False
        for pid, serial in left:
            signal_marked(pid, serial, marks, signal.SIGKILL)
        pause.wait(PAUSE_SECONDS)
    return True


def await_none_of(uid: int, *, until: float) -> bool:
    """Whether no process of that user is left, as seen before `until`."""
    pause = threading.Event()
    while any(_runs_as(pid, uid) for pid in map(int, filter(str.isdigit, os.listdir("/proc")))):
        if time.monotonic() > until:
            return False
        pause.wait(PAUSE_SECONDS)
    return True


def _runs_as(pid: int, uid: int) -> bool:
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            told = dict(line.split(b":", 1) for line in file if b":" in line)
    except OSError:
        return False
    return str(uid).encode() in told[b"Uid"].split() and not told[b"State"].lstrip().startswith(
        b"Z"
    )


def _marked(marks: Marks) -> list[tuple[int, int]]:
    return [
        (pid, serial)
        for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
        if (serial := marks.read(pid)) is not None and not is_zombie(pid)
    ]


def main() -> int:
    """Become the user and kill what that launch left; 0 when nothing of it remains."""
    parser = argparse.ArgumentParser(prog="punctual_worker.runner.leftovers")
    parser.add_argument("--launch", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--user", type=int, required=True)
    parser.add_argument("--group", type=int, required=True)
    options = parser.parse_args()
    become(options.user, options.group)
    return not kill_leftovers(options.launch, until=time.monotonic() + options.seconds)


if __name__ == "__main__":
    sys.exit(main())
