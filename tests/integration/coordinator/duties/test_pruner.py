"""The pruner: old history goes, in steps; nothing else does."""

import threading
import uuid
from datetime import timedelta

from sqlalchemy import Engine, text

from punctual.store.processes.coordinators import register
from punctual.store.schema.models.model import new_id
from punctual_coordinator.duties.pruner import Pruner
from tests.integration.coordinator.settings_of_duties import all_runs
from tests.support.rows import attempts_of, database_now, new_run, new_task, new_user
from tests.support.steps import change_run, finish_run, new_worker, start_run

KEEP = timedelta(days=30)


def pruner(engine: Engine, *, step: int = 500, stopped: bool = False) -> Pruner:
    """A pruner that keeps 30 days."""
    stop = threading.Event()
    if stopped:
        stop.set()
    return Pruner(engine, stop, keep=KEEP, keep_audit=KEEP, step=step)


def execute(engine: Engine, statement: str, **values: object) -> None:
    """Run one statement."""
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def ended_run(engine: Engine, task_id: uuid.UUID) -> uuid.UUID:
    """A run that succeeded just now, with some output."""
    worker, run = new_worker(engine), new_run(engine, task_id)
    started = start_run(engine, run, worker)
    finish_run(engine, started, worker, "succeeded", output=b"hello", segments=(5,))
    return run


def age_run(engine: Engine, run_id: uuid.UUID, *, days: int, ended: int | None = None) -> uuid.UUID:
    """Have a run be `days` days old, and have it `ended` later than that; answers its new id.

    A run's id says when it was made, and final runs cannot be changed: so it is copied.
    """
    with engine.begin() as connection:
        milliseconds = connection.execute(
            text("SELECT (extract(epoch FROM now() - :age) * 1000)::bigint"),
            {"age": timedelta(days=days)},
        ).scalar_one()
        old = uuid.UUID(int=(int(milliseconds) << 80) | (new_id().int & ((1 << 80) - 1)))
        connection.execute(text("ALTER TABLE runs DISABLE TRIGGER runs_guard"))
        params = {"id": run_id, "old": old, "age": timedelta(days=days)}
        params["since"] = timedelta(days=days if ended is None else ended)
        connection.execute(
            text("""
            CREATE TEMP TABLE aged ON COMMIT DROP AS SELECT * FROM runs WHERE id = :id;
            UPDATE aged SET id = :old, scheduled_for = scheduled_for - :age,
                            finished_at = finished_at - :since;
            INSERT INTO runs SELECT * FROM aged;
            UPDATE attempts SET run_id = :old WHERE run_id = :id;
            UPDATE outputs SET run_id = :old WHERE run_id = :id;
            DELETE FROM runs WHERE id = :id"""),
            params,
        )
        connection.execute(text("ALTER TABLE runs ENABLE TRIGGER runs_guard"))
    return old


def test_a_run_that_ended_before_the_retention_goes_with_all_that_hangs_on_it(
    engine: Engine,
) -> None:
    task = new_task(engine)
    old = age_run(engine, ended_run(engine, task), days=31)
    assert len(attempts_of(engine, old)) == 1
    assert pruner(engine).run_once().runs == 1
    assert all_runs(engine) == []
    assert attempts_of(engine, old) == []
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM outputs")).scalar_one() == 0


def test_a_younger_run_and_one_that_has_not_ended_stay(engine: Engine) -> None:
    task = new_task(engine, overlap="allow")
    young = age_run(engine, ended_run(engine, task), days=29)
    waiting = age_run(engine, new_run(engine, task), days=400)
    between_attempts = new_run(engine, task)
    change_run(engine, between_attempts, finished_at=database_now(engine))
    between_attempts = age_run(engine, between_attempts, days=400)
    assert not any(pruner(engine).run_once().counts.values())
    assert {run.id for run in all_runs(engine)} == {young, waiting, between_attempts}


def test_a_run_that_was_made_long_ago_and_ended_lately_stays(engine: Engine) -> None:
    run = age_run(engine, ended_run(engine, new_task(engine)), days=400, ended=29)
    assert pruner(engine).run_once().runs == 0
    assert [each.id for each in all_runs(engine)] == [run]


def test_it_goes_step_by_step_until_nothing_is_left(engine: Engine) -> None:
    task = new_task(engine)
    for _ in range(3):
        age_run(engine, ended_run(engine, task), days=31)
    assert pruner(engine, step=2).run_once().runs == 3


def test_a_stop_ends_it_after_the_current_step(engine: Engine) -> None:
    task = new_task(engine)
    for _ in range(3):
        age_run(engine, ended_run(engine, task), days=31)
    assert pruner(engine, step=2, stopped=True).run_once().runs == 2
    assert len(all_runs(engine)) == 1


