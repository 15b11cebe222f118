"""Finish: record how an attempt ended, and decide its run; the database owns retries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import CodedReason
from punctual.domain.runs.retry import NoRetry
from punctual.ops.json_text import as_text
from punctual.store.driver.notify import wake_coordinators
from punctual.store.driver.plan_hints import by_key, no_index
from punctual.store.driver.raw_statements import rows
from punctual.store.lifecycle.retry_sql import retry_wait_sql
from punctual.store.runs.punctuality import TALLY

WAIT = retry_wait_sql(
    "r.attempt",
    "(spec->>'retry_delay')::float8",
    "(spec->>'retry_delay_max')::float8",
    jitter="2 * random() - 1",
)

# A worker's role may not read `spec` itself.
RETRY_DELAY = f"(SELECT {WAIT} FROM held_run(r.id)) * interval '1 second'"

# What an ended attempt makes of its run: success beats cancel, cancel beats retry.
NEXT_STATE = """
    CASE WHEN outcome = 'succeeded' THEN 'succeeded'
         WHEN r.cancel_requested_at IS NOT NULL OR outcome = 'cancelled' THEN 'cancelled'
         WHEN r.attempt < r.max_attempts AND no_retry IS NULL THEN 'scheduled'
         ELSE outcome END
"""

# Of `r`, the run; `why` and `why_args` are the attempt's. Who had a run cancelled says why, and
# else what its attempt came to.
REASON = """
    CASE WHEN next_state = 'cancelled' THEN coalesce(r.reason_code, 'cancelled') ELSE why END
        AS reason_code,
    CASE WHEN next_state <> 'cancelled' AND r.attempt < r.max_attempts AND no_retry IS NOT NULL
         THEN why_args || jsonb_build_object('not_retried', no_retry)
         WHEN next_state <> 'cancelled' THEN why_args
         WHEN r.reason_code IS NOT NULL THEN coalesce(r.reason_args, '{}')
         WHEN why = 'cancelled' THEN why_args
         WHEN why IS NULL THEN jsonb_build_object('when', 'running')
         ELSE jsonb_build_object('when', 'running', 'after',
                                 jsonb_build_object('code', why, 'args', why_args)) END
        AS reason_args
"""

# The steps after `ended` are the same whether the worker reports or the reaper gives up.
SETTLE = f"""
settled AS (
    UPDATE runs SET
        state = ended.next_state,
        fence = runs.fence + (ended.next_state = 'scheduled')::int,
        due_at = coalesce(ended.retry_at, runs.due_at),
        worker_id = CASE WHEN ended.next_state = 'scheduled' THEN NULL ELSE runs.worker_id END,
        started_at = ended.started_at,
        finished_at = CASE WHEN ended.next_state <> 'scheduled' THEN ended.finished_at END,
        lateness_ms = ended.lateness_ms, exit_code = ended.exit_code, signal = ended.signal,
        reason = NULL, reason_code = ended.reason_code, reason_args = ended.reason_args,
        output_bytes = ended.output_bytes,
        output_truncated = ended.output_truncated, left_behind = ended.left_behind
    FROM ended WHERE {by_key("runs.id", "ended.id")}
), kept AS (
    INSERT INTO attempts (run_id, attempt, fence, state, worker_id, worker, due_at, started_at,
        finished_at, lateness_ms, exit_code, signal, reason_code, reason_args, output_bytes,
        output_truncated, left_behind)
    SELECT id, attempt, fence, attempt_state, worker_id, worker, due_at, started_at,
        finished_at, lateness_ms, exit_code, signal, reason_code, reason_args, output_bytes,
        output_truncated, left_behind
    FROM ended
), {TALLY}
SELECT id, attempt, task_id, next_state, retry_at, overlap, lateness_ms, limited FROM ended
"""

FINISH = text(f"""
WITH reported AS (
    SELECT * FROM jsonb_to_recordset(CAST(:reports AS jsonb)) AS t (
        id uuid, fence bigint, outcome text, started_at timestamptz, finished_at timestamptz,
        exit_code int, signal smallint, reason_code text, reason_args jsonb, output_bytes bigint,
        output_truncated boolean, left_behind int, no_retry jsonb)
), locked AS (
    SELECT r.id, r.attempt, r.max_attempts, r.task_id, r.fence, r.worker_id, r.worker, r.due_at,
           r.overlap, r.cancel_requested_at, r.limited, r.team_id, r.trigger, r.reason_code,
           r.reason_args,
           t.outcome, t.started_at AS began, t.finished_at AS ended_at, t.exit_code AS code,
           t.signal AS sig, t.reason_code AS why, t.reason_args AS why_args,
           t.output_bytes AS bytes, t.output_truncated AS cut, t.left_behind, t.no_retry
    FROM runs AS r JOIN reported AS t ON {by_key("r.id", "t.id")} AND t.fence = r.fence
    WHERE r.worker_id = :worker_id AND {no_index("r.state")} = 'running'
    ORDER BY r.due_at, r.id FOR UPDATE OF r
), judged AS (
    SELECT r.*, {NEXT_STATE} AS next_state FROM locked AS r
), ended AS (
    SELECT r.id, r.attempt, r.task_id, r.fence, r.worker_id, r.worker, r.due_at, r.overlap,
        r.limited, r.team_id, r.trigger,
        next_state, CASE WHEN next_state = 'scheduled' THEN outcome ELSE next_state END
            AS attempt_state,
        CASE WHEN next_state = 'scheduled' THEN clock_timestamp() + {RETRY_DELAY} END AS retry_at,
        began AS started_at, ended_at AS finished_at,
        (extract(epoch FROM began - r.due_at) * 1000)::float8 AS lateness_ms,
        code AS exit_code, sig AS signal, {REASON}, bytes AS output_bytes,
        cut AS output_truncated, left_behind
    FROM judged AS r
), {SETTLE}
""")

LATE = text("""
UPDATE attempts AS a SET late = true, exit_code = t.exit_code, signal = t.signal,
    started_at = t.started_at, finished_at = t.finished_at, output_bytes = t.output_bytes,
    output_truncated = t.output_truncated, left_behind = t.left_behind
