"""Readers: format the variable parts of a sentence for the API, logs or pages."""

from datetime import UTC, datetime
from typing import Protocol

from punctual.domain.instant import format_instant


class Reader(Protocol):
    """How a reader is shown the parts of a sentence that are no constant words."""

    def text(self, value: str) -> str:
        """Return free text as it may stand in a sentence."""

    def instant(self, at: datetime) -> str:
        """Return an instant in the reader's zone."""

    def due_time(self, at: datetime) -> str:
        """Return an instant of a schedule in the reader's zone."""

    def run(self, run_id: str, words: str) -> str:
        """Return the name of a run, or a link to its page with these words."""


class PlainText:
    """Plain text, times in UTC, runs by id: for the API and for logs."""

    def text(self, value: str) -> str:
        """Return it as it is."""
        return value

    def instant(self, at: datetime) -> str:
        """Return it in RFC 3339, in UTC."""
        return format_instant(at)

    def due_time(self, at: datetime) -> str:
        """Return it to the second, in UTC."""
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

    def run(self, run_id: str, words: str) -> str:
        """Return its id."""
        return f"run {run_id}"


PLAIN = PlainText()
