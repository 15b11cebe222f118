"""Time zones by their IANA names, and a hint when a name is none."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from punctual.domain.errors import InvalidSchedule
from punctual.domain.text import unseen_in

# zoneinfo looks names up as paths and as packages: only what looks like a name gets that far.
_NAME = re.compile(r"[A-Za-z0-9_+/-]{1,64}", re.ASCII)
# Files of the zone database that follow the machine, or leap seconds, instead of a place.
_FOLDERS = ("posix/", "right/")
_OF_THE_MACHINE = frozenset(("local", "localtime", "system", "posixrules", "factory"))
"""In lower case: names that mean something else, or nothing, on another machine."""
_MACHINE = Path("/etc/localtime")

_OFFSET = re.compile(
    r"(?:UTC|GMT|Z)?\s*(?P<sign>[+-])\s*(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_SIGNED = re.compile(r"(Etc/)?GMT[+-]?\d+", re.ASCII)
# Letters that are no zone's name, and near to names that mean another offset.
_ABBREVIATIONS = {
    "BST": "Europe/London",
    "IST": "Asia/Kolkata, Europe/Dublin and Asia/Jerusalem",
    "CEST": "Europe/Paris and most of Europe",
    "EEST": "Europe/Athens",
    "WEST": "Europe/Lisbon",
    "MSK": "Europe/Moscow",
    "EDT": "America/New_York",
    "CST": "America/Chicago and Asia/Shanghai",
    "CDT": "America/Chicago",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "PT": "America/Los_Angeles",
    "ET": "America/New_York",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong",
    "AEST": "Australia/Sydney and Australia/Brisbane",
    "AEDT": "Australia/Sydney",
    "ACST": "Australia/Darwin and Australia/Adelaide",
    "AWST": "Australia/Perth",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
    "BRT": "America/Sao_Paulo",
}


@lru_cache(maxsize=1024)  # zoneinfo keeps only eight zones of its own, and a load reads a file
def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name such as "Europe/Rome".

    Raises InvalidSchedule at "/timezone" for any other name, with near ones as a hint.
    """
    if _NAME.fullmatch(name) and _is_place(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # not a zone: answered below, as names of the wrong shape are
    raise InvalidSchedule(
        "/timezone",
        f'"{name[:64]}" is no time zone; use an IANA name such as Europe/Rome or UTC.'
        f"{_hint(name[:64].strip())}",
    )


def zone_names() -> Iterator[str]:
    """Yield the names that zone_named takes, as far as this machine's zone database has them."""
    return filter(_is_place, available_timezones())


def machine_zone(link: Path = _MACHINE) -> str | None:
    """Return the name of the zone that this machine's clocks show, None where it is not known."""
    try:
        _, found, name = str(link.resolve()).rpartition("/zoneinfo/")
    except OSError:
        return None
    name = name.removeprefix("posix/").removeprefix("right/")
    return name if found and name.lower() in _all_names() else None


def _is_place(name: str) -> bool:
    return not name.startswith(_FOLDERS) and name.lower() not in _OF_THE_MACHINE


def _hint(name: str) -> str:
    if unseen := unseen_in(name):
        return f" It {unseen}"
    if name.lower() in _OF_THE_MACHINE:
        own = machine_zone()
        shown = f" The clocks of this server show {own}." if own else ""
        return f" It belongs to one machine's settings and is no place.{shown}"
    folder, _, rest = name.partition("/")
    if f"{folder.lower()}/" in _FOLDERS and rest.lower() in _all_names():
        return f" Write {_all_names()[rest.lower()]}."
    if offset := _OFFSET.fullmatch(name):
        return _fixed(offset["sign"], int(offset["hours"]), int(offset["minutes"] or 0))
    if places := _ABBREVIATIONS.get(name.upper()):
        return f" {name.upper()} is used in {places}."
    near = _near(name)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _fixed(sign: str, hours: int, minutes: int) -> str:
    """Return the hint for an offset from UTC: zone names have its sign inverted."""
    written = f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")
    region = " A region follows the changes of its clocks."
    if minutes:
        return f" No name has the offset {written} alone: use a region, such as Asia/Kolkata."
    if not hours:
        return " Write UTC." + region
    fixed = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
    if fixed.lower() not in _all_names():
        return f" There is no {written}: offsets go from UTC-12 to UTC+14."
    return f" {written}, all year, is {fixed}: its sign is inverted.{region}"


@lru_cache(maxsize=1)
def _all_names() -> dict[str, str]:
    """Return every zone by its name in lower case."""
    return {name.lower(): name for name in zone_names()}


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """Return every zone, by its own name and by its last part, in lower case."""
    # An offset is never meant by spelling: names such as Etc/GMT+2 have the opposite sign.
    places = (name for name in zone_names() if not _SIGNED.fullmatch(name))
    names = sorted(places, key=lambda name: (name.count("/") != 1, name))
    cities = {name.rpartition("/")[2].lower(): name for name in reversed(names)}
    return cities | {name.lower(): name for name in names}


@lru_cache(maxsize=1024)  # one compares the name to more than a thousand others
def _near(name: str) -> list[str]:
    """Return up to two zones that the writer of `name` may have meant."""
    wanted = name.strip().lower().replace(" ", "_")
    places = _places()
    if wanted in places:
        return [places[wanted]]
    near = get_close_matches(wanted, _alike(wanted), n=2)
    return list(dict.fromkeys(places[key] for key in near))


@lru_cache(maxsize=1)
def _ends() -> dict[str, list[str]]:
    """Return the keys of all places by their first two and by their last three letters."""
    ends: dict[str, list[str]] = {}
    for key in _places():
        for end in (key[:2], f"…{key[-3:]}"):
            ends.setdefault(end, []).append(key)
    return ends


def _alike(name: str) -> list[str]:
    """Return the keys that begin or end as a name does: comparing it to all of them takes long.

    A crontab may have a wrong zone in each of its lines.
    """
    ends = _ends()
    return [*dict.fromkeys([*ends.get(name[:2], ()), *ends.get(f"…{name[-3:]}", ())])]
