"""Channels that messages go to, and rules that say which events are sent there."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Document, Id, Model


class AlertChannel(Model):
    """Where messages go; without a team those of the installation.

    `url` and `secret` are sealed with the public key of the id `key`, together with the team and
    the id, so that neither can change; `shown` is what may be read of the URL. The last three are
    the notifier's.
    """

    __tablename__ = "alert_channels"
    __table_args__ = (
        CheckConstraint("kind IN ('webhook', 'email', 'apprise')", name="kind"),
        Index(
            "uq_alert_channels_name",
            "team_id",
            "name",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    name: Mapped[str]
    kind: Mapped[str]
    recipients: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    url: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    key: Mapped[str | None] = mapped_column(index=True)
    shown: Mapped[str | None]
    quiet: Mapped[Document | None] = mapped_column(JSONB)
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Created]
    updated_at: Mapped[Created]
    updated_by: Mapped[uuid.UUID | None]
    last_delivered_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]


class AlertRule(Model):
    """Which events of a team's tasks, or of the installation, go to a channel.

    `tags` and `task_ids` narrow it down; null: all tasks. What still fails after that many runs or
    seconds goes to the channel `escalate_to` too.
    """

    __tablename__ = "alert_rules"
    __table_args__ = (CheckConstraint("frequency IN ('change', 'every')", name="frequency"),)

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    channel_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("alert_channels.id", ondelete="CASCADE"), index=True
    )
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    task_ids: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(UUID))
    frequency: Mapped[str]
    escalate_to: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("alert_channels.id", ondelete="SET NULL"), index=True
    )
    escalate_after_runs: Mapped[int | None]
    escalate_after_seconds: Mapped[int | None]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Created]
    updated_at: Mapped[Created]
    updated_by: Mapped[uuid.UUID | None]
