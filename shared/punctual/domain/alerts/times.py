"""Times of messages: with date and zone, as they are read days later and far away."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import zone_named


@dataclass(frozen=True, slots=True)
class MessageReader:
    """Formats the variable parts of a reason for a message, times in the reader's zone."""

    zone: ZoneInfo

    @classmethod
    def utc(cls) -> "MessageReader":
        """Return the reader of programs."""
        return cls(zone_named("UTC"))

    def text(self, value: str) -> str:
        """Return it as it is."""
        return value

    def instant(self, at: datetime) -> str:
        """Return "29 Nov 2026, 02:00 Europe/Rome", with the offset where clocks show it twice."""
        local = at.astimezone(self.zone)
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        offset = f" {local:%z}" if twice else ""
        return f"{local.day} {local:%b %Y, %H:%M}{offset} {self.zone.key}"

    def due_time(self, at: datetime) -> str:
        """Return it likewise."""
        return self.instant(at)

    def run(self, run_id: str, words: str) -> str:
        """Return the words: its id says nothing to a reader."""
        del run_id
        return words


def reader_of(zone: str | None, fallback: str) -> MessageReader:
    """Return the reader of a channel's zone, or where it has none of the task's."""
    for name in (zone, fallback):
        try:
            if name:
                return MessageReader(zone_named(name))
        except InvalidSchedule:
            continue
    return MessageReader.utc()
