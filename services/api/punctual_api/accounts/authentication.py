"""Authentication: a session cookie on the web pages, only a token under /api/."""

import time
import uuid
from dataclasses import dataclass

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin

from punctual.domain.needs import Through
from punctual.domain.roles import TeamRole
from punctual.store.accounts.bearers import bearer_of
from punctual.store.accounts.sessions import user_of_session
from punctual.store.accounts.users import Origin
from punctual.store.schema.models import User
from punctual_api.http.context import connection, remember_now, session
from punctual_api.http.https import is_https

CHALLENGE = 'Bearer realm="punctual", Token realm="punctual"'
USER_AGENT_LENGTH = 200
SCHEMES = ("token", "bearer")
RENEWED = "renewed"
"""In the cookie: the day, counted since 1970, from which it is good for SESSION_LIFE."""


@dataclass(frozen=True, slots=True, eq=False)
class SignedIn(UserMixin):  # type: ignore[misc]  # it ships no types
    """The user of this request, as Flask-Login carries them.

    A team's own token is its own user, with the token's id and name. `token_id` is the id of the
    session, the login by the API or the access token that the request was sent with.
    """

    id: uuid.UUID
    username: str
    email: str
    is_admin: bool = False
    teams: tuple[TeamRole, ...] = ()
    through: Through = Through.LOGIN
    token_id: uuid.UUID | None = None
    session_token: str = ""

    def get_id(self) -> str:
        """Return what Flask-Login puts into the cookie, as `_user_id`."""
        return self.session_token


login_manager = LoginManager()


class SessionCookies(SecureCookieSessionInterface):
    """Session cookies of the pages; over https, of this host and https alone (`__Host-`).

    An answer sets the cookie when it changes it, and once a day to renew it. Were it in each, the
    answer to a live part of a page would undo that to a form which is sent at the same time.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a page; none under /api/."""
        # Cookies are sent with requests that other sites forge, so the API ignores them.
        if is_api(request):
            return None
        opened = super().open_session(app, request)
        if opened is not None and opened.permanent:
            today = int(time.time() // 86_400)
            if today - opened.get(RENEWED, 0) >= (7 if is_live_part(request) else 1):
                opened[RENEWED] = today
        return opened

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether this answer's cookie is for https only."""
        return is_https()

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name: browsers take one with this prefix over https only, for all paths."""
        name = super().get_cookie_name(app)
        return f"__Host-{name}" if is_https() else name


def recognise_users(app: Flask) -> None:
    """Set up how the app authenticates requests."""
    app.config["SESSION_COOKIE_NAME"] = "punctual_session"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.session_interface = SessionCookies()
    app.config["REMEMBER_COOKIE_NAME"] = "punctual_remember"  # never set, and no one else's
    login_manager.init_app(app)


def signed_in(user: User, *, session_token: str) -> SignedIn:
    """Return the user as Flask-Login's `login_user` takes them, in a session that has begun."""
    return SignedIn(user.id, user.username, user.email, session_token=session_token)


def origin(sent: Request) -> Origin:
    """Return from where a login is sent, for the list of a user's logins."""
    return Origin(sent.remote_addr, sent.user_agent.string[:USER_AGENT_LENGTH] or None)


def token_sent(sent: Request) -> str | None:
    """Return the token of an Authorization header, if it has one."""
    scheme, _, token = sent.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() in SCHEMES else None


def is_live_part(sent: Request) -> bool:
    """Return whether htmx requests only the part of a page that changes."""
    return sent.headers.get("HX-Request") == "true"


def is_api(sent: Request) -> bool:
    """Return whether a request is for the REST API, where tokens count and cookies do not."""
    return sent.path.startswith("/api/")


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _user_of_session(token: str) -> SignedIn | None:
    user = user_of_session(session(), token)
    if user is None:
        return None
    return SignedIn(
        user.id,
        user.username,
        user.email,
        user.is_admin,
        user.teams,
        token_id=user.token_id,
        session_token=token,
    )


@login_manager.request_loader  # type: ignore[untyped-decorator]
def _user_of_token(sent: Request) -> SignedIn | None:
    token = token_sent(sent) if is_api(sent) else None
    bearer = None if token is None else bearer_of(connection(), token)
    if bearer is None:
        return None
    remember_now(bearer.now)
    return SignedIn(
        bearer.id,
        bearer.username,
        bearer.email,
        bearer.is_admin,
        bearer.teams,
        bearer.through,
        bearer.token_id,
    )
