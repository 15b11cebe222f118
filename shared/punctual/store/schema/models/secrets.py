"""Secrets of teams, sealed, and which tasks use them."""

import uuid

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class Secret(Model):
    """A value that only workers can open; `key` is the id of the public key it is sealed with.

    The team and the name are sealed together with the value, so neither can change.
    """

    __tablename__ = "secrets"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    name: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[Created]
    updated_at: Mapped[Created]
    updated_by: Mapped[uuid.UUID | None]


class TaskSecret(Model):
    """A task that names a secret, which may be gone; kept by a trigger on tasks."""

    __tablename__ = "task_secrets"

    team_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, index=True
    )
