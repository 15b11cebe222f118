"""Names that are no time zone: what is meant, and never the opposite of it."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import machine_zone, zone_named, zone_names


def refusal(name: str) -> str:
    with pytest.raises(InvalidSchedule) as refused:
        zone_named(name)
    return refused.value.detail


@pytest.mark.parametrize(
    "name", ["UTC+2", "UTC+02", "UTC+02:00", "utc + 2", "GMT+2", "+2", "+02:00", "+0200"]
)
def test_an_offset_gets_the_name_that_has_its_meaning(name: str) -> None:
    assert "UTC+2, all year, is Etc/GMT-2: its sign is inverted." in refusal(name)
    assert "Etc/GMT+2" not in refusal(name)


@given(st.sampled_from(["UTC", "GMT", ""]), st.sampled_from("+-"), st.integers(0, 19))
def test_every_zone_in_the_hint_of_an_offset_has_that_offset(
    head: str, sign: str, hours: int
) -> None:
    name = f"{head}{sign}{hours}"
    if name in available_timezones():  # GMT+0
        return
    detail = refusal(name).partition(" or UTC.")[2]
    named = re.findall(r"Etc/GMT[+-]\d+", detail)
    meant = timedelta(hours=hours) * (1 if sign == "+" else -1)
    assert all(datetime(2026, 7, 1, tzinfo=ZoneInfo(zone)).utcoffset() == meant for zone in named)
    if hours and -12 <= meant / timedelta(hours=1) <= 14:
        assert len(named) == 1
    elif hours:
        assert "There is no UTC" in detail
    else:
        assert "Write UTC." in detail


def test_a_part_of_an_hour_is_no_fixed_zone() -> None:
    assert "No name has the offset UTC+5:30 alone: use a region" in refusal("UTC+5:30")


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("CEST", "Europe/Paris"),
        ("PST", "America/Los_Angeles"),
        ("ist", "Asia/Kolkata, Europe/Dublin"),
    ],
)
def test_an_abbreviation_is_answered_by_its_places(name: str, places: str) -> None:
    assert f"{name.upper()} is used in {places}" in refusal(name)
    assert "Did you mean" not in refusal(name)


@pytest.mark.parametrize(
    "name", ["Etc/GMT+20", "Etc/GMT-99", "GMT2", "Etc/GMT 2", "UTC2", "GMT+25"]
)
def test_no_zone_with_a_sign_is_guessed_by_its_spelling(name: str) -> None:
    assert re.search(r"GMT[+-]?\d", refusal(name).partition(" or UTC.")[2]) is None


@pytest.mark.parametrize("name", ["localtime", "Localtime", "local", "posixrules", "Factory"])
def test_a_setting_of_a_machine_is_no_zone_and_no_place_is_guessed_for_it(name: str) -> None:
    assert "It belongs to one machine's settings and is no place." in refusal(name)
    assert "Did you mean" not in refusal(name)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("right/Europe/Rome", "Europe/Rome"),
        ("posix/UTC", "UTC"),
        ("POSIX/europe/rome", "Europe/Rome"),
        ("right/GMT+0", "GMT+0"),
    ],
)
def test_a_zone_of_another_folder_gets_its_own_name(name: str, zone: str) -> None:
    assert refusal(name).endswith(f" Write {zone}.")


def test_no_hint_offers_what_would_be_refused() -> None:
    names = set(zone_names())
    assert {"UTC", "Europe/Rome"} <= names
    for name in names:
        zone_named(name)
    assert "Factory" not in refusal("Factry")
    assert "localtime" not in refusal("local time").partition(" or UTC.")[2]


def test_the_zone_of_a_machine_is_what_its_link_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Rome")
    assert machine_zone(link) == "Europe/Rome"
    link.unlink()
    assert machine_zone(link) is None
    link.write_bytes(b"TZif2")
    assert machine_zone(link) is None
