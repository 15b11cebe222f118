"""Messages as a notifier sends them: claimed one by one, and what came of each attempt."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from punctual.domain.alerts.backoff import FOR, REPORT_AFTER, next_attempt
from punctual.domain.alerts.channels import INSTALLATION, ChannelKind
from punctual.domain.alerts.events import EventKind
from punctual.store.alerts.events import NewEvent, record

CLAIM_FOR = timedelta(minutes=2)
"""Longer than an attempt takes; what a notifier that died had claimed is then tried by another."""

# One message of a channel at a time: a receiver that hangs takes one thread, and the order stays.
CLAIM = text("""
WITH due AS (
    SELECT d.id FROM alert_deliveries AS d
    WHERE d.state = 'waiting' AND d.due_at <= now()
      AND (d.claimed_until IS NULL OR d.claimed_until <= now())
      AND NOT EXISTS (
        SELECT FROM alert_deliveries AS o
        WHERE o.channel_id = d.channel_id AND o.state = 'waiting' AND o.claimed_until > now())
    ORDER BY d.due_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED)
UPDATE alert_deliveries AS d
SET claimed_until = now() + :claim_for, attempts = attempts + 1,
    deadline = coalesce(deadline, now() + :keep_trying)
FROM due WHERE d.id = due.id
RETURNING d.id, d.channel_id, d.team_id, d.kind, d.attempts, d.deadline
""")

CHANNEL = text("""
SELECT id, team_id, name, kind, recipients, url, secret, key, quiet FROM alert_channels
WHERE id = :id
""")

EVENTS = text("""
SELECT event_id FROM alert_delivery_events WHERE delivery_id = :id ORDER BY event_id
""")

ADMINS = text("""
SELECT email FROM users WHERE is_admin AND disabled_at IS NULL AND email <> '' ORDER BY id
""")

# The number of the attempt is a fence: of an attempt that was given up nothing is written.
END = text("""
UPDATE alert_deliveries
SET state = CAST(:state AS text), due_at = coalesce(:due_at, due_at), claimed_until = NULL,
    ended_at = CASE WHEN CAST(:state AS text) = 'waiting' THEN NULL ELSE now() END
WHERE id = :id AND attempts = :attempt AND state = 'waiting' RETURNING id
""")

LOG = text("""
INSERT INTO alert_attempts (delivery_id, attempt, at, delivered, status, detail, latency_ms)
VALUES (:id, :attempt, :at, :delivered, :status, :detail, :latency_ms)
ON CONFLICT DO NOTHING
""")

# A channel's row is locked first and shortly: attempts to deliver to it follow each other.
WORKS = text("""
UPDATE alert_channels AS c SET last_delivered_at = :now, failing_since = NULL, reported_at = NULL
FROM (SELECT id, reported_at FROM alert_channels WHERE id = :id FOR NO KEY UPDATE) AS before
WHERE c.id = before.id RETURNING before.reported_at IS NOT NULL AS was_reported
""")

FAILS = text("""
UPDATE alert_channels SET failing_since = coalesce(failing_since, :now),
    reported_at = CASE WHEN reported_at IS NULL AND failing_since <= :now - :report_after
                       THEN :now ELSE reported_at END
WHERE id = :id
RETURNING failing_since, reported_at IS NOT DISTINCT FROM :now AS is_news
""")

WAITING = text("SELECT count(*) FROM alert_deliveries WHERE state = 'waiting'")


@dataclass(frozen=True, slots=True)
class ClaimedChannel:
    """A channel with what is sealed of it."""

    id: uuid.UUID
    team_id: uuid.UUID | None
    name: str
    kind: ChannelKind
    recipients: tuple[str, ...]
    url: bytes | None = field(repr=False)
    secret: bytes | None = field(repr=False)
    key: str | None
    zone: str | None

    @property
    def sealed_team(self) -> uuid.UUID:
        """Return the team that its parts are sealed with."""
        return self.team_id or INSTALLATION


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process alone sends now; without a channel by mail to all admins."""

    id: uuid.UUID
    kind: str
    attempt: int
    deadline: datetime
    channel: ClaimedChannel | None
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt; the status is one of HTTP or of SMTP."""

    delivered: bool
    detail: str
    status: int | None = None


def claim(connection: Connection) -> Claimed | None:
    """Return the message that is due first, claimed by this transaction; None without any."""
    params = {"claim_for": CLAIM_FOR, "keep_trying": FOR}
    row = connection.execute(CLAIM, params).one_or_none()
    if row is None:
        return None
    channel = None
    if row.channel_id is not None:
        channel = _channel(connection.execute(CHANNEL, {"id": row.channel_id}).one())
    events = tuple(connection.execute(EVENTS, {"id": row.id}).scalars())
    return Claimed(row.id, row.kind, row.attempts, row.deadline, channel, events)


def addresses_of_admins(connection: Connection) -> list[str]:
    """Return where all admins get mail."""
    return list(connection.execute(ADMINS).scalars())


def end_attempt(
    connection: Connection,
    claimed: Claimed,
    outcome: Outcome,
    *,
    at: datetime,
    latency_ms: float,
    now: datetime,
    share: float,
) -> str | None:
    """Write what came of an attempt; return the state of the message after it.

    None: it was deleted, or another notifier has taken it in the meantime.
    """
    due_at = None
    state = "delivered" if outcome.delivered else "failed"
    if not outcome.delivered:
        due_at = next_attempt(claimed.attempt, now=now, deadline=claimed.deadline, share=share)
        if due_at is not None:
            state = "waiting"
    params = {"id": claimed.id, "attempt": claimed.attempt, "state": state, "due_at": due_at}
    if connection.execute(END, params).one_or_none() is None:
        return None
    connection.execute(
        LOG,
        {
            "id": claimed.id,
            "attempt": claimed.attempt,
            "at": at,
            "delivered": outcome.delivered,
            "status": outcome.status,
            "detail": outcome.detail,
            "latency_ms": latency_ms,
        },
    )
    if claimed.channel is not None:
        _note_health(connection, claimed.channel, outcome, now=now)
    return state


def count_waiting(connection: Connection) -> int:
    """Return how many messages wait, for their time or for another attempt."""
    found: int = connection.execute(WAITING).scalar_one()
    return found


def _note_health(
    connection: Connection, channel: ClaimedChannel, outcome: Outcome, *, now: datetime
) -> None:
    """Note on a channel that it works or fails, and report one that has failed for long."""
    about = {"channel": str(channel.id), "name": channel.name}
    if outcome.delivered:
        row = connection.execute(WORKS, {"id": channel.id, "now": now}).one_or_none()
        if row is None or not row.was_reported:
            return
        details: dict[str, object] = {**about, "over": True}
    else:
        params = {"id": channel.id, "now": now, "report_after": REPORT_AFTER}
        row = connection.execute(FAILS, params).one_or_none()
        if row is None or not row.is_news:
            return
        since = row.failing_since.isoformat()
        details = {**about, "since": since, "error": outcome.detail}
    event = NewEvent(EventKind.CHANNEL_FAILING, team_id=channel.team_id, details=details)
    record(connection, [event])


def _channel(row: Any) -> ClaimedChannel:
    return ClaimedChannel(
        row.id,
        row.team_id,
        row.name,
        ChannelKind(row.kind),
        tuple(row.recipients or ()),
        None if row.url is None else bytes(row.url),
        None if row.secret is None else bytes(row.secret),
        row.key,
        (row.quiet or {}).get("timezone"),
    )
