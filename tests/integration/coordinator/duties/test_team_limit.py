"""A team at its limit of unfinished runs: its due times wait, and none gets lost."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from punctual.ops import telemetry
from punctual.store.ledger.why import why
from punctual.store.processes.health_summary import unplanned
from punctual.store.schema.models import Task
from punctual_coordinator.duties.planner import Planner
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, task_row
from tests.support.rows import database_now, new_task, new_team, with_reason
from tests.support.steps import change_run

MINUTE = timedelta(minutes=1)


def refusals() -> float:
    value: float = telemetry.LIMIT_REFUSALS.labels("unfinished_runs")._value.get()
    return value


def full_team(engine: Engine, now: datetime, *, runs: int) -> tuple[uuid.UUID, uuid.UUID]:
    """A team with that many unfinished runs, by a task that is due no more; and the task."""
    team = new_team(engine)
    for n in range(runs):
        at = now + timedelta(seconds=n)
        new_task(engine, team_id=team, schedule={"at": at.isoformat()}, next_due_at=at)
    assert Planner(engine, window=WINDOW).run_once(now=now).runs == runs
    return team, all_runs(engine)[0].task_id


def every_minute(engine: Engine, team: uuid.UUID, now: datetime, **values: Any) -> uuid.UUID:
    due = {"schedule": {"every": 60}, "schedule_anchor": now, "next_due_at": now + MINUTE}
    return new_task(engine, team_id=team, **due, **values)


def end_one(engine: Engine) -> None:
    run = next(run for run in all_runs(engine) if run.state == "scheduled")
    change_run(engine, run.id, state="cancelled", finished_at=database_now(engine))


def runs_of(engine: Engine, task: uuid.UUID) -> list[Any]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM runs WHERE task_id = :task ORDER BY due_at"), {"task": task}
        )
        return [with_reason(row) for row in rows]


def test_one_run_below_the_limit_a_team_is_planned_and_at_it_only_the_others(
    engine: Engine,
) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    first, other = every_minute(engine, team, now), every_minute(engine, new_team(engine), now)
    planner = Planner(engine, window=WINDOW, max_unfinished=3)
    planner.note_full_teams(now=now)
    planner.run_once(now=now + MINUTE)
    assert len(runs_of(engine, first)) == 1  # the third of the team
    before = refusals()
    with capture_logs() as lines:
        for _ in range(2):
            planner.note_full_teams(now=now + MINUTE)
    assert [line["event"] for line in lines] == ["team planning stopped"]
    assert refusals() == before + 1
    planner.begin_pass()
    planner.run_once(now=now + 2 * MINUTE)
    assert len(runs_of(engine, first)) == 1
    assert task_row(engine, first).next_due_at == now + 2 * MINUTE  # it waits
    assert len(runs_of(engine, other)) == 2


def test_when_a_run_has_ended_what_waited_is_planned(engine: Engine) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    task = every_minute(engine, team, now)
    planner = Planner(engine, window=WINDOW, max_unfinished=2)
    planner.note_full_teams(now=now)
    assert planner.run_once(now=now + MINUTE).runs == 0
    end_one(engine)
    planner.note_full_teams(now=now + MINUTE)
    planner.begin_pass()
    planner.run_once(now=now + MINUTE)
    [run] = runs_of(engine, task)
    assert (run.state, run.scheduled_for) == ("scheduled", now + MINUTE)


def test_due_times_that_waited_too_long_are_missed_by_catch_up_with_the_limit_as_the_reason(
    engine: Engine,
) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    latest = every_minute(engine, team, now)
    all_of_them = every_minute(engine, team, now, catch_up="all")
    planner = Planner(engine, window=WINDOW, max_unfinished=2)
    planner.note_full_teams(now=now)
    planner.note_full_teams(now=now + 4 * MINUTE)
    end_one(engine)
    later = now + 4 * MINUTE + timedelta(seconds=20)
    planner.note_full_teams(now=later)
    planner.begin_pass()
    planner.run_once(now=later)
    assert [run.state for run in runs_of(engine, all_of_them)] == ["scheduled"] * 4
    states = [(run.state, run.reason_code) for run in runs_of(engine, latest)]
    assert states == [("missed", "team_limit")] * 3 + [("scheduled", None)]
    missed = runs_of(engine, latest)[0]
    assert missed.reason.startswith("missed: its team was at its limit of unfinished runs from ")
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT reason_code FROM ledger WHERE task_id = :task"), {"task": latest}
        ).scalars()
        assert list(rows) == ["team_limit"] * 3


def test_without_a_limit_nothing_is_counted(engine: Engine) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    task = every_minute(engine, team, now)
    planner = Planner(engine, window=WINDOW)
    planner.note_full_teams(now=now)
    planner.run_once(now=now + MINUTE)
    assert len(runs_of(engine, task)) == 1


def test_a_coordinator_that_starts_anew_goes_on_with_the_waits_of_the_one_before(
    engine: Engine,
) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    task = every_minute(engine, team, now)
    before = Planner(engine, window=WINDOW, max_unfinished=2)
    before.note_full_teams(now=now)
    before.note_full_teams(now=now + 4 * MINUTE)
    end_one(engine)
    later = now + 4 * MINUTE + timedelta(seconds=20)
    planner = Planner(engine, window=WINDOW, max_unfinished=2)
    planner.note_full_teams(now=later)
    planner.begin_pass()
    planner.run_once(now=later)
    assert [run.reason_code for run in runs_of(engine, task)] == [*["team_limit"] * 3, None]


def test_a_team_that_waits_is_no_lag_of_planning_and_another_one_still_is(engine: Engine) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    past = now - 10 * MINUTE
    new_task(engine, team_id=team, schedule={"every": 60}, next_due_at=past)
    planner = Planner(engine, window=WINDOW, max_unfinished=2)
    with engine.connect() as connection:
        assert unplanned(connection) >= 600
    planner.note_full_teams()
    with engine.connect() as connection:
        assert unplanned(connection) < 60
    new_task(engine, schedule={"every": 60}, next_due_at=now - 2 * MINUTE)
    with engine.connect() as connection:
        assert 120 <= unplanned(connection) < 600
    with engine.begin() as connection:  # no coordinator has looked for a while
        connection.execute(text("UPDATE team_waits SET until = until - interval '5 minutes'"))
    with engine.connect() as connection:
        assert 300 <= unplanned(connection) < 600


def test_while_its_team_is_full_why_names_the_limit(engine: Engine) -> None:
    now = database_now(engine)
    team, _ = full_team(engine, now, runs=2)
    task_id = every_minute(engine, team, now - 3 * MINUTE)
    planner = Planner(engine, window=WINDOW, max_unfinished=2)
    planner.note_full_teams(now=now)
    with Session(engine) as session:
        task = session.get_one(Task, task_id)
        found = why(session, task, at=now, keep=timedelta(days=1), now=now)
        assert found.verdict == "waiting"
        assert "at its limit of 2 unfinished runs since 20" in found.sentence
        later = now + 5 * MINUTE
        found = why(session, task, at=now, keep=timedelta(days=1), now=later)
        assert found.sentence.endswith("It is waiting for a coordinator to plan it.")
