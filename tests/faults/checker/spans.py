"""From when to when each attempt surely lived, put together from every sign of life."""

from dataclasses import dataclass

from tests.faults.checker.history import History


@dataclass(slots=True)
class Span:
    """One attempt's life: it surely lived at `begin`, at `end`, and so in between."""

    run_id: str
    attempt: int
    begin: float
    end: float

    def overlaps(self, other: "Span") -> bool:
        """Whether there is an instant at which both surely lived."""
        return self.begin < other.end and other.begin < self.end


def spans(history: History) -> list[Span]:
    """One span for each attempt that gave any sign of life: a line of its own, or a process."""
    found: dict[tuple[str, int], Span] = {}

    def sign(run_id: str, attempt: int, begin: float, end: float) -> None:
        span = found.setdefault((run_id, attempt), Span(run_id, attempt, begin, end))
        span.begin, span.end = min(span.begin, begin), max(span.end, end)

    for line in history.lines:
        sign(line.run_id, line.attempt, line.at, line.at)
    for process in history.living:
        sign(process.run_id, process.attempt, process.first, process.last)
    return list(found.values())
