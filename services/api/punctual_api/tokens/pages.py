"""Access tokens on the pages of accounts and teams: a new one is shown in the answer alone."""

import uuid

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.accounts.access_tokens import Owner
from punctual_api.accounts.own_page import account_page
from punctual_api.http.context import team_id, team_slug, user_id
from punctual_api.teams.pages import BLANK, team_page
from punctual_api.tokens import changes
from punctual_api.tokens.form import create_by_form
from punctual_api.web.form_errors import RefusedForm
from punctual_api.web.page_base import pages


@pages.post("/account/tokens/")
def create_token() -> Response:
    """A new access token of the user."""
    try:
        token = create_by_form(Owner(user_id()))
    except RefusedForm as refused:
        return account_page(refused.typed, refused.faults)
    return account_page(new_token=token)


@pages.post("/team/<slug>/tokens/")
def create_team_token(slug: str) -> Response:
    """A new access token of a team."""
    try:
        token = create_by_form(Owner(user_id(), team_id()))
    except RefusedForm as refused:
        return team_page({**BLANK, **refused.typed}, refused.faults)
    return team_page(BLANK, new_token=token)


@pages.post("/token/<uuid:token_id>/end/")
def end_token(token_id: uuid.UUID) -> AnyResponse:
    """End an access token of the user or of a team."""
    ended = changes.end(token_id)
    flash("The token has ended.")
    if ended.team_id is None:
        return redirect(url_for("pages.show_account"))
    return redirect(url_for("pages.show_team", slug=team_slug(ended.team_id)))
