"""The page of concurrency limits: list with usage, create, change, remove."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.concurrency.limits import list_limits
from punctual.store.tasks.overview import known_tags
from punctual_api.concurrency.endpoints import (
    change_own,
    create_own,
    delete_own,
    documents_of,
    own_limit,
)
from punctual_api.concurrency.schemas import ConcurrencyChangeSchema, NewConcurrencySchema
from punctual_api.http.context import session, team_ids
from punctual_api.http.problems import Problem, faults_in
from punctual_api.web.form_errors import by_field
from punctual_api.web.form_fields import read_number
from punctual_api.web.page_base import page, pages
from punctual_api.web.team_choice import chosen_team

BLANK = {"tag": "", "max_concurrent": ""}


@pages.get("/concurrency/")
def show_concurrency() -> Response:
    """All limits, and an empty form."""
    return _page(BLANK)


@pages.post("/concurrency/")
def create_concurrency() -> AnyResponse:
    """Set a limit where there is none yet."""
    typed = {name: request.form.get(name, "").strip() for name in BLANK}
    try:
        values = NewConcurrencySchema().load({"tag": typed["tag"] or None, **_most(typed)})
        create_own(values)
    except ValidationError as error:
        return _page(typed, by_field(list(faults_in(error.messages)), BLANK)[0])
    except Problem as problem:
        return _page(typed, {"tag": str(problem.description)})
    flash("The limit is set.")
    return redirect(url_for("pages.show_concurrency", team=chosen_team()))


@pages.post("/concurrency/<uuid:limit_id>/")
def change_concurrency(limit_id: uuid.UUID) -> AnyResponse:
    """Raise or lower a limit."""
    limit = own_limit(limit_id)
    typed = {"max_concurrent": request.form.get("max_concurrent", "").strip()}
    try:
        values = ConcurrencyChangeSchema().load(_most(typed))
    except ValidationError as error:
        errors, _ = by_field(list(faults_in(error.messages)), typed)
        field = f"most-{limit_id}"
        return _page({**BLANK, field: typed["max_concurrent"]}, {field: errors["max_concurrent"]})
    change_own(limit, values["max_concurrent"])
    flash("The limit is changed.")
    return redirect(url_for("pages.show_concurrency", team=chosen_team()))


@pages.post("/concurrency/<uuid:limit_id>/delete/")
def delete_concurrency(limit_id: uuid.UUID) -> AnyResponse:
    """Take a limit away."""
    delete_own(own_limit(limit_id))
    flash("The limit is removed; what waited for it goes on.")
    return redirect(url_for("pages.show_concurrency", team=chosen_team()))


def _most(typed: Mapping[str, str]) -> dict[str, Any]:
    text = typed["max_concurrent"]
    return {"max_concurrent": read_number(text)} if text else {}


def _page(typed: Mapping[str, str], errors: Mapping[str, str] | None = None) -> Response:
    limits = documents_of(list_limits(session(), team_ids=team_ids()))
    stored = {f"most-{limit['id']}": str(limit["max_concurrent"]) for limit in limits}
    limited = {limit["tag"] for limit in limits}
    tags = known_tags(session().connection(), team_ids=team_ids())
    return page(
        "concurrency",
        422 if errors else 200,
        limits=limits,
        typed={**stored, **typed},
        errors=errors or {},
        tags=[tag for tag in tags if tag not in limited],
    )
