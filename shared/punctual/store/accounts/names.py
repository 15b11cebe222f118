"""Find the names of users, and of the tokens of teams and the hooks that act like one."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from punctual.domain.links import hook_name
from punctual.store.schema.models import AccessToken, Link, User


def usernames(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the name of each user who is still there.

    A team's own token is `NAME (token)`, a hook `NAME (hook)`, which no username can be.
    """
    users = select(User.id, User.username).where(User.id.in_(ids))
    names: dict[uuid.UUID, str] = {row.id: row.username for row in session.execute(users)}
    if rest := set(ids) - names.keys():
        tokens = select(AccessToken.id, AccessToken.name).where(AccessToken.id.in_(rest))
        names |= {row.id: token_name(row.name) for row in session.execute(tokens)}
    if rest := rest - names.keys():
        hooks = select(Link.id, Link.name).where(Link.id.in_(rest))
        names |= {row.id: hook_name(row.name) for row in session.execute(hooks)}
    return names


def token_names(
    session: Session, ids: Collection[uuid.UUID], *, user_id: uuid.UUID | None
) -> dict[uuid.UUID, str]:
    """Return the name of each access token that has not ended, of all users or of one."""
    tokens = select(AccessToken.id, AccessToken.name).where(AccessToken.id.in_(ids))
    if user_id is not None:
        tokens = tokens.where(AccessToken.user_id == user_id)
    return {row.id: row.name for row in session.execute(tokens)}


def token_name(name: str) -> str:
    """Return how a token is shown where users are."""
    return f"{name} (token)"
