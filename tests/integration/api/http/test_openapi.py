"""The API's own description: complete, served offline, and true under generated calls."""

import re
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.api.conftest import Person

CALLS = {
    "/api/alerts/": {"get", "post"},
    "/api/alerts/{rule_id}/": {"get", "patch", "delete"},
    "/api/channels/": {"get", "post"},
    "/api/channels/{channel_id}/": {"get", "patch", "delete"},
    "/api/channels/{channel_id}/test/": {"post"},
    "/api/concurrency/": {"get", "post"},
    "/api/deliveries/": {"get"},
    "/api/deliveries/{delivery_id}/": {"get"},
    "/api/deliveries/{delivery_id}/retry/": {"post"},
    "/api/concurrency/{limit_id}/": {"patch", "delete"},
    "/api/login/": {"post"},
    "/api/logout/": {"post"},
    "/api/register/": {"post"},
    "/api/runs/": {"get"},
    "/api/runs/{run_id}/": {"get"},
    "/api/runs/{run_id}/cancel/": {"post"},
    "/api/runs/{run_id}/output/": {"get"},
    "/api/runs/{run_id}/retry/": {"post"},
    "/api/schedules/preview/": {"post"},
    "/api/tasks/": {"get", "post"},
    "/api/tasks/bulk/": {"post"},
    "/api/tasks/{task_id}/": {"get", "put", "patch", "delete"},
    "/api/tasks/{task_id}/backfill/": {"post"},
    "/api/tasks/{task_id}/hooks/": {"get", "post"},
    "/api/tasks/{task_id}/hooks/{hook_id}/": {"delete"},
    "/api/tasks/{task_id}/pause/": {"post"},
    "/api/tasks/{task_id}/resume/": {"post"},
    "/api/tasks/{task_id}/run/": {"post"},
    "/api/tasks/{task_id}/runs/": {"get"},
    "/api/tasks/{task_id}/snooze/": {"post"},
    "/api/tasks/{task_id}/versions/": {"get"},
    "/api/tasks/{task_id}/versions/{number}/": {"get"},
    "/api/tasks/{task_id}/versions/{number}/restore/": {"post"},
    "/api/tasks/{task_id}/why/": {"get"},
    "/api/tasks/{task_id}/ledger/": {"get"},
    "/api/audit/": {"get"},
    "/api/queues/": {"get"},
    "/api/queues/{name}/": {"get", "put", "patch"},
    "/api/users/": {"get"},
    "/api/users/{username}/": {"get", "patch"},
    "/api/teams/": {"get", "post"},
    "/api/teams/{slug}/": {"get", "patch", "delete"},
    "/api/teams/{slug}/handover/": {"post"},
    "/api/teams/{slug}/leave/": {"post"},
    "/api/teams/{slug}/members/": {"get", "post"},
    "/api/teams/{slug}/members/{username}/": {"patch", "delete"},
    "/api/account/": {"get", "patch"},
    "/api/account/password/": {"post"},
    "/api/account/reset/": {"post"},
    "/api/account/reset/password/": {"post"},
    "/api/account/sessions/": {"get", "delete"},
    "/api/account/sessions/{session_id}/": {"delete"},
    "/api/invites/": {"get", "post"},
    "/api/invites/{invite_id}/": {"delete"},
    "/api/secrets/": {"get", "post"},
    "/api/secrets/{name}/": {"put", "delete"},
    "/api/tokens/": {"get", "post", "delete"},
    "/api/tokens/{token_id}/": {"delete"},
    "/api/calendars/": {"get", "post"},
    "/api/calendars/{calendar_id}/": {"get", "put", "delete"},
    "/api/import/crontab/": {"post"},
    "/api/export/crontab/": {"get"},
    "/api/badges/": {"get", "post"},
    "/api/badges/{badge_id}/": {"delete"},
    "/api/feeds/": {"get", "post"},
    "/api/feeds/{feed}/": {"delete"},
    "/hooks/{token}/": {"post"},
    "/hooks/{token}/{run}/": {"get"},
    "/api/outages/": {"get"},
    "/api/outages/{outage_id}/": {"get"},
    "/api/outages/{outage_id}/backfill/": {"post"},
}

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
QUICKLY = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def described(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/api/openapi.json").get_json()
    return document


def test_every_call_is_described(client: FlaskClient) -> None:
    paths = described(client)["paths"]
    assert {path: set(one) - {"parameters"} for path, one in paths.items()} == CALLS


def test_the_page_for_people_needs_no_other_host(client: FlaskClient) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    html = page.get_data(as_text=True)
    for path in CALLS:
        assert f"<code>{path}</code>" in html
    fetched = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert fetched
    for address in fetched:
        with client.get(address) as answer:
            assert answer.status_code == 200
    assert "<script" not in html


def something_of(person: Person, params: dict[str, Any]) -> dict[str, str]:
    """Path parameters that lead to something, in place of those made up."""
    if "task_id" in params:
        return {"task_id": person.task(schedule={"every": 60})["id"]}
    if "run_id" in params:
        return {"run_id": person.post(f"/tasks/{person.task()['id']}/run/").get_json()["id"]}
    if "calendar_id" in params:
        sent = {"name": str(uuid.uuid4())}
        return {"calendar_id": person.post("/calendars/", json=sent).get_json()["id"]}
    if "token" in params:
        made = person.post(f"/tasks/{person.task()['id']}/hooks/", json={"name": "x"}).get_json()
        path = urlsplit(made["url"]).path
        run = person.client.post(path).get_json()["id"]
        return {"token": path.split("/")[2], **({"run": run} if "run" in params else {})}
    if "slug" in params:
        return dict.fromkeys(params, person.username)
    return {}


def assert_as_described(operation: APIOperation[Any, Any, Any, Any], person: Person) -> None:
    """Generated calls of one operation, good ones and bad ones, are answered as described."""

    @given(case=operation.as_strategy(GenerationMode.POSITIVE))
    @QUICKLY
    def good(case: Case[Any]) -> None:
        case.path_parameters.update(something_of(person, case.path_parameters))
        case.call_and_validate(headers=person.headers, checks=CHECKS)

    @given(case=operation.as_strategy(GenerationMode.NEGATIVE))
    @QUICKLY
    def bad(case: Case[Any]) -> None:
        case.call_and_validate(headers=person.headers, checks=[*CHECKS, negative_data_rejection])

    good()
    bad()


@pytest.mark.parametrize("path", sorted(set(CALLS) - {"/api/logout/"}))
def test_generated_calls_are_answered_as_described(app: Flask, anna: Person, path: str) -> None:
    anna.post(f"/tasks/{anna.task(schedule={'every': 60})['id']}/run/")
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    for method in sorted(CALLS[path]):
        assert_as_described(schema[path][method], anna)
