"""The ledger, and the trigger that keeps it for whatever statement decides about a run."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Only what a schedule asked for is a due time. A limit that was reached stays the reason of the
# start that it made late.
KEEP = """
CREATE FUNCTION runs_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    word text := NEW.state;
    clause text := NEW.reason;
    told jsonb := '{}';
    due timestamptz;
BEGIN
    IF NEW.superseded THEN
        word := CASE WHEN clause LIKE 'withdrawn:%' THEN 'paused' ELSE 'superseded' END;
        clause := CASE word WHEN 'paused' THEN 'its task was paused before its start'
                            ELSE 'an edit withdrew it before its start' END;
    ELSIF NEW.state IN ('missed', 'skipped', 'cancelled') AND NEW.attempt = 0 THEN
        clause := regexp_replace(clause, '^' || word || '(: )?', '');
    ELSE
        word := 'late';
        told := jsonb_build_object('lateness_ms', NEW.lateness_ms);
        due := OLD.due_at;
        IF NEW.created_at > due + interval '1 second' THEN
            clause := 'no coordinator planned it in time';
        ELSIF NEW.overlap = 'queue' AND EXISTS (
            SELECT FROM runs AS other
            WHERE other.task_id = NEW.task_id AND other.id <> NEW.id
              AND other.scheduled_for > due - interval '1 day'
              AND other.finished_at BETWEEN due AND NEW.started_at)
        THEN
            clause := 'it waited for another run of the task';
        ELSE
            clause := 'no worker with a free slot took it in time';
        END IF;
    END IF;
    INSERT INTO ledger AS l (task_id, scheduled_for, owner_id, reason, because, detail, run_id)
    VALUES (NEW.task_id, NEW.scheduled_for, NEW.owner_id, word, nullif(clause, ''), told, NEW.id)
    ON CONFLICT (task_id, scheduled_for) DO UPDATE SET
        reason = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.reason ELSE word END,
        because = CASE WHEN word = 'late' AND l.reason = 'limited' THEN l.because
                       ELSE excluded.because END,
        detail = l.detail || excluded.detail, run_id = excluded.run_id, noted_at = now();
    RETURN NULL;
END $$;
CREATE TRIGGER runs_ledger_born AFTER INSERT ON runs FOR EACH ROW
    WHEN (NEW.trigger = 'schedule' AND NEW.state <> 'scheduled')
    EXECUTE FUNCTION runs_ledger();
CREATE TRIGGER runs_ledger_ended AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.state IN ('missed', 'skipped', 'cancelled') AND NEW.state <> OLD.state
          AND NEW.attempt = 0 AND NEW.trigger = 'schedule')
    EXECUTE FUNCTION runs_ledger();
CREATE TRIGGER runs_ledger_late AFTER UPDATE ON runs FOR EACH ROW
    WHEN (NEW.lateness_ms > 1000 AND NEW.attempt = 1 AND OLD.started_at IS NULL
          AND NEW.started_at IS NOT NULL AND NEW.trigger = 'schedule')
    EXECUTE FUNCTION runs_ledger();
"""


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("task_id", "scheduled_for", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_owner", "ledger", ["owner_id", "scheduled_for"], unique=False)
    op.create_index("ix_ledger_noted", "ledger", ["noted_at"], unique=False)
    op.execute(KEEP)
