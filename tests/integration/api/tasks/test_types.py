"""What a task runs, as it is sent, kept and changed: one kind at a time."""

from typing import Any

import pytest

from tests.integration.api.conftest import Person

SCRIPT = {"interpreter": "python3", "body": "#!/usr/bin/env python3\n\nprint('it''s \"$HOME\"')\n"}


def new(anna: Person, **values: Any) -> dict[str, Any]:
    answer = anna.post("/tasks/", json=values)
    assert answer.status_code == 201, answer.json
    task: dict[str, Any] = answer.get_json()
    return task


def test_a_script_is_kept_to_the_byte_and_named_after_its_first_line(anna: Person) -> None:
    task = new(anna, script=SCRIPT)
    assert (task["type"], task["command"], task["script"]) == ("script", None, SCRIPT)
    assert task["name"] == "print('it''s \"$HOME\"')"


def test_sending_another_kind_replaces_the_one_before(anna: Person) -> None:
    path = f"/tasks/{anna.task(name='mine')['id']}/"
    assert anna.get(path).get_json()["type"] == "shell"
    task = anna.call("PATCH", path, json={"script": SCRIPT}).get_json()
    assert (task["type"], task["command"], task["name"]) == ("script", None, "mine")
    task = anna.call("PATCH", path, json={"command": "true"}).get_json()
    assert (task["type"], task["command"], task["script"]) == ("shell", "true", None)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({}, "/command"),
        ({"command": None}, "/command"),
        ({"command": "true", "script": SCRIPT}, "/script"),
        ({"script": {"body": "true"}}, "/script/interpreter"),
        ({"script": {"interpreter": "sh"}}, "/script/body"),
        ({"script": {**SCRIPT, "body": " \n"}}, "/script/body"),
        ({"script": {**SCRIPT, "body": "x" * (256 * 1024 + 1)}}, "/script/body"),
        ({"script": {**SCRIPT, "body": "a\0b"}}, "/script/body"),
        ({"script": {**SCRIPT, "interpreter": "sh -x"}}, "/script/interpreter"),
        ({"script": {**SCRIPT, "file": "x"}}, "/script/file"),
    ],
)
def test_each_mistake_is_named_at_its_place(
    anna: Person, values: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/tasks/", json=values)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_change_may_not_take_away_what_a_task_runs_nor_half_of_it(anna: Person) -> None:
    path = f"/tasks/{anna.task()['id']}/"
    for change in ({"command": None}, {"script": None}, {"script": {"body": "true"}}):
        assert anna.call("PATCH", path, json=change).status_code == 422
    assert anna.call("PATCH", path, json={"priority": 1}).status_code == 200


def test_a_request_has_defaults_and_is_named_after_itself(anna: Person) -> None:
    task = new(anna, http={"url": "https://example.com/hook?a=b"})
    assert (task["type"], task["name"]) == ("http", "GET https://example.com/hook?a=b")
    assert task["http"] == {
        "method": "GET",
        "url": "https://example.com/hook?a=b",
        "headers": {},
        "body": None,
        "expect": None,
        "timeout": 30.0,
        "follow_redirects": True,
    }


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"url": "example.com"}, "/http/url"),
        ({"url": "ftp://example.com/"}, "/http/url"),
        ({"url": "http:///path"}, "/http/url"),
        ({"url": "http://ann:pw@example.com/"}, "/http/url"),
        ({"url": "http://example.com/\r\nX: y"}, "/http/url"),
        ({"url": "http://example.com:99999/"}, "/http/url"),
        ({"url": "http://exämple.com/"}, "/http/url"),
        ({"method": "get"}, "/http/method"),
        ({"method": "HEAD", "body": "x"}, "/http/body"),
        ({"headers": {"X": "a\r\nY: b"}}, "/http/headers/X"),
        ({"headers": {"Content-Length": "1"}}, "/http/headers/Content-Length"),
        ({"headers": {"a b": "1"}}, "/http/headers/a b"),
        ({"expect": [99]}, "/http/expect/0"),
        ({"expect": []}, "/http/expect"),
        ({"timeout": 0}, "/http/timeout"),
        ({"body": "x" * (256 * 1024 + 1)}, "/http/body"),
    ],
)
def test_each_mistake_of_a_request_is_named_at_its_place(
    anna: Person, values: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/tasks/", json={"http": {"url": "https://example.com/", **values}})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer
