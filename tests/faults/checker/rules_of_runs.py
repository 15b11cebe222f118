"""What must hold of the rows: each due time has its run, and each run its orderly life."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from punctual.domain.runs.states import FINAL
from tests.faults.checker.history import History, RunRow, Sight

Broken = Iterator[tuple[str, str]]

SAME_INSTANT = 1e-3
STANDS_FOR_MORE = "stands for"


def every_due_time_has_a_run(history: History) -> Broken:
    """Each promise has a run of its own, and each run that started or is to start a promise."""
    unclaimed: dict[str, list[RunRow]] = defaultdict(list)
    for run in history.runs:
        if run.trigger == "schedule":
            unclaimed[run.task_id].append(run)
    for promise in sorted(history.promises, key=lambda p: p.due):
        runs = unclaimed[promise.task_id]
        match = next((r for r in runs if abs(r.scheduled_for - promise.due) < SAME_INSTANT), None)
        if match is not None:
            runs.remove(match)
        elif not any(_stands_for(r, promise.due) for r in history.runs_of(promise.task_id)):
            yield promise.task_id, f"due at {promise.due:.3f}, and no run"
    promised = {promise.task_id for promise in history.promises}
    for task_id in promised:
        # A run planned ahead of its time is cancelled when its task is paused.
        for run in (r for r in unclaimed[task_id] if r.state != "cancelled" or r.attempt):
            yield run.id, f"a run that no task asked for, at {run.scheduled_for:.3f}"


def _stands_for(run: RunRow, due: float) -> bool:
    named = STANDS_FOR_MORE in (run.reason or "")
    return run.state == "missed" and named and run.scheduled_for <= due


def every_run_ends(history: History) -> Broken:
    """When all is over, no run is left unfinished."""
    for run in history.runs:
        if not run.is_final:
            yield run.id, f"still {run.state} (attempt {run.attempt}, fence {run.fence})"


def reasons_are_named(history: History) -> Broken:
    """A run that did not succeed says why."""
    for run in history.runs:
        if run.is_final and run.state != "succeeded" and not run.reason:
            yield run.id, f"{run.state} without a reason"


def attempts_are_counted(history: History) -> Broken:
    """Attempts are 1, 2, 3… without a gap, and no more than allowed."""
    ended: dict[str, list[int]] = defaultdict(list)
    for attempt in history.attempts:
        ended[attempt.run_id].append(attempt.attempt)
    for run in history.runs:
        numbers = sorted(ended[run.id])
        if run.attempt > run.max_attempts:
            yield run.id, f"{run.attempt} attempts of {run.max_attempts}"
        if run.is_final and numbers != list(range(1, run.attempt + 1)):
            yield run.id, f"{run.attempt} attempts, and on record {numbers}"


def final_is_final(history: History) -> Broken:
    """A run once seen in a final state is never seen otherwise."""
    for run_id, sights in _by_run(history).items():
        for before, after in pairwise(sights):
            if before.state in FINAL and (after.state, after.attempt, after.fence) != (
                before.state,
                before.attempt,
                before.fence,
            ):
                yield run_id, f"{before.state}, and at {after.at:.3f} {after.state}"


def fences_only_grow(history: History) -> Broken:
    """No fence is ever seen smaller than before, and each attempt has a greater one."""
    for run_id, sights in _by_run(history).items():
        for before, after in pairwise(sights):
            if after.fence < before.fence:
                yield run_id, f"fence {before.fence}, and at {after.at:.3f} {after.fence}"
    fences: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for attempt in history.attempts:
        fences[attempt.run_id].append((attempt.attempt, attempt.fence))
    for run_id, pairs in fences.items():
        for earlier, later in pairwise(sorted(pairs)):
            if later[1] <= earlier[1]:
                yield run_id, f"attempts {earlier[0]}, {later[0]}: fences {earlier[1]}, {later[1]}"


def _by_run(history: History) -> dict[str, list[Sight]]:
    sights: dict[str, list[Sight]] = defaultdict(list)
    for sight in sorted(history.sights, key=lambda s: s.at):
        sights[sight.run_id].append(sight)
    return sights
