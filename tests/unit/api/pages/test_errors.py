"""Errors as pages, also when nothing behind them answers."""

import uuid
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from punctual.ops.config import Settings
from punctual_api.app import create_app

UNUSED_ADDRESS = "127.0.0.1:9"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    settings = Settings(
        database_url=f"postgresql://punctual@{UNUSED_ADDRESS}/punctual",
        redis_url=f"redis://{UNUSED_ADDRESS}/0",
        secret_key=uuid.uuid4().hex,
    )
    app = create_app(settings)
    with app.test_client() as made:
        yield made


def log_in(client: FlaskClient) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(uuid.uuid4())


def test_with_the_database_away_a_page_says_so_and_when_to_come_back(client: FlaskClient) -> None:
    log_in(client)
    answer = client.get("/dashboard/", headers=BROWSER)
    assert answer.status_code == 503
    assert answer.mimetype == "text/html"
    assert "Not available just now" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert "punctual@" not in answer.text


def test_with_the_database_away_programs_still_get_a_problem(client: FlaskClient) -> None:
    log_in(client)
    answer = client.get("/dashboard/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")


def test_a_missing_page_and_a_wrong_method_need_no_database(client: FlaskClient) -> None:
    log_in(client)
    for path, method, status in (("/nowhere/", "GET", 404), ("/login/", "DELETE", 405)):
        answer = client.open(path, method=method, headers=BROWSER)
        assert (answer.status_code, answer.mimetype) == (status, "text/html")


def test_a_form_that_is_too_large_is_refused_as_a_page(client: FlaskClient) -> None:
    answer = client.post("/login/", data={"username": "x" * 20_000_000}, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
