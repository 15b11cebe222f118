"""Snoozes: what the choices of buttons and links mean."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from punctual.domain.alerts.snooze import Snooze, SnoozeChoice, chosen_snooze, zone_of_schedule

ROME = ZoneInfo("Europe/Rome")


def test_an_hour_is_an_hour_across_a_clock_change() -> None:
    before_change = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    snooze = chosen_snooze(SnoozeChoice.HOUR, now=before_change, zone=ROME)
    assert snooze.until == before_change + timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # After midnight in Rome: tomorrow is the next day there, not in UTC.
        ("2026-11-29T23:30:00+00:00", "2026-12-01T08:00:00+00:00"),
        ("2026-11-29T12:00:00+00:00", "2026-11-30T08:00:00+00:00"),
        # The clocks go back in the night between.
        ("2026-10-24T12:00:00+00:00", "2026-10-25T08:00:00+00:00"),
    ],
    ids=["after midnight", "at noon", "clocks go back"],
)
def test_tomorrow_is_nine_in_the_readers_zone(now: str, until: str) -> None:
    snooze = chosen_snooze(SnoozeChoice.TOMORROW, now=datetime.fromisoformat(now), zone=ROME)
    assert snooze.until == datetime.fromisoformat(until)


def test_until_ok_has_no_time() -> None:
    chosen = chosen_snooze(SnoozeChoice.OK, now=datetime.now(UTC), zone=ROME)
    assert chosen == Snooze(None)
    assert chosen.until_ok


@pytest.mark.parametrize(
    ("schedule", "zone"),
    [
        ({"cron": "0 2 * * *", "timezone": "Europe/Rome"}, "Europe/Rome"),
        ([{"every": 60}, {"cron": "0 2 * * *", "timezone": "Asia/Tokyo"}], "Asia/Tokyo"),
        ({"cron": "0 2 * * *", "timezone": "Mars/Olympus"}, "UTC"),
        ({"cron": "0 2 * * *"}, "UTC"),
        (None, "UTC"),
        ("nonsense", "UTC"),
    ],
    ids=["cron", "list", "unknown zone", "no zone", "by hand", "unreadable"],
)
def test_readers_think_in_the_zone_of_the_schedule(schedule: object, zone: str) -> None:
    assert zone_of_schedule(schedule).key == zone
