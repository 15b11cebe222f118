"""The ledger: one row for each due time that did not become a plain start on time."""

import uuid
from datetime import datetime

from sqlalchemy import Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Document, Model


class LedgerRow(Model):
    """What became of the due time `scheduled_for`, or of `times` due times from it to `until`.

    `reason` is the word for it, `reason_code` and `reason_args` say why (domain/runs/reasons.py),
    or `because`, the clause that a release before codes wrote. Rows that a run explains are
    written by the trigger `runs_ledger`. No foreign keys: to check one would lock the task after
    the run, against the order in which an edit locks them.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ix_ledger_team", "team_id", "scheduled_for"),
        Index("ix_ledger_noted", "noted_at"),
    )

    task_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    scheduled_for: Mapped[datetime] = mapped_column(primary_key=True)
    team_id: Mapped[uuid.UUID]
    reason: Mapped[str]
    because: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_args: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    detail: Mapped[Document] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    run_id: Mapped[uuid.UUID | None]
    until: Mapped[datetime | None]
    times: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    noted_at: Mapped[Created]
