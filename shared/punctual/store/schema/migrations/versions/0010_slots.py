"""Slots of teams, the teams that may use a queue, and teams that wait at a limit."""

from alembic import op

revision = "0010_slots"
down_revision = "0009_password_resets"
branch_labels = None
depends_on = None

# The slots of a team are a limit of all its runs that admins set: what admits runs under limits
# needs to know nothing else. The release before shows such a row as a limit of the team.
SLOTS = """
ALTER TABLE teams ADD max_slots integer CONSTRAINT ck_teams_max_slots CHECK (max_slots >= 0);
ALTER TABLE concurrency_limits ADD slots boolean NOT NULL DEFAULT false;
DROP INDEX uq_concurrency_limits_tag;
CREATE UNIQUE INDEX uq_concurrency_limits_tag ON concurrency_limits (team_id, tag, slots)
    NULLS NOT DISTINCT;
CREATE TABLE slot_default (
    id boolean DEFAULT true CONSTRAINT pk_slot_default PRIMARY KEY,
    max_slots integer NOT NULL,
    CONSTRAINT ck_slot_default_one_row CHECK (id)
);
"""

QUEUES = """
CREATE TABLE queues (
    name text CONSTRAINT pk_queues PRIMARY KEY,
    team_ids uuid[] NOT NULL CONSTRAINT ck_queues_team_ids CHECK (cardinality(team_ids) > 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_tasks_queue ON tasks (queue, team_id)
    WHERE queue <> 'default' AND deleted_at IS NULL;
"""

WAITS = """
CREATE TABLE team_waits (
    team_id uuid CONSTRAINT pk_team_waits PRIMARY KEY
        CONSTRAINT fk_team_waits_team_id REFERENCES teams ON DELETE CASCADE,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    most integer NOT NULL
);
"""


def upgrade() -> None:
    op.execute(SLOTS)
    op.execute(QUEUES)
    op.execute(WAITS)
