"""The life of a task over HTTP, as a user with curl lives it."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.product import Product


@pytest.fixture
def ann(product: Product) -> Iterator[httpx.Client]:
    with closing(product.user(f"ann-{uuid.uuid4().hex[:8]}")) as client:
        yield client


@pytest.fixture
def bob(product: Product) -> Iterator[httpx.Client]:
    with closing(product.user(f"bob-{uuid.uuid4().hex[:8]}")) as client:
        yield client


def instant(text: str) -> datetime:
    assert text.endswith("Z"), text
    return datetime.fromisoformat(text)


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def create(client: httpx.Client, **task: Any) -> dict[str, Any]:
    answer = client.post("/api/tasks/", json=task)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["Location"].endswith(f"/api/tasks/{made['id']}/")
    return made


def ended(client: httpx.Client, task_id: str, *, within: float = 20) -> dict[str, Any]:
    """The task's newest run, once it is final."""

    def final() -> dict[str, Any] | None:
        runs = client.get(f"/api/tasks/{task_id}/runs/").raise_for_status().json()["items"]
        return runs[0] if runs and runs[0]["finished_at"] else None

    run = eventually(final, within=within)
    assert run is not None
    return run


def test_a_task_runs_on_time_and_shows_its_status_and_output(ann: httpx.Client) -> None:
    due = in_seconds(4)
    task = create(ann, command="echo hello; echo trouble >&2", schedule_time=due)
    assert task["status"] in {"scheduled", "queued"}
    assert instant(task["next_run_at"]) == datetime.fromisoformat(due)
    run = ended(ann, task["id"])
    assert (run["state"], run["exit_code"], run["trigger"]) == ("succeeded", 0, "schedule")
    assert instant(run["started_at"]) >= datetime.fromisoformat(due)
    assert instant(run["scheduled_for"]) == datetime.fromisoformat(due)
    task = ann.get(f"/api/tasks/{task['id']}/").json()
    assert (task["status"], task["next_run_at"]) == ("succeeded", None)
    assert task["last_run"]["id"] == run["id"]
    output = ann.get(f"/api/runs/{run['id']}/output/")
    assert output.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert sorted(output.text.splitlines()) == ["hello", "trouble"]
    assert ann.get(f"/api/runs/{run['id']}/output/?stream=stdout").text == "hello\n"
    assert ann.get(f"/api/runs/{run['id']}/output/?stream=stderr").text == "trouble\n"


def test_a_failing_task_is_tried_again_and_ends_failed(ann: httpx.Client) -> None:
    task = create(
        ann,
        command="echo attempt $PUNCTUAL_ATTEMPT; exit 3",
        schedule_time=in_seconds(0.5),
        max_retries=2,
        retry_delay=0.2,
    )
    run = ended(ann, task["id"])
    assert (run["state"], run["attempt"], run["max_attempts"]) == ("failed", 3, 3)
    assert (run["exit_code"], run["reason"]) == (3, "exit code 3")
    whole = ann.get(f"/api/runs/{run['id']}/").json()
    assert [attempt["state"] for attempt in whole["attempts"]] == ["failed"] * 3
    assert [attempt["attempt"] for attempt in whole["attempts"]] == [1, 2, 3]
    for number in (1, 2, 3):
        output = ann.get(f"/api/runs/{run['id']}/output/?attempt={number}").text
        assert output == f"attempt {number}\n"
    assert ann.get(f"/api/tasks/{task['id']}/").json()["retries"] == 2


def test_a_task_that_recurs_runs_again_and_again(ann: httpx.Client) -> None:
    task = create(ann, command="true", schedule={"every": 1})

    def three() -> list[dict[str, Any]] | None:
        runs = ann.get(f"/api/tasks/{task['id']}/runs/").json()["items"]
        done = [run for run in runs if run["state"] == "succeeded"]
        return done if len(done) >= 3 else None

    done = eventually(three)
    assert done is not None
    times = sorted(instant(run["scheduled_for"]) for run in done)
    assert {later - at for at, later in pairwise(times)} == {timedelta(seconds=1)}
    paused = ann.post(f"/api/tasks/{task['id']}/pause/").json()
    assert (paused["status"], paused["next_run_at"]) == ("paused", None)
    resumed = ann.post(f"/api/tasks/{task['id']}/resume/").json()
    assert resumed["enabled"]
    assert ann.delete(f"/api/tasks/{task['id']}/").status_code == 204


def test_an_edit_before_the_instant_wins(ann: httpx.Client) -> None:
    task = create(ann, command="echo old", schedule_time=in_seconds(3))
    eventually(lambda: ann.get(f"/api/tasks/{task['id']}/").json()["status"] == "queued")
    changed = ann.patch(f"/api/tasks/{task['id']}/", json={"command": "echo new"})
    assert changed.status_code == 200
    run = ended(ann, task["id"])
    assert ann.get(f"/api/runs/{run['id']}/output/").text == "new\n"


