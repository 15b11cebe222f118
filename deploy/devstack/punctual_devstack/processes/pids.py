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


@dataclass(slots=True)
class Pids:
    """`NAME.pid` for people and scripts; with them, start times, as pids are used again.

    What a full disk does not take is written by a later `write`: it stops no process.
    """

    folder: Path
    _began: dict[str, tuple[int, str]] = field(default_factory=dict)
    _unwritten: set[str] = field(default_factory=set)
    _unsaved: bool = False

    def record(self, name: str, pid: int) -> None:
        """Note that `name` runs as `pid`."""
        self._began[name] = (pid, started_at(pid) or "")
        self._unwritten.add(name)
        self._unsaved = True
        self.write()

    def forget(self, name: str) -> None:
        """Note that `name` does not run."""
        self._unwritten.discard(name)
        if self._began.pop(name, None):
            self._unsaved = True
        with suppress(OSError):
            (self.folder / f"{name}.pid").unlink(missing_ok=True)
        self.write()

    def write(self) -> None:
        """Write what is not written yet, as far as there is room."""
        with suppress(OSError):
            for name in sorted(self._unwritten):
                new = self.folder / f"{name}.pid.new"
                new.write_text(f"{self._began[name][0]}\n")
                new.replace(self.folder / f"{name}.pid")
                self._unwritten.discard(name)
            if self._unsaved:
                self._save()
                self._unsaved = False

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
        """Remove what an earlier stack left in the folder."""
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
    """Signal the process and what shares its group; one that is gone is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    if number == signal.SIGKILL:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)


def children() -> list[int]:
    """Return the pids of this process's own children, zombies among them; Linux only, else none."""
    try:
        tasks = list(Path("/proc/self/task").iterdir())
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    except OSError:
        return []
