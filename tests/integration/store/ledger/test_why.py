"""Why: one sentence for each thing that can become of a due time."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.domain.runs.states import RunState
from punctual.store.ledger.entries import LedgerEntry, note
from punctual.store.ledger.why import Explanation, why
from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task, set_enabled
from tests.support.rows import WINDOW, new_task
from tests.support.steps import change_run, finish_run, new_worker, start_run

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
NO_ROOM = coded(ReasonCode.COULD_NOT_START, error="cannot start: no room")
LIMIT = coded(ReasonCode.LIMIT, max_concurrent=2, tag="db")
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}
MONTH = timedelta(days=30)


def at(minute: int, second: int = 0) -> datetime:
    return NOON + timedelta(minutes=minute, seconds=second)


def cron_task(engine: Engine, **values: Any) -> uuid.UUID:
    """A task that is due every five minutes from noon on."""
    schedule = {"schedule": EVERY_5_MINUTES, "schedule_anchor": NOON}
    return new_task(engine, **{**schedule, "next_due_at": at(5), **values})


def why_of(engine: Engine, task_id: uuid.UUID, about: datetime, *, now: datetime) -> Explanation:
    with Session(engine, expire_on_commit=False) as session:
        task = session.get_one(Task, task_id)
        return why(session, task, at=about, keep=MONTH, now=now)


def plan_at(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=10, now=now)


def born(engine: Engine, task: uuid.UUID, due: datetime, **columns: Any) -> uuid.UUID:
    with engine.begin() as connection:
        [run] = insert_runs(connection, [NewRun(task, due, due, **columns)])
    return run


def test_why_says_when_a_run_started_how_late_and_how_it_ended(engine: Engine) -> None:
    task, worker = cron_task(engine), new_worker(engine)
    run = born(engine, task, at(5))
    finish_run(engine, start_run(engine, run, worker), worker, "succeeded")
    answer = why_of(engine, task, at(5), now=at(6))
    assert (answer.verdict, answer.due, answer.next_due) == ("ran", at(5), at(10))
    assert answer.sentence.startswith("It ran, started at ")
    assert answer.sentence.endswith("ended as succeeded.")
    assert answer.run is not None
    assert answer.run.id == run


def test_a_start_that_is_not_on_record_is_not_reported_as_one(engine: Engine) -> None:
    task, worker = cron_task(engine), new_worker(engine)
    started = start_run(engine, born(engine, task, at(5)), worker)
    assert why_of(engine, task, at(5), now=at(6)).sentence == "Its worker is starting it."
    finish_run(engine, started, worker, "failed", started_at=None, reason=NO_ROOM)
    assert why_of(engine, task, at(5), now=at(6)).sentence == (
        "It was attempted, but its start was not recorded, and ended as failed: cannot start: no"
        " room."
    )


def test_an_instant_between_two_due_times_is_answered_for_the_one_before(engine: Engine) -> None:
    task = cron_task(engine)
    born(engine, task, at(5))
    answer = why_of(engine, task, at(7), now=at(8))
    assert (answer.verdict, answer.due) == ("waiting", at(5))
    assert "next at 2026-03-03 12:10:00 UTC" in answer.sentence


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (
            "missed",
            coded(ReasonCode.LATER_DUE_TIME),
            "Missed: a later due time of the task ran instead.",
        ),
        (
            "skipped",
            coded(ReasonCode.OTHER_RUN, run_id="7"),
            "Skipped: run 7 of the same task was not finished.",
        ),
    ],
)
def test_why_gives_the_reason_of_a_run_that_never_started(
    engine: Engine, state: str, reason: CodedReason, sentence: str
) -> None:
    task = cron_task(engine)
    born(engine, task, at(5), state=RunState(state), reason=reason)
    answer = why_of(engine, task, at(5), now=at(6))
    assert (answer.verdict, answer.sentence) == (state, sentence)


def test_a_long_outage_is_named_also_for_due_times_that_share_a_row(engine: Engine) -> None:
    task = new_task(
        engine, schedule={"every": 1}, schedule_anchor=NOON, next_due_at=at(0, 1), catch_up="none"
    )
    plan_at(engine, at(10))
    answer = why_of(engine, task, at(1), now=at(10))
    assert (answer.verdict, answer.run) == ("missed", None)
    assert "no coordinator" in answer.sentence


def test_a_due_time_withdrawn_by_a_pause_or_an_edit_says_so(engine: Engine) -> None:
    task_id = cron_task(engine)
    plan_at(engine, at(4, 40))
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id)
        set_enabled(session, task, enabled=False, now=at(4, 50))
    answer = why_of(engine, task_id, at(5), now=at(6))
    assert (answer.verdict, answer.due) == ("withdrawn", at(5))
    assert "its task was paused" in answer.sentence
    assert why_of(engine, task_id, at(15), now=at(16)).verdict == "paused"


def test_due_times_without_a_run_have_their_reasons_too(engine: Engine) -> None:
    task_id = cron_task(engine)
    verdicts = [
        (at(5), at(4), "upcoming"),
        (at(5), at(5, 1), "waiting"),
        (at(-5), at(5), "earlier"),
        (at(-5), at(0) + MONTH, "forgotten"),
    ]
    for about, now, verdict in verdicts:
        assert why_of(engine, task_id, about, now=now).verdict == verdict
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET next_due_at = :at"), {"at": at(15)})
    assert why_of(engine, task_id, at(10), now=at(11)).verdict == "unknown"
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET max_runs = 1, planned_runs = 1"))
    assert why_of(engine, task_id, at(15), now=at(16)).verdict == "exhausted"
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET plan_error = 'no such zone'"))
    assert "no such zone" in why_of(engine, task_id, at(15), now=at(16)).sentence


def test_a_run_of_an_earlier_schedule_is_found_as_well(engine: Engine) -> None:
    task_id = cron_task(engine)
    run = born(engine, task_id, at(5))
    change_run(engine, run, state="cancelled", reason_code="cancelled", reason_args="{}")
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id)
        change_task(session, task, {"schedule": {"every": 3600}}, now=at(6))
    answer = why_of(engine, task_id, at(7), now=at(8))
    assert (answer.verdict, answer.due) == ("cancelled", at(5))


def test_a_task_that_was_never_due_says_so(engine: Engine) -> None:
    answer = why_of(engine, new_task(engine), NOON, now=NOON)
    assert (answer.verdict, answer.due, answer.next_due) == ("not_due", None, None)


def test_a_missed_due_time_that_another_stands_for_counts_as_missed(engine: Engine) -> None:
    anchor = NOON - timedelta(hours=1)
    schedule: dict[str, Any] = {"schedule": {"every": 1}, "schedule_anchor": anchor}
    task = new_task(engine, **schedule, next_due_at=anchor)
    plan_at(engine, NOON)
    answer = why_of(engine, task, anchor + timedelta(seconds=500), now=NOON)
    assert (answer.verdict, answer.run) == ("missed", None)
    assert answer.sentence == "Missed: no coordinator planned them in time."


def test_a_late_start_says_what_it_waited_for(engine: Engine) -> None:
    task, worker = cron_task(engine), new_worker(engine)
    run = born(engine, task, at(5))
    started = start_run(engine, run, worker)
    began = started.due_at + timedelta(seconds=12)
    finish_run(engine, started, worker, "succeeded", started_at=began)
    sentence = why_of(engine, task, at(5), now=at(6)).sentence
    assert "12 seconds after it was due (no coordinator planned it in time), and ended" in sentence


def test_a_run_that_waits_for_a_limit_says_so(engine: Engine) -> None:
    task = cron_task(engine)
    born(engine, task, at(5))
    with engine.begin() as connection:
        note(connection, [LedgerEntry(task, at(5), Reason.LIMITED, LIMIT)])
    answer = why_of(engine, task, at(5), now=at(6))
    assert answer.verdict == "waiting"
    assert answer.sentence.endswith(
        "is waiting to start (scheduled): tag db has reached its limit of 2 concurrent runs."
    )
