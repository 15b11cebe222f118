"""The one place where a permission is asked: before a view, by the table of domain/access.py."""

import uuid

import structlog
from flask import Request, Response, redirect, url_for
from flask.globals import app_ctx, request_ctx
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.access import PUBLIC, Of, Role, TeamRole, need_of
from punctual.store.accounts.ownership import TABLES, team_of
from punctual_api.accounts.authentication import CHALLENGE, is_api, token_sent
from punctual_api.http.body_limits import take_body_of_user
from punctual_api.http.context import connection
from punctual_api.http.problems import Problem, not_found

TEAM = "slug"
OBJECTS = {f"{kind}_id": kind for kind in TABLES} | {TEAM: "team"}
"""Arguments of addresses that name a team, or an object of one."""


def check_access() -> AnyResponse | None:
    """Refuse what the user may not do, and note the team that the request is about.

    Register it before every hook that reads what was sent.
    """
    asked = request_ctx.request
    if asked.endpoint is None:  # the router's own error follows
        return None
    need = need_of(asked.endpoint, asked.method)
    if need == PUBLIC:
        return None
    if need is None:
        raise Problem(403, "This endpoint is open to no one: it is not in the table of access.")
    user = current_user
    if not user.is_authenticated:
        return _ask_to_log_in(asked)
    structlog.contextvars.bind_contextvars(user_id=str(user.id))
    take_body_of_user()
    if need.role is not None:
        own = need.of == Of.OBJECT
        held = _team_of_object(asked, user.teams) if own else user.teams[0]
        app_ctx.g.team_id = _permitted(held, need.role)
    return None


def _ask_to_log_in(asked: Request) -> AnyResponse:
    if is_api(asked):
        detail = "This token is unknown or has expired." if token_sent(asked) else "Send a token."
        raise Problem(401, detail, headers={"WWW-Authenticate": CHALLENGE})
    here = asked.full_path.removesuffix("?") if asked.method == "GET" else None
    login = url_for("pages.login", next=here)
    if asked.headers.get("HX-Request") == "true":
        # A poll must not put the login page into the middle of this one.
        return Response(headers={"HX-Redirect": login})
    return redirect(login)


def _team_of_object(asked: Request, teams: tuple[TeamRole, ...]) -> TeamRole:
    """Return the team of the object that the address names; raises Problem 404."""
    named = asked.view_args or {}
    [name] = OBJECTS.keys() & named.keys()
    kind = OBJECTS[name]
    if name == TEAM:
        held = _named(teams, named[name])
    else:
        owner = team_of(connection(), kind, named[name])
        held = next((team for team in teams if team.team_id == owner), None)
    if held is None:
        raise not_found(kind)
    return held


def _named(teams: tuple[TeamRole, ...], slug: str) -> TeamRole | None:
    """Return the team of that slug, in whatever letter case."""
    return next((team for team in teams if team.slug.lower() == slug.lower()), None)


def _permitted(held: TeamRole, needed: Role) -> uuid.UUID:
    if not held.may(needed):
        raise Problem(
            403, f"This needs the role {needed} in the team {held.slug}; you are {held.role} there."
        )
    return held.team_id
