"""Runs, their attempts, and their output."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.domain.runs.states import RunState
from punctual.store.schema.models.model import Created, Document, Id, Model

STATES = ", ".join(f"'{state}'" for state in RunState)


class Run(Model):
    """One due time of one task, with a snapshot of what to run (`spec`) and how.

    `scheduled_for` is what the schedule (or the person) asked for, `due_at` when the next
    attempt is due, `redispatch_at` when a queued run is published again, and a claimed one that was
    not started is taken back. `fence` grows each time the run's ownership is given or taken. A
    superseded run was withdrawn by an edit or a pause; its due time may be planned again. `params`
    are the values it was given, or the task's defaults. Workers that have more to do than slots
    claim what is queued by its `turn`, in which teams alternate. `limited`: it may count towards a
    limit of concurrent runs. `caught_up`: a stop left it behind, and its task's `catch_up` still
    runs it.
    `triggered_by` is the user who asked for it.
    `reason_code` and `reason_args` say why (domain/runs/reasons.py): a run that is missed, skipped,
    cancelled or lost always has a code. `reason` is what a release before codes wrote instead.
    """

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="state"),
        Index(
            "uq_runs_once",  # a withdrawn run counts as null, so that only the others are unique
            "task_id",
            "scheduled_for",
            "trigger",
            text("nullif(superseded, true)"),
            unique=True,
        ),
        Index(
            "uq_runs_one_running",
            "task_id",
            unique=True,
            postgresql_where=text("state = 'running' AND overlap <> 'allow'"),
        ),
        Index("ix_runs_scheduled", "due_at", "id", postgresql_where=text("state = 'scheduled'")),
        Index(
            "ix_runs_turn",
            *("queue", "turn", "due_at", "id"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_runs_last_turn",
            *("queue", "team_id", "turn"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_runs_redispatch",
            "redispatch_at",
            "id",
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_runs_start_by",
            "start_by",
            postgresql_where=text(
                "start_by IS NOT NULL AND attempt = 0 AND state IN ('scheduled', 'queued')"
            ),
        ),
        Index(
            "ix_runs_worker",
            "worker_id",
            postgresql_where=text("state IN ('claimed', 'running')"),
        ),
        Index(
            "ix_runs_unfinished",
            "task_id",
            postgresql_where=text("state IN ('scheduled', 'queued', 'claimed', 'running')"),
        ),
        Index(
            "ix_runs_limited",
            *("team_id", "state", "due_at", "id"),
            postgresql_where=text(
                "limited AND state IN ('scheduled', 'queued', 'claimed', 'running')"
            ),
        ),
        Index("ix_runs_team", "team_id", "scheduled_for", "id"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[Id]
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    team_id: Mapped[uuid.UUID]  # its task's, which goes with the team and takes its runs along
    state: Mapped[str]
    trigger: Mapped[str]
    triggered_by: Mapped[uuid.UUID | None]
    scheduled_for: Mapped[datetime]
    due_at: Mapped[datetime]
    start_by: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(SmallInteger)
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    overlap: Mapped[str]
    queue: Mapped[str] = mapped_column(server_default=text("'default'"))
    limited: Mapped[bool] = mapped_column(server_default=text("false"))
    turn: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    superseded: Mapped[bool] = mapped_column(server_default=text("false"))
    caught_up: Mapped[bool] = mapped_column(server_default=text("false"))
    spec: Mapped[Document] = mapped_column(JSONB)
    params: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    worker_id: Mapped[uuid.UUID | None]
    worker: Mapped[str | None]
    dispatches: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    redispatch_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    lateness_ms: Mapped[float | None]
    exit_code: Mapped[int | None]
    signal: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_args: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    output_bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    output_truncated: Mapped[bool] = mapped_column(server_default=text("false"))
    left_behind: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created]


class Attempt(Model):
    """One start of a run's command, written when it has ended.

    It has a reason as a run has. `late` marks an attempt that was taken for lost and reported its
    end afterwards.
    """

    __tablename__ = "attempts"

    run_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    fence: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    worker_id: Mapped[uuid.UUID | None]
    worker: Mapped[str | None]
    due_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime]
    lateness_ms: Mapped[float | None]
    exit_code: Mapped[int | None]
    signal: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_args: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    output_bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    output_truncated: Mapped[bool] = mapped_column(server_default=text("false"))
    left_behind: Mapped[int] = mapped_column(server_default=text("0"))
    late: Mapped[bool] = mapped_column(server_default=text("false"))


class Output(Model):
    """What an attempt wrote: raw bytes in order; `segments` says whose they are.

    Each segment is a length, positive for stdout and negative for stderr. `head_bytes` is how
    many of the kept bytes come before the cut, when the output was longer than its limit.
    """

    __tablename__ = "outputs"

    run_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    segments: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    head_bytes: Mapped[int] = mapped_column(Integer)


class LiveOutput(Model):
    """What a running attempt had written at `written_at`, stored only when a user opened it.

    Fields as those of `Output`. Not logged: a crash of the server forgets it, which costs nothing.
    """

    __tablename__ = "live_outputs"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    fence: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    segments: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    head_bytes: Mapped[int] = mapped_column(Integer)
    output_bytes: Mapped[int] = mapped_column(BigInteger)
    written_at: Mapped[datetime]
