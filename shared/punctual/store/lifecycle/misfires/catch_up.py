"""Catch-up: decide by `catch_up` about runs that were planned before a stop.

A planned run is left behind when its workers (or, while it is not queued yet, the coordinators)
came back more than GRACE after it was due. From then on nothing dispatches, claims or starts it
until it was settled here. A run that waits for a slot, a limit or another run while they are up is
late, and not left behind; nor is one that was inserted after the stop: the planner has asked then.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import CatchUp
from punctual.store.lifecycle.misfires.missed import LOCKED, Miss, miss
from punctual.store.lifecycle.planning.max_runs import lock_tasks
from punctual.store.processes.stops import JOIN_UP, STOPS, UP, why_nothing_ran

GRACE = "interval '15 seconds'"
"""As long as the planner's LATE_AFTER."""

LATEST_START = f"greatest(r.due_at, r.created_at) + {GRACE}"

# Only first attempts of due times: a retry, a run by hand, one that follows others and a backfill
# have no due time of the schedule that a newer one could stand for.
EXEMPT = "r.caught_up OR r.attempt > 0 OR r.trigger <> 'schedule'"

DISPATCHABLE = f"""
    ({EXEMPT} OR {LATEST_START} >= coalesce((SELECT since FROM last_pass), '-infinity'))
"""
"""Whether the scheduled run `r` may be queued. It costs a comparison a run."""

# Both reads of `workers` stand apart from the run, so that they happen once, and only for a run
# that is late. A worker that beat since this one came up has served its queues until then.
MY_UP_SINCE = "(SELECT up_since FROM workers WHERE id = :worker_id)"
STARTABLE = f"""
    (r.due_at > now() - {GRACE} OR {EXEMPT} OR {LATEST_START} >= {MY_UP_SINCE}
     OR EXISTS (SELECT FROM workers AS w WHERE r.queue = ANY (w.queues)
                AND w.up_since <= {LATEST_START} AND w.heartbeat_at >= {MY_UP_SINCE}))
"""
"""Whether the worker may claim or start the run `r`. A run on time costs it one comparison."""

# A later due time that has come stands for those before it; where one may still have to be
# planned, the next pass decides.
FOUND = f"""
WITH {UP}
SELECT r.id, r.fence, r.task_id, t.catch_up, r.queue, r.due_at,
       {STOPS.format(latest_start=LATEST_START)},
       EXISTS (SELECT FROM runs AS newer
               WHERE newer.task_id = r.task_id AND newer.trigger = 'schedule'
                 AND newer.scheduled_for > r.scheduled_for AND NOT newer.superseded
                 AND (newer.attempt > 0 OR newer.due_at <= coalesce(:now, now()))) AS replaced
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
{JOIN_UP}
WHERE r.state = '{{state}}' AND r.due_at < coalesce(:now, now()) - {GRACE} AND NOT ({EXEMPT})
  AND {LATEST_START} < {{since}}
  AND (t.catch_up <> 'latest' OR NOT t.enabled OR t.plan_error IS NOT NULL
       OR t.next_due_at IS NULL OR t.next_due_at > coalesce(:now, now()))
ORDER BY r.due_at, r.id LIMIT :limit
"""
SCHEDULED = text(FOUND.format(state="scheduled", since="greatest(c.since, s.since)"))
QUEUED = text(FOUND.format(state="queued", since="s.since"))

# `latest` runs one due time for all that were left behind: a later one that has started was it.
OUTRUN = text("""
SELECT r.id, r.fence, r.task_id FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
WHERE r.state IN ('scheduled', 'queued') AND r.caught_up AND r.attempt = 0
  AND r.trigger = 'schedule' AND t.catch_up = 'latest'
  AND EXISTS (SELECT FROM runs AS newer
              WHERE newer.task_id = r.task_id AND newer.trigger = 'schedule'
                AND newer.scheduled_for > r.scheduled_for AND newer.attempt > 0)
ORDER BY r.due_at, r.id LIMIT :limit
""")

# With `all` they run one after the other, where they may not run side by side.
KEEP = text(f"""
WITH {LOCKED}
UPDATE runs SET caught_up = true,
                overlap = CASE WHEN t.catch_up = 'all' AND runs.overlap IN ('skip', 'replace')
                               THEN 'queue' ELSE runs.overlap END,
                redispatch_at = CASE WHEN runs.state = 'queued' THEN now() END
FROM locked, tasks AS t WHERE runs.id = locked.id AND t.id = runs.task_id
RETURNING runs.id
""")


class CatchUpBatch(NamedTuple):
    """Runs that were left behind: missed ones, and ones that still run."""

    missed: list[uuid.UUID]
    caught_up: list[uuid.UUID]
    found: int


def settle_left_behind(
    connection: Connection, *, lease: timedelta, batch_size: int, now: datetime | None = None
) -> CatchUpBatch:
    """Apply `catch_up` to at most `batch_size` runs that a stop left behind.

    Plan what is due first. Runs of a queue that no worker serves yet wait until one does. Fewer
    found than `batch_size` mean that none is left.
    """
    params = {"lease": lease, "limit": batch_size, "now": now}
    found = list(connection.execute(SCHEDULED, params).all())
    found += connection.execute(QUEUED, params | {"limit": batch_size - len(found)}).all()
    outrun = connection.execute(OUTRUN, {"limit": batch_size - len(found)}).all()
    if not found and not outrun:
        return CatchUpBatch([], [], 0)
    locked = lock_tasks(connection, {row.task_id for row in [*found, *outrun]})
    free = [row for row in found if row.task_id in locked]
    keep = [row for row in free if _still_runs(row)]
    keep_ids = {row.id for row in keep}
    missed = _miss(connection, [row for row in free if row.id not in keep_ids])
    missed += _miss_outrun(connection, [row for row in outrun if row.task_id in locked])
    return CatchUpBatch(missed, _keep(connection, keep), len(found) + len(outrun))


def _still_runs(row: Row[Any]) -> bool:
    return row.catch_up == CatchUp.ALL or (row.catch_up == CatchUp.LATEST and not row.replaced)


def _miss(connection: Connection, rows: Sequence[Row[Any]]) -> list[uuid.UUID]:
    if not rows:
        return []
    reasons = zip(rows, why_nothing_ran(connection, rows), strict=True)
    return miss(connection, [Miss(row.id, row.fence, reason) for row, reason in reasons])


def _miss_outrun(connection: Connection, rows: Sequence[Row[Any]]) -> list[uuid.UUID]:
    reason = coded(ReasonCode.LATER_DUE_TIME)
    return miss(connection, [Miss(row.id, row.fence, reason) for row in rows])


def _keep(connection: Connection, rows: Sequence[Row[Any]]) -> list[uuid.UUID]:
    if not rows:
        return []
    named = [{"id": str(row.id), "fence": row.fence} for row in rows]
    return list(connection.execute(KEEP, {"asked": json.dumps(named)}).scalars())
