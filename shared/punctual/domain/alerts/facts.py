"""Facts: all that a message says of an event, read at once when it is composed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from punctual.domain.alerts.events import EventKind

MOST_AFFECTED = 20
"""Tasks of an outage that a message names."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """The task of an event; `zone` is the time zone that its schedule names."""

    id: uuid.UUID
    name: str
    tags: tuple[str, ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The run of an event, with its reason as it is stored."""

    id: uuid.UUID
    state: str
    trigger: str
    scheduled_for: datetime
    attempt: int
    max_attempts: int
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason_code: str | None = None
    reason_args: Mapping[str, Any] | None = None
    reason: str | None = None
    output_bytes: int = 0

    @property
    def seconds(self) -> float | None:
        """Return how long its last attempt took."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Edit:
    """A field of a task that was changed; values only of fields that can be shown."""

    name: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class LastSuccess:
    """The task's last success before the run, and what is different since."""

    run_id: uuid.UUID
    finished_at: datetime
    seconds: float | None = None
    edits: tuple[Edit, ...] = ()
    editors: tuple[str, ...] = ()
    new_line: str | None = None


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event; without a team it is the installation's own."""

    id: int
    kind: EventKind
    at: datetime
    team: str | None = None
    team_name: str | None = None
    team_id: uuid.UUID | None = None
    task: TaskFacts | None = None
    run: RunFacts | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    tail: tuple[str, ...] = ()
    last_success: LastSuccess | None = None
    affected: tuple[TaskFacts, ...] = ()

    @property
    def is_over(self) -> bool:
        """Return whether it says that a trouble of the installation has ended."""
        return self.details.get("over") is True

    @property
    def in_row(self) -> int:
        """Return how many failures or misses in a row there were, this one included."""
        found = self.details.get("in_row")
        return found if isinstance(found, int) else 1

    @property
    def since(self) -> datetime | None:
        """Return when the trouble began, as far as the event has it on record."""
        found = self.details.get("since")
        try:
            since = datetime.fromisoformat(found) if isinstance(found, str) else None
        except ValueError:
            return None
        return since if since is not None and since.tzinfo is not None else None
