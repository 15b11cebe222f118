"""What admins and owners do with invitations; API and pages call the same functions."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import g, request, url_for
from flask_login import current_user

from punctual.domain.roles import Role
from punctual.store.accounts import invites
from punctual.store.accounts.logins import lock_user
from punctual.store.schema.models import Invite, User
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.audit.invites import invite_fields, record_invite
from punctual_api.http.context import now, session, settings, team_id, team_slug, user_id
from punctual_api.http.problems import Fault, invalid, limit_reached, not_found
from punctual_api.invites.mailing import Mailed, mail_invitation


def requested_team() -> uuid.UUID | None:
    """Return the team that the request names; None for the whole installation."""
    return None if g.get("chosen_team") is None else team_id()


class Created(NamedTuple):
    """A new invitation, its code in clear, its address, and what came of its mail."""

    invite: Invite
    code: str
    url: str
    mail: Mailed | None


def create(
    team: uuid.UUID | None, *, role: str | None, email: str | None, expires_at: datetime | None
) -> Created:
    """Return a new invitation, mailed if it has an address; raises Problem 422."""
    if team is None and role is not None:
        raise invalid([Fault("/role", "A role needs a team.")])
    if expires_at is not None and expires_at <= now():
        raise invalid([Fault("/expires_at", "This time is past; choose a later one.")])
    if session().get(User, user_id()) is not None:
        lock_user(session(), user_id())
    if invites.count_open(session(), user_id()) >= invites.MOST_OPEN:
        most = f"You have made {invites.MOST_OPEN} invitations that are open, which is the most."
        raise limit_reached(f"{most} End one, or wait until one is used or expires.", status=422)
    made, code = invites.create_invite(
        session(),
        team_id=team,
        role=None if team is None else Role(role or Role.VIEWER),
        email=email,
        registers=current_user.is_admin,
        expires_at=expires_at or now() + invites.INVITE_LIFE,
        by=user_id(),
    )
    record_invite(made, after=invite_fields(made))
    url = url_of(code)
    return Created(made, code, url, mail_invitation(made, url))


def end(invite_id: uuid.UUID) -> Invite:
    """End an invitation; raises Problem 404."""
    ended = invites.end_invite(session(), invite_id)
    if ended is None:
        raise not_found("invitation")
    record_invite(ended, before=invite_fields(ended))
    return ended


def url_of(code: str) -> str:
    """Return the address that opens an invitation."""
    own = (settings().public_url or request.url_root).rstrip("/")
    return own + url_for("pages.open_invitation", code=code)


def shown(found: Sequence[Invite]) -> list[dict[str, Any]]:
    """Return invitations as they are answered, but for the schema's formats."""
    look_up_names(user for invite in found for user in (invite.created_by, invite.used_by))
    open_ones = invites.open_among(session(), [invite.id for invite in found])
    return [
        {
            "id": invite.id,
            "team": None if invite.team_id is None else team_slug(invite.team_id),
            "role": invite.role,
            "email": invite.email,
            "registers": invite.registers,
            "open": invite.id in open_ones,
            "created_by": name_of(invite.created_by),
            "created_at": invite.created_at,
            "expires_at": invite.expires_at,
            "used_at": invite.used_at,
            "used_by": name_of(invite.used_by),
        }
        for invite in found
    ]
