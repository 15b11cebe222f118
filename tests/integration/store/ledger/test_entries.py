"""The ledger: a due time that did not become a plain start on time has one row, and a reason."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import Trigger
from punctual.store.calendars.changes import blocked_by
from punctual.store.ledger.entries import (
    LedgerEntry,
    Noted,
    find_in_ledger,
    list_ledger,
    note,
    prune_ledger,
)
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.dispatch import mark_missed
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.lifecycle.start import note_started, skip_overlapping
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task, set_enabled
from tests.support.rows import WINDOW, database_now, dispatch_all, new_run, new_task, run_row
from tests.support.steps import claim_run, finish_run, new_worker, start_run

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
XMAS = blocked_by("Xmas")
LIMIT = coded(ReasonCode.LIMIT, max_concurrent=2, tag="db")
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}


def ledger_of(engine: Engine, task: uuid.UUID, **filters: Any) -> list[Noted]:
    with engine.connect() as connection:
        return list_ledger(connection, task_id=task, page_size=1000, **filters)


def noted(engine: Engine, *entries: LedgerEntry) -> None:
    with engine.begin() as connection:
        note(connection, entries)


def reasons(engine: Engine, task: uuid.UUID) -> list[str]:
    return [row.reason.value for row in ledger_of(engine, task)]


def finished_after(engine: Engine, task: uuid.UUID, seconds: float, **columns: Any) -> uuid.UUID:
    """A run that was due just now and started `seconds` later."""
    worker, run = new_worker(engine), new_run(engine, task, **columns)
    started = start_run(engine, run, worker)
    began = run_row(engine, run).due_at + timedelta(seconds=seconds)
    finish_run(engine, started, worker, "succeeded", started_at=began)
    return run


def test_a_start_on_time_leaves_no_row(engine: Engine) -> None:
    task = new_task(engine)
    finished_after(engine, task, 0.9)
    assert ledger_of(engine, task) == []


def test_a_start_over_a_second_late_is_noted_with_how_late(engine: Engine) -> None:
    task = new_task(engine)
    run = finished_after(engine, task, 12)
    [row] = ledger_of(engine, task)
    assert (row.reason, row.lateness, row.run_id) == (Reason.LATE, 12, run)
    assert row.because == "no worker with a free slot claimed it in time"


def test_a_late_start_is_noted_while_the_run_is_still_running(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    started = start_run(engine, new_run(engine, task), worker)
    began = started.due_at + timedelta(seconds=3)
    with engine.begin() as connection:
        begun = {"id": started.run_id, "fence": started.fence, "started_at": began}
        starts = json.dumps([begun], default=str)
        note_started(connection, worker_id=worker, begun=starts)
    assert [row.lateness for row in ledger_of(engine, task)] == [3]
    finish_run(engine, started, worker, "succeeded", started_at=began)
    assert [row.lateness for row in ledger_of(engine, task)] == [3]


def test_a_run_that_was_planned_late_says_so(engine: Engine) -> None:
    task = new_task(engine)
    finished_after(engine, task, 62, due_in=-60)
    assert ledger_of(engine, task)[0].because == "no coordinator planned it in time"


def test_a_queued_run_that_waited_for_another_says_so(engine: Engine) -> None:
    task = new_task(engine, overlap="queue")
    worker, first, second = new_worker(engine), new_run(engine, task), new_run(engine, task)
    finish_run(engine, start_run(engine, first, worker), worker, "succeeded")
    started = start_run(engine, second, worker)
    began = started.due_at + timedelta(seconds=2)
    finish_run(engine, started, worker, "succeeded", started_at=began)
    assert ledger_of(engine, task)[0].because == "it waited for another run of the task"


@pytest.mark.parametrize("trigger", [Trigger.MANUAL, Trigger.RETRY, Trigger.BACKFILL])
def test_only_due_times_of_the_schedule_are_noted(engine: Engine, trigger: Trigger) -> None:
    task = new_task(engine)
    finished_after(engine, task, 5, trigger=trigger)
    assert ledger_of(engine, task) == []


def test_a_skipped_run_is_noted_with_the_run_in_its_way(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    running = start_run(engine, new_run(engine, task), worker)
    claimed = claim_run(engine, new_run(engine, task), worker)
    with engine.begin() as connection:
        skip_overlapping(connection, worker_id=worker, claims=[(claimed.run_id, claimed.fence)])
    [row] = ledger_of(engine, task)
    assert (row.reason, row.run_id) == (Reason.SKIPPED, claimed.run_id)
    assert row.because == f"run {running.run_id} of the same task was not finished"


def test_a_missed_start_deadline_is_noted(engine: Engine) -> None:
    task = new_task(engine, start_deadline=1)
    new_run(engine, task, due_in=-60)
    with engine.begin() as connection:
        mark_missed(connection, batch_size=10)
    [row] = ledger_of(engine, task)
    assert (row.reason, row.because) == (
        Reason.MISSED,
        "start deadline passed: no coordinator dispatched it in time",
    )


def test_a_run_cancelled_before_its_start_is_noted(engine: Engine) -> None:
    task = new_task(engine)
    run = new_run(engine, task)
    with engine.begin() as connection:
        cancel_run(connection, run_id=run, team_id=run_row(connection, run).team_id)
    assert [(row.reason, row.because) for row in ledger_of(engine, task)] == [("cancelled", None)]


@pytest.mark.parametrize(
    ("policy", "due_for_a_run", "noted"), [("latest", 1, 11), ("all", 12, 0), ("none", 0, 12)]
)
def test_after_an_hour_away_the_ledger_holds_what_the_policy_does_not_run(
    engine: Engine, policy: str, due_for_a_run: int, noted: int
) -> None:
    first = NOON + timedelta(minutes=5)
    task = new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=first, catch_up=policy)
    with engine.begin() as connection:
        now = NOON + timedelta(hours=1, minutes=2)
        planned = plan(connection, window=WINDOW, batch_size=10, now=now)
    assert (planned.runs - planned.missed, reasons(engine, task)) == (
        due_for_a_run,
        ["missed"] * noted,
    )


def test_a_week_of_every_second_becomes_a_few_ranges_that_cover_all_of_it(engine: Engine) -> None:
    hour = timedelta(hours=1)
    task = new_task(engine, schedule={"every": 1}, schedule_anchor=NOON, next_due_at=NOON)
    while True:
        with engine.begin() as connection:
            if not plan(connection, window=WINDOW, batch_size=10, now=NOON + hour).tasks:
                break
    rows = ledger_of(engine, task)
    assert len(rows) <= 3 + 100
    on_time = list(range(3586, 3601))  # less than 15 s ago: those still run
    assert sum(row.times for row in rows) == 3585
    with engine.connect() as connection:
        for second in (1, 999, 1000, 1001, 2345, 3585):
            due = NOON + timedelta(seconds=second)
            found = find_in_ledger(connection, task_id=task, due=due)
            assert found is not None
            assert found.reason == Reason.MISSED
        for second in on_time:
            due = NOON + timedelta(seconds=second)
            assert find_in_ledger(connection, task_id=task, due=due) is None


def test_what_an_edit_withdrew_is_noted_until_another_edit_brings_it_back(engine: Engine) -> None:
    now = database_now(engine)
    soon = now + timedelta(seconds=20)
    one, other = {"at": soon.isoformat()}, {"at": (soon + timedelta(days=1)).isoformat()}
    task = new_task(engine, schedule=one, next_due_at=soon)

    def edit(schedule: dict[str, str]) -> None:
        with Session(engine) as session, session.begin():
            change_task(session, session.get_one(Task, task), {"schedule": schedule}, now=now)
        with engine.begin() as connection:
            plan(connection, window=WINDOW, batch_size=10)

    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=10)
    edit(other)
    assert reasons(engine, task) == ["superseded"]
    edit(one)
    assert reasons(engine, task) == []


def test_what_a_pause_withdrew_is_noted_as_paused(engine: Engine) -> None:
    now = database_now(engine)
    soon = now + timedelta(seconds=20)
    task = new_task(engine, schedule={"at": soon.isoformat()}, next_due_at=soon)
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=10)
    with Session(engine) as session, session.begin():
        set_enabled(session, session.get_one(Task, task), enabled=False, now=now)
    [row] = ledger_of(engine, task)
    assert (row.reason, row.because) == (Reason.PAUSED, "its task was paused before its start")


def test_a_limit_stays_the_reason_of_the_start_it_made_late(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    run = new_run(engine, task)
    due = run_row(engine, run).scheduled_for
    noted(engine, LedgerEntry(task, due, Reason.LIMITED, LIMIT))
    began = due + timedelta(seconds=8)
    finish_run(engine, start_run(engine, run, worker), worker, "succeeded", started_at=began)
    [row] = ledger_of(engine, task)
    assert (row.reason, row.because) == (
        Reason.LIMITED,
        "tag db has reached its limit of 2 concurrent runs",
    )
    assert (row.lateness, row.run_id) == (8, run)


def test_a_newer_word_about_a_due_time_replaces_the_older(engine: Engine) -> None:
    task = new_task(engine)
    noted(engine, LedgerEntry(task, NOON, Reason.BLOCKED, XMAS, detail={"calendar": "7"}))
    noted(engine, LedgerEntry(task, NOON, Reason.BLOCKED, blocked_by("Easter")))
    [row] = ledger_of(engine, task)
    assert (row.because, row.detail) == ('blocked by calendar "Easter"', {"calendar": "7"})


def test_the_ledger_is_listed_newest_first_by_page_and_by_reason(engine: Engine) -> None:
    task = new_task(engine)
    times = [NOON + timedelta(minutes=minute) for minute in range(4)]
    noted(engine, *(LedgerEntry(task, at, Reason.BLOCKED) for at in times[:2]))
    noted(engine, *(LedgerEntry(task, at, Reason.MISSED) for at in times[2:]))
    assert [row.scheduled_for for row in ledger_of(engine, task)] == times[::-1]
    assert len(ledger_of(engine, task, before=times[1])) == 1
    assert len(ledger_of(engine, task, since=times[1])) == 3
    assert len(ledger_of(engine, task, reason="held")) == 2


def test_rows_past_the_retention_are_pruned(engine: Engine) -> None:
    task = new_task(engine)
    noted(engine, LedgerEntry(task, NOON, Reason.BLOCKED))
    with engine.begin() as connection:
        assert prune_ledger(connection, keep=timedelta(days=1), batch_size=10) == 0
    with engine.begin() as connection:
        assert prune_ledger(connection, keep=timedelta(0), batch_size=10) == 1
    assert ledger_of(engine, task) == []


def test_deciding_about_runs_locks_no_task(engine: Engine) -> None:
    """An edit locks the task and then its runs: the ledger may not take them the other way."""
    task, worker = new_task(engine), new_worker(engine)
    start_run(engine, new_run(engine, task), worker)
    claimed = claim_run(engine, new_run(engine, task), worker)
    dispatch_all(engine)
    with Session(engine) as editing, editing.begin():
        editing.get_one(Task, task, with_for_update=True)
        with engine.begin() as connection:
            claims = [(claimed.run_id, claimed.fence)]
            assert skip_overlapping(connection, worker_id=worker, claims=claims) == [claimed.run_id]
    assert reasons(engine, task) == ["skipped"]
