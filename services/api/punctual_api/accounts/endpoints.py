"""Accounts: register, log in for a token, log out; the pages call the same functions."""

import uuid

from flask import request
from flask_login import current_user

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Actor
from punctual.store.accounts.logins import lock_user
from punctual.store.accounts.users import (
    NewToken,
    create_user,
    issue_token,
    revoke_token,
    user_named,
)
from punctual.store.schema.models import User
from punctual_api.accounts.authentication import CHALLENGE, origin, token_sent
from punctual_api.accounts.failed_logins import failed_logins
from punctual_api.accounts.passwords import hash_password, is_password, weakness
from punctual_api.accounts.registration import (
    accept,
    require_passwords,
    require_registration,
    where_registration_is_open,
)
from punctual_api.accounts.schemas import (
    CredentialsSchema,
    InvitedRegistrationSchema,
    TokenSchema,
    UserSchema,
)
from punctual_api.audit.recorder import record_account, record_refused_login
from punctual_api.audit.tokens import record_token, token_fields
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.problems import Fault, Problem, invalid, taken

blueprint = Blueprint("accounts", __name__, url_prefix="/api", description="Users and tokens")

WRONG = "Unknown username or wrong password."


def register(username: str, password: str, email: str, invite: str | None = None) -> User:
    """Return a new user from values that RegistrationSchema has read.

    Raises Problem: 403 for who may not register, 422 for a password that would be guessed, 409
    for what is taken.
    """
    used = require_registration(invite, email)
    if fault := weakness(password, username=username, email=email):
        raise invalid([Fault("/password", fault)])
    hashed = hash_password(password)
    user = create_user(session(), username=username, email=email, password_hash=hashed)
    if isinstance(user, str):
        known = Fault(f"/{user}", "This one is already taken.")
        raise taken(f"That {user} is taken.", [known])
    record_account(
        user.id,
        user.username,
        after={"email": email, "is_admin": user.is_admin or None},
        action=Action.USER_CREATE,
        by=Actor(user.id, user.username),
    )
    if used is not None:
        accept(used, user.id, user.username, by=Actor(user.id, user.username))
    return user


def check_login(username: str, password: str) -> User:
    """Return the user who has that password, unless too many were wrong before.

    Raises Problem: 401, the same for name and password, 429, or 403 when the user is disabled or
    passwords are off. Whatever form the login came in, the name that is counted is the one that is
    looked up.
    """
    require_passwords()
    failed, address = failed_logins(), request.remote_addr or ""
    if wait := failed.seconds_to_wait(username, address):
        headers = {"Retry-After": str(wait)}
        raise Problem(429, "Too many failed logins; try again later.", headers=headers)
    user = user_named(session(), username)
    if not is_password(password, None if user is None else user.password_hash) or user is None:
        failed.count_failure(username, address)
        if user is not None:
            record_refused_login(user.id, user.username)
        elif failed.may_record_unknown():
            record_refused_login(None, None)
        raise Problem(401, WRONG, headers={"WWW-Authenticate": CHALLENGE})
    failed.note_success(username, address)
    checked = user.password_hash
    if lock_user(session(), user.id).password_hash != checked:  # it has just been changed
        record_refused_login(user.id, user.username)
        raise Problem(401, WRONG, headers={"WWW-Authenticate": CHALLENGE})
    if user.disabled_at is not None:
        record_refused_login(user.id, user.username)
        raise Problem(403, "This account is disabled. Ask an admin of this installation.")
    return user


def token_for(user: User) -> NewToken:
    """Return a new token for a user who has logged in."""
    made = issue_token(session(), user.id, origin(request))
    record_login(user, made.id)
    return made


def record_login(user: User, token_id: uuid.UUID, *, issuer: str | None = None) -> None:
    """Record that a user has logged in, and the id of the session or token that began with it.

    With the issuer, if it was by single sign-on.
    """
    by, after = Actor(user.id, user.username, token_id), {"issuer": issuer}
    record_account(user.id, user.username, after=after, action=Action.USER_LOGIN, by=by)


@blueprint.route("/register/", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.problems(400, 403, 409, 413, 415)
@where_registration_is_open
@blueprint.arguments(InvitedRegistrationSchema)
@blueprint.response(201, UserSchema)
def register_by_api(sent: dict[str, str]) -> User:
    """Register a user."""
    return register(**sent)


@blueprint.route("/login/", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.problems(400, 401, 403, 413, 415, 429)
@blueprint.arguments(CredentialsSchema)
@blueprint.response(200, TokenSchema)
def login_by_api(sent: dict[str, str]) -> NewToken:
    """Log in for a token, good for 90 days."""
    return token_for(check_login(**sent))


@blueprint.route("/logout/", methods=["POST"])
@blueprint.problems(401)
@blueprint.response(204)
def logout_by_api() -> None:
    """Revoke the token that this request carries."""
    ended = revoke_token(session(), token_sent(request) or "")
    if ended is None:
        record_account(current_user.id, current_user.username)
    else:
        record_token(ended, before=token_fields(ended), action=Action.TOKEN_END)
