"""The one place where permissions are checked: before a view, by the table of domain/access.py."""

import uuid

import structlog
from flask import Flask, Request, Response, redirect, url_for
from flask.globals import app_ctx, request_ctx
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.access import need_of
from punctual.domain.needs import ADMIN, PUBLIC, Need, Of, Through, Who
from punctual.domain.roles import Role, TeamRole
from punctual.store.accounts.ownership import OWNER_OF, team_of
from punctual.store.accounts.teams import team_by_slug
from punctual_api.accounts.authentication import (
    CHALLENGE,
    SignedIn,
    is_api,
    is_live_part,
    token_sent,
)
from punctual_api.http.body_limits import take_body_of_user
from punctual_api.http.context import connection, sender, session
from punctual_api.http.fields import unstorable
from punctual_api.http.json_body import json_body
from punctual_api.http.problems import Fault, Problem, answer_problem, invalid, not_found
from punctual_api.limits.request_limit import count_request

TEAM = "slug"
OBJECTS = {f"{kind}_id": kind for kind in OWNER_OF} | {TEAM: "team"}
"""Arguments of addresses that name a team, or an object of one."""

MOVED = "This {kind} has just moved to another team; nothing was changed. Try again."
LOGIN_NEEDED = "An access token cannot do this. Log in, on the page or by POST /api/login/."
ADMIN_NEEDED = "This needs an admin of this installation."
LIMITED = "A token with a role, or of a team, cannot do this. Send one without a role, or log in."


def check_access() -> AnyResponse | None:
    """Refuse what the user may not do, and note the team that the request is about.

    Register it before every hook that reads what was sent.
    """
    sent = request_ctx.request
    if sent.endpoint is None:  # the router's own error follows
        return None
    need = need_of(sent.endpoint, sent.method)
    if need == PUBLIC:
        return None
    if need is None:
        raise Problem(403, "This endpoint is open to no one: it is not in the table of access.")
    user = sender()
    if not user.is_authenticated:
        return _login_needed(sent)
    structlog.contextvars.bind_contextvars(user_id=str(user.id))
    count_request(_counted_as(user))
    take_body_of_user()
    if user.through < need.through:
        raise Problem(403, LIMITED if need.through < Through.LOGIN else LOGIN_NEEDED)
    if need.who == Who.ADMIN:
        require_admin()
    if need.role is not None:
        _note_teams(sent, need, user.teams)
    return None


def require_admin() -> None:
    """Raise Problem 403 unless an admin asks, and not by a token that is limited."""
    user = sender()
    if user.through < ADMIN.through:
        raise Problem(403, LIMITED)
    if not user.is_admin:
        raise Problem(403, ADMIN_NEEDED)


def _note_teams(sent: Request, need: Need, teams: tuple[TeamRole, ...]) -> None:
    """Note for the view which team, or which teams of a list, the request is about."""
    assert need.role is not None  # noqa: S101 - for mypy: a member's need has one
    app_ctx.g.team_ids = [team.team_id for team in teams]
    if need.of == Of.OBJECT:
        membership = app_ctx.g.membership = _team_of_object(sent)
        app_ctx.g.team_id = permitted(membership, need.role)
        return
    slug = _slug_sent(sent)
    if slug is None and need.of == Of.ALL:
        app_ctx.g.team_ids = [team.team_id for team in teams if team.may(need.role)]
        return
    if slug is None and need.of == Of.ONE_OR_INSTALLATION:
        if not current_user.is_admin:
            raise Problem(403, f"{ADMIN_NEEDED} An owner of a team names it: `team`.")
        return
    membership = app_ctx.g.membership = teams[0] if slug is None else own_team_named(slug)
    app_ctx.g.chosen_team = None if slug is None else membership.slug
    app_ctx.g.team_id = permitted(membership, need.role)
    app_ctx.g.team_ids = [membership.team_id]


