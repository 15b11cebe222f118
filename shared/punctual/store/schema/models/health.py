"""Health of tasks, kept by triggers as runs end."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Model

WHILE_NOT_PAUSED = (
    "WHEN outcome IN ('failing', 'missed') THEN outcome"
    " WHEN late_since IS NOT NULL THEN 'late' ELSE outcome END"
)
"""The rest of a CASE: the health of a task that is not paused, of a row of task_health."""


class TaskHealth(Model):
    """The health of a task that is not deleted.

    `outcome` is what its last ended run came to, and `since` when it began to: `failures_in_row`
    and `missed_in_row` count from then. `late_since` is the due time of a run that should have
    started. A success after a success changes nothing here, so it writes nothing.
    """

    __tablename__ = "task_health"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('unknown', 'ok', 'failing', 'missed', 'suspicious')", name="outcome"
        ),
        Index("ix_task_health_team", "team_id", "health", "task_id"),
        Index("ix_task_health_late", "late_since", postgresql_where=text("late_since IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 90}},
    )

    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    team_id: Mapped[uuid.UUID]
    outcome: Mapped[str] = mapped_column(server_default=text("'unknown'"))
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    late_since: Mapped[datetime | None]
    since: Mapped[Created]
    failures_in_row: Mapped[int] = mapped_column(server_default=text("0"))
    missed_in_row: Mapped[int] = mapped_column(server_default=text("0"))
    health: Mapped[str] = mapped_column(
        Computed(f"CASE WHEN paused THEN 'paused' {WHILE_NOT_PAUSED}", persisted=True)
    )
