"""Norms: what is normal for a quantity of a task, such as the duration of its runs.

All of it is about logarithms: what matters is by how many times a value differs. Medians, so that
a few odd values in the history change nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import median
from typing import Any

MIN_RUNS = 20
"""A task with fewer successes is not judged."""

MIN_IN_GROUP = 3
SMALL_GROUP = 15
WORTH_IT = 0.85
"""Times matter if they shrink the distances from what is normal to this share, or less."""

TWO_MODES = 0.33
"""Two modes are seen if they leave this share of the squared distances, or less."""

LEAST_MODE = 0.1
SMALLEST_SPREAD = 0.05
MAD_TO_SIGMA = 1.4826

Grouping = Callable[[datetime], int]

GROUPINGS: Mapping[str, Grouping] = {
    "all": lambda _at: 0,
    "weekday": lambda at: at.weekday(),
    "hour": lambda at: at.hour,
    "hour_of_week": lambda at: at.weekday() * 24 + at.hour,
}
"""Ways in which runs can differ by time, coarse ones first; all in UTC."""


@dataclass(frozen=True, slots=True)
class Value:
    """The logarithm of a quantity of one run."""

    at: datetime
    log: float


@dataclass(frozen=True, slots=True)
class Norm:
    """What is normal: a centre for each group of times, and the distances from it.

    `lower` and `upper` are the middles of the two modes that a task may have, as distances; both
    are 0 where it has one. `spread` is a standard deviation within a mode, by the median of the
    distances. `lowest` and `highest` are the farthest distances that were seen.
    """

    grouping: str
    centers: Mapping[int, float]
    lower: float
    upper: float
    spread: float
    lowest: float
    highest: float
    runs: int

    def center(self, at: datetime) -> float | None:
        """Return what is normal at that time; None if too few runs were then."""
        return self.centers.get(GROUPINGS[self.grouping](at))

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "grouping": self.grouping,
            "centers": {str(slot): round(center, 4) for slot, center in self.centers.items()},
            "lower": round(self.lower, 4),
            "upper": round(self.upper, 4),
            "spread": round(self.spread, 4),
            "lowest": round(self.lowest, 4),
            "highest": round(self.highest, 4),
            "runs": self.runs,
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Norm":
        """Return the norm that a document was made of."""
        centers = {int(slot): center for slot, center in document["centers"].items()}
        return cls(**{**document, "centers": centers})


def learn(values: Sequence[Value]) -> Norm | None:
    """Return what is normal by these values; None while they are too few."""
    if len(values) < MIN_RUNS:
        return None
    fits = [fit for name in GROUPINGS if (fit := _grouped(name, values)) is not None]
    plain = best = fits[0]
    for fit in fits[1:]:
        if fit.size < WORTH_IT * plain.size and fit.size < 0.9 * best.size:
            best = fit
    lower, upper = _modes(sorted(best.distances))
    within = [min(abs(each - lower), abs(each - upper)) for each in best.distances]
    return Norm(
        best.grouping,
        best.centers,
        lower,
        upper,
        max(SMALLEST_SPREAD, MAD_TO_SIGMA * median(within)),
        min(best.distances),
        max(best.distances),
        len(values),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    grouping: str
    centers: Mapping[int, float]
    distances: Sequence[float]

    @property
    def size(self) -> float:
        """Return the root of the mean square of the distances."""
        return sqrt(sum(each * each for each in self.distances) / len(self.distances))


def _grouped(name: str, values: Sequence[Value]) -> _Fit | None:
    """Return the distances from the centres of these groups; None if too few runs are in them."""
    groups: dict[int, list[float]] = {}
    for value in values:
        groups.setdefault(GROUPINGS[name](value.at), []).append(value.log)
    used = {slot: logs for slot, logs in groups.items() if len(logs) >= MIN_IN_GROUP}
    count = sum(map(len, used.values()))
    if name != "all" and (len(used) < 2 or count < 0.8 * len(values)):
        return None
    distances = [distance for logs in used.values() for distance in _distances(logs)]
    return _Fit(name, {slot: median(logs) for slot, logs in used.items()}, distances)


def _modes(ordered: Sequence[float]) -> tuple[float, float]:
    """Return the middles of two modes, if these distances clearly fall into two; else 0 twice."""
    count, total = len(ordered), sum(ordered)
    squares = sum(each * each for each in ordered)
    whole = squares - total * total / count
    least = max(MIN_IN_GROUP, int(LEAST_MODE * count))
    best, place, left = whole, 0, 0.0
    for number, each in enumerate(ordered, 1):
        left += each
        if least <= number <= count - least:
            right = total - left
            remaining = squares - left * left / number - right * right / (count - number)
            if remaining < best:
                best, place = remaining, number
    if place == 0 or best > TWO_MODES * whole:
        return 0.0, 0.0
    return median(ordered[:place]), median(ordered[place:])


def _distances(logs: list[float]) -> Iterable[float]:
    """Yield how far each is from the median, in a small group from the median of the others."""
    if len(logs) > SMALL_GROUP:
        center = median(logs)
        yield from (log - center for log in logs)
        return
    for place, log in enumerate(logs):
        yield log - median(logs[:place] + logs[place + 1 :])
