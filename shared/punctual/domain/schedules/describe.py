"""Describe a schedule in words, so that users can check it."""

import re
from datetime import UTC, datetime

from punctual.domain.schedules.cron import Cron, CronRule, cron_rule
from punctual.domain.schedules.cron_words import explain
from punctual.domain.schedules.every import Every
from punctual.domain.schedules.syntax import At, Schedule, Several, Within

_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_PLAIN = re.compile(r"\d+(,\d+)*", re.ASCII)
_STEP = re.compile(r"\*/(\d+)", re.ASCII)
_MOST_TIMES = 4
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def describe(schedule: Schedule | None) -> str:
    """Return one sentence without its full stop: "Every weekday at 02:00 (Europe/Rome)"."""
    match schedule:
        case None:
            return "Only by hand"
        case At(at):
            return f"Once, on {_in_utc(at)}"
        case Every(seconds, _):
            return _rate(seconds)
        case Cron(expression, timezone):
            return f"{_describe_rule(cron_rule(expression))} ({timezone})"
        case Within(bounded, start, end):
            bounds = (("from", start), ("until", end))
            limits = " ".join(f"{word} {_in_utc(at)}" for word, at in bounds if at is not None)
            return f"{describe(bounded)}, {limits}"
        case Several(schedules):
            return "; ".join(describe(one) for one in schedules)


def _in_utc(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(' ')} (UTC)"


def duration_in_words(seconds: float) -> str:
    """Return a duration as people say it, "1 hour 30 minutes"; a fraction stays on the seconds."""
    words = []
    rest = seconds
    for size, unit in _UNITS:
        count, rest = (rest, 0) if size == 1 else divmod(rest, size)
        if count:
            words.append(f"{count:.10g} {unit}" + ("" if count == 1 else "s"))
    return " ".join(words) or "0 seconds"


def _rate(seconds: float) -> str:
    """Return a fixed rate in words: "Every hour", "Every 1 hour 30 minutes"."""
    words = duration_in_words(seconds)
    return f"Every {words.removeprefix('1 ') if words.count(' ') == 1 else words}"


def _describe_rule(rule: CronRule) -> str:
    minute, hour, day, month, weekday = rule.fields
    step = _STEP.fullmatch(minute)
    if step and 60 % int(step[1]) == 0 and (hour, day, month, weekday) == ("*",) * 4:
        return _rate(60 * int(step[1]))
    times = _clock_times(rule)
    days = _weekdays(rule)
    if times and days and (day, month) == ("*", "*"):
        return f"Every {days} at {times}"
    return _explained(rule)


def _clock_times(rule: CronRule) -> str | None:
    """Return the times of day when they are few and written out: "02:00 and 14:00"."""
    if not all(_PLAIN.fullmatch(field) for field in rule.fields[:2]):
        return None
    times = [f"{hour:02}:{minute:02}" for hour in rule.hours for minute in rule.minutes]
    return _listed(times) if len(times) <= _MOST_TIMES else None


def _weekdays(rule: CronRule) -> str | None:
    """Return what follows "every", when the weekday field names plain weekdays."""
    days = rule.weekdays
    if days is None:
        return None
    named = {frozenset(range(7)): "day", frozenset(range(1, 6)): "weekday"}
    return named.get(days) or _listed(
        [_WEEKDAYS[day % 7] for day in range(1, 8) if day % 7 in days]
    )


def _explained(rule: CronRule) -> str:
    """Return cron_words' description, with "23rd" in place of "23th"."""
    text = explain(rule)
    return re.sub(r"\b(\d*)([123])th\b", _ordinal, text)


def _ordinal(match: re.Match[str]) -> str:
    tens, unit = match[1], match[2]
    return match[0] if tens.endswith("1") else tens + unit + {"1": "st", "2": "nd", "3": "rd"}[unit]


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
