"""The ledger's reasons: why a due time did not become a plain start on time."""

from datetime import timedelta
from enum import StrEnum

LATE_AFTER = timedelta(seconds=1)
"""A first start later than this after its due time is no plain start on time."""


class Reason(StrEnum):
    """What became of a due time instead of a plain start on time."""

    LATE = "late"
    LIMITED = "limited"
    SKIPPED = "skipped"
    MISSED = "missed"
    BLOCKED = "held"
    PAUSED = "paused"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


BEFORE_A_RUN: frozenset[Reason] = frozenset({Reason.BLOCKED, Reason.PAUSED, Reason.SUPERSEDED})
"""Reasons that hold only while the due time has no run: an edit may bring it back."""
