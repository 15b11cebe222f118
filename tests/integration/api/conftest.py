"""The API in this process on a real database, and the people who use it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from punctual.ops.config import Settings
from punctual.ops.sealing import new_pair
from punctual_api.app import create_app
from punctual_api.channels import testing
from punctual_api.http.database import release_database
from tests.support.servers import as_service

PASSWORD = "correct horse battery staple"
SECRET = "qW3rTy-only-for-tests-0123456789-abcdef"
SECRETS_PUBLIC_KEY, SECRETS_PRIVATE_KEY = new_pair()


@dataclass(frozen=True)
class Person:
    """A user with a token; paths are below /api."""

    client: FlaskClient
    username: str
    token: str
    id: uuid.UUID

    @property
    def headers(self) -> dict[str, str]:
        """What shows who asks."""
        return {"Authorization": f"Token {self.token}"}

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """One call, with the token."""
        headers = {**self.headers, **options.pop("headers", {})}
        return self.client.open(f"/api{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """POST."""
        return self.call("POST", path, **options)

    def task(self, **values: Any) -> dict[str, Any]:
        """A new task, by hand unless `values` have a schedule."""
        answer = self.post("/tasks/", json={"command": "echo hello", **values})
        assert answer.status_code == 201, answer.json
        document: dict[str, Any] = answer.get_json()
        return document

    def items(self, path: str) -> list[dict[str, Any]]:
        """The items of a page."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.json
        found: list[dict[str, Any]] = answer.get_json()["items"]
        return found


def settings_for(database_url: str, redis_url: str, namespace: str) -> Settings:
    """Settings for a test's own servers."""
    return Settings(
        database_url=as_service(database_url, "api"),
        redis_url=redis_url,
        secret_key=SECRET,
        namespace=namespace,
        name="api-test",
        registration="open",
        secrets_public_key=SECRETS_PUBLIC_KEY,
    )


def register(client: FlaskClient, username: str) -> Person:
    """A new user who has logged in."""
    who = {"username": username, "password": PASSWORD}
    new = client.post("/api/register/", json={**who, "email": f"{username}@example.com"})
    token = client.post("/api/login/", json=who).get_json()["token"]
    return Person(client, username, token, uuid.UUID(new.get_json()["id"]))


@pytest.fixture
def app(database_url: str, redis_url: str, namespace: str) -> Iterator[Flask]:
    """The API, its connections closed at the end."""
    made = create_app(settings_for(database_url, redis_url, namespace))
    yield made
    release_database(made)


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tests of channels wait shortly for a notifier, of which there is none."""
    monkeypatch.setattr(testing, "WAIT_SECONDS", 3.0)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without an account."""
    return app.test_client()


@pytest.fixture
def anna(client: FlaskClient) -> Person:
    """A user."""
    return register(client, "anna")


@pytest.fixture
def ben(client: FlaskClient) -> Person:
    """Another user."""
    return register(client, "ben")


def run_sql(engine: Engine, statement: str, **values: Any) -> None:
    """Change rows as the other services would."""
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def waiting_delivery(engine: Engine, channel: str) -> str:
    """A message to a channel, as a coordinator makes one."""
    made = uuid.uuid4()
    run_sql(
        engine,
        "INSERT INTO alert_deliveries (id, channel_id, team_id, due_at)"
        " SELECT :made, id, team_id, now() FROM alert_channels WHERE id = :channel",
        made=made,
        channel=channel,
    )
    return str(made)


def start_run(engine: Engine, run_id: str) -> None:
    """Bring a scheduled run to running, step by step."""
    running = (
        "state = 'running', attempt = attempt + 1, started_at = now(), lateness_ms = 1.5,"
        " worker = 'worker-1', worker_id = gen_random_uuid()"
    )
    for step in ("state = 'queued'", "state = 'claimed', fence = fence + 1", running):
        run_sql(engine, f"UPDATE runs SET {step} WHERE id = :id", id=run_id)


def end_run(engine: Engine, run_id: str, state: str = "succeeded", exit_code: int = 0) -> None:
    """Bring a running run to its end, with its attempt on record."""
    run_sql(
        engine,
        "INSERT INTO attempts (run_id, attempt, fence, state, worker, due_at, started_at,"
        " finished_at, lateness_ms, exit_code) SELECT id, attempt, fence, :state, worker, due_at,"
        " started_at, now(), lateness_ms, :exit_code FROM runs WHERE id = :id",
        id=run_id,
        state=state,
        exit_code=exit_code,
    )
    run_sql(
        engine,
        "UPDATE runs SET state = :state, finished_at = now(), exit_code = :exit_code"
        " WHERE id = :id",
        id=run_id,
        state=state,
        exit_code=exit_code,
    )
