"""What must hold of the processes: each start once, on time, alone, and gone when it should be."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.history import History, RunRow
from tests.faults.checker.spans import Span, spans

Broken = Iterator[tuple[str, str]]

AFTER_GRACE_SECONDS = 2.0
LOOKS_APART = 0.6
"""The most seconds between two looks at the rows or at the processes."""


def at_most_one_start(history: History) -> Broken:
    """In the commands' own log each attempt started once at most."""
    starts = Counter((line.run_id, line.attempt) for line in history.starts())
    for (run_id, attempt), times in starts.items():
        if times > 1:
            yield run_id, f"attempt {attempt} started {times} times"


def starts_are_known(history: History) -> Broken:
    """What started is a run of ours, on record as an attempt, and under that attempt's fence."""
    runs = {run.id: run for run in history.runs}
    fences = {(a.run_id, a.attempt): a.fence for a in history.attempts}
    for line in history.starts():
        run = runs.get(line.run_id)
        if run is None:
            yield line.run_id, "started, and there is no such run"
        elif line.attempt > run.attempt:
            yield line.run_id, f"attempt {line.attempt} started, and {run.attempt} are on record"
        elif fences.get((line.run_id, line.attempt), line.fence) != line.fence:
            yield line.run_id, f"attempt {line.attempt} started under another fence, {line.fence}"
    started = {(line.run_id, line.attempt) for line in history.starts()}
    for run in history.runs:
        if run.state == "succeeded" and (run.id, run.attempt) not in started:
            yield run.id, "succeeded, and never started"


def never_early(history: History) -> Broken:
    """No command starts before it is due."""
    due = {(a.run_id, a.attempt): a.due_at for a in history.attempts}
    for line in history.starts():
        at = due.get((line.run_id, line.attempt))
        if at is not None and line.at < at:
            yield line.run_id, f"attempt {line.attempt} {at - line.at:.3f} s early"


def never_too_late(history: History) -> Broken:
    """Each promised run starts for the first time within the bound, or was allowed not to.

    One of `overlap: queue` waits for those before it, however long they take.
    """
    first: dict[str, float] = {}
    for line in history.starts():
        first.setdefault(line.run_id, line.at)
    runs = {(run.task_id, round(run.scheduled_for, 3)): run for run in history.runs}
    for promise in history.promises:
        run = runs.get((promise.task_id, round(promise.due, 3)))
        if run is None:
            continue  # another rule's business
        at = first.get(run.id)
        if at is None:
            if not promise.may_be_dropped and run.attempt == 0:
                yield run.id, f"never started: {run.state}, {run.reason}"
        elif at > promise.due + history.late_by and run.overlap != "queue":
            yield run.id, f"{at - promise.due:.1f} s late"


def attempts_never_overlap(history: History) -> Broken:
    """No sign of life of an attempt comes after the next one's start."""
    if history.keeps:
        return
    of_run: dict[str, list[Span]] = defaultdict(list)
    for span in spans(history):
        of_run[span.run_id].append(span)
    for run_id, lives in of_run.items():
        for earlier, later in _pairs(lives):
            if earlier.attempt != later.attempt and earlier.overlaps(later):
                which = f"attempts {earlier.attempt} and {later.attempt}"
                yield run_id, f"{which} both lived at {later.begin:.3f}"


def skip_never_overlaps(history: History) -> Broken:
    """Of a task with `overlap: skip` no two runs live at the same time."""
    runs: dict[str, RunRow] = {run.id: run for run in history.runs if run.overlap == "skip"}
    of_task: dict[str, list[Span]] = defaultdict(list)
    for span in spans(history):
        if span.run_id in runs:
            of_task[runs[span.run_id].task_id].append(span)
    for task_id, lives in of_task.items():
        for earlier, later in _pairs(lives):
            if earlier.run_id != later.run_id and earlier.overlaps(later):
                yield task_id, f"runs {earlier.run_id} and {later.run_id} both ran"
    running: dict[str, set[str]] = defaultdict(set)
    # Of what was seen in one look, first what ended, then what began.
    for sight in sorted(history.sights, key=lambda s: (s.at, s.state == "running")):
        others = running[sight.task_id]
        others.discard(sight.run_id)
        if sight.state == "running" and sight.run_id in runs:
            if others:
                yield sight.task_id, f"two runs were `running` at {sight.at:.3f}"
            others.add(sight.run_id)


def nothing_outlives_its_run(history: History) -> Broken:
    """When an attempt is no longer running, nothing of it lives beyond the grace and 2 s."""
    if history.keeps:
        return
    left: dict[tuple[str, int], float] = {}
    for sight in sorted(history.sights, key=lambda s: s.at):
        over = sight.attempt - (sight.state == "running")
        for attempt in range(over, 0, -1):
            if (sight.run_id, attempt) in left:
                break
            left[sight.run_id, attempt] = sight.at
    allowed_seconds = history.grace + AFTER_GRACE_SECONDS + LOOKS_APART
    for process in history.living:
        at = left.get((process.run_id, process.attempt))
        if at is not None and process.last > at + allowed_seconds:
            after = process.last - at
            yield process.run_id, f"pid {process.pid} lived {after:.1f} s after the attempt's end"


def _pairs(lives: list[Span]) -> Iterator[tuple[Span, Span]]:
    ordered = sorted(lives, key=lambda span: span.begin)
    for number, earlier in enumerate(ordered):
        for later in ordered[number + 1 :]:
            yield earlier, later
