"""Health of tasks, from the last end of each."""

from alembic import op
from sqlalchemy import text

revision = "0015_task_health"
down_revision = "0014_alert_answers"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE task_health (
    task_id uuid CONSTRAINT pk_task_health PRIMARY KEY
        CONSTRAINT fk_task_health_task_id REFERENCES tasks ON DELETE CASCADE,
    team_id uuid NOT NULL,
    outcome text NOT NULL DEFAULT 'unknown' CONSTRAINT ck_task_health_outcome
        CHECK (outcome IN ('unknown', 'ok', 'failing', 'missed', 'suspicious')),
    paused boolean NOT NULL DEFAULT false,
    late_since timestamptz,
    since timestamptz NOT NULL DEFAULT now(),
    failures_in_row integer NOT NULL DEFAULT 0,
    missed_in_row integer NOT NULL DEFAULT 0,
    health text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN paused THEN 'paused'
             WHEN outcome IN ('failing', 'missed') THEN outcome
             WHEN late_since IS NOT NULL THEN 'late' ELSE outcome END) STORED
) WITH (fillfactor = 90);
"""

# A step reads 10,000 tasks and the last end of each, all by index, and locks none of them. Of a
# task that is created or ends a run while this goes on, the row comes with its next end.
FILL = """
WITH page AS (
    SELECT id, team_id, enabled, deleted_at, created_at FROM tasks WHERE id > :after
    ORDER BY id LIMIT 10000
), filled AS (
    INSERT INTO task_health (task_id, team_id, paused, outcome, since, failures_in_row,
                             missed_in_row)
    SELECT t.id, t.team_id, NOT t.enabled, coalesce(last.outcome, 'unknown'),
           coalesce(last.finished_at, t.created_at),
           (last.outcome IS NOT DISTINCT FROM 'failing')::int,
           (last.outcome IS NOT DISTINCT FROM 'missed')::int
    FROM page AS t LEFT JOIN LATERAL (
        SELECT CASE WHEN r.state = 'succeeded' THEN 'ok' WHEN r.state = 'missed' THEN 'missed'
                    ELSE 'failing' END AS outcome, r.finished_at
        FROM (SELECT state, finished_at, superseded FROM runs WHERE task_id = t.id
              ORDER BY scheduled_for DESC LIMIT 20) AS r
        WHERE r.state IN ('succeeded', 'failed', 'timed_out', 'lost', 'missed')
          AND NOT r.superseded
        LIMIT 1) AS last ON true
    WHERE t.deleted_at IS NULL
)
SELECT id FROM page ORDER BY id DESC LIMIT 1
"""

# After the rows: an index that is built at once is several times as fast as one that grows.
INDEXES = """
CREATE INDEX ix_task_health_team ON task_health (team_id, health, task_id);
CREATE INDEX ix_task_health_late ON task_health (late_since) WHERE late_since IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(TABLE)
    fill, after = text(FILL), "00000000-0000-0000-0000-000000000000"
    while last := op.get_bind().execute(fill, {"after": after}).scalar():
        after = last
    op.execute(INDEXES)
