"""What a sentence about a schedule says to a reader: the days it names, by its words alone."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date

IsNamed = Callable[[date], bool]

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def days_named(sentence: str) -> IsNamed:
    """Read "At 00:00 on the 13th day of month or on Friday, in May" or "Every Monday at 00:00"."""
    if found := re.fullmatch(r"Every (.+) at 00:00", sentence):
        return _every(found[1])
    rest = sentence.removeprefix("At 00:00").strip()
    if found := re.fullmatch(r"on the last (day|weekday) of (?!the month)(.+)", rest):
        is_named_day, months = _month_day(f"the last {found[1]} of the month"), _months(found[2])
        return lambda day: is_named_day(day) and months(day)
    if found := re.fullmatch(r"on (\w+) (\d+)", rest):
        month, number = MONTHS.index(found[1]) + 1, int(found[2])
        return lambda day: (day.month, day.day) == (month, number)
    if found := re.fullmatch(r"on the (\w+) day of (?!month\b|the month\b)(.+)", rest):
        nth, months_of = _ordinal(found[1]), _months(found[2])
        return lambda day: day.day == nth and months_of(day)
    rest, _, named = re.sub(r",? in ", "\0", rest, count=1).partition("\0")
    if sentence.startswith("At 00:00 in "):
        rest, named = "", sentence.removeprefix("At 00:00 in ")
    within = _months(named) if named else _always
    days = _days(rest)
    return lambda day: within(day) and days(day)


def _every(days: str) -> IsNamed:
    if days == "day":
        return _always
    if days == "weekday":
        return lambda day: day.isoweekday() < 6
    return _any(days, _weekday)


def _days(text: str) -> IsNamed:
    if text in ("", "every day"):
        return _always
    either = [part.removeprefix("on ") for part in text.split(" or on ")]
    if len(either) == 2:
        first, second = _any(either[0], _month_day), _any(either[1], _weekday)
        return lambda day: first(day) or second(day)
    both = [part.removeprefix("on ") for part in text.split(" if it's on ")]
    if len(both) == 2:
        one, other = _any(both[0], _month_day), _any(both[1], _weekday)
        return lambda day: one(day) and other(day)
    of_the_week = "day of week" in text or any(name in text for name in WEEKDAYS)
    return _any(text.removeprefix("on "), _weekday if of_the_week else _month_day)


def _any(text: str, read: Callable[[str], IsNamed]) -> IsNamed:
    """Whether one of the listed ones is meant."""
    lines = [read(item) for item in re.split(r", and |, | and ", text)]
    return lambda day: any(one(day) for one in lines)


def _month_day(item: str) -> IsNamed:
    item = item.removesuffix(" day of month")
    if item in ("the last day of the month", "the last"):
        return lambda day: day.day == monthrange(day.year, day.month)[1]
    if item == "the last weekday of the month":
        return lambda day: (
            day.isoweekday() < 6
            and not any(
                day.replace(day=later).isoweekday() < 6
                for later in range(day.day + 1, monthrange(day.year, day.month)[1] + 1)
            )
        )
    if found := re.fullmatch(r"every (?:(\w+) )?day of month from (\d+) through (\d+)", item):
        span = range(int(found[2]), int(found[3]) + 1, _ordinal(found[1] or "1th"))
        return lambda day: day.day in span
    if found := re.fullmatch(r"every (\w+) day of month from the first on", item):
        every = range(1, 32, _ordinal(found[1]))
        return lambda day: day.day in every
    if item == "every day of month":
        return _always
    nth = _ordinal(item.removeprefix("the "))
    return lambda day: day.day == nth


def _weekday(item: str) -> IsNamed:
    if found := re.fullmatch(r"the (\w+) (\w+day) of the month", item):
        is_it = _weekday(found[2])
        if found[1] == "last":
            return lambda day: is_it(day) and day.day + 7 > monthrange(day.year, day.month)[1]
        nth = _ordinal(found[1])
        return lambda day: is_it(day) and (day.day - 1) // 7 + 1 == nth
    step, span = 1, item
    if found := re.fullmatch(r"every (\w+) day of week from (.+)", item):
        step, span = _ordinal(found[1]), found[2]
    if item == "every day of week":
        return _always
    first, _, last = span.partition(" through ")
    begin = WEEKDAYS.index(first)
    end = WEEKDAYS.index(last or first)
    listed = range(begin, (end if end >= begin else 7) + 1, step)
    return lambda day: day.isoweekday() % 7 in {one % 7 for one in listed}


def _months(text: str) -> IsNamed:
    def one(item: str) -> IsNamed:
        if item == "every month":
            return _always
        if found := re.fullmatch(r"every (?:(\w+) )?month from (\w+) through (\w+)", item):
            begin, end = MONTHS.index(found[2]), MONTHS.index(found[3])
            span = range(begin, end + 1, _ordinal(found[1] or "1th"))
            return lambda day: day.month - 1 in span
        month = MONTHS.index(item) + 1
        return lambda day: day.month == month

    return _any(text, one)


def _ordinal(word: str) -> int:
    if word in ORDINALS:
        return ORDINALS.index(word) + 1
    found = re.fullmatch(r"(\d+)(st|nd|rd|th)", word)
    assert found is not None, word
    return int(found[1])


def _always(_: date) -> bool:
    return True
