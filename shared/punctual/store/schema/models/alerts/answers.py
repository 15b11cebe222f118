"""What users answer to alerts: snoozes of tasks, and links in messages that need no login."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class TaskSnooze(Model):
    """No alerts of a task until a time, or with `until_ok` until it is ok again.

    `by` is the user who asked for it, null for a link in a message. One whose time is over stays
    until the next one, and means nothing.
    """

    __tablename__ = "task_snoozes"
    __table_args__ = (CheckConstraint("until_ok = (until IS NULL)", name="until"),)

    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[datetime | None]
    until_ok: Mapped[bool] = mapped_column(server_default=text("false"))
    by: Mapped[uuid.UUID | None]
    at: Mapped[Created]


class AlertLink(Model):
    """A link in a message: its code as a hash, and the one task, run and team that it is about.

    `retried_as` is the run that it made: it makes one alone. `run_id` has no foreign key, whose
    check would cost each run that is pruned.
    """

    __tablename__ = "alert_links"

    id: Mapped[Id]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    team_id: Mapped[uuid.UUID]
    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), index=True
    )
    run_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    retried_as: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
