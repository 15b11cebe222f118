"""Which ends of an attempt are worth another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.retry import RetryRule, why_no_retry
from punctual.domain.wording import clause

CODES = st.lists(st.integers(1, 255), min_size=1, max_size=5).map(tuple)


def refused(rule: RetryRule, outcome: str = "failed", **how: int) -> bool:
    end = {"exit_code": None, "signal": None, **how}
    return why_no_retry(rule, outcome, **end) is not None


@given(st.sampled_from(["failed", "timed_out", "lost", "cancelled"]), st.integers(0, 255))
def test_without_a_list_every_end_may_be_retried(outcome: str, code: int) -> None:
    assert not refused(RetryRule(), outcome, exit_code=code)


@given(CODES, st.integers(1, 255))
def test_the_two_lists_say_the_opposite_of_each_other(codes: tuple[int, ...], code: int) -> None:
    only = refused(RetryRule(only_on=codes), exit_code=code)
    never = refused(RetryRule(never_on=codes), exit_code=code)
    assert only == (code not in codes)
    assert never == (code in codes)


@given(CODES)
def test_a_lost_attempt_may_always_be_retried(codes: tuple[int, ...]) -> None:
    assert not refused(RetryRule(only_on=codes), "lost")
    assert not refused(RetryRule(never_on=codes), "lost")


@given(st.integers(1, 64))
def test_a_signal_counts_as_its_number_and_128(number: int) -> None:
    listed = (128 + number,)
    assert not refused(RetryRule(only_on=listed), signal=number)
    assert refused(RetryRule(never_on=listed), signal=number)


def test_a_timeout_has_no_exit_code_whatever_ended_the_command() -> None:
    assert refused(RetryRule(only_on=(143,)), "timed_out", signal=15)
    assert not refused(RetryRule(never_on=(143,)), "timed_out", signal=15)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            RetryRule(only_on=(75, 111)),
            "not retried: only exit codes 75, 111 are retried (retry_on)",
        ),
        (RetryRule(never_on=(2,)), "not retried: exit codes 2 are never retried (no_retry_on)"),
    ],
)
def test_the_reason_names_the_list(rule: RetryRule, sentence: str) -> None:
    why = why_no_retry(rule, "failed", exit_code=2, signal=None)
    reason = coded(ReasonCode.EXIT_CODE, exit_code=2, not_retried=why)
    assert clause(reason) == f"exit code 2; {sentence}"
