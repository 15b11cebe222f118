"""Warnings about retries that overlap with the next due time."""

from collections.abc import Iterator

from punctual.domain.runs.retry import RetryPolicy, retry_wait
from punctual.domain.runs.states import Overlap
from punctual.domain.schedules.describe import duration_in_words

_BECOMES = {
    Overlap.SKIP: "the due times in between are skipped",
    Overlap.QUEUE: "the due times in between wait and pile up",
    Overlap.REPLACE: "the next run replaces it, and its last retries never start",
}


def retry_warnings(
    policy: RetryPolicy, *, overlap: Overlap, shortest: float | None
) -> Iterator[str]:
    """Warn of retries that reach into the next due time, even of a command that fails at once.

    `shortest` is the shortest interval of the schedule in seconds, if it has one.
    """
    waits = seconds_of_waiting(policy)
    if shortest is None or overlap not in _BECOMES or waits < shortest:
        return
    times = "1 retry" if policy.max_retries == 1 else f"{policy.max_retries} retries"
    yield (
        f"A failing run stays unfinished for at least {duration_in_words(round(waits))} ({times}),"
        f" and the shortest interval is {duration_in_words(shortest)}: {_BECOMES[overlap]}. Lower"
        f" max_retries or retry_delay."
    )


def seconds_of_waiting(policy: RetryPolicy) -> float:
    """Return how long the waits before all retries are together, without their spread."""
    return sum(retry_wait(policy, retry) or 0 for retry in range(1, policy.max_retries + 1))
