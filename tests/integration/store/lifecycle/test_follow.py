"""Run B after A: one run for each complete set of ends, in whatever order and however at once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text
from sqlalchemy.orm import Session

from punctual.store.ledger.entries import list_ledger
from punctual.store.ledger.why import why
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.follow import follow
from punctual.store.lifecycle.reap import bury, reap_running
from punctual.store.schema.models import CalendarRow, Task
from punctual.store.tasks.changes import set_enabled
from tests.support.rows import database_now, new_run, new_task, new_team, run_row
from tests.support.steps import LEASE, finish_run, new_worker, silence, start_run

ALWAYS = [{"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}]


def after(*edges: tuple[uuid.UUID, str]) -> list[dict[str, str]]:
    return [{"task": str(task), "on": on} for task, on in edges]


def followed(engine: Engine) -> int:
    with engine.begin() as connection:
        return len(follow(connection, batch_size=100))


def runs_of(engine: Engine, task: uuid.UUID) -> list[Row[Any]]:
    statement = text("SELECT * FROM runs WHERE task_id = :task ORDER BY scheduled_for")
    with engine.connect() as connection:
        return list(connection.execute(statement, {"task": task}))


def end_one(engine: Engine, task: uuid.UUID, outcome: str = "succeeded") -> None:
    worker = new_worker(engine)
    finish_run(engine, start_run(engine, new_run(engine, task), worker), worker, outcome)


def waiting_ends(engine: Engine) -> int:
    with engine.connect() as connection:
        counted = connection.execute(text("SELECT count(*) FROM upstream_ends"))
        return int(counted.scalar_one())


def test_a_success_is_followed_by_one_run_that_is_due_at_once(engine: Engine) -> None:
    first = new_task(engine)
    second = new_task(engine, after=after((first, "success")))
    end_one(engine, first)
    assert followed(engine) == 1
    assert followed(engine) == 0
    [run] = runs_of(engine, second)
    assert (run.state, run.trigger) == ("scheduled", "after")
    [upstream] = runs_of(engine, first)
    assert run.due_at >= upstream.due_at
    assert run.spec["upstream"] == {"run_id": str(upstream.id), "state": "succeeded"}
    assert waiting_ends(engine) == 0


@pytest.mark.parametrize(
    ("outcome", "fits"),
    [
        ("succeeded", {"success", "always"}),
        ("failed", {"failure", "always"}),
        ("timed_out", {"failure", "always"}),
        ("lost", {"failure", "always"}),
        ("cancelled", {"always"}),
    ],
)
def test_which_ends_count_is_for_the_edge_to_say(
    engine: Engine, outcome: str, fits: set[str]
) -> None:
    first = new_task(engine)
    tasks = {
        on: new_task(engine, after=after((first, on))) for on in ("success", "failure", "always")
    }
    end_one(engine, first, outcome)
    followed(engine)
    assert {on for on, task in tasks.items() if runs_of(engine, task)} == fits


def test_an_attempt_that_is_tried_again_is_no_end(engine: Engine) -> None:
    first = new_task(engine, max_retries=1)
    new_task(engine, after=after((first, "always")))
    end_one(engine, first, "failed")
    assert followed(engine) == 0


def test_a_cancel_and_a_reaped_run_are_ends_too(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    first = new_task(engine, team_id=team, overlap="allow")
    new_task(engine, team_id=team, after=after((first, "always")))
    run = new_run(engine, first)
    with engine.begin() as connection:
        cancel_run(connection, run_id=run, team_id=team)
    assert followed(engine) == 1
    start_run(engine, new_run(engine, first), worker)
    silence(engine, worker, seconds=60)
    with engine.begin() as connection:
        bury(connection, lease=LEASE)
        reap_running(connection, batch_size=10)
    assert followed(engine) == 1


def test_after_several_it_waits_for_all_of_them_whichever_is_first(engine: Engine) -> None:
    one, two = new_task(engine), new_task(engine)
    last = new_task(engine, after=after((one, "success"), (two, "success")))
    end_one(engine, one)
    assert followed(engine) == 0
    end_one(engine, one)
    assert followed(engine) == 0
    end_one(engine, two)
    assert followed(engine) == 1
    end_one(engine, two)
    assert followed(engine) == 0
    assert len(runs_of(engine, last)) == 1


def test_ends_that_no_coordinator_was_there_for_are_all_followed(engine: Engine) -> None:
    first = new_task(engine)
    second = new_task(engine, after=after((first, "success")))
    for _ in range(3):
        end_one(engine, first)
    assert followed(engine) == 3
    assert len(runs_of(engine, second)) == 3


def test_two_that_end_at_once_are_one_set_however_many_coordinators_look(engine: Engine) -> None:
    tasks = [new_task(engine) for _ in range(4)]
    last = new_task(engine, after=after(*((task, "success") for task in tasks)))
    workers = [new_worker(engine, name=f"w-{number}") for number in range(4)]
    started = [
        start_run(engine, new_run(engine, task), worker)
        for task, worker in zip(tasks, workers, strict=True)
    ]
    together = threading.Barrier(8)

    def end(number: int) -> None:
        together.wait(10)
        finish_run(engine, started[number], workers[number], "succeeded")

    def look(_: int) -> None:
        together.wait(10)
        for _again in range(20):
            followed(engine)

    with ThreadPoolExecutor(8) as pool:
        waits = [pool.submit(end, number) for number in range(4)]
        waits += [pool.submit(look, number) for number in range(4)]
        for each in waits:
            each.result(60)
    followed(engine)
    assert len(runs_of(engine, last)) == 1
    assert waiting_ends(engine) == 0


def test_nothing_follows_for_a_paused_task_and_it_is_not_caught_up(engine: Engine) -> None:
    first = new_task(engine)
    second = new_task(engine, after=after((first, "success")), enabled=False)
    end_one(engine, first)
    assert followed(engine) == 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET enabled = true"))
    assert followed(engine) == 0
    assert runs_of(engine, second) == []


def test_an_edge_that_an_edit_took_away_counts_no_more(engine: Engine) -> None:
    one, two = new_task(engine), new_task(engine)
    last = new_task(engine, after=after((one, "success"), (two, "success")))
    end_one(engine, one)
    followed(engine)
    with engine.begin() as connection:
        edges = text("UPDATE tasks SET after = jsonb_build_array(after->1) WHERE id = :id")
        connection.execute(edges, {"id": last})
    end_one(engine, two)
    assert followed(engine) == 1
    assert waiting_ends(engine) == 0


def test_ends_of_tasks_without_anything_after_them_leave_nothing_behind(engine: Engine) -> None:
    task = new_task(engine)
    end_one(engine, task)
    assert waiting_ends(engine) == 0
    assert run_row(engine, runs_of(engine, task)[0].id).state == "succeeded"


def test_what_a_calendar_blocks_makes_no_run_and_leaves_a_row_in_the_ledger(
    engine: Engine,
) -> None:
    team = new_team(engine)
    first = new_task(engine, team_id=team)
    with Session(engine) as session, session.begin():
        closed = {"name": "Closed", "timezone": "UTC", "days": [], "windows": ALWAYS}
        session.add(CalendarRow(team_id=team, **closed))
    edges = after((first, "success"))
    second = new_task(engine, team_id=team, after=edges, calendars=["Closed"])
    end_one(engine, first)
    assert followed(engine) == 0
    assert runs_of(engine, second) == []
    assert waiting_ends(engine) == 0
    with engine.connect() as connection:
        [row] = list_ledger(connection, task_id=second, page_size=9)
    assert (row.reason, row.because) == ("held", 'blocked by calendar "Closed"')
    with Session(engine) as session:
        now = database_now(engine)
        task = session.get_one(Task, second)
        answer = why(session, task, at=now, keep=timedelta(days=30), now=now)
    assert (answer.verdict, answer.due) == ("held", row.scheduled_for)
    assert answer.sentence.endswith('Held: blocked by calendar "Closed".')


def test_why_reports_a_run_that_followed(engine: Engine) -> None:
    first = new_task(engine)
    second = new_task(engine, after=after((first, "success")))
    end_one(engine, first)
    followed(engine)
    [run] = runs_of(engine, second)
    with Session(engine) as session:
        now, task = database_now(engine), session.get_one(Task, second)
        answer = why(session, task, at=now, keep=timedelta(days=30), now=now)
    assert answer.run is not None
    assert (answer.verdict, answer.run.id) == ("waiting", run.id)


def test_a_pause_reaches_the_runs_that_already_follow(engine: Engine) -> None:
    first = new_task(engine)
    second = new_task(engine, after=after((first, "success")))
    end_one(engine, first)
    followed(engine)
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, second, with_for_update=True)
        set_enabled(session, task, enabled=False, now=database_now(engine))
    [run] = runs_of(engine, second)
    assert (run.state, run.reason_code) == ("cancelled", "paused")


def test_a_run_that_a_pause_does_not_retry_is_followed_as_a_failure(engine: Engine) -> None:
    first = new_task(engine, max_retries=3)
    second = new_task(engine, after=after((first, "failure")))
    end_one(engine, first, "failed")
    assert followed(engine) == 0
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, first, with_for_update=True)
        set_enabled(session, task, enabled=False, now=database_now(engine))
    assert followed(engine) == 1
    assert [run.trigger for run in runs_of(engine, second)] == ["after"]
