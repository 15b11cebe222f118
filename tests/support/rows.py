"""Rows for tests that begin in the middle: users, tasks, and runs brought to a state."""

import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.orm import Session

from punctual.domain.runs.states import Trigger
from punctual.domain.wording import run_reason
from punctual.store.accounts.users import create_user
from punctual.store.lifecycle.dispatch import Queued, dispatch
from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.schema.models import Task, Team, User
from tests.support.reasons import check_args

WINDOW = timedelta(seconds=35)


MANY_RUNS = text("""
INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for, due_at, max_attempts,
                  priority, overlap, spec)
SELECT gen_random_uuid(), t.id, t.team_id, 'scheduled', 'schedule', at, at, 1, 5, 'allow', '{}'
FROM tasks AS t, LATERAL (
    SELECT now() - interval '1 minute' + n * interval '1 ms' AS at
    FROM generate_series(1, :count) AS n
) AS due WHERE t.id = :task
""")


def database_now(engine: Engine) -> datetime:
    """The database's time."""
    with engine.connect() as connection:
        now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now


def new_user(engine: Engine) -> uuid.UUID:
    """A user who owns tasks."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    with Session(engine) as session, session.begin():
        user = create_user(session, username=name, email=f"{name}@example.com", password_hash="-")
        assert isinstance(user, User)
        return user.id


def new_team(engine: Engine) -> uuid.UUID:
    """A team without members."""
    name = f"team-{uuid.uuid4().hex[:12]}"
    with Session(engine) as session, session.begin():
        team = Team(slug=name, name=name)
        session.add(team)
        session.flush()
        return team.id


def new_task(engine: Engine, *, team_id: uuid.UUID | None = None, **values: Any) -> uuid.UUID:
    """A task, by hand unless `schedule` and `next_due_at` are given; other columns by name."""
    columns: dict[str, Any] = {
        "name": "a task",
        "command": "true",
        "schedule": None,
        "schedule_anchor": database_now(engine),
        "next_due_at": None,
        "max_retries": 0,
        "retry_delay": 10,
        "retry_delay_max": 3600,
        "timeout": 60,
        "env": {},
        "tags": [],
        "meta": {},
        "overlap": "skip",
        "catch_up": "latest",
        "priority": 5,
    }
    with Session(engine) as session, session.begin():
        task = Task(team_id=team_id or new_team(engine), **{**columns, **values})
        session.add(task)
        session.flush()
        return task.id


def new_run(
    engine: Engine,
    task_id: uuid.UUID,
    *,
    due_in: float = 0,
    trigger: Trigger = Trigger.SCHEDULE,
) -> uuid.UUID:
    """A scheduled run of a task, due in `due_in` seconds by the database's clock."""
    due_at = database_now(engine) + timedelta(seconds=due_in)
    with engine.begin() as connection:
        return insert_runs(connection, [NewRun(task_id, due_at, due_at, trigger)])[0]


def many_runs(engine: Engine, task: uuid.UUID, count: int) -> None:
    """`count` scheduled runs of a task at once, each due a millisecond after the other."""
    with engine.begin() as connection:
        connection.execute(MANY_RUNS, {"task": task, "count": count})


def dispatch_all(engine: Engine) -> list[Queued]:
    """Queue everything that is due within the window."""
    with engine.begin() as connection:
        return dispatch(connection, window=WINDOW, batch_size=10_000)


def run_row(source: Engine | Connection, run_id: uuid.UUID) -> Any:
    """A run as it stands now, every column by name, its reason as the API answers it."""
    statement = text("SELECT * FROM runs WHERE id = :id")
    if isinstance(source, Connection):
        return with_reason(source.execute(statement, {"id": run_id}).one())
    with source.connect() as connection:
        return with_reason(connection.execute(statement, {"id": run_id}).one())


def attempts_of(engine: Engine, run_id: uuid.UUID) -> list[Any]:
    """The ended attempts of a run, in order, likewise."""
    statement = text("SELECT * FROM attempts WHERE run_id = :id ORDER BY attempt")
    with engine.connect() as connection:
        return [with_reason(row) for row in connection.execute(statement, {"id": run_id})]


def with_reason(row: Row[Any]) -> Any:
    """A row of runs or attempts with its reason as a sentence."""
    return SimpleNamespace(**{**row._mapping, "reason": reason_of(row)})


def reason_of(row: Row[Any]) -> str | None:
    """The reason that a row of runs or attempts has, as a sentence, its arguments checked."""
    if row.reason_args is not None:
        check_args(row.reason_code, row.reason_args)
    return run_reason(row.state, row.reason_code, row.reason_args, row.reason)
