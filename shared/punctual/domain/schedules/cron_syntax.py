"""The five fields of a cron expression, or the sentence that says which one is wrong."""

import re
from calendar import month_abbr
from datetime import datetime

from cronsim import CronSim, CronSimError

from punctual.domain.errors import InvalidSchedule

Fields = tuple[str, ...]

_NICKNAMES: dict[str, Fields] = {
    "@hourly": ("0", "*", "*", "*", "*"),
    "@daily": ("0", "0", "*", "*", "*"),
    "@midnight": ("0", "0", "*", "*", "*"),
    "@weekly": ("0", "0", "*", "*", "0"),
    "@monthly": ("0", "0", "1", "*", "*"),
    "@yearly": ("0", "0", "1", "1", "*"),
    "@annually": ("0", "0", "1", "1", "*"),
}
_FIELDS = (
    ("minute", "0-59"),
    ("hour", "0-23"),
    ("day-of-month", "1-31, or L for the last day"),
    ("month", "1-12 or JAN-DEC"),
    ("day-of-week", "0-7 or SUN-SAT (0 and 7 are Sunday), MON#1 for the first Monday, 5L"),
)
_LONGEST = 256
_STEPPED_RANGE = re.compile(r"(\w+)-(\w+)/\d+", re.ASCII)
_NAMED = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6} | {
    name.upper(): month for month, name in enumerate(month_abbr) if name
}


def read_fields(expression: str) -> Fields:
    """Split a cron expression into minute, hour, day of month, month and day of week.

    Takes exactly what cronsim parses, in five fields, and the @ names except @reboot. Raises
    InvalidSchedule at "/cron" otherwise. Fields are answered in upper case.
    """
    if len(expression) > _LONGEST:
        raise _wrong(f"A cron expression has at most {_LONGEST} characters.")
    if expression.strip().startswith("@"):
        return _nickname(expression.strip().lower())
    match expression.upper().split():
        case [minute, hour, day, month, weekday]:
            fields = (minute, hour, day, month, weekday)
        case [_, _, _, _, _, _]:
            raise _wrong(
                "Six fields are one too many: seconds are not supported, cron has five fields"
                " (minute hour day-of-month month day-of-week)."
            )
        case parts:
            raise _wrong(
                f"Cron has five fields (minute hour day-of-month month day-of-week), not"
                f" {len(parts)}."
            )
    for position, (name, allowed) in enumerate(_FIELDS):
        if not _parses(fields, position):
            raise _wrong(
                f'"{expression.split()[position]}" is no {name}. It is {allowed}; a star; a list'
                f" (1,5), a range (1-5, low to high) or a step (*/5) of them."
            )
    if not _parses(fields):
        raise _wrong(f'No date ever matches "{expression.strip()}".')
    return tuple(_STEPPED_RANGE.sub(_one_value, field) for field in fields)


def _nickname(name: str) -> Fields:
    if name == "@reboot":
        raise _wrong("@reboot names no time: no machine's start can make a task due here.")
    if name not in _NICKNAMES:
        raise _wrong(f'"{name}" is none of {", ".join(_NICKNAMES)}.')
    return _NICKNAMES[name]


def _one_value(term: re.Match[str]) -> str:
    """Write "5-5/10" as "5", which it is: cronsim takes it for "5/10", that is 5-59/10."""
    first, last = (int(_NAMED.get(end, end)) for end in term.groups())
    return term[1] if first == last else term[0]


def _parses(fields: Fields, position: int | None = None) -> bool:
    """Return whether cronsim takes the fields, or the one at `position` by itself."""
    one = [field if position in (None, place) else "*" for place, field in enumerate(fields)]
    try:
        CronSim(" ".join(one), datetime(2000, 1, 1))  # noqa: DTZ001
    except CronSimError:
        return False
    return True


def _wrong(detail: str) -> InvalidSchedule:
    return InvalidSchedule("/cron", detail)
