"""Cron against brute force, across both changes of the clocks."""

from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import assume, given, settings

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.syntax import Cron, due_times, next_due
from tests.unit.domain.schedules.cron_oracle import due_by_brute_force
from tests.unit.domain.strategies import (
    CHANGES,
    PROMISED,
    expressions,
    instants,
    near_a_change,
    small_hours,
    zones,
)

EXPRESSIONS = (
    "30 2 * * *",
    "15 2 * * *",
    "0 1-3 * * *",
    "30 1 * * *",
    "*/20 2 * * *",
    "* 1-3 * * *",
    "10,50 0-23 * * *",
    "* * * * *",
    "0 * * * *",
    "30 */2 * * *",
    "15 */2 * * 0",
    "45 */3 * * *",
)


def due_between(cron: Cron, start: datetime, end: datetime) -> list[datetime]:
    return list(takewhile(lambda due: due <= end, due_times(cron, after=start)))


@pytest.mark.parametrize("zone", PROMISED)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_change_of_the_clocks_follows_the_written_rule(expression: str, zone: str) -> None:
    assert len(CHANGES[zone]) >= 14
    for change in CHANGES[zone]:
        start, end = change - timedelta(hours=30), change + timedelta(hours=30)
        expected = due_by_brute_force(expression, zone, start, end)
        assert due_between(Cron(expression, zone), start, end) == expected


@settings(max_examples=400, deadline=None)
@given(expression=small_hours, where=near_a_change())
def test_any_expression_near_a_change_of_the_clocks_agrees_with_brute_force(
    expression: str, where: tuple[str, datetime]
) -> None:
    zone, start = where
    end = start + timedelta(hours=30)
    try:
        found = due_between(Cron(expression, zone), start, end)
    except InvalidSchedule:  # it never comes, says Punctual
        found = []
    assert found == due_by_brute_force(expression, zone, start, end)


@settings(max_examples=100, deadline=None)
@given(expression=expressions, zone=zones, start=instants)
def test_the_next_due_time_on_any_date_agrees_with_brute_force(
    expression: str, zone: str, start: datetime
) -> None:
    try:
        due = next_due(Cron(expression, zone), after=start)
    except InvalidSchedule:
        assume(False)
    assert due is not None
    # Nothing is due in between: looked at on the day before it, and on the day after `start`.
    day = timedelta(days=1)
    assert due_by_brute_force(expression, zone, max(start, due - day), due) == [due]
    assert set(due_by_brute_force(expression, zone, start, min(start + day, due))) <= {due}
