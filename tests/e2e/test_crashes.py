"""The crash table, on the running product: what is killed, and what comes of it.

The commands themselves keep the record: each start appends a line to a file.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.product import Product, running_product

QUICK = {
    "WORKERS": "2",
    "SLOTS": "8",
    "PUNCTUAL_SWEEP_SECONDS": "0.5",
    "PUNCTUAL_HEARTBEAT_SECONDS": "0.5",
    "PUNCTUAL_LEASE_SECONDS": "4",
    "PUNCTUAL_SELF_FENCE_SECONDS": "2.5",
}


@pytest.fixture(scope="module")
def quick() -> Iterator[Product]:
    """A product of two workers, whose repairs take seconds."""
    with running_product(QUICK) as product:
        yield product


@pytest.fixture(scope="module")
def ann(quick: Product) -> Iterator[httpx.Client]:
    with closing(quick.user("ann")) as client:
        yield client


@pytest.fixture
def record(open_folder: Path) -> Path:
    """A file that commands of any user may append to."""
    path = open_folder / "record"
    path.touch()
    path.chmod(0o666)
    return path


def starts(record: Path) -> Counter[str]:
    """How often each run started, by its own account."""
    return Counter(record.read_text().split())


def create(client: httpx.Client, command: str, *, due_in: float, **more: Any) -> str:
    due = (datetime.now(UTC) + timedelta(seconds=due_in)).isoformat()
    task = {"command": command, "schedule_time": due, "retry_delay": 0.1, **more}
    task_id: str = client.post("/api/tasks/", json=task).raise_for_status().json()["id"]
    return task_id


def runs_of(client: httpx.Client, task_ids: list[str]) -> list[dict[str, Any]]:
    found = []
    for task_id in task_ids:
        items = client.get(f"/api/tasks/{task_id}/runs/").raise_for_status().json()["items"]
        assert len(items) == 1, items
        found.append(items[0])
    return found


def all_in(client: httpx.Client, task_ids: list[str], state: str) -> bool:
    return {run["state"] for run in runs_of(client, task_ids)} == {state}


def test_a_worker_killed_while_holding_and_running(
    quick: Product, ann: httpx.Client, record: Path
) -> None:
    note = f"echo $PUNCTUAL_RUN_ID >> {record}"
    once = [create(ann, f"{note}; sleep 30", due_in=0, max_retries=0) for _ in range(4)]
    again = [
        create(ann, f"{note}; [ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 30", due_in=0, max_retries=1)
        for _ in range(4)
    ]
    upcoming = [create(ann, note, due_in=6, max_retries=0) for _ in range(8)]
    eventually(lambda: all_in(ann, [*once, *again], "running"))
    eventually(lambda: all_in(ann, upcoming, "claimed"))
    victim = runs_of(ann, once)[0]["worker"]
    hit = {run["id"] for run in runs_of(ann, [*once, *again]) if run["worker"] == victim}
    quick.signal(victim, signal.SIGKILL)
    eventually(lambda: all_in(ann, upcoming, "succeeded"), within=30)

    def settled() -> bool:
        ended = {r["id"]: r["state"] for r in runs_of(ann, [*once, *again]) if r["id"] in hit}
        return set(ended.values()) <= {"lost", "succeeded"}

    eventually(settled, within=30)
    for task_id, run in zip(once, runs_of(ann, once), strict=True):
        assert starts(record)[run["id"]] == 1
        if run["id"] in hit:
            assert run["state"] == "lost"
            assert victim in run["reason"]
        else:
            ann.post(f"/api/runs/{run['id']}/cancel/").raise_for_status()
        assert ann.get(f"/api/tasks/{task_id}/").status_code == 200
    for run in runs_of(ann, again):
        if run["id"] in hit:
            assert (run["state"], run["attempt"]) == ("succeeded", 2)
            assert starts(record)[run["id"]] == 2
        else:
            ann.post(f"/api/runs/{run['id']}/cancel/").raise_for_status()
    for run in runs_of(ann, upcoming):
        assert starts(record)[run["id"]] == 1


def test_a_killed_coordinator_loses_nothing(
    quick: Product, ann: httpx.Client, record: Path
) -> None:
    note = f"echo $PUNCTUAL_RUN_ID >> {record}"
    tasks = []
    for round_ in range(5):
        tasks += [create(ann, note, due_in=1 + round_ / 2, max_retries=0) for _ in range(4)]
        old = quick.pid("coordinator-1")
        quick.signal("coordinator-1", signal.SIGKILL)
        eventually(partial(quick.has_replaced, "coordinator-1", old))
    eventually(lambda: all_in(ann, tasks, "succeeded"), within=30)
    for run in runs_of(ann, tasks):
        assert starts(record)[run["id"]] == 1


def test_a_database_that_is_asked_to_stop_is_started_again(
    quick: Product, ann: httpx.Client, record: Path
) -> None:
    note = f"echo $PUNCTUAL_RUN_ID >> {record}"
    tasks = [create(ann, note, due_in=due_in, max_retries=0) for due_in in (1, 4, 7)]
    old = quick.pid("postgres")
    quick.signal("postgres", signal.SIGTERM)  # it would wait for its clients, which never leave
    eventually(partial(quick.has_replaced, "postgres", old), within=20)
    assert "postgres was asked to stop" in quick.terminal()
    eventually(quick.is_ready, within=20)
    eventually(lambda: all_in(ann, tasks, "succeeded"), within=30)
    for run in runs_of(ann, tasks):
        assert starts(record)[run["id"]] == 1


def test_a_killed_queue_loses_nothing(quick: Product, ann: httpx.Client, record: Path) -> None:
    note = f"echo $PUNCTUAL_RUN_ID >> {record}"
    tasks = [create(ann, note, due_in=2, max_retries=0) for _ in range(10)]
    quick.signal("valkey", signal.SIGKILL)
    tasks += [create(ann, note, due_in=0.5, max_retries=0) for _ in range(10)]
    eventually(lambda: all_in(ann, tasks, "succeeded"), within=30)
    for run in runs_of(ann, tasks):
        assert starts(record)[run["id"]] == 1
