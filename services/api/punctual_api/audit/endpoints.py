"""The audit record: listed, and exported as JSON lines."""

from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy import Engine

from punctual.ops.json_text import written
from punctual.store.accounts.audit_list import Filters, Place, Scope, list_events
from punctual_api.audit.listing import Reader, cursor_after, read_filters, read_place, scope
from punctual_api.audit.schemas import (
    JSON_LINES,
    MOST_LINES,
    AuditLineSchema,
    AuditPageSchema,
    AuditQuerySchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import connection
from punctual_api.http.database import db

blueprint = Blueprint("audit", __name__, url_prefix="/api/audit", description="Who did what")

NDJSON = "application/x-ndjson"
LINES_A_STEP = 500
CONTENT = {
    "application/json": {"schema": AuditPageSchema},
    NDJSON: {"schema": {"type": "string"}},
}

_line, _page = AuditLineSchema(), AuditPageSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.doc(responses={"200": {"content": CONTENT}})
@blueprint.problems(401, 403)
@blueprint.arguments(AuditQuerySchema, location="query")
@blueprint.response(200, AuditPageSchema)
def list_audit(args: dict[str, Any]) -> Response:
    """List who did what, newest first: in the teams that you own, and with your account."""
    filters, before = read_filters(args), read_place(args["cursor"])
    wants_lines = request.accept_mimetypes.best_match(["application/json", NDJSON]) == NDJSON
    if args["format"] == JSON_LINES or (args["format"] is None and wants_lines):
        lines = () if filters is None else _lines(db.engine, Reader(), scope(), filters, before)
        response = Response(lines, content_type=NDJSON)
        response.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        return response
    size: int = args["limit"]
    found = (
        ()
        if filters is None
        else list_events(connection(), scope(), filters, page_size=size + 1, before=before)
    )
    items = list(map(Reader().document, found[:size]))
    return jsonify(_page.dump({"items": items, "next_cursor": cursor_after(found, size)}))


def _lines(
    engine: Engine, reader: Reader, whose: Scope, filters: Filters, before: Place | None
) -> Iterator[bytes]:
    """Yield the events as lines, step by step: no step takes the connection of another request."""
    left = MOST_LINES
    while True:
        size = min(left, LINES_A_STEP)
        with engine.connect() as own:
            found = list_events(
                own, whose, filters, page_size=size + 1, before=before, with_ids=True
            )
        for event in found[:size]:
            yield written(_line.dump(reader.document(event))) + b"\n"
        cursor, left = cursor_after(found, size), left - size
        if cursor is None:
            return
        if not left:
            yield written({"next_cursor": cursor}) + b"\n"
            return
        before = Place(found[size - 1].at, found[size - 1].id)
