"""Links to a new password, which were mailed to users who have forgotten theirs."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from punctual.store.schema.models.model import Created, Model


class PasswordReset(Model):
    """The newest link of a user, its code as a hash; a new one takes the place of the one before.

    So there is one row a user at most, and none needs to be pruned.
    """

    __tablename__ = "password_resets"

    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime]
