"""Values in words."""

from datetime import UTC, datetime, timedelta

import pytest

from punctual.domain.amounts import bytes_words, span_words
from punctual.store.runs.punctuality import OnTime
from punctual.store.tasks.overview import CAP
from punctual_api.http.problems import Fault
from punctual_api.tasks.pages.dashboard import on_time_share
from punctual_api.web.form_errors import by_field
from punctual_api.web.formatting import (
    count_words,
    iso,
    lateness_words,
    schedule_words,
    took,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0123, "12 ms"),
        (4.21, "4.2 s"),
        (59.99, "59.9 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7200, "2 h"),
        (90061, "1 d 1 h"),
    ],
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert span_words(seconds) == words


def test_lateness_sizes_counts_and_signals_have_words() -> None:
    assert [lateness_words(ms) for ms in (0.42, 99, 2500)] == ["+0.4 ms", "+99 ms", "+2.5 s"]
    assert [bytes_words(n) for n in (12, 1536, 1 << 20)] == ["12 B", "1.5 KiB", "1 MiB"]
    assert [count_words(n) for n in (7, 1421, CAP)] == ["7", "1,421", "10,000+"]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (None, "By hand"),
        ({"at": "2026-01-01T00:00:00Z"}, "Once"),
        ({"every": 300}, "Every 5 minutes"),
        (
            {"cron": "0 2 * * 1-5", "timezone": "Europe/Rome"},
            "Every weekday at 02:00 (Europe/Rome)",
        ),
    ],
)
def test_schedules_are_phrases(schedule: dict[str, object] | None, words: str) -> None:
    assert schedule_words(schedule) == words


def test_how_long_something_took_is_known_when_it_has_ended() -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    ended = {"started_at": begun, "finished_at": begun + timedelta(seconds=2)}
    assert took(ended) == 2.0
    assert took({**ended, "finished_at": None}) is None
    assert iso(begun) == "2026-01-01T00:00:00.000Z"


def test_almost_all_is_never_shown_as_all() -> None:
    numbers = OnTime(starts=10_000, on_time=9_999)
    assert on_time_share(numbers) == "99.9 %"
    whole = OnTime(starts=3, on_time=3)
    assert on_time_share(whole) == "100 %"


def test_each_fault_is_shown_at_the_field_it_belongs_to() -> None:
    faults = [
        Fault("/schedule/cron", "Wrong."),
        Fault("/env/1A", "Bad name."),
        Fault("/tags/2", "Too long."),
        Fault("/command", "Missing data for required field."),
        Fault("/elsewhere", "Odd."),
        Fault("", "All wrong."),
    ]
    errors, others = by_field(faults, {"cron", "env", "tags", "command", "schedule"})
    assert errors == {
        "cron": "Wrong.",
        "env": "1A: Bad name.",
        "tags": "3: Too long.",
        "command": "Please fill this in.",
    }
    assert others == ["elsewhere: Odd.", "All wrong."]
