"""The one place where a permission is asked: before a view, by the table of domain/access.py."""

import uuid

import structlog
from flask import Request, Response, redirect, url_for
from flask.globals import app_ctx, request_ctx
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.access import ADMIN, PUBLIC, Need, Of, Role, TeamRole, need_of
from punctual.store.accounts.ownership import TABLES, team_of
from punctual.store.accounts.teams import team_by_slug
from punctual_api.accounts.authentication import CHALLENGE, is_api, token_sent
from punctual_api.http.body_limits import take_body_of_user
from punctual_api.http.context import connection, session
from punctual_api.http.fields import unstorable
from punctual_api.http.json_body import json_body
from punctual_api.http.problems import Fault, Problem, invalid, not_found

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
    if need == ADMIN and not user.is_admin:
        raise Problem(403, "This needs an admin of this installation.")
    if need.role is not None:
        _note_teams(asked, need, user.teams)
    return None


def _note_teams(asked: Request, need: Need, teams: tuple[TeamRole, ...]) -> None:
    """Note for the view which team, or which teams of a list, the request is about."""
    assert need.role is not None  # noqa: S101 - for mypy: a member's need has one
    app_ctx.g.team_ids = [team.team_id for team in teams]
    if need.of == Of.OBJECT:
        held = app_ctx.g.held = _team_of_object(asked)
        app_ctx.g.team_id = permitted(held, need.role)
        return
    slug = _slug_sent(asked)
    if slug is None and need.of == Of.ALL:
        app_ctx.g.team_ids = [team.team_id for team in teams if team.may(need.role)]
        return
    held = app_ctx.g.held = teams[0] if slug is None else own_team_named(slug)
    app_ctx.g.chosen_team = None if slug is None else held.slug
    app_ctx.g.team_id = permitted(held, need.role)
    app_ctx.g.team_ids = [held.team_id]


def _slug_sent(asked: Request) -> str | None:
    """Return the team that a request names in its JSON body, its form or its query."""
    slug: object = None
    if asked.method == "POST" and asked.is_json and asked.get_data(cache=True):
        sent = json_body(asked)
        slug = sent.get("team") if isinstance(sent, dict) else None
    elif asked.method == "POST":
        slug = asked.form.get("team")
    slug = slug or asked.args.get("team")
    return slug if isinstance(slug, str) and slug else None


def own_team_named(slug: str) -> TeamRole:
    """Return the team of that slug; raises Problem 422 for one that the user may not see."""
    held = _named(slug)
    if held is None:
        raise invalid([Fault("/team", "There is no such team.")])
    return held


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


def _team_of_object(asked: Request) -> TeamRole:
    """Return the team of the object that the address names; raises Problem 404."""
    named = asked.view_args or {}
    [name] = OBJECTS.keys() & named.keys()
    kind = OBJECTS[name]
    value = named[name]
    held = _named(value) if name == TEAM else _held(team_of(connection(), kind, value))
    if held is None:
        raise not_found(kind)
    return held


def _named(slug: str) -> TeamRole | None:
    """Return the user's role in the team of that slug, in whatever letter case."""
    if current_user.is_admin:
        team = None if unstorable(slug) else team_by_slug(session(), slug)
        return None if team is None else TeamRole(team.id, team.slug, Role.OWNER)
    teams: tuple[TeamRole, ...] = current_user.teams
    return next((team for team in teams if team.slug.lower() == slug.lower()), None)


def _held(team_id: uuid.UUID | None) -> TeamRole | None:
    """Return the user's role in a team; an admin may do all in each."""
    if current_user.is_admin and team_id is not None:
        return TeamRole(team_id, "", Role.OWNER)
    teams: tuple[TeamRole, ...] = current_user.teams
    return next((team for team in teams if team.team_id == team_id), None)


def permitted(held: TeamRole, needed: Role) -> uuid.UUID:
    """Return the id of a team where the role held includes the one needed; raises Problem 403."""
    if not held.may(needed):
        raise Problem(
            403, f"This needs the role {needed} in the team {held.slug}; you are {held.role} there."
        )
    return held.team_id
