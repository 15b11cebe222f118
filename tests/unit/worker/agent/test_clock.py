"""The database's time on this machine's clock: right within its bounds, and never ahead."""

import time
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from punctual_worker.agent.clock import DatabaseClock

SLACK = timedelta(milliseconds=5)


def instant_at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_clocks_that_agree_have_no_offset() -> None:
    clock = DatabaseClock()
    clock.observe(sent=100.0, answered=100.2, database=instant_at(100.1))
    assert clock.offset_seconds == 0


def test_a_clock_two_minutes_off_is_seen() -> None:
    clock = DatabaseClock()
    clock.observe(sent=100.0, answered=100.002, database=instant_at(220.001))
    assert 119.99 < clock.offset_seconds <= 120.001
    assert abs(clock.now() - instant_at(time.time() + 120)) < SLACK


def test_after_a_clock_was_set_only_new_readings_count() -> None:
    clock = DatabaseClock()
    clock.observe(sent=100.0, answered=100.001, database=instant_at(100.0005))
    clock.observe(sent=105.0, answered=105.001, database=instant_at(165.0005))
    assert 59.9 < clock.offset_seconds <= 60.0005


@given(
    offset=st.floats(-1000, 1000),
    trips=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=30),
)
def test_the_clock_is_never_ahead_of_the_database(
    offset: float, trips: list[tuple[float, float]]
) -> None:
    clock = DatabaseClock()
    for there, back in trips:
        at = 1_000_000.0
        clock.observe(sent=at, answered=at + there + back, database=instant_at(at + there + offset))
    agree = clock.offset_seconds == 0 and abs(offset) <= 0.5
    assert agree or clock.offset_seconds <= offset + 1e-5


def test_an_instant_and_its_monotonic_time_are_the_same() -> None:
    clock = DatabaseClock()
    due = clock.now() + timedelta(seconds=10)
    again = clock.instant(clock.monotonic_ns(due))
    assert timedelta(0) <= again - due < SLACK
