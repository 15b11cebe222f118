"""Tasks, and the keys that make creating one repeatable."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.domain.secrets.references import read_env
from punctual.store.schema.models.model import Created, Document, Id, Model


class Environment(TypeDecorator[Document]):
    """An environment, which a trigger stores as pairs where it refers to secrets."""

    impl = JSONB
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return it as an object, however it is stored."""
        del dialect
        return read_env(value)


class Task(Model):
    """A command, when to run it, and the policies of its runs.

    `command` is empty where there is a `script` or an `http` request in its place. `schedule` is
    the API's own document (null = only by hand), `schedule_anchor` the instant it
    was last set, from which `every` counts. `next_due_at` is the next due time that has no run
    yet. `planned_runs` counts towards `max_runs`: runs by schedule that were neither missed when
    planned nor withdrawn. Nothing is due from `paused_at` until
    `paused_until`. While it has a `plan_error` that is to be tried again at `plan_retry_at`,
    `plan_due_at` is where planning goes on.
    `created_by` and `updated_by` are users, unknown for what the release before wrote.
    `limits` holds those of an attempt that are not left to the worker. `secrets` are the names that
    `env` and `http` refer to, null where they refer to neither a secret nor a file of one.
    `deleted_at` hides a task whose history is still kept.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "ix_tasks_due",
            "next_due_at",
            "id",
            postgresql_where=text("enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL"),
        ),
        Index(
            "ix_tasks_after",
            "after",
            postgresql_using="gin",
            postgresql_ops={"after": "jsonb_path_ops"},
            postgresql_where=text("after <> '[]'"),
        ),
        Index(
            "ix_tasks_team_due",
            *("team_id", "next_due_at", "id"),
            postgresql_where=text("enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL"),
        ),
        Index(
            "ix_tasks_paused",
            "paused_until",
            "id",
            postgresql_where=text("NOT enabled AND paused_until IS NOT NULL"),
        ),
        Index(
            "ix_tasks_queue",
            "queue",
            "team_id",
            postgresql_where=text("queue <> 'default' AND deleted_at IS NULL"),
        ),
        Index(
            "ix_tasks_plan_retry",
            "plan_retry_at",
            "id",
            postgresql_where=text("plan_retry_at IS NOT NULL"),
        ),
        Index("ix_tasks_team", "team_id", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(
            "ix_tasks_tags", "tags", postgresql_using="gin", postgresql_where="deleted_at IS NULL"
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[Id]
    team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    name: Mapped[str]
    command: Mapped[str]
    script: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    http: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    schedule: Mapped[Document | list[Document] | None] = mapped_column(JSONB(none_as_null=True))
    schedule_anchor: Mapped[datetime]
    next_due_at: Mapped[datetime | None]
    plan_error: Mapped[str | None]
    plan_due_at: Mapped[datetime | None]
    plan_retry_at: Mapped[datetime | None]
    plan_failures: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    paused_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    max_runs: Mapped[int | None]
    planned_runs: Mapped[int] = mapped_column(server_default=text("0"))
    jitter: Mapped[float] = mapped_column(server_default=text("0"))
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    max_retries: Mapped[int] = mapped_column(SmallInteger)
    retry_delay: Mapped[float]
    retry_delay_max: Mapped[float]
    retry_on: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    no_retry_on: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    timeout: Mapped[float]
    end_grace: Mapped[float | None]
    env: Mapped[Document] = mapped_column(Environment)
    params: Mapped[list[Document] | None] = mapped_column(JSONB(none_as_null=True))
    working_dir: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    meta: Mapped[Document] = mapped_column("metadata", JSONB)
    calendars: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    anomalies: Mapped[str] = mapped_column(server_default=text("'normal'"))
    overlap: Mapped[str]
    after: Mapped[list[Document]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    max_concurrent: Mapped[int | None]
    queue: Mapped[str] = mapped_column(server_default=text("'default'"))
    catch_up: Mapped[str]
    start_deadline: Mapped[float | None]
    priority: Mapped[int] = mapped_column(SmallInteger)
    ping: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    limits: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))
    secrets: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[Created]
    created_by: Mapped[uuid.UUID | None]
    updated_at: Mapped[Created]
    updated_by: Mapped[uuid.UUID | None]
    deleted_at: Mapped[datetime | None]


class IdempotencyKey(Model):
    """A key a client sent with a creation, what it asked for, and what it got.

    `principal_id` is the user or the hook whose request it was.
    """

    __tablename__ = "idempotency_keys"

    principal_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    created_ids: Mapped[list[uuid.UUID]] = mapped_column("task_ids", ARRAY(Uuid))
    created_at: Mapped[Created] = mapped_column(index=True)
