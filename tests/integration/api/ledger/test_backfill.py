"""Backfill over REST: due times that never had a start, looked at and then run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.integration.api.conftest import Person, end_run, run_sql, start_run

HOURLY = {"cron": "0 * * * *", "timezone": "UTC"}
HOUR = timedelta(hours=1)


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def window(hours: int, **more: Any) -> dict[str, Any]:
    """The last `hours` hours, this one's beginning included."""
    end = this_hour()
    return {"from": instant(end - (hours - 1) * HOUR), "to": instant(end), **more}


def backfill(anna: Person, task: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    answer = anna.post(f"/tasks/{task['id']}/backfill/", json=sent)
    assert answer.status_code == (200 if sent.get("dry_run", True) else 202), answer.json
    document: dict[str, Any] = answer.get_json()
    return document


def had_run(anna: Person, engine: Engine, task: dict[str, Any], hours_ago: int) -> str:
    """A run by schedule for that hour, which waits to be started."""
    run: str = anna.post(f"/tasks/{task['id']}/run/").get_json()["id"]
    run_sql(
        engine,
        "UPDATE runs SET trigger = 'schedule', scheduled_for = :at WHERE id = :id",
        at=this_hour() - hours_ago * HOUR,
        id=run,
    )
    return run


def test_a_dry_run_comes_first_and_makes_nothing(anna: Person) -> None:
    task = anna.task(schedule=HOURLY)
    seen = backfill(anna, task, window(3))
    assert seen == {
        "dry_run": True,
        "due": [instant(this_hour() - hours * HOUR) for hours in (2, 1, 0)],
        "runs": [],
        "next_from": None,
    }
    assert anna.items(f"/tasks/{task['id']}/runs/") == []


def test_each_due_time_gets_a_run_once(anna: Person, engine: Engine) -> None:
    task = anna.task(schedule=HOURLY, start_deadline=5)
    made = backfill(anna, task, window(3, dry_run=False))
    runs = {run["id"]: run for run in anna.items(f"/tasks/{task['id']}/runs/")}
    assert len(runs) == 3
    assert [runs[run_id]["scheduled_for"] for run_id in made["runs"]] == made["due"]
    assert {run["trigger"] for run in runs.values()} == {"backfill"}
    again = backfill(anna, task, window(3, dry_run=False))
    assert (again["due"], again["runs"]) == ([], [])
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT overlap, start_by, due_at FROM runs")).all()
    assert {(row.overlap, row.start_by) for row in rows} == {("queue", None)}
    assert all(row.due_at > this_hour() for row in rows)


def test_what_started_or_is_still_to_start_is_left_alone(anna: Person, engine: Engine) -> None:
    task = anna.task(schedule=HOURLY)
    run = had_run(anna, engine, task, 3)
    start_run(engine, run)
    end_run(engine, run, "failed", 1)
    had_run(anna, engine, task, 2)
    missed, cancelled = had_run(anna, engine, task, 1), had_run(anna, engine, task, 0)
    run_sql(engine, "UPDATE runs SET state = 'missed' WHERE id = :id", id=missed)
    run_sql(engine, "UPDATE runs SET state = 'cancelled' WHERE id = :id", id=cancelled)
    due = backfill(anna, task, window(4))["due"]
    assert due == [instant(this_hour() - HOUR), instant(this_hour())]


def test_a_limit_says_where_to_go_on(anna: Person) -> None:
    task = anna.task(schedule={"cron": "* * * * *"})
    seen = backfill(anna, task, window(30))
    assert len(seen["due"]) == 1000
    few = backfill(anna, task, window(30, limit=2, dry_run=False))
    assert few["due"] == seen["due"][:2]
    assert (len(few["runs"]), few["next_from"]) == (2, seen["due"][2])
    rest = backfill(anna, task, {**window(30), "from": few["next_from"]})
    assert rest["due"][:10] == seen["due"][2:12]


def test_the_future_is_left_out_and_by_hand_nothing_is_due(anna: Person) -> None:
    ahead = {"from": instant(this_hour()), "to": "2099-01-01T00:00:00Z"}
    assert backfill(anna, anna.task(schedule=HOURLY), ahead)["due"] == [instant(this_hour())]
    assert backfill(anna, anna.task(), ahead)["due"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"from": "2020-01-01T00:00:00Z"}, "/from"),
        ({"to": "2020-01-01T00:00:00Z"}, "/to"),
        ({"dry_run": "no"}, "/dry_run"),
        ({"dry_run": 0}, "/dry_run"),
        ({"limit": 1001}, "/limit"),
        ({"limit": 0}, "/limit"),
        ({"since": "2020-01-01T00:00:00Z"}, "/since"),
    ],
)
def test_a_backfill_that_makes_no_sense_is_refused(
    anna: Person, change: dict[str, Any], pointer: str
) -> None:
    task = anna.task(schedule=HOURLY)
    answer = anna.post(f"/tasks/{task['id']}/backfill/", json=window(2) | change)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_a_backfill_of_another_users_task_is_refused(anna: Person, ben: Person) -> None:
    task = anna.task(schedule=HOURLY)
    assert ben.post(f"/tasks/{task['id']}/backfill/", json=window(2)).status_code == 404
