"""Snoozes by API: no alerts of a task for a while, or until it is ok."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, run_sql

LATER = "2035-01-01T09:00:00+01:00"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


def snooze(who: Person, task: str, **wanted: Any) -> Any:
    """The answer of a snooze."""
    return who.post(f"/tasks/{task}/snooze/", json=wanted)


def test_a_snooze_is_answered_until_it_is_ended(anna: Person) -> None:
    task = anna.task()["id"]
    assert anna.get(f"/tasks/{task}/").get_json()["snooze"] is None
    answer = snooze(anna, task, until=TOMORROW.isoformat())
    assert answer.status_code == 200
    found = answer.get_json()["snooze"]
    assert (found["until"], found["until_ok"], found["by"]) == (
        TOMORROW.isoformat().replace("+00:00", "Z"),
        False,
        "anna",
    )
    assert [one["snooze"] for one in anna.items("/tasks/")] == [found]
    assert snooze(anna, task, until_ok=True).get_json()["snooze"]["until_ok"] is True
    ended = snooze(anna, task, until=None)
    assert (ended.status_code, ended.get_json()["snooze"]) == (200, None)
    assert snooze(anna, task, until=None).status_code == 200


def test_a_snooze_that_is_over_is_answered_no_more(anna: Person, engine: Engine) -> None:
    task = anna.task()["id"]
    snooze(anna, task, until=TOMORROW.isoformat())
    run_sql(engine, "UPDATE task_snoozes SET until = now() - interval '1 second'")
    assert anna.get(f"/tasks/{task}/").get_json()["snooze"] is None
    assert snooze(anna, task, until=TOMORROW.isoformat()).get_json()["snooze"]["by"] == "anna"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"until": LATER}, "/until"),
        ({"until": "2035-01-01T09:00:00"}, "/until"),
        ({"until": TOMORROW.isoformat(), "until_ok": True}, "/until_ok"),
        ({"until_ok": "yes"}, "/until_ok"),
        ({"forever": True}, "/forever"),
    ],
    ids=["empty", "past", "too long", "naive", "both", "no flag", "unknown"],
)
def test_mistakes_are_pointed_at(anna: Person, body: dict[str, Any], pointer: str) -> None:
    answer = snooze(anna, anna.task()["id"], **body)
    assert answer.status_code == 422, answer.json
    assert [fault["pointer"].rstrip("/") for fault in answer.get_json()["errors"]] == [
        pointer.rstrip("/")
    ]


def test_operators_snooze_viewers_see_and_others_see_nothing(anna: Person, ben: Person) -> None:
    assert anna.post("/teams/", json={"slug": "ops", "name": "Ops"}).status_code == 201
    task = anna.task(team="ops")["id"]
    assert snooze(ben, task, until_ok=True).status_code == 404
    member = {"username": "ben", "role": "viewer"}
    assert anna.post("/teams/ops/members/", json=member).status_code == 201
    assert snooze(ben, task, until_ok=True).status_code == 403
    change = {"role": "operator"}
    assert anna.call("PATCH", "/teams/ops/members/ben/", json=change).status_code == 200
    assert snooze(ben, task, until_ok=True).status_code == 200


def test_a_snooze_is_audited_with_what_was_before(anna: Person) -> None:
    task = anna.task()["id"]
    snooze(anna, task, until_ok=True)
    snooze(anna, task, until=None)
    events = anna.items("/audit/?action=task.snooze")
    assert [event["changes"] for event in events] == [
        {"snooze": ["until it is ok", None]},
        {"snooze": [None, "until it is ok"]},
    ]


def test_the_answer_is_taken_back_as_it_is(anna: Person) -> None:
    task = anna.task()["id"]
    answered = snooze(anna, task, until_ok=True).get_json()
    assert anna.call("PUT", f"/tasks/{task}/", json=answered).status_code == 200
    assert anna.get(f"/tasks/{task}/").get_json()["snooze"]["until_ok"] is True
