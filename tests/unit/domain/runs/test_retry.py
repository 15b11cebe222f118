"""When a failed run is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.retry import RetryPolicy, retry_wait

DEFAULT = RetryPolicy(max_retries=3, delay=10, delay_max=3600)


def test_each_wait_is_twice_the_last_until_the_retries_are_used_up() -> None:
    assert [retry_wait(DEFAULT, attempt) for attempt in (1, 2, 3, 4, 5)] == [10, 20, 40, None, None]


def test_no_retries_means_at_most_once() -> None:
    assert retry_wait(RetryPolicy(max_retries=0, delay=10, delay_max=3600), 1) is None


def test_the_ceiling_holds_before_the_jitter() -> None:
    patient = RetryPolicy(max_retries=10_000, delay=10, delay_max=60)
    assert retry_wait(patient, 3) == 40
    assert retry_wait(patient, 4) == 60
    assert retry_wait(patient, 10_000) == 60
    assert retry_wait(patient, 4, jitter=1) == 72
    assert retry_wait(patient, 4, jitter=-1) == 48


def test_a_first_delay_above_the_ceiling_is_cut_to_it() -> None:
    assert retry_wait(RetryPolicy(max_retries=1, delay=100, delay_max=5), 1) == 5


@given(attempt=st.integers(1, 5000), jitter=st.floats(-1, 1), delay=st.floats(0, 10**6))
def test_a_wait_stays_within_a_fifth_of_what_was_promised(
    attempt: int, jitter: float, delay: float
) -> None:
    policy = RetryPolicy(max_retries=5000, delay=delay, delay_max=3600)
    plain, spread = retry_wait(policy, attempt), retry_wait(policy, attempt, jitter=jitter)
    assert plain is not None
    assert spread is not None
    assert 0 <= plain <= 3600
    assert abs(spread - plain) <= plain * 0.2 + 2e-6
    assert (spread - plain) * jitter >= -2e-6


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one attempt"):
        retry_wait(DEFAULT, 0)
    with pytest.raises(ValueError, match="between -1 and 1"):
        retry_wait(DEFAULT, 1, jitter=1.5)
