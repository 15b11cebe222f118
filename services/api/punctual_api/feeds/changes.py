"""What users do with their feeds; API and pages call the same functions."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import url_for

from punctual.domain.links import LinkKind
from punctual.store.accounts.audit import Subject
from punctual.store.links import changes as store
from punctual.store.links.changes import Target
from punctual.store.schema.models import Link
from punctual_api.audit.recorder import record_account
from punctual_api.http.context import sender, session, team_slug, user_id
from punctual_api.http.problems import Fault, invalid, not_found
from punctual_api.links.limits import require_room
from punctual_api.web.own_address import own_url


def create(*, name: str, team: str | None, tag: str | None) -> tuple[Link, str]:
    """Return a new feed of the user, and its address, shown once; raises Problem 422."""
    require_room(LinkKind.FEED, "You", user_id=user_id())
    target = Target(team_id=_own_team(team), user_id=user_id(), tag=tag or None)
    made, token = store.create_link(session(), LinkKind.FEED, target, name=name, by=user_id())
    _record(made, after=_fields(made))
    return made, own_url() + url_for("feed files.feed", token=token)


def end(feed_id: uuid.UUID) -> None:
    """End a feed of the user; raises Problem 404."""
    ended = store.end_link(session(), LinkKind.FEED, feed_id, user_id=user_id())
    if ended is None:
        raise not_found("feed")
    _record(ended, before=_fields(ended))


def shown(feeds: Sequence[Link]) -> list[dict[str, Any]]:
    """Return feeds as they are answered, but for the schema's formats."""
    return [
        {
            "id": feed.id,
            "name": feed.name,
            **_fields(feed),
            "created_at": feed.created_at,
            "last_used_at": feed.last_used_at,
        }
        for feed in feeds
    ]


def _own_team(slug: str | None) -> uuid.UUID | None:
    """Return the team of that slug: one that the user is in, as the feed ends with that."""
    if not slug:
        return None
    for team in sender().teams:
        if team.slug.lower() == slug.lower():
            found: uuid.UUID = team.team_id
            return found
    raise invalid([Fault("/team", "You are in no such team.")])


def _fields(feed: Link) -> dict[str, Any]:
    return {"team": None if feed.team_id is None else team_slug(feed.team_id), "tag": feed.tag}


def _record(
    feed: Link, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> None:
    subject = Subject("feed", feed.id, feed.name)
    record_account(user_id(), sender().username, subject=subject, before=before, after=after)
