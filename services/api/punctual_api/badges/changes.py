"""What editors do with badges; API and pages call the same functions."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import url_for

from punctual.domain.links import MOST_LINKS, LinkKind
from punctual.store.links import changes as store
from punctual.store.links.changes import Target
from punctual.store.schema.models import Link
from punctual.store.tasks.changes import find_task
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.audit.recorder import record
from punctual_api.http.context import session, team_id, team_slug, user_id
from punctual_api.http.problems import Fault, invalid, not_found
from punctual_api.links.limits import require_room
from punctual_api.web.own_address import own_url


def create(*, name: str, task: uuid.UUID | None, tag: str | None) -> tuple[Link, str]:
    """Return a new badge of a task, or of the team of this request, and its address."""
    if task is not None:
        if find_task(session(), task, team_id=team_id()) is None:
            raise invalid([Fault("/task", "There is no such task in this team.")])
        require_room(LinkKind.BADGE, "The task", task_id=task)
        target = Target(task_id=task)
    else:
        require_room(LinkKind.BADGE, f"The team {team_slug(team_id())}", team_id=team_id())
        target = Target(team_id=team_id(), tag=tag or None)
    made, token = store.create_link(session(), LinkKind.BADGE, target, name=name, by=user_id())
    record("badge", made.id, name, after=badge_fields(made))
    return made, own_url() + url_for("badge files.picture", token=token)


def end(badge_id: uuid.UUID) -> Link:
    """End a badge of the team of this request; raises Problem 404."""
    badge = session().get(Link, badge_id)
    if badge is None or badge.kind != LinkKind.BADGE:
        raise not_found("badge")
    session().delete(badge)
    record("badge", badge.id, badge.name, before=badge_fields(badge))
    return badge


def listed(task: uuid.UUID | None) -> list[dict[str, Any]]:
    """Return the badges of a task of the team, or of the team; raises Problem 422."""
    most = MOST_LINKS[LinkKind.BADGE]
    if task is None:
        found = store.list_links(session(), LinkKind.BADGE, limit=most, team_id=team_id())
    elif find_task(session(), task, team_id=team_id()) is None:
        raise invalid([Fault("/task", "There is no such task in this team.")])
    else:
        found = store.list_links(session(), LinkKind.BADGE, limit=most, task_id=task)
    return shown(found)


def shown(badges: Sequence[Link]) -> list[dict[str, Any]]:
    """Return badges as they are answered, but for the schema's formats."""
    look_up_names(badge.created_by for badge in badges)
    return [
        {
            "id": badge.id,
            "name": badge.name,
            **badge_fields(badge),
            "created_by": name_of(badge.created_by),
            "created_at": badge.created_at,
            "last_used_at": badge.last_used_at,
        }
        for badge in badges
    ]


def badge_fields(badge: Link) -> dict[str, Any]:
    """Return what the audit record has of a badge."""
    return {"task": badge.task_id, "tag": badge.tag}
