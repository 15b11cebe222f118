"""The page that deletes a team: it says first what goes with it, and asks for its slug."""

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.accounts.team_contents import count_owned
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.context import session, team_id
from punctual_api.http.problems import Problem
from punctual_api.teams.changes import own_team
from punctual_api.teams.deletion import delete_own, obstacle
from punctual_api.web.page_base import page, pages


@pages.route("/team/<slug>/delete/", methods=["GET", "POST"])
def delete_team(slug: str) -> AnyResponse:
    """Delete a team, once its slug was typed below what goes with it."""
    if request.method != "POST":
        return _page("")
    typed = request.form.get("slug", "").strip()
    if typed.lower() != own_team().slug.lower():
        return _page(typed, 422, wrong="This is not the slug of the team.")
    try:
        delete_own()
    except Problem as problem:
        if problem.code == 404:
            raise
        session().rollback()
        changed_nothing()
        return _page(typed, 409)
    flash("The team is deleted.")
    return redirect(url_for("pages.show_teams"))


def _page(typed: str, status: int = 200, *, wrong: str | None = None) -> Response:
    return page(
        "teams/team_delete",
        status,
        team=own_team(),
        owned=count_owned(session(), team_id()),
        obstacle=obstacle(),
        typed={"slug": typed},
        errors={"slug": wrong} if wrong else {},
    )
