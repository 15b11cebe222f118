"""Record what a request changed, in the transaction of the change.

Whatever changes something calls `record`. An endpoint that changes something and records nothing
is recorded all the same, by its action and the object in its address, and logged as an error.
"""

import uuid
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import structlog
from flask import Response
from flask.globals import app_ctx, request_ctx
from sqlalchemy.exc import SQLAlchemyError

from punctual.domain.audit.actions import Action, action_of
from punctual.domain.audit.changes import differences
from punctual.store.accounts.audit import Actor, NewEvent, Subject, write_events
from punctual_api.accounts.names import own_name
from punctual_api.http.context import connection, sender, team_id, team_slug

log = structlog.get_logger()

Fields = Mapping[str, Any]

MOST_WITH_VALUES = 100
"""A request that changes more of a kind at once has one event for all, without their values."""
MOST_IN_ONE = 10_000


def record(
    kind: str,
    object_id: uuid.UUID | None,
    name: str | None,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    team: uuid.UUID | None = None,
    action: Action | None = None,
    by: Actor | None = None,
) -> None:
    """Record that this request did its action to an object; the fields that differ are shown.

    The owners of `team` may read it, by default of the team that the request is about.
    """
    chosen = team or app_ctx.g.get("team_id")
    _events().append(
        NewEvent(
            action or _action(),
            by or _actor(),
            Subject(kind, object_id, name),
            None if chosen is None else (chosen, team_slug(chosen)),
            differences(before or {}, after or {}),
        )
    )


def record_many(
    kind: str,
    object_ids: Sequence[uuid.UUID],
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    team: uuid.UUID | None = None,
    action: Action | None = None,
    are_gone: bool = False,
) -> None:
    """Record in one event that this request did its action to all of these; at most 10,000 in one.

    Their number is among the changes; where they `are_gone`, it is what was before.
    """
    chosen = team or team_id()
    for start in range(0, len(object_ids), MOST_IN_ONE):
        ids = object_ids[start : start + MOST_IN_ONE]
        number = {f"{kind}s": len(ids)}
        old = {**(before or {}), **(number if are_gone else {})}
        new = {**(after or {}), **({} if are_gone else number)}
        _events().append(
            NewEvent(
                action or _action(),
                _actor(),
                Subject(kind, None, None),
                (chosen, team_slug(chosen)),
                differences(old, new),
                object_ids=ids,
            )
        )


def record_account(
    user_id: uuid.UUID,
    username: str,
    *,
    subject: Subject | None = None,
    before: Fields | None = None,
    after: Fields | None = None,
    action: Action | None = None,
    by: Actor | None = None,
) -> None:
    """Record an action on a user's account, or on what is of it, which the user may read."""
    _events().append(
        NewEvent(
            action or _action(),
            by or _actor(),
            subject or Subject("user", user_id, username),
            changes=differences(before or {}, after or {}),
            account=user_id,
        )
    )


def record_installation(
    subject: Subject,
    *,
    before: Fields | None = None,
    after: Fields | None = None,
    action: Action | None = None,
    by: Actor | None = None,
) -> None:
    """Record an action on what is of the whole installation, which admins alone may read."""
    changes = differences(before or {}, after or {})
    _events().append(NewEvent(action or _action(), by or _actor(), subject, changes=changes))


def record_refused_login(
    user_id: uuid.UUID | None, username: str | None, *, after: Fields | None = None
) -> None:
    """Record a login that failed, though its request is rolled back; None for an unknown name.

    What was typed as a name that is unknown may be a password, so it is never recorded.
    """
    app_ctx.g.audit_refused = NewEvent(
        Action.USER_LOGIN_FAILED,
        _actor(),
        Subject("user", user_id, username),
        changes=differences({}, after or {}),
        account=user_id,
    )


def changed_nothing() -> None:
    """Say that this request changes nothing, though its endpoint may: a dry run, or a repeat.

    What it recorded before, and has undone, is forgotten.
    """
    app_ctx.g.audit_nothing = True
    app_ctx.g.pop("audit", None)


def write_recorded(response: Response) -> None:
    """Write what was recorded, ahead of the commit of a request that went well."""
    events = app_ctx.g.pop("audit", [])
    if not events and (forgotten := _forgotten(response)):
        log.error("change not recorded", endpoint=request_ctx.request.endpoint)
        events = [forgotten]
    if events:
        write_events(connection(), events, ip=_ip(), request_id=app_ctx.g.request_id)


def write_refused() -> None:
    """Write the login that failed, after its request was rolled back; commits nothing itself."""
    event: NewEvent | None = app_ctx.g.pop("audit_refused", None)
    if event is None:
        return
    try:
        write_events(connection(), [event], ip=_ip(), request_id=app_ctx.g.request_id)
        connection().commit()
    except SQLAlchemyError as error:  # the refusal is answered in any case
        log.warning("failed login not recorded", error=str(error))


def _events() -> list[NewEvent]:
    events: list[NewEvent] = app_ctx.g.setdefault("audit", [])
    return events


def _action() -> Action:
    sent = request_ctx.request
    action = action_of(sent.endpoint, sent.method)
    assert action is not None, sent.endpoint  # noqa: S101 - a test goes through all endpoints
    return action


def _actor() -> Actor:
    user = sender()
    if not user.is_authenticated:
        return Actor()
    return Actor(user.id, own_name(), user.token_id)


def _forgotten(response: Response) -> NewEvent | None:
    """Return the event of a request that changed something and recorded nothing."""
    sent, own = request_ctx.request, app_ctx.g
    action = action_of(sent.endpoint, sent.method)
    # A page that has changed something redirects; 200 is a form that is shown again.
    shown = not sent.path.startswith("/api/") and response.status_code == 200
    if action is None or shown or "audit_nothing" in own:
        return None
    kind = action.partition(".")[0]
    ids = [value for value in (sent.view_args or {}).values() if isinstance(value, uuid.UUID)]
    team = own.get("team_id")
    return NewEvent(
        action,
        _actor(),
        Subject(kind, ids[0] if ids else None, None),
        None if team is None else (team, team_slug(team)),
    )


def _ip() -> str | None:
    """Return the client's address, which a trusted proxy has named where there is one."""
    try:
        return str(ip_address(request_ctx.request.remote_addr or ""))
    except ValueError:
        return None
