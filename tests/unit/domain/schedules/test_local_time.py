"""A local time typed once: what a clock change makes of it, and that it is said.

The instants are those of GNU date (TZ=Europe/Rome date -d @…) and of the tz database.
"""

import pytest

from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import format_instant
from punctual.domain.schedules.local_time import clock_change_warning, local_instant


@pytest.mark.parametrize(
    ("local", "zone", "instant"),
    [
        ("2027-01-01T12:00", "Europe/Rome", "2027-01-01T11:00:00Z"),
        ("2027-03-28T01:59:59", "Europe/Rome", "2027-03-28T00:59:59Z"),
        ("2027-03-28T03:00", "Europe/Rome", "2027-03-28T01:00:00Z"),
        ("2027-10-31T03:00", "Europe/Rome", "2027-10-31T02:00:00Z"),
        ("2027-03-28T02:30+01:00", "Europe/Rome", "2027-03-28T01:30:00Z"),
        ("2027-10-31T02:30+01:00", "Europe/Rome", "2027-10-31T01:30:00Z"),
    ],
)
def test_an_ordinary_time_is_taken_as_it_is(local: str, zone: str, instant: str) -> None:
    assert format_instant(local_instant(local, zone)) == instant
    assert clock_change_warning(local, zone) is None


@pytest.mark.parametrize(
    ("local", "zone", "instant", "message"),
    [
        ("2027-03-28T02:00", "Europe/Rome", "2027-03-28T01:00:00Z", "02:00 does not exist: 03:00"),
        ("2027-03-28T02:30", "Europe/Rome", "2027-03-28T01:00:00Z", "02:30 does not exist: 03:00"),
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00:00Z", "12:00 does not exist: 00:00"),
        (
            "2026-10-04T02:15",
            "Australia/Lord_Howe",
            "2026-10-03T15:30:00Z",
            "does not exist: 02:30",
        ),
    ],
)
def test_a_time_that_clocks_skip_is_the_first_after_the_gap_and_that_is_said(
    local: str, zone: str, instant: str, message: str
) -> None:
    assert format_instant(local_instant(local, zone)) == instant
    assert message in (clock_change_warning(local, zone) or "")


def test_a_time_that_clocks_repeat_is_the_first_and_the_second_is_offered() -> None:
    local, zone = "2027-10-31T02:30", "Europe/Rome"
    assert format_instant(local_instant(local, zone)) == "2027-10-31T00:30:00Z"
    assert clock_change_warning(local, zone) == (
        "On 2027-10-31 clocks in Europe/Rome go back and 02:30 comes twice: the first is taken"
        " (00:30 UTC). For the second, write 2027-10-31 01:30 with the time zone UTC."
    )
    assert format_instant(local_instant("2027-10-31 01:30", "UTC")) == "2027-10-31T01:30:00Z"


@pytest.mark.parametrize(
    ("local", "zone", "pointer"),
    [
        ("soon", "UTC", "/at"),
        ("0001-01-01T00:00", "Pacific/Kiritimati", "/at"),
        ("9999-12-31T23:59", "Pacific/Niue", "/at"),
        ("2027-01-01T00:00", "Mars", "/at_zone"),
    ],
)
def test_what_is_no_time_is_refused_at_its_field(local: str, zone: str, pointer: str) -> None:
    for read in (local_instant, clock_change_warning):
        with pytest.raises(InvalidSchedule) as refused:
            read(local, zone)
        assert refused.value.pointer == pointer
