"""Punctuality counted day by day, so that the figure outlives pruned runs."""

import uuid
from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Model


class StartTally(Model):
    """Starts that one batch of finished attempts reports; rolled up into Punctuality soon after.

    Only ever inserted by FINISH: no two workers wait for each other over a shared counter.
    """

    __tablename__ = "start_tallies"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    team_id: Mapped[uuid.UUID]
    day: Mapped[date]
    starts: Mapped[int]
    on_time: Mapped[int]


class Punctuality(Model):
    """A team's starts that were due on one day (UTC), and how many were at most 1 s late."""

    __tablename__ = "punctuality"

    team_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    starts: Mapped[int] = mapped_column(BigInteger)
    on_time: Mapped[int] = mapped_column(BigInteger)
