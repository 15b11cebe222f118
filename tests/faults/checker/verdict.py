"""The end of a scenario: everything settles, the history is taken and held to the promises."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from tests.faults.checker.check import Violation, check
from tests.faults.checker.history import AttemptRow, History, Promise, RunRow
from tests.faults.system.cluster import Cluster
from tests.support.eventually import eventually
from tests.support.rows import reason_of

RUNS = text("""
SELECT id::text, task_id::text, state, trigger, extract(epoch FROM scheduled_for)::float8,
       attempt, max_attempts, fence, overlap,
       reason, reason_code, reason_args
FROM runs ORDER BY due_at, id
""")
ATTEMPTS = text("""
SELECT run_id::text, attempt, fence, state, extract(epoch FROM due_at)::float8
FROM attempts ORDER BY run_id, attempt
""")
UNSETTLED = text("""
SELECT count(*) FROM tasks AS t WHERE t.id = ANY(CAST(:ids AS uuid[]))
AND (NOT EXISTS (SELECT FROM runs WHERE task_id = t.id)
     OR EXISTS (SELECT FROM runs WHERE task_id = t.id
                AND state IN ('scheduled', 'queued', 'claimed', 'running')))
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a history comes to; `worst_late` is the latest first start, in seconds."""

    history: History
    violations: list[Violation]
    worst_late: float
    states: dict[str, int]

    def run_of(self, promise: Promise) -> RunRow:
        """The run that a promise became."""
        return next(r for r in self.history.runs if r.task_id == promise.task_id)

    def starts_of(self, promise: Promise) -> int:
        """How often that run's commands started, by their own account."""
        run_id = self.run_of(promise).id
        return sum(line.run_id == run_id for line in self.history.starts())


def settled(cluster: Cluster, promises: Sequence[Promise], *, within: float) -> None:
    """Wait until every promised due time has become a run, and every run has ended."""
    eventually(lambda: unsettled(cluster, promises) == 0, within=within, every=0.1)


def unsettled(cluster: Cluster, promises: Sequence[Promise]) -> int:
    """How many promised tasks have no run yet, or one that has not ended."""
    ids = sorted({promise.task_id for promise in promises})
    with cluster.engine.connect() as connection:
        return int(connection.execute(UNSETTLED, {"ids": ids}).scalar_one())


def judge(
    cluster: Cluster, promises: Sequence[Promise], *, late_by: float, keeps: bool = False
) -> Verdict:
    """The verdict on what happened in the cluster so far; `late_by` bounds first starts."""
    with cluster.engine.connect() as connection:
        runs = [RunRow(*[*row[:-3], reason_of(row)]) for row in connection.execute(RUNS)]
        attempts = [AttemptRow(*row) for row in connection.execute(ATTEMPTS)]
    ours = {run.id for run in runs}  # other scenarios may run on this machine at the same time
    history = History(
        promises=list(promises),
        runs=runs,
        attempts=attempts,
        lines=cluster.journal.lines(),
        sights=cluster.watch.sights(),
        living=[process for process in cluster.watch.living() if process.run_id in ours],
        late_by=late_by,
        grace=cluster.grace,
        keeps=keeps,
    )
    states: dict[str, int] = {}
    for run in runs:
        states[run.state] = states.get(run.state, 0) + 1
    return Verdict(history, check(history), _worst(history), states)


def _worst(history: History) -> float:
    first: dict[str, float] = {}
    for line in history.starts():
        first.setdefault(line.run_id, line.at)
    due = {
        run.id: run.scheduled_for
        for run in history.runs
        if run.trigger == "schedule" and run.overlap != "queue"  # those wait for one another
    }
    return max((at - due[run_id] for run_id, at in first.items() if run_id in due), default=0.0)


def retried_after(verdict: Verdict, fault_at: float) -> float:
    """Seconds from the fault to the last start of a second attempt; 0 when there was none."""
    seconds = [x.at - fault_at for x in verdict.history.starts() if x.attempt > 1]
    return max(seconds, default=0.0)
