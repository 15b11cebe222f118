"""Time zones by their IANA names, and a hint when a name is none."""

import re
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from punctual.domain.errors import InvalidSchedule

# zoneinfo looks names up as paths and as packages: only what looks like a name gets that far.
_NAME = re.compile(r"[A-Za-z0-9_+/-]{1,64}", re.ASCII)
# Files of the zone database that follow the machine, or leap seconds, instead of a place.
_NO_PLACES = ("localtime", "posixrules", "Factory", "posix/", "right/")


@lru_cache(maxsize=1024)  # zoneinfo keeps only eight zones of its own, and a load reads a file
def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as "Europe/Rome".

    Raises InvalidSchedule at "/timezone" for any other name, with near ones as a hint.
    """
    if _NAME.fullmatch(name) and not name.startswith(_NO_PLACES):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # not a zone: answered below, as names of the wrong shape are
    near = _near(name[:64])
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise InvalidSchedule(
        "/timezone",
        f'"{name[:64]}" is no time zone; use an IANA name such as Europe/Rome or UTC.{hint}',
    )


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """Every zone, by its own name and by its last part, in lower case."""
    names = sorted(available_timezones(), key=lambda name: (name.count("/") != 1, name))
    cities = {name.rpartition("/")[2].lower(): name for name in reversed(names)}
    return cities | {name.lower(): name for name in names}


@lru_cache(maxsize=1024)  # one compares the name to more than a thousand others
def _near(name: str) -> list[str]:
    """Up to two zones that the writer of `name` may have meant."""
    wanted = name.strip().lower().replace(" ", "_")
    places = _places()
    if wanted in places:
        return [places[wanted]]
    near = get_close_matches(wanted, _alike(wanted), n=2)
    return list(dict.fromkeys(places[key] for key in near))


@lru_cache(maxsize=1)
def _ends() -> dict[str, list[str]]:
    """The keys of all places by their first two and by their last three letters."""
    ends: dict[str, list[str]] = {}
    for key in _places():
        for end in (key[:2], f"…{key[-3:]}"):
            ends.setdefault(end, []).append(key)
    return ends


def _alike(name: str) -> list[str]:
    """The keys that begin or end as a name does: comparing it to all of them takes long.

    A crontab may have a wrong zone in each of its lines.
    """
    ends = _ends()
    return [*dict.fromkeys([*ends.get(name[:2], ()), *ends.get(f"…{name[-3:]}", ())])]
