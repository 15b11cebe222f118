"""Rows that cannot be planned stop no others, and are planned once they can be."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.messaging.broker import Broker
from punctual.store.calendars.changes import change_calendar
from punctual.store.schema.models import CalendarRow
from punctual_coordinator.duties import planner
from punctual_coordinator.duties.dispatcher import Dispatcher
from punctual_coordinator.duties.follower import Follower
from punctual_coordinator.duties.planner import Planner, PlanResult
from punctual_coordinator.duties.replanner import Replanner, ReplanResult
from punctual_coordinator.duties.scheduling_pass import SchedulingPass
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, task_row
from tests.support.alerts.health import events_of
from tests.support.rows import database_now, new_run, new_task, new_team, run_row

LOST = "Mars/Olympus_Mons"
EVERY_MINUTE = {"every": 60}


def calendar(engine: Engine, team: object, **values: Any) -> object:
    """A calendar, written as no request could."""
    defaults: dict[str, Any] = {"name": "Closed", "timezone": "UTC", "days": [], "windows": []}
    with Session(engine) as session, session.begin():
        row = CalendarRow(team_id=team, **{**defaults, **values})
        session.add(row)
        session.flush()
        return row.id


def run_sql(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        ({"timezone": LOST}, f'calendar "Closed": "{LOST}" is no time zone'),
        ({"days": {"2026-12-25": True}}, 'calendar "Closed": Its days and windows are no lists'),
        ({"days": ["tomorrow"]}, 'calendar "Closed": A day is a date'),
        ({"windows": ["night"]}, 'calendar "Closed": One of its windows has neither'),
        ({"windows": [{"weekday": 3, "start": "a", "end": "b"}]}, 'calendar "Closed": One of mon'),
    ],
)
def test_a_calendar_that_cannot_be_read_stops_only_the_tasks_that_name_it(
    engine: Engine, stored: dict[str, Any], error: str
) -> None:
    now, team = database_now(engine), new_team(engine)
    calendar(engine, team, **stored)
    due: dict[str, Any] = {"schedule": EVERY_MINUTE, "schedule_anchor": now, "next_due_at": now}
    bad = new_task(engine, team_id=team, calendars=["Closed"], **due)
    others = [new_task(engine, team_id=team, **due), new_task(engine, **due)]
    report = Planner(engine, window=WINDOW).run_once(now=now)
    assert report == PlanResult(tasks=3, runs=2, refused=1)
    assert {run.task_id for run in all_runs(engine)} == set(others)
    assert task_row(engine, bad).plan_error.startswith(error)
    [event] = events_of(engine, bad)
    assert (event.kind, event.details["in_row"]) == ("plan_error", 1)
    assert event.details["error"] == task_row(engine, bad).plan_error


def test_fields_that_no_rule_knows_and_sizes_beyond_the_rules_are_read_all_the_same(
    engine: Engine,
) -> None:
    now, team = database_now(engine), new_team(engine)
    window = {"from": now.isoformat(), "to": (now + timedelta(days=1)).isoformat(), "note": "x"}
    days = [str((now + timedelta(days=2 + n)).date()) for n in range(1001)]
    calendar(engine, team, days=days, windows=[window])
    blocked = new_task(
        engine,
        team_id=team,
        calendars=["Closed"],
        schedule={**EVERY_MINUTE, "moon": "full"},
        schedule_anchor=now,
        next_due_at=now,
    )
    assert Planner(engine, window=WINDOW).run_once(now=now) == PlanResult(tasks=1)
    assert task_row(engine, blocked).plan_error is None


@pytest.mark.parametrize(
    "schedule",
    [
        {"cron": "0 2 * * *", "timezone": LOST},
        {"cron": 5},
        {"at": "soon"},
        {"every": "often"},
        {"every": 0},
        [{"every": 60}, {"cron": "* * * * *", "timezone": LOST}],
        {"lunar": "full"},
        "daily",
        7,
    ],
)
def test_a_schedule_that_cannot_be_read_is_tried_again_and_planned_once_it_can_be(
    engine: Engine, schedule: object
) -> None:
    now = database_now(engine)
    due: dict[str, Any] = {"schedule_anchor": now, "next_due_at": now}
    task = new_task(engine, schedule=schedule, **due)
    other = new_task(engine, schedule=EVERY_MINUTE, **due)
    own = Planner(engine, window=WINDOW)
    own.run_once(now=now)
    replanner = Replanner(engine)
    assert [run.task_id for run in all_runs(engine)] == [other]
    waits: list[timedelta] = []
    at: datetime = now
    for _ in range(8):
        row = task_row(engine, task)
        assert row.plan_error
        assert row.next_due_at is None
        waits.append(row.plan_retry_at - at)
        at = row.plan_retry_at
        assert replanner.run_once(now=at - timedelta(seconds=1)) == ReplanResult()
        assert replanner.run_once(now=at) == ReplanResult()
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]
    fixed = '{"every": 60}'
    run_sql(engine, "UPDATE tasks SET schedule = CAST(:new AS jsonb) WHERE id = :id",
            new=fixed, id=task)  # fmt: skip
    at = task_row(engine, task).plan_retry_at
    assert replanner.run_once(now=at) == ReplanResult(1)
    row = task_row(engine, task)
    assert (row.plan_error, row.plan_retry_at, row.next_due_at) == (None, None, now)
    own.run_once(now=at)
    assert {run.task_id for run in all_runs(engine)} == {task, other}
    assert task_row(engine, task).plan_failures == 0


def test_a_calendar_that_is_given_a_good_zone_has_its_tasks_tried_at_once(engine: Engine) -> None:
    now, team = database_now(engine), new_team(engine)
    row = calendar(engine, team, timezone=LOST)
    due: dict[str, Any] = {"schedule": EVERY_MINUTE, "schedule_anchor": now, "next_due_at": now}
    task = new_task(engine, team_id=team, calendars=["Closed"], **due)
    own = Planner(engine, window=WINDOW)
    own.run_once(now=now)
    with Session(engine) as session, session.begin():
        stored = session.get_one(CalendarRow, row)
        change_calendar(session, stored, {"timezone": "Europe/Rome"}, now=now)
    assert Replanner(engine).run_once() == ReplanResult(1)
    assert task_row(engine, task).next_due_at == now


def test_a_plan_that_fails_as_a_whole_does_not_keep_planned_runs_from_leaving(
    engine: Engine, redis_url: str, namespace: str
) -> None:
    class Broken(Planner):
        def run_once(
            self, *, now: datetime | None = None, by_team: bool = False
        ) -> planner.PlanResult:
            raise TypeError("no")

    run = new_run(engine, new_task(engine))
    dispatcher = Dispatcher(engine, Broker(redis_url, namespace=namespace), window=WINDOW)
    due = SchedulingPass(Broken(engine, window=WINDOW), dispatcher, threading.Event())
    with pytest.raises(TypeError):
        due.run_once()
    assert run_row(engine, run).state == "queued"


def test_edges_that_cannot_be_read_keep_no_other_task_from_following(engine: Engine) -> None:
    team = new_team(engine)
    first = new_task(engine, team_id=team)
    edge = {"task": str(first), "on": "always"}
    bad = new_task(engine, team_id=team, after=[{"on": "always"}, "x", {"task": 5, "on": "x"}])
    good = new_task(engine, team_id=team, after=[edge, {"task": "no id", "on": "always"}])
    for task in (bad, good):
        run_sql(engine, "INSERT INTO upstream_ends (task_id, upstream_id, run_id)"
                " VALUES (:task, :first, gen_random_uuid())",
                task=task, first=first)  # fmt: skip
    assert Follower(engine).run_once().made == 1
    assert [run.task_id for run in all_runs(engine)] == [good]


def test_parameters_that_cannot_be_read_do_not_keep_a_task_from_being_planned(
    engine: Engine,
) -> None:
    now = database_now(engine)
    due: dict[str, Any] = {
        "schedule": EVERY_MINUTE,
        "schedule_anchor": now,
        "next_due_at": now,
    }
    for params in ({"day": "string"}, ["x", {"name": "day", "type": "moon", "default": "full"}]):
        new_task(engine, params=params, **due)
    assert Planner(engine, window=WINDOW).run_once(now=now) == PlanResult(tasks=2, runs=2)
