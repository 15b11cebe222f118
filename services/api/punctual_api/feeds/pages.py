"""The page of a user's feeds: a new address is shown in the answer alone."""

import uuid

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.links import MOST_LINKS, LinkKind
from punctual.store.links.changes import list_links
from punctual_api.audit.recorder import changed_nothing
from punctual_api.feeds import changes
from punctual_api.feeds.schemas import NewFeedSchema
from punctual_api.http.context import sender, session, user_id
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

BLANK = {"name": "", "team": "", "tag": ""}


@pages.get("/feeds/")
def show_feeds() -> Response:
    """The user's feeds, and a form for another one."""
    return _page(BLANK)


@pages.post("/feeds/")
def create_feed() -> Response:
    """A new feed, with its address."""
    typed = {name: request.form.get(name, "").strip() for name in BLANK}
    try:
        sent = NewFeedSchema().load({name: value or None for name, value in typed.items()})
        _, url = changes.create(**sent)
    except ValidationError as error:
        return _page(typed, list(faults_in(error.messages)))
    except Problem as problem:
        return _page(typed, list(problem.faults) or [Fault("", str(problem.description))])
    return _page(BLANK, new_url=url)


@pages.post("/feeds/<uuid:feed>/end/")
def end_feed(feed: uuid.UUID) -> AnyResponse:
    """End a feed."""
    changes.end(feed)
    flash("The feed has ended.")
    return redirect(url_for("pages.show_feeds"))


def _page(
    typed: dict[str, str], faults: list[Fault] | None = None, *, new_url: str | None = None
) -> Response:
    if faults:
        session().rollback()
        changed_nothing()
    most = MOST_LINKS[LinkKind.FEED]
    found = list_links(session(), LinkKind.FEED, limit=most, user_id=user_id())
    errors, others = by_field(faults or (), BLANK)
    return page(
        "accounts/feeds",
        422 if faults else 200,
        feeds=changes.shown(found),
        teams=[("", "all your teams"), *((team.slug, team.slug) for team in sender().teams)],
        new_url=new_url,
        typed=typed,
        errors=errors,
        others=others,
    )
