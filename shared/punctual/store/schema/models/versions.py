"""Earlier versions of tasks."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Document, Model


class TaskVersion(Model):
    """A task as it was at a version before the present one: `document` is its whole row.

    `changed_by` is the user who made that version, `at` when.
    """

    __tablename__ = "task_versions"

    task_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    changed_by: Mapped[uuid.UUID | None]
    document: Mapped[Document] = mapped_column(JSONB)
