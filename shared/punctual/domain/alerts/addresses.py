"""Addresses in messages: pages to open, and links that do something after one confirmation."""

import uuid
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from punctual.domain.alerts.events import FOR_OPERATORS, EventKind
from punctual.domain.alerts.facts import EventFacts
from punctual.domain.alerts.snooze import SnoozeChoice

PATH = "/alert/"


class Action(NamedTuple):
    """A link of a message: what it does, in a few words, and its address."""

    label: str
    url: str


class Addresses:
    """Makes the addresses of one message; without `public_url` there are none."""

    def __init__(self, public_url: str, codes: Mapping[int, str]) -> None:
        self._own = public_url.rstrip("/")
        self._codes = codes

    def task(self, task_id: uuid.UUID) -> str | None:
        """Return the page of a task."""
        return self._page(f"/task/{task_id}/")

    def run(self, run_id: uuid.UUID) -> str | None:
        """Return the page of a run."""
        return self._page(f"/run/{run_id}/")

    def of_event(self, facts: EventFacts) -> str | None:
        """Return the page that shows what happened."""
        if facts.run is not None:
            return self.run(facts.run.id)
        if facts.kind == EventKind.OUTAGE:
            return self._page("/outages/")
        if facts.task is not None:
            return self.task(facts.task.id)
        return None if facts.kind in FOR_OPERATORS else self.of_team(facts.team)

    def of_team(self, slug: str | None) -> str | None:
        """Return the list of a team's tasks."""
        return self._page("/dashboard/" + (f"?team={quote(slug)}" if slug else ""))

    def retry(self, facts: EventFacts) -> str | None:
        """Return the link that runs the task of a failed run again."""
        return self._linked(facts, "retry/") if facts.run is not None else None

    def snooze(self, facts: EventFacts, choice: SnoozeChoice | None = None) -> str | None:
        """Return the link that snoozes the task, for as long as its page lets choose."""
        return self._linked(facts, "snooze/" + (f"?for={choice}" if choice else ""))

    def actions(self, facts: EventFacts) -> list[Action]:
        """Return all links of an event, the page that shows it first."""
        found: list[tuple[str, str | None]] = [("Open", self.of_event(facts))]
        if facts.kind != EventKind.RECOVERED:
            found += [
                ("Retry", self.retry(facts)),
                ("Snooze 1 h", self.snooze(facts, SnoozeChoice.HOUR)),
                ("Snooze until tomorrow", self.snooze(facts, SnoozeChoice.TOMORROW)),
            ]
        return [Action(label, url) for label, url in found if url is not None]

    def _page(self, path: str) -> str | None:
        return f"{self._own}{path}" if self._own else None

    def _linked(self, facts: EventFacts, path: str) -> str | None:
        code = self._codes.get(facts.id)
        return self._page(f"{PATH}{code}/{path}") if code else None
