"""End runners of this work directory whose agent is gone, and their processes.

A runner ends by itself when its agent does, unless it is stopped or stuck; then its commands would
run on while their runs are retried.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from punctual.ops.process_user import ProcessUser
from punctual_worker.agent.runner_link.end import LEAVE_SECONDS, end_leftovers

log = structlog.get_logger()

MODULE = "punctual_worker.runner"
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class StaleRunner:
    """A runner that outlived its agent, and the launch that its commands are marked with."""

    pid: int
    launch: int


def end_stale_runners(work_dir: Path, account: ProcessUser | None) -> None:
    """Have every such runner end, those that are stopped at once; returns when they are gone.

    `account` is whom commands run as. What this process may not end is left.
    """
    until = time.monotonic() + LEAVE_SECONDS
    for runner in list(_stale(work_dir)):
        _end(runner, until=until)
        end_leftovers(runner.launch, account=account)
        log.warning("stale runner ended", pid=runner.pid)


def _end(runner: StaleRunner, *, until: float) -> None:
    pause = threading.Event()
    while (state := _state(runner.pid)) is not None:
        if state in "Tt" or time.monotonic() > until:
            with suppress(OSError):
                os.kill(runner.pid, signal.SIGKILL)
        if time.monotonic() > until + 1:
            return
        pause.wait(LOOK_SECONDS)


def _stale(work_dir: Path) -> Iterator[StaleRunner]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with suppress(OSError, ValueError, IndexError):
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            if MODULE not in words or _option(words, "--work-dir") != str(work_dir.absolute()):
                continue
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if stat[0] != "Z" and stat[1] != _option(words, "--agent"):
                yield StaleRunner(int(entry.name), int(_option(words, "--launch")))


def _option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def _state(pid: int) -> str | None:
    """Return the letter of proc(5) for what a process does, None when it has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    return None if state in "ZX" else state
