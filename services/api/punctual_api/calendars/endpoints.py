"""Calendars: when nothing is due, shared by the tasks that name them."""

import uuid
from typing import Any

from flask import Response, jsonify, url_for
from sqlalchemy.exc import IntegrityError

from punctual.store.calendars.changes import change_calendar, find_calendar, list_calendars, used_by
from punctual.store.driver.violations import is_duplicate
from punctual.store.schema.models import CalendarRow
from punctual_api.audit.recorder import record
from punctual_api.calendars.schemas import (
    CalendarListSchema,
    CalendarReplacementSchema,
    CalendarSchema,
    NewCalendarSchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import now, session, team_id, team_ids
from punctual_api.http.problems import Problem, limit_reached, not_found, taken

MOST_CALENDARS = 200

blueprint = Blueprint(
    "calendars", __name__, url_prefix="/api/calendars", description="When nothing is due"
)

_calendar = CalendarSchema()


def own_calendar(calendar_id: uuid.UUID) -> CalendarRow:
    """Return the asker's calendar, locked for a change; raises Problem 404."""
    row = find_calendar(session(), calendar_id, team_id=team_id(), lock=True)
    if row is None:
        raise not_found("calendar")
    return row


def create_own(values: dict[str, Any]) -> CalendarRow:
    """Return a new calendar of the asker; raises Problem 409 for a name that is taken."""
    if len(list_calendars(session(), team_ids=[team_id()])) >= MOST_CALENDARS:
        raise limit_reached(f"You have {MOST_CALENDARS} calendars already.")
    row = CalendarRow(team_id=team_id(), **values)
    session().add(row)
    try:
        session().flush()
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise name_taken() from None
    session().refresh(row)
    record("calendar", row.id, row.name, after=recorded_fields(row))
    return row


def change_own(row: CalendarRow, values: dict[str, Any]) -> None:
    """Give a calendar new values; raises Problem 409 for a name that is taken."""
    before = recorded_fields(row)
    try:
        change_calendar(session(), row, values, now=now())
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise name_taken() from None
    record("calendar", row.id, row.name, before=before, after=recorded_fields(row))


def delete_own(row: CalendarRow) -> None:
    """Delete a calendar that no task names; raises Problem 409."""
    users = used_by(session(), row)
    if users:
        users_name = "a task names" if users == 1 else f"{users} tasks name"
        raise Problem(409, f"It is in use: {users_name} it.")
    record("calendar", row.id, row.name, before=recorded_fields(row))
    session().delete(row)
    session().flush()


def recorded_fields(row: CalendarRow) -> dict[str, Any]:
    """Return what the audit record has of a calendar."""
    return {name: getattr(row, name) for name in ("name", "timezone", "days", "windows")}


def name_taken() -> Problem:
    """Return the answer to a name that another calendar has."""
    return taken("Another calendar of yours has this name.")


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.response(200, CalendarListSchema)
def list_own_calendars() -> dict[str, Any]:
    """List your calendars by name."""
    return {"items": list_calendars(session(), team_ids=team_ids())}


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(NewCalendarSchema)
@blueprint.response(201, CalendarSchema)
def create_calendar(values: dict[str, Any]) -> Response:
    """Create a calendar."""
    row = create_own(values)
    response = jsonify(_calendar.dump(row))
    response.status_code = 201
    response.headers["Location"] = url_for("calendars.get_calendar", calendar_id=row.id)
    return response


@blueprint.route("/<uuid:calendar_id>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, CalendarSchema)
def get_calendar(calendar_id: uuid.UUID) -> CalendarRow:
    """Read a calendar."""
    return own_calendar(calendar_id)


@blueprint.route("/<uuid:calendar_id>/", methods=["PUT"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(CalendarReplacementSchema)
@blueprint.response(200, CalendarSchema)
def replace_calendar(values: dict[str, Any], calendar_id: uuid.UUID) -> CalendarRow:
    """Replace a calendar, also by its own answer, changed; what is planned with it follows."""
    row = own_calendar(calendar_id)
    change_own(row, values)
    return row


@blueprint.route("/<uuid:calendar_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404, 409)
@blueprint.response(204)
def delete_calendar(calendar_id: uuid.UUID) -> None:
    """Delete a calendar that no task names."""
    delete_own(own_calendar(calendar_id))
