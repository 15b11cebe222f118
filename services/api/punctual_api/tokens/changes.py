"""What owners do with access tokens; API and pages call the same functions."""

import uuid
from datetime import datetime
from typing import Any

from flask import g
from flask_login import current_user

from punctual.domain.roles import Role
from punctual.ops import telemetry
from punctual.store.accounts import access_tokens
from punctual.store.accounts.access_tokens import Owner
from punctual.store.accounts.logins import is_login
from punctual.store.schema.models import AccessToken
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.audit.recorder import changed_nothing
from punctual_api.audit.tokens import record_token, token_fields
from punctual_api.http.context import now, session, settings, team_id, team_slug, user_id
from punctual_api.http.problems import Fault, Problem, invalid, limit_reached, not_found


def requested_owner() -> Owner:
    """Return the team that the request names, or else the user who sends it."""
    return Owner(user_id(), None if g.get("chosen_team") is None else team_id())


def create(
    owner: Owner, *, name: str, role: str | None, expires_at: datetime | None
) -> tuple[AccessToken, str]:
    """Return a new token of the owner, and the token in clear; raises Problem 422."""
    if expires_at is not None and expires_at <= now():
        raise invalid([Fault("/expires_at", "This time is past; choose a later one.")])
    access_tokens.lock_owner(session(), owner)
    if not is_login(session(), current_user.token_id):
        raise Problem(401, "This login has just been ended. Log in again.")
    most = settings().max_tokens
    if most and access_tokens.count_tokens(session(), owner) >= most:
        whose = "You have" if owner.team_id is None else f"{team_slug(owner.team_id)} has"
        telemetry.LIMIT_REFUSALS.labels("tokens").inc()
        raise limit_reached(
            f"{whose} {most} access tokens, which is the most. End one that is not used any more,"
            " or ask an operator to raise PUNCTUAL_MAX_TOKENS.",
            status=422,
        )
    if role is None and owner.team_id is not None:
        role = Role.EDITOR
    made, token = access_tokens.create_token(
        session(),
        owner,
        name=name,
        role=None if role is None else Role(role),
        expires_at=expires_at,
        by=user_id(),
    )
    record_token(made, after=token_fields(made))
    return made, token


def end(token_id: uuid.UUID) -> AccessToken:
    """End a token of the user, or of the team of this request; raises Problem 404."""
    ended = access_tokens.end_token(session(), token_id, user_id=user_id(), team_id=team_id())
    if ended is None:
        raise not_found("token")
    record_token(ended, before=token_fields(ended))
    return ended


def end_all(owner: Owner) -> None:
    """End all tokens of the owner."""
    ended = access_tokens.end_tokens(session(), owner)
    if not ended:
        changed_nothing()
    for token in ended:
        record_token(token, before=token_fields(token))


def shown(tokens: list[AccessToken]) -> list[dict[str, Any]]:
    """Return tokens as they are answered, but for the schema's formats."""
    look_up_names(token.created_by for token in tokens)
    return [
        {
            "id": token.id,
            "name": token.name,
            "role": token.role,
            "team": None if token.team_id is None else team_slug(token.team_id),
            "created_by": name_of(token.created_by),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
        }
        for token in tokens
    ]
