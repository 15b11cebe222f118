"""Registration: open to everyone, to the first user only, or closed."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from punctual.store.accounts.users import take_first_place, there_are_users
from punctual_api.http.context import session, settings
from punctual_api.http.database import roll_back
from punctual_api.http.problems import Problem

INVITE = "Registration needs an invitation. Ask an operator of this installation for an account."
CLOSED = "Registration is closed. Ask an operator of this installation for an account."

_HAS_USERS = "punctual_has_users"


def refusal() -> Problem | None:
    """Return why a visitor cannot register, or None when the form is worth showing."""
    allowed = settings().registration
    if allowed == "closed":
        return Problem(403, CLOSED)
    return Problem(403, INVITE) if allowed == "invite" and _has_users() else None


def is_first_user() -> bool:
    """Return whether the next to register is the first user, who needs no invitation."""
    return settings().registration == "invite" and not _has_users()


def require_registration() -> None:
    """Raise Problem 403 unless the user of this request may be created."""
    if problem := refusal():
        raise problem
    if settings().registration == "invite" and not take_first_place(session()):
        raise Problem(403, INVITE)


def where_registration_is_open(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a registration before its body is read."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        require_registration()
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
