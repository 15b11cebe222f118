"""Which events of the audit record the asker may read, and how they are answered."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask.globals import app_ctx
from flask_login import current_user

from punctual.store.accounts.audit_list import Event, Filters, Place, Scope
from punctual.store.accounts.users import user_named
from punctual_api.http.context import session, team_id, team_ids, user_id
from punctual_api.http.cursors import read_run_cursor, run_cursor


def scope() -> Scope:
    """Return whose events are read: the team's, or one's own; an admin reads all.

    One's own are those of the teams that one owns and of one's account.
    """
    if "membership" in app_ctx.g:
        return Scope([team_id()])
    return Scope(None) if current_user.is_admin else Scope(team_ids(), user_id())


def read_filters(args: dict[str, Any]) -> Filters | None:
    """Return which events are wanted; None when the actor is neither a user's name nor an id."""
    actor = None
    if args["actor"]:
        actor = _actor_id(args["actor"])
        if actor is None:
            return None
    return Filters(actor, args["action"], args["object"], args["since"], args["until"])


def _actor_id(actor: str) -> uuid.UUID | None:
    user = user_named(session(), actor)
    if user is not None:
        return user.id
    try:
        return uuid.UUID(actor)
    except ValueError:
        return None


def read_place(cursor: str | None) -> Place | None:
    """Return the event that a cursor names; raises Problem 422 for what is no such cursor."""
    found = read_run_cursor(cursor)
    return None if found is None else Place(*found)


def cursor_after(events: Sequence[Event], page_size: int) -> str | None:
    """Return the cursor of the next page; `events` has one more where there is a next page."""
    if len(events) <= page_size:
        return None
    last = events[page_size - 1]
    return run_cursor(last.at, last.id)


def _object(event: Event) -> dict[str, Any]:
    found = {"kind": event.object_kind, "id": event.object_id, "name": event.object_name}
    return {**found, "ids": event.object_ids} if event.object_ids else found


class Reader:
    """Answers events as one user may see them, also after that user's request has ended."""

    def __init__(self) -> None:
        self._user_id, self._is_admin = user_id(), current_user.is_admin

    def document(self, event: Event) -> dict[str, Any]:
        """Return what AuditEventSchema answers of an event."""
        return {
            "id": event.id,
            "at": event.at,
            "action": event.action,
            "actor": {"id": event.actor_id, "name": event.actor_name, "token_id": event.token_id},
            "object": _object(event),
            "team": event.team_slug,
            "changes": event.changes or {},
            "ip": None if self._hides_address(event) else event.ip,
            "request_id": event.request_id,
        }

    def _hides_address(self, event: Event) -> bool:
        """Return whether an admin acted on the account of the reader, who is none."""
        by_other = event.actor_id is not None and event.actor_id != self._user_id
        return by_other and event.account_id is not None and not self._is_admin
