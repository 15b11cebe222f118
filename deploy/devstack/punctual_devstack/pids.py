"""The pid files of the stack, and how a process that outlived an earlier stack is recognised."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


def _stat(pid: int | str) -> tuple[int, str] | None:
    """Session and start of a process, the start in words only this boot knows."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, session, ticks = fields[0], fields[3], fields[19]
    return None if state == "Z" else (int(session), f"{_boot()} {ticks}")


def _boot() -> str:
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text().strip() if file.exists() else ""


def started_at(pid: int) -> str | None:
    """When the process began, as only to be compared; None when there is no such process."""
    stat = _stat(pid)
    return stat and stat[1]


def _in_session(leader: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        stat = _stat(entry.name) if entry.name.isdigit() else None
        if stat and stat[0] == leader:
            yield int(entry.name)


@dataclass(frozen=True, slots=True)
class Pids:
    """`NAME.pid` for people and scripts; beside them, start times, as pids are used again."""

    folder: Path
    _began: dict[str, tuple[int, str]] = field(default_factory=dict)

    def record(self, name: str, pid: int) -> None:
        """Notes that `name` runs as `pid`."""
        new = self.folder / f"{name}.pid.new"
        new.write_text(f"{pid}\n")
        new.replace(self.folder / f"{name}.pid")
        self._began[name] = (pid, started_at(pid) or "")
        self._save()

    def forget(self, name: str) -> None:
        """Notes that `name` does not run."""
        (self.folder / f"{name}.pid").unlink(missing_ok=True)
        if self._began.pop(name, None):
            self._save()

    def leftovers(self) -> Iterator[tuple[str, int]]:
        """Processes that an earlier stack recorded, and those of their sessions, that still run.

        A session's number is not given away while anyone is in it, so the leader may be gone.
        """
        try:
            recorded = json.loads(self._file().read_text())
        except (OSError, ValueError):
            return
        for name, (pid, began) in recorded.items():
            if began.startswith(_boot()) and started_at(pid) in (None, began):
                yield from ((name, member) for member in _in_session(pid))

    def clear(self) -> None:
        """Removes what an earlier stack left in the folder."""
        for file in self.folder.glob("*.pid*"):
            file.unlink(missing_ok=True)
        self._file().unlink(missing_ok=True)

    def _save(self) -> None:
        new = self._file().with_suffix(".new")
        new.write_text(json.dumps(self._began))
        new.replace(self._file())

    def _file(self) -> Path:
        return self.folder / ".began.json"


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signals the process and what shares its group; one that is gone is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    if number == signal.SIGKILL:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)


def children() -> list[int]:
    """The pids of this process's own children, zombies among them; Linux only, else none."""
    try:
        tasks = list(Path("/proc/self/task").iterdir())
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    except OSError:
        return []
