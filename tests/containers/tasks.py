"""Tasks as their users make and watch them, through the one port."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.eventually import eventually

Json = dict[str, Any]


def in_seconds(seconds: float) -> str:
    """A time as it is sent."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def create(client: httpx.Client, **task: Any) -> Json:
    """The task that was made of these fields."""
    answer = client.post("/api/tasks/", json=task)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def newest_run(client: httpx.Client, task: Json) -> Json | None:
    """The task's newest run, if it has one yet."""
    runs = client.get(f"/api/tasks/{task['id']}/runs/").raise_for_status().json()["items"]
    return runs[0] if runs else None


def in_state(client: httpx.Client, task: Json, *states: str, within: float = 30) -> Json:
    """The task's newest run, once it is in one of these states."""

    def reached() -> Json | None:
        run = newest_run(client, task)
        assert run is not None, "no run yet"
        assert run["state"] in states, f"{run['state']}: {run['reason']}"
        return run

    run = eventually(reached, within=within, every=0.2)
    assert run is not None
    return run


def output(client: httpx.Client, run: Json, **which: str | int) -> str:
    """What a run printed on standard output."""
    answer = client.get(f"/api/runs/{run['id']}/output/", params={"stream": "stdout", **which})
    return answer.raise_for_status().text
