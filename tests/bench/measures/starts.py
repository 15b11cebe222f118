"""Target 2, a part of it: what starts cost the runner and the commands, and nothing else."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from punctual.ops.process_user import ProcessUser, unprivileged
from punctual.ops.slot_users import SlotUserRange
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.messages import EndedEvent, Launch
from punctual_worker.agent.work_dir import make_folder, make_folder_of_slots
from tests.bench.environment import BenchEnv
from tests.bench.row import OURS, Figures, Row

CONCURRENT = 256
WARM_UP = 2 * CONCURRENT
NEEDS_SHELL = "with its shell"
SECOND = 1_000_000_000
TICK = os.sysconf("SC_CLK_TCK")
LIMITS = {"processes": 512, "memory_bytes": 1 << 30, "file_bytes": 0}


def in_the_runner(env: BenchEnv) -> Iterator[Row]:
    """Starts a second of a plain command, and of the same behind `exec`, which takes a shell."""
    rates: Figures = {}
    costs: dict[str, Figures] = {"runner": {}, "command": {}}
    for _ in range(env.size.repeats + 1):
        for name, form in ((OURS, "{}"), (NEEDS_SHELL, "exec {}")):
            file = env.stamps()
            commands = [form.format(env.stamp.command(file, n)) for n in range(env.size.due // 5)]
            rate, runner, command = _measured(commands)
            file.unlink()
            rates.setdefault(name, []).append(rate)
            costs["runner"].setdefault(name, []).append(runner)
            costs["command"].setdefault(name, []).append(command)
    yield Row("starts by the runner alone", "1/s", rates, against=NEEDS_SHELL)
    for whose, figures in costs.items():
        yield Row(f"a start: CPU of the {whose}", "µs", figures, against=NEEDS_SHELL)


def cpu_of_starts(env: BenchEnv, form: str, slot_users: SlotUserRange | None) -> float:
    """Return the CPU that a start costs runner and command together (µs), without root's rights."""
    file = env.stamps()
    commands = [form.format(env.stamp.command(file, n)) for n in range(env.size.due // 5)]
    _, runner, command = _measured(commands, slot_users, account=unprivileged())
    file.unlink()
    return runner + command


def _measured(
    commands: list[str],
    slot_users: SlotUserRange | None = None,
    account: ProcessUser | None = None,
) -> tuple[float, float, float]:
    """Starts a second, and what each cost the runner and the command itself (µs)."""
    with _runner(slot_users, account) as runner:
        starts = _Starts(runner)
        starts.all_of(commands[:WARM_UP])  # a new runner makes what each slot has
        before, began = _cpu(runner.pid), time.monotonic()
        starts.all_of(commands)
        seconds, after = time.monotonic() - began, _cpu(runner.pid)
    starts.join()
    own, children = ((b - a) / len(commands) * 1e6 for a, b in zip(before, after, strict=True))
    return len(commands) / seconds, own, children


class _Starts(threading.Thread):
    """Starts commands, CONCURRENT at a time, and reads their ends."""

    def __init__(self, runner: RunnerClient) -> None:
        super().__init__(daemon=True)
        self._runner = runner
        self._keys = count()
        self._slots, self._ended = threading.Semaphore(CONCURRENT), threading.Semaphore(0)
        self.start()

    def run(self) -> None:
        """Read ends until the runner is closed."""
        for event in chain.from_iterable(self._runner.events()):
            if isinstance(event, EndedEvent):
                self._slots.release()
                self._ended.release()

    def all_of(self, commands: list[str]) -> None:
        """Start commands, and wait for the end of the last."""
        for command in commands:
            self._slots.acquire()
            self._runner.start(_order(str(next(self._keys)), command))
        for _ in commands:
            assert self._ended.acquire(timeout=120)


@contextmanager
def _runner(
    slot_users: SlotUserRange | None, account: ProcessUser | None
) -> Iterator[RunnerClient]:
    folder = reachable_temporary("punctual-bench-")
    if slot_users is not None:
        make_folder_of_slots(folder / "work", slot_users)
    else:
        make_folder(folder / "work", account)
    runner = RunnerClient.launch(work_dir=folder / "work", account=account, slot_users=slot_users)
    try:
        runner.extend_lease(time.monotonic_ns() + 600 * SECOND)
        yield runner
    finally:
        runner.close()
        shutil.rmtree(folder, ignore_errors=True)


def _order(key: str, command: str) -> Launch:
    return Launch(
        key=key,
        at_ns=0,
        argv=("/bin/sh", "-c", command),
        env={"PUNCTUAL_RUN_ID": key},
        timeout_s=60,
        grace_s=5,
        end_grace_s=2,
        output_limit=100_000,
        limits=LIMITS,
    )


def _cpu(pid: int) -> tuple[float, float]:
    """Processor seconds of a process, and of its children that it has reaped."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
    return own / TICK, children / TICK
