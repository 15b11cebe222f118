"""Pages of calendars: list, create, change, delete."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.store.calendars.changes import list_calendars
from punctual.store.schema.models import CalendarRow
from punctual_api.calendars.endpoints import change_own, create_own, delete_own, own_calendar
from punctual_api.calendars.schemas import NewCalendarSchema
from punctual_api.http.context import session, team_ids
from punctual_api.http.problems import Fault, Problem, faults_in
from punctual_api.web.form_errors import by_field
from punctual_api.web.form_fields import pasted, read_list
from punctual_api.web.page_base import page, pages
from punctual_api.web.team_choice import chosen_team

BLANK = {"name": "", "timezone": "UTC", "days": "", "windows": ""}


@pages.get("/calendars/")
def show_calendars() -> Response:
    """All calendars."""
    return page("calendars/calendars", calendars=list_calendars(session(), team_ids=team_ids()))


@pages.route("/calendar/create/", methods=["GET", "POST"])
def create_calendar() -> AnyResponse:
    """A new calendar."""
    return (
        _saved("New calendar", None) if request.method == "POST" else _form("New calendar", BLANK)
    )


@pages.route("/calendar/<uuid:calendar_id>/", methods=["GET", "POST"])
def update_calendar(calendar_id: uuid.UUID) -> AnyResponse:
    """Change a calendar; what is planned of the tasks that name it follows."""
    row = own_calendar(calendar_id)
    heading = f"Edit {row.name}"
    return _saved(heading, row) if request.method == "POST" else _form(heading, _typed_of(row), row)


@pages.post("/calendar/<uuid:calendar_id>/delete/")
def delete_calendar(calendar_id: uuid.UUID) -> AnyResponse:
    """Delete a calendar that no task names."""
    row = own_calendar(calendar_id)
    try:
        delete_own(row)
    except Problem as problem:
        return _form(f"Edit {row.name}", _typed_of(row), row, [Fault("", str(problem.description))])
    flash("The calendar is deleted.")
    return redirect(url_for("pages.show_calendars", team=chosen_team()))


def _saved(heading: str, row: CalendarRow | None) -> AnyResponse:
    calendar_id = None if row is None else row.id
    typed = {name: pasted(request.form.get(name, BLANK[name])) for name in BLANK}
    document: dict[str, Any] = {name: typed[name].strip() for name in ("name", "timezone")}
    document["days"] = typed["days"].replace(",", " ").split()
    try:
        document["windows"] = read_list(typed["windows"]) if typed["windows"].strip() else []
        values = NewCalendarSchema().load(document)
    except ValidationError as error:
        return _form(heading, typed, row, list(faults_in(error.messages)))
    except ValueError as error:
        return _form(heading, typed, row, [Fault("/windows", str(error))])
    try:
        if row is None:
            create_own(values)
        else:
            change_own(row, values)
    except Problem as problem:
        session().rollback()
        stored = None if calendar_id is None else own_calendar(calendar_id)
        return _form(heading, typed, stored, [Fault("/name", str(problem.description))])
    flash("The calendar is saved.")
    return redirect(url_for("pages.show_calendars", team=chosen_team()))


def _typed_of(row: CalendarRow) -> dict[str, str]:
    windows = "[" + ",\n ".join(json.dumps(one) for one in row.windows) + "]"
    return {
        "name": row.name,
        "timezone": row.timezone,
        "days": "\n".join(row.days),
        "windows": windows if row.windows else "",
    }


def _form(
    heading: str,
    typed: Mapping[str, str],
    row: CalendarRow | None = None,
    faults: list[Fault] | None = None,
) -> Response:
    errors, others = by_field(faults or (), BLANK)
    status = 422 if faults else 200
    context = {
        "heading": heading,
        "typed": typed,
        "calendar": row,
        "errors": errors,
        "others": others,
    }
    return page("calendars/calendar_form", status, **context)
