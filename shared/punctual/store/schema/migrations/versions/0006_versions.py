"""Earlier versions of tasks: a trigger stores them, also for services of release 0.1.0."""

from alembic import op

revision = "0006_versions"
down_revision = "0005_audit"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE task_versions (
    task_id uuid NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    changed_by uuid,
    document jsonb NOT NULL,
    CONSTRAINT pk_task_versions PRIMARY KEY (task_id, version),
    CONSTRAINT fk_task_versions_task_id FOREIGN KEY (task_id)
        REFERENCES tasks (id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.execute(TABLE)
