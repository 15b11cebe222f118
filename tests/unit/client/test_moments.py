"""Times and durations as they are typed and read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from punctual_client.command.moments import (
    amount,
    distance,
    read_duration,
    read_moment,
    read_zone,
)
from punctual_client.command.refusals import Refusal

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("30s", 30),
        ("15m", 900),
        ("1h30m", 5400),
        ("2 d", 172800),
        ("1w", 604800),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5x", "5m x", "-5m", "h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is no duration"):
        read_duration(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", "2026-11-29T12:00:00Z"),
        ("2026-12-01T09:00+01:00", "2026-12-01T08:00:00Z"),
        ("2026-12-01T08:00Z", "2026-12-01T08:00:00Z"),
        ("2026-12-01 09:00", "2026-12-01T08:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("20m", "2026-11-29T12:20:00Z"),
        ("+1d", "2026-11-30T12:00:00Z"),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, at: str) -> None:
    assert read_moment(text, now=NOW, zone=ROME) == at


def test_a_duration_counts_back_where_the_past_is_meant() -> None:
    assert read_moment("2h", now=NOW, forward=False) == "2026-11-29T10:00:00Z"


@pytest.mark.parametrize("text", ["soon", "", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is no time"):
        read_moment(text, now=NOW)


def test_a_zone_is_known_or_refused() -> None:
    assert read_zone("Europe/Rome") == ROME
    assert read_zone(None) is None
    for name in ("Rome", "../etc/passwd", ""):
        with pytest.raises(Refusal, match="Europe/Rome"):
            read_zone(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-29T12:00:05Z", "in 5.0 s"),
        ("2026-11-29T12:01:59Z", "in 119 s"),
        ("2026-11-29T14:00:00Z", "in 2 h"),
        ("2026-11-29T11:30:00Z", "30 min ago"),
        ("2026-11-24T12:00:00Z", "5 d ago"),
        (None, ""),
    ],
)
def test_a_distance_is_one_number(text: str | None, words: str) -> None:
    assert distance(text, now=NOW) == words
    assert amount(0.04) == "0.0 s"
