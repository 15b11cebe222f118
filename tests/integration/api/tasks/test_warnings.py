"""Warnings from a task's past, on the task when it is read by itself."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from punctual.store.processes.workers import leave, register
from tests.integration.api.conftest import Person, run_sql

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
RUNS = """
INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for, due_at, max_attempts,
                  priority, overlap, spec)
SELECT gen_random_uuid(), t.id, t.team_id, 'scheduled', 'schedule', at, at, 1, 5, 'skip', '{}'
FROM tasks AS t, generate_series(now() - interval '20 minutes', now() - interval '1 minute',
                                 interval '1 minute') AS at
"""


def warnings(who: Person, task: str) -> list[str]:
    found: list[str] = who.get(f"/tasks/{task}/").get_json()["warnings"]
    return found


def test_runs_longer_than_the_interval_are_warned_of(anna: Person, engine: Engine) -> None:
    task = anna.task(schedule=EVERY_MINUTE, timeout=30, max_retries=0)["id"]
    assert warnings(anna, task) == []
    run_sql(engine, "ALTER TABLE runs DISABLE TRIGGER USER")
    try:
        run_sql(engine, RUNS)
        run_sql(
            engine,
            "UPDATE runs SET state = 'succeeded', attempt = 1, started_at = scheduled_for,"
            " finished_at = scheduled_for + interval '90 seconds'",
        )
    finally:
        run_sql(engine, "ALTER TABLE runs ENABLE TRIGGER USER")
    [warning] = warnings(anna, task)
    assert warning.startswith("95 % of its last 20 runs took up to 1 minute 30 seconds")


def test_many_tasks_at_one_second_are_warned_of(anna: Person, ben: Person) -> None:
    yearly = {"cron": "0 0 1 1 *", "timezone": "UTC"}
    tasks = [anna.task(schedule=yearly)["id"] for _ in range(20)]
    other = ben.task(schedule=yearly)["id"]
    assert warnings(anna, tasks[0])[0].startswith("20 of your tasks are due at the same second")
    assert warnings(ben, other) == []
    saved = anna.call("PATCH", f"/tasks/{tasks[0]}/", json={"jitter": 60}).get_json()
    assert saved["warnings"] == []
    assert warnings(anna, tasks[1]) == []


WorkerWith = Callable[..., uuid.UUID]


@pytest.fixture
def worker_with(engine: Engine) -> Iterator[WorkerWith]:
    """Enters a worker that reports these interpreters, up until the end of the test."""
    entered: list[uuid.UUID] = []

    def enter(interpreters: list[str] | None, queue: str = "default") -> uuid.UUID:
        with engine.begin() as connection:
            entered.append(
                register(
                    connection,
                    name=f"worker-{len(entered)}",
                    host="h",
                    pid=1,
                    slots=1,
                    queues=[queue],
                    interpreters=interpreters,
                )
            )
        return entered[-1]

    yield enter
    with engine.begin() as connection:
        for worker_id in entered:
            leave(connection, worker_id=worker_id)


def script(interpreter: str) -> dict[str, object]:
    return {"command": None, "script": {"interpreter": interpreter, "body": "1"}}


def test_an_interpreter_that_no_worker_has_is_warned_of_when_it_is_saved(
    anna: Person, worker_with: WorkerWith
) -> None:
    worker_with(["python3", "sh"])
    worker_with(["perl"], queue="other")
    saved = anna.task(**script("perl"))
    [warning] = saved["warnings"]
    assert warning.startswith("No worker that is up has the interpreter perl: every run fails.")
    assert warning.endswith(" They have: python3, sh (PUNCTUAL_INTERPRETERS).")
    assert warnings(anna, saved["id"]) == saved["warnings"]
    changed = anna.call("PATCH", f"/tasks/{saved['id']}/", json={"queue": "other"}).get_json()
    assert changed["warnings"] == []
    assert anna.task(**script("sh"))["warnings"] == []
    assert anna.task()["warnings"] == []


def test_an_interpreter_that_some_workers_have_is_warned_of(
    anna: Person, worker_with: WorkerWith
) -> None:
    worker_with(["bash", "sh"])
    worker_with(["sh"])
    [warning] = anna.task(**script("bash"))["warnings"]
    assert warning.startswith("The interpreter bash is not on 1 of the 2 workers that are up")


def test_what_workers_have_is_not_guessed(anna: Person, worker_with: WorkerWith) -> None:
    assert anna.task(**script("perl"))["warnings"] == []
    worker_with(["sh"])
    worker_with(None)
    assert anna.task(**script("perl"))["warnings"] == []


def test_a_command_for_bash_is_warned_of_when_it_is_saved(anna: Person) -> None:
    [warning] = anna.task(command="source x; true")["warnings"]
    assert warning.startswith("Commands are run by /bin/sh")
    assert warning.endswith("source. Save it as a script with the interpreter bash.")
    bash = {"interpreter": "bash", "body": "source x; true"}
    assert anna.task(command=None, script=bash)["warnings"] == []


def test_retries_that_make_the_next_due_time_skipped_are_warned_of(anna: Person) -> None:
    saved = anna.task(schedule={"every": 60})
    [warning] = saved["warnings"]
    assert warning.startswith("A failing run stays unfinished for at least 1 minute 10 seconds")
    for change in ({"overlap": "allow"}, {"overlap": "skip", "max_retries": 2}):
        answer = anna.call("PATCH", f"/tasks/{saved['id']}/", json=change).get_json()
        assert answer["warnings"] == []
    assert anna.task(schedule={"every": 300})["warnings"] == []


def test_a_replacement_that_drops_the_schedule_is_warned_of(anna: Person) -> None:
    task = anna.task(schedule=EVERY_MINUTE, timeout=30, max_retries=0)["id"]
    path, body = f"/tasks/{task}/", {"command": "true", "timeout": 30, "max_retries": 0}
    same = anna.call("PUT", path, json={**body, "schedule": EVERY_MINUTE}).get_json()
    assert same["warnings"] == []
    dropped = anna.call("PUT", path, json=body).get_json()
    assert dropped["schedule"] is None
    [warning] = dropped["warnings"]
    assert warning == (
        'PUT replaced the schedule {"cron": "* * * * *", "timezone": "UTC"} by none: '
        "the task is not due any more."
    )
    assert warnings(anna, task) == []
    again = anna.call("PUT", path, json=body).get_json()
    assert again["warnings"] == []
