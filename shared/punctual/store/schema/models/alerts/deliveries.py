"""Messages to channels, what they are about, and each attempt to deliver one."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class AlertDelivery(Model):
    """A message to a channel, or without one by mail to all admins.

    It is sent at `due_at`; until then events may join it, and after a failure it is the time of
    the next attempt. `quiet`: it waits for the end of the channel's quiet hours. A notifier that
    sends it has it until `claimed_until`. After `deadline` it is not tried again.
    """

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        CheckConstraint("kind IN ('events', 'test')", name="kind"),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index(
            "ix_alert_deliveries_due",
            "due_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_alert_deliveries_waiting",
            "channel_id",
            "due_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_alert_deliveries_channel", "channel_id", "id"),
        Index("ix_alert_deliveries_team", "team_id", "id"),
    )

    id: Mapped[Id]
    channel_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("alert_channels.id", ondelete="CASCADE")
    )
    team_id: Mapped[uuid.UUID | None]
    kind: Mapped[str] = mapped_column(server_default=text("'events'"))
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    quiet: Mapped[bool] = mapped_column(server_default=text("false"))
    due_at: Mapped[datetime]
    deadline: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[Created]
    ended_at: Mapped[datetime | None]


class AlertDeliveryEvent(Model):
    """An event that a message is about; a channel is sent an event once."""

    __tablename__ = "alert_delivery_events"
    __table_args__ = (
        Index(
            "uq_alert_delivery_events_event",
            "event_id",
            "channel_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("alert_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    channel_id: Mapped[uuid.UUID | None]


class AlertAttempt(Model):
    """One attempt to deliver a message: its answer, and how long that took."""

    __tablename__ = "alert_attempts"

    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("alert_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    delivered: Mapped[bool]
    status: Mapped[int | None]
    detail: Mapped[str]
    latency_ms: Mapped[float]


class AlertReport(Model):
    """A trouble of a task that a channel was sent, until the task recovers."""

    __tablename__ = "alert_reports"

    channel_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("alert_channels.id", ondelete="CASCADE"), primary_key=True
    )
    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    trouble: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class AlertEscalation(Model):
    """When a failing task goes to another channel, unless it recovers before."""

    __tablename__ = "alert_escalations"

    rule_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("alert_rules.id", ondelete="CASCADE"), primary_key=True
    )
    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    event_id: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime] = mapped_column(index=True)
