"""The pages of the audit record: of a team, and of all that the viewer may read."""

import uuid
from typing import Any

from flask import Response, request, url_for
from flask_login import current_user
from marshmallow import ValidationError

from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit_list import list_events
from punctual.store.accounts.names import token_names
from punctual_api.audit.listing import Reader, cursor_after, read_filters, read_place, scope
from punctual_api.audit.schemas import AuditQuerySchema
from punctual_api.http.context import connection, session, user_id
from punctual_api.http.problems import faults_in
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

EVENTS_A_PAGE = 50
FILTERS = ("actor", "action", "object")
NO_USER = "There is no user of this name."


@pages.get("/audit/")
def show_audit() -> Response:
    """What was done in the viewer's teams and with the viewer's account; admins see all."""
    return _page(None)


@pages.get("/team/<slug>/audit/")
def show_team_audit(slug: str) -> Response:
    """What was done in a team."""
    return _page(slug)


def _page(slug: str | None) -> Response:
    sent = {name: request.args.get(name, "").strip() for name in FILTERS}
    given: dict[str, Any] = {name: value for name, value in sent.items() if value}
    errors: dict[str, str] = {}
    events, cursor = [], None
    try:
        args: dict[str, Any] = AuditQuerySchema().load(given)
    except ValidationError as error:
        errors, _ = by_field(list(faults_in(error.messages)), FILTERS)
    else:
        filters = read_filters(args)
        if filters is None:
            errors["actor"] = NO_USER
        else:
            found = list_events(
                connection(),
                scope(),
                filters,
                page_size=EVENTS_A_PAGE + 1,
                before=read_place(request.args.get("before") or None),
            )
            events = list(map(Reader().document, found[:EVENTS_A_PAGE]))
            cursor = cursor_after(found, EVENTS_A_PAGE)
    address = "pages.show_audit" if slug is None else "pages.show_team_audit"
    named: dict[str, Any] = {} if slug is None else {"slug": slug}
    own = url_for(address, **named, **given)
    export = url_for("audit.list_audit", **given, team=slug, format="jsonl")
    return page(
        "audit",
        422 if errors else 200,
        slug=slug,
        events=events,
        tokens=_tokens_of(events),
        typed=sent,
        errors=errors,
        actions=[("", "all actions"), *((action.value, action.value) for action in Action)],
        own=url_for(address, **named),
        export=export,
        newest_url=own if "before" in request.args else None,
        older_url=url_for(address, **named, **given, before=cursor) if cursor else None,
    )


def _tokens_of(events: list[dict[str, Any]]) -> dict[uuid.UUID, str]:
    """Return the names of the access tokens with which users acted, as far as the viewer has them.

    A team's own token is the actor itself.
    """
    actors = [event["actor"] for event in events]
    used = {actor["token_id"] for actor in actors if actor["token_id"] not in (None, actor["id"])}
    if not used:
        return {}
    return token_names(session(), used, user_id=None if current_user.is_admin else user_id())
