"""Retries that reach into the next due time are warned of."""

import pytest

from punctual.domain.runs.retry import RetryPolicy
from punctual.domain.runs.states import Overlap
from punctual.domain.schedules.advice_retry import retry_warnings

DEFAULTS = RetryPolicy(max_retries=3, delay=10, delay_max=3600)
"""Waits of 10, 20 and 40 seconds."""


@pytest.mark.parametrize(
    ("policy", "shortest", "warned"),
    [
        (DEFAULTS, 60, True),
        (DEFAULTS, 70, True),
        (DEFAULTS, 71, False),
        (DEFAULTS, None, False),
        (RetryPolicy(0, 10, 3600), 1, False),
        (RetryPolicy(2, 10, 3600), 60, False),
        (RetryPolicy(100, 10, 20), 2000, False),
        (RetryPolicy(100, 10, 20), 1990, True),
        (RetryPolicy(3, 0, 3600), 1, False),
    ],
)
def test_a_run_that_fails_may_be_unfinished_when_the_next_is_due(
    policy: RetryPolicy, shortest: float | None, warned: bool
) -> None:
    warnings = list(retry_warnings(policy, overlap=Overlap.SKIP, shortest=shortest))
    assert bool(warnings) == warned


def test_the_warning_says_what_becomes_of_the_next_due_time() -> None:
    [warnings] = retry_warnings(DEFAULTS, overlap=Overlap.SKIP, shortest=60)
    assert warnings == (
        "A failing run stays unfinished for at least 1 minute 10 seconds (3 retries), and the"
        " shortest interval is 1 minute: the due times in between are skipped. Lower max_retries"
        " or retry_delay."
    )
    [warnings] = retry_warnings(DEFAULTS, overlap=Overlap.QUEUE, shortest=60)
    assert "wait and pile up" in warnings
    assert list(retry_warnings(DEFAULTS, overlap=Overlap.ALLOW, shortest=60)) == []
