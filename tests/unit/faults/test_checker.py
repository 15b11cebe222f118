"""The checker sees every kind of broken promise: hand-made histories, one of which is good."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.checker.check import RULES, check
from tests.faults.checker.history import AttemptRow, History, Living, Promise, RunRow, Sight
from tests.faults.system.journal import JournalLine

Change = Callable[[History], None]

DUE = 1_000_000.0
RUN, TASK, OTHER = "run-1", "task-1", "run-2"


THE_RUN = RunRow(RUN, TASK, "succeeded", "schedule", DUE, 2, 4, 5, "skip", None)


def a_run(**changed: Any) -> RunRow:
    return replace(THE_RUN, **changed)


def a_sight(after: float, state: str, attempt: int, fence: int, run_id: str = RUN) -> Sight:
    return Sight(DUE + after, run_id, TASK, state, attempt, fence)


def a_line(kind: str, after: float, attempt: int, fence: int, run_id: str = RUN) -> JournalLine:
    return JournalLine(kind, run_id, attempt, fence, 100 + attempt, DUE + after)


def good() -> History:
    """One due time, whose first attempt was lost with its worker and whose second succeeded."""
    return History(
        promises=[Promise(TASK, DUE)],
        runs=[a_run()],
        attempts=[
            AttemptRow(RUN, 1, 2, "lost", DUE),
            AttemptRow(RUN, 2, 5, "succeeded", DUE + 41),
        ],
        lines=[
            a_line("start", 0.01, 1, 2),
            a_line("start", 41.01, 2, 5),
            a_line("end", 42, 2, 5),
        ],
        sights=[
            a_sight(-20, "scheduled", 0, 0),
            a_sight(-10, "claimed", 0, 2),
            a_sight(0, "running", 1, 2),
            a_sight(40, "scheduled", 1, 4),
            a_sight(41, "running", 2, 5),
            a_sight(43, "succeeded", 2, 5),
        ],
        living=[
            Living(RUN, 1, 101, DUE + 0.1, DUE + 20),
            Living(RUN, 2, 102, DUE + 41.1, DUE + 41.9),
        ],
    )


def set_run(**changed: Any) -> Change:
    def change(history: History) -> None:
        history.runs[0] = a_run(**changed)

    return change


def add(*events: JournalLine | Sight | Living | AttemptRow | Promise | RunRow) -> Change:
    def change(history: History) -> None:
        for event in events:
            match event:
                case JournalLine():
                    history.lines.append(event)
                case Sight():
                    history.sights.append(event)
                case Living():
                    history.living.append(event)
                case AttemptRow():
                    history.attempts.append(event)
                case Promise():
                    history.promises.append(event)
                case RunRow():
                    history.runs.append(event)

    return change


def without(kind: str, index: int) -> Change:
    def change(history: History) -> None:
        del getattr(history, kind)[index]

    return change


def late(history: History) -> None:
    del history.lines[0]
    history.late_by = 40


def test_a_good_history_has_no_violations() -> None:
    assert check(good()) == []


BROKEN: list[tuple[str, str, Change]] = [
    ("every due time has a run", "a due time was forgotten", add(Promise(TASK, DUE + 60))),
    (
        "every due time has a run",
        "one due time became two runs",
        add(a_run(id=OTHER, scheduled_for=DUE + 0.5)),
    ),
    ("every run ends", "a run is left", set_run(state="running")),
    ("what did not succeed says why", "no reason", set_run(state="lost")),
    (
        "attempts are gap-free and at most max_retries + 1",
        "more attempts than allowed",
        set_run(max_attempts=1),
    ),
    (
        "attempts are gap-free and at most max_retries + 1",
        "an attempt without a record",
        without("attempts", 0),
    ),
    ("final is final", "it went on", add(a_sight(50, "running", 2, 5))),
    ("final is final", "another end", add(a_sight(50, "failed", 2, 5))),
    ("fences only grow", "a fence seen smaller", add(a_sight(40.5, "queued", 1, 3))),
    (
        "fences only grow",
        "two attempts under one fence",
        add(AttemptRow(RUN, 3, 5, "lost", DUE + 41)),
    ),
    ("an attempt starts at most once", "doubled", add(a_line("start", 41.02, 2, 5))),
    ("what started is known", "a stranger", add(a_line("start", 1, 1, 1, run_id="run-9"))),
    ("what started is known", "an attempt too many", add(a_line("start", 60, 3, 7))),
    ("what started is known", "an old fence", add(a_line("start", 41.02, 2, 4))),
    ("what started is known", "it only says so", without("lines", 1)),
    ("never early", "before its time", add(a_line("start", -0.001, 1, 2))),
    ("never early", "a retry before its time", add(a_line("start", 40.9, 2, 5))),
    ("never too late", "41 s late, of 40", late),
    (
        "attempts of one run never overlap",
        "the first wrote its end after the second began",
        add(a_line("end", 41.5, 1, 2)),
    ),
    (
        "attempts of one run never overlap",
        "a process of the first next to the second",
        add(Living(RUN, 1, 103, DUE + 30, DUE + 41.5)),
    ),
    (
        "overlap: skip never has two running",
        "two runs lived at once",
        add(a_line("start", 41.2, 1, 1, run_id=OTHER), a_line("end", 41.8, 1, 1, run_id=OTHER)),
    ),
    (
        "overlap: skip never has two running",
        "two rows were running at once",
        add(a_sight(42, "running", 1, 1, run_id=OTHER)),
    ),
    (
        "nothing is alive of a run that is not running",
        "a process outlived its attempt",
        add(Living(RUN, 1, 103, DUE + 30, DUE + 53)),
    ),
]


@pytest.mark.parametrize(("rule", "how", "change"), BROKEN, ids=[how for _, how, _ in BROKEN])
def test_the_checker_sees(rule: str, how: str, change: Change) -> None:
    history = good()
    if "two runs" in how or "two rows" in how:
        history.runs.append(a_run(id=OTHER, trigger="manual", attempt=1))
        history.attempts.append(AttemptRow(OTHER, 1, 1, "succeeded", DUE))
    change(history)
    seen = check(history)
    assert rule in {violation.rule for violation in seen}
    assert all(violation.subject and violation.detail for violation in seen)


def test_every_rule_is_broken_by_some_history() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def test_a_run_that_may_be_dropped_needs_a_reason_and_no_start() -> None:
    history = good()
    history.promises[0] = Promise(TASK, DUE, may_be_dropped=True)
    history.runs[0] = a_run(state="missed", attempt=0, reason="start deadline passed")
    history.attempts, history.lines, history.living = [], [], []
    history.sights = [a_sight(0, "missed", 0, 1)]
    assert check(history) == []
    history.promises[0] = Promise(TASK, DUE)
    assert [violation.rule for violation in check(history)] == ["never too late"]


def test_a_missed_run_may_stand_for_many_due_times() -> None:
    history = good()
    first = a_run(
        id=OTHER, state="missed", attempt=0, scheduled_for=DUE - 100, reason="stands for 2"
    )
    history.runs.append(first)
    history.promises += [
        Promise(TASK, DUE - 100, may_be_dropped=True),
        Promise(TASK, DUE - 50, may_be_dropped=True),
    ]
    assert check(history) == []
