"""Bulk creation and Idempotency-Key: all or none, and once however often it is sent."""

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.conftest import Person

KEY = {"Idempotency-Key": "a key: 1"}


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        found: int = connection.exec_driver_sql("SELECT count(*) FROM tasks").scalar_one()
        return found


def test_many_tasks_are_created_in_order(anna: Person) -> None:
    items = [{"command": f"echo {number}", "schedule": {"every": 60}} for number in range(250)]
    answer = anna.post("/tasks/bulk/", json={"items": items})
    assert answer.status_code == 201
    ids = answer.get_json()["ids"]
    shown = anna.items("/tasks/?limit=200")
    assert [task["id"] for task in shown] == ids[:49:-1]
    assert shown[0]["name"] == "echo 249"


def test_one_bad_task_refuses_them_all(anna: Person, engine: Engine) -> None:
    items: list[dict[str, Any]] = [{"command": "true"} for _ in range(20)]
    items[17] = {"command": "", "schedule": {"cron": "x"}}
    answer = anna.post("/tasks/bulk/", json={"items": items})
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.get_json()["errors"]} == {
        "/items/17/command",
        "/items/17/schedule/cron",
    }
    assert count(engine) == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"items": []}, {"items": {}}, {"items": [1]}, {"items": [{"command": "x"}] * 10001}],
)
def test_what_is_no_list_of_1_to_10000_tasks_is_refused(anna: Person, body: object) -> None:
    assert anna.post("/tasks/bulk/", json=body).status_code == 422


def test_ten_thousand_tasks_fit_into_one_request(anna: Person, engine: Engine) -> None:
    items = [{"command": "true"}] * 10_000
    assert anna.post("/tasks/bulk/", json={"items": items}).status_code == 201
    assert count(engine) == 10_000


@pytest.mark.parametrize("path", ["/tasks/", "/tasks/bulk/"])
def test_the_same_key_and_body_create_once_and_answer_the_same(
    anna: Person, engine: Engine, path: str
) -> None:
    body: dict[str, Any] = {"command": "true", "metadata": {"a": 1, "b": 2}}
    body = body if path == "/tasks/" else {"items": [body, body]}
    first = anna.post(path, json=body, headers=KEY)
    again = anna.post(path, json=body, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers.get("Location") == first.headers.get("Location")
    assert count(engine) == (1 if path == "/tasks/" else 2)


def test_the_same_key_with_another_body_is_refused(anna: Person, engine: Engine) -> None:
    anna.post("/tasks/", json={"command": "true"}, headers=KEY)
    assert anna.post("/tasks/", json={"command": "false"}, headers=KEY).status_code == 422
    assert count(engine) == 1


def test_a_key_belongs_to_its_owner(anna: Person, ben: Person) -> None:
    mine = anna.post("/tasks/", json={"command": "true"}, headers=KEY).get_json()
    his = ben.post("/tasks/", json={"command": "true"}, headers=KEY).get_json()
    assert mine["id"] != his["id"]


def test_a_refused_creation_does_not_use_up_its_key(anna: Person) -> None:
    assert anna.post("/tasks/", json={"command": ""}, headers=KEY).status_code == 422
    assert anna.post("/tasks/", json={"command": "true"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\tbed", "é"])
def test_an_odd_key_is_refused(anna: Person, key: str) -> None:
    headers = {"Idempotency-Key": key}
    assert anna.post("/tasks/", json={"command": "true"}, headers=headers).status_code == 422


def test_concurrent_duplicates_create_one_task(app: Flask, anna: Person, engine: Engine) -> None:
    together = threading.Barrier(6)
    answers: list[TestResponse] = []

    def send() -> None:
        sender = Person(app.test_client(), anna.username, anna.token, anna.id)
        together.wait(10)
        answers.append(sender.post("/tasks/", json={"command": "true"}, headers=KEY))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 5
    assert count(engine) == 1
