"""The exit codes that decide about a retry, as they are sent, kept and refused."""

import pytest

from tests.integration.api.conftest import Person


def test_exit_codes_are_kept_once_each_in_order(anna: Person) -> None:
    task = anna.task(retry_on=[111, 75, 111])
    assert (task["retry_on"], task["no_retry_on"]) == ([75, 111], None)


def test_one_list_replaces_the_other(anna: Person) -> None:
    path = f"/tasks/{anna.task(retry_on=[75])['id']}/"
    changed = anna.call("PATCH", path, json={"no_retry_on": [2]}).get_json()
    assert (changed["retry_on"], changed["no_retry_on"]) == (None, [2])
    assert anna.call("PATCH", path, json={"no_retry_on": None}).get_json()["no_retry_on"] is None


@pytest.mark.parametrize("codes", [[], [0], [256], ["75"], [True], [1.5], 75, "75"])
def test_what_is_no_exit_code_is_refused(anna: Person, codes: object) -> None:
    answer = anna.post("/tasks/", json={"command": "true", "retry_on": codes})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"].startswith("/retry_on")


def test_both_lists_at_once_are_refused(anna: Person) -> None:
    sent = {"command": "true", "retry_on": [1], "no_retry_on": [2]}
    answer = anna.post("/tasks/", json=sent)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/no_retry_on"
