"""Limits of concurrent runs: by tag, or for all that a user runs."""

import uuid
from typing import Any

from flask import Response, jsonify, url_for
from sqlalchemy.exc import IntegrityError

from punctual.store.concurrency_limits import (
    change_limit,
    create_limit,
    delete_limit,
    find_limit,
    list_limits,
    running_by_limit,
)
from punctual.store.models import ConcurrencyLimit
from punctual_api.auth import require_token
from punctual_api.context import owner_id, session
from punctual_api.errors import Problem, not_found
from punctual_api.routing import Blueprint
from punctual_api.schemas.concurrency import (
    ConcurrencyChangeSchema,
    ConcurrencyPageSchema,
    ConcurrencySchema,
    NewConcurrencySchema,
)

blueprint = Blueprint(
    "concurrency",
    __name__,
    url_prefix="/api/concurrency",
    description="How many runs at once, by tag or in all",
)
blueprint.before_request(require_token)

_limit, _page = ConcurrencySchema(), ConcurrencyPageSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.response(200, ConcurrencyPageSchema)
def list_concurrency() -> Response:
    """List your limits of concurrent runs, and how many runs count towards each now."""
    running = running_by_limit(session(), owner_id=owner_id())
    found = list_limits(session(), owner_id=owner_id())
    items = [_document(limit, running.get(limit.id, 0)) for limit in found]
    return jsonify(_page.dump({"items": items}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 409, 413, 415)
@blueprint.arguments(NewConcurrencySchema)
@blueprint.response(201, ConcurrencySchema)
def create_concurrency(sent: dict[str, Any]) -> Response:
    """Limit the concurrent runs of your tasks with a tag, or, with tag null, of all of them."""
    try:
        limit = create_limit(session(), owner_id=owner_id(), **sent)
    except IntegrityError:
        session().rollback()
        what = "all your runs" if sent["tag"] is None else f"tag {sent['tag']}"
        raise Problem(409, f"There is a limit for {what} already: change that one.") from None
    response = _answer(limit)
    response.status_code = 201
    response.headers["Location"] = url_for("concurrency.list_concurrency")
    return response


@blueprint.route("/<uuid:limit_id>/", methods=["PATCH"])
@blueprint.problems(400, 401, 404, 413, 415)
@blueprint.arguments(ConcurrencyChangeSchema)
@blueprint.response(200, ConcurrencySchema)
def change_concurrency(sent: dict[str, Any], limit_id: uuid.UUID) -> Response:
    """Raise or lower a limit; what runs beyond a lower one runs on."""
    limit = _own(limit_id)
    change_limit(session(), limit, max_concurrent=sent["max_concurrent"])
    return _answer(limit)


@blueprint.route("/<uuid:limit_id>/", methods=["DELETE"])
@blueprint.problems(401, 404)
@blueprint.response(204)
def delete_concurrency(limit_id: uuid.UUID) -> None:
    """Take a limit away."""
    delete_limit(session(), _own(limit_id))


def _own(limit_id: uuid.UUID) -> ConcurrencyLimit:
    limit = find_limit(session(), limit_id, owner_id=owner_id())
    if limit is None:
        raise not_found("limit")
    return limit


def _answer(limit: ConcurrencyLimit) -> Response:
    running = running_by_limit(session(), owner_id=owner_id())
    return jsonify(_limit.dump(_document(limit, running.get(limit.id, 0))))


def _document(limit: ConcurrencyLimit, running: int) -> dict[str, Any]:
    return {
        "id": limit.id,
        "tag": limit.tag,
        "max_concurrent": limit.max_concurrent,
        "running": running,
    }
