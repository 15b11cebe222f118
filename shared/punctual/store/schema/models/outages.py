"""Outages: times without a coordinator, and the last pass by which they are detected."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class LastPass(Model):
    """One row: when a coordinator last planned and dispatched all that was due.

    It has done so without a break since `since`; before that the last time was `stopped_at`.
    """

    __tablename__ = "last_pass"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    at: Mapped[datetime]
    since: Mapped[Created]
    stopped_at: Mapped[datetime | None]


class CoordinatorStop(Model):
    """A gap between two passes of more than a lease; many are too short for an outage."""

    __tablename__ = "coordinator_stops"

    from_at: Mapped[datetime] = mapped_column(primary_key=True)
    to_at: Mapped[datetime]


class DatabaseSilence(Model):
    """A time in which the database did not answer a coordinator that was awake and asked it."""

    __tablename__ = "database_silences"

    from_at: Mapped[datetime] = mapped_column(primary_key=True)
    to_at: Mapped[datetime]


class Outage(Model):
    """A gap between two passes that was too long: due times in it were left to `catch_up`.

    `reported_at`: when its events were recorded.
    """

    __tablename__ = "outages"

    id: Mapped[Id]
    from_at: Mapped[datetime] = mapped_column(index=True)
    to_at: Mapped[datetime]
    created_at: Mapped[Created]
    reported_at: Mapped[datetime | None]
