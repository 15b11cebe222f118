"""What a task's past says against its schedule."""

from datetime import UTC, datetime

import pytest

from punctual.domain.schedules.advice_history import Past, past_warnings

DUE = datetime(2026, 3, 3, 12, tzinfo=UTC)


def advice(past: Past, *, shortest: float | None = 300, jitter: float = 0) -> list[str]:
    return list(past_warnings(past, shortest=shortest, jitter=jitter))


def test_runs_that_take_longer_than_the_interval_are_warned_of() -> None:
    [sentence] = advice(Past(runs=40, p95=420, due=None, together=0))
    assert sentence == (
        "95 % of its last 40 runs took up to 7 minutes, longer than the shortest interval"
        " (5 minutes): the overlap policy decides what happens to the next run."
    )


@pytest.mark.parametrize(
    ("past", "shortest"),
    [
        (Past(runs=9, p95=420, due=None, together=0), 300),
        (Past(runs=40, p95=300, due=None, together=0), 300),
        (Past(runs=40, p95=420, due=None, together=0), None),
        (Past(runs=0, p95=None, due=None, together=0), 300),
    ],
)
def test_few_short_or_single_runs_are_not(past: Past, shortest: float | None) -> None:
    assert advice(past, shortest=shortest) == []


def test_a_crowd_at_one_second_is_warned_of_unless_the_task_has_a_jitter() -> None:
    crowd = Past(runs=0, p95=None, due=DUE, together=20)
    [warning] = advice(crowd)
    assert warning == (
        "20 of your tasks are due at the same second (2026-03-03T12:00:00Z): a jitter would spread"
        " them."
    )
    assert advice(crowd, jitter=60) == []
    assert advice(Past(runs=0, p95=None, due=DUE, together=19)) == []
