"""What is normal for each task, and the runs that were not."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Document, Model


class UnjudgedRuns(Model):
    """Successes of one batch of attempts, until they are judged; unlogged, as a crash may lose it.

    Written by a trigger, for which one row is less than one for each run.
    """

    __tablename__ = "unjudged_runs"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid))


class TaskNorms(Model):
    """What is normal for a task, as domain/anomalies reads it, and how many runs ended since."""

    __tablename__ = "task_norms"

    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    norms: Mapped[Document] = mapped_column(JSONB)
    runs_since: Mapped[int]
    learned_at: Mapped[datetime]


class RunAnomaly(Model):
    """A way in which a run that succeeded was unlike the others of its task."""

    __tablename__ = "run_anomalies"

    run_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    figures: Mapped[Document] = mapped_column(JSONB)
    at: Mapped[Created]
