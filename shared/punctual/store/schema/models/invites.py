"""Invitations, which open a registration or a team once."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class Invite(Model):
    """An invitation, its code as a hash; without a team it is one to the installation.

    `registers`: it opens a registration where that needs one, as an admin made it.
    """

    __tablename__ = "invites"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'operator', 'editor', 'owner')", name="role"),
        CheckConstraint("num_nulls(team_id, role) <> 1", name="team_role"),
    )

    id: Mapped[Id]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    team_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str | None]
    email: Mapped[str | None]
    registers: Mapped[bool]
    created_by: Mapped[uuid.UUID] = mapped_column(index=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    used_by: Mapped[uuid.UUID | None]
