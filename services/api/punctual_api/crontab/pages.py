"""The page that imports a crontab: paste it, check each line, create the tasks."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual_api.crontab.endpoints import exported
from punctual_api.crontab.line_import import Read, create_read, read_lines, report_of
from punctual_api.crontab.schemas import CrontabExportQuerySchema, CrontabQuerySchema
from punctual_api.http.problems import faults_in
from punctual_api.limits.team_limits import LimitReached
from punctual_api.queues.allowed import QueueRefused
from punctual_api.web.form_errors import by_field
from punctual_api.web.page_base import page, pages

EMPTY = "This is empty: paste what crontab -l shows."
BLANK = {"crontab": "", "format": "user", "timezone": "UTC"}


@pages.get("/import/crontab/")
def crontab_form() -> Response:
    """An empty form."""
    return page("crontab", typed=BLANK, report=None, fresh=True)


@pages.post("/import/crontab/")
def import_crontab_form() -> AnyResponse:
    """Show what the pasted crontab becomes, or create the tasks if `create` was pressed."""
    typed = {name: request.form.get(name, blank) for name, blank in BLANK.items()}
    typed["crontab"] = typed["crontab"].replace("\r\n", "\n")
    try:
        query: dict[str, Any] = CrontabQuerySchema().load(typed)
    except ValidationError as error:
        errors, _ = by_field(list(faults_in(error.messages)), BLANK)
        return page("crontab", 422, typed=typed, errors=errors, report=None)
    if not query["crontab"].strip():
        return page("crontab", 422, typed=typed, errors={"crontab": EMPTY}, report=None)
    system = query["format"] == "system"
    read = read_lines(query["crontab"], system=system, timezone=query["timezone"])
    if request.form.get("do") != "create":
        return page("crontab", typed=typed, report=report_of(read, [], dry_run=True))
    return _created(typed, read)


@pages.get("/export/crontab/")
def export_crontab_page() -> Response:
    """The viewer's tasks as a crontab."""
    try:
        query = CrontabExportQuerySchema().load(request.args.to_dict())
    except ValidationError as error:
        faults = "; ".join(fault.detail for fault in faults_in(error.messages))
        return Response(faults, status=422, content_type="text/plain; charset=utf-8")
    return exported(timezone=query["timezone"], tag=query["tag"])


def _created(typed: dict[str, str], read: Sequence[Read]) -> AnyResponse:
    try:
        ids: Sequence[uuid.UUID] = create_read(read)
    except (LimitReached, QueueRefused) as reached:
        errors = {"crontab": str(reached.description)}
        return page("crontab", 422, typed=typed, errors=errors, report=None)
    if not ids:
        return page("crontab", 422, typed=typed, report=report_of(read, [], dry_run=True))
    report = report_of(read, ids, dry_run=False)
    flash(f"{len(ids)} {'task was' if len(ids) == 1 else 'tasks were'} created.")
    if not report["faults"]:
        return redirect(url_for("pages.dashboard", tag="crontab"))
    return page("crontab", typed=typed, report=report)
