"""Links: made, listed and ended by the team or the user that owns them."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from punctual.domain.links import PREFIXES, LinkKind
from punctual.store.accounts.token_hash import token_digest
from punctual.store.schema.models import Link


class Target(NamedTuple):
    """What a link is about: a task, a team, or what a user sees; the last two also by a tag."""

    task_id: uuid.UUID | None = None
    team_id: uuid.UUID | None = None
    user_id: uuid.UUID | None = None
    tag: str | None = None


def create_link(
    session: Session, kind: LinkKind, target: Target, *, name: str, by: uuid.UUID
) -> tuple[Link, str]:
    """Return a new link, and its token in clear for the one answer that shows it."""
    token = PREFIXES[kind] + secrets.token_urlsafe(32)
    made = Link(
        kind=kind.value,
        **target._asdict(),
        name=name,
        created_by=by,
        token_hash=token_digest(token),
    )
    session.add(made)
    session.flush()
    return made, token


def count_links(session: Session, kind: LinkKind, **owner: uuid.UUID) -> int:
    """Return how many links of this kind a task, a team or a user has."""
    count = select(func.count()).select_from(Link).where(_of(kind, owner))
    return session.scalars(count).one()


def list_links(
    session: Session,
    kind: LinkKind,
    *,
    limit: int,
    before: uuid.UUID | None = None,
    **owner: uuid.UUID,
) -> Sequence[Link]:
    """Return at most `limit` links of a task, a team or a user, newest first, before that id."""
    statement = select(Link).where(_of(kind, owner)).order_by(Link.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Link.id < before)
    return session.scalars(statement).all()


def end_link(
    session: Session, kind: LinkKind, link_id: uuid.UUID, **owner: uuid.UUID
) -> Link | None:
    """End a link of this task, team or user; None when it has no such link."""
    ended = delete(Link).where(Link.id == link_id, _of(kind, owner)).returning(Link)
    return session.scalars(ended).one_or_none()


def _of(kind: LinkKind, owner: Mapping[str, uuid.UUID]) -> ColumnElement[bool]:
    [(column, value)] = owner.items()
    return and_(Link.kind == kind.value, getattr(Link, column) == value)
