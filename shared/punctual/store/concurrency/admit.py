"""Admit: select the claimed runs that fit into their concurrency limits."""

import hashlib
import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, text

from punctual.domain.runs.concurrency import Candidate, admit
from punctual.store.concurrency.usage import Counted, count_running, limits_of

# In the same order in every transaction, so that they cannot deadlock.
LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def admit_claimed(connection: Connection, run_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return the runs that have concurrency limits and that fit into them now.

    Until this transaction ends no other run is admitted under the same limits: what is counted
    here stays true until the START that follows is committed.
    """
    counted = limits_of(connection, run_ids)
    if not counted:
        return []
    connection.execute(LOCK, {"keys": sorted({lock_number(row.limit.key) for row in counted})})
    running = count_running(connection, {row.team_id for row in counted})
    places = {row.limit.key: row.limit.most - running.get(row.limit.key, 0) for row in counted}
    return admit(candidates_of(counted), places)


def candidates_of(counted: Sequence[Counted], *, in_queues: bool = False) -> list[Candidate]:
    """Return one candidate for each run, in order, with all the keys it counts towards.

    `in_queues`: they are to be dispatched, each in its queue, and not to be started.
    """
    keys: dict[uuid.UUID, set[str]] = {}
    places = {row.run_id: row.queued for row in counted} if in_queues else {}
    for row in counted:
        keys.setdefault(row.run_id, set()).add(row.limit.key)
    return [Candidate(run_id, frozenset(own), places.get(run_id)) for run_id, own in keys.items()]


def waiting_for_limits(connection: Connection, run_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return the runs of which a limit has no place left now."""
    counted = limits_of(connection, run_ids)
    running = count_running(connection, {row.team_id for row in counted}) if counted else {}
    return {row.run_id for row in counted if running.get(row.limit.key, 0) >= row.limit.most}


def lock_number(key: str) -> int:
    """Return the number that stands for a limit among PostgreSQL's advisory locks."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), signed=True)
