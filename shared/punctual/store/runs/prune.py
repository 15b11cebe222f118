"""Prune: delete history past its retention, in steps too small to delay others."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.store.accounts.audit import prune_audit
from punctual.store.alerts.events import prune_events
from punctual.store.alerts.messages import prune_deliveries
from punctual.store.ledger.entries import prune_ledger
from punctual.store.outages.outages import prune_outages
from punctual.store.processes.coordinator_stops import prune_stops
from punctual.store.processes.database_silences import prune_silences
from punctual.store.runs.live_output import prune_live_outputs

# Ids are UUIDs of version 7, so the oldest runs come first in the primary key.
OLD_RUNS = text("""
WITH old AS (
    SELECT id FROM runs
    WHERE id < CAST(lpad(to_hex(((extract(epoch FROM now() - :keep)) * 1000)::bigint), 12, '0')
                    || repeat('0', 20) AS uuid)
      AND state NOT IN ('scheduled', 'queued', 'claimed', 'running')
      AND finished_at < now() - :keep
    ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM runs USING old WHERE runs.id = old.id
""")

OLD_TASKS = text("""
DELETE FROM tasks WHERE id IN (
    SELECT id FROM tasks AS t WHERE deleted_at < now() - :keep
      AND NOT EXISTS (SELECT FROM runs WHERE task_id = t.id)
    ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
)
""")

OLD_KEYS = text("""
DELETE FROM idempotency_keys WHERE (principal_id, key) IN (
    SELECT principal_id, key FROM idempotency_keys
    WHERE created_at < now() - interval '1 day'
    ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

OLD_TOKENS = text("""
DELETE FROM api_tokens WHERE id IN (
    SELECT id FROM api_tokens WHERE expires_at < now()
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

# For as long as history is kept, its list shows why an access token no longer opens anything.
OLD_ACCESS_TOKENS = text("""
DELETE FROM access_tokens WHERE id IN (
    SELECT id FROM access_tokens WHERE expires_at < now() - :keep
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

OLD_INVITES = text("""
DELETE FROM invites WHERE id IN (
    SELECT id FROM invites WHERE expires_at < now() - :keep
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

OLD_ALERT_LINKS = text("""
DELETE FROM alert_links WHERE id IN (
    SELECT id FROM alert_links WHERE expires_at < now()
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

OLD_SESSIONS = text("""
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE expires_at < now()
    ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind one step deleted."""

    runs: int
    tasks: int
    idempotency_keys: int
    tokens: int
    access_tokens: int
    invites: int
    sessions: int
    ledger: int
    outages: int
    coordinator_stops: int
    database_silences: int
    live_outputs: int
    audit_events: int
    alert_events: int
    alert_deliveries: int
    alert_links: int


def prune(
    connection: Connection, *, keep: timedelta, keep_audit: timedelta, batch_size: int
) -> Pruned:
    """Delete at most `batch_size` of each kind of rows that are past their retention."""
    params = {"keep": keep, "limit": batch_size}
    return Pruned(
        runs=connection.execute(OLD_RUNS, params).rowcount,
        tasks=connection.execute(OLD_TASKS, params).rowcount,
        idempotency_keys=connection.execute(OLD_KEYS, {"limit": batch_size}).rowcount,
        tokens=connection.execute(OLD_TOKENS, {"limit": batch_size}).rowcount,
        access_tokens=connection.execute(OLD_ACCESS_TOKENS, params).rowcount,
        invites=connection.execute(OLD_INVITES, params).rowcount,
        sessions=connection.execute(OLD_SESSIONS, {"limit": batch_size}).rowcount,
        ledger=prune_ledger(connection, keep=keep, batch_size=batch_size),
        outages=prune_outages(connection, keep=keep, batch_size=batch_size),
        coordinator_stops=prune_stops(connection, keep=keep, batch_size=batch_size),
        database_silences=prune_silences(connection, keep=keep, batch_size=batch_size),
        live_outputs=prune_live_outputs(connection, batch_size=batch_size),
        audit_events=prune_audit(connection, keep=keep_audit, batch_size=batch_size),
        alert_links=connection.execute(OLD_ALERT_LINKS, {"limit": batch_size}).rowcount,
        alert_events=prune_events(connection, keep=keep, batch_size=batch_size),
        alert_deliveries=prune_deliveries(connection, keep=keep, batch_size=batch_size),
    )
