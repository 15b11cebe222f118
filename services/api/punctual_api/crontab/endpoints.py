"""Crontabs: import as tasks, with a dry run first, and export."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, jsonify

from punctual.domain.crontab.write import TaskToWrite, write_crontab
from punctual.store.schema.models import Task
from punctual.store.tasks.exports import tasks_to_export
from punctual_api.audit.recorder import changed_nothing
from punctual_api.crontab.line_import import Read, create_read, read_lines, report_of
from punctual_api.crontab.schemas import (
    CrontabExportQuerySchema,
    CrontabQuerySchema,
    CrontabReportSchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id
from punctual_api.http.idempotency import PARAMETER as IDEMPOTENCY_KEY
from punctual_api.http.idempotency import create_once, idempotency_key
from punctual_api.tasks.stored import stored_env

blueprint = Blueprint("crontabs", __name__, url_prefix="/api")

_report = CrontabReportSchema()


@blueprint.route("/import/crontab/", methods=["POST"])
@blueprint.doc(parameters=[IDEMPOTENCY_KEY])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(CrontabQuerySchema)
@blueprint.response(201, CrontabReportSchema)
@blueprint.alt_response(
    200, schema=CrontabReportSchema, description="A dry run: nothing was created"
)
def import_crontab(args: dict[str, Any]) -> Response:
    """Show what each line of a crontab becomes; with `dry_run: false`, create those tasks."""
    idempotency_key()  # a dry run refuses a bad one already
    system = args["format"] == "system"
    read = read_lines(args["crontab"], system=system, timezone=args["timezone"])
    return import_report(read, dry_run=args["dry_run"])


@blueprint.route("/export/crontab/", methods=["GET"])
@blueprint.problems(401)
@blueprint.arguments(CrontabExportQuerySchema, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def export_crontab(args: dict[str, Any]) -> Response:
    """Export your tasks as a crontab; what cron cannot express is a comment with the reason."""
    return exported(timezone=args["timezone"], tag=args["tag"])


def import_report(read: Sequence[Read], *, dry_run: bool) -> Response:
    """Return the report of an import, which is done unless it is a dry run."""
    count = sum(one.values is not None for one in read)

    def answer(ids: Sequence[uuid.UUID]) -> Response:
        return jsonify(_report.dump(report_of(read, ids, dry_run=dry_run)))

    if dry_run or not count:
        changed_nothing()
        return answer([])
    response = create_once(count, create=lambda ids: answer(create_read(read, ids)), again=answer)
    response.status_code = 201
    return response


def exported(*, timezone: str, tag: str | None = None) -> Response:
    """Return the asker's tasks as a crontab."""
    tasks = tasks_to_export(session(), team_id=team_id(), tag=tag)
    text = write_crontab(map(_to_write, tasks), timezone=timezone)
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="crontab"'
    return response


def _to_write(task: Task) -> TaskToWrite:
    return TaskToWrite(
        task.name,
        task.command,
        task.schedule,
        {name: text for name, text in stored_env(task.env).items() if isinstance(text, str)},
        task.working_dir,
        tuple(_beyond(task)),
    )


def _beyond(task: Task) -> Iterator[str]:
    if not task.command:
        yield "It is no command but a script or a request."
    if not task.enabled:
        yield "It is paused."
    if task.secrets is not None:
        yield "It uses secrets, and a crontab would show them."
    if task.calendars:
        yield f"Its calendars block due times: {', '.join(task.calendars)}."
    if task.max_runs is not None:
        yield f"It ends after {task.max_runs} runs."
    if task.jitter:
        yield "It is due at a time of its own within its jitter."
