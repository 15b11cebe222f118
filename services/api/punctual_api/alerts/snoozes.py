"""Snooze a task, or end its snooze; API, pages and links call the same function, which records."""

from datetime import datetime
from typing import Any

from punctual.domain.alerts.snooze import LONGEST, Snooze
from punctual.store.alerts import snoozes as store
from punctual.store.schema.models import Task, TaskSnooze
from punctual_api.accounts.names import name_of
from punctual_api.audit.recorder import record
from punctual_api.http.context import now, session, user_id
from punctual_api.http.problems import Fault, invalid

PAST = "A snooze must end in the future. To end the one that is there, send null."
TOO_LONG = f"A snooze is {LONGEST.days} days long at most; change the team's rules instead."


def snooze_own(task: Task, snooze: Snooze | None) -> None:
    """Snooze a task, or with None end its snooze; raises Problem 422 for a time out of range."""
    if snooze is not None and snooze.until is not None:
        _require_in_range(snooze.until)
    before = recorded_snooze(store.find_snooze(session(), task.id, now=now()))
    if snooze is None:
        store.end_snooze(session(), task.id)
    else:
        store.snooze_task(session(), task.id, snooze, by=user_id(), now=now())
    record("task", task.id, task.name, before=before, after=recorded_snooze(snooze))


def recorded_snooze(snooze: Snooze | None) -> dict[str, Any]:
    """Return what the audit record keeps of a snooze."""
    if snooze is None:
        return {"snooze": None}
    return {"snooze": "until it is ok" if snooze.until_ok else snooze.until}


def shown_snooze(row: TaskSnooze | None) -> dict[str, Any] | None:
    """Return the snooze of a task as it is answered."""
    if row is None:
        return None
    return {"until": row.until, "until_ok": row.until_ok, "by": name_of(row.by), "at": row.at}


def _require_in_range(until: datetime) -> None:
    if until <= now():
        raise invalid([Fault("/until", PAST)])
    if until > now() + LONGEST:
        raise invalid([Fault("/until", TOO_LONG)])
