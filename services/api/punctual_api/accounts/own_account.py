"""What users do with their own accounts; API and pages call the same functions."""

import uuid
from typing import Any

from flask import request
from flask_login import current_user

from punctual.store.accounts.access_tokens import Owner, end_tokens
from punctual.store.accounts.audit import Subject
from punctual.store.accounts.logins import end_login, end_logins, is_login, list_logins, lock_user
from punctual.store.accounts.resets import end_reset
from punctual.store.accounts.users import change_email
from punctual.store.schema.models import User
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.accounts.passwords import hash_password, is_password, weakness
from punctual_api.accounts.registration import require_passwords
from punctual_api.audit.recorder import changed_nothing, record_account, record_refused_login
from punctual_api.http.context import session, user_id
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.http.problems import Fault, Problem, invalid, not_found, taken
from punctual_api.mail.notices import notify_of_address, notify_of_password

TAKEN = "This one is already taken."
WRONG = "This is not your current password."
NONE = "You have no password. An operator of this installation can give you one."
FOLLOWS = (
    "You have no password, so your address follows the one that is verified at the provider, at"
    " each login. To change it here, ask an operator of this installation for a password."
)


def own_account() -> User:
    """Return the user who sends this request; raises Problem 403 for a team's token."""
    user = session().get(User, user_id())
    if user is None:
        raise Problem(403, "A team's token has no account. Send a token of a user.")
    return user


def change_own_email(email: str, current_password: str) -> User:
    """Give the user another e-mail address.

    Raises Problem: 409 for one that is taken, 422 for a wrong password or a user who has none, 429
    after many wrong ones.
    """
    if own_account().password_hash is None:
        raise invalid([Fault("/current_password", FOLLOWS)])
    user = confirm_password(current_password, "/current_password")
    before = user.email
    if not change_email(session(), user, email):
        raise taken("That email is taken.", [Fault("/email", TAKEN)])
    record_account(user.id, user.username, before={"email": before}, after={"email": email})
    notify_of_address(user, before)
    return user


def change_own_password(current: str, new: str) -> None:
    """Change the password, and end all other logins and all access tokens of the user.

    Raises Problem: 422 for a wrong or a weak password, 429 after many wrong ones.
    """
    require_passwords()
    user = confirm_password(current)
    if fault := weakness(new, username=user.username, email=user.email):
        raise invalid([Fault("/new", fault)])
    user.password_hash = hash_password(new)
    session().flush()
    end_logins(session(), user.id, but=current_user.token_id)
    end_tokens(session(), Owner(user.id))
    end_reset(session(), user.id)
    record_account(user.id, user.username)
    notify_of_password(user, "on the page of your account or by the API")


def confirm_password(password: str, pointer: str = "/current") -> User:
    """Return the user, locked, whose current password was sent in this field.

    Raises Problem: 422 for a wrong one, 429 after many wrong ones.
    """
    failed, address = failed_logins(), request.remote_addr or ""
    if wait := failed.seconds_to_wait(current_user.username, address):
        headers = {"Retry-After": str(wait)}
        raise Problem(429, "Too many wrong passwords; try again later.", headers=headers)
    user = _locked_user()
    if not is_password(password, user.password_hash):
        failed.count_failure(user.username, address)
        record_refused_login(user.id, user.username)
        raise invalid([Fault(pointer, NONE if user.password_hash is None else WRONG)])
    return user


def own_logins(limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the user's logins, as they are answered, and the cursor of the next."""
    before = read_task_cursor(cursor)
    found = list_logins(session(), user_id(), limit=limit + 1, before=before)
    following = task_cursor(found[limit - 1].id) if len(found) > limit else None
    items = [
        {**login._asdict(), "current": login.id == current_user.token_id} for login in found[:limit]
    ]
    return items, following


def end_own_login(login_id: uuid.UUID) -> None:
    """End a login of the user; raises Problem 404."""
    if not end_login(session(), user_id(), login_id):
        raise not_found("session")
    _record_end(login_id, 1)


def end_other_logins() -> None:
    """End all logins of the user but the one of this request."""
    if ended := end_logins(session(), user_id(), but=current_user.token_id):
        _record_end(None, ended)
    else:
        changed_nothing()


def _record_end(login_id: uuid.UUID | None, ended: int) -> None:
    """Record the end of one login, or of that many others."""
    name = "one" if login_id else "all others"
    own, subject = current_user, Subject("session", login_id, name)
    record_account(own.id, own.username, subject=subject, after={"ended": ended})


def _locked_user() -> User:
    """Return the user, locked, unless this login has just been ended by another request."""
    user = lock_user(session(), user_id())
    if not is_login(session(), current_user.token_id):
        raise Problem(401, "This login has just been ended. Log in again.")
    return user
