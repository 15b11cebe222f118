"""Calendars of a team's tasks: when nothing is due."""

import uuid
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class CalendarRow(Model):
    """A calendar; `days` and `windows` are the API's own documents. Tasks name it."""

    __tablename__ = "calendars"
    __table_args__ = (UniqueConstraint("team_id", "name", name="uq_calendars_name"),)

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    name: Mapped[str]
    timezone: Mapped[str]
    days: Mapped[list[str]] = mapped_column(JSONB)
    windows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[Created]
    updated_at: Mapped[Created]
