"""The snapshot of the task (`t`) that a run carries, so that an edit never changes it."""

SPEC = """jsonb_build_object(
    'name', t.name, 'command', t.command, 'working_dir', t.working_dir,
    'env', CASE WHEN t.secrets IS NULL THEN t.env END,
    'secrets', CASE WHEN t.secrets IS NOT NULL
        THEN jsonb_build_object('names', t.secrets, 'env', t.env) END,
    'timeout', t.timeout, 'end_grace', t.end_grace,
    'retry_delay', t.retry_delay, 'retry_delay_max', t.retry_delay_max,
    'retry_on', t.retry_on, 'no_retry_on', t.no_retry_on,
    'script', t.script, 'http', t.http, 'limits', t.limits, 'ping', t.ping)"""
"""What a worker needs for one attempt, and what its retries need; durations in seconds.

It has references to secrets, never values. With them, `env` is in `secrets`: a worker of release
0.1.0, which would not find what it needs, refuses the run for that, and goes on.
"""

START_BY = "greatest({scheduled_for}, {due_at}) + t.start_deadline * interval '1 second'"
"""When a first attempt must have started; null without a start deadline."""


def start_by(run: str) -> str:
    """Return the start deadline of the run that SQL calls `run`."""
    return START_BY.format(scheduled_for=f"{run}.scheduled_for", due_at=f"{run}.due_at")


DEFAULTS = """CASE WHEN jsonb_typeof(t.params) = 'array' THEN (
    SELECT coalesce(jsonb_object_agg(p->>'name', p->'default'), '{}')
    FROM jsonb_array_elements(t.params) AS p WHERE p->'default' IS NOT NULL) END"""
"""The default values of a run's parameters; null without parameters."""
