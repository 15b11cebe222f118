"""Events for the tests of messages."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import Edit, EventFacts, LastSuccess, RunFacts, TaskFacts
from punctual.domain.alerts.message import Message, compose

OWN = "https://cron.example.com"
CODE = "c" * 43
TASK = uuid.UUID("00000000-0000-7000-8000-000000000001")
RUN = uuid.UUID("00000000-0000-7000-8000-000000000002")
OLD_RUN = uuid.UUID("00000000-0000-7000-8000-000000000003")


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FAILED_RUN = RunFacts(
    id=RUN,
    state="failed",
    trigger="schedule",
    scheduled_for=at("2026-11-29T01:00:00"),
    attempt=3,
    max_attempts=3,
    started_at=at("2026-11-29T01:00:30"),
    finished_at=at("2026-11-29T01:00:42"),
    exit_code=3,
    reason_code="exit_code",
    reason_args={"exit_code": 3},
    output_bytes=120,
)
SUCCESS = LastSuccess(
    run_id=OLD_RUN,
    finished_at=at("2026-11-28T01:04:00"),
    seconds=240.0,
    edits=(Edit("command", "pg_dump a", "pg_dump b"), Edit("env.PGHOST")),
    editors=("ann",),
    new_line="pg_dump: error: connection refused",
)
FAILED = EventFacts(
    id=7,
    kind=EventKind.FAILED,
    at=at("2026-11-29T01:00:42"),
    team="ops",
    team_name="Operations",
    team_id=uuid.UUID(int=9),
    task=TaskFacts(TASK, "nightly backup", ("db",), "Europe/Rome"),
    run=FAILED_RUN,
    details={"in_row": 1, "since": "2026-11-29T01:00:42+00:00"},
    tail=("starting", "pg_dump: error: connection refused"),
    last_success=SUCCESS,
)


def event(**values: Any) -> EventFacts:
    """A failure, but for these facts."""
    return replace(FAILED, **values)


def named(name: str, **values: Any) -> EventFacts:
    """A failure of a task of that name."""
    return event(task=TaskFacts(TASK, name, (), "UTC"), **values)


def message(*events: EventFacts, zone: str | None = None, public_url: str = OWN) -> Message:
    """The message of these events, a failure without any."""
    links = {one.id: CODE for one in events or (FAILED,)}
    return compose(events or (FAILED,), public_url=public_url, zone=zone, links=links)
