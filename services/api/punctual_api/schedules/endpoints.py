"""Preview schedules: what one means and when it is due, before a task is saved."""

from typing import Any

from punctual.domain.errors import InvalidCalendar, Unreadable
from punctual.domain.schedules.preview import Preview, preview
from punctual.domain.schedules.syntax import parse_schedule
from punctual.store.calendars.changes import require_calendars
from punctual_api.calendars.blocks import own_calendars
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import now, session, team_id
from punctual_api.schedules.schemas import PreviewQuerySchema, PreviewSchema

blueprint = Blueprint("schedules", __name__, url_prefix="/api/schedules")


@blueprint.route("/preview/", methods=["POST"])
@blueprint.problems(400, 401, 403, 413, 415)
@blueprint.arguments(PreviewQuerySchema)
@blueprint.response(200, PreviewSchema)
def preview_schedule(args: dict[str, Any]) -> Preview:
    """Describe a schedule in words, with its next due times and warnings; nothing is saved."""
    start = args["start"] or now()
    schedule = parse_schedule(args["schedule"], anchor=start)
    names = args["calendars"]
    require_calendars(session().connection(), team_id=team_id(), names=names)
    calendars = own_calendars(team_id(), names)
    if isinstance(calendars, Unreadable):
        raise InvalidCalendar("/calendars", calendars.detail)
    return preview(schedule, start=start, count=args["count"], calendars=calendars)
