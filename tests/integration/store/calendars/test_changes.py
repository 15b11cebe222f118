"""What calendars hold is noted and not run, and an edit of one is followed at once."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text
from sqlalchemy.orm import Session

from punctual.store.calendars.changes import change_calendar
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.schema.models import CalendarRow, Task
from punctual.store.tasks.changes import change_task
from tests.support.rows import WINDOW, database_now, new_task, new_team, reason_of

NOW = datetime(2026, 12, 25, 12, 0, tzinfo=UTC)
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}
XMAS: dict[str, Any] = {"days": ["2026-12-25"], "windows": []}


@pytest.fixture
def ann(engine: Engine) -> uuid.UUID:
    return new_team(engine)


def new_calendar(engine: Engine, team: uuid.UUID, **values: Any) -> uuid.UUID:
    with Session(engine) as session, session.begin():
        row = CalendarRow(team_id=team, **{"name": "Xmas", "timezone": "UTC", **XMAS, **values})
        session.add(row)
        session.flush()
        return row.id


def span(start: datetime, end: datetime) -> dict[str, Any]:
    """A calendar that holds what lies between."""
    return {"days": [], "windows": [{"from": start.isoformat(), "to": end.isoformat()}]}


def plan_at(engine: Engine, now: datetime | None = None) -> int:
    with engine.begin() as connection:
        return plan(connection, window=WINDOW, batch_size=100, now=now).runs


def rows(engine: Engine, statement: str) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement)).all())


def change(engine: Engine, calendar_id: uuid.UUID, **values: Any) -> None:
    with Session(engine) as session, session.begin():
        row = session.get_one(CalendarRow, calendar_id)
        change_calendar(session, row, values, now=database_now(engine))


def runs(engine: Engine, state: str) -> list[Row[Any]]:
    return rows(engine, f"SELECT * FROM runs WHERE state = '{state}' ORDER BY scheduled_for")


def test_a_blocked_due_time_makes_no_run_and_one_row_with_its_reason(
    engine: Engine, ann: uuid.UUID
) -> None:
    new_calendar(engine, ann)
    new_task(engine, team_id=ann, schedule=EVERY_5_MINUTES, next_due_at=NOW, calendars=["Xmas"])
    assert plan_at(engine, NOW) == 0
    [row] = rows(engine, "SELECT * FROM ledger")
    assert (row.scheduled_for, row.reason, row.reason_code) == (NOW, "held", "calendar")
    assert row.reason_args == {"calendar": "Xmas"}
    [task] = rows(engine, "SELECT * FROM tasks")
    assert (task.next_due_at, task.planned_runs) == (NOW + timedelta(minutes=5), 0)


def test_without_it_or_on_another_day_it_runs(engine: Engine, ann: uuid.UUID) -> None:
    new_calendar(engine, ann)
    new_task(engine, team_id=ann, schedule=EVERY_5_MINUTES, next_due_at=NOW)
    other = new_team(engine)  # whose calendar of the same name holds nothing
    new_calendar(engine, other, days=[])
    new_task(engine, team_id=other, schedule=EVERY_5_MINUTES, next_due_at=NOW, calendars=["Xmas"])
    assert plan_at(engine, NOW) == 2


def test_after_an_outage_blocked_due_times_are_neither_caught_up_nor_missed(
    engine: Engine, ann: uuid.UUID
) -> None:
    new_calendar(engine, ann, **span(NOW - timedelta(minutes=31), NOW + timedelta(hours=9)))
    first = NOW - timedelta(minutes=60)
    task = {"schedule": EVERY_5_MINUTES, "next_due_at": first, "calendars": ["Xmas"]}
    new_task(engine, team_id=ann, catch_up="all", **task)
    plan_at(engine, NOW)
    assert len(runs(engine, "scheduled")) == 6
    assert runs(engine, "missed") == []
    assert len(rows(engine, "SELECT * FROM ledger WHERE reason = 'held'")) == 7


def test_many_blocked_times_in_a_row_are_one_row_that_stands_for_them(
    engine: Engine, ann: uuid.UUID
) -> None:
    new_calendar(engine, ann)
    first = NOW - timedelta(seconds=600)
    schedule = {"every": 1}
    new_task(
        engine,
        team_id=ann,
        schedule=schedule,
        schedule_anchor=first,
        next_due_at=first,
        calendars=["Xmas"],
    )
    assert plan_at(engine, NOW) == 0
    [row] = rows(engine, "SELECT * FROM ledger")
    assert (row.reason, row.times) == ("held", 635)
    assert row.until - row.scheduled_for == timedelta(seconds=634)


def test_a_task_that_is_due_once_in_a_blackout_is_blocked(engine: Engine, ann: uuid.UUID) -> None:
    new_calendar(engine, ann)
    once = {"at": NOW.isoformat()}
    new_task(engine, team_id=ann, schedule=once, next_due_at=NOW, calendars=["Xmas"])
    assert plan_at(engine, NOW) == 0
    assert [row.reason for row in rows(engine, "SELECT * FROM ledger")] == ["held"]


def test_an_edit_of_a_calendar_withdraws_blocked_runs_and_brings_back_free_ones(
    engine: Engine, ann: uuid.UUID
) -> None:
    calendar = new_calendar(engine, ann, days=[])
    now = database_now(engine)
    due = now + timedelta(seconds=20)
    new_task(
        engine,
        team_id=ann,
        schedule={"every": 600},
        schedule_anchor=due - timedelta(seconds=600),
        next_due_at=due,
        calendars=["Xmas"],
        max_runs=5,
    )
    assert plan_at(engine) == 1
    change(engine, calendar, **span(now, now + timedelta(hours=1)))
    [gone] = runs(engine, "cancelled")
    assert (gone.superseded, reason_of(gone)) == (True, 'held: blocked by calendar "Xmas"')
    [row] = rows(engine, "SELECT * FROM ledger")
    assert (row.scheduled_for, row.reason, row.reason_code) == (due, "held", "calendar")
    assert row.reason_args == {"calendar": "Xmas"}
    [task] = rows(engine, "SELECT * FROM tasks")
    assert task.planned_runs == 0
    assert plan_at(engine) == 0
    change(engine, calendar, windows=[])
    assert plan_at(engine) == 1
    [run] = runs(engine, "scheduled")
    assert run.scheduled_for == due


def test_naming_a_calendar_withdraws_and_dropping_it_brings_back(
    engine: Engine, ann: uuid.UUID
) -> None:
    now = database_now(engine)
    new_calendar(engine, ann, **span(now, now + timedelta(hours=1)))
    due = now + timedelta(seconds=20)
    schedule = {"every": 600}
    task_id = new_task(
        engine,
        team_id=ann,
        schedule=schedule,
        schedule_anchor=due - timedelta(seconds=600),
        next_due_at=due,
    )
    plan_at(engine)
    for names, left in ((["Xmas"], 0), (None, 1)):
        with Session(engine) as session, session.begin():
            task = session.get_one(Task, task_id)
            change_task(session, task, {"calendars": names}, now=database_now(engine))
        plan_at(engine)
        assert len(runs(engine, "scheduled")) == left
    assert [row.reason for row in rows(engine, "SELECT * FROM ledger")] == ["held"]


def test_a_renamed_calendar_is_still_named_by_its_tasks(engine: Engine, ann: uuid.UUID) -> None:
    calendar = new_calendar(engine, ann)
    new_task(engine, team_id=ann, calendars=["Night", "Xmas"])
    change(engine, calendar, name="Christmas")
    [task] = rows(engine, "SELECT calendars FROM tasks")
    assert task.calendars == ["Night", "Christmas"]
