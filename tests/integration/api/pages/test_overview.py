"""The numbers and lists of a dashboard."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.store.tasks.overview import Counts, counts, known_tags, next_due_tasks, strips
from tests.support.rows import database_now, new_run, new_task, new_team

EVERY_5 = {"every": 5}


@pytest.fixture
def ann(engine: Engine) -> uuid.UUID:
    return new_team(engine)


def cancelled(engine: Engine, run_id: uuid.UUID) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET state = 'cancelled', finished_at = now() WHERE id = :id"),
            {"id": run_id},
        )


def test_a_task_with_many_due_runs_hides_no_other_from_what_is_due_next(
    engine: Engine, ann: uuid.UUID
) -> None:
    later = database_now(engine) + timedelta(seconds=60)
    busy = new_task(engine, team_id=ann, name="busy", schedule=EVERY_5, next_due_at=later)
    calm = new_task(engine, team_id=ann, name="calm", schedule=EVERY_5, next_due_at=later)
    for seconds in (1, 2, 3, 4):
        new_run(engine, busy, due_in=seconds)
    new_run(engine, calm, due_in=5)
    with engine.connect() as connection:
        due = next_due_tasks(connection, team_ids=[ann], size=3)
    assert [(task_id, name) for task_id, name, _ in due] == [(busy, "busy"), (calm, "calm")]
    assert all(due_at < later for _, _, due_at in due)


def test_counts_are_those_of_one_team(engine: Engine, ann: uuid.UUID) -> None:
    soon = database_now(engine) + timedelta(seconds=60)
    task = new_task(engine, team_id=ann, schedule=EVERY_5, next_due_at=soon)
    new_task(engine, team_id=ann)
    new_task(engine, team_id=ann, schedule=EVERY_5, next_due_at=soon, enabled=False)
    new_task(engine, schedule=EVERY_5, next_due_at=soon)
    with engine.begin() as connection:
        for minutes, state, late in (
            (9, "missed", None),
            (8, "skipped", None),
            (1500, "missed", 1),
        ):
            connection.execute(
                text(
                    "INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for,"
                    " due_at, max_attempts, priority, overlap, spec, lateness_ms)"
                    " VALUES (gen_random_uuid(), :task, :team, :state, 'schedule',"
                    " now() - :ago, now(), 1, 5, 'skip', '{}', :late)"
                ),
                {
                    "task": task,
                    "team": ann,
                    "state": state,
                    "ago": timedelta(minutes=minutes),
                    "late": late,
                },
            )
    with engine.connect() as connection:
        found = counts(connection, team_ids=[ann])
    assert found == Counts(scheduled=1, running=0, failed=1)


def test_a_task_whose_only_run_waits_counts_as_scheduled(engine: Engine, ann: uuid.UUID) -> None:
    new_run(engine, new_task(engine, team_id=ann), due_in=20)
    with engine.connect() as connection:
        assert counts(connection, team_ids=[ann]).scheduled == 1


def test_a_strip_holds_the_last_runs_that_came_due_oldest_first(
    engine: Engine, ann: uuid.UUID
) -> None:
    task, other = new_task(engine, team_id=ann), new_task(engine, team_id=ann)
    past = [new_run(engine, task, due_in=-seconds) for seconds in (40, 30, 20, 10)]
    new_run(engine, task, due_in=60)
    withdrawn = new_run(engine, task, due_in=70)
    cancelled(engine, withdrawn)
    with engine.connect() as connection:
        found = strips(connection, task_ids=[task, other], size=3)
    assert [run["id"] for run in found[task]] == [*past[2:], withdrawn]
    assert found[other] == []


def test_tags_are_listed_once_and_in_order(engine: Engine, ann: uuid.UUID) -> None:
    for tags in (["Web", "alpha"], ["web", "alpha"]):
        new_task(engine, team_id=ann, tags=tags)
    new_task(engine, tags=["of another user"])
    with engine.connect() as connection:
        found = known_tags(connection, team_ids=[ann])
    assert sorted(found) == ["Web", "alpha", "web"]
    assert found[0] == "alpha"


def test_a_blocked_due_time_is_not_due_next(engine: Engine, ann: uuid.UUID) -> None:
    later = database_now(engine) + timedelta(seconds=60)
    span = {"from": later.isoformat(), "to": (later + timedelta(seconds=1)).isoformat()}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO calendars (id, team_id, name, timezone, days, windows) VALUES"
                " (gen_random_uuid(), :team, 'Night', 'UTC', '[]', CAST(:windows AS jsonb))"
            ),
            {"team": ann, "windows": json.dumps([span])},
        )
    due: dict[str, Any] = {"team_id": ann, "schedule": EVERY_5, "next_due_at": later}
    for _ in range(3):
        new_task(engine, name="held", calendars=["Night"], **due)
    free = new_task(engine, name="free", **due)
    with engine.connect() as connection:
        shown = next_due_tasks(connection, team_ids=[ann], size=3)
    assert [task_id for task_id, _, _ in shown] == [free]
