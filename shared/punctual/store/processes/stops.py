"""Stops: since when coordinators and workers are up, and which were down before."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.store.processes.coordinator_stops import Stop, stops_at
from punctual.store.processes.database_silences import silences_at

UP = """
served AS MATERIALIZED (
    SELECT queue, min(up_since) AS since FROM workers, unnest(queues) AS queue
    WHERE state IN ('active', 'draining') AND heartbeat_at > clock_timestamp() - :lease
    GROUP BY queue
), coordinated AS MATERIALIZED (
    SELECT since FROM last_pass
)
"""

JOIN_UP = "LEFT JOIN served AS s ON s.queue = r.queue LEFT JOIN coordinated AS c ON true"

STOPS = """
    coalesce(c.since > {latest_start}, false) AS no_coordinator, c.since AS coordinated_since,
    coalesce(s.since > {latest_start}, false) AS no_worker, s.since AS served_since
"""
"""Which services came back only after the run `r` should have started, and when."""

# A worker's row knows its last stretch of heartbeats alone: of an instant within its life before
# that, nothing is certain.
UNSERVED = text("""
SELECT asked.queue, asked.at, max(heartbeat_at) FILTER (WHERE heartbeat_at <= asked.at) AS from_at,
       min(up_since) FILTER (WHERE up_since > asked.at) AS to_at
FROM unnest(CAST(:queues AS text[]), CAST(:times AS timestamptz[])) AS asked (queue, at)
JOIN workers ON asked.queue = ANY (queues)
GROUP BY asked.queue, asked.at
HAVING NOT bool_or(least(started_at, up_since) <= asked.at AND heartbeat_at > asked.at)
""")


class _Unserved(NamedTuple):
    """A time in which no worker served a queue; when it began may be unknown."""

    from_at: datetime | None
    to_at: datetime


def why_nothing_ran(connection: Connection, rows: Sequence[Row[Any]]) -> list[CodedReason]:
    """Return for each row which services were down at its `due_at`, and how long.

    Where the database did not answer, only that: what else was at work could do nothing.

    Where it is not certain that a service was down at that instant, return when it came back.
    """
    silences = silences_at(connection, [row.due_at for row in rows])
    stops = stops_at(connection, [row.due_at for row in rows if row.no_coordinator])
    unserved = _unserved_at(connection, {(row.queue, row.due_at) for row in rows if row.no_worker})
    return [
        silences[row.due_at].reason()
        if row.due_at in silences
        else _why(
            row,
            stops.get(row.due_at) if row.no_coordinator else None,
            unserved.get((row.queue, row.due_at)) if row.no_worker else None,
        )
        for row in rows
    ]


def _unserved_at(
    connection: Connection, queued_at: Collection[tuple[str, datetime]]
) -> dict[tuple[str, datetime], _Unserved]:
    if not queued_at:
        return {}
    queues, times = zip(*queued_at, strict=True)
    rows = connection.execute(UNSERVED, {"queues": list(queues), "times": list(times)})
    return {(row.queue, row.at): _Unserved(row.from_at, row.to_at) for row in rows if row.to_at}


def _why(row: Row[Any], stop: Stop | None, unserved: _Unserved | None) -> CodedReason:
    known = [each for each in (stop, unserved) if each is not None]
    if not known:
        back = [row.coordinated_since] * row.no_coordinator + [row.served_since] * row.no_worker
        return coded(
            ReasonCode.NOTHING_RUNNING,
            services=_services(coordinator=row.no_coordinator, worker=row.no_worker),
            before=max(back),
        )
    began = [each.from_at for each in known if each.from_at is not None]
    return coded(
        ReasonCode.NOTHING_RUNNING,
        services=_services(coordinator=stop is not None, worker=unserved is not None),
        since=max(began) if began else None,
        until=min(each.to_at for each in known),
    )


def _services(*, coordinator: bool, worker: bool) -> list[str]:
    return ["coordinator"] * coordinator + ["worker"] * worker
