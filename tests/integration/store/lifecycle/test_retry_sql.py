"""The database computes the wait before a retry by the same rule as the domain."""

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.retry import RetryPolicy, retry_wait
from punctual.store.lifecycle.retry_sql import retry_wait_sql

WAIT = text(
    "SELECT "
    + retry_wait_sql(
        "CAST(:attempt AS integer)",
        "CAST(:delay AS float8)",
        "CAST(:delay_max AS float8)",
        jitter="CAST(:jitter AS float8)",
    )
)


@pytest.mark.parametrize("jitter", [-1, -0.3, 0, 0.5, 1])
@pytest.mark.parametrize("attempt", [1, 2, 3, 9, 64, 65, 66, 101])
@pytest.mark.parametrize("delay", [0, 0.5, 10, 86_400])
@pytest.mark.parametrize("delay_max", [0, 60, 3600, 7 * 86_400])
def test_the_wait_in_sql_is_the_wait_of_the_rule(
    engine: Engine, attempt: int, delay: float, delay_max: float, jitter: float
) -> None:
    policy = RetryPolicy(max_retries=attempt, delay=delay, delay_max=delay_max)
    case = {"attempt": attempt, "delay": delay, "delay_max": delay_max, "jitter": jitter}
    with engine.connect() as connection:
        computed = connection.execute(WAIT, case).scalar_one()
    assert computed == pytest.approx(retry_wait(policy, attempt, jitter=jitter))
