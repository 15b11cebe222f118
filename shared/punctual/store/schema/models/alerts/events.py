"""Events that people want to learn: the outbox of messages."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.domain.alerts.events import EventKind
from punctual.store.schema.models.model import Created, Document, Model

KINDS = ", ".join(f"'{kind}'" for kind in EventKind)


class AlertEvent(Model):
    """What happened to a task, or with no `team_id` to the installation.

    Written in the transaction in which it happens, and `taken_at` once its messages were decided.
    It has no foreign keys: their checks would lock rows of teams and tasks at the end of a run.
    """

    __tablename__ = "alert_events"
    __table_args__ = (
        CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        Index("ix_alert_events_new", "id", postgresql_where=text("taken_at IS NULL")),
        Index("ix_alert_events_task", "task_id", "id"),
        Index("ix_alert_events_team", "team_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    team_id: Mapped[uuid.UUID | None]
    task_id: Mapped[uuid.UUID | None]
    run_id: Mapped[uuid.UUID | None]
    at: Mapped[Created]
    details: Mapped[Document] = mapped_column(JSONB, server_default=text("'{}'"))
    taken_at: Mapped[datetime | None]
