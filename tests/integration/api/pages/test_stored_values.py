"""What is stored can be seen, changed and deleted, whatever today's rules would refuse of it."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import run_sql
from tests.integration.api.pages.visitor import Visitor

LOST = "Mars/Olympus_Mons"

STORED: dict[str, dict[str, Any]] = {
    "unknown zone": {"schedule": {"cron": "0 2 * * *", "timezone": LOST}},
    "unknown zone in a list": {"schedule": [{"every": 60}, {"cron": "@daily", "timezone": LOST}]},
    "cron of another parser": {"schedule": {"cron": "H H * * *", "timezone": "UTC"}},
    "cron that is no string": {"schedule": {"cron": 7}},
    "no cron's zone": {"schedule": {"cron": "0 2 * * *"}},
    "unknown keys": {"schedule": {"every": 60, "moon": "full"}},
    "interval that is no number": {"schedule": {"every": "often"}},
    "instant that is none": {"schedule": {"at": "soon"}},
    "instant that is a number": {"schedule": {"at": 5}},
    "unknown kind": {"schedule": {"lunar": "full"}},
    "schedule that is a string": {"schedule": "daily"},
    "schedule that is a number": {"schedule": 7},
    "empty list": {"schedule": []},
    "list of strings": {"schedule": ["daily"]},
    "params that are an object": {"params": {"day": "string"}},
    "params of another kind": {"params": ["x", {"name": "day", "type": "moon", "choices": 5}]},
    "params without a name": {"params": [{"type": "string", "required": "yes"}]},
    "env of numbers": {"env": {"A": 1, "B": None}},
    "env that is a list": {"env": ["A=1"]},
    "limits of another kind": {"limits": {"processes": "many", "cpu": 4}},
    "limits that are a list": {"limits": [1]},
    "edges of another kind": {"after": [{"upstream": "x"}, "y", {"task": "no id", "on": "always"}]},
    "http without its fields": {"http": {"url": "https://example.com/"}},
    "http of wrong types": {"http": {"url": 5, "expect": "200", "headers": 7, "timeout": "x"}},
    "script without its fields": {"script": {"body": "true"}},
    "metadata that is a list": {"metadata": ["x"]},
}

PAGES = (
    "/dashboard/",
    "/task/{id}/",
    "/task/{id}/update/",
    "/task/{id}/run/",
    "/task/{id}/delete/",
    "/task/{id}/due-times/",
    "/task/{id}/due-times/?at=2026-01-01T00:00&zone=UTC",
    "/task/{id}/backfill/",
)
CALLS = ("/tasks/", "/tasks/{id}/", "/tasks/{id}/runs/", "/tasks/{id}/why/", "/tasks/{id}/ledger/")
EXPORT = "/export/crontab/"


def store(engine: Engine, task: str, columns: dict[str, Any]) -> None:
    """Write values straight into a task's row, as an older release or a person may have."""
    for column, value in columns.items():
        run_sql(
            engine,
            f"UPDATE tasks SET {column} = CAST(:value AS jsonb) WHERE id = :id",
            value=json.dumps(value),
            id=task,
        )


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED.keys())
def test_a_task_can_be_seen_changed_and_deleted_whatever_its_row_holds(
    engine: Engine, ann: Visitor, stored: dict[str, Any]
) -> None:
    other = ann.person.task(schedule={"every": 3600})
    task = ann.person.task(schedule={"every": 3600})["id"]
    store(engine, task, stored)
    for path in PAGES:
        assert ann.get(path.format(id=task)).status_code == 200, path
    for path in CALLS:
        answer = ann.person.get(path.format(id=task))
        assert answer.status_code == 200, (path, answer.json)
    assert ann.person.get(EXPORT).status_code == 200
    items = ann.person.items("/tasks/")
    assert [item["id"] for item in items] == [task, other["id"]]
    path = f"/tasks/{task}/"
    assert ann.person.call("PATCH", path, json={"name": "renamed"}).get_json()["name"] == "renamed"
    assert ann.person.post(f"{path}pause/").status_code == 200
    assert ann.person.post(f"{path}resume/").status_code == 200
    made = ann.person.post(f"{path}run/")
    assert made.status_code == 202, made.json
    run = made.get_json()["id"]
    assert ann.get(f"/run/{run}/").status_code == 200
    assert ann.person.get(f"/runs/{run}/").status_code == 200
    fixed: dict[str, Any] = {"schedule": {"every": 300}, "params": None, "env": {}, "limits": None}
    fixed |= {"command": "true", "after": [], "metadata": {}}
    answer = ann.person.call("PATCH", path, json=fixed)
    assert answer.status_code == 200, answer.json
    assert answer.get_json()["schedule"] == {"every": 300}
    assert answer.get_json()["next_run_at"]
    assert answer.get_json()["warnings"] == []
    store(engine, task, stored)
    assert ann.person.call("DELETE", path).status_code == 204


