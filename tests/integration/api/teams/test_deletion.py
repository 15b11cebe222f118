"""What is sent for a team that is deleted at the same moment: 404, as for a team that never was."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.integration.api.conftest import PASSWORD, Person, register
from tests.integration.api.invites.test_invites import csrf_of, invite, registers
from tests.support.eventually import eventually
from tests.support.locks import waiting

LOCK = text("SELECT id FROM teams WHERE slug = 'ops' FOR UPDATE")
DELETE = text("DELETE FROM teams WHERE slug = 'ops'")

TASK = {"command": "true"}
ANY_DAY = {"name": "any", "timezone": "UTC"}
HOURLY = "0 * * * * true\n"

Request = Callable[[Person], TestResponse]
OF_API: dict[str, Request] = {
    "task": lambda anna: anna.post("/tasks/?team=ops", json=TASK),
    "task that is due": lambda anna: anna.post(
        "/tasks/", json={**TASK, "team": "ops", "schedule": {"every": 3600}}
    ),
    "bulk": lambda anna: anna.post("/tasks/bulk/?team=ops", json={"items": [TASK, TASK]}),
    "crontab": lambda anna: anna.post(
        "/import/crontab/?team=ops", json={"crontab": HOURLY, "timezone": "UTC", "dry_run": False}
    ),
    "move": lambda anna: anna.call("PATCH", f"/tasks/{anna.task()['id']}/", json={"team": "ops"}),
    "invitation": lambda anna: anna.post("/invites/", json={"team": "ops"}),
    "token": lambda anna: anna.post("/tokens/", json={"name": "deploy", "team": "ops"}),
    "calendar": lambda anna: anna.post("/calendars/?team=ops", json=ANY_DAY),
    "secret": lambda anna: anna.post(
        "/secrets/?team=ops", json={"name": "pg", "value": "hush hush"}
    ),
    "limit": lambda anna: anna.post(
        "/concurrency/?team=ops", json={"tag": None, "max_concurrent": 1}
    ),
    "member": lambda anna: anna.post(
        "/teams/ops/members/", json={"username": "ben", "role": "viewer"}
    ),
    "name": lambda anna: anna.call("PATCH", "/teams/ops/", json={"name": "Else"}),
    "handover": lambda anna: anna.post(
        "/teams/anna/handover/", json={"team": "ops", "dry_run": False}
    ),
    "deletion": lambda anna: anna.call("DELETE", "/teams/ops/"),
}


@pytest.fixture(autouse=True)
def ops(anna: Person, ben: Person) -> str:
    """A team of Anna's that has what a team can have."""
    assert ben.username
    assert anna.post("/teams/", json={"slug": "ops", "name": "Operations"}).status_code == 201
    return "ops"


def while_deleted(engine: Engine, request: Callable[[], TestResponse]) -> TestResponse:
    """The answer to a request that meets the deletion of the team."""
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(LOCK)
            sent = pool.submit(request)
            eventually(lambda: waiting(engine) == 1)
            connection.execute(DELETE)
        return sent.result(30)


@pytest.mark.parametrize("what", OF_API)
def test_what_is_saved_into_it_finds_no_such_team(anna: Person, engine: Engine, what: str) -> None:
    answer = while_deleted(engine, lambda: OF_API[what](anna))
    document = answer.get_json()
    assert (answer.status_code, document["detail"]) == (404, "There is no such team."), document


@pytest.mark.parametrize("of", ["new", "known"])
def test_its_invitation_is_unknown(anna: Person, engine: Engine, of: str) -> None:
    code = invite(anna, team="ops")["code"]
    app = anna.client.application
    if of == "new":
        answer = while_deleted(engine, lambda: registers(app, "eve", code))
        assert answer.status_code == 403, answer.get_json()
        return
    register(anna.client, "eve")
    browser = app.test_client()
    who = {"username": "eve", "password": PASSWORD, "csrf_token": csrf_of(browser, "/login/")}
    browser.post("/login/", data=who)
    browser.get(f"/invite/{code}/")
    form = {"csrf_token": csrf_of(browser, "/invite/")}
    answer = while_deleted(engine, lambda: browser.post("/invite/", data=form))
    assert answer.status_code == 403
    assert "unknown, used or expired" in answer.text


def test_a_page_says_so_too(anna: Person, engine: Engine) -> None:
    browser = anna.client.application.test_client()
    who = {"username": "anna", "password": PASSWORD, "csrf_token": csrf_of(browser, "/login/")}
    browser.post("/login/", data=who)
    form = {"csrf_token": csrf_of(browser, "/account/"), "team": "ops", **ANY_DAY}
    answer = while_deleted(engine, lambda: browser.post("/calendar/create/", data=form))
    assert answer.status_code == 404
    assert "There is no such team." in answer.text


def test_a_task_that_is_being_resumed_keeps_its_team(anna: Person, engine: Engine) -> None:
    task = anna.task(team="ops")["id"]
    anna.post(f"/tasks/{task}/pause/")
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.execute(text("UPDATE tasks SET enabled = true WHERE id = :id"), {"id": task})
            sent = pool.submit(anna.call, "DELETE", "/teams/ops/")
            eventually(lambda: waiting(engine) == 1)
        assert sent.result(30).status_code == 409
    assert anna.get(f"/tasks/{task}/").status_code == 200


def test_a_name_that_is_taken_is_still_a_conflict(anna: Person) -> None:
    for path, body, pointer in (
        ("/calendars/?team=ops", ANY_DAY, "has this name"),
        ("/concurrency/?team=ops", {"tag": None, "max_concurrent": 1}, "already"),
    ):
        assert anna.post(path, json=body).status_code == 201
        again = anna.post(path, json=body)
        assert again.status_code == 409
        assert pointer in again.get_json()["detail"]
