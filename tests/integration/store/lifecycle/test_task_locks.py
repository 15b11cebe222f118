"""A lock on a task keeps others from changing it, and not from inserting rows that refer to it.

PostgreSQL takes FOR KEY SHARE on the task for each of these rows, and for each row that one
transaction changes twice. If that waited for an edit, which waits for runs, both would deadlock.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.lifecycle.planning.max_runs import LOCK as MAX_RUNS_LOCK
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.tasks.changes import find_task
from tests.support.rows import WINDOW, new_task, new_team

Locker = Callable[[Connection, uuid.UUID, uuid.UUID], object]

LOCKERS: dict[str, Locker] = {
    "edit": lambda c, team, task: find_task(Session(c), task, team_id=team, lock=True),
    "plan": lambda c, _, __: plan(c, window=WINDOW, batch_size=5),
    "max_runs": lambda c, _, task: c.execute(MAX_RUNS_LOCK, {"tasks": [task]}).all(),
}


@pytest.mark.parametrize("name", LOCKERS)
def test_a_run_is_inserted_while_its_task_is_locked(engine: Engine, name: str) -> None:
    team, now = new_team(engine), datetime.now(UTC)
    due = {"schedule": {"every": 60}, "schedule_anchor": now, "next_due_at": now}
    task = new_task(engine, team_id=team, **due)
    with engine.begin() as locking, engine.begin() as other:
        LOCKERS[name](locking, team, task)
        other.execute(text("SET LOCAL lock_timeout = '3s'"))
        assert not other.execute(
            text("SELECT id FROM tasks WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED"), {"id": task}
        ).all()
        assert insert_runs(other, [NewRun(task, now.replace(year=2020), due_at=now)])
