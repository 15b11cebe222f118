"""Teams take turns in planning, and no team's work keeps another's from being planned."""

import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from punctual.domain.calendars import blocks
from punctual.messaging.broker import Broker
from punctual.store.lifecycle.planning.share import PlanShare
from punctual.store.schema.models import CalendarRow
from punctual_coordinator.duties.dispatcher import Dispatcher
from punctual_coordinator.duties.planner import Planner
from punctual_coordinator.duties.scheduling_pass import SchedulingPass
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, task_row
from tests.support.rows import database_now, new_task, new_team


def every_second(engine: Engine, team: uuid.UUID, now: datetime, **values: Any) -> uuid.UUID:
    """A task with 36 due times in the window."""
    return new_task(
        engine,
        team_id=team,
        schedule={"every": 1},
        schedule_anchor=now - timedelta(seconds=1),
        next_due_at=now,
        **values,
    )


def once(engine: Engine, at: datetime) -> uuid.UUID:
    """Another team's task, due once."""
    return new_task(engine, schedule={"at": at.isoformat()}, next_due_at=at)


def tasks_of_runs(engine: Engine) -> set[uuid.UUID]:
    return {run.task_id for run in all_runs(engine)}


def test_in_a_batch_the_tasks_of_other_teams_come_before_a_teams_second_one(
    engine: Engine,
) -> None:
    now, heavy = database_now(engine), new_team(engine)
    many = [every_second(engine, heavy, now) for _ in range(5)]
    other = once(engine, now + timedelta(seconds=30))
    planner = Planner(engine, window=WINDOW)
    planner.begin_pass(PlanShare(a_batch=40))
    report = planner.run_once(now=now)
    assert (report.tasks, report.more) == (3, True)
    assert other in tasks_of_runs(engine)
    assert len(tasks_of_runs(engine) & set(many)) == 2


def test_a_team_that_has_had_its_share_is_left_to_the_next_pass(engine: Engine) -> None:
    now, heavy = database_now(engine), new_team(engine)
    many = [every_second(engine, heavy, now) for _ in range(5)]
    planner = Planner(engine, window=WINDOW, batch=4)
    planner.begin_pass(PlanShare(a_pass=70))
    assert planner.run_once(now=now).tasks == 2
    assert planner.put_off == [heavy]
    other = once(engine, now + timedelta(seconds=30))
    for by_team in (False, True):
        assert planner.run_once(now=now, by_team=by_team).tasks == (0 if by_team else 1)
    assert len(tasks_of_runs(engine) & set(many)) == 2
    assert other in tasks_of_runs(engine)
    for _ in range(2):
        planner.begin_pass(PlanShare(a_pass=70))
        planner.run_once(now=now)
    assert tasks_of_runs(engine) == {*many, other}


def test_a_pass_goes_on_over_batches_until_everybody_has_had_a_share(
    engine: Engine, redis_url: str, namespace: str
) -> None:
    now, heavy = database_now(engine), new_team(engine)
    for _ in range(30):
        every_second(engine, heavy, now)
    others = [once(engine, now + timedelta(seconds=30)) for _ in range(3)]
    dispatcher = Dispatcher(engine, Broker(redis_url, namespace=namespace), window=WINDOW)
    due = SchedulingPass(Planner(engine, window=WINDOW, batch=10), dispatcher, threading.Event())
    due.run_once(now=now)
    assert set(others) <= tasks_of_runs(engine)
    assert len(tasks_of_runs(engine)) == 33


def test_calendars_are_read_and_merged_once_for_all_tasks_that_name_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, team, count = database_now(engine), new_team(engine), 20
    windows = [
        {"weekday": day, "start": f"{hour:02}:00", "end": f"{hour:02}:01"}
        for day in ("mon", "tue", "wed", "thu")
        for hour in range(24)
    ]
    today = {"from": now.isoformat(), "to": (now + timedelta(days=1)).isoformat()}
    names = [f"c{number}" for number in range(count)]
    with Session(engine) as session, session.begin():
        for name in names:
            own_windows = [*windows, today] if name == names[-1] else windows
            session.add(CalendarRow(team_id=team, name=name, timezone="UTC", days=[],
                                    windows=own_windows))  # fmt: skip
    tasks = [every_second(engine, team, now, calendars=names) for _ in range(10)]
    built: list[str] = []
    real = blocks.Blocks.__init__

    def counted(self: blocks.Blocks, timezone: str, *parts: Any) -> None:
        built.append(timezone)
        real(self, timezone, *parts)

    monkeypatch.setattr(blocks.Blocks, "__init__", counted)
    planner = Planner(engine, window=WINDOW, batch=3)
    for number in range(4):
        planner.run_once(now=now, by_team=number % 2 == 1)
    planner.begin_pass()
    planner.run_once(now=now + timedelta(seconds=60))
    assert all(task_row(engine, task).next_due_at > now for task in tasks)
    assert all_runs(engine) == []
    assert len(built) == count
