"""Addresses with a token in them: hooks, badges and feeds."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model

SHAPES = (
    "CASE kind"
    " WHEN 'hook' THEN task_id IS NOT NULL AND num_nonnulls(team_id, user_id, tag) = 0"
    " WHEN 'badge' THEN user_id IS NULL AND num_nonnulls(task_id, team_id) = 1"
    " AND (tag IS NULL OR task_id IS NULL)"
    " WHEN 'feed' THEN user_id IS NOT NULL AND task_id IS NULL"
    " ELSE false END"
)


class Link(Model):
    """An address that works without an account; its token as SHA-256.

    A hook runs its task. A badge shows a task, a team, or the tasks of a team that have a tag. A
    feed lists what its user sees: of all teams or of one, with a tag or not.
    """

    __tablename__ = "links"
    __table_args__ = (CheckConstraint(SHAPES, name="kind"),)

    id: Mapped[Id]
    kind: Mapped[str]
    task_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), index=True
    )
    team_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    tag: Mapped[str | None]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    created_by: Mapped[uuid.UUID]
    last_used_at: Mapped[datetime | None]
