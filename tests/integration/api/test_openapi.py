"""The API's own description: complete, served offline, and true under generated calls."""

import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.api.conftest import Person

CALLS = {
    "/api/login/": {"post"},
    "/api/logout/": {"post"},
    "/api/register/": {"post"},
    "/api/runs/": {"get"},
    "/api/runs/{run_id}/": {"get"},
    "/api/runs/{run_id}/cancel/": {"post"},
    "/api/runs/{run_id}/output/": {"get"},
    "/api/runs/{run_id}/retry/": {"post"},
    "/api/tasks/": {"get", "post"},
    "/api/tasks/bulk/": {"post"},
    "/api/tasks/{task_id}/": {"get", "put", "patch", "delete"},
    "/api/tasks/{task_id}/pause/": {"post"},
    "/api/tasks/{task_id}/resume/": {"post"},
    "/api/tasks/{task_id}/run/": {"post"},
    "/api/tasks/{task_id}/runs/": {"get"},
}


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


@pytest.fixture
def described_api(app: Flask, anna: Person) -> Any:
    """The description, with Anna to call it."""
    anna.post(f"/tasks/{anna.task(schedule={'every': 60})['id']}/run/")
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


schema = schemathesis.pytest.from_fixture("described_api")


@schema.parametrize()
@settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_generated_calls_are_answered_as_described(case: Case, anna: Person) -> None:
    if case.path == "/api/logout/":
        return
    case.call_and_validate(
        headers={"Authorization": f"Token {anna.token}"},
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
            negative_data_rejection,
        ],
    )
