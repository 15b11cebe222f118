"""Make messages of events, in one transaction: the rows of the rules, reports and messages."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from punctual.domain.alerts.decisions import (
    Decisions,
    Escalation,
    Event,
    Pending,
    Report,
    Rule,
    Snooze,
)
from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.quiet import QuietHours, read_quiet

LOCK_KEY = 0x616C6572  # "aler"

# One coordinator at a time: so that what happens within a minute becomes one message.
LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")

NOW = text("SELECT now()")

TAKE = text("""
SELECT id, kind, team_id, task_id, at, details FROM alert_events
WHERE taken_at IS NULL ORDER BY id LIMIT :limit FOR NO KEY UPDATE
""")

TAKEN = text("UPDATE alert_events SET taken_at = :now WHERE id = ANY(:ids)")

RULES = text("""
SELECT r.id, r.team_id, r.channel_id, r.events, r.tags, r.task_ids, r.frequency,
       r.escalate_to, r.escalate_after_runs, r.escalate_after_seconds
FROM alert_rules AS r JOIN alert_channels AS c ON c.id = r.channel_id
WHERE r.enabled AND c.enabled AND (r.team_id = ANY(:teams) OR r.team_id IS NULL)
ORDER BY r.id
""")

CHANNELS = text("""
SELECT id, team_id, name, quiet, enabled, failing_since, created_at FROM alert_channels
WHERE team_id = ANY(:teams) OR team_id IS NULL ORDER BY created_at, id
""")

TAGS = text("SELECT id, tags FROM tasks WHERE id = ANY(:ids)")

REPORTS = text("""
SELECT channel_id, task_id, trouble, at FROM alert_reports WHERE task_id = ANY(:ids)
""")

SNOOZES = text("SELECT task_id, until, until_ok FROM task_snoozes WHERE task_id = ANY(:ids)")

END_SNOOZES = text("DELETE FROM task_snoozes WHERE task_id = ANY(:ids) AND until_ok")

FORGET_REPORTS = text("DELETE FROM alert_reports WHERE task_id = ANY(:ids)")

FORGET_PENDING = text("DELETE FROM alert_escalations WHERE task_id = ANY(:ids)")

# A task, a channel or a rule may be deleted at the same time: then there is nothing to note.
NOTE_REPORTS = text("""
INSERT INTO alert_reports (channel_id, task_id, trouble, at)
SELECT r.channel_id, r.task_id, r.trouble, r.at
FROM unnest(CAST(:channels AS uuid[]), CAST(:tasks AS uuid[]), CAST(:troubles AS text[]),
            CAST(:times AS timestamptz[])) AS r (channel_id, task_id, trouble, at)
JOIN alert_channels AS c ON c.id = r.channel_id JOIN tasks AS t ON t.id = r.task_id
ON CONFLICT (channel_id, task_id, trouble) DO UPDATE SET at = excluded.at
""")

# The time counts from the first failure; the message is about the last one.
NOTE_PENDING = text("""
INSERT INTO alert_escalations (rule_id, task_id, event_id, due_at)
SELECT p.rule_id, p.task_id, p.event_id, p.due_at
FROM unnest(CAST(:rules AS uuid[]), CAST(:tasks AS uuid[]), CAST(:events AS bigint[]),
            CAST(:times AS timestamptz[])) AS p (rule_id, task_id, event_id, due_at)
JOIN alert_rules AS r ON r.id = p.rule_id JOIN tasks AS t ON t.id = p.task_id
ON CONFLICT (rule_id, task_id) DO UPDATE SET event_id = excluded.event_id
""")

# Of a task that was escalated by the number of its failures in the meantime, none is left.
DUE_ESCALATIONS = text("""
SELECT x.rule_id, x.task_id, r.escalate_to, e.id, e.kind, e.team_id, e.at, e.details,
       t.deleted_at IS NULL AND c.enabled
       AND NOT EXISTS (SELECT FROM alert_reports AS o WHERE o.channel_id = r.escalate_to
                       AND o.task_id = x.task_id AND o.trouble = 'escalated') AS wanted
FROM alert_escalations AS x
JOIN alert_rules AS r ON r.id = x.rule_id JOIN tasks AS t ON t.id = x.task_id
LEFT JOIN alert_events AS e ON e.id = x.event_id
LEFT JOIN alert_channels AS c ON c.id = r.escalate_to
WHERE x.due_at <= :now ORDER BY x.due_at LIMIT :limit FOR UPDATE OF x
""")

PUT_OFF = text("""
UPDATE alert_escalations SET due_at = :until WHERE rule_id = :rule AND task_id = :task
""")

DROP_ESCALATION = text("""
DELETE FROM alert_escalations WHERE rule_id = :rule AND task_id = :task
""")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, as far as it matters for when it is sent what."""

    id: uuid.UUID
    team_id: uuid.UUID | None
    enabled: bool
    is_failing: bool
    quiet: QuietHours | None


@dataclass(frozen=True, slots=True)
class DueEscalation:
    """A task whose time has come to go to another channel; `event` is None if that is pointless."""

    pending: Pending
    channel_id: uuid.UUID | None
    event: Event | None