FROM jsonb_to_recordset(CAST(:reports AS jsonb)) AS t (
    id uuid, fence bigint, started_at timestamptz, finished_at timestamptz, exit_code int,
    signal smallint, output_bytes bigint, output_truncated boolean, left_behind int)
WHERE a.run_id = t.id AND a.fence = t.fence AND a.worker_id = :worker_id AND a.state = 'lost'
RETURNING a.run_id
""")

KEEP_OUTPUT = text("""
INSERT INTO outputs (run_id, attempt, data, segments, head_bytes)
SELECT a.run_id, a.attempt, o.data,
       ARRAY(SELECT length::int FROM jsonb_array_elements_text(o.segments::jsonb) AS length),
       o.head_bytes
FROM unnest(CAST(:run_ids AS uuid[]), CAST(:fences AS bigint[]), CAST(:data AS bytea[]),
            CAST(:segments AS text[]), CAST(:head_bytes AS int[]))
     AS o (run_id, fence, data, segments, head_bytes)
JOIN attempts AS a ON a.run_id = o.run_id AND a.fence = o.fence
ON CONFLICT DO NOTHING
""")

FORGET_SEEN = text("""
SELECT forget_seen_output(run_id, fence)
FROM unnest(CAST(:run_ids AS uuid[]), CAST(:fences AS bigint[])) AS late (run_id, fence)
""")

WAITING = text("""
SELECT EXISTS (SELECT FROM runs WHERE task_id = ANY(:task_ids) AND overlap = 'queue'
               AND state = 'scheduled' AND due_at <= now() + interval '30 seconds')
""")


@dataclass(slots=True)
class AttemptResult:
    """How one attempt ended; `outcome` is succeeded, failed, timed_out, cancelled or lost.

    `no_retry` says why it must not be retried, whatever attempts are left; None allows it.
    `left_behind` counts the processes that outlived it and were ended.
    `segments` are lengths of `output`'s parts in order: positive stdout, negative stderr.
    """

    run_id: uuid.UUID
    fence: int
    outcome: str
    started_at: datetime | None
    finished_at: datetime
    exit_code: int | None
    signal: int | None
    reason: CodedReason | None
    output: bytes
    segments: tuple[int, ...]
    head_bytes: int
    output_bytes: int
    output_truncated: bool
    left_behind: int = 0
    no_retry: NoRetry | None = None


class Settled(NamedTuple):
    """The run's state after a finished attempt; `retry_at` when it will be retried."""

    run_id: uuid.UUID
    attempt: int
    task_id: uuid.UUID
    state: str
    retry_at: datetime | None
    overlap: str
    lateness_ms: float | None
    limited: bool


def finish(
    connection: Connection, *, worker_id: uuid.UUID, reports: Sequence[AttemptResult]
) -> list[Settled]:
    """Record how attempts ended, with their output; answers the runs that this decided.

    A report that comes too late, after its run was reaped, leaves the run as it is and is kept
    on the attempt as `late`. Safe to repeat when a commit's outcome is unknown.
    """
    document = as_text([_row(report) for report in reports])
    params = {"reports": document, "worker_id": worker_id}
    settled = [Settled(*row) for row in rows(connection, "finish", FINISH, params)]
    if len(settled) < len(reports):
        connection.execute(LATE, params)
        written = [report for report in reports if report.output]
        pairs = {"run_ids": [r.run_id for r in written], "fences": [r.fence for r in written]}
        connection.execute(FORGET_SEEN, pairs)
    _keep_output(connection, [report for report in reports if report.output])
    wake_for_next(connection, settled)
    return settled


def wake_for_next(connection: Connection, settled: Sequence[Settled]) -> None:
    """Wake a coordinator for retries that are due soon and for runs that waited for these."""
    queueing = [run.task_id for run in settled if run.overlap == "queue"]
    if any(run.retry_at or run.limited for run in settled) or (
        queueing and connection.execute(WAITING, {"task_ids": queueing}).scalar_one()
    ):
        wake_coordinators(connection)


def _row(report: AttemptResult) -> dict[str, object]:
    return {
        "id": report.run_id,
        "fence": report.fence,
        "outcome": report.outcome,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "exit_code": report.exit_code,
        "signal": report.signal,
        "reason_code": report.reason and report.reason.code,
        "reason_args": report.reason and report.reason.args,
        "output_bytes": report.output_bytes,
        "output_truncated": report.output_truncated,
        "left_behind": report.left_behind,
        "no_retry": report.no_retry,
    }


def _keep_output(connection: Connection, reports: Sequence[AttemptResult]) -> None:
    if not reports:
        return
    rows(
        connection,
        "keep",
        KEEP_OUTPUT,
        {
            "run_ids": [report.run_id for report in reports],
            "fences": [report.fence for report in reports],
            "data": [report.output for report in reports],
            "segments": [str(list(report.segments)) for report in reports],
            "head_bytes": [report.head_bytes for report in reports],
        },
    )
