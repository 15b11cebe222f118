"""When a request is repeated."""

from datetime import UTC, datetime
from itertools import takewhile

import pytest

from punctual_client.retries import (
    GIVE_UP_SECONDS,
    LONGEST_WAIT_SECONDS,
    read_retry_after,
    wait_seconds,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def waits(
    *, retry_after: float | None = None, elapsed: float = 0, chance: float = 1
) -> list[float]:
    """The waits before each further try."""
    given = (
        wait_seconds(tries, elapsed=elapsed, retry_after=retry_after, chance=chance)
        for tries in range(1, 10)
    )
    return [wait for wait in takewhile(lambda wait: wait is not None, given) if wait is not None]


def test_waits_double_and_end() -> None:
    assert waits() == [0.25, 0.5, 1.0]
    assert waits(chance=0) == [0.125, 0.25, 0.5]


def test_the_server_decides_how_long_unless_that_is_too_long() -> None:
    assert waits(retry_after=5) == [5, 5, 5]
    assert waits(retry_after=0) == [0.25, 0.5, 1.0]
    assert waits(retry_after=LONGEST_WAIT_SECONDS + 1) == []


def test_it_gives_up_after_a_minute() -> None:
    assert waits(elapsed=GIVE_UP_SECONDS) == []
    assert waits(elapsed=GIVE_UP_SECONDS - 9, retry_after=10) == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("Sun, 29 Nov 2026 12:00:05 GMT", 5),
        ("Sun, 29 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, now=NOW) == seconds
