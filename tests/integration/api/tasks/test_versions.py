"""Versions of a task: who changed what, and back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from punctual.store.driver.engine import make_engine
from punctual.store.lifecycle.planning.plan import plan
from tests.integration.api.conftest import Person, end_run, run_sql, start_run
from tests.integration.api.pages.visitor import visit
from tests.support.servers import as_service

WEEKLY = {"cron": "0 3 * * 1", "timezone": "UTC"}


def versions(person: Person, task: str) -> list[dict[str, Any]]:
    """The versions of a task, newest first."""
    return person.items(f"/tasks/{task}/versions/")


def restore(person: Person, task: str, number: int, **options: Any) -> Any:
    """The answer to a request that restores a version."""
    return person.post(f"/tasks/{task}/versions/{number}/restore/", **options)


def test_each_change_makes_a_version_that_says_what_changed(anna: Person) -> None:
    task = anna.task(name="nightly", schedule=WEEKLY, env={"DAY": "1"})["id"]
    path = f"/tasks/{task}/"
    anna.call("PATCH", path, json={"env": {"DAY": "2"}, "priority": 9})
    anna.call("PUT", path, json={"command": "date", "name": "daily"})
    anna.post(f"{path}pause/")
    anna.post(f"{path}resume/")
    assert restore(anna, task, 1).status_code == 200
    found = versions(anna, task)
    assert [one["version"] for one in found] == [6, 5, 4, 3, 2, 1]
    assert {one["by"] for one in found} == {"anna"}
    back = {
        "command": ["date", "echo hello"],
        "env.DAY": [None, "1"],
        "name": ["daily", "nightly"],
        "schedule.cron": [None, "0 3 * * 1"],
        "schedule.timezone": [None, "UTC"],
    }
    assert [one["changes"] for one in found] == [
        back,
        {"enabled": [False, True]},
        {"enabled": [True, False]},
        {
            "command": ["echo hello", "date"],
            "env.DAY": ["2", None],
            "name": ["nightly", "daily"],
            "priority": [9, 5],
            "schedule.cron": ["0 3 * * 1", None],
            "schedule.timezone": ["UTC", None],
        },
        {"env.DAY": ["1", "2"], "priority": [5, 9]},
        {},
    ]


def test_a_restored_task_is_what_it_was(anna: Person) -> None:
    before = anna.task(
        name="all",
        command="true",
        schedule=WEEKLY,
        env={"TOKEN": "x"},
        tags=["a"],
        metadata={"by": {"ops": [1]}},
        max_retries=1,
        timeout=60,
        limits={"processes": 50},
        params=[{"name": "day", "type": "string", "default": "monday"}],
        retry_on=[3],
    )
    path = f"/tasks/{before['id']}/"
    assert anna.call("PUT", path, json={"command": "date"}).status_code == 200
    after = restore(anna, before["id"], 1).get_json()
    changing = {"version", "updated_at", "next_run_at", "warnings"}
    assert {name: value for name, value in after.items() if name not in changing} == {
        name: value for name, value in before.items() if name not in changing
    }
    assert after["version"] == 3
    assert after["next_run_at"] == before["next_run_at"]


def test_a_due_time_that_had_its_run_gets_no_other_one_by_a_restore(
    anna: Person, engine: Engine
) -> None:
    task = anna.task(schedule={"at": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()})["id"]

    def plan_due() -> None:
        with engine.begin() as connection:
            plan(connection, window=timedelta(seconds=35), batch_size=10)

    plan_due()
    [run] = anna.items(f"/tasks/{task}/runs/")
    start_run(engine, run["id"])
    end_run(engine, run["id"])
    anna.call("PATCH", f"/tasks/{task}/", json={"schedule": None})
    assert restore(anna, task, 1).status_code == 200
    plan_due()
    assert [one["id"] for one in anna.items(f"/tasks/{task}/runs/")] == [run["id"]]


@pytest.mark.parametrize(
    "what",
    [
        {"script": {"interpreter": "python3", "body": "print(1)"}},
        {"http": {"url": "https://example.com/", "headers": {"A": "b"}}},
    ],
)
def test_a_script_and_a_request_are_restored(anna: Person, what: dict[str, Any]) -> None:
    made = anna.post("/tasks/", json=what).get_json()
    anna.call("PUT", f"/tasks/{made['id']}/", json={"command": "date"})
    back = restore(anna, made["id"], 1).get_json()
    kinds = ("type", "command", "script", "http", "name")
    assert [back[name] for name in kinds] == [made[name] for name in kinds]


def test_a_version_whose_calendar_is_gone_is_refused(anna: Person) -> None:
    calendar = anna.post("/calendars/", json={"name": "days"}).get_json()["id"]
    task = anna.task(schedule=WEEKLY, calendars=["days"])["id"]
    anna.call("PATCH", f"/tasks/{task}/", json={"calendars": None})
    assert anna.call("DELETE", f"/calendars/{calendar}/").status_code == 204
    answer = restore(anna, task, 1)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/calendars/0"
    assert len(versions(anna, task)) == 2


def test_a_version_whose_upstream_task_is_gone_is_refused(anna: Person) -> None:
    first = anna.task()["id"]
    task = anna.task(after=[{"task": first}])["id"]
    anna.call("PATCH", f"/tasks/{task}/", json={"after": []})
    assert anna.call("DELETE", f"/tasks/{first}/").status_code == 204
    assert restore(anna, task, 1).status_code == 422


def test_the_present_version_and_an_unknown_one_are_not_restored(anna: Person) -> None:
    task = anna.task()["id"]
    assert restore(anna, task, 1).status_code == 409
    assert restore(anna, task, 7).status_code == 404
    assert anna.get(f"/tasks/{task}/versions/7/").status_code == 404
    anna.call("PATCH", f"/tasks/{task}/", json={"priority": 1})
    assert restore(anna, task, 1, headers={"If-Match": '"1"'}).status_code == 412
    assert restore(anna, task, 1, headers={"If-Match": '"2"'}).status_code == 200


def test_a_version_is_read_with_its_task(anna: Person) -> None:
    task = anna.task(name="old", schedule=WEEKLY)["id"]
    anna.call("PATCH", f"/tasks/{task}/", json={"name": "new"})
    one = anna.get(f"/tasks/{task}/versions/1/").get_json()
    assert (one["version"], one["task"]["name"], one["task"]["schedule"]) == (1, "old", WEEKLY)
    two = anna.get(f"/tasks/{task}/versions/2/").get_json()
    assert two["changes"] == {"name": ["old", "new"]}
    assert anna.call("PUT", f"/tasks/{task}/", json=one["task"]).status_code == 200


def test_versions_are_paged_and_the_last_200_remain(anna: Person, engine: Engine) -> None:
    task = anna.task()["id"]
    for number in range(2, 206):
        run_sql(engine, "UPDATE tasks SET version = :n WHERE id = :id", n=number, id=task)
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = anna.get(f"/tasks/{task}/versions/?limit=70&cursor={cursor}").get_json()
        found += [one["version"] for one in answer["items"]]
        cursor = answer["next_cursor"]
    assert found == list(range(205, 4, -1))
    assert anna.get(f"/tasks/{task}/versions/?cursor=AAAA").status_code == 422


def test_no_service_may_write_versions(database_url: str, anna: Person) -> None:
    assert anna.token
    for statement in ("DELETE FROM task_versions", "UPDATE task_versions SET version = 1"):
        engine = make_engine(as_service(database_url, "api"), service="test", size=1)
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            engine.begin() as connection,
        ):
            connection.execute(text(statement))
        engine.dispose()


def test_the_page_shows_versions_and_restores_one(client: FlaskClient) -> None:
    ann = visit(client)
    task = ann.person.task(name="<old>")["id"]
    ann.person.call("PATCH", f"/tasks/{task}/", json={"name": "new"})
    page = f"/task/{task}/versions/"
    assert page in ann.get(f"/task/{task}/").text
    assert "&lt;old&gt;" in ann.get(page).text
    assert ann.post(f"{page}1/restore/", of=page).status_code == 302
    assert "as it was at version 1" in ann.get(f"/task/{task}/").text
    assert ann.person.get(f"/tasks/{task}/").get_json()["name"] == "<old>"
    assert ann.post(f"{page}3/restore/", of=page).status_code == 302
    assert "Not restored. The task is at version 3 already." in ann.get(page).text
    assert visit(client).get(page).status_code == 404
