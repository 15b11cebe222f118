"""A task that moves while it is changed: changes wait for each other, and never in a circle."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.integration.api.conftest import Person
from tests.support.eventually import eventually
from tests.support.locks import waiting

MOVE = text("UPDATE tasks SET team_id = :team WHERE id = :id")
LOCK = text("SELECT id FROM tasks WHERE id = :id FOR UPDATE")
Change = Callable[[Person, str], TestResponse]


def patched(**values: object) -> Change:
    def change(ben: Person, task: str) -> TestResponse:
        return ben.call("PATCH", f"/tasks/{task}/", json=values)

    return change


def deleted(ben: Person, task: str) -> TestResponse:
    return ben.call("DELETE", f"/tasks/{task}/")


def restored(ben: Person, task: str) -> TestResponse:
    return ben.post(f"/tasks/{task}/versions/1/restore/")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(patched(team="ops"), id="move"),
        pytest.param(patched(team="other"), id="move elsewhere"),
        pytest.param(patched(calendars=["days"]), id="calendars"),
        pytest.param(patched(command="true"), id="command"),
        pytest.param(deleted, id="delete"),
        pytest.param(restored, id="restore"),
    ],
)
def test_a_change_that_has_begun_is_finished_before_the_handover(
    app: Flask, anna: Person, ben: Person, engine: Engine, change: Change
) -> None:
    for slug in ("ops", "other"):
        anna.post("/teams/", json={"slug": slug, "name": slug})
        anna.post(f"/teams/{slug}/members/", json={"username": "ben", "role": "editor"})
    ben.post("/calendars/", json={"name": "days", "timezone": "UTC"})
    task = ben.task(calendars=["days"])["id"]
    ben.call("PATCH", f"/tasks/{task}/", json={"command": "false", "calendars": None})
    ben.task()

    def hand_over() -> TestResponse:
        return ben.post("/teams/ben/handover/", json={"team": "ops", "dry_run": False})

    with ThreadPoolExecutor(2) as pool:
        with engine.begin() as connection:
            connection.execute(LOCK, {"id": uuid.UUID(task)})
            changing = pool.submit(change, ben, task)
            eventually(lambda: waiting(engine) == 1)
            handing = pool.submit(hand_over)
            eventually(lambda: waiting(engine) == 2)
        answers = [changing.result(30), handing.result(30)]
    assert [answer.status_code for answer in answers] in ([200, 200], [204, 200]), answers


def test_a_task_that_moves_at_the_same_moment_is_not_said_to_be_unknown(
    app: Flask, anna: Person, engine: Engine
) -> None:
    ops = anna.post("/teams/", json={"slug": "ops", "name": "ops"}).get_json()["id"]
    task = anna.task()["id"]
    calls = [
        lambda: anna.call("PATCH", f"/tasks/{task}/", json={"priority": 7}),
        lambda: anna.call("DELETE", f"/tasks/{task}/"),
        lambda: anna.post(f"/tasks/{task}/pause/"),
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        with engine.begin() as connection:
            connection.execute(MOVE, {"id": uuid.UUID(task), "team": uuid.UUID(ops)})
            sent = [pool.submit(call) for call in calls]
            eventually(lambda: waiting(engine) == len(calls))
        answers = [one.result(30) for one in sent]
    assert [answer.status_code for answer in answers] == [409] * len(calls)
    assert "has just moved to another team" in answers[0].get_json()["detail"]
    assert anna.get(f"/tasks/{task}/").get_json()["priority"] == 5


def test_a_run_that_stayed_says_that_its_task_moved(anna: Person) -> None:
    anna.post("/teams/", json={"slug": "ops", "name": "ops"})
    anna.post("/teams/", json={"slug": "old", "name": "old"})
    task = anna.task(team="old")["id"]
    run = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    anna.post(f"/runs/{run}/cancel/")
    anna.call("PATCH", f"/tasks/{task}/", json={"team": "ops"})
    refused = anna.post(f"/runs/{run}/retry/")
    assert (refused.status_code, refused.get_json()["detail"]) == (
        409,
        "Its task is in another team now. Run the task there.",
    )
    assert anna.call("DELETE", "/teams/old/").status_code == 204
    assert anna.get(f"/tasks/{task}/").get_json()["last_run"]["team"] is None
