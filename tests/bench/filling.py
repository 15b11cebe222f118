"""Tables filled quickly: tasks that wait, tasks that are due, and runs that are history."""

from typing import Any

from sqlalchemy import Connection, Engine, text

FULL_DATABASE = "full"
TEAM = "bench-team"
WAITING = "waiting"
DUE = "due"

USER = text("""
WITH maker AS (
    INSERT INTO users (id, username, email, password_hash)
    VALUES (uuidv7(), :name, :email, '-') ON CONFLICT DO NOTHING RETURNING id, username
), team AS (
    INSERT INTO teams (id, slug, name, personal) SELECT id, username, username, true FROM maker
)
INSERT INTO memberships (team_id, user_id, role) SELECT id, id, 'owner' FROM maker
""")
# As most tasks are: they have run before, and well.
WELL = text("""
INSERT INTO task_health (task_id, team_id, outcome) SELECT id, team_id, 'ok' FROM tasks AS t
WHERE name = :name AND NOT EXISTS (SELECT FROM task_health WHERE task_id = t.id)
""")

# One task in a hundred is failing, and as many are late, missed and suspicious.
HEALTH = text("""
UPDATE task_health SET
    outcome = CASE part WHEN 0 THEN 'failing' WHEN 1 THEN 'missed' WHEN 2 THEN 'suspicious'
                        ELSE 'ok' END,
    late_since = CASE part WHEN 3 THEN now() END
FROM (SELECT task_id AS id, abs(hashtext(task_id::text)) % 100 AS part FROM task_health) AS parts
WHERE task_id = parts.id
""")
COUNT = text("SELECT count(*) FROM tasks WHERE name = :name")
TASKS = text("""
INSERT INTO tasks (id, team_id, name, command, schedule, schedule_anchor, next_due_at,
    max_retries, retry_delay, retry_delay_max, timeout, env, tags, metadata, overlap, catch_up,
    priority)
SELECT uuidv7(), teams.id, :name, 'true', jsonb_build_object('at', due_at), now(), due_at,
    0, 10, 3600, 3600, '{}', '{}', '{}', 'skip', 'latest', 5
FROM teams, (SELECT now() + CAST(:ahead AS interval) + n * CAST(:apart AS interval) AS due_at
             FROM generate_series(1, :count) AS n) AS times
WHERE slug = :team
""")
RUNS = text("""
INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for, due_at, attempt,
    max_attempts, fence, priority, overlap, spec, worker, started_at, finished_at, lateness_ms,
    exit_code)
SELECT uuidv7(), task.id, task.team_id, 'succeeded', 'schedule', at, at, 1,
    1, 2, 5, 'skip', '{}', 'worker-1', at, at, 1.0, 0
FROM (SELECT id, team_id FROM tasks WHERE name = 'waiting' LIMIT 1) AS task,
     (SELECT now() - n * interval '1 second' AS at FROM generate_series(1, :count) AS n) AS times
""")

OLD_RUNS = text("""
INSERT INTO runs (id, task_id, team_id, state, trigger, scheduled_for, due_at, attempt,
    max_attempts, fence, priority, overlap, spec, worker, started_at, finished_at, lateness_ms,
    exit_code, created_at)
SELECT uuidv7(at - now()), task.id, task.team_id, 'succeeded', 'schedule', at, at, 1,
    1, 2, 5, 'skip', '{}', 'worker-1', at, at, 1.0, 0, at
FROM (SELECT id, team_id FROM tasks WHERE name = 'waiting' LIMIT 1) AS task,
     (SELECT now() - interval '40 days' - n * interval '1 second' AS at
      FROM generate_series(1, :count) AS n) AS times
""")
OLD_ATTEMPTS = text("""
INSERT INTO attempts (run_id, attempt, fence, state, worker, due_at, started_at, finished_at)
SELECT id, 1, 2, state, worker, due_at, started_at, finished_at FROM runs
WHERE created_at < now() - interval '39 days' ON CONFLICT DO NOTHING
""")


def fill_tasks(engine: Engine, count: int, *, team: str = TEAM) -> None:
    """Have that many tasks wait for times that are a day and more ahead."""
    with engine.begin() as connection:
        connection.execute(USER, {"name": team, "email": f"{team}@example.com"})
        there = connection.execute(COUNT, {"name": WAITING}).scalar_one()
        if there < count:
            _tasks(
                connection,
                team=team,
                name=WAITING,
                count=count - there,
                ahead="1 day",
                apart="1 second",
            )
    _settle(engine)


def add_due(engine: Engine, count: int) -> None:
    """Have that many tasks be due in ten seconds, all at about one time."""
    with engine.begin() as connection:
        _tasks(
            connection,
            team=TEAM,
            name=DUE,
            count=count,
            ahead="10 seconds",
            apart="1 microsecond",
        )


def drop_due(engine: Engine) -> None:
    """Remove what `add_due` added, and the runs it led to."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM runs"))
        connection.execute(text("DELETE FROM tasks WHERE name = :name"), {"name": DUE})
    _settle(engine)


def fill_runs(engine: Engine, count: int) -> None:
    """Have that many ended runs of one task in the history, a second apart."""
    with engine.begin() as connection:
        # A million firings of triggers would take longer than everything else here.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(RUNS, {"count": count})
    _settle(engine)


def spread_health(engine: Engine) -> None:
    """Have some of the tasks be failing, late, missed or suspicious."""
    with engine.begin() as connection:
        connection.execute(HEALTH)
    _settle(engine)


def fill_old_runs(engine: Engine, count: int) -> None:
    """Have that many runs, each with its attempt, be past their retention."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(OLD_RUNS, {"count": count})
        connection.execute(OLD_ATTEMPTS)
    _settle(engine)


def _tasks(connection: Connection, **values: Any) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(TASKS, values)
    connection.execute(WELL, values)


def _settle(engine: Engine) -> None:
    """What autovacuum would do by and by, now; so that it does not while we measure."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE tasks, runs, task_health"))
        connection.execute(text("CHECKPOINT"))
