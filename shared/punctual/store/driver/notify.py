"""Wake-ups over PostgreSQL's NOTIFY: hints that spare a wait; a lost one costs seconds."""

import json
import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

DUE_CHANNEL = "punctual_due"
"""Coordinators listen here: something is due inside the window and is not queued yet."""

CANCEL_CHANNEL = "punctual_cancel"
"""Workers listen here: `{"worker": id, "run": id}`, a running run that was cancelled."""

ALERT_CHANNEL = "punctual_alerts"
"""Notifiers listen here: a person has asked for a message to be sent now."""

NOTIFY = text("SELECT pg_notify(:channel, :payload)")


def wake_coordinators(connection: Connection) -> None:
    """Have a coordinator plan and dispatch as soon as this transaction is committed."""
    connection.execute(NOTIFY, {"channel": DUE_CHANNEL, "payload": ""})


def wake_notifiers(connection: Connection) -> None:
    """Have a notifier look for messages as soon as this transaction is committed."""
    connection.execute(NOTIFY, {"channel": ALERT_CHANNEL, "payload": ""})


def wake_if_due(
    connection: Connection, due_at: datetime | None, *, now: datetime, window: timedelta
) -> None:
    """Wake a coordinator when `due_at` comes before its next ordinary tick might."""
    if due_at is not None and due_at <= now + window:
        wake_coordinators(connection)


def wake_worker(connection: Connection, *, worker_id: uuid.UUID, run_id: uuid.UUID) -> None:
    """Notify the worker that runs `run_id` of its cancellation, once this is committed."""
    payload = json.dumps({"worker": str(worker_id), "run": str(run_id)})
    connection.execute(NOTIFY, {"channel": CANCEL_CHANNEL, "payload": payload})
