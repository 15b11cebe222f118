"""The pages of a forgotten password: request a link, open it, choose a new password."""

from flask import Response, flash, redirect, request, url_for
from flask import session as cookie
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual_api.http.context import session, settings
from punctual_api.http.problems import Problem, faults_in, invalid
from punctual_api.mail.mailer import current_mailer
from punctual_api.resets.changes import reset_password, user_of_link
from punctual_api.resets.requests import request_reset, require_resets
from punctual_api.resets.schemas import ResetRequestSchema, ResetSchema
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

RESET = "reset"
"""In the cookie: the code of the link that this browser has opened."""
SENT = (
    "If there is an account of this name or address, a mail with a link is on its way to it. The"
    " link is good for an hour."
)
DONE = "The password is changed. Log in with the new one."


@pages.app_template_global()
def resets_on() -> bool:
    """Return whether users who forgot their passwords get a link to a new one."""
    return settings().passwords and current_mailer() is not None


@pages.get("/forgot/")
def forgot_password() -> Response:
    """The form of a request for a link."""
    require_resets()
    return page("accounts/forgot")


@pages.post("/forgot/")
def request_link() -> AnyResponse:
    """Have a link mailed, and answer the same whether there is such an account or not."""
    typed = {"email": request.form.get("email", "").strip()}
    try:
        request_reset(name=_load(ResetRequestSchema(), typed)["email"])
    except Problem as problem:
        return _refused("accounts/forgot", problem, typed)
    flash(SENT)
    return redirect(url_for("pages.login"))


@pages.get("/reset/<code>/")
def open_link(code: str) -> AnyResponse:
    """Keep the code in the cookie, out of addresses and histories; to open it uses nothing up."""
    cookie[RESET] = code[:200]
    answer = redirect(url_for("pages.show_reset"))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.get("/reset/")
def show_reset() -> Response:
    """The form of a new password."""
    return _reset_page()


@pages.post("/reset/")
def choose_password() -> AnyResponse:
    """Change the password."""
    sent = {"code": cookie.get(RESET, ""), "password": request.form.get("password", "")}
    try:
        user_of_link(sent["code"])
        reset_password(**_load(ResetSchema(), sent))
    except Problem as problem:
        session().rollback()
        return _reset_page(problem)
    cookie.pop(RESET, None)
    flash(DONE)
    return redirect(url_for("pages.login"))


def _reset_page(problem: Problem | None = None) -> Response:
    try:
        user = user_of_link(cookie.get(RESET, ""))
    except Problem as unusable:
        cookie.pop(RESET, None)
        return page("accounts/reset", unusable.code or 403, user=None, message=unusable.description)
    if problem is not None:
        return _refused("accounts/reset", problem, {}, user=user)
    return page("accounts/reset", user=user)


def _refused(name: str, problem: Problem, typed: dict[str, str], **values: object) -> Response:
    errors, others = by_field(problem.faults, {"email", "password"})
    message = " ".join(others) or ("" if errors else problem.description)
    answer = page(name, problem.code or 400, typed=typed, errors=errors, message=message, **values)
    if wait := problem.headers.get("Retry-After"):
        answer.headers["Retry-After"] = wait
    return answer


def _load(schema: ResetRequestSchema | ResetSchema, sent: dict[str, str]) -> dict[str, str]:
    try:
        read: dict[str, str] = schema.load(sent)
    except ValidationError as error:
        raise invalid(list(faults_in(error.messages))) from None
    return read
