"""Registration: open to everyone, to the first user only, or closed."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, request
from sqlalchemy.exc import SQLAlchemyError

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Actor
from punctual.store.accounts.invites import join_team, open_invite, use_invite
from punctual.store.accounts.members import lock_memberships
from punctual.store.accounts.users import take_first_place, there_are_users
from punctual.store.schema.models import Invite
from punctual_api.audit.invites import record_invite
from punctual_api.audit.recorder import record
from punctual_api.http.context import session, settings
from punctual_api.http.database import roll_back
from punctual_api.http.json_body import json_body
from punctual_api.http.problems import Fault, Problem
from punctual_api.teams.room import refuse_one_more

INVITE = (
    "Registration needs an invitation. Ask an operator or an admin of this installation for one."
)
UNUSABLE = "This invitation is unknown, used or expired. Ask for another one."
OTHER_ADDRESS = "This invitation is for another e-mail address."
OF_A_TEAM = (
    "This invitation is to a team, for users who have an account. Ask an admin of this installation"
    " for one that opens a registration."
)
NO_PASSWORDS = (
    "Passwords are off in this installation. Log in on its page; for programs, create access tokens"
    " on the page of your account."
)
CLOSED = "Registration is closed. Ask an operator of this installation for an account."

_HAS_USERS = "punctual_has_users"


def refusal(code: str | None = None) -> Problem | None:
    """Return why a visitor cannot register, or None when the form is worth showing."""
    allowed = settings().registration
    if not settings().passwords:
        return Problem(403, NO_PASSWORDS)
    if allowed == "closed":
        return Problem(403, CLOSED)
    if code is not None:
        return None
    return Problem(403, INVITE) if allowed == "invite" and _has_users() else None


def require_passwords() -> None:
    """Raise Problem 403 where users log in by single sign-on alone."""
    if not settings().passwords:
        raise Problem(403, NO_PASSWORDS)


def is_first_user() -> bool:
    """Return whether the next to register is the first user, who needs no invitation."""
    return settings().registration == "invite" and not _has_users()


def require_registration(code: str | None, email: str) -> Invite | None:
    """Return the invitation of this code, if one is sent.

    Raises Problem 403 unless the user of this request may be created.
    """
    if problem := refusal(code):
        raise problem
    invite = None if code is None else invitation(code)
    if settings().registration == "invite":
        opens = invite is not None and invite.registers
        if not opens and not take_first_place(session()):
            raise Problem(403, INVITE if invite is None else OF_A_TEAM)
    if invite is not None:
        require_address(invite, email)
    return invite


def invitation(code: str) -> Invite:
    """Return the invitation of this code; raises Problem 403 for one that cannot be used."""
    invite = open_invite(session(), code)
    if invite is None:
        raise Problem(403, UNUSABLE, faults=[Fault("/invite", UNUSABLE)])
    return invite


def require_address(invite: Invite, email: str) -> None:
    """Raise Problem 403 when the invitation is for another e-mail address."""
    if invite.email is not None and invite.email.lower() != email.lower():
        raise Problem(403, OTHER_ADDRESS, faults=[Fault("/email", OTHER_ADDRESS)])


def accept(invite: Invite, user_id: uuid.UUID, username: str, *, by: Actor | None = None) -> None:
    """Use up an invitation, which adds the user to its team.

    Raises Problem: 403 for one that is not open any more, 409 for a user who is in too many teams.
    """
    if invite.team_id is not None:
        refuse_one_more(lock_memberships(session(), user_id), "You are")
    if not use_invite(session(), invite, user_id):
        raise Problem(403, UNUSABLE, faults=[Fault("/invite", UNUSABLE)])
    record_invite(invite, action=Action.INVITE_ACCEPT, by=by)
    if invite.team_id is not None and join_team(session(), invite, user_id):
        record(
            "member",
            user_id,
            username,
            after={"role": invite.role},
            team=invite.team_id,
            action=Action.MEMBER_ADD,
            by=by,
        )


def where_registration_is_open(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a registration without an invitation before its body is checked."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if problem := refusal():
            sent = json_body(request) if settings().registration == "invite" else None
            if not isinstance(sent, dict) or sent.get("invite") is None:
                raise problem
        return view(*args, **kwargs)

    return checked


def _has_users() -> bool:
    # Asked until the first one is there, and not again.
    if not current_app.extensions.get(_HAS_USERS):
        try:
            current_app.extensions[_HAS_USERS] = there_are_users(session())
        except SQLAlchemyError:  # the page that says so must not fail for a link on it
            roll_back()
            return True
    return bool(current_app.extensions[_HAS_USERS])
