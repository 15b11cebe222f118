"""How a process of the stack is started: what to run, as whom, and which signals end it."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

DEATH_SIGNAL_PROGRAM = str(Path(__file__).with_name("parent_death_signal.py"))


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user of this machine to run a server as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Spec:
    """One process to keep running; `command[0]` is looked up in PATH."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: Path
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    account: ServerUser | None = None
    stop_seconds: float = 10
    """How long it may take to end after its stop signal."""
    has_begun_to_stop: Callable[[int], bool] | None = None
    """Return whether the process with this pid is stopping, for one that may never finish."""


def tied_command(spec: Spec) -> list[str]:
    """Return the command that runs `spec` in a session of its own and ends it with this thread."""
    run_as = f"{spec.account.uid}:{spec.account.gid}" if spec.account else "-"
    how = [str(os.getpid()), str(int(spec.orphan_signal)), run_as, str(spec.cwd)]
    return [sys.executable, "-I", "-S", DEATH_SIGNAL_PROGRAM, *how, *spec.command]


def spawn(spec: Spec, *, log: Path) -> int:
    """Start the process with its output appended to `log`; return its pid, ours to reap."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        tied_command(spec),
        dict(spec.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
