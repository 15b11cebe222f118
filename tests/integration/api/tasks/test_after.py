"""Run B after A over the API: kept, refused in circles, and no orphans."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.integration.api.conftest import PASSWORD, Person


def after(*tasks: dict[str, Any]) -> list[dict[str, str]]:
    return [{"task": task["id"]} for task in tasks]


def browsing(person: Person) -> FlaskClient:
    """The person's browser, logged in."""
    browser = person.client
    token = re.search(r'csrf_token" value="([^"]+)"', browser.get("/login/").text)
    assert token
    who = {"username": person.username, "password": PASSWORD, "csrf_token": token[1]}
    assert browser.post("/login/", data=who).status_code == 302
    return browser


def test_edges_are_stored_and_require_success_by_default(anna: Person) -> None:
    first = anna.task()
    edges = [{"task": first["id"], "on": "always"}]
    assert anna.task(after=after(first))["after"] == [{"task": first["id"], "on": "success"}]
    assert anna.task(after=edges)["after"] == edges
    assert first["after"] == []


@pytest.mark.parametrize("on", ["", "failed", None, 1])
def test_other_ends_are_refused(anna: Person, on: object) -> None:
    edge = {"task": anna.task()["id"], "on": on}
    answer = anna.post("/tasks/", json={"command": "true", "after": [edge]})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/after/0/on"


def test_a_task_of_another_user_is_no_task(anna: Person, ben: Person) -> None:
    sent = {"command": "true", "after": after(anna.task(), ben.task())}
    answer = anna.post("/tasks/", json=sent)
    assert answer.status_code == 422
    [error] = answer.get_json()["errors"]
    assert error["pointer"] == "/after/1/task"
    answer = anna.post("/tasks/bulk/", json={"items": [{"command": "true"}, sent]})
    assert answer.get_json()["errors"][0]["pointer"] == "/items/1/after/1/task"


def test_the_same_task_twice_is_refused(anna: Person) -> None:
    first = anna.task()
    answer = anna.post("/tasks/", json={"command": "true", "after": after(first, first)})
    assert answer.status_code == 422


def test_a_circle_is_refused_and_named(anna: Person) -> None:
    a = anna.task(name="A")
    b = anna.task(name="B", after=after(a))
    c = anna.task(name="C", after=after(b))
    answer = anna.call("PATCH", f"/tasks/{a['id']}/", json={"after": after(c)})
    assert answer.status_code == 422
    [error] = answer.get_json()["errors"]
    assert error["pointer"] == "/after"
    assert "“A” after “C” after “B” after “A”" in error["detail"]
    itself = anna.call("PATCH", f"/tasks/{a['id']}/", json={"after": after(a)})
    assert "“A” after “A”" in itself.get_json()["errors"][0]["detail"]


def test_two_edits_at_once_make_no_circle(app: Flask, anna: Person, engine: Engine) -> None:
    for _ in range(5):
        a, b = anna.task(), anna.task()

        def edit(one: dict[str, Any], other: dict[str, Any]) -> int:
            client = Person(app.test_client(), anna.username, anna.token, anna.id)
            path = f"/tasks/{one['id']}/"
            return client.call("PATCH", path, json={"after": after(other)}).status_code

        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(edit, (a, b), (b, a)))
        assert sorted(codes) == [200, 422]


def test_a_task_that_others_run_after_is_not_deleted_before_them(anna: Person) -> None:
    first = anna.task()
    second = anna.task(name="the report", after=after(first))
    refused = anna.call("DELETE", f"/tasks/{first['id']}/")
    assert refused.status_code == 409
    assert "the report" in refused.get_json()["detail"]
    assert anna.call("DELETE", f"/tasks/{second['id']}/").status_code == 204
    assert anna.call("DELETE", f"/tasks/{first['id']}/").status_code == 204


def test_a_run_that_followed_says_so(anna: Person, engine: Engine) -> None:
    task = anna.task()
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    with engine.begin() as connection:
        statement = text("UPDATE runs SET trigger = 'after' WHERE id = :id")
        connection.execute(statement, {"id": uuid.UUID(run["id"])})
    assert anna.get(f"/runs/{run['id']}/").get_json()["trigger"] == "after"


def test_the_page_of_a_task_draws_what_comes_before_and_after_it(anna: Person) -> None:
    first = anna.task(name="load")
    middle = anna.task(name="clean", after=[{"task": first["id"], "on": "always"}])
    last = anna.task(name="report", after=[{"task": middle["id"], "on": "failure"}])
    page = browsing(anna).get(f"/task/{middle['id']}/")
    assert page.status_code == 200
    drawn = page.get_data(as_text=True).partition('id="chain"')[2]
    assert f'id="upstream-{first["id"]}"' in drawn
    assert "has ended" in drawn
    assert f'id="downstream-{last["id"]}"' in drawn
    assert "when it has failed" in drawn


def test_the_form_of_a_task_holds_what_it_runs_after(anna: Person) -> None:
    first = anna.task(name="load")
    second = anna.task(after=[{"task": first["id"], "on": "always"}])
    form = browsing(anna).get(f"/task/{second['id']}/update/")
    assert f"{first['id']} always</textarea>" in form.get_data(as_text=True)
