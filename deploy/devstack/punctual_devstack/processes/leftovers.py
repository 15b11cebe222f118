"""Ends what an earlier stack on this folder left running, before the next one starts."""

import signal
import threading
import time
from pathlib import Path

from punctual_devstack.processes.pids import Pids, signal_group

SERVERS = ("valkey", "postgres")  # they have files to close; a service may die anywhere
STOP_SECONDS = 5.0
POLL_SECONDS = 0.05


def end_leftovers(pids: Pids) -> list[str]:
    """End recorded processes that outlived their stack; return their names.

    Their own end is already under way, as each was tied to the stack; servers get 5 s for it.
    """
    names = sorted({name for name, _ in pids.leftovers()})
    deadline = time.monotonic() + STOP_SECONDS
    pause = threading.Event()
    while remaining := list(pids.leftovers()):
        for name, pid in remaining:
            if name not in SERVERS or time.monotonic() > deadline:
                signal_group(pid, signal.SIGKILL)
        pause.wait(POLL_SECONDS)
    pids.clear()
    return names


def drop_stale_lock(folder: Path) -> None:
    """Remove PostgreSQL's own lock when its process is gone but its number is in use again.

    After a power cut the number in it may belong to anything, and PostgreSQL would not start.
    """
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    pid = lock.read_text().split("\n", 1)[0]
    try:
        runs_there = Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        runs_there = False
    if not runs_there:
        lock.unlink()
