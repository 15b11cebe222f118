"""The duties as tests make them: small batches, real servers."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import redis
from sqlalchemy import Engine, Row, text

from punctual.messaging.hints import Pair, decode

WINDOW = timedelta(seconds=35)


def published(redis_url: str, namespace: str) -> list[list[Pair]]:
    """The pairs of each message that waits in Redis, in the order they were sent."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        ids: Any = client.lrange(f"{namespace}:runs", 0, -1)
        bodies: Any = client.hgetall(f"{namespace}:runs.msgs")
    return [decode(json.loads(bodies[each])["args"][0]) for each in ids]


def flat(messages: Sequence[Sequence[Pair]]) -> list[Pair]:
    """The pairs of all messages."""
    return [pair for message in messages for pair in message]


def all_runs(engine: Engine) -> list[Row[Any]]:
    """Every run, earliest first."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM runs ORDER BY due_at, id")).all())


def task_row(engine: Engine, task_id: object) -> Row[Any]:
    """A task as it stands now."""
    with engine.connect() as connection:
        return connection.execute(text("SELECT * FROM tasks WHERE id = :id"), {"id": task_id}).one()
