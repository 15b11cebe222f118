"""Every run that ends unstarted, cancelled or lost has a code for its reason."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.store.ledger.entries import list_ledger
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.dispatch import mark_missed
from punctual.store.lifecycle.give_back import give_back
from punctual.store.lifecycle.misfires.catch_up import settle_left_behind
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.lifecycle.reap import reap_running
from punctual.store.lifecycle.replace import replace_earlier
from punctual.store.lifecycle.start import skip_overlapping
from punctual.store.outages.outages import note_break, note_pass
from punctual.store.processes.workers import leave
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task, delete_task, set_enabled
from tests.support.age import age
from tests.support.reasons import check_args
from tests.support.rows import (
    WINDOW,
    attempts_of,
    database_now,
    new_run,
    new_task,
    new_team,
    run_row,
)
from tests.support.steps import (
    EXIT_CODE_1,
    LEASE,
    change_run,
    claim_run,
    finish_run,
    new_worker,
    start_run,
)

MINUTELY = {"every": 60}
NEED_A_CODE = "('missed', 'skipped', 'cancelled', 'lost')"


@pytest.fixture
def _no_stopgap(engine: Engine) -> Iterator[None]:
    """Without the trigger that fills in what a statement leaves out."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE runs DISABLE TRIGGER runs_reason_code"))
    yield
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE runs ENABLE TRIGGER runs_reason_code"))


def codes(engine: Engine) -> set[tuple[str, str | None]]:
    """The states and codes of all runs that need one."""
    statement = text(f"SELECT * FROM runs WHERE state IN {NEED_A_CODE}")
    with engine.connect() as connection:
        return {(row.state, row.reason_code) for row in connection.execute(statement)}


def check_all(engine: Engine) -> None:
    """Hold every reason, of runs, attempts and the ledger, to the arguments that its code takes."""
    for table in ("runs", "attempts", "ledger"):
        query = text(f"SELECT reason_code, reason_args FROM {table} WHERE reason_code IS NOT NULL")
        with engine.connect() as connection:
            for row in connection.execute(query):
                check_args(row.reason_code, row.reason_args)


def cancel(engine: Engine, run: uuid.UUID, team: uuid.UUID) -> None:
    with engine.begin() as connection:
        cancel_run(connection, run_id=run, team_id=team)


def edit(engine: Engine, task: uuid.UUID, do: Any, **values: Any) -> None:
    """An edit, a pause or a deletion of a task."""
    with Session(engine) as session, session.begin():
        now = database_now(engine)
        args = (values.pop("values"),) if "values" in values else ()
        do(session, session.get_one(Task, task), *args, now=now, **values)


