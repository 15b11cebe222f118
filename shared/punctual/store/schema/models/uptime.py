"""Uptime: since when the database is known to have taken heartbeats without a break."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Model


class DatabaseUptime(Model):
    """One row: heartbeats could be written from `up_since` to `seen_at` without a long gap.

    `server_started_at` distinguishes one life of the server from the next.
    """

    __tablename__ = "uptime"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    up_since: Mapped[datetime]
    seen_at: Mapped[datetime]
    server_started_at: Mapped[datetime]
