"""A schedule that was saved once stays valid, though a new one like it would be refused."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import run_sql
from tests.integration.api.pages.visitor import Visitor

# In order: Debian's cron refuses it, so today it is refused; the names of a list are read alike;
# nothing reads a zone that is gone.
OLD: list[Any] = [
    {"cron": "5/15 * * * *", "timezone": "UTC"},
    [{"every": 3600}, {"cron": "5/15 * * * *", "timezone": "UTC"}],
    {"cron": "0 2 * * *", "timezone": "Mars/Olympus_Mons"},
]


@pytest.fixture(params=OLD, ids=["cron", "list", "zone"])
def old(request: pytest.FixtureRequest) -> Any:
    """A stored schedule that would be refused as a new one."""
    return request.param


@pytest.fixture
def task(engine: Engine, ann: Visitor, old: Any) -> dict[str, Any]:
    """A task with that schedule, as it is answered."""
    made = ann.person.task(schedule={"every": 3600})
    run_sql(
        engine,
        "UPDATE tasks SET schedule = CAST(:old AS jsonb) WHERE id = :id",
        old=json.dumps(old),
        id=made["id"],
    )
    read: dict[str, Any] = ann.person.get(f"/tasks/{made['id']}/").get_json()
    return read


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_it_is_taken_as_it_was_answered(
    ann: Visitor, task: dict[str, Any], old: Any, method: str
) -> None:
    path = f"/tasks/{task['id']}/"
    answer = ann.person.call(method, path, json={**task, "name": "renamed"})
    assert answer.status_code == 200, answer.json
    assert (answer.get_json()["name"], answer.get_json()["schedule"]) == ("renamed", old)


def test_the_form_saves_other_fields(ann: Visitor, task: dict[str, Any], old: Any) -> None:
    assert ann.post(f"/task/{task['id']}/update/", name="renamed").status_code == 302
    now = ann.person.get(f"/tasks/{task['id']}/").get_json()
    assert (now["name"], now["schedule"]) == ("renamed", old)


def test_a_pause_and_a_change_of_other_fields_keep_it(
    ann: Visitor, task: dict[str, Any], old: Any
) -> None:
    path = f"/tasks/{task['id']}/"
    for answer in (
        ann.person.call("PATCH", path, json={"priority": 9}),
        ann.person.post(f"{path}pause/"),
        ann.person.post(f"{path}resume/"),
    ):
        assert answer.status_code == 200, answer.json
        assert answer.get_json()["schedule"] == old


def test_an_export_has_it_as_cron_takes_it_or_as_a_comment(
    ann: Visitor, task: dict[str, Any], old: Any
) -> None:
    lines = ann.person.get("/export/crontab/").text.splitlines()
    active = [line for line in lines if line.endswith(task["command"]) and line[0] != "#"]
    assert active == (["5-59/15 * * * * echo hello"] if old == OLD[0] else [])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_another_one_like_it_is_refused(ann: Visitor, task: dict[str, Any], method: str) -> None:
    path = f"/tasks/{task['id']}/"
    other = {"cron": "7/20 * * * *", "timezone": "UTC"}
    answer = ann.person.call(method, path, json={**task, "schedule": other})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/schedule/cron"


def test_it_is_refused_for_another_task(ann: Visitor, task: dict[str, Any]) -> None:
    other = ann.person.task()
    for answer in (
        ann.person.call("PATCH", f"/tasks/{other['id']}/", json={"schedule": task["schedule"]}),
        ann.person.post("/tasks/", json={"command": "true", "schedule": task["schedule"]}),
    ):
        assert answer.status_code == 422