def end_by_a_person(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    waiting, running = (new_run(engine, new_task(engine, team_id=team)) for _ in range(2))
    cancel(engine, waiting, team)
    started = start_run(engine, running, worker)
    cancel(engine, running, team)
    finish_run(engine, started, worker, "failed")


def end_given_back(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    run = new_run(engine, new_task(engine, team_id=team))
    started = start_run(engine, run, worker)
    cancel(engine, run, team)
    with engine.begin() as connection:
        unlaunched = [(started.run_id, started.fence)]
        assert give_back(connection, worker_id=worker, unlaunched=unlaunched)


def end_by_deletion(engine: Engine) -> None:
    task, worker = new_task(engine, overlap="allow"), new_worker(engine)
    new_run(engine, task, due_in=3)
    started = start_run(engine, new_run(engine, task), worker)
    edit(engine, task, delete_task)
    finish_run(engine, started, worker, "cancelled")
    assert run_row(engine, started.run_id).reason == "its task was deleted"


def end_by_edit(engine: Engine) -> None:
    task = new_task(engine, schedule=MINUTELY)
    new_run(engine, task, due_in=1.5)
    edit(engine, task, change_task, values={"schedule": {"every": 3600}})


def end_by_pause(engine: Engine) -> None:
    task = new_task(engine, schedule=MINUTELY)
    new_run(engine, task, due_in=1)
    edit(engine, task, set_enabled, enabled=False)


def end_by_replacement(engine: Engine) -> None:
    worker = new_worker(engine)
    waiting, running = (new_task(engine, overlap="replace") for _ in range(2))
    new_run(engine, waiting, due_in=-2)
    started = start_run(engine, new_run(engine, running, due_in=-2), worker)
    for task in (waiting, running):
        newer = claim_run(engine, new_run(engine, task), worker)
        with engine.begin() as connection:
            claims = [(newer.run_id, newer.fence)]
            assert replace_earlier(connection, worker_id=worker, claims=claims)
    finish_run(engine, started, worker, "failed")


def end_by_overlap(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    start_run(engine, new_run(engine, task, due_in=-2), worker)
    second = claim_run(engine, new_run(engine, task), worker)
    with engine.begin() as connection:
        claims = [(second.run_id, second.fence)]
        assert skip_overlapping(connection, worker_id=worker, claims=claims)


def end_by_deadline(engine: Engine) -> None:
    run = new_run(engine, new_task(engine, start_deadline=5))
    with engine.begin() as connection:
        later = database_now(engine) + timedelta(minutes=1)
        assert mark_missed(connection, batch_size=9, now=later) == [run]


def end_by_stop(engine: Engine) -> None:
    with engine.begin() as connection:
        note_pass(connection)
    new_run(engine, new_task(engine, catch_up="none"), due_in=5)
    age(engine, timedelta(minutes=3))
    new_worker(engine)
    with engine.begin() as connection:
        note_break(connection, lease=LEASE)
        assert settle_left_behind(connection, lease=LEASE, batch_size=9).missed


def end_unplanned(engine: Engine) -> None:
    past = database_now(engine) - timedelta(minutes=5)
    new_task(engine, catch_up="none", schedule=MINUTELY, schedule_anchor=past, next_due_at=past)
    with engine.begin() as connection:
        assert plan(connection, window=WINDOW, batch_size=9).missed


def end_by_a_later_due_time(engine: Engine) -> None:
    task, worker = new_task(engine, overlap="allow"), new_worker(engine)
    old = new_run(engine, task, due_in=-60)
    change_run(engine, old, caught_up=True)
    start_run(engine, new_run(engine, task), worker)
    with engine.begin() as connection:
        assert settle_left_behind(connection, lease=LEASE, batch_size=9).missed == [old]


def end_lost(engine: Engine) -> None:
    reporting, dead = new_worker(engine), new_worker(engine)
    started = start_run(engine, new_run(engine, new_task(engine)), reporting)
    finish_run(engine, started, reporting, "lost", reason=coded(ReasonCode.SHUT_DOWN))
    start_run(engine, new_run(engine, new_task(engine)), dead)
    with engine.begin() as connection:
        leave(connection, worker_id=dead)
        assert reap_running(connection, batch_size=9)


WAYS = {
    end_by_a_person: {("cancelled", "cancelled")},
    end_given_back: {("cancelled", "cancelled")},
    end_by_deletion: {("cancelled", "deleted")},
    end_by_edit: {("cancelled", "edited")},
    end_by_pause: {("cancelled", "paused")},
    end_by_replacement: {("cancelled", "replaced")},
    end_by_overlap: {("skipped", "other_run")},
    end_by_deadline: {("missed", "not_dispatched")},
    end_by_stop: {("missed", "nothing_running")},
    end_unplanned: {("missed", "not_planned")},
    end_by_a_later_due_time: {("missed", "later_due_time")},
    end_lost: {("lost", "worker_lost"), ("lost", "shut_down")},
}


@pytest.mark.usefixtures("_no_stopgap")
@pytest.mark.parametrize("end", WAYS, ids=lambda end: end.__name__)
def test_each_way_to_end_names_its_code(engine: Engine, end: Any) -> None:
    end(engine)
    assert codes(engine) == WAYS[end]
    check_all(engine)


def test_every_code_for_an_end_is_a_known_one() -> None:
    named = {code for codes in WAYS.values() for _, code in codes}
    assert named <= set(ReasonCode)


@pytest.mark.parametrize(
    ("state", "code"),
    [("cancelled", "cancelled"), ("missed", "not_planned"), ("lost", "worker_lost")],
)
def test_what_the_release_before_ends_without_a_code_gets_one(
    engine: Engine, state: str, code: str
) -> None:
    run = new_run(engine, new_task(engine))
    if state == "lost":
        start_run(engine, run, new_worker(engine))
    change_run(engine, run, state=state, finished_at=database_now(engine))
    assert codes(engine) == {(state, code)}


def test_a_run_that_succeeds_although_it_was_to_be_replaced_has_no_code(engine: Engine) -> None:
    task, worker = new_task(engine, overlap="replace"), new_worker(engine)
    earlier = start_run(engine, new_run(engine, task, due_in=-2), worker)
    newer = claim_run(engine, new_run(engine, task), worker)
    with engine.begin() as connection:
        replace_earlier(connection, worker_id=worker, claims=[(newer.run_id, newer.fence)])
    finish_run(engine, earlier, worker, "succeeded")
    row = run_row(engine, earlier.run_id)
    assert (row.state, row.reason_code) == ("succeeded", None)


def test_a_run_to_be_cancelled_whose_worker_dies_gives_both_reasons(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    run = new_run(engine, new_task(engine, team_id=team))
    start_run(engine, run, worker)
    cancel(engine, run, team)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
        reap_running(connection, batch_size=9)
    lost = "worker worker-1 stopped reporting before it confirmed the start"
    row = run_row(engine, run)
    assert (row.reason_code, row.reason) == ("cancelled", f"cancelled while it ran; {lost}")
    assert [attempt.reason for attempt in attempts_of(engine, run)] == [row.reason]


def test_an_attempt_keeps_its_reason_when_another_one_follows(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=1))
    finish_run(engine, start_run(engine, run, worker), worker, "failed", reason=EXIT_CODE_1)
    assert run_row(engine, run).reason_args == {"exit_code": 1}
    change_run(engine, run, due_at=database_now(engine))
    finish_run(engine, start_run(engine, run, worker), worker, "succeeded")
    row = run_row(engine, run)
    assert (row.reason_code, row.reason_args, row.reason) == (None, None, None)
    assert [each.reason for each in attempts_of(engine, run)] == ["exit code 1", None]


def test_a_sentence_of_the_release_before_stays_readable(engine: Engine) -> None:
    task = new_task(engine)
    run = new_run(engine, task)
    words = "missed: no worker was there"
    change_run(engine, run, state="missed", finished_at=database_now(engine), reason=words)
    assert run_row(engine, run).reason == words
    with engine.connect() as connection:
        [row] = list_ledger(connection, task_id=task, page_size=9)
    assert (row.reason, row.because) == ("missed", words)
