"""Fingerprints of the rules of time zones on this machine."""

import zoneinfo
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import zone_named


def zone_fingerprint(name: str) -> str | None:
    """Return a digest of the zone's data, from where zoneinfo reads it; None when it has none.

    The same data has the same digest on every machine, whichever release of the tz database it
    came with.
    """
    try:
        zone_named(name)  # nothing but a zone's name becomes a path
    except InvalidSchedule:
        return None
    for folder in zoneinfo.TZPATH:
        file = Path(folder, name)
        if file.is_file():
            return _digest(file.read_bytes())
    try:
        return _digest(files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())
    except (OSError, ModuleNotFoundError):
        return None


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]
