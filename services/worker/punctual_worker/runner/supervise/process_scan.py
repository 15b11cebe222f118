"""Finds the processes that commands left behind, and whose each of them is."""

from __future__ import annotations

import os
import select
import time

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.phases import Phase
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.supervise.process_tag import ProcessTag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

# Between giving up its old memory and filling its new one, a process shows no environment at all.
EXEC_NS = SECOND // 100
EXEC_PAUSE_S = 0.0002
TICK_NS = SECOND // os.sysconf("SC_CLK_TCK")


class ProcessScan:
    """One look at all processes: those that carry a mark, and unmarked children of our own.

    A process that was forked during the look may be missing, but never without a trace: /proc is
    listed in the order of the numbers, and whatever dies in that time becomes a zombie that only
    this process can reap, or the child of one. So an attempt of which a look finds neither a living
    process nor a zombie has none, and one of which it finds zombies alone needs another look.
    """

    __slots__ = ("marked", "unmarked", "unmarked_dead")

    def __init__(self, process_tag: ProcessTag, mains: Collection[int]) -> None:
        """Count everything but this process and the main processes given."""
        self.marked: dict[int, list[int]] = {}
        self.unmarked: list[int] = []
        self.unmarked_dead: list[int] = []  # not reaped, so that their session can be read
        own, read = os.getpid(), process_tag.reader()
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            pid = int(name)
            if pid in mains or pid == own:
                continue
            serial = read(pid)
            if serial is not None:
                self.marked.setdefault(serial, []).append(pid)
            elif not process_tag.may_be_shed:
                continue
            elif (dead := _is_dead_child(pid)) is not None:
                (self.unmarked_dead if dead else self.unmarked).append(pid)


def _is_dead_child(pid: int) -> bool | None:
    """Return None for a process that is no child of ours."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return None


def reap(pid: int) -> bool | None:
    """Reap a dead child; False for a living one, None for a process that is no child of ours."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return None


def is_zombie(pid: int) -> bool:
    """Return True for a process that is dead and not reaped yet, or is gone.

    One whose first thread has ended looks like a zombie too, and lives as long as another thread.
    """
    after_name = _stat(pid)
    return after_name is None or (after_name[0] == b"Z" and int(after_name[17]) <= 1)


def _stat(pid: int) -> list[bytes] | None:
    """Return the fields of proc(5) from the third on, None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None


def owner_of_unmarked(pid: int, registry: AttemptRegistry) -> RunnerAttempt | None:
    """Say whose an orphan without a mark is, by its session, its group or its environment."""
    owner = owner_by_session(pid, registry)
    if owner is not None:
        return owner
    try:
        environment = set(_environment(pid).split(b"\0"))
    except OSError:
        return None
    for attempt in registry.by_serial.values():
        names = [
            os.fsencode(f"{name}={attempt.env[name]}")
            for name in ("PUNCTUAL_RUN_ID", "PUNCTUAL_ATTEMPT")
            if name in attempt.env
        ]
        if names and environment.issuperset(names):
            return attempt
    return None


def owner_by_session(pid: int, registry: AttemptRegistry) -> RunnerAttempt | None:
    """Say whose an orphan is by its session or its group, which a zombie still has."""
    try:
        for leader in (os.getsid(pid), os.getpgid(pid)):
            if leader in registry.by_pid:
                return registry.by_pid[leader]
    except OSError:
        return None
    return None


def _environment(pid: int) -> bytes:
    """Return a process's environment, looking again while it may only be in the midst of exec."""
    give_up = time.monotonic_ns() + EXEC_NS
    while True:
        with open(f"/proc/{pid}/environ", "rb") as file:
            found = file.read()
        if found or time.monotonic_ns() > give_up:
            return found
        # Asleep, not yielding: a process with precedence on the processor would get it right back.
        select.select([], [], [], EXEC_PAUSE_S)


def may_be_of_a_live_one(pid: int, registry: AttemptRegistry) -> bool:
    """Whether some command that still runs could have started this orphan of unknown origin."""
    starts = [
        attempt.started_ns
        for attempt in registry.by_serial.values()
        if attempt.phase < Phase.FLUSHING and attempt.started_ns is not None
    ]
    if not starts:
        return False
    born = _born_ns(pid)
    # A second covers the clock's ticks, and a spawn that returned late.
    return born is None or born + SECOND >= min(starts)


def _born_ns(pid: int) -> int | None:
    """Return when a process was forked (CLOCK_MONOTONIC), None when it is gone."""
    after_name = _stat(pid)
    if after_name is None:
        return None
    suspended_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return int(after_name[19]) * TICK_NS - suspended_ns  # field 22 of proc(5), from boot
