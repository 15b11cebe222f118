"""A team with slots, while another one works on the same two workers."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.product import Product, running_product

SLOTS = 2
SETTINGS = {
    "WORKERS": "2",
    "SLOTS": "4",
    "PUNCTUAL_MAX_TEAM_SLOTS": str(SLOTS),
    "PUNCTUAL_SWEEP_SECONDS": "30",  # so that nothing but a wake-up goes on with what waits
}
AT_ONCE = timedelta(seconds=1)


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with running_product(SETTINGS) as started:
        yield started


def run_now(client: httpx.Client, command: str, **values: Any) -> str:
    task = client.post("/api/tasks/", json={"command": command, **values}).raise_for_status().json()
    run: str = client.post(f"/api/tasks/{task['id']}/run/").raise_for_status().json()["id"]
    return run


def final(client: httpx.Client, *runs: str) -> list[dict[str, Any]]:
    """These runs, once all have ended."""

    def ended() -> list[dict[str, Any]] | None:
        found = [client.get(f"/api/runs/{run}/").raise_for_status().json() for run in runs]
        return found if all(run["finished_at"] for run in found) else None

    found = eventually(ended, within=40)
    assert found is not None
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_team_never_exceeds_its_slots_and_uses_each_at_once_when_it_is_free(
    product: Product,
) -> None:
    with closing(product.user("ann")) as ann, closing(product.user("bob")) as bob:
        runs = [run_now(ann, "sleep 1.5") for _ in range(3 * SLOTS)]
        [other] = final(bob, run_now(bob, "true"))
        waiting = ann.get(f"/api/runs/{runs[-1]}/").json()
        assert waiting["state"] == "scheduled"
        assert waiting["waiting_for"]["sentence"] == "no slot of team ann is free (2 of 2 running)"
        assert other["lateness_ms"] < 1000
        done = sorted(final(ann, *runs), key=lambda run: at(run["started_at"]))
    assert {run["state"] for run in done} == {"succeeded"}
    for place, run in enumerate(done):
        running = [
            earlier
            for earlier in done[:place]
            if at(earlier["finished_at"]) > at(run["started_at"])
        ]
        assert len(running) < SLOTS
        if place >= SLOTS:
            freed = sorted(at(earlier["finished_at"]) for earlier in done[:place])[place - SLOTS]
            assert at(run["started_at"]) - freed < AT_ONCE


def test_a_queue_that_is_closed_starts_nothing_until_it_is_opened(product: Product) -> None:
    with closing(product.user("cat")) as cat, closing(product.visitor()) as ann:
        token = ann.post(
            "/api/login/", json={"username": "ann", "password": "correct horse battery staple"}
        ).json()["token"]
        ann.headers["Authorization"] = f"Token {token}"
        task = cat.post("/api/tasks/", json={"command": "true"}).raise_for_status().json()["id"]
        teams = ann.put("/api/queues/default/", json={"teams": ["ann"]})
        assert teams.status_code == 200, teams.text
        assert cat.post(f"/api/tasks/{task}/run/").status_code == 422
        [own] = final(ann, run_now(ann, "true"))
        assert own["state"] == "succeeded"
        ann.put("/api/queues/default/", json={"teams": []}).raise_for_status()
        run = cat.post(f"/api/tasks/{task}/run/").raise_for_status().json()["id"]
        assert final(cat, run)[0]["state"] == "succeeded"
