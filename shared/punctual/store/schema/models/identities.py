"""Identities: by which account at a provider a user logs in without a password."""

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Id, Model


class Identity(Model):
    """A user's account at a provider of single sign-on; the provider never reuses a subject."""

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        UniqueConstraint("user_id", "issuer"),
    )

    id: Mapped[Id]
    issuer: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Created]
