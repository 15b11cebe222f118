"""How much may be sent: little by strangers, more by users, and no memory for what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.served import Served, serving

KIB = 1024
JSON = "application/json"
LISTS = b'{"username":"a","password":[' + b"[]," * (5 * KIB * KIB) + b"[]]}"


@pytest.fixture
def served(database_url: str, redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Served]:
    """A live API."""
    with serving(
        tmp_path, database_url=database_url, redis_url=redis_url, namespace=namespace
    ) as found:
        yield found


@pytest.mark.parametrize("path", ["/api/login/", "/api/register/", "/login/", "/register/"])
def test_a_stranger_sends_16_kib_at_most(client: FlaskClient, path: str) -> None:
    body = json.dumps({"username": "anna", "password": "x" * 16 * KIB}).encode()
    assert client.post(path, data=body, content_type=JSON).status_code == 413
    form = {"username": "anna", "password": "x" * 16 * KIB}
    answer = client.post(path, data=form)
    assert answer.status_code == 413


def test_a_known_user_sends_1_mib_and_16_mib_in_bulk(anna: Person) -> None:
    fits = json.dumps({"command": "true", "description": "x" * 900 * KIB}).encode()
    assert anna.post("/tasks/", data=fits, content_type=JSON).status_code == 422
    much = b'{"command": "' + b"x" * KIB * KIB + b'"}'
    assert anna.post("/tasks/", data=much, content_type=JSON).status_code == 413
    assert anna.post("/tasks/bulk/", data=much, content_type=JSON).status_code == 422
    too_much = b'{"items": "' + b"x" * 16 * KIB * KIB + b'"}'
    assert anna.post("/tasks/bulk/", data=too_much, content_type=JSON).status_code == 413


@pytest.mark.parametrize("path", ["/api/tasks/", "/api/tasks/bulk/", "/api/import/crontab/"])
def test_without_a_token_the_answer_is_401_whatever_the_size(
    client: FlaskClient, path: str
) -> None:
    assert client.post(path, data=LISTS, content_type=JSON).status_code == 401


@pytest.mark.parametrize("path", ["/import/crontab/", "/task/create/"])
def test_a_page_sends_a_stranger_to_log_in_whatever_the_size(
    client: FlaskClient, path: str
) -> None:
    answer = client.post(path, data={"crontab": "x" * 2 * KIB * KIB})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")


def test_a_document_of_very_many_values_is_refused_unread(anna: Person) -> None:
    answer = anna.post("/tasks/bulk/", data=LISTS, content_type=JSON)
    assert answer.status_code == 413
    assert "values" in answer.get_json()["detail"]


def test_commas_and_brackets_in_texts_count_for_nothing(anna: Person) -> None:
    items = [{"command": "echo " + ",[{" * 9_000 + '\\"'}] * 40
    answer = anna.post("/tasks/bulk/", json={"items": items})
    assert answer.status_code == 201


def test_many_unknown_fields_are_named_in_part(anna: Person) -> None:
    item = {f"f{number}": 1 for number in range(50_000)}
    answer = anna.post("/tasks/bulk/", json={"items": [item]})
    assert answer.status_code == 422
    assert len(answer.get_json()["errors"]) == 100


def test_a_body_without_a_length_is_limited_as_well(
    served: Served,
) -> None:
    client = served.client

    def pieces(count: int) -> Iterator[bytes]:
        yield b'{"username": "'
        for _ in range(count):
            yield b"x" * KIB
        yield b'"}'

    headers = {"Content-Type": JSON}
    for path, count in (("/api/login/", 17), ("/api/login/", 17 * KIB), ("/login/", 17)):
        answer = client.post(path, content=pieces(count), headers=headers)
        assert answer.status_code == 413, (path, count)
    assert client.post("/api/login/", content=pieces(1), headers=headers).status_code == 422


def test_refused_bodies_leave_no_memory_behind(
    served: Served,
) -> None:
    client = served.client
    who = {"username": "anna", "password": PASSWORD}
    client.post("/api/register/", json={**who, "email": "anna@example.com"}).raise_for_status()
    token = client.post("/api/login/", json=who).json()["token"]
    user = {"Authorization": f"Token {token}", "Content-Type": JSON}
    deep = b"[" * (1024 * KIB)

    def send(times: int) -> None:
        for _ in range(times):
            for path, headers, body in (
                ("/api/login/", {"Content-Type": JSON}, LISTS),
                ("/api/register/", {"Content-Type": JSON}, LISTS),
                ("/api/tasks/bulk/", {"Content-Type": JSON}, LISTS),
                ("/api/tasks/bulk/", user, LISTS),
                ("/api/tasks/", user, deep),
            ):
                try:
                    assert client.post(path, content=body, headers=headers).status_code >= 400
                except httpx.TransportError:  # refused while it was still being sent
                    client.post("/api/login/", content=b"{}")

    send(4)
    before = resident(served.process.pid)
    send(16)
    assert resident(served.process.pid) < 1.3 * before


def resident(pid: int) -> int:
    """The memory in use by the processes that a server has started, in pages."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert children
    return sum(int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children)
