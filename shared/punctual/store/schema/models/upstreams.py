"""Ends of upstream runs that are still to be followed."""

import uuid

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Model


class UpstreamEnd(Model):
    """The end of run `run_id` of `upstream_id`, after which `task_id` is to run.

    Written by a trigger on runs, taken away when a run followed. `seen`: it waits for the ends of
    other upstream tasks.
    """

    __tablename__ = "upstream_ends"
    __table_args__ = (
        Index("ix_upstream_ends_task", "task_id", "id"),
        Index("ix_upstream_ends_new", "task_id", postgresql_where=text("NOT seen")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task_id: Mapped[uuid.UUID]
    upstream_id: Mapped[uuid.UUID]
    run_id: Mapped[uuid.UUID]
    seen: Mapped[bool] = mapped_column(server_default=text("false"))
