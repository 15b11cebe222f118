"""Queues that only some teams may use."""

import uuid

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Model


class Queue(Model):
    """A queue that the teams `team_ids` may use; one that is not here is open to every team.

    A team that is deleted stays in the list, so that the queue does not become open with it.
    """

    __tablename__ = "queues"
    __table_args__ = (CheckConstraint("cardinality(team_ids) > 0", name="team_ids"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    team_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(UUID))
    updated_at: Mapped[Created]
