"""Connect the account at the provider with one's own account here, and disconnect it.

The user confirms with the password, on a page that names the account there: a link that another
person made must not connect that person's.
"""

import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user
from werkzeug.wrappers import Response

from punctual.store.accounts.identities import connect, disconnect, identity_of, user_of_identity
from punctual.store.accounts.logins import lock_user
from punctual.store.schema.models import Identity
from punctual_api.accounts.own_account import confirm_password, own_account
from punctual_api.audit.identities import record_connection, record_disconnection
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, settings, user_id
from punctual_api.http.problems import Problem
from punctual_api.single_sign_on import failures
from punctual_api.single_sign_on.current import current_provider
from punctual_api.single_sign_on.pending import SECONDS
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

if TYPE_CHECKING:
    from punctual_api.single_sign_on.provider import Provider

OFFERED = "offered_identity"
"""In the cookie: the identity that the user is about to confirm."""
OTHERS = "That account of {name} belongs to another user here."
HAS_ONE = "Your account is connected with {name} already. Disconnect it first."
LAST_WAY = (
    "You could not log in any more. Ask an operator of this installation for a password first."
)

Claims = Mapping[str, Any]


@pages.app_template_global()
def identity_here(user: uuid.UUID) -> Identity | None:
    """Return the user's identity at the provider."""
    provider = current_provider()
    return None if provider is None else identity_of(session(), user, provider.issuer)


def offer(provider: "Provider", claims: Claims, *, user: str) -> Response:
    """Ask the user to confirm; raises SignOnFailed."""
    if not current_user.is_authenticated or str(current_user.id) != user:
        raise failures.failed(400, failures.BEGUN_ELSEWHERE, reason="other user")
    owner = user_of_identity(session(), provider.issuer, claims["sub"])
    if owner not in (None, user_id()):
        raise failures.failed(409, OTHERS.format(name=provider.name), reason="other user's")
    shown = claims.get("email") or claims.get("preferred_username") or claims["sub"]
    cookie[OFFERED] = [provider.issuer, claims["sub"], str(shown)[:254], time.time() + SECONDS]
    return redirect(url_for("pages.confirm_identity"))


@pages.route("/account/oidc/confirm/", methods=["GET", "POST"])
def confirm_identity() -> Response:
    """Connect the identity that the user has come back with."""
    issuer, subject, shown, until = cookie.get(OFFERED) or ("", "", "", 0)
    provider = current_provider()
    if provider is None or issuer != provider.issuer or time.time() > until:
        changed_nothing()
        flash("There is nothing to confirm any more. Start again.", "warn")
        return redirect(url_for("pages.show_account"))
    problem = None
    if request.method == "POST":
        try:
            _connect(provider, subject)
        except Problem as refused:
            session().rollback()
            problem = refused
        else:
            cookie.pop(OFFERED)
            flash(f"You can log in by {provider.name} now.")
            return redirect(url_for("pages.show_account"))
    errors, others = by_field(problem.faults if problem else (), {"current"})
    message = problem and (" ".join(others) or ("" if errors else problem.description))
    return page(
        "accounts/identity_confirm",
        200 if problem is None else problem.code or 400,
        shown=shown,
        needs_password=_needs_password(),
        errors=errors,
        typed={"current": ""},
        message=message,
    )


@pages.post("/account/oidc/disconnect/")
def disconnect_identity() -> Response:
    """Let the user no longer log in by the provider."""
    provider = current_provider()
    if not _needs_password():
        raise Problem(409, LAST_WAY)
    if provider is None:
        changed_nothing()
        return redirect(url_for("pages.show_account"))
    user = lock_user(session(), user_id())
    if disconnect(session(), user.id, provider.issuer):
        record_disconnection(user, provider.issuer)
    else:
        changed_nothing()
    flash(f"You can no longer log in by {provider.name}.")
    return redirect(url_for("pages.show_account"))


def _needs_password() -> bool:
    return settings().passwords and own_account().password_hash is not None


def _connect(provider: "Provider", subject: str) -> None:
    if _needs_password():
        user = confirm_password(request.form.get("current", ""))
    else:
        user = lock_user(session(), user_id())
    if connect(session(), user.id, provider.issuer, subject):
        record_connection(user, provider.issuer)
        return
    owner = user_of_identity(session(), provider.issuer, subject)
    if owner != user_id():
        others = OTHERS if owner is not None else HAS_ONE
        raise Problem(409, others.format(name=provider.name))
    changed_nothing()
