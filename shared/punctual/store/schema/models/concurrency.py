"""Limits of what runs at once, and of what a team may have unfinished."""

import uuid
from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class ConcurrencyLimit(Model):
    """At most `max_concurrent` runs at once of the team's tasks with `tag`; null: of all.

    `slots`: the limit of all runs that admins set, which the trigger team_slots keeps.
    """

    __tablename__ = "concurrency_limits"
    __table_args__ = (
        Index(
            "uq_concurrency_limits_tag",
            "team_id",
            "tag",
            "slots",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    tag: Mapped[str | None]
    max_concurrent: Mapped[int]
    created_at: Mapped[Created]
    slots: Mapped[bool] = mapped_column(server_default=text("false"))


class SlotDefault(Model):
    """One row: how many slots each team may use that has no number of its own; 0: any."""

    __tablename__ = "slot_default"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    max_slots: Mapped[int]


class TeamWait(Model):
    """A time in which a team had all `most` unfinished runs that it may have, and was not planned.

    `until` is when it was last seen full.
    """

    __tablename__ = "team_waits"

    team_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    since: Mapped[datetime]
    until: Mapped[datetime]
    most: Mapped[int]
