"""The verdict about a run that succeeded: slow, fast, silent or ordinary, and the figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import exp, log
from typing import Any

from punctual.domain.alerts.events import EventKind
from punctual.domain.anomalies.norms import MIN_RUNS, Norm, Value, learn

SHORTEST_SECONDS = 2.0
"""Differences of less are nothing that a person looks at."""

LEAST_BYTES = 200
"""A task that normally writes less is not silent when it writes nothing."""

ACCEPTED_AFTER = 3
"""From the third one on, runs of a kind that was an anomaly count towards what is normal."""

MARGIN = log(1.2)
"""An anomaly is at least this much beyond all that was seen."""


class Sensitivity(StrEnum):
    """How unusual a run must be to count as an anomaly."""

    OFF = "off"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


LIMITS: Mapping[Sensitivity, tuple[float, float]] = {
    Sensitivity.LOW: (7.0, 4.0),
    Sensitivity.NORMAL: (5.0, 2.5),
    Sensitivity.HIGH: (4.0, 1.6),
}
"""By how many spreads, and by how many times, a value must differ."""


@dataclass(frozen=True, slots=True)
class Success:
    """What a run that succeeded took and wrote."""

    at: datetime
    seconds: float
    output_bytes: int
    oddity: EventKind | None = None
    """The anomaly that it was judged to be."""


@dataclass(frozen=True, slots=True)
class Norms:
    """What is normal for a task; a part is None while too few runs say it."""

    seconds: Norm | None
    output: Norm | None

    def document(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        parts = {"seconds": self.seconds, "output": self.output}
        return {name: norm.document() for name, norm in parts.items() if norm is not None}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Norms":
        """Return the norms that a document was made of."""
        parts = {name: Norm.read(part) for name, part in document.items()}
        return cls(parts.get("seconds"), parts.get("output"))


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What a run took or wrote, and between what it normally is."""

    kind: EventKind
    value: float
    low: float
    high: float
    runs: int
    by: str

    def figures(self) -> dict[str, object]:
        """Return the figures as events have them."""
        unit = "bytes" if self.kind == EventKind.SILENT else "seconds"
        digits = 0 if unit == "bytes" else 2
        return {
            "unit": unit,
            "value": round(self.value, digits),
            "low": round(self.low, digits),
            "high": round(self.high, digits),
            "runs": self.runs,
            "by": self.by,
        }


def learn_norms(successes: Sequence[Success]) -> Norms:
    """Return what is normal by these runs; anomalies are left out while they are few."""
    counts = [success.oddity for success in successes]
    ordinary = [
        success
        for success in successes
        if success.oddity is None or counts.count(success.oddity) >= ACCEPTED_AFTER
    ]
    if len(ordinary) < MIN_RUNS:
        return Norms(None, None)
    return Norms(
        learn([Value(each.at, _log_seconds(each.seconds)) for each in ordinary]),
        learn([Value(each.at, _log_bytes(each.output_bytes)) for each in ordinary]),
    )


def judge(run: Success, norms: Norms, sensitivity: Sensitivity) -> list[Anomaly]:
    """Return in which ways a run is unlike the others; none for an ordinary one."""
    if sensitivity == Sensitivity.OFF:
        return []
    return [*_by_seconds(run, norms.seconds, sensitivity), *_by_output(run, norms, sensitivity)]


def _by_seconds(run: Success, norm: Norm | None, sensitivity: Sensitivity) -> Iterable[Anomaly]:
    center = None if norm is None else norm.center(run.at)
    if norm is None or center is None:
        return
    distance, least = _log_seconds(run.seconds) - center, _least(norm, sensitivity)
    if abs(run.seconds - exp(center)) < SHORTEST_SECONDS:
        return
    if distance > max(norm.upper + least, norm.highest + MARGIN):
        yield _anomaly(EventKind.SLOW, run.seconds, norm, center)
    if distance < min(norm.lower - least, norm.lowest - MARGIN):
        yield _anomaly(EventKind.FAST, run.seconds, norm, center)


def _by_output(run: Success, norms: Norms, sensitivity: Sensitivity) -> Iterable[Anomaly]:
    norm = norms.output
    center = None if norm is None else norm.center(run.at)
    if norm is None or center is None or exp(center) < LEAST_BYTES:
        return
    distance = _log_bytes(run.output_bytes) - center
    least = _least(norm, sensitivity)
    if distance < min(norm.lower - least, norm.lowest - MARGIN):
        yield _anomaly(EventKind.SILENT, run.output_bytes, norm, center)


def _least(norm: Norm, sensitivity: Sensitivity) -> float:
    """Return the least distance of an anomaly; few runs say less surely what is normal."""
    spreads, times = LIMITS[sensitivity]
    return max(spreads * (1 + 8 / norm.runs) * norm.spread, log(times))


def _anomaly(kind: EventKind, value: float, norm: Norm, center: float) -> Anomaly:
    low = center + max(norm.lowest, norm.lower - 2 * norm.spread)
    high = center + min(norm.highest, norm.upper + 2 * norm.spread)
    return Anomaly(kind, value, exp(low), exp(high), norm.runs, norm.grouping)


def _log_seconds(seconds: float) -> float:
    return log(max(seconds, 0.01))


def _log_bytes(count: int) -> float:
    return log(count + 1)
