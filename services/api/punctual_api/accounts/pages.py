"""Register, log in and log out, by a form or by JSON."""

from collections.abc import Mapping
from urllib.parse import unquote

from flask import current_app, flash, jsonify, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user, login_user, logout_user
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from punctual.store.accounts.sessions import end_session, start_session
from punctual.store.schema.models import User
from punctual_api.accounts.authentication import origin, signed_in
from punctual_api.accounts.endpoints import check_login, record_login, token_for
from punctual_api.accounts.endpoints import register as register_user
from punctual_api.accounts.registration import is_first_user, refusal
from punctual_api.accounts.schemas import (
    CredentialsSchema,
    InvitedRegistrationSchema,
    RegistrationSchema,
    TokenSchema,
    UserSchema,
)
from punctual_api.audit.recorder import changed_nothing, record_account
from punctual_api.http.context import session
from punctual_api.http.json_body import json_body
from punctual_api.http.problems import Problem, faults_in, invalid
from punctual_api.single_sign_on.logout import logged_out_message
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import ENTRANCES, ON_THE_WAY, page, pages

INVITATION = "invitation"
"""In the cookie: the code of the invitation that this browser has opened."""


@pages.get("/")
def home() -> Response:
    """Redirect to the dashboard, or to the login."""
    known = current_user.is_authenticated
    return redirect(url_for("pages.dashboard" if known else "pages.login"))


@pages.route("/register/", methods=["GET", "POST"])
def register() -> Response:
    """A new user: by a form logged in at once, by JSON answered as the API does."""
    if request.method != "POST":
        return entrance("accounts/register", refusal(cookie.get(INVITATION)))
    if request.is_json:
        sent = json_body(request)
        if (problem := refusal()) and not (isinstance(sent, dict) and sent.get("invite")):
            raise problem
        user = register_user(**_read(InvitedRegistrationSchema(), sent))
        return jsonify_with(UserSchema(), user, 201)
    typed = {name: request.form.get(name, "") for name in ("username", "email", "password")}
    try:
        code = cookie.get(INVITATION)
        if problem := refusal(code):
            raise problem
        user = register_user(**_read(RegistrationSchema(), typed), invite=code)
    except Problem as problem:
        return entrance("accounts/register", problem, typed)
    cookie.pop(INVITATION, None)
    return enter(user, request.args.get("next"))


@pages.route("/login/", methods=["GET", "POST"])
def login() -> Response:
    """A known user: by a form with a session, by JSON with a token."""
    if request.method != "POST":
        return entrance("accounts/login")
    if request.is_json:
        user = check_login(**_read(CredentialsSchema(), json_body(request)))
        return jsonify_with(TokenSchema(), token_for(user), 200)
    typed = {name: request.form.get(name, "") for name in ("username", "password")}
    try:
        user = check_login(**_read(CredentialsSchema(), typed))
        return enter(user, request.args.get("next"))
    except Problem as problem:
        return entrance("accounts/login", problem, typed)


@pages.post("/logout/")
def logout() -> Response:
    """End the session: its cookie is no longer accepted."""
    message = logged_out_message(cookie)
    if current_user.is_authenticated:
        record_account(current_user.id, current_user.username)
    else:
        changed_nothing()
    _end_session()
    logout_user()
    cookie.clear()
    flash(message)
    return redirect(url_for("pages.login"))


def jsonify_with(schema: Schema, value: object, status: int) -> Response:
    """Return JSON as the API answers it."""
    response = jsonify(schema.dump(value))
    response.status_code = status
    return response


def safe_next(target: str | None) -> str:
    """Return where to go after logging in: the requested page, or else the dashboard."""
    return target if target and _is_page_here(target) else url_for("pages.dashboard")


def _is_page_here(target: str) -> bool:
    """Return whether a GET of this target is answered by a page of this site."""
    # Browsers read a backslash as a slash and drop control characters, so "/\t/evil" is a host.
    if target.startswith("//") or not target.isprintable() or "\\" in target:
        return False
    path, _, _ = target.partition("#")[0].partition("?")
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not path.startswith("/"):
        return False
    try:
        endpoint, _ = adapter.match(unquote(path), method="GET")
    except HTTPException:  # no such page, only by POST, or elsewhere
        return False
    return endpoint.startswith(f"{pages.name}.") and endpoint not in ENTRANCES | ON_THE_WAY


def _read(schema: Schema, sent: object) -> dict[str, str]:
    try:
        read: dict[str, str] = schema.load(sent)  # type: ignore[arg-type]  # it checks the type
    except ValidationError as error:
        raise invalid(list(faults_in(error.messages))) from None
    return read


def enter(user: User, target: str | None, *, issuer: str | None = None) -> Response:
    """Begin a session, by a provider or by a password, and go to the page that was wanted."""
    _end_session()
    code = cookie.get(INVITATION)
    cookie.clear()  # whatever a stranger may have planted in this browser before
    cookie.permanent = True
    if code is not None:
        cookie[INVITATION] = code
    begun = start_session(session(), user.id, origin(request))
    record_login(user, begun.id, issuer=issuer)
    login_user(signed_in(user, session_token=begun.token))
    return redirect(safe_next(target))


def _end_session() -> None:
    if token := cookie.get("_user_id"):
        end_session(session(), token)


def entrance(
    name: str,
    problem: Problem | None = None,
    typed: Mapping[str, str] | None = None,
    target: str | None = None,
) -> Response:
    """Return the page of a login or registration, with what went wrong."""
    target = target or request.args.get("next")
    if request.method != "POST" and current_user.is_authenticated:
        return redirect(safe_next(target))
    errors, others = by_field(problem.faults if problem else (), {"username", "email", "password"})
    message = problem and (" ".join(others) or ("" if errors else problem.description))
    form_values = {"username": "", "email": "", **(typed or {}), "password": ""}
    values = {"errors": errors, "typed": form_values, "message": message, "first": is_first_user()}
    status = 200 if problem is None else problem.code or 400
    answer = page(name, status, next=target, **values)
    if problem and (wait := problem.headers.get("Retry-After")):
        answer.headers["Retry-After"] = wait
    return answer
