"""Invitations on a team's page: a new one is shown in the answer alone."""

import uuid

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual_api.http.context import team_id, team_slug
from punctual_api.invites import changes
from punctual_api.invites.form import invite_by_form
from punctual_api.teams.pages import BLANK, team_page
from punctual_api.web.form_errors import RefusedForm
from punctual_api.web.page_base import pages


@pages.post("/team/<slug>/invites/")
def create_invite(slug: str) -> Response:
    """A new invitation to a team."""
    try:
        created = invite_by_form(team_id())
    except RefusedForm as refused:
        return team_page({**BLANK, **refused.typed}, refused.faults)
    return team_page(BLANK, new_invite=created)


@pages.post("/invite/<uuid:invite_id>/end/")
def end_invite(invite_id: uuid.UUID) -> AnyResponse:
    """End an invitation to a team or to the installation."""
    ended = changes.end(invite_id)
    flash("The invitation has ended.")
    if ended.team_id is None:
        return redirect(url_for("pages.show_invites"))
    return redirect(url_for("pages.show_team", slug=team_slug(ended.team_id)))
