"""JSON without its header, as `curl -d` sends it, is answered with the header to send."""

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.http.test_problems import assert_problem

FORM_TYPE = "application/x-www-form-urlencoded"
BODILESS = {
    "accounts.logout_by_api",
    "task verbs.resume_task",
    "runs.cancel_own_run",
    "runs.retry_own_run",
    "task versions.restore_task",
    "teams.leave_team",
    "channels.test_channel",
    "deliveries.retry_delivery",
}
"""They read no body, whatever is sent."""


def rules(app: Flask, anna: Person) -> list[tuple[str, str, Rule]]:
    """Every method and address below /api that takes a body, about what Anna owns."""
    task = anna.task()["id"]
    calendar = {"name": "days", "timezone": "UTC"}
    mailbox = {"name": "mail", "kind": "email", "to": ["ops@example.com"]}
    channel = anna.post("/channels/", json=mailbox).get_json()["id"]
    alert = {"channel": channel, "on": ["failed"]}
    own = {
        "task_id": task,
        "run_id": anna.post(f"/tasks/{task}/run/").get_json()["id"],
        "calendar_id": anna.post("/calendars/", json=calendar).get_json()["id"],
        "limit_id": anna.post("/concurrency/", json={"max_concurrent": 2}).get_json()["id"],
        "channel_id": channel,
        "rule_id": anna.post("/alerts/", json=alert).get_json()["id"],
        "outage_id": str(uuid.UUID(int=1)),
        "delivery_id": str(uuid.UUID(int=1)),
        "slug": "anna",
        "username": "anna",
        "number": 1,
    }
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = app.url_map.bind("localhost").build(
                rule.endpoint, {name: own.get(name, name) for name in rule.arguments}
            )
            methods = sorted((rule.methods or set()) & {"POST", "PUT", "PATCH"})
            found += [(method, path, rule) for method in methods]
    return found


@pytest.mark.parametrize("content_type", [FORM_TYPE, "text/plain", None])
def test_every_address_that_takes_json_says_which_header_to_send(
    app: Flask, anna: Person, content_type: str | None
) -> None:
    checked = rules(app, anna)
    assert len(checked) - len(BODILESS) >= 15
    for method, path, rule in checked:
        if rule.endpoint in BODILESS:
            continue
        answer = anna.client.open(
            path, method=method, headers=anna.headers, data=b'{"a": 1}', content_type=content_type
        )
        problem = assert_problem(answer, 415)
        assert "Content-Type: application/json" in problem["detail"], (method, path)


@pytest.mark.parametrize("content_type", [FORM_TYPE, "text/plain", None])
@pytest.mark.parametrize("path", ["/login/", "/register/"])
def test_the_entrances_that_take_forms_too_say_it_as_well(
    client: FlaskClient, path: str, content_type: str | None
) -> None:
    body = b'{"username": "anna", "password": "x"}'
    problem = assert_problem(client.post(path, data=body, content_type=content_type), 415)
    assert "Content-Type: application/json" in problem["detail"]


def test_forms_are_still_read_as_forms(client: FlaskClient) -> None:
    who = {"username": "carl", "password": PASSWORD, "email": "carl@example.com"}
    assert client.post("/register/", json=who).status_code == 201
    answer = client.post("/login/", data=who)  # without the token of the form
    assert (answer.status_code, "out of date" in answer.get_json()["detail"]) == (400, True)
