"""Many events in one message."""

import uuid

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import EventFacts, TaskFacts
from tests.unit.domain.alerts.facts import OWN, event, message


def of_task(number: int, kind: EventKind = EventKind.FAILED, team: str = "ops") -> EventFacts:
    """An event of one of many tasks."""
    task = TaskFacts(uuid.UUID(int=number), f"task {number}")
    return event(id=number, kind=kind, task=task, team=team)


def test_many_failures_are_one_message_with_a_list() -> None:
    made = message(*[of_task(number) for number in range(1, 13)])
    assert made.subject == "12 tasks failed in team ops"
    lines = made.text.splitlines()
    assert lines[1] == "- Failed again: task 12 (ops)" or lines[1] == "- Failed: task 12 (ops)"
    assert len([line for line in lines if line.startswith("- ")]) == 12
    assert lines[-1] == f"Open: {OWN}/dashboard/?team=ops"


def test_a_task_that_failed_twice_is_one_task() -> None:
    assert message(of_task(1), of_task(1)).subject == "1 task failed in team ops"


def test_events_of_several_kinds_are_counted_worst_first() -> None:
    kinds = [EventKind.RECOVERED] * 3 + [EventKind.LATE] + [EventKind.FAILED] * 8
    made = message(*[of_task(number, kind) for number, kind in enumerate(kinds)])
    assert made.subject == "12 alerts in team ops: 8 failed, 1 late and 3 ok again"
    assert made.text.splitlines()[1].startswith("- Failed: ")
    assert made.text.splitlines()[-2].startswith("- OK again: ")


def test_a_thousand_failures_are_a_short_message() -> None:
    made = message(*[of_task(number) for number in range(1000)])
    assert made.subject == "1,000 tasks failed in team ops"
    assert "… and 970 more" in made.text
    assert len(made.text) < 4000
    assert (made.data["type"], made.data["data"]["count"]) == ("alerts.digest", 1000)
    assert len(made.data["data"]["events"]) == 100


def test_events_of_several_teams_name_none() -> None:
    made = message(of_task(1), of_task(2, team="web"))
    assert made.subject == "2 tasks failed"
    assert made.text.splitlines()[-1] == f"Open: {OWN}/dashboard/"
