"""Outcome: turn the end of an attempt into its result and reason."""

from dataclasses import replace
from typing import Any

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.domain.runs.retry import SAME_AGAIN, why_no_retry
from punctual.store.lifecycle.finish import AttemptResult
from punctual_worker.agent.attempts.active_attempts import ActiveAttempt
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.runner_link.messages import EndedEvent

CANCELLED = "cancelled"
SHUTDOWN = "shutdown"
LEASE = "lease"
NUL = "\0"
LONGEST_REASON = 500

SHUT_DOWN = coded(ReasonCode.SHUT_DOWN)

STOPPED = {
    CANCELLED: ("cancelled", coded(ReasonCode.CANCELLED, when="running")),
    SHUTDOWN: ("lost", SHUT_DOWN),
    LEASE: ("lost", coded(ReasonCode.LEASE_LOST)),
}


def report_of(attempt: ActiveAttempt, ended: EndedEvent, clock: DatabaseClock) -> AttemptResult:
    """Return the result of an attempt that the runner has reported as ended."""
    outcome, reason = _judge(attempt, ended)
    started_at = None
    if ended.started_ns is not None:
        # The runner never fires early; reading two clocks may be off by some microseconds.
        started_at = max(clock.instant(ended.started_ns), attempt.due_at)
    finished_at = clock.instant(ended.ended_ns)
    return AttemptResult(
        run_id=attempt.run_id,
        fence=attempt.fence,
        outcome=outcome,
        started_at=started_at,
        finished_at=max(finished_at, started_at or finished_at),
        exit_code=ended.exit_code,
        signal=ended.signal,
        reason=reason,
        output=ended.output,
        segments=ended.signed_segments,
        head_bytes=ended.head_bytes,
        output_bytes=ended.output_bytes,
        output_truncated=ended.truncated,
        left_behind=ended.left_behind,
        no_retry=SAME_AGAIN
        if ended.permanent
        else why_no_retry(attempt.rule, outcome, exit_code=ended.exit_code, signal=ended.signal),
    )


def was_unlaunched(ended: EndedEvent) -> bool:
    """Return whether an attempt was stopped before its command ran, and not by a user."""
    return ended.started_ns is None and ended.stopped in (SHUTDOWN, LEASE)


def lost_report(attempt: ActiveAttempt, reason: CodedReason, clock: DatabaseClock) -> AttemptResult:
    """Return the report of an attempt without a known end, with its output as far as known."""
    started_at = None if attempt.started_ns is None else clock.instant(attempt.started_ns)
    return AttemptResult(
        run_id=attempt.run_id,
        fence=attempt.fence,
        outcome="lost",
        started_at=started_at and max(started_at, attempt.due_at),
        finished_at=clock.now(),
        exit_code=None,
        signal=None,
        reason=reason,
        **_seen(attempt),
    )


def _seen(attempt: ActiveAttempt) -> dict[str, Any]:
    seen = attempt.seen
    if seen is None:
        empty = {"output": b"", "segments": (), "head_bytes": 0, "output_bytes": 0}
        return {**empty, "output_truncated": False}
    return {
        "output": seen.output,
        "segments": seen.signed_segments,
        "head_bytes": seen.head_bytes,
        "output_bytes": seen.output_bytes,
        "output_truncated": True,  # more may have been written
    }


def could_not_start(error: str) -> CodedReason:
    """Return the reason of an attempt whose command cannot be made, with what went wrong."""
    return coded(ReasonCode.COULD_NOT_START, error=_clean(error))


def unstarted_report(
    attempt: ActiveAttempt, reason: CodedReason, clock: DatabaseClock, *, same_again: bool
) -> AttemptResult:
    """Return the result of an attempt whose command cannot be started on this worker.

    `same_again`: nor on another one, or later.
    """
    rule = (
        SAME_AGAIN
        if same_again
        else why_no_retry(attempt.rule, "failed", exit_code=None, signal=None)
    )
    return replace(lost_report(attempt, reason, clock), outcome="failed", no_retry=rule)


def _judge(attempt: ActiveAttempt, ended: EndedEvent) -> tuple[str, CodedReason | None]:
    reason = _own_reason(ended)
    if ended.stopped == "timeout":
        return "timed_out", coded(ReasonCode.TIMEOUT, seconds=attempt.timeout)
    if ended.stopped in STOPPED:
        outcome, stopped = STOPPED[ended.stopped]
        return outcome, reason or stopped
    if reason is not None:
        return "failed", reason
    if ended.signal is not None:
        return "failed", coded(ReasonCode.SIGNAL, signal=ended.signal)
    if ended.exit_code == 0:
        return "succeeded", None
    return "failed", _why(attempt, ended)


def _own_reason(ended: EndedEvent) -> CodedReason | None:
    """Return the runner's own reason, in addition to how the process ended."""
    if ended.limit is not None:
        kind, most = ended.limit
        status = ended.exit_code if kind == "file_bytes" else None
        return coded(ReasonCode.RESOURCE_LIMIT, limit=kind, most=most, exit_code=status)
    if ended.error is not None:
        started = ended.started_ns is not None
        code = ReasonCode.COULD_NOT_END if started else ReasonCode.COULD_NOT_START
        return coded(code, error=_clean(ended.error))
    return None


def _why(attempt: ActiveAttempt, ended: EndedEvent) -> CodedReason:
    lines = ended.stream(2).decode(errors="replace").split("\n") if attempt.explains_failure else []
    message = next((line for line in reversed(lines) if line.strip()), None)
    if message is None:
        return coded(ReasonCode.EXIT_CODE, exit_code=ended.exit_code)
    return coded(ReasonCode.HTTP_ERROR, message=_clean(message), exit_code=ended.exit_code)


def _clean(message: str) -> str:
    return message.replace(NUL, "")[:LONGEST_REASON]
