"""The retry rule of domain/runs/retry.py as SQL, for the statements that record an end."""

from punctual.domain.runs.retry import GROWTH, MOST_STEPS, SPREAD


def retry_wait_sql(attempt: str, delay: str, delay_max: str, *, jitter: str) -> str:
    """Return an expression for `retry_wait` in seconds, of SQL expressions for what it takes."""
    grown = f"{delay} * power({GROWTH}::float8, least({attempt} - 1, {MOST_STEPS}))"
    return f"least({grown}, {delay_max}) * (1 + {SPREAD}::float8 * ({jitter}))"
