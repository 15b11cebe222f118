"""The ledger: due times that did not become a plain start on time, noted, listed and pruned.

The trigger `runs_ledger` notes what a run's row shows (late, skipped, missed, cancelled,
superseded); this is for due times without a run, and for reasons that a run does not know.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Row, text

from punctual.domain.runs.ledger import BEFORE_A_RUN, Reason
from punctual.domain.runs.reasons import CodedReason, stored_reason
from punctual.domain.wording import ledger_clause
from punctual.store.schema.models.model import Document

NOTE = text("""
INSERT INTO ledger AS l (task_id, scheduled_for, team_id, reason, reason_code, reason_args,
                         detail, run_id, until, times)
SELECT t.id, n.scheduled_for, t.team_id, n.reason, n.code, n.args, n.detail, n.run_id, n.until,
       n.times
FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS n (
    task_id uuid, scheduled_for timestamptz, reason text, code text, args jsonb, detail jsonb,
    run_id uuid, until timestamptz, times integer)
JOIN tasks AS t ON t.id = n.task_id
ORDER BY t.id, n.scheduled_for
ON CONFLICT (task_id, scheduled_for) DO UPDATE SET
    reason = excluded.reason, reason_code = excluded.reason_code,
    reason_args = excluded.reason_args, because = NULL, detail = l.detail || excluded.detail,
    run_id = coalesce(excluded.run_id, l.run_id), until = excluded.until, times = excluded.times,
    noted_at = now()
""")

# A due time that an edit took away and another brought back has a run that speaks for itself.
STILL_TRUE = """
    (l.reason <> ALL(:before_a_run) OR NOT EXISTS (
        SELECT FROM runs AS r WHERE r.task_id = l.task_id AND r.scheduled_for = l.scheduled_for
          AND r.trigger = 'schedule' AND NOT r.superseded))
"""

OF_TASK = text(f"""
SELECT l.* FROM ledger AS l
WHERE l.task_id = :task_id AND (CAST(:reason AS text) IS NULL OR l.reason = :reason)
  AND (CAST(:since AS timestamptz) IS NULL OR coalesce(l.until, l.scheduled_for) >= :since)
  AND (CAST(:before AS timestamptz) IS NULL OR l.scheduled_for < :before)
  AND {STILL_TRUE}
ORDER BY l.scheduled_for DESC LIMIT :limit
""")

COVERING = text(f"""
SELECT l.* FROM (
    SELECT * FROM ledger AS l
    WHERE l.task_id = :task_id AND l.scheduled_for <= :due
      AND (l.scheduled_for = :due OR l.until >= :due)
    ORDER BY l.scheduled_for DESC LIMIT 1
) AS l WHERE {STILL_TRUE}
""")

PRUNE = text("""
DELETE FROM ledger WHERE (task_id, scheduled_for) IN (
    SELECT task_id, scheduled_for FROM ledger WHERE noted_at < now() - :keep
    ORDER BY noted_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")

BEFORE = [str(reason) for reason in BEFORE_A_RUN]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A due time and why it did not become a plain start on time.

    `cause` says why, where the reason's word does not say it all; `detail` holds ids for programs.
    With `until`, it is about `times` due times from `scheduled_for` to it.
    """

    task_id: uuid.UUID
    scheduled_for: datetime
    reason: Reason
    cause: CodedReason | None = None
    run_id: uuid.UUID | None = None
    until: datetime | None = None
    times: int = 1
    detail: Document = field(default_factory=dict)


class Noted(NamedTuple):
    """A row of the ledger, as `LedgerEntry`, with the `lateness` in seconds of a late start.

    `text` is the clause that a release before codes wrote instead of a cause.
    """

    task_id: uuid.UUID
    scheduled_for: datetime
    reason: Reason
    cause: CodedReason | None
    run_id: uuid.UUID | None
    until: datetime | None
    times: int
    detail: Document
    lateness: float | None
    noted_at: datetime
    text: str | None

    @property
    def because(self) -> str | None:
        """Return the clause after the reason's word in plain text, or None."""
        return ledger_clause(self.reason, self.cause, self.text) or None


def note(connection: Connection, entries: Sequence[LedgerEntry]) -> None:
    """Write these entries in one statement; a newer word about a due time replaces the older.

    Lock the tasks first, or be the only one who writes about them: two that note the same due
    times in the same instant wait for each other. Entries may not repeat a due time of a task.
    """
    if entries:
        document = json.dumps([_row(entry) for entry in entries])
        connection.execute(NOTE, {"entries": document})


def list_ledger(
    connection: Connection,
    *,
    task_id: uuid.UUID,
    page_size: int,
    before: datetime | None = None,
    since: datetime | None = None,
    reason: str | None = None,
) -> list[Noted]:
    """Return at most `page_size` rows of a task due before `before`, newest due time first."""
    params = {
        "task_id": task_id,
        "limit": page_size,
        "before": before,
        "since": since,
        "reason": reason,
        "before_a_run": BEFORE,
    }
    return [_noted(row) for row in connection.execute(OF_TASK, params)]


def find_in_ledger(connection: Connection, *, task_id: uuid.UUID, due: datetime) -> Noted | None:
    """Return the ledger's row for this due time, alone or as one of several."""
    params = {"task_id": task_id, "due": due, "before_a_run": BEFORE}
    row = connection.execute(COVERING, params).one_or_none()
    return None if row is None else _noted(row)


def prune_ledger(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` rows older than `keep`; return how many."""
    return connection.execute(PRUNE, {"keep": keep, "limit": batch_size}).rowcount


def _noted(row: Row[tuple[object, ...]]) -> Noted:
    late = row.detail.get("lateness_ms")
    return Noted(
        row.task_id,
        row.scheduled_for,
        Reason(row.reason),
        stored_reason(row.reason_code, row.reason_args),
        row.run_id,
        row.until,
        row.times,
        row.detail,
        None if late is None else late / 1000,
        row.noted_at,
        row.because,
    )


def _row(entry: LedgerEntry) -> dict[str, object]:
    return {
        "task_id": str(entry.task_id),
        "scheduled_for": entry.scheduled_for.isoformat(),
        "reason": entry.reason,
        "code": entry.cause and entry.cause.code,
        "args": entry.cause and entry.cause.args,
        "detail": entry.detail,
        "run_id": entry.run_id and str(entry.run_id),
        "until": entry.until and entry.until.isoformat(),
        "times": entry.times,
    }
