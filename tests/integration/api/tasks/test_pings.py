"""The pings of a task, by the API and on its pages."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.integration.api.conftest import Person
from tests.integration.api.pages.visitor import visit

URL = "https://hc-ping.com/5f3b"
EVENTS = ["start", "success", "failure"]
NONE = {"start": None, "success": None, "failure": None}


def test_a_ping_is_saved_answered_and_taken_away(anna: Person) -> None:
    task = anna.task(ping={"url": URL})
    assert task["ping"] == {"url": URL, "on": EVENTS, **NONE}
    path = f"/tasks/{task['id']}/"
    only = {"success": URL, "on": ["success"]}
    changed = anna.call("PATCH", path, json={"ping": only}).get_json()
    assert changed["ping"] == {"url": None, "on": ["success"], **NONE, "success": URL}
    again = anna.call("PUT", path, json=changed).get_json()
    assert again["ping"] == changed["ping"]
    assert anna.call("PATCH", path, json={"ping": None}).get_json()["ping"] is None
    assert anna.task()["ping"] is None


@pytest.mark.parametrize(
    ("ping", "pointer"),
    [
        ({}, "/ping/url"),
        ({"on": ["start"]}, "/ping/url"),
        ({"url": "ftp://x/"}, "/ping/url"),
        ({"url": "https://user:pass@x/"}, "/ping/url"),
        ({"start": "x"}, "/ping/start"),
        ({"url": URL, "on": []}, "/ping/on"),
        ({"url": URL, "on": ["stop"]}, "/ping/on/0"),
        ({"url": URL, "every": 1}, "/ping/every"),
    ],
    ids=["nothing", "no address", "scheme", "password", "start", "no event", "event", "unknown"],
)
def test_a_ping_that_cannot_be_sent_is_refused(
    anna: Person, ping: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/tasks/", json={"command": "true", "ping": ping})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_a_run_carries_the_pings_of_its_task(anna: Person, engine: Engine) -> None:
    task = anna.task(ping={"url": URL})["id"]
    anna.post(f"/tasks/{task}/run/")
    with engine.connect() as connection:
        ping = connection.execute(text("SELECT spec->'ping'->>'url' FROM runs")).scalar_one()
    assert ping == URL


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (URL, {"url": URL, "on": EVENTS, **NONE}),
        ('{"failure": "https://x/"}', {"url": None, "on": EVENTS, **NONE, "failure": "https://x/"}),
    ],
    ids=["url", "JSON"],
)
def test_a_form_takes_an_address_or_json(anna: Person, typed: str, stored: dict[str, Any]) -> None:
    ann = visit(anna.client)
    form = {"command": "true", "kind": "hand", "ping": typed}
    answer = ann.post("/task/create/", **form)
    assert answer.status_code == 302, answer.text
    [task] = ann.person.items("/tasks/")
    assert task["ping"] == stored
    page = f"/task/{task['id']}/"
    assert "Monitor" in ann.get(page).text
    edit = ann.post(f"{page}update/", name="new", version=str(task["version"]), command="true")
    assert edit.status_code == 302, edit.text
    [task] = ann.person.items("/tasks/")
    assert (task["name"], task["ping"]) == ("new", stored)


def test_a_wrong_address_is_marked_in_the_form(anna: Person) -> None:
    ann = visit(anna.client)
    answer = ann.post("/task/create/", command="true", kind="hand", ping="nowhere")
    assert answer.status_code == 422
    assert "Must be a URL" in answer.text
