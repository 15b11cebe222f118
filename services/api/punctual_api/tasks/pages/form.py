"""The form of a task: from what was typed to the API's JSON, and from a task to its form."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import fields

from punctual.domain.commands.pings import stored_ping
from punctual.domain.errors import InvalidSchedule, Unreadable
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.runs.limits import LIMITS
from punctual.domain.runs.states import CatchUp, Overlap
from punctual.domain.schedules.local_time import clock_change_warning, local_instant
from punctual.domain.schedules.syntax import read_schedule
from punctual.store.schema.models import Task
from punctual_api.http.fields import Lines, Number, Text
from punctual_api.http.problems import Fault
from punctual_api.tasks.pages.ping_text import read_ping, write_ping
from punctual_api.tasks.pages.secret_text import read_env, write_env
from punctual_api.tasks.pages.type_form import BLANK_TYPE, REDIRECTS, type_document, typed_type
from punctual_api.tasks.pages.upstream_form import read_edges, write_edges
from punctual_api.tasks.schemas.limits import default_timeout
from punctual_api.tasks.schemas.task_types import TYPES
from punctual_api.tasks.schemas.tasks import TaskFields
from punctual_api.tasks.stored import (
    stored_env,
    stored_limits,
    stored_metadata,
    stored_params,
)
from punctual_api.web.form_fields import (
    pasted,
    read_codes,
    read_list,
    read_number,
    read_object,
    read_schedules,
    read_size,
    read_words,
    write_codes,
    write_json,
    write_number,
    write_size,
    write_words,
)

_SCHEMA = TaskFields().fields
NUMBERS = tuple(
    name for name, field in _SCHEMA.items() if isinstance(field, Number | fields.Integer)
)
TEXTS = tuple(
    name
    for name, field in _SCHEMA.items()
    if isinstance(field, Text) and not isinstance(field, Lines)
)
"""Numbers and single lines of the schema: each has a field of its name in the form."""
LISTS = ("tags", "calendars", "retry_on", "no_retry_on")
JSONS = ("params", "metadata")
SIZES = ("memory_bytes", "file_bytes", "disk_bytes")
WHEN = ("kind", "at", "at_zone", "cron", "timezone", "every", "every_unit", "several")
CHOICES = {
    "type": {"shell": "command", "script": "body", "http": "url"},
    "kind": {"at": "at", "cron": "cron", "every": "every", "several": "several"},
}
"""What a form chooses between, and the field that each of them must have."""
_ANY = datetime(2000, 1, 1, tzinfo=UTC)  # whether a schedule can be read hangs on no anchor
EVERY_UNITS = (86400, 3600, 60, 1)
OFFERED: dict[str, tuple[str, ...]] = {
    "type": TYPES,
    "follow_redirects": REDIRECTS,
    "overlap": tuple(Overlap),
    "catch_up": tuple(CatchUp),
}
"""What may be chosen where the API has no field of that name, or takes nothing for its default."""


def _blank(name: str) -> str:
    """Return the values of a new task's form: the API's defaults."""
    default = _SCHEMA[name].load_default
    if name in NUMBERS:
        return write_number(default)
    return default if isinstance(default, str) else ""


BLANK = {
    **{name: _blank(name) for name in (*NUMBERS, *TEXTS)},
    **dict.fromkeys((*LISTS, *JSONS, *LIMITS, "env", "version", "after", "ping"), ""),
    **BLANK_TYPE,
    "kind": "at",
    "at": "",
    "at_zone": "UTC",
    "cron": "",
    "timezone": "UTC",
    "every": "",
    "every_unit": "60",
    "several": "",
}
"""A new task's form, where an operator sets no maxima."""

FIELDS = frozenset(BLANK) | {"schedule"}


def blank_form() -> dict[str, str]:
    """Return a new task's form, with defaults that an operator's maxima allow."""
    return {**BLANK, "timeout": write_number(default_timeout())}


def typed_from(form: Mapping[str, str], task: Task | None = None) -> dict[str, str]:
    """What was typed, with the line ends that shells take.

    A program may send a part of the form: what is absent stays as it is in `task`, or blank, and
    what it runs and when is what was filled in.
    """
    before = {**blank_form(), "kind": "hand"} if task is None else typed_of(task)
    typed = {name: pasted(form.get(name, before[name])) for name in BLANK}
    for choice, options in CHOICES.items():
        if choice not in form:
            filled = (option for option, name in options.items() if form.get(name, "").strip())
            typed[choice] = next(filled, before[choice])
    return typed


def typed_of(task: Task) -> dict[str, str]:
    """Return a task as it stands in its form."""
    values = {name: getattr(task, name) for name in (*TEXTS, *NUMBERS)}
    written = {name: write_number(value) for name, value in values.items() if name in NUMBERS}
    return {
        **BLANK,
        **{name: values[name] or "" for name in TEXTS},
        **written,
        **typed_type(task),
        "tags": write_words(task.tags),
        "calendars": write_words(task.calendars or ()),
        "retry_on": write_codes(task.retry_on),
        "no_retry_on": write_codes(task.no_retry_on),
        "env": write_env(stored_env(task.env)),
        "params": write_json(stored_params(task.params)),
        "after": write_edges(task.after),
        "ping": write_ping(stored_ping(task.ping)),
        "metadata": write_json(stored_metadata(task.meta)),
        **write_limits(stored_limits(task.limits)),
        "version": str(task.version),
        **_typed_schedule(task.schedule),
    }


