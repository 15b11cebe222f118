"""Warnings from a task's past, on the task when it is read by itself."""

from sqlalchemy import Engine

from tests.integration.api.conftest import Person, run_sql

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
RUNS = """
INSERT INTO runs (id, task_id, owner_id, state, trigger, scheduled_for, due_at, max_attempts,
                  priority, overlap, spec)
SELECT gen_random_uuid(), t.id, t.owner_id, 'scheduled', 'schedule', at, at, 1, 5, 'skip', '{}'
FROM tasks AS t, generate_series(now() - interval '20 minutes', now() - interval '1 minute',
                                 interval '1 minute') AS at
"""


def warnings(who: Person, task: str) -> list[str]:
    told: list[str] = who.get(f"/tasks/{task}/").get_json()["warnings"]
    return told


def test_runs_longer_than_the_interval_are_warned_of(anna: Person, engine: Engine) -> None:
    task = anna.task(schedule=EVERY_MINUTE, timeout=30)["id"]
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
    [told] = warnings(anna, task)
    assert told.startswith("95 in 100 of its last 20 runs took up to 1 minute 30 seconds")


def test_many_tasks_at_one_second_are_warned_of(anna: Person, ben: Person) -> None:
    yearly = {"cron": "0 0 1 1 *", "timezone": "UTC"}
    tasks = [anna.task(schedule=yearly)["id"] for _ in range(20)]
    other = ben.task(schedule=yearly)["id"]
    assert warnings(anna, tasks[0])[0].startswith("20 of your tasks are due at the same second")
    assert warnings(ben, other) == []
    saved = anna.call("PATCH", f"/tasks/{tasks[0]}/", json={"jitter": 60}).get_json()
    assert saved["warnings"] == []
    assert warnings(anna, tasks[1]) == []
