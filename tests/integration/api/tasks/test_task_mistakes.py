"""What is refused of a task, and where the answer points."""

import json
from typing import Any

import pytest

from tests.integration.api.conftest import Person


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"command": ""}, "/command"),
        ({"command": "  \n"}, "/command"),
        ({"command": "é" * 16385}, "/command"),
        ({"command": "echo \0"}, "/command"),
        ({"command": ["ls"]}, "/command"),
        ({"command": None}, "/command"),
        ({"name": ""}, "/name"),
        ({"name": "n" * 201}, "/name"),
        ({"name": "a\n* * * * * root x"}, "/name"),
        ({"name": "a\u2028b"}, "/name"),
        ({"tags": ["a\rb"]}, "/tags/0"),
        ({"max_retries": "3"}, "/max_retries"),
        ({"max_retries": True}, "/max_retries"),
        ({"max_retries": 1.5}, "/max_retries"),
        ({"max_retries": -1}, "/max_retries"),
        ({"max_retries": 101}, "/max_retries"),
        ({"retry_delay": "1"}, "/retry_delay"),
        ({"retry_delay": -1}, "/retry_delay"),
        ({"retry_delay": 86401}, "/retry_delay"),
        ({"timeout": 0}, "/timeout"),
        ({"timeout": 604801}, "/timeout"),
        ({"timeout": True}, "/timeout"),
        ({"end_grace": -1}, "/end_grace"),
        ({"end_grace": 61}, "/end_grace"),
        ({"end_grace": "2"}, "/end_grace"),
        ({"start_deadline": 0}, "/start_deadline"),
        ({"priority": 10}, "/priority"),
        ({"priority": -1}, "/priority"),
        ({"max_runs": 0}, "/max_runs"),
        ({"max_runs": 1.0}, "/max_runs"),
        ({"jitter": -1}, "/jitter"),
        ({"jitter": 86401}, "/jitter"),
        ({"limits": []}, "/limits"),
        ({"limits": {"cores": 2}}, "/limits/cores"),
        ({"limits": {"processes": 0}}, "/limits/processes"),
        ({"limits": {"processes": "9"}}, "/limits/processes"),
        ({"limits": {"memory_bytes": 2**20 - 1}}, "/limits/memory_bytes"),
        ({"limits": {"file_bytes": 1.5}}, "/limits/file_bytes"),
        ({"overlap": "maybe"}, "/overlap"),
        ({"catch_up": "some"}, "/catch_up"),
        ({"working_dir": "srv"}, "/working_dir"),
        ({"env": {"1A": "x"}}, "/env/1A"),
        ({"env": {"A": 1}}, "/env/A"),
        ({"env": {"A": "\0"}}, "/env/A"),
        ({"env": {"A": "x" * 65536}}, "/env"),
        ({"env": []}, "/env"),
        ({"tags": ["t"] * 21}, "/tags"),
        ({"tags": ["t" * 51]}, "/tags/0"),
        ({"tags": ["ok", ""]}, "/tags/1"),
        ({"tags": "night"}, "/tags"),
        ({"metadata": []}, "/metadata"),
        ({"metadata": {"a": {"b": "\0"}}}, "/metadata"),
        ({"metadata": {"a": "\ud800"}}, "/metadata"),
        ({"metadata": {"a": "x" * 65536}}, "/metadata"),
        ({"schedule": "daily"}, "/schedule"),
        ({"schedule": {}}, "/schedule"),
        ({"schedule": {"cron": "61 * * * *"}}, "/schedule/cron"),
        ({"schedule": {"cron": "0 2 * * *", "timezone": "Mars/Phobos"}}, "/schedule/timezone"),
        ({"schedule": {"at": "2030-01-01T00:00:00"}}, "/schedule/at"),
        ({"schedule": {"every": 0}}, "/schedule/every"),
        ({"schedule": {"every": 60, "until": 1}}, "/schedule/until"),
        ({"schedule_time": "2030-01-01T00:00:00"}, "/schedule_time"),
        ({"schedule_time": 1893456000}, "/schedule_time"),
        ({"schedule_time": None}, "/schedule_time"),
        (
            {"schedule_time": "2030-01-01T00:00:00Z", "schedule": {"every": 60}},
            "/schedule_time",
        ),
        ({"comand": "ls"}, "/comand"),
        ({"status": "running"}, "/status"),
        ({"half\ud800": 1}, "/half\ud800"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_a_bad_value_is_refused_at_its_place(
    anna: Person, change: dict[str, Any], pointer: str
) -> None:
    sent = json.dumps({"command": "true", **change})
    answer = anna.post("/tasks/", data=sent, content_type="application/json")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert anna.items("/tasks/") == []
