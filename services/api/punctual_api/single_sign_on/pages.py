"""The login at the provider: a visitor is sent there, and comes back with a code."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response as FlaskResponse
from flask import after_this_request, flash, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user
from werkzeug.wrappers import Response

from punctual.domain.hosts import host_in, host_of
from punctual.store.accounts.audit import Actor
from punctual.store.schema.models import Team, User
from punctual_api.accounts.pages import INVITATION, enter, entrance, safe_next
from punctual_api.accounts.registration import accept, invitation, require_address
from punctual_api.http.context import session, settings
from punctual_api.http.problems import Problem, not_found
from punctual_api.single_sign_on import connection, failures
from punctual_api.single_sign_on.current import current_provider
from punctual_api.single_sign_on.logout import BY_SIGN_ON
from punctual_api.single_sign_on.pending import Pending, note, take
from punctual_api.single_sign_on.users import follow_address_of, follow_groups_of, user_of
from punctual_api.web.page_base import pages

if TYPE_CHECKING:
    from punctual_api.single_sign_on.provider import Provider

Claims = connection.Claims


@pages.app_template_global()
def single_sign_on() -> str | None:
    """Return the name of the provider; None without single sign-on."""
    provider = current_provider()
    return None if provider is None else provider.name


@pages.app_template_global()
def passwords_on() -> bool:
    """Return whether users may log in with passwords."""
    return settings().passwords


@pages.get("/login/oidc/")
def log_in_by_provider() -> Response:
    """Send a visitor to the provider."""
    provider = _provider()
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")))
    return _start(provider, user=None)


@pages.get("/account/oidc/")
def connect_identity() -> Response:
    """Send a user to the provider, to connect the account there with the own one here."""
    return _start(_provider(), user=str(current_user.id))


@pages.get("/login/oidc/callback/")
def finish_login_by_provider() -> Response:
    """Log in the user whom the provider sends back."""
    if request.method == "HEAD":  # it must not use up the code
        raise Problem(405, "Only GET finishes a login.", headers={"Allow": "GET"})
    after_this_request(_hide_address)
    provider = _provider()
    pending = take(cookie, request.args.get("state", ""))
    try:
        claims = _claims(provider, pending)
        if pending is not None and pending.user is not None:
            return connection.offer(provider, claims, user=pending.user)
        return _log_in(provider, claims, None if pending is None else pending.target)
    except failures.SignOnFailed as problem:
        if pending is not None and pending.user is not None:
            raise
        return entrance(
            "accounts/login", problem, target=None if pending is None else pending.target
        )


def _hide_address(response: FlaskResponse) -> FlaskResponse:
    """Keep the code out of Referer headers; their origin remains, which forms are checked by."""
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _start(provider: "Provider", *, user: str | None) -> Response:
    if (url := _public_address()) is not None:
        return redirect(url)
    target = request.args.get("next")
    own = (settings().public_url or request.url_root).rstrip("/")
    redirect_uri = own + url_for("pages.finish_login_by_provider")
    try:
        started = provider.start(redirect_uri)
    except failures.SignOnFailed as problem:
        if user is not None:
            raise
        return entrance("accounts/login", problem)
    note(cookie, started, redirect_uri, target=target, user=user)
    return redirect(started.url)


def _claims(provider: "Provider", pending: Pending | None) -> Claims:
    sent = request.args
    if pending is None:
        raise failures.failed(400, failures.BEGUN_ELSEWHERE, reason="unknown state")
    if sent.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
        raise failures.unverified(provider.name, "the answer names another issuer")
    if "error" in sent:
        raise failures.refused_there(provider.name, sent["error"])
    if not (code := sent.get("code")):
        raise failures.failed(400, failures.CODE_REFUSED, reason="no code")
    return provider.claims(
        code,
        redirect_uri=pending.redirect_uri,
        nonce=pending.nonce,
        code_verifier=pending.code_verifier,
    )


def _log_in(provider: "Provider", claims: Claims, target: str | None) -> Response:
    user, is_new = user_of(provider, claims)
    message = None
    if is_new and (code := cookie.pop(INVITATION, None)):
        message, team_page = _accept_invitation(code, user)
        target = team_page or target
    follow_address_of(user, claims)
    follow_groups_of(user, claims)
    answer = enter(user, target, issuer=provider.issuer)
    cookie[BY_SIGN_ON] = True
    if message is not None:
        flash(message)
    return answer


def _accept_invitation(code: str, user: User) -> tuple[str, str | None]:
    """Accept the invitation that a new user has opened; return a message and the team's page."""
    try:
        invite = invitation(code)
        require_address(invite, user.email)
        accept(invite, user.id, user.username, by=Actor(user.id, user.username))
    except Problem as problem:
        return str(problem.description), url_for("pages.dashboard")
    if invite.team_id is None:
        return "Welcome.", url_for("pages.dashboard")
    team = session().get_one(Team, invite.team_id)
    return "You are in the team.", url_for("pages.show_team", slug=team.slug)


def _provider() -> "Provider":
    provider = current_provider()
    if provider is None:
        raise not_found("login")
    return provider


def _public_address() -> str | None:
    """Return this address at PUBLIC_URL, where the provider sends the user and the cookie must be.

    Once only, for proxies that do not pass the Host header on.
    """
    public = settings().public_url
    if not public or host_of(public) == host_in(request.host) or "again" in request.args:
        return None
    query = urlencode({**request.args, "again": "1"})
    return f"{public.rstrip('/')}{request.path}?{query}"
