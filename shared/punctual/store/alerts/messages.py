"""Put events into messages to channels: one that waits already, or a new one."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.alerts.batching import MOST_EVENTS, Slot, slot
from punctual.domain.alerts.decisions import Event
from punctual.store.alerts.alerting import Channel
from punctual.store.schema.models.model import new_id

# Locked, so that a notifier cannot send one while events join it.
WAITING = text(f"""
SELECT d.id, d.channel_id, d.due_at, d.quiet, n.events
FROM alert_deliveries AS d CROSS JOIN LATERAL (
    SELECT count(*) AS events FROM alert_delivery_events AS m WHERE m.delivery_id = d.id) AS n
WHERE d.state = 'waiting' AND d.kind = 'events' AND d.attempts = 0 AND d.due_at > :now
  AND (d.channel_id = ANY(:channels) OR (:to_admins AND d.channel_id IS NULL))
  AND n.events < {MOST_EVENTS}
ORDER BY d.due_at, d.id FOR UPDATE OF d
""")

LAST_MADE = text("""
SELECT c.id, (SELECT d.created_at FROM alert_deliveries AS d
              WHERE d.channel_id IS NOT DISTINCT FROM c.id AND d.kind = 'events'
                AND NOT d.quiet
              ORDER BY d.id DESC LIMIT 1) AS made_at,
       (SELECT min(d.due_at) FROM alert_deliveries AS d
        WHERE d.channel_id IS NOT DISTINCT FROM c.id AND d.state = 'waiting'
          AND d.attempts > 0) AS retried_at
FROM unnest(CAST(:channels AS uuid[])) AS c (id)
""")

CREATE = text("""
INSERT INTO alert_deliveries (id, channel_id, team_id, quiet, due_at, created_at)
VALUES (:id, :channel, :team, :quiet, :due_at, :now)
""")

# An event that another message has for the channel already stays with that one.
ADD = text("""
INSERT INTO alert_delivery_events (delivery_id, event_id, channel_id)
SELECT :id, e.id, :channel FROM unnest(CAST(:events AS bigint[])) AS e (id)
ON CONFLICT (event_id, channel_id) DO NOTHING
""")

DROP_EMPTY = text("""
DELETE FROM alert_deliveries AS d WHERE d.id = ANY(:ids)
AND NOT EXISTS (SELECT FROM alert_delivery_events AS m WHERE m.delivery_id = d.id)
""")


# Ids grow with time, so the oldest messages come first in the primary key.
PRUNE = text("""
DELETE FROM alert_deliveries WHERE id IN (
    SELECT id FROM (SELECT id, created_at, state FROM alert_deliveries ORDER BY id LIMIT :limit)
        AS oldest
    WHERE created_at < now() - :keep AND state <> 'waiting')
""")


class _Message(NamedTuple):
    id: uuid.UUID
    slot: Slot
    room: list[int]


def put_in_messages(
    connection: Connection,
    sent: Mapping[Channel | None, Sequence[Event]],
    *,
    now: datetime,
) -> list[uuid.UUID]:
    """Put each channel's events into messages; without a channel they go to all admins by mail.

    Return the new messages that are due at once.
    """
    ids = [channel.id for channel in sent if channel is not None]
    open_ones = _waiting(connection, ids, to_admins=None in sent, now=now)
    times = {
        row.id: (row.made_at, row.retried_at)
        for row in connection.execute(LAST_MADE, {"channels": [*ids, None]})
    }
    made: list[uuid.UUID] = []
    due: list[uuid.UUID] = []
    for channel, events in sent.items():
        channel_id = None if channel is None else channel.id
        messages = open_ones.setdefault(channel_id, [])
        last, retried = times[channel_id]
        filled: dict[uuid.UUID, list[int]] = {}
        for event in events:
            wanted = slot(
                event.kind,
                now=now,
                quiet_hours=None if channel is None else channel.quiet,
                last_made_at=last,
                retried_at=retried,
            )
            chosen = _with_room(messages, wanted)
            if chosen is None:
                chosen = _Message(new_id(), wanted, [MOST_EVENTS])
                _create(connection, chosen, channel, now=now)
                messages.append(chosen)
                made.append(chosen.id)
                if wanted.due_at <= now:
                    due.append(chosen.id)
            chosen.room[0] -= 1
            filled.setdefault(chosen.id, []).append(event.id)
        for delivery, contents in filled.items():
            params = {"id": delivery, "events": contents, "channel": channel_id}
            connection.execute(ADD, params)
    if made:
        connection.execute(DROP_EMPTY, {"ids": made})
    return due


def prune_deliveries(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` messages older than `keep` with their attempts; return how many.

    One that still waits stays.
    """
    return connection.execute(PRUNE, {"keep": keep, "limit": batch_size}).rowcount


def _with_room(messages: Sequence[_Message], wanted: Slot) -> _Message | None:
    """Return a message that an event may join: one that waits for the same."""
    for one in messages:
        if one.slot.quiet == wanted.quiet and one.room[0] > 0:
            return one
    return None


def _create(
    connection: Connection, message: _Message, channel: Channel | None, *, now: datetime
) -> None:
    connection.execute(
        CREATE,
        {
            "id": message.id,
            "channel": None if channel is None else channel.id,
            "team": None if channel is None else channel.team_id,
            "quiet": message.slot.quiet,
            "due_at": message.slot.due_at,
            "now": now,
        },
    )


def _waiting(
    connection: Connection, ids: Sequence[uuid.UUID], *, to_admins: bool, now: datetime
) -> dict[uuid.UUID | None, list[_Message]]:
    found: dict[uuid.UUID | None, list[_Message]] = {}
    params = {"channels": ids, "to_admins": to_admins, "now": now}
    for row in connection.execute(WAITING, params):
        room = [MOST_EVENTS - row.events]
        message = _Message(row.id, Slot(row.due_at, row.quiet), room)
        found.setdefault(row.channel_id, []).append(message)
    return found
