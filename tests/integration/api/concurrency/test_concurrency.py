"""Limits of concurrent runs over the API."""

import pytest

from tests.integration.api.conftest import Person


def test_a_limit_is_set_listed_changed_and_taken_away(anna: Person) -> None:
    made = anna.post("/concurrency/", json={"tag": "db", "max_concurrent": 2})
    assert made.status_code == 201
    limit = made.get_json()
    assert (limit["tag"], limit["max_concurrent"], limit["running"]) == ("db", 2, 0)
    path = f"/concurrency/{limit['id']}/"
    assert anna.call("PATCH", path, json={"max_concurrent": 5}).get_json()["max_concurrent"] == 5
    assert [item["max_concurrent"] for item in anna.get("/concurrency/").get_json()["items"]] == [5]
    assert anna.call("DELETE", path).status_code == 204
    assert anna.get("/concurrency/").get_json() == {"items": []}


@pytest.mark.parametrize("tag", ["db", None])
def test_a_second_one_for_the_same_is_refused_and_changes_nothing(
    anna: Person, tag: str | None
) -> None:
    anna.post("/concurrency/", json={"tag": tag, "max_concurrent": 2})
    again = anna.post("/concurrency/", json={"tag": tag, "max_concurrent": 3})
    assert again.status_code == 409
    assert "already" in again.get_json()["detail"]
    assert [item["max_concurrent"] for item in anna.get("/concurrency/").get_json()["items"]] == [2]


def test_those_of_others_are_not_to_be_seen(anna: Person, ben: Person) -> None:
    limit = anna.post("/concurrency/", json={"max_concurrent": 2}).get_json()
    assert ben.get("/concurrency/").get_json() == {"items": []}
    path = f"/concurrency/{limit['id']}/"
    assert ben.call("PATCH", path, json={"max_concurrent": 9}).status_code == 404
    assert ben.call("DELETE", path).status_code == 404
    assert ben.post("/concurrency/", json={"max_concurrent": 2}).status_code == 201


@pytest.mark.parametrize("most", [0, -1, 1.5, "2", None, True])
def test_a_limit_is_a_number_of_one_or_more(anna: Person, most: object) -> None:
    answer = anna.post("/concurrency/", json={"max_concurrent": most})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/max_concurrent"
    answer = anna.post("/tasks/", json={"command": "true", "max_concurrent": most})
    assert answer.status_code == (201 if most is None else 422)


def test_a_task_keeps_its_limit(anna: Person) -> None:
    task = anna.task(max_concurrent=3, overlap="allow")
    assert task["max_concurrent"] == 3
    changed = anna.call("PATCH", f"/tasks/{task['id']}/", json={"max_concurrent": None})
    assert changed.get_json()["max_concurrent"] is None
