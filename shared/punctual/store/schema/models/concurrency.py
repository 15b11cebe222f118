"""Concurrency limits that users set."""

import uuid

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class ConcurrencyLimit(Model):
    """At most `max_concurrent` runs at once of the team's tasks with `tag`; null: of all."""

    __tablename__ = "concurrency_limits"
    __table_args__ = (
        Index(
            "uq_concurrency_limits_tag",
            "team_id",
            "tag",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    tag: Mapped[str | None]
    max_concurrent: Mapped[int]
    created_at: Mapped[Created]
