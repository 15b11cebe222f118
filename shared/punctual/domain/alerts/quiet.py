"""Quiet hours of a channel: what is not urgent waits for their end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from punctual.domain.alerts.events import EventKind


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A part of each day, from `start` to `end` in a zone; it may go past midnight."""

    start: time
    end: time
    zone: ZoneInfo
    urgent: frozenset[EventKind] = frozenset()

    def end_after(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end in which this instant lies; None outside of them."""
        local = now.astimezone(self.zone)
        wall = local.time()
        if self.start < self.end:
            if not self.start <= wall < self.end:
                return None
            day = local.date()
        else:
            if self.end <= wall < self.start:
                return None
            day = local.date() if wall < self.end else local.date() + timedelta(days=1)
        end = datetime.combine(day, self.end, tzinfo=self.zone).astimezone(UTC)
        # Where clocks go forward over it, the end may lie in the past: at once then.
        return max(end, now.astimezone(UTC))

    def let_pass(self, kind: EventKind) -> bool:
        """Return whether an event does not wait."""
        return kind in self.urgent


def read_quiet(stored: Mapping[str, Any] | None) -> QuietHours | None:
    """Return quiet hours as they are stored: times as HH:MM, and the name of a zone."""
    if stored is None:
        return None
    return QuietHours(
        time.fromisoformat(stored["from"]),
        time.fromisoformat(stored["to"]),
        ZoneInfo(stored["timezone"]),
        frozenset(EventKind(kind) for kind in stored.get("urgent", ())),
    )
