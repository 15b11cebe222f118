"""What each service's database role may do to each table: one line a table.

`SELECT (a, b)` is those columns alone, `SELECT (all but a)` every other one, new ones included.
A row lock (`FOR UPDATE`) needs UPDATE on some column: `UPDATE (id)` is a lock and nothing more.
A right that the release before still needs stays for one release more.
The page docs/operate/database-roles.md is printed by `python -m punctual.store.schema.rights`.
"""

import sys

SERVICES = ("api", "coordinator", "worker", "notifier")

ROLES = {service: f"punctual_{service}" for service in SERVICES}

RIGHTS: dict[str, dict[str, str]] = {
    "alembic_version": {
        "api": "SELECT",
        "coordinator": "SELECT",
        "worker": "SELECT",
        "notifier": "SELECT",
    },
    "access_tokens": {
        "api": "SELECT, INSERT, UPDATE (last_used_at), DELETE",
        "coordinator": "SELECT (id, expires_at), UPDATE (id), DELETE",
    },
    "alert_attempts": {"api": "SELECT", "coordinator": "SELECT", "notifier": "SELECT, INSERT"},
    # Coordinators write to channels, and cannot read where those lead, not even sealed.
    "alert_channels": {
        "api": "SELECT, INSERT, UPDATE, DELETE",
        "coordinator": "SELECT (all but url, secret)",
        "notifier": "SELECT, UPDATE (last_delivered_at, failing_since, reported_at)",
    },
    "alert_deliveries": {
        "api": "SELECT, INSERT, UPDATE (state, due_at, deadline, ended_at)",
        "coordinator": "SELECT, INSERT, UPDATE (due_at), DELETE",
        "notifier": "SELECT, UPDATE (state, due_at, deadline, attempts, claimed_until, ended_at)",
    },
    "alert_delivery_events": {
        "api": "SELECT",
        "coordinator": "SELECT, INSERT",
        "notifier": "SELECT",
    },
    "alert_escalations": {"coordinator": "SELECT, INSERT, UPDATE, DELETE"},
    # Events of runs are written by a trigger, with the rights of the tables' owner.
    "alert_events": {
        "api": "SELECT, INSERT",
        "coordinator": "SELECT, INSERT, UPDATE (taken_at), DELETE",
        "notifier": "SELECT, INSERT",
    },
    "alert_links": {
        "api": "SELECT, INSERT, UPDATE (retried_as)",
        "coordinator": "SELECT (id, expires_at), UPDATE (id), DELETE",
        "notifier": "INSERT",
    },
    "alert_reports": {"coordinator": "SELECT, INSERT, UPDATE, DELETE"},
    "alert_rules": {"api": "SELECT, INSERT, UPDATE, DELETE", "coordinator": "SELECT"},
    "api_tokens": {
        "api": "SELECT, INSERT, UPDATE (last_used_at), DELETE",
        "coordinator": "SELECT (id, expires_at), UPDATE (id), DELETE",
    },
    "attempts": {
        "api": "SELECT",
        "coordinator": "SELECT, INSERT",
        "worker": "SELECT, INSERT, UPDATE",
    },
    # Append-only: old events are deleted by prune_audit() alone.
    "audit_events": {"api": "SELECT, INSERT"},
    "calendars": {"api": "SELECT, INSERT, UPDATE, DELETE", "coordinator": "SELECT"},
    "concurrency_limits": {
        "api": "SELECT, INSERT, UPDATE, DELETE",
        "coordinator": "SELECT, INSERT, UPDATE, DELETE",
        "worker": "SELECT",
    },
    "coordinator_stops": {"coordinator": "SELECT, INSERT, UPDATE, DELETE"},
    "coordinators": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE, DELETE"},
    # A trigger on runs reads them with the rights of the worker that starts one late.
    "database_silences": {"coordinator": "SELECT, INSERT, UPDATE, DELETE", "worker": "SELECT"},
    "idempotency_keys": {
        "api": "SELECT, INSERT, DELETE",
        "coordinator": "SELECT (principal_id, key, created_at), UPDATE (principal_id), DELETE",
    },
    "identities": {"api": "SELECT, INSERT, DELETE"},
    # Written by a trigger on runs, with the rights of the service that decides about the run.
    "ledger": {
        "api": "SELECT, INSERT, UPDATE",
        "coordinator": "SELECT, INSERT, UPDATE, DELETE",
        "worker": "SELECT, INSERT, UPDATE",
    },
    "invites": {
        "api": "SELECT, INSERT, UPDATE (used_at, used_by), DELETE",
        "coordinator": "SELECT (id, expires_at), UPDATE (id), DELETE",
    },
    "last_pass": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE"},
    "links": {"api": "SELECT, INSERT, UPDATE (last_used_at), DELETE"},
    "live_outputs": {
        "api": "SELECT",
        "coordinator": "SELECT (run_id, fence, output_bytes), DELETE",
        "worker": "SELECT (run_id), INSERT, DELETE",
    },
    "memberships": {"api": "SELECT, INSERT, UPDATE, DELETE"},
    "outages": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE, DELETE"},
    "outputs": {"api": "SELECT", "worker": "INSERT", "notifier": "SELECT"},
    "password_resets": {
        "api": "SELECT, INSERT, UPDATE (code_hash, created_at, expires_at), DELETE"
    },
    "punctuality": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE"},
    "queues": {
        "api": "SELECT, INSERT, UPDATE, DELETE",
        "coordinator": "SELECT",
        "worker": "SELECT",
    },
    "run_anomalies": {"api": "SELECT", "coordinator": "SELECT, INSERT"},
    "runs": {
        "api": "SELECT, INSERT, UPDATE",
        "coordinator": "SELECT, INSERT, UPDATE, DELETE",
        # They contain commands, environments and arguments; held_run() returns those of claimed and
        # running runs alone.
        "worker": "SELECT (all but spec, params), UPDATE (all but id, task_id, team_id, trigger,"
        " scheduled_for, start_by, max_attempts, priority, overlap, queue, spec, params,"
        " superseded, caught_up, dispatches, created_at)",
        "notifier": "SELECT",
    },
    # Sealed; secrets_of_runs() gives workers what their runs name.
    "secrets": {"api": "SELECT, INSERT, UPDATE, DELETE"},
    "sessions": {
        "api": "SELECT, INSERT, UPDATE (expires_at, last_used_at), DELETE",
        "coordinator": "SELECT (id, expires_at), UPDATE (id), DELETE",
    },
    # The trigger team_slots reads it with the rights of the service that writes a team.
    "slot_default": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE"},
    "start_tallies": {
        "api": "SELECT",
        "coordinator": "SELECT, INSERT, UPDATE (id), DELETE",
        "worker": "INSERT",
    },
    # Written by a trigger on attempts, with the rights of the tables' owner.
    "unjudged_runs": {"coordinator": "SELECT, UPDATE (id), DELETE"},
    # Written by a trigger on runs, with the rights of the tables' owner.
    "upstream_ends": {"coordinator": "SELECT, UPDATE, DELETE"},
    # Both are written by triggers on tasks, with the rights of the tables' owner.
    "task_secrets": {"api": "SELECT"},
    "task_versions": {"api": "SELECT", "notifier": "SELECT (task_id, version, at, changed_by)"},
    "task_snoozes": {"api": "SELECT, INSERT, UPDATE, DELETE", "coordinator": "SELECT, DELETE"},
    "tasks": {
        "api": "SELECT, INSERT, UPDATE",
        "coordinator": "SELECT, UPDATE, DELETE",
        "worker": "SELECT (id, team_id, tags, max_concurrent, catch_up)",
        "notifier": "SELECT (id, name, tags, schedule, version, updated_at, updated_by)",
    },
    # Kept by triggers, with the rights of the tables' owner; coordinators note what is late.
    "task_health": {
        "api": "SELECT, UPDATE (task_id)",
        "coordinator": "SELECT, UPDATE (task_id, outcome, late_since, since)",
    },
    "task_norms": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE"},
    "team_waits": {"api": "SELECT", "coordinator": "SELECT, INSERT, UPDATE, DELETE"},
    "teams": {
        "api": "SELECT, INSERT, UPDATE, DELETE",
        "coordinator": "SELECT (id, slug, max_slots)",
        "notifier": "SELECT (id, slug, name)",
    },
    "uptime": {"coordinator": "SELECT, INSERT, UPDATE"},
    "users": {
        "api": "SELECT, INSERT, UPDATE",
        "notifier": "SELECT (id, username, email, is_admin, disabled_at)",
    },
    "workers": {
        "api": "SELECT",
        "coordinator": "SELECT, UPDATE, DELETE",
        "worker": "SELECT, INSERT, UPDATE",
    },
    "zone_rules": {"coordinator": "SELECT, INSERT, UPDATE"},
}

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "held_run(uuid)": ("coordinator", "worker"),
    "secrets_of_runs(uuid[])": ("worker",),
    "prune_audit(interval, integer)": ("coordinator",),
    "keep_seen_output(uuid, smallint)": ("coordinator",),
    "forget_seen_output(uuid, bigint)": ("worker",),
}

PAGE = """# Database roles

Each service logs into PostgreSQL under a role of its own, with only these rights; the tables
belong to the role that migrates. `.venv/bin/punctual rights` prints this page. A test compares the
page with the code, another one tries the rights on a real server. How roles are created:
[isolation](isolation.md).

Locking a row needs `UPDATE` on some column: `UPDATE (id)` is there for locks alone.
"""


def page() -> str:
    """Return the page docs/operate/database-roles.md."""
    rows = [
        ["table", *(f"`{ROLES[service]}`" for service in SERVICES)],
        ["---"] * (1 + len(SERVICES)),
    ]
    for table, rights in RIGHTS.items():
        rows.append([f"`{table}`", *(rights.get(service, "nothing") for service in SERVICES)])
    for function, services in FUNCTIONS.items():
        granted = ("EXECUTE" if service in services else "nothing" for service in SERVICES)
        rows.append([f"`{function}`", *granted])
    return PAGE + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> int:
    """Print the page."""
    sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
