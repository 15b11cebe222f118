"""Users, and the tokens of their programs."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class User(Model):
    """A person who logs in, unless `disabled_at` is set."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_username", text("lower(username)"), unique=True),
        Index("uq_users_email", text("lower(email)"), unique=True),
    )

    id: Mapped[Id]
    username: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Created]
    disabled_at: Mapped[datetime | None]


class ApiToken(Model):
    """A token as its SHA-256; the token itself is shown once and never stored."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)


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
