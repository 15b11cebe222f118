"""The order in which attempts want attention."""

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.attempts.timers import NEVER, Timers


def attempt(key: str = "a") -> RunnerAttempt:
    numbers = {"timeout_s": 1, "grace_s": 1, "end_grace_s": 1, "output_limit": 0}
    order: dict[str, object] = {
        "key": key,
        "at_ns": 0,
        "argv": ["x"],
        "env": {},
        "cwd": None,
        "limits": {},
        **numbers,
    }
    return RunnerAttempt(order, 1)


def test_earliest_first_and_ties_in_the_order_of_arrival() -> None:
    agenda = Timers()
    for key, when_ns in (("late", 30), ("first", 10), ("second", 10), ("third", 10)):
        agenda.set(attempt(key), when_ns)
    assert agenda.next_ns() == 10
    assert [agenda.pop().key for _ in range(4)] == ["first", "second", "third", "late"]
    assert agenda.next_ns() is None


def test_a_change_of_mind_leaves_no_trace() -> None:
    agenda = Timers()
    moved, cleared = attempt("moved"), attempt("cleared")
    agenda.set(moved, 10)
    agenda.set(cleared, 20)
    for when_ns in (50, 5, 40, 10, 30):
        agenda.set(moved, when_ns)
    agenda.clear(cleared)
    assert agenda.next_ns() == 30
    assert agenda.pop() is moved
    assert agenda.next_ns() is None
    assert cleared.alarm_ns == moved.alarm_ns == NEVER


def test_what_was_cleared_is_not_kept_in_memory() -> None:
    agenda = Timers()
    stays = attempt("stays")
    agenda.set(stays, 1_000)
    for i in range(10_000):
        passing = attempt()
        agenda.set(passing, 2_000 + i)
        agenda.clear(passing)
    assert len(agenda._heap) < 1_000
    assert agenda.pop() is stays
