"""Why, over REST: a sentence, a verdict and the run behind them."""

import pytest
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, run_sql

NOON = "2026-01-05T12:00:00Z"
DAILY = {"cron": "0 12 * * *", "timezone": "UTC"}


def test_a_due_time_is_answered_with_its_run(anna: Person, engine: Engine) -> None:
    task = anna.task(schedule=DAILY)
    run = anna.post(f"/tasks/{task['id']}/run/").get_json()
    run_sql(
        engine,
        "UPDATE runs SET trigger = 'schedule', scheduled_for = :at, state = 'missed',"
        " reason = 'start deadline passed: no worker had a free slot in time'",
        at=NOON,
    )
    answer = anna.get(f"/tasks/{task['id']}/why/", query_string={"at": "2026-01-05T13:00:00+01:00"})
    assert answer.status_code == 200
    reply = answer.get_json()
    assert reply["run"]["id"] == run["id"]
    assert {key: reply[key] for key in reply if key != "run"} == {
        "at": NOON,
        "due_time": NOON,
        "verdict": "missed",
        "sentence": "Missed: start deadline passed: no worker had a free slot in time.",
        "next_due_time": "2026-01-06T12:00:00Z",
    }


def test_without_an_instant_it_is_asked_about_now(anna: Person) -> None:
    reply = anna.get(f"/tasks/{anna.task()['id']}/why/").get_json()
    assert (reply["verdict"], reply["due_time"], reply["run"]) == ("not_due", None, None)


@pytest.mark.parametrize("at", ["yesterday", "2026-01-05T12:00:00", "1999-12-31T00:00:00Z"])
def test_an_instant_that_is_none_is_refused(anna: Person, at: str) -> None:
    answer = anna.get(f"/tasks/{anna.task()['id']}/why/", query_string={"at": at})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/at"]


def test_another_users_task_is_not_found(anna: Person, ben: Person) -> None:
    assert ben.get(f"/tasks/{anna.task()['id']}/why/").status_code == 404