def test_a_deleted_task_goes_once_its_history_has_gone(engine: Engine) -> None:
    deleted, with_history, recent = new_task(engine), new_task(engine), new_task(engine)
    age_run(engine, ended_run(engine, with_history), days=1)
    execute(
        engine,
        "UPDATE tasks SET deleted_at = now() - interval '31 days' WHERE id <> :recent",
        recent=recent,
    )
    assert pruner(engine).run_once().tasks == 1
    with engine.connect() as connection:
        left = set(connection.execute(text("SELECT id FROM tasks")).scalars())
    assert left == {with_history, recent}
    assert deleted not in left


def test_stale_keys_and_tokens_go_and_fresh_ones_stay(engine: Engine) -> None:
    user = new_user(engine)
    for key, age in (("old", 25), ("new", 23)):
        execute(
            engine,
            "INSERT INTO idempotency_keys (principal_id, key, fingerprint, task_ids, created_at)"
            " VALUES (:user, :key, '', '{}', now() - :age)",
            user=user,
            key=key,
            age=timedelta(hours=age),
        )
        execute(
            engine,
            "INSERT INTO api_tokens (id, user_id, token_hash, expires_at)"
            " VALUES (:id, :user, :hash, now() + :left)",
            id=new_id(),
            user=user,
            hash=key.encode(),
            left=timedelta(hours=24 - age),
        )
    report = pruner(engine).run_once()
    assert (report.idempotency_keys, report.tokens) == (1, 1)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT key FROM idempotency_keys")).scalar_one() == "new"
        hashed = connection.execute(text("SELECT token_hash FROM api_tokens")).scalar_one()
        assert bytes(hashed) == b"new"


def test_expired_access_tokens_stay_listed_for_as_long_as_history_is_stored(
    engine: Engine,
) -> None:
    user = new_user(engine)
    for name, age in (("old", timedelta(days=31)), ("lately", timedelta(days=29)), ("never", None)):
        execute(
            engine,
            "INSERT INTO access_tokens (id, user_id, created_by, name, token_hash, expires_at)"
            " VALUES (:id, :user, :user, :name, :hash, now() - CAST(:age AS interval))",
            id=new_id(),
            user=user,
            name=name,
            hash=name.encode(),
            age=age,
        )
    assert pruner(engine).run_once().access_tokens == 1
    with engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM access_tokens ORDER BY name")).scalars()
        assert left.all() == ["lately", "never"]


def test_invitations_stay_listed_for_as_long_as_history_is_stored(engine: Engine) -> None:
    user = new_user(engine)
    for code, days in (("old", 31), ("lately", 29)):
        execute(
            engine,
            "INSERT INTO invites (id, code_hash, registers, created_by, expires_at)"
            " VALUES (:id, :hash, true, :user, now() - :age)",
            id=new_id(),
            user=user,
            hash=code.encode(),
            age=timedelta(days=days),
        )
    assert pruner(engine).run_once().invites == 1
    with engine.connect() as connection:
        left = connection.execute(text("SELECT code_hash FROM invites")).scalar_one()
        assert bytes(left) == b"lately"


def test_processes_silent_for_a_week_are_forgotten(engine: Engine) -> None:
    new_worker(engine)
    gone, lately = new_worker(engine, state="gone"), new_worker(engine, state="gone")
    for worker, days in ((gone, 8), (lately, 6)):
        ago = timedelta(days=days)
        execute(engine, "UPDATE workers SET gone_at = now() - :a WHERE id = :i", a=ago, i=worker)
    with engine.begin() as connection:
        silent = register(connection, name="c-1", host="h", pid=1)
        register(connection, name="c-2", host="h", pid=2)
    execute(
        engine,
        "UPDATE coordinators SET heartbeat_at = now() - interval '8 days' WHERE id = :id",
        id=silent,
    )
    report = pruner(engine).run_once()
    assert (report.workers, report.coordinators) == (1, 1)


def test_links_of_messages_go_when_they_expire(engine: Engine) -> None:
    task = new_task(engine)
    for code, age in (("old", timedelta(seconds=-1)), ("new", timedelta(days=1))):
        execute(
            engine,
            "INSERT INTO alert_links (id, code_hash, team_id, task_id, expires_at)"
            " SELECT gen_random_uuid(), :code, team_id, id, now() + :age FROM tasks WHERE id = :id",
            code=code.encode(),
            age=age,
            id=task,
        )
    assert pruner(engine).run_once().alert_links == 1
    with engine.begin() as connection:
        left = connection.execute(text("SELECT code_hash FROM alert_links")).scalar_one()
    assert bytes(left) == b"new"
