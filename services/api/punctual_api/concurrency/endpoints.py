"""Limits of concurrent runs: by tag, or for all that a user runs."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, url_for
from sqlalchemy.exc import IntegrityError

from punctual.store.concurrency.limits import (
    change_limit,
    create_limit,
    delete_limit,
    find_limit,
    list_limits,
    running_by_limit,
    waiting_by_limit,
)
from punctual.store.driver.violations import is_duplicate
from punctual.store.schema.models import ConcurrencyLimit
from punctual_api.audit.recorder import record
from punctual_api.concurrency.schemas import (
    ConcurrencyChangeSchema,
    ConcurrencyPageSchema,
    ConcurrencySchema,
    NewConcurrencySchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id, team_ids, team_slug
from punctual_api.http.problems import not_found, taken

blueprint = Blueprint(
    "concurrency",
    __name__,
    url_prefix="/api/concurrency",
    description="How many runs at once, by tag or in all",
)

_limit, _page = ConcurrencySchema(), ConcurrencyPageSchema()


def documents_of(limits: Sequence[ConcurrencyLimit]) -> list[dict[str, Any]]:
    """Return limits as ConcurrencySchema answers them, with what runs and waits now."""
    running = running_by_limit(session(), team_ids={limit.team_id for limit in limits})
    waiting = waiting_by_limit(session(), limits)
    return [
        {
            "id": limit.id,
            "team": team_slug(limit.team_id),
            "tag": limit.tag,
            "max_concurrent": limit.max_concurrent,
            "running": running.get(limit.id, 0),
            "waiting": waiting.get(limit.id, 0),
        }
        for limit in limits
    ]


def own_limit(limit_id: uuid.UUID) -> ConcurrencyLimit:
    """Return the asker's limit, locked for a change; raises Problem 404."""
    limit = find_limit(session(), limit_id, team_id=team_id())
    if limit is None:
        raise not_found("limit")
    return limit


def create_own(sent: dict[str, Any]) -> ConcurrencyLimit:
    """Return a new limit of the asker; raises Problem 409 where there is one, with all undone."""
    most = sent["max_concurrent"]
    try:
        made = create_limit(session(), team_id=team_id(), tag=sent["tag"], max_concurrent=most)
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        session().rollback()
        what = "all your runs" if sent["tag"] is None else f"tag {sent['tag']}"
        raise taken(f"There is a limit for {what} already: change that one.") from None
    record("limit", made.id, made.tag, after={"max_concurrent": most})
    return made


def change_own(limit: ConcurrencyLimit, most: int) -> None:
    """Raise or lower a limit."""
    before = {"max_concurrent": limit.max_concurrent}
    change_limit(session(), limit, max_concurrent=most)
    record("limit", limit.id, limit.tag, before=before, after={"max_concurrent": most})


def delete_own(limit: ConcurrencyLimit) -> None:
    """Remove a limit."""
    record("limit", limit.id, limit.tag, before={"max_concurrent": limit.max_concurrent})
    delete_limit(session(), limit)


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.response(200, ConcurrencyPageSchema)
def list_concurrency() -> Response:
    """List your limits of concurrent runs, and how many runs count towards each now."""
    found = list_limits(session(), team_ids=team_ids())
    return jsonify(_page.dump({"items": documents_of(found)}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(NewConcurrencySchema)
@blueprint.response(201, ConcurrencySchema)
def create_concurrency(sent: dict[str, Any]) -> Response:
    """Limit the concurrent runs of your tasks with a tag, or, with tag null, of all of them."""
    response = _answer(create_own(sent))
    response.status_code = 201
    response.headers["Location"] = url_for("concurrency.list_concurrency")
    return response


@blueprint.route("/<uuid:limit_id>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(ConcurrencyChangeSchema)
@blueprint.response(200, ConcurrencySchema)
def change_concurrency(sent: dict[str, Any], limit_id: uuid.UUID) -> Response:
    """Raise or lower a limit; a lower one stops no running command."""
    limit = own_limit(limit_id)
    change_own(limit, sent["max_concurrent"])
    return _answer(limit)


@blueprint.route("/<uuid:limit_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def delete_concurrency(limit_id: uuid.UUID) -> None:
    """Remove a limit."""
    delete_own(own_limit(limit_id))


def _answer(limit: ConcurrencyLimit) -> Response:
    return jsonify(_limit.dump(documents_of([limit])[0]))
