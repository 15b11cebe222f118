"""Values in plain words, for people: schedules, durations, sizes, states."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from punctual.domain.amounts import bytes_words, span_words
from punctual.domain.errors import Unreadable
from punctual.domain.schedules.describe import describe
from punctual.domain.schedules.syntax import At, read_schedule
from punctual.store.anomalies.found import FoundAnomaly
from punctual.store.tasks.overview import CAP

_ANY = datetime(2000, 1, 1, tzinfo=UTC)  # the words are the same whatever the anchor
UNREADABLE = "A schedule that cannot be read"


def schedule_words(schedule: Mapping[str, Any] | Sequence[Any] | None) -> str:
    """A task's schedule as a phrase: "Every 5 minutes", "Every weekday at 02:00 (Europe/Rome)".

    For {"at": t} it is "Once", as the page shows the time itself in the reader's zone.
    """
    read = read_schedule(schedule, anchor=_ANY)
    if read is None:
        return "By hand"
    if isinstance(read, Unreadable):
        return UNREADABLE
    if isinstance(read, At):
        return "Once"
    return describe(read)


def lateness_words(milliseconds: float) -> str:
    """Return how much after its due time something started: "+4 ms", "+2.5 s"."""
    if milliseconds < 10:
        return f"+{milliseconds:.1f} ms"
    return f"+{span_words(milliseconds / 1000)}"


def state_words(state: str) -> str:
    """Return a state as one reads it: "timed out"."""
    return state.replace("_", " ")


def count_words(number: int) -> str:
    """Return a count that stops at the overview's cap: "1,421", "10,000+"."""
    return f"{number:,}" + ("+" if number >= CAP else "")


def utc_words(instant: datetime) -> str:
    """Return a time as shown without JavaScript: "2026-11-23 09:00:00 UTC"."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(instant: datetime) -> str:
    """Return a time as a browser reads it, in UTC with milliseconds: "2026-11-23T09:00:00.000Z"."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def took(ended: Any) -> float | None:
    """How many seconds a run or an attempt took; None when it is unfinished or never started."""
    field = ended.__getitem__ if isinstance(ended, Mapping) else partial(getattr, ended)
    started_at, finished_at = field("started_at"), field("finished_at")
    if started_at is None or finished_at is None:
        return None
    return max(0.0, float((finished_at - started_at).total_seconds()))


def anomaly_words(anomaly: FoundAnomaly) -> str:
    """Return an anomaly with its figures: "Fast: took 2 s; normally 41 s to 55 s…"."""
    figures = anomaly.figures
    words = bytes_words if figures["unit"] == "bytes" else span_words
    verb = "wrote" if figures["unit"] == "bytes" else "took"
    value, low, high = (words(figures[name]) for name in ("value", "low", "high"))
    normal = low if low == high else f"{low} to {high}"
    of = {
        "hour": " of the runs at this hour",
        "weekday": " of the runs on this weekday",
        "hour_of_week": " of the runs at this hour of the week",
    }.get(figures["by"], "")
    return (
        f"{anomaly.kind.capitalize()}: {verb} {value}; normally {normal}{of},"
        f" by {figures['runs']} successes before it."
    )
