"""What a measurement says: figures for each contestant, a target, and whether it is met."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

OURS = "Punctual"

Figures = dict[str, list[float]]
"""For each contestant one figure a repeat."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    The target is a limit on our median: as such, or (`against`) over that contestant's median.
    """

    name: str
    unit: str
    figures: Figures
    target: str = ""
    limit: float | None = None
    against: str | None = None
    at_least: bool = False
    note: str = ""
    measure: str = ""
    """The name that `make bench ONLY=` takes for it."""

    @property
    def ours(self) -> float:
        """Our median."""
        return median(self.figures[OURS])

    @property
    def value(self) -> float:
        """What the limit is about."""
        return self.ours / median(self.figures[self.against]) if self.against else self.ours

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_json(self) -> dict[str, object]:
        """Everything, with what follows from it."""
        return {**asdict(self), "value": self.value, "met": self.met}


@dataclass(slots=True)
class Samples:
    """Repeats of one measurement: for each contestant a list of lists of samples."""

    of: dict[str, list[list[float]]] = field(default_factory=dict)

    def add(self, contestant: str, samples: Sequence[float]) -> None:
        """Keep the samples of one repeat."""
        self.of.setdefault(contestant, []).append(list(samples))

    def percentile(self, share: float) -> Figures:
        """That percentile of each repeat; 0 is the minimum."""
        return {
            name: [percentile(samples, share) for samples in repeats]
            for name, repeats in self.of.items()
        }


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0 to 1) of all are not above."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
