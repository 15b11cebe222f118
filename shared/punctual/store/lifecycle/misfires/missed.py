"""Missed: end runs that did not start in time, each with its reason."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import CodedReason
from punctual.ops.json_text import as_text
from punctual.store.driver.notify import wake_coordinators
from punctual.store.health.locks import lock_health_of
from punctual.store.lifecycle.planning.max_runs import return_places

LOCKED = """
locked AS (
    SELECT r.id, a.code, a.args FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:asked AS jsonb)) AS a (
        id uuid, fence bigint, code text, args jsonb)
      ON a.id = r.id AND a.fence = r.fence
    WHERE r.state IN ('scheduled', 'queued')
    ORDER BY r.due_at, r.id FOR UPDATE OF r SKIP LOCKED
)
"""

MISS = text(f"""
WITH {LOCKED}
UPDATE runs SET state = 'missed', finished_at = now(), fence = fence + 1,
                reason = NULL, reason_code = locked.code, reason_args = locked.args
FROM locked WHERE runs.id = locked.id
RETURNING runs.id, runs.task_id, runs.trigger, runs.limited
""")


class Miss(NamedTuple):
    """A run to end as missed, if it still has this fence, and why."""

    id: uuid.UUID
    fence: int
    reason: CodedReason


def miss(connection: Connection, misses: Sequence[Miss]) -> list[uuid.UUID]:
    """End these runs as missed and return their places in `max_runs`; return which it did.

    Lock their tasks first.
    """
    if not misses:
        return []
    rows = [
        {"id": each.id, "fence": each.fence, "code": each.reason.code, "args": each.reason.args}
        for each in misses
    ]
    params = {"asked": as_text(rows)}
    lock_health_of(connection, [each.id for each in misses])
    ended = connection.execute(MISS, params).all()
    if any(row.limited for row in ended):  # the next one may have their place
        wake_coordinators(connection)
    return_places(connection, [row.task_id for row in ended if row.trigger == "schedule"])
    return [row.id for row in ended]
