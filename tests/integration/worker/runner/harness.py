"""A runner with an agent that remembers every report, for tests to talk to in short sentences."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from punctual.ops.slot_users import SlotUserRange
from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.messages import EndedEvent, Launch, SoFar, StartedEvent
from tests.support.eventually import eventually

Report = TypeVar("Report", StartedEvent, EndedEvent, SoFar)
SECOND = 1_000_000_000
LONG = 600.0
DEAF = "trap '' TERM INT HUP; touch $READY; while :; do sleep 600; done"


class Stage:
    """One launched runner; starts are of `/bin/sh -c` unless an argv is given."""

    def __init__(self, work_dir: Path, *, lease_s: float | None = LONG, **options: Any) -> None:
        """Launch a runner and, unless lease_s is None, give it a lease once it is up.

        Until then it has a child for a moment, which finds its isolation.
        """
        self.work_dir = work_dir
        self.slot_users: SlotUserRange | None = options.get("slot_users")
        self.client = RunnerClient.launch(work_dir=work_dir, **options)
        self.client.wait_up()
        self.reports: list[StartedEvent | EndedEvent | SoFar] = []
        self._count = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if lease_s is not None:
            self.lease(lease_s)

    def lease(self, seconds: float) -> None:
        """Let the runner work for so long from now."""
        self.client.extend_lease(time.monotonic_ns() + int(seconds * SECOND))

    def start(
        self,
        command: str = "",
        *,
        argv: tuple[str, ...] | None = None,
        key: str | None = None,
        at_ns: int = 0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        file: str | None = None,
        timeout_s: float = LONG,
        grace_s: float = LONG,
        end_grace_s: float = 2,
        output_limit: int = 100_000,
        limits: Mapping[str, int] | None = None,
    ) -> str:
        """Order a start, now by default, and return its key."""
        self._count += 1
        launch = Launch(
            key=key or f"attempt-{self._count}",
            at_ns=at_ns,
            argv=argv or ("/bin/sh", "-c", command),
            env=env or {},
            cwd=cwd,
            file=file,
            timeout_s=timeout_s,
            grace_s=grace_s,
            end_grace_s=end_grace_s,
            output_limit=output_limit,
            limits=limits or {},
        )
        self.client.start(launch)
        return launch.key

    def started(self, key: str) -> StartedEvent:
        """Wait for an attempt to be reported as started, which only one that lasts is."""
        found = eventually(lambda: self._find(StartedEvent, key), every=0.002)
        assert found is not None
        return found

    def ended(self, key: str, within: float = 30) -> EndedEvent:
        """Wait for an attempt to be reported as ended."""
        found = eventually(lambda: self._find(EndedEvent, key), within=within, every=0.002)
        assert found is not None
        return found

    def ended_start(self, key: str) -> int:
        """Wait for an attempt's end, and answer the instant of its start."""
        started_ns = self.ended(key).started_ns
        assert started_ns is not None
        return started_ns

    def start_ready(self, command: str, **order: Any) -> str:
        """Start a command that does `touch $READY` when it is set up, and wait for that."""
        ready = self.work_dir.with_name(f"{self.work_dir.name}-ready-{self._count}")
        key = self.start(command, env={"READY": str(ready)}, **order)
        eventually(ready.exists)
        return key

    def run(self, command: str = "", **order: Any) -> EndedEvent:
        """Start a command and wait for its end."""
        return self.ended(self.start(command, **order))

    def has_ended(self, key: str) -> bool:
        """Whether an end was reported so far."""
        return self._find(EndedEvent, key) is not None

    def so_far(self, key: str) -> bytes | None:
        """What the last answer to "tell" had of an attempt's output."""
        answers = [r for r in self.reports if isinstance(r, SoFar) and r.key == key]
        return answers[-1].output if answers else None

    def has_no_main_process(self, key: str) -> bool:
        """Whether the main process of an attempt that was reported as started has ended."""
        return not is_alive(self.started(key).pid)

    def wait_until_gone(self, within: float = 30) -> None:
        """Wait until the client saw the runner's end."""
        self._reader.join(within)
        assert not self._reader.is_alive()

    def close(self) -> None:
        """Make the runner end."""
        self.client.close()
        self.wait_until_gone()

    def _find(self, kind: type[Report], key: str) -> Report | None:
        for report in self.reports:
            if isinstance(report, kind) and report.key == key:
                return report
        return None

    def _read(self) -> None:
        for reports in self.client.events():
            self.reports += reports


NewStage = Callable[..., Stage]


def is_alive(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != b"Z"


def descendants(ancestor: int) -> list[int]:
    """Every process below another one, zombies too."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [ancestor]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def wait_until(at_ns: int) -> None:
    """Wait for an instant of CLOCK_MONOTONIC."""
    eventually(lambda: time.monotonic_ns() > at_ns)


def in_seconds(seconds: float) -> int:
    """The instant `seconds` from now, on CLOCK_MONOTONIC."""
    return time.monotonic_ns() + int(seconds * SECOND)
