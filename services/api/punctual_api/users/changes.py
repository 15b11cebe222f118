"""What admins see and change of users; API and pages call the same functions."""

from collections.abc import Sequence
from typing import Any

from punctual.store.accounts.admins import (
    access_of,
    last_logins,
    lock_admins,
    other_admins,
    set_disabled,
)
from punctual.store.accounts.members import owned_alone
from punctual.store.accounts.teams import enabled_tasks
from punctual.store.accounts.users import user_named
from punctual.store.schema.models import User
from punctual_api.audit.recorder import record_account
from punctual_api.http.context import session, team_slug
from punctual_api.http.problems import Problem, not_found


def known(username: str) -> User:
    """Return the user of that name; raises Problem 404."""
    user = user_named(session(), username)
    if user is None:
        raise not_found("user")
    return user


def change(username: str, *, is_admin: bool | None = None, disabled: bool | None = None) -> User:
    """Disable a user, or make one an admin; raises Problem 404, and 409 for the last admin.

    None leaves what it is.
    """
    lock_admins(session())
    user = known(username)
    before = access_of(user)
    is_admin = user.is_admin if is_admin is None else is_admin
    disabled = before["disabled"] if disabled is None else disabled
    was_admin = user.is_admin and not before["disabled"]
    if was_admin and (disabled or not is_admin) and not other_admins(session(), user.id):
        raise Problem(409, f"{user.username} is the last admin: make another one before.")
    user.is_admin = is_admin
    set_disabled(session(), user, disabled=disabled)
    record_account(user.id, user.username, before=before, after=access_of(user))
    return user


def left_behind(user: User) -> dict[str, Any]:
    """Return what a user who is disabled leaves running, and the teams without another owner."""
    return {
        "team": team_slug(user.id),  # a personal team has its user's id
        "tasks": enabled_tasks(session(), user.id),
        "only_owner_of": owned_alone(session(), user.id),
    }


def shown(users: Sequence[User]) -> list[dict[str, Any]]:
    """Return users as they are answered, but for the schema's formats."""
    logins = last_logins(session(), [user.id for user in users])
    return [
        {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "is_admin": user.is_admin,
            "created_at": user.created_at,
            "disabled_at": user.disabled_at,
            "last_login_at": logins.get(user.id),
        }
        for user in users
    ]
