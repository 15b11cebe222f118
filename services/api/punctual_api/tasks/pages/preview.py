"""The preview in a task's form: what the typed schedule means, in words and in due times."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from punctual.domain.errors import InvalidSchedule, Unreadable
from punctual.domain.schedules.new import parse_new_schedule
from punctual.domain.schedules.preview import Preview, preview
from punctual.domain.schedules.syntax import read_schedule
from punctual.store.schema.models import Task
from punctual_api.calendars.blocks import own_calendars
from punctual_api.http.context import team_id
from punctual_api.tasks.pages.form import clock_warnings, schedule_from, typed_of, typed_when
from punctual_api.tasks.schemas.limits import chosen_timeout
from punctual_api.web.form_fields import read_number, read_words

DUE_TIMES = 5


def preview_of(
    typed: Mapping[str, str], *, now: datetime, task: Task | None = None
) -> Preview | InvalidSchedule:
    """What the schedule as typed comes to, or why it comes to nothing yet.

    With `task`, a schedule that is typed as it stood counts on from where it was set.
    """
    is_same = task is not None and typed_when(typed) == typed_when(typed_of(task))
    timeout = read_number(typed["timeout"])
    seconds = chosen_timeout(timeout) if isinstance(timeout, int | float) else None
    if task is not None and is_same:
        schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
        if isinstance(schedule, Unreadable):
            return InvalidSchedule("/schedule", schedule.detail)
    else:
        try:
            schedule = parse_new_schedule(schedule_from(typed), anchor=now)
        except InvalidSchedule as error:
            return error
    try:
        calendars = own_calendars(team_id(), read_words(typed["calendars"]))
    except ValueError:
        calendars = ()
    if isinstance(calendars, Unreadable):
        return InvalidSchedule("/calendars", calendars.detail)
    seen = preview(
        schedule,
        start=now,
        count=DUE_TIMES,
        timeout=seconds,
        new=not is_same,
        calendars=calendars,
    )
    return seen if is_same else replace(seen, warnings=(*clock_warnings(typed), *seen.warnings))
