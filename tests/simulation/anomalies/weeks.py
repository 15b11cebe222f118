"""Weeks of made-up runs, judged one after the other by the product's own rules."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from punctual.domain.alerts.events import EventKind
from punctual.domain.anomalies.history import history_of, is_stale
from punctual.domain.anomalies.norms import MIN_RUNS
from punctual.domain.anomalies.verdict import (
    LEAST_BYTES,
    SHORTEST_SECONDS,
    Norms,
    Sensitivity,
    Success,
    judge,
    learn_norms,
)
from tests.simulation.anomalies.tasks import MadeUpTask, made_up_task

BEGUN = datetime(2026, 10, 5, tzinfo=UTC)
LEARNED = timedelta(weeks=4)
JUDGED = timedelta(weeks=1)

PLANTED = {EventKind.FAST: 1 / 10, EventKind.SLOW: 8.0, EventKind.SILENT: 1 / 50}
"""What a planted anomaly makes of an ordinary value, at most 2 in a task and week."""

MODES = {EventKind.FAST: min, EventKind.SLOW: max}
"""Of a task with two modes it is an anomaly in both: by the faster, or by the slower one."""


@dataclass
class Outcome:
    """What was found and what was not, false alarms by kind, and the number of ordinary runs."""

    found: Counter[str]
    missed: Counter[str]
    false: Counter[str]
    ordinary: int

    @property
    def rate(self) -> float:
        """False alarms in 10,000 ordinary runs."""
        return 10_000 * self.false.total() / max(self.ordinary, 1)

    @property
    def share(self) -> float:
        """Return which share of the planted anomalies was found."""
        return self.found.total() / max(self.found.total() + self.missed.total(), 1)

    def plus(self, other: "Outcome") -> "Outcome":
        """Return both together."""
        return Outcome(
            self.found + other.found,
            self.missed + other.missed,
            self.false + other.false,
            self.ordinary + other.ordinary,
        )


def simulate(seed: int, *, tasks: int) -> Outcome:
    """Return what becomes of one week of these many tasks, after four weeks without judgement."""
    random = Random(seed)
    outcome = Outcome(Counter(), Counter(), Counter(), 0)
    for _ in range(tasks):
        outcome = outcome.plus(_one_task(random, made_up_task(random)))
    return outcome


def _one_task(random: Random, task: MadeUpTask) -> Outcome:
    outcome = Outcome(Counter(), Counter(), Counter(), 0)
    history: list[Success] = []
    at, judged_from = BEGUN + timedelta(minutes=random.randrange(60)), BEGUN + LEARNED
    plan = _planted(random, task)
    norms: Norms | None = None
    since = 0
    odd: EventKind | None = None
    while at < judged_from + JUDGED:
        kind = next((plan.pop(due) for due in sorted(plan) if due <= at), None)
        seconds, written = task.run(random, at, BEGUN, mode=MODES.get(kind) if kind else None)
        if at < judged_from or len(history) < MIN_RUNS:
            history.append(Success(at, seconds, written))
            at += task.every
            continue
        if kind in (EventKind.FAST, EventKind.SLOW):
            seconds *= _times(kind, task.seconds_sigma)
        if kind == EventKind.SILENT:
            written = int(written * _times(kind, task.output_sigma))
        if norms is None or odd is not None or is_stale(norms, since):
            norms, since = learn_norms(history_of(history, at)), 0
        run = Success(at, seconds, written)
        found = {anomaly.kind for anomaly in judge(run, norms, Sensitivity.NORMAL)}
        odd, since = next(iter(found), None), since + 1
        history.append(Success(at, seconds, written, odd))
        if kind is not None:
            (outcome.found if kind in found else outcome.missed)[kind] += 1
        else:
            outcome.ordinary += 1
            outcome.false.update(found)
        at += task.every
    return outcome


def _planted(random: Random, task: MadeUpTask) -> dict[datetime, EventKind]:
    """Return when which anomaly comes, of those that the task can have."""
    kinds = []
    if task.seconds > 2 * SHORTEST_SECONDS:
        kinds.append(EventKind.FAST)
    if task.seconds > SHORTEST_SECONDS / 2:
        kinds.append(EventKind.SLOW)
    if task.output > 4 * LEAST_BYTES:
        kinds.append(EventKind.SILENT)
    return {
        BEGUN + LEARNED + random.random() * JUDGED * 0.8: kind
        for kind in random.sample(kinds, min(len(kinds), 2))
    }


def _times(kind: EventKind, sigma: float) -> float:
    """Return the factor of a planted anomaly: beyond the noise of a task that varies much."""
    least = PLANTED[kind]
    beyond = math.exp(10 * sigma)
    return max(least, beyond) if least > 1 else min(least, 1 / beyond)
