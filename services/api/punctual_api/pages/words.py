"""Values in plain words, for people: schedules, durations, sizes, states."""

from collections.abc import Mapping
from datetime import UTC, datetime
from signal import Signals
from typing import Any

from punctual.domain.describe import describe
from punctual.domain.schedule import parse_schedule

_ANY = datetime(2000, 1, 1, tzinfo=UTC)  # the words are the same whatever the anchor
_SHORT = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_BYTES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def schedule_words(schedule: Mapping[str, Any] | None) -> str:
    """A task's schedule as a phrase: "Every 5 minutes", "Every weekday at 02:00 (Europe/Rome)".

    For {"at": t} it is "Once", as the page shows the time itself in the reader's zone.
    """
    if schedule is None:
        return "By hand"
    if "at" in schedule:
        return "Once"
    return describe(parse_schedule(schedule, anchor=_ANY))


def span_words(seconds: float) -> str:
    """A duration, short: "12 ms", "4.2 s", "3 min 5 s", "2 h", "4 d 6 h"."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{min(seconds, 59.9):.1f} s".replace(".0 ", " ")
    for place, (size, name) in enumerate(_SHORT):
        if seconds >= size:
            smaller, small_name = _SHORT[place + 1]
            rest = int(seconds % size // smaller)
            whole = f"{int(seconds // size)} {name}"
            return f"{whole} {rest} {small_name}" if rest else whole
    return "0 s"


def lateness_words(milliseconds: float) -> str:
    """How much after its due time something started: "+4 ms", "+2.5 s"."""
    if milliseconds < 10:
        return f"+{milliseconds:.1f} ms"
    return f"+{span_words(milliseconds / 1000)}"


def bytes_words(size: int) -> str:
    """A size, short: "312 B", "1.5 MiB"."""
    for unit, name in _BYTES:
        if size >= unit:
            return f"{size / unit:.1f} {name}".replace(".0 ", " ")
    return f"{size} B"


def signal_words(number: int) -> str:
    """A signal by its name, or by its number where it has none: "SIGKILL"."""
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def state_words(state: str) -> str:
    """A state as one reads it: "timed out"."""
    return state.replace("_", " ")


def instant(value: str | datetime) -> datetime:
    """A time of the API's JSON, or one from the store, as an aware datetime in UTC."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def utc_words(value: str | datetime) -> str:
    """A time as shown without JavaScript: "2026-11-23 09:00:00 UTC"."""
    return instant(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(value: str | datetime) -> str:
    """A time as a machine reads it, in UTC with milliseconds: "2026-11-23T09:00:00.000Z"."""
    return instant(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def took(run: Mapping[str, Any]) -> float | None:
    """How many seconds a run or an attempt took; None while it is unfinished or never started."""
    if not (run.get("started_at") and run.get("finished_at")):
        return None
    return max(0.0, (instant(run["finished_at"]) - instant(run["started_at"])).total_seconds())
