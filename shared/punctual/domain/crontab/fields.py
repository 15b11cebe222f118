"""The time fields of a crontab's line, read character for character as Debian's cron does."""

import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day-of-month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day-of-week", 0, 7, _WEEKDAYS),
)
_NICKNAMES = frozenset(
    ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
)
_TERM = re.compile(r"(?:\*|([0-9A-Za-z]+)(?:(-)([0-9A-Za-z]+))?)(?:(/)([0-9A-Za-z]*))?", re.ASCII)
_BLANKS = re.compile(r"[ \t]+")
_ATOM = rf"(?:\*|\?|\d{{1,4}}[LW]?|LW?|{'|'.join((*_MONTHS, *_WEEKDAYS))})"
_FIELD_LIKE = re.compile(rf"{_ATOM}(?:[-,/#]{_ATOM})*", re.ASCII | re.IGNORECASE)


class RefusedByCron(Exception):
    """Debian's cron refuses the line, and would ignore the whole crontab."""


@dataclass(frozen=True, slots=True)
class TimeFields:
    """The time fields of a line, five or an @ name, and the text after them.

    `fields` is without what cron skips; `ignored` has each field that ends with such, as it
    stands and as cron reads it. `never` is the field that names no value at all.
    """

    fields: tuple[str, ...]
    rest: str
    ignored: tuple[tuple[str, str], ...] = ()
    never: str | None = None


def read_time_fields(line: str) -> TimeFields:
    """Split a line, which has no blanks before it, into time fields and rest.

    Raises RefusedByCron.
    """
    if line.startswith("@"):
        name, rest = next_word(line)
        if name not in _NICKNAMES:
            raise RefusedByCron("bad time specifier")
        return TimeFields((name,), rest)
    taken: list[str] = []
    ignored: list[tuple[str, str]] = []
    never: str | None = None
    for name, low, high, names in _FIELDS:
        written, line = next_word(line)
        read, values = _field(name, written, low, high, names)
        taken.append(read or written)
        if not values:
            never = written
        elif read != written:
            ignored.append((written, read))
    return TimeFields(tuple(taken), line, tuple(ignored), never)


def is_like_a_field(word: str) -> bool:
    """Return whether a word looks like a time field, Debian's or another cron's."""
    return _FIELD_LIKE.fullmatch(word) is not None


def next_word(text: str) -> tuple[str, str]:
    """Split off the first word, and the blanks after it."""
    parts = _BLANKS.split(text, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _field(
    name: str, written: str, low: int, high: int, names: tuple[str, ...]
) -> tuple[str, set[int]]:
    """Return the text that cron reads as a field, and the values it names, which may be none.

    After the last term, whatever stands before the next blank is skipped.
    """
    terms: list[str] = []
    values: set[int] = set()
    place = 0
    while True:
        found = _TERM.match(written, place)
        if found is None:
            raise RefusedByCron(f"bad {name}")
        first, dash, last, slash, step = found.groups()
        if slash and ((first is not None and not dash) or not _is_number(step)):
            raise RefusedByCron(f"bad {name}")
        begin = low if first is None else _value(name, first, low, names)
        end = high if first is None else _value(name, last, low, names) if dash else begin
        width = int(step) if slash else 1
        if not (low <= begin <= high and low <= end <= high and width > 0):
            raise RefusedByCron(f"bad {name}")
        if begin <= end:
            terms.append(found[0])
            values |= set(range(begin, end + 1, width))
        place = found.end()
        if first is not None and not dash and written[place : place + 1] == "-":
            raise RefusedByCron(f"bad {name}")  # a range without an end
        if written[place : place + 1] != ",":
            return ",".join(terms), values
        place += 1


def _value(name: str, word: str, low: int, names: tuple[str, ...]) -> int:
    if word.lower() in names:
        return names.index(word.lower()) + low
    if not _is_number(word):
        raise RefusedByCron(f"bad {name}")
    return int(word)


def _is_number(word: str) -> bool:
    # More digits than a C int has: cron's own reading of them is an accident.
    return word.isdigit() and len(word) < 10
