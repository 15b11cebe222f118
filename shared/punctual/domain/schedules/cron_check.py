"""New cron expressions, checked as strictly as Debian's cron checks them."""

import re
import unicodedata

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.cron import cron_rule
from punctual.domain.schedules.cron_hints import cron_hint
from punctual.domain.text import unseen_in

_BLANKS = re.compile(r"[ \t]+")
_TERM = re.compile(r"\*(/\d+)?|\w+(-\w+(/\d+)?)?", re.ASCII)
# What goes beyond Debian's cron: the last day, the last weekday, MON#1 and 5L.
_BEYOND = {2: re.compile(r"LW?"), 4: re.compile(r"[0-7A-Z]+#[1-5]|[0-7]L")}
_NEAREST = re.compile(r"\d+W|W|L-\d+", re.ASCII)
_STEPPED = re.compile(r"(\w+)/(\d+)", re.ASCII)
_RANGE = re.compile(r"(\w+)-(\w+)((?:/\d+)?)", re.ASCII)
_LAST = ("59", "23", "31", "12", "7")
_FIRST = ("0", "0", "1", "1", "0")
_NAMES: dict[int, tuple[str, ...]] = {
    3: ("", *["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
    4: ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
}


def check_cron(expression: str) -> None:
    """Raise InvalidSchedule at "/cron" for what is no cron expression, saying what to write.

    Stored expressions are read by cron_rule, which takes a little more.
    """
    text = expression.strip(" \t")
    if unseen := unseen_in(text, blanks=" \t"):
        raise _wrong(f"A cron expression is plain text. This {unseen}")
    if odd := next((char for char in text if not char.isascii()), None):
        name = unicodedata.name(odd, "without a name").lower()
        plain = f"A cron expression is ASCII; this has U+{ord(odd):04X} ({name})."
        raise _wrong(cron_hint(text, takes=_takes) or plain)
    fields = _BLANKS.split(text)
    try:
        cron_rule(text)
    except InvalidSchedule as error:
        if len(fields) == len(_LAST):
            _check_terms(fields)
        raise _wrong(cron_hint(text, takes=_takes) or error.detail) from None
    if not text.startswith("@") and (term := _check_terms(fields)):
        raise _wrong(f'"{term}" is not supported.')


def _takes(text: str) -> bool:
    try:
        cron_rule(text)
    except InvalidSchedule:
        return False
    return True


def _check_terms(fields: list[str]) -> str | None:
    """Return a term of no shape that is supported, if there is one.

    Raises InvalidSchedule for one where it is known what to write.
    """
    for place, field in enumerate(fields):
        for term in field.upper().split(","):
            if not _is_supported(term, place):
                return term
    return None


def _is_supported(term: str, place: int) -> bool:
    beyond = _BEYOND.get(place)
    if beyond is not None and beyond.fullmatch(term):
        return True
    if found := _RANGE.fullmatch(term):
        _check_order(term, found, place)
    if (found := _STEPPED.fullmatch(term)) and (first := _number(found[1], place)) is not None:
        span = f"{first}-{_LAST[place]}/{found[2]}"
        raise _wrong(
            f'"{term}" is a step without a range, which crons read differently: write {span}.'
        )
    if term.startswith("L") and "/" in term:
        raise _wrong(f'"{term}" has a step, and L is one day: leave out the step.')
    if place == 2 and _NEAREST.fullmatch(term):
        raise _wrong(f'"{term}" is not supported: days of a month are numbers, L or LW.')
    if (short := term[:3]) in _NAMES.get(place, ()) and len(term) > len(short) and term.isalpha():
        raise _wrong(f'"{term}" is written {short}.')
    return _TERM.fullmatch(term) is not None


def _check_order(term: str, found: re.Match[str], place: int) -> None:
    first, last, step = found[1], found[2], found[3]
    low, high = _number(first, place), _number(last, place)
    if low is None or high is None or low <= high:
        return
    if place == 4 and high == 0:
        written = f"{low}-7{step}"
    elif step:
        raise _wrong(f'"{term}" goes from high to low: a range goes from low to high.')
    else:
        begin, end = _FIRST[place] if place != 4 else "1", _LAST[place]
        written = ",".join((_span(str(low), end), _span(begin, str(high))))
    raise _wrong(f'"{term}" goes from high to low: write {written}.')


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def _number(word: str, place: int) -> int | None:
    names = _NAMES.get(place, ())
    if word in names:
        return names.index(word)
    if not word.isdigit() or not int(_FIRST[place]) <= int(word) <= int(_LAST[place]):
        return None
    return int(word)


def _wrong(detail: str) -> InvalidSchedule:
    return InvalidSchedule("/cron", detail)
