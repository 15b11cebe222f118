"""Teams, which own what their members make, and who is in them."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class Team(Model):
    """Owner of tasks, calendars and limits; the personal team of a user has the user's id.

    `max_slots` is how many of its runs may run at once: 0 any number, null what slot_default has.
    """

    __tablename__ = "teams"
    __table_args__ = (
        Index("uq_teams_slug", text("lower(slug)"), unique=True),
        CheckConstraint("max_slots >= 0", name="max_slots"),
    )

    id: Mapped[Id]
    slug: Mapped[str]
    name: Mapped[str]
    personal: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Created]
    max_slots: Mapped[int | None]


class Membership(Model):
    """A user's role in a team; `by_groups`: as groups of single sign-on have it, at each login."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'operator', 'editor', 'owner')", name="role"),
    )

    team_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str]
    created_at: Mapped[Created]
    by_groups: Mapped[bool] = mapped_column(server_default=text("false"))
