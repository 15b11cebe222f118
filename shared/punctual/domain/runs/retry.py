"""Retries: when and whether a failed run is retried."""

from dataclasses import dataclass

GROWTH = 2.0
"""By which each wait is multiplied for the next one."""
MOST_STEPS = 64
"""The number of steps after which a wait grows no more: beyond any ceiling, and still finite."""
SPREAD = 0.2
"""The largest part of a wait by which jitter makes it longer or shorter."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a run is retried, and with which delays.

    `max_retries` counts the attempts after the first (0 = at most once). `delay` is the first
    wait in seconds; each further one is twice as long, at most `delay_max` seconds.
    """

    max_retries: int
    delay: float
    delay_max: float


@dataclass(frozen=True, slots=True)
class RetryRule:
    """Which exit codes are retried; at most one of the lists is given.

    A command that a signal ended has 128 + its number for an exit code, as in a shell.
    """

    only_on: tuple[int, ...] | None = None
    never_on: tuple[int, ...] | None = None


NoRetry = dict[str, object]
"""The argument `not_retried` of a reason: a `rule`, and the `exit_codes` that it lists."""

SAME_AGAIN: NoRetry = {"rule": "same_again"}
"""Another attempt would fail in the same way."""


def why_no_retry(
    rule: RetryRule, outcome: str, *, exit_code: int | None, signal: int | None
) -> NoRetry | None:
    """Return why an attempt that ended like this is not retried, or None when it may be.

    A `lost` attempt may always be: its end says nothing of the command. One that was timed out has
    no exit code, so that only a list of those to be retried rules it out.
    """
    if outcome not in ("failed", "timed_out"):
        return None
    code = exit_code if exit_code is not None or signal is None else 128 + signal
    if outcome == "timed_out":
        code = None
    if rule.only_on is not None and code not in rule.only_on:
        return {"rule": "retry_on", "exit_codes": list(rule.only_on)}
    if rule.never_on is not None and code in rule.never_on:
        return {"rule": "no_retry_on", "exit_codes": list(rule.never_on)}
    return None


def retry_wait(policy: RetryPolicy, attempt: int, *, jitter: float = 0) -> float | None:
    """Return the seconds between the end of `attempt` (1 or more) and the next one.

    None when the retries are used up. `jitter`, from -1 to 1, spreads the wait by SPREAD either
    way, after the ceiling, so that runs which failed together do not all come back together.
    Raises ValueError outside these. The database computes the same where it records an end
    (store/lifecycle/retry_sql.py).
    """
    if attempt < 1:
        raise ValueError("a retry comes after at least one attempt")
    if not -1 <= jitter <= 1:
        raise ValueError("jitter lies between -1 and 1")
    if attempt > policy.max_retries:
        return None
    wait = min(policy.delay * GROWTH ** min(attempt - 1, MOST_STEPS), policy.delay_max)
    return wait * (1 + SPREAD * jitter)
