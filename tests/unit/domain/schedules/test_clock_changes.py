"""Where and when the clocks of a place are set, against brute force."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from punctual.domain.schedules.wallclock import ClockChange, clock_changes, gap_end, instants
from tests.unit.domain.schedules.cron_oracle import clock_changes_by_brute_force
from tests.unit.domain.strategies import PROMISED


@pytest.mark.parametrize("zone", PROMISED)
def test_every_change_of_five_years_is_found_to_the_hour(zone: str) -> None:
    start = datetime(2019, 1, 1, tzinfo=UTC)
    changes = clock_changes(ZoneInfo(zone), after=start, days=5 * 365 + 1)
    hours = clock_changes_by_brute_force(zone, range(2019, 2024))
    assert len(hours) == 10
    for change, hour in zip(changes, hours, strict=True):
        assert hour - timedelta(hours=1) < change.at <= hour


def test_a_change_says_which_times_it_skips_or_repeats() -> None:
    start = datetime(2026, 1, 1, 7, tzinfo=UTC)
    assert list(clock_changes(ZoneInfo("Australia/Lord_Howe"), after=start, days=365)) == [
        ClockChange(
            at=datetime(2026, 4, 4, 15, tzinfo=UTC),
            start=datetime.fromisoformat("2026-04-05T01:30"),
            end=datetime.fromisoformat("2026-04-05T02:00"),
            forward=False,
        ),
        ClockChange(
            at=datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
            start=datetime.fromisoformat("2026-10-04T02:00"),
            end=datetime.fromisoformat("2026-10-04T02:30"),
            forward=True,
        ),
    ]


def test_a_skipped_day_ends_where_the_next_begins() -> None:
    # Samoa had no 30th of December 2011.
    noon = datetime.fromisoformat("2011-12-30T12:00")
    assert gap_end(noon, ZoneInfo("Pacific/Apia")) == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_a_last_label_is_repeated_too() -> None:
    label = datetime.fromisoformat("2026-10-25T02:30")
    before = datetime(2026, 10, 24, tzinfo=UTC)
    twice = instants(lambda _: [label], ZoneInfo("Europe/Rome"), after=before, elapsed=True)
    assert [at.isoformat() for at in twice] == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-25T01:30:00+00:00",
    ]