def write_limits(limits: Mapping[str, int | None]) -> dict[str, str]:
    """Return a task's limits as typed: sizes with a unit."""
    return {
        name: (write_size if name in SIZES else write_number)(limits.get(name)) for name in LIMITS
    }


def read_limits(typed: Mapping[str, str]) -> dict[str, int | float | str]:
    """Return the API's JSON for the limits as typed, not checked yet."""
    return {
        name: (read_size if name in SIZES else read_number)(typed[name])
        for name in LIMITS
        if typed[name].strip()
    }


def typed_when(typed: Mapping[str, str]) -> list[str]:
    """Return the schedule's part of a form."""
    return [typed[name] for name in WHEN]


def document_from(
    typed: Mapping[str, str],
    *,
    now: datetime,
    delay_seconds: float | None = None,
    task: Task | None = None,
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the JSON that the API would be sent, and what cannot be brought into that form.

    `delay_seconds` makes it one-time, so long after `now`. With `task`, a schedule that is typed as
    it stood stays what it is, to the microsecond.
    """
    document: dict[str, Any] = {name: typed[name] for name in TEXTS if typed[name]}
    document |= {name: read_number(typed[name]) for name in NUMBERS if typed[name].strip()}
    document |= {"limits": read_limits(typed)}
    faults = choice_faults(typed)
    for fault in faults:
        document.pop(fault.pointer.strip("/"), None)
    try:
        document |= type_document(typed, task=task)
    except ValueError as error:
        faults.append(Fault("/headers", str(error)))
        document["command"] = "-"  # so that nothing else is said to be missing
    if typed["type"] not in TYPES:
        document["command"] = "-"
    readers = {
        "tags": read_words,
        "calendars": read_words,
        "env": read_env,
        "metadata": read_object,
        "params": read_list,
        "retry_on": read_codes,
        "no_retry_on": read_codes,
        "after": read_edges,
        "ping": read_ping,
    }
    for name, read in readers.items():
        try:
            if typed[name].strip():
                document[name] = read(typed[name])
        except ValueError as error:
            faults.append(Fault(f"/{name}", str(error)))
    if delay_seconds is not None:
        due = (now + timedelta(seconds=delay_seconds)).replace(microsecond=0)
        document["schedule"] = {"at": format_instant(due)}
    elif task is not None and typed_when(typed) == typed_when(typed_of(task)):
        document["schedule"] = task.schedule
    else:
        try:
            document["schedule"] = schedule_from(typed)
        except InvalidSchedule as error:
            faults.append(Fault(error.pointer, error.detail))
    return document, faults


def choice_faults(typed: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each choice that is none of those offered; browsers send no other."""
    return [
        Fault(f"/{name}", f"Choose one of {', '.join(options)}.")
        for name, options in OFFERED.items()
        if typed[name] not in options and (name != "follow_redirects" or typed["type"] == "http")
    ]


def clock_warnings(typed: Mapping[str, str]) -> list[str]:
    """Return what a clock change makes of the one time typed, which schedule_from has read."""
    if typed["kind"] != "at":
        return []
    warning = clock_change_warning(typed["at"].strip(), typed["at_zone"].strip())
    return [] if warning is None else [warning]


def schedule_from(typed: Mapping[str, str]) -> Any:
    """Return the API's JSON for the schedule as typed, not checked yet. Raises InvalidSchedule."""
    match typed["kind"]:
        case "at":
            at = local_instant(typed["at"].strip(), typed["at_zone"].strip())
            return {"at": format_instant(at)}
        case "cron":
            return {"cron": typed["cron"].strip(), "timezone": typed["timezone"].strip()}
        case "every":
            if typed["every_unit"] not in map(str, EVERY_UNITS):
                raise InvalidSchedule("/every_unit", "Choose a unit of time.")
            count = read_number(typed["every"])
            return {"every": count if isinstance(count, str) else count * int(typed["every_unit"])}
        case "several":
            try:
                return read_schedules(typed["several"])
            except ValueError as error:
                raise InvalidSchedule("/several", str(error)) from None
        case "hand":
            return None
    raise InvalidSchedule("/schedule", "Choose when it runs.")


def _typed_schedule(schedule: Mapping[str, Any] | Sequence[Any] | None) -> dict[str, str]:
    if schedule is None:
        return {"kind": "hand"}
    if not isinstance(schedule, Mapping) or "start" in schedule or "end" in schedule:
        return {"kind": "several", "several": json.dumps(schedule, indent=2)}
    if isinstance(read_schedule(schedule, anchor=_ANY), Unreadable) and not _is_cron(schedule):
        return {"kind": "several", "several": json.dumps(schedule, indent=2)}
    if "at" in schedule:
        at = parse_instant(schedule["at"], pointer="/at").replace(tzinfo=None)
        return {"kind": "at", "at": at.isoformat(timespec="seconds"), "at_zone": "UTC"}
    if "every" in schedule:
        unit = next(unit for unit in EVERY_UNITS if unit == 1 or schedule["every"] % unit == 0)
        count = write_number(schedule["every"] / unit)
        return {"kind": "every", "every": count, "every_unit": str(unit)}
    return {"kind": "cron", "cron": schedule["cron"], "timezone": schedule.get("timezone", "UTC")}


def _is_cron(schedule: Mapping[str, Any]) -> bool:
    """Return whether it is a cron schedule, though perhaps one that cannot be read any more."""
    return isinstance(schedule.get("cron"), str) and isinstance(schedule.get("timezone"), str)
