"""Facts of events on a real database: what the run did, and what changed since the last success."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import EventFacts
from punctual.store.alerts.events import NewEvent, record
from punctual.store.alerts.facts import load
from punctual.store.alerts.links import create_links, open_link
from tests.support.rows import new_run, new_task, new_team, new_user
from tests.support.steps import finish_run, new_worker, start_run

SCHEDULE = {"cron": "0 2 * * *", "timezone": "Europe/Rome"}


@pytest.fixture
def task(engine: Engine) -> uuid.UUID:
    """A task that fails without a retry."""
    return new_task(engine, name="backup", command="pg_dump a", tags=["db"], schedule=SCHEDULE)


def ended(engine: Engine, task_id: uuid.UUID, outcome: str, output: bytes) -> uuid.UUID:
    """A run that has ended with this output."""
    worker, run = new_worker(engine), new_run(engine, task_id)
    started = start_run(engine, run, worker)
    finish_run(engine, started, worker, outcome, output=output, segments=(len(output),))
    return run


def of_run(engine: Engine, task_id: uuid.UUID, run_id: uuid.UUID) -> int:
    """An event that says that the run failed."""
    with engine.begin() as connection:
        team = connection.execute(
            text("SELECT team_id FROM tasks WHERE id = :id"), {"id": task_id}
        ).scalar_one()
        new = NewEvent(EventKind.FAILED, team, task_id, run_id, {"in_row": 2})
        [event] = record(connection, [new])
    return event


def facts_of(engine: Engine, *events: int) -> list[EventFacts]:
    """The facts of these events."""
    with engine.begin() as connection:
        return load(connection, events)


def test_a_failure_comes_with_its_output_and_the_last_success(
    engine: Engine, task: uuid.UUID
) -> None:
    good = ended(engine, task, "succeeded", b"read 100 rows\ndone\n")
    user = new_user(engine)
    with engine.begin() as connection:
        edit = "UPDATE tasks SET command = 'pg_dump b', env = :env, version = version + 1,"
        connection.execute(
            text(f"{edit} updated_at = clock_timestamp(), updated_by = :by WHERE id = :id"),
            {"id": task, "by": user, "env": '{"PGPASSWORD": "hunter2"}'},
        )
        name = connection.execute(
            text("SELECT username FROM users WHERE id = :id"), {"id": user}
        ).scalar_one()
    bad = ended(engine, task, "failed", b"read 3 rows\nerror: disk full\n")
    [found] = facts_of(engine, of_run(engine, task, bad))
    assert found.task is not None
    assert found.run is not None
    assert found.last_success is not None
    assert (found.task.name, found.task.tags, found.task.zone) == (
        "backup",
        ("db",),
        "Europe/Rome",
    )
    assert (found.run.id, found.run.state, found.run.exit_code) == (bad, "failed", 1)
    assert found.tail == ("read 3 rows", "error: disk full")
    success = found.last_success
    assert (success.run_id, success.new_line) == (good, "error: disk full")
    assert [(edit.name, edit.before, edit.after) for edit in success.edits] == [
        ("command", "pg_dump a", "pg_dump b"),
        ("env.PGPASSWORD", None, None),
    ]
    assert success.editors == (name,)
    assert "hunter2" not in repr(found)


def test_the_first_failure_of_a_new_task_has_no_success_before(
    engine: Engine, task: uuid.UUID
) -> None:
    bad = ended(engine, task, "failed", b"")
    [found] = facts_of(engine, of_run(engine, task, bad))
    assert (found.last_success, found.tail) == (None, ())


def test_many_events_are_a_list_without_output(engine: Engine, task: uuid.UUID) -> None:
    bad = ended(engine, task, "failed", b"error\n")
    events = [of_run(engine, task, bad) for _ in range(4)]
    found = facts_of(engine, *events)
    assert [one.id for one in found] == events
    assert {one.tail for one in found} == {()}


def test_an_outage_names_the_tasks_that_it_hit(engine: Engine, task: uuid.UUID) -> None:
    team = new_team(engine)
    details = {"tasks": 2, "affected": [str(task), str(uuid.uuid4())]}
    with engine.begin() as connection:
        ids = record(connection, [NewEvent(EventKind.OUTAGE, team, None, None, details)])
    [found] = facts_of(engine, *ids)
    assert [one.name for one in found.affected] == ["backup"]


def test_events_outlive_what_they_are_about(engine: Engine) -> None:
    gone = NewEvent(EventKind.FAILED, new_team(engine), uuid.uuid4(), uuid.uuid4())
    with engine.begin() as connection:
        ids = record(connection, [gone])
    [found] = facts_of(engine, *ids, 10**12)
    assert (found.task, found.run) == (None, None)


def test_a_link_opens_for_a_week_while_its_task_stays_in_its_team(
    engine: Engine, task: uuid.UUID
) -> None:
    bad = ended(engine, task, "failed", b"")
    found = facts_of(engine, of_run(engine, task, bad))
    with Session(engine) as session:
        [code] = create_links(session.connection(), found).values()
        link = open_link(session, code)
        assert link is not None
        assert (link.task_id, link.run_id, link.retried_as) == (task, bad, None)
        assert open_link(session, code[:-1]) is None
        stored = session.execute(text("SELECT code_hash, expires_at - now() FROM alert_links"))
        [(digest, life)] = stored
        assert code.encode() not in bytes(digest)
        assert life == timedelta(days=7)
        session.execute(
            text("UPDATE tasks SET team_id = :team WHERE id = :id"),
            {"team": new_team(engine), "id": task},
        )
        assert open_link(session, code) is None


def test_a_message_of_many_events_has_no_links(engine: Engine, task: uuid.UUID) -> None:
    bad = ended(engine, task, "failed", b"")
    found = facts_of(engine, of_run(engine, task, bad), of_run(engine, task, bad))
    with engine.begin() as connection:
        assert create_links(connection, found) == {}
