"""Line ends of Windows and byte order marks reach no shell, whichever way a program is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.api.conftest import Person

WINDOWS = "\ufeffset -e\r\ntouch 'a\rb'\r\necho done\r\n"
PLAIN = "set -e\ntouch 'a\rb'\necho done\n"
"""As it should be kept: a carriage return by itself is the author's own."""

Send = Callable[[Person, dict[str, Any]], str]


def by_post(anna: Person, values: dict[str, Any]) -> str:
    return str(anna.post("/tasks/", json=values).get_json()["id"])


def in_bulk(anna: Person, values: dict[str, Any]) -> str:
    return str(anna.post("/tasks/bulk/", json={"items": [values]}).get_json()["ids"][0])


def by_change(verb: str) -> Send:
    def send(anna: Person, values: dict[str, Any]) -> str:
        task_id = str(anna.task()["id"])
        assert anna.call(verb, f"/tasks/{task_id}/", json=values).status_code == 200
        return task_id

    return send


@pytest.mark.parametrize("send", [by_post, in_bulk, by_change("PUT"), by_change("PATCH")])
def test_programs_have_the_line_ends_of_a_shell(anna: Person, send: Send) -> None:
    task = anna.get(f"/tasks/{send(anna, {'command': WINDOWS})}/").get_json()
    assert task["command"] == PLAIN
    script = {"interpreter": "bash", "body": WINDOWS}
    task = anna.get(f"/tasks/{send(anna, {'script': script})}/").get_json()
    assert task["script"]["body"] == PLAIN


def test_a_crontab_may_come_from_windows(anna: Person) -> None:
    crontab = "\ufeff0 2 * * * echo one\r\n5 2 * * * echo two\r\n"
    report = anna.post("/import/crontab/", json={"crontab": crontab, "dry_run": False}).get_json()
    assert (report["entries"], report["faults"]) == (2, 0)
    ids = [line["task_id"] for line in report["lines"]]
    commands = [anna.get(f"/tasks/{task_id}/").get_json()["command"] for task_id in ids]
    assert commands == ["echo one", "echo two"]


def test_the_body_of_a_request_is_sent_as_it_is(anna: Person) -> None:
    http = {"url": "https://example.com/", "method": "POST", "body": WINDOWS}
    assert anna.post("/tasks/", json={"http": http}).get_json()["http"]["body"] == WINDOWS
