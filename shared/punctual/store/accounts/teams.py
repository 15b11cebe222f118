"""Teams: each user has a personal one, with the user's own id, name and slug."""

import uuid

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.store.schema.models import Team


def make_personal_team(session: Session, user_id: uuid.UUID, username: str) -> Team | None:
    """Return the team of a user who is about to be made; None when the name is taken."""
    return session.scalars(
        insert(Team)
        .values(id=user_id, slug=username, name=username, personal=True)
        .on_conflict_do_nothing()
        .returning(Team)
    ).one_or_none()
