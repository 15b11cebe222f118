"""Record what happens by single sign-on, with the provider's issuer and never with a subject."""

import uuid

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Actor
from punctual.store.accounts.group_members import NewRole
from punctual.store.accounts.identities import Removed
from punctual.store.schema.models import User
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.audit.recorder import record, record_account, record_refused_login
from punctual_api.http.context import session

GROUPS = Actor(name="groups (single sign-on)")
"""Who changes memberships that groups give; no user can have this name."""


def record_new_user(user: User, issuer: str) -> None:
    """Record that a first login has created a user."""
    after = {"email": user.email, "is_admin": user.is_admin or None, "issuer": issuer}
    record_account(
        user.id, user.username, after=after, action=Action.USER_CREATE, by=actor_of(user)
    )


def record_connection(user: User, issuer: str) -> None:
    """Record that a user has connected the account at the provider."""
    record_account(user.id, user.username, after={"issuer": issuer}, action=Action.IDENTITY_CONNECT)


def record_disconnection(user: User, issuer: str) -> None:
    """Record that a user has disconnected it."""
    record_account(
        user.id, user.username, before={"issuer": issuer}, action=Action.IDENTITY_DISCONNECT
    )


def record_link(user: User, issuer: str, removed: list[Removed]) -> None:
    """Record that the address has given an account to its owner, and who left its own team."""
    by = actor_of(user)
    after = {"issuer": issuer, "by_address": user.email}
    record_account(user.id, user.username, after=after, action=Action.IDENTITY_CONNECT, by=by)
    for one in removed:
        record(
            "member",
            one.user_id,
            one.username,
            before={"role": one.role},
            team=user.id,  # a personal team has its user's id
            action=Action.MEMBER_REMOVE,
            by=by,
        )


def record_new_address(user: User, before: str) -> None:
    """Record that the address of a user without a password follows the provider's."""
    record_account(
        user.id,
        user.username,
        before={"email": before},
        after={"email": user.email},
        action=Action.USER_UPDATE,
        by=actor_of(user),
    )


def record_new_role(user: User, role: NewRole) -> None:
    """Record what groups have changed in a team."""
    if role.before is None:
        action = Action.MEMBER_ADD
    else:
        action = Action.MEMBER_REMOVE if role.after is None else Action.MEMBER_UPDATE
    record(
        "member",
        user.id,
        user.username,
        before={"role": role.before},
        after={"role": role.after},
        team=role.team_id,
        action=action,
        by=GROUPS,
    )


def record_refusal(user_id: uuid.UUID | None, issuer: str, reason: str) -> None:
    """Record a login that the provider has vouched for and that was refused here.

    Not more often than is useful, as its user may repeat it at will.
    """
    limits, after = failed_logins(), {"issuer": issuer, "reason": reason}
    user = None if user_id is None else session().get(User, user_id)
    if user is not None and limits.may_record_refused(user.id):
        record_refused_login(user.id, user.username, after=after)
    elif user is None and limits.may_record_unknown():
        record_refused_login(None, None, after=after)


def actor_of(user: User) -> Actor:
    """Return the user who is about to be logged in."""
    return Actor(user.id, user.username)
