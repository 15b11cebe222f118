"""The page of one's own account: e-mail address, password, sessions and access tokens."""

import uuid
from collections.abc import Callable, Mapping

from flask import Response, flash, redirect, request, url_for
from flask_login import current_user
from marshmallow import Schema, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.accounts.access_tokens import Owner
from punctual_api.accounts import own_account
from punctual_api.accounts.own_schemas import AccountChangesSchema, NewPasswordSchema
from punctual_api.http.context import session, user_id
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.tokens.form import BLANK_TOKEN, token_list
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

SESSIONS = 20
EMAIL = ("email", "current_password")
PASSWORD = ("current", "new")


@pages.get("/account/")
def show_account() -> Response:
    """The user's own account."""
    return account_page()


@pages.post("/account/")
def change_email() -> AnyResponse:
    """Change the e-mail address."""
    return _change(AccountChangesSchema(), EMAIL, own_account.change_own_email, "It is changed.")


@pages.post("/account/password/")
def change_password() -> AnyResponse:
    """Change the password."""
    message = "The password is changed. All other sessions and your access tokens have ended."
    return _change(NewPasswordSchema(), PASSWORD, own_account.change_own_password, message)


@pages.post("/account/sessions/end/")
def end_other_sessions() -> AnyResponse:
    """End all sessions but this one."""
    own_account.end_other_logins()
    flash("All other sessions have ended.")
    return redirect(url_for("pages.show_account"))


@pages.post("/account/sessions/<uuid:session_id>/end/")
def end_session(session_id: uuid.UUID) -> AnyResponse:
    """End a session."""
    own_account.end_own_login(session_id)
    flash("The session has ended.")
    if session_id == current_user.token_id:
        return redirect(url_for("pages.login"))
    return redirect(url_for("pages.show_account"))


def account_page(
    typed: Mapping[str, str] | None = None,
    faults: list[Fault] | None = None,
    *,
    status: int = 422,
    new_token: str | None = None,
) -> Response:
    """Return the page, with what was typed and its faults, or a token that was just made."""
    own = own_account.own_account()
    passwords = {"current_password": "", "current": "", "new": ""}
    blank = {"email": own.email, **passwords, **BLANK_TOKEN}
    errors, others = by_field(faults or (), blank)
    logins, older = own_account.own_logins(SESSIONS, request.args.get("sessions"))
    return page(
        "accounts/account",
        status if faults else 200,
        account=own,
        logins=logins,
        older=older,
        paged="sessions" in request.args,
        tokens=token_list(Owner(user_id())),
        new_token=new_token,
        typed={**blank, **(typed or {}), **passwords},
        errors=errors,
        others=others,
    )


def _change(
    schema: Schema, names: tuple[str, ...], change: Callable[..., object], message: str
) -> AnyResponse:
    typed = {name: request.form.get(name, "") for name in names}
    try:
        change(**schema.load(typed))
    except ValidationError as error:
        return account_page(typed, list(faults_in(error.messages)))
    except Problem as problem:
        session().rollback()
        faults = list(problem.faults) or [Fault("", str(problem.description))]
        answer = account_page(typed, faults, status=problem.code or 400)
        if wait := problem.headers.get("Retry-After"):
            answer.headers["Retry-After"] = wait
        return answer
    flash(message)
    return redirect(url_for("pages.show_account"))
