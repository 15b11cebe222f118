"""The pid files of the stack, and how a process that outlived an earlier stack is recognised."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


def started_at(pid: int) -> str | None:
    """When the process began, in words only this boot knows; None when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    state, ticks = fields[0], fields[19]
    return None if state == "Z" else f"{boot} {ticks}"


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
        """Processes that an earlier stack on this folder recorded and that still run."""
        try:
            recorded = json.loads(self._file().read_text())
        except (OSError, ValueError):
            return
        for name, (pid, began) in recorded.items():
            if began and started_at(pid) == began:
                yield name, pid

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