def _slug_sent(sent: Request) -> str | None:
    """Return the team that a request names in its JSON body, the form of a page or its query."""
    slug: object = None
    if sent.method == "POST" and sent.is_json and sent.get_data(cache=True):
        document = json_body(sent)
        slug = document.get("team") if isinstance(document, dict) else None
    elif sent.method == "POST" and not is_api(sent):
        slug = sent.form.get("team")
    slug = slug or sent.args.get("team")
    return slug if isinstance(slug, str) and slug else None


def own_team_named(slug: str) -> TeamRole:
    """Return the team of that slug; raises Problem 422 for one that the user may not see."""
    membership = _membership_by_slug(slug)
    if membership is None:
        raise invalid([Fault("/team", "There is no such team.")])
    return membership


def _counted_as(user: SignedIn) -> uuid.UUID:
    """Return who has sent a request, for the limit of requests: all tokens of a team are one."""
    owned_by_team = user.through == Through.LIMITED_TOKEN and user.id == user.token_id
    return user.teams[0].team_id if owned_by_team else user.id


def _login_needed(sent: Request) -> AnyResponse:
    if is_api(sent):
        detail = "This token is unknown or has expired." if token_sent(sent) else "Send a token."
        raise Problem(401, detail, headers={"WWW-Authenticate": CHALLENGE})
    here = sent.full_path.removesuffix("?") if sent.method == "GET" else None
    login = url_for("pages.login", next=here)
    if is_live_part(sent):
        # A poll must not put the login page into the middle of this one.
        return Response(headers={"HX-Redirect": login})
    return redirect(login)


def _team_of_object(sent: Request) -> TeamRole:
    """Return the team of the object that the address names; raises Problem 404."""
    named = sent.view_args or {}
    [name] = OBJECTS.keys() & named.keys()
    kind = OBJECTS[name]
    value = named[name]
    membership = (
        _membership_by_slug(value)
        if name == TEAM
        else _membership_in(team_of(connection(), kind, value))
    )
    if membership is None:
        raise not_found(kind)
    if name != TEAM:
        app_ctx.g.object_found = kind, value, membership.team_id
    return membership


def look_again(app: Flask) -> None:
    """Have a 404 say so where the object has moved since access to it was checked."""
    app.register_error_handler(Problem, _gone_or_moved)


def _gone_or_moved(problem: Problem) -> Response:
    kind, object_id, team_id = app_ctx.g.get("object_found", (None, None, None))
    if problem.code == 404 and kind is not None:
        there = _membership_in(team_of(connection(), kind, object_id))
        if there is not None and there.team_id != team_id:
            return answer_problem(Problem(409, MOVED.format(kind=kind)))
    return answer_problem(problem)


def _membership_by_slug(slug: str) -> TeamRole | None:
    """Return the user's role in the team of that slug, in whatever letter case."""
    if current_user.is_admin:
        team = None if unstorable(slug) else team_by_slug(session(), slug)
        return None if team is None else TeamRole(team.id, team.slug, Role.OWNER)
    teams: tuple[TeamRole, ...] = current_user.teams
    return next((team for team in teams if team.slug.lower() == slug.lower()), None)


def _membership_in(team_id: uuid.UUID | None) -> TeamRole | None:
    """Return the user's role in a team; an admin may do all in each."""
    if current_user.is_admin and team_id is not None:
        return TeamRole(team_id, "", Role.OWNER)
    teams: tuple[TeamRole, ...] = current_user.teams
    return next((team for team in teams if team.team_id == team_id), None)


def permitted(team: TeamRole, needed: Role) -> uuid.UUID:
    """Return the id of a team where the user's role includes the one needed; raises Problem 403."""
    if not team.may(needed):
        who = "this token is" if current_user.through < Through.LOGIN else "you are"
        raise Problem(
            403, f"This needs the role {needed} in the team {team.slug}; {who} {team.role} there."
        )
    return team.team_id
