"""What an http task is saved with is put in its request, or refused."""

from typing import Any

import pytest

from tests.integration.api.conftest import Person

URL = "https://example.com/days/$PARAM_DAY"
DAY = {"name": "day", "type": "string"}


def save(anna: Person, http: dict[str, Any], **values: Any) -> Any:
    return anna.post("/tasks/", json={"http": {"url": URL, **http}, "params": [DAY], **values})


def test_a_request_may_name_the_parameters_of_its_task(anna: Person) -> None:
    answer = save(anna, {"headers": {"X-Day": "${PARAM_DAY}"}, "body": "$PARAM_DAY"})
    assert (answer.status_code, answer.get_json()["warnings"]) == (201, [])
    task = save(anna, {"url": "https://example.com/"}).get_json()
    [warning] = task["warnings"]
    assert warning == "The request does not name the parameter day ($PARAM_DAY): no effect."


@pytest.mark.parametrize(
    ("http", "values", "pointer"),
    [
        ({"url": "https://$PARAM_DAY.example.com/"}, {}, "/http/url"),
        ({"url": "https://example.com:$PARAM_DAY/"}, {}, "/http/url"),
        ({"url": "https://example.com/$PARAM_OTHER"}, {}, "/http/url"),
        ({"headers": {"X-Day": "$PARAM_OTHER"}}, {}, "/http/headers/X-Day"),
        ({"body": "${PARAM_OTHER}"}, {}, "/http/body"),
        ({}, {"params": None}, "/http/url"),
        (
            {"headers": {"X-Day": "$PARAM_DAY"}},
            {"params": [{**DAY, "default": "a\nb"}]},
            "/params/0/default",
        ),
        ({}, {"params": [{**DAY, "default": ".."}]}, "/params/0/default"),
        ({}, {"env": {"TOKEN": "x"}}, "/env/TOKEN"),
        ({}, {"working_dir": "/tmp"}, "/working_dir"),
    ],
)
def test_what_would_be_left_unread_is_refused(
    anna: Person, http: dict[str, Any], values: dict[str, Any], pointer: str
) -> None:
    answer = save(anna, http, **values)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_a_change_is_validated_like_a_new_task(anna: Person) -> None:
    task = anna.task(env={"TOKEN": "x"})["id"]
    request = {"http": {"url": "https://example.com/"}}
    assert anna.call("PATCH", f"/tasks/{task}/", json=request).status_code == 422
    changed = anna.call("PATCH", f"/tasks/{task}/", json={**request, "env": {}})
    assert (changed.status_code, changed.get_json()["type"]) == (200, "http")
    certificates = {"env": {"SSL_CERT_FILE": "/etc/ssl/ours.pem"}}
    assert anna.call("PATCH", f"/tasks/{task}/", json=certificates).status_code == 200


def test_a_value_that_the_request_cannot_take_starts_nothing(anna: Person) -> None:
    task = save(anna, {"headers": {"X-Day": "$PARAM_DAY"}}).get_json()["id"]
    for value in ("a\r\nX-Admin: yes", "é", ".."):
        answer = anna.post(f"/tasks/{task}/run/", json={"params": {"day": value}})
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/params/day"]
    assert anna.get(f"/tasks/{task}/runs/").get_json()["items"] == []
    answer = anna.post(f"/tasks/{task}/run/", json={"params": {"day": "monday"}})
    assert answer.status_code == 202
