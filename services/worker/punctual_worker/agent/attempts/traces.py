"""Traces: export a span for each ended attempt, and for each final run."""

from collections.abc import Sequence

from punctual.domain.runs.states import FINAL
from punctual.ops.tracing import Tracing
from punctual.store.lifecycle.finish import AttemptResult, Settled


def trace(tracing: Tracing, settled: Sequence[Settled], batch: Sequence[AttemptResult]) -> None:
    """Tell the attempts that these reports ended, once that is committed."""
    reports = {report.run_id: report for report in batch}
    for run in settled:
        report = reports[run.run_id]
        fields = {"task_id": str(run.task_id), "lateness_ms": run.lateness_ms}
        if report.started_at is not None:
            tracing.attempt_ended(
                run.run_id,
                attempt=run.attempt,
                outcome=report.outcome,
                started_at=report.started_at,
                ended_at=report.finished_at,
                fields={
                    **fields,
                    "exit_code": report.exit_code,
                    "reason": report.reason and report.reason.code,
                },
            )
        if run.state in FINAL:
            tracing.run_ended(run.run_id, state=run.state, at=report.finished_at, fields=fields)
