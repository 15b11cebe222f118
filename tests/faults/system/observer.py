"""Watches from outside: the runs' rows, and every process that belongs to a run."""

import os
import threading
import time
from pathlib import Path
from typing import Self

import psycopg2

from tests.faults.checker.history import Living, Sight

EVERY_SECONDS = 0.25
ROWS = "SELECT id::text, task_id::text, state, attempt, fence FROM runs ORDER BY id"
ID, ATTEMPT = b"PUNCTUAL_RUN_ID=", b"PUNCTUAL_ATTEMPT="


class Watch:
    """Looks several times a second, by its own connection, which no fault but the server's hits."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[str, int, int]] = {}
        self._sights: list[Sight] = []
        self._living: dict[int, Living] = {}
        self._dead: list[Living] = []
        self._threads = [threading.Thread(target=work) for work in (self._rows, self._processes)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def sights(self) -> list[Sight]:
        """Every change of a run that was seen."""
        with self._lock:
            return list(self._sights)

    def living(self) -> list[Living]:
        """Every process of a run that was seen."""
        with self._lock:
            return [*self._dead, *self._living.values()]

    def _rows(self) -> None:
        while not self._stop.is_set():
            try:
                connection = psycopg2.connect(self._dsn, connect_timeout=2)
            except psycopg2.Error:
                self._stop.wait(EVERY_SECONDS)
                continue
            connection.autocommit = True
            try:
                with connection.cursor() as cursor:
                    while not self._stop.wait(EVERY_SECONDS):
                        cursor.execute(ROWS)
                        self._take_in(cursor.fetchall())
            except psycopg2.Error:
                self._stop.wait(EVERY_SECONDS)
            finally:
                connection.close()

    def _take_in(self, rows: list[tuple[str, str, str, int, int]]) -> None:
        now = time.time()
        with self._lock:
            for run_id, task_id, state, attempt, fence in rows:
                if self._seen.get(run_id) != (state, attempt, fence):
                    self._seen[run_id] = (state, attempt, fence)
                    self._sights.append(Sight(now, run_id, task_id, state, attempt, fence))

    def _processes(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            found = {pid: who for pid in _pids() if (who := _whose(pid))}
            now = time.time()
            with self._lock:
                for pid, known in list(self._living.items()):
                    if found.get(pid) == (known.run_id, known.attempt):
                        known.last = now
                        del found[pid]
                    else:
                        self._dead.append(self._living.pop(pid))
                for pid, (run_id, attempt) in found.items():
                    self._living[pid] = Living(run_id, attempt, pid, now, now)


def _whose(pid: int) -> tuple[str, int] | None:
    """Which attempt a process belongs to, by its environment; a zombie has none."""
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    run = next((x for x in environ if x.startswith(ID)), None)
    attempt = next((x for x in environ if x.startswith(ATTEMPT)), None)
    if run is None or attempt is None:
        return None
    return run.removeprefix(ID).decode(), int(attempt.removeprefix(ATTEMPT))


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
