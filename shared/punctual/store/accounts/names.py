"""Find the names of users."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from punctual.store.schema.models import User


def usernames(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the name of each user who is still there."""
    rows = session.execute(select(User.id, User.username).where(User.id.in_(ids)))
    return {row.id: row.username for row in rows}
