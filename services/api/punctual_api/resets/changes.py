"""Use a link to a new password; API and pages call the same functions."""

from flask import request

from punctual.domain.audit.actions import Action
from punctual.store.accounts.admins import end_access
from punctual.store.accounts.audit import Actor
from punctual.store.accounts.logins import lock_user
from punctual.store.accounts.resets import use_reset, user_of_reset
from punctual.store.schema.models import User
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.accounts.passwords import hash_password, weakness
from punctual_api.accounts.registration import require_passwords
from punctual_api.audit.recorder import record_account
from punctual_api.http.context import session
from punctual_api.http.problems import Fault, Problem, invalid
from punctual_api.mail.notices import notify_of_password

UNUSABLE = "This link is unknown, used or expired. Request another one."


def user_of_link(code: str) -> User:
    """Return whose password a link changes; raises Problem 403 for one that cannot be used."""
    require_passwords()
    user = user_of_reset(session(), code)
    if user is None:
        raise Problem(403, UNUSABLE, faults=[Fault("/code", UNUSABLE)])
    return user


def reset_password(code: str, password: str) -> None:
    """Give the user of a link a new password, and end all sessions and tokens of the user.

    Raises Problem: 403 for a link that cannot be used, 422 for a password that would be guessed.
    """
    user = user_of_link(code)
    if fault := weakness(password, username=user.username, email=user.email):
        raise invalid([Fault("/password", fault)])
    hashed = hash_password(password)
    user = lock_user(session(), user.id)
    if user.disabled_at is not None or user.password_hash is None or not use_reset(session(), code):
        raise Problem(403, UNUSABLE, faults=[Fault("/code", UNUSABLE)])
    user.password_hash = hashed
    session().flush()
    end_access(session(), user.id)
    record_account(
        user.id,
        user.username,
        after={"by": "mail"},
        action=Action.USER_RESET_PASSWORD,
        by=Actor(user.id, user.username),
    )
    failed_logins().forget_failures(user.username, request.remote_addr or "")
    notify_of_password(user, "by a link that was mailed to you")
