"""Troubles of the installation are recorded once when they begin, and once when they end."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text

from punctual.store.alerts.watch import WatchLimits, look
from tests.integration.api.conftest import run_sql
from tests.support.rows import dispatch_all, new_run, new_task
from tests.support.steps import new_worker

LIMITS = WatchLimits(lease=timedelta(seconds=30), stopped_after=timedelta(seconds=90))
DUE = timedelta(minutes=-2)


def seen(engine: Engine, limits: WatchLimits = LIMITS) -> list[tuple[str, Mapping[str, Any]]]:
    """What a look has recorded."""
    with engine.begin() as connection:
        found = look(connection, limits)
        rows = connection.execute(
            text(
                "SELECT kind, details FROM alert_events WHERE at = now()"
                " AND team_id IS NULL ORDER BY id"
            )
        ).all()
    assert [(one.kind.value, dict(one.details)) for one in found] == [tuple(row) for row in rows]
    return [(row.kind, row.details) for row in rows]


def wait_in_queue(engine: Engine, queue: str) -> None:
    """A run of this queue that has been due for two minutes."""
    new_run(engine, new_task(engine, queue=queue))
    dispatch_all(engine)
    run_sql(engine, "ALTER TABLE runs DISABLE TRIGGER USER")
    run_sql(engine, "UPDATE runs SET due_at = now() - interval '2 minutes' WHERE state = 'queued'")
    run_sql(engine, "ALTER TABLE runs ENABLE TRIGGER USER")


def test_a_queue_that_no_worker_serves_is_noticed_once_and_over_once(engine: Engine) -> None:
    new_worker(engine)
    wait_in_queue(engine, "gpu")
    [(kind, details)] = seen(engine)
    assert (kind, details["queue"], "over" in details) == ("unserved_queue", "gpu", False)
    assert seen(engine) == []
    worker = new_worker(engine)
    run_sql(engine, "UPDATE workers SET queues = '{gpu}' WHERE id = :id", id=worker)
    [(kind, ended)] = seen(engine)
    assert (kind, ended["queue"], ended["over"]) == ("unserved_queue", "gpu", True)
    assert ended["since"] == details["since"]
    assert seen(engine) == []


def test_a_worker_whose_heartbeat_is_old_serves_no_queue(engine: Engine) -> None:
    worker = new_worker(engine)
    wait_in_queue(engine, "default")
    assert seen(engine) == []
    old = "UPDATE workers SET heartbeat_at = now() - interval '31 seconds' WHERE id = :id"
    run_sql(engine, old, id=worker)
    assert [kind for kind, _ in seen(engine)] == ["unserved_queue"]


def test_each_queue_is_a_trouble_of_its_own(engine: Engine) -> None:
    wait_in_queue(engine, "a")
    wait_in_queue(engine, "b")
    assert [details["queue"] for _, details in seen(engine)] == ["a", "b"]
    run_sql(engine, "DELETE FROM runs WHERE queue = 'a'")
    assert [(one["queue"], one.get("over")) for _, one in seen(engine)] == [("a", True)]


def test_a_run_that_is_due_just_now_is_no_trouble(engine: Engine) -> None:
    new_run(engine, new_task(engine, queue="gpu"))
    dispatch_all(engine)
    assert seen(engine) == []


def test_coordinators_that_stand_still_are_noticed_and_over(engine: Engine) -> None:
    assert seen(engine) == []  # none has ever planned anything
    run_sql(engine, "INSERT INTO last_pass (at) VALUES (now() - interval '89 seconds')")
    assert seen(engine) == []
    run_sql(engine, "UPDATE last_pass SET at = now() - interval '91 seconds'")
    assert [kind for kind, _ in seen(engine)] == ["coordinators_stopped"]
    assert seen(engine) == []
    run_sql(engine, "UPDATE last_pass SET at = now()")
    assert [(kind, one["over"]) for kind, one in seen(engine)] == [("coordinators_stopped", True)]


def test_a_database_that_is_nearly_full_is_noticed_and_over(engine: Engine) -> None:
    with engine.connect() as connection:
        used = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    assert seen(engine, LIMITS._replace(database_max_bytes=2 * used)) == []
    [(kind, details)] = seen(engine, LIMITS._replace(database_max_bytes=used))
    assert (kind, details["figures"]["max_bytes"]) == ("database_full", used)
    assert details["figures"]["used_bytes"] >= used
    # In between it stays what it was, so that it does not come and go.
    assert seen(engine, LIMITS._replace(database_max_bytes=round(used / 0.87))) == []
    roomy = LIMITS._replace(database_max_bytes=2 * used)
    assert [one["over"] for _, one in seen(engine, roomy)] == [True]


def test_of_two_that_look_at_once_one_records(engine: Engine) -> None:
    run_sql(engine, "INSERT INTO last_pass (at) VALUES (now() - interval '1 hour')")
    with engine.begin() as first, engine.begin() as second:
        assert len(look(first, LIMITS)) == 1
        assert look(second, LIMITS) == []
    assert seen(engine) == []
