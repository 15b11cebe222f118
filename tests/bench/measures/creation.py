"""What one creation costs the API's app, without the server and its threads around it."""

import io
import json
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask

from punctual.ops import logs
from punctual.ops.config import Settings
from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.bench.environment import BenchEnv
from tests.bench.row import OURS, Row

BATCHES, OF = 30, 100
WHO = {"username": "bench-creation", "password": "correct horse battery staple"}


def in_one_thread(env: BenchEnv) -> Iterator[Row]:
    """Processor time of a creation in this thread, the least of many batches.

    The least and not the median: other programs only ever make it dearer.
    """
    settings = Settings(
        database_url=env.database("creation"),
        redis_url=env.redis_url(),
        secret_key=secrets.token_hex(32),
    )
    with _logs_to_nowhere():
        spent = _spent(create_app(settings))
    yield Row("single creates: the app's CPU in one thread", "µs/task", {OURS: [min(spent)]})


@contextmanager
def _logs_to_nowhere() -> Iterator[None]:
    """Have lines written as a service does, to where they are not read."""
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        logs.configure(service="api", name="bench")
        yield
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def _spent(app: Flask) -> list[float]:
    client = app.test_client()
    client.post("/api/register/", json={**WHO, "email": "bench@example.com"})
    token = client.post("/api/login/", json=WHO).get_json()["token"]
    spent = [_batch(app, token) for _ in range(BATCHES)]
    release_database(app)
    return spent


def _batch(app: Flask, token: str) -> float:
    """Microseconds a request."""
    at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    body = json.dumps({"name": "one", "command": "true", "schedule": {"at": at}}).encode()
    began = time.thread_time()
    for _ in range(OF):
        answer: Iterable[bytes] = app.wsgi_app(_request(token, body), _expect_created)
        for _part in answer:
            pass
        answer.close()  # type: ignore[attr-defined]
    return (time.thread_time() - began) / OF * 1e6


def _request(token: str, body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/tasks/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Token {token}",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }


def _expect_created(status: str, _headers: object, *_more: object) -> Any:
    assert status.startswith("201"), status
