"""The page of an invitation: a visitor registers or logs in with it, a user joins its team."""

from flask import Response, flash, redirect, url_for
from flask import session as cookie
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.accounts.names import usernames
from punctual.store.schema.models import Invite, Team
from punctual_api.accounts.pages import INVITATION
from punctual_api.accounts.registration import accept, invitation, require_address
from punctual_api.http.context import session, settings, user_id
from punctual_api.http.problems import Problem
from punctual_api.web.page_base import page, pages


@pages.get("/invite/<code>/")
def open_invitation(code: str) -> AnyResponse:
    """Keep the code in the cookie, and out of addresses, histories and Referer headers."""
    cookie[INVITATION] = code[:200]
    return redirect(url_for("pages.show_invitation"))


@pages.get("/invite/")
def show_invitation() -> Response:
    """What the invitation is to, and how to accept it."""
    return _page()


@pages.post("/invite/")
def accept_invitation() -> AnyResponse:
    """Join the team."""
    try:
        invite = invitation(cookie.get(INVITATION, ""))
        require_address(invite, current_user.email)
        _require_team(invite)
        accept(invite, user_id(), current_user.username)
    except Problem as problem:
        session().rollback()
        return _page(problem)
    cookie.pop(INVITATION)
    flash("You are in the team.")
    team = session().get_one(Team, invite.team_id)
    return redirect(url_for("pages.show_team", slug=team.slug))


def _require_team(invite: Invite) -> None:
    if invite.team_id is None:
        raise Problem(409, "You have an account here already.")


def _page(problem: Problem | None = None) -> Response:
    try:
        invite = invitation(cookie.get(INVITATION, ""))
    except Problem as unusable:
        cookie.pop(INVITATION, None)
        return page(
            "teams/invitation", unusable.code or 403, invite=None, message=unusable.description
        )
    team = None if invite.team_id is None else session().get(Team, invite.team_id)
    return page(
        "teams/invitation",
        200 if problem is None else problem.code or 400,
        invite=invite,
        team=team,
        registers_only=settings().registration == "invite",
        inviter=usernames(session(), [invite.created_by]).get(invite.created_by),
        message=None if problem is None else problem.description,
    )
