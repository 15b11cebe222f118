"""Output: what a run's command wrote, byte by byte."""

import uuid
from collections.abc import Iterator
from typing import Any

from flask import Response

from punctual.store.runs.listing import is_truncated
from punctual.store.schema.models import LiveOutput, Output, Run
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.problems import not_found
from punctual_api.runs.endpoints import own_run
from punctual_api.runs.live_output import output_of
from punctual_api.runs.schemas import OutputQuerySchema

blueprint = Blueprint("output", __name__, url_prefix="/api/runs/<uuid:run_id>/output")


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.arguments(OutputQuerySchema, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def get_output(args: dict[str, Any], run_id: uuid.UUID) -> Response:
    """Read what an attempt wrote, by default the last one that wrote anything.

    Of an attempt that is running: what it has written so far.
    """
    return output_answer(own_run(run_id), attempt=args["attempt"], stream=args["stream"])


def output_answer(run: Run, *, attempt: int | None, stream: str | None) -> Response:
    """Return the bytes of one stream, or of both in the order written; raises Problem 404."""
    if attempt is not None and attempt > run.attempt:
        raise not_found("attempt")
    found = output_of(run, attempt=attempt)
    body, left_out = b"", 0
    if found is not None:
        output, size = found
        left_out = max(size - len(output.data), 0)
        body = written(output, stream=stream, left_out=left_out)
    response = Response(body, content_type="text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = "inline"
    if left_out or (found is not None and is_truncated(session(), found[0])):
        response.headers["X-Output-Truncated"] = "true"
    return response


def written(output: Output | LiveOutput, *, stream: str | None, left_out: int) -> bytes:
    """Return the stored bytes of a stream (both: None), with a line for `left_out` bytes."""
    head: list[bytes] = []
    tail: list[bytes] = []
    for start, piece, whose in pieces(output):
        if stream in (None, whose):
            (head if start < output.head_bytes else tail).append(piece)
    # How the lost bytes were shared between the streams is not counted.
    most = "" if stream is None else "up to "
    cut = f"\n[… {most}{left_out} bytes left out …]\n".encode() if left_out else b""
    return b"".join([*head, cut, *tail])


def pieces(output: Output | LiveOutput) -> Iterator[tuple[int, bytes, str]]:
    """Return the stored bytes in order as (offset, bytes, stream), none across the cut."""
    start = 0
    for segment in output.segments:
        end = start + abs(segment)
        whose = "stdout" if segment > 0 else "stderr"
        for low, high in _split(start, end, output.head_bytes):
            yield low, output.data[low:high], whose
        start = end


def _split(start: int, end: int, cut: int) -> list[tuple[int, int]]:
    return [(start, cut), (cut, end)] if start < cut < end else [(start, end)]
