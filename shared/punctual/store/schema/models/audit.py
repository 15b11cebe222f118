"""The audit record: who did what."""

import uuid

from sqlalchemy import Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Document, Id, Model


class AuditEvent(Model):
    """One action of a user, with names as they were then.

    `actor_id` is the user who acted, or the team's own token; `token_id` is the session, the login
    by the API or the access token that was used. Both are null for what an operator did on the
    command line or a visitor who is not known. `team_id` is the team whose owners may read it,
    `account_id` the user who may, as it concerns that account. `changes` has the value before and
    after of each field that changed. `object_ids` is in place of `object_id` where one request did
    the same to many. No column refers to another table, so that an event stays when its team, its
    user or its object is deleted.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index(
            "ix_audit_events_account",
            "account_id",
            "at",
            "id",
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        # Of an expression, so that a page of one team cannot be searched for in all events.
        Index("ix_audit_events_utc", text("(at AT TIME ZONE 'UTC')"), "id"),
        Index("ix_audit_events_action", "action", "at", "id"),
        Index("ix_audit_events_actor", "actor_id", "at", "id"),
        Index("ix_audit_events_object", "object_id", "at", "id"),
        Index(
            "ix_audit_events_objects",
            "object_ids",
            postgresql_using="gin",
            postgresql_where=text("object_ids IS NOT NULL"),
        ),
        Index("ix_audit_events_team", "team_id", "at", "id"),
        Index("ix_audit_events_team_action", "team_id", "action", "at", "id"),
    )

    id: Mapped[Id]
    at: Mapped[Created]
    action: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str | None]
    token_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    team_id: Mapped[uuid.UUID | None]
    team_slug: Mapped[str | None]
    object_kind: Mapped[str | None]
    object_id: Mapped[uuid.UUID | None]
    object_name: Mapped[str | None]
    changes: Mapped[Document | None] = mapped_column(JSONB(none_as_null=True))
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
    object_ids: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid()))
