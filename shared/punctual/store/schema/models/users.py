"""Users, their logins, and the access tokens of users and teams."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class User(Model):
    """A person who logs in, unless `disabled_at` is set; without a hash not by a password."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_username", text("lower(username)"), unique=True),
        Index("uq_users_email", text("lower(email)"), unique=True),
    )

    id: Mapped[Id]
    username: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str | None]
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Created]
    disabled_at: Mapped[datetime | None]


class ApiToken(Model):
    """A login by the API: the SHA-256 of its token, which is shown once and never stored."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]


class UserSession(Model):
    """A session on the pages; its cookie carries a token of which this is the SHA-256."""

    __tablename__ = "sessions"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]


class AccessToken(Model):
    """A named token that a user made, as its SHA-256: the user's own, or a team's.

    `role` is the most that it may do; null: all that its user may.
    """

    __tablename__ = "access_tokens"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, team_id) = 1", name="owner"),
        CheckConstraint("role IN ('viewer', 'operator', 'editor', 'owner')", name="role"),
        CheckConstraint("team_id IS NULL OR role IS NOT NULL", name="team_role"),
    )

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    team_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), index=True
    )
    created_by: Mapped[uuid.UUID]
    name: Mapped[str]
    role: Mapped[str | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