def test_a_deleted_task_does_not_run(ann: httpx.Client) -> None:
    task = create(ann, command="echo too late", schedule_time=in_seconds(2))
    other = create(ann, command="true", schedule_time=in_seconds(2.5))
    assert ann.delete(f"/api/tasks/{task['id']}/").status_code == 204
    assert ann.get(f"/api/tasks/{task['id']}/").status_code == 404
    ended(ann, other["id"])
    runs = ann.get(f"/api/runs/?task={task['id']}").json()["items"]
    assert {run["state"] for run in runs} <= {"cancelled"}


def test_run_now_and_cancel(ann: httpx.Client) -> None:
    task = create(ann, command="sleep 100")
    assert task["next_run_at"] is None
    started = ann.post(f"/api/tasks/{task['id']}/run/")
    assert started.status_code == 202
    run_url = f"/api/runs/{started.json()['id']}/"
    eventually(lambda: ann.get(run_url).json()["state"] == "running")
    assert ann.post(f"{run_url}cancel/").status_code == 202
    eventually(lambda: ann.get(run_url).json()["state"] == "cancelled")
    assert ann.post(f"{run_url}cancel/").status_code == 409
    again = ann.post(f"{run_url}retry/")
    assert again.status_code == 202
    assert again.json()["trigger"] == "retry"
    ann.delete(f"/api/tasks/{task['id']}/")
    eventually(lambda: ann.get(f"/api/runs/{again.json()['id']}/").json()["state"] == "cancelled")


def test_a_time_in_the_past_runs_at_once(ann: httpx.Client) -> None:
    task = create(ann, command="true", schedule_time="2020-02-29T12:00:00+01:00")
    run = ended(ann, task["id"])
    assert run["state"] == "succeeded"
    assert run["scheduled_for"].startswith("2020-02-29T11:00:00")


def test_the_environment_of_a_command_holds_no_more_than_is_promised(ann: httpx.Client) -> None:
    task = create(ann, command="env -0", env={"GREETING": "hi"})
    run_id = ann.post(f"/api/tasks/{task['id']}/run/").json()["id"]
    eventually(lambda: ann.get(f"/api/runs/{run_id}/").json()["state"] == "succeeded")
    text = ann.get(f"/api/runs/{run_id}/output/").text
    found = dict(line.split("=", 1) for line in text.split("\0") if line)
    shell_made = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert set(found) - shell_made == {
        *("PATH", "HOME", "TMPDIR", "LANG", "USER", "LOGNAME", "SHELL", "PYTHONUNBUFFERED"),
        *("PUNCTUAL_TASK_ID", "PUNCTUAL_TASK_NAME", "PUNCTUAL_RUN_ID", "PUNCTUAL_ATTEMPT"),
        *("PUNCTUAL_FENCE", "PUNCTUAL_SCHEDULED_FOR", "PUNCTUAL_TRIGGER", "GREETING"),
    }
    assert (found["PUNCTUAL_TASK_ID"], found["PUNCTUAL_RUN_ID"]) == (task["id"], run_id)


def test_two_users_cannot_see_or_touch_each_others_things(
    ann: httpx.Client, bob: httpx.Client
) -> None:
    task = create(ann, command="echo secret")
    run_id = ann.post(f"/api/tasks/{task['id']}/run/").json()["id"]
    eventually(lambda: ann.get(f"/api/runs/{run_id}/").json()["state"] == "succeeded")
    calls = [
        ("GET", f"/api/tasks/{task['id']}/"),
        ("PUT", f"/api/tasks/{task['id']}/"),
        ("PATCH", f"/api/tasks/{task['id']}/"),
        ("DELETE", f"/api/tasks/{task['id']}/"),
        ("POST", f"/api/tasks/{task['id']}/run/"),
        ("POST", f"/api/tasks/{task['id']}/pause/"),
        ("POST", f"/api/tasks/{task['id']}/resume/"),
        ("GET", f"/api/tasks/{task['id']}/runs/"),
        ("GET", f"/api/runs/{run_id}/"),
        ("GET", f"/api/runs/{run_id}/output/"),
        ("POST", f"/api/runs/{run_id}/cancel/"),
        ("POST", f"/api/runs/{run_id}/retry/"),
    ]
    for method, url in calls:
        body = {"command": "echo mine"} if method in {"PUT", "PATCH"} else None
        assert bob.request(method, url, json=body).status_code == 404, (method, url)
    assert bob.get("/api/tasks/").json()["items"] == []
    assert bob.get("/api/runs/").json()["items"] == []
    assert ann.get(f"/api/tasks/{task['id']}/").json()["command"] == "echo secret"
