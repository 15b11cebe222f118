"""An operator's maxima: what tasks may set of limits and timeouts, and what they get without."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.api.conftest import Person, register
from tests.integration.api.limits.conftest import Made
from tests.integration.api.pages.visitor import visit

MIB = 2**20
MAXIMA: dict[str, Any] = {
    "max_processes": 64,
    "max_memory_bytes": 256 * MIB,
    "max_file_bytes": 10 * MIB,
    "max_disk_bytes": 100 * MIB,
    "max_timeout_seconds": 600,
}
MOST: dict[str, Any] = {
    "timeout": 600,
    "limits": {
        "processes": 64,
        "memory_bytes": 256 * MIB,
        "file_bytes": 10 * MIB,
        "disk_bytes": 100 * MIB,
    },
}
TOO_MUCH: list[tuple[str, dict[str, Any], str]] = [
    ("/limits/processes", {"limits": {"processes": 65}}, "64 (PUNCTUAL_MAX_PROCESSES)"),
    (
        "/limits/memory_bytes",
        {"limits": {"memory_bytes": 256 * MIB + 1}},
        "268435456 (PUNCTUAL_MAX_MEMORY_BYTES)",
    ),
    (
        "/limits/file_bytes",
        {"limits": {"file_bytes": 10 * MIB + 1}},
        "10485760 (PUNCTUAL_MAX_FILE_BYTES)",
    ),
    (
        "/limits/disk_bytes",
        {"limits": {"disk_bytes": 100 * MIB + 1}},
        "104857600 (PUNCTUAL_MAX_DISK_BYTES)",
    ),
    ("/timeout", {"timeout": 600.5}, "600 (PUNCTUAL_MAX_TIMEOUT_SECONDS)"),
]


def faults(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {each["pointer"]: each["detail"] for each in answer.get_json()["errors"]}


@pytest.fixture
def anna(made: Made) -> Person:
    return register(made(**MAXIMA).test_client(), "anna")


@pytest.mark.parametrize(("pointer", "fields", "named"), TOO_MUCH, ids=[e[0] for e in TOO_MUCH])
def test_more_than_the_maximum_is_refused_wherever_it_is_sent(
    anna: Person, pointer: str, fields: dict[str, Any], named: str
) -> None:
    task = anna.task(**MOST)
    detail = f"An operator allows at most {named}: choose less, or ask an operator to raise it."
    sent = {"command": "true", **fields}
    assert faults(anna.post("/tasks/", json=sent)) == {pointer: detail}
    many = anna.post("/tasks/bulk/", json={"items": [{"command": "true"}, sent]})
    assert faults(many) == {f"/items/1{pointer}": detail}
    path = f"/tasks/{task['id']}/"
    assert faults(anna.call("PUT", path, json=sent)) == {pointer: detail}
    assert faults(anna.call("PATCH", path, json=fields)) == {pointer: detail}


def test_the_maximum_is_allowed_and_what_is_not_sent_stays_below_it(anna: Person) -> None:
    task = anna.task(**MOST)
    assert (task["timeout"], task["limits"]) == (600, MOST["limits"])
    assert anna.task()["timeout"] == 600
    assert anna.task(timeout=5)["timeout"] == 5
    crontab = {"crontab": "0 1 * * * true\n", "dry_run": False}
    [line] = anna.post("/import/crontab/", json=crontab).get_json()["lines"]
    assert anna.get(f"/tasks/{line['task_id']}/").get_json()["timeout"] == 600


def test_without_maxima_nothing_changes(made: Made) -> None:
    anna = register(made().test_client(), "anna")
    assert anna.task()["timeout"] == 3600
    limits = {
        "processes": 1_000_000,
        "memory_bytes": 2**50,
        "file_bytes": 2**50,
        "disk_bytes": 2**60,
    }
    assert anna.task(timeout=604_800, limits=limits)["limits"] == limits


def test_a_task_saved_before_takes_other_changes_and_keeps_what_it_has(made: Made) -> None:
    before = register(made().test_client(), "anna")
    task = before.task(limits={"processes": 1000})
    anna = replace(before, client=made(**MAXIMA).test_client())
    path = f"/tasks/{task['id']}/"
    renamed = anna.call("PATCH", path, json={"name": "other"}).get_json()
    assert (renamed["limits"]["processes"], renamed["timeout"]) == (1000, 3600)
    restored = anna.post(f"{path}versions/{task['version']}/restore/")
    assert set(faults(restored)) == {"/limits/processes", "/timeout"}


def test_the_form_offers_what_is_allowed_and_shows_a_refusal_at_its_field(made: Made) -> None:
    ann = visit(made(**MAXIMA).test_client())
    assert re.search(r'<input[^>]*name="timeout"[^>]*value="600"', ann.get("/task/create/").text)
    form = {"command": "true", "kind": "hand"}
    assert ann.post("/task/create/", **form).status_code == 302
    refused = ann.post("/task/create/", **form, processes="65")
    assert refused.status_code == 422
    assert "An operator allows at most 64 (PUNCTUAL_MAX_PROCESSES)" in refused.text
