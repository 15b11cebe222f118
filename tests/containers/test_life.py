"""What a user does through the one port, and that it outlives the containers."""

from contextlib import closing

import httpx

from tests.containers.composition import Composition
from tests.containers.tasks import create, in_seconds, in_state, output


def test_a_task_due_in_four_seconds_succeeds(ann: httpx.Client) -> None:
    task = create(ann, command="echo hello from $PUNCTUAL_RUN_ID", schedule_time=in_seconds(4))
    run = in_state(ann, task, "succeeded")
    assert output(ann, run) == f"hello from {run['id']}\n"


def test_tasks_due_at_one_instant_are_shared_by_the_workers(ann: httpx.Client) -> None:
    due = in_seconds(6)
    items = [{"command": "sleep 1; hostname", "schedule_time": due} for _ in range(40)]
    made = ann.post("/api/tasks/bulk/", json={"items": items}).raise_for_status().json()["ids"]
    runs = [in_state(ann, {"id": task_id}, "succeeded", within=60) for task_id in made]
    assert len(runs) == 40
    assert len({run["worker"] for run in runs}) == 2


def test_links_lead_back_through_the_port(composition: Composition, ann: httpx.Client) -> None:
    answer = ann.post("/api/tasks/", json={"command": "true"}, headers={"X-Request-ID": "mine-1"})
    assert answer.headers["X-Request-ID"] == "mine-1"
    assert ann.get(answer.headers["Location"]).json()["id"] == answer.json()["id"]
    with closing(composition.visitor()) as visitor:
        page = visitor.get("/", follow_redirects=True)
    assert (page.status_code, page.url.port) == (200, composition.port)


def test_what_is_too_large_is_refused_as_the_api_refuses(ann: httpx.Client) -> None:
    answer = ann.post("/api/tasks/", content=b" " * (17 * 1024 * 1024))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 413


def test_down_and_up_again_loses_nothing(composition: Composition, ann: httpx.Client) -> None:
    done = create(ann, command="echo kept", schedule_time=in_seconds(1))
    run = in_state(ann, done, "succeeded")
    waiting = create(ann, command="echo due during the stop", schedule_time=in_seconds(8))
    composition.down()
    assert composition.containers() == []
    composition.up()
    assert ann.get(f"/api/tasks/{done['id']}/").json()["last_run"]["id"] == run["id"]
    assert output(ann, run) == "kept\n"
    in_state(ann, waiting, "succeeded")
