"""Successes are judged by their task's history: what is unlike it is noted and shown once."""

import random
import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.health import Health
from punctual.domain.runs.states import Trigger
from punctual.store.anomalies.history import history_of
from punctual.store.anomalies.judgement import Judged, judge_runs
from tests.support.alerts.health import end_run, events_of, health_word, kinds_of
from tests.support.rows import database_now, new_run, new_task
from tests.support.steps import finish_run, new_worker, start_run

DAY = timedelta(days=1)

PAST = text("""
INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for, due_at, max_attempts,
                  priority, overlap, spec)
SELECT gen_random_uuid(), t.id, t.team_id, 'scheduled', 'schedule', p.at, p.at, 1, 5, 'allow', '{}'
FROM unnest(CAST(:times AS timestamptz[])) AS p (at), tasks AS t WHERE t.id = :task
""")

END_PAST = text("""
UPDATE runs SET state = 'succeeded', started_at = due_at,
    finished_at = due_at + p.seconds * interval '1 second', output_bytes = p.size
FROM unnest(CAST(:times AS timestamptz[]), CAST(:seconds AS float8[]), CAST(:sizes AS int[]))
    AS p (at, seconds, size)
WHERE runs.scheduled_for = p.at AND runs.task_id = :task
""")


def a_history(engine: Engine, task: uuid.UUID, *, days: int, every: timedelta = DAY) -> None:
    """Successes of about 48 s and 4,000 bytes."""
    noise, now = random.Random(1), database_now(engine)
    times = [now - every * (days - number) for number in range(days)]
    values = {
        "task": task,
        "times": times,
        "seconds": [48 * noise.lognormvariate(0, 0.06) for _ in times],
        "sizes": [int(4000 * noise.lognormvariate(0, 0.02)) for _ in times],
    }
    with engine.begin() as connection:
        connection.execute(PAST, values)
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(END_PAST, values)
        connection.execute(text("UPDATE task_health SET outcome = 'ok'"))


def a_success(engine: Engine, task: uuid.UUID, *, seconds: float, size: int = 4000) -> uuid.UUID:
    worker = new_worker(engine)
    run = new_run(engine, task)
    started = start_run(engine, run, worker)
    ended: datetime = database_now(engine)
    finish_run(
        engine,
        started,
        worker,
        "succeeded",
        started_at=ended - timedelta(seconds=seconds),
        finished_at=ended,
        output_bytes=size,
    )
    return run


def judge_all(engine: Engine) -> Judged:
    with engine.begin() as connection:
        return judge_runs(connection, batch_size=10, most_learned=10)


@pytest.mark.parametrize(
    ("kind", "seconds", "size"), [("fast", 4.0, 4000), ("slow", 400, 4000), ("silent", 48, 20)]
)
def test_a_success_unlike_the_others_is_suspicious_with_its_figures(
    engine: Engine, kind: str, seconds: float, size: int
) -> None:
    task = new_task(engine)
    a_history(engine, task, days=28)
    run = a_success(engine, task, seconds=seconds, size=size)
    assert judge_all(engine).anomalies == 1
    assert health_word(engine, task) == Health.SUSPICIOUS
    [event] = events_of(engine, task)
    assert (event.kind, event.run_id) == (kind, run)
    figures = event.details["figures"]
    assert figures["value"] == pytest.approx(size if kind == "silent" else seconds)
    normal = 4000 if kind == "silent" else 48
    assert 0.7 * normal < figures["low"] < normal < figures["high"] < 1.4 * normal
    assert figures["runs"] == 28
    with engine.connect() as connection:
        noted = connection.execute(text("SELECT run_id, kind, figures FROM run_anomalies")).one()
    assert tuple(noted) == (run, kind, figures)


def test_an_ordinary_run_clears_the_task_and_is_the_recovery(engine: Engine) -> None:
    task = new_task(engine)
    a_history(engine, task, days=28)
    a_success(engine, task, seconds=4)
    judge_all(engine)
    a_success(engine, task, seconds=47)
    judge_all(engine)
    assert health_word(engine, task) == Health.OK
    assert kinds_of(engine, task) == ["fast", "recovered"]
    assert events_of(engine, task)[1].details["was"] == "suspicious"


def test_a_second_run_of_the_kind_is_found_too_and_after_three_it_is_normal(
    engine: Engine,
) -> None:
    task = new_task(engine)
    a_history(engine, task, days=40, every=timedelta(hours=12))
    for _ in range(4):
        a_success(engine, task, seconds=4)
        judge_all(engine)
    assert kinds_of(engine, task) == ["fast", "fast", "fast", "recovered"]


def test_a_task_with_few_successes_is_not_judged(engine: Engine) -> None:
    task = new_task(engine)
    a_history(engine, task, days=19)
    a_success(engine, task, seconds=4)
    assert judge_all(engine).anomalies == 0


def test_a_task_whose_sensitivity_is_off_is_not_judged_and_loses_a_suspicion(
    engine: Engine,
) -> None:
    task = new_task(engine)
    a_history(engine, task, days=28)
    a_success(engine, task, seconds=4)
    judge_all(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET anomalies = 'off'"))
    a_success(engine, task, seconds=4)
    assert judge_all(engine).runs == 0
    assert health_word(engine, task) == Health.OK


def test_runs_by_hand_and_failures_are_neither_judged_nor_history(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    a_history(engine, task, days=28)
    by_hand = start_run(engine, new_run(engine, task, trigger=Trigger.MANUAL), worker)
    finish_run(engine, by_hand, worker, "succeeded")
    end_run(engine, task, "failed")
    assert judge_all(engine) == Judged()
    with engine.connect() as connection:
        found = history_of(connection, task, before=database_now(engine) + DAY)
    assert len(found) == 28


def test_a_failure_in_the_same_moment_is_worse_than_a_suspicion(engine: Engine) -> None:
    task = new_task(engine)
    a_history(engine, task, days=28)
    a_success(engine, task, seconds=4)
    end_run(engine, task, "failed")
    assert judge_all(engine).anomalies == 1
    assert health_word(engine, task) == Health.FAILING


def test_the_history_of_a_frequent_task_has_one_run_of_each_earlier_hour(engine: Engine) -> None:
    task = new_task(engine)
    a_history(engine, task, days=1000, every=timedelta(minutes=10))
    with engine.connect() as connection:
        found = history_of(connection, task, before=database_now(engine))
    recent, hourly = found[:200], found[200:]
    assert recent[0].at - recent[-1].at == timedelta(minutes=1990)
    hours = [each.at.replace(minute=0, second=0, microsecond=0) for each in hourly]
    assert len(hours) == len(set(hours))
    assert 130 <= len(hourly) <= 136
    assert all(each.at < recent[-1].at for each in hourly)


def test_norms_are_learned_once_for_several_runs(engine: Engine) -> None:
    task = new_task(engine)
    a_history(engine, task, days=100, every=timedelta(hours=1))
    learned = []
    for _ in range(4):
        a_success(engine, task, seconds=48)
        learned.append(judge_all(engine).learned)
    assert learned == [1, 0, 0, 0]
