"""Which tasks use a secret is known without a look at all of them, and stays true."""

import uuid

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from punctual.store.secrets.changes import MOST_NAMED, users_of
from tests.support.plans import most_rows_of_each
from tests.support.rows import new_task, new_team

PG = {"A": {"secret": "pg"}}


@pytest.fixture
def team(engine: Engine) -> uuid.UUID:
    return new_team(engine)


def save(engine: Engine, team: uuid.UUID, name: str = "pg") -> uuid.UUID:
    statement = text(
        "INSERT INTO secrets (id, team_id, name, sealed, key)"
        " VALUES (gen_random_uuid(), :team, :name, 'x', 'k') RETURNING id"
    )
    with engine.begin() as connection:
        found = connection.execute(statement, {"team": team, "name": name}).scalar_one()
        assert isinstance(found, uuid.UUID)
        return found


def users(engine: Engine, secret: uuid.UUID) -> list[uuid.UUID]:
    with Session(engine) as session:
        return [task.id for task in users_of(session, [secret])[secret]]


def run_sql(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def test_the_list_follows_every_change_of_a_task(engine: Engine, team: uuid.UUID) -> None:
    secret, other = save(engine, team), new_team(engine)
    task = new_task(engine, team_id=team, env=PG, secrets=["pg", "gone"])
    assert users(engine, secret) == [task]
    run_sql(engine, "UPDATE tasks SET secrets = NULL WHERE id = :id", id=task)
    assert users(engine, secret) == []
    run_sql(engine, "UPDATE tasks SET secrets = '{pg}' WHERE id = :id", id=task)
    assert users(engine, secret) == [task]
    run_sql(engine, "UPDATE tasks SET team_id = :team WHERE id = :id", id=task, team=other)
    assert users(engine, secret) == []
    assert users(engine, save(engine, other)) == [task]
    run_sql(engine, "UPDATE tasks SET deleted_at = now() WHERE id = :id", id=task)
    run_sql(engine, "UPDATE tasks SET team_id = :team WHERE id = :id", id=task, team=team)
    assert users(engine, secret) == []
    run_sql(engine, "UPDATE tasks SET deleted_at = NULL WHERE id = :id", id=task)
    assert users(engine, secret) == [task]
    run_sql(engine, "DELETE FROM tasks WHERE id = :id", id=task)
    assert users(engine, secret) == []


def test_a_task_without_secrets_writes_nothing(engine: Engine, team: uuid.UUID) -> None:
    new_task(engine, team_id=team)
    new_task(engine, team_id=team, env={"A": {"secret_file": "x"}}, secrets=[])
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM task_secrets")).scalar_one() == 0


def test_a_list_looks_at_few_rows_however_many_tasks_use_a_secret(
    engine: Engine, team: uuid.UUID
) -> None:
    secrets = [save(engine, team, name) for name in ("pg", "api")]
    model = new_task(engine, team_id=team)
    columns = "team_id, name, command, schedule_anchor, max_retries, retry_delay, retry_delay_max"
    columns += ", timeout, env, tags, metadata, overlap, catch_up, priority"
    run_sql(
        engine,
        f"INSERT INTO tasks (id, secrets, {columns})"
        f" SELECT gen_random_uuid(), '{{pg,api}}', {columns} FROM tasks, generate_series(1, 5000)"
        " WHERE tasks.id = :id",
        id=model,
    )
    run_sql(engine, "ANALYZE")

    def listed(connection: Connection) -> object:
        with Session(connection) as session:
            return users_of(session, secrets)

    [looked_at] = most_rows_of_each(engine, listed)
    assert looked_at <= 4 * (MOST_NAMED + 1)