def lock_alerting(connection: Connection) -> bool:
    """Return whether this transaction alone may make messages; False: another one does."""
    return bool(connection.execute(LOCK, {"key": LOCK_KEY}).scalar_one())


def database_now(connection: Connection) -> datetime:
    """Return the time of this transaction on the database's clock."""
    now: datetime = connection.execute(NOW).scalar_one()
    return now


def take_events(connection: Connection, *, now: datetime, limit: int) -> list[Event]:
    """Return the oldest events that no message was decided for, marked as taken."""
    rows = connection.execute(TAKE, {"limit": limit}).all()
    if rows:
        connection.execute(TAKEN, {"ids": [row.id for row in rows], "now": now})
    return [
        Event(row.id, EventKind(row.kind), row.team_id, row.task_id, row.at, row.details)
        for row in rows
    ]


def rules_of(connection: Connection, teams: Iterable[uuid.UUID]) -> list[Rule]:
    """Return the rules in force of these teams and of the installation."""
    return [
        Rule(
            row.id,
            row.team_id,
            row.channel_id,
            frozenset(EventKind(kind) for kind in row.events),
            None if row.tags is None else frozenset(row.tags),
            None if row.task_ids is None else frozenset(row.task_ids),
            row.frequency == "every",
            _escalation(row),
        )
        for row in connection.execute(RULES, {"teams": list(teams)})
    ]


def channels_of(connection: Connection, teams: Iterable[uuid.UUID]) -> dict[uuid.UUID, Channel]:
    """Return the channels of these teams and of the installation, oldest first."""
    return {
        row.id: Channel(
            row.id, row.team_id, row.enabled, row.failing_since is not None, read_quiet(row.quiet)
        )
        for row in connection.execute(CHANNELS, {"teams": list(teams)})
    }


def tags_of(
    connection: Connection, tasks: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[str]]:
    """Return the tags of these tasks."""
    return {row.id: row.tags or () for row in connection.execute(TAGS, {"ids": tasks})}


def reports_of(connection: Connection, tasks: Sequence[uuid.UUID]) -> dict[Report, datetime]:
    """Return what channels were sent about these tasks."""
    return {
        Report(row.channel_id, row.task_id, row.trouble): row.at
        for row in connection.execute(REPORTS, {"ids": tasks})
    }


def snoozes_of(connection: Connection, tasks: Sequence[uuid.UUID]) -> dict[uuid.UUID, Snooze]:
    """Return the snoozes of these tasks, also those that have ended."""
    rows = connection.execute(SNOOZES, {"ids": tasks})
    return {row.task_id: Snooze(None if row.until_ok else row.until) for row in rows}


def note_decisions(connection: Connection, decisions: Decisions) -> None:
    """Write what channels were sent about tasks, and what is still to be escalated."""
    if decisions.recovered:
        ids = {"ids": list(decisions.recovered)}
        connection.execute(FORGET_REPORTS, ids)
        connection.execute(FORGET_PENDING, ids)
        connection.execute(END_SNOOZES, ids)
    note_reports(connection, decisions.reported)
    if decisions.pending:
        waits = list(decisions.pending.items())
        connection.execute(
            NOTE_PENDING,
            {
                "rules": [pending.rule_id for pending, _ in waits],
                "tasks": [pending.task_id for pending, _ in waits],
                "events": [event for _, (event, _) in waits],
                "times": [due for _, (_, due) in waits],
            },
        )


def note_reports(connection: Connection, reports: Mapping[Report, datetime]) -> None:
    """Write that channels were sent troubles of tasks."""
    if reports:
        connection.execute(
            NOTE_REPORTS,
            {
                "channels": [one.channel_id for one in reports],
                "tasks": [one.task_id for one in reports],
                "troubles": [one.trouble for one in reports],
                "times": list(reports.values()),
            },
        )


def due_escalations(connection: Connection, *, now: datetime, limit: int) -> list[DueEscalation]:
    """Return the escalations whose time has come, the first ones first."""
    rows = connection.execute(DUE_ESCALATIONS, {"now": now, "limit": limit})
    return [
        DueEscalation(Pending(row.rule_id, row.task_id), row.escalate_to, _event(row))
        for row in rows
    ]


def put_off(connection: Connection, pending: Pending, *, until: datetime) -> None:
    """Escalate a task later, as it is snoozed."""
    params = {"rule": pending.rule_id, "task": pending.task_id, "until": until}
    connection.execute(PUT_OFF, params)


def drop_escalation(connection: Connection, pending: Pending) -> None:
    """Remove an escalation that was sent or is pointless."""
    params = {"rule": pending.rule_id, "task": pending.task_id}
    connection.execute(DROP_ESCALATION, params)


def _event(row: Any) -> Event | None:
    if not row.wanted or row.id is None:
        return None
    return Event(row.id, EventKind(row.kind), row.team_id, row.task_id, row.at, row.details)


def _escalation(row: Any) -> Escalation | None:
    if row.escalate_to is None:
        return None
    seconds = row.escalate_after_seconds
    after = None if seconds is None else timedelta(seconds=seconds)
    return Escalation(row.escalate_to, row.escalate_after_runs, after)
