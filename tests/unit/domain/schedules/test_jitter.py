"""Jitter: everyone's own share, always the same."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.schedules.jitter import jittered
from tests.unit.domain.strategies import instants

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@given(at=instants, task_id=st.uuids(), seconds=st.floats(0, 86400))
def test_a_due_time_is_put_off_by_less_than_the_jitter_and_always_by_the_same(
    at: datetime, task_id: uuid.UUID, seconds: float
) -> None:
    due = jittered(at, task_id=task_id, seconds=seconds)
    assert at <= due <= at + timedelta(seconds=seconds)
    assert due == jittered(at, task_id=task_id, seconds=seconds)


def test_no_jitter_changes_nothing() -> None:
    assert jittered(NOON, task_id=uuid.UUID(int=1), seconds=0) == NOON


def test_tasks_and_due_times_spread_over_the_whole_of_it() -> None:
    shares = {
        (jittered(at, task_id=uuid.UUID(int=task), seconds=100) - at) // timedelta(seconds=25)
        for task in range(10)
        for at in (NOON + timedelta(hours=hours) for hours in range(10))
    }
    assert shares == {0, 1, 2, 3}
