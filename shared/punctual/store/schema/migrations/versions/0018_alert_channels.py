"""Channels, rules, and messages to channels."""

from alembic import op

revision = "0018_alert_channels"
down_revision = "0017_pings"
branch_labels = None
depends_on = None

CHANNELS = """
CREATE TABLE alert_channels (
    id uuid CONSTRAINT pk_alert_channels PRIMARY KEY,
    team_id uuid CONSTRAINT fk_alert_channels_team_id REFERENCES teams ON DELETE CASCADE,
    name text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_alert_channels_kind
        CHECK (kind IN ('webhook', 'email', 'apprise')),
    recipients text[],
    url bytea,
    secret bytea,
    key text,
    shown text,
    quiet jsonb,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by uuid,
    last_delivered_at timestamptz,
    failing_since timestamptz,
    reported_at timestamptz
);
CREATE UNIQUE INDEX uq_alert_channels_name ON alert_channels (team_id, name) NULLS NOT DISTINCT;
CREATE INDEX ix_alert_channels_key ON alert_channels (key);
CREATE TABLE alert_rules (
    id uuid CONSTRAINT pk_alert_rules PRIMARY KEY,
    team_id uuid CONSTRAINT fk_alert_rules_team_id REFERENCES teams ON DELETE CASCADE,
    channel_id uuid NOT NULL
        CONSTRAINT fk_alert_rules_channel_id REFERENCES alert_channels ON DELETE CASCADE,
    events text[] NOT NULL,
    tags text[],
    task_ids uuid[],
    frequency text NOT NULL CONSTRAINT ck_alert_rules_frequency
        CHECK (frequency IN ('change', 'every')),
    escalate_to uuid
        CONSTRAINT fk_alert_rules_escalate_to REFERENCES alert_channels ON DELETE SET NULL,
    escalate_after_runs integer,
    escalate_after_seconds integer,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by uuid
);
CREATE INDEX ix_alert_rules_team_id ON alert_rules (team_id);
CREATE INDEX ix_alert_rules_channel_id ON alert_rules (channel_id);
CREATE INDEX ix_alert_rules_escalate_to ON alert_rules (escalate_to);
"""

DELIVERIES = """
CREATE TABLE alert_deliveries (
    id uuid CONSTRAINT pk_alert_deliveries PRIMARY KEY,
    channel_id uuid
        CONSTRAINT fk_alert_deliveries_channel_id REFERENCES alert_channels ON DELETE CASCADE,
    team_id uuid,
    kind text NOT NULL DEFAULT 'events' CONSTRAINT ck_alert_deliveries_kind
        CHECK (kind IN ('events', 'test')),
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT ck_alert_deliveries_state
        CHECK (state IN ('waiting', 'delivered', 'failed')),
    quiet boolean NOT NULL DEFAULT false,
    due_at timestamptz NOT NULL,
    deadline timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX ix_alert_deliveries_due ON alert_deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX ix_alert_deliveries_waiting ON alert_deliveries (channel_id, due_at)
    WHERE state = 'waiting';
CREATE INDEX ix_alert_deliveries_channel ON alert_deliveries (channel_id, id);
CREATE INDEX ix_alert_deliveries_team ON alert_deliveries (team_id, id);
CREATE TABLE alert_delivery_events (
    delivery_id uuid NOT NULL
        CONSTRAINT fk_alert_delivery_events_delivery_id
        REFERENCES alert_deliveries ON DELETE CASCADE,
    event_id bigint NOT NULL,
    channel_id uuid,
    CONSTRAINT pk_alert_delivery_events PRIMARY KEY (delivery_id, event_id)
);
CREATE UNIQUE INDEX uq_alert_delivery_events_event
    ON alert_delivery_events (event_id, channel_id) NULLS NOT DISTINCT;
CREATE TABLE alert_attempts (
    delivery_id uuid NOT NULL
        CONSTRAINT fk_alert_attempts_delivery_id REFERENCES alert_deliveries ON DELETE CASCADE,
    attempt integer NOT NULL,
    at timestamptz NOT NULL,
    delivered boolean NOT NULL,
    status integer,
    detail text NOT NULL,
    latency_ms double precision NOT NULL,
    CONSTRAINT pk_alert_attempts PRIMARY KEY (delivery_id, attempt)
);
"""

STATES = """
CREATE TABLE alert_reports (
    channel_id uuid NOT NULL
        CONSTRAINT fk_alert_reports_channel_id REFERENCES alert_channels ON DELETE CASCADE,
    task_id uuid NOT NULL
        CONSTRAINT fk_alert_reports_task_id REFERENCES tasks ON DELETE CASCADE,
    trouble text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_alert_reports PRIMARY KEY (channel_id, task_id, trouble)
);
CREATE INDEX ix_alert_reports_task_id ON alert_reports (task_id);
CREATE TABLE alert_escalations (
    rule_id uuid NOT NULL
        CONSTRAINT fk_alert_escalations_rule_id REFERENCES alert_rules ON DELETE CASCADE,
    task_id uuid NOT NULL
        CONSTRAINT fk_alert_escalations_task_id REFERENCES tasks ON DELETE CASCADE,
    event_id bigint NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT pk_alert_escalations PRIMARY KEY (rule_id, task_id)
);
CREATE INDEX ix_alert_escalations_task_id ON alert_escalations (task_id);
CREATE INDEX ix_alert_escalations_due_at ON alert_escalations (due_at);
"""


def upgrade() -> None:
    for part in (CHANNELS, DELIVERIES, STATES):
        op.execute(part)
