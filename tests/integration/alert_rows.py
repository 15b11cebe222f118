"""Channels, rules and events of alerts, for tests that begin in the middle."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from punctual.domain.alerts.channels import INSTALLATION, ChannelKind, Part, masked, sealed_name
from punctual.ops.sealing import SealingKey, new_pair
from punctual.store.alerts.events import NewEvent, record

PUBLIC_KEY, PRIVATE_KEY = new_pair()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

CHANNEL = text("""
INSERT INTO alert_channels (id, team_id, name, kind, recipients, url, secret, key, shown, quiet)
VALUES (:id, :team, :name, :kind, :to, :url, :secret, :key, :shown, CAST(:quiet AS jsonb))
""")

RULE = text("""
INSERT INTO alert_rules (id, team_id, channel_id, events, tags, task_ids, frequency, escalate_to,
                         escalate_after_runs, escalate_after_seconds)
VALUES (:id, :team, :channel, :on, :tags, :tasks, :when, :escalate_to, :runs, :seconds)
""")


def new_channel(
    engine: Engine,
    team: uuid.UUID | None,
    *,
    url: str | None = None,
    to: Sequence[str] | None = None,
    kind: ChannelKind | None = None,
    quiet: dict[str, Any] | None = None,
) -> uuid.UUID:
    """A channel; with a URL a webhook, unless `kind` says another one, else of mail."""
    made = uuid.uuid4()
    chosen = kind or (ChannelKind.EMAIL if url is None else ChannelKind.WEBHOOK)
    key = SealingKey(PUBLIC_KEY)

    def sealed(value: str | None, part: Part) -> bytes | None:
        if value is None:
            return None
        return key.seal(value, team_id=team or INSTALLATION, name=sealed_name(made, part))

    with engine.begin() as connection:
        connection.execute(
            CHANNEL,
            {
                "id": made,
                "team": team,
                "name": f"channel-{made.hex[:8]}",
                "kind": chosen,
                "to": None if to is None else list(to),
                "url": sealed(url, Part.URL),
                "secret": sealed(SECRET if chosen == ChannelKind.WEBHOOK else None, Part.SECRET),
                "key": key.id,
                "shown": None if url is None else masked(chosen, url),
                "quiet": None if quiet is None else json.dumps(quiet),
            },
        )
    return made


def new_rule(
    engine: Engine,
    team: uuid.UUID | None,
    channel: uuid.UUID,
    *,
    on: Sequence[str] = ("failed", "recovered"),
    every: bool = False,
    tags: Sequence[str] | None = None,
    tasks: Sequence[uuid.UUID] | None = None,
    escalate_to: uuid.UUID | None = None,
    runs: int | None = None,
    seconds: int | None = None,
) -> uuid.UUID:
    """A rule for a channel."""
    made = uuid.uuid4()
    params = {
        "id": made,
        "team": team,
        "channel": channel,
        "on": list(on),
        "tags": tags,
        "tasks": tasks,
        "when": "every" if every else "change",
        "escalate_to": escalate_to,
        "runs": runs,
        "seconds": seconds,
    }
    with engine.begin() as connection:
        connection.execute(RULE, params)
    return made


def record_events(engine: Engine, *events: NewEvent) -> list[int]:
    """Events that happen now."""
    with engine.begin() as connection:
        return record(connection, events)


def messages(engine: Engine, channel: uuid.UUID | None) -> list[Row[Any]]:
    """The messages to a channel, the first one first, each with the ids of its events."""
    statement = text("""
        SELECT d.*, (SELECT coalesce(array_agg(event_id ORDER BY event_id), '{}')
                     FROM alert_delivery_events AS m WHERE m.delivery_id = d.id) AS events
        FROM alert_deliveries AS d
        WHERE channel_id IS NOT DISTINCT FROM :channel AND d.kind = 'events'
        ORDER BY d.id""")
    with engine.connect() as connection:
        return list(connection.execute(statement, {"channel": channel}))


def attempts(connection: Connection, delivery: uuid.UUID) -> list[Row[Any]]:
    """The attempts to deliver a message."""
    statement = text("SELECT * FROM alert_attempts WHERE delivery_id = :id ORDER BY attempt")
    return list(connection.execute(statement, {"id": delivery}))
