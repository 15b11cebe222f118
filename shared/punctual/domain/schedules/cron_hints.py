"""Hints on invalid cron expressions: what they look like, and what to write instead."""

import re
from collections.abc import Callable, Iterator

from punctual.domain.crontab.fields import is_like_a_field
from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import zone_named

_FIVE = "cron has five fields (minute hour day-of-month month day-of-week)"
_WORDS = {"hourly", "daily", "midnight", "weekly", "monthly", "yearly", "annually"}
_SECONDS = {
    unit: seconds
    for units, seconds in (
        ("s sec secs second seconds", 1),
        ("m min mins minute minutes", 60),
        ("h hr hrs hour hours", 3600),
        ("d day days", 86400),
        ("w week weeks", 7 * 86400),
    )
    for unit in units.split()
}
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ZONE_IN_FRONT = re.compile(r"(?:CRON_)?TZ\s*=\s*[\"']?([\w/+-]+)[\"']?(?:;|\s)\s*(.+)", re.ASCII)
_CALLED = re.compile(r"(cron|rate|at)\s*\((.*)\)", re.ASCII | re.IGNORECASE)
_EVERY = re.compile(r"@?every\s+(.+)", re.ASCII | re.IGNORECASE)
_SPAN = re.compile(r"(\d*)\s*([a-z]+)", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T].*)?", re.ASCII)
_YEAR = re.compile(r"(19|2\d)\d\d([-,/].*)?", re.ASCII)

Takes = Callable[[str], bool]


def cron_hint(expression: str, *, takes: Takes) -> str | None:
    """Return what a text is that is no cron expression, and what to write; None where unknown.

    `takes` says whether a text is one.
    """
    return next(_hints(expression.strip(), takes), None)


def _hints(text: str, takes: Takes) -> Iterator[str]:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" and takes(text[1:-1]):
        yield f"Leave out the quotes: {text[1:-1]}"
    if text.lower().removeprefix("@") in _WORDS:
        yield f'"{text}" is written @{text.lower().removeprefix("@")}.'
    if found := _ZONE_IN_FRONT.fullmatch(text):
        yield _zone_apart(found[1], found[2])
    if found := _CALLED.fullmatch(text):
        yield from _called(found[1].lower(), found[2].strip(), takes)
    if found := _EVERY.fullmatch(text):
        yield from _every(found[1].lower())
    if (found := _CLOCK.fullmatch(text)) and int(found[1]) < 24 and int(found[2]) < 60:
        yield f'A time of day is "{int(found[2])} {int(found[1])} * * *" in cron.'
    if _DATE.fullmatch(text):
        yield 'A single time is {"at": "2026-12-24T18:00:00+01:00"} in place of cron.'
    if text.isascii() and text.isdigit():
        yield f'An interval of {text} seconds is {{"every": {text}}} in place of cron.'
    yield from _many_fields(text.split(), takes)


def _zone_apart(zone: str, rest: str) -> str:
    fields = " ".join(rest.split()[:5])
    return f'The time zone is a field of its own: {{"cron": "{fields}", "timezone": "{zone}"}}.'


def _called(name: str, inner: str, takes: Takes) -> Iterator[str]:
    """Hint on cron(…), rate(…) and at(…), as AWS writes them."""
    if name == "rate":
        yield from _every(inner.lower())
    elif name == "cron":
        fields = inner.split()
        if len(fields) == 6:  # the year comes last, and Sunday is 1
            fields = _without_quartz(fields[:5])
        if takes(" ".join(fields)):
            yield f'cron(…) is written without its name: "{" ".join(fields)}".'
    elif inner:
        yield 'A single time is {"at": "2026-12-24T18:00:00+01:00"} in place of cron.'


def _every(words: str) -> Iterator[str]:
    """Hint on durations: "5 minutes", "hour", "1h30m"."""
    parts = _SPAN.findall(words)
    whole = re.sub(r"\s+", "", words) == "".join(map("".join, parts))
    if not whole or not all(unit in _SECONDS for _, unit in parts):
        yield 'An interval is {"every": 300} (seconds) in place of cron, a time of day "30 2 * * *"'
        return
    seconds = sum(int(count or 1) * _SECONDS[unit] for count, unit in parts)
    also = f'; in cron it is "*/{seconds // 60} * * * *"' if _divides_an_hour(seconds) else ""
    yield f'An interval is {{"every": {seconds}}} in place of cron{also}.'


def _divides_an_hour(seconds: int) -> bool:
    minutes, rest = divmod(seconds, 60)
    return not rest and 1 <= minutes < 60 and 60 % minutes == 0


def _many_fields(words: list[str], takes: Takes) -> Iterator[str]:
    five = " ".join(words[:5])
    if words and words[0].startswith("@") and len(words) > 1 and takes(words[0]):
        yield _command_apart(words[0], " ".join(words[1:]))
    if len(words) == 5:
        replaced = " ".join(_without_quartz(words, weekdays=False))
        if "?" in words and takes(replaced):
            yield f'"?" is not cron\'s: write "{replaced}".'
        if "H" in five and takes(re.sub(r"\bH\b", "0", five)):
            yield '"H" is not cron\'s: write a number, and spread tasks by their field jitter.'
        return
    if len(words) < 6:
        return
    if len(words) == 6 and _is_zone(words[5]) and takes(five):
        yield _zone_apart(words[5], five)
    elif not all(map(is_like_a_field, words[:7])):
        if takes(five):
            yield _command_apart(five, " ".join(words[5:]))
    elif len(words) in (6, 7):
        yield _seconds_or_year(words, takes)


def _command_apart(when: str, command: str) -> str:
    return (
        f'"{when}" is the schedule; "{command[:40]}" looks like the command, which is a field of'
        " its own. A whole crontab can be imported."
    )


def _seconds_or_year(words: list[str], takes: Takes) -> str:
    kind = f"{'Six' if len(words) == 6 else 'Seven'} fields are too many: seconds are not supported"
    year_last = len(words) == 6 and _YEAR.fullmatch(words[5]) is not None
    rest = words[:5] if year_last else words[1:6]
    written = " ".join(_without_quartz(rest) if "?" in words or len(words) == 7 else rest)
    if not takes(written):
        return f"{kind}, nor years; {_FIVE}."
    what = "the year" if year_last else "the seconds" if len(words) == 6 else "seconds and year"
    often = ""
    if (found := re.fullmatch(r"\*(?:/(\d+))?", words[0])) and not year_last:
        often = f' For an interval in seconds use {{"every": {found[1] or 1}}}.'
    return f'{kind}, nor years; {_FIVE}. Without {what} it is "{written}".{often}'


def _without_quartz(fields: list[str], *, weekdays: bool = True) -> list[str]:
    """Return the fields with stars for ?, and where Sunday is 1, names for numbers of weekdays."""
    minute, hour, day, month, weekday = ("*" if field == "?" else field for field in fields)
    if weekdays:
        weekday = re.sub(r"(?<![#/\d])[1-7](?!\d)", lambda n: _WEEKDAYS[int(n[0]) - 1], weekday)
    return [minute, hour, day, month, weekday]


def _is_zone(name: str) -> bool:
    try:
        zone_named(name)
    except InvalidSchedule:
        return False
    return True
