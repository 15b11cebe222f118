"""The ledger's words: why a due time did not become a plain start on time."""

from datetime import timedelta
from enum import StrEnum

from punctual.domain.schedules.describe import duration_in_words

LATE_AFTER = timedelta(seconds=1)
"""A first start later than this after its due time is no plain start on time."""


class Reason(StrEnum):
    """What became of a due time instead of a plain start on time."""

    LATE = "late"
    LIMITED = "limited"
    SKIPPED = "skipped"
    MISSED = "missed"
    HELD = "held"
    PAUSED = "paused"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


BEFORE_A_RUN: frozenset[Reason] = frozenset({Reason.HELD, Reason.PAUSED, Reason.SUPERSEDED})
"""Reasons that hold only while the due time has no run: an edit may bring it back."""


def ledger_sentence(
    reason: Reason, because: str | None, *, lateness: float | None = None, times: int = 1
) -> str:
    """A row in one sentence: "Skipped: run 7 of the same task was not finished", for one.

    `because` is the clause after the reason's word, `lateness` the seconds of a start that came
    late, `times` how many due times it is about.
    """
    told = reason.capitalize()
    if lateness is not None:
        told = f"{told}: started {_seconds(lateness)} after it was due"
        clause = f"; {because}" if because else ""
    else:
        clause = f": {because}" if because else ""
    many = f" ({times} due times)" if times > 1 else ""
    return f"{told}{clause}{many}."


def _seconds(lateness: float) -> str:
    return f"{lateness:.1f} s" if lateness < 10 else duration_in_words(round(lateness))