def test_a_zone_that_is_gone_is_named_where_its_task_is_shown(engine: Engine, ann: Visitor) -> None:
    task = ann.person.task(schedule={"every": 3600})["id"]
    store(engine, task, STORED["unknown zone"])
    [warning] = ann.person.get(f"/tasks/{task}/").get_json()["warnings"]
    assert f'It could not be planned: "{LOST}" is no time zone' in warning
    assert LOST in ann.get(f"/task/{task}/").text
    why = ann.person.get(f"/tasks/{task}/why/").get_json()
    assert (why["verdict"], why["next_due_time"]) == ("not_planned", None)
    assert LOST in why["sentence"]
    missing = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}
    assert ann.person.post(f"/tasks/{task}/backfill/", json=missing).status_code in {409, 422}
    new = {"schedule": {"cron": "0 2 * * *", "timezone": "Asia/Kolkata"}}
    answer = ann.person.call("PATCH", f"/tasks/{task}/", json=new)
    assert (answer.status_code, answer.get_json()["warnings"]) == (200, [])


@pytest.mark.parametrize(
    "stored", [{"timezone": LOST}, {"days": '{"x": 1}'}, {"windows": '[5, {"weekday": 9}]'}]
)
def test_a_calendar_can_be_seen_and_changed_whatever_its_row_holds(
    engine: Engine, ann: Visitor, stored: dict[str, str]
) -> None:
    made = ann.person.post("/calendars/", json={"name": "Closed"}).get_json()
    task = ann.person.task(schedule={"every": 3600}, calendars=["Closed"])["id"]
    ann.person.task(schedule={"every": 3600})
    for column, value in stored.items():
        kind = "text" if column == "timezone" else "jsonb"
        run_sql(engine, f"UPDATE calendars SET {column} = CAST(:value AS {kind})", value=value)
    for path in (*PAGES, "/calendars/", f"/calendar/{made['id']}/"):
        assert ann.get(path.format(id=task)).status_code == 200, path
    for path in (*CALLS, "/calendars/"):
        assert ann.person.get(path.format(id=task)).status_code == 200, path
    assert ann.person.call("PATCH", f"/tasks/{task}/", json={"name": "x"}).status_code == 200
    assert ann.person.post(f"/tasks/{task}/run/").status_code == 202
    preview = {"schedule": {"every": 60}, "calendars": ["Closed"]}
    assert ann.person.post("/schedules/preview/", json=preview).status_code == 422
    good = {"name": "Closed", "timezone": "Europe/Rome"}
    answer = ann.person.call("PUT", f"/calendars/{made['id']}/", json=good)
    assert answer.status_code == 200, answer.json
    assert ann.person.get(f"/tasks/{task}/").get_json()["warnings"] == []
    assert ann.person.call("DELETE", f"/tasks/{task}/").status_code == 204
    assert ann.person.call("DELETE", f"/calendars/{made['id']}/").status_code == 204


def test_a_name_that_would_be_refused_today_is_shown_apart_from_its_surroundings(
    engine: Engine, ann: Visitor
) -> None:
    task = ann.person.task(schedule={"every": 3600}, tags=["x"])["id"]
    odd = "safe\u202egpj.exe"
    run_sql(engine, "UPDATE tasks SET name = :odd WHERE id = :id", odd=odd, id=task)
    assert ann.person.get(f"/tasks/{task}/").get_json()["name"] == odd
    for path in (*PAGES, "/dashboard/"):
        text = ann.get(path.format(id=task)).text
        title, _, body = text.partition("</title>")
        assert odd not in title, path
        shown = body.count(odd) - body.count(f'value="{odd}"')
        assert shown == body.count(f"<bdi>{odd}</bdi>") + body.count(f"<bdi>Edit {odd}</bdi>"), path
    form = {"name": odd, "version": "1"}
    assert ann.post(f"/task/{task}/update/", **form).status_code == 422
    assert ann.person.call("PATCH", f"/tasks/{task}/", json={"max_retries": 1}).status_code == 200
